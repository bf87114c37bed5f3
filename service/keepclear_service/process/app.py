"""The composition root: settings in, an app out. The only place that picks the store and ties the rooms together.

A worker listens before its lines are read: reads and streams come from the store, submits are told ``busy`` until
then, and ``/readyz`` says ``starting``. Where others answer, it listens only then: a connection that it took before
would share its loop with the reading, also one of an agreement whose line is read in a moment. A store that holds no
line, or could lose one, ends the start with an error.
"""

import asyncio
import contextlib
import functools
import gc
import logging
from collections.abc import AsyncIterator, Sequence

from fastapi import FastAPI
from keepclear_protocol.agreement import Agreement
from keepclear_protocol.errors import LocalError, Unavailable
from redis.exceptions import RedisError

from ..delivery.hub import Hub
from ..http import health, openapi, problems, reads, stream, submits
from ..http.deps import Hotlines
from ..http.service import ServiceApp
from ..line.full import store_full
from ..line.heads import Heads
from ..line.hotline import Hotline
from ..line.lane import Lane
from ..logs import Outage
from ..metrics import Board
from ..observer import Observer
from ..steady import SteadyClock
from ..store.canary import Canary
from ..store.connect import Store, check_durability, connect
from ..store.line import StoredLine
from ..store.timed import timed
from .admin import adopt_newer, in_force
from .bounds import volumes_of_a_party
from .disk import Disk
from .embedded import running_store
from .files import read_agreement, read_key
from .head_file import FileOfHead
from .heartbeat import TURN_WITHIN_S
from .note import keep_note
from .settings import Settings
from .version import versions

HINT_AGAIN_S = 1.0
"""Seconds until the hints are asked for again after the store was gone; lines and hubs poll meanwhile."""

READ_WITHIN_S = 30.0
"""Seconds for which a worker reads its lines before it listens; those that cannot be read must be told of."""

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
        observer: Observer = app.state.observer
        clock: SteadyClock = app.state.clock
        store = connect(store_url, password=settings.store_password())
        try:
            check = functools.partial(check_durability, store.submits, volatile=settings.volatile)
            await check()
            lane = Lane()
            embedded = running_store(settings.embedded) == store_url
            disk = Disk(settings.embedded if embedded else None)
            hotlines: list[Hotline] = []
            parties = sum(len(agreement.parties) for agreement in agreements)
            most_volumes = volumes_of_a_party(settings, parties, embedded=embedded)
            for agreement in agreements:
                line = StoredLine(store, agreement.id, clock=clock.seconds, full=disk.full)
                await adopt_newer(line, await in_force(line, agreement, settings), agreement)
                watched = observer.line(len(hotlines), agreement.id)
                kept = timed(line, observer)
                hotlines.append(
                    Hotline(
                        kept,
                        key,
                        agreement,
                        lane,
                        tick_ms=settings.tick_ms,
                        observer=watched,
                        clock=clock,
                        heads=_heads(settings, agreement),
                        most_volumes=most_volumes,
                    )
                )
            app.state.settings = settings
            hubs = {hotline.agreement.id: Hub(hotline, app.state.draining) for hotline in hotlines}
            app.state.hotlines, app.state.hubs = Hotlines(hotlines), hubs
            app.state.turns = lambda: all(hotline.turn.comes_round(TURN_WITHIN_S) for hotline in hotlines)
            canary = Canary(store, [hotline.line.prefix for hotline in hotlines])

            async def prove() -> float:
                if why := disk.full():
                    raise store_full(why)
                await check(room=True)
                return await canary.sing()

            app.state.check_store = prove
            async with asyncio.TaskGroup() as tasks:
                running = [tasks.create_task(hotline.turn.run()) for hotline in hotlines]
                running += [tasks.create_task(hub.run()) for hub in hubs.values()]
                running.append(tasks.create_task(_hints(store, hotlines, hubs)))
                running.append(tasks.create_task(_settle_down(hotlines)))
                running.append(tasks.create_task(keep_note(observer.board, hotlines, clock)))
                try:
                    if app.state.others:
                        await read_first(hotlines, app.state.draining)
                    yield
                finally:
                    for task in running:
                        task.cancel()
        finally:
            await store.close()

    app = ServiceApp(
        submits.DOORS | stream.DOORS,
        version=versions()["keepclear"],
        lifespan=lifespan,
        redirect_slashes=False,  # the redirection would go wherever the Host header says
        openapi_url=None,  # see http.openapi; with it go the pages that would load programs from elsewhere
    )
    app.state.observer = Observer(Board(len(agreements)), None)  # until a worker brings its own
    app.state.clock = SteadyClock()  # likewise
    app.state.others = False
    problems.install(app)
    for door in (submits, reads, stream, health, openapi):
        app.include_router(door.router)
    return app


def _heads(settings: Settings, agreement: Agreement) -> Heads:
    folder = settings.heads_folder()
    return Heads(None if folder is None else FileOfHead(folder, agreement.id), agreement.id)


async def read_first(hotlines: Sequence[Hotline], draining: asyncio.Event) -> None:
    """Wait until every line is read, but no longer than ``READ_WITHIN_S``, nor when the worker is to end."""
    reading = asyncio.ensure_future(asyncio.gather(*(hotline.turn.ready.wait() for hotline in hotlines)))
    ending = asyncio.create_task(draining.wait())
    await asyncio.wait((reading, ending), timeout=READ_WITHIN_S, return_when=asyncio.FIRST_COMPLETED)
    for task in (reading, ending):
        task.cancel()


async def _settle_down(hotlines: list[Hotline]) -> None:
    """Once every line is read, keep what was made of them out of the garbage collector's rounds."""
    for hotline in hotlines:
        await hotline.turn.ready.wait()
    gc.freeze()


async def _hints(store: Store, hotlines: list[Hotline], hubs: dict[str, Hub]) -> None:
    """Wake lines and hubs when the store says that something is new; they poll where this is silent."""
    of_prefix = {hotline.line.prefix: (hotline, hubs[hotline.agreement.id]) for hotline in hotlines}
    outage = Outage(log, "hints_lost", "hints_back")
    while True:
        try:
            async for hint in store.hints():
                outage.over()
                prefix, head, *parties = *hint.split(), "", ""
                if prefix in of_prefix and head.isdecimal():
                    hotline, hub = of_prefix[prefix]
                    hotline.turn.poke(int(head))
                    for party in parties:
                        hub.poke(party)
        except (Unavailable, RedisError, OSError) as error:
            outage.began(error)
            await asyncio.sleep(HINT_AGAIN_S)
