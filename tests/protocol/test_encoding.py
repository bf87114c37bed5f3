"""base64url and JSON: one reading for every accepted value, one of our errors for every other."""

import base64
import itertools
import json
import math
import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from keepclear_protocol.encoding import (
    MAX_DEPTH,
    MAX_SAFE_INTEGER,
    are_digests,
    b64,
    digest,
    dump_json,
    dump_plain,
    is_128_bits,
    is_digest,
    parse_json,
    unb64,
)
from keepclear_protocol.errors import Malformed

ALPHABET = string.ascii_letters + string.digits + "-_"
LIMIT = 1_000_000


def refusal(data: bytes, **limits: int) -> str:
    with pytest.raises(Malformed) as caught:
        parse_json(data, **{"max_bytes": LIMIT, **limits})
    return caught.value.code


# base64url


@given(st.binary(max_size=100))
def test_bytes_are_read_back(data: bytes) -> None:
    assert unb64(b64(data)) == data
    assert b64(data) == base64.urlsafe_b64encode(data).decode().rstrip("=")


@given(st.text(alphabet=ALPHABET + "+/= \n\u00e9\uff21", max_size=12))
@pytest.mark.req("R-001")
def test_what_is_accepted_encodes_to_itself(text: str) -> None:
    try:
        data = unb64(text)
    except Malformed as error:
        assert error.code == "base64url"
    else:
        assert b64(data) == text


@pytest.mark.req("R-001")
def test_of_the_spellings_of_one_byte_only_one_is_accepted() -> None:
    accepted = []
    for last in ALPHABET:
        try:
            accepted.append((unb64("_" + last), last))
        except Malformed:
            continue
    assert len(accepted) == 4  # two of the last character's six bits count; the other four must be nought
    assert len({data for data, _ in accepted}) == 4


@pytest.mark.parametrize(
    "text",
    ["A", "AAAAA", "AA==", "AA=", "AAA=", "+/+/", "AAAA\n", " AAAA", "AA AA", "AB", "AAB", "\u0391AAA", "AAAA\x00"],
)
@pytest.mark.req("R-001")
def test_other_spellings_are_refused(text: str) -> None:
    with pytest.raises(Malformed) as caught:
        unb64(text)
    assert caught.value.code == "base64url"


@pytest.mark.req("R-001")
def test_every_short_text_is_read_as_its_definition_says() -> None:
    """What base64 reads, padded, and writes again to the same text; nothing else. The text is JSON's inside."""
    to_base64 = bytes.maketrans(b"-_", b"+/")
    for length in range(5):
        for letters in itertools.product('AQBz9-_+/=~"\\ \n\x00\u00e9', repeat=length):
            text = "".join(letters)
            try:
                data = base64.b64decode(text.encode("ascii").translate(to_base64) + b"=" * (-length % 4))
                expected = data if base64.urlsafe_b64encode(data).rstrip(b"=").decode() == text else None
            except ValueError:
                expected = None
            try:
                assert unb64(text) == expected, text
            except Malformed:
                assert expected is None, text


@pytest.mark.req("R-002")
def test_a_digest_has_one_spelling() -> None:
    good = digest(b"abc")
    assert (
        good == digest("abc") == b64(bytes.fromhex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"))
    )
    assert is_digest(good)
    last = good[-1]
    tail_bits = [good[:-1] + other for other in ALPHABET if other != last]
    assert (
        sum(is_digest(other) for other in tail_bits) == 15
    )  # sixteen last characters leave the two unused bits nought
    for wrong in (good[:-1], good + "A", good + "=", "", None, 3, good.encode(), [good], "\uff21" * 43):
        assert not is_digest(wrong)


def test_digests_are_judged_together_as_each_alone() -> None:
    good = [digest(bytes([number])) for number in range(3)]
    assert are_digests(good)
    assert are_digests([])
    for place in range(43):
        for letter in "ABcw09-_+/=~ \u00e9\ud800":
            changed = good[1][:place] + letter + good[1][place + 1 :]
            assert are_digests([good[0], changed, good[2]]) == is_digest(changed), (place, letter)


@pytest.mark.req("R-001", "R-002")
@given(
    st.text(max_size=44)
    | st.binary(min_size=15, max_size=17).map(b64)
    | st.binary(min_size=31, max_size=33).map(b64)
    | st.from_regex(r"[A-Za-z0-9_-]{22}(?:[A-Za-z0-9_-]{21})?\n?\Z")
)
def test_the_quick_looks_at_ids_and_digests_are_the_slow_ones(text: str) -> None:
    try:
        size = len(unb64(text))
    except Malformed:
        size = 0
    assert (is_128_bits(text), is_digest(text)) == (size == 16, size == 32)


# JSON


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" ",
        b"{",
        b"}",
        b"nul",
        b"'a'",
        b"{a:1}",
        b'{"a":1,}',
        b"[1,]",
        b"[1 2]",
        b"01",
        b"+1",
        b".5",
        b"1.",
        b"0x1",
        b"1_000",
        b'"\x01"',
        b'"\n"',
        b'"\\x41"',
        b'"\\u12"',
        b"1 1",
        b"{}{}",
        b"\xff\xfe{\x00}\x00",
        b"\xef\xbb\xbf{}",
        b'"\xc0\xaf"',
        b'"\xed\xa0\x80"',
        b'"\xff"',
        b"// comment\n1",
        b"\x00",
        "{}".encode("utf-16"),
        "{}".encode("utf-32-le"),
        "\uff11".encode(),
    ],
)
@pytest.mark.req("R-003")
def test_what_is_not_json_is_refused(data: bytes) -> None:
    assert refusal(data) == "json"


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":1,"a":1}',
        b'{"a":1,"\\u0061":2}',
        b'[{"b":{"c":1,"c":[]}}]',
        b'{"":1,"":2}',
    ],
)
@pytest.mark.req("R-003")
def test_a_repeated_name_is_refused_at_any_depth_in_any_spelling(data: bytes) -> None:
    assert refusal(data) == "json"


