"""A thread with an event loop, for those who block: what is written for asyncio is written once."""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

from keepclear_protocol.errors import LocalError

T = TypeVar("T")


class LoopThread:
    """Runs coroutines for a thread that waits for them. It ends with ``close``, or with the program."""

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        # A daemon: a program that forgot to close must not hang at its end.
        self._thread = threading.Thread(target=self._loop.run_forever, name=name, daemon=True)
        self._thread.start()

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._loop.is_closed()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Return what ``work`` returns; an interrupt of the waiting thread cancels it."""
        if self._loop.is_closed():
            work.close()
            what = self._thread.name.removeprefix("keepclear-")
            raise LocalError("usage", f"this {what} is closed", hint="make another")
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def close(self) -> None:
        """End the loop and its thread."""
        if self.closed:
            return
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
