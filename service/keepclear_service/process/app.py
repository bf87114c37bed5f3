"""The composition root: settings in, an app out. The only place that picks the store and ties the rooms together."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from typing import Any

from fastapi import FastAPI
from keepclear_protocol.agreement import Agreement
from keepclear_protocol.errors import LocalError
from keepclear_protocol.keys import PrivateKey
from redis.asyncio import Redis
from redis.exceptions import RedisError

from ..http import health, problems, reads, stream, submits
from ..http.deps import Hotlines
from ..http.hangups import HangUps
from ..line.follower import Follower
from ..line.hotline import Hotline
from ..store.connect import check_durability, connect
from ..store.lines import CHANNEL, StoredLine
from .admin import adopt_newer
from .files import read_agreement, read_key
from .settings import Settings

HINT_AGAIN_S = 1.0
"""Seconds until the hints are asked for again after the store was gone; the followers poll meanwhile."""

log = logging.getLogger(__name__)


def create_app(settings: Settings) -> FastAPI:
    """Return the service's app; it connects to the store when it starts. Raises ``LocalError``."""
    if settings.key is None or not settings.agreements or settings.store is None:
        raise LocalError("usage", "a key, an agreement and a store are needed")
    key = read_key(settings.key)
    agreements = [read_agreement(path) for path in settings.agreements]
    for agreement in agreements:
        if agreement.service_key(key.kid) is None:
            raise LocalError("usage", f"the key is not the service's in the agreement {agreement.name}")
    kids = [item.key.kid for agreement in agreements for party in agreement.parties for item in party.keys]
    if len(set(kids)) != len(kids):
        # A statement's agreement is found by the key that signed it.
        raise LocalError("usage", "one party's key stands in two of the agreements; each has keys of its own")
    store_url = settings.store

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        redis: Any = connect(store_url, password=settings.store_password()).submits
        app.state.redis, app.state.settings, app.state.draining = redis, settings, asyncio.Event()
        await check_durability(redis, volatile=settings.volatile)
        hotlines = {agreement.id: await open_hotline(redis, agreement, key) for agreement in agreements}
        app.state.hotlines = Hotlines(hotlines)
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(hotline.follower.run()) for hotline in hotlines.values()]
            running.append(tasks.create_task(_hints(redis, list(hotlines.values()))))
            try:
                yield
            finally:
                for task in running:
                    task.cancel()
        await redis.aclose()

    app = FastAPI(
        title="Keepclear",
        description="A deconfliction hotline. Statements are compact JWS; see protocol/SPEC.md.",
        version="1",
        lifespan=lifespan,
        redirect_slashes=False,  # the redirection would go wherever the Host header says
        docs_url=None,
        redoc_url=None,
    )
    problems.install(app)
    app.add_middleware(HangUps)
    for door in (submits, reads, stream, health):
        app.include_router(door.router)
    return app


async def open_hotline(redis: Any, agreement: Agreement, key: PrivateKey) -> Hotline:
    """Open one agreement's line, put the agreement at hand in force if it is a newer revision, and fold its log."""
    line = StoredLine(redis, agreement.id)
    follower = Follower(line, agreement)
    hotline = Hotline(line, key, follower)
    follower.commit = hotline.commit
    await follower.start()
    await adopt_newer(line, follower.agreement, agreement)
    await follower.catch_up()
    return hotline


async def _hints(redis: Redis, hotlines: list[Hotline]) -> None:
    """Wake the followers when the store says that something is new; they poll where this is silent."""
    of_prefix = {hotline.line.prefix.encode(): hotline for hotline in hotlines}
    while True:
        try:
            async with redis.pubsub(ignore_subscribe_messages=True) as hints:
                await hints.subscribe(CHANNEL)
                while True:
                    message = await hints.get_message(timeout=None)
                    if message is not None and message["data"] in of_prefix:
                        of_prefix[message["data"]].follower.poke()
        except (RedisError, OSError) as error:
            log.warning("hints lost", extra={"cause": str(error)})
            await asyncio.sleep(HINT_AGAIN_S)
