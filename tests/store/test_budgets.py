"""What each party has spent: the store's own count against one that shares nothing with it, on every real store.

Time is the line's own: it is set by the newest stamp, ahead of the store's clock, so that no test waits for a minute.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from keepclear_protocol.budgets import Budgets
from keepclear_service.line.ports import Charge
from keepclear_service.store import line as line_module
from keepclear_service.store.spent import Spent, read_spent
from support.budget_line import BESIDE, DAY, HOUR, MINUTE, SMALL, Party, refused
from support.store_line import (
    PARTIES,
    acknowledgement,
    alert,
    notice,
    on_line,
    withdrawal,
)


@pytest.fixture(autouse=True)
def any_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a line's time run ahead of the store's clock."""
    monkeypatch.setattr(line_module, "CLOCKS_APART_MS", 10**15)


def at_line(story: Callable[[Party], Awaitable[None]], url: str, budgets: Budgets = SMALL) -> None:
    on_line(lambda bench: story(Party(bench, budgets)), url)


@pytest.mark.req("R-112", "R-116")
def test_submits_are_refused_once_a_minutes_are_spent_and_come_back_evenly(line_url: str) -> None:
    async def story(north: Party) -> None:
        for number in range(5):
            assert (await north.one(notice(f"n{number}", ends=-1))).entry
        over = await north.one(notice("more", ends=-1))
        assert refused(over) == "submits_a_minute"
        assert over.over is not None and (over.over.left, over.over.again_at) == (0, (north.now + 12_000) * 1000)
        # The other party, and what is no notice, go on.
        assert (await north.one(notice("theirs", party="south", ends=-1))).entry
        assert (await north.one(withdrawal("n0", prev="north n0 1"))).entry
        # What was admitted before is answered as ever, and costs nothing.
        assert (await north.one(notice("n1", ends=-1))).again
        await north.wait(11_999)
        assert refused(await north.one(notice("more", ends=-1))) == "submits_a_minute"
        await north.wait(1)
        assert (await north.one(notice("more", ends=-1))).entry
        assert refused(await north.one(notice("and_more", ends=-1))) == "submits_a_minute"
        await north.wait(10 * MINUTE)
        for number in range(5):
            assert (await north.one(notice(f"later{number}", ends=-1))).entry
        assert refused(await north.one(notice("too_many", ends=-1))) == "submits_a_minute"

    at_line(story, line_url)


@pytest.mark.req("R-112")
def test_what_the_store_refuses_for_another_reason_has_spent_its_submit(line_url: str) -> None:
    async def story(north: Party) -> None:
        for _ in range(5):
            assert (await north.one(notice("n1", 2, prev="no such"))).refused == "notice_unknown"
        assert refused(await north.one(notice("n1"))) == "submits_a_minute"

    at_line(story, line_url)


@pytest.mark.req("R-112", "R-116")
def test_acknowledgements_have_a_budget_of_their_own(line_url: str) -> None:
    async def story(north: Party) -> None:
        turned = await north.turn(notice("n1"))
        told = [alert(turned.head, to, other) for to, other in (("north", "south"), ("south", "north"))]
        await north.bench.line.commit(north.bench.epoch, [(turned.head, told)])
        for number in range(3):
            assert (await north.one(acknowledgement(told[1], f"j{number}"))).entry
        assert refused(await north.one(acknowledgement(told[1], "j3"))) == "acknowledgements_a_minute"
        assert north.told == [], "it hides nothing that anybody flies"
        assert (await north.one(notice("n2", party="south"))).entry
        assert (await north.one(acknowledgement(told[0], "j4"))).entry, "the other party's is its own"
        await north.wait(20_000)
        assert (await north.one(acknowledgement(told[1], "j5"))).entry

    at_line(story, line_url)


