"""The store's count of what a party has spent against one that shares nothing with it: SPEC's, in exact fractions."""

import asyncio
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keepclear_protocol.budgets import PERIOD_S
from keepclear_protocol.encoding import digest
from keepclear_service.line.ports import Charge
from keepclear_service.store import line as line_module
from keepclear_service.store.connect import connect
from keepclear_service.store.line import StoredLine
from support.budget_line import BESIDE, DAY, HOUR, MINUTE, SMALL, Party
from support.store_line import TERMS, Bench, notice, now_us, withdrawal


@pytest.fixture(autouse=True)
def any_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a line's time run ahead of the store's clock."""
    monkeypatch.setattr(line_module, "CLOCKS_APART_MS", 10**15)


@dataclass
class Bucket:
    """A budget as SPEC tells it: filled evenly, never above its number."""

    most: int
    period: int
    level: Fraction = Fraction(0)
    at: int = 0

    def now(self, now: int) -> Fraction:
        self.level = min(Fraction(self.most), self.level + Fraction((now - self.at) * self.most, self.period))
        self.at = now
        return self.level


@dataclass
class Count:
    """What a party has spent, counted without the store's code."""

    submits: Bucket = field(default_factory=lambda: _full("submits_a_minute"))
    alerts: Bucket = field(default_factory=lambda: _full("alerts_an_hour"))
    pairs: Bucket = field(default_factory=lambda: _full("pairs_an_hour"))
    shut: int = 0
    bytes: int = 0
    live: dict[str, int] = field(default_factory=dict)
    days: dict[int, int] = field(default_factory=dict)
    covered: dict[str, int] = field(default_factory=dict)

    def admit(self, name: str, ends: int, size: int, price: int, now: int) -> str | None:
        if now >= self.shut and self.pairs.now(now) < 1:
            owed = (1 - self.pairs.level) * HOUR / self.pairs.most
            self.shut = (now + int(owed)) // (5 * MINUTE) * (5 * MINUTE) + 5 * MINUTE
        if now < self.shut:
            return "pairs_an_hour"
        if self.alerts.now(now) < 1:
            return "alerts_an_hour"
        if self.submits.now(now) < 1:
            return "submits_a_minute"
        self.submits.level -= 1
        alive = [one for one, until in self.live.items() if until >= now and one != name]
        if ends >= now and self.live.get(name, -1) < now and len(alive) >= SMALL.live_notices:
            return "live_notices"
        if self.bytes + size > SMALL.stored_bytes:
            return "stored_bytes"
        day = max(now, ends) // DAY
        if self.days.get(day, 0) + price > SMALL.volume_time_a_day:
            return "volume_time_a_day"
        self.days[day] = self.days.get(day, 0) + price
        self.bytes += size
        self.live[name] = ends
        return None


def _full(name: str) -> Bucket:
    most = getattr(SMALL, name)
    return Bucket(most, PERIOD_S[name] * 1000, Fraction(most))


WAITS = st.sampled_from([0, 0, 1, 5000, 11_999, 12_000, 12_001, MINUTE, 5 * MINUTE, HOUR, DAY]) | st.integers(0, HOUR)
STEPS = st.lists(
    st.tuples(
        WAITS,
        st.sampled_from(["file", "file", "file", "amend", "withdraw", "alerts", "pairs"]),
        st.integers(0, 6),
        st.integers(0, 60),
    ),
    max_size=40,
)


@settings(max_examples=25)
@given(steps=STEPS)
@pytest.mark.req("R-112", "R-113", "R-114", "R-118")
def test_the_stores_count_is_that_of_the_page(any_store: tuple[str, list[str]], steps: list[Any]) -> None:
    """Whatever is asked in whichever order: admitted and refused as one counts who has read SPEC alone."""

    async def run() -> None:
        store = connect(any_store[0])
        try:
            bench = Bench(store, StoredLine(store, digest(f"agreement {now_us()}")))
            await bench.line.found(TERMS, b"{}")
            bench.epoch = (await bench.line.open()).epoch
            await _compare(Party(bench), steps)
        finally:
            await store.close()

    asyncio.run(run())


async def _compare(north: Party, steps: list[Any]) -> None:
    newest: dict[str, tuple[int, str]] = {}
    count, names, telling = Count(), 0, 0
    for bucket in (count.submits, count.alerts, count.pairs):
        bucket.at = north.now
    for wait, what, small, number in steps:
        await north.wait(wait)
        if what in ("alerts", "pairs"):
            bucket = getattr(count, what)
            bucket.level = max(bucket.now(north.now) - number, Fraction(-bucket.most))
            other = "south" if what == "alerts" else ""
            await north.turn(charges=(Charge("north", f"{what}_an_hour", other, number),))
            continue
        standing = sorted(newest)
        if what == "file" or not standing:
            name, revision, prev = f"n{names}", 1, None
            names += 1
        else:
            name = standing[small % len(standing)]
            before, prev = newest[name]
            revision = before + 1
        if what == "withdraw" and prev is not None:
            assert (await north.one(withdrawal(name, revision, prev=prev))).entry
            count.bytes += len(f"withdrawal of {name}") + BESIDE
            count.live[name] = north.now - 1
            del newest[name]
            continue
        after = [-HOUR, 1000, MINUTE, HOUR, DAY, 2 * DAY, -2 * DAY][small]
        body = f"north {name} {revision} {names} ".ljust(1 + 60 * number, "x")
        arrival = notice(name, revision, body, prev=prev, ends=north.ends(after), price=number)
        expected = count.admit(name, north.now + after, len(body) + BESIDE, number, north.now)
        outcome = await north.one(arrival)
        assert (outcome.over.budget if outcome.over else outcome.refused) == expected
        if expected is None:
            newest[name] = (revision, body)
        elif count.covered.get(expected, 0) <= north.now + 5 * MINUTE // 2:
            assert north.told and north.told[-1][:2] == ("north", expected)
            until = north.told[-1][2]
            assert north.now + 5 * MINUTE <= until <= north.now + DAY
            count.covered[expected] = until
            telling += 1
        assert len(north.told) == telling
