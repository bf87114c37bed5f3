"""Saying beside the stream that alerts came: a task that delays no alert.

Guaranteed: what fails is tried again with the next sign of life, and after a crash it is found again, because the
journal knows which version was last said to be delivered. What has come and is not read goes before: a desk that is
behind says nothing until it has caught up.
"""

import asyncio
import contextlib

from keepclear_protocol.errors import LocalError, Unavailable

from .acknowledging import Acknowledging
from .link import LinkState

LAST_WORD_S = 2.0
"""How long a follower that ends waits for a ``delivered`` that is on its way."""


class Deliveries:
    """Signs ``delivered`` for one desk while it follows: ``run`` it once, ``wake`` it at each sign of life."""

    def __init__(self, acknowledging: Acknowledging, link: LinkState) -> None:
        self._acknowledging = acknowledging
        self._link = link
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
                await self._acknowledging.deliver(again=False, unless=self._waits)

    async def end(self, running: "asyncio.Task[None]") -> None:
        """Let ``run`` say its last word, for a while."""
        self._ending = True
        self.wake()
        await asyncio.wait({running}, timeout=LAST_WORD_S)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    def _waits(self) -> bool:
        return self._link.now.is_behind and not self._ending
