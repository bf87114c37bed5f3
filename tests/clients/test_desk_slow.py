"""The hotline says that it is slow: each screen says since when, and for a quarter of an hour that it was."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from keepclear.cli.board.cells import Line as Row
from keepclear.cli.board.frame import Scene, draw
from keepclear.cli.board.look import Look
from keepclear.cli.board.state import State
from keepclear.cli.notable import slow_words, was_slow_words
from keepclear.console.whole import whole_json
from keepclear.desk.link import SLOW_S, SLOW_STAYS_S, LinkState
from keepclear.desk.probing import Probing
from keepclear_protocol.instant import SECOND
from support.desks import Line

NOON = 1_795_780_800 * SECOND


class Told:
    """A link on a clock that is moved by hand, to which the hotline says now and then that it is slow."""

    def __init__(self, *, at: int = NOON) -> None:
        self.now = at
        self.state = LinkState(lambda: self.now)
        self.state.rises()

    def after(self, seconds: float) -> LinkState:
        self.now += round(seconds * SECOND)
        return self.state


def test_what_comes_again_within_seconds_is_one_time_of_slowness() -> None:
    told = Told()
    for pause_s in (0, 1, 1, 6, 6):  # a heavy turn, then one each six seconds
        told.after(pause_s).told_slow()
    link = told.after(1).now
    assert (link.hotline_slow_since, link.hotline_was_slow) == (NOON, ())
    assert slow_words(link.hotline_slow_since or 0) == (
        "HOTLINE SLOW since 12:00:00Z: what was filed in the last seconds may not be told yet, so this is NOT WHOLE"
    )
    assert link.to_json()["hotline_slow_since"] == "2026-11-27T12:00:00Z"
    link = told.after(SLOW_S).now
    assert not link.lags and link.hotline_was_slow == ((NOON, NOON + 15 * SECOND),)
    assert was_slow_words(link.hotline_was_slow) == (
        "the hotline was slow from 12:00:00Z to 12:00:15Z (15 s): what was filed then came late"
    )
    told.after(30).told_slow()
    link = told.state.now
    assert link.hotline_slow_since == told.now and len(link.hotline_was_slow) == 1
    assert link.to_json()["hotline_was_slow"] == [["2026-11-27T12:00:00Z", "2026-11-27T12:00:15Z"]]


def test_of_many_times_the_last_are_said_and_after_a_quarter_of_an_hour_none() -> None:
    told = Told()
    for _ in range(5):
        told.after(60).told_slow()
    link = told.after(10).now
    assert was_slow_words(link.hotline_was_slow) == (
        "the hotline was slow 2 times before, and from 12:03:00Z to 12:03:01Z (1 s), from 12:04:00Z to 12:04:01Z (1 s),"
        " from 12:05:00Z to 12:05:01Z (1 s): what was filed then came late"
    )
    assert was_slow_words(told.after(SLOW_STAYS_S - 11).now.hotline_was_slow) == (
        "the hotline was slow from 12:05:00Z to 12:05:01Z (1 s): what was filed then came late"
    )
    assert told.after(1).now.hotline_was_slow == ()


def test_a_clock_that_is_set_back_makes_nothing_last() -> None:
    told = Told()
    told.state.told_slow()
    link = told.after(-60).now
    assert (link.hotline_slow, link.hotline_was_slow) == (False, ())
    link = told.after(61).now
    assert (link.hotline_slow, link.hotline_was_slow) == (False, ()), "nor come again when that time has come"
    told.state.told_slow()
    assert told.state.now.hotline_slow_since == told.now, "and what is said now is said"


def test_that_the_hotline_was_slow_pushes_nothing_else_off_a_small_screen(tmp_path: Path) -> None:
    line = Line(tmp_path)
    line.now = NOON
    desk = line.desk("south")
    line.watched(desk)
    probing = (Probing("north", 9, 9, NOON - SECOND, NOON),)
    picture = replace(desk.picture(), probing=probing, forged=1)
    link = replace(desk.link(), up=True, since=NOON, heard_at=NOON, hotline_was_slow=((NOON - SECOND, NOON),))
    state = State(unwatched=(NOON - 60 * SECOND, NOON))
    for rows in range(14, 40):
        scene = Scene(picture, link, "terms", NOON, (), None)
        without = Scene(picture, replace(link, hotline_was_slow=()), "terms", NOON, (), None)
        head, before = (shown(draw(one, state, Look.of("ascii", None), 80, rows).lines) for one in (scene, without))
        for words in ("LOOKS LIKE PROBING", "nobody watched", "came that nobody known signed"):
            assert words in head or words not in before, (rows, words)
    desk.close()


def shown(rows: Sequence[Row]) -> str:
    return " ".join(" ".join(piece.text for row in rows for piece in row).split())


@pytest.mark.parametrize("columns", [80, 40])
def test_an_empty_board_says_so_too_and_an_ended_time_stays_in_the_head(tmp_path: Path, columns: int) -> None:
    line = Line(tmp_path)
    line.now = NOON
    desk = line.desk("south")
    line.watched(desk)
    calm = replace(desk.link(), up=True, since=line.now, heard_at=line.now)

    def drawn(**changed: Any) -> str:
        scene = Scene(desk.picture(), replace(calm, **changed), "terms", line.now, (), None)
        return shown(draw(scene, State(), Look.of("ascii", None), columns, 40).lines)

    late = "what was filed just now may not be on this screen yet"
    assert late not in drawn() and "slow" not in drawn().lower()
    slow = drawn(hotline_slow_since=NOON)
    assert "HOTLINE SLOW since 12:00:00Z" in slow and "NOT WHOLE" in slow and late in slow
    both = drawn(hotline_slow_since=NOON, behind=400)
    assert "BEHIND: 400 events" in both and "HOTLINE SLOW since" in both, "neither hides the other"
    over = drawn(hotline_was_slow=((NOON, NOON + 2 * SECOND),))
    assert "the hotline was slow from 12:00:00Z to 12:00:02Z (2 s)" in over and late not in over
    lost = drawn(up=False, hotline_slow_since=NOON)
    assert "HOTLINE SLOW" not in lost and late not in lost, "who hears nothing is told that, and not how slow it is"
    reasons = whole_json(desk.picture(), replace(calm, hotline_slow_since=NOON), None, line.now)["reasons"]
    assert "the hotline has been slow since 12:00:00Z" in {one["code"]: one["text"] for one in reasons}["hotline_slow"]
    desk.close()
