"""Heads that are known: of requests with a statement, each read by the parser before, byte for byte the same.

A client's statements differ in their bodies, hardly in their heads. What the parser made of a head once, it makes of
the same bytes again, so that a party's request that came whole under one is begun without it, and without what only a
body needs that is still to come: that is a third of what a submit costs between the socket and the line. Whatever else
comes, and every stranger's, goes the usual way.
"""

from dataclasses import dataclass
from typing import Any

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from ..http.submits import size_of_small

MOST_HEADS = 256
"""Known at once: of each length of body that a client's statements have, one."""

MOST_BYTES = 1024
"""Of a head that is kept; our clients' have under 400."""

_OWN = frozenset((b"authorization", b"expect", b"transfer-encoding", b"upgrade", b"x-request-id"))
"""Headers that are another's each time, or ask for more than an answer."""

_END = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Known:
    """A head: how long it is, how long the whole request, and its scope but for what is each request's own."""

    head: int
    whole: int
    scope: dict[str, Any]


class KnownHeads:
    """The heads that a worker knows."""

    def __init__(self) -> None:
        self._known: dict[bytes, Known] = {}

    def of(self, data: bytes) -> Known | None:
        """Return what is known of the head of ``data``, where that is one whole request; the parser is between two."""
        known = self._known.get(data[: data.find(_END, 0, MOST_BYTES) + 4])
        return known if known is not None and known.whole == len(data) else None

    def learn(self, data: bytes, cycle: RequestResponseCycle) -> None:
        """Keep the head of ``data``, of which the parser made ``cycle``, where it is a statement's and all of it."""
        scope: dict[str, Any] = dict(cycle.scope)
        size = size_of_small(scope)
        head = data.find(_END, 0, MOST_BYTES) + 4
        if size is None or head < 4 or head + size != len(data):
            return
        if not cycle.keep_alive or any(name in _OWN for name, _ in scope["headers"]):
            return
        del scope["client"], scope["server"], scope["state"]
        if len(self._known) >= MOST_HEADS:
            del self._known[next(iter(self._known))]
        self._known[data[:head]] = Known(head, len(data), scope)
