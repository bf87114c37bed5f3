"""A desk's journal as it was at an instant of the past: the same questions, answered with what was known by then.

Guaranteed: a picture made from it is the one that the desk would have given at that instant, but for the last seconds
in which the hotline was heard, which are noted every ten. Nothing in it can be changed. Not guaranteed: anything from
before the journal began to keep what its rows had said, and what was over by then.
"""

import json
import sqlite3
from pathlib import Path
from typing import Self

from keepclear_protocol.errors import LocalError

from .changes import HEARD, WATCHED
from .faults import journal_faults
from .noted import DAY_US
from .past import BEGAN, COLUMNS, CONFLICTS, FILED_AS, OBJECTS, OWN
from .readonly import open_to_read
from .reads import Reads


class PastJournal(Reads):
    """The journal at ``path`` as it was at the instant ``at``; ``close`` it."""

    def __init__(self, path: Path, party: str, at: int) -> None:
        db = open_to_read(path)
        if db is None:
            raise LocalError("journal", f"the desk's journal {path} cannot be read")
        super().__init__(db, party)
        self.at = at
        try:
            with journal_faults(path):
                _turn_back(db, at)
            since = int(self.noted(BEGAN) or 0)
            if at < since:
                raise LocalError("usage", "this journal does not reach back so far", hint="ask for a later time")
        except BaseException:
            db.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        with self._reading:
            self._read.close()


def _turn_back(db: sqlite3.Connection, at: int) -> None:
    """Put what was known at an instant before the journal's tables, under their names.

    A view takes no parameters, so the instant stands in its text; it is an integer of ours.
    """
    db.execute("PRAGMA query_only = 0")
    db.execute("PRAGMA temp_store = MEMORY")
    db.execute("BEGIN")
    db.execute("CREATE TEMP TABLE changed (of TEXT, name TEXT, said TEXT, PRIMARY KEY (of, name)) WITHOUT ROWID")
    first = "SELECT min(number) FROM main.past WHERE until > ? GROUP BY of, name"
    db.execute(f"INSERT INTO changed SELECT of, name, said FROM main.past WHERE number IN ({first})", (at,))  # noqa: S608
    _conflicts(db, at)
    _filed_as(db)
    for table, since in ((OWN, "filed_at"), (OBJECTS, "received_at")):
        _view(db, table, f"{since} <= {at}")
    _view(db, "acknowledgements", f"received_at <= {at}")
    _meta(db, at)
    db.execute("COMMIT")
    db.execute("PRAGMA query_only = 1")


def _conflicts(db: sqlite3.Connection, at: int) -> None:
    names = COLUMNS[CONFLICTS]
    unchanged = "conflict NOT IN (SELECT name FROM changed WHERE of = 'conflicts')"
    live = f"(open OR until >= {at - DAY_US}) AND {unchanged}"
    db.execute(f"CREATE TEMP TABLE conflicts AS SELECT {names} FROM main.conflicts WHERE {live}")  # noqa: S608
    marks = ", ".join("?" * len(names.split(",")))
    db.executemany(f"INSERT INTO temp.conflicts VALUES ({marks})", _changed(db, CONFLICTS))  # noqa: S608
    db.execute("CREATE UNIQUE INDEX temp.conflicts_then ON conflicts (conflict)")


def _filed_as(db: sqlite3.Connection) -> None:
    unchanged = "reference NOT IN (SELECT name FROM changed WHERE of = 'filed_as')"
    db.execute(f"CREATE TEMP TABLE filed_as AS SELECT reference, id FROM main.filed_as WHERE {unchanged}")  # noqa: S608
    before = db.execute("SELECT name, said FROM changed WHERE of = ? AND said IS NOT NULL", (FILED_AS,)).fetchall()
    db.executemany("INSERT INTO temp.filed_as VALUES (?, ?)", [(name, *json.loads(said)) for name, said in before])


def _view(db: sqlite3.Connection, table: str, known: str) -> None:
    """Show the rows of a table that were known, each with what it said then."""
    changing = COLUMNS.get(table, "").split(", ")
    keys = {OWN: "sha256", OBJECTS: "digest"}
    shown = [
        f"iif(c.name IS NULL, o.{name}, json_extract(c.said, '$[{changing.index(name)}]')) AS {name}"
        if name in changing
        else f"o.{name}"
        for _, name, *_ in db.execute(f"PRAGMA main.table_info({table})").fetchall()
    ]
    before = f"LEFT JOIN changed AS c ON c.of = '{table}' AND c.name = o.{keys[table]}" if table in keys else ""
    # A view has no rowid of its own, and some questions are ordered by it.
    rowid = [] if table == OWN else ["o.rowid AS rowid"]
    query = f"SELECT {', '.join([*shown, *rowid])} FROM main.{table} AS o {before} WHERE o.{known}"  # noqa: S608
    db.execute(f"CREATE TEMP VIEW {table} AS {query}")


def _meta(db: sqlite3.Connection, at: int) -> None:
    db.execute("CREATE TEMP TABLE meta AS SELECT name, value FROM main.meta WHERE name IN ('agreement', 'party', ?)",
               (BEGAN,))  # fmt: skip
    for name, what in (("heard_at", HEARD), ("watched_until", WATCHED)):
        query = "SELECT max(min(until, ?)) FROM main.spans WHERE what = ? AND began <= ?"
        (last,) = db.execute(query, (at, what, at)).fetchone()
        if last is not None:
            db.execute("INSERT INTO temp.meta VALUES (?, ?)", (name, str(last)))


def _changed(db: sqlite3.Connection, of: str) -> list[list[object]]:
    query = "SELECT said FROM changed WHERE of = ? AND said IS NOT NULL"
    return [json.loads(said) for (said,) in db.execute(query, (of,)).fetchall()]
