"""The doors of a session, its stream, and what an officer does: begin and end a watch, see, acknowledge."""

from keepclear_protocol.errors import Malformed
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from .console import Console
from .doors import read_json, session_of, text, whole_number
from .feed import Stream

MOST_SHOWN = 1_000
"""Conflicts on one page at once, far more than a screen has."""

READ_BACK_CHARACTERS = 4_000


def routes(console: Console) -> list[BaseRoute]:
    """Return the doors."""

    async def stream(request: Request) -> Stream:
        return console.pages.open(session_of(request))

    async def acknowledge(request: Request) -> Response:
        given = await read_json(request)
        read_back = None if given.get("read_back") is None else text(given, "read_back", READ_BACK_CHARACTERS)
        named = text(given, "conflict"), whole_number(given, "version")
        said = await console.duty.acknowledge(session_of(request), *named, read_back)
        return JSONResponse(
            {
                "conflict": said.conflict, "version": said.version, "officer": said.officer,
                "acknowledged_before_by": said.before,
            }
        )  # fmt: skip

    async def shown(request: Request) -> Response:
        given = await read_json(request, 4 * 64 * 1024)
        await console.duty.shown(session_of(request), _versions(given.get("conflicts")))
        return JSONResponse({})

    async def begin(request: Request) -> Response:
        given = await read_json(request)
        console.duty.begin(session_of(request), text(given, "officer"))
        return JSONResponse(console.session_json(session_of(request)))

    async def end(request: Request) -> Response:
        given = await read_json(request)
        to = None if given.get("to") is None else text(given, "to")
        console.duty.end(session_of(request), to)
        return JSONResponse(console.session_json(session_of(request)))

    return [
        Route("/api/stream", stream, methods=["GET"]),
        Route("/api/acknowledge", acknowledge, methods=["POST"]),
        Route("/api/shown", shown, methods=["POST"]),
        Route("/api/watch/begin", begin, methods=["POST"]),
        Route("/api/watch/end", end, methods=["POST"]),
    ]


def _versions(value: object) -> list[tuple[str, int]]:
    pairs = value if isinstance(value, list) and len(value) <= MOST_SHOWN else [None]
    if not all(map(_is_version, pairs)):
        raise Malformed("request", f"conflicts must be a list of at most {MOST_SHOWN} pairs of id and version")
    return [(one[0], one[1]) for one in pairs]  # type: ignore[index]  # each was looked at


def _is_version(value: object) -> bool:
    return isinstance(value, list) and [type(part) for part in value] == [str, int]
