"""A desk's durable memory: one SQLite file of mode 0600, written through to the disk before anything is relied on.

Kept for ever: every own submission with all its disclosures, every receipt, every alert object as it came with what
the desk made of it, every acknowledgement. Kept besides, across epochs of the store: the newest version of each
conflict and the newest revision of each counterpart's notice, and the stream cursor. What an event changes, the
event itself and the cursor behind it are written in one transaction, so a crash neither loses it nor takes it twice.
An event stays in ``unshown`` until its user has come back for the next one.

A file belongs to one party of one agreement and is opened for no other. Several processes may use it at once; one of
them may follow the stream (``lock_stream``). Not guaranteed: anything after someone else wrote to the file. It is the
party's own evidence, protected by the machine's accounts; back it up.
"""

import json
import os
import sqlite3
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keepclear_protocol.agreement import Agreement, open_agreement
from keepclear_protocol.errors import KeepclearError, LocalError

from ..wire.answers import AlertObject, Cursor
from .tables import SCHEMA, TABLES

BUSY_S = 10.0
"""How long one process waits for another's transaction, which takes milliseconds."""

UNKNOWN, RECEIPTED, REFUSED = "unknown", "receipted", "refused"


@dataclass(frozen=True, slots=True)
class OwnStatement:
    """A notice or withdrawal of ours as we signed it. ``status`` is unknown until the service has answered."""

    sha256: str
    id: str
    revision: int
    kind: str
    raw: str
    status: str
    code: str | None
    receipt: str | None
    seq: int | None
    epoch: str | None
    filed_at: int


@dataclass(frozen=True, slots=True)
class KeptAlert:
    """An alert object as it came, and what the desk made of it."""

    digest: str
    conflict: str | None
    version: int | None
    object: AlertObject
    verdict: str
    detail: str
    standing: str | None
    told: bool
    received_at: int


@dataclass(frozen=True, slots=True)
class KeptConflict:
    """What the desk knows of a conflict: its newest version, the alert in the picture, a standing alarm."""

    conflict: str
    version: int
    sha256: str
    learnt_at: int
    streamed_version: int | None
    streamed_sha256: str | None
    adopted: str | None
    alarm: str | None
    alarm_detail: str | None
    delivered: int
    confirmed: int


JOURNAL = "journal.sqlite"
"""The file's name in the desk's folder."""


