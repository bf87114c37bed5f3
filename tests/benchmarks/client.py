"""A lean client: kept-alive connections that send prepared requests as fast as they are answered, or at a given rate.

It shares a core with the store, so that it must cost little: requests are bytes made beforehand, and of an answer no
more is read than its status and length.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

import uvloop

HOST = "127.0.0.1"
T = TypeVar("T")


@dataclass
class Result:
    """One run: seconds in all, milliseconds of each request in the order of the answers, and bodies where kept."""

    seconds: float = 0.0
    latencies_ms: list[float] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Requests answered in a second."""
        return len(self.latencies_ms) / self.seconds

    def ms(self, part: float) -> float:
        """Milliseconds that ``part`` of the requests stayed under."""
        return quantile(self.latencies_ms, part)


def quantile(values: Sequence[float], part: float) -> float:
    """Return the value that ``part`` of ``values`` stay under."""
    return sorted(values)[min(len(values) - 1, int(part * len(values)))] if values else float("nan")


def post(door: str, body: bytes | str) -> bytes:
    """Return a statement's request to one of the doors."""
    raw = body.encode() if isinstance(body, str) else body
    kind = b"application/sd-jwt" if door == "notices" else b"application/jwt"
    head = b"POST /v1/%s HTTP/1.1\r\nHost: bench\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n"
    return head % (door.encode(), kind, len(raw)) + raw


def get(target: str, headers: dict[str, str] | None = None) -> bytes:
    """Return the request of a read."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
    return f"GET {target} HTTP/1.1\r\nHost: bench\r\n{lines}\r\n".encode()


class Connection(asyncio.Protocol):
    """One connection: a request at a time, its answer handed to whoever asked."""

    def __init__(self) -> None:
        self._buffer = b""
        self._needed = 0
        self._answered: Callable[[int, bytes], None] | None = None
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is none by class

    def ask(self, request: bytes, answered: Callable[[int, bytes], None]) -> None:
        """Send; ``answered`` is called with status and body, or with 0 when the connection is lost."""
        self._buffer, self._needed, self._answered = b"", 0, answered
        if self.transport.is_closing():
            self.connection_lost(None)
            return
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._buffer = self._buffer + data if self._buffer else data
        if not self._needed:
            head, end, _ = self._buffer.partition(b"\r\n\r\n")
            if not end:
                return
            self._needed = len(head) + 4 + int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        if len(self._buffer) < self._needed:
            return
        answered, self._answered = self._answered, None
        assert answered is not None
        answered(int(self._buffer[9:12]), self._buffer.partition(b"\r\n\r\n")[2])

    def connection_lost(self, exc: Exception | None) -> None:
        answered, self._answered = self._answered, None
        if answered is not None:
            answered(0, str(exc).encode())


async def connect(port: int) -> Connection:
    """Open a connection."""
    _, protocol = await asyncio.get_running_loop().create_connection(Connection, HOST, port)
    return protocol


async def exchange(connection: Connection, request: bytes, within_s: float = 300.0) -> tuple[int, bytes]:
    """Send one request; return its status and body."""
    done: asyncio.Future[tuple[int, bytes]] = asyncio.get_running_loop().create_future()
    connection.ask(request, lambda status, body: None if done.done() else done.set_result((status, body)))
    return await asyncio.wait_for(done, within_s)


async def send(port: int, requests: Sequence[bytes], connections: int, *, keep: bool = False) -> Result:
    """Send every request once, all connections busy; each must be answered with 201. ``keep`` keeps the bodies."""
    result = Result()
    waiting = iter(requests)
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    left = len(requests)
    opened = await asyncio.gather(*(connect(port) for _ in range(connections)))

    def ask(connection: Connection) -> None:
        request = next(waiting, None)
        if request is None:
            return
        asked = time.perf_counter()

        def answered(status: int, body: bytes) -> None:
            nonlocal left
            if status != 201:
                if not done.done():
                    done.set_exception(RuntimeError(f"{status} {body[:300]!r}"))
                return
            result.latencies_ms.append((time.perf_counter() - asked) * 1000)
            if keep:
                result.bodies.append(body)
            left -= 1
            if left == 0 and not done.done():
                done.set_result(None)
            ask(connection)

        connection.ask(request, answered)

    began = time.perf_counter()
    for connection in opened:
        ask(connection)
    if requests:
        await done
    result.seconds = time.perf_counter() - began
    for connection in opened:
        connection.transport.close()
    return result


async def paced(
    port: int, requests: Iterable[bytes], per_second: float, *, statuses: list[int] | None = None
) -> Result:
    """Send requests at a steady rate whatever the answers take; times count from when each was due.

    Stops where it is cancelled, and then returns what was measured; what is unanswered counts as the time so far.
    Answers other than 200 and 201 count as well; ``statuses`` is given all of them.
    """
    result = Result()
    idle: list[Connection] = []
    pending: dict[int, float] = {}
    began = time.perf_counter()

    async def one(number: int, request: bytes) -> None:
        connection = idle.pop() if idle else await connect(port)
        status, _ = await exchange(connection, request)
        result.latencies_ms.append((time.perf_counter() - pending.pop(number)) * 1000)
        if statuses is not None:
            statuses.append(status)
        if status:
            idle.append(connection)

    tasks: list[asyncio.Task[None]] = []
    try:
        for number, request in enumerate(requests):
            due = began + number / per_second
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            pending[number] = due
            tasks.append(asyncio.create_task(one(number, request)))
        await asyncio.gather(*tasks)
    except asyncio.CancelledError:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        result.latencies_ms += [(time.perf_counter() - due) * 1000 for due in pending.values()]
    finally:
        for connection in idle:
            connection.transport.close()
    result.seconds = time.perf_counter() - began
    return result


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on a quick loop."""
    return uvloop.run(main)
