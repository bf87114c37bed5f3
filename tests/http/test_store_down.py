"""The store goes and comes back under a running service: 503 in bounded time, nothing half-done, and no restart.

On each real store, once killed and once frozen: a killed one refuses connections, a frozen one takes them and is
silent, and may still do what it was told when it wakes.
"""

import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest
from support.line import RunningLine, payload, running_line
from support.snapshot import difference, settle, snapshot
from support.stores import RunningStore
from support.world import World, box

OUTAGE = {"worker_ready", "heads_not_kept", "line_ready", "line_lost", "line_back", "unavailable", "available"} | {
    f"{what}_{how}" for what in ("streams", "hints") for how in ("lost", "back")
}

OF_REQUESTS = {"admitted", "repeated", "refused", "refused_more", "alert", "stream_opened", "stream_closed"} | {
    "turn_slow"  # of a busy machine
}
"""One line for each; of refusals, a few a second."""

ANSWER_S = 12.0
"""Seconds within which a 503 must come: five for the store's silence, and as long for a connection to wait for."""

BACK_S = 10.0
"""Seconds within which the service works again once the store does."""


@pytest.fixture
def line(tmp_path: Path, store_url: str) -> Iterator[RunningLine]:
    with running_line(World(), tmp_path, store_url) as running:
        yield running


def freeze(store: RunningStore) -> Callable[[], None]:
    assert store.process is not None
    pid = store.process.pid
    os.kill(pid, signal.SIGSTOP)
    return lambda: os.kill(pid, signal.SIGCONT)


def kill(store: RunningStore) -> Callable[[], None]:
    store.kill()
    return store.ensure_running


def refused(answer: httpx2.Response) -> None:
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["status"]) == (503, "store_unavailable", 503)
    assert answer.headers["retry-after"] == "1"


@pytest.mark.parametrize("end", [kill, freeze])
def test_without_its_store_the_service_says_so_and_afterwards_goes_on(
    line: RunningLine, store_process: RunningStore, end: Callable[[RunningStore], Callable[[], None]]
) -> None:
    world = line.world
    standing = line.file("north", box(48.0))
    settle(store_process.url)
    before = snapshot(store_process.url)
    filed = world.submission("south", box(48.0))

    with (
        line.http.stream("GET", "/v1/stream", headers=world.proof("north", "/v1/stream")) as stream,
        ThreadPoolExecutor() as threads,
    ):
        lines = stream.iter_lines()
        assert any(text.startswith("id: ") for text in lines)
        come_back = end(store_process)
        try:
            since = time.monotonic()
            answers = [
                threads.submit(line.post, "notices", filed),
                threads.submit(line.get, "north", "/v1/conflicts"),
                threads.submit(line.get, "north", "/v1/stream"),  # no proof is taken that cannot be spent
            ]
            ready = threads.submit(line.http.get, "/readyz")
            # A stream that could miss something must not look alive; the desk comes back with its cursor.
            ended = threads.submit(list, lines)
            for answer in answers:
                refused(answer.result())
            assert ready.result().status_code == 503
            told = ready.result().json()
            assert told["state"] == ("down" if end is kill else "slow")
            assert told["checks"]["store"] == ("store_unavailable" if end is kill else "slow")
            ended.result()
            assert time.monotonic() - since < ANSWER_S
            assert line.http.get("/healthz").status_code == 200
            hostile = line.post("notices", filed[:-1])
            assert (hostile.status_code, hostile.json()["code"]) == (422, "disclosure")  # needs no store
        finally:
            come_back()

    settle(store_process.url)
    changed = difference(before, snapshot(store_process.url))
    if end is kill:
        assert changed == []
    deadline = time.monotonic() + BACK_S
    while (again := line.post("notices", filed)).status_code == 503:
        assert time.monotonic() < deadline, again.text
        time.sleep(0.05)
    # A frozen store may have done the first sending when it woke; then this one is told so.
    assert again.status_code == (201 if not changed else 200), again.text
    for party in ("north", "south"):
        assert [event["event"] for event in line.events(party, 2)] == ["notice", "alert"]
        (conflict,) = line.conflicts(party)
        assert payload(conflict["alert"])["version"] == payload(again.json()["receipt"])["seq"] == 2
    assert line.post("notices", standing["sent"]).json() == {"receipt": standing["receipt"]}
    while (health := line.http.get("/readyz")).status_code != 200:
        assert time.monotonic() < deadline, health.text
        time.sleep(0.05)
    # What was lost is said once, with its cause, and what is back once too; not once a second.
    for event in ("unavailable", "line_lost", "streams_lost"):
        (lost,) = [entry for entry in line.service.log() if entry["event"] == event]
        assert "Error" in lost["cause"] or "No such file" in lost["cause"], lost
    line.service.wait_for("line_back")
    told = Counter(entry["event"] for entry in line.service.log() if entry["event"] not in OF_REQUESTS)
    assert told.keys() <= OUTAGE and max(told.values()) == 1, told
