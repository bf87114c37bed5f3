"""Reading everything again: by an index, what is unknown alone, and nobody is accused of what crossed on the way."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from keepclear import GapEvent, ProblemEvent
from keepclear.cli.lines import event_line, is_alarm
from keepclear.cli.notable import notable_lines
from keepclear.console.whole import whole_json
from keepclear.desk.link import Link
from keepclear_protocol.errors import Unavailable
from keepclear_protocol.instant import SECOND
from support.desks import Line, alerts
from support.world import box


@pytest.fixture
def line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Line]:
    monkeypatch.setattr("keepclear.transport.client.RETRY_AFTER_S", ())
    made = Line(tmp_path)
    yield made
    for desk in made.open:
        desk.close()


def lost(line: Line) -> None:
    """From now on no statement arrives."""

    def cut(request: httpx2.Request) -> httpx2.Response | None:
        if request.method == "POST":
            raise httpx2.ReadError("cut")
        return None

    line.mediator.refuse = cut


def crossing(line: Line, desk: Any, path: str) -> None:
    """The next answer to ``path`` is overtaken: ``desk`` sends what is unknown while it is on its way."""

    def overtaken(request: httpx2.Request) -> httpx2.Response | None:
        if request.url.path != path:
            return None
        line.mediator.refuse = None
        answer = line.mediator.answer(request)
        for waiting in desk.waiting():
            desk.send(waiting)
        return answer

    line.mediator.refuse = overtaken


def asked(line: Line, path: str) -> list[str]:
    return [r.url.path for r in line.mediator.requests if r.method == "GET" and r.url.path.startswith(path)]


@pytest.mark.parametrize("act", ["file", "amend", "withdraw"])
def test_a_reading_that_crosses_a_submit_in_flight_is_no_rollback(line: Line, act: str) -> None:
    south, same = line.desk("south"), line.desk("south")  # two processes of one desk, with one journal
    mine = south.file([box()], "transport")
    lost(line)
    with pytest.raises(Unavailable):
        if act == "file":
            south.file([box(20.0)], "transport")
        elif act == "amend":
            south.amend(mine.id, [box(20.0)])
        else:
            south.withdraw(mine.id)
    line.now += 1_000_000
    crossing(line, same, "/v1/notices")
    assert south.refresh() == ()
    assert {notice.state for notice in south.picture().notices} <= {"live"}


def test_a_conflict_that_no_page_showed_is_asked_for_before_it_is_called_gone(line: Line) -> None:
    south, north = line.desk("south"), line.desk("north")
    line.watched(south)
    south.file([box()], "transport")
    north.file([box(48.05)], "transport")
    line.watched(south)
    line.now += 1_000_000
    hidden = dict(line.mediator.newest["south"])

    def between_the_pages(request: httpx2.Request) -> httpx2.Response | None:
        if request.url.path == "/v1/conflicts":
            line.mediator.newest["south"], answer = {}, None
            line.mediator.refuse = None
            answer = line.mediator.answer(request)
            line.mediator.newest["south"] = hidden
            return answer
        return None

    line.mediator.refuse = between_the_pages
    assert south.refresh() == ()
    line.mediator.newest["south"] = {}
    (problem,) = south.refresh()
    assert isinstance(problem, ProblemEvent) and problem.code == "rollback"


def test_the_alarm_of_a_conflict_that_is_gone_settles_when_its_time_is_over(line: Line) -> None:
    south, north = line.desk("south"), line.desk("north")
    line.watched(south)
    south.file([box(at=line.now)], "transport")
    north.file([box(48.05, at=line.now)], "transport")
    line.watched(south)
    line.mediator.newest["south"] = {}
    line.now += 1_000_000
    south.refresh()
    (view,) = south.picture().conflicts
    assert (view.state, view.alarm) == ("OPEN", "rollback")
    line.now += 2 * 3_600_000_000
    south.refresh()
    (view,) = south.picture(everything=True).conflicts
    assert (view.state, view.alarm) == ("CLOSED", None)


def many(line: Line, count: int, lng: float) -> None:
    for number in range(count):
        for party, lat in (("south", -40.0 + number), ("north", -39.95 + number)):
            raw = line.world.submission(party, box(lat, lng))
            assert line.mediator._admit("/v1/notices", raw).status_code == 201


def test_only_what_is_unknown_is_fetched_and_at_most_32_at_once(line: Line) -> None:
    south = line.desk("south")
    line.watched(south)
    many(line, 3, 2.0)
    line.watched(south)
    many(line, 34, 40.0)
    line.mediator.page = 20
    line.mediator.requests.clear()
    taken = alerts(list(south.refresh()))
    assert [event.verdict for event in taken] == ["verified"] * 34
    pages, objects = asked(line, "/v1/conflicts"), asked(line, "/v1/conflicts/")
    assert len(pages) - len(objects) == 2 and sum(path.count(",") + 1 for path in objects) == 34
    assert all(path.count(",") < 32 for path in objects)
    line.mediator.requests.clear()
    assert south.refresh() == () and asked(line, "/v1/conflicts/") == []
    assert len(asked(line, "/v1/notices")) == 2
    assert len(south.picture().conflicts) == 37


def test_what_an_answer_had_told_is_told_to_the_watch_after_a_gap(line: Line) -> None:
    south, north = line.desk("south"), line.desk("north")
    line.watched(south)
    north.file([box(48.05)], "transport")
    filed = south.file([box()], "transport")
    assert [event.verdict for event in filed.alerts] == ["verified"]
    line.mediator.epoch = "f" * 32
    gap, *events = line.watched(south)
    assert isinstance(gap, GapEvent) and [event.verdict for event in alerts(events)] == ["verified"]
    assert line.watched(south) == []


def test_after_a_restore_a_desk_is_told_that_what_others_filed_may_be_gone(line: Line) -> None:
    south = line.desk("south")
    line.watched(south)
    assert south.picture().put_back_at is None
    line.mediator.epoch = "f" * 32
    (gap,) = line.watched(south)
    assert is_alarm(gap) and "what others filed before may be missing" in event_line(gap, line.now)
    picture = line.desk("south").picture()  # another process
    ((words, lacks),) = notable_lines(picture, line.now)
    assert "STORE WAS PUT BACK" in words and words.endswith("NOT WHOLE") and lacks
    whole = whole_json(picture, Link(True, line.now, line.now), None, line.now)
    assert not whole["is"] and whole["reasons"][0]["code"] == "put_back"
    line.now += 901 * SECOND
    assert list(notable_lines(south.picture(), line.now)) == []
    for desk in line.open:
        desk.close()


def test_an_acknowledgement_that_came_meanwhile_is_found_by_its_hash(line: Line) -> None:
    south, north = line.desk("south"), line.desk("north")
    line.watched(south)
    south.file([box()], "transport")
    north.file([box(48.05)], "transport")
    line.watched(south)
    (conflict,) = line.mediator.open
    north.acknowledge(conflict, officer="north-1")
    (event,) = south.refresh()
    assert event.to_json()["officer"] == "north-1"
    assert [answer["officer"] for answer in south.picture().conflicts[0].answers if answer["party"] == "north"] == [
        "north-1"
    ]
    assert south.refresh() == ()


@pytest.mark.req("R-100", "R-102")
def test_an_event_of_an_unknown_kind_moves_the_kept_position_and_is_no_gap(line: Line) -> None:
    south = line.desk("south")
    line.watched(south)
    line.mediator.tell("south", "heartbeat", {"anything": 1})
    line.mediator.tell("south", "escalation", {})
    assert line.watched(south) == []
    assert str(south.journal.cursor()) == line.mediator.head("south")
    line.mediator.requests.clear()
    assert line.watched(south) == [] and asked(line, "/v1/conflicts") == []
