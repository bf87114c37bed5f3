"""The hub: what moves is read once for all, and nobody waits for anybody."""

import asyncio
import json
import time

import pytest
from keepclear_protocol.cursor import Cursor
from keepclear_protocol.errors import Unavailable
from keepclear_service.delivery import feed, hub, subscriber
from keepclear_service.line.pace import TOLD_S
from support.store_line import notice
from support.streams import Stage, on_hub, until


def test_an_event_is_read_and_encoded_once_for_all_streams(store_url: str) -> None:
    async def story(stage: Stage) -> None:
        readers = [stage.open("south", 0) for _ in range(50)]
        await stage.alert("south")
        await until(lambda: all(stage.alerts_of(reader) for reader in readers))
        await stage.bench.one(notice("shown"))
        before = stage.line.calls.copy()
        (made,) = await stage.alert("south", shows="cause", body="north shown 1")
        await until(lambda: all(len(stage.alerts_of(reader)) == 2 for reader in readers))
        calls = stage.line.calls - before
        assert calls["alerts"] == calls["bodies"] == 1 and calls["events"] <= 4, calls
        assert all(reader.events == readers[0].events for reader in readers)
        _, (event, id, data) = readers[0].events
        assert (event, id) == ("alert", str(Cursor(stage.bench.epoch, 2)))
        assert json.loads(data) == {"alert": made.jws, "presentation": None, "cause": "north shown 1"}

    on_hub(story, store_url)


@pytest.mark.req("R-101")
def test_what_moves_another_party_wakes_nobody(store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "POLL_S", 30.0)
    monkeypatch.setattr(hub, "KEEP_ALIVE_S", 60.0)

    async def story(stage: Stage) -> None:
        south, north = stage.open("south", 0), stage.open("north", 0)
        await until(lambda: south.came and north.came)
        await stage.alert("north", other="south")  # and the events of its own notice
        await until(lambda: stage.alerts_of(north))
        asked, wrote = len(stage.line.asked), south.writes
        await stage.alert("north", 5, other="south")
        await until(lambda: len(stage.alerts_of(north)) == 6)
        assert {args[0] for name, args in stage.line.asked[asked:] if name == "events"} == {"north"}
        assert south.writes == wrote

    on_hub(story, store_url)


@pytest.mark.req("R-095")
def test_no_stream_looks_alive_while_what_others_file_may_not_be_told(
    store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "POLL_S", 30.0)

    async def story(stage: Stage) -> None:
        readers = [stage.open(party, 0) for party in ("north", "south")]
        await until(lambda: all(reader.came for reader in readers))
        began, stage.hotline.untold = time.monotonic(), Unavailable("store_clock")
        await until(lambda: all(reader.ended for reader in readers))
        assert time.monotonic() - began < 2 * hub.KEEP_ALIVE_S / hub.SLOTS + 1.0  # and what a busy machine takes
        late = stage.open("south", 0)
        await until(late.has_ended)
        assert late.came == b""
        stage.hotline.untold = None
        again = stage.open("south", 0)
        await stage.alert("south")
        await until(lambda: stage.alerts_of(again))

    on_hub(story, store_url)


@pytest.mark.req("R-097", "R-098")
def test_a_slow_reader_reads_for_itself_and_joins_the_others_again(
    store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "RECENT_EVENTS", 4)
    monkeypatch.setattr(feed, "PIECE_EVENTS", 3)

    async def story(stage: Stage) -> None:
        slow, quick = stage.open("south", 0), stage.open("south", 0)
        await until(lambda: slow.came and quick.came)
        slow.freeze()
        await stage.alert("south", 20)
        await until(lambda: len(quick.numbers) == 20)
        assert slow.numbers == []
        before = stage.line.calls["alerts"]
        slow.thaw()
        await until(lambda: len(slow.numbers) == 20)
        assert stage.line.calls["alerts"] > before
        assert slow.numbers == quick.numbers == list(range(1, 21))
        assert slow.events == quick.events
        before = stage.line.calls["alerts"]
        await stage.alert("south")
        await until(lambda: len(slow.numbers) == len(quick.numbers) == 21)
        assert stage.line.calls["alerts"] == before + 1

    on_hub(story, store_url)


@pytest.mark.req("R-101")
def test_every_reader_is_told_that_the_line_is_slow_for_as_long_as_it_is(
    store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "SLOW_AGAIN_S", 0.1)

    async def story(stage: Stage) -> None:
        readers = [stage.open(party, 0) for party in ("north", "south")]
        await until(lambda: all(reader.came for reader in readers))
        stage.hotline.busy_s = TOLD_S
        await stage.alert("south")
        await until(lambda: stage.alerts_of(readers[1]))
        assert not any(slow in reader.events for reader in readers), "a turn of that length is usual"
        stage.hotline.busy_s = TOLD_S + 0.01
        await until(lambda: all(reader.events.count(slow) > 2 for reader in readers))
        stage.hotline.busy_s = 0.0
        await stage.alert("south")
        await until(lambda: len(stage.alerts_of(readers[1])) == 2)
        said = [reader.events.count(slow) for reader in readers]
        await asyncio.sleep(3 * hub.KEEP_ALIVE_S / hub.SLOTS)
        assert [reader.events.count(slow) for reader in readers] == said

    slow = ("slow", "", "{}")
    on_hub(story, store_url)


