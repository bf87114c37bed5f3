"""Notices that all end in the same second, in pairs that conflict: how soon every closing is told, and submits then.

Both parties' streams are read. The seconds run from the end itself to the last closing on either stream.
"""

import asyncio
import time

from support.world import UNBOUND, World

from .client import Result, paced, post, run, send
from .figures import Figure, Scale
from .load import Volume, circle, in_processes, notices, shifted, submission, volume
from .stage import Stage, say, stage
from .streaming import Stream, open_stream, until

PLACE = (40.0, 0.0)
SPACING_M = 2_000.0
PER_SECOND = 20.0
FILED_PER_SECOND = 60
"""The rate at which at least the notices can be filed, so that all lie there before they end."""


def measure(scale: Scale) -> list[Figure]:
    """Return seconds from the end to the last closing told, and the times of submits meanwhile."""
    count = scale.of(400, 10_000)
    small = {"horizontal_m": 100, "vertical_m": 30, "lead_s": 0, "tail_s": 0}
    world = World("north", "south", "third", categories={"transport": small}, budgets=UNBOUND)
    say(f"ends: {count} notices")
    beside = notices(world, scale.of(300, 1_000), 9, parties=["third"])
    with stage(world) as running:
        end = int(time.time() + count / 300 + count / FILED_PER_SECOND + 10)

        def one(index: int) -> bytes:
            party = ("north", "south")[index % 2]
            return post("notices", submission(world, party, _place(index // 2, end)))

        requests = in_processes(one, count)
        told_s, share, store_share, result = run(_ending(running, requests, beside, end))
    return [
        Figure(f"{count} ends in one second: all closings told", told_s, "s", "<= 5", f"{count} alerts to two streams"),
        Figure("submits meanwhile, p50", result.ms(0.5), "ms"),
        Figure("submits meanwhile, p99", result.ms(0.99), "ms", "<= 500", f"{len(result.latencies_ms)} submits"),
        Figure("worker's processor time a conflict", share / (count / 2) * 1000, "ms"),
        Figure("store's processor time a conflict", store_share / (count / 2) * 1000, "ms"),
    ]


def _place(pair: int, end: int) -> Volume:
    """Return a circle of the pair's own place."""
    row, column = divmod(pair, 100)
    lat, lng = shifted(*PLACE, SPACING_M * row, SPACING_M * column)
    return volume(circle(lat, lng, 100), 1_000, 1_100, -3_600, 0, now=end)


async def _ending(
    running: Stage, requests: list[bytes], small: list[bytes], end: int
) -> tuple[float, float, float, Result]:
    await send(running.port, requests, 64)
    left = end - time.time()
    assert left > 1, f"filed {-left:.0f} s too late"
    say(f"ends: filed, {left:.0f} s before the end")
    world, pairs = running.world, len(requests) // 2
    streams = [await open_stream(running.port, world, party) for party in ("north", "south")]
    opened = await until(lambda: all(stream.count() == pairs for stream in streams), max(5.0, end - time.time()))
    assert opened, f"{[stream.count() for stream in streams]} of {pairs} conflicts were told"
    left = end - time.time()
    assert left > 1, f"told {-left:.0f} s too late"
    await asyncio.sleep(left - 0.5)
    load = asyncio.create_task(paced(running.port, small, PER_SECOND))
    await asyncio.sleep(max(0.0, end - time.time()))
    before, store_before = running.cpu_s(), running.store_cpu_s()
    told = await until(lambda: all(stream.count() == 2 * pairs for stream in streams), 120.0)
    told_s = time.time() - end
    share, store_share = running.cpu_s() - before, running.store_cpu_s() - store_before
    load.cancel()
    result = await load
    assert told, f"{_counts(streams)} of {2 * pairs} alerts came within {told_s:.0f} s"
    for stream in streams:
        stream.transport.close()
    return told_s, share, store_share, result


def _counts(streams: list[Stream]) -> list[int]:
    return [stream.count() for stream in streams]

