"""How the tables of an older version of a desk's journal become those of today, with all that they remember.

What was seen once must be told from a rollback for ever, so nothing is left behind. Each way leads from its version to
today's tables at once, within the caller's transaction.
"""

import json
import sqlite3
from collections.abc import Callable

from keepclear_protocol.acknowledgement import open_acknowledgement
from keepclear_protocol.alert import open_alert
from keepclear_protocol.errors import KeepclearError
from keepclear_protocol.geometry import SHOWN
from keepclear_protocol.kinds import NOTICE
from keepclear_protocol.notice import Notice, open_presentation, open_submission

from ..wire.answers import AlertObject
from .kept import Summary
from .pictured import Pictured


def _from_1(db: sqlite3.Connection, tables: str) -> None:
    """Version 1 opened and verified everything again for each picture; later ones keep what a picture needs."""
    for name in ("own", "objects", "conflicts", "acknowledgements"):
        db.execute(f"ALTER TABLE {name} RENAME TO {name}_1")
    for index in ("own_revision", "acknowledgements_conflict"):
        db.execute(f"DROP INDEX {index}")
    kept = ("meta", "agreements", "theirs")
    run_script(db, ";".join(part for part in tables.split(";") if part.split()[2] not in kept))
    db.execute("ALTER TABLE agreements ADD COLUMN staged INTEGER NOT NULL DEFAULT 0")
    for row in db.execute("SELECT * FROM own_1").fetchall():
        summary = _summary(row[3], row[4])
        db.execute("INSERT INTO own VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,NULL)", (*row, *summary.row()))
    db.execute("INSERT INTO objects SELECT * FROM objects_1")
    for row in db.execute("SELECT * FROM conflicts_1").fetchall():
        pictured = _pictured(db, row[6])
        # All are live once: the next alert, or the end of a day, tells what is over.
        told = None if pictured is None else json.dumps(pictured.row())
        until = 0 if pictured is None else (pictured.end or 0)
        db.execute("INSERT INTO conflicts VALUES (?,?,?,?,?,?,?,?,?,?,?,0,?,?,?,0)", (*row, 1, until, told))
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


def _from_2(db: sqlite3.Connection, tables: str) -> None:
    """Version 2 kept no band, place or distance of a conflict, and neither what was staged nor what was shown."""
    db.execute("ALTER TABLE agreements ADD COLUMN staged INTEGER NOT NULL DEFAULT 0")
    db.execute("ALTER TABLE own ADD COLUMN content TEXT")
    db.execute("ALTER TABLE conflicts ADD COLUMN shown INTEGER NOT NULL DEFAULT 0")
    db.execute("DROP INDEX own_revision")
    _make_missing(db, tables)
    for conflict, adopted, before in db.execute("SELECT conflict, adopted, pictured FROM conflicts").fetchall():
        pictured = _pictured(db, adopted)
        if before is not None and pictured is not None:
            query = "UPDATE conflicts SET pictured = ? WHERE conflict = ?"
            db.execute(query, (json.dumps(pictured.row()), conflict))


def _from_3(db: sqlite3.Connection, tables: str) -> None:
    """Version 3 knew no references of the party's own, and neither it nor version 4 kept what rows had said before."""
    _make_missing(db, tables)


def _make_missing(db: sqlite3.Connection, tables: str) -> None:
    """Make the tables and indexes that are not there."""
    made = {name for (name,) in db.execute("SELECT name FROM sqlite_master")}
    named = ((part.split("(")[0].split(" ON ")[0].split()[-1], part) for part in tables.split(";"))
    run_script(db, ";".join(part for name, part in named if name not in made))


def _summary(kind: str, raw: str) -> Summary:
    try:
        return Summary.of(open_submission(raw, None, bounds=SHOWN)) if kind == NOTICE.name else Summary()
    except KeepclearError:
        # Statements of before a change of the wire cannot be read any more; their bytes stay.
        return Summary()


def _pictured(db: sqlite3.Connection, digest: str | None) -> Pictured | None:
    query = "SELECT object, verdict, standing FROM objects WHERE digest = ?"
    row = db.execute(query, (digest,)).fetchone()
    if row is None:
        return None
    came, verdict, standing = json.loads(row[0]), row[1], row[2]
    try:
        alert = open_alert(came["alert"], None)
    except KeepclearError:
        return None
    theirs, own = _theirs(came["presentation"]), _own(db, alert.own.sha256)
    return Pictured.of(alert, verdict, standing, theirs, own, came["cause"])


def _theirs(presentation: str | None) -> Notice | None:
    try:
        return None if presentation is None else open_presentation(presentation, None)
    except KeepclearError:
        return None


def _own(db: sqlite3.Connection, sha256: str) -> Notice | None:
    row = db.execute("SELECT kind, raw FROM own WHERE sha256 = ?", (sha256,)).fetchone()
    try:
        return None if row is None or row[0] != NOTICE.name else open_submission(row[1], None, bounds=SHOWN)
    except KeepclearError:
        return None


def run_script(db: sqlite3.Connection, script: str) -> None:
    """Run statements within the caller's transaction, which ``executescript`` would end."""
    for statement in script.split(";"):
        db.execute(statement)


def note_spans(db: sqlite3.Connection) -> None:
    """Keep, of the time before spans were noted, when the hotline was last heard and when somebody last watched."""
    for what, names in (("heard", "'read_at', 'heard_at'"), ("watched", "'watched_until'")):
        last = f"SELECT max(CAST(value AS INTEGER)) AS at FROM meta WHERE name IN ({names})"  # noqa: S608
        db.execute(f"INSERT INTO spans SELECT ?, at, at FROM ({last}) WHERE at IS NOT NULL", (what,))  # noqa: S608


FROM: dict[int, Callable[[sqlite3.Connection, str], None]] = {
    1: _from_1, 2: _from_2, 3: _from_3, 4: _from_3,
}  # fmt: skip
"""The way from each older version."""
