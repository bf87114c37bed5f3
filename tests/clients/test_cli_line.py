"""The desk's commands on a running line: real service, real store, two parties as they would type."""

import contextlib
import io
import json
import os
from pathlib import Path
from typing import Any
from unittest import mock

from keepclear.cli.main import run
from support.line import write_key
from support.nursery import Lifeline, Nursery
from support.world import box


class Terminal:
    """One party's terminal."""

    def __init__(self, line: Lifeline, folder: Path, party: str) -> None:
        write_key(folder / f"{party}.key", line.world.parties[party].key)
        (folder / "agreement.json").write_bytes(line.world.agreement.raw)
        self.env = {
            "KEEPCLEAR_AGREEMENT": str(folder / "agreement.json"),
            "KEEPCLEAR_ROOT": line.world.parties[party].root.public.text,
            "KEEPCLEAR_KEY": str(folder / f"{party}.key"),
            "KEEPCLEAR_DESK": str(folder / f"{party}-desk"),
            "KEEPCLEAR_CONNECT_TO": line.url,
        }

    def type(self, *words: str, stdin: str = "") -> tuple[int, list[Any], str]:
        """Return exit code, JSON lines and talk of a command."""
        out, err, given = io.StringIO(), io.StringIO(), io.TextIOWrapper(io.BytesIO(stdin.encode()))
        with mock.patch.dict(os.environ, self.env), mock.patch("sys.stdin", given):
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                code = run([*words, "--json"])
        return code, [json.loads(row) for row in out.getvalue().splitlines()], err.getvalue()


def test_a_conflict_from_plan_to_answer(line: Lifeline, tmp_path: Path) -> None:
    north, south = (Terminal(line, tmp_path, party) for party in ("north", "south"))
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
    north, south = (Terminal(line, tmp_path, party) for party in ("north", "south"))
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
