"""Room: how much memory a store has taken, and from where on it takes no more notices.

A store that is full can do nothing any more, so a part of it is kept free of notices: withdrawals and acknowledgements,
request proofs, due timers, the alerts of what was taken before, cleaning, and whoever starts and reads go on there.
Acknowledgements leave the last half of it to the others. ``admit.lua`` decides by the same numbers, which it is given;
what is said here is for those who look. A store without ``maxmemory`` is never full by its own word.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

HEADROOM_SHARE = 4
"""One part in so many of ``maxmemory`` is kept free of notices."""

HEADROOM_MOST = 256 * 1024 * 1024
"""Bytes kept free at most: what a hundred notices in flight can call for in alerts within their budgets."""


@dataclass(frozen=True, slots=True)
class Room:
    """Memory of one server of the store, in bytes: ``used`` of ``most``, which is 0 where it has no bound."""

    used: int
    most: int

    @property
    def mark(self) -> int:
        """Used memory from which on no more notices are taken; 0 where there is no bound."""
        return self.most - min(self.most // HEADROOM_SHARE, HEADROOM_MOST)

    @property
    def full(self) -> bool:
        """Whether a notice, however small, would not be taken."""
        return 0 < self.mark <= self.used

    def words(self) -> str:
        """Return what there is, for people."""
        return f"{self.used >> 20} of {self.most >> 20} MiB taken, notices up to {self.mark >> 20}"


def read_room(info: Mapping[str, Any]) -> Room:
    """Return the room that a server's ``INFO memory`` tells; what it does not count against its bound is not used."""
    uncounted = int(info.get("mem_not_counted_for_evict", 0))
    return Room(max(0, int(info.get("used_memory", 0)) - uncounted), int(info.get("maxmemory", 0)))
