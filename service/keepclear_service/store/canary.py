"""The canary: a write of our own that is made durable and read back. What a store says of itself proves less.

It is small and always the same key of this process, which goes by itself a minute later. On a cluster each line's shard
has one, else the store has one. How often it sings is for whoever asks; the operator's and the parties' doors are asked
by anyone, and look once a second at most.
"""

import secrets
import time
from collections.abc import Sequence

from keepclear_protocol.errors import Unavailable
from redis.asyncio import RedisCluster

from .connect import Store, store_faults

KEPT_MS = 60_000


class Canary:
    """Sings for the lines whose keys begin with ``prefixes``."""

    def __init__(self, store: Store, prefixes: Sequence[str]) -> None:
        self._client = store.submits
        name = f"canary:{secrets.token_hex(4)}"
        each = prefixes if isinstance(store.submits, RedisCluster) else prefixes[:1]
        self._keys = [prefix + name for prefix in each]

    async def sing(self) -> float:
        """Return the seconds of the slowest durable write and its reading back; raise ``Unavailable``."""
        slowest = 0.0
        for key in self._keys:
            began = time.monotonic()
            said = secrets.token_bytes(8)
            with store_faults():
                await self._client.set(key, said, px=KEPT_MS)
                heard = await self._client.get(key)
            if heard != said:
                raise Unavailable("store_unsafe", "the store does not give back what it took")
            slowest = max(slowest, time.monotonic() - began)
        return slowest
