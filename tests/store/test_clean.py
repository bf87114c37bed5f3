"""What is let go of, and what never is: bounded pieces, by both clocks, and nothing that anything still counts on."""

import contextlib
from collections.abc import Iterator

import pytest
import redis
from keepclear_protocol.encoding import digest
from keepclear_protocol.errors import Unavailable
from keepclear_service.store.connect import check_durability
from keepclear_service.store.line import CLEANED_AT_ONCE, SLACK_MS
from support.store_line import PARTIES, RETENTION_S, Bench, acknowledgement, alert, notice, on_line

LONG_AGO = -RETENTION_S - 3600
DAY_MS = 86_400_000


async def left(bench: Bench, body: str) -> int:
    """Return the ms that a statement's bytes have left; -1 where nothing limits them, -2 where they have gone."""
    return int(await bench.redis.pttl(bench.key(f"body:{digest(body)}")))


async def holds(bench: Bench, version: int, state: str = "open") -> bool:
    """Whether the bytes of an alert to the south are there."""
    return (await bench.line.alerts([alert(version, state=state).sha256])) != [None]


def test_a_notice_lasts_as_long_as_its_newest_revision_counts_and_then_a_day(line_url: str) -> None:
    async def story(bench: Bench) -> None:
        await bench.turn(
            notice("old", ends=LONG_AGO, keep=-1),
            notice("amended", ends=LONG_AGO, keep=-1),
            notice("amended", 2, prev="north amended 1", ends=LONG_AGO, keep=3600),
            notice("live"),
            notice("shortened", ends=LONG_AGO, keep=3600),
            notice("shortened", 2, prev="north shortened 1", ends=LONG_AGO, keep=-1),
        )
        await bench.turn(done=range(1, 7))
        await bench.clean()
        ids = [row.entry.id for row in (await bench.line.notices("north", "", 10, live=False)).rows]
        assert sorted(ids) == ["amended", "live", "shortened"]
        assert 0 < await left(bench, "north old 1") <= SLACK_MS
        for body in ("north amended 1", "north amended 2", "north live 1"):
            assert await left(bench, body) == -1
        chained = {name.split()[0] for name in await bench.redis.hkeys(bench.key("chain:north"))}
        assert chained == {b"amended", b"live", b"shortened"}

    on_line(story, line_url)


def test_the_log_loses_only_its_oldest_that_are_over_and_matched(line_url: str) -> None:
    async def story(bench: Bench) -> None:
        for name, keep in (("old", -1), ("live", 3600), ("gone", -1)):
            await bench.turn(notice(name, ends=LONG_AGO if keep < 0 else 3600, keep=keep))
        await bench.clean(retention_s=0)
        assert (await bench.line.open()).oldest == 1  # still unmatched
        await bench.turn(done=[1, 2, 3])
        await bench.clean()
        assert (await bench.line.open()).oldest == 1  # received just now
        await bench.clean(retention_s=0)
        founded = await bench.line.open()
        assert (founded.oldest, founded.head, founded.matched_through) == (2, 3, 3)

    on_line(story, line_url)


def test_an_alert_that_nobody_answered_stays_with_what_it_shows(line_url: str) -> None:
    async def story(bench: Bench) -> None:
        await bench.turn(notice(ends=LONG_AGO, keep=-1), notice("n2", party="south"), done=())
        told = alert(2, state="closed", keep=-1, shows="notice", body="north n1 1")
        await bench.line.commit(bench.epoch, [(1, []), (2, [told])])
        for _ in range(2):
            await bench.clean()
            assert await holds_all(bench) and (await bench.line.notice("north", "n1")).rows == ()
            assert await left(bench, "north n1 1") == -1
        for stage in ("delivered", "displayed"):
            assert (await bench.one(acknowledgement(told, f"j-{stage}", stage=stage))).entry is not None
        await bench.clean()
        assert await holds_all(bench)
        assert (await bench.one(acknowledgement(told))).entry is not None
        assert await left(bench, "ack j1") == -1
        later = alert(2, conflict="c2", state="closed", keep=3600)
        await bench.turn(notice("n3"))
        await bench.line.commit(bench.epoch, [(bench.cursor, [later])])
        assert (await bench.one(acknowledgement(later, "j2"))).entry is not None
        await bench.clean()
        await bench.clean()
        (kept,) = (await bench.line.conflicts("south", "", 10)).rows
        assert kept.conflict == later.conflict and await bench.line.alerts([told.sha256]) == [None]
        assert 0 < await left(bench, "ack j1") <= SLACK_MS
        # What it showed is looked at again within a day, and then gets its time to live.
        await bench.redis.zadd(bench.key("leaving"), {f"body:{told.body}": 1})
        await bench.clean()
        assert 0 < await left(bench, "north n1 1") <= SLACK_MS
        assert await bench.redis.exists(bench.key("shown"), bench.key("leaving")) == 0
        assert await bench.redis.hlen(bench.key("answers")) == 1

    async def holds_all(bench: Bench) -> bool:
        return bool((await bench.line.conflicts("south", "", 10)).rows)

    on_line(story, line_url)


