"""Work that asks the hotline, given up once that has been silent for too long, however long the work itself takes.

Silence is counted in short turns. What this process needed longer for one, because its machine was busy, is its own.
"""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from .client import AsyncClient
from .faults import silent

T = TypeVar("T")

TURN_S = 0.05
"""The longest turn: an officer who waits half a second is told within a tenth of it."""


async def unless_silent(client: AsyncClient, work: Awaitable[T], within_s: float) -> T:
    """Return what ``work`` returns; raise ``Unavailable`` once an answer that is owed has not come for a time."""
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(work)
    owed_since, silent_s = client.waiting_since, 0.0
    try:
        while not task.done():
            if client.waiting_since != owed_since or owed_since is None:
                owed_since, silent_s = client.waiting_since, 0.0
            if silent_s >= within_s:
                raise silent(within_s)
            began = loop.time()
            await asyncio.wait({task}, timeout=min(TURN_S, within_s - silent_s))
            silent_s += min(loop.time() - began, TURN_S)
        return task.result()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
