"""Restarts under load lose nothing and tell nothing twice; an old store that was put back is told by a gap.

Seen from the doors. What a desk makes of a gap, and of a version that fell, is told with the desk.
"""

import contextlib
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from keepclear_protocol.receipt import open_receipt
from support.line import Doors, RunningLine, found_line, payload, write_files
from support.nursery import Nursery
from support.refold import hold_against, refold
from support.service import RunningService, running_service
from support.snapshot import settle, snapshot
from support.stores import RunningStore
from support.world import World, box

PATIENCE_S = 60.0
BETWEEN = 8
"""Receipts that each party gets before each crash."""


def place(number: int) -> tuple[float, float]:
    return -60.0 + number // 50 * 2.0, -170.0 + number % 50 * 5.0


class Loaded:
    """Two parties that file pairs of conflicting notices, and read their streams, through every restart."""

    def __init__(self, world: World, url: str) -> None:
        self.world, self.url = world, url
        self.stopping = threading.Event()
        self.sent: dict[str, list[tuple[str, str]]] = {"north": [], "south": []}
        self.events: dict[str, list[dict[str, Any]]] = {"north": [], "south": []}
        self.failures: list[BaseException] = []
        self._threads = [
            threading.Thread(target=self._guarded, args=(act, party))
            for act in (self._file, self._watch)
            for party in ("north", "south")
        ]

    def __enter__(self) -> "Loaded":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        for thread in self._threads:
            thread.join(PATIENCE_S)
        if self.failures:
            raise self.failures[0]

    def get_on(self) -> None:
        """Wait until each party has so many receipts more."""
        wanted = {party: len(sent) + BETWEEN for party, sent in self.sent.items()}
        deadline = time.monotonic() + PATIENCE_S
        while any(len(self.sent[party]) < count for party, count in wanted.items()):
            assert time.monotonic() < deadline and not self.failures, (wanted, self.failures)
            time.sleep(0.02)

    def _guarded(self, act: Callable[[str], None], party: str) -> None:
        try:
            act(party)
        except BaseException as error:
            self.failures.append(error)

    def _file(self, party: str) -> None:
        with contextlib.closing(httpx2.Client(base_url=self.url, timeout=20.0)) as http:
            number = 0
            while not self.stopping.is_set():
                raw = self.world.submission(party, box(*place(number)))
                self.sent[party].append((raw, self._until_receipted(http, party, raw)))
                number += 1
                time.sleep(0.02)

    def _until_receipted(self, http: httpx2.Client, party: str, raw: str) -> str:
        deadline = time.monotonic() + PATIENCE_S
        while True:
            with contextlib.suppress(httpx2.TransportError):
                # With a proof: what came before its answer was lost has its receipt for its own party alone.
                proof = self.world.proof(party, "/v1/notices", method="POST")
                headers = {"Content-Type": "application/sd-jwt", **proof}
                answer = http.post("/v1/notices", content=raw, headers=headers)
                if answer.status_code in (200, 201):
                    return str(answer.json()["receipt"])
                assert answer.status_code == 503, answer.text
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def _watch(self, party: str) -> None:
        """Follow the stream as a desk does: keep what came, then move the cursor; come back with it after a break."""
        deadline = time.monotonic() + 2 * PATIENCE_S
        cursor: str | None = None
        while not (self.stopping.is_set() and self._has_all(party)):
            assert time.monotonic() < deadline, f"{party} has {len(self.events[party])} events"
            target = "/v1/stream" if cursor is None else f"/v1/stream?cursor={cursor}"
            with (
                contextlib.suppress(httpx2.TransportError),
                contextlib.closing(httpx2.Client(base_url=self.url, timeout=httpx2.Timeout(20.0, read=2.0))) as http,
                http.stream("GET", target, headers=self.world.proof(party, target)) as answer,
            ):
                assert answer.status_code in (200, 503), answer.read()
                for event in events_of(answer):
                    self.events[party].append(event)
                    cursor = event["id"]
                    if self.stopping.is_set() and self._has_all(party):
                        return
            time.sleep(0.05)

    def _has_all(self, party: str) -> bool:
        """Whether the party has all its own notices and an alert for each pair."""
        if any(thread.is_alive() for thread in self._threads[:2]):
            return False
        kinds = [event["event"] for event in self.events[party]]
        pairs = min(len(sent) for sent in self.sent.values())
        return kinds.count("notice") >= len(self.sent[party]) and kinds.count("alert") >= pairs


def events_of(answer: httpx2.Response) -> Iterator[dict[str, Any]]:
    event: dict[str, str] = {}
    for line in answer.iter_lines():
        name, _, value = line.partition(": ")
        if line == "" and "id" in event:
            yield event
        if line == "":
            event = {}
        elif name in ("id", "event", "data"):
            event[name] = value


