"""Codes that are said over a telephone: the same for both sides, and forgiving of how they were written down."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from keepclear_protocol.encoding import b64
from keepclear_protocol.speakable import read_speakable, speakable


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (bytes(32), "000-000"),
        (b"\xff" * 16, "ZZZ-ZZZ"),
        (b"\x00\x00\x00\x03" + bytes(28), "000-000"),  # the last two bits of four bytes are not said
        (b"\x00\x00\x00\x04" + bytes(28), "000-001"),
        (bytes.fromhex("9d5d2a77") + bytes(12), "KNE-JMX"),
    ],
)
def test_a_code_is_the_first_thirty_bits(data: bytes, code: str) -> None:
    assert speakable(b64(data)) == code


@given(st.binary(min_size=16, max_size=32))
def test_what_is_said_is_found_again_however_it_was_written_down(data: bytes) -> None:
    code = speakable(b64(data))
    assert not set(code) & set("ILOU")
    sloppy = code.replace("0", "o").replace("1", "l").lower()
    assert code == read_speakable(code) == read_speakable(sloppy.replace("-", "")) == read_speakable(f" {sloppy} ")


@given(st.text())
def test_any_text_has_a_code_and_reads_as_one_or_as_none(text: str) -> None:
    assert read_speakable(speakable(text)) == speakable(text)
    code = read_speakable(text)
    assert code is None or (len(code) == 7 and read_speakable(code) == code)


@pytest.mark.parametrize("text", ["", "K7D-2M", "K7D-2MXX", "K7D-2MU", "------", "K7D_2MX", "\u0130K7D2M"])
def test_what_is_no_code_is_none(text: str) -> None:
    assert read_speakable(text) is None


def test_both_sides_say_the_code_that_the_specification_gives() -> None:
    assert speakable("g0Ztu07XHlzCz65I_avK7i0x5omS7BhCD0WYZXkzLoc") == "GD3-6VE"
