"""500 volumes against 500 in one place: how long their alerts take, and what everybody else notices of it.

Polygons of 10 vertices, within the protocol's 5 000. Meanwhile a third party of the agreement and a party of another
one file small notices at a steady rate, and ``/readyz`` is asked; their times count from when each was due. The
near-miss shape has the same number of pairs to judge and none in conflict.
"""

import asyncio
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from support.world import UNBOUND, World

from .client import Result, connect, exchange, get, paced, post, run, send
from .figures import Figure, Scale
from .legs import LIMITS, flights, recorded
from .load import Volume, in_processes, notices, plain_world, polygon, ring_polygon, shifted, submission, usual, volume
from .stage import Stage, beside, say, stage
from .streaming import open_stream, until

PLACE = (46.4, 8.0)
HORIZONTAL_M = 100
STRIPS_EAST_M = 40_000
Small = tuple[Iterator[bytes], Iterator[bytes]]
"""Small notices of the third party and of the other agreement, each sent once."""

PER_SECOND = 20.0
"""Small notices a second of the third party and of the other agreement each."""


@dataclass
class Beside:
    """What others measured: the third party, the other agreement, and the answers of ``/readyz``."""

    third: Result = field(default_factory=Result)
    other: Result = field(default_factory=Result)
    ready: list[int] = field(default_factory=list)


def measure(scale: Scale) -> list[Figure]:
    """Return seconds to both alerts, the others' times, and what the largest notice costs against the usual one."""
    count = scale.of(60, 500)
    near = {"horizontal_m": HORIZONTAL_M, "vertical_m": 30, "lead_s": 0, "tail_s": 0}
    world = World("north", "south", "third", categories={"transport": near}, budgets=UNBOUND)
    other = beside(world, "east", "west")
    say(f"heavy: {count} against {count}")
    lasting = scale.of(150, 1_500)
    third = notices(world, lasting, 1, parties=["third"])
    small = iter(third), iter(notices(other, lasting, 2))
    with stage(world, other) as running:
        quiet = run(_alone(running, small))
        told_s, receipt_s, others = run(_against(running, small, crowd(count, 0, 1), crowd(count, 0, 2), meet=True))
        _, near_s, near_others = run(_against(running, small, strips(count, 0, 3), strips(count, 212, 4), meet=False))
    return [
        Figure(f"submit to both alerts, {count} against {count}", told_s, "s", "<= 1"),
        Figure("submit to its receipt", receipt_s, "s"),
        *_beside("meanwhile", others, quiet),
        Figure("near misses: submit to its receipt", near_s, "s", "<= 1"),
        *_beside("near misses", near_others, quiet),
        *largest(scale),
    ]


def _beside(when: str, others: Beside, quiet: Beside) -> list[Figure]:
    unready = sum(status != 200 for status in others.ready)
    times = f"p50 {others.other.ms(0.5):.0f} ms; alone p99 {quiet.other.ms(0.99):.0f} ms"
    return [
        Figure(f"{when}: third party's small submit, p50", others.third.ms(0.5), "ms"),
        Figure(f"{when}: third party's small submit, p99", others.third.ms(0.99), "ms", "<= 300"),
        Figure(f"{when}: other agreement's, p99", others.other.ms(0.99), "ms", "<= 300", times),
        Figure(f"{when}: /readyz said no", unready, "", "<= 0", f"of {len(others.ready)}"),
    ]


def crowd(count: int, east_m: float, seed: int) -> list[Volume]:
    """Return polygons of 10 vertices that all lie over one another, within 300 m, at the same hour."""
    rng = random.Random(seed)

    def one() -> Volume:
        lat, lng = shifted(*PLACE, rng.uniform(-40, 40), east_m + rng.uniform(-40, 40))
        return volume(polygon(lat, lng, rng.uniform(100, 150), 10), 100, 200, 7_200, 9_000 + rng.randrange(600))

    return [one() for _ in range(count)]


def strips(count: int, north_m: float, seed: int) -> list[Volume]:
    """Return polygons of 10 vertices, 4 km long and 20 m wide, beside one another within 100 m, at the same hour.

    Another lot 212 m to the north is clear of them by a few metres more than the minimum, however the two are bounded
    by circles or boxes: each pair must be measured.
    """
    rng = random.Random(seed)

    def one() -> Volume:
        north, east = north_m + rng.uniform(-40, 40), STRIPS_EAST_M + rng.uniform(-50, 50)
        along = [east + 1_000 * step for step in range(5)]
        ring = [(north - 10, at) for at in along] + [(north + 10, at) for at in reversed(along)]
        corners = [shifted(*PLACE, *corner) for corner in ring]
        return volume(ring_polygon(corners), 100, 200, 7_200, 9_000 + rng.randrange(600))

    return [one() for _ in range(count)]


