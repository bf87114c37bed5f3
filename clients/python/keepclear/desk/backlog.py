"""What has come on the stream and is not taken in yet: one counterpart's and another's by turns, of each the worst.

Guaranteed: a batch holds some of each counterpart's, by the work that it makes and not by number, so that one's flood
lengthens its own queue alone; of each the worst comes first; what is of one conflict keeps the stream's order; each
arrival is given once. What was taken before its place in the stream is noted beside the cursor, so that it is not
taken again with the next connection. The order rests on what arrivals say of themselves, which nobody has verified:
who lies there is shown late or early, and no otherwise. Not guaranteed: room. Beyond ``MOST_BYTES`` the stream is to
wait; what stands behind that is asked for by ``worst``.
"""

import heapq
from bisect import bisect_right
from collections import Counter, deque
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from keepclear_protocol.cursor import Cursor

from ..journal.changes import MoveCursor
from ..wire.answers import AlertObject
from ..wire.arrivals import AcknowledgementArrived, AlertArrived, Arrival, GapArrived
from ..wire.hints import Hint, hint_of_acknowledgement, hint_of_alert
from .position import Arrived

BATCH = 128
"""Arrivals taken in at once."""

BATCH_BYTES = 768 * 1024
"""What is taken in at once by its cost: some 70 ms of a processor."""

HEAVY_BYTES = 256 * 1024
"""An arrival of this cost is taken in alone, so that nothing else waits for it."""

EACH_BYTES = 4096
"""What an arrival costs beside its bytes: a signature, and rows of the journal."""

MOST_BYTES = 128 * 1024 * 1024
MOST = 50_000
"""What may wait here, by its cost: some 13 000 alerts of the usual size."""

MOST_RUNS = 500
"""Runs of arrivals that were taken before their place. Beyond it each counterpart's oldest come first, so that the note
of them stays short."""

OURS = ""
"""Whose turn it is for what is no counterpart's: our own statements, and what cannot be read."""

SHARED_CHARACTERS = 4096
"""Presentations from this length on are held once for all alerts of a notice."""


@dataclass(slots=True)
class Waiting:
    """One arrival: whose turn it takes, which conflict's order it keeps, what it costs. ``count`` is its place."""

    arrived: Arrived
    count: int
    came_at: int
    turn: str = OURS
    conflict: str = ""
    rank: int = 0
    cost: int = EACH_BYTES
    taken: bool = False


@dataclass(frozen=True, slots=True)
class Batch:
    """What is to be taken in at once, and how far the stream is then taken."""

    arrived: Sequence[Arrived]
    moved: MoveCursor | None


@dataclass(slots=True)
class _Turn:
    """One counterpart's arrivals. ``served`` is what they have cost so far, ``cost`` what those that wait will."""

    served: int = 0
    cost: int = 0
    conflicts: dict[str, deque[Waiting]] = field(default_factory=dict)
    worst: list[tuple[int, int, Waiting]] = field(default_factory=list)
    oldest: deque[Waiting] = field(default_factory=deque)
    presentation: str = ""

    def put(self, item: Waiting) -> None:
        self.cost += item.cost
        self.conflicts.setdefault(item.conflict, deque()).append(item)
        heapq.heappush(self.worst, (item.rank, item.count, item))
        self.oldest.append(item)

    def look(self, in_order: bool) -> Waiting:
        """Return the oldest of the conflict that has the worst, or the oldest of all."""
        while self.worst and self.worst[0][2].taken:
            heapq.heappop(self.worst)
        while self.oldest[0].taken:
            self.oldest.popleft()
        wanted = self.oldest[0] if in_order else self.worst[0][2]
        return self.conflicts[wanted.conflict][0]

    def take(self, item: Waiting) -> None:
        """Take what ``look`` has returned."""
        queue = self.conflicts[item.conflict]
        queue.popleft()
        if not queue:
            del self.conflicts[item.conflict]
        item.taken = True
        self.cost -= item.cost
        self.served += item.cost


