"""The pace of large bodies: how many of their bytes a worker reads of one sender in a second.

Guaranteed: whoever sends large bodies without end, over however many connections, takes a bounded share of the worker,
whether they are refused or not: it is read no faster, and TCP holds the rest back, which costs nothing here. Senders
are the parties that have proved themselves, those that a statement says to be of, and all strangers together, so that
the flood of one delays its own large bodies alone. Small bodies are never held back.
"""

import asyncio
from collections import deque
from typing import Protocol

LARGE_BYTES = 32 * 1024
"""Of a body, or of one read, before it counts: twenty volumes and more. Every other statement is smaller."""

BYTES_A_SECOND = 4 * 1024 * 1024
"""Of one sender. Measured: a body of 320 KB that is refused for its category costs two milliseconds, so that a flood
takes 3 % of a worker; without a bound two such floods took half of it."""

BURST_BYTES = 2 * 1024 * 1024
"""At once after a pause: six of the largest plans that anybody files."""

AGAIN_S = 0.005
"""Between two of a sender's connections that are read again: each may bring a quarter of a megabyte."""


class Reader(Protocol):
    """A connection that can be held back."""

    gone: bool

    def hold(self) -> bool:
        """Read no more; False where it is held back already."""

    def go_on(self) -> None:
        """Read on."""


class Paces:
    """The pace of each sender."""

    def __init__(self) -> None:
        self._left: dict[object, tuple[float, float]] = {}
        """Bytes that a sender may still send, less than none where more came, and when that was so."""
        self._waiting: dict[object, deque[Reader]] = {}

    def spend(self, sender: object, reader: Reader, size: int) -> None:
        """Count bytes of a large body; where they are too many, hold it back behind the sender's others."""
        loop = asyncio.get_running_loop()
        left = self._now_left(sender, loop.time()) - size
        self._left[sender] = left, loop.time()
        if left >= 0 or not reader.hold():
            return
        if sender not in self._waiting:
            self._waiting[sender] = deque()
            loop.call_later(-left / BYTES_A_SECOND, self._next, sender)
        self._waiting[sender].append(reader)

    def _now_left(self, sender: object, now: float) -> float:
        left, at = self._left.get(sender, (BURST_BYTES, now))
        return min(BURST_BYTES, left + (now - at) * BYTES_A_SECOND)

    def _next(self, sender: object) -> None:
        """Read the next of a sender's connections on, and come again for the others."""
        queue = self._waiting[sender]
        while queue:
            reader = queue.popleft()
            if not reader.gone:
                reader.go_on()
                break
        if not queue:
            del self._waiting[sender]
            return
        loop = asyncio.get_running_loop()
        owed = -self._now_left(sender, loop.time())
        loop.call_later(max(AGAIN_S, owed / BYTES_A_SECOND), self._next, sender)
