"""The scene of an attack: the real ``keepclear-service run`` with its own embedded store, and two agreements in it.

In the first are an attacker, a victim with ordinary flights, and an honest third party; the second is of people who
have nothing to do with it. All of it is gone when the scene ends.
"""

import asyncio
import contextlib
import functools
import json
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import redis
from benchmarks.client import connect, exchange, post, run
from benchmarks.stage import beside, children, run_words
from keepclear import Desk
from keepclear_service.process.embedded import embedded_store, running_store
from support.exposition import series
from support.line import found_line
from support.service import RunningService, running_service
from support.world import World

from .flights import ATTACKER, HONEST, LEGS, VICTIM, apart, victims
from .moved import StoreClock, store_clock

DISK_MB = 96
"""A service takes no notices with less than 64 MiB of room on its store's disk."""

FILED_WITHIN_S = 30.0


@dataclass
class Scene:
    """A running service: ``world`` is the attacked agreement, ``other`` the one beside it."""

    world: World
    other: World
    service: RunningService
    folder: Path
    words: list[str] = field(default_factory=list)
    clock: StoreClock | None = None
    """The store's clock, where the scene can move it."""

    @property
    def port(self) -> int:
        """Where the service listens."""
        return int(self.service.listening["port"])

    @property
    def url(self) -> str:
        """Its address."""
        return self.service.url

    @functools.cached_property
    def store_url(self) -> str:
        """Where the store answers."""
        url = running_store(self.folder / "store")
        assert url is not None, "the embedded store does not run"
        return url

    def store(self) -> "redis.Redis":
        """Return a client of the store."""
        return redis.Redis.from_url(self.store_url)

    def pids(self, kind: str = "worker") -> list[int]:
        """Return the processes of the service's that run now: each ``worker``, or the ``store``."""
        found: dict[str, list[int]] = {"worker": [], "store": []}
        for pid in children(self.service.process.pid):
            with contextlib.suppress(OSError):
                words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
                store = any(name in words[0] for name in (b"valkey-server", b"redis-server"))
                found["store" if store else "worker"].append(pid)
        return found[kind]

    def log(self) -> list[dict[str, Any]]:
        """Return the log's lines so far that are whole."""
        lines = self.service.log_file.read_text("utf-8", "replace").splitlines()
        return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]

    def refusals(self) -> Counter[str]:
        """Return how many requests the service has refused so far, by code, as its operator sees them."""
        port = self.service.listening["metrics_port"]
        text = httpx2.get(f"http://127.0.0.1:{port}/metrics", timeout=20).text
        refused: Counter[str] = Counter()
        for (name, labels), value in series(text).items():
            if name == "keepclear_refusals_total":
                refused[dict(labels)["code"]] += int(value)
        return refused

    def file(self, *submissions: str) -> None:
        """File statements that must be taken, one after the other."""
        run(_file(self.port, submissions))

    def desk(self, party: str, name: str = "") -> Desk:
        """Return a desk of a party of the attacked agreement, with a folder of its own for each ``name``."""
        key = self.world.parties[party].key
        return Desk(self.world.agreement, key, self.folder / f"desk-{name or party}", connect_to=self.url)


def worlds(**changed: Any) -> tuple[World, World]:
    """Return the attacked agreement and the other one."""
    world = World(ATTACKER, VICTIM, HONEST, **changed)
    return world, beside(world, "east", "west")


@contextlib.contextmanager
def scene(
    words: Sequence[str] = (), legs: int = LEGS, moved_clock: bool = False, small_disk: bool = False, **changed: Any
) -> Iterator[Scene]:
    """Found two agreements, run the service over them, and file the victim's flights of so many legs each."""
    world, other = worlds(**changed)
    with tempfile.TemporaryDirectory(prefix="kc-abuse-") as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        if small_disk:
            stack.enter_context(_disk(folder / "store"))
        found_lines([world, other], folder / "store")
        given = [*run_words([world, other], folder), "--embedded", str(folder / "store")]
        all_words = ["run", *given, "--port", "0", "--metrics-port", "0", *words]
        clock = stack.enter_context(store_clock()) if moved_clock else None
        env = None if clock is None else clock.env
        service = stack.enter_context(running_service(folder / "log", *all_words, env=env))
        on = Scene(world, other, service, folder, all_words, clock)
        on.file(*victims(world, legs), *apart(world))
        yield on


@contextlib.contextmanager
def _disk(folder: Path) -> Iterator[None]:
    """Mount a small disk; takes root."""
    folder.mkdir()
    options = f"size={DISK_MB}m,mode=700"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "keepclear-abuse", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=False)


def found_lines(all_worlds: Sequence[World], folder: Path) -> None:
    """Found lines in an embedded store of a folder's own."""

    async def found() -> None:
        async with embedded_store(folder) as store:
            for world in all_worlds:
                await asyncio.to_thread(found_line, world.agreement, store.url)

    asyncio.run(found())


async def _file(port: int, submissions: Sequence[str]) -> None:
    connection = await connect(port)
    for raw in submissions:
        status, body = await exchange(connection, post("notices", raw))
        ended = time.monotonic() + FILED_WITHIN_S
        while status == 503 and time.monotonic() < ended:
            await asyncio.sleep(0.05)
            status, body = await exchange(connection, post("notices", raw))
        assert status == 201, body[:300]
    connection.transport.close()
