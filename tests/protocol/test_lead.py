"""Lead classes and the note that a log entry keeps for them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from keepclear_protocol.errors import Unavailable
from keepclear_protocol.lead import lead_class, lead_of_note, read_note, write_note
from keepclear_protocol.volume import LAST_INSTANT

SECOND = 1_000_000
START, END = 2_000_000_000 * SECOND, 2_000_000_600 * SECOND


@pytest.mark.req("R-063")
@pytest.mark.parametrize(
    ("at", "lead"),
    [
        (START - 1800 * SECOND, "ROUTINE"),
        (START - 1800 * SECOND + 1, "SHORT"),
        (START - 600 * SECOND, "SHORT"),
        (START - 600 * SECOND + 1, "LATE"),
        (START - 1, "LATE"),
        (START, "IN_PROGRESS"),
        (END, "IN_PROGRESS"),
        (END + 1, "RETROACTIVE"),
    ],
)
def test_each_class_ends_where_the_next_begins(at: int, lead: str) -> None:
    assert lead_class(START, END, at, 1800, 600) == lead
    assert lead_of_note(write_note(START, END, 1800, 600), at) == lead


@given(
    st.integers(0, LAST_INSTANT), st.integers(0, LAST_INSTANT), st.integers(1, 31_622_400), st.integers(1, 31_622_400)
)
def test_a_note_reads_as_it_was_written(first: int, last: int, routine: int, short: int) -> None:
    assert read_note(write_note(first, last, routine, short)) == (first, last, routine, short)


def test_an_entry_without_a_note_has_no_lead_class_and_a_damaged_one_is_the_stores_fault() -> None:
    assert lead_of_note("", START) == ""
    for note in ("x", "1,2,3", "1,2,3,4,5", "-1,2,3,4", "1,2,3,4\n", "1.0,2,3,4", "1,2,3,", "٣,2,3,4", "SHORT"):
        with pytest.raises(Unavailable) as caught:
            lead_of_note(note, START)
        assert caught.value.code == "store_unsafe"
