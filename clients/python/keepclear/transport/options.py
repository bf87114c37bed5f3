"""The options of everything that speaks to the hotline: clients and desks, blocking and not."""

from collections.abc import Callable
from typing import TypedDict

import httpx2

from .tls import Tls


class ClientOptions(TypedDict, total=False):
    """How a client reaches the hotline, and how long it waits.

    ``connect_to``: scheme, host and port of another address than the agreement's origin, such as a tunnel's end.
    ``tls``: whom to trust, and the client certificate. ``connect_s``: seconds for a connection. ``read_s``: seconds
    for an answer, and of silence on the stream. ``clock`` gives the time as an instant, and ``transport`` stands in
    the place of the network: both are for tests.
    """

    connect_to: str | None
    tls: Tls | None
    connect_s: float
    read_s: float
    clock: Callable[[], int]
    transport: httpx2.AsyncBaseTransport | None
