"""Work that asks the hotline, given up once that has been silent for too long, however long the work itself takes."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from .client import AsyncClient
from .faults import silent

T = TypeVar("T")


async def unless_silent(client: AsyncClient, work: Awaitable[T], within_s: float) -> T:
    """Return what ``work`` returns; raise ``Unavailable`` once an answer that is owed has not come for a time."""
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(work)
    try:
        while not task.done():
            since = client.waiting_since
            left_s = within_s if since is None else since + within_s - loop.time()
            if left_s <= 0:
                raise silent(within_s)
            await asyncio.wait({task}, timeout=left_s)
        return task.result()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
