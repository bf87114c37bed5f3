"""The scripts of the store, on each real store: admission, order, dedupe, commit, timers, streams."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from keepclear_protocol.encoding import digest
from keepclear_protocol.errors import Unavailable
from keepclear_service.decide.entry import Admission, Entry, Outgoing
from keepclear_service.store.connect import connect
from keepclear_service.store.lines import MAX_ANSWERS, StoredLine

AGREEMENT = digest("agreement")
TERMS = digest("terms")
DAY_MS = 86_400_000
ALWAYS = [("never", 0, 2**52)]


def now_ms() -> int:
    return int(time.time() * 1000)


def on_store(story: Callable[[StoredLine], Awaitable[None]], url: str) -> None:
    """Run a story against a fresh line of the store at ``url``."""

    async def run() -> None:
        redis = connect(url).submits
        try:
            line = StoredLine(redis, AGREEMENT)
            await line.open(TERMS, b"{}")
            await story(line)
        finally:
            await redis.aclose()

    asyncio.run(run())


async def epoch_of(line: StoredLine) -> str:
    return (await line.open(TERMS, b"{}"))[0]


async def submit(line: StoredLine, id: str = "n1", revision: int = 1, body: str = "body", **changed: Any) -> Admission:
    entry = Entry(0, "notice", "north", id, revision, digest(body), digest(body), 0, TERMS, "")
    given: dict[str, Any] = {
        "prev": "",
        "body": body,
        "worker_terms": TERMS,
        "bounds": ALWAYS,
        "keep": now_ms() + DAY_MS,
        "lead": (now_ms() + 3_600_000, now_ms() + 7_200_000, 1_800_000, 600_000),
        "cursor": 0,
        "done": [],
        "epoch": await epoch_of(line),
        **changed,
    }
    if "terms" in given:
        entry = replace(entry, terms=given.pop("terms"))
    if "kind" in given:
        entry = replace(entry, kind=given.pop("kind"), submission="")
    return await line.submit(entry, **given)


def alert(to: str, other: str, conflict: str = "c1", state: str = "open", ends: int | None = None) -> Outgoing:
    return Outgoing(
        to, (to, "n1"), (other, "n2"), conflict, {"state": state}, "", "", "", ends, (now_ms() + DAY_MS) * 1000
    )


def test_entries_are_numbered_without_holes_and_come_back_in_order(store_url: str) -> None:
    async def story(line: StoredLine) -> None:
        for number in range(1, 6):
            admission = await submit(line, f"n{number}", body=f"b{number}", cursor=number - 1)
            assert admission.entry is not None and admission.entry.seq == number
            assert [entry.seq for entry in admission.entries] == [number]
        news = await line.follow(2, [], DAY_MS)
        assert [entry.seq for entry in news.entries] == [3, 4, 5]
        assert news.head == 5 and news.unmatched == {1, 2, 3, 4, 5} and news.streams == {"north": 5}
        assert await line.bodies([digest("b3"), digest("none")]) == ["b3", None]

    on_store(story, store_url)


@pytest.mark.req("R-044", "R-090")
def test_the_same_bytes_again_are_the_same_entry_and_other_bytes_are_kept_as_evidence(store_url: str) -> None:
    async def story(line: StoredLine) -> None:
        first = await submit(line)
        again = await submit(line, bounds=[("admitted_too_late", 0, 1)], terms=digest("older terms"))
        assert again.again and first.entry is not None and again.entry == first.entry
        for body in ("other", "yet another"):
            assert (await submit(line, body=body)).refused == "revision_conflict"
        assert (await line.follow(0, [], DAY_MS)).head == 1
        redis = line._redis
        assert await redis.get(f"{line.prefix}evidence:{digest('other')}") == b"other"
        assert await redis.get(f"{line.prefix}evidence:{digest('yet another')}") is None

    on_store(story, store_url)


@pytest.mark.parametrize(
    ("code", "changed"),
    [
        ("wrong_terms", {"terms": digest("other terms")}),
        ("not_yet", {"bounds": [("not_yet", now_ms() + DAY_MS, 2**52)]}),
        ("admitted_too_late", {"bounds": [("admitted_too_late", 0, now_ms() - 1)]}),
        ("notice_unknown", {"revision": 2}),
    ],
)
@pytest.mark.req("R-020", "R-095")
def test_a_refusal_changes_nothing(store_url: str, code: str, changed: dict[str, Any]) -> None:
    async def story(line: StoredLine) -> None:
        before = await dump(line)
        assert (await submit(line, **changed)).refused == code
        assert await dump(line) == before

    on_store(story, store_url)


@pytest.mark.req("R-044", "R-052", "R-053")
def test_revisions_follow_one_another_and_a_withdrawal_ends_the_id(store_url: str) -> None:
    async def story(line: StoredLine) -> None:
        await submit(line, body="one")
        assert (await submit(line, revision=3, body="three", prev=digest("two"))).refused == "revision_order"
        assert (await submit(line, revision=2, body="two", prev=digest("zero"))).refused == "prev_mismatch"
        assert (await submit(line, revision=2, body="two", prev=digest("one"))).entry is not None
        ended = await submit(line, revision=3, body="gone", prev=digest("two"), kind="withdrawal", lead=None)
        assert ended.entry is not None and ended.entry.kind == "withdrawal"
        assert (await submit(line, revision=4, body="four", prev=digest("gone"))).refused == "notice_withdrawn"
        assert (await submit(line, revision=2, body="two", prev=digest("one"))).again

    on_store(story, store_url)


def test_every_revision_is_kept_as_long_as_the_newest(store_url: str) -> None:
    async def story(line: StoredLine) -> None:
        redis = line._redis
        await submit(line, body="one", keep=now_ms() + DAY_MS)
        await submit(line, body="two", revision=2, prev=digest("one"), keep=now_ms() + 9 * DAY_MS)
        one, two = [await redis.pttl(f"{line.prefix}body:{digest(body)}") for body in ("one", "two")]
        assert abs(one - two) < 10_000 and one > 9 * DAY_MS

    on_store(story, store_url)


@pytest.mark.req("R-029")
def test_a_worker_with_older_terms_or_another_epoch_is_told_so(store_url: str) -> None:
    async def story(line: StoredLine) -> None:
        assert (await submit(line, worker_terms=digest("older"))).behind
        assert (await submit(line, epoch="0" * 32)).behind
        assert await line.adopt(TERMS, digest("newer"), b"{}")
        assert not await line.adopt(TERMS, digest("newest"), b"{}")
        assert (await submit(line)).behind
        assert (await submit(line, worker_terms=digest("newer"))).refused == "wrong_terms"
        news = await line.follow(0, [], DAY_MS)
        assert [(entry.kind, entry.sha256) for entry in news.entries] == [("terms", digest("newer"))]

    on_store(story, store_url)


@pytest.mark.req("R-063")
def test_the_lead_is_classed_by_the_clock_of_the_store(store_url: str) -> None:
    async def story(line: StoredLine) -> None:
        at = now_ms()
        windows = {
            "ROUTINE": (at + 7_200_000, at + 9_000_000),
            "SHORT": (at + 1_200_000, at + 9_000_000),
            "LATE": (at + 60_000, at + 9_000_000),
            "IN_PROGRESS": (at - 1000, at + 9_000_000),
            "RETROACTIVE": (at - 9_000_000, at - 1000),
        }
        for lead, (start, end) in windows.items():
            admission = await submit(line, lead, body=lead, lead=(start, end, 3_600_000, 600_000))
            assert admission.entry is not None and admission.entry.note == lead

    on_store(story, store_url)


def test_alerts_of_an_entry_are_written_once_by_whoever_comes_first(store_url: str) -> None:
    async def story(line: StoredLine) -> None:
        epoch = await epoch_of(line)
        await submit(line)
        alerts = [(alert("north", "south"), "sha-n", '{"n":1}'), (alert("south", "north"), "sha-s", '{"s":1}')]
        assert await line.commit(epoch, 1, alerts)
        assert not await line.commit(epoch, 1, alerts)
        with pytest.raises(Unavailable):
            await line.commit("f" * 32, 1, alerts)
        south = await line.events("south", 0, 10)
        assert [(event.at, event.kind, event.fields) for event in south.events] == [(1, "alert", {"object": '{"s":1}'})]
        assert [event.kind for event in (await line.events("north", 0, 10)).events] == ["notice", "alert"]
        assert (await line.follow(0, [], DAY_MS)).unmatched == frozenset()

    on_store(story, store_url)


def test_an_older_version_never_overwrites_a_newer_one(store_url: str) -> None:
    async def story(line: StoredLine) -> None:
        epoch = await epoch_of(line)
        await submit(line, "n1", body="one")
        await submit(line, "n2", body="two")
        assert await line.commit(epoch, 2, [(alert("south", "north"), "sha2", '{"version":2}')])
        assert await line.commit(epoch, 1, [(alert("south", "north"), "sha1", '{"version":1}')])
        _, _, _, rows = await line.view("south", "conflicts")
        assert [json.loads(row[1]) for row in rows] == [{"version": 2}]
        assert (await line.events("south", 0, 10)).head == 1

    on_store(story, store_url)


def test_the_end_of_an_overlap_becomes_an_entry_once(store_url: str) -> None:
    async def story(line: StoredLine) -> None:
        epoch = await epoch_of(line)
        await submit(line)
        over = (now_ms() - 5) * 1000
        await line.commit(epoch, 1, [(alert(to, other, ends=over), to, "{}") for to, other in (("a", "b"), ("b", "a"))])
        news = await line.follow(1, [], DAY_MS)
        assert [(entry.kind, entry.id, entry.revision) for entry in news.entries] == [("ended", "c1", 1)]
        assert news.unmatched == {2}
        again = await line.follow(1, [2], DAY_MS)
        assert again.head == 2 and again.unmatched == frozenset()

    on_store(story, store_url)


async def acknowledge(
    line: StoredLine, jti: str = "j1", version: int = 1, alert_sha: str = "sha-s", body: str = "ack"
) -> Any:
    entry = Entry(0, "acknowledgement", "south", jti, 0, digest(body), "", 0, TERMS, "")
    return await line.acknowledge(
        entry,
        body=body,
        worker_terms=TERMS,
        bounds=ALWAYS,
        retention_ms=DAY_MS,
        conflict="c1",
        version=version,
        alert=alert_sha,
        stage="acknowledged",
        epoch=await epoch_of(line),
    )


@pytest.mark.req("R-080", "R-081")
def test_an_acknowledgement_is_of_the_newest_alert_or_refused_and_is_relayed_to_both(store_url: str) -> None:
    async def story(line: StoredLine) -> None:
        epoch = await epoch_of(line)
        await submit(line)
        assert (await acknowledge(line)).refused == "conflict_unknown"
        await line.commit(
            epoch, 1, [(alert("north", "south"), "sha-n", "{}"), (alert("south", "north"), "sha-s", "{}")]
        )
        for wrong in ({"version": 2}, {"alert_sha": "sha-n"}):
            assert (await acknowledge(line, **wrong)).refused == "version_stale"
        first = await acknowledge(line)
        assert first.entry is not None and first.entry.kind == "acknowledgement"
        assert (await acknowledge(line)).again
        assert (await acknowledge(line, body="other")).refused == "jti_conflict"
        for party, kinds in (
            ("north", ["notice", "alert", "acknowledgement"]),
            ("south", ["alert", "acknowledgement"]),
        ):
            window = await line.events(party, 0, 10)
            assert [event.kind for event in window.events] == kinds
            assert window.events[-1].fields == {"statement": "ack"}

    on_store(story, store_url)


def test_the_newest_alert_outlives_its_retention_until_it_is_answered(store_url: str) -> None:
    async def story(line: StoredLine) -> None:
        epoch = await epoch_of(line)
        await submit(line)
        past = Outgoing("south", ("south", "n1"), ("north", "n2"), "c1", {"state": "closed"}, "", "", "", None, 0)
        await line.commit(epoch, 1, [(past, "sha-s", "{}")])
        timers = f"{line.prefix}timers"
        for answered in (False, True):
            if answered:
                assert (await acknowledge(line)).entry is not None
            members: Any = await line._redis.zrange(timers, 0, -1)
            for member in members:
                await line._redis.zadd(timers, {member: 1})
            await line.follow(0, [], DAY_MS)
            _, _, _, rows = await line.view("south", "conflicts")
            assert len(rows) == (0 if answered else 1)

    on_store(story, store_url)


def test_the_log_loses_only_entries_whose_notice_has_outlived_its_retention(store_url: str) -> None:
    async def story(line: StoredLine) -> None:
        await submit(line, "old", body="old", keep=now_ms() - 1)
        await submit(line, "live", body="live")
        await submit(line, "gone", body="gone", keep=now_ms() - 1)
        await line.follow(0, [], DAY_MS)
        assert await line.oldest() == 1  # still unmatched
        await line.follow(0, [1, 2, 3], DAY_MS)
        await line.follow(0, [], DAY_MS)
        assert await line.oldest() == 2

    on_store(story, store_url)


@pytest.mark.req("R-095")
def test_a_store_that_lost_the_line_is_not_taken_for_an_empty_one(store_url: str) -> None:
    async def story(line: StoredLine) -> None:
        await submit(line)
        await line._redis.flushall()
        with pytest.raises(Unavailable):
            await line.follow(1, [], DAY_MS)

    on_store(story, store_url)


@pytest.mark.req("R-087")
def test_a_proof_is_spent_once(store_url: str) -> None:
    async def story(line: StoredLine) -> None:
        assert await line.spend("north", "j")
        assert not await line.spend("north", "j")
        assert await line.spend("south", "j")

    on_store(story, store_url)


async def dump(line: StoredLine) -> dict[bytes, Any]:
    """Return every key of the store with its value."""
    redis = line._redis
    keys: Any = await redis.keys("*")
    return {key: await redis.dump(key) for key in sorted(keys)}


def test_what_counts_longer_under_new_terms_is_kept_longer(store_url: str) -> None:
    async def story(line: StoredLine) -> None:
        redis = line._redis
        await submit(line, body="one", keep=now_ms() + DAY_MS)
        await submit(line, body="two", revision=2, prev=digest("one"), keep=now_ms() + DAY_MS)
        await submit(line, "over", body="over", keep=now_ms() - 1)
        assert await line.adopt(TERMS, digest("newer"), b"{}", longer_ms=9 * DAY_MS, parties=["north", "south"])
        for body, days in (("one", 11), ("two", 11), ("over", 1)):
            left = await redis.pttl(f"{line.prefix}body:{digest(body)}")
            assert abs(left - days * DAY_MS) < 60_000
        keep: Any = await redis.hget(f"{line.prefix}notice:north:n1", "keep")
        assert abs(int(keep) - now_ms() - 10 * DAY_MS) < 60_000

    on_store(story, store_url)


def test_one_version_takes_so_many_acknowledgements_and_no_more(store_url: str) -> None:
    async def story(line: StoredLine) -> None:
        epoch = await epoch_of(line)
        await submit(line)
        await line.commit(epoch, 1, [(alert("south", "north"), "sha-s", "{}")])
        for number in range(MAX_ANSWERS):
            assert (await acknowledge(line, f"j{number}", body=f"ack{number}")).entry is not None
        before = await dump(line)
        assert (await acknowledge(line, "one more", body="one more")).refused == "limit_answers"
        assert await dump(line) == before
        await submit(line, "n2", body="again", cursor=1)
        head = (await line.follow(0, [], DAY_MS)).head
        await line.commit(epoch, head, [(alert("south", "north"), "sha-2", "{}")])
        assert (await acknowledge(line, "anew", head, "sha-2", "anew")).entry is not None

    on_store(story, store_url)