@pytest.mark.parametrize(
    "data",
    [
        b"NaN",
        b"Infinity",
        b"-Infinity",
        b"[1e999]",
        b"-1e999",
        b'{"a":1e400}',
        b"9007199254740992",
        b"-9007199254740992",
    ]
    + [b"1" + b"0" * digits for digits in (17, 400, 5000)],
)
@pytest.mark.req("R-003")
def test_a_number_that_not_every_reader_keeps_is_refused(data: bytes) -> None:
    assert refusal(data) == "json_number"


def test_numbers_within_reach_are_kept() -> None:
    for number in (MAX_SAFE_INTEGER, -MAX_SAFE_INTEGER, 0, -1, 1.5, -0.25, 1e308, 5e-324):
        assert parse_json(json.dumps(number).encode(), max_bytes=LIMIT) == number
    assert type(parse_json(b"1", max_bytes=LIMIT)) is int
    assert type(parse_json(b"1.0", max_bytes=LIMIT)) is float
    assert parse_json(b"1e-999", max_bytes=LIMIT) == 0
    assert math.copysign(1, parse_json(b"-0.0", max_bytes=LIMIT)) == -1


@pytest.mark.parametrize(
    "data",
    [b'"\\ud800"', b'"\\uDFFF"', b'{"\\ud800":1}', b'[["\\udc00\\ud800"]]', b'{"a":{"b":"x\\uDbFfy"}}'],
)
@pytest.mark.req("R-003")
def test_a_lone_surrogate_is_refused(data: bytes) -> None:
    assert refusal(data) == "json"


def test_a_pair_of_surrogates_is_a_character() -> None:
    assert parse_json(b'"\\ud83d\\ude80 \\\\ud800"', max_bytes=LIMIT) == "\U0001f680 \\ud800"


@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}")])
@pytest.mark.req("R-003")
def test_depth(opening: bytes, closing: bytes) -> None:
    parse_json(opening * (MAX_DEPTH - 1) + b"[]" + closing * (MAX_DEPTH - 1), max_bytes=LIMIT)
    for depth in (MAX_DEPTH + 1, 900, 990, 1000, 5_000, 150_000):
        data = opening * (depth - 1) + b'["\\ud800"]' + closing * (depth - 1)
        assert refusal(data) == "json"
        assert refusal(opening * depth) == "json"


def test_breadth_is_not_depth() -> None:
    value: list[list[dict[str, Any]]] = [[{}] for _ in range(1000)]
    assert parse_json(dump_json(value), max_bytes=LIMIT, max_depth=3) == value
    assert refusal(dump_json(value), max_depth=2) == "json"
    brackets = "[" * 50
    assert parse_json(dump_json([brackets]), max_bytes=LIMIT) == [brackets]


@pytest.mark.req("R-003")
def test_size() -> None:
    assert parse_json(b'"ab"', max_bytes=4) == "ab"
    assert refusal(b'"abc"', max_bytes=4) == "too_large"


VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-MAX_SAFE_INTEGER, MAX_SAFE_INTEGER)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(VALUES)
def test_what_we_write_we_read(value: Any) -> None:
    assert parse_json(dump_json(value), max_bytes=LIMIT, max_depth=64) == value


@given(
    st.binary(max_size=60) | st.text(alphabet='{}[]",:0123456789.eE+-\\udDnulrtfaNI \n', max_size=60).map(str.encode)
)
def test_no_bytes_leak_another_error(data: bytes) -> None:
    try:
        value = parse_json(data, max_bytes=LIMIT)
    except Malformed as error:
        assert error.code in ("json", "json_number")
    else:
        assert parse_json(dump_json(value), max_bytes=LIMIT) == value


def test_we_do_not_write_what_is_no_json() -> None:
    for value in (math.nan, math.inf, {"a": [-math.inf]}):
        with pytest.raises(ValueError, match="JSON"):
            dump_json(value)


TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
PLAIN = st.recursive(
    st.none() | st.integers(-(2**53), 2**53) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner),
)


@given(PLAIN)
def test_what_is_plain_is_written_alike_by_either_writer(value: Any) -> None:
    assert dump_plain(value) == dump_json(value)
