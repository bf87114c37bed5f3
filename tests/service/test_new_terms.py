"""New terms on a running service, also over an embedded store: all workers go over, no stream of a kept key ends."""

import contextlib
import copy
import json
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest
from keepclear_protocol.agreement import open_agreement
from keepclear_protocol.instant import format_instant
from keepclear_protocol.keys import PrivateKey
from keepclear_protocol.request import sign_request
from support.line import RunningLine, payload, write_files
from support.operating import service_program
from support.program import Done
from support.service import running_service
from support.world import ALL_ROLES, ORIGIN, World, box, now_us, signed, terms_payload


def say(*words: str, code: int = 0) -> Done:
    done = service_program(*words)
    assert done.returncode == code, done.stderr
    return done


class Lent(World):
    """North has one more key, which the next revision revokes; under that one, separation is 2 km and not 4 NM."""

    def __init__(self) -> None:
        super().__init__()
        self.lent = PrivateKey.generate()
        self.payload = terms_payload(list(self.parties.values()), self.service)
        row = {"key": self.lent.public.jwk, "roles": list(ALL_ROLES), "not_before": "2020-01-01T00:00:00Z"}
        self.payload["parties"][0]["keys"].append({**row, "not_after": "2090-01-01T00:00:00Z"})
        roots = [party.root for party in self.parties.values()]
        self.agreement = open_agreement(signed(self.payload, *roots, self.service))

    def amended(self) -> None:
        parties, categories = copy.deepcopy(self.payload["parties"]), copy.deepcopy(self.payload["categories"])
        parties[0]["keys"][1]["revoked_at"] = format_instant(now_us())
        categories["transport"]["horizontal_m"] = 2000
        categories["strike"]["horizontal_m"] = 60_000
        self.successor(parties=parties, categories=categories)


@pytest.fixture
def line(tmp_path: Path) -> Iterator[RunningLine]:
    world, store = Lent(), tmp_path / "store"
    files = write_files(world, tmp_path / "first")
    say("found", *files[2:], "--embedded", str(store))
    words = ["run", *files, "--embedded", str(store), "--port", "0", "--workers", "2"]
    with running_service(tmp_path / "log", *words) as service:
        running = RunningLine(world, service)
        yield running
        running.http.close()


def alerts(lines: Iterator[str]) -> Iterator[dict[str, Any]]:
    event = ""
    for line in lines:
        name, _, value = line.partition(": ")
        if name == "event":
            event = value
        elif name == "data" and event == "alert":
            yield payload(json.loads(value)["alert"])


@pytest.mark.req("R-029")
def test_new_terms_come_into_force_for_all_workers_without_a_restart(line: RunningLine, tmp_path: Path) -> None:
    world = line.world
    assert isinstance(world, Lent)
    line.file("north", box(10.0))
    line.file("south", box(10.13))  # 3 km apart: in conflict at 4 NM
    line.file("north", box(30.0), category="strike")
    line.file("south", box(30.4), category="strike")  # 33 km apart: clear at 20 km
    target = "/v1/stream"
    by_lent = sign_request(world.lent, **world.claims("north"), method="GET", origin=ORIGIN, target=target)
    with ThreadPoolExecutor() as threads, httpx2.Client(base_url=line.service.url, timeout=30) as http:
        # More streams than workers: either has some.
        opened = [http.stream("GET", target, headers=world.proof("south", target)) for _ in range(6)]
        streams = [context.__enter__() for context in opened]
        with http.stream("GET", target, headers={"Authorization": by_lent}) as of_revoked:
            assert of_revoked.status_code == 200
            found = [alerts(stream.iter_lines()) for stream in streams]
            first = [next(alerts_of) for alerts_of in found]
            assert {alert["state"] for alert in first} == {"open"}
            ended = threads.submit(lambda: sum(1 for _ in of_revoked.iter_lines()))
            world.amended()
            write_files(world, tmp_path / "second")
            second = str(tmp_path / "second" / "agreement.json")
            told = say("adopt", "--agreement", second, "--embedded", str(tmp_path / "store")).stdout
            assert "in force: the agreement of the tests, revision 2" in told and world.agreement.fingerprint in told
            for alerts_of in found:
                later = [next(alerts_of), next(alerts_of)]
                assert {(alert["state"], alert["reason"]) for alert in later} == {("closed", "terms"), ("open", None)}
                assert {alert["terms"] for alert in later} == {world.agreement.terms}
            ended.result(15)
        for context in opened:
            context.__exit__(None, None, None)
    for _ in range(8):  # whichever worker answers
        with contextlib.closing(RunningLine(world, line.service)) as anew:
            anew.read("south", "/v1/conflicts")
    line.file("south", box(50.0))
    before = line.read("south", "/v1/conflicts")["at"]
    said = say("new-epoch", "--agreement", second, "--embedded", str(tmp_path / "store")).stdout
    assert "now tell each party" in said
    assert line.read("south", "/v1/conflicts")["at"].split("-")[0] != before.split("-")[0]
    assert "already" in say("adopt", "--agreement", second, "--embedded", str(tmp_path / "store")).stdout
    first_file = str(tmp_path / "first" / "agreement.json")
    late = say("adopt", "--agreement", first_file, "--embedded", str(tmp_path / "store"), code=2)
    assert "revision 2 is in force" in late.stderr
    # What is in force is the store's to say: a start with the file of before goes on under the new terms.
    assert line.service.stop() == 0
    words = ["run", "--key", str(tmp_path / "first" / "service.key"), "--agreement", first_file]
    with running_service(tmp_path / "log2", *words, "--embedded", str(tmp_path / "store"), "--port", "0") as again:
        restarted = RunningLine(world, again)
        restarted.file("north", box(51.0))
        restarted.http.close()


