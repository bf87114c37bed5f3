"""Work beside the event loop: verification, judgement and the journal's writes."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from keepclear_protocol.errors import LocalError

from ..journal.faults import CLOSED

P = ParamSpec("P")
T = TypeVar("T")

WORKERS = 2
"""One that takes in what arrives, which a heavy alert may hold for a second, and one for what an officer does."""


class Threads:
    """A few threads of one desk."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="keepclear-desk")
        self._closed = False

    async def run(self, work: Callable[P, T], *args: P.args, **named: P.kwargs) -> T:
        """Return what ``work`` returns. A cancelled caller does not stop it: it is done or not, never half."""
        if self._closed:
            raise LocalError("usage", CLOSED, hint="make another")
        return await asyncio.wrap_future(self._pool.submit(work, *args, **named))

    def close(self) -> None:
        """Wait for the work that has begun."""
        self._closed = True
        self._pool.shutdown()
