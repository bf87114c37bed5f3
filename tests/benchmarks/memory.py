"""What the store uses: a notice of 3 KB that crosses 30 others, alerts to both sides included, and a live notice.

Bytes are ``used_memory`` of the store, the difference between two moments at which nothing was under way.
"""

import asyncio
import statistics

from support.world import UNBOUND, World

from .client import connect, exchange, post, run, send
from .figures import Figure, Scale
from .load import Volume, circle, notices, plain_world, shifted, submission, volume
from .stage import Stage, say, stage

CROSSED = 30
PLACE = (46.4, 8.0)


def measure(scale: Scale) -> list[Figure]:
    """Return bytes of the crossing notice and of a live one that meets nobody."""
    crossing, quiet = scale.of(2, 10), scale.of(300, 3_000)
    world = World(budgets=UNBOUND)
    say(f"memory: {crossing} notices that each cross {CROSSED}")
    with stage(world) as running:
        costs, size = run(_crossing(running, crossing))
    apart = plain_world()
    bodies = notices(apart, quiet, 5, parties=["north"])
    with stage(apart) as running:
        run(send(running.port, bodies[:100], 16))
        before = running.used_memory()
        run(send(running.port, bodies[100:], 16))
        live = (running.used_memory() - before) / (quiet - 100)
        own = statistics.fmean(len(body) for body in bodies)
    return [
        Figure(
            f"store bytes of a notice that crosses {CROSSED}",
            statistics.median(costs) / 1000,
            "KB",
            "<= 150",
            f"the notice has {size / 1000:.1f} KB; two alerts for each crossing",
        ),
        Figure("store bytes of a live notice that meets nobody", live / 1000, "KB", note=f"of {own / 1000:.1f} KB"),
        Figure("over twice its own bytes", (live - 2 * own) / 1000, "KB", "<= 2"),
    ]


def _spot(place: int, spread: int) -> Volume:
    """Return a small circle; those of one ``place`` are all within the minima of one another."""
    lat, lng = shifted(*PLACE, 100_000.0 * (place // 10), 100_000.0 * (place % 10) + 10.0 * spread)
    return volume(circle(lat, lng, 300), 1_000, 1_100, 7_200 + spread, 9_000 + spread)


async def _crossing(running: Stage, count: int) -> tuple[list[int], int]:
    world, costs, size = running.world, [], 0
    connection = await connect(running.port)
    for place in range(count):
        for spread in range(CROSSED):
            raw = submission(world, "south", _spot(place, spread))
            status, body = await exchange(connection, post("notices", raw))
            assert status == 201, body[:300]
        # Remarks make it the notice of 3 KB that the target speaks of.
        raw = submission(world, "north", _spot(place, 0), remarks="a small notice" * 8)
        size = len(raw)
        await _settled(running)
        before = running.used_memory()
        status, body = await exchange(connection, post("notices", raw))
        assert status == 201, body[:300]
        assert body.count(b'"presentation"') == CROSSED, "not all were crossed"
        await _settled(running)
        costs.append(running.used_memory() - before)
    return costs, size


async def _settled(running: Stage) -> None:
    """Wait until the store's use stands still: what follows a receipt follows within the next poll."""
    seen, still = running.used_memory(), 0
    while still < 6:
        await asyncio.sleep(0.25)
        use = running.used_memory()
        still = still + 1 if abs(use - seen) < 512 else 0
        seen = use
