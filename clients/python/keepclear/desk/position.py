"""Following a party's stream, without I/O: what is news, where a hole is, when to connect again.

Guaranteed: each position of an epoch is let through at most once and in order, also that of an event of a kind that
this version does not know; a position left out, another epoch or
an event without a position comes out as a gap, behind which nothing is let through until everything was read again.
Not guaranteed: that the service wrote every alert into the stream. That is its promise, and heartbeats and snapshots
are what it is held to.

A desk says by ``connecting`` what it has kept, opens the stream behind ``cursor``, hands every chunk to ``received``,
every end of a connection to ``lost``, and after a gap tells ``reread`` the position for which the newly read picture
is good.
"""

import random
from dataclasses import dataclass

from keepclear_protocol.cursor import Cursor
from keepclear_protocol.errors import (
    EvidenceInvalid,
    KeepclearError,
    Malformed,
    Unavailable,
)

from ..wire.arrivals import Arrival, DrainArrived, GapArrived, Passing, Unreadable, read_arrival
from ..wire.sse import EventParser

KEEP_ALIVE_S = 5
"""The service sends at least a comment this often."""

BACKOFF_S = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds before connecting again; the last is kept. A desk must not stay away long, nor all desks come at once."""

NEW_TERMS = "NEW TERMS: the hotline has other terms in force than this desk has installed"
NEW_TERMS_HINT = "get the agreement's newest revision, signed by all, and stage it: keepclear agreement stage FILE"

_PASSING = ("too_large", "proof_expired", "journal", "wrong_terms")
"""Codes after which a new connection may do better: a broken stream, a proof that a slow line delivered late, a disk
that was full (what was not written down comes again with it), terms that are not staged here yet."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """Something that arrived, and the cursor to be kept together with it (``None``: the cursor does not move)."""

    arrival: Arrival
    cursor: Cursor | None


class Position:
    """The state of following one stream, over any number of connections."""

    def __init__(self, cursor: Cursor | None) -> None:
        self.cursor = cursor
        self._parser = EventParser()
        self._attempts = 0
        self._retry_s: float | None = None
        self._gap = False

    def connecting(self, cursor: Cursor | None) -> None:
        """Begin a connection behind ``cursor``, what was kept: all else of the one before is forgotten."""
        self.cursor = cursor
        self._parser = EventParser()
        self._retry_s = None
        self._gap = False

    def received(self, data: bytes) -> list[Arrived]:
        """Return what ``data`` brings. Raises ``Malformed`` for an event beyond all limits: connect again."""
        if data:
            self._attempts = 0
        arrived: list[Arrived] = []
        for event in self._parser.feed(data):
            arrival = read_arrival(event)
            if isinstance(arrival, DrainArrived):
                self._retry_s = arrival.retry_ms / 1000
            elif isinstance(arrival, GapArrived):
                arrived += self._hole(arrival.reason)
            else:
                arrived += self._positioned(arrival, event.id)
        return arrived

    def reread(self, at: Cursor) -> None:
        """Go on behind ``at``, the position for which everything was read again."""
        self.cursor, self._gap = at, False

    def lost(self, error: KeepclearError | None) -> float:
        """Return the seconds to wait before connecting again; ``error`` is what ended the connection, if anything.

        Raises ``error`` itself where connecting again cannot help.
        """
        if error is not None and not isinstance(error, Unavailable | EvidenceInvalid) and error.code not in _PASSING:
            raise error
        if error is None and self._retry_s is not None:
            return min(self._retry_s, BACKOFF_S[-1])
        wait_s = BACKOFF_S[min(self._attempts, len(BACKOFF_S) - 1)]
        self._attempts += 1
        return wait_s * random.uniform(0.8, 1.2)  # noqa: S311 - spreads desks out; nothing secret

    def _positioned(self, arrival: Arrival, id: str | None) -> list[Arrived]:
        if self._gap:
            return []
        try:
            position = Cursor.parse(id)
        except Malformed:
            if isinstance(arrival, Passing):
                return []
            return [Arrived(Unreadable("an event without a position"), None), *self._hole("unnumbered")]
        known = self.cursor
        if known is None or position.epoch != known.epoch:
            return self._hole("epoch")
        if position.number <= known.number:
            return []
        if position.number != known.number + 1:
            return self._hole("hole")
        self.cursor = position
        return [Arrived(arrival, position)]

    def _hole(self, reason: str) -> list[Arrived]:
        if self._gap:
            return []
        self._gap = True
        return [Arrived(GapArrived(reason), None)]
