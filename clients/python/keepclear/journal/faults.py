"""What is told where the journal's file fails: a full disk, a broken one, a file that others hold, a damaged one."""

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from keepclear_protocol.errors import KeepclearError, LocalError

from ..reasons import reason

HINT = "make room on its disk, or mend it; what was not written down comes again"
RIGHTS = "give this account the right to write there, or name another folder with --desk or KEEPCLEAR_DESK"
DAMAGED = "keep its folder, begin with another --desk, file nothing again yet: docs/filing.md, A damaged journal"
TAKEN = "the desk's journal cannot be used: another of this desk's writes does not come to an end"
CLOSED = "this desk is closed"
ELSEWHERE = "--desk or KEEPCLEAR_DESK names another folder"

_RIGHTS = (errno.EACCES, errno.EPERM, errno.EROFS)
_PATH = (errno.EEXIST, errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.ENXIO)


@contextmanager
def journal_faults(path: Path | None = None) -> Iterator[None]:
    """Turn the file's faults into ``LocalError`` with ``journal``, but leave a broken uniqueness to whoever asked.

    ``path`` is named where it is what may be wrong.
    """
    try:
        yield
    except (KeepclearError, sqlite3.IntegrityError):
        raise
    except (sqlite3.Error, OSError, ValueError) as error:
        why, named = str(error), "" if path is None else f" {path}"
        if isinstance(error, sqlite3.ProgrammingError) and "closed database" in why:
            raise LocalError("usage", CLOSED, hint="make another") from None
        if getattr(error, "sqlite_errorname", "").startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
            raise damaged(path, why) from None
        if isinstance(error, OSError | ValueError):
            why = _dangling(path) or reason(error)
        raise LocalError("journal", f"the desk's journal{named} cannot be used: {why}", hint=_hint(error)) from None


def damaged(path: Path | None, why: str) -> LocalError:
    """Return what is told of a journal whose file does not hold together."""
    named = "" if path is None else f" {path}"
    return LocalError("journal", f"this journal{named} is damaged: {why}", hint=DAMAGED)


def _dangling(path: Path | None) -> str:
    """Return what is wrong with a link on the way to the journal that leads nowhere, which looks like a file."""
    links = [] if path is None else [one for one in (path, *path.parents) if one.is_symlink() and not one.exists()]
    return f"{links[0]} is a link that leads nowhere" if links else ""


def _hint(error: Exception) -> str:
    code = error.errno if isinstance(error, OSError) else None
    name = getattr(error, "sqlite_errorname", "")
    if code in _RIGHTS or name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")):
        return RIGHTS
    return ELSEWHERE if code in _PATH or isinstance(error, ValueError) else HINT
