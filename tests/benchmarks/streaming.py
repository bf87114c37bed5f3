"""Streams, read cheaply: raw connections that count events and keep the times at which they came.

A frozen one never reads: its receive window fills, as a desk's does that hangs.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import cast

import httptools
from support.world import World

from .client import HOST, get


class Stream(asyncio.Protocol):
    """One open stream: ``events`` are (seconds of the monotonic clock, event's name), ``bytes`` what came in all."""

    def __init__(self, request: bytes, heard: Callable[[str], None] | None = None) -> None:
        self.events: list[tuple[float, str]] = []
        self.bytes = 0
        self.status = 0
        self.closed = False
        self.opened: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._request = request
        self._heard = heard
        self._parser = httptools.HttpResponseParser(self)
        self._pieces: list[bytes] = []
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is none by class
        self.transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self.bytes += len(data)
        self._parser.feed_data(data)

    def on_headers_complete(self) -> None:
        self.status = self._parser.get_status_code()
        if not self.opened.done():
            self.opened.set_result(self.status)

    def on_body(self, body: bytes) -> None:
        self._pieces.append(body)
        if not body.endswith(b"\n\n"):
            return
        frames = b"".join(self._pieces).split(b"\n\n")
        self._pieces = []
        now = time.perf_counter()
        for frame in frames:
            if frame.startswith(b"event: ") or b"\nevent: " in frame:
                name = frame.partition(b"event: ")[2].partition(b"\n")[0].decode()
                self.events.append((now, name))
                if self._heard is not None:
                    self._heard(name)

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True
        if not self.opened.done():
            self.opened.set_result(0)

    def count(self, name: str = "alert") -> int:
        """Return how many events of a name have come."""
        return sum(event == name for _, event in self.events)


async def open_stream(port: int, world: World, party: str, target: str = "/v1/stream") -> Stream:
    """Open a party's stream; it must be granted."""
    request = get(target, world.proof(party, target))
    _, stream = await asyncio.get_running_loop().create_connection(lambda: Stream(request), HOST, port)
    status = await asyncio.wait_for(stream.opened, 60)
    assert status == 200, f"the stream answered {status}"
    return stream


async def open_streams(port: int, world: World, parties: Sequence[str], count: int, at_once: int = 50) -> list[Stream]:
    """Open many streams, the parties by turns, a few at a time."""
    streams: list[Stream] = []
    while len(streams) < count:
        more = range(len(streams), min(count, len(streams) + at_once))
        streams += await asyncio.gather(*(open_stream(port, world, parties[n % len(parties)]) for n in more))
    return streams


async def until(holds: Callable[[], bool], within_s: float = 120.0) -> bool:
    """Wait until something holds; whether it came to hold within the time."""
    deadline = time.perf_counter() + within_s
    while not holds():
        if time.perf_counter() > deadline:
            return False
        await asyncio.sleep(0.002)
    return True
