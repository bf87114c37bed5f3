"""A cluster: each agreement on one shard, found by its keys, and hints heard on every one."""

import asyncio
from typing import Any

import pytest
import redis
from keepclear_protocol.budgets import BUDGETS_AT_MOST
from keepclear_protocol.encoding import digest
from keepclear_protocol.errors import Unavailable
from keepclear_service.store.connect import check_durability, connect
from keepclear_service.store.line import StoredLine
from support.line import payload
from support.nursery import Nursery
from support.patience import PATIENCE_S
from support.store_line import PARTIES, RETENTION_S, TERMS, notice
from support.world import World, box


def test_each_agreement_lives_on_one_shard_and_they_spread(any_store: tuple[str, list[str]], line_url: str) -> None:
    _, servers = any_store
    names = [digest(f"agreement {number}") for number in range(12)]

    async def story() -> None:
        store = connect(line_url)
        try:
            await check_durability(store.submits)
            for name in names:
                line = StoredLine(store, name)
                await line.found(TERMS, b"{}")
                epoch = (await line.open()).epoch
                turned = await line.turn(
                    [notice(), notice("n2", party="south")],
                    epoch=epoch,
                    terms=TERMS,
                    cursor=0,
                    done=(),
                    parties=PARTIES,
                    retention_s=RETENTION_S,
                    budgets=BUDGETS_AT_MOST,
                )
                assert [outcome.entry is not None for outcome in turned.outcomes] == [True, True]
                await line.clean(RETENTION_S, PARTIES)
        finally:
            await store.close()

    asyncio.run(story())
    homes: dict[str, set[str]] = {}
    for server in servers:
        with redis.Redis.from_url(server) as client:
            for key in client.keys("*"):
                homes.setdefault(key.decode().split("{")[1].split("}")[0], set()).add(server)
    assert sorted(homes) == sorted(names)
    assert all(len(where) == 1 for where in homes.values())
    assert len({home for where in homes.values() for home in where}) == len(servers)


def test_hints_of_every_agreement_are_heard(line_url: str) -> None:
    names = [digest(f"agreement {number}") for number in range(8)]

    async def story() -> None:
        store = connect(line_url)
        hints = store.hints()
        try:
            heard = asyncio.ensure_future(anext(hints))
            while not heard.done():
                # Until it listens: what was published before is not heard.
                await store.submits.publish("keepclear", "first 0")
                await asyncio.wait([heard], timeout=0.05)
            assert heard.result() == "first 0"
            wanted = set()
            for name in names:
                line = StoredLine(store, name)
                await line.found(TERMS, b"{}")
                epoch = (await line.open()).epoch
                given: dict[str, Any] = {"epoch": epoch, "terms": TERMS, "cursor": 0, "done": ()}
                given |= {"parties": PARTIES, "retention_s": RETENTION_S, "budgets": BUDGETS_AT_MOST}
                await line.turn([notice()], **given)
                wanted.add(f"{line.prefix} 1 north")
            while wanted:
                hint = await asyncio.wait_for(anext(hints), PATIENCE_S)
                assert hint in wanted or hint == "first 0"
                wanted.discard(hint)
        finally:
            await hints.aclose()
            await store.close()

    asyncio.run(story())


def test_a_store_that_is_not_there_says_so() -> None:
    async def story() -> None:
        for url in ("redis+cluster://127.0.0.1:1", "redis://127.0.0.1:1"):
            store = connect(url)
            with pytest.raises(Unavailable) as raised:
                await StoredLine(store, "a").open()
            assert raised.value.code == "store_unavailable"
            await store.close()

    asyncio.run(story())


def test_the_service_serves_from_a_cluster(workers: Nursery, line_url: str) -> None:
    with workers.line(World(), line_url) as line:
        line.file("north", box())
        alert = line.file("south", box())["alerts"][0]
        assert payload(alert["alert"])["state"] == "open" and alert["presentation"] is not None
        kinds = [event["event"] for event in line.events("north", 2)]
        assert kinds == ["notice", "alert"]
        assert line.http.get("/readyz").status_code == 200
