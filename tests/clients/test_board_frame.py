"""The board's screen at every size: it fits, its head is there, and no danger is left out without a word."""

import re
import unicodedata
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from keepclear.cli.board.cells import ALARM, cut, line_width, width
from keepclear.cli.board.look import Look
from keepclear.cli.board.state import DETAILS, HELP, State, calls
from keepclear.cli.reference import Reference
from keepclear.desk.answered import Answers
from keepclear.desk.picture import UNVERIFIED, ConflictView, Picture
from keepclear.journal.pictured import Heights
from support.boards import ANSWERED, NOW, SECOND, conflict, down, drawn, picture, text, up

LEFT_OUT = re.compile(r"(\d+) (?:more (?:above|below)|conflicts)(?:, (\d+) of them unanswered)?")

INSTANTS = st.none() | st.integers(NOW - 10**11, NOW + 10**12)
WORDS = st.text("aZ9 -\u05d0\u0130\u6f22\u0301\U0001f6e9\x1b\r\u202e\u200d", max_size=30)
"""Letters of one cell, of two and of none, and what must never reach a terminal."""
ANSWERS = st.builds(
    Answers, delivered_at=INSTANTS, displayed_at=INSTANTS, displayed_by=st.none() | WORDS, acknowledged_at=INSTANTS,
    acknowledged_by=st.none() | WORDS, earlier=st.none() | st.integers(0, 10**9),
)  # fmt: skip
HEIGHTS_M, REFERENCES = st.floats(-1e4, 1e5), st.sampled_from(["FL", "AMSL", "AGL", "W84"])
CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "state": st.sampled_from(["OPEN", "PAST", "CLOSED", "CLOSED NOT CONFIRMED", UNVERIFIED]),
        "severity": st.sampled_from(["overlap", "proximity", "possible", None]),
        "lead": st.sampled_from(["ROUTINE", "SHORT", "LATE", "IN_PROGRESS", "RETROACTIVE", None]),
        "alarm": st.sampled_from([None, "rollback"]),
        "alarm_detail": st.none() | WORDS,
        "party": WORDS,
        "category": st.none() | WORDS,
        "own_callsign": st.none() | WORDS,
        "start": INSTANTS,
        "end": INSTANTS,
        "received_at": INSTANTS,
        "where": st.none() | st.tuples(st.floats(-90, 90), st.floats(-180, 180)),
        "reference": st.sampled_from(["FL", "AMSL", "AGL", "W84", None]),
        "our_heights": st.none() | st.builds(Heights, HEIGHTS_M, HEIGHTS_M, REFERENCES),
        "their_heights": st.none() | st.builds(Heights, HEIGHTS_M, HEIGHTS_M, REFERENCES),
        "confirmed": st.booleans(),
        "horizontal_m": st.none() | st.integers(0, 10**8),
        "pairs": st.integers(0, 500),
        "ours": ANSWERS,
        "theirs": ANSWERS,
        "unanswered": st.booleans(),
    },
)
VIEWS = st.lists(CHANGES, max_size=12).map(lambda changes: [conflict(**change) for change in changes])
LOOKS = st.builds(Look, st.booleans(), st.none() | st.just(Reference(34.5228, 37.6306, "T4")))


