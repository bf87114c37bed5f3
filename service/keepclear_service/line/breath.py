"""Giving way: a thread that folds what takes long lets the loop go round between two pieces, while the loop has work.

Beside a thread that holds on to the interpreter the loop waits a millisecond or two for each thing that it reads, sends
or wakes, of which a small submit has thirty. A thread that waits until the loop has been round costs it one such wait
for all that came together. Where the loop has nothing to do, being round takes it a twentieth of a piece.
"""

import asyncio
import threading
import time

PIECE_S = 0.001
"""Seconds of work between two breaths at least."""

QUIET_S = 0.000_3
"""Seconds within which a loop that has nothing to do has been round."""

GIVES = 1.0
"""A thread gives way for this many times as long as it worked at most: the fold goes on, whatever the flood. Three
times were no better for others, measured."""


class Breath:
    """What one thread calls between its pieces, beside ``loop``."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._since = time.monotonic()

    def __call__(self) -> None:
        """Let the loop go round until it has nothing to do, if there has been some work since the last time."""
        now = time.monotonic()
        worked_s = now - self._since
        if worked_s < PIECE_S:
            return
        until = now + GIVES * worked_s
        while now < until and self._round(until - now):
            began, now = now, time.monotonic()
            if now - began < QUIET_S:
                break
        self._since = time.monotonic()

    def _round(self, within_s: float) -> bool:
        """Wait until the loop has been round; False where it is closed."""
        been = threading.Event()
        try:
            self._loop.call_soon_threadsafe(been.set)
        except RuntimeError:
            return False
        been.wait(within_s)
        return True
