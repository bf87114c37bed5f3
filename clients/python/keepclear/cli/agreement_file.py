"""Agreement files as the command line writes them: made once, and rewritten whole or not at all."""

import os
import tempfile
from pathlib import Path

from keepclear_protocol.encoding import without_mark
from keepclear_protocol.errors import LocalError

from keepclear.reasons import reason


def create_document(path: str, data: bytes) -> None:
    """Write ``data`` to a new file; raise ``LocalError`` with ``usage``, also where the file exists."""
    try:
        with Path(path).open("xb") as file:
            file.write(data)
    except FileExistsError:
        raise LocalError("usage", f"{path} exists already", hint="name another file, or move that one away") from None
    except (OSError, ValueError) as error:
        raise LocalError("usage", f"{path} cannot be written: {reason(error)}") from None


def replace_document(path: str, before: bytes, after: bytes) -> None:
    """Put ``after`` in the place of ``before``: at any moment the file holds one of them whole.

    Raises ``LocalError`` with ``usage``, also where the file no longer holds ``before``: somebody else signed it
    meanwhile, and that signature must not be lost.
    """
    target = Path(path).resolve()
    written: Path | None = None
    try:
        descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        written = Path(name)
        with os.fdopen(descriptor, "wb") as file:
            os.chmod(name, target.stat().st_mode & 0o777)
            file.write(after)
            file.flush()
            os.fsync(file.fileno())
        if without_mark(target.read_bytes()) != before:
            raise LocalError("usage", f"{path} was changed by somebody else meanwhile", hint="sign it again")
        written.replace(target)
        written = None
    except OSError as error:
        raise LocalError("usage", f"{path} cannot be written: {reason(error)}") from None
    finally:
        if written is not None:
            written.unlink(missing_ok=True)
