"""Where the processor time of a submit goes, by sampling the worker's stacks under load.

``py-spy`` looks at the running worker some hundred times a second from the other core; a sample belongs to the
innermost room of its stack that is one of ours or the store's client. Microseconds are a room's share of the processor
time that the kernel counted for the worker, in a run that is not sampled.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from . import stage
from .client import run, send
from .figures import Figure, Scale
from .load import notices, plain_world
from .stage import Stage, say

CONNECTIONS = 256
RATE = 250
"""Samples a second: each stops the worker for some hundred microseconds."""

ROOMS = ("framework", "opening", "signature", "store call", "fold", "receipt", "alerts", "rest")
_FRAME = re.compile(r"(\S+) \((.*?)(?::(\d+))?\)")
_UNDER = frozenset(("fold", "receipt", "alerts", "signature"))
"""Rooms whose calls into the protocol are their own."""


def measure(scale: Scale) -> list[Figure]:
    """Return each room's microseconds of a submit."""
    live, requests = scale.of(300, 3_000), scale.of(1_000, 12_000)
    world = plain_world()
    say(f"profile: {requests} submits at {live} live")
    # As dense as the usual load when half of the sampled ones are filed.
    bodies = notices(world, live + requests + requests // 4, 1, live=live + requests // 4 + requests // 2)
    with stage.stage(world) as running:
        run(send(running.port, bodies[:live], 64))
        plain = bodies[live : live + requests // 4]
        before = running.cpu_s()
        run(send(running.port, plain, CONNECTIONS))
        each = (running.cpu_s() - before) / len(plain) * 1e6
        counts, hot = sampled(running, bodies[live + requests // 4 :])
    total = sum(counts.values())
    say(f"profile: {total} samples; innermost lines: " + "; ".join(f"{100 * n / total:.1f} % {at}" for at, n in hot))
    figures = [Figure("a submit", each, "us", note=f"worker's processor time, {total} samples")]
    return figures + [
        Figure(room, each * counts[room] / total, "us", note=f"{100 * counts[room] / total:.0f} %") for room in ROOMS
    ]


def sampled(running: Stage, requests: list[bytes]) -> tuple[Counter[str], list[tuple[str, int]]]:
    """Return how many samples fell into each room while ``requests`` were answered, and the commonest functions."""
    program = Path(sys.executable).with_name("py-spy")
    out = running.folder / "stacks.txt"
    (worker,) = running.workers
    words = ["record", "--pid", str(worker), "--rate", str(RATE), "--format", "raw", "--full-filenames"]
    spy = subprocess.Popen(
        [program, *words, "--nonblocking", "--output", out], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    if stage.urgent:
        stage.go_first(spy.pid)
    run(send(running.port, requests, CONNECTIONS))
    spy.send_signal(2)  # as Ctrl-C: it writes what it has
    spy.wait(30)
    kept = Path(tempfile.gettempdir(), "kc-bench-stacks.txt")
    shutil.copy(out, kept)
    say(f"profile: the stacks stand in {kept}, as flame graph programs read them")
    counts: Counter[str] = Counter()
    hot: Counter[str] = Counter()
    for line in out.read_text().splitlines():
        stack, _, number = line.rpartition(" ")
        frames = [match.groups() for match in map(_FRAME.fullmatch, stack.split(";")) if match]
        counts[room_of([(name, path) for name, path, _ in frames])] += int(number)
        if frames:
            hot[f"{frames[-1][0]} ({'/'.join(frames[-1][1].split('/')[-2:])})"] += int(number)
    return counts, hot.most_common(25)


def room_of(stack: list[tuple[str, str]]) -> str:
    """Return the room of a stack of (function, file), outermost first."""
    room = ""
    for name, path in stack:
        if path.endswith("keys.py") and "verify" in name:
            return "signature"
        if "/keepclear_service/store/" in path or "/redis/" in path or path.endswith("asyncio/streams.py"):
            return "store call"
        if path.endswith(("/receipt.py", "/receipts.py")) or name == "receipt":
            room = "receipt"
        elif path.endswith(("/alert.py", "/shown.py")):
            room = "alerts"
        elif "/keepclear_service/decide/" in path:
            room = "fold"
        elif "/keepclear_protocol/" in path:
            room = room if room in _UNDER else "opening"
        elif "/keepclear_service/line/" in path or "/keepclear_service/delivery/" in path:
            room = "rest"
        elif not room or "/keepclear_service/http/" in path:
            room = "framework"
    return room or "rest"
