"""The pace of a line on one worker: when its turns begin and end, and which of them were slow.

A turn longer than ``TOLD_S`` is told to every reader while it lasts, and stands in the log when it has ended, for
whoever is asked why the screens said so. One that the store did not let end does not stand there: that is an outage.
Nor does one of a line that is still being read: nobody is promised anything yet, and it has a line of its own.
"""

import logging
import time
from collections import deque

from ..logs import log_event

TOLD_S = 0.3
"""Seconds of a turn, from which on every reader is told: what is filed at a bad time waits for a turn, then for its
own, and its reader is to know of it within a second."""

SLOW_S = 1.0
"""Seconds of a turn, or of a durable write, from which on the service is slow: what it promises to the other desk."""

LATELY_S = 60.0
"""For how long the operator is shown that a turn was slow: time to look."""

log = logging.getLogger(__name__)


class Pace:
    """Of one agreement's turns. ``began`` is when the last turn did, ``round_at`` when one last ended, well or not."""

    def __init__(self, agreement_id: str) -> None:
        self._agreement_id = agreement_id
        self.began, self.round_at, self._lasted_s = 0.0, time.monotonic(), 0.0
        self._reads = True
        self._slow: deque[tuple[float, float]] = deque()  # when each ended and how long it took, none before a longer

    @property
    def busy_s(self) -> float:
        """For how long the turn under way has lasted; 0 between turns."""
        return time.monotonic() - self.began if self.began > self.round_at else 0.0

    @property
    def lasts_s(self) -> float:
        """How long the last turn took, or the one under way where that is longer."""
        return max(self._lasted_s, 0.0 if self._reads else self.busy_s)

    @property
    def slowest_s(self) -> float:
        """How long the slowest turn of the last minute took, the one under way among them; 0 where none was slow."""
        while self._slow and time.monotonic() - self._slow[0][0] > LATELY_S:
            self._slow.popleft()
        slowest_s = max(self._slow[0][1] if self._slow else 0.0, 0.0 if self._reads else self.busy_s)
        return slowest_s if slowest_s > TOLD_S else 0.0

    def begins(self, *, reads: bool) -> None:
        """Note that a turn begins; ``reads``: of a line that is still being read."""
        self.began, self._reads = time.monotonic(), reads

    def ended(self, statements: int, entries: int) -> float:
        """Note that a turn has ended well, of so many statements and entries; return how long it took."""
        now = time.monotonic()
        took_s = now - self.began
        self._lasted_s = 0.0 if self._reads else took_s
        if self._lasted_s > TOLD_S:
            while self._slow and self._slow[-1][1] <= took_s:
                self._slow.pop()
            self._slow.append((now, took_s))
            fields = {"agreement": self._agreement_id, "statements": statements, "entries": entries}
            log_event(log, logging.INFO, "turn_slow", **fields, lasted_s=round(took_s, 3))
        return took_s

    def comes_round(self) -> None:
        """Note that a turn is over, well or not."""
        self.round_at = time.monotonic()
