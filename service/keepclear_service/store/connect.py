"""The way to the store: two pools of connections, and the check that the store keeps what it was given.

Submits and streams draw on connections of their own, so that however many streams read, a turn finds one free. Nothing
here is sent twice: redis-py would retry ten times by default, and one paused ``XADD`` was measured to become two. A
caller that wants to try again does so itself, with a script that is safe to repeat. The store may be one server or a
cluster, whose client follows an agreement's shard when it moves.
"""

import contextlib
from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import redis.exceptions
from keepclear_protocol.errors import LocalError, Unavailable
from redis.asyncio import BlockingConnectionPool, Redis, RedisCluster
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.maint_notifications import MaintNotificationsConfig

from ..line.full import NotTaken, store_full
from ..line.ports import CHANNEL
from .connections import OURS
from .room import read_room

Client: TypeAlias = "Redis | RedisCluster"

ANSWER_WITHIN_S = 5.0
"""A script takes well under 10 ms; a store that is silent for five seconds is down, and the desk must hear so."""

CONNECT_WITHIN_S = 2.0

SUBMIT_CONNECTIONS = 32
"""Of one worker. A turn is one call at a time for each agreement; beside it one look for each statement sent again."""

STREAM_CONNECTIONS = 32
"""Of one worker: readers of parties' streams and views, request proofs, and one that listens for hints. Measured: 64
clients already reach a store's best rate with every write fsynced."""

CLUSTER_CONNECTIONS = 256
"""Of one worker to one shard and for one of both uses. A cluster's client does not wait for a free one, but refuses."""

OLDEST = (7, 0)
"""Oldest Redis whose commands we use; Valkey answers as 7.2.4."""

_DURABLE = {
    "appendonly": "yes",
    "appendfsync": "always",
    "no-appendfsync-on-rewrite": "no",
    "maxmemory-policy": "noeviction",
}


@dataclass(frozen=True, slots=True)
class Store:
    """The clients of a store: one for what changes lines, one for what reads them. Both answer in bytes."""

    submits: Client
    streams: Client

    async def hints(self) -> AsyncGenerator[str, None]:
        """Yield the hints that something is new, from when this is first asked on; raise ``Unavailable`` when lost."""
        with store_faults():
            if isinstance(self.streams, RedisCluster):
                await self.streams.initialize()  # its listener asks where the channel lives before anyone has looked
            async with self.streams.pubsub(ignore_subscribe_messages=True) as hints:
                await hints.subscribe(CHANNEL)
                while True:
                    message = await hints.get_message(timeout=None)
                    if message is not None:
                        yield message["data"].decode()

    async def close(self) -> None:
        """Close all connections."""
        await self.submits.aclose()
        await self.streams.aclose()


def connect(url: str, *, password: str | None = None, connections: int | None = None) -> Store:
    """Return the store at ``url``: ``redis://``, ``rediss://``, ``unix://``, or with ``+cluster`` after the scheme.

    No connection is made yet. ``connections`` replaces the number in each pool; where all are in use a caller waits for
    one. Raises ``LocalError`` with ``usage``.
    """
    scheme, separator, rest = url.partition("://")
    cluster = scheme.endswith("+cluster")
    if cluster:
        url = f"{scheme.removesuffix('+cluster')}{separator}{rest}"
    options: dict[str, Any] = {
        "retry": Retry(NoBackoff(), 0),
        "socket_timeout": ANSWER_WITHIN_S,
        "socket_connect_timeout": CONNECT_WITHIN_S,
        "driver_info": None,  # no CLIENT SETINFO: two round trips, and an ACL need not allow it
        "maint_notifications_config": MaintNotificationsConfig(enabled=False),
    }
    if password is not None:
        options["password"] = password

    def client(number: int) -> Client:
        if cluster:
            known = RedisCluster.from_url(url, max_connections=connections or CLUSTER_CONNECTIONS, **options)
            ours = OURS[known.connection_kwargs["connection_class"]]  # it takes no class, and keeps one per node
            known.connection_kwargs["connection_class"] = ours
            for node in known.startup_nodes:
                node.connection_class = ours
            return known
        pool = BlockingConnectionPool.from_url(
            url, max_connections=connections or number, timeout=ANSWER_WITHIN_S, **options
        )
        pool.connection_class = OURS[pool.connection_class]
        return Redis.from_pool(pool)

    try:
        return Store(client(SUBMIT_CONNECTIONS), client(STREAM_CONNECTIONS))
    except (ValueError, TypeError, redis.exceptions.RedisError):
        raise LocalError("usage", "the store's URL cannot be read") from None


