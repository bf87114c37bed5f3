"""HTTP of the operator's address, on the supervisor's own loop: nobody holds a thread of it, whatever becomes of them.

Guaranteed: only who names us by an IP address, ``localhost`` or the name that we were given is answered, so that no
page in a browser reads what stands here by a name of its own that was made to lead to us (DNS rebinding). A connection
has one request, and a deadline for each part of it; so many are answered at a time, and where too many are open, the
oldest that has not asked yet makes room. A fault of ours is a 500 and one line in the log, a few a second.
"""

import asyncio
import contextlib
import ipaddress
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

AT_ONCE = 16
"""Requests that are answered at a time; more wait for their turn."""

MOST_OPEN = 256
"""Connections at once."""

BACKLOG = 128
"""Connections that the system holds until we take them."""

HEAD_BYTES = 8 * 1024
"""Of a request's line and headers; twice as much is buffered of each connection at most."""

ASKED_WITHIN_S = 5.0
"""Seconds from a connection to the end of its request."""

ANSWERED_WITHIN_S = 25.0
"""Seconds that an answer may take, with the wait for its turn."""

TAKEN_WITHIN_S = 5.0
"""Seconds that the other side has to take it."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked: ``path`` is without the query, ``accept`` as it came."""

    method: str
    path: str
    host: str
    accept: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said: ``status`` with its words, ``headers`` beside those that every answer has."""

    status: str
    body: bytes = b""
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()


Door = Callable[[Request], Awaitable[Answer]]


@contextlib.asynccontextmanager
async def serving(listener: socket.socket, name: str, door: Door) -> AsyncIterator[None]:
    """Serve ``door`` on a bound socket, which is ours from here on, for the length of an ``async with`` block."""
    connections = _Connections(name, door)
    server = await asyncio.start_server(connections.take, sock=listener, limit=HEAD_BYTES, backlog=BACKLOG)
    try:
        yield
    finally:
        server.close()
        await connections.end()


class _Connections:
    """All that are open: ``asking`` those that have not asked yet, the oldest first."""

    def __init__(self, name: str, door: Door) -> None:
        self._name = name
        self._door = door
        self._open: set[asyncio.Task[None]] = set()
        self._asking: dict[asyncio.Task[None], None] = {}
        self._turns = asyncio.Semaphore(AT_ONCE)

    def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Begin with a connection."""
        if len(self._open) >= MOST_OPEN:
            for oldest in self._asking:
                oldest.cancel()
                del self._asking[oldest]
                break
            else:
                writer.transport.abort()
                return
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._open.add(task)
        self._asking[task] = None
        task.add_done_callback(self._gone)

    async def end(self) -> None:
        """Hang up on everybody."""
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    def _gone(self, task: asyncio.Task[None]) -> None:
        self._open.discard(task)
        self._asking.pop(task, None)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Who says nothing or no end, takes nothing or hangs up is told nothing, and is no fault of ours.
        try:
            with contextlib.suppress(TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                method, answer = await self._asked(reader)
                async with asyncio.timeout(TAKEN_WITHIN_S):
                    writer.transport.set_write_buffer_limits(0)  # so that it is drained when all has been taken
                    writer.write(_written(answer, whole=method != "HEAD"))
                    await writer.drain()
                    writer.close()
                    await writer.wait_closed()
        finally:
            writer.transport.abort()

    async def _asked(self, reader: asyncio.StreamReader) -> tuple[str, Answer]:
        try:
            async with asyncio.timeout(ASKED_WITHIN_S):
                request = _read(await reader.readuntil(b"\r\n\r\n"))
        except ValueError:
            return "", Answer("400 Bad Request")
        if (ours := asyncio.current_task()) is not None:
            self._asking.pop(ours, None)
        if not _names_us(request.host, self._name):
            words = b"ask by an IP address, by localhost, or by the name that --metrics-host gives\n"
            return request.method, Answer("421 Misdirected Request", words, "text/plain")
        try:
            async with asyncio.timeout(ANSWERED_WITHIN_S), self._turns:
                return request.method, await self._door(request)
        except TimeoutError:
            return request.method, Answer("503 Service Unavailable")
        except Exception as error:
            logger.warning("operator_request_failed", exc_info=error)
            return request.method, Answer("500 Internal Server Error")


def _read(head: bytes) -> Request:
    """Return a request; raise ``ValueError`` where it is none."""
    first, *lines = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    method, target, version = first.split(" ")
    if not version.startswith("HTTP/1."):
        raise ValueError("another protocol")
    headers: dict[str, list[str]] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or name != name.strip():
            raise ValueError("a header that is none")
        headers.setdefault(name.lower(), []).append(value.strip())
    hosts = headers.get("host", [])
    return Request(
        method, target.partition("?")[0], hosts[0] if len(hosts) == 1 else "", ",".join(headers.get("accept", []))
    )


def _names_us(host: str, name: str) -> bool:
    """Whether a Host is one that leads to us alone; its port is not looked at, for whoever comes through a tunnel."""
    given = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    if given.lower().removesuffix(".") in ("localhost", name.lower().removesuffix(".")):
        return True
    with contextlib.suppress(ValueError):
        ipaddress.ip_address(given)
        return True
    return False


def _written(answer: Answer, *, whole: bool) -> bytes:
    lines = [
        f"HTTP/1.1 {answer.status}",
        f"Content-Type: {answer.content_type}",
        f"Content-Length: {len(answer.body)}",
        "Cache-Control: no-store",
        "Connection: close",
        *(f"{name}: {value}" for name, value in answer.headers),
    ]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + (answer.body if whole else b"")
