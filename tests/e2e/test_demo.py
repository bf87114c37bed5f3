"""The demo end to end: the command as a person runs it, its result held against all pairs of volumes."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from e2e.brute_force import Found, brute_force, instant
from keepclear.offline.inputs import load
from keepclear_demo.flights import deal
from keepclear_demo.tally import Tally, percentile
from keepclear_demo.turn import Turn
from support.consoles import Listening, entered
from support.service import gone

COMMAND = [sys.executable, "-c", "from keepclear.cli.main import main; main()", "demo"]
HOUR = 3_600_000_000
PARIS_WITHIN_S = 240.0
"""It takes 25 s on two free cores."""


@dataclass(frozen=True)
class Run:
    result: dict[str, Any]
    stdout: str
    stderr: str
    began: int


def run_demo(folder: Path, *words: str, within_s: float = 120.0) -> Run:
    """Run the demo to its end, which must be a good one, and leave nothing behind."""
    out, began = folder / "out.json", time.time_ns() // 1000
    with tempfile.TemporaryDirectory(prefix="kc-") as temporary:  # short: the store's socket is to lie in it
        done = subprocess.run(
            [*COMMAND, *words, "--json", str(out)],
            capture_output=True,
            text=True,
            timeout=within_s,
            env={**os.environ, "TMPDIR": temporary},
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert os.listdir(temporary) == []
    return Run(json.loads(out.read_text()), done.stdout, done.stderr, began)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return run_demo(tmp_path_factory.mktemp("sample"))


def in_places(result: dict[str, Any], callsigns: list[str]) -> dict[tuple[int, int], dict[str, Any]]:
    """Return the told conflicts by the places of their flights in the file."""
    told = {}
    for conflict in result["conflicts"]:
        assert conflict.keys() == {"callsigns", "severity", "time_start", "time_end"}
        first, second = sorted(callsigns.index(callsign) for callsign in conflict["callsigns"])
        assert (first, second) not in told
        told[first, second] = conflict
    return told


def hold_against_all_pairs(run: Run, data: bytes) -> dict[tuple[int, int], Found]:
    """Assert that exactly the conflicts that the brute force finds were told, as severe as it says, and when."""
    flights = load(data)
    callsigns = [str(flight.callsign) for flight in flights]
    result = run.result
    assert list(result["parties"]) == callsigns and len(set(callsigns)) == len(callsigns)
    parties = list(result["parties"].values())
    assert parties == [("north", "south")[place % 2] for place in range(len(flights))]

    truth = brute_force(flights, [place % 2 for place in range(len(flights))])
    told = in_places(result, callsigns)
    assert {pair for pair, found in truth.items() if found.certain} - told.keys() == set(), "not alerted"
    assert told.keys() - truth.keys() == set(), "alerted, but clear beyond the declared widening"
    for pair, conflict in told.items():
        assert conflict["severity"] in ("overlap", "proximity")
        if truth[pair].overlap_certain:
            assert conflict["severity"] == "overlap"
        if not truth[pair].overlap_permitted:
            assert conflict["severity"] == "proximity"

    # One constant moved all times: by it every told start and end is one of a pair in conflict.
    shifts = None
    for pair, conflict in told.items():
        windows = truth[pair].windows
        fits = {instant(conflict["time_start"]) - start for start, _ in windows}
        shifts = fits if shifts is None else shifts & fits
    assert shifts is not None
    first_point = min(instant(flight.volumes[0]["time_start"]["value"]) for flight in flights) + 30_000_000
    (shift,) = [shift for shift in shifts if run.began <= first_point + shift - HOUR <= run.began + 10_000_000]
    for pair, conflict in told.items():
        assert instant(conflict["time_end"]) - shift in {end for _, end in truth[pair].windows}
    return truth


def check_figures(result: dict[str, Any], flights: int) -> None:
    assert result.keys() == {"conflicts", "parties", "rules", "notices", "alerts", "unverified", "latency_ms"}
    assert result["rules"] == {"horizontal_m": 7408, "vertical_m": 213.36, "leg_s": 60, "margin_s": 30}
    assert (result["notices"], result["unverified"]) == (flights, 0)
    assert result["alerts"] == 2 * len(result["conflicts"])
    assert 0 < result["latency_ms"]["p50"] <= result["latency_ms"]["p99"]


def test_the_sample_shows_real_conflicts_and_how_one_went(sample: Run) -> None:
    hold_against_all_pairs(sample, files("keepclear_demo").joinpath("sample.jsonl").read_bytes())
    check_figures(sample.result, 18)
    assert len(sample.result["conflicts"]) == 14
    assert "18 notices, 14 conflicts, 28 alerts: all verified, acknowledged" in sample.stdout
    for words in ("was shown 33 of the 119 volumes", "was not shown: the other 86", "acknowledged", "by north-duty-1"):
        assert words in sample.stdout
    assert "filing notices: 18 of 18" in sample.stderr and "\r" not in sample.stderr


@pytest.mark.long
def test_a_whole_afternoon_over_paris_is_told_as_all_pairs_say(shared: Path, tmp_path: Path) -> None:
    file = shared / "flights" / "paris-2021-10-07.jsonl"
    run = run_demo(tmp_path, "--flights", str(file), within_s=PARIS_WITHIN_S)
    truth = hold_against_all_pairs(run, file.read_bytes())
    check_figures(run.result, 236)
    assert sum(found.certain for found in truth.values()) > 250


@pytest.mark.long
def test_nothing_is_lost_or_told_twice_when_store_worker_and_service_are_killed(sample: Run, tmp_path: Path) -> None:
    disturbed = run_demo(tmp_path, "--disturb")
    hold_against_all_pairs(disturbed, files("keepclear_demo").joinpath("sample.jsonl").read_bytes())
    told, undisturbed = disturbed.result["conflicts"], sample.result["conflicts"]
    assert [(one["callsigns"], one["severity"]) for one in told] == [
        (one["callsigns"], one["severity"]) for one in undisturbed
    ]
    for words in (
        "the store is killed",
        "a worker of the service is killed",
        "the service is killed, and",
        "told to end",
    ):
        assert disturbed.stderr.count(words) == 1
    # That each desk's stream has no hole and nothing twice is what the demo itself checks before it ends with 0.
    assert "streams cut and resumed" in disturbed.stdout


IN_BACKGROUND = ["sh", "-c", 'trap "" INT; exec "$@"', "sh"]
"""Starts what follows as a script's ``&`` does: with SIGINT ignored, which a program inherits."""


