"""A notice that the hotline hides and shows again: no unsigned word closes a conflict, and what is live is shown."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from keepclear import ProblemEvent
from support.desks import Line
from support.world import box


@pytest.fixture
def line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Line]:
    monkeypatch.setattr("keepclear.transport.client.RETRY_AFTER_S", ())
    made = Line(tmp_path)
    yield made
    for desk in made.open:
        desk.close()


def notices(desk: Any) -> dict[str, str]:
    return {view.id: view.state for view in desk.picture(everything=True).notices}


def conflicts(desk: Any) -> set[tuple[str, str, str | None]]:
    return {(view.own, view.state, view.alarm) for view in desk.picture(everything=True).conflicts}


def refreshed(line: Line, desk: Any) -> list[str]:
    line.now += 1_000_000
    return [event.detail for event in desk.refresh() if isinstance(event, ProblemEvent)]


@pytest.fixture
def hidden(line: Line) -> tuple[Any, str, Any]:
    """A desk whose notice, in conflict, was told to be gone; the notice's id, and what was hidden of it."""
    north, south = line.desk("north"), line.desk("south")
    mine = north.file([box()], category="transport", callsign="NORTH1")
    south.file([box()], category="transport")
    assert refreshed(line, north) == []
    assert conflicts(north) == {(mine.id, "OPEN", None)}
    gone = line.mediator.filed.pop(("north", mine.id))
    (said,) = refreshed(line, north)
    assert "LOST" in said and notices(north) == {mine.id: "lost"}
    return north, mine.id, gone


@pytest.mark.parametrize("act", ["send", "discard"])
def test_no_unsigned_word_closes_a_conflict_and_a_notice_that_is_there_after_all_is_live(
    line: Line, hidden: tuple[Any, str, Any], act: str
) -> None:
    north, id, gone = hidden
    (row,) = north.waiting()
    line.now += 3_600_000_000 // 2  # its own bytes come too late
    again = north.send(row) if act == "send" else north.discard(row)
    assert {(state, alarm) for own, state, alarm in conflicts(north) if own == id} == {("OPEN", "rollback")}
    (view,) = (view for view in north.picture().conflicts if view.own == id)
    assert ("filed again as" if again else "taken off the list") in view.alarm_detail
    assert refreshed(line, north) == []

    line.mediator.filed["north", id] = gone
    (said,) = refreshed(line, north)
    assert "NORTH1 after all" in said and "keepclear withdraw" in said
    assert notices(north) == {id: "live"} | ({again.id: "live"} if again else {})
    assert {(state, alarm) for own, state, alarm in conflicts(north) if own == id} == {("OPEN", None)}
    assert refreshed(line, north) == []
    north.withdraw(id)
    assert {state for own, state, _ in conflicts(north) if own == id} <= {"OPEN", "CLOSED"}


def test_a_lost_notice_that_is_there_after_all_is_live_as_before(line: Line, hidden: tuple[Any, str, Any]) -> None:
    north, id, gone = hidden
    line.mediator.filed["north", id] = gone
    (said,) = refreshed(line, north)
    assert "NORTH1 after all" in said
    assert notices(north) == {id: "live"} and not north.waiting()
    assert refreshed(line, north) == []


def test_the_alarm_of_a_notice_that_was_given_up_ends_with_its_time(line: Line, hidden: tuple[Any, str, Any]) -> None:
    north, id, _ = hidden
    (row,) = north.waiting()
    line.mediator.newest["north"] = {}
    north.discard(row)
    assert refreshed(line, north) == []
    assert conflicts(north) == {(id, "OPEN", "rollback")}
    line.now += 5 * 3_600_000_000
    refreshed(line, north)
    assert conflicts(north) == {(id, "CLOSED", None)}
