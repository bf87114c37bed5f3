"""What takes long stands beside the loop: told by facts, since each long thing waits for an answer to somebody else."""

import asyncio
import threading
from typing import Any

import pytest
from keepclear_service.decide import admission, fold
from keepclear_service.line import opening as opening_module
from keepclear_service.line import turn as turn_module
from line.test_turn import Workers, file, play, workers
from support.world import World, box


def test_other_agreements_are_served_while_a_heavy_notice_is_matched(
    store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The heavy notice's matching waits, in its thread, for an answer that the loop has to give to somebody else."""

    async def story(world: World, all_workers: Workers) -> None:
        elsewhere = World("east", "west")
        async with workers(elsewhere, store_url) as others:
            one, other = await all_workers.start(), await others.start()
            await file(one, world.submission("south", box(50.05)))
            real, served = fold.apply, threading.Event()

            def waiting(state: Any, entry: Any, body: Any, *breath: Any) -> Any:
                if entry.party == "north":
                    assert served.wait(20), "nobody was served meanwhile"
                return real(state, entry, body, *breath)

            monkeypatch.setattr(turn_module, "apply", waiting)
            heavy = asyncio.create_task(file(one, world.submission("north", *(box(50 + n / 50) for n in range(40)))))
            await file(other, elsewhere.submission("east", box()))
            served.set()
            assert len((await heavy).alerts) == 1

    play(story, store_url)


def test_what_came_before_a_heavy_notice_is_answered_before_that_is_matched(
    store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both are admitted by one turn; the heavy one's matching waits until the danger before it has its receipt."""

    async def story(world: World, all_workers: Workers) -> None:
        one = await all_workers.start()
        await file(one, world.submission("north", box(20.0)))
        await file(one, world.submission("south", box(60.05)))
        arrivals, real_take, real, told = one.turn._arrivals, one.turn._arrivals.take, fold.apply, threading.Event()
        together: list[int] = []

        def take(state: Any) -> Any:
            taken = real_take(state) if len(arrivals) >= 2 else []
            together.append(len(taken))
            return taken

        def waiting(state: Any, entry: Any, body: Any, *breath: Any) -> Any:
            if entry.party == "north":
                assert told.wait(20), "the danger before it waited for its matching"
            return real(state, entry, body, *breath)

        monkeypatch.setattr(arrivals, "take", take)
        monkeypatch.setattr(turn_module, "apply", waiting)
        heavy = asyncio.create_task(file(one, world.submission("north", *(box(60 + n / 50) for n in range(40)))))
        danger = await file(one, world.submission("south", box(20.05)))
        told.set()
        assert len(danger.alerts) == 1
        assert len((await heavy).alerts) == 1
        assert max(together) == 2

    play(story, store_url)


def test_a_long_statement_is_opened_beside_the_loop(store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(world: World, all_workers: Workers) -> None:
        one = await all_workers.start()
        real, served = admission.check_notice, threading.Event()

        def waiting(notice: Any, agreement: Any) -> None:
            if len(notice.volumes) > 1:
                assert served.wait(20), "nobody was served meanwhile"
            real(notice, agreement)

        monkeypatch.setattr(opening_module, "check_notice", waiting)
        long = asyncio.create_task(file(one, world.submission("north", *(box(50 + n / 50) for n in range(60)))))
        await file(one, world.submission("south", box()))
        served.set()
        assert not (await long).again

    play(story, store_url)
