"""The turn: how anything changes. One pipeline for each agreement and worker, one turn after the other.

A turn opens and takes what has arrived since the last one, admits all of it by one script, folds what the log holds
beyond this worker's cursor, its own among it, commits the alerts by one more script, and releases the answers. While it
runs the next one gathers; where a whole batch waits, it is asked for already (``asked``), and these are committed while
it folds. The fold's state is touched here and nowhere else, so there is no lock and no hand-over.

Guaranteed: entries are folded in the order of their ``seq``, each once, none skipped; an answer is given only after
its entry's alerts are committed. Where the log no longer begins where this worker left it, the store has another epoch
or a lower head, or the fold failed, the state is thrown away and made anew (``start``). Entries that nobody waits for
have an owner: timers that this turn let become entries are committed by it, and what another worker has left unmatched
for half a second is committed from here (``uncommitted``, ``committing``). An entry that cannot be folded is named, set
aside and makes the agreement not ready; so does one whose alerts the store does not take. Woken by arrivals, a hint,
the next due time, and once a second.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Sequence

from keepclear_protocol.agreement import Agreement
from keepclear_protocol.errors import KeepclearError, Unavailable

from ..decide.entry import TERMS, Entry, Outgoing
from ..decide.fold import HEAVY_VOLUMES, Body, State, apply, heavy, look
from ..decide.gist import FILED
from ..giving_way import Piece, give_way
from ..logs import log_event
from ..observer import LineObserver
from .arrivals import Arrivals
from .asked import Asked
from .audit import Audit
from .breath import Breath
from .cleaning import Cleaning
from .clocks import Clocks
from .committing import Committing, Sign
from .pace import Pace
from .ports import ADMIT_AT_ONCE, BATCH, Line, Turned
from .spending import Charges
from .standing import Standing
from .start import Poisoned, Replay
from .together import Together
from .uncommitted import Uncommitted
from .waiting import Released, Waiting, refuse

POLL_S = 1.0
"""Seconds between looks at the store where no hint came; a lost hint costs this much and no more."""

START_WITHIN_S = 1.5
"""Seconds that a submit waits for a line that is still being read: most are there sooner, and a desk waits longer."""

GATHER_S = 0.004
"""Seconds between the beginnings of two turns where less than a batch waits. A receipt waits for its tick anyway; the
first statement after a pause waits for nothing."""

IN_VAIN_S = 0.1
"""Seconds after which a timer that did not fire though it seemed due is asked for again."""

LAG_S = 5.0
"""Seconds without a whole turn after which the agreement is not ready; turns come every second."""

log = logging.getLogger(__name__)


class Turn:
    """One agreement's pipeline in one worker. ``sign`` makes an alert of what the fold asks to be told, ``receipt`` a
    receipt of an entry.

    ``ready`` is set while everything that the log held at the start has been folded. ``siblings`` is whether other
    workers seem to listen, for whom it is worth while to write down what their fold needs.
    """

    def __init__(
        self, line: Line, replay: Replay, arrivals: Arrivals, sign: Sign, receipt: Callable[[Entry], str],
        observer: LineObserver, clocks: Clocks,
    ) -> None:  # fmt: skip
        founding = replay.founding
        self._line, self._replay, self._heads, self._arrivals = line, replay, replay.heads, arrivals
        self._state: State | None = None
        self._ahead: Asked | None = None
        self._repeated: list[Waiting] = []
        self._uncommitted = Uncommitted()
        self._mine: dict[int, Waiting | None] = {}
        self._done: list[int] = []
        self._wake, self._ended, self.ready = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.opens = Together(self._wake.set)  # small statements, directly before a turn takes them
        self._next_due: float | None = None
        self._turned_at = 0.0
        self.pace, self.standing = Pace(founding.id), Standing(founding.id)
        self._cleaning, self._charges, self._audit = Cleaning(line, founding.id), Charges(), Audit(line, founding.id)
        self._observer, self.clocks = observer, clocks
        self._released = Released(receipt, self.standing)
        self._committing = Committing(line, founding.id, sign, observer, self._released.add)
        self.agreement = founding
        self.epoch, self.cursor, self._told_head, self.siblings = "", 0, 0, False

    @property
    def agreements(self) -> dict[str, Agreement]:
        """All terms that ever were in force as far as this worker knows, by their hash."""
        return self._replay.agreements

    def state(self) -> str:
        """Return ``ok``, or in a few words why this agreement is not ready."""
        standing = self.standing.said() or ("" if self.ready.is_set() else "starting")
        late = "lagging" if time.monotonic() - self._turned_at > LAG_S else ""
        return standing or self._uncommitted.aside() or late or self.clocks.off or "ok"

    def check(self) -> None:
        """Raise ``Unavailable`` where everybody is refused, or what is admitted is not told to whom it concerns."""
        self.standing.check()
        self._uncommitted.check()
        self.clocks.check()

    def comes_round(self, within_s: float) -> bool:
        """Whether no turn has lasted for longer, well or not; one that reads the line may last as long as it takes."""
        return not self.ready.is_set() or time.monotonic() - self.pace.round_at < within_s

    def poke(self, head: int) -> None:
        """Look at the store soon if its log has come to ``head``."""
        self._told_head = max(self._told_head, head)
        if head > self.cursor:
            self._wake.set()

    def put(self, waiting: Waiting) -> bool:
        """Have an opened statement admitted; False while the line is still being read. Raises ``Unavailable``."""
        self.clocks.check()
        self.standing.check_lost()
        if not self.ready.is_set() and not self.standing.poison:
            return False
        self.standing.check()
        self._arrivals.put(waiting)
        self._wake.set()
        return True

    async def put_once_read(self, waiting: Waiting) -> None:
        """The same, but wait a moment for a line that is still being read; ``busy`` where that takes longer."""
        if not self.put(waiting):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(START_WITHIN_S):
                    await self.ready.wait()
            if not self.put(waiting):
                raise Unavailable("busy", "the line is still being read; send the same bytes again")

    def put_again(self, waiting: Waiting) -> None:
        """Have somebody told once an entry that was admitted before is folded and committed, by whomever."""
        self._repeated.append(waiting)
        self._wake.set()

    async def caught_up(self) -> None:
        """Wait until a turn that begins from here on has ended; raises ``Unavailable``."""
        for _ in range(2 if self._ahead is None else 3):  # those under way may have asked the store before
            ended = self._ended
            self._wake.set()
            await ended.wait()
        self.standing.check_lost()

    async def run(self) -> None:
        """Take turns until cancelled."""
        try:
            while True:
                well = await self._take_turn()
                self.pace.comes_round()
                self._ended.set()
                self._ended = asyncio.Event()
                if (task := asyncio.current_task()) is not None and task.cancelling():
                    return  # whatever the turn called may have swallowed it
                await (self._woken() if well else asyncio.sleep(POLL_S))
                await self._gather()
        finally:
            self._refuse_all(Unavailable("busy", "the service is stopping; send the same bytes again"))
            await self._heads.close()

    async def _take_turn(self) -> bool:
        """Take one turn; False where the store or a fault of our own came in between."""
        try:
            await self._turn()
        except Unavailable as error:
            self.standing.fell(error, beginning=self._state is None)
            self._refuse_all(error)
            return False
        except Exception:
            # The state may be half changed. Made anew, and the entry named if it fails again.
            log.exception("turn_fault")
            self._forget_state()
            self._refuse_all(Unavailable("internal", "a fault of the service's own; send the same bytes again"))
            return False
        self.standing.turned()
        return True

    async def _gather(self) -> None:
        """Let a turn that follows closely on another wait a moment, so that what comes meanwhile shares its scripts."""
        pressing = self._ahead is not None or len(self._arrivals) >= ADMIT_AT_ONCE
        await asyncio.sleep(0 if pressing else max(0.0, self.pace.began + GATHER_S - time.monotonic()))
        await self.opens.do()

    async def _woken(self) -> None:
        arrivals_s = self._arrivals.due_in_s()
        if arrivals_s == 0 or self.opens or self._ahead is not None or self._told_head > self.cursor:
            return
        due_s = None if self._next_due is None else max(0.0, self._next_due - time.monotonic())
        wait_s = min(one for one in (POLL_S, due_s, self._uncommitted.due_in_s(), arrivals_s) if one is not None)
        # Not wait_for: Python 3.11's may swallow the cancellation that comes with the event, and this never end.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await self._wake.wait()

    async def _turn(self) -> None:
        self._wake.clear()  # whoever comes from here on wants another turn
        self.pace.begins(reads=not self.ready.is_set())
        if self._state is None:
            await self._begin()
        asked, self._ahead = self._ahead or self._ask(self.cursor), None
        try:
            turned = await asked.answer
        except BaseException as error:
            self._give_up(asked, error if isinstance(error, Unavailable) else Unavailable("internal"))
            raise
        self.clocks.note(turned)
        self.siblings = turned.heard > 1 if turned.heard else self.siblings
        self._repeated += self._note_outcomes(asked.batch, turned)
        if not self._follows(turned):
            log_event(log, logging.WARNING, "line_read_anew", agreement=self.agreement.id, cursor=self.cursor)
            self._forget_state()
            return
        await self.opens.do(ADMIT_AT_ONCE - len(self._arrivals))
        if len(self._arrivals) >= ADMIT_AT_ONCE and turned.terms == self.agreement.terms and self.ready.is_set():
            self._ahead = self._ask(turned.entries[-1].seq if turned.entries else self.cursor)
            await self._ahead.begin()
        await self._fold(turned)
        await self._committing.end()  # of the turn before
        repeated, self._repeated = self._repeated, []
        for waiting in repeated:
            self._answer_repeated(waiting)
        for waiting in self._uncommitted.drop_matched(turned):
            self._released.add(waiting)
        await self._audit.look(turned.clock, self._uncommitted)
        await self._committing.commit(self.epoch, self._uncommitted, self._arrivals.press, wait=self._ahead is None)
        self._settle(turned)
        await self._cleaning.clean(self.agreement)
        self._observer.turned(self.pace.ended(len(asked.batch), len(turned.entries)), len(asked.batch))

    def _ask(self, cursor: int) -> Asked:
        """Return the script that admits what has arrived and tells what stands behind ``cursor``, still to be sent."""
        batch = self._arrivals.take(self._state) if self.ready.is_set() else []
        (done, self._done), (told_head, self._told_head) = (self._done, []), (self._told_head, 0)
        answer = self._line.turn(
            [waiting.arrival for waiting in batch if waiting.arrival is not None],
            epoch=self.epoch,
            terms=self.agreement.terms,
            cursor=cursor,
            done=done,
            parties=[party.id for party in self.agreement.parties],
            retention_s=self.agreement.retention_s,
            budgets=self.agreement.budgets,
            charges=self._charges.take(),
        )
        return Asked(batch, done, told_head, answer)

    def _give_up(self, asked: Asked, error: KeepclearError) -> None:
        """Let nobody wait for a script; what it was to take out is for the next one."""
        self._done = asked.done + self._done
        self._told_head = max(self._told_head, asked.told_head)
        asked.give_up(error)

    def _note_outcomes(self, batch: Sequence[Waiting], turned: Turned) -> list[Waiting]:
        """Answer what was refused; keep what was admitted until it is folded; return what was accepted before."""
        if turned.behind:
            self._arrivals.try_again(batch)
            return []
        fired_to = turned.head - turned.told - sum(bool(one.entry) and not one.again for one in turned.outcomes)
        self._mine.update(dict.fromkeys(range(fired_to - turned.fired + 1, fired_to + 1)))
        for waiting, outcome in zip(batch, turned.outcomes, strict=True):
            waiting.outcome = outcome
            if outcome.entry is None:
                asyncio.get_running_loop().call_soon(waiting.answer)  # its tick is the one after what is folded first
            elif not outcome.again:
                self._mine[outcome.entry.seq] = waiting
        return [waiting for waiting in batch if waiting.outcome.again]

    def _answer_repeated(self, waiting: Waiting) -> None:
        """The first sender may have died before its alerts were committed: this answer waits for them too."""
        entry = waiting.outcome.entry
        if entry is not None and entry.seq > self.cursor:
            self._repeated.append(waiting)  # another worker's, and not folded here yet
        elif entry is None or not self._uncommitted.wait(entry.seq, waiting):
            self._released.add(waiting)

    def _follows(self, turned: Turned) -> bool:
        if turned.epoch != self.epoch or turned.head < self.cursor:
            return False
        if turned.behind and turned.terms == self.agreement.terms:
            return False  # another entry stands at the cursor: the store was put back, and has gone on since
        first = turned.entries[0].seq if turned.entries else turned.head + 1
        return first == self.cursor + 1

    async def _fold(self, turned: Turned) -> None:
        state = self._state
        assert state is not None  # noqa: S101 - begun before each turn
        others = [entry for entry in turned.entries if self._mine.get(entry.seq) is None]
        bodies = await self._replay.statements(others, self.agreement, turned) if others else {}
        unmatched, piece = frozenset(turned.unmatched), Piece()
        for entry in turned.entries:
            await piece.step()
            own, waiting = entry.seq in self._mine, self._mine.get(entry.seq)
            body = waiting.body if waiting is not None else bodies[entry.seq]
            if isinstance(body, Poisoned):
                self.standing.set_aside(entry, body.why)
            pairs = state.pairs
            alerts = [] if isinstance(body, Poisoned) else await self._apply(state, entry, body)
            self.standing.failed.discard(entry.seq)
            if waiting is not None:
                self._charges.note(entry, state.pairs - pairs, alerts)
            self.cursor = entry.seq
            self._mine.pop(entry.seq, None)
            if isinstance(body, Agreement):
                self.agreement = body
                self._observer.adopted(entry.seq, body.revision, body.terms)
            if alerts:
                self._observer.caused(entry.seq, entry.received_at)
                self._uncommitted.add(entry.seq, alerts, waiting, own=own)
                await give_way()  # each may have taken ten milliseconds, and a flood's come together
                continue
            if entry.seq not in self.standing.poison and (own or entry.seq in unmatched):
                self._done.append(entry.seq)
            if waiting is not None:
                self._released.add(waiting)

    async def _apply(self, state: State, entry: Entry, body: Body) -> list[Outgoing]:
        """Fold one entry; a heavy one in a thread, so that other agreements and open streams go on meanwhile."""
        if entry.seq in self.standing.poison:
            return []
        try:
            seen = look(state, body)
            if not heavy(state, body, seen) and entry.kind != TERMS:
                return apply(state, entry, body, seen)
        except Exception as error:
            self.standing.blame(entry, error)
            raise
        await self._committing.commit(self.epoch, self._uncommitted, lambda: True)  # what came before
        began = time.monotonic()
        try:
            alerts = await asyncio.to_thread(apply, state, entry, body, seen, Breath(asyncio.get_running_loop()))
        except Exception as error:
            self.standing.blame(entry, error)
            raise
        if isinstance(body, FILED) and len(body.volumes) > HEAVY_VOLUMES:
            self._arrivals.rest(time.monotonic() - began)
        return alerts

    def _settle(self, turned: Turned) -> None:
        """Note when the next timer is due, and whether everything is folded."""
        self._next_due = None
        if turned.due is not None:
            # Due already, and yet not fired: the store's clock was put back, and says so again until it has caught up.
            soonest_s = IN_VAIN_S if turned.due <= turned.clock and not turned.fired else 0.0
            self._next_due = time.monotonic() + max(soonest_s, (turned.due - turned.clock) / 1e6)
        if len(turned.entries) >= BATCH or self.cursor < turned.head:
            self._told_head = max(self._told_head, turned.head)
        elif not self.ready.is_set():
            self.ready.set()
            log_event(log, logging.INFO, "line_ready", agreement=self.agreement.id, seq=self.cursor)
        if turned.entries:
            self._heads.note(turned.entries[-1])
        self._turned_at = time.monotonic()

    async def _begin(self) -> None:
        """Make the state anew as at the last entry that all entries before are matched of."""
        self.ready.clear()
        started = await self._replay.start(frozenset(self.standing.poison))
        if self.standing.poison and started.epoch != self.epoch:
            # Numbers of another life of the store name other entries.
            self.standing.poison, self.standing.failed = {}, set()
            started = await self._replay.start(frozenset())
        self._state, self.epoch, self.cursor = started.state, started.epoch, started.cursor
        self.agreement = started.agreement
        self.standing.poison |= started.poison

    def _forget_state(self) -> None:
        """Throw the fold away. What was admitted by it stays in the log; who waits is told that it is not known."""
        self._refuse_admitted(Unavailable("busy", "the line is being read anew; send the same bytes again"))
        self._state = None
        self.ready.clear()
        self._uncommitted, self._mine, self._done = Uncommitted(), {}, []

    def _refuse_admitted(self, error: KeepclearError) -> None:
        ahead, self._ahead = self._ahead, None
        if ahead is not None:
            self._give_up(ahead, error)
        self._committing.give_up()
        self._uncommitted.refuse(error)
        refuse(self._repeated, error)
        self._repeated = []
        refuse((waiting for waiting in self._mine.values() if waiting is not None), error)

    def _refuse_all(self, error: KeepclearError) -> None:
        """Let nobody wait who may wait for long: what is in the log is folded and committed all the same."""
        self._arrivals.refuse(error)
        self._refuse_admitted(error)
