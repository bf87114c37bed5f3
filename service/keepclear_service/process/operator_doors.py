"""The operator's address: ``/metrics`` for scrapers, ``/status`` for ``keepclear-service status``. Never the parties'.

On an address of its own, loopback unless told otherwise, and each request in a thread beside the supervisor's loop:
nothing that is asked here waits for or holds up a worker. Nobody is asked who they are; what is said holds no content
of a statement.
"""

import asyncio
import contextlib
import logging
import socket
import socketserver
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from keepclear_protocol.agreement import Agreement
from keepclear_protocol.encoding import dump_json
from keepclear_protocol.errors import LocalError
from prometheus_client import CollectorRegistry, Metric, make_wsgi_app
from prometheus_client.registry import Collector

from ..logs import log_event
from ..store.connect import connect
from .exposition import exposition
from .lookout import Lookout, OwnStore, Place, Sight
from .settings import Settings
from .status import status

SEEN_WITHIN_S = 20.0
"""Seconds that a look at the store may take; its client gives up each call after five."""

CONNECTIONS = 2
"""To the store, of each use: one look at a time."""

SILENT_CLIENT_S = 5.0
"""Seconds that a client may say nothing."""

logger = logging.getLogger(__name__)


class _Figures(Collector):
    def __init__(self, see: Callable[[], Sight]) -> None:
        self._see = see

    def collect(self) -> Iterable[Metric]:
        """Return all figures as they are now."""
        return exposition(self._see())


class _Server(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def server_bind(self) -> None:
        """Bind without asking a name server who we are."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])
        self.setup_environ()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say that a request failed, in the log."""
        logger.warning("operator_request_failed", exc_info=sys.exc_info()[1])


class _ServerIPv6(_Server):
    address_family = socket.AF_INET6


class _Handler(WSGIRequestHandler):
    timeout = SILENT_CLIENT_S

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: whoever scrapes does so every few seconds."""


@contextlib.asynccontextmanager
async def operator_doors(
    settings: Settings,
    agreements: Sequence[Agreement],
    places: Sequence[Place],
    embedded: OwnStore | None = None,
) -> AsyncIterator[tuple[Lookout | None, int | None]]:
    """Look after a service and serve what is seen, for the length of an ``async with`` block; yield the port, if any.

    Raises ``LocalError`` with ``usage`` where the port that the settings name cannot be had. The one that follows from
    the service's own is no such: without it the service runs all the same, and the log says so.
    """
    if not agreements or settings.store is None:
        yield None, None
        return
    store = connect(settings.store, password=settings.store_password(), connections=CONNECTIONS)
    lookout = Lookout(store, agreements, places, settings.volatile, embedded)
    try:
        with _serving(settings, lookout) as port:
            yield lookout, port
    finally:
        await store.close()


@contextlib.contextmanager
def _serving(settings: Settings, lookout: Lookout) -> Iterator[int | None]:
    port = settings.operator_port()
    if port is None:
        yield None
        return
    family = _ServerIPv6 if ":" in settings.metrics_host else _Server
    try:
        server = make_server(
            settings.metrics_host, port, _application(lookout), server_class=family, handler_class=_Handler
        )
    except OSError as error:
        detail = f"cannot listen on {settings.metrics_host} port {port} for the operator: {error.strerror or error}"
        if settings.metrics_port is not None:
            raise LocalError("usage", detail, hint="--metrics-port or KEEPCLEAR_METRICS_PORT; -1 for none") from None
        log_event(logger, logging.WARNING, "no_operator_port", detail=detail)
        yield None
        return
    with server:
        server.timeout = 0  # it is called when somebody has come
        loop = asyncio.get_running_loop()
        loop.add_reader(server.fileno(), server.handle_request)
        try:
            yield int(server.server_port)
        finally:
            loop.remove_reader(server.fileno())


def _application(lookout: Lookout) -> Callable[..., Iterable[bytes]]:
    loop = asyncio.get_running_loop()

    def see() -> Sight:
        return asyncio.run_coroutine_threadsafe(lookout.sight(), loop).result(SEEN_WITHIN_S)

    registry = CollectorRegistry()
    registry.register(_Figures(see))
    metrics = make_wsgi_app(registry)

    def application(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
        code, body = "404 Not Found", b""
        try:
            if method in ("GET", "HEAD") and path == "/metrics":
                answer: Iterable[bytes] = metrics(environ, start)
                return answer
            if method in ("GET", "HEAD") and path == "/status":
                code, body = "200 OK", dump_json(status(see()))
        except TimeoutError:
            code = "503 Service Unavailable"  # the store takes longer than whoever asks would wait
        start(code, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body]

    return application