def test_a_worker_that_dies_between_comes_back_under_the_new_terms(line: RunningLine, tmp_path: Path) -> None:
    world = line.world
    assert isinstance(world, Lent)
    line.file("north", box(10.0))
    line.file("south", box(10.13))
    os.kill(line.service.listening["workers"][0], signal.SIGSTOP)
    world.amended()
    write_files(world, tmp_path / "second")
    second = str(tmp_path / "second" / "agreement.json")
    say("adopt", "--agreement", second, "--embedded", str(tmp_path / "store"))
    with contextlib.suppress(ProcessLookupError):  # on a slow machine it was replaced for its silence meanwhile
        os.kill(line.service.listening["workers"][0], signal.SIGKILL)
    line.service.wait_for("worker_ready", 3)
    for _ in range(8):  # whichever worker answers
        with contextlib.closing(RunningLine(world, line.service)) as anew:
            assert [row["state"] for row in anew.read("south", "/v1/conflicts")["conflicts"]] == ["closed"]


def test_a_folder_that_never_held_a_store_is_named_and_not_made(tmp_path: Path) -> None:
    files = write_files(World(), tmp_path / "first")
    empty = tmp_path / "empty"
    empty.mkdir()
    for folder in (empty, tmp_path / "mistyped"):
        for word in (["run", *files, "--port", "0"], ["adopt", *files[2:]], ["new-epoch", *files[2:]]):
            done = say(*word, "--embedded", str(folder), code=1)
            assert f"there is no store in the folder {folder}" in done.stderr
            assert "holds nothing of the agreement the agreement of the tests" in done.stderr
            assert "keepclear-service found" in done.stderr
    assert list(empty.iterdir()) == [] and not (tmp_path / "mistyped").exists()


def test_founding_says_what_was_founded_and_what_stood_already(tmp_path: Path) -> None:
    world, other, store = World(), World(), str(tmp_path / "store")
    files = write_files(world, tmp_path / "first")
    told = say("found", *files[2:], "--embedded", store).stdout
    assert told.startswith("founded: the agreement of the tests, revision 1") and world.agreement.id in told
    assert say("found", *files[2:], "--embedded", store).stdout.startswith("stands already, and nothing was changed")
    assert "now tell each party (north, south): keepclear send --lost" in say(
        "new-epoch", *files[2:], "--embedded", store
    ).stdout
    more = write_files(other, tmp_path / "other")
    done = say("run", *more, "--embedded", store, "--port", "0", code=1)
    assert "holds nothing of the agreement the agreement of the tests" in done.stderr and store in done.stderr


def test_words_that_lack_something_say_whose_help_has_more() -> None:
    for word in ("run", "found", "adopt", "new-epoch"):
        done = say(word, code=2)
        assert f"hint: keepclear-service {word} --help" in done.stderr
    missing = say("adopt", "--agreement", "missing.json", "--store", "unix:///x", code=2)
    assert "missing.json cannot be read: no such file or directory" in missing.stderr and "Errno" not in missing.stderr
