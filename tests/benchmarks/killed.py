"""A worker killed over many live notices: first answer, all folded, and what another agreement's desks feel of it.

One of two workers, then the only one. The notices have four volumes each, half of them each party's. Another agreement
on the same workers is filed to at a steady rate all the while; a request whose connection dies is sent again, as a desk
does, and its time counts from when it was due.
"""

import asyncio
import os
import random
import signal
import time

from support.world import World

from . import stage
from .client import connect, exchange, get, post, quantile, run, send
from .figures import Figure, Scale
from .load import in_processes, plain_world, submission, usual
from .stage import Stage, beside, say

VOLUMES = 4
A_SECOND = 20
"""Submits of the other agreement."""

CALM_S, WITHIN_S = 10.0, 120.0


def measure(scale: Scale) -> list[Figure]:
    """Return the seconds until answers come again, and the other agreement's submit times before and during."""
    live = scale.of(200, 10_000)
    return [figure for workers in (2, 1) for figure in _killed(live, workers)]


def _killed(live: int, workers: int) -> list[Figure]:
    world = plain_world()
    other = beside(world, "east", "west")
    parties = list(world.parties)

    def one(index: int) -> bytes:
        rng = random.Random(index)
        return post("notices", submission(world, parties[index % 2], *[usual(rng) for _ in range(VOLUMES)]))

    words = ("--workers", str(workers))
    with stage.stage(world, other, words=words, pin=False) as running:
        run(send(running.port, in_processes(one, live), 64))
        before = running.used_memory() / live
        say(f"killed: {live} live notices, {before:.0f} bytes of store each")
        calm, hit, first_s, folded_s, receipt_s = run(_story(running, world, other))
    name = f"one of {workers} workers killed" if workers > 1 else "the only worker killed"
    count = f"{len(hit)} submits"
    untouched = "<= 250" if workers > 1 else ""  # what a dead worker had not taken yet is ended with it, in 0.1 s
    return [
        Figure(f"{name}: first answer", first_s, "s", "<= 2", f"{live} live"),
        Figure(f"{name}: all folded by all", folded_s, "s", "<= 15"),
        Figure(f"{name}: first receipt of the large agreement", receipt_s, "s"),
        Figure(f"{name}: the other's submit p99, calm", quantile(calm, 0.99), "ms"),
        Figure(f"{name}: the other's submit p99 until folded", quantile(hit, 0.99), "ms", untouched, count),
        Figure(f"{name}: the other's submit p50 until folded", quantile(hit, 0.5), "ms"),
    ]


async def _story(
    running: Stage, world: World, other: World
) -> tuple[list[float], list[float], float, float, float]:
    calm: list[float] = []
    hit: list[float] = []
    into, ended = calm, asyncio.Event()
    tasks: set[asyncio.Task[None]] = set()

    async def submit(raw: str, due: float, times: list[float]) -> None:
        while True:
            try:
                connection = await connect(running.port)
                status, _ = await exchange(connection, post("notices", raw), 10)
                connection.transport.close()
                if status in (200, 201):
                    break
            except (OSError, TimeoutError):
                pass
            await asyncio.sleep(0.01)
        times.append((time.perf_counter() - due) * 1000)

    async def steady() -> None:
        number, began = 0, time.perf_counter()
        while not ended.is_set():
            raw = submission(other, "east" if number % 2 else "west", usual(random.Random(-number)))
            due = began + number / A_SECOND
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            tasks.add(asyncio.create_task(submit(raw, due, into)))
            number += 1

    filing = asyncio.create_task(steady())
    await asyncio.sleep(CALM_S)
    into = hit
    began = time.perf_counter()
    os.kill(running.workers[0], signal.SIGKILL)
    first = asyncio.create_task(_first(running.port, began))
    receipt = asyncio.create_task(_receipt(running, world, began))
    folded_s = await _folded(running, began)
    first_s, receipt_s = await first, await receipt
    ended.set()
    await filing
    await asyncio.gather(*tasks)
    return calm, hit, first_s, folded_s, receipt_s


async def _first(port: int, began: float) -> float:
    while True:
        try:
            status, _ = await exchange(await connect(port), get("/healthz"), 5)
            if status == 200:
                return time.perf_counter() - began
        except (OSError, TimeoutError):
            pass
        await asyncio.sleep(0.01)


async def _receipt(running: Stage, world: World, began: float) -> float:
    raw = submission(world, "north", usual(random.Random(-1)))
    while True:
        try:
            status, _ = await exchange(await connect(running.port), post("notices", raw), 10)
            if status in (200, 201):
                return time.perf_counter() - began
        except (OSError, TimeoutError):
            pass
        await asyncio.sleep(0.02)


async def _folded(running: Stage, began: float) -> float:
    """Return the seconds until the killed worker's successor says that both its lines are folded.

    Of the log only what is new is read: all of it, line by line, would hold up the submits that are measured here.
    """
    said = ""
    with running.service.log_file.open() as log:
        log.seek(0, os.SEEK_END)
        while time.perf_counter() - began < WITHIN_S:
            if stage.urgent:
                for pid in stage.children(running.service.process.pid):
                    stage.go_first(pid)  # the successor is of a session of its own
            said += log.read()
            if said.count('"line_ready"') >= len(running.worlds):
                return time.perf_counter() - began
            await asyncio.sleep(0.02)
    raise AssertionError("the killed worker's place was not filled")
