"""Clocks that come apart under a running line: nothing is stamped meanwhile, it is told, and it is over by itself."""

import asyncio
import logging
import time
from typing import Any

import pytest
from keepclear_protocol.errors import Unavailable
from keepclear_service.line.hotline import Hotline
from keepclear_service.line.lane import Lane
from keepclear_service.logs import JsonLines
from keepclear_service.steady import SteadyClock, since_boot_s
from keepclear_service.store.line import StoredLine
from line.test_turn import Workers, file, play, until
from support.world import World, box


class Stepped:
    """A steady clock, and the steps that it is told to have missed: the store and the wall clock made them."""

    def __init__(self) -> None:
        self.step_s = 0.0
        self.clock = SteadyClock(wall=time.time, ticks=lambda: since_boot_s() - self.step_s)


async def begun(world: World, all_workers: Workers, stepped: Stepped) -> tuple[Hotline, "asyncio.Task[None]"]:
    line = StoredLine(all_workers.store, world.agreement.id, clock=stepped.clock.seconds)
    one = Hotline(line, world.service, world.agreement, Lane(), tick_ms=0, clock=stepped.clock)
    task = asyncio.create_task(one.turn.run())
    await until(lambda: one.state() == "ok")
    return one, task


async def refused(one: Hotline, raw: str) -> str:
    with pytest.raises(Unavailable) as raised:
        await file(one, raw)
    return raised.value.code


@pytest.mark.req("R-095")
@pytest.mark.parametrize("step_s", [7200, -7200])
def test_a_step_of_every_wall_clock_at_once_stamps_nothing_and_is_over_by_itself(
    store_url: str, caplog: pytest.LogCaptureFixture, step_s: int
) -> None:
    """The store and all workers on one machine: no two wall clocks ever differ."""
    caplog.set_level(logging.INFO)

    async def story(world: World, all_workers: Workers) -> None:
        stepped = Stepped()
        one, task = await begun(world, all_workers, stepped)
        for party, place in (("north", 48.0), ("south", 48.05)):
            await file(one, world.submission(party, box(place, start_s=-600, last_s=601)))
        redis: Any = all_workers.store.submits
        due, log = f"{one.line.prefix}due", f"{one.line.prefix}log"
        ((timer, _),) = await redis.zrange(due, 0, -1, withscores=True)
        stepped.step_s = step_s
        await redis.zadd(due, {timer: (time.time() - 10) * 1000})  # by the store's clock, or long ago by the right one
        assert await refused(one, world.submission("north", box(20))) == "store_clock"
        await until(lambda: one.state().startswith("clock: the store's is"))
        assert await refused(one, world.submission("north", box(20))) == "store_clock"
        assert await redis.xlen(log) == 2, "neither a statement nor the timer"
        stepped.step_s = 0
        await until(lambda: one.state() == "ok" and one.turn.cursor == 3)
        told = await file(one, world.submission("north", box(20)))
        assert told.receipt and await redis.xlen(log) == 4
        task.cancel()

    play(story, store_url)
    lines = [JsonLines().format(record) for record in caplog.records if record.msg in ("clock_off", "clock_right")]
    assert len(lines) == 2 and "clock_off" in lines[0] and f"{step_s}"[:3] in lines[0] and "clock_right" in lines[1]


def test_a_worker_that_begins_with_a_wrong_clock_takes_the_right_one_once_it_agrees(store_url: str) -> None:
    """Nothing is held before the store agrees: who starts before NTP has set the clock need not be started again."""

    async def story(world: World, all_workers: Workers) -> None:
        wrong_s = 7200.0
        clock = SteadyClock(wall=lambda: time.time() - wrong_s)
        line = StoredLine(all_workers.store, world.agreement.id, clock=clock.seconds)
        one = Hotline(line, world.service, world.agreement, Lane(), tick_ms=0, clock=clock)
        task = asyncio.create_task(one.turn.run())
        await until(lambda: one.state().startswith("clock"))
        assert await refused(one, world.submission("north", box())) == "store_clock"
        wrong_s = 0
        await until(lambda: one.state() == "ok")
        assert (await file(one, world.submission("north", box()))).receipt
        task.cancel()

    play(story, store_url)
