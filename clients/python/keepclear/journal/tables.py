"""The tables of a desk's journal."""

SCHEMA = "1"
"""The version of these tables; a journal of another one is not opened."""

TABLES = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS agreements (revision INTEGER PRIMARY KEY, raw BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS own (
    sha256 TEXT PRIMARY KEY, id TEXT NOT NULL, revision INTEGER NOT NULL, kind TEXT NOT NULL, raw TEXT NOT NULL,
    status TEXT NOT NULL, code TEXT, receipt TEXT, seq INTEGER, epoch TEXT, filed_at INTEGER NOT NULL) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS own_revision ON own (id, revision) WHERE status != 'refused';
CREATE TABLE IF NOT EXISTS objects (
    digest TEXT PRIMARY KEY, conflict TEXT, version INTEGER, object TEXT NOT NULL, verdict TEXT NOT NULL,
    detail TEXT NOT NULL, standing TEXT, told INTEGER NOT NULL, received_at INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS conflicts (
    conflict TEXT PRIMARY KEY, version INTEGER NOT NULL, sha256 TEXT NOT NULL, learnt_at INTEGER NOT NULL,
    streamed_version INTEGER, streamed_sha256 TEXT, adopted TEXT, alarm TEXT, alarm_detail TEXT,
    delivered INTEGER NOT NULL DEFAULT 0, confirmed INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE TABLE IF NOT EXISTS theirs (
    party TEXT NOT NULL, id TEXT NOT NULL, revision INTEGER NOT NULL, sha256 TEXT NOT NULL, version INTEGER NOT NULL,
    epoch TEXT NOT NULL, PRIMARY KEY (party, id)) STRICT;
CREATE TABLE IF NOT EXISTS acknowledgements (
    sha256 TEXT PRIMARY KEY, conflict TEXT NOT NULL, version INTEGER NOT NULL, party TEXT NOT NULL, stage TEXT NOT NULL,
    raw TEXT NOT NULL, verdict TEXT NOT NULL, receipt TEXT, told INTEGER NOT NULL, received_at INTEGER NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS acknowledgements_conflict ON acknowledgements (conflict, version);
CREATE TABLE IF NOT EXISTS unshown (number INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL) STRICT;
"""
