"""One party's heavy notices lengthen the queue of heavy notices alone: others' statements pass them, and often."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from keepclear_protocol.errors import Unavailable
from keepclear_protocol.notice import Notice
from keepclear_service.decide.fold import HEAVY_VOLUMES
from keepclear_service.line.arrivals import REST, WAITING_VOLUMES, Arrivals
from keepclear_service.line.waiting import Waiting

TOOK_S = 0.75


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def put(arrivals: Arrivals, party: str, name: str, volumes: int = 1) -> None:
    """Let a notice of so many volumes wait."""
    nothing: Any = None
    told = dict.fromkeys(Notice.__struct_fields__, nothing) | {"volumes": (None,) * volumes}
    body = Notice(**told)
    arrival: Any = SimpleNamespace(party=party, id=name)
    arrivals.put(Waiting(arrival, body))


def names(arrivals: Arrivals) -> list[str]:
    """Take what a turn takes."""
    return [waiting.arrival.id for waiting in arrivals.take() if waiting.arrival is not None]


def test_what_takes_long_is_folded_for_a_quarter_of_the_time_and_the_rest_passes_it() -> None:
    async def story() -> None:
        clock = Clock()
        arrivals = Arrivals(clock)
        for number in range(4):
            put(arrivals, "north", f"heavy{number}", 30 * HEAVY_VOLUMES)
        put(arrivals, "south", "small")
        assert names(arrivals) == ["small", "heavy0"]
        clock.now += TOOK_S
        arrivals.rest(TOOK_S)

        assert len(arrivals) == 0, "a turn would be taken for nothing, again and again"
        assert arrivals.due_in_s() == REST * TOOK_S
        assert names(arrivals) == []
        put(arrivals, "south", "urgent")
        assert arrivals.due_in_s() == 0
        assert names(arrivals) == ["urgent"]

        clock.now += REST * TOOK_S + 0.001
        assert arrivals.due_in_s() == 0
        assert names(arrivals) == ["heavy1"]

    asyncio.run(story())


def test_who_waits_while_others_rest_is_refused_with_all_when_the_service_stops() -> None:
    async def story() -> None:
        arrivals = Arrivals(Clock())
        put(arrivals, "north", "heavy", 30 * HEAVY_VOLUMES)
        arrivals.rest(1.0)
        arrivals.refuse(Unavailable("busy"))
        assert arrivals.due_in_s() is None

    asyncio.run(story())


def test_what_waits_of_one_partys_long_notices_is_bounded_by_their_volumes() -> None:
    async def story() -> None:
        arrivals = Arrivals(Clock())
        for number in range(WAITING_VOLUMES // 500):
            put(arrivals, "north", f"heavy{number}", 500)
        with pytest.raises(Unavailable):
            put(arrivals, "north", "one more", 500)
        put(arrivals, "north", "small")
        put(arrivals, "south", "heavy", 500)
        arrivals.take()
        put(arrivals, "north", "one more", 500)
        arrivals.refuse(Unavailable("busy"))
        for number in range(WAITING_VOLUMES // 500):
            put(arrivals, "north", f"heavy{number}", 500)

    asyncio.run(story())
