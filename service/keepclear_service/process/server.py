"""One worker: an application on the socket that it was given, until it is told to drain.

A worker is a process of the supervisor's. It reads its settings as one JSON object from standard input, says ``ready``
(or why not) as one JSON line on standard output, and ends when standard input does: then its supervisor is gone.

Draining: the signal sets ``app.state.draining`` before uvicorn begins to close, because uvicorn waits for open streams
before it runs the application's shutdown, and an endless stream would hold it for ever (measured). Streams watch that
event and say ``drain``; what has not ended after ``drain_s`` is cut.
"""

import asyncio
import contextlib
import importlib
import json
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

import uvicorn
from fastapi import FastAPI
from keepclear_protocol.errors import KeepclearError
from starlette.types import Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from ..logs import configure_logging, log_event
from .settings import Settings
from .tether import tether

logger = logging.getLogger(__name__)

KEEP_ALIVE_S = 75
"""Seconds that an idle connection stays open: longer than the 60 s of common proxies, so that the proxy closes first
and never sends a request into a connection that we are closing."""

MAX_HEAD_BYTES = 64 * 1024
"""Of one request's line and headers. A proof has under 6 KB; without a bound (uvicorn has none here), anyone could have
a worker hold a header of any size."""

AppFactory = Callable[[Settings], FastAPI]


class BoundedHead(HttpToolsProtocol):
    """uvicorn's protocol, which hangs up on a request whose head does not end within ``MAX_HEAD_BYTES``."""

    _heads = 0
    """Heads that have begun to come."""
    _waiting = False
    """Whether the newest of them has not ended yet."""
    _head_bytes = 0

    def on_message_begin(self) -> None:
        """Note that a head begins."""
        super().on_message_begin()
        # For a stream that takes nothing: a plain close would keep its buffer until the other side reads it.
        self.scope["state"]["abort"] = self.transport.abort
        self._heads += 1
        self._waiting, self._head_bytes = True, 0

    def on_headers_complete(self) -> None:
        """Note that the head is whole."""
        self._waiting = False
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        """Take what came, then count it where it belongs to a head that is not whole."""
        heads = self._heads
        super().data_received(data)
        # Of data in which a head began, nobody knows where; its size is bounded by what one read takes.
        if self._waiting and heads == self._heads:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES:
                self.send_400_response("The request's head is too large.")


class Startup:
    """The application, with what went wrong in its startup kept in ``failure`` instead of logged as a traceback."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app
        self.failure: Exception | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on; let no startup failure through but as the protocol's message."""
        if scope["type"] != "lifespan":
            await self.app(scope, receive, send)
            return

        async def quiet(message: Message) -> None:
            await send({"type": message["type"]} if message["type"].endswith(".failed") else message)

        try:
            await self.app(scope, receive, quiet)
        except Exception as error:
            self.failure = error
            raise


class Server(uvicorn.Server):
    """uvicorn's server, which says when it is ready, and sets ``app.state.draining`` as the first act of its end."""

    def __init__(self, config: uvicorn.Config, app: FastAPI, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._app = app
        self._ready = ready
        self._loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start as uvicorn does, then say so."""
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)
        if self.started:
            if self.should_exit:
                self._drain()
            self._ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin the drain; called from the signal handler."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._drain)
        super().handle_exit(sig, frame)

    def _drain(self) -> None:
        draining = getattr(self._app.state, "draining", None)
        if isinstance(draining, asyncio.Event):
            draining.set()


def serve(app: FastAPI, settings: Settings, listener: socket.socket, ready: Callable[[], None]) -> None:
    """Serve ``app`` on ``listener`` until SIGTERM or SIGINT; return when all is drained or cut.

    Raises whatever the application's startup raised.
    """
    startup = Startup(app)
    config = uvicorn.Config(
        startup,
        interface="asgi3",
        http=BoundedHead,
        lifespan="on",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=settings.limit_connections,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=settings.drain_s,
    )
    server = Server(config, app, ready)
    # uvicorn restores these handlers and raises the signal again when it has drained; that then changes nothing.
    for sig in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sig, server.handle_exit)
    try:
        server.run(sockets=[listener])
    except SystemExit:
        if startup.failure is None:
            raise
        raise startup.failure from None


def work(order: dict[str, Any], say: Callable[[dict[str, Any]], None]) -> int:
    """Do as ``order`` says; return the process's exit code. ``say`` reports to the supervisor."""
    settings = Settings(**order["settings"])
    configure_logging(settings.log_level)
    module, _, name = order["factory"].partition(":")
    try:
        app = getattr(importlib.import_module(module), name)(settings)
        listener = socket.socket(fileno=order["listener"])
        serve(app, settings, listener, lambda: say({"event": "ready"}))
    except KeepclearError as error:
        say({"event": "failed", "code": error.code, "detail": error.detail, "hint": error.hint})
        return 1
    except Exception:
        logger.exception("worker_failed")
        say({"event": "failed", "code": "internal", "detail": "a worker failed; its log says why", "hint": ""})
        return 1
    log_event(logger, logging.INFO, "worker_drained")
    return 0


def _leave_with_parent() -> None:
    """End this process when standard input does; draining is pointless without a supervisor."""
    with contextlib.suppress(OSError):
        while os.read(0, 4096):
            pass
    os._exit(1)


def main() -> int:
    """Run one worker; see the module."""
    order = json.loads(sys.stdin.buffer.readline())
    tether(order["supervisor"], signal.SIGKILL)
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    report = os.dup(1)
    os.dup2(2, 1)  # whatever else writes to standard output must not reach the supervisor as a report

    def say(message: dict[str, Any]) -> None:
        with contextlib.suppress(BrokenPipeError):
            os.write(report, json.dumps(message).encode() + b"\n")

    return work(order, say)


if __name__ == "__main__":
    sys.exit(main())
