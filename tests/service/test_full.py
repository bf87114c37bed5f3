"""A service whose store is full, in memory or on its disk: who is told what, what goes on, and that a worker starts."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from support.exposition import series, total
from support.line import RunningLine, payload, running_line
from support.operating import figures, once, status
from support.world import World, box

TESTS = Path(__file__).resolve().parents[1]


@contextlib.contextmanager
def bounded(url: str, share: float) -> Iterator[None]:
    """Bound the store's memory to so many times of what it uses now."""
    with redis.Redis.from_url(url) as client:
        client.config_set("maxmemory", int(share * client.info("memory")["used_memory"]))
        try:
            yield
        finally:
            client.config_set("maxmemory", 0)


def ready(line: RunningLine, state: str) -> dict[str, object]:
    """Return what /readyz says once it says so."""
    answer = once(lambda: line.http.get("/readyz"), lambda answer: answer.json()["state"] == state)
    assert (answer.status_code == 200) is (state == "ok")
    checks: dict[str, object] = answer.json()["checks"]
    return checks


def still_works(line: RunningLine, withdrawn: str) -> None:
    """Hold that reads and what ends something go on, and that notices are refused."""
    world = line.world
    assert line.get("south", "/v1/conflicts").status_code == 200
    assert line.events("south", 1)[0]["event"] == "notice"
    assert line.post("withdrawals", world.withdrawal("north", world.opened(withdrawn))).status_code == 201
    told = line.post("notices", world.submission("north", box(-20)))
    assert (told.status_code, told.json()["code"]) == (503, "store_full") and "retry-after" in told.headers
    words = [event for event in line.events("south", 3) if event["event"] == "budget"]
    assert [payload(word["data"]["budget"])["budget"] for word in words] == ["room"], "who cannot file is told of"


def test_a_full_memory_stops_notices_is_told_and_nothing_else_stops(tmp_path: Path, store_url: str) -> None:
    with running_line(World(), tmp_path, store_url) as line:
        apart = [line.file("north", box(-10 - n))["sent"] for n in range(3)]
        line.file("north", box(48.0))
        line.file("south", box(48.05))
        (conflict,) = line.conflicts("south")
        ready(line, "ok")
        with bounded(store_url, 1.25):  # above the mark, below the bound
            assert ready(line, "full")["store"] == "store_full"
            still_works(line, apart[0])
            raw = line.world.answer("south", conflict["alert"], "displayed")
            assert line.post("acknowledgements", raw).status_code == 201
            seen = once(lambda: status(line), lambda seen: "NOTICES ARE REFUSED" in seen.stdout)
            assert seen.returncode == 1 and "notices up to" in seen.stdout
            shown = series(figures(line))
            used, mark = (total(shown, f"keepclear_store_memory_{name}_bytes") for name in ("used", "mark"))
            assert 0 < mark <= used
        with bounded(store_url, 0.01):  # far beyond the bound
            still_works(line, apart[1])
            (pid,) = line.service.listening["workers"]
            os.kill(pid, signal.SIGKILL)
            assert line.service.wait_for("worker_ready", 2)[-1]["worker_pid"] != pid
            line.service.wait_for("line_ready", 2)
            still_works(line, apart[2])
        ready(line, "ok")
        line.file("north", box(-20))


@pytest.mark.long
def test_a_disk_that_fills_up_is_told_as_that_before_the_store_ends_and_while_it_is_down(tmp_path: Path) -> None:
    mounted = ["unshare", "-Urm", "sh", "-c", 'mount -t tmpfs -o size=96m none "$1" && shift && exec "$@"', "sh"]
    if not shutil.which("unshare") or subprocess.run([*mounted, str(tmp_path), "true"], check=False).returncode:
        pytest.skip("no file system can be mounted here")
    done = subprocess.run(
        [*mounted, str(tmp_path), sys.executable, "-m", "support.small_disk", str(tmp_path)],
        capture_output=True, text=True, timeout=180, check=False, cwd=TESTS,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.split() == ["scarce", "none", "back"]
