"""The turn over a real store: what waits is admitted together, folded in order, committed, and only then answered."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

import pytest
from keepclear_protocol.budgets import Budgets
from keepclear_protocol.claims import new_jti
from keepclear_protocol.encoding import digest
from keepclear_protocol.errors import OutOfStep, Unavailable
from keepclear_protocol.kinds import NOTICE, WITHDRAWAL
from keepclear_service.decide import fold
from keepclear_service.line import turn as turn_module
from keepclear_service.line.hotline import Accepted, Hotline
from keepclear_service.line.lane import Lane
from keepclear_service.line.ports import Arrival, Chain
from keepclear_service.store.connect import Store, connect
from keepclear_service.store.line import StoredLine
from support.patience import PATIENCE_S
from support.world import World, box

Story = Callable[[World, "Workers"], Awaitable[None]]


class Workers:
    """Workers of one line in one process; each takes its turns by itself until the story ends."""

    def __init__(self, world: World, store: Store) -> None:
        self.world, self.store = world, store
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self, **options: Any) -> Hotline:
        """Return a worker that has read the line."""
        hotline = self.make(**options)
        self._tasks.append(asyncio.create_task(hotline.turn.run()))
        await until(lambda: hotline.state() == "ok")
        return hotline

    def make(self, **options: Any) -> Hotline:
        """Return a worker that takes no turns yet."""
        line = StoredLine(self.store, self.world.agreement.id)
        return Hotline(line, self.world.service, self.world.agreement, Lane(), tick_ms=0, **options)

    async def stop(self) -> None:
        """End all of them."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def until(true: Callable[[], bool], within_s: float = PATIENCE_S) -> None:
    """Wait for a fact."""
    deadline = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < deadline, "it did not come true"
        await asyncio.sleep(0.01)


async def file(hotline: Hotline, raw: str) -> Accepted:
    return await hotline.submit(NOTICE, raw, asyncio.get_running_loop().time())


async def reads(hotline: Hotline) -> None:
    """Ask for whatever is read of the store."""
    hotline.check_store()


@contextlib.asynccontextmanager
async def workers(world: World, url: str) -> AsyncIterator[Workers]:
    store = connect(url)
    found = Workers(world, store)
    try:
        await StoredLine(store, world.agreement.id).found(world.agreement.terms, world.agreement.raw)
        yield found
    finally:
        await found.stop()
        await store.close()


def play(story: Story, url: str) -> None:
    async def run() -> None:
        world = World()
        async with workers(world, url) as all_workers:
            await story(world, all_workers)

    asyncio.run(run())


def counted(hotline: Hotline) -> list[int]:
    """Return a list that grows by the number of arrivals with each turn's script of this worker."""
    turns: list[int] = []
    take = hotline.line.turn

    async def counting(arrivals: Sequence[Any], **named: Any) -> Any:
        turns.append(len(arrivals))
        return await take(arrivals, **named)

    hotline.line.turn = counting  # type: ignore[method-assign]
    return turns


def test_what_arrives_together_is_admitted_by_one_script(store_url: str) -> None:
    async def story(world: World, all_workers: Workers) -> None:
        one = await all_workers.start()
        turns = counted(one)
        raws = [world.submission("north", box(-50 + n, 0)) for n in range(40)]
        answers = await asyncio.gather(*(file(one, raw) for raw in raws))
        assert not any(answer.again for answer in answers)
        assert sum(turns) == 40 and len([count for count in turns if count]) <= 4

    play(story, store_url)


def test_the_later_of_two_is_told_of_the_earlier_whichever_worker_took_them(store_url: str) -> None:
    async def story(world: World, all_workers: Workers) -> None:
        one, other = await all_workers.start(), await all_workers.start()
        first = await file(one, world.submission("north", box()))
        second = await file(other, world.submission("south", box(48.05)))
        assert (first.alerts, len(second.alerts)) == ((), 1)
        assert second.alerts[0]["presentation"] is not None

    play(story, store_url)


def test_the_same_bytes_again_are_answered_again_once_they_are_matched(store_url: str) -> None:
    async def story(world: World, all_workers: Workers) -> None:
        one, other = await all_workers.start(), await all_workers.start()
        raw = world.submission("south", box(48.05))
        await file(other, world.submission("north", box()))
        first, copy, elsewhere = await asyncio.gather(file(one, raw), file(one, raw), file(other, raw))
        assert sorted(answer.again for answer in (first, copy, elsewhere)) == [False, True, True]
        assert len({answer.receipt for answer in (first, copy, elsewhere)}) == 1
        assert (await file(one, raw)).receipt == first.receipt

    play(story, store_url)


