"""A console as a process: its socket on loopback, its server beside the desk in one loop, its links, and its end.

Guaranteed: it listens on 127.0.0.1 alone; SIGINT, SIGTERM and SIGHUP end it within ``DRAIN_S``, though streams are
open, each of which is told so. The browser is opened by way of a file of mode 0600: what stands in a process's
arguments every user of the machine can read.
"""

import asyncio
import contextlib
import html
import logging
import os
import signal
import socket
import sys
import time
import webbrowser
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from keepclear_protocol.errors import LocalError

from keepclear.cli import out
from keepclear.cli.reference import Reference
from keepclear.desk.desk import AsyncDesk
from keepclear.reasons import reason

from .access import TOKEN_S, Access
from .app import create_app
from .console import Console
from .guard import Guard
from .peers import Peer
from .post import Post, held

DRAIN_S = 3
"""A stream ends at once when it is told to; whatever else is on its way has as long."""

BACKLOG = 32
"""So many are accepted before the loop does anything else, such as to cut those that are too many: far fewer than the
descriptors that a process has, without which nothing goes on."""

OPENER = "console-open.html"
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What the command line says of a console."""

    port: int = 0
    officer: str | None = None
    reference: Reference | None = None
    basemap: Path | None = None
    wall: bool = False
    browser: bool = True


async def serve(desk: AsyncDesk, given: Given) -> int | None:
    """Serve the console of a desk until a signal; return its number."""
    with _listening(given.port) as listener, held(desk.journal.folder, listener.getsockname()[1]) as post:
        access = Access(post.secret)
        console = Console(desk, access, named=given.officer, reference=given.reference, basemap=given.basemap)
        server = _server(create_app(console, post.port))
        ended: list[int] = []

        def end(number: int) -> None:
            ended.append(number)
            console.pages.end()
            server.should_exit = True

        opener = desk.journal.folder / OPENER
        with _signals(end), _enter(lambda: _print_links(post, given.wall)):
            running = asyncio.ensure_future(console.run())
            running.add_done_callback(lambda _: end(0))
            serving = asyncio.ensure_future(server.serve(sockets=[listener]))
            try:
                _print_links(post, given.wall)
                if given.browser:
                    await asyncio.to_thread(_open_browser, post, opener)
                await serving
            finally:
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)
                opener.unlink(missing_ok=True)
        if not running.cancelled() and (fault := running.exception()) is not None:
            raise fault
        return ended[0] if ended else None


class _Server(uvicorn.Server):
    """uvicorn's server, which leaves signals to the console."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


def _server(app: Guard) -> _Server:
    # What it would log is of single connections, and a page that was cut is no fault.
    logging.getLogger("uvicorn").setLevel(logging.CRITICAL)
    config = uvicorn.Config(
        app,
        interface="asgi3",
        http=Peer,
        backlog=BACKLOG,
        lifespan="off",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=DRAIN_S,
    )
    return _Server(config)


@contextlib.contextmanager
def _listening(port: int) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
            listener.listen()  # a link that was printed can be opened: who is early waits
        except OSError as error:
            hint = "name another with --port, or leave it to the machine to choose one"
            raise LocalError("usage", f"port {port} of 127.0.0.1 cannot be used: {reason(error)}", hint=hint) from None
        yield listener


@contextlib.contextmanager
def _signals(end: Callable[[int], None]) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    for number in SIGNALS:
        loop.add_signal_handler(number, end, number)
    try:
        yield
    finally:
        for number in SIGNALS:
            loop.remove_signal_handler(number)


@contextlib.contextmanager
def _enter(pressed: Callable[[], None]) -> Iterator[None]:
    """Hear Enter in the terminal, where there is one."""
    if sys.stdin is None or not sys.stdin.isatty():
        yield
        return
    loop, descriptor = asyncio.get_running_loop(), sys.stdin.fileno()

    def read() -> None:
        try:
            data = os.read(descriptor, 4096)
        except OSError:
            data = b""
        if data:
            pressed()
        else:
            loop.remove_reader(descriptor)

    loop.add_reader(descriptor, read)
    try:
        yield
    finally:
        loop.remove_reader(descriptor)


def _print_links(post: Post, wall: bool) -> None:
    out.say(post.link("officer", time.time()))
    if wall:
        out.say(post.link("wall", time.time()))
    talk = f"each link opens the console once, within {TOKEN_S // 60} minutes"
    out.note(f"{talk}; Enter prints new ones, Ctrl-C ends the console")


def _open_browser(post: Post, opener: Path) -> None:
    """Open the page in the user's browser; that there is none is no fault."""
    link = html.escape(post.link("officer", time.time()), quote=True)
    with contextlib.suppress(OSError, webbrowser.Error):
        opener.unlink(missing_ok=True)
        descriptor = os.open(opener, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(f'<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0;url={link}">')
        webbrowser.open(opener.resolve().as_uri())