@contextlib.contextmanager
def started(folder: str, *words: str) -> Iterator[tuple[subprocess.Popen[str], list[int]]]:
    """Start the demo, and when it is filing give its process and the ids of all that it has started."""
    process = subprocess.Popen(
        [*IN_BACKGROUND, *COMMAND, *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": folder},
    )
    try:
        assert process.stderr is not None
        assert any("filing notices" in line for line in process.stderr)
        yield process, descendants(process.pid)
    finally:
        process.kill()
        process.communicate()


def descendants(pid: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            children.setdefault(int(entry.read_text().rpartition(")")[2].split()[1]), []).append(int(entry.parent.name))
    found = list(children.get(pid, []))
    for child in found:
        found += children.get(child, [])
    return found


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (signal.SIGINT, 130),
        pytest.param(signal.SIGTERM, 130, marks=pytest.mark.long),
        pytest.param(signal.SIGKILL, -9, marks=pytest.mark.long),
    ],
)
def test_no_process_outlives_the_demo(number: signal.Signals, code: int) -> None:
    with tempfile.TemporaryDirectory(prefix="kc-") as temporary:
        with started(temporary) as (process, pids):
            assert len(pids) >= 6  # the leash, the service, a worker, the store, two desks
            process.send_signal(number)
            assert process.wait(40) == code
            assert gone(pids, 40)
        if number != signal.SIGKILL:
            assert os.listdir(temporary) == []


