"""The service as a process of the tests' own, with whatever application a test wants in it."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .patience import PATIENCE_S

_WITH_FACTORY = """
import sys
from keepclear_service import __main__
from keepclear_service.process import commands, supervisor
worker = (sys.executable, "-c", sys.argv.pop(1), sys.argv.pop(1))
commands.run_service = lambda settings: supervisor.run(settings, worker=worker)
sys.exit(__main__.main())
"""

_WORKER = """
import importlib, sys
from keepclear_service.process import server
module, _, name = sys.argv[1].partition(":")
sys.exit(server.main(lambda settings: getattr(importlib.import_module(module), name)(settings)))
"""


class RunningService:
    """A started service: ``listening`` is its first line, ``log()`` its structured log so far."""

    def __init__(self, process: subprocess.Popen[str], listening: dict[str, Any], log_file: Path) -> None:
        self.process = process
        self.listening = listening
        self.url = f"http://127.0.0.1:{listening['port']}"
        self.log_file = log_file

    def log(self) -> list[dict[str, Any]]:
        """Return the log's lines; every line must be JSON."""
        return [json.loads(line) for line in self.log_file.read_text("utf-8").splitlines()]

    def wait_for(self, event: str, count: int = 1, timeout_s: float = PATIENCE_S) -> list[dict[str, Any]]:
        """Return the lines of ``event`` once there are ``count`` of them."""
        deadline = time.monotonic() + timeout_s
        while True:
            found = [line for line in self.log() if line["event"] == event]
            if len(found) >= count:
                return found
            assert time.monotonic() < deadline, f"no {count} x {event} in {self.log()}"
            time.sleep(0.05)

    def stop(self, timeout_s: float = PATIENCE_S) -> int:
        """Send SIGTERM and return the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout_s)

    def kill(self) -> None:
        """End the supervisor as a crash does; its workers see it, and end, too: until then they have its port."""
        self.process.kill()
        self.process.wait(PATIENCE_S)
        assert gone(self.listening["workers"])


UNMEASURED = {"COVERAGE_PROCESS_START": "", "COVERAGE_PROCESS_CONFIG": ""}
"""An environment for processes that end while a signal comes: coverage would leave a traceback in their log."""


def service_process(log_file: Path, *words: str, factory: str | None = None, env: dict[str, str] | None = None
                    ) -> subprocess.Popen[str]:
    """Start ``keepclear-service`` with ``words``; with ``factory``, around another application than ours."""
    program = ["-m", "keepclear_service"] if factory is None else ["-c", _WITH_FACTORY, _WORKER, factory]
    paths = [str(Path(__file__).resolve().parents[1]), os.environ.get("PYTHONPATH", "")]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KEEPCLEAR_")}
    with log_file.open("a") as log:
        return subprocess.Popen(
            [sys.executable, *program, *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env=kept | {"PYTHONPATH": os.pathsep.join(path for path in paths if path)} | (env or {}),
        )


@contextlib.contextmanager
def running_service(log_file: Path, *words: str, factory: str | None = None, env: dict[str, str] | None = None
                    ) -> Iterator[RunningService]:
    """Run the service until the block ends; it must come to listen."""
    process = service_process(log_file, *words, factory=factory, env=env)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, f"the service did not start: {log_file.read_text()}"
        yield RunningService(process, json.loads(line), log_file)
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if process.stdout is not None:
            process.stdout.close()


def alive(pid: int) -> bool:
    """Whether process ``pid`` runs; a zombie does not, once it is one as a whole.

    A killed process shows as a zombie when its first thread has ended. While others of it are ending, its listening
    socket is still there, and a new connection that the kernel gives to it is reset.
    """
    process = Path(f"/proc/{pid}")
    try:
        ended = (process / "stat").read_text().rpartition(")")[2].split()[0] == "Z"
        return not ended or len(list((process / "task").iterdir())) > 1
    except OSError:
        return False


def gone(pids: list[int], timeout_s: float = PATIENCE_S) -> bool:
    """Whether all of ``pids`` end within the time."""
    deadline = time.monotonic() + timeout_s
    while any(alive(pid) for pid in pids):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