class Backlog:
    """What one desk has read of its stream and not taken in. ``others`` are the parties that have a turn of their own.

    ``begin`` it with each connection, ``put`` what comes, take ``batch`` after ``batch``, each ``written`` before the
    next. ``gap`` is what came behind all else that is here.
    """

    def __init__(self, others: Collection[str], clock: Callable[[], int]) -> None:
        self._others = others
        self._clock = clock
        self.begin(None, "")

    def begin(self, cursor: Cursor | None, ahead: str) -> None:
        """Forget everything; what comes follows ``cursor``, and the positions ``ahead`` are taken already."""
        self._cursor = cursor
        self._come = 0 if cursor is None else cursor.number
        self._ahead = _read_runs(ahead)
        self._items: deque[Waiting] = deque()
        self._turns: dict[str, _Turn] = {}
        self._in_hand: list[Waiting] = []
        self._count = self._runs = 0
        self._counts: Counter[str] = Counter()
        self.cost = 0
        self.gap: GapArrived | None = None
        self._gap_at = 0

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits, but perhaps a gap, and the cursor is behind all that has come."""
        return not self._items

    @property
    def is_full(self) -> bool:
        """Whether no more should be read for now."""
        return self.cost >= MOST_BYTES or len(self._items) >= MOST

    @property
    def may_wait(self) -> bool:
        """Whether only such are next of whom more waits than is taken in at once."""
        return bool(self._turns) and self._next()[1].cost > BATCH_BYTES

    @property
    def since(self) -> int | None:
        """The instant from which the oldest waits that is not written."""
        came = [item.came_at for item in self._in_hand]
        came += [self._items[0].came_at] if self._items else []
        came += [] if self.gap is None else [self._gap_at]
        return min(came, default=None)

    @property
    def counts(self) -> Mapping[str, int]:
        """How many arrivals of whom are not written."""
        return self._counts

    def put(self, arrived: Sequence[Arrived]) -> None:
        """Let arrivals wait, the next of the stream."""
        now = self._clock()
        for each in arrived:
            if isinstance(each.arrival, GapArrived):
                self.gap, self._gap_at = each.arrival, now
                self._counts[OURS] += 1
                continue
            self._count += 1
            self._come = self._come if each.cursor is None else each.cursor.number
            if each.cursor is not None and _within(self._ahead, each.cursor.number):
                self._items.append(Waiting(each, self._count, now, taken=True))
                continue
            hint = self._hint(each.arrival)
            item = Waiting(each, self._count, now, hint.party, hint.conflict, hint.rank, each.size + EACH_BYTES)
            turn = self._turns.get(hint.party)
            if turn is None:
                # What others have cost while it had nothing is not made up for; who comes anew has the next turn.
                served = min((other.served for other in self._turns.values()), default=0)
                turn = self._turns[hint.party] = _Turn(served - 1)
            _share(item, turn)
            turn.put(item)
            self._items.append(item)
            self._counts[item.turn] += 1
            self.cost += item.cost

    def batch(self) -> Batch | None:
        """Return what is to be taken in next, or nothing but how far that is already; None where there is neither."""
        chosen: list[Waiting] = []
        cost, in_order = 0, self._runs > MOST_RUNS
        while self._turns and len(chosen) < BATCH:
            name, turn = self._next()
            item = turn.look(in_order)
            if chosen and item.cost >= HEAVY_BYTES:
                break
            turn.take(item)
            chosen.append(item)
            if not turn.conflicts:
                del self._turns[name]
            cost += item.cost
            if cost >= BATCH_BYTES or item.cost >= HEAVY_BYTES:
                break
        before, self._in_hand = self._cursor, chosen
        while self._items and self._items[0].taken:
            self._cursor = self._items.popleft().arrived.cursor or self._cursor
        if not chosen and self._cursor == before:
            return None
        moved = None if self._cursor is None else MoveCursor(self._cursor, self._note())
        return Batch([item.arrived for item in sorted(chosen, key=lambda item: item.count)], moved)

    def written(self) -> None:
        """Note that the last batch is written."""
        for item in self._in_hand:
            self._counts[item.turn] -= 1
            self.cost -= item.cost
        self._in_hand = []
        self._counts = +self._counts

    def reread(self, cursor: Cursor) -> None:
        """Note that everything was read again, good for a position: the gap is over."""
        self.begin(cursor, "")

    def _next(self) -> tuple[str, _Turn]:
        return min(self._turns.items(), key=lambda each: each[1].served)

    def _note(self) -> str:
        """Return the positions behind the cursor that are taken, to be kept beside it."""
        runs: list[tuple[int, int]] = []
        for item in self._items:
            if item.taken and item.arrived.cursor is not None:
                number = item.arrived.cursor.number
                if runs and runs[-1][1] == number - 1:
                    runs[-1] = runs[-1][0], number
                else:
                    runs.append((number, number))
        runs += [(max(first, self._come + 1), until) for first, until in self._ahead if until > self._come]
        self._runs = len(runs)
        return " ".join(f"{first}-{until}" for first, until in runs)

    def _hint(self, arrival: Arrival) -> Hint:
        match arrival:
            case AlertArrived(value):
                hint = hint_of_alert(value.alert)
            case AcknowledgementArrived(raw):
                hint = hint_of_acknowledgement(raw)
                if hint is not None:
                    # Behind its alert, whoever has signed it.
                    of = (name for name, turn in self._turns.items() if hint.conflict in turn.conflicts)
                    hint = hint._replace(party=next(of, hint.party))
            case _:
                hint = None
        if hint is None or hint.party not in self._others:
            return Hint(OURS, "" if hint is None else hint.conflict, 0)
        return hint


def _share(item: Waiting, turn: _Turn) -> None:
    arrived, arrival = item.arrived, item.arrived.arrival
    if not isinstance(arrival, AlertArrived) or len(arrival.object.presentation or "") < SHARED_CHARACTERS:
        return
    value = arrival.object
    if value.presentation == turn.presentation:
        item.arrived = replace(arrived, arrival=AlertArrived(AlertObject(value.alert, turn.presentation, value.cause)))
    else:
        turn.presentation = value.presentation or ""


def _read_runs(text: str) -> list[tuple[int, int]]:
    return [(int(first), int(until)) for first, _, until in (run.partition("-") for run in text.split())]


def _within(runs: Sequence[tuple[int, int]], number: int) -> bool:
    at = bisect_right(runs, number, key=lambda run: run[0]) - 1
    return at >= 0 and number <= runs[at][1]
