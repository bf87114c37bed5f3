"""How a worker begins: from gists, and what it does where one of them, a statement or an entry is not what it was."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from keepclear_protocol.kinds import WITHDRAWAL
from keepclear_service.line import heads, start
from keepclear_service.line.heads import Heads
from keepclear_service.line.hotline import Hotline
from keepclear_service.line.ports import Founded
from keepclear_service.process.head_file import FileOfHead
from line.test_gist import known, opened
from line.test_turn import Workers, file, play, until, workers
from support.world import World, box


@pytest.fixture(autouse=True)
def _nothing_is_matched_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the newest entries are opened, and these stories have no others."""
    monkeypatch.setattr(start, "REMATCHED_US", -1)


async def started(all_workers: Workers, one: Hotline) -> tuple[Hotline, Sequence[str]]:
    """Return a worker that has begun once all is matched that ``one`` has folded, and what it opened for that."""
    while (await one.line.open()).matched_through < one.turn.cursor:
        await one.turn.caught_up()
    hotline = all_workers.make()
    read = opened(hotline)
    task = asyncio.create_task(hotline.turn.run())
    await until(lambda: hotline.state() not in ("starting", "ok", "lagging") or hotline.turn.ready.is_set())
    all_workers._tasks.append(task)
    return hotline, read


def test_a_start_opens_no_statement_and_knows_all_the_same(store_url: str) -> None:
    async def story(world: World, all_workers: Workers) -> None:
        one = await all_workers.start()
        raws = [world.submission("north", box(40 + n), box(41 + n)) for n in range(6)]
        raws += [world.submission("south", box(40.05 + n)) for n in range(6)]
        for raw in raws:
            await file(one, raw)
        await file(one, world.amend("north", world.opened(raws[0]), box(50)))
        await one.submit(WITHDRAWAL, world.withdrawal("south", world.opened(raws[7])), 0.0)
        later, read = await started(all_workers, one)
        assert later.state() == "ok" and read == []
        assert known(later)[1] and known(later)[1].items() <= known(one)[1].items()
        assert {key: row for key, row in known(one)[0].items() if not row[2]} == known(later)[0]
        told = await file(later, world.submission("south", box(50.05)))
        assert len(told.alerts) == 1

    play(story, store_url)


@pytest.mark.parametrize("wrong", ["none", "nonsense", "of another", "of before"])
def test_a_gist_that_bears_no_seal_for_its_notice_counts_for_nothing(store_url: str, wrong: str) -> None:
    """Whoever holds the store alone could hide a conflict by it."""

    async def story(world: World, all_workers: Workers) -> None:
        one = await all_workers.start()
        redis, kept = all_workers.store.submits, f"{one.line.prefix}snapshot:north"
        far, near = world.submission("north", box(-40)), world.submission("north", box(-30))
        await file(one, far)
        await file(one, near)
        before = await redis.hget(kept, world.opened(near).id)
        await file(one, world.amend("north", world.opened(near), box()))
        other = await redis.hget(kept, world.opened(far).id)
        gist: Any = {"none": None, "nonsense": b"\xff" * 99, "of another": other, "of before": before}[wrong]
        if gist is None:
            await redis.hdel(kept, world.opened(near).id)
        else:
            await redis.hset(kept, world.opened(near).id, gist)
        later, read = await started(all_workers, one)
        assert len(read) == 1
        assert len((await file(later, world.submission("south", box(48.05)))).alerts) == 1

    play(story, store_url)


@pytest.mark.parametrize("gist", [True, False])
def test_a_body_swapped_for_one_that_nobody_signed_hides_no_conflict(store_url: str, gist: bool) -> None:
    """The gist stands for what was verified; without it the statement is verified anew, and the line not ready."""

    async def story(world: World, all_workers: Workers) -> None:
        one = await all_workers.start()
        raw, redis = world.submission("north", box()), all_workers.store.submits
        await file(one, raw)
        jwt, tilde, disclosed = world.submission("north", box(-48)).partition("~")
        unsigned = jwt[:-8] + "AAAAAAAA" + tilde + disclosed
        await redis.set(f"{one.line.prefix}body:{world.opened(raw).sha256}", unsigned)
        if not gist:
            await redis.delete(f"{one.line.prefix}snapshot:north")
        later, _ = await started(all_workers, one)
        if gist:
            assert later.state() == "ok"
            assert len((await file(later, world.submission("south", box(48.05)))).alerts) == 1
        else:
            assert later.state().startswith("poison entry 1 (its bytes do not hold: not_authenticated")

    play(story, store_url)