def test_a_reader_that_takes_nothing_is_cut_and_comes_back_with_its_cursor(
    store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriber, "STALLED_S", 0.2)
    monkeypatch.setattr(hub, "KEEP_ALIVE_S", 0.4)

    async def story(stage: Stage) -> None:
        frozen, other = stage.open("south", 0), stage.open("south", 0)
        await until(lambda: frozen.came and other.came)
        frozen.freeze()
        await stage.alert("south", 3)
        await until(lambda: frozen.ended)
        assert frozen.aborted and not other.ended and not other.aborted
        await until(lambda: other.numbers == [1, 2, 3])
        assert frozen.numbers == []
        again = stage.open("south", 0)
        await until(lambda: again.numbers == [1, 2, 3])

    on_hub(story, store_url)


def test_of_those_that_take_nothing_only_so_much_is_held(store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "HELD_BYTES", 3_000)
    monkeypatch.setattr(hub, "POLL_S", 0.05)

    async def story(stage: Stage) -> None:
        frozen, other = [stage.open("south", 0) for _ in range(10)], stage.open("south", 0)
        await until(lambda: other.came and all(reader.came for reader in frozen))
        for reader in frozen:
            reader.freeze()
        await stage.alert("south", 2)
        await until(lambda: any(reader.ended for reader in frozen))
        await until(lambda: other.numbers == [1, 2])
        await asyncio.sleep(0.2)
        standing = [reader for reader in frozen if not reader.ended]
        assert standing and not other.ended
        assert {reader.aborted for reader in frozen if reader.ended} == {True}

    on_hub(story, store_url)


def test_many_readers_that_are_behind_cost_one_reading(store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "PIECE_EVENTS", 3)

    async def story(stage: Stage) -> None:
        await stage.alert("south", 20)
        readers = [stage.open("south", 0) for _ in range(10)]
        await until(lambda: all(len(reader.numbers) == 20 for reader in readers))
        asked = [sha256 for name, args in stage.line.asked if name == "alerts" for sha256 in args[0]]
        assert len(asked) == len(set(asked)) == 20
        before = stage.line.calls["events"]
        late = [stage.open("south", 20) for _ in range(30)]
        await stage.alert("south")
        await until(lambda: all(reader.numbers == [21] for reader in late))
        assert stage.line.calls["events"] - before <= 5

    on_hub(story, store_url)


@pytest.fixture
def left_to_hints(monkeypatch: pytest.MonkeyPatch) -> None:
    """No poll and no comment wakes anybody."""
    monkeypatch.setattr(hub, "POLL_S", 60.0)
    monkeypatch.setattr(hub, "KEEP_ALIVE_S", 600.0)


@pytest.mark.usefixtures("left_to_hints")
@pytest.mark.parametrize("moves_on", [True, False])
def test_an_event_that_comes_while_a_reader_looks_elsewhere_is_not_missed(store_url: str, moves_on: bool) -> None:
    """A hint is late. One reader knows more than the feed, and hears that there is nothing more; then there is."""

    async def story(stage: Stage) -> None:
        first = stage.open("south", 0)
        await stage.alert("south")
        await until(lambda: first.numbers == [1])
        await until(lambda: ("events", ("south", 1, feed.PIECE_EVENTS)) in stage.line.answered)
        await stage.alert("south", hint=False)
        held, let_go = asyncio.Event(), asyncio.Event()

        async def hold(name: str, args: tuple[object, ...]) -> None:
            if (name, args[1:2]) == ("events", (2,)) and not held.is_set():
                held.set()
                await let_go.wait()

        stage.line.before = hold
        late = stage.open("south", 2)
        await asyncio.wait_for(held.wait(), 30)
        if moves_on:
            await stage.alert("south")
            await until(lambda: first.numbers == [1, 2, 3])
        let_go.set()
        # Whoever looks for itself and finds the feed behind tells it so.
        await until(lambda: first.numbers == ([1, 2, 3] if moves_on else [1, 2]))
        await until(lambda: late.numbers == ([3] if moves_on else []))

    on_hub(story, store_url)


@pytest.mark.req("R-098")
@pytest.mark.usefixtures("left_to_hints")
def test_the_first_reader_without_a_cursor_hears_all_at_once(store_url: str) -> None:
    async def story(stage: Stage) -> None:
        await stage.alert("south", 3)
        reader = stage.open("south")
        await until(lambda: reader.numbers == [1, 2, 3])

    on_hub(story, store_url)


