"""What a desk makes of a heavy alert: the seconds from connecting until it is shown, and how long its loop stood still.

The desk is a fresh one in this process's own loop, so that it reads and rechecks everything that is live.
"""

import asyncio
import time

from keepclear import AsyncDesk

from .stage import Stage

TICK_S = 0.005


async def shown(running: Stage, party: str) -> tuple[float, float, int]:
    """Return seconds until the alert was shown, the longest pause of the loop in ms, and the pairs that it holds."""
    pauses: list[float] = []
    ticking = asyncio.create_task(_tick(pauses))
    began = time.perf_counter()
    address = f"http://127.0.0.1:{running.port}"
    key = running.world.parties[party].key
    try:
        async with AsyncDesk(
            running.world.agreement, key, running.folder / f"desk-{party}", connect_to=address
        ) as desk:
            async for event in desk.watch():
                told = event.to_json()
                if told["event"] == "alert":
                    break
            taken = time.perf_counter() - began
            await asyncio.sleep(2 * TICK_S)  # so that a pause just now is counted
            (conflict,) = desk.picture().conflicts
            assert conflict.verdict == "verified", conflict
            return taken, max(pauses, default=0.0) * 1000, conflict.pairs
    finally:
        ticking.cancel()


async def _tick(pauses: list[float]) -> None:
    last = time.perf_counter()
    while True:
        await asyncio.sleep(TICK_S)
        now = time.perf_counter()
        pauses.append(now - last - TICK_S)
        last = now
