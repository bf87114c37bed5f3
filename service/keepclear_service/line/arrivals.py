"""Arrivals: the statements that wait for the next turn, the parties by turns, those that take long by themselves."""

from collections.abc import Iterable

from keepclear_protocol.errors import KeepclearError, Unavailable
from keepclear_protocol.notice import Notice

from ..decide.fold import HEAVY_VOLUMES, Body
from .fair import FairQueue
from .ports import ADMIT_AT_ONCE, Arrival
from .waiting import Waiting, refuse

ATTEMPTS = 3
"""Times that an arrival is tried anew after new terms or a new epoch came in between."""

VOLUMES_AT_ONCE = 256
"""Volumes of notices that take long to match, in one turn; one such notice at least. A turn commits once its last
entry is folded, so that as many as came in one turn would hold up whoever is in it with them."""

WAITING_OF_A_PARTY = 2_000
"""Arrivals of one party that may wait for a turn: as many as a worker has connections."""


class Arrivals:
    """What waits for a turn."""

    def __init__(self) -> None:
        self._short: FairQueue[Waiting] = FairQueue(WAITING_OF_A_PARTY)
        self._long: FairQueue[Waiting] = FairQueue(WAITING_OF_A_PARTY)
        self._again: list[Waiting] = []

    def __len__(self) -> int:
        return len(self._short) + len(self._long) + len(self._again)

    def put(self, arrival: Arrival, body: Body) -> Waiting:
        """Add an arrival; raise ``Unavailable`` where too many of its party wait."""
        waiting = Waiting(arrival, body)
        long = isinstance(body, Notice) and len(body.volumes) > HEAVY_VOLUMES
        if not (self._long if long else self._short).put(arrival.party, waiting):
            raise Unavailable("busy", "too many statements of this party wait; send the same bytes again")
        return waiting

    def take(self) -> list[Waiting]:
        """Return what one turn takes."""
        again, self._again = self._again, []
        long: list[Waiting] = []
        volumes = 0
        while self._long and volumes < VOLUMES_AT_ONCE:
            long += self._long.take(1)
            body = long[-1].body
            volumes += len(body.volumes) if isinstance(body, Notice) else 0
        return again + self._short.take(max(1, ADMIT_AT_ONCE - len(again) - len(long))) + long

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
        while self:
            refuse(self.take(), error)
