"""Asking how a service stands: the service itself at its operator's address, or, where it is down, its store."""

import contextlib
import json
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from typing import Any

from keepclear_protocol.errors import Unavailable

from ..store.connect import connect
from .admin import check_embedded
from .embedded import embedded_store, running_store
from .files import read_agreement
from .lookout import Lookout
from .settings import Settings
from .status import status

WITHIN_S = 25.0
"""Seconds that a service has to answer: it may wait for its store."""

ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - what a service listens on, not we
"""Where a service is found that listens on all addresses."""


def operator_url(settings: Settings, path: str) -> str | None:
    """Return where the service of these settings shows ``path`` to its operator; None where it does not."""
    port = settings.operator_port()
    host = ANYWHERE.get(settings.metrics_host, settings.metrics_host)
    return None if not port else f"http://{f'[{host}]' if ':' in host else host}:{port}{path}"


def ask_service(settings: Settings) -> tuple[dict[str, Any] | None, str]:
    """Return the document of the running service, or None and why it did not answer."""
    url = operator_url(settings, "/status")
    if url is None:
        return None, "the service was not asked: no operator's port is known (--metrics-port)"
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=WITHIN_S) as answer:
            state = json.load(answer)
    except (OSError, ValueError) as error:
        why = getattr(error, "reason", None) or error
        return None, f"the service does not answer at {url}: {why}; start it, or name its port by --metrics-port"
    if not isinstance(state, dict) or "wrong" not in state:
        return None, f"something else than a service answers at {url}; name its port by --metrics-port"
    return state, ""


async def read_store(settings: Settings, down: str) -> dict[str, Any]:
    """Return the document as far as the store tells; raise ``Unavailable`` where there is none to read."""
    if not settings.agreements:
        raise Unavailable("unreachable", down, hint="with --agreement and --store, its store is read instead")
    agreements = [read_agreement(path) for path in settings.agreements]
    async with opened_store(settings) as url:
        store = connect(url, password=settings.store_password(), connections=2)
        try:
            sight = await Lookout(store, agreements, (), settings.volatile).sight()
        finally:
            await store.close()
    return status(sight, down=down)


@contextlib.asynccontextmanager
async def opened_store(settings: Settings, *, begin: bool = False) -> AsyncIterator[str]:
    """Yield the URL of the settings' store: of an embedded one that a service runs now, or that runs for this alone.

    Where no store ever ran on its folder, one begins there with ``begin``; else raises ``Unavailable`` with
    ``store_unsafe``, and makes nothing.
    """
    running = settings.store or running_store(settings.embedded)
    if running is not None:
        yield running
        return
    if not begin:
        check_embedded(settings)
    async with embedded_store(settings.embedded, settings.store_memory_mib) as store:
        yield store.url
