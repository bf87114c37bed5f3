"""The screenful: what is wrong stands first, and nothing that matters is left out."""

from typing import Any

import pytest
from keepclear_service.process.status_text import status_text


def state(**changed: Any) -> dict[str, Any]:
    party = {
        "id": "north", "streams": 2, "no_stream_since": None, "live": 7, "oldest_unanswered_s": None,
        "unanswered": {"overlap": 0, "proximity": 0},
        "overdue": 0, "undelivered": 0, "waiting": [], "budgets": [],
        "last": {"kind": "notice", "stage": "", "at": "2026-11-26T11:58:30Z", "seq": 8},
    }  # fmt: skip
    line = {
        "id": "a" * 43, "name": "north and south", "fault": "", "revision": 3, "ready": "ok", "epoch": "e" * 32,
        "head": 9, "matched_through": 9, "slowest_turn_s": 0.0,
        "conflicts": {"overlap": 0, "proximity": 0}, "more_conflicts": False,
        "parties": [party], "ends": [], "end": "2027-05-01T00:00:00Z",
    }  # fmt: skip
    return {
        "at": "2026-11-26T12:00:00.5Z", "wrong": [], "agreements": [line],
        "service": {
            "up": True, "down": "", "since": "2026-11-23T09:00:00Z",
            "workers": [{"worker": "0", "pid": 11, "starts": 1, "replaced": 0, "silent_s": 0.4}],
        },
        "store": {
            "code": "", "fault": "", "version": "Valkey 9.1.2", "durable": True, "own": None,
            "memory": {"used": 5 << 20, "mark": 768 << 20, "most": 1024 << 20},
        },
        "versions": {"keepclear": "0.1.0"}, **changed,
    }  # fmt: skip


def test_a_calm_night_is_eight_lines() -> None:
    assert status_text(state()) == [
        "keepclear 0.1.0: healthy at 2026-11-26 12:00:00 UTC, up for 3 d 3 h",
        "store    Valkey 9.1.2: keeps what it is given; 5 of 1024 MiB, notices up to 768",
        "workers  0 runs (pid 11)",
        "",
        "north and south, revision 3  (aaaaaaaaaaaa)",
        "  ready      yes; 9 entries, all matched; epoch eeeeeeee",
        "  conflicts  0 open",
        "  north      2 streams; 7 live; last notice 90 s ago (seq 8)",
        "  keys       none ends within 30 days; the first that counts on 2027-05-01",
    ]


def test_a_slow_turn_is_shown_for_whoever_is_asked_what_the_desks_say() -> None:
    slow = state()
    slow["agreements"][0]["slowest_turn_s"] = 0.7
    (line,) = set(status_text(slow)) - set(status_text(state()))
    assert line == "  SLOW       a turn took 0.7 s in the last minute; desks may have said HOTLINE SLOW"


def test_what_is_wrong_stands_first_and_each_ill_has_its_words() -> None:
    bad = state(wrong=["worker 1 is not running"])
    bad["service"]["workers"] += [
        {"worker": "1", "pid": None, "starts": 3, "replaced": 0, "silent_s": None},
        {"worker": "2", "pid": 12, "starts": 4, "replaced": 3, "silent_s": 75.0},
        {"worker": "3", "pid": 13, "starts": 1, "replaced": 0, "silent_s": None},
    ]
    (line,) = bad["agreements"]
    line.update(ready="lagging", matched_through=4, more_conflicts=True, conflicts={"overlap": 3, "proximity": 2})
    line["ends"] = [{"roles": ["submit"], "says": "north can no longer file"}, {"roles": [], "says": "a key ends"}]
    (party,) = line["parties"]
    party.update(streams=0, no_stream_since="2026-11-26T10:29:00Z", last=None, oldest_unanswered_s=200)
    party["unanswered"] = {"overlap": 4, "proximity": 0}
    codes = [{"code": f"D5M-2K{number}", "at_least": number == 1} for number in range(1, 5)]
    party.update(waiting=codes, overdue=2, undelivered=1)
    said = status_text(bad)
    assert said[0].startswith("keepclear 0.1.0: NOT HEALTHY") and said[1] == "  !! worker 1 is not running"
    text = "\n".join(said)
    for words in (
        "1 DOWN", "2 runs (pid 12, started 4 times, 3 of them for its silence, SILENT for 75 s)",
        "3 runs (pid 13, SAYS NOTHING)",
        "NO: lagging; 9 entries, 5 wait for their alerts", "at least 5 open (3 overlap, 2 proximity)",
        "NO STREAM for 1 h 31 min; 7 live; has said nothing lately", "UNANSWERED: 4 overlap, the oldest for at least",
        "at least 3 min; 2 OVERDUE; 1 NOT DELIVERED (D5M-2K1, D5M-2K2, D5M-2K3 ...)",
        "  !! north can no longer file", "   - a key ends",
    ):  # fmt: skip
        assert words in text, words


def test_of_a_service_that_is_down_only_the_store_is_told() -> None:
    down = state(wrong=["the service does not answer"])
    down["service"].update(up=False, down="the service does not answer", since=None, workers=[])
    down["agreements"][0]["parties"][0].update(streams=None)
    text = "\n".join(status_text(down))
    assert "workers  not known: read from the store alone" in text
    assert "ready      not asked; 9 entries" in text and "streams not known; 7 live" in text


@pytest.mark.parametrize(
    ("stage", "words"),
    [("delivered", "last delivery"), ("displayed", "last display"), ("acknowledged", "last answer of an officer")],
)
def test_what_a_desk_signs_by_itself_is_no_officers_answer(stage: str, words: str) -> None:
    said = state()
    (party,) = said["agreements"][0]["parties"]
    party["last"] |= {"kind": "acknowledgement", "stage": stage}
    assert f"7 live; {words} 90 s ago" in "\n".join(status_text(said))


def test_a_budget_is_shown_from_a_tenth_on_with_when_it_comes_back() -> None:
    said = state()
    (party,) = said["agreements"][0]["parties"]
    named = {"with": None, "over": False, "back_at": None}
    party["budgets"] = [
        {**named, "budget": "alerts_an_hour", "with": "south", "used": 90_000, "agreed": 80_000, "over": True,
         "back_at": "2026-11-26T12:07:30.001Z"},
        {**named, "budget": "volume_time_a_day", "used": 8_000_000, "agreed": 80_000_000,
         "back_at": "2026-11-27T00:00:00Z"},
        {**named, "budget": "stored_bytes", "used": 49_999_999, "agreed": 500_000_000},
    ]  # fmt: skip
    text = status_text(said)
    at = next(number for number, words in enumerate(text) if words.startswith("  north"))
    assert text[at + 1 : at + 3] == [
        "             OVER alerts_an_hour with south: 112 % of 80000, back 12:07:30",
        "             volume_time_a_day: 10 % of 80000000, all back 00:00:00",
    ]
    assert "stored_bytes" not in "".join(text) and all(len(words) <= 80 for words in text)