def test_crashes_of_service_and_store_under_load_lose_and_repeat_nothing(
    tmp_path: Path, store_process: RunningStore, store_url: str
) -> None:
    world = World()
    words = ["run", *write_files(world, tmp_path), "--store", store_url]
    found_line(world.agreement, store_url)
    log = tmp_path / "service.log"
    with contextlib.ExitStack() as services:

        def start(port: str) -> RunningService:
            return services.enter_context(running_service(log, *words, "--port", port))

        service = start("0")
        port = str(service.listening["port"])
        with Loaded(world, service.url) as load:
            for crash in ("store", "service", "store", "service"):
                load.get_on()
                if crash == "store":
                    store_process.kill()
                    store_process.ensure_running()
                else:
                    service.kill()
                    service = start(port)
            load.get_on()
        line = RunningLine(world, service)
        try:
            check_load(load, line)
        finally:
            line.http.close()
        settle(store_url)
    assert hold_against(refold(store_url, world.agreement, world.service)) > 20
    assert [entry["exception"] for entry in service.log() if entry["event"] == "fault"] == []


def check_load(load: Loaded, line: RunningLine) -> None:
    world = load.world
    pairs = min(len(sent) for sent in load.sent.values())
    assert pairs > 10
    for party, sent in load.sent.items():
        receipts = [open_receipt(receipt, world.agreement.service_key) for _, receipt in sent]
        rows = {row["id"]: row for row in line.get(party, "/v1/notices").json()["notices"]}
        assert {receipt.id: (receipt.seq, receipt.sha256) for receipt in receipts} == {
            name: (row["seq"], row["sha256"]) for name, row in rows.items()
        }
        seen = load.events[party]
        (epoch,) = {event["id"].partition("-")[0] for event in seen}
        assert [event["id"] for event in seen] == [f"{epoch}-{at}" for at in range(1, len(seen) + 1)]
        assert {event["event"] for event in seen} == {"notice", "alert"}
        told = line.conflicts(party)
        assert len(told) == pairs == sum(event["event"] == "alert" for event in seen)


@pytest.fixture(scope="module")
def world() -> World:
    return World()


@pytest.fixture(scope="module")
def folder(world: World, workers: Nursery) -> Path:
    return workers.folder(world)


def back_up(store: RunningStore, to: Path) -> None:
    """Copy the store's files, as a backup of the night before would have them."""
    store.kill()
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(store.folder / "appendonlydir", to)
    store.ensure_running()


def put_back(store: RunningStore, backup: Path) -> None:
    store.kill()
    shutil.rmtree(store.folder / "appendonlydir")
    shutil.copytree(backup, store.folder / "appendonlydir")
    store.ensure_running()


def again(line: Doors, raw: str) -> dict[str, Any]:
    """Send until the service is back; return the receipt's payload and the alerts beside it."""
    deadline = time.monotonic() + PATIENCE_S
    while (answer := line.post("notices", raw)).status_code == 503:
        assert time.monotonic() < deadline
    assert answer.status_code in (200, 201), answer.text
    return {**answer.json(), "status": answer.status_code, "said": payload(answer.json()["receipt"])}


def new_epoch(folder: Path, store_url: str) -> subprocess.CompletedProcess[str]:
    agreement = str(folder / "agreement.json")
    words = ["-m", "keepclear_service", "new-epoch", "--agreement", agreement, "--store", store_url]
    return subprocess.run([sys.executable, *words], capture_output=True, text=True, timeout=60, check=False)


