"""A desk's durable memory: one SQLite file of mode 0600, written through to the disk before anything is relied on.

Kept for ever: every own submission with all its disclosures, every receipt, every alert object as it came with what
the desk made of it, every acknowledgement. Kept besides, across epochs of the store: the newest version of each
conflict and the newest revision of each counterpart's notice, and the stream cursor; and what each row said before it
was changed, so that it can be read as it was at an instant (``asof``). What a batch of arrivals changes,
their events and the cursor behind them are written in one transaction, so a crash neither loses one nor takes it
twice. Where a transaction cannot be written, a full disk for one, nothing of it is, the error is ``journal``, and the
next one is tried as if nothing had been. A file that cannot be written when it is opened is read all the same.

A file belongs to one party of one agreement and is opened for no other. Several processes and threads may use it at
once; one process may follow the stream (``lock_stream``). Not guaranteed: anything after someone else wrote to the
file. It is the party's own evidence, protected by the machine's accounts; back it up.
"""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from keepclear_protocol.agreement import Agreement
from keepclear_protocol.errors import LocalError

from .agreements import go_over, install, read_revisions, stage
from .changes import JUDGED, Change, write
from .faults import TAKEN, damaged, journal_faults
from .kept import OwnStatement
from .past import BEGAN, remembering
from .private import check_folder, note_closed, note_open, open_private
from .readonly import open_to_read
from .reads import Reads
from .tables import SCHEMA, bring_up_to_date

BUSY_S = 10.0
"""How long one process waits for another's transaction, which takes milliseconds."""

LOOKED_OVER_BYTES = 32 * 1024 * 1024
"""Up to this size a file is looked over when a watch begins, which takes some tenths of a second."""

JOURNAL = "journal.sqlite"
"""The file's name in the desk's folder."""


class Overtaken(Exception):
    """Something was judged, by another process or thread, since what this rests on was read: read it again."""


