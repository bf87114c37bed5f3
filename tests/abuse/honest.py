"""The honest: processes that file, put dangers before the victim's desk, and ask ``/readyz``, all the while.

Each statement is sent at its time whatever became of the one before, and again until it has a receipt, as a desk does;
its time counts from when it was due. The victim's desk is the real one. What is measured is written down line by line
with the time of day, so that phases are cut afterwards.
"""

import asyncio
import contextlib
import functools
import json
import multiprocessing
import os
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import uvloop
from benchmarks.client import Connection, connect, exchange, get, post
from benchmarks.load import filed
from keepclear import Desk
from keepclear.journal.journal import JOURNAL
from keepclear_protocol.acknowledgement import VERIFIED
from support.world import World

from .flights import HONEST, VICTIM, danger, harmless
from .scene import Scene

AGAIN_S = 0.25
"""Seconds after which a statement without a receipt is sent again."""

SEEN_EVERY_S = 0.05

WITHIN_S = 20.0
"""Seconds after which an honest party gives up on a statement."""

SUBMITS_A_SECOND = 4.0
DANGERS_A_SECOND = 2.0
READY_A_SECOND = 2.0


@dataclass(frozen=True)
class Measured:
    """What the honest wrote down: samples of those who file and ask, and what the victim's desk was told."""

    samples: list[dict[str, Any]]
    told: list[dict[str, Any]]


class Honest:
    """The running processes; ``measured`` may be asked at any time."""

    def __init__(self, scene: Scene) -> None:
        self.desk_pid = 0
        self._samples, self._told = scene.folder / "samples", scene.folder / "told"

    def measured(self) -> Measured:
        """Return what was written down so far."""
        return Measured(_lines(self._samples), _lines(self._told))

    def wait_for_desk(self, within_s: float = 20.0) -> None:
        """Wait until the desk follows its stream."""
        deadline = time.monotonic() + within_s
        while not any(line["event"] == "LinkEvent" for line in _lines(self._told)):
            assert time.monotonic() < deadline, "the victim's desk does not come to follow"
            time.sleep(0.05)


@contextlib.contextmanager
def honest(
    scene: Scene, others_a_second: float = SUBMITS_A_SECOND, dangers: Callable[[World, int], str] = danger
) -> Iterator[Honest]:
    """Run the honest beside whatever happens in the block; each of ``dangers`` meets a flight of the victim's."""
    fork = multiprocessing.get_context("fork")
    works = (_follow, functools.partial(_file, others_a_second=others_a_second, dangers=dangers))
    processes = [fork.Process(target=_alone, args=(work, scene), daemon=True) for work in works]
    running = Honest(scene)
    try:
        processes[0].start()
        running.desk_pid = processes[0].pid or 0
        running.wait_for_desk()
        processes[1].start()
        yield running
    finally:
        for process in processes:
            if process.pid is not None and process.is_alive():
                os.kill(process.pid, signal.SIGKILL)
            process.join()


def _alone(work: Callable[[Scene], None], scene: Scene) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    work(scene)


