"""The files that a service is given: its secret key, readable by its owner alone, and signed agreements."""

import os
import stat
from pathlib import Path

from keepclear_protocol.agreement import Agreement, open_agreement
from keepclear_protocol.errors import KeepclearError, LocalError, Malformed
from keepclear_protocol.keys import PUBLIC_PREFIX, PrivateKey

MAX_KEY_FILE_BYTES = 4096
"""A key and its comments; more is another file named by mistake."""


def read_key(path: Path) -> PrivateKey:
    """Return the secret key in ``path``; raise ``LocalError`` with ``key_file``."""
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)  # of what was opened, not of the name
            text = file.read(MAX_KEY_FILE_BYTES + 1).decode("ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise LocalError("key_file", f"the key file {path} cannot be read: {error}") from None
    if mode & 0o077:
        raise LocalError("key_file", f"{path} can be read by others", hint=f"chmod 600 {path}")
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if len(lines) != 1 or len(text) > MAX_KEY_FILE_BYTES:
        raise LocalError("key_file", f"{path} must hold one secret key")
    if lines[0].startswith(PUBLIC_PREFIX):
        raise LocalError("key_file", f"{path} holds a public key; the secret one is needed")
    try:
        return PrivateKey.parse(lines[0])
    except Malformed as error:
        raise LocalError("key_file", f"{path}: {error.detail}") from None


def read_agreement(path: Path) -> Agreement:
    """Return the signed agreement in ``path``; raise ``LocalError`` with ``usage``, naming the file."""
    try:
        return open_agreement(path.read_bytes())
    except OSError as error:
        raise LocalError("usage", f"the agreement {path} cannot be read: {error}") from None
    except KeepclearError as error:
        raise LocalError("usage", f"the agreement {path}: {error.detail}") from None
