"""Admission on each real store: order, dedupe, bounds, preconditions; what a refusal leaves; what no clock may do."""

import time
from typing import Any

import pytest
from keepclear_protocol.acknowledgement import FIRST_ANSWERS
from keepclear_protocol.encoding import digest
from keepclear_protocol.errors import Unavailable
from keepclear_service.decide.admission import FOREVER, Bound
from keepclear_service.line.ports import BATCH
from keepclear_service.store.line import MAX_ANSWERS, SLACK_MS, StoredLine
from support.store_line import (
    AGREEMENT,
    DAY_US,
    RETENTION_S,
    SECOND_US,
    TERMS,
    Bench,
    acknowledgement,
    alert,
    bounds,
    notice,
    now_us,
    on_line,
    withdrawal,
)


def refusals(outcomes: Any) -> list[str | None]:
    return [outcome.refused for outcome in outcomes]


def test_a_turn_admits_in_order_without_holes_and_tells_what_is_new(line_url: str) -> None:
    async def story(bench: Bench) -> None:
        first = await bench.turn(notice("n1"), notice("n2", party="south"))
        assert [outcome.entry.seq for outcome in first.outcomes if outcome.entry] == [1, 2]
        assert first.entries == tuple(outcome.entry for outcome in first.outcomes)
        second = await bench.turn(notice("n3"))
        assert [entry.seq for entry in second.entries] == [3]
        assert (second.head, second.unmatched, second.unmatched_through) == (3, (1, 2, 3), 3)
        entry = second.entries[0]
        assert (entry.kind, entry.party, entry.id) == ("notice", "north", "n3")
        assert (entry.revision, entry.note) == (1, "1,2,3,4")
        assert (entry.sha256, entry.submission) == (digest("north n3 1"), digest("north n3 1~"))
        assert (entry.terms, entry.epoch) == (TERMS, bench.epoch) and abs(entry.received_at - now_us()) < 60 * SECOND_US
        # A worker that starts, one that is behind, and those who ask for entries by themselves see the same.
        assert (await bench.turn(cursor=1)).entries == (*first.entries[1:], *second.entries)
        assert await bench.line.log(0, 2) == first.entries
        assert await bench.line.entries([3, 9, 1]) == [entry, None, first.entries[0]]
        assert await bench.line.bodies([digest("north n3 1"), digest("none")]) == ["north n3 1", None]
        assert await bench.line.seen("north", "jti_of_north_n3_1") == entry
        assert await bench.line.seen("south", "jti_of_north_n3_1") is None

    on_line(story, line_url)


def test_a_later_arrival_of_a_turn_sees_the_earlier(line_url: str) -> None:
    async def story(bench: Bench) -> None:
        amended = notice("n1", 2, prev="north n1 1")
        turned = await bench.turn(notice("n1"), amended, notice("n1"), withdrawal("n1", 3, prev=amended.body), amended)
        entries = [outcome.entry for outcome in turned.outcomes]
        assert [entry.seq for entry in entries if entry] == [1, 2, 1, 3, 2]
        assert [outcome.again for outcome in turned.outcomes] == [False, False, True, False, True]
        assert turned.head == 3

    on_line(story, line_url)


def test_at_most_so_many_entries_are_told_at_once_and_none_is_skipped(line_url: str) -> None:
    async def story(bench: Bench) -> None:
        for batch in range(5):
            turned = await bench.turn(*(notice(f"n{batch}-{number}") for number in range(60)), cursor=0)
        assert len(turned.entries) == BATCH and turned.head == 300
        assert [entry.seq for entry in turned.entries] == list(range(1, BATCH + 1))
        assert turned.outcomes[-1].entry is not None and turned.outcomes[-1].entry.seq == 300
        assert turned.unmatched == tuple(range(1, 301)) and turned.unmatched_through == 300

    on_line(story, line_url)