@given(VIEWS, st.integers(1, 200), st.integers(1, 60), LOOKS, st.booleans(), st.integers(0, 40))
@example([conflict()], 60, 12, Look(False, None), False, 0)  # the longest head on the lowest screen
def test_every_screen_fits_has_its_head_and_leaves_no_danger_out_in_silence(
    views: list[ConflictView], columns: int, rows: int, look: Look, connected: bool, selected: int
) -> None:
    state = State(selected=views[selected].conflict if selected < len(views) else None)
    frame = drawn(views, up() if connected else down(), columns=columns, rows=rows, look=look, state=state)
    assert len(frame.lines) == rows
    assert all(line_width(line) <= columns for line in frame.lines)
    said = text(frame)
    assert not any(unicodedata.category(character) in ("Cc", "Cf") for line in said for character in line)
    if columns >= 40:
        head = " ".join(said[:5])
        assert "08:00:00Z" in head
        assert f"UNANSWERED {sum(view.unanswered for view in views)}" in head
        assert connected == ("BLIND FOR 101 s" not in head)
    if columns >= 40 and rows >= 12:
        shown = {view.conflict for view in frame.shown}
        assert all(any(view.code in line for line in said) for view in frame.shown)
        left_out = [match for line in said if (match := LEFT_OUT.search(line))]
        assert sum(int(match[1]) for match in left_out) == len(views) - len(shown)
        calling = sum(calls(view) for view in views if view.conflict not in shown)
        assert sum(int(match[2] or 0) for match in left_out) == calling
        ranks = [(not calls(view), view.state in ("CLOSED", "PAST") and not view.alarm) for view in frame.shown]
        assert ranks == sorted(ranks)


@given(VIEWS, st.integers(20, 120), st.integers(1, 40), st.sampled_from([HELP, DETAILS]), st.integers(0, 1000))
def test_every_page_fits(views: list[ConflictView], columns: int, rows: int, page: str, scrolled: int) -> None:
    frame = drawn(views, columns=columns, rows=rows, state=State(officer="duty-1", page=page, scrolled=scrolled))
    assert len(frame.lines) == rows and all(line_width(line) <= columns for line in frame.lines)


@given(WORDS, st.integers(0, 20))
def test_a_cut_text_takes_no_more_cells_than_asked(said: str, cells: int) -> None:
    assert width(cut(said, cells)) <= max(cells, 0) or width(said) <= cells


def test_what_an_officer_reads_of_a_danger() -> None:
    said = "\n".join(text(drawn([conflict(pairs=2)], look=Look(True, Reference(34.5228, 37.6306, "T4")))))
    for words in (
        " OVERLAP  NORTH12 with south transport", "NOT ANSWERED 38 s", "in 15 min 00 s", "08:15:00Z to 08:25:00Z",
        "LATE, told 15 min 40 s ahead", "34.6500N 037.8000E", "048° 11.3 NM from T4", "2 of their volumes",
        "ours FL180-FL190 · theirs FL185-FL195", "we: delivered 07:59:22Z, not answered 38 s, due in 82 s",
        "south: delivered 07:59:22Z, not answered 38 s, due in 82 s",
        "UNANSWERED 1 by us", "NOT SENT 0", "LOST 0", "connected since 07:59:00Z", "picture 2 s old",
        "2027-01-15 08:00:00Z",
    ):  # fmt: skip
        assert words in said, words


def test_an_answer_that_is_overdue_is_told_of_each_side_and_ours_alone_in_the_headline() -> None:
    late = NOW + 83 * SECOND
    said = "\n".join(text(drawn([conflict()], now=late)))
    assert "NOT ANSWERED 2 min 01 s, OVERDUE" in said and said.count("not answered 2 min 01 s, OVERDUE") == 2
    said = "\n".join(text(drawn([conflict(**ANSWERED)], now=late)))
    assert "WE ANSWERED 08:00:00Z" in said and "NOT ANSWERED" not in said
    assert "south: delivered 07:59:22Z, not answered 2 min 01 s, OVERDUE" in said
    assert "due" not in "\n".join(text(drawn([conflict()], now=late, deadline_s=None))).lower()


def test_heights_of_two_kinds_are_each_told_in_their_own_and_the_alerts_band_where_no_volume_is_had() -> None:
    view = conflict(our_heights=Heights(304.8, 609.6, "AMSL"))
    assert "ours 1000 to 2000 ft AMSL · theirs FL185-FL195" in "\n".join(text(drawn([view])))
    assert "band FL184-FL196" in "\n".join(text(drawn([conflict(our_heights=None, their_heights=None)])))


def test_an_empty_board_never_says_that_all_is_clear() -> None:
    for link in (up(), down()):
        said = " ".join(text(drawn([], link)))
        assert "no conflict has been told to this desk. Silence is not safety." in said
        assert "clear" not in said.lower()
    assert "this desk hears nothing" in said


