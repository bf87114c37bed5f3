"""One worker: an application on the socket that it was given, until it is told to drain.

A worker is a process of the supervisor's. It reads its settings as one JSON object from standard input, says ``ready``
(or why not) as one JSON line on standard output, among others that it comes round (``heartbeat``), and ends when
standard input does: then its supervisor is gone.

Draining: the signal sets the event ``app.state.draining``, which stands there before the application's startup. uvicorn
waits for open streams before anything is told that it closes, and an endless stream would hold it for ever (measured).
Streams watch that event and say ``drain``; what has not ended after ``drain_s`` is cut. Then the application's own
shutdown runs. What the worker counts and says, ``app.state.observer``, its ``app.state.clock``, and whether others
answer meanwhile, ``app.state.others``, stand there before the startup, too. Where a task of the application fails, the
worker ends, and the supervisor starts the next one.
"""

import asyncio
import contextlib
import functools
import gc
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

from ..logs import configure_logging, log_event
from ..metrics import Board
from ..observer import Observer
from ..steady import SteadyClock
from .bounds import limits
from .descriptors import hold_standard
from .gate import Gate
from .heartbeat import beat
from .settings import Settings
from .tether import tether
from .wire import BehindProxy, BoundedHead

logger = logging.getLogger(__name__)

AppFactory = Callable[[Settings], FastAPI]
Say = Callable[[dict[str, Any]], None]


class Server(uvicorn.Server):
    """uvicorn's server, which says when it is ready, and sets ``app.state.draining`` as the first act of its end."""

    def __init__(self, config: uvicorn.Config, app: FastAPI, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._app = app
        self._ready = ready
        self._loop = asyncio.get_running_loop()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen as uvicorn does, then say so."""
        await super().startup(sockets)
        self._ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin the drain; called from the signal handler."""
        self._loop.call_soon_threadsafe(lambda: self._app.state.draining.set())
        super().handle_exit(sig, frame)


def _tune() -> None:
    """Make the interpreter fit for a loop that must breathe and a memory that grows and stays.

    Collecting garbage walked the whole fold again and again: measured, 15 % of a submit's time at 2 000 live notices,
    and more with more. A submit leaves next to no cycles; structs of data, which can be in none, are none of the
    collector's (``gc=False``). A thread that matches a heavy notice works in pieces of two or three milliseconds; a
    switch interval of one lets the loop in between them at once.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 1_000)
    sys.setswitchinterval(0.001)


def serve(app: FastAPI, settings: Settings, listener: socket.socket, say: Say) -> None:
    """Serve ``app`` on ``listener`` until SIGTERM or SIGINT; return when all is drained or cut.

    ``say`` is told when it is ready, and that the loop comes round.

    Raises whatever the application's startup raised, as it is: the lifespan is entered here and not by uvicorn, which
    would log a traceback and exit.
    """
    gate = Gate(limits(settings), app.state.observer.cut)
    protocol = BehindProxy if settings.proxy_names_requests else BoundedHead
    config = uvicorn.Config(
        app,
        interface="asgi3",
        http=functools.partial(protocol, gate=gate),  # type: ignore[arg-type]  # it is called as the class would be
        lifespan="off",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=settings.drain_s,
    )

    async def run() -> None:
        _tune()
        app.state.draining = asyncio.Event()
        app.state.turns = lambda: True  # until an application knows better
        beating = asyncio.create_task(beat(say, lambda: bool(app.state.turns())))
        server = Server(config, app, lambda: say({"event": "ready"}))
        # uvicorn restores these handlers and raises the signal again when it has drained; that then changes nothing.
        for sig in (signal.SIGTERM, signal.SIGINT):
            signal.signal(sig, server.handle_exit)
        async with app.router.lifespan_context(app):
            looking = asyncio.create_task(gate.run())
            try:
                await server.serve(sockets=[listener])
            finally:
                looking.cancel()
        beating.cancel()

    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(run())


def work(create_app: AppFactory, order: dict[str, Any], say: Say) -> int:
    """Do as ``order`` says; return the process's exit code. ``say`` reports to the supervisor."""
    settings = Settings(**order["settings"])
    lines = configure_logging(settings.log_level)
    try:
        app = create_app(settings)
        app.state.observer = Observer(Board(len(settings.agreements), order["board"]), lines)
        app.state.clock = SteadyClock(order["clock"])
        app.state.others = order["others"]
        listener = socket.socket(fileno=order["listener"])
        serve(app, settings, listener, say)
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


def main(create_app: AppFactory) -> int:
    """Run one worker around the application that ``create_app`` makes of the settings; see the module."""
    hold_standard()
    order = json.loads(sys.stdin.buffer.readline())
    tether(order["supervisor"], signal.SIGKILL)
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    report = os.dup(1)
    os.dup2(2, 1)  # whatever else writes to standard output must not reach the supervisor as a report
    os.set_blocking(report, False)  # a supervisor that does not listen must not make a loop wait

    def say(message: dict[str, Any]) -> None:
        with contextlib.suppress(BrokenPipeError, BlockingIOError):
            os.write(report, json.dumps(message).encode() + b"\n")

    return work(create_app, order, say)
