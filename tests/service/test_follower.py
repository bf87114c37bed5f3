"""The follower between two awaits: what other calls of the same worker do meanwhile must not cost an alert."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from keepclear_protocol.errors import Unavailable
from keepclear_service.line.hotline import Hotline
from keepclear_service.process.app import open_hotline
from keepclear_service.store.connect import connect
from keepclear_service.store.lines import StoredLine
from support.world import World, box

Story = Callable[[World, Hotline, Hotline], Awaitable[None]]


def on_two_workers(story: Story, url: str) -> None:
    """Run a story on two workers of one line; neither follows by itself."""

    async def run() -> None:
        redis, world = connect(url).submits, World()
        try:
            workers = [await open_hotline(redis, world.agreement, world.service) for _ in range(2)]
            await story(world, workers[0], workers[1])
        finally:
            await redis.aclose()

    asyncio.run(run())


def test_a_copy_sent_while_the_first_is_being_matched_does_not_unmatch_it(store_url: str) -> None:
    async def story(world: World, one: Hotline, other: Hotline) -> None:
        raw = world.submission("south", box(48.05))
        reading, copied = asyncio.Event(), asyncio.Event()
        read = one.line.bodies

        async def slow(hashes: list[str]) -> list[str | None]:
            reading.set()
            await copied.wait()
            return await read(hashes)

        # The other worker's notice is what the first has to read from the store before it can match its own.
        await other.submit_notice(world.submission("north", box()))
        one.line.bodies = slow  # type: ignore[method-assign, assignment]
        first = asyncio.create_task(one.submit_notice(raw))
        await reading.wait()
        copy = asyncio.create_task(one.submit_notice(raw))
        await asyncio.sleep(0.1)
        copied.set()
        accepted, again = await asyncio.gather(first, copy)
        assert (accepted.again, again.again) == (False, True)
        assert len(accepted.alerts) == 1

    on_two_workers(story, store_url)


def test_entries_of_an_answer_are_not_folded_behind_a_hole(store_url: str) -> None:
    async def story(world: World, one: Hotline, other: Hotline) -> None:
        follower, opening, go_on = one.follower, asyncio.Event(), asyncio.Event()
        await one.submit_notice(world.submission("north", box()))
        await other.submit_notice(world.submission("south", box(48.05)))
        entries = (await one.line.follow(follower.cursor, [], 1)).entries
        assert [entry.seq for entry in entries] == [2]
        begin, read = one.line.oldest, one.line.bodies

        async def slow() -> int:
            opening.set()
            await go_on.wait()
            return await begin()

        async def silent(_: list[str]) -> list[str | None]:
            one.line.bodies = read  # type: ignore[method-assign]
            raise Unavailable("store_unavailable")

        assert isinstance(one.line, StoredLine)
        # A new life of the store is named, and it falls silent while this worker begins anew.
        await one.line.new_epoch()
        one.line.oldest, one.line.bodies = slow, silent  # type: ignore[method-assign, assignment]
        anew = asyncio.create_task(follower.catch_up())
        await opening.wait()
        answer = asyncio.create_task(follower.ingest(entries))
        await asyncio.sleep(0)
        go_on.set()
        with pytest.raises(Unavailable):
            await anew
        await answer
        await follower.catch_up()
        assert follower.cursor == 2 and len(follower._state.filed) == 2

    on_two_workers(story, store_url)
