"""The doors of ``filing``: every deed of it takes and gives JSON; a file comes as its bytes."""

from collections.abc import Awaitable, Callable

from keepclear_protocol.errors import Malformed
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from keepclear.offline.inputs.content import MAX_INPUT_BYTES

from .console import Console
from .doors import read_body, read_json
from .filing import Deed, Filing

MOST_BYTES = 1024 * 1024
"""Of a form: a pasted plan with thousands of points."""

Door = Callable[[Request], Awaitable[Response]]


def routes(console: Console) -> list[BaseRoute]:
    """Return the doors."""
    filing = Filing(console.desk, console.clock)

    def door(deed: Deed) -> Door:
        async def answer(request: Request) -> Response:
            try:
                return JSONResponse(await deed(await read_json(request, MOST_BYTES)))
            finally:
                console.wake()

        return answer

    async def take_file(request: Request) -> Response:
        if request.headers.get("content-type") != "application/octet-stream":
            raise Malformed("content_type", "a file must be application/octet-stream")
        return JSONResponse(await filing.take_file(await read_body(request, MAX_INPUT_BYTES)))

    return [
        *(Route(path, door(deed), methods=["POST"]) for path, deed in filing.deeds.items()),
        Route("/api/filing/file", take_file, methods=["POST"]),
    ]
