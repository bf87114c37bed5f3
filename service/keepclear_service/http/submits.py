"""The doors that take statements: one for each kind. The bytes are read, never parsed by the framework."""

import asyncio
from typing import Any

from fastapi import APIRouter, Request
from keepclear_protocol.encoding import dump_plain
from keepclear_protocol.errors import Malformed, NotAuthentic
from keepclear_protocol.kinds import KINDS, NOTICE, Kind
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from ..line.hotline import Accepted
from .deps import asks_as, hotlines
from .problems import REQUEST_ID, STATEMENT, named, proved, served
from .service import Door

MAX_BODY_BYTES = 512 * 1024
"""The largest submission of the protocol; an agreement may allow less."""

LARGE_BODY_BYTES = 32 * 1024
"""Of a larger body it is looked at once whose it says to be: as soon as its header is there, where it is announced."""

HEADER_BYTES = 400
"""Of a statement hold its protected header, as far as anybody reads it."""

router = APIRouter()


WHOLE_ANSWER = "keepclear.answer"
"""A server's extension (ASGI): one message that is a whole JSON answer, and what it costs to look at each header, alike
in all of them, is saved: a twentieth of a submit's processor time under load."""

WHOLE_BODY = "keepclear.body"
"""Where a server's scope has the body that came with its head, and that ``size_of_small`` has been asked of."""


class Answer:
    """A JSON answer, written with what it needs alone."""

    def __init__(self, body: bytes, status: int) -> None:
        self._body, self._status = body, status

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Write the answer."""
        if WHOLE_ANSWER in (scope.get("extensions") or ()):
            await send({"type": WHOLE_ANSWER, "status": self._status, "body": self._body})
            return
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(self._body)).encode())]
        await send({"type": "http.response.start", "status": self._status, "headers": headers})
        await send({"type": "http.response.body", "body": self._body})


def _door(kind: Kind) -> Door:
    async def door(request: Request) -> Answer:
        body = request.scope.get(WHOLE_BODY)
        raw = _text(await _body(request, kind) if body is None else body)
        arrived = asyncio.get_running_loop().time()
        state = request.scope["state"]
        state[STATEMENT] = raw
        hotline = hotlines(request).of(raw, kind.typ)
        accepted = await hotline.submit(kind, raw, arrived, state.get(REQUEST_ID, ""))
        served(notice=kind is NOTICE and not accepted.again)
        if accepted.again:
            # Whoever holds the bytes of another's statement can send them: its receipt is for its own party.
            own = await asks_as(request, hotline, accepted.party)
            return Answer(dump_plain({"receipt": accepted.receipt if own else None}), 200)
        proved(request.scope, hotline, accepted.party)
        return _answer(accepted)

    router.add_api_route(kind.door, door, methods=["POST"], response_model=None)
    return door


DOORS = {("POST", kind.door): _door(kind) for kind in KINDS}
"""What answers, by method and path (see ``service``); the routes are there for other methods."""


_KINDS = {("POST", kind.door): kind for kind in KINDS}


def size_of_small(scope: Scope) -> int | None:
    """Return how long a statement's body says to be, where the head is right and it is not looked at before its end."""
    kind = _KINDS.get((scope["method"], scope["path"]))
    try:
        announced = None if kind is None else _announced(scope, kind)
    except Malformed:
        return None
    return announced if announced is not None and announced <= LARGE_BODY_BYTES else None


def _announced(scope: Scope, kind: Kind) -> int | None:
    """Return how many bytes a body says to have; raise ``Malformed`` where its head is not this door's."""
    media_type = kind.media_type
    kinds, announced = [], b""
    for name, value in scope["headers"]:
        if name == b"content-type":
            kinds.append(value)
        elif name == b"content-length":
            announced = value[:20]
    if len(kinds) != 1 or kinds[0].partition(b";")[0].strip().lower() != media_type.encode():
        raise Malformed("content_type", f"this door takes {media_type}")
    if not announced.isdigit():
        return None
    if int(announced) > MAX_BODY_BYTES:
        raise Malformed("too_large", f"a body has at most {MAX_BODY_BYTES} bytes")
    return int(announced)


async def _body(request: Request, kind: Kind) -> bytes:
    """Return the body of a request; of a large one under no key of ours nothing is kept."""
    announced = _announced(request.scope, kind)
    asked, ask_at = False, LARGE_BODY_BYTES  # in chunks nobody says before how much will come
    if announced is not None:
        asked, ask_at = announced <= LARGE_BODY_BYTES, HEADER_BYTES
    body: bytes = b""
    while True:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        body += message.get("body", b"")
        if len(body) > MAX_BODY_BYTES:
            raise Malformed("too_large", f"a body has at most {MAX_BODY_BYTES} bytes")
        if not message.get("more_body", False):
            return body
        if not asked and len(body) >= ask_at:
            hotline, kid = hotlines(request).of_signer(body[:HEADER_BYTES].decode("latin-1"), kind.typ)
            named(request.scope, hotline, hotline.signer(kid)[0].id)
            asked = True


def _text(body: bytes) -> str:
    try:
        return body.decode("ascii")
    except UnicodeDecodeError:
        raise NotAuthentic from None


def _answer(accepted: Accepted) -> Answer:
    body: dict[str, Any] = {"receipt": accepted.receipt, "alerts": list(accepted.alerts)}
    if accepted.more:
        body["more"] = True
    return Answer(dump_plain(body), 201)
