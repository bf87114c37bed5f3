"""What is told where the journal's file fails: a full disk, a broken one, a file that others hold."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from keepclear_protocol.errors import KeepclearError, LocalError

from ..reasons import reason

HINT = "make room on its disk, or mend it; what was not written down comes again"


@contextmanager
def journal_faults() -> Iterator[None]:
    """Turn the file's faults into ``LocalError`` with ``journal``, but leave a broken uniqueness to whoever asked."""
    try:
        yield
    except (KeepclearError, sqlite3.IntegrityError):
        raise
    except (sqlite3.Error, OSError, ValueError) as error:
        why = reason(error) if isinstance(error, OSError | ValueError) else str(error)
        raise LocalError("journal", f"the desk's journal cannot be used: {why}", hint=HINT) from None
