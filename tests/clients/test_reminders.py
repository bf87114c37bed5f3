"""What a watch in lines says again and when, how its lines fold, and what of them comes first."""

import os
from dataclasses import replace
from itertools import pairwise
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st
from keepclear.cli.board.bell import BLIND_AGAIN_S, BLIND_LATER_AGAIN_S, NEAR_S
from keepclear.cli.board.cells import width
from keepclear.cli.fold import columns, folded
from keepclear.cli.lines import conflict_line
from keepclear.cli.reference import read_reference
from keepclear.cli.reminders import AGAIN_S, Reminders
from keepclear.desk.answered import Answers
from keepclear.desk.picture import ConflictView
from support.boards import ANSWERED, NOW, SECOND, conflict, down, picture, up

DEADLINE_S = 120


def after(seconds: float) -> int:
    return NOW + int(seconds * SECOND)


def said(
    views: list[ConflictView], seconds: int, reminders: Reminders | None = None, first: int = 0
) -> list[tuple[int, str]]:
    """Return what is said again in so many seconds, looked at each second."""
    made, found = reminders or Reminders(NOW), []
    for second in range(first, first + seconds):
        for one in made.due(picture(*views), up(at=after(second)), DEADLINE_S, after(second)):
            assert one.view is not None
            found.append((second, one.words))
    return found


def told(ago_s: int) -> Answers:
    return Answers(delivered_at=after(-ago_s))


def test_danger_is_said_again_when_it_is_overdue_and_each_minute_until_somebody_answers() -> None:
    view, reminders = conflict(ours=told(100), start=after(3600), end=after(3700)), Reminders(NOW)
    found = said([view], 150, reminders)
    assert found == [(21, "OVERDUE 1 s"), (21 + AGAIN_S, "OVERDUE 61 s"), (21 + 2 * AGAIN_S, "OVERDUE 2 min 01 s")]
    assert said([replace(view, **ANSWERED)], 300, reminders, 150) == []


def test_a_window_that_begins_is_said_of_what_is_answered_once_and_else_until_it_is() -> None:
    window = {"start": after(30), "end": after(130)}
    assert said([conflict(**ANSWERED, **window)], 200) == [(30, "BEGUN")]
    found = said([conflict(ours=told(0), **window)], 125)
    assert found == [(30, "NOT ANSWERED, BEGUN"), (30 + AGAIN_S, "NOT ANSWERED, BEGUN"), (121, "OVERDUE 1 s, BEGUN")]
    long_begun = {"start": after(-30), "end": after(130)}
    assert said([conflict(**ANSWERED, **long_begun)], 60) == [], "the line at the start of the watch has said it"
    assert said([conflict(ours=told(0), **long_begun)], 60)[0] == (0, "NOT ANSWERED, BEGUN")


def test_what_cannot_be_excluded_is_said_once_overdue_and_once_near() -> None:
    view = conflict(severity="possible", ours=told(100), start=after(NEAR_S + 200), end=after(NEAR_S + 900))
    assert [at for at, _ in said([view], NEAR_S + 900)] == [21, 200, NEAR_S + 200]


def test_an_alarm_that_nobody_has_answered_is_danger_and_what_is_over_is_not_said() -> None:
    alarm = conflict(state="UNVERIFIED", alarm="recompute", verdict="recompute", start=None, end=None)
    assert [at for at, _ in said([alarm], AGAIN_S + 1)] == [0, AGAIN_S]
    over = [conflict(state=state, ours=told(900)) for state in ("PAST", "CLOSED", "CLOSED NOT CONFIRMED")]
    assert said(over, 200) == []


def test_many_have_one_minute_together() -> None:
    views = [conflict(ours=told(DEADLINE_S - number), start=after(900)) for number in range(1, 50)]
    at = {second for second, _ in said(views, 200)}
    assert {second for second in at if second > 50} == {2 + AGAIN_S, 2 + 2 * AGAIN_S, 2 + 3 * AGAIN_S}


def test_a_link_that_stays_lost_is_said_again_in_the_rhythm_of_the_bell() -> None:
    reminders, found = Reminders(NOW), []
    for second in range(400):
        for one in reminders.due(picture(conflict(**ANSWERED)), down(second, at=after(second)), 120, after(second)):
            found.append((second, one.reasons, one.words))
    assert found[0][:2] == (BLIND_AGAIN_S, ("link",)) and "NOT CONNECTED for 10 s: the hotline" in found[0][2]
    gaps = [later[0] - earlier[0] for earlier, later in pairwise(found)]
    assert (gaps[0], gaps[-1]) == (BLIND_AGAIN_S, BLIND_LATER_AGAIN_S)
    assert reminders.due(picture(), up(), 120, after(500)) == []
    assert reminders.due(picture(), down(1), 120, after(501)) == [], "that it is lost has its own line"


def test_what_a_screen_of_80_columns_cuts_is_the_least() -> None:
    line = conflict_line(conflict(own_callsign="NORTH123"), NOW, read_reference("34.5,37.6=T4"))
    begin = line[: 80 - len("12:00:05Z ")]
    assert all(word in begin for word in ("OPEN OVERLAP", "our NORTH123", "FL180-FL190", "in 15 min")), line
    assert "with south's transport FL185-FL195" in line and "34.6500N 037.8000E; 048 deg 13.4 NM from T4" in line
    assert "with south's transport; " in conflict_line(conflict(our_heights=None), NOW)
    assert "our NORTH12 theirs FL185-FL195" in conflict_line(conflict(our_heights=None), NOW)


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=400), st.integers(30, 130))
def test_folded_rows_fit_and_lose_nothing(text: str, cells: int) -> None:
    rows = folded(text, cells)
    assert all(width(row) <= cells for row in rows)
    assert "".join("".join(rows).split(" ")) == "".join(text.split(" "))
    assert folded(text, None) == [text]


@pytest.mark.parametrize(("said", "wide"), [("80", 80), ("", None), ("0", None), ("x", None), ("²", None)])
def test_only_what_says_how_wide_it_is_is_folded_to(said: str, wide: int | None) -> None:
    with mock.patch.dict(os.environ, {"COLUMNS": said}), mock.patch("sys.stdout", None):
        assert columns() == wide
