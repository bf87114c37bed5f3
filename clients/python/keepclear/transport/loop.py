"""A thread with an event loop, for those who block: what is written for asyncio is written once.

Its end is that of ``asyncio.run``: what is still under way is cancelled and has come to its own end, its connections
closed, before the loop is. Who waits for it in another thread is told that this is closed.
"""

import asyncio
import concurrent.futures
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

from keepclear_protocol.errors import LocalError

T = TypeVar("T")

END_WITHIN_S = 5.0
"""Seconds that what is cancelled has to come to its end: it closes its connections, which takes milliseconds."""


class LoopThread:
    """Runs coroutines for a thread that waits for them. It ends with ``close``, or with the program."""

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        # A daemon: a program that forgot to close must not hang at its end.
        self._thread = threading.Thread(target=self._loop.run_forever, name=name, daemon=True)
        self._thread.start()
        self._closed, self._begins = False, threading.Lock()

    @property
    def closed(self) -> bool:
        """Whether it was closed, or is being closed."""
        return self._closed

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Return what ``work`` returns; an interrupt of the waiting thread cancels it."""
        with self._begins:  # so that what begins is among what ``close`` ends, or does not begin
            if self._closed:
                work.close()
                raise self._is_closed()
            future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except concurrent.futures.CancelledError:
            if self._closed:
                raise self._is_closed() from None
            raise
        except BaseException:
            future.cancel()
            raise

    def close(self) -> None:
        """End what is under way, the loop and its thread."""
        with self._begins:
            if self._closed:
                return
            self._closed = True
            ended = asyncio.run_coroutine_threadsafe(_end_others(), self._loop)
        try:
            ended.result()
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    def _is_closed(self) -> LocalError:
        what = self._thread.name.removeprefix("keepclear-")
        return LocalError("usage", f"this {what} is closed", hint="make another")


async def _end_others() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    if others:
        await asyncio.wait(others, timeout=END_WITHIN_S)
    await asyncio.get_running_loop().shutdown_asyncgens()
