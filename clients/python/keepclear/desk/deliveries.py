"""Saying beside the stream that alerts came: a task that delays no alert.

Guaranteed: what fails is tried again with the next sign of life, and after a crash it is found again, because the
journal knows which version was last said to be delivered. What has come and is not read goes before: while there is
any, a few are said each second, of each counterpart's by turns. Whatever comes, half of what the agreement lets a party
acknowledge in a minute stays for its officers: who floods a desk does not make it spend that.
"""

import asyncio
import contextlib
import math
import time
from collections.abc import Callable

from keepclear_protocol.errors import LocalError, Unavailable

from .acknowledging import Acknowledging
from .link import LinkState

LAST_WORD_S = 2.0
"""How long a follower that ends waits for a ``delivered`` that is on its way."""

PART = 0.5
"""Of what a party may acknowledge in a minute, what a desk says by itself: a part of it at once, the rest over that
minute."""

MINUTE_S = 60.0

BESIDE_S = 1.0
"""Seconds between two lots of what is said while something waits to be read."""


class Pace:
    """How much may be said now: ``a_minute`` over any minute, a quarter of it at once."""

    def __init__(self, a_minute: float) -> None:
        self._a_second = a_minute * 0.75 / MINUTE_S
        self._most = self._left = a_minute * 0.25
        self._at = 0.0

    def may(self, now: float) -> bool:
        """Whether anything may be said at ``now``."""
        self._left, self._at = min(self._most, self._left + (now - self._at) * self._a_second), now
        return self._left >= min(1.0, self._most)

    def said(self, count: int) -> None:
        """Note that so many were said."""
        self._left -= count


class Deliveries:
    """Signs ``delivered`` for one desk while it follows: ``run`` it once, ``wake`` it at each sign of life.

    ``a_minute`` is what its party may acknowledge in a minute.
    """

    def __init__(
        self, acknowledging: Acknowledging, link: LinkState, a_minute: int, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._acknowledging = acknowledging
        self._link = link
        self._now = now
        self._pace = Pace(a_minute * PART)
        self._said_at = -math.inf
        self._woken = asyncio.Event()
        self._ending = False

    def wake(self) -> None:
        """Look again for what came."""
        self._woken.set()

    async def run(self) -> None:
        """Say what is to be said, whenever woken, until ``end``; raise where it has failed for good."""
        while not self._ending:
            await self._woken.wait()
            self._woken.clear()
            # The journal's faults are told by whoever takes in; this one tries again with the next sign of life.
            with contextlib.suppress(Unavailable, LocalError):
                await self._acknowledging.deliver(again=False, unless=self._waits, said=self._said)

    async def end(self, running: "asyncio.Task[None]") -> None:
        """Let ``run`` say its last word, for a while."""
        self._ending = True
        self.wake()
        await asyncio.wait({running}, timeout=LAST_WORD_S)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    def _waits(self) -> bool:
        now = self._now()
        if self._link.now.behind and not self._ending and now - self._said_at < BESIDE_S:
            return True
        return not self._pace.may(now)

    def _said(self, count: int) -> None:
        self._said_at = self._now()
        self._pace.said(count)
