"""The stream's door: who reads, from where, and the connection that the hub writes to.

What is said on it, in which order and until when is the hub's (``delivery``). ASGI has no word for a connection that
is to be dropped with all that it holds, and tells of one that is gone only to a task that waits for it; the server's
own connection (``wire`` in the request's state) does both.
"""

from collections.abc import Callable
from typing import Protocol

from fastapi import APIRouter, Request
from keepclear_protocol.cursor import Cursor
from keepclear_protocol.errors import OverBudget
from keepclear_protocol.instant import SECOND
from keepclear_protocol.kinds import WATCH
from starlette.types import Receive, Scope, Send

from ..delivery.hub import Hub
from ..delivery.subscriber import STALLED_S, Connection
from .deps import Reader, reader
from .problems import request_id

HEADERS = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # nginx would keep events back
]

STREAMS = "streams"
"""The budget of what is open at once."""

_admit = reader(WATCH)

router = APIRouter()


class Wire(Protocol):
    """The connection that a request came on, as ``process.wire`` has it."""

    abort: Callable[[], None]

    def when_lost(self, call: Callable[[], None] | None) -> None:
        """Have ``call`` called once the other side is gone."""


class EventStream:
    """The answer that goes on: a party's stream, written by the hub."""

    def __init__(self, hub: Hub, who: Reader, start: Cursor | None, name: str) -> None:
        self._hub, self._name = hub, name
        self._party, self._kid, self._request = who.party, who.proof.kid, who.proof.sha256
        self._start = start

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Write the stream until it ends."""

        async def write(data: bytes) -> None:
            await send({"type": "http.response.body", "body": data, "more_body": True})

        scope["headers"].clear()  # a kilobyte of proof, which nobody needs any more
        wire: Wire = scope["state"]["wire"]
        await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        connection = Connection(write, wire.when_lost, wire.abort)
        await self._hub.serve(self._party, self._kid, self._request, self._start, connection, self._name)
        wire.when_lost(None)
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def stream(request: Request) -> EventStream:
    """Send the party's events behind the cursor, or all that are still there without one, and then as they come."""
    who = await _admit(request)
    who.hotline.check_told()
    _check_budget(who)
    hubs: dict[str, Hub] = request.app.state.hubs
    return EventStream(hubs[who.hotline.agreement.id], who, _position(request), request_id(request.scope))


def _check_budget(who: Reader) -> None:
    """Raise ``OverBudget`` where the party has as many streams open on this worker as it may have."""
    hotline, most = who.hotline, who.hotline.agreement.budgets.streams
    if hotline.observer.streams[who.party] >= most:
        # One whose reader has gone in silence is cut by then.
        again_at = int((hotline.clock.seconds() + STALLED_S) * SECOND)
        said = f"{who.party} has {most} streams open, as many as are agreed: end a watch, console or program of yours"
        raise OverBudget(STREAMS, 0, again_at, said)


def _position(request: Request) -> Cursor | None:
    """Return where the reader left off; ``Last-Event-ID`` is newer than the query of a reconnecting reader."""
    text = request.headers.get("last-event-id", request.query_params.get("cursor"))
    return None if text is None else Cursor.parse(text)


PATH = "/v1/stream"

router.add_api_route(PATH, stream, response_model=None)

DOORS = {("GET", PATH): stream}
"""What answers, by method and path (see ``service``); the route is there for other methods."""
