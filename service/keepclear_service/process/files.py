"""The files that a service is given: its secret key, readable by its owner alone, and signed agreements."""

import os
import stat
from pathlib import Path

from keepclear_protocol.agreement import Agreement, open_agreement
from keepclear_protocol.encoding import without_mark
from keepclear_protocol.errors import KeepclearError, LocalError, Malformed
from keepclear_protocol.keyfile import MAX_KEY_FILE_BYTES, read_key_file
from keepclear_protocol.keys import PrivateKey

_READ = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0)


def read_key(path: Path) -> PrivateKey:
    """Return the secret key in ``path``, a file for its owner alone; raise ``LocalError`` with ``key_file``."""
    try:
        # O_NONBLOCK: a pipe without a writer must be refused, not waited for.
        with open(path, "rb", opener=lambda name, _: os.open(name, _READ)) as file:
            status = os.fstat(file.fileno())  # of what was opened, not of the name
            if not stat.S_ISREG(status.st_mode):
                raise LocalError("key_file", f"{path} is not an ordinary file")
            if status.st_mode & 0o077:
                raise LocalError("key_file", f"{path} can be read or written by others", hint=f"chmod 600 {path}")
            return read_key_file(file.read(MAX_KEY_FILE_BYTES + 1))
    except (OSError, ValueError) as error:
        raise LocalError("key_file", f"the key file {path} cannot be read: {reason(error)}") from None
    except Malformed as error:
        raise LocalError("key_file", f"{path} {error.detail}", hint=error.hint) from None


def read_agreement(path: Path) -> Agreement:
    """Return the signed agreement in ``path``; raise ``LocalError`` with ``usage``, naming the file."""
    try:
        return open_agreement(without_mark(path.read_bytes()))
    except (OSError, ValueError) as error:
        raise LocalError("usage", f"the agreement {path} cannot be read: {reason(error)}") from None
    except KeepclearError as error:
        raise LocalError("usage", f"the agreement {path}: {error.detail}") from None


def reason(error: OSError | ValueError) -> str:
    """Return in words why a file cannot be used: neither its number nor the name once more."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return "there can be no such name"