async def _against(
    running: Stage, small: Small, theirs: list[Volume], mine: list[Volume], *, meet: bool
) -> tuple[float, float, Beside]:
    """File a crowd and another against it; return seconds to both alerts, to the receipt, and the others' times."""
    world = running.world
    first = post("notices", submission(world, "south", *theirs))
    second = post("notices", submission(world, "north", *mine))
    streams = [await open_stream(running.port, world, party) for party in ("north", "south")]
    connection = await connect(running.port)
    status, body = await exchange(connection, first)
    assert status == 201, body[:300]
    await until(lambda: all(stream.count("notice") + stream.count() > 0 for stream in streams), 1.0)
    before = [stream.count() for stream in streams]
    others = Beside()
    stop = _others(running, small, others)
    await asyncio.sleep(1.0)
    began = time.perf_counter()
    status, body = await exchange(connection, second)
    receipt_s = time.perf_counter() - began
    assert status == 201, body[:300]
    told_s = 0.0
    if meet:
        told = await until(lambda: all(s.count() > was for s, was in zip(streams, before, strict=True)), 120)
        assert told, "the alerts did not come"
        came = [[at for at, name in s.events if name == "alert"][was] for s, was in zip(streams, before, strict=True)]
        told_s = max(came) - began
    await asyncio.sleep(1.0)
    assert meet or [stream.count() for stream in streams] == before, "the near misses conflict"
    await _stopped(stop, others)
    for stream in streams:
        stream.transport.close()
    return told_s, receipt_s, others


async def _alone(running: Stage, small: Small) -> Beside:
    others = Beside()
    tasks = _others(running, small, others)
    await asyncio.sleep(4.0)
    await _stopped(tasks, others)
    return others


def _others(running: Stage, small: Small, others: Beside) -> "list[asyncio.Task[Result]]":
    third, other = small
    polls = [get("/readyz")] * 10_000
    return [
        asyncio.create_task(paced(running.port, third, PER_SECOND)),
        asyncio.create_task(paced(running.port, other, PER_SECOND)),
        asyncio.create_task(paced(running.port, polls, 10.0, statuses=others.ready)),
    ]


async def _stopped(tasks: "list[asyncio.Task[Result]]", others: Beside) -> None:
    for task in tasks:
        task.cancel()
    others.third, others.other, _ = await asyncio.gather(*tasks)


def largest(scale: Scale) -> list[Figure]:
    """Return the processor time of the largest legal notice, over empty sky, against others'.

    The median notice is that of recorded flights, cut in legs as the SDK does; the usual one of this load has a volume.
    """
    count, large, small = scale.of(60, 500), scale.of(4, 20), scale.of(250, 1_050)
    world = plain_world()
    far = beside(world, "north", "south", limits=LIMITS)
    rng = random.Random(7)

    def big(index: int) -> str:
        return submission(world, "north", *crowd(count, 20_000.0 * index, index))

    heavy = [post("notices", raw) for raw in in_processes(big, large)]
    usuals = [post("notices", submission(world, "north", usual(rng))) for _ in range(small)]
    flown = sorted(flights(recorded(), scale.of(18, 60)), key=lambda flight: len(flight.volumes))
    median = flown[len(flown) // 2]
    medians = [post("notices", submission(far, "north", *median.volumes)) for _ in range(large)]
    with stage(world, far) as running:
        run(send(running.port, usuals[:50], 8))

        def cost(requests: list[bytes], connections: int) -> float:
            before = running.cpu_s()
            run(send(running.port, requests, connections))
            return (running.cpu_s() - before) / len(requests)

        # The usual one on a busy line, where a turn takes many: the dearer it is alone, the less the ratio would say.
        usual_s, heavy_s, median_s = cost(usuals[50:], 128), cost(heavy, 8), cost(medians, 8)
    size = f"{count} volumes, {len(heavy[0])} bytes"
    return [
        Figure("the usual notice", usual_s * 1000, "ms", note=f"worker's processor time; {len(usuals[0])} bytes"),
        Figure("the largest legal notice", heavy_s * 1000, "ms", note=size),
        Figure("the median recorded flight", median_s * 1000, "ms", note=f"{len(median.volumes)} volumes"),
        Figure("largest to median, by processor time", heavy_s / median_s, "", "<= 20"),
        Figure("largest to usual, by processor time", heavy_s / usual_s, "", note="the usual one has a single volume"),
    ]