@pytest.mark.req("R-113")
def test_notices_that_have_not_ended_are_counted_and_a_withdrawal_makes_room(line_url: str) -> None:
    async def story(north: Party) -> None:
        north.budgets = replace(SMALL, submits_a_minute=60_000)
        for number in range(4):
            assert (await north.one(notice(f"n{number}", ends=north.ends(MINUTE * (number + 1))))).entry
        over = await north.one(notice("n4", ends=north.ends(HOUR)))
        assert refused(over) == "live_notices" and over.over is not None
        assert over.over.again_at == (north.now + MINUTE + 1) * 1000, "the first of them is over then"
        # What is over counts for nothing, and an amendment adds nothing.
        assert (await north.one(notice("past", ends=north.ends(-1)))).entry
        assert (await north.one(notice("n3", 2, prev="north n3 1", ends=north.ends(HOUR)))).entry
        # One that was over and is to live again adds one.
        assert refused(await north.one(notice("past", 2, prev="north past 1", ends=north.ends(HOUR)))) == "live_notices"
        assert (await north.one(withdrawal("n2", prev="north n2 1"))).entry
        assert (await north.one(notice("n4", ends=north.ends(HOUR)))).entry
        await north.wait(MINUTE + 1)
        assert (await north.one(notice("n5", ends=north.ends(HOUR)))).entry
        assert refused(await north.one(notice("n6", ends=north.ends(HOUR)))) == "live_notices"

    at_line(story, line_url)


@pytest.mark.req("R-113", "R-116")
def test_bytes_are_counted_until_the_store_lets_go_of_them(line_url: str) -> None:
    async def story(north: Party) -> None:
        long_ago, size = north.ends(-2 * DAY), 10_000 - BESIDE

        def body(name: str) -> str:
            return (name + " ").ljust(size, "x")

        async def spent() -> int:
            return int(await north.bench.redis.hget(north.bench.key("spent:north"), "bytes"))

        for name in ("n1", "n2"):
            assert (await north.one(notice(name, body=body(name), ends=long_ago, keep=-2 * DAY / 1000))).entry
        assert await spent() == 20_000
        # The first other statement at a revision is kept too, and counted once.
        for other in ("o1", "o2"):
            assert (await north.one(notice("n1", body=other))).refused == "revision_conflict"
        assert await spent() == 20_000 + 2 + BESIDE
        over = await north.one(notice("n3", body=body("n3"), ends=long_ago))
        assert refused(over) == "stored_bytes" and over.over is not None
        assert over.over.left == 10_000 - 2 - BESIDE
        assert (await north.one(withdrawal("n2", prev=body("n2")))).entry, "never refused for them"
        assert await spent() == 20_000 + 2 + BESIDE + len("withdrawal of n2") + BESIDE
        await north.turn()
        await north.bench.turn(done=range(1, 8), budgets=SMALL)
        await north.bench.clean(retention_s=0)
        assert await spent() == 96, "the id that was withdrawn has ended for ever"
        assert (await north.one(notice("n3", body=body("n3"), ends=long_ago))).entry

    at_line(story, line_url, replace(SMALL, submits_a_minute=60_000))


@pytest.mark.req("R-113", "R-114")
def test_bytes_of_alerts_count_among_a_partys_own_until_the_day_is_over_on_which_they_go(line_url: str) -> None:
    async def story(north: Party) -> None:
        north.budgets = replace(SMALL, submits_a_minute=60_000, live_notices=1000)
        await north.wait(DAY - north.now % DAY + HOUR)  # an hour into a day
        today = north.now // DAY
        charges = (("stored_bytes", today, 12_000), ("stored_bytes", today + 1, 9_000), ("caused_bytes", today, 50_000))
        await north.turn(charges=tuple(Charge("north", what, str(day), amount) for what, day, amount in charges))
        assert (await north.one(notice("n1", body="x" * (7_000 - BESIDE)))).entry
        over = await north.one(notice("n2", body="x" * 2_001))
        assert refused(over) == "stored_bytes" and over.over is not None
        assert (over.over.left, over.over.again_at) == (2_000, (today + 1) * DAY * 1000)
        assert (await north.one(notice("theirs", party="south"))).entry, "what it caused is its own affair"
        await north.wait(DAY)
        assert (await north.one(notice("n2", body="x" * 2_001))).entry
        await north.turn(charges=(Charge("north", "stored_bytes", str(today + 1), 9_000),))
        kept = await north.bench.redis.hget(north.bench.key("spent:north"), "kept")
        assert kept.decode() == f"{today + 1}:18000", "days that are over are let go of"

    at_line(story, line_url)


