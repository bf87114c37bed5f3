"""A worker that is started while others answer reads its lines before it listens, and asks nobody to wait for that."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from keepclear_service.process import app
from keepclear_service.process.listening import Listening
from keepclear_service.process.settings import Settings, load_settings
from keepclear_service.process.supervisor import Worker
from keepclear_service.store.connect import connect
from keepclear_service.store.line import StoredLine
from support.line import write_key
from support.world import World

WORKER = """
import json, sys
order = json.loads(sys.stdin.readline())
with open(sys.argv[1], "a") as told:
    told.write(json.dumps(order["others"]) + "\\n")
print(json.dumps({"event": "ready"}), flush=True)
sys.stdin.read()
"""


def test_a_successor_is_told_that_others_answer_and_the_first_that_none_does(tmp_path: Path) -> None:
    told = tmp_path / "told"

    async def story() -> None:
        address = Listening("127.0.0.1", 0, workers=2)
        workers: list[Worker] = []
        workers += [Worker(Settings(), (sys.executable, "-S", "-c", WORKER, str(told)), address, workers) for _ in "ab"]
        try:
            await asyncio.gather(*(worker.start() for worker in workers))
            dead = workers[0].pid
            assert dead is not None
            os.kill(dead, signal.SIGKILL)
            while workers[0].pid is not None or workers[0].serves:  # noqa: ASYNC110 - the kernel's
                await asyncio.sleep(0.01)
            await workers[0].start()
            for worker in workers:
                await worker.stop(5)
            await workers[1].start()  # nobody is left
        finally:
            for worker in workers:
                await worker.stop(5)
            address.close()

    asyncio.run(story())
    assert [json.loads(line) for line in told.read_text().splitlines()] == [False, False, True, False]


def test_lines_are_read_first_but_not_for_ever_nor_when_all_is_to_end(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        lines: list[Any] = [SimpleNamespace(turn=SimpleNamespace(ready=asyncio.Event())) for _ in range(2)]
        draining = asyncio.Event()
        reading = asyncio.create_task(app.read_first(lines, draining))
        lines[0].turn.ready.set()
        await asyncio.sleep(0.02)
        assert not reading.done()
        lines[1].turn.ready.set()
        await asyncio.wait_for(reading, 5)
        lines[1].turn.ready.clear()
        reading = asyncio.create_task(app.read_first(lines, draining))
        await asyncio.sleep(0.02)
        assert not reading.done()
        draining.set()
        await asyncio.wait_for(reading, 5)
        monkeypatch.setattr(app, "READ_WITHIN_S", 0.05)
        await asyncio.wait_for(app.read_first(lines, asyncio.Event()), 5)

    asyncio.run(story())


@pytest.mark.parametrize("others", [True, False])
def test_a_worker_listens_once_its_lines_are_read_where_others_answer(
    tmp_path: Path, store_url: str, monkeypatch: pytest.MonkeyPatch, others: bool
) -> None:
    world, read = World(), []

    async def read_first(hotlines: Any, draining: Any) -> None:
        read.append(len(hotlines))

    async def story() -> None:
        write_key(tmp_path / "service.key", world.service)
        (tmp_path / "agreement.json").write_bytes(world.agreement.raw)
        store = connect(store_url)
        await StoredLine(store, world.agreement.id).found(world.agreement.terms, world.agreement.raw)
        await store.close()
        given = {"key": tmp_path / "service.key", "agreements": (tmp_path / "agreement.json",), "store": store_url}
        found = app.create_app(load_settings(**given))
        found.state.draining, found.state.others = asyncio.Event(), others
        async with found.router.lifespan_context(found):
            assert read == [1] * others

    monkeypatch.setattr(app, "read_first", read_first)
    asyncio.run(story())
