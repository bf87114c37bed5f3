"""The store as it is, key by key: what a refusal must leave unchanged."""

import time
from typing import Any

import redis

PROOF = b":proof:"
EVIDENCE = b":evidence:"

_READ: dict[bytes, tuple[Any, ...]] = {
    b"string": ("GET",),
    b"hash": ("HGETALL",),
    b"set": ("SMEMBERS",),
    b"zset": ("ZRANGE", 0, -1, "WITHSCORES"),
    b"stream": ("XRANGE", "-", "+"),
}
"""How each type is read: by value, since a store may serialise the same value otherwise after it loaded its log."""


def snapshot(url: str, *, without: tuple[bytes, ...] = (PROOF,)) -> dict[bytes, str]:
    """Return every key with its value, but for keys that contain one of ``without``."""
    with redis.Redis.from_url(url) as client:
        names = [name for name in sorted(client.keys("*")) if not any(part in name for part in without)]
        kinds = client.pipeline(transaction=True)
        for name in names:
            kinds.type(name)
        values = client.pipeline(transaction=True)
        for name, kind in zip(names, kinds.execute(), strict=True):
            command, *rest = _READ.get(kind, ("TYPE",))
            values.execute_command(command, name, *rest)
        read = values.execute()
    return {name: _plain(value) for name, value in zip(names, read, strict=True)}


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return repr(sorted(value.items()))
    return repr(sorted(value) if isinstance(value, set) else value)


def difference(before: dict[bytes, str], after: dict[bytes, str]) -> list[bytes]:
    """Return the names of keys that came, went or changed."""
    return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))


def settle(url: str, within_s: float = 20.0) -> None:
    """Wait until every entry of every line is matched: the workers have nothing left to write by themselves."""
    deadline = time.monotonic() + within_s
    with redis.Redis.from_url(url) as client:
        while True:
            waiting = {name: client.zcard(name) for name in client.keys("kc:*:unmatched")}
            if not any(waiting.values()):
                return
            assert time.monotonic() < deadline, f"still unmatched: {waiting}"
            time.sleep(0.05)
