"""The console as one application: the page's files, the exchange of a start token, and the doors of every room.

A room adds its doors by a function ``routes(console)`` in its own module, named in ``ROOMS``. Every path of theirs
begins with ``/api/``, so that the guard asks for a session before they are reached.
"""

from collections.abc import Callable

from keepclear_protocol.errors import KeepclearError, Refused
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from . import deeds, filing_doors, history_doors
from .assets import file, tag, words
from .console import Console
from .doors import problem, read_json
from .guard import EXCHANGE, Guard, cookie_name, cookies_of, is_guarded

ROOMS: tuple[Callable[[Console], list[BaseRoute]], ...] = (deeds.routes, filing_doors.routes, history_doors.routes)

BROWSER_S = 24 * 3600
"""The cookie outlives a browser that died: opened again within a watch, the page goes on."""


def create_app(console: Console, port: int) -> Guard:
    """Return the application of a console that answers on ``port``."""

    async def exchange(request: Request) -> Response:
        given = await read_json(request)
        held = given.get("held")
        cookies, keys = cookies_of(request.headers, port), held if isinstance(held, dict) else {}
        session, cookie, page_key = console.access.admit(given.get("token"), cookies, keys)
        answer = JSONResponse({"page_key": page_key, "role": session.role})
        answer.set_cookie(
            cookie_name(port, session.role), cookie, max_age=BROWSER_S, path="/", httponly=True, samesite="strict"
        )
        return answer

    async def basemap(request: Request) -> Response:
        if console.basemap is None or not console.basemap.is_file():
            raise Refused("not_found", "this console has no chart of its own: --basemap names one")
        return FileResponse(console.basemap, media_type="application/octet-stream")

    async def speak(request: Request) -> Response:
        return _served(request, words(request.path_params["language"]), "application/json")

    async def page(request: Request) -> Response:
        return _served(request, *file(request.path_params["path"] or "index.html"))

    rooms = [route for room in ROOMS for route in room(console)]
    outside = [route for route in rooms if not (isinstance(route, Route) and is_guarded(route.path))]
    assert not outside, outside  # noqa: S101 - a door of a room that asks for no session would be a hole
    routes: list[BaseRoute] = [
        Route(EXCHANGE, exchange, methods=["POST"]),
        *rooms,
        Route("/basemap", basemap, methods=["GET"]),
        Route("/words/{language}.json", speak, methods=["GET"]),
        Route("/{path:path}", page, methods=["GET"]),
    ]
    faults = dict.fromkeys((KeepclearError, HTTPException, Exception), problem)
    inner = Starlette(routes=routes, exception_handlers=faults)
    inner.router.redirect_slashes = False
    return Guard(inner, console.access, port)


def _served(request: Request, data: bytes, kind: str) -> Response:
    """Return a file, or that it is as the browser has it: asked each time, so that no page mixes two versions."""
    headers = {"etag": tag(data), "cache-control": "no-cache"}
    if request.headers.get("if-none-match") == headers["etag"]:
        return Response(status_code=304, headers=headers)
    return Response(data, media_type=kind, headers=headers)
