"""The restart of a worker over a long log: seconds to the first answer of any door, and until it is ready.

Of the entries a tenth are live notices; the rest are superseded revisions of these, and notices that were withdrawn.
"""

import http.client
import os
import random
import socket
import threading
import time
from collections.abc import Iterator

from support.service import running_service
from support.world import World

from . import stage
from .client import post, run, send
from .figures import Figure, Scale
from .load import filed, in_processes, plain_world, submission, usual
from .stage import Stage, cpu_s, say, status_kib

REVISIONS = 6
"""Of each live notice: five superseded ones and the one that counts."""

WITHIN_S = 600.0


def measure(scale: Scale) -> list[Figure]:
    """Return the seconds of a start over a log of ten times as many entries as there are live notices."""
    live = scale.of(100, 10_000)
    world = plain_world()
    began = time.monotonic()
    with stage.stage(world) as running:
        entries = 0
        for requests in _history(world, live):
            run(send(running.port, requests, 128))
            entries += len(requests)
        say(f"restart: {entries} entries in {time.monotonic() - began:.0f} s")
        assert running.service.stop() == 0
        first_s, ready_s, submit_s, peak, cpu = _restarted(running, world)
    return [
        Figure(f"first answer over {entries} entries", first_s, "s", "<= 2", f"{live} live"),
        Figure("ready", ready_s, "s", note=f"worker's processor time {cpu:.1f} s"),
        Figure("first receipt", submit_s, "s"),
        Figure("worker's memory at most", peak / 1024, "MiB"),
    ]


def _history(world: World, live: int) -> Iterator[list[bytes]]:
    """Yield what is filed, in lots that depend on the lots before: all in all ten entries for each live notice."""
    parties = list(world.parties)
    withdrawn = 2 * live

    def chain(index: int) -> list[bytes]:
        """Return all revisions of a notice, or a notice and its withdrawal."""
        party, rng = parties[index % len(parties)], random.Random(index)
        place = usual(rng)
        raw = submission(world, party, place)
        sent = [post("notices", raw)]
        if index >= live:
            return [*sent, post("withdrawals", world.withdrawal(party, filed(raw)))]
        for _ in range(REVISIONS - 1):
            raw = world.amend(party, filed(raw), place, admit_by=int(time.time()) + 3_600)
            sent.append(post("notices", raw))
        return sent

    chains = in_processes(chain, live + withdrawn)
    for step in range(REVISIONS):
        yield [chain[step] for chain in chains if step < len(chain)]


def _restarted(running: Stage, world: World) -> tuple[float, float, float, int, float]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = list(running.words)
    words[words.index("--port") + 1] = str(port)
    began = time.monotonic()
    seen: dict[str, float] = {}

    def watch() -> None:
        threading.Thread(target=hurry, daemon=True).start()
        seen["first"] = _until(port, "/healthz", None) - began
        seen["ready"] = _until(port, "/readyz", 200) - began

    def hurry() -> None:
        while stage.urgent and "ready" not in seen:
            for pid in stage.children(os.getpid()):
                stage.go_first(pid)
            time.sleep(0.05)

    watching = threading.Thread(target=watch)
    watching.start()
    with running_service(running.folder / "again.log", *words) as service:
        watching.join()
        raw = submission(world, "north", usual(random.Random(-1)))
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=WITHIN_S)
        connection.request("POST", "/v1/notices", raw, {"Content-Type": "application/sd-jwt"})
        answer = connection.getresponse()
        assert answer.status == 201, answer.read()
        submit_s = time.monotonic() - began
        (worker,) = service.listening["workers"]
        return seen["first"], seen["ready"], submit_s, status_kib(worker, "VmHWM"), cpu_s(worker)


def _until(port: int, target: str, status: int | None) -> float:
    deadline = time.monotonic() + WITHIN_S
    while time.monotonic() < deadline:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", target)
            answered = connection.getresponse().status
            if status is None or answered == status:
                return time.monotonic()
        except (OSError, http.client.HTTPException):
            pass
        time.sleep(0.02)
    raise AssertionError(f"{target} did not answer")
