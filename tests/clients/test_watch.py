"""Following a stream: duplicates, holes, gaps, drains, backoff and silence, in bytes and then over both shells."""

import asyncio
import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from keepclear import AlertEvent, AsyncDesk, Desk, GapEvent, LinkEvent
from keepclear.desk.position import BACKOFF_S, Arrived, Position
from keepclear.wire.arrivals import AcknowledgementArrived, GapArrived, Unreadable
from keepclear_protocol.cursor import Cursor
from keepclear_protocol.errors import Forbidden, KeepclearError, Malformed, Unavailable
from keepclear_protocol.keys import PrivateKey
from support.desks import Line
from support.world import box

EPOCH, OTHER = "1" * 32, "2" * 32
OPEN = b'event: open\ndata: {"open":"a.b.c"}\n\n'


def opened(cursor: Cursor | None) -> Position:
    """Return the position of a desk whose stream has begun as it should."""
    position = Position(cursor)
    position.expect(lambda _: None)
    assert position.received(OPEN) == []
    return position


def ack(number: int, epoch: str = EPOCH) -> bytes:
    data = json.dumps({"acknowledgement": f"a{number}"})
    return f"id: {epoch}-{number}\nevent: acknowledgement\ndata: {data}\n\n".encode()


def gap(reason: str) -> bytes:
    return f"id: {EPOCH}-9\nevent: gap\ndata: {json.dumps({'reason': reason, 'resume_at': 'x'})}\n\n".encode()


def names(news: list[Arrived]) -> list[str]:
    shown = []
    for item in news:
        match item.arrival:
            case AcknowledgementArrived(text):
                shown.append(text)
            case GapArrived(reason):
                shown.append(f"gap {reason}")
            case Unreadable():
                shown.append("unreadable")
    return shown


def test_news_carry_the_cursor_that_is_kept_with_them() -> None:
    position = opened(Cursor(EPOCH, 4))
    (item,) = position.received(ack(5))
    assert item.cursor == Cursor(EPOCH, 5) == position.cursor


@pytest.mark.req("R-100")
def test_duplicates_are_dropped_and_holes_are_gaps() -> None:
    position = opened(Cursor(EPOCH, 4))
    assert names(position.received(ack(3) + ack(4) + ack(5) + ack(5))) == ["a5"]
    assert names(position.received(ack(7) + ack(8))) == ["gap hole"]
    assert names(position.received(ack(9))) == []
    position.reread(Cursor(EPOCH, 8))
    assert names(position.received(ack(8) + ack(9))) == ["a9"]


def test_another_epoch_an_unnumbered_event_and_a_told_gap_are_gaps() -> None:
    assert names(opened(Cursor(EPOCH, 4)).received(ack(5, OTHER))) == ["gap epoch"]
    assert names(opened(Cursor(EPOCH, 4)).received(gap("trimmed") + ack(5))) == ["gap trimmed"]
    assert names(opened(None).received(ack(1))) == ["gap epoch"]
    unnumbered = b"event: alert\ndata: {}\n\n"
    assert names(opened(Cursor(EPOCH, 4)).received(unnumbered)) == ["unreadable", "gap unnumbered"]


@pytest.mark.req("R-100", "R-102")
def test_an_unknown_event_moves_the_position_if_it_has_one_and_is_no_gap() -> None:
    position = opened(Cursor(EPOCH, 4))
    for id in (f"id: {EPOCH}-5\n", "", "id: x\n", f"id: {EPOCH}-5\n"):
        arrived = position.received(f"{id}event: heartbeat\ndata: {{}}\n\n".encode())
        assert names(arrived) == [] and all(item.cursor == Cursor(EPOCH, 5) for item in arrived)
    assert position.cursor == Cursor(EPOCH, 5)
    assert names(position.received(ack(6))) == ["a6"]
    assert names(position.received(f"id: {EPOCH}-8\nevent: heartbeat\ndata: {{}}\n\n".encode())) == ["gap hole"]


@given(st.lists(st.integers(1, 12), max_size=40))
def test_no_order_of_events_shows_one_twice_or_skips_one_silently(numbers: list[int]) -> None:
    position, at = opened(Cursor(EPOCH, 0)), 0
    for number in numbers:
        for name in names(position.received(ack(number))):
            if name.startswith("gap"):
                assert number > at + 1
                at = number
                position.reread(Cursor(EPOCH, at))
            else:
                at += 1
                assert name == f"a{at}"


def test_half_an_event_does_not_outlive_its_connection() -> None:
    position = opened(Cursor(EPOCH, 4))
    whole = ack(5)
    assert position.received(whole[:20]) == []
    position.connecting(position.cursor)
    position.received(OPEN)
    assert names(position.received(whole)) == ["a5"]


def test_what_was_read_and_not_kept_comes_again_with_the_next_connection() -> None:
    position = opened(Cursor(EPOCH, 4))
    assert names(position.received(ack(5) + ack(6))) == ["a5", "a6"]
    position.connecting(Cursor(EPOCH, 5))
    position.received(OPEN)
    assert names(position.received(ack(6))) == ["a6"]


