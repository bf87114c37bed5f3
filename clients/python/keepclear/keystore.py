"""Key files: one secret key in a text file that its owner alone can read.

Guaranteed of a file that is written here: it did not exist before, nobody else could read it at any moment, and it is
on the disk. Guaranteed of a key that is loaded here: its file was an ordinary one of mode 0600 or stricter when it was
read, and its checksum holds. Not guaranteed: that nobody copied it; the secret lies in the file as plain text, so the
machine's disk and its backups are as secret as the key.
"""

import os
import stat
from pathlib import Path

from keepclear_protocol.errors import LocalError, Malformed
from keepclear_protocol.keyfile import MAX_KEY_FILE_BYTES, key_file_text, read_key_file
from keepclear_protocol.keys import PrivateKey

from .reasons import reason

_READ = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0)
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0)


def load_private_key(path: str | os.PathLike[str]) -> PrivateKey:
    """Return the secret key in the file at ``path``, which may be a symbolic link.

    Raises ``LocalError`` with ``key_file`` where the file cannot be read, is not an ordinary one, can be read or
    written by others, or does not hold exactly one secret key.
    """
    try:
        return read_key_file(_bytes(path))
    except Malformed as error:
        raise LocalError("key_file", f"{path} {error.detail}", hint=error.hint) from None


def save_private_key(path: str | os.PathLike[str], key: PrivateKey, created: int) -> None:
    """Write ``key`` to a new file at ``path``; ``created`` is the instant to note in it.

    Raises ``LocalError`` with ``key_file``, also where something of that name exists: a key is never overwritten.
    """
    try:
        # The mode at creation: changed afterwards, there would be a moment in which others could open the file.
        descriptor = os.open(path, _CREATE, 0o600)
    except FileExistsError:
        hint = "a key file is never overwritten; choose another name"
        raise LocalError("key_file", f"{path} exists already", hint=hint) from None
    except (OSError, ValueError) as error:
        raise LocalError("key_file", f"{path} cannot be written: {reason(error)}") from None
    try:
        with os.fdopen(descriptor, "w", encoding="ascii", newline="\n") as file:
            if os.name == "posix":
                os.fchmod(file.fileno(), 0o600)  # an umask may have taken away the owner's own right to read
            file.write(key_file_text(key, created))
            file.flush()
            os.fsync(file.fileno())
        _sync_folder(Path(path).parent)
    except OSError as error:
        Path(path).unlink(missing_ok=True)
        raise LocalError("key_file", f"{path} cannot be written: {reason(error)}") from None


def _bytes(path: str | os.PathLike[str]) -> bytes:
    try:
        # O_NONBLOCK: a pipe without a writer must be refused, not waited for.
        with open(path, "rb", opener=lambda name, _: os.open(name, _READ)) as file:
            # Of the open file, not of the name: the name may mean another file a moment later.
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise LocalError("key_file", f"{path} is not an ordinary file")
            if os.name == "posix" and status.st_mode & 0o077:
                raise LocalError("key_file", f"{path} can be read or written by others", hint=f"chmod 600 {path}")
            return file.read(MAX_KEY_FILE_BYTES + 1)
    except (OSError, ValueError) as error:
        raise LocalError("key_file", f"{path} cannot be read: {reason(error)}") from None


def _sync_folder(folder: Path) -> None:
    """Make the file's name durable too; not every system lets a folder be opened."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
