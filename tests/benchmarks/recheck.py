"""What a desk makes of a heavy alert: the seconds from connecting until it is shown, and how long its loop stood still.

The desk is a fresh one in this process's own loop, so that it reads and rechecks everything that is live.
"""

import asyncio
import time

from keepclear import AsyncDesk
from support.world import UNBOUND, World

from .client import post, run, send
from .figures import Figure, Scale
from .heavy import HORIZONTAL_M, crowd
from .load import submission
from .stage import Stage, say, stage

TICK_S = 0.005
WITHIN_S = 90.0


def recheck(scale: Scale) -> list[Figure]:
    """Return the seconds and the pause over an alert of 500 volumes against 500 in one place."""
    count = scale.of(60, 500)
    near = {"horizontal_m": HORIZONTAL_M, "vertical_m": 30, "lead_s": 0, "tail_s": 0}
    world = World(categories={"transport": near}, budgets=UNBOUND)
    filed = [
        post("notices", submission(world, party, *crowd(count, 0, seed)))
        for seed, party in enumerate(("south", "north"), 1)
    ]
    say(f"desk: an alert of {count} against {count}")
    with stage(world) as running:
        run(send(running.port, filed, 1))
        taken_s, pause_ms, pairs = run(_shown(running, "south"))
    return [
        Figure("heavy alert: from connecting until it is shown", taken_s, "s", "<= 1", f"verified, {pairs} pairs"),
        Figure("heavy alert: the loop stood still for at most", pause_ms, "ms", "<= 300"),
    ]


async def _shown(running: Stage, party: str) -> tuple[float, float, int]:
    """Return seconds until the alert was shown, the longest pause of the loop in ms, and the pairs that it holds."""
    pauses: list[float] = []
    ticking = asyncio.create_task(_tick(pauses))
    began = time.perf_counter()
    address = f"http://127.0.0.1:{running.port}"
    key = running.world.parties[party].key
    try:
        folder = running.folder / f"desk-{party}"
        async with (
            asyncio.timeout(WITHIN_S),
            AsyncDesk(running.world.agreement, key, folder, connect_to=address) as desk,
        ):
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
