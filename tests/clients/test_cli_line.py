"""The desk's commands on a running line: real service, real store, two parties as they would type."""

import contextlib
import json
import os
import signal
from pathlib import Path

from support.nursery import Lifeline, Nursery
from support.officer import Officer
from support.terminal import Terminal
from support.world import box


def test_a_conflict_from_plan_to_answer(line: Lifeline, tmp_path: Path) -> None:
    north, south = (Officer(line.world, tmp_path, party, line.url) for party in ("north", "south"))
    plan, other = json.dumps([box()]), json.dumps([box(48.05), box(55.0)])
    code, (filed,), _ = north.type("submit", "-", "--category", "transport", stdin=plan)
    assert (code, filed["revision"], filed["alerts"]) == (0, 1, [])
    code, (theirs,), _ = south.type("submit", "-", "--category", "transport", "--callsign", "SOUTH1", stdin=other)
    assert (code, theirs["alerts"][0]["verdict"]) == (3, "verified")

    code, events, _ = north.type("watch", "--once")
    (alert,) = [event for event in events if event["event"] == "alert"]
    assert (code, alert["verdict"], alert["state"]) == (0, "verified", "open")
    assert "SOUTH1" not in json.dumps(events)
    conflict = alert["conflict"]
    named = ("ack", conflict[:12], "--version", str(alert["version"]))
    url = north.env["KEEPCLEAR_CONNECT_TO"]
    north.env["KEEPCLEAR_CONNECT_TO"] = "http://127.0.0.1:9"
    code, _, talk = north.type(*named, "--officer", "duty-2")
    assert code == 4 and "NOT ACKNOWLEDGED: the answer was NOT SENT" in talk
    north.env |= {"KEEPCLEAR_CONNECT_TO": url, "KEEPCLEAR_OFFICER": "duty-2"}
    assert north.type(*named)[0] == 0
    code, _, talk = north.type(*named)
    assert code == 0 and "acknowledged already by duty-2 at " in talk

    code, events, _ = south.type("watch", "--for", "2")
    answers = [(e["stage"], e["officer"]) for e in events if e["event"] == "acknowledgement" and e["party"] == "north"]
    (listed,) = south.type("conflicts")[1]
    answers += [(a["stage"], a["officer"]) for a in listed["conflicts"][0]["acknowledgements"] if a["party"] == "north"]
    assert {("delivered", None), ("acknowledged", "duty-2")} <= set(answers)

    far = json.dumps([box(60.0)])
    assert north.type("amend", filed["id"], "-", stdin=far)[0] == 0
    assert north.type("amend", filed["id"], "-", stdin=plan)[0] == 3
    assert north.type("withdraw", filed["id"])[0] == 0
    code, _, talk = north.type("withdraw", filed["id"])
    assert code == 1 and "(notice_withdrawn)" in talk
    (listed,) = south.type("conflicts")[1]
    assert [(c["state"], c["verdict"], c["alarm"]) for c in listed["conflicts"]] == [("CLOSED", "verified", None)]
    assert [notice["state"] for notice in north.type("notices")[1][0]["notices"]] == ["withdrawn"]
    code, _, talk = north.type("ack", conflict, "--officer", "duty-2", "--version", "1")
    assert code == 1 and "(version_stale)" in talk


def test_a_watch_goes_on_where_it_left_off_through_a_restart(
    line: Lifeline, workers: Nursery, store_url: str, tmp_path: Path
) -> None:
    north, south = (Officer(line.world, tmp_path, party, line.url) for party in ("north", "south"))
    while south.type("watch", "--for", "1")[0] != 0:
        pass  # so that it has a position to go on from
    north.type("submit", "-", "--category", "transport", stdin=json.dumps([box()]))
    assert south.type("submit", "-", "--category", "transport", stdin=json.dumps([box(48.05)]))[0] == 3
    first = south.type("watch", "--once")[1]
    assert [event["event"] for event in first if event["event"] == "alert"] == ["alert"]
    line.life.stop()
    with workers.line(line.world, store_url) as again:
        south.env["KEEPCLEAR_CONNECT_TO"] = again.url
        code, later, _ = south.type("watch", "--for", "2")
    assert code == 0
    assert [event["event"] for event in later if event["event"] in ("alert", "gap", "notice")] == []


def test_on_a_terminal_a_hotline_that_is_slow_is_shown_behind_what_was_known(line: Lifeline, tmp_path: Path) -> None:
    north, south = (Officer(line.world, tmp_path, party, line.url) for party in ("north", "south"))
    north.type("submit", "-", "--category", "transport", stdin=json.dumps([box()]))
    north.type("conflicts")
    south.type("submit", "-", "--category", "transport", stdin=json.dumps([box(48.05)]))
    env = {name: value for name, value in north.env.items() if name != "KEEPCLEAR_WAIT"}
    os.kill(line.life.pid, signal.SIGSTOP)
    try:
        with contextlib.closing(Terminal("conflicts", folder=tmp_path, env=env, columns=200)) as terminal:
            said = terminal.until("asking once more")
            assert "picture" in said and "OPEN" not in said
            os.kill(line.life.pid, signal.SIGCONT)
            terminal.after(b"asking once more", "OPEN", "picture ")
            assert terminal.ended() == 0
    finally:
        os.kill(line.life.pid, signal.SIGCONT)
