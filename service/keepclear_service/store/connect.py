"""The way to the store: one pool of connections, and the check that the store keeps what it was given.

Nothing here is sent twice: redis-py would retry ten times by default, and one paused ``XADD`` was measured to become
two. A caller that wants to try again does so itself, with a script that is safe to repeat.
"""

import contextlib
from collections.abc import Iterator
from typing import Any

import redis.exceptions
from keepclear_protocol.errors import LocalError, Unavailable
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.maint_notifications import MaintNotificationsConfig

ANSWER_WITHIN_S = 5.0
"""A script takes well under 10 ms; a store that is silent for five seconds is down, and the desk must hear so."""

CONNECT_WITHIN_S = 2.0

MAX_CONNECTIONS = 64
"""Of one worker. Measured: 64 clients already reach a store's best rate with every write fsynced."""

OLDEST = (7, 0)
"""Oldest Redis whose commands we use; Valkey answers as 7.2.4."""

_DURABLE = {
    "appendonly": "yes",
    "appendfsync": "always",
    "no-appendfsync-on-rewrite": "no",
    "maxmemory-policy": "noeviction",
}


def connect(url: str, *, password: str | None = None, max_connections: int = MAX_CONNECTIONS) -> "Redis":
    """Return a client of the store at ``url`` (``redis://``, ``rediss://``, ``unix://``) that answers in bytes.

    No connection is made yet. Where all are in use a caller waits for one. Raises ``LocalError`` with ``usage``.
    """
    options: dict[str, Any] = {} if password is None else {"password": password}
    try:
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=max_connections,
            timeout=ANSWER_WITHIN_S,
            retry=Retry(NoBackoff(), 0),
            socket_timeout=ANSWER_WITHIN_S,
            socket_connect_timeout=CONNECT_WITHIN_S,
            driver_info=None,  # no CLIENT SETINFO: two round trips, and an ACL need not allow it
            maint_notifications_config=MaintNotificationsConfig(enabled=False),
            **options,
        )
    except (ValueError, TypeError, redis.exceptions.RedisError):
        raise LocalError("usage", "the store's URL cannot be read") from None
    return Redis.from_pool(pool)


@contextlib.contextmanager
def store_faults() -> Iterator[None]:
    """Turn every failure of the store within the block into ``Unavailable`` with ``store_unavailable``."""
    try:
        yield
    except (redis.exceptions.RedisError, OSError, TimeoutError) as error:
        raise Unavailable("store_unavailable", f"the store does not answer ({type(error).__name__})") from error


async def check_durability(client: "Redis", *, volatile: bool = False) -> None:
    """Refuse a store that is too old or that could lose a receipted notice.

    ``volatile`` waives all but the age. Raises ``Unavailable`` with ``store_unsafe`` or ``store_unavailable``.
    """
    with store_faults():
        info = await client.info("server", "replication", "persistence")
        _check_version(str(info.get("redis_version", "")))
        if volatile:
            return
        try:
            settings = _text(await client.config_get(*_DURABLE))
        except redis.exceptions.NoPermissionError:
            raise Unavailable(
                "store_unsafe", "the store does not show its settings", hint="allow the service +config|get"
            ) from None
    wrong = [
        f"{name} is {settings.get(name)}, not {value}"
        for name, value in _DURABLE.items()
        if settings.get(name) != value
    ]
    if info.get("role") != "master":
        wrong.append(f"its role is {info.get('role')}, not master")
    if info.get("aof_last_write_status", "ok") != "ok":
        wrong.append("its last write to the log failed")
    if wrong:
        raise Unavailable(
            "store_unsafe",
            f"the store could lose a receipted notice: {'; '.join(wrong)}",
            hint="set it so in the store's configuration; --volatile accepts the loss, for trials",
        )


def _check_version(version: str) -> None:
    try:
        parts = tuple(int(part) for part in version.split(".")[:2])
    except ValueError:
        parts = ()
    if parts < OLDEST:
        raise Unavailable("store_unsafe", f"the store is version {version[:20]}; Redis 7.0, or Valkey, is the oldest")


def _text(settings: dict[Any, Any]) -> dict[str, str]:
    def plain(value: Any) -> str:
        return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)

    return {plain(name): plain(value) for name, value in settings.items()}
