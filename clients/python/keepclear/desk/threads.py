"""Work beside the event loop: verification, judgement and the journal's writes."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

WORKERS = 2
"""One that takes in what arrives, which a heavy alert may hold for a second, and one for what an officer does."""


class Threads:
    """A few threads of one desk."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="keepclear-desk")

    async def run(self, work: Callable[P, T], *args: P.args, **named: P.kwargs) -> T:
        """Return what ``work`` returns. A cancelled caller does not stop it: it is done or not, never half."""
        return await asyncio.wrap_future(self._pool.submit(work, *args, **named))

    def close(self) -> None:
        """Wait for the work that has begun."""
        self._pool.shutdown()