def test_one_that_nobody_ever_answers_goes_after_thirty_days_more(line_url: str) -> None:
    async def story(bench: Bench) -> None:
        await bench.turn(notice(ends=LONG_AGO, keep=-1), notice("n2", party="south"))
        days = (29, 31)
        unanswered = [
            alert(2, conflict=f"c{day}", state="closed", keep=-86_400 * day, shows="notice", body="north n1 1")
            for day in days
        ]
        still = alert(2, conflict="open", keep=-86_400 * 31)
        await bench.line.commit(bench.epoch, [(1, []), (2, [*unanswered, still])])
        await bench.clean()
        await bench.clean()
        kept = [row.conflict for row in (await bench.line.conflicts("south", "", 10)).rows]
        assert sorted(kept) == sorted([unanswered[0].conflict, still.conflict])
        assert await bench.line.alerts([one.sha256 for one in unanswered]) != [None, None]
        assert (await bench.line.alerts([unanswered[1].sha256])) == [None]
        assert await bench.redis.hget(bench.key("shown"), digest("north n1 1")) == b"1"

    on_line(story, line_url)


def test_what_an_alert_shows_lasts_where_its_notice_went_before(line_url: str) -> None:
    async def story(bench: Bench) -> None:
        await bench.turn(notice(ends=LONG_AGO, keep=-1), notice("n2", party="south"))
        await bench.turn(done=[1])
        await bench.clean()
        assert await left(bench, "north n1 1") > 0
        await bench.line.commit(bench.epoch, [(2, [alert(2, shows="notice", body="north n1 1")])])
        assert await left(bench, "north n1 1") == -1
        await bench.clean()
        assert await left(bench, "north n1 1") == -1

    on_line(story, line_url)


def test_what_was_open_when_its_conflict_closed_goes_when_it_was_to_be_kept_no_longer(line_url: str) -> None:
    async def story(bench: Bench) -> None:
        await bench.turn(*(notice(f"n{number}") for number in range(3)))
        await bench.line.commit(bench.epoch, [(1, [alert(1, keep=-1)])])
        assert (await bench.one(acknowledgement(alert(1)))).entry is not None
        await bench.clean()
        assert await holds(bench, 1)  # answered, and yet open
        await bench.line.commit(bench.epoch, [(2, [alert(2, state="closed", keep=3600)])])
        await bench.line.commit(bench.epoch, [(3, [alert(3)])])
        assert await holds(bench, 1)
        await bench.clean()
        assert not await holds(bench, 1) and await holds(bench, 2, "closed") and await holds(bench, 3)
        assert 0 < await left(bench, "ack j1") <= SLACK_MS

    on_line(story, line_url)


def test_what_is_amended_again_and_again_keeps_its_newest_alert_alone(line_url: str) -> None:
    async def story(bench: Bench) -> None:
        await bench.turn(*(notice(f"n{number}") for number in range(3)))
        for version in (1, 2, 3):
            await bench.line.commit(bench.epoch, [(version, [alert(version)])])
        assert [await holds(bench, version) for version in (1, 2, 3)] == [False, False, True]
        assert await bench.redis.zcard(bench.key("leaving")) == 0

    on_line(story, line_url)


def test_what_a_newer_alert_shows_no_more_goes_with_its_notice(line_url: str) -> None:
    async def story(bench: Bench) -> None:
        await bench.turn(notice(ends=LONG_AGO, keep=-1), notice("n2"))
        await bench.line.commit(bench.epoch, [(1, [alert(1, shows="notice", body="north n1 1")])])
        await bench.line.commit(bench.epoch, [(2, [alert(2, state="closed")])])
        await bench.clean()
        assert 0 < await left(bench, "north n1 1") <= SLACK_MS

    on_line(story, line_url)


def test_an_acknowledgement_that_a_newer_one_replaced_goes_after_its_retention(line_url: str) -> None:
    async def story(bench: Bench) -> None:
        await bench.one(notice())
        await bench.line.commit(bench.epoch, [(1, [alert(1)])])
        twice = [acknowledgement(alert(1), jti, stage="delivered") for jti in ("j1", "j2")]
        await bench.turn(*twice, retention_s=0)
        await bench.clean()
        assert 0 < await left(bench, "ack j1") <= SLACK_MS and await left(bench, "ack j2") == -1

    on_line(story, line_url)


def test_nothing_goes_by_a_clock_that_one_side_alone_has(line_url: str) -> None:
    async def story(bench: Bench) -> None:
        await bench.turn(notice(ends=LONG_AGO + 7200, keep=3600), notice("n2", ends=LONG_AGO, keep=-60))
        await bench.turn(done=[1, 2])
        for seconds, ids in ((7200, ["n1"]), (-7200, ["n1"])):
            if seconds < 0:
                await bench.turn(notice("n3", ends=LONG_AGO, keep=-60))
                ids = ["n3", "n1"]
            await bench.stepped(seconds).clean(RETENTION_S, PARTIES)
            assert [row.entry.id for row in (await bench.line.notices("north", "", 10, live=False)).rows] == ids

    on_line(story, line_url)