@pytest.mark.req("R-044", "R-090")
def test_the_same_again_is_the_same_entry_and_another_under_its_jti_is_refused(line_url: str) -> None:
    async def story(bench: Bench) -> None:
        first = await bench.one(notice())
        late = notice(bounds=bounds(high=1), terms=digest("older terms"))
        again = await bench.one(late)
        assert again.again and again.entry == first.entry
        (other,) = refusals([await bench.one(notice("n2", jti="jti_of_north_n1_1"))])
        assert other == "jti_conflict"
        assert (await bench.one(notice("n2", party="south", jti="jti_of_north_n1_1"))).entry is not None
        # As long as the notice's newest revision counts, even where its jti should have been forgotten.
        await bench.redis.delete(bench.key("once:north:jti_of_north_n1_1"))
        again = await bench.one(late)
        assert again.again and again.entry == first.entry

    on_line(story, line_url)


@pytest.mark.req("R-044")
def test_of_other_bytes_at_a_revision_the_first_are_kept_as_evidence(line_url: str) -> None:
    async def story(bench: Bench) -> None:
        await bench.one(notice())
        for body in ("other", "yet another"):
            assert (await bench.one(notice(body=body))).refused == "revision_conflict"
        assert (await bench.turn()).head == 1
        assert await bench.redis.get(bench.key(f"evidence:{digest('other')}")) == b"other"
        assert await bench.redis.get(bench.key(f"evidence:{digest('yet another')}")) is None
        left = await bench.redis.pttl(bench.key(f"evidence:{digest('other')}"))
        assert left > RETENTION_S * 1000
        # One more for each revision; and terms or time do not hide that a party said two things.
        await bench.one(notice(revision=2, prev="north n1 1"))
        stale = notice(revision=2, body="third", terms=digest("older"), bounds=bounds(high=1))
        assert (await bench.one(stale)).refused == "revision_conflict"
        assert await bench.redis.get(bench.key(f"evidence:{digest('third')}")) == b"third"

    on_line(story, line_url)


@pytest.mark.parametrize(
    ("code", "changed"),
    [
        ("wrong_terms", {"terms": digest("other terms")}),
        ("not_yet", {"bounds": bounds(low=now_us() + DAY_US)}),
        ("admitted_too_late", {"bounds": bounds(high=now_us() - 1000)}),
        ("key_revoked", {"bounds": (Bound("key_revoked", 0, 1), Bound("not_yet", FOREVER - 1, FOREVER))}),
        ("notice_unknown", {"revision": 2}),
        ("revision_order", {"id": "n0", "revision": 3}),
        ("prev_mismatch", {"id": "n0", "revision": 2, "prev": "another"}),
    ],
)
@pytest.mark.req("R-020", "R-095")
def test_a_refusal_says_why_and_changes_nothing(line_url: str, code: str, changed: dict[str, Any]) -> None:
    async def story(bench: Bench) -> None:
        await bench.one(notice("n0"))
        before = await dump(bench)
        assert (await bench.one(notice(**changed))).refused == code
        assert await dump(bench) == before

    on_line(story, line_url)


async def dump(bench: Bench) -> dict[bytes, Any]:
    """Return every key of the store with its value, but for what is spent: also a refusal is asked for (R-112)."""
    names = await bench.keys()
    assert bench.key("meta").encode() in names
    return {name: await bench.redis.dump(name) for name in names if b":spent:" not in name}


def test_bounds_hold_to_the_millisecond_that_is_within_them(line_url: str) -> None:
    """An arrival within the whole milliseconds is within the instants given; of many bounds the first is named."""

    async def story(bench: Bench) -> None:
        await bench.one(notice("n0"))
        clock = (await bench.turn()).clock
        assert (await bench.one(notice("n1", bounds=(Bound("low", clock - DAY_US + 1, FOREVER),)))).entry is not None
        both = (Bound("first", 0, clock - DAY_US), Bound("second", 0, clock - 2 * DAY_US))
        assert (await bench.one(notice("n2", bounds=both))).refused == "first"
        assert (await bench.one(notice("n2", bounds=both[::-1]))).refused == "second"

    on_line(story, line_url)


