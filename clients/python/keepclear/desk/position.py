"""Following a party's stream, without I/O: what is news, where a hole is, when to connect again.

Guaranteed: nothing counts before the stream's first word, the service's signed ``open``, and nothing but whole lines
behind it is a sign of life; each position of an epoch is let through at most once and in order, also that of an event
of a kind that this version does not know; a position left out, another epoch or an event without a position comes out
as a gap, behind which nothing is let through until everything was read again. So does an ``open`` that names another
epoch than is kept, or less; what it names and is not kept is ``owed``.
Not guaranteed: that the service wrote every alert into the stream. That is its promise, and heartbeats and snapshots
are what it is held to.

A desk says by ``connecting`` what it has kept, opens the stream behind ``cursor``, tells ``expect`` how its first word
is read, hands every chunk to ``received``, every end of a connection to ``ended`` or ``lost``, and after a gap tells
``reread`` the position for which the newly read picture is good.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass

from keepclear_protocol.cursor import Cursor
from keepclear_protocol.errors import (
    EvidenceInvalid,
    KeepclearError,
    Malformed,
    Unavailable,
)

from ..wire.arrivals import (
    Arrival,
    DrainArrived,
    GapArrived,
    OpenArrived,
    Passing,
    SlowArrived,
    Unreadable,
    read_arrival,
)
from ..wire.sse import EventParser

KEEP_ALIVE_S = 5
"""The service sends at least a comment this often."""

BACKOFF_S = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds before connecting again; the last is kept. A desk must not stay away long, nor all desks come at once."""

NEW_TERMS = "NEW TERMS: the hotline has other terms in force than this desk has installed"
NEW_TERMS_HINT = "get the agreement's newest revision, signed by all, and stage it: keepclear agreement stage FILE"

NOT_OPENED = "the stream does not begin with a word that the hotline has signed"
NOTHING_CAME = "the connection ended before the hotline had said anything"
NOT_OPENED_HINT = "does a proxy or a network's login page stand between?"

WITHHELD_HINT = "something between passes on less than the hotline says: does a proxy stand between?"

_PASSING = ("too_large", "proof_expired", "journal", "wrong_terms", "budget_streams")
"""Codes after which a new connection may do better: a broken stream, a proof that a slow line delivered late, a disk
that was full (what was not written down comes again with it), terms that are not staged here yet, too many streams of
this party at once."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """Something that arrived, and the cursor to be kept together with it (``None``: the cursor does not move).

    ``size`` is about how many bytes it has.
    """

    arrival: Arrival
    cursor: Cursor | None
    size: int = 0


class Position:
    """The state of following one stream, over any number of connections."""

    def __init__(self, cursor: Cursor | None) -> None:
        self.cursor = cursor
        self._parser = EventParser()
        self._attempts = 0
        self._retry_s: float | None = None
        self._gap = False
        self._opens: Callable[[str], Cursor | None] = _refuse
        self._opened_at: int | None = None
        self._head: Cursor | None = None
        self._moved = self._foretold = False
        self.slow = False
        """Whether the hotline has said that it is slow; for whoever looks to set back."""

    def connecting(self, cursor: Cursor | None) -> None:
        """Begin a connection behind ``cursor``, what was kept: all else of the one before is forgotten."""
        self.cursor = cursor
        self._parser = EventParser()
        self._retry_s = None
        self._gap = False
        self._opened_at = None
        self._head = None
        self._moved = self._foretold = False

    def expect(self, opens: Callable[[str], Cursor | None]) -> None:
        """Take as the connection's first word only what ``opens`` does not raise ``Unavailable`` for.

        It returns the newest position that the word names, ``None`` where that does not matter.
        """
        self._opens = opens

    @property
    def opened(self) -> bool:
        """Whether the service's first word has come on this connection."""
        return self._opened_at is not None

    @property
    def lines(self) -> int:
        """Whole lines of this connection behind the first word, which is one itself: each is a sign of life."""
        return 0 if self._opened_at is None else 1 + self._parser.lines - self._opened_at

    @property
    def begun_bytes(self) -> int:
        """Bytes of a line that has begun and not ended."""
        return self._parser.begun_bytes

    @property
    def owed(self) -> int:
        """Events that there are, as the hotline has signed in its first word, and that have not come."""
        head, known = self._head, self.cursor
        if head is None:
            return 0
        if known is None or known.epoch != head.epoch:
            return head.number + 1
        return max(0, head.number - known.number)

    @property
    def withheld(self) -> bool:
        """Whether something is owed, and nothing of it has come on this connection."""
        return self.owed > 0 and not self._moved

    def withholding(self, within_s: float | None = None) -> Unavailable:
        """Return the loss of a connection that does not bring what is owed."""
        when = "before the connection ended" if within_s is None else f"for {within_s:.2g} s"
        detail = f"the hotline has signed that {self.owed} more events are waiting, and none came {when}"
        return Unavailable("unreachable", detail, hint=WITHHELD_HINT)

    def received(self, data: bytes) -> list[Arrived]:
        """Return what ``data`` brings. Raises where it is best to connect again.

        ``Malformed`` is for an event beyond all limits, ``Unavailable`` for a stream that is not the hotline's.
        """
        arrived: list[Arrived] = []
        for event in self._parser.feed(data):
            arrival = read_arrival(event)
            if self._opened_at is None:
                if not isinstance(arrival, OpenArrived):
                    raise Unavailable("unreachable", NOT_OPENED, hint=NOT_OPENED_HINT)
                self._head = self._opens(arrival.opening)
                self._opened_at = event.line
                arrived += self._begins_elsewhere()
            elif isinstance(arrival, OpenArrived):
                continue  # the first one counts
            elif isinstance(arrival, DrainArrived):
                self._retry_s = arrival.retry_ms / 1000
            elif isinstance(arrival, SlowArrived):
                self.slow = True
            elif isinstance(arrival, GapArrived):
                arrived += [] if self._foretold else self._hole(arrival.reason)
                self._foretold = False
            else:
                arrived += self._positioned(arrival, event.id, len(event.data))
        if self.lines > 1 and not self.withheld:
            self._attempts = 0
        return arrived

    def ended(self) -> Unavailable | None:
        """Return the loss that the end of a connection is which brought nothing; ``None`` where it did its work."""
        if self._opened_at is None:
            return Unavailable("unreachable", NOTHING_CAME, hint=NOT_OPENED_HINT)
        if self.withheld:
            return self.withholding()
        if self.lines == 1 and self._retry_s is None:
            return Unavailable("unreachable", "the hotline's stream ended as soon as it had begun")
        return None

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

    def _positioned(self, arrival: Arrival, id: str | None, size: int) -> list[Arrived]:
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
        self._moved, self._foretold = True, False
        return [Arrived(arrival, position, size)]

    def _begins_elsewhere(self) -> list[Arrived]:
        """Return the gap that the first word itself is: the hotline's own, behind it, then says nothing more."""
        head, known = self._head, self.cursor
        if head is None or known is None or (head.epoch == known.epoch and head.number >= known.number):
            return []
        self._foretold = True
        return self._hole("epoch" if head.epoch != known.epoch else "ahead")

    def _hole(self, reason: str) -> list[Arrived]:
        if self._gap:
            return []
        self._gap = True
        return [Arrived(GapArrived(reason), None)]


def _refuse(_: str) -> Cursor | None:
    raise Unavailable("unreachable", NOT_OPENED)
