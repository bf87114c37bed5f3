"""The doors of history: the picture of then, how far it reaches, every conflict, one whole, and its report.

Reading alone: a wall screen may ask too. What takes the disk's time is done beside the loop.
"""

import asyncio

from keepclear_protocol.errors import Malformed, Refused
from keepclear_protocol.instant import parse_instant
from keepclear_protocol.speakable import speakable
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from keepclear.desk.incident import Incident

from .console import Console
from .doors import session_of
from .history import Past, incident_json, incidents, span
from .report.document import body
from .report.words import Words


def routes(console: Console) -> list[BaseRoute]:
    """Return the doors."""
    desk = console.desk
    past = Past(desk)

    async def then(request: Request) -> Response:
        at = parse_instant(request.query_params.get("at"), code="request")
        if at > console.clock():
            raise Malformed("request", "that is yet to come")
        return JSONResponse(await asyncio.to_thread(past.picture, at))

    async def reach(_: Request) -> Response:
        return JSONResponse(await asyncio.to_thread(span, desk, console.clock()))

    async def every(_: Request) -> Response:
        return JSONResponse({"incidents": await asyncio.to_thread(incidents, desk)})

    async def one(request: Request) -> Response:
        return JSONResponse(await asyncio.to_thread(lambda: incident_json(named(request))))

    async def report(request: Request) -> Response:
        words, by = Words.of(request.query_params.get("lang", "en")), console.duty.officer_at(session_of(request))
        made = await asyncio.to_thread(lambda: body(named(request), words, console.clock(), by))
        code = speakable(request.path_params["conflict"])
        return JSONResponse({"html": made, "code": code})

    def named(request: Request) -> Incident:
        found = desk.incident(request.path_params["conflict"])
        if found is None:
            raise Refused("conflict_unknown", "this desk knows no such conflict")
        return found

    return [
        Route("/api/history", then, methods=["GET"]),
        Route("/api/history/span", reach, methods=["GET"]),
        Route("/api/incidents", every, methods=["GET"]),
        Route("/api/incidents/{conflict}", one, methods=["GET"]),
        Route("/api/incidents/{conflict}/report", report, methods=["GET"]),
    ]
