"""Work that asks the hotline, given up once that has been silent for too long, however long the work itself takes.

Guaranteed: work ends once an answer has been owed for ``within_s``, over all attempts and the pauses between them, and
after ``whole_s`` whatever comes: answers that never come to an end are no better than none. Both are counted in short
turns. What this process needed longer for one, because its machine was busy, is its own.
"""

import asyncio
import math
from collections.abc import Awaitable
from typing import TypeVar

from .client import AsyncClient
from .faults import CutShort, silent

T = TypeVar("T")

TURN_S = 0.05
"""The longest turn: an officer who waits half a second is told within a tenth of it."""


async def unless_silent(
    client: AsyncClient, work: Awaitable[T], within_s: float, whole_s: float = math.inf
) -> T:
    """Return what ``work`` returns; raise ``CutShort`` once an answer is owed, or the work lasts, for too long."""
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(work)
    owed_since, silent_s, all_s = client.waiting_since, 0.0, 0.0
    try:
        while not task.done():
            if client.waiting_since != owed_since or owed_since is None:
                owed_since, silent_s = client.waiting_since, 0.0
            if silent_s >= within_s or all_s >= whole_s:
                raise _cut_short(client, within_s if silent_s >= within_s else None, whole_s)
            began = loop.time()
            await asyncio.wait({task}, timeout=min(TURN_S, within_s - silent_s, whole_s - all_s))
            turn_s = min(loop.time() - began, TURN_S)
            silent_s, all_s = silent_s + turn_s, all_s + turn_s
        return task.result()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _cut_short(client: AsyncClient, silent_s: float | None, whole_s: float) -> CutShort:
    """Why it was given up: what the last attempt met, if one has failed."""
    fault = client.fault
    if fault is None and silent_s is not None:
        fault = silent(silent_s)
    if fault is not None:
        return CutShort(fault.code, fault.detail, hint=fault.hint)
    return CutShort("unreachable", f"the hotline's answers have not come to an end within {whole_s:.2g} s")
