"""Text from elsewhere is made harmless, whatever it is, and stays readable where it is only foreign."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from keepclear.cli.plain import MOST, foreign, plain

anything = st.text(st.characters(), max_size=300)


@given(anything)
def test_no_text_leaves_its_line_or_turns_it_round(text: str) -> None:
    shown = plain(text)
    assert "\n" not in shown and "\r" not in shown and "\x1b" not in shown
    assert {unicodedata.category(c) for c in shown}.isdisjoint({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
    assert shown.encode("utf-8").decode() == shown


@given(anything, st.sampled_from(["acknowledged by {} at 10:00:00Z", "a {}"]))
def test_no_foreign_text_changes_a_line_outside_of_its_marks(text: str, frame: str) -> None:
    before, _, after = frame.partition("{}")
    line = plain(frame.format(foreign(text)))
    assert line.startswith(before) and line.endswith(after)
    shown = line[len(before) : len(line) - len(after)]
    assert re.fullmatch(r'[A-Za-z0-9._@-]*|"([^"\\]|\\.)*"', shown, re.DOTALL)
    # By UAX #9: nothing that is left can give another direction to what stands beside it.
    assert {unicodedata.bidirectional(c) for c in shown}.isdisjoint({"R", "AL", "AN"})
    assert not unicodedata.category(f"{shown} "[:2][-1]).startswith("M")


def test_names_are_marked_where_they_are_no_plain_handles() -> None:
    assert [foreign(name) for name in ("duty-1", "a.b_c@d", "", None)] == ["duty-1", "a.b_c@d", "", ""]
    assert foreign(None, "nobody") == "nobody"
    assert foreign('d; ours: "x\\') == '"d; ours: \\"x\\\\"'
    assert foreign("Şahin") == '"Şahin"' and foreign("d\n") == '"d\\x0a"'
    assert foreign("x" * 40 + " " * 900 + "y").endswith(' ..."')


@given(st.text(st.characters(), min_size=1, max_size=200), st.integers(10, 100))
def test_no_text_is_without_end(text: str, most: int) -> None:
    assert len(plain(text * 500)) <= MOST
    assert len(plain(text, most)) <= most


@given(st.text(st.characters(codec="ascii", categories=["L", "N", "P", "S"]), max_size=100))
def test_plain_text_is_as_it_was(text: str) -> None:
    assert plain(text) == text


@pytest.mark.parametrize(
    "text", ["Şahin-2", "Việt-4", "猎鹰-5", "Ястреб-6", "नमस्ते-7", "2ᵉ-escadron"]
)
def test_the_letters_of_any_language_that_runs_from_left_to_right_are_shown_as_they_are(text: str) -> None:
    assert plain(text) == text
    assert plain(unicodedata.normalize("NFD", text)) == unicodedata.normalize("NFD", text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[2Jb", "a\\x1b[2Jb"),
        ("a\u202eb\u2066c", "a\\u202eb\\u2066c"),
        ("a\x85b\u2028c", "a\\x85b\\u2028c"),
        ("a\U000e0041b", "a\\U000e0041b"),
        ("a\u3164b\u2800c", "a\\u3164b\\u2800c"),
        ("a\u00a0b\u3000c", "a b c"),
        ("\ud800", "\\ud800"),
        ("\u0301at the beginning", "\\u0301at the beginning"),
        ("\u0903at the beginning", "\\u0903at the beginning"),
        ("\u05e9\u05b7b-3", "\\u05e9\\u05b7b-3"),
        ("\u0635-\u0662", "\\u0635-\\u0662"),
        ("a\u0600\u0605\u06dd\u070fb", "a\\u0600\\u0605\\u06dd\\u070fb"),
        ("a\U00013430\U00013438\U0001d159\U00016fe4b", "a\\U00013430\\U00013438\\U0001d159\\U00016fe4b"),
    ],
)
def test_what_could_change_how_a_line_reads_is_escaped(text: str, shown: str) -> None:
    assert plain(text) == shown


def test_a_flood_of_marks_does_not_cover_the_lines_above() -> None:
    shown = plain("a" + "\u0323\u0308" * 500 + "b")
    assert len(shown) < 20 and shown.startswith("a\u0323") and shown.endswith("b")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("party south: South (en), \u05d3\u05e8\u05d5\u05dd (he)", True),
        ("a \u05d3\u05e8 b \u05d5\u05dd", True),
        ("a \u05d3\u05e8 12 b", False),
        ("a \u05d3\u05e8, 10:00:00Z", False),
        ("\u05d3\u05e8 b", False),
        ("10:00 \u05d3\u05e8 b", False),
    ],
)
def test_letters_from_right_to_left_stand_where_no_number_can_be_turned_round_by_them(text: str, shown: bool) -> None:
    assert (plain(text) == text) is shown
    assert shown or "\\u05d3" in plain(text)
