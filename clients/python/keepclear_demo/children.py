"""The demo's processes: the service with its store, and a desk for each party. None of them outlives the demo.

Guaranteed: every process started here is ended by its own process id when its ``async with`` block ends, whatever ends
it. If the demo itself is killed, each child notices by the end of its standard input (the service by its ``leash``)
and ends by itself. Children stand in sessions of their own, so that a Ctrl-C comes to the demo alone.
"""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from keepclear_protocol.errors import Unavailable

from . import leash
from .scene import Scene

START_WITHIN_S = 60.0
STOP_WITHIN_S = leash.KILL_AFTER_S + 5

MAX_LINE_BYTES = 4 * 1024 * 1024
"""An order holds one notice's volumes, some hundred bytes each; a report or a testimony is smaller."""

Reports = asyncio.Queue[tuple[str, dict[str, Any]]]
"""Who says it, and what."""


class ServiceProcess:
    """The service, which runs its store. It can be ended and started again on the same port and store."""

    def __init__(self, scene: Scene, log: Path, *, port: int = 0) -> None:
        self._scene = scene
        self._log = log
        self._process: asyncio.subprocess.Process | None = None
        self.listening: dict[str, Any] = {"port": port}

    @property
    def address(self) -> str:
        """Where the desks connect to."""
        return f"http://127.0.0.1:{self.listening['port']}"

    async def found(self) -> None:
        """Found the line in the store, once: the service itself never does; raise ``Unavailable`` where it fails."""
        process = await self._program("found", "--agreement", str(self._scene.agreement_file), *self._store())
        code = -1
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(START_WITHIN_S):
                    code = await process.wait()
        finally:
            await _stop(process)
        if code != 0:
            raise self._failed("the line could not be founded")

    async def start(self) -> None:
        """Start it and wait until it listens; raise ``Unavailable`` with its last words where it does not."""
        scene = self._scene
        words = ["--key", str(scene.service_key), "--agreement", str(scene.agreement_file), *self._store()]
        # The operator's port: a free one, since the one beside a free port may be taken.
        ports = "--port", str(self.listening["port"]), "--metrics-port", "0"
        self._process = await self._program("run", *words, *ports)
        try:
            async with asyncio.timeout(START_WITHIN_S):
                line = await _output(self._process).readline()
        except TimeoutError:
            line = b""
        if not line:
            raise self._failed("the service did not start")
        self.listening = json.loads(line)

    def _store(self) -> tuple[str, str]:
        return "--embedded", str(self._scene.service_key.parent / "store")

    async def _program(self, *words: str) -> asyncio.subprocess.Process:
        # Variables such as KEEPCLEAR_STORE are for a service on duty, not for this one.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("KEEPCLEAR_")}
        with self._log.open("ab") as log:
            return await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", str(leash.__file__)),
                *(sys.executable, "-P", "-m", "keepclear_service", *words),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                start_new_session=True,
                env=environment,
            )

    def _failed(self, what: str) -> Unavailable:
        said = last_words(self._log)
        hint = "in a clone: pip install '.[service,embedded]'" if "needs the package" in said else ""
        return Unavailable("unreachable", f"{what}: {said}", hint=hint)

    def kill(self) -> None:
        """End the service as a crash does; its workers and its store end with it."""
        os.kill(self.listening["pid"], signal.SIGKILL)

    async def ended(self) -> None:
        """Wait until the service has ended."""
        if self._process is not None:
            await self._process.wait()

    async def stop(self) -> None:
        """End the service in order; kill it where it does not end."""
        if self._process is not None:
            await _stop(self._process)


class DeskHandle:
    """The demo's end of one party's desk."""

    def __init__(self, party: str, process: asyncio.subprocess.Process) -> None:
        self.party = party
        self._process = process

    async def order(self, what: str, **facts: Any) -> None:
        """Tell the desk to do something."""
        stdin = self._process.stdin
        with contextlib.suppress(ConnectionError):  # a desk that has ended reports that itself
            if stdin is not None:
                stdin.write(json.dumps({"order": what, **facts}).encode() + b"\n")
                await stdin.drain()


