"""The steady clock: the time of day as it was when it was last known to be right, carried on by what nobody can set.

The wall clock may be stepped: by NTP after a bad boot, by a slip of somebody's hand, by whoever owns the machine. The
kernel's clock since boot cannot; it runs through a suspend, and at the rate that NTP gives it. Guaranteed: once held,
``seconds`` never jumps, whatever becomes of the wall clock; ``stepped_s`` says how far that has gone. Small steps (a
leap second, a machine that was moved) are followed slowly. Not known: whether the time that was held was right; that is
for whoever calls ``hold`` to be sure of, by another clock that agrees.
"""

import time
from collections.abc import Callable

STEPPED_S = 60.0
"""Seconds by which a clock may differ from another or from what it was: as much as a statement may be dated ahead."""

FOLLOWED_AT = 0.001
"""Seconds in a second by which a small step is followed: twice what NTP may slew, and a minute takes most of a day."""

_since_boot = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def since_boot_s() -> float:
    """Return the seconds of a clock that nobody can set: the same in all processes of a machine until it boots."""
    return time.clock_gettime(_since_boot)


class SteadyClock:
    """Seconds since 1970. ``offset``, where one is given, is another's of this machine, held before."""

    def __init__(
        self,
        offset: float | None = None,
        *,
        wall: Callable[[], float] = time.time,
        ticks: Callable[[], float] = since_boot_s,
    ) -> None:
        self.offset = offset
        self._wall, self._ticks = wall, ticks
        self._followed_at = ticks()

    def seconds(self) -> float:
        """Return the time by what is held; while nothing is, the wall clock's."""
        return self._wall() if self.offset is None else self.offset + self._ticks()

    def hold(self) -> None:
        """Take it that ``seconds`` is right: from here on it goes its own way, and follows small steps slowly."""
        ticks = self._ticks()
        moved = self._wall() - ticks
        if self.offset is None:
            self.offset = moved
        elif abs(moved - self.offset) <= STEPPED_S:
            most = FOLLOWED_AT * (ticks - self._followed_at)
            self.offset += min(most, max(-most, moved - self.offset))
        self._followed_at = ticks

    @property
    def stepped_s(self) -> float:
        """By how many seconds the wall clock is ahead of what is held."""
        return 0.0 if self.offset is None else self._wall() - self._ticks() - self.offset
