"""A notice in a crowd of another party's: a third party's danger is told before the crowd is, and nothing is lost."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from keepclear_service.line import parts, uncommitted
from keepclear_service.line.hotline import Hotline
from line.test_turn import Workers, file, until, workers
from support.patience import PATIENCE_S
from support.world import World, box

CROWD = 12
PARTIES = ("crowd", "third", "victim")


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """A dozen notices are as many here as a thousand are elsewhere."""
    monkeypatch.setattr(uncommitted, "LARGE", 20)
    monkeypatch.setattr(parts, "FIRST", 8)
    monkeypatch.setattr(parts, "NEXT", 12)


async def crowded(worker: Hotline, world: World) -> None:
    """Let a dozen notices of one party stand where one of a third party's does."""
    for _ in range(CROWD):
        await file(worker, world.submission("crowd", box()))
    await file(worker, world.submission("third", box(48.08)))
    await until(lambda: not worker.turn._uncommitted.due())


async def told(worker: Hotline) -> dict[str, int]:
    """How many alerts stand on each party's stream."""
    some = {party: (await worker.line.events(party, 0, 1_000)).events for party in PARTIES}
    return {party: sum(event.kind == "alert" for event in events) for party, events in some.items()}


def play(story: Any, url: str) -> None:
    async def run() -> None:
        world = World(*PARTIES)
        async with workers(world, url) as all_workers:
            await story(world, all_workers)

    asyncio.run(run())


def test_a_third_partys_danger_is_told_before_the_crowd_and_others_are_answered_between(store_url: str) -> None:
    async def story(world: World, all_workers: Workers) -> None:
        one = await all_workers.start()
        await crowded(one, world)
        before = await told(one)
        commit, taken, others = one.line.commit, list[dict[str, int]](), list[asyncio.Task[Any]]()

        async def writing(epoch: str, entries: Sequence[Any], *, whole: bool = True) -> None:
            await commit(epoch, entries, whole=whole)
            if others and whole:
                return
            now = await told(one)
            taken.append({party: now[party] - before[party] for party in PARTIES})
            if not others:
                raw = world.submission("third", box(-20))
                others.append(asyncio.create_task(file(one, raw)))
                await until(lambda: len(one.turn._arrivals) > 0)
            assert not filing.done()

        one.line.commit = writing  # type: ignore[method-assign]
        filing = asyncio.create_task(file(one, world.submission("victim", box(48.04))))
        filing.add_done_callback(lambda _: taken.append({"answered": others[0].done()}))
        answer = await asyncio.wait_for(filing, PATIENCE_S)
        assert taken[0] == {"crowd": 1, "third": 1, "victim": 2}, "the third party's first, and the crowd's worst"
        assert taken[-1] == {"answered": True}, "who came after the first part waited for all the others"
        assert len(answer.alerts) == CROWD + 1
        assert (await one.line.open()).matched_through >= one.turn.cursor - 1

    play(story, store_url)


def test_what_a_worker_that_died_between_parts_has_left_is_committed_by_another_once(store_url: str) -> None:
    async def story(world: World, all_workers: Workers) -> None:
        one, other = await all_workers.start(), await all_workers.start()
        await crowded(one, world)
        before = await told(one)
        commit, dead = one.line.commit, asyncio.Event()

        async def dying(epoch: str, entries: Sequence[Any], *, whole: bool = True) -> None:
            await commit(epoch, entries, whole=whole)
            dead.set()
            await asyncio.Event().wait()

        one.line.commit = dying  # type: ignore[method-assign]
        raw = world.submission("victim", box(48.04))
        filing = asyncio.create_task(file(one, raw))
        await asyncio.wait_for(dead.wait(), PATIENCE_S)
        now = await told(one)
        assert now["third"] == before["third"] + 1 and now["victim"] < CROWD
        seq = (await one.line.open()).head
        assert (await one.line.open()).matched_through == seq - 1, "a receipt would lie"
        await until(lambda: other.turn.cursor >= seq and not other.turn._uncommitted._entries)
        now = await told(one)
        assert {party: now[party] - before[party] for party in PARTIES} == {"crowd": 12, "third": 1, "victim": 13}
        assert (await one.line.open()).matched_through == seq
        assert (await file(other, raw)).again
        filing.cancel()

    play(story, store_url)


def test_a_worker_that_starts_between_parts_says_the_rest_of_it(store_url: str) -> None:
    async def story(world: World, all_workers: Workers) -> None:
        one = await all_workers.start()
        await crowded(one, world)
        commit, dead = one.line.commit, asyncio.Event()

        async def dying(epoch: str, entries: Sequence[Any], *, whole: bool = True) -> None:
            await commit(epoch, entries, whole=whole)
            dead.set()
            await asyncio.Event().wait()

        one.line.commit = dying  # type: ignore[method-assign]
        filing = asyncio.create_task(file(one, world.submission("victim", box(48.04))))
        await asyncio.wait_for(dead.wait(), PATIENCE_S)
        await all_workers.stop()
        filing.cancel()
        fresh = await all_workers.start()
        await until(lambda: not fresh.turn._uncommitted._entries)
        assert await told(fresh) == {"crowd": 2 * CROWD, "third": CROWD + 1, "victim": CROWD + 1}
        assert (await fresh.line.open()).matched_through == fresh.turn.cursor

    play(story, store_url)
