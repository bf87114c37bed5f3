"""Reading a journal that cannot be written: a full disk, a folder that may only be read, a file that another holds.

Guaranteed: nothing is written beside it, and what a transaction had put on the disk is read, also where it stands in
the ``-wal`` file alone, which SQLite reads only where it may write beside it.
"""

import contextlib
import shutil
import sqlite3
import tempfile
from pathlib import Path

from .private import is_open_here

_ASK = "SELECT count(*) FROM meta"


def open_to_read(path: Path) -> sqlite3.Connection | None:
    """Return a connection to the journal at ``path`` that only reads; None where even that cannot be."""
    wal = path.with_name(path.name + "-wal")
    with contextlib.suppress(sqlite3.Error, OSError, ValueError):
        return _open(f"{path.absolute().as_uri()}?mode=ro")
    with contextlib.suppress(sqlite3.Error, OSError, ValueError):
        if not wal.exists() or not wal.stat().st_size:
            return _open(f"{path.absolute().as_uri()}?mode=ro&immutable=1")
    if is_open_here(path):
        return None  # to copy it would drop the locks of the connections that this process has
    for elsewhere in (None, "/dev/shm"):  # noqa: S108 - memory, where the disk of temporary files is full too
        with contextlib.suppress(sqlite3.Error, OSError, ValueError):
            return _copied(path, wal, elsewhere)
    return None


def _open(uri: str) -> sqlite3.Connection:
    db = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
    try:
        db.execute("PRAGMA query_only = 1")
        db.execute(_ASK)
    except sqlite3.Error:
        db.close()
        raise
    return db


def _copied(path: Path, wal: Path, elsewhere: str | None = None) -> sqlite3.Connection:
    """Return what both files say, in memory."""
    with tempfile.TemporaryDirectory(prefix="keepclear-", dir=elsewhere) as folder:
        for file in (path, wal):
            shutil.copyfile(file, Path(folder) / file.name)
        memory = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        with contextlib.closing(sqlite3.connect(Path(folder) / path.name)) as copy:
            copy.backup(memory)
    memory.execute("PRAGMA query_only = 1")
    return memory