def test_backoff_grows_to_a_bound_and_begins_anew_with_a_sign_of_life() -> None:
    position = opened(None)
    waits = [position.lost(Unavailable("unreachable")) for _ in range(20)]
    assert all(0.8 * low <= wait <= 1.2 * low for wait, low in zip(waits, BACKOFF_S, strict=False))
    assert max(waits) <= 1.2 * BACKOFF_S[-1]
    position.received(b": keep-alive\n\n")
    assert position.lost(None) <= 1.2 * BACKOFF_S[0]


def test_a_drain_says_when_to_come_back() -> None:
    position = opened(Cursor(EPOCH, 4))
    assert position.received(b"event: drain\nretry: 50\ndata: {}\n\n") == []
    assert position.lost(None) == 0.05
    position.received(b"event: drain\nretry: 999999999\ndata: {}\n\n")
    assert position.lost(None) == BACKOFF_S[-1]


def test_only_errors_that_time_can_heal_are_waited_out() -> None:
    position = opened(None)
    for error in (Unavailable("busy"), Unavailable("internal"), Malformed("too_large"), Forbidden("proof_expired")):
        assert position.lost(error) > 0
    for fatal in (Forbidden("wrong_role"), Forbidden("key_revoked"), Malformed("cursor")):
        with pytest.raises(KeepclearError):
            position.lost(fatal)


def test_an_endless_event_ends_its_connection() -> None:
    position = opened(Cursor(EPOCH, 4))
    with pytest.raises(Malformed):
        for _ in range(6):
            position.received(b"data: " + b"x" * 1_000_000)


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    made = Line(tmp_path)
    yield made
    for desk in made.open:
        desk.close()


def test_a_desk_on_asyncio_does_as_the_blocking_one(line: Line, tmp_path: Path) -> None:
    north = line.desk("north")
    world, mediator = line.world, line.mediator

    async def south() -> list[Any]:
        options: Any = {"transport": mediator.transport(), "clock": lambda: line.now}
        async with AsyncDesk(world.agreement, world.parties["south"].key, tmp_path / "south", **options) as desk:
            filed = await desk.file([box()], "transport")
            await desk.amend(filed.id, [box(48.01)])
            shown: list[Any] = []
            async with contextlib.aclosing(desk.watch(lambda: bool(shown))) as events:
                async for event in events:
                    if isinstance(event, LinkEvent) and not shown:
                        north.file([box(48.05)], "transport")
                    if isinstance(event, AlertEvent):
                        shown.append(event)
            await desk.acknowledge(shown[0].alert.conflict, officer="duty-1")
            await desk.withdraw(filed.id)
            assert not await desk.refresh() or desk.picture().conflicts[0].state == "CLOSED"
            return shown

    (event,) = asyncio.run(south())
    assert event.verdict == "verified"
    assert [ack.stage for ack in mediator.acknowledgements] == ["delivered", "acknowledged"]


def test_a_key_that_may_not_watch_or_not_acknowledge(line: Line, tmp_path: Path) -> None:
    watcher, filer = PrivateKey.generate(), PrivateKey.generate()
    north, south = line.world.payload["parties"]
    valid = {"not_before": "2020-01-01T00:00:00Z", "not_after": "2090-01-01T00:00:00Z"}
    more = [{"key": watcher.public.jwk, "roles": ["watch"], **valid}]
    more += [{"key": filer.public.jwk, "roles": ["submit"], **valid}]
    line.world.successor(parties=[north, {**south, "keys": [*south["keys"], *more]}])
    options: dict[str, Any] = {"transport": line.mediator.transport(), "clock": lambda: line.now}
    with Desk(line.world.agreement, filer, tmp_path / "filer", **options) as desk:
        desk.file([box()], "transport")
        with pytest.raises(Forbidden):
            next(desk.watch())
    line.desk("north").file([box(48.05)], "transport")
    with Desk(line.world.agreement, watcher, tmp_path / "watcher", **options) as desk:
        assert [event.to_json()["event"] for event in line.watched(desk)] == ["alert"]
    assert line.mediator.acknowledgements == []


def test_a_hole_in_the_stream_is_a_gap_and_read_again(line: Line) -> None:
    north, south = line.desk("north"), line.desk("south")
    line.watched(south)
    south.file([box()], "transport")
    north.file([box(48.05)], "transport")
    kept = line.mediator.streams["south"]
    line.mediator.end_stream = f"id: {line.mediator.epoch}-9\nevent: alert\ndata: {{}}\n\n"
    line.mediator.streams["south"] = []
    events = south.watch(stop=lambda: south.journal.cursor() is not None and len(shown) > 1)
    line.mediator.streams["south"] = kept[:1]
    shown: list[Any] = []
    for event in events:
        shown += [] if isinstance(event, LinkEvent) else [event]
    assert [type(event) for event in shown][-2:] == [GapEvent, AlertEvent]