def test_a_lost_link_inverts_the_head_counts_up_and_leaves_the_conflicts() -> None:
    frame = drawn([conflict()], down())
    first, second, third, *_ = frame.lines
    assert all(span.style == ALARM for line in (first, second, third) for span in line)
    assert line_width(first) == line_width(second) == 80
    said = text(frame)
    assert "LINK LOST, BLIND FOR 101 s" in said[1] and "cannot be reached" in said[2] and "OVERLAP" in " ".join(said)
    words = " ".join(" ".join(said).split())
    assert "whatever is filed now is not on this screen" in words
    assert "south: delivered 07:59:22Z, not answered by 07:58:19Z" in words, "what nobody can know does not count up"
    later = text(drawn([conflict()], down(since_s=3700.0)))
    assert "BLIND FOR 1 h 01 min" in later[1]


def test_closed_not_confirmed_is_explained_and_an_alarm_is_loud() -> None:
    said = " ".join(
        " ".join(text(drawn([conflict(state="CLOSED NOT CONFIRMED", reason="amended", by="south")]))).split()
    )
    assert "south amended its notice" in said and "do not take it for clear" in said
    closed = conflict(state="CLOSED", reason="amended", by="south", unanswered=False, confirmed=True, ours=Answers(
        earlier=2, earlier_at=NOW - 60 * SECOND, earlier_by="duty-1"))  # fmt: skip
    said = " ".join(text(drawn([closed])))
    assert "south amended its notice · CONFIRMED, signed by south's desk" in said
    assert "we: had answered 07:59:00Z by duty-1 · south: no answer known at this desk" in said
    said = " ".join(" ".join(text(drawn([conflict(alarm="rollback", alarm_detail="ROLLBACK to 2")]))).split())
    assert "ROLLBACK to 2 (rollback)" in said and "does not hold" in said


@pytest.mark.parametrize("size", [(40, 24), (80, 24), (120, 36)])
def test_two_hundred_open_conflicts(size: tuple[int, int]) -> None:
    columns, rows = size
    views = [conflict(start=NOW + number * SECOND) for number in range(200)]
    said = text(drawn(views, columns=columns, rows=rows))
    assert views[0].code in " ".join(said)
    (below,) = [line for line in said if "more below" in line]
    found = LEFT_OUT.search(below)
    assert found is not None and int(found[1]) == int(found[2]) > 150
    last = State(selected=views[-1].conflict)
    said = text(drawn(views, columns=columns, rows=rows, state=last))
    assert views[-1].code in " ".join(said) and "more above" in " ".join(said)


def test_in_a_tight_list_what_is_last_is_shortened_first() -> None:
    views = [conflict(), conflict(), conflict(**ANSWERED), conflict(**ANSWERED)]
    said = text(drawn(views, rows=24))
    full = [view.code for view in views if sum("delivered" in line for line in block(said, view)) > 0]
    assert full[0] == views[0].code and len(full) < 4
    assert all(view.code in " ".join(said) for view in views)


def block(said: list[str], view: ConflictView) -> list[str]:
    at = next(number for number, line in enumerate(said) if view.code in line)
    end = next((n for n in range(at + 1, len(said)) if not said[n].startswith("    ")), len(said))
    return said[at:end]


def test_a_terminal_that_prints_ascii_alone_is_shown_ascii_signs() -> None:
    views: list[Any] = [conflict(), conflict(severity="proximity"), conflict(state="CLOSED NOT CONFIRMED")]
    look = Look.of("ascii", Reference(34.5, 37.6, "T4"))
    said = "\n".join(text(drawn(views, look=look)))
    assert said.isascii() and "!! " in said and " OVERLAP" in said and "deg" in said
    assert Look.of("utf-8", None).unicode and not Look.of("iso8859-8", None).unicode and not Look.of(None, None).unicode


def test_a_picture_without_age_says_so() -> None:
    assert isinstance(picture(age_s=None), Picture)
    said = " ".join(text(drawn([], down(detail="not connected yet"))))
    assert "LINK LOST" in said
