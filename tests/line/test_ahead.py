"""Under pressure a turn's successor is asked for while it folds: nothing is lost, doubled or left waiting by that."""

import asyncio
from typing import Any

import pytest
from keepclear_protocol.agreement import Agreement
from keepclear_protocol.errors import OutOfStep, Unavailable
from keepclear_service.decide import fold
from keepclear_service.line import turn as turn_module
from keepclear_service.line.hotline import Accepted, Hotline
from keepclear_service.line.ports import ADMIT_AT_ONCE
from keepclear_service.store.line import StoredLine
from line.test_gist import followed, known
from line.test_turn import Workers, counted, file, play, until
from support.world import World, box

MANY = 3 * ADMIT_AT_ONCE


def crossing(world: World) -> list[str]:
    """Notices of both parties, each of which crosses one of the other's that stands far from it in the queue."""
    places = [(-60.0 + n // 16 * 2, -170.0 + n % 16 * 2) for n in range(MANY // 2)]
    north = [world.submission("north", box(*place)) for place in places]
    return north + [world.submission("south", box(lat + 0.05, lng)) for lat, lng in places]


async def flood(hotline: Hotline, raws: list[str]) -> list[Accepted | BaseException]:
    return await asyncio.gather(*(file(hotline, raw) for raw in raws), return_exceptions=True)


async def all_told(hotline: Hotline) -> bool:
    """Whether each conflict is told to both."""
    seen: list[int] = []
    for party in ("north", "south"):
        rows: list[str] = []
        after: str | None = ""
        while after is not None:
            page = await hotline.line.conflicts(party, after, 50)
            rows += [row.conflict for row in page.rows]
            after = page.after
        seen.append(len(set(rows)))
    return seen == [MANY // 2, MANY // 2]


def test_the_next_are_admitted_while_these_are_folded(store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(world: World, all_workers: Workers) -> None:
        one, other = await all_workers.start(), await all_workers.start()
        turns, when = counted(one), list[tuple[int, int]]()

        def apply(state: Any, entry: Any, body: Any, *breath: Any) -> Any:
            if state is one.turn._state:
                when.append((entry.seq, len([count for count in turns if count])))
            return fold.apply(state, entry, body, *breath)

        monkeypatch.setattr(turn_module, "apply", apply)
        answers = await flood(one, crossing(world))
        assert all(isinstance(answer, Accepted) for answer in answers)
        assert [seq for seq, _ in when] == list(range(1, MANY + 1)), "in the order of the log, each once"
        assert dict(when)[1] == 2, "the second script was sent before the first entry was folded"
        await followed(other, MANY)
        assert known(one) == known(other) and len(known(one)[1]) == MANY // 2
        assert await all_told(one)

    play(story, store_url)


def test_these_are_folded_while_those_before_are_committed(store_url: str) -> None:
    """And whoever waits for alerts that are not written has no receipt meanwhile."""

    async def story(world: World, all_workers: Workers) -> None:
        one = await all_workers.start()
        commit, held, told = one.line.commit, list[int](), list[Accepted]()

        async def filed(raw: str) -> None:
            told.append(await file(one, raw))

        async def slow(epoch: str, entries: Any, **named: Any) -> None:
            if not held:
                held[:] = [seq for seq, _ in entries]
                behind = one.turn.cursor + ADMIT_AT_ONCE
                await until(lambda: one.turn.cursor == behind)
                assert {answer.party for answer in told} <= {"north"}, "south's are those that cross"
            await commit(epoch, entries, **named)

        one.line.commit = slow  # type: ignore[method-assign]
        await asyncio.gather(*(filed(raw) for raw in crossing(world)))
        assert held and len(told) == MANY and await all_told(one)

    play(story, store_url)


@pytest.mark.parametrize("fault", ["fold", "commit"])
def test_a_fault_while_the_next_are_on_their_way(
    store_url: str, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever is told that it is not known sends again, and gets a receipt; each conflict is told to both."""

    async def story(world: World, all_workers: Workers) -> None:
        one = await all_workers.start()
        failed: list[bool] = []
        commit = one.line.commit

        def apply(state: Any, entry: Any, body: Any, *breath: Any) -> Any:
            if entry.seq == 40 and not failed:
                failed.append(one.turn._ahead is not None)
                raise RuntimeError("a fault of our own")
            return fold.apply(state, entry, body, *breath)

        async def failing(*told: Any) -> None:
            if not failed:
                failed.append(one.turn._ahead is not None)
                raise Unavailable("store_unavailable")
            await commit(*told)

        if fault == "fold":
            monkeypatch.setattr(turn_module, "apply", apply)
        else:
            one.line.commit = failing  # type: ignore[method-assign, assignment]
        raws = crossing(world)
        answers = await flood(one, raws)
        assert failed == [True], "it came while another script was on its way"
        assert {type(answer) for answer in answers} <= {Accepted, Unavailable}
        assert any(isinstance(answer, Unavailable) for answer in answers)
        await until(lambda: one.state() == "ok")
        again = await flood(one, raws)
        assert all(isinstance(answer, Accepted) for answer in again)
        assert (await one.line.open()).head == MANY, "each was admitted once"
        assert await all_told(one)  # a repeat's receipt waits for the alerts of the first, too

    play(story, store_url)


def test_new_terms_in_between_do_not_make_a_worker_read_the_line_anew(
    store_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(world: World, all_workers: Workers) -> None:
        one = await all_workers.start()
        raws, before = crossing(world), world.agreement
        take, adopted = one.line.turn, list[Agreement]()

        async def adopting(arrivals: Any, **named: Any) -> Any:
            turned = await take(arrivals, **named)
            if arrivals and not adopted:  # behind the first script, before the second is asked for
                adopted.append(world.successor(retention_s=7200))
                assert isinstance(one.line, StoredLine)
                assert await one.line.adopt(before.terms, adopted[0].terms, adopted[0].raw)
            return turned

        one.line.turn = adopting  # type: ignore[method-assign]
        answers = await flood(one, raws)
        taken = [answer for answer in answers if isinstance(answer, Accepted)]
        assert len(taken) == ADMIT_AT_ONCE
        assert {answer.code for answer in answers if isinstance(answer, OutOfStep)} == {"wrong_terms"}
        await until(lambda: one.agreement.terms == adopted[0].terms)
        assert "line_read_anew" not in caplog.text

    play(story, store_url)


def test_a_worker_that_stops_leaves_nobody_waiting(store_url: str) -> None:
    async def story(world: World, all_workers: Workers) -> None:
        one = await all_workers.start()
        take, asked = one.line.turn, asyncio.Event()

        async def hanging(arrivals: Any, **named: Any) -> Any:
            if one.turn.cursor == 0 and asked.is_set():
                await asyncio.Event().wait()
            turned = await take(arrivals, **named)
            if arrivals:
                asked.set()
            return turned

        one.line.turn = hanging  # type: ignore[method-assign]
        flooding = asyncio.create_task(flood(one, crossing(world)))
        await until(lambda: one.turn.cursor == ADMIT_AT_ONCE)
        await all_workers.stop()
        answers = await asyncio.wait_for(flooding, 20)
        assert len([answer for answer in answers if isinstance(answer, Unavailable)]) >= MANY - ADMIT_AT_ONCE

    play(story, store_url)