@pytest.mark.req("R-052", "R-053")
def test_a_withdrawal_ends_the_id_for_ever(line_url: str) -> None:
    async def story(bench: Bench) -> None:
        await bench.one(notice(ends=-RETENTION_S - 60, keep=-1))
        ended = await bench.one(withdrawal(prev="north n1 1"))
        assert ended.entry is not None and (ended.entry.kind, ended.entry.submission) == ("withdrawal", "")
        assert (await bench.one(notice(revision=3, prev="withdrawal of n1"))).refused == "notice_withdrawn"
        await bench.turn(done=[1, 2])
        await bench.clean()
        # Nothing is left of it but that it has ended.
        assert (await bench.line.notice("north", "n1")).rows == ()
        assert (await bench.one(notice(body="anew"))).refused == "notice_withdrawn"
        assert (await bench.one(notice(party="south"))).entry is not None

    on_line(story, line_url)


@pytest.mark.req("R-029")
def test_a_worker_that_knows_another_store_is_told_and_nothing_is_admitted(line_url: str) -> None:
    async def story(bench: Bench) -> None:
        await bench.turn(notice("n0"), notice("n1"))
        for wrong in ({"terms": digest("older")}, {"epoch": "0" * 32}, {"cursor": 3}):
            turned = await bench.turn(notice("n2"), **wrong)
            assert turned.behind and turned.outcomes == () and turned.head == 2
        # What it lets go of counts for nothing where the numbers may mean other entries.
        assert (await bench.turn(done=[1, 2], epoch="0" * 32)).unmatched == (1, 2)
        assert (await bench.turn(done=[1, 2], cursor=3)).unmatched == (1, 2)
        assert (await bench.turn(done=[1, 2])).unmatched == ()
        assert not (await bench.turn(cursor=2)).behind

    on_line(story, line_url)


@pytest.mark.req("R-095")
def test_a_store_that_was_put_back_and_went_on_is_not_taken_for_the_same(line_url: str) -> None:
    """The head has passed this worker's cursor again, in the same epoch: what it folded there is gone."""

    async def story(bench: Bench) -> None:
        await bench.turn(notice("n1"), notice("n2"))
        names = [bench.key("meta"), bench.key("log")]
        before = [await bench.redis.dump(name) for name in names]
        await bench.turn(notice("n3"))
        other = Bench(bench.store, StoredLine(bench.store, AGREEMENT))
        other.epoch = bench.epoch
        for name, value in zip(names, before, strict=True):
            await bench.redis.restore(name, 0, value, replace=True)
        await bench.redis.delete(bench.key("stream:north"), bench.key("unmatched"))
        await other.turn(notice("n4"), notice("n5"))
        turned = await bench.turn(notice("n6"), done=[4])
        assert turned.behind and turned.head == 4 and not turned.outcomes and not turned.entries
        assert turned.unmatched == (3, 4)
        # Until it reads the line anew; another, which has folded what is there, goes on.
        assert (await bench.turn(cursor=3)).behind and not (await other.turn(cursor=4)).behind
        await bench.line.open()
        assert not (await bench.turn(cursor=3)).behind

    on_line(story, line_url)


def test_a_jti_is_spent_for_longer_than_its_statement_could_be_admitted(line_url: str) -> None:
    async def story(bench: Bench) -> None:
        far = now_us() + 40 * DAY_US
        await bench.turn(notice("n1"), notice("n2", bounds=bounds(high=far)), notice("n3", keep=90 * 86_400))
        await bench.turn(notice("n4", keep=60))
        for name, least_s in (("n1", RETENTION_S), ("n2", 40 * 86_400), ("n3", 90 * 86_400), ("n4", RETENTION_S)):
            left = await bench.redis.pttl(bench.key(f"once:north:jti_of_north_{name}_1"))
            assert left > 1000 * least_s + SLACK_MS - 60_000, name

    on_line(story, line_url)


