"""Readers that hurt: streams without number, frozen ones (H6), and reads in a loop."""

import asyncio
import itertools
import time
from collections.abc import Iterator
from typing import Any

from benchmarks.client import HOST, get, post, run
from benchmarks.load import in_processes, submission
from benchmarks.stage import status_kib
from benchmarks.streaming import Stream

from .attack import Attack, Scale
from .flights import ATTACKER, harmless, sheaf
from .scene import Scene
from .volley import Spent, volley

AT_ONCE = 50


async def opened(
    scene: Scene, count: int, spent: Spent, *, frozen: bool = False, target: str = "/v1/stream"
) -> list[Stream]:
    """Open streams in the attacker's name, as many as are granted; ``frozen`` ones never read beyond their opening."""
    loop, streams = asyncio.get_running_loop(), list[Stream]()

    async def one() -> None:
        request = get(target, scene.world.proof(ATTACKER, target))
        stream: Stream | None = None
        try:
            _, stream = await loop.create_connection(lambda: Stream(request), HOST, scene.port)
            status = await asyncio.wait_for(stream.opened, 20)
        except (OSError, TimeoutError):
            status = 0
        spent.answered(status, b"", len(request))
        if stream is not None and status == 200:
            streams.append(stream)
            if frozen:
                stream.transport.pause_reading()
        elif stream is not None:
            stream.transport.abort()

    for first in range(0, count, AT_ONCE):
        await asyncio.gather(*(one() for _ in range(first, min(count, first + AT_ONCE))))
    return streams


class IdleStreams(Attack):
    """Hundreds of streams of one party, which listen and are woken with each of its moves."""

    name = "H6"
    title = "idle streams of one party"

    def prepare(self, scene: Scene, scale: Scale) -> Any:
        """Sign what moves the streams."""
        return [post("notices", harmless(scene.world, ATTACKER, number)) for number in range(scale.of(60, 300))]

    async def strike(self, scene: Scene, scale: Scale, spent: Spent, prepared: Any) -> None:
        """Open them, and file on the side so that all are woken."""
        streams = await opened(scene, scale.of(80, 800), spent)
        spent.facts["streams granted"] = len(streams)
        spent.require(len(streams) <= 64, f"one party holds {len(streams)} streams")
        await volley(scene.port, prepared, Spent(), seconds=scale.of(2, 7))
        for stream in streams:
            stream.transport.abort()


class FrozenStreams(Attack):
    """Streams that are opened from the beginning over large events, and never read."""

    name = "H6f"
    title = "frozen readers"

    def prepare(self, scene: Scene, scale: Scale) -> Any:
        """File two large notices that meet all of the victim's flights, so that the stream has something to say."""
        volumes = scale.of(60, 300)
        return in_processes(
            lambda number: post("notices", submission(scene.world, ATTACKER, *sheaf(volumes, number))), 2
        )

    async def strike(self, scene: Scene, scale: Scale, spent: Spent, prepared: Any) -> None:
        """Freeze as many as are granted."""
        await volley(scene.port, prepared, spent, seconds=15)
        with scene.store() as client:
            epoch = client.hget(f"kc:{{{scene.world.agreement.id}}}:meta", "epoch")
        assert isinstance(epoch, bytes)
        before = sum(status_kib(pid, "VmRSS") for pid in scene.pids()) / 1024
        target = f"/v1/stream?cursor={epoch.decode()}-0"
        streams = await opened(scene, scale.of(20, 100), spent, frozen=True, target=target)
        await asyncio.sleep(scale.of(2, 5))
        held = sum(status_kib(pid, "VmRSS") for pid in scene.pids()) / 1024
        spent.facts["streams granted"] = len(streams)
        spent.facts["workers' memory"] = f"{before:.0f} to {held:.0f} MiB"
        spent.require(held - before < 150, f"frozen readers cost the workers {held - before:.0f} MiB")
        for stream in streams:
            stream.transport.abort()


class LoopingReaders(Attack):
    """Four readers who ask for all of their notices in a loop, of a party that has many."""

    name = "M4"
    title = "readers in a loop"

    def prepare(self, scene: Scene, scale: Scale) -> Any:
        """File the attacker's many notices, as far as they are taken."""
        count = scale.of(200, 2_000)
        requests = in_processes(lambda number: post("notices", harmless(scene.world, ATTACKER, number)), count)
        filed = Spent()
        run(volley(scene.port, requests, filed, connections=32, seconds=scale.of(5, 20)))
        return filed

    async def strike(self, scene: Scene, scale: Scale, spent: Spent, prepared: Any) -> None:
        """Read in a loop."""
        spent.facts["notices of the reader's"] = f"{prepared.taken} of {prepared.sent} taken {dict(prepared.codes)}"
        ended = time.monotonic() + scale.of(3, 8)

        def reads() -> Iterator[bytes]:
            while time.monotonic() < ended:
                yield get("/v1/notices", scene.world.proof(ATTACKER, "/v1/notices"))

        await volley(scene.port, reads(), spent, connections=4, seconds=scale.of(3, 8))


class KeepAlivePhase(Attack):
    """When a party's keep-alives come must not tell when the other side files."""

    name = "M3"
    title = "the keep-alive's phase tells every filing"

    async def strike(self, scene: Scene, scale: Scale, spent: Spent, prepared: Any) -> None:
        """Listen as the attacker; look whether the spaces between comments hang on what the honest file."""
        target = "/v1/stream"
        request = get(target, scene.world.proof(ATTACKER, target))
        times: list[float] = []

        class Ear(asyncio.Protocol):
            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                self.transport = transport
                transport.write(request)  # type: ignore[attr-defined]

            def data_received(self, data: bytes) -> None:
                times.extend([time.monotonic()] * data.count(b": keep-alive\n\n"))

        _, ear = await asyncio.get_running_loop().create_connection(Ear, HOST, scene.port)
        await asyncio.sleep(scale.of(10, 21))
        ear.transport.close()
        spaces = [later - earlier for earlier, later in itertools.pairwise(times)]
        spent.facts["spaces between comments"] = ", ".join(f"{space:.2f}" for space in spaces) + " s"
        # The others file six times a second all the while: comments of their own clock come at even spaces.
        spread = max(spaces) - min(spaces) if len(spaces) > 1 else float("inf")
        spent.require(spread < 0.6, f"the spaces between comments differ by {spread:.2f} s while others file")
