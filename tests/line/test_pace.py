"""What is said of turns that take long: to the readers while one lasts, to the operator for a minute, in the log."""

import logging
from typing import Any

import pytest
from keepclear_service.line.pace import LATELY_S, SLOW_S, TOLD_S, Pace


class Turns:
    """Turns on a clock that is moved by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        monkeypatch.setattr("keepclear_service.line.pace.time.monotonic", lambda: self.now)
        self.pace = Pace("a")

    def last(self, seconds: float, *, reads: bool = False, well: bool = True) -> None:
        self.now += 0.001
        self.pace.begins(reads=reads)
        self.now += seconds
        if well:
            assert self.pace.ended(3, 2) == pytest.approx(seconds)
        self.pace.comes_round()


@pytest.fixture
def turns(monkeypatch: pytest.MonkeyPatch) -> Turns:
    return Turns(monkeypatch)


def said(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [record.__dict__["keepclear_fields"] for record in caplog.records if record.message == "turn_slow"]


def test_a_slow_turn_stands_in_the_log_and_is_shown_for_a_minute(
    turns: Turns, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    turns.last(TOLD_S)
    assert said(caplog) == [] and turns.pace.slowest_s == 0
    turns.last(2.5)
    turns.now += 10
    turns.last(0.4)
    turns.last(0.9)
    told = [{"agreement": "a", "statements": 3, "entries": 2, "lasted_s": one} for one in (2.5, 0.4, 0.9)]
    assert said(caplog) == told
    assert turns.pace.slowest_s == pytest.approx(2.5) and turns.pace.lasts_s == pytest.approx(0.9)
    turns.now += LATELY_S - 5
    assert turns.pace.slowest_s == pytest.approx(0.9), "the longest is a minute ago, the next longest is not"
    turns.now += 10
    turns.last(0.01)
    assert turns.pace.slowest_s == 0 and turns.pace.lasts_s == pytest.approx(0.01)


def test_the_turn_under_way_counts_while_it_lasts(turns: Turns) -> None:
    turns.now += 1
    turns.pace.begins(reads=False)
    turns.now += SLOW_S + 0.1
    assert turns.pace.busy_s == turns.pace.lasts_s == turns.pace.slowest_s == pytest.approx(SLOW_S + 0.1)
    turns.pace.comes_round()  # not well: the store is gone, which is told otherwise
    assert turns.pace.busy_s == turns.pace.lasts_s == turns.pace.slowest_s == 0


def test_a_slow_turn_before_an_outage_is_not_one_of_the_last_minute_for_ever(turns: Turns) -> None:
    turns.last(2.5)
    turns.now += 2 * LATELY_S
    turns.last(0.01, well=False)
    assert turns.pace.slowest_s == 0


def test_a_line_that_is_still_being_read_is_not_slow(turns: Turns, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    turns.last(5.0, reads=True)
    assert said(caplog) == [] and turns.pace.lasts_s == turns.pace.slowest_s == 0
    turns.now += 1
    turns.pace.begins(reads=True)
    turns.now += 2
    assert turns.pace.lasts_s == 0 and turns.pace.busy_s == pytest.approx(2), "its readers are told all the same"