def test_what_its_worker_left_unmatched_is_committed_by_another(store_url: str) -> None:
    async def story(world: World, all_workers: Workers) -> None:
        dying, survivor = await all_workers.start(), await all_workers.start()
        await file(survivor, world.submission("north", box()))

        async def nothing(*_: Any) -> None:
            await asyncio.Event().wait()

        dying.line.commit = nothing  # type: ignore[method-assign, assignment]
        lost = asyncio.create_task(file(dying, world.submission("south", box(48.05))))
        line = survivor.line
        for party in ("north", "south"):
            deadline = time.monotonic() + 20
            while not any(event.kind == "alert" for event in (await line.events(party, 0, 64)).events):
                assert time.monotonic() < deadline
                await asyncio.sleep(0.05)
        assert not lost.done()
        lost.cancel()

    play(story, store_url)


def test_a_conflict_closes_by_time_with_nobody_filing_anything(store_url: str) -> None:
    async def story(world: World, all_workers: Workers) -> None:
        one = await all_workers.start()
        await file(one, world.submission("north", box(start_s=-600, last_s=601.5)))
        await file(one, world.submission("south", box(48.05, start_s=-600, last_s=601.5)))
        ends = time.monotonic() + 1.5

        async def closed() -> bool:
            rows = (await one.line.conflicts("north", "", 10)).rows
            return [row.state for row in rows] == ["closed"]

        while not await closed():
            assert time.monotonic() < ends + 5
            await asyncio.sleep(0.02)

    play(story, store_url)


def test_a_new_life_of_the_store_is_read_anew_and_nothing_is_forgotten(store_url: str) -> None:
    async def story(world: World, all_workers: Workers) -> None:
        one = await all_workers.start()
        await file(one, world.submission("north", box()))
        assert isinstance(one.line, StoredLine)
        await one.line.new_epoch()
        accepted = await file(one, world.submission("south", box(48.05)))
        assert len(accepted.alerts) == 1 and one.turn.cursor == 2

    play(story, store_url)


def test_a_store_put_back_that_has_gone_on_is_refused_until_an_operator_says_otherwise(store_url: str) -> None:
    """Its head has passed the cursor of a worker that did not look meanwhile, in the same epoch."""

    async def story(world: World, all_workers: Workers) -> None:
        one = await all_workers.start()
        redis: Any = all_workers.store.submits
        await file(one, world.submission("north", box(-40)))
        kept = {name: await redis.dump(name) for name in await redis.keys("*")}
        await file(one, world.submission("north", box(-30)))
        take, asked, may_ask = one.line.turn, asyncio.Event(), asyncio.Event()

        async def waiting(arrivals: Sequence[Any], **named: Any) -> Any:
            asked.set()
            await may_ask.wait()
            return await take(arrivals, **named)

        one.line.turn = waiting  # type: ignore[method-assign]
        await asked.wait()
        await redis.flushall()
        for name, value in kept.items():
            await redis.restore(name, 0, value)
        other = await all_workers.start()
        for place in (10, -20):
            await file(other, world.submission("north", box(place)))
        may_ask.set()
        await until(lambda: "another entry 2" in one.state())
        for refused in (lambda: file(one, world.submission("south", box(10.05))), lambda: reads(one)):
            with pytest.raises(Unavailable) as raised:
                await refused()
            assert raised.value.code == "store_unsafe" and "new-epoch" in one.state()
        await StoredLine(all_workers.store, world.agreement.id).new_epoch()
        await until(lambda: one.state() == "ok")
        assert len((await file(one, world.submission("south", box(10.05)))).alerts) == 1

    play(story, store_url)