@pytest.mark.long
def test_a_desk_that_dies_ends_the_demo() -> None:
    with tempfile.TemporaryDirectory(prefix="kc-") as temporary, started(temporary) as (process, pids):
        desks = [pid for pid in pids if b"desk_process" in Path(f"/proc/{pid}/cmdline").read_bytes()]
        os.kill(desks[0], signal.SIGKILL)
        assert process.wait(40) == 4
        assert gone(pids, 40)
        assert process.stderr is not None and "north's desk ended" in process.stderr.read()
        assert os.listdir(temporary) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--flights", "nowhere.jsonl"], "nowhere.jsonl"),
        (["--limit", "0"], "--limit"),
        (["--json", "no/such/folder/out.json"], "there is no folder"),
        (["--keep", "."], "is not empty"),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_is_started(tmp_path: Path, words: list[str], said: str) -> None:
    (tmp_path / "something").touch()
    done = subprocess.run([*COMMAND, *words], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2 and said in done.stderr and done.stdout == ""
    assert len(done.stderr.splitlines()) <= 2


def test_flights_of_one_callsign_get_names_of_their_own(tmp_path: Path) -> None:
    first, second = files("keepclear_demo").joinpath("sample.jsonl").read_bytes().splitlines(keepends=True)[:2]
    file = tmp_path / "twice.jsonl"
    file.write_bytes(first + second + first)
    turns = deal(file, ("north", "south"), limit=None, now=time.time_ns() // 1000)
    one, other = (json.loads(line)["callsign"] for line in (first, second))
    assert [turn.name for turn in turns] == [f"{one} (line 1)", other, f"{one} (line 3)"]
    assert [turn.callsign for turn in turns] == [one, other, one]
    assert [turn.party for turn in turns] == ["north", "south", "north"]


@pytest.fixture(scope="module")
def turns() -> list[Turn]:
    return deal(None, ("north", "south"), limit=2, now=time.time_ns() // 1000)


@pytest.fixture
def tally(turns: list[Turn]) -> Tally:
    """Two flights filed, and both sides told of their conflict."""
    tally = Tally(turns, ("north", "south"))
    for number, party in enumerate(("north", "south")):
        filed = {"number": number, "id": f"notice-{number}", "seq": number + 1, "submitted_ns": number * 1_000_000_000}
        tally.take(party, {"report": "filed", **filed})
        tally.take(party, told(number))
    return tally


def told(own: int, **changed: Any) -> dict[str, Any]:
    facts = {"conflict": "c", "version": 2, "state": "open", "severity": "overlap", "start": 5, "end": 9}
    sides = {"own": f"notice-{own}", "other": f"notice-{1 - own}", "verdict": "verified", "detail": ""}
    return {"report": "alert", "verified_ns": 1_250_000_000, **facts, **sides, **changed}


def test_latency_is_of_the_side_that_did_not_file(tally: Tally) -> None:
    assert tally.latencies_ms() == [250.0]
    assert [percentile([1.0, 2.0, 3.0, 4.0], share) for share in (0.5, 0.75, 0.99)] == [2.0, 3.0, 4.0]
    assert percentile([], 0.5) is None


def test_a_conflict_counts_when_both_sides_were_told(tally: Tally) -> None:
    (conflict,) = tally.conflicts()
    assert (conflict.severity, conflict.start, conflict.end, tally.faults) == ("overlap", 5, 9, [])
    del tally.alerts["south", "c"]
    assert tally.conflicts() == [] and tally.faults == ["conflict c was told to north alone"]


@pytest.mark.parametrize(
    "said",
    [
        {"report": "unverified", "detail": "no"},
        {"report": "gap", "reason": "trimmed"},
        {"report": "finished", "repeated": 1, "missed": 0, "strange": 0},
        {"report": "finished", "repeated": 0, "missed": 1, "strange": 0},
        {"report": "finished", "repeated": 0, "missed": 0, "strange": 1},
        told(0),
        told(0, conflict="d", verdict="recompute"),
        told(0, conflict="d", state="closed"),
    ],
)
def test_whatever_does_not_hold_is_a_fault(tally: Tally, said: dict[str, Any]) -> None:
    assert tally.faults == []
    tally.take("north", said)
    assert tally.faults


def test_it_is_not_over_before_both_sides_have_heard(tally: Tally) -> None:
    parties = ("north", "south")
    for words, said in (
        ("desks that have not caught up", {"report": "finished", "repeated": 0, "missed": 0, "strange": 0}),
        ("alerts that are not acknowledged", {"report": "acknowledged", "conflict": "c"}),
        ("acknowledgements that have not come", {"report": "heard", "conflict": "c", "stage": "acknowledged"}),
    ):
        for party in parties:
            assert words in tally.missing()
            tally.take(party, {"report": "heard", "conflict": "c", "stage": "delivered", "version": 2})
            tally.take(party, said)
    assert tally.missing() == "" and tally.faults == []


@pytest.mark.long
def test_in_the_end_both_parties_consoles_stand_on_the_line_until_an_interrupt(tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="kc-") as temporary:
        process = subprocess.Popen(
            [*COMMAND, "--console", "--limit", "6"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, env={**os.environ, "TMPDIR": temporary},
        )  # fmt: skip
        assert process.stderr is not None and process.stdout is not None
        try:
            said = ""
            while "Ctrl-C ends the demo" not in said:
                line = process.stderr.readline()
                assert line, said
                said += line
            links = dict(re.findall(r"^  (north|south) +(http://127.0.0.1:[0-9]+/#start=[\w-]+)$", said, re.MULTILINE))
            assert set(links) == {"north", "south"}
            for party, link in links.items():
                caller = entered(link)
                page = Listening(caller)
                page.until(lambda heard: heard.picture.get("conflicts") and heard.picture.get("notices"))
                picture = page.picture
                assert picture["party"] == party
                assert picture["counts"]["unanswered"] == 0
                page.until(lambda heard: heard.picture["link"]["up"])
                page.close()
                caller.http.close()
            process.send_signal(signal.SIGINT)
            out, rest = process.communicate(timeout=60)
        finally:
            process.kill()
            process.communicate()
        assert (process.returncode, os.listdir(temporary)) == (0, [])
        assert "all verified, acknowledged, heard" in out and "the demo has ended" in rest
