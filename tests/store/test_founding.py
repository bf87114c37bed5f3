"""How a line begins, and what becomes of it: founded once and on purpose, new terms, a new life after a restore."""

import asyncio
import dataclasses

import pytest
from keepclear_protocol.encoding import digest
from keepclear_protocol.errors import LocalError, Unavailable
from keepclear_service.store.connect import connect
from keepclear_service.store.line import StoredLine
from support.store_line import AGREEMENT, TERMS, Bench, notice, on_line


def test_a_line_is_founded_once_and_by_nothing_else(line_url: str) -> None:
    async def story() -> None:
        store = connect(line_url)
        line = StoredLine(store, AGREEMENT)
        try:
            assert not await line.stands()
            for asked in (line.open(), line.adopt(TERMS, digest("newer"), b"{}"), line.new_epoch()):
                with pytest.raises(Unavailable) as raised:
                    await asked
                assert raised.value.code == "store_unsafe" and "keepclear-service found" in raised.value.hint
            assert not await line.stands()
            assert await line.found(TERMS, b"{}")
            founded = await line.open()
            assert (founded.terms, founded.head, founded.oldest, founded.matched_through) == (TERMS, 0, 1, 0)
            assert founded.history == ((TERMS, 0),) and len(founded.epoch) == 32
            assert not await line.found(TERMS, b"{}")
            with pytest.raises(LocalError) as refused:
                await line.found(digest("other"), b"{}")
            assert refused.value.code == "usage" and "adopt" in refused.value.hint
            again = await line.open()
            assert again.clock >= founded.clock and dataclasses.replace(again, clock=founded.clock) == founded
            assert await line.terms(TERMS) == b"{}"
            assert await line.terms(digest("other")) is None
        finally:
            await store.close()

    asyncio.run(story())


def test_a_line_of_another_schema_is_refused(line_url: str) -> None:
    async def story(bench: Bench) -> None:
        for schema in ("1", "3"):
            await bench.redis.hset(bench.key("meta"), "schema", schema)
            with pytest.raises(Unavailable) as raised:
                await bench.line.open()
            assert raised.value.code == "store_unsafe" and f"schema {schema}" in raised.value.detail
        await bench.redis.hdel(bench.key("meta"), "schema")
        with pytest.raises(Unavailable):
            await bench.line.open()

    on_line(story, line_url)


@pytest.mark.req("R-029")
def test_new_terms_are_an_entry_and_follow_those_in_force(line_url: str) -> None:
    async def story(bench: Bench) -> None:
        await bench.one(notice())
        newer = digest("newer")
        assert await bench.line.adopt(TERMS, newer, b"[]")
        assert await bench.line.adopt(TERMS, newer, b"[]")
        assert not await bench.line.adopt(TERMS, digest("newest"), b"{}")
        assert (await bench.turn(notice("n2"))).behind
        turned = await bench.turn(notice("n2"), notice("n3", terms=newer), terms=newer)
        assert turned.outcomes[0].refused == "wrong_terms" and turned.terms == newer
        entries = [(entry.seq, entry.kind, entry.sha256) for entry in await bench.line.log(1, 10)]
        assert entries == [(2, "terms", newer), (3, "notice", digest("north n3 1"))]
        founded = await bench.line.open()
        assert (founded.head, founded.oldest, founded.matched_through) == (3, 1, 0)
        await bench.turn(done=[1], terms=newer)
        assert (await bench.line.open()).matched_through == 1
        assert founded.history == ((TERMS, 0), (newer, 2)) and await bench.line.terms(newer) == b"[]"

    on_line(story, line_url)


def test_new_terms_are_not_stamped_by_a_clock_that_is_off(line_url: str) -> None:
    async def story(bench: Bench) -> None:
        with pytest.raises(Unavailable):
            await bench.stepped(7200).adopt(TERMS, digest("newer"), b"[]")
        assert (await bench.line.open()).terms == TERMS

    on_line(story, line_url)


def test_a_new_epoch_is_a_new_life_of_the_same_entries(line_url: str) -> None:
    async def story(bench: Bench) -> None:
        await bench.one(notice())
        epoch = await bench.line.new_epoch()
        assert epoch != bench.epoch and (await bench.line.open()).epoch == epoch
        assert (await bench.turn(notice("n2"))).behind
        turned = await bench.turn(notice("n2"), epoch=epoch)
        assert turned.entries[0].epoch == epoch and (await bench.line.entries([1]))[0] is not None
        assert (await bench.line.events("north", 0, 1)).epoch == epoch

    on_line(story, line_url)
