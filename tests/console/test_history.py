"""What the console tells of the past: the picture of then, how far it reaches, one conflict whole."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from keepclear.console.history import Past, incident_json, incidents, span
from keepclear_protocol.alert import conflict_id
from keepclear_protocol.errors import LocalError
from keepclear_protocol.instant import SECOND, format_instant, parse_instant
from support.consoles import running_console
from support.desks import MINUTE_US, Lied
from support.world import World


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Lied]:
    made = Lied(tmp_path)
    yield made
    for desk in made.open:
        desk.close()


def test_the_picture_of_then_has_what_had_come_by_then_and_says_that_nobody_heard(line: Lied) -> None:
    begun = line.now
    line.now += MINUTE_US
    line.south.acknowledge(line.south.picture().conflicts[0].code, officer="s-1")
    line.now += MINUTE_US
    line.withdraw()
    line.watched(line.south)
    past = Past(line.south)
    before, answered, after = (past.picture(at) for at in (begun, begun + MINUTE_US, line.now))
    assert past.picture(begun) == before
    told = [[(one["state"], one["phase"]) for one in each["conflicts"]] for each in (before, answered, after)]
    assert told == [[("OPEN", "new")], [("OPEN", "acknowledged")], [("CLOSED", "cleared")]]
    assert before["past"] and before["at"] == format_instant(begun // 1000 * 1000)
    assert before["counts"]["unanswered"] == 1 and answered["counts"]["unanswered"] == 0
    (shown,) = before["conflicts"]
    assert len(shown["their_extents"]) == 1 and shown["ours"]["acknowledged_at"] is None
    assert [len(one["extents"]) for one in before["notices"]] == [2]
    assert {one["code"] for one in answered["whole"]["reasons"]} >= {"unwatched", "link_down", "stale"}
    assert answered["picture"] == {"heard_at": before["picture"]["heard_at"], "age_s": 60.0, "stale": True}
    with pytest.raises(LocalError, match="does not reach back so far"):
        past.picture(begun - 1)


def test_the_span_tells_how_far_it_reaches_and_what_happened_in_it(line: Lied) -> None:
    begun = line.now
    line.now += MINUTE_US
    line.south.acknowledge(line.south.picture().conflicts[0].code, officer="s-1")
    line.now += 10 * SECOND
    told = span(line.south, line.now)
    assert [(one["what"], one["by"]) for one in told["marks"]] == [
        ("own", "notice"), ("alert", "OPEN"), ("answer", "south"),
    ]  # fmt: skip
    assert told["oldest"] == format_instant(-(-begun // 1000) * 1000)
    assert Past(line.south).picture(parse_instant(told["oldest"]))["conflicts"]
    assert told["blind"] == [[format_instant(at // 1000 * 1000) for at in (begun, line.now)]]


def test_an_incident_is_told_whole_to_the_page_and_every_one_is_listed(line: Lied) -> None:
    (listed,) = incidents(line.south)
    conflict = conflict_id(line.world.agreement.id, line.us, line.them)
    assert (listed["conflict"], listed["unanswered"], listed["other"]["party"]) == (conflict, True, "north")
    told = incident_json(line.south.incident(conflict))
    assert {one["holds"] for one in told["signatures"]} == {True} and told["unsound"] == 0
    assert {one["signer"]["fingerprint"] for one in told["signatures"]} == {
        key.fingerprint
        for key in (*(line.world.parties[name].key.public for name in ("south", "north")), line.world.service.public)
    }
    assert [one["extent"]["shape"] for one in told["disclosed"]] == ["polygon"]
    assert told["own_volumes"] == 2 and len(told["shown"]) == 1


def test_the_doors_of_history_are_the_consoles_and_do_nothing_but_tell(tmp_path: Path) -> None:
    with running_console(World(), tmp_path, "north", "http://127.0.0.1:9", "--wall") as console:
        wall = console.enter()
        reach = wall.get("/api/history/span").json()
        picture: dict[str, Any] = wall.get(f"/api/history?at={reach['newest']}").json()
        assert picture["past"] and picture["conflicts"] == []
        assert wall.get("/api/incidents").json() == {"incidents": []}
        refused = [
            wall.get(path) for path in ("/api/history", "/api/history?at=2001-01-01T00:00:00Z", "/api/incidents/x")
        ]
        assert [(one.status_code, one.json()["code"]) for one in refused] == [
            (400, "request"), (400, "usage"), (409, "conflict_unknown"),
        ]  # fmt: skip
        assert wall.get("/api/history?at=2900-01-01T00:00:00Z").json()["code"] == "request"
