"""What rows of a desk's journal said before they were changed, kept for ever, so that any instant can be read again.

Guaranteed: what a change takes from a row that a picture is made of is written in the same transaction, with the
instant until which it stood. Not kept: what was delivered and what was shown, which no picture holds.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .changes import Change, KeepReference, MarkAnswered, MoveReference, RaiseAlarm, RefuseOwn, SettleOwn, TurnOwn
from .kept import KeptAlert, KeptConflict

BEGAN = "past_since"
"""The note of the instant from which on this is kept."""

CONFLICTS, OWN, OBJECTS, FILED_AS = "conflicts", "own", "objects", "filed_as"

COLUMNS = {
    CONFLICTS: "conflict, version, sha256, learnt_at, streamed_version, streamed_sha256, adopted, alarm, alarm_detail, "
    "delivered, confirmed, answered, open, until, pictured, shown",
    OWN: "status, code, receipt, seq, epoch",
    OBJECTS: "conflict, version, verdict, detail, standing",
    FILED_AS: "id",
}
"""What is kept of a row of each table, in this order."""

_KEYS = {CONFLICTS: "conflict", OWN: "sha256", OBJECTS: "digest", FILED_AS: "reference"}
_DATED = (OWN, OBJECTS)
"""Tables whose rows say themselves since when they are there."""


@contextmanager
def remembering(db: sqlite3.Connection, change: Change, at: int) -> Iterator[None]:
    """Keep what rows said before the change that is written within, at the instant ``at``."""
    of, names = _touched(db, change)
    before = [_row(db, of, name) for name in names]
    yield
    for name, row in zip(names, before, strict=True):
        if (row is None and of in _DATED) or (row is not None and row == _row(db, of, name)):
            continue
        said = None if row is None else json.dumps(row)
        db.execute("INSERT INTO past (of, name, until, said) VALUES (?, ?, ?, ?)", (of, name, at, said))


def _touched(db: sqlite3.Connection, change: Change) -> tuple[str, list[str]]:
    match change:
        case KeptConflict(conflict=conflict) | MarkAnswered(conflict=conflict) | RaiseAlarm(conflict=conflict):
            return CONFLICTS, [conflict]
        case SettleOwn(sha256=sha256) | RefuseOwn(sha256=sha256) | TurnOwn(sha256=sha256):
            return OWN, [sha256]
        case KeptAlert(digest=digest):
            return OBJECTS, [digest]
        case KeepReference(reference=reference):
            return FILED_AS, [reference]
        case MoveReference(before=before):
            return FILED_AS, [name for (name,) in db.execute("SELECT reference FROM filed_as WHERE id = ?", (before,))]
    return "", []


def _row(db: sqlite3.Connection, of: str, name: str) -> Any:
    query = f"SELECT {COLUMNS[of]} FROM {of} WHERE {_KEYS[of]} = ?"  # noqa: S608 - names of our own
    return db.execute(query, (name,)).fetchone()
