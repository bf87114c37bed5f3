"""The tables of a desk's journal, and how those of an older version become these.

The version stands in SQLite's ``user_version``. A journal of a newer version is not opened; one of an older version is
carried over in one transaction, with all that it remembers: what was seen once must be told from a rollback for ever.
"""

import json
import sqlite3
from collections.abc import Callable

from keepclear_protocol.acknowledgement import open_acknowledgement
from keepclear_protocol.alert import open_alert
from keepclear_protocol.errors import KeepclearError, LocalError
from keepclear_protocol.kinds import NOTICE
from keepclear_protocol.notice import open_submission

from ..wire.answers import AlertObject
from .kept import Pictured, Summary

SCHEMA = 2

TABLES = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE agreements (revision INTEGER PRIMARY KEY, raw BLOB NOT NULL) STRICT;
CREATE TABLE own (
    sha256 TEXT PRIMARY KEY, id TEXT NOT NULL, revision INTEGER NOT NULL, kind TEXT NOT NULL, raw TEXT NOT NULL,
    status TEXT NOT NULL, code TEXT, receipt TEXT, seq INTEGER, epoch TEXT, filed_at INTEGER NOT NULL,
    callsign TEXT, category TEXT, first_start INTEGER, last_end INTEGER, volumes INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE UNIQUE INDEX own_revision ON own (id, revision) WHERE status != 'refused';
CREATE INDEX own_unknown ON own (filed_at) WHERE status = 'unknown';
CREATE INDEX own_end ON own (last_end);
CREATE TABLE objects (
    digest TEXT PRIMARY KEY, conflict TEXT, version INTEGER, object TEXT NOT NULL, verdict TEXT NOT NULL,
    detail TEXT NOT NULL, standing TEXT, told INTEGER NOT NULL, received_at INTEGER NOT NULL) STRICT;
CREATE INDEX objects_version ON objects (conflict, version);
CREATE INDEX objects_again ON objects (verdict) WHERE conflict IS NULL OR verdict IN ('wrong_terms', 'clock');
CREATE INDEX objects_untold ON objects (conflict, version) WHERE NOT told;
CREATE TABLE conflicts (
    conflict TEXT PRIMARY KEY, version INTEGER NOT NULL, sha256 TEXT NOT NULL, learnt_at INTEGER NOT NULL,
    streamed_version INTEGER, streamed_sha256 TEXT, adopted TEXT, alarm TEXT, alarm_detail TEXT,
    delivered INTEGER NOT NULL DEFAULT 0, confirmed INTEGER NOT NULL DEFAULT 0, answered INTEGER NOT NULL DEFAULT 0,
    open INTEGER NOT NULL DEFAULT 1, until INTEGER NOT NULL DEFAULT 0, pictured TEXT) STRICT;
CREATE INDEX conflicts_open ON conflicts (version) WHERE open;
CREATE INDEX conflicts_until ON conflicts (until);
CREATE INDEX conflicts_undelivered ON conflicts (version) WHERE delivered < version;
CREATE TABLE theirs (
    party TEXT NOT NULL, id TEXT NOT NULL, revision INTEGER NOT NULL, sha256 TEXT NOT NULL, version INTEGER NOT NULL,
    epoch TEXT NOT NULL, PRIMARY KEY (party, id)) STRICT;
CREATE TABLE acknowledgements (
    sha256 TEXT PRIMARY KEY, conflict TEXT NOT NULL, version INTEGER NOT NULL, party TEXT NOT NULL, stage TEXT NOT NULL,
    raw TEXT NOT NULL, verdict TEXT NOT NULL, receipt TEXT, told INTEGER NOT NULL, received_at INTEGER NOT NULL,
    officer TEXT, said TEXT NOT NULL DEFAULT '', signed_at INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE INDEX acknowledgements_conflict ON acknowledgements (conflict, version);
CREATE TABLE events (number INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL) STRICT
"""


def bring_up_to_date(db: sqlite3.Connection) -> None:
    """Make the tables, or carry over those of an older version, within the caller's transaction.

    Raises ``LocalError`` with ``journal`` for a journal of a newer version.
    """
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if not version:
        # The first version wrote its number elsewhere; a new file has no tables at all.
        version = 1 if db.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone() else 0
    if version > SCHEMA:
        hint = "use the newer keepclear that has written it"
        raise LocalError("journal", f"the journal is of version {version}; this keepclear knows {SCHEMA}", hint=hint)
    if version == 0:
        _run(db, TABLES)
    for step in range(version, SCHEMA) if version else ():
        _STEPS[step](db)
    # A pragma takes no parameters.
    db.execute(f"PRAGMA user_version = {SCHEMA}")


def _from_1(db: sqlite3.Connection) -> None:
    """Version 1 opened and verified everything again for each picture; version 2 keeps what a picture needs."""
    for name in ("own", "objects", "conflicts", "acknowledgements"):
        db.execute(f"ALTER TABLE {name} RENAME TO {name}_1")
    for index in ("own_revision", "acknowledgements_conflict"):
        db.execute(f"DROP INDEX {index}")
    kept = ("meta", "agreements", "theirs")
    _run(db, ";".join(part for part in TABLES.split(";") if part.split()[2] not in kept))
    for row in db.execute("SELECT * FROM own_1").fetchall():
        summary = _summary(row[3], row[4])
        db.execute("INSERT INTO own VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)", (*row, *summary.row()))
    db.execute("INSERT INTO objects SELECT * FROM objects_1")
    for row in db.execute("SELECT * FROM conflicts_1").fetchall():
        pictured = _pictured(db, row[6])
        # All are live once: the next alert, or the end of a day, tells what is over.
        told = None if pictured is None else json.dumps(pictured.row())
        until = 0 if pictured is None else (pictured.end or 0)
        db.execute("INSERT INTO conflicts VALUES (?,?,?,?,?,?,?,?,?,?,?,0,?,?,?)", (*row, 1, until, told))
    db.execute("UPDATE conflicts SET open = 0 WHERE alarm IS NULL AND adopted IN "
               "(SELECT digest FROM objects WHERE standing IN ('CLOSED', 'PAST'))")  # fmt: skip
    for row in db.execute("SELECT * FROM acknowledgements_1 ORDER BY rowid").fetchall():
        ack = open_acknowledgement(row[5], None)
        more = (ack.officer, ack.verdict, ack.claims.iat)
        db.execute("INSERT INTO acknowledgements VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)", (*row, *more))
    (party,) = db.execute("SELECT value FROM meta WHERE name = 'party'").fetchone()
    answered = "SELECT max(version) FROM acknowledgements AS a WHERE a.conflict = conflicts.conflict"
    db.execute(f"UPDATE conflicts SET answered = coalesce(({answered} AND party = ? AND stage = 'acknowledged'), 0)",  # noqa: S608
               (party,))  # fmt: skip
    for number, event in db.execute("SELECT number, event FROM unshown ORDER BY number").fetchall():
        said = json.loads(event)
        if said["event"] == "alert":
            said["digest"] = AlertObject.read(said.pop("object")).digest
        db.execute("INSERT INTO events VALUES (?, ?)", (number, json.dumps(said)))
    for name in ("own_1", "objects_1", "conflicts_1", "acknowledgements_1", "unshown"):
        db.execute(f"DROP TABLE {name}")
    db.execute("DELETE FROM meta WHERE name = 'schema'")


def _summary(kind: str, raw: str) -> Summary:
    try:
        return Summary.of(open_submission(raw, None)) if kind == NOTICE.name else Summary()
    except KeepclearError:
        # Statements of before a change of the wire cannot be read any more; their bytes stay.
        return Summary()


def _pictured(db: sqlite3.Connection, digest: str | None) -> Pictured | None:
    query = "SELECT object, verdict, standing FROM objects WHERE digest = ?"
    row = db.execute(query, (digest,)).fetchone()
    if row is None:
        return None
    try:
        alert = open_alert(json.loads(row[0])["alert"], None)
    except KeepclearError:
        return None
    return Pictured.of(alert, row[1], row[2])


def _run(db: sqlite3.Connection, script: str) -> None:
    # ``executescript`` would end the transaction.
    for statement in script.split(";"):
        db.execute(statement)


_STEPS: dict[int, Callable[[sqlite3.Connection], None]] = {1: _from_1}
