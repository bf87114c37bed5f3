"""References as an officer types them: a file that comes twice, changed or not, while the line is up or down."""

import json
from pathlib import Path
from typing import Any

import pytest
from support.nursery import Lifeline
from support.officer import Officer
from support.world import box, now_us


@pytest.fixture
def north(line: Lifeline, tmp_path: Path) -> Officer:
    return Officer(line.world, tmp_path, "north", line.url)


def submit(north: Officer, plan: str, *words: str) -> tuple[int, list[Any], str]:
    return north.type("submit", "-", "--category", "transport", *words, stdin=plan)


def tracks(*callsigns: str) -> str:
    start = now_us() // 1_000_000 + 3600
    rows = []
    for number, callsign in enumerate(callsigns):
        points = [[start + 20 * at, 30.0 + number + 0.02 * at, 10.0, 18000] for at in range(4)]
        rows.append(json.dumps({"callsign": callsign, "icao24": "abc123", "points": points}))
    return "\n".join(rows)


def test_a_reference_is_filed_once_amended_on_request_and_found_again(line: Lifeline, north: Officer) -> None:
    plan, other = json.dumps([box()]), json.dumps([box(49.0)])
    code, (told,), talk = submit(north, plan, "--reference", "OPS-2211")
    assert (code, told["outcome"], told["reference"]) == (0, "filed", "OPS-2211")
    code, (again,), _ = submit(north, plan, "--reference", "OPS-2211")
    assert (code, again["outcome"], again["id"]) == (0, "filed_already", told["id"])
    code, (refused,), talk = submit(north, other, "--reference", "OPS-2211")
    assert (code, refused["outcome"], refused["code"]) == (1, "refused", "reference_conflict") and "--amend" in talk
    code, _, talk = submit(north, other, "--reference", "OPS-2211", "--dry-run")
    assert code == 1 and "reference_conflict" in talk
    code, (amended,), _ = submit(north, other, "--reference", "OPS-2211", "--amend")
    assert (code, amended["revision"], amended["id"]) == (0, 2, told["id"])
    (listed,) = north.type("notices")[1][0]["notices"]
    assert (listed["reference"], listed["revision"]) == ("OPS-2211", 2)
    assert " OPS-2211 live, revision 2" in north.read("notices")[1]
    assert "reference  OPS-2211" in north.read("notice", "show", "OPS-2211")[1]
    assert north.type("withdraw", "OPS-2211")[0] == 0
    code, (ended,), talk = submit(north, other, "--reference", "OPS-2211")
    assert (code, ended["code"]) == (1, "notice_withdrawn") and "another reference" in talk


def test_the_flights_of_a_file_go_by_their_callsigns_and_each_has_its_outcome(
    line: Lifeline, north: Officer
) -> None:
    plan = tracks("VIPER01", "VIPER02")
    north.reach("http://127.0.0.1:9")
    code, told, talk = submit(north, plan, "--reference", "NIGHT")
    assert code == 4, talk
    assert [one["outcome"] for one in told] == ["not_sent", "not_sent"]
    north.reach(line.url)
    code, told, _ = submit(north, plan, "--reference", "NIGHT")
    assert code == 0 and [one["reference"] for one in told] == ["NIGHT/VIPER01", "NIGHT/VIPER02"]
    assert len(line.get("north", "/v1/notices").json()["notices"]) == 2
    code, told, talk = submit(north, plan, "--reference", "NIGHT", "--dry-run")
    assert code == 0 and [one["outcome"] for one in told] == ["filed_already"] * 2 and "nothing was signed" in talk
    for words in (("--reference", "A", "--rest"), ("--amend",)):
        code, told, talk = submit(north, plan, *words)
        assert code == 2 and "--amend goes with --reference" in talk
    code, _, talk = submit(north, json.dumps([box()] * 1) + "\n", "--reference", " OPS ")
    assert code == 2 and "not a reference" in talk
    code, _, talk = submit(north, tracks("VIPER01", "VIPER01"), "--reference", "OPS")
    assert code == 2 and "each needs its own" in talk


def test_a_dry_run_tells_what_it_would_meet_and_that_most_is_unknown(line: Lifeline, north: Officer) -> None:
    plan = json.dumps([box()])
    talk = north.read("submit", "-", "--category", "transport", "--dry-run", stdin=plan)[1]
    assert "WHAT IF" not in talk  # no desk has begun
    line.file("south", box(48.05))
    assert submit(north, plan, "--reference", "OPS-1")[0] == 3
    moved = json.dumps([box(48.02)])
    code, said, _ = north.read("submit", "-", "--category", "transport", "--dry-run", stdin=moved)
    assert code == 3
    *meets, unknown = [row for row in said.splitlines() if row.startswith("WHAT IF")]
    assert "CONFLICT OVERLAP with south's transport" in meets[0] and "FL100-FL200" in meets[0]
    assert "near OVERLAP with our own notice" in meets[1] and "NOT a clearance" in unknown
    code, (told,), _ = submit(north, moved, "--reference", "OPS-1", "--amend", "--dry-run")
    (met,) = told["what_if"]["meets"]
    assert (code, met["whose"], met["severity"], met["other"]["altitude_upper_m"]) == (3, "theirs", "overlap", 6096)
    clear = json.dumps([box(60.0)])
    code, said, _ = north.read("amend", "OPS-1", "-", "--dry-run", stdin=clear)
    assert code == 0 and "WHAT IF  NOT a clearance" in said and "CONFLICT" not in said