@pytest.mark.req("R-113")
def test_the_price_is_paid_in_the_day_of_the_last_window_and_never_comes_back(line_url: str) -> None:
    async def story(north: Party) -> None:
        north.budgets = replace(SMALL, submits_a_minute=60_000, live_notices=1000)
        await north.wait(DAY - north.now % DAY + HOUR)  # an hour into a day
        soon, tomorrow = north.ends(HOUR), north.ends(DAY)
        assert (await north.one(notice("n1", ends=soon, price=60))).entry
        over = await north.one(notice("n2", ends=soon, price=41))
        assert refused(over) == "volume_time_a_day" and over.over is not None
        assert (over.over.left, over.over.again_at) == (40, (north.now - HOUR + DAY) * 1000)
        # Each revision pays, a withdrawal brings nothing back, and what is over pays today.
        assert (await north.one(notice("n1", 2, prev="north n1 1", ends=soon, price=30))).entry
        assert (await north.one(withdrawal("n1", 3, prev="north n1 2"))).entry
        assert refused(await north.one(notice("n3", ends=soon, price=11))) == "volume_time_a_day"
        assert (await north.one(notice("n3", ends=north.ends(-DAY), price=10))).entry
        assert refused(await north.one(notice("n4", ends=north.ends(-3 * DAY), price=1))) == "volume_time_a_day"
        # Another day's is another's, and what it took stays taken when that day has come.
        assert (await north.one(notice("n5", ends=tomorrow, price=100))).entry
        await north.wait(DAY)
        assert refused(await north.one(notice("n6", ends=north.ends(0), price=1))) == "volume_time_a_day"
        assert (await north.one(notice("n7", ends=north.ends(DAY), price=100))).entry
        kept = await north.bench.redis.hget(north.bench.key("spent:north"), "days")
        assert len(kept.split()) == 2, "days that are over are let go of"

    at_line(story, line_url)


