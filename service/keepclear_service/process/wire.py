"""One connection of a worker's: uvicorn's protocol, with bounds on what comes before anybody knows from whom, a name
for each request, and with what an open stream needs of it.

Bounded are a head, the framing of a body, trailers, and the requests that wait behind one another; how long each may
take, and how much of it a worker holds in all, is the ``gate``'s. A request's name stands in the log and in its answer
as ``X-Request-ID``. It is random, so that nobody counts others' requests by it. One that the request brings is taken
only where the settings say that a proxy of ours sets it.
"""

import asyncio
import os
import re
from collections.abc import Iterator
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from ..http.problems import REQUEST_ID
from ..http.submits import MAX_BODY_BYTES, WHOLE_ANSWER, WHOLE_BODY
from .answers import Cycle, Whole, refusal
from .gate import Gate, Phase
from .guest import Guest, Reading
from .known import Known, KnownHeads
from .pace import LARGE_BYTES

MAX_HEAD_BYTES = 64 * 1024
"""Of one request's line and headers. A proof has under 6 KB; without a bound (uvicorn has none here), anyone could have
a worker hold a header of any size."""

MAX_HEADERS = 64
"""Of one request: browsers and proxies send under 30. As objects small ones take twenty times their bytes."""

MAX_FRAMING_BYTES = 64 * 1024
"""Of what a body in chunks has beside its content: sizes, extensions, trailers. Chunks of 64 bytes stay within it."""

MAX_READ_ON_BYTES = 2 * MAX_BODY_BYTES
"""Of a body that is refused: so much is still read, so that its sender hears why; then the connection is dropped."""

MAX_WAITING = 32
"""Requests that wait behind the one that is being answered. Ours and browsers send none; each is 3 KB of objects."""

_NAME = re.compile(rb"[0-9A-Za-z-]{16,64}\Z")
"""What a proxy calls a request: nginx 32 hexadecimal digits, others a UUID."""

_NAMES_AT_ONCE = 256

_FRESH, _HEAD, _BODY, _ASKED, _IDLE = Phase


def _names() -> Iterator[str]:
    while True:
        pool = os.urandom(8 * _NAMES_AT_ONCE).hex()
        for at in range(0, len(pool), 16):
            yield pool[at : at + 16]


_next_name = _names().__next__

_known = KnownHeads()


class _TooMuch(Exception):
    """Raised to the parser, so that it reads no further."""


_EXTENSIONS: dict[str, dict[object, object]] = {WHOLE_ANSWER: {}}