@contextlib.asynccontextmanager
async def running_service(scene: Scene, log: Path, *, port: int = 0) -> AsyncIterator[ServiceProcess]:
    """Run the service until the block ends; on any port, or on ``port``."""
    service = ServiceProcess(scene, log, port=port)
    try:
        await service.found()
        await service.start()
        yield service
    finally:
        await service.stop()


@contextlib.asynccontextmanager
async def running_desk(scene: Scene, party: str, address: str, reports: Reports) -> AsyncIterator[DeskHandle]:
    """Run one party's desk until the block ends; what it says goes to ``reports``, at last that it ``ended``."""
    setup = {
        "agreement": str(scene.agreement_file),
        "key": str(scene.desk_keys[party]),
        "folder": str(scene.folder / party),
        "connect_to": address,
        "officer": f"{party}-duty-1",
    }
    async with running_program("desk_process", scene.folder / party / "desk.log", setup, party, reports) as process:
        yield DeskHandle(party, process)


@contextlib.asynccontextmanager
async def running_console(scene: Scene, party: str, address: str, log_file: Path) -> AsyncIterator[str]:
    """Run the console of one party's desk, which must have ended, until the block ends; yield its first start link."""
    own = scene.agreement.party(party)
    words = ["--agreement", str(scene.agreement_file), "--key", str(scene.desk_keys[party]), "--connect-to", address]
    words += ["--desk", str(scene.folder / party), "--officer", f"{party}-duty-2"]
    words += [] if own is None else ["--root", own.root.text]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("KEEPCLEAR_")}
    with log_file.open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", str(leash.__file__)),
            *(sys.executable, "-P", "-c", "from keepclear.cli.main import main; main()"),
            *("console", "--no-browser", *words),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
            start_new_session=True,
            env=environment,
        )
    try:
        link = b""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(START_WITHIN_S):
                link = await _output(process).readline()
        if not link:
            raise Unavailable("internal", f"the console of {party} did not start: {last_words(log_file)}")
        yield link.decode().strip()
    finally:
        await _stop(process)


@contextlib.asynccontextmanager
async def running_program(
    module: str, log_file: Path, setup: dict[str, Any], name: str, reports: Reports
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a module of this package until the block ends: ``setup`` is its first line, its lines go to ``reports``."""
    with log_file.open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", f"{__package__}.{module}"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
            start_new_session=True,
            limit=MAX_LINE_BYTES,
        )
    reading = asyncio.create_task(_read(name, process, log_file, reports))
    try:
        if process.stdin is not None:
            process.stdin.write(json.dumps(setup).encode() + b"\n")
        yield process
    finally:
        await _stop(process)
        reading.cancel()


async def _read(party: str, process: asyncio.subprocess.Process, log: Path, reports: Reports) -> None:
    while line := await _output(process).readline():
        reports.put_nowait((party, json.loads(line)))
    reports.put_nowait((party, {"report": "ended", "detail": last_words(log)}))


def _output(process: asyncio.subprocess.Process) -> asyncio.StreamReader:
    if process.stdout is None:
        raise Unavailable("internal", "a process has no output")
    return process.stdout


async def _stop(process: asyncio.subprocess.Process) -> None:
    """Close its standard input, which tells it to end; kill it where it does not."""
    if process.stdin is not None:
        process.stdin.close()
    try:
        async with asyncio.timeout(STOP_WITHIN_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


def last_words(log: Path) -> str:
    """Return the last line of a log that is no hint, for the person who must find out why."""
    try:
        lines = log.read_text("utf-8", "replace").strip().splitlines()
    except OSError:
        lines = []
    if len(lines) > 1 and ": hint: " in lines[-1]:
        return lines[-2].partition(": error: ")[2] or lines[-2]
    return lines[-1] if lines else "it left no word"
