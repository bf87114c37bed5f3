"""Stores without room, each a real one: what is still taken at the mark, and what even when they are quite full."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from keepclear_protocol.budgets import Budgets
from keepclear_protocol.errors import Unavailable
from keepclear_protocol.kinds import BUDGET
from keepclear_service.line.ports import Charge
from keepclear_service.store import line as line_module
from keepclear_service.store.connect import check_durability
from keepclear_service.store.line import EVENT_BYTES, STREAM_BYTES, STREAM_LENGTH
from keepclear_service.store.room import HEADROOM_MOST, HEADROOM_SHARE, Room
from redis.asyncio import RedisCluster
from support.budget_line import MINUTE, Party
from support.store_line import PARTIES, Bench, acknowledgement, alert, notice, now_us, on_line, withdrawal

MIB = 1 << 20

TOLD_FOR_US = 300_000_000


@pytest.fixture
def any_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a line's time run ahead of the store's clock."""
    monkeypatch.setattr(line_module, "CLOCKS_APART_MS", 10**15)


@asynccontextmanager
async def bounded(bench: Bench) -> AsyncGenerator[Callable[..., Awaitable[None]]]:
    """Yield what bounds the memory of the line's server: to so many times of what is used and of some bytes beside."""
    nodes: dict[str, Any] = {}
    if isinstance(bench.redis, RedisCluster):
        nodes = {"target_nodes": bench.redis.get_node_from_key(bench.key("meta"))}

    async def bound(share: float, spare: int = 0) -> None:
        used = (await bench.redis.info("memory", **nodes))["used_memory"]
        await bench.redis.config_set("maxmemory", int(share * (used + spare)), **nodes)

    try:
        yield bound
    finally:
        await bench.redis.config_set("maxmemory", 0, **nodes)


async def code(call: Awaitable[Any]) -> str:
    with pytest.raises(Unavailable) as caught:
        await call
    return caught.value.code


def test_at_the_mark_notices_stop_alone_and_at_the_bound_nothing_that_ends_something(line_url: str) -> None:
    async def story(bench: Bench) -> None:
        north, south = alert(3, "north", "south"), alert(3)
        await bench.turn(notice("n1"), notice("n2"), notice("n3", party="south"))
        await bench.line.commit(bench.epoch, [(1, []), (2, []), (3, [north, south])])
        async with bounded(bench) as bound:
            await bound(1.2)  # below the bound, above the mark, in the half that takes answers
            told = await bench.turn(
                notice("n4"),
                acknowledgement(south),
                withdrawal(prev="north n1 1"),
                notice("n2", 2, prev="north n2 1"),
                notice("n1"),
            )
            assert [outcome.refused for outcome in told.outcomes] == ["store_full", None, None, "store_full", None]
            assert told.outcomes[4].again and told.head == 7
            # Whoever files now may fly what is not known here: told of everybody to everybody, like a spent budget.
            words = [entry for entry in told.entries if entry.kind == BUDGET.name]
            assert [(word.party, word.id) for word in words] == [("north", "room"), ("south", "room")]
            assert {int(word.note) * 1000 - word.received_at for word in words} == {TOLD_FOR_US}
            for party in ("north", "south"):
                events = (await bench.line.events(party, 0, 20)).events
                assert [event.seq for event in events if event.kind == BUDGET.name] == [word.seq for word in words]
            assert await code(check_durability(bench.redis, volatile=True, room=True)) == "store_full"
            await bound(1.05)  # the other half
            assert (await bench.one(acknowledgement(north, "j2"))).refused == "store_full"
            await bench.line.commit(bench.epoch, [(7, [alert(7, conflict="c2")])])
            await bound(0.01)
            assert (await bench.one(withdrawal("n2", prev="north n2 1"))).entry is not None
            assert await code(bench.line.commit(bench.epoch, [(8, [alert(8, conflict="c3")])])) == "store_full"
            await bench.line.commit(bench.epoch, [(8, [alert(8, state="closed")])])
            (closed,) = (await bench.line.conflict("south", [south.conflict])).rows
            assert (closed.version, closed.state) == (8, "closed")
            assert await bench.line.spend("north", "p1") and not await bench.line.spend("north", "p1")
            await bench.clean()
            assert (await bench.line.open()).matched_through == 8
            assert await bench.line.adopt(bench.terms, "0" * 43, b"{}")
        assert (await bench.turn()).behind
        assert (await bench.one(notice("n4"), terms="0" * 43)).refused == "wrong_terms"

    on_line(story, line_url)


def test_a_disk_without_room_refuses_notices_alone_and_everybody_is_told(line_url: str) -> None:
    async def story(bench: Bench) -> None:
        await bench.turn(notice("n1"))
        bench.line._full = lambda: "no room"
        told = await bench.turn(notice("n2"), notice("n3"), withdrawal(prev="north n1 1"))
        assert [outcome.refused for outcome in told.outcomes] == ["store_full", "store_full", None]
        assert [(entry.kind, entry.id) for entry in told.entries][:2] == [(BUDGET.name, "room")] * 2
        assert told.told == 2
        bench.line._full = str
        assert (await bench.one(notice("n2"))).entry is not None

    on_line(story, line_url)


