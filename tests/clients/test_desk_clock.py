"""A desk whose clock is slow: it says so of itself, accuses nobody, and goes on when the clock is right."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from keepclear_protocol.errors import LocalError
from support.desks import Line, alerts
from support.world import box


class Slow(Line):
    """South's clock is ``behind_s`` seconds behind everybody else's."""

    behind_s = 0

    def slow_desk(self) -> Any:
        return self.desk("south", clock=lambda: self.now - self.behind_s * 1_000_000)


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Slow]:
    made = Slow(tmp_path)
    yield made
    for desk in made.open:
        desk.close()


def in_conflict(line: Slow) -> Any:
    south = line.slow_desk()
    line.watched(south)
    south.file([box(), box(50.0)], "transport")
    line.desk("north").file([box(48.05)], "transport")
    return south


@pytest.mark.req("R-074")
def test_an_alert_dated_ahead_of_a_slow_clock_is_no_evidence_and_is_judged_again(line: Slow) -> None:
    line.behind_s = 61
    south = in_conflict(line)
    (event,) = alerts(line.watched(south))
    assert (event.verdict, event.standing) == ("clock", None) and event.detail.startswith("CLOCK")
    (view,) = south.picture().conflicts
    assert (view.state, view.alarm) == ("UNVERIFIED", "clock")
    assert line.mediator.acknowledgements == []
    with pytest.raises(LocalError) as refused:
        south.acknowledge(view.conflict, officer="duty-1")
    assert refused.value.code == "clock" and line.mediator.acknowledgements == []
    line.behind_s = 0
    line.mediator.tell("south", "heartbeat", {})
    (event,) = alerts(line.watched(south))
    assert (event.verdict, event.standing) == ("verified", "OPEN")
    (view,) = south.picture().conflicts
    assert (view.state, view.alarm) == ("OPEN", None)
    assert {ack.verdict for ack in line.mediator.acknowledgements} == {"verified"}
    south.acknowledge(view.conflict, officer="duty-1")


def test_a_clock_that_is_a_minute_behind_is_good_enough(line: Slow) -> None:
    line.behind_s = 60
    (event,) = alerts(line.watched(in_conflict(line)))
    assert event.verdict == "verified"


def test_what_is_wrong_with_an_alert_is_said_of_it_however_slow_the_clock(line: Slow) -> None:
    line.behind_s = 3600
    line.mediator.alter = lambda payload: payload.update(severity="possible") if payload["to"] == "south" else None
    (event,) = alerts(line.watched(in_conflict(line)))
    assert event.verdict == "recompute"
    assert [ack.verdict for ack in line.mediator.acknowledgements] == ["recompute"]


def test_a_closing_that_only_a_slow_clock_doubts_leaves_the_conflict_open_until_it_is_judged(line: Slow) -> None:
    south = in_conflict(line)
    line.watched(south)
    (conflict,) = line.mediator.open
    line.behind_s = 2 * 3600
    line.now += 2 * 3600 * 1_000_000
    line.mediator.end(conflict)
    (event,) = alerts(line.watched(south))
    assert event.verdict == "clock"
    assert [(view.state, view.alarm) for view in south.picture().conflicts] == [("OPEN", "clock")]
    line.behind_s = 0
    line.mediator.tell("south", "heartbeat", {})
    (event,) = alerts(line.watched(south))
    assert (event.verdict, event.standing) == ("verified", "CLOSED")
    assert [(view.state, view.alarm) for view in south.picture().conflicts] == [("CLOSED", None)]
