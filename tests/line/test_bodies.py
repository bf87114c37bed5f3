"""What the answers of one turn show is read together, and each gets its own, or the fault."""

import asyncio
from collections.abc import Sequence
from typing import cast

import pytest
from keepclear_protocol.errors import Unavailable
from keepclear_service.line.bodies import AT_ONCE, Bodies
from keepclear_service.line.ports import Line


class Reads:
    """A line that answers each hash with itself in capitals, ``gone`` with none, and notes what it was asked for."""

    def __init__(self) -> None:
        self.calls: list[list[str]] = []
        self.down = False

    async def bodies(self, hashes: Sequence[str]) -> list[str | None]:
        self.calls.append(list(hashes))
        await asyncio.sleep(0)
        if self.down:
            raise Unavailable("store_unavailable")
        return [None if sha256 == "gone" else sha256.upper() for sha256 in hashes]


def of(reads: Reads) -> Bodies:
    return Bodies(cast(Line, reads))


def test_what_is_asked_for_in_one_round_is_one_call_and_each_gets_its_own() -> None:
    async def story() -> None:
        reads = Reads()
        bodies = of(reads)
        asked = [bodies.of(["a", "b"]), bodies.of(["gone"]), bodies.of(["c"])]
        assert await asyncio.gather(*asked) == [["A", "B"], [None], ["C"]]
        assert reads.calls == [["a", "b", "gone", "c"]]
        assert await bodies.of(["d"]) == ["D"]  # and again later

    asyncio.run(story())


def test_no_call_asks_for_more_than_is_read_at_once() -> None:
    async def story() -> None:
        reads = Reads()
        bodies = of(reads)
        names = [[f"{number}-{part}" for part in range(3)] for number in range(7)]
        found = await asyncio.gather(*(bodies.of(those) for those in names))
        assert found == [[name.upper() for name in those] for those in names]
        assert max(map(len, reads.calls)) <= AT_ONCE and len(reads.calls) == 4

    asyncio.run(story())


def test_a_fault_is_told_to_all_who_asked_and_the_next_call_is_made() -> None:
    async def story() -> None:
        reads = Reads()
        bodies = of(reads)
        reads.down = True
        told = await asyncio.gather(bodies.of(["a"]), bodies.of(["b"]), return_exceptions=True)
        assert [type(one) for one in told] == [Unavailable, Unavailable]
        reads.down = False
        assert await bodies.of(["c"]) == ["C"]

    asyncio.run(story())


def test_nobody_waits_for_a_store_that_is_down_behind_others() -> None:
    async def story() -> None:
        reads = Reads()
        bodies = of(reads)
        reads.down = True
        asked = (bodies.of([f"{number}-{part}" for part in range(AT_ONCE)]) for number in range(3))
        told = await asyncio.gather(*asked, return_exceptions=True)
        assert [type(one) for one in told] == [Unavailable] * 3 and len(reads.calls) == 1

    asyncio.run(story())


def test_one_who_is_gone_takes_nothing_from_the_others() -> None:
    async def story() -> None:
        bodies = of(Reads())
        gone, there = (asyncio.create_task(bodies.of([name])) for name in ("a", "b"))
        await asyncio.sleep(0)
        gone.cancel()
        assert await there == ["B"]
        with pytest.raises(asyncio.CancelledError):
            await gone

    asyncio.run(story())
