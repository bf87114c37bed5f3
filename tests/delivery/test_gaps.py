"""What a stream says where the next event is not the next one, and when it ends by itself. Each on real stores."""

import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from keepclear_protocol.cursor import Cursor
from keepclear_protocol.errors import Unavailable
from keepclear_protocol.instant import format_instant
from keepclear_service import logs
from keepclear_service.delivery import feed, hub
from support.store_line import notice, withdrawal
from support.streams import Reader, Stage, on_hub, until
from support.world import now_us

OLD = "0" * 32


def gaps(reader: Reader) -> list[tuple[str, int]]:
    found = []
    for event, id, data in reader.events:
        if event == "gap":
            told = json.loads(data)
            assert told["resume_at"] == id
            found.append((told["reason"], Cursor.parse(id).number))
    return found


async def opened(stage: Stage, count: int) -> Reader:
    """Return a stream that has had ``count`` alerts and stands at the end."""
    reader = stage.open("south", 0)
    await stage.alert("south", count)
    await until(lambda: len(reader.numbers) == count)
    return reader


@pytest.mark.req("R-099")
@pytest.mark.parametrize(
    ("cursor", "told"),
    [
        (("", 0), [1, 2, 3]),
        (("", 2), [3]),
        (("", 3), []),
        (("", 99), ("ahead", 3)),
        ((OLD, 2), ("epoch", 3)),
        ((OLD, 99), ("epoch", 3)),
    ],
)
@pytest.mark.parametrize("others", [False, True])
def test_a_cursor_resumes_behind_it_or_hears_why_not(
    cursor: tuple[str, int], told: list[int] | tuple[str, int], others: bool, store_url: str
) -> None:
    async def story(stage: Stage) -> None:
        if others:
            await opened(stage, 3)
        else:
            await stage.alert("south", 3)
        reader = stage.open("south", cursor[1], epoch=cursor[0])
        expected = 4 if isinstance(told, tuple) else [*told, 4]
        await until(lambda: reader.numbers == told or (isinstance(told, tuple) and gaps(reader) == [told]))
        await stage.alert("south")
        await until(lambda: reader.numbers[-1:] == [4])
        assert reader.numbers == ([told[1], 4] if isinstance(told, tuple) else expected)

    on_hub(story, store_url)


@pytest.mark.req("R-099")
def test_a_stream_whose_beginning_is_gone_says_so(store_url: str) -> None:
    async def story(stage: Stage) -> None:
        await stage.alert("south", 5)
        await stage.bench.redis.xtrim(stage.bench.key("stream:south"), maxlen=2, approximate=False)
        first, second = stage.open("south"), stage.open("south", 1)
        await until(lambda: first.numbers == second.numbers == [3, 4, 5])
        assert gaps(first) == gaps(second) == [("trimmed", 3)]
        kept = stage.open("south", 3)
        await until(lambda: kept.numbers == [4, 5])
        await stage.bench.redis.delete(stage.bench.key("stream:south"))
        empty = stage.open("south", 2)
        await until(lambda: gaps(empty) == [("trimmed", 5)])

    on_hub(story, store_url)


@pytest.mark.req("R-096")
def test_who_comes_late_is_told_what_was_replaced_and_what_stands_without_a_gap(store_url: str) -> None:
    async def story(stage: Stage) -> None:
        await stage.alert("south", 3, conflict="one")
        late = stage.open("south", 0)
        await until(lambda: late.numbers == [1, 2, 3])
        assert [event for event, _, _ in late.events] == ["superseded", "superseded", "alert"]
        assert [json.loads(data)["version"] for _, _, data in late.events[:2]] == [1, 2]

    on_hub(story, store_url)


@pytest.mark.req("R-099")
def test_the_newest_alert_that_is_not_there_is_a_gap_and_never_told_as_replaced(store_url: str) -> None:
    async def story(stage: Stage) -> None:
        (lost,) = await stage.alert("south")
        await stage.bench.redis.hdel(stage.bench.key("alerts"), lost.sha256)
        reader = stage.open("south", 0)
        await until(lambda: gaps(reader) == [("trimmed", 1)])

    on_hub(story, store_url)


Blow = Callable[[Stage], Awaitable[Any]]


async def new_epoch(stage: Stage) -> None:
    stage.bench.epoch = await stage.bench.line.new_epoch()


async def older_store(stage: Stage) -> None:
    await stage.bench.redis.hset(stage.bench.key("meta"), "stream:south", 2)
    await stage.bench.redis.delete(stage.bench.key("stream:south"))


async def forgets_the_newest(stage: Stage) -> None:
    await stage.bench.redis.hset(stage.bench.key("meta"), "stream:south", 9)


@pytest.mark.req("R-099")
@pytest.mark.parametrize(
    ("blow", "told"), [(new_epoch, ("epoch", 3)), (older_store, ("ahead", 2)), (forgets_the_newest, ("trimmed", 9))]
)
def test_an_open_stream_hears_of_a_gap_too(
    blow: Blow, told: tuple[str, int], store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "POLL_S", 0.05)  # no hint tells of it

    async def story(stage: Stage) -> None:
        readers = [await opened(stage, 3)]
        readers += [stage.open("south", 3) for _ in range(5)]
        await blow(stage)
        await until(lambda: all(gaps(reader) == [told] for reader in readers))
        await stage.alert("south")
        await until(lambda: all(reader.numbers[-1] == told[1] + 1 for reader in readers))
        assert all(gaps(reader) == [told] for reader in readers)

    on_hub(story, store_url)


