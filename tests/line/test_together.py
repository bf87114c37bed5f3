"""Small statements that came at about the same time are opened together: asked for, full, or at last by the clock."""

import asyncio
from collections.abc import Callable
from typing import NoReturn, TypeVar

import pytest
from keepclear_protocol.errors import Malformed
from keepclear_service.line.together import AT_ONCE, Together

T = TypeVar("T")


def nothing() -> None:
    """Nobody is woken."""


def noted(done: list[int], number: int) -> Callable[[], int]:
    """Work that is noted."""

    def work() -> int:
        done.append(number)
        return number

    return work


async def run(together: Together, work: Callable[[], T]) -> T:
    """Have work done, and wait for what it returns."""
    future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
    together.put(work, future)
    return await future


def test_what_waits_is_done_in_one_piece_in_the_order_in_which_it_came() -> None:
    async def story() -> None:
        woken, done = list[bool](), list[int]()
        together = Together(lambda: woken.append(True))
        tasks = [asyncio.create_task(run(together, noted(done, n))) for n in range(3)]
        await asyncio.sleep(0)
        assert len(together) == 3 and done == [] and woken == [True]
        together.flush()
        assert len(together) == 0 and done == [0, 1, 2]
        await asyncio.gather(*tasks)

    asyncio.run(story())


def test_a_turn_may_ask_for_a_batch_alone_and_goes_on_behind_what_was_opened() -> None:
    async def story() -> None:
        together, told = Together(nothing), list[str]()

        async def told_of(name: str) -> None:
            told.append(await run(together, lambda: name))

        tasks = [asyncio.create_task(told_of(name)) for name in ("one", "two")]
        await asyncio.sleep(0)
        await together.do(3)
        assert told == [] and len(together) == 2
        await together.do(2)
        assert told == ["one", "two"]
        await asyncio.gather(*tasks)

    asyncio.run(story())


def test_a_full_piece_waits_for_nobody() -> None:
    async def story() -> None:
        together = Together(nothing)
        tasks = [asyncio.create_task(run(together, lambda: 7)) for _ in range(AT_ONCE)]
        await asyncio.sleep(0)
        assert len(together) == 0
        assert await asyncio.gather(*tasks) == [7] * AT_ONCE

    asyncio.run(story())


def test_where_no_turn_asks_the_clock_does() -> None:
    async def story() -> None:
        together = Together(nothing)
        assert await run(together, lambda: 1) == 1
        assert await run(together, lambda: 2) == 2

    asyncio.run(story())


def test_what_is_wrong_with_one_is_said_to_that_one_alone() -> None:
    async def story() -> None:
        together = Together(nothing)

        def refused() -> NoReturn:
            raise Malformed("category")

        good, bad, also_good = (asyncio.create_task(run(together, work)) for work in (lambda: 1, refused, lambda: 2))
        await asyncio.sleep(0)
        together.flush()
        assert (await good, await also_good) == (1, 2)
        with pytest.raises(Malformed):
            await bad

    asyncio.run(story())


def test_who_is_told_nothing_waits_for_somebody_else() -> None:
    async def story() -> None:
        together, future = Together(nothing), asyncio.get_running_loop().create_future()
        together.put(lambda: None, future)
        together.flush()
        assert not future.done()

    asyncio.run(story())


def test_nothing_is_done_for_whom_nobody_waits_any_more() -> None:
    async def story() -> None:
        together, done = Together(nothing), list[int]()
        gone, there = (asyncio.create_task(run(together, noted(done, n))) for n in range(2))
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.sleep(0)
        together.flush()
        await there
        assert done == [1]

    asyncio.run(story())