class BoundedHead(HttpToolsProtocol):
    """uvicorn's protocol, which refuses what goes beyond the bounds and hangs up, and tells ``gate`` how far it is."""

    _wire: Guest

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        gate: Gate | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._wire = Guest(Gate() if gate is None else gate, self)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin, unless there is no place."""
        super().connection_made(transport)
        self.flow.__class__ = Reading
        wire = self._wire
        wire.abort = transport.abort
        why = wire.gate.enter(wire, self.client[0] if self.client else "")
        if why:
            wire.gate.end(wire, why)

    def on_message_begin(self) -> None:
        """Note that a head begins, unless too many wait."""
        wire = self._wire
        if len(self.pipeline) >= MAX_WAITING:
            wire.gate.end(wire, "waiting")
            raise _TooMuch
        super().on_message_begin()
        self.scope["state"]["wire"] = wire
        wire.heads += 1
        wire.phase, wire.since, wire.head_bytes = _HEAD, self.loop.time(), 0

    def on_headers_complete(self) -> None:
        """Note that the head is whole, and name the request."""
        wire = self._wire
        if len(self.headers) > MAX_HEADERS:
            wire.gate.end(wire, "large_head")
            raise _TooMuch
        before = self.cycle
        super().on_headers_complete()
        if self.cycle is not before:  # it is answered by the application
            self.cycle.__class__ = Cycle
            self.scope["extensions"] = _EXTENSIONS
            wire.before = None if before is None or before.response_complete else before
            name = self.request_name()
            self.scope["state"][REQUEST_ID] = name
            self.cycle.default_headers = [*self.cycle.default_headers, (b"x-request-id", name.encode())]
        wire.phase, wire.body_bytes, wire.whole, wire.framing = _BODY, 0, 0, 0
        self.headers = []  # trailers come here, and are none of the request's headers

    def on_body(self, body: bytes) -> None:
        """Count what came."""
        wire, size = self._wire, len(body)
        wire.body_bytes += size
        wire.whole += size
        wire.framing -= size
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Note that the request is whole."""
        super().on_message_complete()
        wire = self._wire
        wire.phase = _ASKED
        if self.cycle.response_complete:
            self._rest()

    def on_response_complete(self) -> None:
        """Go on with the next request, if one waits; as uvicorn does, but that the gate ends what is idle."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        if self.flow.read_paused:
            self.flow.resume_reading()
        if self.pipeline:
            cycle, app = self.pipeline.pop()
            self._start_asgi_task(cycle, app)
        elif self._wire.phase is _ASKED:
            self._rest()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        """Have a party's request answered at once, a stranger's in its turn."""
        if self._wire.party is not None:
            super()._start_asgi_task(cycle, app)
        else:
            self._wire.gate.begin(lambda: self._start(cycle, app))

    def _start(self, cycle: RequestResponseCycle, app: Any) -> None:
        if not cycle.disconnected:
            super()._start_asgi_task(cycle, app)

    def _rest(self) -> None:
        wire = self._wire
        wire.phase, wire.since = _IDLE, self.loop.time()
        wire.gate.release(wire)

    def request_name(self) -> str:
        """Return what the request is called from here on."""
        return _next_name()

    def data_received(self, data: bytes) -> None:
        """Take what came, and count what of it is no whole request yet."""
        wire = self._wire
        size, gate = len(data), wire.gate
        if size > LARGE_BYTES or (wire.phase is _BODY and wire.whole > LARGE_BYTES):
            gate.paces.spend(wire.sender, wire, size)
        if wire.broken:
            wire.whole += size
            if wire.whole > MAX_READ_ON_BYTES:
                wire.abort()
            return
        wire.held += size
        gate.held += size
        if gate.held > gate.limits.unproved_bytes and not gate.make_room(wire):
            gate.end(wire, "bytes")
            return
        waited = wire.phase is _IDLE and wire.party is not None
        if waited and not self.parser.should_upgrade() and (known := _known.of(data)) is not None:
            self._ask(known, data)
            return
        heads = wire.heads
        if wire.phase is _BODY:
            wire.framing += size
        super().data_received(data)
        if wire.broken:
            return
        if wire.phase is _HEAD or wire.phase is _BODY:
            self._bound(size, begun=heads != wire.heads)
        elif waited and wire.phase is _ASKED:
            _known.learn(data, self.cycle)

    def _ask(self, known: Known, data: bytes) -> None:
        """Have a party's request answered that is whole, and whose head is known."""
        wire, name = self._wire, _next_name()
        wire.phase = _ASKED
        state = {**self.app_state, "wire": wire, REQUEST_ID: name}
        scope = {**known.scope, "client": self.client, "server": self.server, "state": state}
        scope[WHOLE_BODY] = data[known.head :]
        self.cycle = Whole(self, scope, [*self.server_state.default_headers, (b"x-request-id", name.encode())])
        super()._start_asgi_task(self.cycle, self.app)

    def _bound(self, size: int, *, begun: bool) -> None:
        """Hold what has come of an unfinished request against the bounds. ``begun``: its head began in these bytes."""
        wire = self._wire
        if not wire.held:  # the end of a request that was answered early came with them, and gave all back
            wire.held = size
            wire.gate.held += size
        wire.gate.unfinished(wire)
        if wire.phase is _HEAD:
            # Of data in which a head began, nobody knows where; its size is bounded by what one read takes.
            wire.head_bytes += 0 if begun else size
            if wire.head_bytes > MAX_HEAD_BYTES or len(self.headers) > MAX_HEADERS:
                wire.gate.end(wire, "large_head")
        elif wire.framing > MAX_FRAMING_BYTES or len(self.headers) > MAX_HEADERS:
            wire.gate.end(wire, "framing")
        elif wire.whole > MAX_READ_ON_BYTES:
            wire.gate.note("framing")
            wire.abort()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no request."""
        if not self._wire.broken:
            self._wire.gate.end(self._wire, "broken")

    def refuse(self, why: str, *, linger: bool) -> bool:
        """Refuse with a problem document as everything is refused (R-094), and hang up; behind requests that are still
        being answered, hang up after the last of them and say no more. Whether it closes at once.

        To ``linger`` is to read on, so that the refusal is not lost with what its sender had still under way.
        """
        wire = self._wire
        wire.broken = True
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is not None and cycle.more_body:  # it is the body of the newest that cannot be read
            if self.pipeline and self.pipeline[0][0] is cycle:
                self.pipeline.popleft()
                cycle = wire.before
                self.cycle = cycle  # type: ignore[assignment]  # None before the first, as uvicorn has it
            elif cycle.response_complete:
                self.transport.close()
                return True
            elif not cycle.response_started:
                cycle.disconnected = True  # this is its answer
                cycle.body = bytearray()
                cycle.message_event.set()
                cycle = None
        if cycle is not None and not cycle.response_complete:
            cycle.keep_alive = False
            return False
        said = refusal(why) if wire.phase is not _IDLE or why == "broken" else b""
        self.transport.write(said)
        if said and linger:
            self.flow.resume_reading()
            self.transport.write_eof()
        else:
            self.transport.close()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the stream that was open here."""
        super().connection_lost(exc)
        self._wire.end()


class BehindProxy(BoundedHead):
    """The same behind a proxy that names each request, and lets no client's own name through."""

    def request_name(self) -> str:
        """Return the proxy's name for the request, where it is well formed and the only one."""
        given = [value for header, value in self.headers if header == b"x-request-id"]
        return given[0].decode() if len(given) == 1 and _NAME.match(given[0]) else super().request_name()
