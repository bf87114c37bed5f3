"""The feed: which events are due, by the picture and the clock.

Pure but for the records that it asks for. Guaranteed: what changed is sent at once, all else every ``AGAIN_S``, and
nothing at all while the hotline is not heard: then every event goes stale by itself. What is over is said to be gone
``GONE_TIMES`` times, for a datagram may be lost.
"""

from collections.abc import Callable, Iterator

from keepclear_protocol.errors import KeepclearError
from keepclear_protocol.instant import SECOND

from keepclear.desk.picture import Picture
from keepclear.desk.record import ConflictRecord
from keepclear.desk.views import ConflictView
from keepclear.verify.verdicts import Standing

from ..board.state import calls
from .events import CotEvent, events_of, gone

AGAIN_S = 10
"""A third of what an event stays fresh for: two may be lost."""

GONE_TIMES = 3


class Feed:
    """What one receiver was sent."""

    def __init__(self, record: Callable[[str], ConflictRecord | None]) -> None:
        self._record = record
        self._sent: dict[str, tuple[ConflictView, list[CotEvent]]] = {}
        self._gone: dict[str, int] = {}
        self._heard_at = 0
        self._round_at = 0

    def due(self, picture: Picture, heard_at: int | None, now: int) -> Iterator[bytes]:
        """Return the XML of every event that is to be sent now."""
        if heard_at is None:
            return
        again = now - self._round_at >= AGAIN_S * SECOND and heard_at > self._heard_at
        shown = {view.conflict: view for view in picture.conflicts if calls(view) or view.state == Standing.OPEN}
        before, self._sent = self._sent, {}
        for conflict, view in shown.items():
            known = before.get(conflict)
            fresh = known is None or known[0] is not view
            # Words such as "in 4 min" are of the moment: each round makes them anew.
            events = list(events_of(view, self._found(conflict), now)) if known is None or fresh or again else known[1]
            self._sent[conflict] = view, events
            if fresh or again:
                yield from (event.xml(heard_at, now) for event in events)
        uids = {event.uid for _, events in self._sent.values() for event in events}
        left = {event.uid for _, events in before.values() for event in events} - uids
        if again:
            self._round_at, self._heard_at = now, heard_at
        for uid in left:
            self._gone[uid] = GONE_TIMES
        for uid in [uid for uid in self._gone if uid in uids]:
            del self._gone[uid]
        for uid in [uid for uid in self._gone if uid in left or again]:
            yield gone(uid).xml(heard_at, now)
            self._gone[uid] -= 1
        self._gone = {uid: times for uid, times in self._gone.items() if times > 0}

    def _found(self, conflict: str) -> ConflictRecord | None:
        try:
            return self._record(conflict)
        except KeepclearError:
            return None  # the marker says what the picture says
