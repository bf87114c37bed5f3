"""The files that were dropped onto the page, kept in memory for as long as the console runs.

A file goes by the hash of its bytes, so that the page need not send it again with each question, nor keep it over a
reload. The oldest give way: what is gone is asked for again by name, and nothing of it is ever written to a disk.
"""

import hashlib
from typing import Any

from keepclear_protocol.errors import LocalError, Refused

from keepclear.offline.inputs import MAX_INPUT_BYTES
from keepclear.offline.inputs.content import Content
from keepclear.offline.inputs.formats import format_of

MOST_BYTES = 2 * MAX_INPUT_BYTES
MOST_FILES = 32


class Files:
    """The last files of a console's pages."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def keep(self, data: bytes) -> str:
        """Keep a file; return the hash that it goes by. Raises ``LocalError`` where it is too large."""
        if len(data) > MAX_INPUT_BYTES:
            raise LocalError("input_file", f"larger than {MAX_INPUT_BYTES // 1024} KiB")
        name = hashlib.sha256(data).hexdigest()
        self._kept.pop(name, None)
        self._kept[name] = data
        while len(self._kept) > MOST_FILES or sum(map(len, self._kept.values())) > MOST_BYTES:
            del self._kept[next(iter(self._kept))]
        return name

    def find(self, name: object) -> bytes:
        """Return a file; raise ``Refused`` with ``not_found`` where it is not kept any more."""
        found = self._kept.get(name) if isinstance(name, str) else None
        if found is None:
            hint = "the console was started again, or many were read since: choose the file again"
            raise Refused("not_found", "this console has not got that file any more", hint=hint)
        return found


def describe_file(data: bytes, name: str) -> dict[str, Any]:
    """Return what the page tells of a file before it is read: its hash, its size, and which format it is seen to be.

    Raises ``LocalError`` that lists the formats where it is none of them.
    """
    return {"file": name, "bytes": len(data), "format": format_of(Content(data)).name}
