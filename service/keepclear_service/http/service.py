"""The app: FastAPI's, but the doors that take statements, and the stream's, are entered before its middleware.

Measured under load, the framework's middleware, routing and injection took a third of a submit's processor time, more
than reading and checking the statement; and an idle stream kept 7 KB of the framework's frames. A door whose body is
not parsed needs none of it. The doors are routes like the others too, and every other request goes through them as
ever.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from fastapi import FastAPI, Request
from keepclear_protocol.errors import KeepclearError
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from .problems import note, problem, refusal

log = logging.getLogger(__name__)

Door = Callable[[Request], Awaitable[ASGIApp]]


class ServiceApp(FastAPI):
    """An app with ``doors`` by method and path, each of which answers by itself."""

    def __init__(self, doors: Mapping[tuple[str, str], Door], **options: Any) -> None:
        super().__init__(**options)
        self._doors = dict(doors)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        door = self._doors.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        if door is None:
            await super().__call__(scope, receive, send)
            return
        scope["app"] = self
        try:
            answer = await door(Request(scope, receive))
        except (KeepclearError, ClientDisconnect) as error:
            answer = refusal(error, scope)
        except Exception as error:
            log.error("fault", exc_info=error)
            note("internal", scope)
            answer = problem("internal")
        await answer(scope, receive, send)
