"""Listening to a store for silence: one that was stopped, or hangs, answers nothing at all.

An error is an answer, too: a store that loads its log or runs a long script is not silent, and one that is not there is
somebody else's affair. A disk or a fork may hold one up for seconds, and a new one has the whole log to read, so the
patience is long.
"""

import asyncio

import redis.exceptions

from ..store.connect import connect

MISSED_S = 5.0
SILENCES = 6
SILENT_S = MISSED_S * SILENCES
"""Seconds without any answer that are silence."""


async def store_silence(url: str) -> None:
    """Return once the store at ``url`` has said nothing for ``SILENT_S``."""
    client = connect(url, connections=1).submits
    missed = 0
    try:
        while missed < SILENCES:
            try:
                async with asyncio.timeout(MISSED_S):
                    await client.ping()
            except (TimeoutError, redis.exceptions.TimeoutError):
                missed += 1
                continue
            except (redis.exceptions.RedisError, OSError):
                pass
            missed = 0
            await asyncio.sleep(MISSED_S)
    finally:
        await client.aclose()
