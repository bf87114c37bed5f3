"""What the parties' clocks say of ours, as the proofs of their reads tell it.

A service that was started with a wrong clock, on a machine whose store has the same, cannot know it by itself where
that is ahead. One party cannot make us doubt ours: all that were heard lately must say it, and be two at least.
"""

import time

from keepclear_protocol.request import WITHIN_S

HEARD_S = 300.0
"""Seconds for which a party's word counts: each desk reads far more often, well or in vain."""


class ToldClocks:
    """By how much each party's clock is ahead of ours, by the last proof whose signature and key held."""

    def __init__(self) -> None:
        self._told: dict[str, tuple[float, float]] = {}

    def note(self, party: str, ahead_s: float) -> None:
        """Note what a proof says, refused or not."""
        self._told[party] = time.monotonic(), ahead_s

    @property
    def apart_s(self) -> float:
        """Seconds by which all who were heard lately are ahead of us, or behind (below 0); 0 where one is neither."""
        heard_after = time.monotonic() - HEARD_S
        told = [ahead_s for at, ahead_s in self._told.values() if at >= heard_after]
        if len(told) < 2:
            return 0.0
        least, most = min(told), max(told)
        return least if least > WITHIN_S else most if most < -WITHIN_S else 0.0
