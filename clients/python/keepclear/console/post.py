"""Where the running console of a desk is found: a file of mode 0600 in the desk's folder, held locked while it runs.

It has the console's port and the secret that start tokens are made with, so that ``keepclear console --link`` makes a
link without asking anybody: no door hands out links. The lock is what tells a console that runs from one that died,
whose port may be another user's by now. Not guaranteed where there is no ``fcntl``: there a dead console's file counts.
"""

import contextlib
import json
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from keepclear_protocol.encoding import b64, unb64
from keepclear_protocol.errors import KeepclearError, LocalError

from .access import SECRET_BYTES, Role, start_token

FILE = "console.json"


class Post(NamedTuple):
    """Where a console answers, and what its start tokens are made with."""

    port: int
    secret: bytes

    @property
    def address(self) -> str:
        """The page's address."""
        return f"http://127.0.0.1:{self.port}/"

    def link(self, role: Role, now_s: float) -> str:
        """Return a fresh start link: the token stands in the fragment, which never reaches a log."""
        return f"{self.address}#start={start_token(self.secret, role, now_s)}"


@contextlib.contextmanager
def held(folder: Path, port: int) -> Iterator[Post]:
    """Be the desk's one console for the length of the block; raise ``LocalError`` where one runs already."""
    path = folder / FILE
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
    try:
        if not _lock(descriptor):
            where = ""
            with contextlib.suppress(KeepclearError):
                where = f", at {_read(path).address}"
            hint = "keepclear console --link prints a link to it"
            raise LocalError("usage", f"a console of this desk runs already{where}", hint=hint)
        post = Post(port, secrets.token_bytes(SECRET_BYTES))
        os.fchmod(descriptor, 0o600)
        os.ftruncate(descriptor, 0)
        os.write(descriptor, json.dumps({"port": port, "secret": b64(post.secret)}).encode())
        yield post
        os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def running(folder: Path) -> Post:
    """Return where the desk's running console is found; raise ``LocalError`` where none runs."""
    path = folder / FILE
    missing = LocalError("usage", "no console of this desk runs", hint="keepclear console begins one")
    try:
        descriptor = os.open(path, os.O_RDWR)
    except OSError:
        raise missing from None
    try:
        if _lock(descriptor):
            raise missing
    finally:
        os.close(descriptor)
    return _read(path)


def _read(path: Path) -> Post:
    try:
        said = json.loads(path.read_bytes())
        return Post(int(said["port"]), unb64(said["secret"]))
    except (OSError, ValueError, LookupError, TypeError, KeepclearError):
        raise LocalError("usage", f"{path} cannot be read") from None


def _lock(descriptor: int) -> bool:
    """Take the file's lock, if nobody has it; where locks are not to be had, take it for taken."""
    try:
        import fcntl
    except ImportError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
