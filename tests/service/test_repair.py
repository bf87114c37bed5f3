"""A line whose newest stamp stands in the future: what ``repair-clock`` puts right, and what it refuses to touch."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from keepclear_protocol.errors import LocalError, Unavailable
from keepclear_service.process.repair import repair_clock
from keepclear_service.process.settings import Settings
from keepclear_service.store.line import StoredLine
from line.test_turn import Workers, file, play, until
from support.line import write_files
from support.operating import service_program
from support.world import World, box

AHEAD_S = 7200


def at(seconds: float = 0) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


async def stamp_ahead(line: StoredLine, redis: Any, kind: str, party: str, id: str, revision: int) -> int:
    """Append an entry as a store did whose clock was two hours ahead; return its stamp."""
    epoch, head, terms = await redis.hmget(f"{line.prefix}meta", "epoch", "head", "terms")
    seq, stamp = int(head) + 1, int((time.time() + AHEAD_S) * 1000)
    words = (seq, kind, party, id, revision, "-", "-", stamp, terms.decode(), "-", epoch.decode())
    await redis.xadd(f"{line.prefix}log", {"e": " ".join(map(str, words))}, f"{seq}-0")
    await redis.hset(f"{line.prefix}meta", mapping={"head": seq, "clock": stamp})
    await redis.zadd(f"{line.prefix}unmatched", {seq: seq})
    return stamp * 1000


async def comes(line: StoredLine, state: str, version: int) -> None:
    """Wait until the one conflict stands so."""
    deadline = time.monotonic() + 20
    while [(row.state, row.version) for row in (await line.conflicts("north", "", 9)).rows] != [(state, version)]:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


@pytest.mark.req("R-020")
def test_what_a_wrong_clock_ended_is_open_again_and_the_line_goes_on_by_the_time_that_is_right(
    store_url: str, tmp_path: Path
) -> None:
    async def story(world: World, all_workers: Workers) -> None:
        settings = Settings(agreements=write_files(world, tmp_path)[3:], store=store_url)  # type: ignore[arg-type]

        async def repair(seconds: float = 0, *, behind_receipts: bool = False) -> list[str]:
            return await repair_clock(settings, at(seconds), behind_receipts=behind_receipts)

        one = await all_workers.start()
        assert isinstance(one.line, StoredLine)
        redis: Any = all_workers.store.submits
        for party, place in (("north", 48.0), ("south", 48.05)):
            await file(one, world.submission(party, box(place)))
        (first,) = (await one.line.conflicts("north", "", 9)).rows
        assert first.state == "open" and (await repair())[0].startswith("nothing to repair")
        ended = await stamp_ahead(one.line, redis, "ended", "-", first.conflict, first.version)
        one.turn.poke(3)
        await until(lambda: one.turn.cursor == 3 and one.state().startswith("clock: the line's newest stamp is 7"))
        await comes(one.line, "closed", 3)
        with pytest.raises(Unavailable) as raised:
            await file(one, world.submission("north", box(20)))
        assert raised.value.code == "store_clock"
        with pytest.raises(Unavailable) as raised:
            await repair(-AHEAD_S)  # whoever reads another time than this machine's must mend that first
        assert raised.value.code == "store_clock" and one.epoch == (await one.line.open()).epoch

        # What was spent by the wrong time would be spent for as long as that was ahead.
        spent, kept = f"{one.line.prefix}spent:north", {b"bytes", b"days"}
        wrong = int(time.time() + AHEAD_S) * 1000
        before = await redis.hmget(spent, *kept)
        await redis.hset(spent, mapping=dict.fromkeys(("submits", "alerts:south", "shut", "told:live_notices"), wrong))

        said = await repair()
        assert {*await redis.hkeys(spent)} == kept and await redis.hmget(spent, *kept) == before
        assert said[0].startswith("put back: ") and "1 entries stamped in the future, 0 by parties" in said[1]
        await until(lambda: one.state() == "ok" and one.turn.cursor >= 4)
        await comes(one.line, "open", 4)
        told = await file(one, world.submission("north", box(20)))
        entries = await one.line.log(0, 9)
        assert [entry.kind for entry in entries] == ["notice", "notice", "ended", "terms", "notice"]
        assert entries[2].received_at == ended and told.receipt
        assert entries[1].received_at <= entries[3].received_at <= entries[4].received_at < ended
        assert entries[4].epoch == one.epoch != entries[2].epoch

        # A receipt that is dated in the future: what comes next would be behind it.
        await stamp_ahead(one.line, redis, "withdrawal", "north", "A" * 22, 2)
        with pytest.raises(LocalError, match="north holds a receipt"):
            await repair()
        named = await repair(behind_receipts=True)
        assert "1 by parties" in named[1] and "withdrawal AAAA" in named[2] and "of north" in named[2]

    play(story, store_url)


def test_the_word_asks_for_a_time_read_elsewhere(tmp_path: Path) -> None:
    words = ["repair-clock", "--agreement", str(tmp_path / "a.json"), "--store", "unix:///nowhere"]
    asked = service_program(*words)
    assert asked.returncode == 2 and "--utc" in asked.stderr
    off = service_program(*words, "--utc", "2020-01-01T00:00Z")
    assert off.returncode == 1 and "from the time that was read" in off.stderr
