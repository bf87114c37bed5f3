"""The event stream's parser: the same events however the bytes are cut, and never more held than the limit."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from keepclear.wire.sse import EventParser, ServerEvent
from keepclear_protocol.errors import Malformed

LINES = st.sampled_from(
    [
        b"",
        b"",
        b": keep-alive",
        b"data: {}",
        b"data:x",
        b"data",
        b"data:  two",
        b"event: alert",
        b"event",
        b"id: 1-2",
        b"id: a\0b",
        b"id",
        b"retry: 500",
        b"retry: 5x",
        b"retry: \xc2\xb2",
        b"unknown: x",
        b"\xef\xbb\xbfdata: bom",
        b"data: \xff\xfe",
        "data: \u05d0\u2028".encode(),
    ]
)
ENDS = st.sampled_from([b"\n", b"\r\n", b"\r"])
BODIES = st.lists(st.tuples(LINES, ENDS)).map(lambda rows: b"".join(line + end for line, end in rows))


def parse(*chunks: bytes) -> list[ServerEvent]:
    parser = EventParser()
    return [event for chunk in chunks for event in parser.feed(chunk)]


@given(BODIES, st.data())
@example(b"data: a\r\n\r\ndata: b\r\r", None)
def test_any_chunking_gives_the_same_events(body: bytes, data: st.DataObject | None) -> None:
    whole = parse(body)
    assert parse(*(body[at : at + 1] for at in range(len(body)))) == whole
    if data is not None:
        cuts = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=6)))
        assert parse(*(body[a:b] for a, b in zip([0, *cuts], [*cuts, len(body)], strict=True))) == whole


@given(st.binary(max_size=200))
def test_no_bytes_make_it_fall_over(body: bytes) -> None:
    for event in parse(body):
        assert event.data is not None


def test_fields_are_read_as_the_standard_says() -> None:
    body = b": hello\nid: e-1\nevent: alert\ndata: one\ndata: two\nretry: 500\n\nevent: lost\n\ndata: x\n\n"
    assert parse(body) == [ServerEvent("alert", "one\ntwo", "e-1", 500), ServerEvent("message", "x", None, None)]


def test_an_event_never_inherits_the_id_of_the_one_before() -> None:
    first, second = parse(b"id: e-1\ndata: a\n\ndata: b\n\n")
    assert (first.id, second.id) == ("e-1", None)


def test_what_was_not_ended_is_not_given() -> None:
    assert parse(b"data: cut off\n") == []


@pytest.mark.parametrize("piece", [b"data: aaaa\n", b"x", b"event: b\n", b"\xff"])
def test_what_is_held_is_bounded(piece: bytes) -> None:
    parser = EventParser(max_event_bytes=1000)
    with pytest.raises(Malformed) as refused:
        for _ in range(1001):
            parser.feed(piece)
    assert refused.value.code == "too_large"


def test_keep_alives_and_small_events_never_add_up() -> None:
    parser = EventParser(max_event_bytes=100)
    for _ in range(1000):
        parser.feed(b": keep-alive\n\n: comment\ndata: x\n\n")
    for _ in range(1000):
        parser.feed(b": comment without an end of event\n")
