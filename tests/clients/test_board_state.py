"""What the board remembers: an acknowledgement needs two keys for what was read; what closed is seen; bells repeat."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from keepclear.cli.board.bell import (
    BLIND,
    BLIND_AGAIN_S,
    BLIND_AT_START_S,
    BLIND_LATER_AGAIN_S,
    DANGER,
    DANGER_AGAIN_S,
    NEAR_S,
    POSSIBLE,
    Bell,
)
from keepclear.cli.board.blind import BLIND_STAYS_S, unwatched
from keepclear.cli.board.keys import Keys
from keepclear.cli.board.state import (
    CLOSED_STAYS_S,
    DETAILS,
    HELP,
    LIST,
    SELECTION_STAYS_S,
    Acknowledge,
    Quit,
    SoundTest,
    State,
)
from keepclear.desk.picture import ConflictView
from support.boards import ANSWERED, NOW, SECOND, conflict, down, drawn, picture, text, up


def after(seconds: float) -> int:
    return NOW + int(seconds * SECOND)


def shown(state: State, *views: ConflictView, at: int = NOW) -> None:
    """Let the board draw these."""
    state.drawn(drawn(views, state=state, now=at, rows=60).shown, picture(*views), at)


def test_two_keys_acknowledge_what_was_read() -> None:
    view, state = conflict(), State("duty-1")
    shown(state, view)
    assert state.key("a", picture(view), after(2)) is None
    asked = " ".join(text(drawn([view], state=state)))
    sides = "our NORTH12 with south's transport"
    question = f"y: sign as duty-1 that {view.code} (version 3), {sides}: received, read, understood."
    assert question in " ".join(asked.split())
    assert state.key("y", picture(view), after(3)) == Acknowledge(view.conflict, 3, view.code, sides)


def test_any_other_key_acknowledges_nothing_and_a_pasted_y_neither() -> None:
    view, state = conflict(), State("duty-1")
    shown(state, view)
    for key in ("n", "enter", "q", "a", "Y"):
        state.key("a", picture(view), after(2))
        assert state.key(key, picture(view), after(3)) is None and state.asked is None
    state.key("a", picture(view), after(4))
    assert state.key("y", picture(view), after(4)) is None
    assert state.asked is not None, "too soon to have been read: still asked"


def test_what_appeared_less_than_a_second_ago_cannot_be_acknowledged() -> None:
    view, state = conflict(), State("duty-1")
    state.key("a", picture(view), NOW)
    assert state.asked is None, "never drawn"
    shown(state, view)
    state.key("a", picture(view), after(0.9))
    assert state.asked is None and "read it first" in state.note[0]
    newer = replace(view, version=4)
    shown(state, newer, at=after(5))
    state.key("a", picture(newer), after(5.5))
    assert state.asked is None, "a newer version has to be read anew"


@pytest.mark.parametrize("change", [{"version": 4}, {"state": "CLOSED", "unanswered": False}, ANSWERED])
def test_what_changes_between_the_two_keys_is_not_acknowledged(change: dict[str, object]) -> None:
    view, state = conflict(), State("duty-1")
    shown(state, view)
    state.key("a", picture(view), after(2))
    later = replace(view, **change)  # type: ignore[arg-type]
    assert state.key("y", picture(later), after(3)) is None
    assert "read it again" in state.note[0]
    state.key("a", picture(view), after(4))
    state.looks(picture(later), up(), after(5))
    assert state.asked is None


def test_nobody_acknowledges_without_a_handle_nor_what_has_its_answer() -> None:
    view, nameless = conflict(), State()
    shown(nameless, view)
    nameless.key("a", picture(view), after(2))
    assert nameless.asked is None and f"keepclear ack {view.code}" in nameless.note[0]
    answered, state = conflict(**ANSWERED), State("duty-1")
    shown(state, answered)
    state.key("a", picture(answered), after(2))
    assert state.asked is None
    state.key("a", picture(), after(2))
    assert state.asked is None


def test_the_selection_moves_stays_with_its_conflict_and_lets_go_after_a_minute() -> None:
    views = [conflict(), conflict(), conflict()]
    state = State("duty-1")
    for key, at in (("j", 0), ("j", 1), ("j", 2), ("j", 2), ("k", 1)):
        state.key(key, picture(*views), NOW)
        assert state.selected == views[at].conflict
    newcomer = conflict()
    state.looks(picture(newcomer, *views), up(), after(SELECTION_STAYS_S - 1))
    assert state.chosen(picture(newcomer, *views), NOW) == views[1]
    state.looks(picture(newcomer, *views), up(), after(SELECTION_STAYS_S + 1))
    assert state.selected is None and state.chosen(picture(newcomer, *views), NOW) == newcomer


def test_pages_open_scroll_and_close() -> None:
    view, state = conflict(), State("duty-1")
    state.key("enter", picture(view), NOW)
    assert state.page == DETAILS and state.selected == view.conflict
    state.key("j", picture(view), NOW)
    assert state.scrolled == 1
    state.key("enter", picture(view), NOW)
    assert (state.page, state.scrolled) == (LIST, 0)
    state.key("?", picture(view), NOW)
    assert state.page == HELP
    state.key("escape", picture(view), NOW)
    assert state.page == LIST
    assert state.key("s", picture(view), NOW) == SoundTest()


def test_a_slip_does_not_end_the_watch() -> None:
    state = State("duty-1")
    assert state.key("q", picture(), NOW) is None
    assert "y: end this watch; nobody watches at this desk then" in " ".join(text(drawn([], state=state)))
    assert state.key("y", picture(), NOW) is None, "it came before the question could be read"
    assert state.key("q", picture(), after(1)) is None and state.asked is None
    state.key("q", picture(), after(2))
    assert state.key("y", picture(), after(3)) == Quit()


def test_how_long_nobody_watched_is_said_and_not_of_a_board_begun_anew_at_once() -> None:
    assert unwatched(None, NOW) is None and unwatched(NOW, after(2)) is None
    state = State("duty-1", unwatched=unwatched(NOW, after(90)))
    said = " ".join(" ".join(text(drawn([], up(at=after(91)), state=state, now=after(91)))).split())
    assert "nobody watched at this desk from 08:00:00Z to 08:01:30Z (90 s): read what came since" in said
    assert "duty-1 on watch" in said
    assert state.unwatched_words(after(91 + BLIND_STAYS_S)) is None


def test_no_page_hides_a_danger_and_none_stays_open_over_one() -> None:
    read, danger = conflict(**ANSWERED), conflict()
    state = State("duty-1", leaf=7)
    state.key("enter", picture(read), NOW)
    state.key("space", picture(read), NOW)
    assert state.scrolled == 7
    state.key("b", picture(read), NOW)
    late = after(SELECTION_STAYS_S + 1)
    state.looks(picture(read), up(), late)
    assert (state.page, state.scrolled) == (DETAILS, 0), "nothing else calls"
    for page in (DETAILS, HELP):
        state.page = page
        frame = drawn([read, danger], state=state, columns=80, rows=24)
        above = next(line for line in text(frame) if danger.code in line)
        assert all(words in above for words in ("OVERLAP", "in 15 min  theirs FL185-FL195", "NOT ANSWERED"))
        assert danger in frame.shown
    state.looks(picture(danger, read), up(), late)
    assert (state.page, state.selected) == (LIST, None)


def test_what_is_closed_leaves_only_after_it_was_on_the_screen_for_a_minute() -> None:
    closed, state = conflict(state="CLOSED", unanswered=False), State()
    assert state.listed(picture(closed), after(10_000)) == [closed], "never seen"
    shown(state, closed, at=after(10_000))
    assert state.listed(picture(closed), after(10_000 + CLOSED_STAYS_S)) == [closed]
    assert state.listed(picture(closed), after(10_001 + CLOSED_STAYS_S)) == []
    for stays in (conflict(**ANSWERED), conflict(state="CLOSED NOT CONFIRMED"), conflict(state="PAST")):
        shown(state, stays, at=after(10_000))
        assert state.listed(picture(stays), after(99_999)) == [stays]


def test_what_is_answered_moves_down_and_what_is_closed_lower() -> None:
    closed = conflict(state="CLOSED", unanswered=False)
    answered, waiting, false = conflict(**ANSWERED), conflict(), conflict(alarm="rollback", **ANSWERED)
    listed = State().listed(picture(answered, closed, waiting, false), NOW)
    assert listed == [waiting, false, answered, closed]


def test_that_it_was_blind_is_said_for_a_quarter_of_an_hour() -> None:
    state = State()
    state.looks(picture(), up(heard_s=0), NOW)
    state.looks(picture(), down(101, at=after(101)), after(101))
    state.looks(picture(), up(since_s=0, at=after(102)), after(102))
    said = " ".join(text(drawn([], up(at=after(103)), state=state, now=after(103))))
    assert "was blind from 08:00:00Z to 08:01:42Z (102 s)" in said
    state.looks(picture(), down(8, at=after(110)), after(110))
    state.looks(picture(), up(since_s=0, at=after(112)), after(112))
    said = " ".join(" ".join(text(drawn([], up(at=after(113)), state=state, now=after(113)))).split())
    assert "from 08:00:00Z to 08:01:42Z (102 s), from 08:01:42Z to 08:01:52Z (10 s): read what came since" in said
    state.looks(picture(), up(at=after(102 + BLIND_STAYS_S)), after(102 + BLIND_STAYS_S))
    assert state.blind
    state.looks(picture(), up(at=after(104 + BLIND_STAYS_S)), after(104 + BLIND_STAYS_S))
    assert len(state.blind) == 1


def test_a_link_that_was_up_and_silent_was_blind_too() -> None:
    state = State()
    for now, heard_s in ((0, 0), (4, 4), (13, 13), (14, 14), (15, 0.5), (20, 5)):
        state.looks(picture(), up(heard_s=heard_s, at=after(now)), after(now))
    assert state.blind == [(NOW, after(14.5))]
    state.looks(picture(), up(heard_s=12, at=after(27)), after(27))
    state.looks(picture(), down(15, at=after(30)), after(30))
    state.looks(picture(), up(since_s=0, at=after(31)), after(31))
    assert state.blind == [(NOW, after(14.5)), (after(15), after(31))], "silent, then lost: once"


Rung = list[tuple[int, str]]


def rung(bell: Bell, views: list[ConflictView], seconds: int, *, blind_from: int | None = None) -> Rung:
    """Return what rings in so many seconds, looked at each second."""
    found = []
    for second in range(seconds):
        now = after(second)
        blind = blind_from is not None and second >= blind_from
        link = down(second - (blind_from or 0), at=now) if blind else up(heard_s=1, at=now)
        if (due := bell.due(picture(*views), link, now)) is not None:
            found.append((second, {DANGER: "danger", BLIND: "blind", POSSIBLE: "possible"}[due]))
    return found


def test_the_bell_repeats_while_danger_is_unanswered_and_rings_at_once_for_a_new_one() -> None:
    assert rung(Bell(NOW), [], 60) == []
    assert rung(Bell(NOW), [conflict(**ANSWERED), conflict(state="PAST")], 60) == []
    bell = Bell(NOW)
    assert rung(bell, [conflict()], 40) == [(0, "danger"), (DANGER_AGAIN_S, "danger"), (2 * DANGER_AGAIN_S, "danger")]
    two = [conflict(), conflict()]
    assert bell.due(picture(*two), up(), after(41)) == DANGER
    assert bell.due(picture(*two), up(), after(42)) is None
    assert bell.due(picture(two[0], replace(two[1], version=4)), up(), after(43)) == DANGER


def test_what_cannot_be_excluded_rings_once_and_again_when_its_window_is_near() -> None:
    far = conflict(severity="possible", start=after(NEAR_S + 100), end=after(NEAR_S + 200))
    assert rung(Bell(NOW), [far], 300) == [(0, "possible"), (100, "possible")]
    near = conflict(severity="possible", start=after(NEAR_S - 1), end=after(NEAR_S + 200))
    assert rung(Bell(NOW), [near], 300) == [(0, "possible")]
    assert rung(Bell(NOW), [replace(near, **ANSWERED)], 60) == []
    bell = Bell(NOW)
    assert rung(bell, [far], 10) == [(0, "possible")]
    assert bell.due(picture(replace(far, version=4)), up(), after(11)) == POSSIBLE, "of a new version"
    assert rung(Bell(NOW), [far, conflict()], 40) == [(0, "danger"), (15, "danger"), (30, "danger")]
    alarm = replace(far, alarm="recompute")
    assert rung(Bell(NOW), [alarm], 40) == [(0, "danger"), (15, "danger"), (30, "danger")], "nothing of it holds"


def test_a_lost_link_rings_otherwise_and_more_often_until_everybody_must_have_heard() -> None:
    found = rung(Bell(NOW), [], 400, blind_from=10)
    assert {kind for _, kind in found} == {"blind"} and found[0][0] == 10
    gaps = [b - a for (a, _), (b, _) in pairwise(found)]
    assert gaps[0] == BLIND_AGAIN_S and gaps[-1] == BLIND_LATER_AGAIN_S
    both = rung(Bell(NOW), [conflict()], 60, blind_from=20)
    assert {kind for second, kind in both if second > 20} == {"danger", "blind"}
    start = Bell(NOW)
    never = replace(down(0), heard_at=None)
    assert start.due(picture(), never, after(BLIND_AT_START_S - 1)) is None
    assert start.due(picture(), never, after(BLIND_AT_START_S + 1)) == BLIND


def test_a_clock_that_was_set_back_silences_no_bell() -> None:
    bell, open_ = Bell(NOW), conflict()
    assert bell.due(picture(open_), up(), NOW) == DANGER
    assert bell.due(picture(open_), up(at=after(-3600)), after(-3600)) == DANGER
    assert bell.due(picture(open_), up(at=after(-3599)), after(-3599)) is None
    assert bell.due(picture(), down(), after(0)) == BLIND
    assert bell.due(picture(), down(), after(-3600)) == BLIND
    assert Bell(NOW).due(picture(), replace(down(0), heard_at=None), after(-3600)) == BLIND


def test_keys_and_what_is_none() -> None:
    for data, keys in (
        (b"jka", "j k a"), (b"\x1b[A", "k"), (b"\x1b[B\x1bOB", "j j"), (b"\r", "enter"), (b"\x1b", "escape"),
        (b"\x1b[15~a", "a"), (b"\x1b[1;5A", ""), (b"\x1bx", ""), (b"\x1b[200~ay\x1b[201~j", "j"),
    ):  # fmt: skip
        assert Keys().read(data) == keys.split(), data
    reader = Keys()
    assert reader.read(b"j\x1b[200~ay") == ["j"] and reader.read(b"ay") == [] and reader.read(b"y\x1b[201~k") == ["k"]


@given(st.lists(st.binary(max_size=20), max_size=4))
def test_no_bytes_break_the_reading_of_keys(data: list[bytes]) -> None:
    state, view, keys = State("duty-1"), conflict(), Keys()
    for part in data:
        for key in keys.read(part):
            assert not isinstance(state.key(key, picture(view), NOW), Acknowledge)
