"""The stream's door: who reads, from where, and the connection that the hub writes to.

What is said on it, in which order and until when is the hub's (``delivery``). Where the server offers to drop a
connection (``abort`` in the request's state, see ``process.server``), one that takes nothing is dropped with its
buffer; a plain close would wait for the reader that never reads.
"""

from typing import Any

from fastapi import APIRouter, Request
from keepclear_protocol.cursor import Cursor
from keepclear_protocol.kinds import WATCH
from starlette.types import Receive, Scope, Send

from ..delivery.hub import Hub
from ..delivery.subscriber import Connection
from .deps import Reader, reader
from .plain import PlainRoute
from .problems import described

HEADERS = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # nginx would keep events back
]

_admit = reader(WATCH)

router = APIRouter(responses=described(400, 401, 403, 409, 503))


class EventStream:
    """The answer that goes on: a party's stream, written by the hub."""

    def __init__(self, hub: Hub, who: Reader, start: Cursor | None) -> None:
        self._hub = hub
        self._party, self._kid = who.party, who.proof.kid
        self._start = start

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Write the stream until it ends."""

        async def write(data: bytes) -> None:
            await send({"type": "http.response.body", "body": data, "more_body": True})

        async def gone() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass

        abort = scope.get("state", {}).get("abort", _nothing)
        await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        await self._hub.serve(self._party, self._kid, self._start, Connection(write, gone, abort))
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def stream(request: Request) -> EventStream:
    """Send the party's events behind the cursor, or all that are still there without one, and then as they come."""
    who = await _admit(request)
    hubs: dict[str, Hub] = request.app.state.hubs
    return EventStream(hubs[who.hotline.agreement.id], who, _position(request))


def _position(request: Request) -> Cursor | None:
    """Return where the reader left off; ``Last-Event-ID`` is newer than the query of a reconnecting reader."""
    text = request.headers.get("last-event-id", request.query_params.get("cursor"))
    return None if text is None else Cursor.parse(text)


def _nothing() -> None:
    """Do nothing: this server cannot drop a connection."""


def _parameter(place: str, name: str) -> dict[str, Any]:
    return {"in": place, "name": name, "required": False, "schema": {"type": "string"}}


router.add_api_route(
    "/v1/stream",
    stream,
    methods=["GET"],
    response_model=None,
    responses={200: {"description": "server-sent events", "content": {"text/event-stream": {}}}},
    openapi_extra={"parameters": [_parameter("query", "cursor"), _parameter("header", "last-event-id")]},
    route_class_override=PlainRoute,
)
