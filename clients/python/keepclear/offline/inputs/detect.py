"""Input for ``submit``, ``check`` and ``demo``: a file's flights, whatever format it is in.

Guarantees that a file that cannot be read is one ``LocalError`` with ``input_file`` that names the place, and that
every volume of a returned flight is one that ``parse_volume`` takes.
"""

import sys
from dataclasses import replace
from pathlib import Path

from keepclear_protocol.errors import LocalError

from .content import MAX_INPUT_BYTES, Content
from .flight import Flight, Options, shifted, unreadable
from .formats import format_of


def load(source: Path | str | bytes, options: Options | None = None) -> list[Flight]:
    """Return the flights of a file (``-`` is standard input) or of its bytes.

    Raises ``LocalError`` with ``input_file``.
    """
    options = options or Options()
    if isinstance(source, bytes):
        flights = _flights(source, options)
    else:
        data = read_bytes(source)
        try:
            flights = _flights(data, options)
        except LocalError as error:
            raise unreadable(str(source), error.detail, hint=error.hint) from None
    if not options.shift_s:
        return flights
    shift_s = options.shift_s
    return [replace(flight, volumes=[shifted(volume, shift_s) for volume in flight.volumes]) for flight in flights]


def read_bytes(path: Path | str, max_bytes: int = MAX_INPUT_BYTES) -> bytes:
    """Return a file's bytes (``-`` is standard input), at most ``max_bytes``; raise ``LocalError``."""
    try:
        if str(path) == "-":
            data = sys.stdin.buffer.read(max_bytes + 1)
        else:
            with Path(path).open("rb") as file:
                data = file.read(max_bytes + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "no such name can be"
        raise unreadable(str(path), f"cannot be read: {reason.lower()}") from None
    if len(data) > max_bytes:
        raise unreadable(str(path), f"larger than {max_bytes // 1024} KiB")
    return data


def _flights(data: bytes, options: Options) -> list[Flight]:
    content = Content(data)
    return format_of(content).read(content, options)