@pytest.mark.req("R-080", "R-081")
def test_an_acknowledgement_is_of_the_newest_alert_and_is_relayed_to_both(line_url: str) -> None:
    async def story(bench: Bench) -> None:
        await bench.one(notice())
        north, south = alert(1, "north", "south"), alert(1)
        assert (await bench.one(acknowledgement(south))).refused == "conflict_unknown"
        await bench.line.commit(bench.epoch, [(1, [north, south])])
        for wrong in ({"version": 2}, {"alert": north.sha256}, {"party": "north"}):
            assert (await bench.one(acknowledgement(south, **wrong))).refused == "version_stale"
        first = await bench.one(acknowledgement(south))
        assert first.entry is not None and (first.entry.kind, first.entry.id) == ("acknowledgement", "j1")
        assert (await bench.one(acknowledgement(south))).again
        assert (await bench.one(acknowledgement(south, body="other"))).refused == "jti_conflict"
        for party, kinds in (("north", ["notice", "alert"]), ("south", ["alert"])):
            window = await bench.line.events(party, 0, 10)
            assert [event.kind for event in window.events] == [*kinds, "acknowledgement"]
            told = window.events[-1]
            assert (told.seq, told.sha256) == (first.entry.seq, digest("ack j1"))
        assert (await bench.turn()).unmatched == ()
        for party in ("north", "south"):
            (record,) = (await bench.line.conflicts(party, "", 10)).rows
            assert record.answers == {("south", "acknowledged"): (digest("ack j1"),)}
        assert await bench.line.bodies([digest("ack j1")]) == ["ack j1"]

    on_line(story, line_url)


@pytest.mark.req("R-080", "R-081")
def test_one_version_takes_so_many_acknowledgements_keeps_the_newest_and_who_answered_first(line_url: str) -> None:
    async def story(bench: Bench) -> None:
        await bench.one(notice())
        await bench.line.commit(bench.epoch, [(1, [alert(1), alert(1, "north", "south")])])
        stages = ("delivered", "displayed", "acknowledged")
        many = [acknowledgement(alert(1), f"j{number}", stage=stages[number % 3]) for number in range(MAX_ANSWERS)]
        turned = await bench.turn(*many)
        assert all(outcome.entry is not None for outcome in turned.outcomes)
        before = await dump(bench)
        assert (await bench.one(acknowledgement(alert(1), "more"))).refused == "limit_answers"
        assert await dump(bench) == before
        assert (await bench.one(acknowledgement(alert(1, "north", "south"), "j-north"))).entry is not None
        (record,) = (await bench.line.conflict("south", [alert(1).conflict])).rows
        answered = [number for number in range(MAX_ANSWERS) if stages[number % 3] == "acknowledged"]
        newest = [MAX_ANSWERS - 1 - number for number in range(3) if (MAX_ANSWERS - 1 - number) % 3 != 2]
        first = [digest(f"ack j{number}") for number in answered[:FIRST_ANSWERS]]
        assert record.answers == {
            **{("south", stages[number % 3]): (digest(f"ack j{number}"),) for number in newest},
            ("south", "acknowledged"): tuple(first),  # as they were admitted
            ("north", "acknowledged"): (digest("ack j-north"),),
        }
        assert None not in await bench.line.bodies(record.statements)
        left = {name.decode() for name in await bench.redis.zrange(bench.key("leaving"), 0, -1)}
        gone = set(range(MAX_ANSWERS)) - set(answered[:FIRST_ANSWERS]) - set(newest)
        assert left == {f"body:{digest(f'ack j{number}')}" for number in gone}
        # The next version begins anew.
        seq = (await bench.turn(notice("n2"))).head
        await bench.line.commit(bench.epoch, [(seq, [alert(seq)])])
        (record,) = (await bench.line.conflict("south", [alert(1).conflict])).rows
        assert record.version == seq and record.answers == {}
        assert (await bench.one(acknowledgement(alert(seq), "anew"))).entry is not None

    on_line(story, line_url)