class Journal:
    """One desk's memory. Raises ``LocalError`` where the file cannot be used."""

    def __init__(self, folder: str | Path, agreement: Agreement, party: str) -> None:
        self.folder = Path(folder)
        self.party = party
        self._lock: sqlite3.Connection | None = None
        with _faults():
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._db = _open_private(self.folder / JOURNAL)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            with self.transaction():
                for statement in TABLES.split(";"):
                    self._db.execute(statement)
                self._claim("schema", SCHEMA, "version of keepclear")
                self._claim("agreement", agreement.id, "agreement")
                self._claim("party", party, "party")
                self.agreements = self._install(agreement)

    def close(self) -> None:
        """Close the file, and let another process follow the stream."""
        self._db.close()
        if self._lock is not None:
            self._lock.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Do all that is written within, or nothing of it. On the disk when the outermost one ends."""
        if self._db.in_transaction:
            yield
            return
        with _faults():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def lock_stream(self) -> None:
        """Become the one process that follows the stream, until ``close``; raise ``LocalError`` if another one is."""
        if self._lock is None:
            with _faults():
                lock = _open_private(self.folder / "stream.lock", busy_s=0.0)
                try:
                    lock.execute("BEGIN EXCLUSIVE")
                except sqlite3.OperationalError:
                    lock.close()
                    raise LocalError("usage", "another process follows the stream with this journal") from None
                self._lock = lock

    def cursor(self) -> Cursor | None:
        """Return the position behind which the stream has not been taken yet."""
        value = self._meta("cursor")
        return None if value is None else Cursor.parse(value)

    def move_cursor(self, cursor: Cursor) -> None:
        """Set the position; within the transaction that keeps what came before it."""
        self._write("INSERT OR REPLACE INTO meta VALUES ('cursor', ?)", str(cursor))

    def note_reread(self, at: int) -> None:
        """Remember that at the instant ``at`` everything was read from the service."""
        self._write("INSERT OR REPLACE INTO meta VALUES ('read_at', ?)", str(at))

    def read_at(self) -> int | None:
        """Return the instant at which everything was last read from the service."""
        value = self._meta("read_at")
        return None if value is None else int(value)

    def in_force(self) -> tuple[str, int] | None:
        """Return the newest terms that a verified alert was under, and the earliest instant at which one was."""
        terms, _, at = (self._meta("in_force") or "").partition(" ")
        return (terms, int(at)) if at else None

    def note_in_force(self, terms: str, at: int) -> None:
        """Remember that an alert of the instant ``at`` was under ``terms``, the newest so far."""
        self._write("INSERT OR REPLACE INTO meta VALUES ('in_force', ?)", f"{terms} {at}")

    # Own statements

    def save_own(self, statement: OwnStatement) -> None:
        """Keep an own statement. Raises ``LocalError`` if another one stands at the same revision."""
        values = [getattr(statement, name) for name in OwnStatement.__slots__]
        try:
            self._write("INSERT INTO own VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", *values)
        except sqlite3.IntegrityError:
            detail = f"another statement stands at revision {statement.revision} of {statement.id}"
            raise LocalError("usage", detail, hint="another process of this desk was quicker; try again") from None

    def settle_own(self, sha256: str, receipt: str, seq: int, epoch: str) -> None:
        """Keep the receipt of an own statement."""
        self._write(
            "UPDATE own SET status = 'receipted', receipt = ?, seq = ?, epoch = ?, code = NULL WHERE sha256 = ?",
            receipt, seq, epoch, sha256,
        )  # fmt: skip

    def refuse_own(self, sha256: str, code: str) -> None:
        """Remember that the service refused an own statement; its revision is free again."""
        with self.transaction():
            self._write(
                "UPDATE own SET status = 'refused', code = ? WHERE sha256 = ? AND receipt IS NULL", code, sha256
            )

    def own(self, sha256: str) -> OwnStatement | None:
        """Return the own statement of this hash."""
        rows = self._own("sha256 = ?", sha256)
        return rows[0] if rows else None

    def own_history(self, id: str) -> list[OwnStatement]:
        """Return what was not refused of one notice, newest revision first."""
        return self._own("id = ? AND status != 'refused' ORDER BY revision DESC", id)

    def own_heads(self) -> list[OwnStatement]:
        """Return the newest statement of each own notice that was not refused, in the order of filing."""
        newest = "revision = (SELECT max(revision) FROM own AS o WHERE o.id = own.id AND o.status != 'refused')"
        return self._own(f"status != 'refused' AND {newest} ORDER BY filed_at, id")

    def own_unknown(self) -> list[OwnStatement]:
        """Return the statements whose outcome is not known, in the order of filing."""
        return self._own("status = 'unknown' ORDER BY filed_at, revision")

    # Alerts

    def save_object(self, kept: KeptAlert) -> None:
        """Keep an alert object; known ones take the newer verdict, and stay told once they were."""
        self._write(
            "INSERT INTO objects VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (digest) DO UPDATE SET "
            "verdict = excluded.verdict, detail = excluded.detail, standing = excluded.standing, "
            "told = max(told, excluded.told), conflict = coalesce(excluded.conflict, conflict), "
            "version = coalesce(excluded.version, version)",
            kept.digest, kept.conflict, kept.version, json.dumps(kept.object.to_json()), kept.verdict, kept.detail,
            kept.standing, int(kept.told), kept.received_at,
        )  # fmt: skip

    def alert_object(self, digest: str) -> KeptAlert | None:
        """Return the alert object of this digest."""
        rows = self._rows("SELECT * FROM objects WHERE digest = ?", digest)
        return _kept_alert(rows[0]) if rows else None

    def alert_of(self, conflict: str, version: int) -> KeptAlert | None:
        """Return the first alert object that came of this version."""
        query = "SELECT * FROM objects WHERE conflict = ? AND version = ? ORDER BY rowid LIMIT 1"
        rows = self._rows(query, conflict, version)
        return _kept_alert(rows[0]) if rows else None

    def save_conflict(self, kept: KeptConflict) -> None:
        """Keep what is known of a conflict."""
        values = [getattr(kept, name) for name in KeptConflict.__slots__]
        self._write("INSERT OR REPLACE INTO conflicts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", *values)

    def conflict(self, conflict: str) -> KeptConflict | None:
        """Return what is known of a conflict."""
        rows = self._rows("SELECT * FROM conflicts WHERE conflict = ?", conflict)
        return KeptConflict(*rows[0]) if rows else None

    def conflicts(self) -> list[KeptConflict]:
        """Return what is known of every conflict, newest version first."""
        return [KeptConflict(*row) for row in self._rows("SELECT * FROM conflicts ORDER BY version DESC, conflict")]

    def mark_delivered(self, conflict: str, version: int) -> None:
        """Remember that a version was acknowledged as delivered, or that the service wants no such word any more."""
        with self.transaction():
            self._write("UPDATE conflicts SET delivered = max(delivered, ?) WHERE conflict = ?", version, conflict)

    def forged(self) -> list[KeptAlert]:
        """Return the alert objects that name no conflict because not even their signature or address held."""
        return [_kept_alert(row) for row in self._rows("SELECT * FROM objects WHERE conflict IS NULL ORDER BY rowid")]

    def unreadable(self) -> list[KeptAlert]:
        """Return the alert objects under terms that were not installed, or signed by nobody known, as they came."""
        query = "SELECT * FROM objects WHERE conflict IS NULL OR verdict = 'wrong_terms' ORDER BY rowid"
        return [_kept_alert(row) for row in self._rows(query)]

    def undelivered(self) -> list[KeptConflict]:
        """Return the conflicts of whose newest version this desk has not said that it was delivered."""
        return [KeptConflict(*row) for row in self._rows("SELECT * FROM conflicts WHERE delivered < version")]

    def theirs(self, party: str, id: str) -> tuple[int, str, int, str] | None:
        """Return the newest revision seen of a counterpart's notice: number, hash, version and epoch it came with."""
        rows = self._rows("SELECT revision, sha256, version, epoch FROM theirs WHERE party = ? AND id = ?", party, id)
        return rows[0] if rows else None

    def save_theirs(self, party: str, id: str, revision: int, sha256: str, version: int, epoch: str) -> None:
        """Keep the newest revision seen of a counterpart's notice, with the first version that named it."""
        self._write(
            "INSERT INTO theirs VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (party, id) DO UPDATE SET "
            "revision = excluded.revision, sha256 = excluded.sha256, version = excluded.version, "
            "epoch = excluded.epoch WHERE excluded.revision > theirs.revision",
            party, id, revision, sha256, version, epoch,
        )  # fmt: skip

    # Acknowledgements

    def save_acknowledgement(
        self, *, sha256: str, conflict: str, version: int, party: str, stage: str, raw: str, verdict: str,
        receipt: str | None, told: bool, received_at: int,
    ) -> bool:  # fmt: skip
        """Keep an acknowledgement of either side; return whether it had been told before."""
        values = (sha256, conflict, version, party, stage, raw, verdict, receipt, int(told), received_at)
        known = self._rows("SELECT told FROM acknowledgements WHERE sha256 = ?", sha256)
        self._write(
            "INSERT INTO acknowledgements VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (sha256) DO UPDATE SET told = max(told, excluded.told)",
            *values,
        )
        return bool(known and known[0][0])

    def acknowledgements(self, conflict: str, version: int) -> list[tuple[str, str, str]]:
        """Return stage, party and exact text of what both sides acknowledged of one version, oldest first."""
        query = "SELECT stage, party, raw FROM acknowledgements WHERE conflict = ? AND version = ? ORDER BY rowid"
        return self._rows(query, conflict, version)

    # Events not shown yet

    def queue(self, event: Mapping[str, Any]) -> None:
        """Keep an event until it was shown."""
        self._write("INSERT INTO unshown (event) VALUES (?)", json.dumps(event))

    def unshown(self) -> list[tuple[int, dict[str, Any]]]:
        """Return the events that were not shown yet, oldest first."""
        rows = self._rows("SELECT number, event FROM unshown ORDER BY number")
        return [(number, json.loads(event)) for number, event in rows]

    def shown(self, number: int) -> None:
        """Forget an event that was shown."""
        with self.transaction():
            self._write("DELETE FROM unshown WHERE number = ?", number)

    def _own(self, where: str, *values: object) -> list[OwnStatement]:
        return [OwnStatement(*row) for row in self._rows(f"SELECT * FROM own WHERE {where}", *values)]  # noqa: S608

    def _meta(self, name: str) -> str | None:
        rows = self._rows("SELECT value FROM meta WHERE name = ?", name)
        return str(rows[0][0]) if rows else None

    def _claim(self, name: str, value: str, what: str) -> None:
        known = self._meta(name)
        if known is None:
            self._write("INSERT INTO meta VALUES (?, ?)", name, value)
        elif known != value:
            hint = "give each agreement and party a folder of its own with --desk"
            raise LocalError("usage", f"the journal in {self.folder} is of another {what}", hint=hint)

    def _install(self, agreement: Agreement) -> tuple[Agreement, ...]:
        """Return every revision that this desk was opened with, newest first: old statements stand under old terms.

        A newer one must be signed by all of the one before: its id alone is its own word.
        """
        kept = [
            open_agreement(bytes(raw)) for (raw,) in self._rows("SELECT raw FROM agreements ORDER BY revision DESC")
        ]
        newest = kept[0] if kept else None
        if newest is not None and newest.terms == agreement.terms:
            return tuple(kept)
        if newest is not None:
            if agreement.revision != newest.revision + 1:
                detail = f"this desk has revision {newest.revision} of the agreement, not {agreement.revision - 1}"
                raise LocalError("usage", detail, hint="install each revision in its turn, and never an older one")
            open_agreement(agreement.raw, newest)
        self._write("INSERT INTO agreements VALUES (?, ?)", agreement.revision, agreement.raw)
        return (agreement, *kept)

    def _rows(self, query: str, *values: object) -> list[Any]:
        with _faults():
            return self._db.execute(query, values).fetchall()

    def _write(self, query: str, *values: object) -> None:
        self._db.execute(query, values)


def _kept_alert(row: tuple[Any, ...]) -> KeptAlert:
    digest, conflict, version, told_object, verdict, detail, standing, told, received_at = row
    shown = AlertObject(**json.loads(told_object))
    return KeptAlert(digest, conflict, version, shown, verdict, detail, standing, bool(told), received_at)


def _open_private(path: Path, *, busy_s: float = BUSY_S) -> sqlite3.Connection:
    """Open a database that nobody else may read. SQLite gives its side files the mode of the file itself."""
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise LocalError("usage", f"others may read {path}", hint=f"chmod 600 {path}")
    return sqlite3.connect(path, timeout=busy_s, isolation_level=None)


@contextmanager
def _faults() -> Iterator[None]:
    """Turn the file's faults into ``LocalError``, but leave a broken uniqueness to whoever asked for it."""
    try:
        yield
    except (KeepclearError, sqlite3.IntegrityError):
        raise
    except (sqlite3.Error, OSError) as error:
        raise LocalError("usage", f"the desk's journal cannot be used: {error}") from None
