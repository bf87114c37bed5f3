"""The files that a service is given: secrets, which their owner alone can read, and signed agreements.

Guaranteed of each: it was an ordinary file when it was opened, so that no pipe makes a start wait, no more was read of
it than such a file has, and nobody else may change it; of a secret, that nobody else may read it either.
"""

import os
import stat
from pathlib import Path

from keepclear_protocol.agreement import MAX_AGREEMENT_BYTES, Agreement, open_agreement
from keepclear_protocol.encoding import without_mark
from keepclear_protocol.errors import KeepclearError, LocalError, Malformed
from keepclear_protocol.keyfile import MAX_KEY_FILE_BYTES, read_key_file
from keepclear_protocol.keys import PrivateKey

_READ = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0)

MAX_PASSWORD_BYTES = 4096
"""More is another file, named by mistake."""

SECRET, PUBLIC = 0o077, 0o002
"""What others may not do with a file: anything, with a secret; write it, with what is public. A group may: a umask of
002 is common, and makes a group of each user's own."""


def read_key(path: Path) -> PrivateKey:
    """Return the secret key in ``path``, a file for its owner alone; raise ``LocalError`` with ``key_file``."""
    try:
        return read_key_file(_read(path, MAX_KEY_FILE_BYTES, SECRET, "key_file"))
    except (OSError, ValueError) as error:
        raise LocalError("key_file", f"the key file {path} cannot be read: {reason(error)}") from None
    except Malformed as error:
        raise LocalError("key_file", f"{path} {error.detail}", hint=error.hint) from None


def read_agreement(path: Path) -> Agreement:
    """Return the signed agreement in ``path``; raise ``LocalError`` with ``usage``, naming the file."""
    try:
        return open_agreement(without_mark(_read(path, MAX_AGREEMENT_BYTES, PUBLIC, "usage")))
    except LocalError:
        raise
    except (OSError, ValueError) as error:
        raise LocalError("usage", f"the agreement {path} cannot be read: {reason(error)}") from None
    except KeepclearError as error:
        raise LocalError("usage", f"the agreement {path}: {error.detail}") from None


def read_password(path: Path) -> str:
    """Return the password in ``path``, without the line's end; raise ``LocalError`` with ``usage``."""
    try:
        raw = _read(path, MAX_PASSWORD_BYTES, SECRET, "usage")
        if len(raw) > MAX_PASSWORD_BYTES:
            raise ValueError
        return raw.decode("utf-8").rstrip("\r\n")
    except (OSError, ValueError) as error:
        why = "no password" if type(error) in (ValueError, UnicodeDecodeError) else reason(error)
        raise LocalError("usage", f"the store's password file {path} cannot be read: {why}") from None


def _read(path: Path, most: int, others: int, code: str) -> bytes:
    """Return at most a byte more than ``most`` of an ordinary file with which others may do nothing of ``others``."""
    # O_NONBLOCK: a pipe without a writer must be refused, not waited for.
    with open(path, "rb", opener=lambda name, _: os.open(name, _READ)) as file:
        status = os.fstat(file.fileno())  # of what was opened, not of the name
        if not stat.S_ISREG(status.st_mode):
            raise LocalError(code, f"{path} is not an ordinary file")
        if status.st_mode & others:
            what, mend = ("read or written", "600") if others == SECRET else ("written", "o-w")
            raise LocalError(code, f"{path} can be {what} by others", hint=f"chmod {mend} {path}")
        return file.read(most + 1)


def reason(error: OSError | ValueError) -> str:
    """Return in words why a file cannot be used: neither its number nor the name once more."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return "there can be no such name"
