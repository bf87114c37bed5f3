"""Filing as an officer lives it: the line is down, an answer is lost, one flight is refused, a file comes twice.

Real service, real store, and a gate between them and the desk that swallows what a line would.
"""

import contextlib
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from keepclear_protocol.speakable import speakable
from support.gate import Gate, gate_before
from support.nursery import Lifeline
from support.officer import Officer
from support.world import box, now_us

PROBLEM = "application/problem+json"


@pytest.fixture
def gate(line: Lifeline, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    monkeypatch.setattr("keepclear.transport.client.RETRY_AFTER_S", ())
    with gate_before(line.url) as standing:
        yield standing


@pytest.fixture
def north(line: Lifeline, gate: Gate, tmp_path: Path) -> Officer:
    return Officer(line.world, tmp_path, "north", gate.url)


def tracks(*callsigns: str) -> str:
    """Return recorded tracks, one flight a line, an hour from now and apart."""
    start = now_us() // 1_000_000 + 3600
    rows = []
    for number, callsign in enumerate(callsigns):
        points = [[start + 20 * at, 30.0 + number + 0.02 * at, 10.0, 18000] for at in range(4)]
        rows.append(json.dumps({"callsign": callsign, "icao24": "abc123", "points": points}))
    return "\n".join(rows)


def states(north: Officer) -> list[tuple[str, int]]:
    return [(view["state"], view["revision"]) for view in north.type("notices")[1][0]["notices"]]


def held(line: Lifeline) -> list[str]:
    return [row["id"] for row in line.get("north", "/v1/notices").json()["notices"]]


def submit(north: Officer, *words: str, stdin: str, asked: bool = False) -> tuple[int, list[Any], str]:
    return north.type("submit", "-", "--category", "transport", *words, stdin=stdin, asked=asked)


def nowhere() -> str:
    return "http://127.0.0.1:9"


def test_what_was_filed_while_the_line_was_down_is_sent_by_nobody_but_who_sends_it(
    line: Lifeline, gate: Gate, north: Officer
) -> None:
    plan = json.dumps([box()])
    north.reach(nowhere())
    code, (told,), talk = submit(north, stdin=plan)
    assert (code, told["outcome"]) == (4, "not_sent")
    assert "NOT SENT and NOT DECONFLICTED" in talk and "keepclear send" in talk and "keepclear discard" in talk
    assert north.type("notices")[0] == 6

    north.reach(gate.url)
    assert states(north) == [("not sent", 1)]
    assert north.type("conflicts")[0] == 0
    north.reach(line.url)  # the gate holds a stream back until its end
    assert north.type("watch", "--for", "1")[0] == 0
    north.reach(gate.url)
    assert states(north) == [("not sent", 1)] and held(line) == [] and gate.posts == 0
    assert "1 NOT SENT, NOT DECONFLICTED" in north.read("notices")[2]
    # The same file again makes no twin, and is not called filed.
    code, (again,), talk = submit(north, stdin=plan)
    assert (code, again["outcome"], again["id"]) == (4, "not_sent", told["id"]) and gate.posts == 0
    assert "is kept, NOT SENT" in talk and "filed already" not in talk

    code, (told,), _ = north.type("send", told["id"][:6])
    assert (code, told["outcome"], told["anew"]) == (0, "filed", None)
    assert states(north) == [("live", 1)] and held(line) == [told["id"]]
    (listed,) = north.read("notices")[1].splitlines()
    assert listed.startswith(speakable(told["id"]) + " live no callsign transport ") and "Z FL" in listed, listed
    shown = north.read("notice", "show", listed[:7])[1]
    assert "VOLUME 1 of 1" in shown and "filed      revision 1" in shown and told["id"] in shown
    code, told, talk = north.type("send", "--all")
    assert (code, told) == (0, []) and "nothing waits" in talk


def test_what_is_discarded_is_neither_sent_nor_listed_nor_in_the_way(line: Lifeline, north: Officer) -> None:
    url = north.env["KEEPCLEAR_CONNECT_TO"]
    north.reach(nowhere())
    (told,) = submit(north, stdin=json.dumps([box()]))[1]
    code, _, talk = north.type("withdraw", told["id"])
    assert code == 1 and "was never sent" in talk
    assert north.type("discard", told["id"])[0] == 0
    north.reach(url)
    assert states(north) == [] and north.type("send", "--all")[1] == []
    code, _, talk = north.type("discard", told["id"])
    assert code == 1 and "(notice_unknown)" in talk
    assert submit(north, stdin=json.dumps([box()]))[0] == 0


def test_a_window_that_has_begun_is_asked_about_before_it_is_sent(line: Lifeline, north: Officer) -> None:
    url = north.env["KEEPCLEAR_CONNECT_TO"]
    north.reach(nowhere())
    submit(north, "--callsign", "VIPER01", stdin=json.dumps([box(start_s=-130)]))
    north.reach(url)
    code, told, talk = north.type("send", "--all", stdin="n\n", asked=True)
    assert (code, told) == (130, []) and "VIPER01" in talk and "began since 2 min" in talk
    assert states(north) == [("not sent", 1)]
    assert north.type("send", "--all", stdin="y\n", asked=True)[0] == 0 and len(held(line)) == 1


def test_a_lost_answer_is_asked_for_and_never_filed_again_by_a_read(
    line: Lifeline, gate: Gate, north: Officer
) -> None:
    gate.decide = lambda method, path, number: "swallow" if method == "POST" else "pass"
    code, (told,), talk = submit(north, stdin=json.dumps([box()]))
    assert (code, told["outcome"]) == (4, "unknown") and "UNKNOWN" in talk
    assert north.type("discard", told["id"])[0] in (1, 2)  # it was admitted
    gate.decide = lambda method, path, number: "pass"
    assert states(north) == [("live", 1)] and gate.posts == 1 and held(line) == [told["id"]]


def test_a_request_that_may_be_on_its_way_is_unknown_until_its_same_bytes_are_sent(
    line: Lifeline, gate: Gate, north: Officer
) -> None:
    gate.decide = lambda method, path, number: "cut" if method == "POST" else "pass"
    (told,) = submit(north, stdin=json.dumps([box()]))[1]
    assert states(north) == [("unknown", 1)]
    code, _, talk = north.type("discard", told["id"])
    assert code == 2 and "may have been admitted" in talk
    gate.decide = lambda method, path, number: "pass"
    assert states(north) == [("unknown", 1)] and gate.posts == 1  # it may be on its way yet
    code, (sent,), _ = north.type("send", "--all")
    assert (code, sent["id"], sent["anew"]) == (0, told["id"], None)
    assert gate.bodies[0] == gate.bodies[1] and states(north) == [("live", 1)]


def test_an_amendment_and_a_withdrawal_that_were_not_sent_stand_beside_what_is_live(
    line: Lifeline, north: Officer
) -> None:
    url = north.env["KEEPCLEAR_CONNECT_TO"]
    (filed,) = submit(north, stdin=json.dumps([box()]))[1]
    north.reach(nowhere())
    assert north.type("amend", filed["id"], "-", stdin=json.dumps([box(60.0)]))[0] == 4
    north.reach(url)
    assert states(north) == [("live", 1), ("not sent", 2)]
    north.reach(nowhere())
    assert north.type("withdraw", filed["id"])[0] == 4  # gives way: what is wanted now is that it ends
    north.reach(url)
    assert states(north) == [("live", 1), ("not sent", 2)] and held(line) == [filed["id"]]
    assert north.type("send", "--all")[0] == 0
    assert states(north) == [("withdrawn", 2)] and held(line) == []


def test_a_batch_goes_on_after_a_refusal_and_keeps_the_rest_once_the_line_is_down(
    line: Lifeline, gate: Gate, north: Officer
) -> None:
    refusal = (422, PROBLEM, json.dumps({"code": "limit_area", "detail": "no"}).encode())
    gate.decide = lambda method, path, number: refusal if (method, number) == ("POST", 2) else "pass"
    code, told, talk = submit(north, stdin=tracks("AFR1", "BAW2", "DLH3"))
    assert code == 1 and [row["outcome"] for row in told] == ["filed", "refused", "filed"]
    assert [(row["place"], row["callsign"]) for row in told][1] == ("line 2", "BAW2")
    assert "2 filed, 1 refused" in talk and len(held(line)) == 2

    gate.decide = lambda method, path, number: "cut" if number >= 5 else "pass"
    code, told, talk = submit(north, stdin=tracks("KLM1", "KLM2", "KLM3", "KLM4"))
    assert code == 4 and [row["outcome"] for row in told] == ["filed", "unknown", "not_sent", "not_sent"]
    gate.decide = lambda method, path, number: "pass"
    assert len(held(line)) == 3
    code, told, _ = north.type("send", "--all")
    assert code == 0 and [row["callsign"] for row in told] == ["KLM2", "KLM3", "KLM4"] and len(held(line)) == 6

    spent = "submits_a_minute"
    over = {"code": f"budget_{spent}", "budget": spent, "left": 0, "again_at": "2100-01-01T00:00:00Z"}
    gate.decide = lambda method, path, number: (429, PROBLEM, json.dumps(over).encode()) if method == "POST" else "pass"
    code, told, talk = submit(north, stdin=tracks("SWR1", "SWR2"))
    assert [(row["outcome"], row["code"]) for row in told] == [("not_sent", over["code"])] * 2 and code == 4
    assert "keepclear send --all from 00:00:00Z on" in talk and "line is back" not in talk
    code, told, _ = north.type("send", "--all")
    assert [(row["outcome"], row["code"]) for row in told] == [("not_sent", over["code"])] * 2


def test_nothing_of_a_file_is_filed_unless_all_of_it_may_be(line: Lifeline, gate: Gate, north: Officer) -> None:
    for words in ((), ("--dry-run",)):
        code, told, talk = submit(north, *words, stdin=tracks("AFR1", "REACH 12", "DLH-4-IS-TOO-LONG-BY-FAR"))
        assert (code, told) == (1, []) and "line 2: callsign" in talk and "line 3: callsign" in talk
        assert "REACH12 would do" in talk and "(disclosure)" in talk
        properties = ("--callsign", "X 1", "--remarks", "a\u202eb")
        code, told, talk = submit(north, *words, *properties, stdin=json.dumps([box()]))
        assert (code, told) == (1, []) and "callsign" in talk and "remarks" in talk
        assert north.type("submit", "-", "--category", "bomber", *words, stdin=json.dumps([box()]))[0] == 1
        assert north.type("amend", "A" * 22, "-", *words, stdin=json.dumps([box()]))[0] == 1
    assert gate.posts == 0 and states(north) == []


def test_remarks_as_a_mac_writes_them_are_signed_composed_and_said(line: Lifeline, north: Officer) -> None:
    code, (read,), talk = submit(north, "--dry-run", "--remarks", "cafe\u0301", stdin=json.dumps([box()]))
    assert (code, read["remarks"]) == (0, "caf\u00e9") and "Unicode NFC" in talk
    assert submit(north, "--remarks", "cafe\u0301", stdin=json.dumps([box()]))[0] == 0


def test_the_same_file_twice_is_asked_about_and_refused_where_nobody_can_be_asked(
    line: Lifeline, north: Officer, tmp_path: Path
) -> None:
    longer = tracks("AFR1", "BAW2", "DLH3")
    plan = "\n".join(longer.splitlines()[:2])
    assert submit(north, stdin=plan)[0] == 0
    for words in ((), ("--dry-run",)):
        code, told, talk = submit(north, *words, stdin=plan)
        assert code == 2 and [row["outcome"] for row in told] == ["filed_already"] * 2
        assert "--again" in talk and "--rest" in talk and "AFR1" in talk
    code, told, _ = submit(north, "--rest", stdin=longer)
    outcomes = [(row["callsign"], row["outcome"]) for row in told]
    assert outcomes == [("AFR1", "filed_already"), ("BAW2", "filed_already"), ("DLH3", "filed")]
    assert code == 0 and len(held(line)) == 3
    code, told, talk = submit(north, "--rest", stdin=longer)
    assert (code, len(told)) == (0, 3) and "all of it is filed already" in talk
    code, told, _ = submit(north, "--again", stdin=plan)
    assert code == 0 and len(told) == 2 and len(held(line)) == 5
    (tmp_path / "plan.jsonl").write_text(plan)
    path = str(tmp_path / "plan.jsonl")
    code, told, talk = north.type("submit", path, "--category", "transport", stdin="none\n", asked=True)
    assert (code, len(told)) == (2, 2) and "file all of them again, or none" in talk
    assert "nothing was filed: of 2 flights 2 filed already" in talk


def test_a_flight_over_for_long_is_refused_with_a_word_of_the_clock(north: Officer) -> None:
    """On a clock that is days ahead each flight of today is over for long."""
    past = json.loads(tracks("AFR1"))
    past["points"] = [[at - 60 * 86_400, *rest] for at, *rest in past["points"]]
    code, _, talk = submit(north, "--dry-run", stdin=json.dumps(past))
    assert code == 1 and "limit_retention" in talk and "is this machine's clock right?" in talk


def test_one_flight_and_one_other_are_counted_in_words(line: Lifeline, north: Officer, tmp_path: Path) -> None:
    both = tracks("AFR1", "BAW2")
    (tmp_path / "plan.jsonl").write_text(both.splitlines()[0])
    words = ("submit", str(tmp_path / "plan.jsonl"), "--category", "transport")
    assert north.type(*words)[0] == 0
    code, _, talk = north.type(*words, stdin="none\n", asked=True)
    assert code == 2 and "file it again, or none" in talk
    assert "nothing was filed: this flight is filed already" in talk
    (tmp_path / "plan.jsonl").write_text(both)
    code, _, talk = north.type(*words, stdin="none\n", asked=True)
    assert code == 2 and "file the other one (rest), all of them again, or none" in talk
    assert "nothing was filed: of 2 flights 1 filed already" in talk


@pytest.mark.parametrize("state", ["not_sent", "unknown", "lost"])
def test_what_is_kept_and_does_not_count_is_never_told_as_filed(
    line: Lifeline, gate: Gate, north: Officer, state: str
) -> None:
    plan = tracks("AFR1", "BAW2")
    first = plan.splitlines()[0]
    if state == "not_sent":
        north.reach(nowhere())
    gate.decide = lambda method, path, number: "cut" if (method, state) == ("POST", "unknown") else "pass"
    (told,) = submit(north, stdin=first)[1]
    if state == "lost":
        with contextlib.closing(sqlite3.connect(Path(north.env["KEEPCLEAR_DESK"]) / "journal.sqlite")) as db, db:
            db.execute("UPDATE own SET status = 'lost'")
    gate.decide = lambda method, path, number: "pass"
    north.reach(gate.url)
    for words in ((), ("--rest",), ("--dry-run",), ("--dry-run", "--rest")):
        code, rows, talk = submit(north, *words, stdin=first)
        assert code == 4 and [(row["outcome"], row["id"]) for row in rows] == [(state, told["id"])]
        code, said, more = north.read("submit", "-", "--category", "transport", *words, stdin=first)
        assert code == 4 and "filed already" not in talk + said + more and "NOT DECONFLICTED" in said + more
    code, rows, _ = submit(north, "--rest", stdin=plan)
    assert code == 4 and [row["outcome"] for row in rows] == [state, "filed"]
    assert north.type("send", told["id"])[0] == 0
    code, rows, _ = submit(north, "--rest", stdin=plan)
    assert code == 0 and [row["outcome"] for row in rows] == ["filed_already"] * 2 and len(held(line)) in (2, 3)


def test_a_flight_that_stands_twice_in_its_file_is_told_as_that(line: Lifeline, north: Officer) -> None:
    plan = "\n".join((tracks("TWIN"), tracks("TWIN"), tracks("AFR1")))
    for words in (("--dry-run",), ()):
        code, told, talk = submit(north, *words, stdin=plan)
        assert code == 2 and [row["outcome"] for row in told] == ["not_filed", "twice", "not_filed"]
        assert "line 2 TWIN stands twice" in talk and "filed already" not in talk
    code, told, _ = submit(north, "--rest", stdin=plan)
    assert code == 0 and [row["outcome"] for row in told] == ["filed", "twice", "filed"] and len(held(line)) == 2


def test_the_same_flight_with_other_remarks_is_asked_about(line: Lifeline, north: Officer) -> None:
    plan = tracks("AFR1")
    (filed,) = submit(north, "--remarks", "first", stdin=plan)[1]
    code, (told,), talk = submit(north, "--remarks", "second", stdin=plan)
    assert (code, told["outcome"], told["id"]) == (2, "filed_already", filed["id"])
    assert "filed already with other remarks" in talk and "keepclear amend" in talk
    assert submit(north, "--callsign", "BAW2", stdin=plan)[0] == 0
    assert submit(north, "--remarks", "second", "--again", stdin=plan)[0] == 0 and len(held(line)) == 3


def test_withdraw_asks_who_sits_there_by_callsign_window_and_code(line: Lifeline, north: Officer) -> None:
    (filed,) = submit(north, "--callsign", "VIPER01", stdin=json.dumps([box()]))[1]
    for empty in ("", " ", filed["id"][:3]):
        code, _, talk = north.type("withdraw", empty)
        assert code == 2 and "a notice's id" in talk.replace("the notice", "a notice")
    code, _, talk = north.type("withdraw", filed["id"], stdin="n\n", asked=True)
    assert code == 130 and "VIPER01" in talk and "for ever" in talk and held(line) == [filed["id"]]
    assert north.type("withdraw", filed["id"], "--yes", asked=True)[0] == 0 and held(line) == []
