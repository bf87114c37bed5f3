"""The operator's address: ``/metrics`` for scrapers, ``/status`` for ``keepclear-service status``. Never the parties'.

On an address of its own, loopback unless told otherwise: nothing that is asked here waits for or holds up a worker.
Nobody is asked who they are; what is said holds no content of a statement. However many ask, one look is under way.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Sequence
from typing import Any

from keepclear_protocol.agreement import Agreement
from keepclear_protocol.encoding import dump_json
from keepclear_protocol.errors import LocalError
from prometheus_client import Metric, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.openmetrics import exposition as open_exposition
from prometheus_client.registry import Collector

from ..logs import log_event
from ..store.connect import connect
from .exposition import exposition
from .listening import Listening
from .lookout import Lookout, OwnStore, Place, Sight
from .operator_http import Answer, Door, Request, serving
from .settings import Settings
from .status import status

SEEN_WITHIN_S = 20.0
"""Seconds that a look at the store may take; its client gives up each call after five."""

CONNECTIONS = 2
"""To the store, of each use: one look at a time."""

OPEN_METRICS = "application/openmetrics-text"

logger = logging.getLogger(__name__)


class _Figures(Collector):
    def __init__(self, sight: Sight) -> None:
        self._sight = sight

    def collect(self) -> Iterable[Metric]:
        """Return all figures of the sight."""
        return exposition(self._sight)


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
        address = _address(settings)
        if address is None:
            yield lookout, None
            return
        with contextlib.closing(address):
            async with serving(address.for_worker(), settings.metrics_host, door(lookout.sight)):
                yield lookout, address.port
    finally:
        await store.close()


def _address(settings: Settings) -> Listening | None:
    port = settings.operator_port()
    if port is None:
        return None
    try:
        return Listening(settings.metrics_host, port, workers=1)
    except LocalError as error:
        detail = f"{error.detail} (for the operator)"
        if settings.metrics_port is not None:
            raise LocalError("usage", detail, hint="--metrics-port or KEEPCLEAR_METRICS_PORT; -1 for none") from None
        log_event(logger, logging.WARNING, "no_operator_port", detail=detail)
        return None


def door(sight: Callable[[], Coroutine[Any, Any, Sight]]) -> Door:
    """Return what answers with a sight; whoever comes while one is taken gets that one."""
    taken: asyncio.Task[Sight] | None = None

    async def see() -> Sight:
        nonlocal taken
        look = taken = asyncio.create_task(sight()) if taken is None or taken.done() else taken
        await asyncio.wait((look,), timeout=SEEN_WITHIN_S)
        if not look.done():
            raise TimeoutError
        return look.result()

    async def answer(request: Request) -> Answer:
        if request.path not in ("/metrics", "/status"):
            return Answer("404 Not Found")
        if request.method not in ("GET", "HEAD"):
            return Answer("405 Method Not Allowed", headers=(("Allow", "GET, HEAD"),))
        seen = await see()
        if request.path == "/status":
            return Answer("200 OK", dump_json(status(seen)))
        return await asyncio.to_thread(_figures, seen, open_metrics=_takes_open_metrics(request.accept))

    return answer


def _takes_open_metrics(accept: str) -> bool:
    """Whether the one version of it that we write is asked for. Everybody else gets text: what is not ours, or no
    version at all, is no reason to show nothing."""
    for wanted in accept.split(","):
        kind, *parameters = (part.strip().replace(" ", "") for part in wanted.lower().split(";"))
        versions = [part for part in parameters if part.startswith("version=")]
        if kind == OPEN_METRICS and versions in ([], ["version=1.0.0"]) and "q=0" not in parameters:
            return True
    return False


def _figures(seen: Sight, *, open_metrics: bool) -> Answer:
    if open_metrics:
        text = open_exposition.generate_latest(_Figures(seen))  # type: ignore[no-untyped-call]
        return Answer("200 OK", text, open_exposition.CONTENT_TYPE_LATEST)
    return Answer("200 OK", generate_latest(_Figures(seen)), CONTENT_TYPE_PLAIN_0_0_4)