def test_cleaning_keeps_up_in_pieces_and_those_that_stay_hold_nothing_up(line_url: str) -> None:
    async def story(bench: Bench) -> None:
        many = 2 * CLEANED_AT_ONCE
        for first in range(0, many, 64):
            await bench.turn(*(notice(f"stays{first + n}", ends=LONG_AGO - 60, keep=3600) for n in range(64)))
        await bench.turn(*(notice(f"goes{number}", ends=LONG_AGO, keep=-1) for number in range(60)))
        calls = 0
        while (await bench.redis.hlen(bench.key("notices:north"))) > many:
            await bench.clean()
            calls += 1
            assert calls < 10
        assert await left(bench, "north goes59 1") > 0 and await left(bench, "north stays0 1") == -1

    on_line(story, line_url)


def test_what_counts_longer_under_new_terms_is_kept_longer(line_url: str) -> None:
    async def story(bench: Bench) -> None:
        days = 2 * 86_400
        await bench.turn(notice("n1", ends=LONG_AGO, keep=-1), notice("n2", ends=LONG_AGO - days, keep=-days))
        await bench.turn(done=[1, 2])
        assert await bench.line.adopt(bench.terms, digest("newer"), b"{}", longer_ms=DAY_MS)
        await bench.clean()
        assert [row.entry.id for row in (await bench.line.notices("north", "", 10, live=False)).rows] == ["n1"]
        # What comes under the new terms has it in its own.
        bench.terms = digest("newer")
        await bench.turn(notice("n3", ends=LONG_AGO, keep=-1, terms=bench.terms))
        await bench.clean()
        assert [row.entry.id for row in (await bench.line.notices("north", "", 10, live=False)).rows] == ["n1"]

    on_line(story, line_url)


def test_a_full_store_can_be_cleaned_and_admits_nothing_meanwhile(
    line_url: str, any_store: tuple[str, list[str]]
) -> None:
    async def story(bench: Bench) -> None:
        await bench.turn(notice(ends=LONG_AGO, keep=-1), notice("n2"))
        await bench.line.commit(bench.epoch, [(1, []), (2, [alert(2, ends=-1)])])
        with full(any_store[1]):
            # The timer that is due is no reason to wait: what ends something always finds room.
            assert (await bench.turn()).fired == 1
            assert (await bench.one(notice("n3"))).refused == "store_full"
            await check_durability(bench.redis)
            for volatile in (False, True):
                with pytest.raises(Unavailable) as raised:
                    await check_durability(bench.redis, volatile=volatile, room=True)
                assert raised.value.code == "store_full" and "full" in raised.value.detail
            await bench.clean()
            assert [row.entry.id for row in (await bench.line.notices("north", "", 10, live=False)).rows] == ["n2"]
            assert 0 < await left(bench, "north n1 1") <= SLACK_MS
            assert await bench.line.alerts([alert(2).sha256]) == [alert(2).jws]
        await check_durability(bench.redis, room=True)
        assert (await bench.one(notice("n3"))).entry is not None

    on_line(story, line_url)


@contextlib.contextmanager
def full(servers: list[str]) -> Iterator[None]:
    """Let the servers have no room for anything more."""
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(redis.Redis.from_url(server)) for server in servers]
        try:
            for client in clients:
                client.config_set("maxmemory", 1)
            yield
        finally:
            for client in clients:
                client.config_set("maxmemory", 0)


def test_marks_of_ended_conflicts_go_when_no_timer_can_come_again(line_url: str) -> None:
    async def story(bench: Bench) -> None:
        await bench.one(notice())
        await bench.redis.zadd(bench.key("due"), {f"end|{digest('c')}|1": 1})
        await bench.turn()
        await bench.clean()
        key = bench.key("ended")
        assert await bench.redis.zcard(key) == 1
        await bench.redis.zadd(key, {f"end|{digest('c')}|1": 1})
        await bench.clean()
        assert await bench.redis.zcard(key) == 0

    on_line(story, line_url)


def test_a_notice_of_very_many_revisions_is_let_go_of(line_url: str) -> None:
    async def story(bench: Bench) -> None:
        await bench.turn(notice("n1", ends=LONG_AGO, keep=-1))
        await bench.turn(done=[1])
        row = (await bench.redis.hget(bench.key("notices:north"), "n1")).split(b" ")
        await bench.redis.hset(bench.key("notices:north"), "n1", b" ".join([b"5000", *row[1:]]))
        links = {f"n1 {revision}": f"{revision} {digest(str(revision))}" for revision in range(2, 5001)}
        await bench.redis.hset(bench.key("chain:north"), mapping=links)
        await bench.clean()
        assert not await bench.redis.exists(bench.key("notices:north"), bench.key("chain:north"))

    on_line(story, line_url)