class Journal(Reads):
    """One desk's memory. Raises ``LocalError`` where the file cannot be used."""

    def __init__(
        self,
        folder: str | Path,
        agreement: Agreement,
        party: str,
        clock: Callable[[], int] = lambda: time.time_ns() // 1000,
    ) -> None:
        self.folder = Path(folder)
        self._clock = clock
        self._party = party
        self._lock: sqlite3.Connection | None = None
        self._writing = threading.Lock()
        self.fault: LocalError | None = None
        """Why nothing can be written: then it is only read, and whatever would change it raises this."""
        try:
            with journal_faults(self.folder / JOURNAL):
                self._open(agreement)
        except LocalError as fault:
            for left in (getattr(self, name, None) for name in ("_read", "_db")):
                if left is not None:
                    left.close()
            if fault.code != "journal" or not self._open_to_read(agreement):
                raise
            self.fault = fault
        note_open(self.folder / JOURNAL)
        self._closed = False

    def _open(self, agreement: Agreement) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        check_folder(self.folder)
        self._db = open_private(self.folder / JOURNAL, busy_s=BUSY_S)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        reads = open_private(self.folder / JOURNAL, busy_s=BUSY_S)
        reads.execute("PRAGMA query_only = 1")
        super().__init__(reads, self._party)
        with self._transaction():
            bring_up_to_date(self._db)
            self._claim("agreement", agreement.id, "agreement")
            self._claim("party", self.party, "party")
            self._db.execute("INSERT OR IGNORE INTO meta VALUES (?, ?)", (BEGAN, str(self._clock())))
            self._revisions = install(self._db, agreement)

    def _open_to_read(self, agreement: Agreement) -> bool:
        """Go on with what can be read, if it is a journal of this desk's and of this version."""
        db = open_to_read(self.folder / JOURNAL)
        if db is None:
            return False
        self._db = db
        super().__init__(db, self._party)
        with journal_faults():
            if db.execute("PRAGMA user_version").fetchone() != (SCHEMA,):
                return False
            ours = {"agreement": agreement.id, "party": self.party}
            if any(self.noted(name) != value for name, value in ours.items()):
                return False
            self._revisions = read_revisions(db)
        return bool(self._revisions.installed)

    @property
    def agreements(self) -> tuple[Agreement, ...]:
        """Every revision that this desk has installed, newest first: the newest is in use."""
        return self._revisions.installed

    @property
    def staged(self) -> tuple[Agreement, ...]:
        """The revisions that wait for their time, as far as this process knows."""
        return self._revisions.staged

    def before(self, agreement: Agreement) -> Agreement:
        """Return the revision that one which is to be staged follows; raises as ``Revisions.before`` does."""
        return self._revisions.before(agreement)

    def stage(self, agreement: Agreement) -> Agreement | None:
        """Keep a revision for when it comes into force; return one whose place it takes. Raises as ``before``."""
        with self._transaction():
            said = stage(self._db, agreement)
            self._revisions = read_revisions(self._db)
        return said

    def go_over(self, terms: str) -> None:
        """Put a staged revision in use, with those staged before it."""
        with self._transaction():
            self._revisions = go_over(self._db, terms)

    def look_again(self) -> bool:
        """Learn what another process has staged or put in use since; whether there was any."""
        known = self._revisions
        with self._reading, journal_faults():
            rows = self._read.execute("SELECT raw, staged FROM agreements ORDER BY revision").fetchall()
            held = [(one.raw, 0) for one in reversed(known.installed)] + [(one.raw, 1) for one in known.staged]
            if [(bytes(raw), staged) for raw, staged in rows] == held:
                return False
            self._revisions = read_revisions(self._read)
        return True

    def close(self) -> None:
        """Close the file, and let another process follow the stream."""
        with self._writing, self._reading:
            self._read.close()
            self._db.close()
            if self._lock is not None:
                self._lock.close()
            if not self._closed:
                self._closed = True
                note_closed(self.folder / JOURNAL)

    def apply(self, changes: Sequence[Change], *, since: int | None = None) -> list[int]:
        """Write ``changes``, all or none, on the disk when this returns; return the numbers of their events.

        ``since`` is the ``generation`` at which was read what judgements among them rest on: raises ``Overtaken``
        where something was judged since. Raises ``LocalError`` with ``journal`` where the disk does not take them.
        """
        numbers = []
        with self._transaction():
            if since is not None and self._generation() != since:
                raise Overtaken
            if any(isinstance(change, JUDGED) for change in changes):
                query = "INSERT OR REPLACE INTO meta VALUES ('generation', ?)"
                self._db.execute(query, (str(self._generation() + 1),))
            at = self._clock()
            for change in changes:
                with remembering(self._db, change, at):
                    number = write(self._db, change)
                numbers += [] if number is None else [number]
        return numbers

    def note(self, changes: Sequence[Change]) -> None:
        """Write what is well to know, and no reason to fail a read for: not where the disk does not take it."""
        try:
            self.apply(changes)
        except LocalError as error:
            if error.code != "journal":
                raise

    def save_own(self, statement: OwnStatement, beside: Sequence[Change] = ()) -> None:
        """Keep an own statement, and what changes with it. Raises ``LocalError`` if one stands at the same revision.

        So it does where one of ``beside`` must be true and is so no more.
        """
        try:
            self.apply([*beside, statement])
        except sqlite3.IntegrityError:
            detail = f"another statement stands at revision {statement.revision} of {statement.id}"
            raise LocalError("usage", detail, hint="another process of this desk was quicker; try again") from None

    def lock_stream(self) -> None:
        """Become the one process that follows the stream, until ``close``; raise ``LocalError`` if another one is.

        Raises it too where the file turns out to be damaged, which is then only read.
        """
        if self._lock is None and self.fault is None:
            self.fault = self._damage()
        if self.fault is not None:
            detail = f"NOT WATCHED, NOTHING IS HEARD: {self.fault.detail}"
            raise LocalError(self.fault.code, detail, hint=self.fault.hint)
        if self._lock is None:
            with journal_faults():
                lock = open_private(self.folder / "stream.lock", busy_s=0.0)
                try:
                    lock.execute("BEGIN EXCLUSIVE")
                except sqlite3.OperationalError:
                    lock.close()
                    detail = f"another watch stands at this desk already, with the journal in {self.folder}"
                    hint = "look for its terminal, or name a folder of its own with --desk: a party may have many desks"
                    raise LocalError("usage", detail, hint=hint) from None
                self._lock = lock

    def _damage(self) -> LocalError | None:
        """Look the file over, indexes too, if it is of a size that this is soon done with."""
        path = self.folder / JOURNAL
        with self._reading, journal_faults(path):
            if path.stat().st_size > LOOKED_OVER_BYTES:
                return None
            (found,) = self._read.execute("PRAGMA integrity_check(1)").fetchone()
        return None if found == "ok" else damaged(path, found.removeprefix("*** in database main ***").strip())

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        if self.fault is not None:
            raise LocalError(self.fault.code, self.fault.detail, hint=self.fault.hint)
        with self._turn(), journal_faults():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                # A COMMIT that fails leaves the transaction open; some faults have ended it already.
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Wait for this process's other writers no longer than for another's: else each waits for all before it."""
        if not self._writing.acquire(timeout=BUSY_S):
            raise LocalError("journal", TAKEN)
        try:
            yield
        finally:
            self._writing.release()

    def _generation(self) -> int:
        row = self._db.execute("SELECT value FROM meta WHERE name = 'generation'").fetchone()
        return 0 if row is None else int(row[0])

    def _claim(self, name: str, value: str, what: str) -> None:
        row = self._db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        if row is None:
            self._db.execute("INSERT INTO meta VALUES (?, ?)", (name, value))
        elif row[0] != value:
            hint = "give each agreement and party a folder of its own with --desk"
            raise LocalError("usage", f"the journal in {self.folder} is of another {what}", hint=hint)

