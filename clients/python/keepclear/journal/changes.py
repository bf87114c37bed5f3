"""What can change in a desk's journal: each change a value, made by a pure transition and written here.

A change never takes back what another process has learnt meanwhile: marks only rise, and what was told stays told.
"""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from keepclear_protocol.cursor import Cursor
from keepclear_protocol.encoding import dump_plain

from .kept import KeptAcknowledgement, KeptAlert, KeptConflict, KeptTheirs, OverNow, OwnStatement

KEPT_EVENTS = 10_000
"""Events that stay readable after they were handed out, for subscribers that lag behind."""


@dataclass(frozen=True, slots=True)
class SettleOwn:
    """The service has receipted an own statement."""

    sha256: str
    receipt: str
    seq: int
    epoch: str


@dataclass(frozen=True, slots=True)
class RefuseOwn:
    """The service has refused an own statement for certain; its revision is free again."""

    sha256: str
    code: str


@dataclass(frozen=True, slots=True)
class TurnOwn:
    """An own statement is now something else than the one of ``among`` that it was; ``code`` says why, if anything.

    ``must``: nothing of the transaction is written unless it was one of them.
    """

    sha256: str
    status: str
    among: tuple[str, ...]
    code: str | None = None
    must: bool = False


@dataclass(frozen=True, slots=True)
class KeepReference:
    """An own notice goes by a reference of ours, which was none's, or that of the notice ``instead``.

    Nothing of the transaction is written where it is another's by now.
    """

    reference: str
    id: str
    instead: str | None = None


@dataclass(frozen=True, slots=True)
class MoveReference:
    """The reference of the notice ``before``, if it has one, is that of another from now on."""

    before: str
    id: str


@dataclass(frozen=True, slots=True)
class NoteInForce:
    """A verified alert of the instant ``at`` was under ``terms``, the newest so far."""

    terms: str
    at: int


@dataclass(frozen=True, slots=True)
class MarkDelivered:
    """A version was said to be delivered, or the service wants no such word any more."""

    conflict: str
    version: int


@dataclass(frozen=True, slots=True)
class MarkAnswered:
    """An officer of ours has acknowledged a version."""

    conflict: str
    version: int


@dataclass(frozen=True, slots=True)
class MarkShown:
    """A version was put before somebody's eyes."""

    conflict: str
    version: int


@dataclass(frozen=True, slots=True)
class RaiseAlarm:
    """Something is wrong with a conflict that no alert has brought."""

    conflict: str
    alarm: str
    detail: str


@dataclass(frozen=True, slots=True)
class Tell:
    """An event for the desk's subscribers, kept until it was handed out."""

    event: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class MoveCursor:
    """The stream has been taken in up to here, and behind that in the runs ``ahead``: ``12-12 17-30``."""

    cursor: Cursor
    ahead: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """A single value: when everything was last read, up to which event they were handed out, what was reviewed."""

    name: str
    value: str


PUT_BACK = "put_back"
"""The name of the note of when this desk met another life of the hotline's store."""

SPENT_NOTE = "spent "
"""What the names of notes of spent budgets begin with; since when, whose and which follow, so that each is kept."""



def spent_name(since: int) -> str:
    """Return what the name of a note of a budget that was spent at an instant begins with; in the order of time."""
    return f"{SPENT_NOTE}{since:016d}"


HEARD, WATCHED = "heard", "watched"
"""What a span is of: the hotline was heard without a break, somebody watched."""


@dataclass(frozen=True, slots=True)
class NoteSpan:
    """Something has lasted, as far as is known, from ``began`` until ``until``; told again it only grows."""

    what: str
    began: int
    until: int


Change = (
    OwnStatement
    | SettleOwn
    | RefuseOwn
    | TurnOwn
    | KeepReference
    | MoveReference
    | KeptAlert
    | KeptConflict
    | KeptTheirs
    | KeptAcknowledgement
    | OverNow
    | NoteInForce
    | MarkDelivered
    | MarkAnswered
    | MarkShown
    | RaiseAlarm
    | Tell
    | MoveCursor
    | Note
    | NoteSpan
)

JUDGED = (KeptAlert, KeptConflict, KeptTheirs, RaiseAlarm)
"""Changes that rest on what was read before them: none other of these may have come in between."""

_SAVE_CONFLICT = """
INSERT INTO conflicts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (conflict) DO UPDATE SET
    version = excluded.version, sha256 = excluded.sha256, learnt_at = excluded.learnt_at,
    streamed_version = excluded.streamed_version, streamed_sha256 = excluded.streamed_sha256,
    adopted = excluded.adopted, alarm = excluded.alarm, alarm_detail = excluded.alarm_detail,
    delivered = max(delivered, excluded.delivered), confirmed = max(confirmed, excluded.confirmed),
    answered = max(answered, excluded.answered), open = excluded.open, until = excluded.until,
    pictured = excluded.pictured, shown = max(shown, excluded.shown)
"""