@pytest.mark.parametrize("lost", [1, 2, 3])
def test_a_log_with_a_hole_is_not_folded(store_url: str, lost: int) -> None:
    """The oldest alone may go."""

    async def story(world: World, all_workers: Workers) -> None:
        one = await all_workers.start()
        for place in range(3):
            await file(one, world.submission("north", box(40 + place)))
        await all_workers.store.submits.xdel(f"{one.line.prefix}log", f"{lost}-0")
        later, _ = await started(all_workers, one)
        said = f"store_unsafe: the log has lost its entry {lost}; {heads.PUT_BACK}"
        assert later.state() == ("ok" if lost == 1 else said)

    play(story, store_url)


@pytest.mark.parametrize("before", [0, 1])
def test_a_start_goes_on_where_others_file_while_it_reads(store_url: str, before: int, tmp_path: Path) -> None:
    """What came since its head was told is no hole in the log; nor was the store put back whose file says more."""

    async def story(world: World, all_workers: Workers) -> None:
        kept = FileOfHead(tmp_path, world.agreement.id)

        def told_of() -> dict[str, Heads]:
            return {"heads": Heads(kept, world.agreement.id)}

        one = await all_workers.start(**told_of())
        for place in range(before):
            await file(one, world.submission("north", box(40 + place)))
        later = all_workers.make(**told_of())
        line, opening = later.line, later.line.open

        async def open_and_be_overtaken() -> Founded:
            founded = await opening()
            await file(one, world.submission("south", box(30 + founded.head)))
            await until(lambda: (head := kept.read()) is not None and head.seq == before + 1)
            return founded

        line.open = open_and_be_overtaken  # type: ignore[method-assign]
        all_workers._tasks.append(asyncio.create_task(later.turn.run()))
        await until(lambda: later.turn.standing.lost is not None or later.turn.ready.is_set())
        assert later.turn.standing.lost is None and later.turn.cursor == before + 1

    play(story, store_url)


def test_what_was_taken_out_unwritten_before_its_worker_died_is_found_by_who_begins(
    store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()

    async def story(world: World, all_workers: Workers) -> None:
        dying = await all_workers.start()
        await file(dying, world.submission("north", box()))

        async def dies(*_: Any) -> None:
            await asyncio.Event().wait()

        dying.line.commit = dies  # type: ignore[method-assign, assignment]
        lost = asyncio.create_task(file(dying, world.submission("south", box(48.05))))
        await until(lambda: dying.turn.cursor == 2)
        await all_workers.store.submits.zrem(f"{dying.line.prefix}unmatched", "2")
        later = await all_workers.start()
        for party in ("north", "south"):
            while not (rows := (await later.line.conflicts(party, "", 10)).rows):
                await later.turn.caught_up()
            assert [row.version for row in rows] == [2]
        lost.cancel()

    play(story, store_url)


@pytest.mark.parametrize("erased", ["conflicts:north", "alerts"])
def test_what_is_erased_once_it_was_committed_is_written_again(store_url: str, erased: str) -> None:
    async def story(world: World, all_workers: Workers) -> None:
        one = await all_workers.start()
        await file(one, world.submission("north", box()))
        await file(one, world.submission("south", box(48.05)))
        assert await all_workers.store.submits.delete(one.line.prefix + erased) == 1
        (row,) = (await one.line.conflicts("south", "", 9)).rows
        while await one.line.versions([("north", row.conflict)]) != [2]:
            await one.turn.caught_up()

    play(story, store_url)


def test_an_id_whose_notice_was_let_go_may_be_used_again_and_poisons_no_start(store_url: str) -> None:
    """What is older in the log stays there for as long as the log's oldest entry counts."""

    async def story() -> None:
        world = World(retention_s=1)
        async with workers(world, store_url) as all_workers:
            one = await all_workers.start()
            await file(one, world.submission("south", box(-40)))
            over = world.submission("north", box(start_s=-600))
            await file(one, over)
            kept = f"{one.line.prefix}notices:north"
            while await all_workers.store.submits.hlen(kept):
                await one.turn.caught_up()
                await asyncio.sleep(0.05)
            await file(one, world.submission("north", box(), notice=world.opened(over).id))
            later, _ = await started(all_workers, one)
            assert later.state() == "ok"
            assert len((await file(later, world.submission("south", box(48.05)))).alerts) == 1

    asyncio.run(story())