@pytest.mark.req("R-118")
def test_everybody_is_told_while_the_store_is_full_though_nobody_files_and_when_it_has_room_again(
    line_url: str, any_time: None
) -> None:
    async def story(north: Party) -> None:
        both = {"north", "south"}
        north.bench.line._full = lambda: "no room"
        await north.turn()
        assert {(party, name) for party, name, _ in north.told} == {(party, "room") for party in both}
        await north.wait(2 * MINUTE)
        await north.turn()
        assert len(north.told) == 2, "they know"
        await north.wait(MINUTE)
        await north.turn()
        assert len(north.told) == 4, "as long as it lasts"
        north.bench.line._full, north.told = str, []
        await north.turn()
        assert {(party, till) for party, _, till in north.told} == {(party, north.now) for party in both}
        await north.turn()
        assert len(north.told) == 2 and not await north.bench.line.covering(["north", "south"], north.now * 1000)
        # What a worker has no room for stays so: the others' notices are taken, and of this party it is still told.
        unheld = await north.one(notice("n1", unheld=True))
        await north.turn()
        assert unheld.refused == "store_full" and len(north.told) == 3 and north.told[-1][2] == north.now + 5 * MINUTE

    on_line(lambda bench: story(Party(bench)), line_url)


def test_a_timer_fires_in_a_full_store(line_url: str) -> None:
    async def story(bench: Bench) -> None:
        await bench.turn(notice("n1"), notice("n3", party="south"))
        await bench.line.commit(bench.epoch, [(1, []), (2, [alert(2, ends=-1)])])
        async with bounded(bench) as bound:
            await bound(0.01)
            assert (await bench.turn()).fired == 1

    on_line(story, line_url)


def test_one_turn_stops_at_the_mark_itself(line_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes first finds the room, and what comes next none: however many came together."""

    async def story(bench: Bench) -> None:
        async with bounded(bench) as bound:
            await bound(HEADROOM_SHARE / (HEADROOM_SHARE - 1), 2 * MIB)  # 2 MiB below the mark
            told = await bench.turn(*(notice(f"n{number}", body=f"{number}" * 400_000) for number in range(9)))
            taken = [outcome.refused for outcome in told.outcomes]
            assert "store_full" in taken and taken == sorted(taken, key=str), taken

    on_line(story, line_url)


@pytest.mark.req("R-113")
def test_a_line_that_took_more_than_its_parties_agreed_on_leaves_the_second_half_to_others(line_url: str) -> None:
    """What lies in one place at one time is counted against nobody; so that other lines have room, all of it is."""

    async def story(bench: Bench) -> None:
        day = str(now_us() // 86_400_000_000)
        budgets = replace(Budgets(), stored_bytes=100_000)
        async with bounded(bench) as bound:
            await bound(1.6 * HEADROOM_SHARE / (HEADROOM_SHARE - 1), 4096)  # over half of what notices may take
            await bench.turn(charges=[Charge("north", "caused_bytes", day, 190_000)], budgets=budgets)
            assert (await bench.one(notice("n1"), budgets=budgets)).entry is not None
            await bench.turn(charges=[Charge("south", "caused_bytes", day, 10_000)], budgets=budgets)
            for party in PARTIES:
                told = await bench.turn(notice("n2", party=party), withdrawal("n1", prev="north n1 1"), budgets=budgets)
                assert told.outcomes[0].refused == "store_full" and told.outcomes[1].entry is not None
            assert (await bench.one(notice("n2"))).entry is not None, "more was agreed on"
            await bound(2.4 * HEADROOM_SHARE / (HEADROOM_SHARE - 1), 4096)
            assert (await bench.one(notice("n3"), budgets=budgets)).entry is not None, "there is room for all"

    on_line(story, line_url)


def test_a_stream_is_bounded_in_bytes(line_url: str) -> None:
    async def story(bench: Bench) -> None:
        longest = alert(10**15, shows="notice", body="x")
        await bench.turn(notice("n1"))
        await bench.line.commit(bench.epoch, [(1, [longest])])
        (row,) = await bench.redis.xrange(bench.key("stream:south"))
        assert 150 < len(row[1][b"e"]) <= EVENT_BYTES
        assert STREAM_LENGTH * EVENT_BYTES == STREAM_BYTES
        used = await bench.redis.memory_usage(bench.key("stream:south"), samples=0)
        many = 2_000
        for at in range(2, many):
            await bench.redis.xadd(bench.key("stream:south"), row[1], f"{at}-0")
        used = await bench.redis.memory_usage(bench.key("stream:south"), samples=0) - used
        assert used / many < EVENT_BYTES

    on_line(story, line_url)


def test_the_mark_is_a_share_of_the_bound_and_at_most_so_many_bytes() -> None:
    assert Room(0, 512 * MIB).mark == 384 * MIB and Room(0, 16 << 30).mark == (16 << 30) - HEADROOM_MOST
    assert [Room(used, 512 * MIB).full for used in (0, 383 * MIB, 384 * MIB, 600 * MIB)] == [False, False, True, True]
    assert not Room(1 << 40, 0).full
    assert Room(400 * MIB, 512 * MIB).words() == "400 of 512 MiB taken, notices up to 384"