def write(db: sqlite3.Connection, change: Change) -> int | None:
    """Write one change, within a transaction; return the number of an event that is told."""
    match change:
        case OwnStatement():
            db.execute("INSERT INTO own VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", change.row())
        case SettleOwn():
            db.execute(
                "UPDATE own SET status = 'receipted', receipt = ?, seq = ?, epoch = ?, code = NULL WHERE sha256 = ?",
                (change.receipt, change.seq, change.epoch, change.sha256),
            )
        case RefuseOwn():
            db.execute(
                "UPDATE own SET status = 'refused', code = ? WHERE sha256 = ? AND receipt IS NULL",
                (change.code, change.sha256),
            )
        case TurnOwn(sha256, status, among, code, must):
            marks = ", ".join("?" * len(among))
            query = f"UPDATE own SET status = ?, code = ? WHERE sha256 = ? AND status IN ({marks})"  # noqa: S608
            if not db.execute(query, (status, code, sha256, *among)).rowcount and must:
                raise sqlite3.IntegrityError("it is something else by now")
        case KeepReference(reference, id, instead):
            query = (
                "INSERT INTO filed_as VALUES (?, ?) ON CONFLICT (reference) DO UPDATE SET id = excluded.id "
                "WHERE filed_as.id = ?"
            )
            if not db.execute(query, (reference, id, instead)).rowcount:
                raise sqlite3.IntegrityError("the reference is another notice's by now")
        case MoveReference(before, id):
            db.execute("UPDATE filed_as SET id = ? WHERE id = ?", (id, before))
        case KeptAlert():
            db.execute(
                "INSERT INTO objects VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (digest) DO UPDATE SET "
                "verdict = excluded.verdict, detail = excluded.detail, standing = excluded.standing, "
                "told = max(told, excluded.told), conflict = coalesce(excluded.conflict, conflict), "
                "version = coalesce(excluded.version, version)",
                (
                    change.digest, change.conflict, change.version, dump_plain(change.object.to_json()).decode(),
                    change.verdict, change.detail, change.standing, int(change.told), change.received_at,
                ),
            )  # fmt: skip
        case KeptConflict():
            values = _values(change)
            values[-2] = None if change.pictured is None else json.dumps(change.pictured.row())
            db.execute(_SAVE_CONFLICT, values)
        case KeptTheirs():
            db.execute(
                "INSERT INTO theirs VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (party, id) DO UPDATE SET "
                "revision = excluded.revision, sha256 = excluded.sha256, version = excluded.version, "
                "epoch = excluded.epoch WHERE excluded.revision > theirs.revision",
                _values(change),
            )
        case KeptAcknowledgement():
            db.execute(
                "INSERT INTO acknowledgements VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (sha256) "
                "DO UPDATE SET "
                "told = max(told, excluded.told), receipt = coalesce(receipt, excluded.receipt)",
                _values(change),
            )
        case OverNow():
            name = f"{spent_name(change.since)} {change.party} {change.budget}"
            value = json.dumps([change.until, change.raw])
            db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))  # of one second the last word counts
        case NoteInForce(terms, at):
            _note(db, "in_force", f"{terms} {at}")
        case MarkDelivered(conflict, version):
            db.execute("UPDATE conflicts SET delivered = max(delivered, ?) WHERE conflict = ?", (version, conflict))
        case MarkAnswered(conflict, version):
            db.execute("UPDATE conflicts SET answered = max(answered, ?) WHERE conflict = ?", (version, conflict))
        case MarkShown(conflict, version):
            db.execute("UPDATE conflicts SET shown = max(shown, ?) WHERE conflict = ?", (version, conflict))
        case RaiseAlarm(conflict, alarm, detail):
            query = "UPDATE conflicts SET alarm = ?, alarm_detail = ?, open = 1 WHERE conflict = ?"
            db.execute(query, (alarm, detail, conflict))
        case Tell(event):
            return db.execute("INSERT INTO events (event) VALUES (?)", (json.dumps(event),)).lastrowid
        case MoveCursor(cursor, ahead):
            _note(db, "cursor", str(cursor))
            _note(db, "ahead", ahead)
        case NoteSpan(what, began, until):
            query = (
                "INSERT INTO spans VALUES (?, ?, ?) ON CONFLICT (what, began) "
                "DO UPDATE SET until = max(until, excluded.until)"
            )
            db.execute(query, (what, began, until))
        case Note(name, value):
            _note(db, name, value)
            if name == "handed":
                last = "SELECT coalesce(max(number), 0) FROM events"
                query = f"DELETE FROM events WHERE number <= min(?, ({last}) - ?)"  # noqa: S608
                db.execute(query, (int(value), KEPT_EVENTS))
    return None


def _note(db: sqlite3.Connection, name: str, value: str) -> None:
    db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))


def _values(change: KeptConflict | KeptTheirs | KeptAcknowledgement) -> list[Any]:
    return [getattr(change, field.name) for field in fields(change)]