def test_a_fault_while_folding_costs_no_alert(store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(world: World, all_workers: Workers) -> None:
        one = await all_workers.start()
        await file(one, world.submission("north", box()))
        real, failed = fold.apply, list[int]()

        def once(state: Any, entry: Any, body: Any, *breath: Any) -> Any:
            if not failed:
                failed.append(entry.seq)
                state.filed.clear()  # half changed
                raise RuntimeError("a fault of our own")
            return real(state, entry, body, *breath)

        monkeypatch.setattr(turn_module, "apply", once)
        raw = world.submission("south", box(48.05))
        with pytest.raises(Unavailable):
            await file(one, raw)
        await until(lambda: one.state() == "ok")
        assert (await file(one, raw)).again
        assert failed == [2]
        assert any(event.kind == "alert" for event in (await one.line.events("north", 0, 64)).events)

    play(story, store_url)


def test_an_entry_that_cannot_be_folded_is_named_and_the_line_is_not_ready(
    store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(world: World, all_workers: Workers) -> None:
        one = await all_workers.start()
        await file(one, world.submission("north", box()))
        real = fold.apply

        def failing(state: Any, entry: Any, body: Any, *breath: Any) -> Any:
            if entry.seq == 2:
                raise RuntimeError("a fault of our own")
            return real(state, entry, body, *breath)

        monkeypatch.setattr(turn_module, "apply", failing)
        with pytest.raises(Unavailable):
            await file(one, world.submission("south", box(48.05)))
        await until(lambda: "poison entry 2" in one.state())
        with pytest.raises(Unavailable) as refused:
            await file(one, world.submission("north", box(10)))
        assert refused.value.code == "store_unsafe"
        founded = await one.line.open()
        assert founded.matched_through == 1, "an entry that was not matched must not count as matched"

    play(story, store_url)


def test_a_statement_that_was_swapped_in_the_store_is_not_folded(store_url: str) -> None:
    async def story(world: World, all_workers: Workers) -> None:
        one = await all_workers.start()
        raw, other = world.submission("north", box()), world.submission("north", box(-48))
        await file(one, raw)
        kept = f"{one.line.prefix}body:{world.opened(raw).sha256}"
        assert await all_workers.store.submits.get(kept) is not None
        await all_workers.store.submits.set(kept, other, keepttl=True)
        late = all_workers.make()
        task = asyncio.create_task(late.turn.run())
        await until(lambda: late.state().startswith("poison entry 1"))
        task.cancel()

    play(story, store_url)


def test_a_withdrawal_and_terms_that_nobody_knows_are_told_apart(store_url: str) -> None:
    async def story(world: World, all_workers: Workers) -> None:
        one = await all_workers.start()
        raw = world.submission("north", box())
        await file(one, raw)
        now = asyncio.get_running_loop().time()
        await one.submit(WITHDRAWAL, world.withdrawal("north", world.opened(raw)), now)
        foreign = World()
        with pytest.raises(OutOfStep, match="terms"):
            await file(one, world.submission("north", box(), terms=foreign.agreement.terms))

    play(story, store_url)


def test_a_worker_does_not_look_again_for_what_it_did_itself(store_url: str) -> None:
    async def story(world: World, all_workers: Workers) -> None:
        one = await all_workers.start()
        turns = counted(one)
        await file(one, world.submission("north", box()))
        one.turn.poke(one.turn.cursor)
        await asyncio.sleep(0.2)
        assert turns == [1]
        one.turn.poke(one.turn.cursor + 1)
        await until(lambda: len(turns) == 2)

    play(story, store_url)


def test_a_sibling_verifies_what_bears_no_seal_of_the_service(store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store attacker without keys can write an entry and a body, but neither signature nor seal."""

    async def story(world: World, all_workers: Workers) -> None:
        one = await all_workers.start()
        forged = world.submission("north", box())
        jwt, tilde, disclosed = forged.partition("~")
        forged = jwt[:-8] + "AAAAAAAA" + tilde + disclosed
        arrival = Arrival(
            kind=NOTICE.name,
            party="north",
            id=new_jti(),
            jti=new_jti(),
            sha256=digest(forged.partition("~")[0]),
            submission=digest(forged),
            body=forged,
            terms=world.agreement.terms,
            note="1,9000000000000000,3,4;AAAAAAAAAAAAAAAAAAAAAA",
            bounds=(),
            precondition=Chain(new_jti(), 1, None, 9_000_000_000_000_000, 9_000_000_000_000_000),
        )
        await one.line.turn(
            [arrival],
            epoch=one.epoch,
            terms=world.agreement.terms,
            cursor=0,
            done=(),
            parties=["north"],
            retention_s=1,
            budgets=Budgets(),
        )
        one.turn.poke(1)
        await until(lambda: one.state().startswith("poison entry 1 (its bytes do not hold: not_authenticated"))

    play(story, store_url)


def test_a_cleaning_that_fails_takes_no_line_down(store_url: str) -> None:
    async def story(world: World, all_workers: Workers) -> None:
        one = await all_workers.start()

        async def failing(*_: Any) -> None:
            raise Unavailable("store_unavailable")

        one.line.clean = failing  # type: ignore[method-assign, assignment]
        one.turn._cleaning._cleaned_at = 0.0
        await file(one, world.submission("north", box()))
        await file(one, world.submission("north", box(10)))
        assert one.state() == "ok"

    play(story, store_url)


def test_a_turn_is_busy_for_as_long_as_it_lasts_and_not_between(
    store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(world: World, all_workers: Workers) -> None:
        hotline = await all_workers.start()
        await until(lambda: hotline.busy_s == 0.0)
        inside, go_on = asyncio.Event(), asyncio.Event()
        commit = hotline.turn._committing.commit

        async def held(*given: Any, **named: Any) -> None:
            inside.set()
            await go_on.wait()
            await commit(*given, **named)

        monkeypatch.setattr(hotline.turn._committing, "commit", held)
        filing = asyncio.create_task(file(hotline, world.submission("north", box(34, 35))))
        await inside.wait()
        await until(lambda: hotline.busy_s > 0.3)
        go_on.set()
        await filing
        await until(lambda: hotline.busy_s == 0.0)

    play(story, store_url)