@pytest.mark.req("R-114")
def test_what_matching_showed_is_spent_afterwards_and_refuses_the_next(line_url: str) -> None:
    async def story(north: Party) -> None:
        assert (await north.one(notice("n1"))).entry
        await north.turn(charges=(Charge("north", "alerts_an_hour", "south", 11),))
        assert (await north.one(notice("n2"))).entry, "one is left"
        await north.turn(charges=(Charge("north", "alerts_an_hour", "south", 4),))
        over = await north.one(notice("n3"))
        assert refused(over) == "alerts_an_hour" and over.over is not None
        # Three of twelve are owed and one is to be left: that is a third of an hour.
        assert over.over.again_at == (north.now + HOUR // 3) * 1000
        assert (await north.one(notice("theirs", party="south"))).entry
        await north.wait(HOUR // 3)
        assert (await north.one(notice("n3"))).entry
        # Never deeper than by the whole.
        await north.turn(charges=(Charge("north", "alerts_an_hour", "south", 10_000),))
        over = await north.one(notice("n4"))
        assert over.over is not None and over.over.again_at == (north.now + HOUR + HOUR // 12) * 1000

    at_line(story, line_url)


@pytest.mark.req("R-114")
def test_a_refusal_for_pairs_lasts_until_a_full_five_minutes_whatever_was_seen(line_url: str) -> None:
    async def story(north: Party) -> None:
        north.budgets = replace(SMALL, submits_a_minute=60_000)
        five = 5 * MINUTE
        await north.wait(five - north.now % five + 1000)
        await north.turn(charges=(Charge("north", "pairs_an_hour", "", 60),))  # a minute later there is one
        over = await north.one(notice("n1"))
        assert refused(over) == "pairs_an_hour" and over.over is not None
        assert (over.over.left, over.over.again_at) == (0, (north.now - 1000 + five) * 1000)
        await north.wait(MINUTE + 1)
        assert refused(await north.one(notice("n1"))) == "pairs_an_hour", "though it would be paid by now"
        await north.wait(five - 1000 - MINUTE - 2)
        assert refused(await north.one(notice("n1"))) == "pairs_an_hour"
        await north.wait(1)
        assert (await north.one(notice("n1"))).entry

    at_line(story, line_url)


@pytest.mark.req("R-118", "R-119")
def test_everybody_is_told_once_while_it_is_covered(line_url: str) -> None:
    async def story(north: Party) -> None:
        for number in range(5):
            await north.one(notice(f"n{number}", ends=-1))
        began = north.now
        for _ in range(3):
            assert refused(await north.one(notice("more", ends=-1))) == "submits_a_minute"
        assert north.told == [("north", "submits_a_minute", began + 5 * MINUTE)]
        for party in PARTIES:
            events = (await north.bench.line.events(party, 0, 100)).events
            assert [event.seq for event in events if event.kind == "budget"] == [6]
        # Matched as it stands, and an entry like any other.
        assert await north.bench.redis.zscore(north.bench.key("unmatched"), 6) is None
        mark = await north.bench.redis.hget(north.bench.key("spent:north"), "told:submits_a_minute")
        assert mark == f"{began + 5 * MINUTE} 6".encode(), "and which entry tells it, for who comes later"
        await north.wait(5 * MINUTE // 2 - 1)
        await north.turn(*(notice(f"m{number}", ends=-1) for number in range(7)))
        assert len(north.told) == 1
        await north.wait(1)
        assert refused(await north.one(notice("more", ends=-1))) == "submits_a_minute"
        assert north.told[1:] == [("north", "submits_a_minute", north.now + 5 * MINUTE)]

    at_line(story, line_url)


@pytest.mark.req("R-118")
def test_the_word_of_a_days_budget_covers_a_day_at_most(line_url: str) -> None:
    async def story(north: Party) -> None:
        far = north.ends(9 * DAY)
        assert refused(await north.one(notice("n1", ends=far, price=101))) == "volume_time_a_day"
        assert north.told == [("north", "volume_time_a_day", north.now + DAY)]

    at_line(story, line_url)


def test_a_turn_that_admits_refuses_and_tells_knows_its_own_timers(line_url: str) -> None:
    """Entries that tell of a budget stand between what was admitted: the turn must not take them for timers."""

    async def story(north: Party) -> None:
        north.budgets = replace(SMALL, submits_a_minute=2)
        turned = await north.turn(*(notice(f"n{number}") for number in range(3)), notice("n3", party="south"))
        admitted = [outcome.entry.seq for outcome in turned.outcomes if outcome.entry]
        assert (turned.told, turned.fired, turned.head) == (1, 0, 4)
        assert admitted == [1, 2, 4]
        assert [entry.kind for entry in turned.entries] == ["notice", "notice", "budget", "notice"]

    at_line(story, line_url)


def test_who_looks_reads_what_the_script_counts(line_url: str) -> None:
    async def story(north: Party) -> None:
        north.budgets = replace(SMALL, volume_time_a_day=100)

        async def spent(live: int = 0) -> dict[str, Spent]:
            held = await north.bench.line.spent("north", ["south"])
            found = read_spent(held, north.budgets, live, north.now)
            assert [one.share for one in found] == sorted((one.share for one in found), reverse=True)
            return {one.budget: one for one in found}

        assert not any(one.used for one in (await spent()).values())
        for number in range(5):
            assert (await north.one(notice(f"n{number}", ends=north.ends(-1), price=9))).entry
        charges = (Charge("north", "alerts_an_hour", "south", 15), Charge("north", "pairs_an_hour", "", 61))
        day = north.now // DAY
        await north.turn(charges=(*charges, Charge("north", "stored_bytes", str(day), 2_000_000)))
        read = await spent(4)
        over = await north.one(notice("more", ends=-1))
        assert refused(over) == "pairs_an_hour" and over.over is not None
        assert {name for name, one in read.items() if one.over} == {
            "submits_a_minute", "alerts_an_hour", "pairs_an_hour", "stored_bytes", "live_notices",
        }  # fmt: skip
        assert (await spent())["pairs_an_hour"].back_at == over.over.again_at // 1000
        assert read["submits_a_minute"] == Spent("submits_a_minute", 5, 5, "", north.now + 12_000)
        assert read["alerts_an_hour"] == Spent("alerts_an_hour", 15, 12, "south", north.now + HOUR // 3)
        assert read["volume_time_a_day"] == Spent("volume_time_a_day", 45, 100, "", (day + 1) * DAY)
        assert read["stored_bytes"].back_at == (day + 1) * DAY and read["stored_bytes"].used > 2_000_000
        assert read["live_notices"] == Spent("live_notices", 4, 4)

    at_line(story, line_url)
