"""Arrivals: the statements that wait for the next turn, the parties by turns, those that take long by themselves.

Guaranteed: folding those that take long is at most a quarter of a line's time, whoever files them and however many;
what does not take long waits for one turn of them at most.
"""

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable

from keepclear_protocol.errors import KeepclearError, Unavailable
from keepclear_protocol.notice import Notice
from msgspec import structs

from ..decide.fold import HEAVY_VOLUMES, State
from .fair import FairQueue
from .ports import ADMIT_AT_ONCE
from .waiting import Waiting, refuse

ATTEMPTS = 3
"""Times that an arrival is tried anew after new terms or a new epoch came in between."""

VOLUMES_AT_ONCE = 256
"""Volumes of notices that take long to match, in one turn; one such notice at least. A turn commits once its last
entry is folded, so that as many as came in one turn would hold up whoever is in it with them."""

REST = 3
"""Times as long as folding what takes long has taken, nothing more of it is taken: measured, four notices of 500
volumes in a crowded sky, one behind the other, held up every other receipt of their line for eleven seconds."""

WAITING_OF_A_PARTY = 2_000
"""Arrivals of one party that may wait for a turn: as many as a worker has connections."""

WAITING_VOLUMES = 16_000
"""Of one party's notices that take long, with what was signed of them: 32 of the largest, or 250 usual flights, which
take 60 MB. Two thousand of them, which come in minutes while others rest, would take all that a container has."""


class Arrivals:
    """What waits for a turn. ``clock`` gives seconds that never go back.

    ``most_volumes``: so many may a party have in this worker's fold. A notice with which it would have more is marked,
    and the store refuses it.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, *, most_volumes: int = sys.maxsize) -> None:
        self._clock = clock
        self._most_volumes = most_volumes
        self._rests_until = clock()
        self._short: FairQueue[Waiting] = FairQueue(WAITING_OF_A_PARTY)
        self._long: FairQueue[Waiting] = FairQueue(WAITING_OF_A_PARTY)
        self._volumes: Counter[str] = Counter()
        """Those of the long ones that wait, by party."""
        self._again: list[Waiting] = []

    def __len__(self) -> int:
        """How many a turn may take now, in the end."""
        resting = self._clock() < self._rests_until
        return len(self._short) + len(self._again) + (0 if resting else len(self._long))

    def due_in_s(self) -> float | None:
        """Return the seconds until a turn may take something; None where nothing waits."""
        if self._short or self._again:
            return 0.0
        return max(0.0, self._rests_until - self._clock()) if self._long else None

    def press(self) -> bool:
        """Whether anybody waits whom a turn may take now."""
        return self.due_in_s() == 0

    def rest(self, took_s: float) -> None:
        """Note that folding what takes long has taken ``took_s``: others come first for a while."""
        self._rests_until = max(self._rests_until, self._clock()) + REST * took_s

    def put(self, waiting: Waiting) -> None:
        """Add one who waits with an arrival; raise ``Unavailable`` where too many of its party wait."""
        arrival, body = waiting.arrival, waiting.body
        assert arrival is not None  # noqa: S101 - it is opened
        if isinstance(body, Notice) and len(body.volumes) > HEAVY_VOLUMES:
            volumes = self._volumes[arrival.party] + len(body.volumes)
            taken = volumes <= WAITING_VOLUMES and self._long.put(arrival.party, waiting)
            if taken:
                self._volumes[arrival.party] = volumes
        else:
            taken = self._short.put(arrival.party, waiting)
        if not taken:
            raise Unavailable("busy", "too many statements of this party wait; send the same bytes again")

    def take(self, fold: State | None = None) -> list[Waiting]:
        """Return what one turn takes, which ``fold`` is to hold."""
        again, self._again = self._again, []
        long: list[Waiting] = []
        volumes = 0
        resting = self._clock() < self._rests_until
        while self._long and not resting and volumes < VOLUMES_AT_ONCE:
            (waiting,) = self._long.take(1)
            long.append(waiting)
            if waiting.arrival is not None and isinstance(waiting.body, Notice):
                volumes += len(waiting.body.volumes)
                self._volumes[waiting.arrival.party] -= len(waiting.body.volumes)
        taken = again + self._short.take(max(1, ADMIT_AT_ONCE - len(again) - len(long))) + long
        if fold is not None:
            self._mark(taken, fold)
        return taken

    def _mark(self, taken: Iterable[Waiting], fold: State) -> None:
        """Mark the notices for which there is no room, each with those before it."""
        volumes = fold.index.of_party.copy()
        for waiting in taken:
            if waiting.arrival is not None and isinstance(waiting.body, Notice):
                grows = fold.grows(waiting.body)
                unheld = grows > 0 and volumes[waiting.body.party] + grows > self._most_volumes
                volumes[waiting.body.party] += 0 if unheld else grows
                if unheld != waiting.arrival.unheld:
                    waiting.arrival = structs.replace(waiting.arrival, unheld=unheld)

    def try_again(self, all_waiting: Iterable[Waiting]) -> None:
        """Put back what a turn could not ask the store about, unless that happened too often."""
        for waiting in all_waiting:
            waiting.attempts += 1
            if waiting.attempts < ATTEMPTS:
                self._again.append(waiting)
            else:
                refuse([waiting], Unavailable("busy", "the line is being read anew; send the same bytes again"))

    def refuse(self, error: KeepclearError) -> None:
        """Let nobody wait any longer."""
        self._rests_until = self._clock()
        while self:
            refuse(self.take(), error)
