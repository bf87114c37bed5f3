"""Reading everything again: what is new is taken in, and what fell is told as the rollback that it is.

After a gap nothing on the stream can be trusted to be complete, so the index of all conflicts and the list of live own
notices are read and held against the journal; only what the journal does not know is fetched whole. Guaranteed: the
stream's cursor moves to the position that the reading is good for only when all of it was written; a crash on the way
leaves the cursor, and it is done again. Before something is called gone it is asked for by its name: the pages are
read one after the other, and what changes meanwhile may be on none of them. Not guaranteed: that the service tells of
every conflict. What was known and is withheld is found here; what was never told cannot be.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from keepclear_protocol.acknowledgement import VERIFIED
from keepclear_protocol.cursor import Cursor
from keepclear_protocol.encoding import digest
from keepclear_protocol.errors import EvidenceInvalid
from keepclear_protocol.kinds import WITHDRAWAL
from keepclear_protocol.speakable import speakable

from ..journal.changes import HEARD, PUT_BACK, Change, MoveCursor, Note, NoteSpan, RaiseAlarm, TurnOwn
from ..journal.journal import Journal
from ..journal.kept import LOST, RECEIPTED, KeptConflict, OwnStatement
from ..transport.client import AsyncClient
from ..verify.verdicts import Standing
from ..wire.answers import MAX_IDS, Conflict, ConflictRow, NoticeRow
from ..wire.arrivals import AcknowledgementArrived, AlertArrived, Arrival, BudgetArrived
from .events import Event, GapEvent, ProblemEvent
from .intake import Intake, Taken
from .settling import Settling
from .succession import Succession
from .threads import Threads
from .transition import Outcome, Source, problem, settled, told

MOST_PAGES = 1000
"""A quarter of a million conflicts: beyond that the service does not come to an end."""


@dataclass(frozen=True, slots=True)
class Reread:
    """What came of it: the events, and the position for which it is good."""

    events: tuple[Event, ...]
    at: Cursor


class Resync:
    """Reads everything again for one desk. ``told`` is handed what watchers must be told, as it is written."""

    def __init__(
        self,
        client: AsyncClient,
        journal: Journal,
        intake: Intake,
        settling: Settling,
        succession: Succession,
        threads: Threads,
        clock: Callable[[], int],
        told: Callable[[Taken], None],
    ) -> None:
        self._client = client
        self._journal = journal
        self._intake = intake
        self._settling = settling
        self._succession = succession
        self._threads = threads
        self._clock = clock
        self._told = told

    async def read(self, *, follow: bool, gap: str | None = None) -> Reread:
        """Read all conflicts and live own notices; with ``follow`` move the stream's cursor.

        ``gap`` says why, where the stream could not go on: it is told before what was read.
        """
        now = self._clock()
        events: list[Event] = []
        if gap is not None:
            outcome = told(GapEvent(gap), [], Source("", follow=follow))
            # Another life of the hotline's store may lack what this desk was told in the one before.
            notes = [Note(PUT_BACK, str(now))] if gap == "epoch" else []
            events += await self._take([], first=[outcome], last=notes)
        at, listed = await self._conflicts(now, follow, events)
        source = Source(at.epoch, asked_at=now, follow=follow)
        missing = await self._missing_conflicts(listed, source)
        fallen = await self._missing_notices(now)
        last: list[Change] = [Note("read_at", str(now)), NoteSpan(HEARD, now, now)]
        last += [MoveCursor(at)] if follow else []
        last.append(Note("answer_ms", str(round(self._client.slowest_s * 1000))))
        events += await self._take([], first=[*fallen, *missing], last=last)
        return Reread(tuple(events), at)

    async def _conflicts(self, now: int, follow: bool, events: list[Event]) -> tuple[Cursor, set[str]]:
        listed: set[str] = set()
        page = await self._client.conflicts()
        at = page.at
        events += await self._spent(page.budgets, Source(at.epoch, asked_at=now, follow=follow))
        for _ in range(MOST_PAGES):
            source = Source(at.epoch, asked_at=now, follow=follow)
            listed.update(row.conflict for row in page.conflicts)
            events += await self._news(page.conflicts, source)
            if page.next is None:
                return at, listed
            page = await self._client.conflicts(page.next)
        raise EvidenceInvalid("evidence", "the hotline's list of conflicts does not end")

    async def _spent(self, words: Sequence[str], source: Source) -> list[Event]:
        """Take in whose budgets are spent, as far as that was not told here."""
        known = {over.raw for over in await self._threads.run(self._journal.over_budget, self._clock())}
        return await self._take([BudgetArrived(raw) for raw in words if raw not in known], source)

    async def _news(self, rows: Sequence[ConflictRow], source: Source) -> list[Event]:
        """Take in what this page of the index names and the journal does not know."""
        events: list[Event] = []
        unknown = await self._threads.run(self._unknown, rows)
        for some in _chunks(unknown):
            wanted = list(some)
            while wanted:
                answer = await self._client.conflict(*wanted)
                events += await self.take(answer.conflicts, source)
                seen = {conflict.conflict for conflict in answer.conflicts}
                if not answer.more or not seen & set(wanted):
                    break
                wanted = [name for name in wanted if name not in seen]
        if source.follow:
            # What came by an answer or another reading was told to whoever asked, not yet to who follows.
            names = [row.conflict for row in rows]
            kept = await self._threads.run(self._journal.untold, names)
            events += await self._take([AlertArrived(row.object) for row in kept], source)
        return events

    def _unknown(self, rows: Sequence[ConflictRow]) -> list[str]:
        newest = self._journal.newest_versions([row.conflict for row in rows])
        hashes = [sha256 for row in rows for sha256 in row.acknowledgements]
        held = self._journal.acknowledgements_known(hashes)
        return [
            row.conflict
            for row in rows
            if newest.get(row.conflict) != (row.version, row.alert) or not held.issuperset(row.acknowledgements)
        ]

    async def take(self, conflicts: Sequence[Conflict], source: Source) -> list[Event]:
        """Take in what is new of some conflicts, and tell it."""
        return await self._take(await self._threads.run(self._unheld, conflicts), source)

    def _unheld(self, conflicts: Sequence[Conflict]) -> list[Arrival]:
        """What of these conflicts is not held already as it came."""
        arrivals: list[Arrival] = []
        for conflict in conflicts:
            before = self._journal.alert_object(conflict.object.digest)
            kept = None if before is None or before.conflict is None else self._journal.conflict(before.conflict)
            if before is None or kept is None or (before.version, before.verdict) != (kept.version, VERIFIED):
                arrivals.append(AlertArrived(conflict.object))
            names = {digest(raw): raw for raw in conflict.acknowledgements}
            held = self._journal.acknowledgements_known(list(names))
            arrivals += [AcknowledgementArrived(raw) for name, raw in names.items() if name not in held]
        return arrivals

    async def _take(
        self,
        arrivals: Sequence[Arrival],
        source: Source | None = None,
        first: Sequence[Outcome] = (),
        last: Sequence[Change] = (),
    ) -> list[Event]:
        opened = await self._succession.open(arrivals)
        await self._settling.fetch_all(await self._threads.run(self._intake.unknown_own, opened))
        came = source or Source("")
        taken = await self._threads.run(self._intake.take, [(item, came) for item in opened], first, last)
        self._told(taken)
        return list(taken.events)

    async def _missing_notices(self, now: int) -> list[Outcome]:
        """Call lost, once, what the service had receipted and no longer has; learn what other desks have filed."""
        rows: dict[str, NoticeRow] = {}
        after: str | None = None
        for _ in range(MOST_PAGES):
            page = await self._client.notices(after)
            rows |= {row.id: row for row in page.notices}
            if (after := page.next) is None:
                break
        held = await self._threads.run(self._journal.own_known, [row.sha256 for row in rows.values()])
        unheld = [row for row in rows.values() if row.sha256 not in held]
        gone = [row for row in unheld if await self._threads.run(self._journal.own, row.sha256) is not None]
        await self._settling.fetch_all([row.id for row in unheld])
        back = [await self._threads.run(self._returned, row) for row in gone]
        fallen = []
        for id in await self._threads.run(self._doubtful, rows, now):
            fallen += await self._fallen(id, rows.get(id))
        return [*fallen, *(outcome for outcome in back if outcome is not None)]

    def _returned(self, row: NoticeRow) -> Outcome | None:
        """Tell once that the hotline lists, after all, what this desk had called lost or not filed."""
        head = self._head(row.id)
        if head is None or head.sha256 != row.sha256:
            return None
        code, name = speakable(row.id), head.summary.callsign or ""
        said = f"the hotline has {' '.join((code, name)).strip()} after all, which was lost or refused here"
        detail = f"{said}: it is live beside whatever was filed in its place; keepclear withdraw {code} ends it"
        named = [kept for kept in self._journal.open_conflicts() if kept.pictured and kept.pictured.own == row.id]
        still = [replace(kept, alarm=None, alarm_detail=None) for kept in named if kept.alarm == "rollback"]
        return told(ProblemEvent("rollback", detail), still, Source("", follow=True))

    def _doubtful(self, rows: Mapping[str, NoticeRow], now: int) -> list[str]:
        """The own notices that are live here and not listed, or listed otherwise than they were receipted."""
        live = [row.id for row in self._journal.own_live(now) if row.status == RECEIPTED and row.id not in rows]
        heads = ((row, self._head(row.id)) for row in rows.values())
        return live + [
            row.id
            for row, head in heads
            if head is not None and (row.revision, row.sha256) != (head.revision, head.sha256)
        ]

    async def _fallen(self, id: str, listed: NoticeRow | None) -> list[Outcome]:
        """Return what is wrong with an own notice, once it was asked for by its name.

        Our newest receipt is looked up before asking: only what was receipted by then must be in the answer.
        """
        head = await self._threads.run(self._head, id)
        if head is None:
            return []
        if listed is not None and listed.revision == head.revision and listed.sha256 != head.sha256:
            said = f"the hotline has another revision {listed.revision} of our notice {id}"
            return [self._lost(head, listed.revision - 1, said)]
        revision = await self._settling.fetch(id)
        if revision == 0:
            return [self._lost(head, 0, f"the hotline no longer has our notice {id}, which it receipted")]
        if revision is not None and revision < head.revision:
            was = f"revision {revision} of our notice {id}, and had receipted {head.revision}"
            return [self._lost(head, revision, f"the hotline has {was}")]
        return []

    def _lost(self, head: OwnStatement, left: int, said: str) -> Outcome:
        """What was receipted above revision ``left`` is lost: told whoever watches, once, whoever has found it."""
        rows = [row for row in self._journal.own_history(head.id) if row.status == RECEIPTED and row.revision > left]
        turns: list[Change] = [TurnOwn(row.sha256, LOST, (RECEIPTED,)) for row in rows]
        code, name = speakable(head.id), head.summary.callsign or ""
        what = "its withdrawal" if head.kind == WITHDRAWAL.name else "it"
        tail = f"{what} is LOST and NOT DECONFLICTED: keepclear send {code} files it again"
        detail = f"ROLLBACK: {said} ({' '.join((code, name)).strip()}); {tail}"
        return told(ProblemEvent("rollback", detail), turns, Source("", follow=True))

    def _head(self, id: str) -> OwnStatement | None:
        return next((row for row in self._journal.own_history(id) if row.status == RECEIPTED), None)

    def _given_up(self, kept: KeptConflict) -> bool:
        """Whether a conflict's alarm says already that the hotline has lost it, and our notice is given up since."""
        history = self._journal.own_history(kept.pictured.own) if kept.pictured else []
        return kept.alarm == "rollback" and (not history or history[0].kind == WITHDRAWAL.name)

    async def _missing_conflicts(self, listed: set[str], source: Source) -> list[Outcome]:
        """A conflict that is open here and not over may not be missing there."""
        asked_at = source.asked_at or 0
        unsettled = await self._threads.run(self._journal.open_conflicts)
        unlisted = [kept for kept in unsettled if kept.conflict not in listed]
        known = {kept.conflict for kept in unlisted if await self._threads.run(self._given_up, kept)}
        ahead = [kept for kept in unlisted if kept.learnt_at <= asked_at and _is_ahead(kept, asked_at)]
        here = [kept for kept in ahead if kept.conflict not in known]
        # What was called gone, and is over meanwhile: no alert will ever close it.
        outcomes = [Outcome([settled(kept)], None) for kept in unlisted if _gone_and_over(kept, asked_at)]
        for some in _chunks([kept.conflict for kept in here]):
            found = {conflict.conflict for conflict in (await self._client.conflict(*some)).conflicts}
            for kept in here:
                if kept.conflict in some and kept.conflict not in found:
                    detail = f"ROLLBACK: the hotline no longer tells of conflict {kept.conflict}, which is not over"
                    outcome = problem("rollback", detail, source)
                    alarm = RaiseAlarm(kept.conflict, "rollback", detail)
                    outcomes.append(Outcome([alarm, *outcome.changes], outcome.event))
        return outcomes


def _is_ahead(kept: KeptConflict, at: int) -> bool:
    pictured = kept.pictured
    return pictured is not None and pictured.state == Standing.OPEN and (pictured.end or 0) > at


def _gone_and_over(kept: KeptConflict, at: int) -> bool:
    pictured = kept.pictured
    over = pictured is not None and pictured.state == Standing.OPEN and pictured.end is not None and pictured.end < at
    return over and kept.alarm == "rollback"


def _chunks(names: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(names), MAX_IDS):
        yield names[start : start + MAX_IDS]