def test_an_old_store_put_back_under_a_running_service_is_refused_then_a_gap_and_loses_no_conflict(
    world: World, workers: Nursery, folder: Path, store_process: RunningStore, store_url: str
) -> None:
    backup = folder / "backup"
    with workers.line(world, store_url) as line:
        kept = line.file("north", box(10.0))
        settle(store_url)
        back_up(store_process, backup)
        again(line, kept["sent"])
        lost = [line.file("north", box(20.0)), line.file("south", box(20.0)), line.file("south", box(10.0))]
        assert len(lost[1]["alerts"]) == len(lost[2]["alerts"]) == 1
        cursors = {"north": line.events("north", 4)[-1]["id"], "south": line.events("south", 4)[-1]["id"]}
        epoch = cursors["north"].partition("-")[0]

        put_back(store_process, backup)
        # Nothing is taken, and nothing read, until somebody says that this store is meant.
        assert line.post("notices", world.submission("south", box(10.0))).status_code == 503
        while (refused := line.get("north", "/v1/conflicts")).status_code != 503:
            assert line.post("notices", world.submission("south", box(10.0))).status_code == 503
        assert refused.json()["code"] == "store_unsafe" and "same epoch" in refused.json()["detail"]
        assert new_epoch(folder, store_url).returncode == 0
        anew = again(line, world.submission("south", box(10.0)))
        assert anew["status"] == 201 and len(anew["alerts"]) == 1 and anew["said"]["seq"] == 2
        now = anew["said"]["epoch"]
        assert now != epoch

        for party, head in (("north", 2), ("south", 2)):
            (gap,) = line.events(party, 1, cursor=cursors[party])
            assert (gap["event"], gap["id"]) == ("gap", f"{now}-{head}")
            assert payload_of(gap) == {"reason": "epoch", "resume_at": f"{now}-{head}"}
            assert len(line.conflicts(party)) == 1
        listed = {row["id"] for row in line.get("north", "/v1/notices").json()["notices"]}
        assert listed == {world.opened(kept["sent"]).id}

        # What was lost can be sent again: the same bytes, a new receipt, and the conflicts are found anew.
        told = [again(line, one["sent"]) for one in lost]
        assert [one["status"] for one in told] == [201, 201, 201]
        assert [len(one["alerts"]) for one in told] == [0, 1, 1]
        unchanged = again(line, kept["sent"])
        assert unchanged["status"] == 200 and unchanged["receipt"] == kept["receipt"]
        resumed = line.events("north", 3, cursor=f"{now}-2")
        assert [event["event"] for event in resumed] == ["notice", "alert", "alert"]
        settle(store_url)
    assert hold_against(refold(store_url, world.agreement, world.service)) == 6


def payload_of(event: dict[str, Any]) -> dict[str, Any]:
    data: dict[str, Any] = event["data"]
    return data


def test_a_service_started_on_an_old_store_serves_what_is_there(
    world: World, workers: Nursery, folder: Path, store_process: RunningStore, store_url: str
) -> None:
    backup = folder / "backup"
    with workers.line(world, store_url) as line:
        line.file("north", box(10.0))
        line.file("south", box(10.0))
        settle(store_url)
        back_up(store_process, backup)
        again(line, world.submission("north", box(30.0)))
        cursor = line.events("north", 3)[-1]["id"]
    put_back(store_process, backup)
    assert new_epoch(folder, store_url).returncode == 0
    with workers.line(world, store_url) as line:
        (gap,) = line.events("north", 1, cursor=cursor)
        assert payload_of(gap)["reason"] == "epoch"
        assert [event["event"] for event in line.events("north", 2)] == ["notice", "alert"]
        assert len(line.conflicts("south")) == 1
    assert hold_against(refold(store_url, world.agreement, world.service)) == 2


def test_a_new_epoch_of_an_empty_store_is_refused_and_leaves_it_empty(
    world: World, workers: Nursery, folder: Path, store_url: str
) -> None:
    """The wrong store, or a backup that was not put back: half a line would keep the service from starting."""
    done = new_epoch(folder, store_url)
    assert done.returncode == 2 and "holds nothing" in done.stderr and "Traceback" not in done.stderr
    assert snapshot(store_url) == {}
    with workers.line(world, store_url) as line:
        line.file("north")


@pytest.mark.long
def test_a_store_put_back_while_nothing_ran_is_found_out_by_the_head_file_and_without_it_by_desks(
    world: World, tmp_path: Path, store_process: RunningStore, store_url: str
) -> None:
    heads, backup = tmp_path / "heads", tmp_path / "backup"
    words = ["run", *write_files(world, tmp_path), "--store", store_url, "--port", "0", "--heads", str(heads)]
    found_line(world.agreement, store_url)

    @contextlib.contextmanager
    def running() -> Iterator[RunningLine]:
        with running_service(tmp_path / "service.log", *words) as service:
            line = RunningLine(world, service)
            try:
                yield line
            finally:
                line.http.close()

    with running() as line:
        line.file("north", box(10.0))
        settle(store_url)
        back_up(store_process, backup)
        again(line, world.submission("north", box(30.0)))
        cursor = line.events("north", 2)[-1]["id"]
        settle(store_url)
    put_back(store_process, backup)
    with running() as line:
        refused = line.get("north", "/v1/notices")
        assert refused.status_code == 503 and refused.json()["code"] == "store_unsafe"
        assert line.post("notices", world.submission("south", box(10.0))).json()["code"] == "store_unsafe"
    shutil.rmtree(heads)
    with running() as line:
        (gap,) = line.events("north", 1, cursor=cursor)
        assert payload_of(gap)["reason"] == "ahead", "a desk knows what it was told"
        assert len(again(line, world.submission("south", box(10.0)))["alerts"]) == 1
