"""What a first word says of how much there is: a relay that withholds it is a loss, and never a quiet hotline."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from keepclear import Desk
from keepclear.desk.patience import STREAM_LASTS_S, Patience
from keepclear.desk.position import Position
from keepclear.wire.arrivals import GapArrived
from keepclear_protocol.cursor import Cursor
from support.mediator import EPOCH
from support.second_day import links, second_day
from support.speakers import STREAM, Said, Speaker, first_word
from support.world import World

WORLD = World()
COMMENT = b": keep-alive\n\n"
OPEN = b'event: open\ndata: {"open":"a.b.c"}\n\n'
OTHER = "2" * 32
READ_S = 15.0


def opened(head: Cursor, then: bytes = b"", kept: int = 4) -> tuple[Position, list[object]]:
    """Return the position of a desk that has kept ``kept`` events, on a stream whose first word names ``head``."""
    position = Position(Cursor(EPOCH, kept))
    position.expect(lambda _: head)
    return position, [item.arrival for item in position.received(OPEN + then)]


def ack(number: int) -> bytes:
    return b'id: %s-%d\nevent: acknowledgement\ndata: {"acknowledgement":"a"}\n\n' % (EPOCH.encode(), number)


@pytest.fixture
def north(tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    with second_day(WORLD, tmp_path / "north") as desk:
        yield desk


@pytest.mark.req("R-107")
@pytest.mark.parametrize("end", ["hold", "end", "drain"])
def test_a_relay_that_drops_every_event_is_never_a_link(north: Callable[..., Desk], end: str) -> None:
    def relays(said: Said) -> None:
        said.say(STREAM + first_word(WORLD, said.proof, at=Cursor(EPOCH, 896)) + COMMENT)
        if end == "hold":
            said.hold(0.05, COMMENT)
        said.say(b"event: drain\ndata: {}\nretry: 1\n\n" if end == "drain" else b"")

    with Speaker(relays) as speaker:
        desk = north(speaker.url, 4.0 if end == "hold" else 8.0)  # else a busy machine's pause were silence, too
        told = links(desk, 2)
        assert [event.up for event in told] == [False, False]
        assert any("896 more events are waiting, and none came" in event.detail for event in told), told
        assert told[0].retry_s < told[1].retry_s or end == "drain"
        assert desk.link().heard_at is None


@pytest.mark.req("R-107")
def test_another_epoch_is_read_anew_at_once_and_the_hotlines_own_gap_says_nothing_more() -> None:
    position, arrived = opened(Cursor(OTHER, 7), ack(5))
    assert arrived == [GapArrived("epoch")]
    assert position.withheld
    position.reread(Cursor(OTHER, 7))
    assert not position.withheld
    assert position.received(b'id: x\nevent: gap\ndata: {"reason":"epoch"}\n\n') == []
    (again,) = position.received(b'id: x\nevent: gap\ndata: {"reason":"trimmed"}\n\n')
    assert again.arrival == GapArrived("trimmed")


@pytest.mark.req("R-107")
def test_a_head_behind_what_is_kept_is_read_anew_and_the_same_head_is_not() -> None:
    assert opened(Cursor(EPOCH, 3))[1] == [GapArrived("ahead")]
    assert opened(Cursor(EPOCH, 4))[1] == []


@pytest.mark.req("R-107")
def test_reading_anew_what_is_still_of_another_epoch_counts_as_withheld() -> None:
    position, _ = opened(Cursor(OTHER, 7))
    position.reread(Cursor(EPOCH, 4))
    assert position.withheld and position.ended() is not None


@pytest.mark.req("R-107")
def test_what_is_owed_must_get_on_and_comments_are_not_it() -> None:
    position, _ = opened(Cursor(EPOCH, 7))
    patience = Patience(position, READ_S, READ_S)
    for number in (5, 6):
        patience.came()
        patience.waited(10)
        position.received(ack(number))
    patience.came()
    for _ in range(2):
        patience.waited(8)
        position.received(COMMENT)
        patience.came()
    assert patience.left_s == 0 and "1 more events" in patience.loss().detail


@pytest.mark.req("R-106")
def test_a_quiet_hotline_that_owes_nothing_is_waited_for_until_its_streams_time_is_over() -> None:
    position, _ = opened(Cursor(EPOCH, 4))
    patience, waits = Patience(position, READ_S, READ_S), 0
    while patience.left_s:
        patience.waited(5)
        position.received(COMMENT)
        patience.came()
        waits += 1
    assert waits * 5 == STREAM_LASTS_S and "outlived" in patience.loss().detail
    assert Position.lost(position, patience.loss()) < 1


@pytest.mark.req("R-106")
def test_a_dripped_line_makes_a_desk_deaf_and_is_not_waited_for_for_ever() -> None:
    position, _ = opened(Cursor(EPOCH, 4), b": ")
    patience, waited_s, deaf_s = Patience(position, READ_S, READ_S), 0, 0
    patience.came()
    while patience.left_s:
        patience.waited(12)
        position.received(b"a" * 4096)
        patience.came()
        waited_s += 12
        deaf_s = deaf_s or waited_s * patience.is_deaf
    assert (deaf_s, waited_s) == (24, STREAM_LASTS_S)


@pytest.mark.req("R-106")
def test_a_link_is_down_while_one_line_drips(north: Callable[..., Desk]) -> None:
    def drips(said: Said) -> None:
        said.say(STREAM + first_word(WORLD, said.proof) + COMMENT + b": ")
        said.hold(0.1, b"a" * 4096)

    with Speaker(drips) as speaker:
        began = time.monotonic()
        told = links(north(speaker.url), 2)
        assert time.monotonic() - began < 10 and len(speaker.asked_at) == 1
    assert [event.up for event in told] == [True, False] and "still on its way" in told[1].detail
