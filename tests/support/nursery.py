"""Workers of the real service, forked from one process that has imported everything: a life costs some 50 ms.

Each life is the service's own application under its own server on a port of its own, over whatever store it is told.
A life may be told to die (SIGKILL, by its own hand) at one exact point between a statement's admission and its
receipt, or to be wrong in one way, so that a test can show that it would notice. Nothing here is for any use but tests.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keepclear_protocol.errors import LocalError
from keepclear_service.process.files import read_agreement

from support.line import AGREEMENT, KEY, Doors, found_line, write_files
from support.patience import PATIENCE_S
from support.service import alive
from support.world import World

LOG = "service.log"


@dataclass
class Life:
    """One worker: its process and where it answers."""

    pid: int
    url: str

    def kill(self) -> None:
        """End it as a crash does."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Have it drain and end."""
        self._end(signal.SIGTERM)

    def _end(self, sig: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, sig)
        self.ended()

    def ended(self, within_s: float = PATIENCE_S) -> None:
        """Wait until it is gone."""
        deadline = time.monotonic() + within_s
        while alive(self.pid):
            assert time.monotonic() < deadline, f"worker {self.pid} is still there"
            time.sleep(0.005)


class Lifeline(Doors):
    """The doors of a life, and the life."""

    def __init__(self, world: World, life: Life) -> None:
        super().__init__(world, life.url)
        self.life = life


class Nursery:
    """The process that forks them, for any number of worlds. All end with it."""

    def __init__(self, process: "subprocess.Popen[str]", folder: Path) -> None:
        self._process = process
        self._folder = folder

    def folder(self, world: World) -> Path:
        """Return where a world's workers find the service's key and the agreement as it was at their first start."""
        folder = self._folder / world.agreement.id
        if not folder.exists():
            write_files(world, folder)
        return folder

    def start(self, world: World, store_url: str, **told: str) -> Life:
        """Start a worker of a world, whose line is founded where it was not.

        ``told`` may name the point at which it is to ``die`` or the way in which it is ``wrong``.
        """
        assert self._process.stdin is not None and self._process.stdout is not None
        folder = self.folder(world)
        with contextlib.suppress(LocalError):  # it stands under terms that came later: a worker adopts these
            found_line(read_agreement(folder / AGREEMENT), store_url)
        self._process.stdin.write(json.dumps({"store": store_url, "folder": str(folder), **told}) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        assert "pid" in answer, f"{answer}; see {(folder / LOG).read_text()[-2000:]}"
        return Life(answer["pid"], f"http://127.0.0.1:{answer['port']}")

    @contextlib.contextmanager
    def line(self, world: World, store_url: str, **told: str) -> Iterator["Lifeline"]:
        """Run a worker for the length of the block; yield its doors."""
        life = self.start(world, store_url, **told)
        line = Lifeline(world, life)
        try:
            yield line
        finally:
            line.http.close()
            life.kill()

    def events(self, world: World) -> set[str]:
        """Return the kinds of events that all workers of a world have logged."""
        log = (self.folder(world) / LOG).read_text()
        return {json.loads(line)["event"] for line in log.splitlines() if line.startswith("{")}


@contextlib.contextmanager
def nursery(folder: Path) -> Iterator[Nursery]:
    """Run a nursery until the block ends."""
    tests = Path(__file__).resolve().parents[1]
    paths = os.pathsep.join(path for path in (str(tests), os.environ.get("PYTHONPATH", "")) if path)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KEEPCLEAR_")}
    with (folder / "nursery.log").open("a") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "support.nursery"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env=kept | {"PYTHONPATH": paths},
        )
    try:
        yield Nursery(process, folder)
    finally:
        process.kill()
        process.communicate()


def _main() -> None:
    import keepclear_service.process.app  # noqa: F401 - imported once, here, for all lives
    import uvicorn.protocols.http.httptools_impl  # noqa: F401 - as above

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for a life; none stays behind as a zombie
    for line in sys.stdin:
        order = json.loads(line)
        listener = socket.create_server(("127.0.0.1", 0))
        read_end, write_end = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(read_end)
            try:
                _live(order, listener, write_end)
            finally:
                os._exit(1)
        os.close(write_end)
        ready = os.read(read_end, 1)
        os.close(read_end)
        answer: dict[str, Any] = {"pid": pid, "port": listener.getsockname()[1]} if ready else {"failed": True}
        listener.close()
        print(json.dumps(answer), flush=True)


def _live(order: dict[str, Any], listener: socket.socket, ready: int) -> None:
    from keepclear_service.logs import configure_logging
    from keepclear_service.process.app import create_app
    from keepclear_service.process.server import serve
    from keepclear_service.process.settings import Settings
    from keepclear_service.process.tether import tether

    from support import chaos

    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    tether(os.getppid(), signal.SIGKILL)
    folder = Path(order["folder"])
    log = os.open(folder / LOG, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.dup2(log, 1)
    os.dup2(log, 2)
    configure_logging("info")
    if "die" in order:
        chaos.die(order["die"])
    if "wrong" in order:
        chaos.be_wrong(order["wrong"])
    settings = Settings(key=folder / KEY, agreements=(folder / AGREEMENT,), store=order["store"])

    def say(message: dict[str, object]) -> None:
        if message["event"] == "ready":
            os.write(ready, b"1")

    serve(create_app(settings), settings, listener, say)
    os._exit(0)


if __name__ == "__main__":
    _main()