@pytest.mark.req("R-097", "R-098")
def test_a_stream_that_is_empty_yet_begins_with_its_first_event(store_url: str) -> None:
    async def story(stage: Stage) -> None:
        readers = [stage.open("south"), stage.open("south", 0), stage.open("south")]
        await until(lambda: all(reader.came for reader in readers))
        await stage.alert("south")
        await until(lambda: all(reader.numbers == [1] for reader in readers))

    on_hub(story, store_url)


@pytest.mark.req("R-096")
def test_statements_come_with_their_receipts_and_strange_kinds_under_their_own_name(store_url: str) -> None:
    async def story(stage: Stage) -> None:
        reader = stage.open("north", 0)
        await stage.bench.one(notice("n1"))
        await stage.bench.one(withdrawal("n1", prev="north n1 1"))
        await stage.bench.redis.hset(stage.bench.key("meta"), "stream:north", 3)
        await stage.bench.redis.xadd(
            stage.bench.key("stream:north"), {b"e": b"heartbeat 2 " + (await body(stage))}, id="3-0"
        )
        stage.hub.poke("north")
        await until(lambda: reader.numbers == [1, 2, 3])
        told = [(event, json.loads(data)) for event, _, data in reader.events]
        assert told[0] == ("notice", {"notice": "north n1 1", "receipt": "receipt-1"})
        assert told[1] == ("notice", {"withdrawal": "withdrawal of n1", "receipt": "receipt-2"})
        assert told[2] == ("heartbeat", {"heartbeat": "north n1 1"})

    async def body(stage: Stage) -> bytes:
        window = await stage.bench.line.events("north", 0, 1)
        return window.events[0].sha256.encode()

    on_hub(story, store_url)


@pytest.mark.req("R-099")
def test_an_alert_that_retention_let_go_is_a_gap(store_url: str) -> None:
    async def story(stage: Stage) -> None:
        live = await opened(stage, 1)
        made = await stage.alert("south", 3)
        await until(lambda: len(live.numbers) == 4)
        await stage.bench.redis.hdel(stage.bench.key("alerts"), made[0].sha256, made[1].sha256)
        late = stage.open("south", 1, epoch=OLD)
        await until(lambda: gaps(late) == [("epoch", 4)])
        for reader in (live, late):
            reader.hang_up()
            await until(reader.has_ended)
        again = stage.open("south", 0)
        await until(lambda: again.numbers == [1, 2, 3, 4])
        assert gaps(again) == [("trimmed", 2), ("trimmed", 3)]

    on_hub(story, store_url)


@pytest.mark.req("R-101")
def test_a_revoked_key_and_one_that_ran_out_lose_their_streams(
    store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "POLL_S", 0.05)

    async def story(stage: Stage) -> None:
        south, north = stage.open("south", 0), stage.open("north", 0)
        await until(lambda: south.came and north.came)
        parties = stage.world.payload["parties"]
        parties[1]["keys"][0]["revoked_at"] = format_instant(now_us())
        stage.world.successor(parties=parties)
        await until(lambda: south.ended)
        assert not north.ended and south.events == []
        parties[0]["keys"][0]["not_after"] = format_instant(now_us() + 200_000)
        stage.world.successor(parties=parties)
        await until(lambda: north.ended)

    on_hub(story, store_url)


def test_a_lost_store_ends_the_streams_and_is_logged_once_with_its_cause(
    store_url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(hub, "POLL_S", 0.05)
    monkeypatch.setattr(logs, "QUIET_S", 0.1)
    caplog.set_level(logging.INFO)

    def said() -> list[str]:
        return [record.getMessage() for record in caplog.records]

    async def story(stage: Stage) -> None:
        readers = [await opened(stage, 1), stage.open("north", 0), stage.open("south", 0)]

        async def lost(name: str, _: object) -> None:
            raise Unavailable("store_unavailable") from ConnectionError("no such socket")

        stage.line.before = lost
        await until(lambda: all(reader.ended for reader in readers))
        await until(lambda: "streams_lost" in said())
        late = stage.open("south", 0)
        await until(lambda: late.ended)
        stage.line.before = None
        again = stage.open("south", 0)
        await until(lambda: again.numbers == [1])
        await until(lambda: "streams_back" in said())
        fields = [record.__dict__["keepclear_fields"] for record in caplog.records]
        assert said() == ["streams_lost", "streams_back"]
        assert fields[0]["cause"] == "ConnectionError: no such socket" and fields[1]["failures"] >= 2

    on_hub(story, store_url)


def test_a_fault_of_the_feed_ends_its_streams_and_the_next_ones_work(
    store_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(stage: Stage) -> None:
        reader = await opened(stage, 1)

        async def fault(name: str, _: object) -> None:
            if name == "alerts":
                stage.line.before = None
                raise ZeroDivisionError

        stage.line.before = fault
        await stage.alert("south")
        await until(lambda: reader.ended)
        assert "feed_fault" in [record.getMessage() for record in caplog.records]
        again = stage.open("south", 1)
        await until(lambda: again.numbers == [2])

    assert feed.RECENT_EVENTS > 1
    on_hub(story, store_url)