def test_an_idle_stream_asks_the_store_nothing(store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "POLL_S", 60.0)
    monkeypatch.setattr(hub, "KEEP_ALIVE_S", 0.1)

    async def story(stage: Stage) -> None:
        readers = [stage.open("south"), stage.open("south", 0)]
        await until(lambda: all(reader.comments for reader in readers))
        before = stage.line.calls["events"]
        await until(lambda: all(reader.comments >= 5 for reader in readers))
        assert stage.line.calls["events"] == before

    on_hub(story, store_url)


@pytest.mark.req("R-101")
def test_comments_come_from_one_wheel_whatever_else_is_sent(store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "KEEP_ALIVE_S", 0.32)

    async def story(stage: Stage) -> None:
        quiet = [stage.open("north", 0) for _ in range(3)]
        busy = stage.open("south", 0)
        await until(lambda: all(reader.comments >= 3 for reader in quiet))
        await stage.alert("south", 5)
        await until(lambda: len(busy.numbers) == 5 and busy.comments >= 4)

    on_hub(story, store_url)


@pytest.mark.req("R-101")
def test_the_phase_of_comments_tells_nothing_of_what_is_filed(
    store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A comment for each turn of the wheel, no more and no fewer, whatever comes to others or to oneself."""
    monkeypatch.setattr(hub, "KEEP_ALIVE_S", 0.16)
    ticks: list[tuple[subscriber.Subscriber, float]] = []
    tick = subscriber.Subscriber.tick

    def noted(one: subscriber.Subscriber, now: float) -> None:
        ticks.append((one, now))
        tick(one, now)

    monkeypatch.setattr(subscriber.Subscriber, "tick", noted)

    async def story(stage: Stage) -> None:
        reader = stage.open("north", 0)
        await until(lambda: reader.comments >= 2)
        before, turned = reader.comments, len(ticks)
        for number in range(8):
            await stage.alert("south")
            if number % 2:
                await stage.alert("north")
            wanted = len(ticks) + 1
            await until(lambda wanted=wanted: len(ticks) >= wanted)  # type: ignore[misc]
        await until(lambda: reader.comments - before == len(ticks) - turned)
        assert {id(one) for one, _ in ticks} == {id(ticks[0][0])} and len(ticks) - turned >= 8

    on_hub(story, store_url)


@pytest.mark.req("R-101")
def test_a_stream_ends_when_it_has_lasted_long_enough(store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "KEEP_ALIVE_S", 0.1)
    monkeypatch.setattr(subscriber, "STREAM_LASTS_S", 0.2)

    async def story(stage: Stage) -> None:
        reader = stage.open("north", 0)
        await until(lambda: reader.ended)
        assert not reader.aborted

    on_hub(story, store_url)


def test_who_hangs_up_is_forgotten(store_url: str) -> None:
    async def story(stage: Stage) -> None:
        idle, frozen = stage.open("south", 0), stage.open("south", 0)
        await until(lambda: idle.came and frozen.came)
        frozen.freeze()
        await stage.alert("south")
        for reader in (idle, frozen):
            reader.hang_up()
            await until(reader.has_ended)
        before = stage.line.calls["events"]
        stage.hub.poke("south")
        await asyncio.sleep(0.05)
        assert stage.line.calls["events"] == before

    on_hub(story, store_url)


def test_a_waiting_stream_may_be_cancelled_again_and_again(store_url: str) -> None:
    """As a server does when its time to drain is over; in particular while it is being woken."""

    async def story(stage: Stage) -> None:
        for turns in range(4):
            readers = [stage.open("south", 0) for _ in range(3)]
            for _ in range(turns):
                await asyncio.sleep(0)
            for _ in range(6):
                for task in stage.serving:
                    task.cancel()
                await asyncio.sleep(0)
            for ended in await asyncio.gather(*stage.serving, return_exceptions=True):
                assert isinstance(ended, asyncio.CancelledError)
            stage.serving.clear()
            assert not any(reader.ended for reader in readers)

    on_hub(story, store_url)


@pytest.mark.req("R-101")
def test_a_draining_worker_says_so_behind_all_that_it_knows(store_url: str) -> None:
    async def story(stage: Stage) -> None:
        reader, north = stage.open("south", 0), stage.open("north", 0)
        await until(lambda: reader.came and north.came)
        await stage.alert("south", 2)
        await until(lambda: reader.numbers == [1, 2])
        stage.draining.set()
        await until(lambda: reader.ended and north.ended)
        assert reader.events[-1] == ("drain", "", "{}")
        assert b"retry: 500\n" in reader.came
        late = stage.open("south", 0)
        await until(lambda: late.ended)
        assert late.events[-1][0] == "drain"

    on_hub(story, store_url)
