"""The service's process tree: the embedded store, if any, and its workers on one address.

Guarantees: ``listening`` is said only when every worker answers; a worker or store that dies is started again, and a
worker that does not come round is replaced (``heartbeat``); on SIGTERM or SIGINT every worker drains, then the store
ends, and the exit code is 0; if this process is killed, none of its children outlives it. While one worker is started
again the others serve.
"""

import asyncio
import contextlib
import json
import logging
import os
import resource
import signal
import sys
from collections.abc import Sequence
from typing import Any

from keepclear_protocol.agreement import Agreement
from keepclear_protocol.errors import KeepclearError, Unavailable

from ..logs import log_event
from ..metrics import Board, Layout, shared_memory
from .child import Child, bare_environment
from .embedded import EmbeddedStore, embedded_store
from .heartbeat import BEAT, FIRST_WITHIN_S, SILENT_S, silence, waited_for_a_core_s
from .listening import Listening
from .note import read_note
from .operator_doors import operator_doors
from .settings import Settings

logger = logging.getLogger(__name__)

WORKER = (sys.executable, "-P", "-m", "keepclear_service.process.worker")
"""The words that start a worker: a program that calls ``server.main`` with what makes its application."""

KILL_AFTER_S = 3.0
"""Seconds beyond the drain that a worker has before SIGKILL."""

MAX_FILES = 65_536
"""Open files that we ask for; a hard limit of a thousand million is common, and some programs close them one by one."""


class Worker(Child):
    """One worker's place: the process that fills it now, and its successors."""

    kind = "worker"

    def __init__(
        self, settings: Settings, program: Sequence[str], address: Listening, beside: Sequence["Worker"] = ()
    ) -> None:
        self._address, self._beside = address, beside
        self._program = program
        self._order = {"supervisor": os.getpid(), "settings": settings.model_dump(mode="json")}
        agreements = len(settings.agreements)
        self._shared = shared_memory(Layout(agreements).bytes)
        self.board = Board(agreements, self._shared)
        """What the place's processes have counted, one after the other."""
        self.starts = self.replaced = 0
        self._held: float | None = None
        self._listening: asyncio.Task[None] | None = None

    @property
    def serves(self) -> bool:
        """Whether the process answers, as far as anybody knows."""
        return self.pid is not None and self._listening is not None and not self._listening.done()

    async def start(self) -> None:
        """Start the process and wait until it answers; raise the ``KeepclearError`` that it reports."""
        last = read_note(self.board)
        if last is not None and last.held is not None:
            self._held = last.held  # a clock that was stepped since must not be taken for right by the next one
        self.board.write_note(b"")  # the last one's word counts no more
        self.starts += 1
        with self._address.for_worker() as listener:
            order = self._order | {"listener": listener.fileno(), "board": self._shared, "clock": self._held}
            order["others"] = any(one.serves for one in self._beside if one is not self)
            self._process = await asyncio.create_subprocess_exec(
                *self._program,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                pass_fds=(listener.fileno(), self._shared),
                env=bare_environment(),
                start_new_session=True,  # a terminal's Ctrl-C comes to the supervisor alone, which drains in order
            )
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise Unavailable("internal", "a worker has no pipes")
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            stdin.write(json.dumps(order).encode() + b"\n")
            await stdin.drain()  # and left open: its end tells the worker that we are gone
        report = await self._first_word(self._process, stdout)
        if report["event"] != "ready":
            await self._process.wait()
            raise KeepclearError(report["code"], report["detail"], hint=report["hint"])
        self._log(logging.INFO, "ready", self.pid)
        self._listening = asyncio.create_task(self._listen(self._process, stdout))

    async def _first_word(self, process: asyncio.subprocess.Process, pipe: asyncio.StreamReader) -> dict[str, Any]:
        """Return a starting worker's report; kill it where it falls silent before."""
        within_s = FIRST_WITHIN_S
        while True:
            try:
                async with asyncio.timeout(within_s):
                    line = await pipe.readline()
            except TimeoutError:
                self._replace(process, within_s)
                line = b""
            if not line:
                status = await process.wait()
                raise Unavailable("internal", f"a worker ended with status {status} before it answered")
            report: dict[str, Any] = json.loads(line)
            if report != BEAT:
                return report
            within_s = SILENT_S

    async def _listen(self, process: asyncio.subprocess.Process, pipe: asyncio.StreamReader) -> None:
        if await silence(pipe, lambda: waited_for_a_core_s(process.pid)):
            self._replace(process, SILENT_S)

    def _replace(self, process: asyncio.subprocess.Process, silent_s: float) -> None:
        """Kill a worker that does not come round: whoever waits for its death starts the next one."""
        self.replaced += 1
        self._log(logging.ERROR, "replaced", process.pid, silent_s=silent_s)
        with contextlib.suppress(ProcessLookupError):
            process.kill()

    async def stop(self, within_s: float) -> None:
        """Have the process end; nobody listens to it any more."""
        if self._listening is not None:
            self._listening.cancel()
        await super().stop(within_s)


async def run(
    settings: Settings, *, agreements: Sequence[Agreement] = (), worker: Sequence[str] = WORKER
) -> None:
    """Run the service until SIGTERM or SIGINT; ``worker`` is the program of each of its workers.

    With the ``agreements`` of the settings its operator's doors are open, too. Raises ``KeepclearError`` where the
    service cannot start.
    """
    _raise_file_limit()
    task = asyncio.current_task()
    stopping = False

    def stop() -> None:
        nonlocal stopping
        if not stopping:  # a second signal must not cut the drain short
            stopping = True
            log_event(logger, logging.INFO, "draining")
            if task is not None:
                task.cancel()

    for sig in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sig, stop)
    try:
        with contextlib.closing(Listening(settings.host, settings.port, workers=settings.workers)) as address:
            if settings.store is not None:
                await _run_workers(settings, agreements, worker, address, None)
            else:
                async with embedded_store(settings.embedded, settings.store_memory_mib) as store:
                    await _run_workers(settings.with_store(store.url), agreements, worker, address, store)
    except asyncio.CancelledError:
        if not stopping:
            raise
    log_event(logger, logging.INFO, "stopped")


async def _run_workers(
    settings: Settings,
    agreements: Sequence[Agreement],
    program: Sequence[str],
    address: Listening,
    store: EmbeddedStore | None,
) -> None:
    workers: list[Worker] = []
    workers += [Worker(settings, program, address, workers) for _ in range(settings.workers)]
    async with operator_doors(settings, agreements, workers, store) as (lookout, port):
        tasks = [asyncio.create_task(worker.start()) for worker in workers]
        try:
            await asyncio.gather(*tasks)
            _say_listening(address, workers, store, port)
            tasks = [asyncio.create_task(worker.keep_running()) for worker in workers]
            if lookout is not None:
                tasks.append(asyncio.create_task(lookout.run()))
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            address.close()
            await asyncio.gather(*(worker.stop(settings.drain_s + KILL_AFTER_S) for worker in workers))


def _say_listening(
    address: Listening, workers: list[Worker], store: EmbeddedStore | None, metrics_port: int | None
) -> None:
    line = {
        "event": "listening",
        "host": address.host,
        "port": address.port,
        "pid": os.getpid(),
        "workers": [worker.pid for worker in workers],
        "store_pid": store.pid if store is not None else None,
        "metrics_port": metrics_port,
    }
    with contextlib.suppress(OSError):  # whoever started us may not be listening any more
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()


def _raise_file_limit() -> None:
    """Allow as many open files as the machine lets us: each stream is one, and 1024 is a common soft limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, MAX_FILES)), hard))
