"""A small application for the tests of the service's shell: an endless stream, a counter in the store, failures."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.sse import EventSourceResponse, ServerSentEvent
from keepclear_protocol.errors import LocalError, Unavailable
from keepclear_service.process.settings import Settings
from keepclear_service.store.connect import check_durability, connect, store_faults


def create_app(settings: Settings) -> FastAPI:
    """Return an application on the settings' store; it refuses to start on an unsafe one."""
    assert settings.store is not None
    store = connect(settings.store).submits

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await check_durability(store, volatile=settings.volatile)
        yield
        await store.aclose()

    app = FastAPI(lifespan=lifespan)

    @app.get("/healthz")
    async def healthz() -> dict[str, int]:
        return {"pid": os.getpid()}

    @app.get("/count")
    async def count() -> dict[str, int]:
        with store_faults():
            return {"pid": os.getpid(), "count": await store.incr("count")}

    @app.get("/stream", response_class=EventSourceResponse)
    async def stream() -> AsyncIterator[ServerSentEvent]:
        draining: asyncio.Event = app.state.draining
        while not draining.is_set():
            yield ServerSentEvent(event="tick", data={})
            try:
                await asyncio.wait_for(draining.wait(), 0.2)
            except TimeoutError:
                pass
        yield ServerSentEvent(event="drain", data={}, retry=500)

    @app.get("/deaf", response_class=EventSourceResponse)
    async def deaf() -> AsyncIterator[ServerSentEvent]:
        while True:
            yield ServerSentEvent(event="tick", data={})
            await asyncio.sleep(0.2)

    return app


def refusing_app(settings: Settings) -> FastAPI:
    """Refuse at once, as for a bad key file."""
    raise LocalError("key_file", "the key file is readable by others", hint="chmod 600 it")


def unready_app(settings: Settings) -> FastAPI:
    """Refuse in its startup, as for an unsafe store."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        raise Unavailable("store_unsafe", "could lose a notice")
        yield

    return FastAPI(lifespan=lifespan)


def broken_app(settings: Settings) -> FastAPI:
    """Fail as no application should."""
    raise RuntimeError("boom\nsecond line")


def failing_app(settings: Settings) -> FastAPI:
    """Serve with a task beside the doors that fails when the door ``/fail`` says so."""
    failing = asyncio.Event()

    async def task() -> None:
        await failing.wait()
        raise RuntimeError("boom")

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(task())
            yield
            running.cancel()

    app = FastAPI(lifespan=lifespan)

    @app.get("/healthz")
    async def healthz() -> dict[str, int]:
        return {"pid": os.getpid()}

    @app.get("/fail")
    async def fail() -> dict[str, int]:
        failing.set()
        return {"pid": os.getpid()}

    return app
