"""Opening a file of the desk's that nobody else may read, and by SQLite alone once it is there.

POSIX takes away all locks that a process holds on a file as soon as it closes any descriptor of that file, SQLite's too
(sqlite.org/howtocorrupt.html, 2.2). Another process would then take itself for the last one and remove the write-ahead
log from under this one. So a file that is there is never opened but by SQLite, and what must be read past it
(``readonly``) only where this process has no connection to it.
"""

import errno
import os
import sqlite3
import stat
import threading
from collections import Counter
from pathlib import Path

from keepclear_protocol.errors import LocalError

_making = threading.Lock()
_here: Counter[Path] = Counter()


def open_private(path: Path, *, busy_s: float) -> sqlite3.Connection:
    """Open a database that nobody else may read. SQLite gives its side files the mode of the file itself."""
    with _making:  # nobody of this process connects to it while it is made
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        except FileExistsError:
            if not path.exists():  # a link that leads nowhere
                raise
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise LocalError("usage", f"others may read {path}", hint=f"chmod 600 {path}")
    return sqlite3.connect(path, timeout=busy_s, isolation_level=None, check_same_thread=False)


def check_folder(folder: Path) -> None:
    """Raise ``LocalError`` with ``usage`` where others may put another file in the place of the desk's."""
    if os.name == "posix" and folder.stat().st_mode & stat.S_IWOTH:
        raise LocalError("usage", f"others may write the folder {folder}", hint=f"chmod 700 {folder}")


def note_open(path: Path) -> None:
    """Note that this process has the file at ``path`` open by SQLite."""
    with _making:
        _here[path.absolute()] += 1


def note_closed(path: Path) -> None:
    """Note that it has closed it, as often as it was opened."""
    with _making:
        _here[path.absolute()] -= 1


def is_open_here(path: Path) -> bool:
    """Whether this process has the file open by SQLite."""
    return _here[path.absolute()] > 0
