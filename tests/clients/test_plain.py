"""Text from elsewhere is made harmless, whatever it is, and stays readable where it is only foreign."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from keepclear.cli.plain import MOST, plain

anything = st.text(st.characters(), max_size=300)


@given(anything)
def test_no_text_leaves_its_line_or_turns_it_round(text: str) -> None:
    shown = plain(text)
    assert "\n" not in shown and "\r" not in shown and "\x1b" not in shown
    assert {unicodedata.category(c) for c in shown}.isdisjoint({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
    assert shown.encode("utf-8").decode() == shown


@given(st.text(st.characters(), min_size=1, max_size=200), st.integers(10, 100))
def test_no_text_is_without_end(text: str, most: int) -> None:
    assert len(plain(text * 500)) <= MOST
    assert len(plain(text, most)) <= most


@given(st.text(st.characters(codec="ascii", categories=["L", "N", "P", "S"]), max_size=100))
def test_plain_text_is_as_it_was(text: str) -> None:
    assert plain(text) == text


@pytest.mark.parametrize(
    "text", ["Şahin-2", "שַׁבָּת-3", "صقر-٢", "Việt-4", "猎鹰-5", "Ястреб-6", "नमस्ते-7", "2ᵉ-escadron"]
)
def test_the_letters_of_any_language_are_shown_as_they_are(text: str) -> None:
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
    ],
)
def test_what_could_change_how_a_line_reads_is_escaped(text: str, shown: str) -> None:
    assert plain(text) == shown


def test_a_flood_of_marks_does_not_cover_the_lines_above() -> None:
    shown = plain("a" + "\u0323\u0308" * 500 + "b")
    assert len(shown) < 20 and shown.startswith("a\u0323") and shown.endswith("b")