@contextlib.contextmanager
def store_faults() -> Iterator[None]:
    """Turn every failure of the store within the block into ``Unavailable`` with ``store_unavailable``."""
    try:
        yield
    except (redis.exceptions.RedisError, redis.exceptions.RedisClusterException, OSError, TimeoutError) as error:
        raise _told(error) from error


_DISK_FULL = "No space left on device"
"""What a store says whose log cannot be written; one that fsyncs each write ends instead."""


def _told(error: Exception) -> Unavailable:
    # By a unix socket redis-py hands a refused password on as a lost connection.
    causes = (error, error.__cause__)
    if any(isinstance(cause, redis.exceptions.OutOfMemoryError) for cause in causes):
        return store_full("the store's memory is full")
    if _DISK_FULL in str(error):
        return store_full("the store's disk takes nothing more")
    if any(isinstance(cause, redis.exceptions.AuthenticationError) for cause in causes):
        detail = "the store lets nobody in without the right password"
        hint = "--store-password-file names the file that holds it; a user's name stands in the URL before the host"
        return Unavailable("store_unavailable", detail, hint=hint)
    if any(isinstance(cause, redis.exceptions.NoPermissionError) for cause in causes):
        detail = "the store's user may not do what the service needs"
        return Unavailable("store_unavailable", detail, hint="deploy/sample/access.py has the rights that it needs")
    if isinstance(error, redis.exceptions.ResponseError) and not isinstance(error, (*_PASSING, *_MOVING)):
        return NotTaken("store_unavailable", f"the store does not do what it is asked: {str(error)[:100]}")
    return Unavailable("store_unavailable", f"the store does not answer ({type(error).__name__})")


async def server_version(client: Client) -> str:
    """Return what the store is, such as ``Valkey 9.1.2``; raise ``Unavailable``."""
    with store_faults():
        node: dict[str, Any] = {}
        if isinstance(client, RedisCluster):
            await client.initialize()
            node = {"target_nodes": client.get_primaries()[0]}
        info = await client.info("server", **node)
    if info.get("server_name") == "valkey":
        return f"Valkey {info.get('valkey_version')}"
    return f"Redis {info.get('redis_version')}"


async def check_durability(client: Client, *, volatile: bool = False, room: bool = False) -> None:
    """Refuse a store that is too old or that could lose a receipted notice; of a cluster, each primary is asked.

    ``volatile`` waives all but the age; ``room`` asks that it is not full, too, which a start need not: a full store is
    read, and cleaned. Raises ``Unavailable`` with ``store_unsafe`` or ``store_unavailable``.
    """
    with store_faults():
        if isinstance(client, RedisCluster):
            await client.initialize()
            for node in client.get_primaries():
                await _check_server(client, volatile, room, target_nodes=node)
        else:
            await _check_server(client, volatile, room)


async def _check_server(client: Client, volatile: bool, room: bool, **node: Any) -> None:
    info = await client.info("server", "replication", "persistence", "memory", **node)
    _check_version(str(info.get("redis_version", "")))
    if room and (found := read_room(info)).full:
        raise store_full(f"the store's memory is full: {found.words()}")
    if volatile:
        return
    settings = await _settings(client, **node)
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


_PASSING = (
    redis.exceptions.BusyLoadingError,
    redis.exceptions.TryAgainError,
    redis.exceptions.ClusterDownError,
    redis.exceptions.MasterDownError,
    redis.exceptions.AuthenticationError,
    redis.exceptions.MaxConnectionsError,
    redis.exceptions.MovedError,
    redis.exceptions.AskError,
)
"""Error replies that say nothing of settings: a store that loads, moves or knows us not is not there, yet."""

_MOVING = (redis.exceptions.ReadOnlyError, redis.exceptions.NoScriptError)
"""Error replies of a store that takes nothing from anyone for now: another one is the primary, or it has just begun."""


async def _settings(client: Client, **node: Any) -> dict[str, str]:
    """Return the store's settings; a store that answers, and shows none, could be set in any way."""
    try:
        answer = await client.config_get(*_DURABLE, **node)
    except _PASSING:
        raise
    except redis.exceptions.ResponseError:  # no right, no such command, or a proxy's own refusal
        answer = {}
    settings = _text(answer) if isinstance(answer, dict) else {}
    if not settings:
        raise Unavailable(
            "store_unsafe",
            "the store does not show its settings, so nobody can tell whether it keeps what it was given",
            hint="allow the service +config|get; for a rented store without CONFIG --volatile accepts the loss",
        )
    return settings


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
