"""The tables of a desk's journal. The version stands in SQLite's ``user_version``.

A journal of a newer version is not opened; one of an older version is carried over (``older``).
"""

import sqlite3

from keepclear_protocol.errors import LocalError

from .older import FROM, note_spans, run_script

SCHEMA = 5

TABLES = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE agreements (
    revision INTEGER PRIMARY KEY, raw BLOB NOT NULL, staged INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE TABLE own (
    sha256 TEXT PRIMARY KEY, id TEXT NOT NULL, revision INTEGER NOT NULL, kind TEXT NOT NULL, raw TEXT NOT NULL,
    status TEXT NOT NULL, code TEXT, receipt TEXT, seq INTEGER, epoch TEXT, filed_at INTEGER NOT NULL,
    callsign TEXT, category TEXT, first_start INTEGER, last_end INTEGER, volumes INTEGER NOT NULL DEFAULT 0,
    content TEXT) STRICT;
CREATE UNIQUE INDEX own_revision ON own (id, revision) WHERE status NOT IN ('refused', 'lost');
CREATE INDEX own_id ON own (id, revision);
CREATE INDEX own_unknown ON own (filed_at) WHERE status = 'unknown';
CREATE INDEX own_content ON own (content);
CREATE INDEX own_waiting ON own (status) WHERE status IN ('unsent', 'lost');
CREATE INDEX own_end ON own (last_end);
CREATE INDEX own_filed ON own (filed_at, kind, id);
CREATE TABLE objects (
    digest TEXT PRIMARY KEY, conflict TEXT, version INTEGER, object TEXT NOT NULL, verdict TEXT NOT NULL,
    detail TEXT NOT NULL, standing TEXT, told INTEGER NOT NULL, received_at INTEGER NOT NULL) STRICT;
CREATE INDEX objects_version ON objects (conflict, version);
CREATE INDEX objects_again ON objects (verdict) WHERE conflict IS NULL OR verdict IN ('wrong_terms', 'clock');
CREATE INDEX objects_received ON objects (received_at, standing, conflict);
CREATE INDEX objects_untold ON objects (conflict, version) WHERE NOT told;
CREATE TABLE conflicts (
    conflict TEXT PRIMARY KEY, version INTEGER NOT NULL, sha256 TEXT NOT NULL, learnt_at INTEGER NOT NULL,
    streamed_version INTEGER, streamed_sha256 TEXT, adopted TEXT, alarm TEXT, alarm_detail TEXT,
    delivered INTEGER NOT NULL DEFAULT 0, confirmed INTEGER NOT NULL DEFAULT 0, answered INTEGER NOT NULL DEFAULT 0,
    open INTEGER NOT NULL DEFAULT 1, until INTEGER NOT NULL DEFAULT 0, pictured TEXT,
    shown INTEGER NOT NULL DEFAULT 0) STRICT;
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
CREATE INDEX acknowledgements_received ON acknowledgements (received_at, stage, party, conflict);
CREATE TABLE filed_as (reference TEXT PRIMARY KEY, id TEXT NOT NULL) STRICT;
CREATE INDEX filed_as_id ON filed_as (id);
CREATE TABLE events (number INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL) STRICT;
CREATE TABLE past (number INTEGER PRIMARY KEY, of TEXT NOT NULL, name TEXT NOT NULL, until INTEGER NOT NULL,
    said TEXT) STRICT;
CREATE INDEX past_until ON past (until);
CREATE TABLE spans (what TEXT NOT NULL, began INTEGER NOT NULL, until INTEGER NOT NULL,
    PRIMARY KEY (what, began)) STRICT
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
        run_script(db, TABLES)
    elif version < SCHEMA:
        FROM[version](db, TABLES)
        note_spans(db)
    # A pragma takes no parameters.
    db.execute(f"PRAGMA user_version = {SCHEMA}")
