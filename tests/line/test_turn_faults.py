"""What goes wrong beside a turn: nobody waits for ever, no receipt leaves unmatched, and one's flood is one's own."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest
from keepclear_protocol.encoding import digest
from keepclear_protocol.errors import OutOfStep, Unavailable
from keepclear_protocol.kinds import WITHDRAWAL
from keepclear_service.decide import fold
from keepclear_service.decide.entry import TERMS, Entry, Outgoing
from keepclear_service.line import turn as turn_module
from keepclear_service.line.hotline import Hotline
from keepclear_service.line.lane import Lane
from keepclear_service.line.waiting import Waiting
from keepclear_service.store.line import StoredLine
from line.test_turn import Workers, counted, file, play, until
from support.patience import PATIENCE_S
from support.world import World, box


def test_who_sends_again_is_told_where_the_store_fails_meanwhile(store_url: str) -> None:
    async def story(world: World, all_workers: Workers) -> None:
        one, other = await all_workers.start(), await all_workers.start()
        raw = world.submission("north", box())

        async def failing(hashes: Sequence[str]) -> list[str | None]:
            raise Unavailable("store_unavailable")

        other.line.bodies = failing  # type: ignore[method-assign]
        await file(one, raw)
        with pytest.raises(Unavailable):
            await asyncio.wait_for(file(other, raw), PATIENCE_S)

    play(story, store_url)


def test_what_could_not_be_folded_gets_no_receipt_however_often_it_is_sent(
    store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(world: World, all_workers: Workers) -> None:
        one = await all_workers.start()
        real = fold.apply

        def failing(state: Any, entry: Any, body: Any, *breath: Any) -> Any:
            if entry.seq == 1:
                raise RuntimeError("a fault of our own")
            return real(state, entry, body, *breath)

        monkeypatch.setattr(turn_module, "apply", failing)
        # A long one is looked for in the log before it is opened, and never comes to be admitted again.
        raw = world.submission("south", *(box(48 + n / 50) for n in range(60)))
        with pytest.raises(Unavailable):
            await file(one, raw)
        await until(lambda: "poison entry 1" in one.state() and one.turn.cursor == 1)
        with pytest.raises(Unavailable) as refused:
            await file(one, raw)
        assert refused.value.code == "store_unsafe"

    play(story, store_url)


@pytest.mark.parametrize("fault", [Unavailable("store_unavailable"), RuntimeError("a fault of our own")])
def test_a_commit_that_fails_before_what_takes_long_is_folded_poisons_nothing(
    store_url: str, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    monkeypatch.setattr(turn_module, "POLL_S", 0.02)

    async def story(world: World, all_workers: Workers) -> None:
        one = await all_workers.start()
        await file(one, world.submission("south", box()))
        real, commits = one.line.commit, 0

        async def failing(epoch: str, entries: Any, **named: Any) -> None:
            nonlocal commits
            commits += 1
            if commits == 1:
                await until(lambda: len(one.turn._arrivals) == 2)  # so that both come in one turn
            elif commits <= 4:
                raise fault
            await real(epoch, entries, **named)

        one.line.commit = failing  # type: ignore[method-assign]
        crossing = (box(),), (box(),), tuple(box(48 + n / 50) for n in range(60))
        raws = [world.submission("north", *volumes) for volumes in crossing]
        first = asyncio.create_task(file(one, raws[0]))
        await until(lambda: commits == 1)
        told = await asyncio.gather(*(file(one, raw) for raw in raws[1:]), return_exceptions=True)
        assert (await first).receipt and {type(answer) for answer in told} == {Unavailable}
        async with asyncio.timeout(PATIENCE_S):
            while len((await one.line.conflicts("south", "", 9)).rows) < 3:
                assert "poison" not in one.state()
                await asyncio.sleep(0.02)
        assert commits > 4 and not one.turn.standing.failed, "and nothing is blamed for it"

    play(story, store_url)


def test_a_notice_that_was_let_go_of_does_not_stop_a_start_after_a_quiet_time(store_url: str) -> None:
    """Nothing else was filed since, so that no entry tells how late it is; and later terms keep notices longer."""

    async def story(world: World, all_workers: Workers) -> None:
        one = await all_workers.start()
        raw = world.submission("north", box())
        await file(one, raw)
        redis: Any = all_workers.store.submits
        before = world.agreement
        assert isinstance(one.line, StoredLine)
        successor = world.successor(retention_s=30 * 86_400)
        await one.line.adopt(before.terms, successor.terms, successor.raw, longer_ms=23 * 86_400_000)
        await until(lambda: one.agreement.terms == successor.terms)
        assert await redis.delete(f"{one.line.prefix}body:{world.opened(raw).sha256}")
        await redis.hset(f"{one.line.prefix}meta", "clock", int((time.time() + 10 * 86_400) * 1000))
        late = all_workers.make()
        task = asyncio.create_task(late.turn.run())
        await until(lambda: late.state() not in ("starting", "lagging"))
        assert late.turn.ready.is_set() and late.state().startswith("clock: the line's newest stamp")
        task.cancel()

    play(story, store_url)


@pytest.mark.req("R-046")
def test_who_knows_the_new_terms_is_not_refused_while_they_are_still_being_folded(
    store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folded = threading.Event()

    def slow(state: fold.State, entry: Entry, body: fold.Body, *breath: Any) -> list[Outgoing]:
        assert entry.kind != TERMS or folded.wait(20)
        return fold.apply(state, entry, body, *breath)

    monkeypatch.setattr(turn_module, "apply", slow)

    async def story(world: World, all_workers: Workers) -> None:
        one = await all_workers.start()
        before, successor = world.agreement, world.successor(retention_s=30 * 86_400)
        assert isinstance(one.line, StoredLine)
        await one.line.adopt(before.terms, successor.terms, successor.raw, longer_ms=23 * 86_400_000)
        await until(lambda: successor.terms in one.turn.agreements)
        assert one.agreement.terms == before.terms
        filed = asyncio.create_task(file(one, world.submission("north", box())))
        done, _ = await asyncio.wait({filed}, timeout=0.2)
        folded.set()
        assert not done and not (await filed).again

    play(story, store_url)


def test_an_answer_reads_the_notices_that_it_shows_a_few_at_a_time(store_url: str) -> None:
    async def story(world: World, all_workers: Workers) -> None:
        one = await all_workers.start()
        await asyncio.gather(*(file(one, world.submission("north", box())) for _ in range(20)))
        read, asked = one.line.bodies, list[int]()

        async def counting(hashes: Sequence[str]) -> list[str | None]:
            asked.append(len(hashes))
            return await read(hashes)

        one.line.bodies = counting  # type: ignore[method-assign]
        answer = await file(one, world.submission("south", box(48.05)))
        assert (len(answer.alerts), answer.more) == (20, False)
        assert max(asked) <= 8

    play(story, store_url)


def test_a_turn_takes_few_notices_that_are_long_to_match(store_url: str) -> None:
    async def story(world: World, all_workers: Workers) -> None:
        one = await all_workers.start()
        turns = counted(one)
        take, may_ask, opened = one.line.turn, asyncio.Event(), list[str]()

        async def waiting(arrivals: Sequence[Any], **named: Any) -> Any:
            await may_ask.wait()
            return await take(arrivals, **named)

        put = one.turn.put

        def counting(waiting: Waiting) -> bool:
            assert waiting.arrival is not None
            opened.append(waiting.arrival.id)
            return put(waiting)

        one.line.turn = waiting  # type: ignore[method-assign]
        one.turn.put = counting  # type: ignore[method-assign]
        first = asyncio.create_task(file(one, world.submission("north", box(10))))
        await until(lambda: len(opened) == 1)
        await asyncio.sleep(0.01)  # it is in a turn, which waits
        long = [world.submission("north", *(box(48 + n / 50) for n in range(40))) for _ in range(20)]
        answers = asyncio.gather(*(file(one, raw) for raw in long), file(one, world.submission("south", box(-10))))
        await until(lambda: len(opened) == 22)
        await asyncio.sleep(0)
        may_ask.set()
        await asyncio.gather(first, answers)
        assert sum(turns) == 22
        assert max(turns) <= 8, "seven of 40 volumes, and the short one"

    play(story, store_url)


def test_a_timer_that_does_not_fire_is_not_asked_for_without_a_pause(store_url: str) -> None:
    """The store's clock was put back behind what the line has seen, and behind this worker's."""

    async def story(world: World, all_workers: Workers) -> None:
        ahead_s = 40
        line = StoredLine(all_workers.store, world.agreement.id, clock=lambda: time.time() + ahead_s)
        one = Hotline(line, world.service, world.agreement, Lane(), tick_ms=0)
        task = asyncio.create_task(one.turn.run())
        await until(lambda: one.state() == "ok")
        for party, place in (("north", 48.0), ("south", 48.05)):
            await file(one, world.submission(party, box(place, start_s=-600, last_s=600 + ahead_s / 2)))
        redis: Any = all_workers.store.submits
        assert await redis.zcard(f"{one.line.prefix}due") == 1
        await redis.hset(f"{one.line.prefix}meta", "clock", int((time.time() + ahead_s) * 1000))
        turns = counted(one)
        await until(lambda: bool(turns))
        turns.clear()
        await asyncio.sleep(0.5)
        assert len(turns) < 20
        task.cancel()

    play(story, store_url)


def test_whatever_waits_for_a_turn_is_answered_at_a_tick(store_url: str) -> None:
    """Else it tells how long the turn before it has matched a notice that came with it."""

    async def story(world: World, all_workers: Workers) -> None:
        line = StoredLine(all_workers.store, world.agreement.id)
        one = Hotline(line, world.service, world.agreement, Lane(), tick_ms=150)
        task = asyncio.create_task(one.turn.run())
        await until(lambda: one.state() == "ok")
        raw = world.submission("north", box())
        withdrawal = world.withdrawal("north", world.opened(raw))
        await file(one, raw)

        async def lasts(answer: Callable[[], Awaitable[Any]]) -> float:
            before = time.monotonic()
            await answer()
            return time.monotonic() - before

        async def refused() -> None:
            with pytest.raises(OutOfStep):
                await file(one, world.submission("north", revision=3, notice=world.opened(raw).id, prev=digest("x")))

        now = asyncio.get_running_loop().time
        assert await lasts(lambda: file(one, raw)) > 0.14
        assert await lasts(refused) > 0.14
        assert await lasts(lambda: one.submit(WITHDRAWAL, withdrawal, now())) > 0.14
        task.cancel()

    play(story, store_url)
