"""The disk of a store that the service runs itself: notices stop before it is full, since a full one ends the store.

A store that fsyncs each write ends at the first one that its disk does not take, and with it goes everything, reads
too. So from a mark on notices are refused, and what ends something goes on for long: it is small. A store that somebody
else runs has a disk that nobody here sees; what it says of it is believed.
"""

import time
from pathlib import Path

from .last_words import room

SCARCE_BYTES = 64 << 20
"""Room from which on no more notices are taken: some ten thousand withdrawals and acknowledgements, and more than what
a hundred notices in flight call for. Of the next rewriting of a large log no more fits anyway."""

LOOKED_EVERY_S = 0.5


class Disk:
    """The disk of ``folder``; None for one that nobody here sees."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._looked_at = float("-inf")
        self._why = ""

    def full(self) -> str:
        """Return what is said of a disk that takes no more notices; nothing of one that does, or that is not seen."""
        now = time.monotonic()
        if self._folder is not None and now - self._looked_at > LOOKED_EVERY_S:
            self._looked_at = now
            free = room(self._folder)
            scarce = free is not None and free < SCARCE_BYTES
            self._why = f"the store's disk is full: {(free or 0) >> 20} MiB free for {self._folder}" if scarce else ""
        return self._why