def test_a_stepped_clock_ends_nothing_early_and_stamps_no_future(line_url: str) -> None:
    async def story(bench: Bench) -> None:
        await bench.one(notice())
        # Due by the store's clock, and perhaps by this worker's: one of the two was stepped.
        await bench.line.commit(bench.epoch, [(1, [alert(1, ends=-3600)])])
        for step_s in (-7200, 7200):
            stepped = bench.stepped(step_s)
            turned = await bench.turn(notice("n2"), notice(), line=stepped)
            assert refusals(turned.outcomes) == ["store_clock", None] and turned.outcomes[1].again
            assert abs(turned.apart + step_s * SECOND_US) < 60 * SECOND_US and turned.fired == 0
        assert (await bench.line.open()).head == 1
        turned = await bench.turn(notice("n2"))
        assert (turned.fired, turned.head) == (1, 3)
        assert all(abs(entry.received_at - now_us()) < 60 * SECOND_US for entry in turned.entries)

    on_line(story, line_url)


def test_a_timer_stamps_no_later_than_either_clock(line_url: str) -> None:
    async def story(bench: Bench) -> None:
        await bench.one(notice())
        await bench.redis.hset(bench.key("meta"), "clock", 0)
        await bench.line.commit(bench.epoch, [(1, [alert(1, ends=-3600)])])
        turned = await bench.turn(line=bench.stepped(-50))
        assert turned.fired == 1 and abs(turned.entries[-1].received_at - now_us() + 50 * SECOND_US) < 10 * SECOND_US

    on_line(story, line_url)


def test_the_stamp_never_goes_back(line_url: str) -> None:
    async def story(bench: Bench) -> None:
        await bench.one(notice())
        ahead = int(time.time() * 1000) + 30_000
        await bench.redis.hset(bench.key("meta"), "clock", ahead)
        turned = await bench.turn(notice("n2"))
        assert turned.entries[0].received_at == ahead * 1000 == turned.clock

    on_line(story, line_url)


def test_nothing_is_stamped_behind_a_stamp_that_stands_in_the_future(line_url: str) -> None:
    """Else every honest statement would be too late, for as long as that is ahead."""

    async def story(bench: Bench) -> None:
        await bench.one(notice())
        await bench.line.commit(bench.epoch, [(1, [alert(1, ends=-1)])])
        await bench.redis.hset(bench.key("meta"), "clock", int(time.time() * 1000) + 7_200_000)
        turned = await bench.turn(notice("n2"))
        assert refusals(turned.outcomes) == ["store_clock"] and turned.fired == 0 and turned.head == 1
        assert abs(turned.ahead - 7200 * SECOND_US) < 60 * SECOND_US
        assert turned.due is None, "nobody asks before the clocks are right"

    on_line(story, line_url)


@pytest.mark.req("R-095")
def test_a_store_that_lost_the_line_is_not_taken_for_an_empty_one(line_url: str) -> None:
    async def story(bench: Bench) -> None:
        await bench.one(notice())
        await bench.redis.delete(*await bench.keys())
        for asked in (
            bench.turn(notice("n2")),
            bench.turn(),
            bench.line.open(),
            bench.line.commit(bench.epoch, [(1, [])]),
            bench.line.events("north", 0, 1),
            bench.line.conflicts("north", "", 1),
            bench.line.notices("north", "", 1, live=True),
            bench.clean(),
        ):
            with pytest.raises(Unavailable) as raised:
                await asked
            assert raised.value.code == "store_unsafe" and "found" in raised.value.hint
        assert await bench.keys() == []

    on_line(story, line_url)


@pytest.mark.req("R-087")
def test_a_proof_is_spent_once(line_url: str) -> None:
    async def story(bench: Bench) -> None:
        assert await bench.line.spend("north", "j")
        assert not await bench.line.spend("north", "j")
        assert await bench.line.spend("south", "j")

    on_line(story, line_url)
