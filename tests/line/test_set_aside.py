"""Alerts that the store does not take are set aside, and nothing else: a real store, full or choosy."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any

import pytest
from keepclear_protocol.errors import Unavailable
from keepclear_protocol.kinds import WITHDRAWAL
from keepclear_service.line import committing
from keepclear_service.line.full import NotTaken
from keepclear_service.line.hotline import Hotline
from line.test_turn import Workers, file, play, until
from support.patience import PATIENCE_S
from support.world import World, box


async def refused(hotline: Hotline, raw: str) -> str:
    with pytest.raises(Unavailable) as caught:
        await asyncio.wait_for(file(hotline, raw), PATIENCE_S)
    return caught.value.code


async def withdraw(hotline: Hotline, world: World, party: str, raw: str) -> None:
    statement = world.withdrawal(party, world.opened(raw))
    await asyncio.wait_for(hotline.submit(WITHDRAWAL, statement, asyncio.get_running_loop().time()), PATIENCE_S)


async def conflicts(hotline: Hotline) -> list[int]:
    return [len((await hotline.line.conflicts(party, "", 100)).rows) for party in ("north", "south")]


def test_a_store_that_fills_up_holds_alerts_back_and_nothing_else(
    store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(committing, "ROOM_ASKED_AGAIN_S", 0.05)

    async def story(world: World, all_workers: Workers) -> None:
        one = await all_workers.start()
        redis: Any = all_workers.store.submits
        standing, apart, met = (world.submission("north", box(north)) for north in (48.0, -10, -30))
        soon = [world.submission(party, box(20, start_s=-600, last_s=603)) for party in ("north", "south")]
        for raw in (standing, apart, met, world.submission("south", box(-30)), *soon):
            await file(one, raw)
        commit, sign = one.line.commit, one.turn._committing._sign
        signed: list[int] = []

        async def filling(epoch: str, entries: Sequence[Any], **named: Any) -> None:
            await redis.config_set("maxmemory", 1)
            await commit(epoch, entries, **named)

        def counting(outgoing: Any, seq: int) -> Any:
            signed.append(seq)
            return sign(outgoing, seq)

        one.line.commit = filling  # type: ignore[method-assign]
        one.turn._committing._sign = counting
        crossing = world.submission("south", box(48.05))
        try:
            assert await refused(one, crossing) == "busy"
            assert one.state() == "store_full: the alerts of 1 entries are not written"
            with pytest.raises(Unavailable):  # no stream looks alive meanwhile
                one.check_told()
            head = one.turn.cursor
            tried = len(signed)
            # Whoever asks again is told at once; what ends something, timers too, goes on.
            began = time.monotonic()
            assert await refused(one, crossing) == "busy"
            await withdraw(one, world, "north", apart)
            await withdraw(one, world, "north", met)
            assert time.monotonic() - began < 1.0
            states = list[str]()
            while states != ["closed", "closed"]:  # by a withdrawal, and by the end of two that met soon
                rows = (await one.line.conflicts("south", "", 100)).rows
                states = [row.state for row in rows]
                assert time.monotonic() - began < 20
            assert {seq for seq in signed[tried:] if seq <= head} == set(), "nothing is signed that finds no room"
            assert "1 entries" in one.state()
        finally:
            await redis.config_set("maxmemory", 0)
            one.line.commit = commit  # type: ignore[method-assign]
        await until(lambda: one.state() == "ok")
        one.check_told()
        assert await conflicts(one) == [3, 3]
        assert (await file(one, crossing)).again
        assert (await one.line.open()).matched_through == one.turn.cursor

    play(story, store_url)


def test_one_entry_that_the_store_does_not_take_is_found_among_others(store_url: str) -> None:
    async def story(world: World, all_workers: Workers) -> None:
        one, sibling = await all_workers.start(), await all_workers.start()
        await file(one, world.submission("north", box()))
        commit = one.line.commit
        choosy, taken = {3}, list[list[int]]()

        async def choosing(epoch: str, entries: Sequence[Any], **named: Any) -> None:
            seqs = [seq for seq, _ in entries]
            if choosy & set(seqs):
                raise NotTaken("store_unavailable", "a fault of the store's own")
            await commit(epoch, entries, **named)
            taken.append(seqs)

        one.line.commit = sibling.line.commit = choosing  # type: ignore[method-assign]
        raws = [world.submission("south", box(48.05)) for _ in range(4)]
        told = await asyncio.gather(*(file(one, raw) for raw in raws), return_exceptions=True)
        assert [type(answer).__name__ for answer in told].count("NotTaken") == 1
        await until(lambda: all(worker.state().startswith("store_unavailable") for worker in (one, sibling)))
        later = await asyncio.wait_for(file(one, world.submission("south", box(48.06))), PATIENCE_S)
        assert len(later.alerts) == 1 and [3] not in taken
        choosy.clear()
        await until(lambda: one.state() == sibling.state() == "ok")
        assert await conflicts(one) == [5, 5]

    play(story, store_url)
