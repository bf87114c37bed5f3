"""What one worker hands to the next beside the log: used where its seal holds, and nothing hangs on it."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import Any

import pytest
from keepclear_protocol.kinds import WITHDRAWAL
from keepclear_service.line.hotline import Hotline
from line.test_turn import Workers, file, play, until
from support.world import World, box


def opened(hotline: Hotline) -> list[str]:
    """Return a list that grows by each statement whose bytes this worker reads back."""
    read: list[str] = []
    bodies = hotline.line.bodies

    async def counting(hashes: Sequence[str]) -> list[str | None]:
        read.extend(hashes)
        return await bodies(hashes)

    hotline.line.bodies = counting  # type: ignore[method-assign]
    return read


async def told(hints: AsyncGenerator[str, None]) -> None:
    async for _ in hints:
        pass


async def followed(hotline: Hotline, seq: int) -> None:
    hotline.turn.poke(seq)
    await until(lambda: hotline.turn.cursor == seq)


def known(hotline: Hotline) -> Any:
    """All that a worker's fold knows, in a form that can be compared."""
    state = hotline.turn._state
    assert state is not None
    filed = {key: (one.side, one.until, one.withdrawn, len(one.items)) for key, one in state.filed.items()}
    return filed, {cid: (one.first, one.second, one.version, one.state) for cid, one in state.conflicts.items()}


def test_a_sibling_folds_what_it_is_handed_and_reads_nothing_back(store_url: str) -> None:
    async def story(world: World, all_workers: Workers) -> None:
        one, other = await all_workers.start(), await all_workers.start()
        one.turn.siblings, read = True, opened(other)
        raws = [world.submission("north", box(40 + n)) for n in range(5)]
        raws += [world.submission("south", box(40.05 + n)) for n in range(5)]
        for raw in raws:
            await file(one, raw)
        await followed(other, 10)
        assert read == []
        first = world.opened(raws[0])
        amended = await file(other, world.amend("north", first, box(41)))  # of what it never opened
        assert {alert["alert"] is not None for alert in amended.alerts} == {True} and len(amended.alerts) == 2
        newest = world.withdrawal("south", world.opened(raws[6]))
        await one.submit(WITHDRAWAL, newest, 0.0)
        await followed(other, 12)
        await followed(one, 12)
        assert known(one) == known(other) and len(known(one)[1]) == 6

    play(story, store_url)


@pytest.mark.parametrize("wrong", [b"", b"no gist", None])
def test_what_its_seal_does_not_hold_for_is_opened(store_url: str, wrong: bytes | None) -> None:
    """Another notice's gist, too: a store attacker could hide a conflict by it."""

    async def story(world: World, all_workers: Workers) -> None:
        one, other = await all_workers.start(), await all_workers.start()
        one.turn.siblings, read, gate, turn = True, opened(other), asyncio.Event(), other.line.turn

        async def gated(*told: Any, **named: Any) -> Any:
            await gate.wait()
            return await turn(*told, **named)

        other.line.turn = gated  # type: ignore[method-assign]
        await file(one, world.submission("north", box()))
        await file(one, world.submission("north", box(-40)))
        gists, key = all_workers.store.submits, f"{one.line.prefix}gists"
        written: Any = await gists.xrange(key)
        _, (_, far) = written
        await gists.delete(key)
        await gists.xadd(key, {"g": far[b"g"] if wrong is None else wrong}, "1-0")
        await gists.xadd(key, {"g": far[b"g"]}, "2-0")
        gate.set()
        await followed(other, 2)
        assert len(read) == 1
        told = await file(other, world.submission("south", box(48.05)))
        assert len(told.alerts) == 1

    play(story, store_url)


def test_what_a_dead_worker_left_is_told_by_who_never_opened_it(store_url: str) -> None:
    """Killed between admission and commit."""

    async def story(world: World, all_workers: Workers) -> None:
        other = await all_workers.start()
        await file(other, world.submission("north", box()))
        dying = await all_workers.start()
        dying.turn.siblings, read = True, opened(other)

        async def dies(*_: Any) -> None:
            await asyncio.Event().wait()

        dying.line.commit = dies  # type: ignore[method-assign, assignment]
        lost = asyncio.create_task(file(dying, world.submission("south", box(48.05))))
        while not (rows := (await other.line.conflicts("north", "", 10)).rows):
            other.turn.poke(2)
        assert [row.version for row in rows] == [2]
        assert [row.version for row in (await other.line.conflicts("south", "", 10)).rows] == [2]
        assert read == [] and not lost.done()
        lost.cancel()

    play(story, store_url)


def test_nobody_writes_for_siblings_that_are_not_there(store_url: str) -> None:
    async def story(world: World, all_workers: Workers) -> None:
        one = await all_workers.start()
        await file(one, world.submission("north", box()))
        assert not one.turn.siblings and not await all_workers.store.submits.exists(f"{one.line.prefix}gists")
        heard = [all_workers.store.hints(), all_workers.store.hints()]
        waiting = [asyncio.create_task(told(hints)) for hints in heard]
        filed = 1
        while not one.turn.siblings:
            filed += 1
            await file(one, world.submission("north", box(-filed)))
        await file(one, world.submission("north", box(-filed - 1)))
        assert await all_workers.store.submits.xlen(f"{one.line.prefix}gists") == 1
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

    play(story, store_url)
