"""One connection of a worker's: uvicorn's protocol, with a bound on heads, a name for each request, and with what an
open stream needs of it.

A request's name stands in the log and in its answer as ``X-Request-ID``. It is random, so that nobody counts others'
requests by it. One that the request brings is taken only where the settings say that a proxy of ours sets it.
"""

import asyncio
import os
import re
from collections.abc import Callable, Iterator
from typing import Any

from keepclear_protocol.encoding import dump_json
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from ..http.problems import MEDIA_TYPE, REQUEST_ID, document
from ..http.submits import WHOLE_ANSWER

MAX_HEAD_BYTES = 64 * 1024
"""Of one request's line and headers. A proof has under 6 KB; without a bound (uvicorn has none here), anyone could have
a worker hold a header of any size."""


_NAME = re.compile(rb"[0-9A-Za-z-]{16,64}\Z")
"""What a proxy calls a request: nginx 32 hexadecimal digits, others a UUID."""

_NAMES_AT_ONCE = 256


def _names() -> Iterator[str]:
    while True:
        pool = os.urandom(8 * _NAMES_AT_ONCE).hex()
        for at in range(0, len(pool), 16):
            yield pool[at : at + 16]


_next_name = _names().__next__


class Wire:
    """A connection as its requests see it, under ``wire`` in their state.

    An object of its own: more attributes on the protocol than Python shares the names of cost each 1.3 KB.
    """

    __slots__ = ("abort", "before", "broken", "gone", "head_bytes", "heads", "lost", "waiting")

    def __init__(self, abort: Callable[[], None]) -> None:
        self.abort = abort
        """Drops the connection with all it holds; a plain close would wait for a reader that never reads."""
        self.lost: Callable[[], None] | None = None
        self.gone = False
        self.heads = self.head_bytes = 0
        """Heads that have begun to come, and bytes of the newest while it has not ended (``waiting``)."""
        self.waiting = False
        self.before: RequestResponseCycle | None = None
        """The request before the newest, where it was still being answered when that came."""
        self.broken = False
        """Whether something came that is no request: nothing is read any more."""

    def when_lost(self, call: Callable[[], None] | None) -> None:
        """Have ``call`` called once the other side is gone, at once if it is; instead of whatever was to be called."""
        self.lost = call
        if self.gone and call is not None:
            call()


class Cycle(RequestResponseCycle):
    """uvicorn's request and response, which takes a whole answer in one message, too."""

    async def send(self, message: Any) -> None:
        """Send what uvicorn sends, or a whole JSON answer."""
        if message["type"] != WHOLE_ANSWER:
            await super().send(message)
            return
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if self.disconnected or self.response_started:
            return
        self.response_started = self.response_complete = True
        self.waiting_for_100_continue = False
        body: bytes = message["body"]
        head = [STATUS_LINE[message["status"]]]
        for name, value in self.default_headers:
            head += (name, b": ", value, b"\r\n")
        head += (b"content-type: application/json\r\ncontent-length: ", str(len(body)).encode())
        head += (b"\r\n\r\n" if self.keep_alive else b"\r\nconnection: close\r\n\r\n", body)
        self.transport.write(b"".join(head))
        self.message_event.set()
        if not self.keep_alive:
            self.transport.close()
        self.on_response()


_EXTENSIONS: dict[str, dict[object, object]] = {WHOLE_ANSWER: {}}


class BoundedHead(HttpToolsProtocol):
    """uvicorn's protocol, which hangs up on a request whose head does not end within ``MAX_HEAD_BYTES``."""

    _wire: Wire

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin."""
        super().connection_made(transport)
        self._wire = Wire(transport.abort)

    def on_message_begin(self) -> None:
        """Note that a head begins."""
        super().on_message_begin()
        self.scope["state"]["wire"] = self._wire
        self._wire.heads += 1
        self._wire.waiting, self._wire.head_bytes = True, 0

    def on_headers_complete(self) -> None:
        """Note that the head is whole, and name the request."""
        self._wire.waiting = False
        before = self.cycle
        super().on_headers_complete()
        if self.cycle is not before:  # it is answered by the application
            self.cycle.__class__ = Cycle
            self.scope["extensions"] = _EXTENSIONS
            self._wire.before = None if before is None or before.response_complete else before
            name = self.request_name()
            self.scope["state"][REQUEST_ID] = name
            self.cycle.default_headers = [*self.cycle.default_headers, (b"x-request-id", name.encode())]

    def request_name(self) -> str:
        """Return what the request is called from here on."""
        return _next_name()

    def data_received(self, data: bytes) -> None:
        """Take what came, then count it where it belongs to a head that is not whole."""
        wire = self._wire
        if wire.broken:
            return
        heads = wire.heads
        super().data_received(data)
        # Of data in which a head began, nobody knows where; its size is bounded by what one read takes.
        if wire.waiting and heads == wire.heads and not wire.broken:
            wire.head_bytes += len(data)
            if wire.head_bytes > MAX_HEAD_BYTES:
                self.send_400_response("the request's head is too large")

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no request, with a problem document as everything is refused (R-094), and hang up; behind
        requests that are still being answered, hang up after the last of them and say no more."""
        self._wire.broken = True
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is not None and cycle.more_body:  # it is the body of the newest that cannot be read
            if self.pipeline and self.pipeline[0][0] is cycle:
                self.pipeline.popleft()
                cycle = self._wire.before
                self.cycle = cycle  # type: ignore[assignment]  # None before the first, as uvicorn has it
            elif cycle.response_complete:
                self.transport.close()
                return
            elif not cycle.response_started:
                cycle.disconnected = True  # this is its answer
                cycle.message_event.set()
                cycle = None
        if cycle is not None and not cycle.response_complete:
            cycle.keep_alive = False
            return
        body = dump_json(document("request", msg[:1].lower() + msg[1:].rstrip(".")))
        head = f"HTTP/1.1 400 Bad Request\r\ncontent-type: {MEDIA_TYPE}\r\ncontent-length: {len(body)}\r\n"
        self.transport.write(head.encode() + b"connection: close\r\n\r\n" + body)
        self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the stream that was open here."""
        super().connection_lost(exc)
        self._wire.gone = True
        if self._wire.lost is not None:
            self._wire.lost()


class BehindProxy(BoundedHead):
    """The same behind a proxy that names each request, and lets no client's own name through."""

    def request_name(self) -> str:
        """Return the proxy's name for the request, where it is well formed and the only one."""
        given = [value for header, value in self.headers if header == b"x-request-id"]
        return given[0].decode() if len(given) == 1 and _NAME.match(given[0]) else super().request_name()