def _lines(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    whole, _, _ = path.read_text().rpartition("\n")
    return [json.loads(line) for line in whole.splitlines()]


def _follow(scene: Scene) -> None:
    """Be the victim's desk: write down each event that it tells."""
    with scene.desk(VICTIM) as desk, (scene.folder / "told").open("w", buffering=1) as out:
        threading.Thread(target=_see, args=(scene, desk, out), daemon=True).start()
        for event in desk.watch():
            line: dict[str, Any] = {"at": time.time(), "event": type(event).__name__}
            for name in ("verdict", "code", "up", "reason", "detail", "budget"):
                if hasattr(event, name):
                    line[name] = getattr(event, name)
            alert = getattr(event, "alert", None)
            if alert is not None:
                line |= {"other": alert.other.id, "state": alert.state}
            out.write(json.dumps(line) + "\n")


def _see(scene: Scene, desk: Desk, out: IO[str]) -> None:
    """Write down when each notice of the honest party stands in the picture, which a board paints each second.

    And whether the desk says that it is behind, or blind: then its officer knows that a danger may be on no screen.
    """
    path = scene.folder / f"desk-{VICTIM}" / JOURNAL
    seen: set[str] = set()
    warned = False
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as journal:
        while True:
            with contextlib.suppress(sqlite3.OperationalError):  # it is being written
                now = {str(row[0]) for row in journal.execute("SELECT id FROM theirs WHERE party = ?", [HONEST])}
                for other in now - seen:
                    line = {"at": time.time(), "event": "Picture", "verdict": VERIFIED, "other": other}
                    out.write(json.dumps(line) + "\n")
                seen |= now
            link = desk.link()
            if warned is not (link.lags or not link.up):
                warned = not warned
                line = {"at": time.time(), "event": "Warned", "warned": warned, "behind": link.behind}
                out.write(json.dumps(line) + "\n")
            time.sleep(SEEN_EVERY_S)


def _file(scene: Scene, others_a_second: float, dangers: Callable[[World, int], str]) -> None:
    with (scene.folder / "samples").open("w", buffering=1) as out:
        uvloop.run(_all(scene, out, others_a_second, dangers))


async def _all(scene: Scene, out: IO[str], others_a_second: float, dangers: Callable[[World, int], str]) -> None:
    world, other = scene.world, scene.other
    await asyncio.gather(
        _paced(scene, out, "submit", SUBMITS_A_SECOND, lambda number: harmless(world, HONEST, number)),
        _paced(scene, out, "danger", DANGERS_A_SECOND, lambda number: dangers(world, number)),
        _paced(scene, out, "other", others_a_second, lambda number: harmless(other, "east", number)),
        _paced(scene, out, "ready", READY_A_SECOND, None),
    )


async def _paced(scene: Scene, out: IO[str], what: str, a_second: float, make: Callable[[int], str] | None) -> None:
    began, idle, number = time.time(), list[Connection](), 0
    tasks: set[asyncio.Task[None]] = set()
    while True:
        due = began + number / a_second
        await asyncio.sleep(max(0.0, due - time.time()))
        if make is None:
            work = _asked(scene, out, due)
        else:
            work = _filed(scene, out, idle, {"what": what, "due": due}, make(number))
        task = asyncio.create_task(work)
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        number += 1


async def _filed(scene: Scene, out: IO[str], idle: list[Connection], line: dict[str, Any], raw: str) -> None:
    """Send a statement until it has a receipt or a refusal that stands; write down how long that took."""
    line |= {"id": filed(raw).id, "codes": []}
    out.write(json.dumps(line | {"ms": None}) + "\n")
    status = 0
    while time.time() < line["due"] + WITHIN_S:
        connection = None
        try:
            connection = idle.pop() if idle else await asyncio.wait_for(connect(scene.port), 5)
            status, body = await exchange(connection, post("notices", raw), WITHIN_S)
        except (OSError, TimeoutError):
            status, body = 0, b""
        if status and connection is not None:
            idle.append(connection)
        elif connection is not None:
            connection.transport.abort()
        if status in (200, 201):
            break
        line["codes"].append(code_of(status, body))
        if 400 <= status < 500:
            break
        await asyncio.sleep(AGAIN_S)
    out.write(json.dumps(line | {"ms": (time.time() - line["due"]) * 1000, "status": status}) + "\n")


async def _asked(scene: Scene, out: IO[str], due: float) -> None:
    """Ask ``/readyz`` once, as a balancer does, which gives up after two seconds."""
    status, body = 0, b""
    with contextlib.suppress(OSError, TimeoutError):
        connection = await asyncio.wait_for(connect(scene.port), 2)
        try:
            status, body = await exchange(connection, get("/readyz"), 2)
        finally:
            connection.transport.abort()
    words = "no answer"
    with contextlib.suppress(ValueError):
        read = json.loads(body)
        checks = read.get("checks", {}) if isinstance(read, dict) else {}
        words = ", ".join(f"{name} {value}" for name, value in checks.items() if value != "ok") or "ok"
    line = {"what": "ready", "due": due, "ms": (time.time() - due) * 1000, "status": status, "words": words}
    out.write(json.dumps(line) + "\n")


def code_of(status: int, body: bytes) -> str:
    """Return an answer's stable code, or its status where it has none."""
    with contextlib.suppress(ValueError, AttributeError):
        code = json.loads(body).get("code")
        if code:
            return str(code)
    return str(status) if status else "connection lost"
