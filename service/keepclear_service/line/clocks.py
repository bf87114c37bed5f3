"""The clocks of a line: whether what it stamps can be relied on, as each turn finds it.

Three are held against one another: the store's, which stamps; this worker's own steady one (``steady``), which no step
of any wall clock moves; and the line's newest stamp, behind which no other may come. Where the store's is further from
the steady one than ``STEPPED_S``, or the newest stamp is that far ahead of the store's, nothing is admitted and no
timer fires: the script itself sees to that. It is said once in the log, and to whoever asks; following and commits go
on. It is over by itself when the clocks are right again.
"""

import logging

from keepclear_protocol.errors import Unavailable

from ..logs import log_event
from ..steady import STEPPED_S, SteadyClock
from .ports import Turned

CLOCK = "store_clock"

log = logging.getLogger(__name__)


class Clocks:
    """One line's, in one worker. ``apart_s``: how far the store's clock was ahead of the steady one, last."""

    def __init__(self, clock: SteadyClock, agreement: str) -> None:
        self.clock = clock
        self.apart_s = 0.0
        self._agreement = agreement
        self.off = ""

    def note(self, turned: Turned) -> None:
        """Judge what a turn found. Clocks that agree are held from here on."""
        self.apart_s = turned.apart / 1e6
        off = _why(self.apart_s, turned.ahead / 1e6)
        if not off:
            self.clock.hold()
        if bool(off) != bool(self.off):
            level = logging.ERROR if off else logging.INFO
            fields = {"agreement": self._agreement, "apart_s": round(self.apart_s, 3)}
            log_event(log, level, "clock_off" if off else "clock_right", **fields, why=off)
        self.off = off

    def check(self) -> None:
        """Raise ``Unavailable`` with ``store_clock`` while the clocks are off."""
        if self.off:
            raise Unavailable(CLOCK)


def _why(apart_s: float, ahead_s: float) -> str:
    if abs(apart_s) > STEPPED_S:
        return f"clock: the store's is {apart_s:+.0f} s from what this worker's own has counted"
    if ahead_s > STEPPED_S:
        return f"clock: the line's newest stamp is {ahead_s:.0f} s ahead of the store's"
    return ""
