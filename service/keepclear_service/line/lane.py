"""The lane: long statements are opened one at a time in a thread, the senders by turns.

A submission of 500 volumes takes some hundred milliseconds to open. In the loop it would hold up everybody; in as many
threads as came, too. So one party's long statements wait for one another, and another party's for two of them at most.
"""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from keepclear_protocol.errors import Unavailable

from .fair import FairQueue

R = TypeVar("R")

WAITING_OF_A_SENDER = 32
"""Long statements of one sender that may wait: 16 MB of text, and some seconds of work."""


class Lane:
    """Runs functions in a thread, one at a time."""

    def __init__(self) -> None:
        self._queue: FairQueue[tuple[Callable[[], Any], asyncio.Future[Any]]] = FairQueue(WAITING_OF_A_SENDER)
        self._running: asyncio.Task[None] | None = None

    async def run(self, sender: object, work: Callable[[], R]) -> R:
        """Return what ``work`` returns; raise what it raises, or ``Unavailable`` where the sender's queue is full."""
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        if not self._queue.put(sender, (work, future)):
            raise Unavailable("busy", "too many long statements of this party wait; send the same bytes again")
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._drain())
        return await future

    async def _drain(self) -> None:
        while self._queue:
            ((work, future),) = self._queue.take(1)
            if future.done():
                continue
            try:
                result = await asyncio.to_thread(work)
            except Exception as error:
                if not future.done():
                    future.set_exception(error)
            else:
                if not future.done():
                    future.set_result(result)
