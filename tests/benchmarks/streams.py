"""Idle streams of one worker: what they use of its core and memory, and what a submit beside them notices.

A stream is idle where its party is told nothing. The submits beside are another party's pair of its own, at a steady
rate. A frozen reader opens streams and never reads, while its party is sent alerts with long presentations.
"""

import asyncio
import random
from collections.abc import Iterator

from .client import Result, paced, post, run, send
from .figures import Figure, Scale
from .load import Volume, in_processes, notices, plain_world, polygon, shifted, submission, usual, volume
from .stage import Stage, say, stage
from .streaming import Stream, open_stream, open_streams

WATCHERS = [f"watcher-{number}" for number in range(20)]
PER_SECOND = 20.0
IDLE_S = 6
PLACE = (46.4, 8.0)


def measure(scale: Scale) -> list[Figure]:
    """Return processor share, memory and submit times beside 1, many and very many idle streams, and a frozen one."""
    many, most = scale.of(100, 1_000), scale.of(300, 5_000)
    world = plain_world("north", "south", *WATCHERS)
    beside = scale.of(60, 200)
    small = iter(notices(world, 4 * beside, 6, parties=["north", "south"]))
    figures = []
    with stage(world, words=["--limit-connections", str(most + 500)]) as running:
        run(send(running.port, notices(world, 50, 7, parties=["north", "south"]), 8))
        base, p50 = running.rss(), {}
        for count in (1, many, most):
            say(f"streams: {count} idle")
            share, rss, result = run(_beside(running, count, small, beside))
            p50[count] = result.ms(0.5)
            figures += [
                Figure(f"{count} idle: a core's share", 100 * share, "%", "<= 5" if count == many else ""),
                Figure(f"{count} idle: submit p50", p50[count], "ms", note=f"p99 {result.ms(0.99):.0f} ms"),
            ]
            if count > 1:
                each = (rss - base) / count / 1000
                figures.append(Figure(f"{count} idle: memory each", each, "KB", "<= 20" if count == many else ""))
            if count == many:
                figures.append(Figure(f"submit p50, {many} to 1", p50[many] / p50[1], "", "<= 1.3"))
        figures.append(Figure(f"streams open of {most}", most, "", note="all granted"))
    return [*figures, *frozen(scale)]


async def _beside(
    running: Stage, count: int, small: Iterator[bytes], beside: int
) -> tuple[float, int, Result]:
    """Open the streams; return the worker's processor share while idle, its memory, and submits' times beside them."""
    streams = await open_streams(running.port, running.world, WATCHERS, count)
    await asyncio.sleep(2.0)
    before = running.cpu_s()
    await asyncio.sleep(IDLE_S)
    share = (running.cpu_s() - before) / IDLE_S
    rss = running.rss()
    result = await paced(running.port, [next(small) for _ in range(beside)], PER_SECOND)
    assert not any(stream.closed for stream in streams), "a stream was closed"
    for stream in streams:
        stream.transport.close()
    await asyncio.sleep(1.0)
    return share, rss, result


def frozen(scale: Scale) -> list[Figure]:
    """Return what readers that stop reading cost others, while their party is sent alerts of 300 KB."""
    legs, large, readers = scale.of(50, 300), scale.of(4, 16), scale.of(5, 20)
    world = plain_world("north", "south", "third")

    def one(index: int) -> bytes:
        party = "south" if index < 2 else "north"
        return post("notices", submission(world, party, *_crowd(legs, index)))

    heavy = in_processes(one, large + 2)
    rng = random.Random(8)
    small = [post("notices", submission(world, "third", usual(rng))) for _ in range(240)]
    say(f"streams: {readers} frozen readers")
    with stage(world) as running:
        run(send(running.port, [*heavy[:2], *small[:40]], 1))
        quiet, before, after = run(_frozen(running, heavy[2:], small[40:], readers))
    grown = (after - before) / 2**20
    return [
        Figure("frozen readers: third party's submit p50", quiet[1].ms(0.5), "ms", note=f"{readers} readers"),
        Figure("to that with one reader that reads", quiet[1].ms(0.5) / quiet[0].ms(0.5), "", "<= 1.3"),
        Figure("frozen readers: worker's memory grew by", grown, "MiB", "<= 64", f"{large} alerts of {legs} volumes"),
    ]


def _crowd(count: int, seed: int) -> list[Volume]:
    """Return polygons over one another in time and place, each at a height of its own, so that few pairs are judged."""
    rng = random.Random(seed)

    def one(number: int) -> Volume:
        lat, lng = shifted(*PLACE, rng.uniform(-40, 40), rng.uniform(-40, 40))
        return volume(polygon(lat, lng, 150, 10), 20 * number, 20 * number + 10, 7_200, 9_000)

    return [one(number) for number in range(count)]


async def _frozen(
    running: Stage, heavy: list[bytes], small: list[bytes], readers: int
) -> tuple[tuple[Result, Result], int, int]:
    half, world = len(heavy) // 2, running.world
    reading = await open_stream(running.port, world, "south")
    first = await _under(running, heavy[:half], small[:100])
    before = running.rss()
    stuck: list[Stream] = []
    for _ in range(readers):
        stuck.append(await open_stream(running.port, world, "south"))
        stuck[-1].transport.pause_reading()
    second = await _under(running, heavy[half:], small[100:])
    await asyncio.sleep(2.0)
    after = running.rss()
    for stream in (reading, *stuck):
        stream.transport.abort()
    return (first, second), before, after


async def _under(running: Stage, heavy: list[bytes], small: list[bytes]) -> Result:
    """File small notices while heavy ones, one every second, cause alerts."""
    load = asyncio.create_task(paced(running.port, heavy, 1.0))
    result = await paced(running.port, small, 12.5)
    await load
    return result
