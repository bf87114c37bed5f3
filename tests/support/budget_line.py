"""What the stories of budgets share: a party's bench with budgets of its own, and a time that only the test moves."""

from keepclear_protocol.budgets import Budgets
from keepclear_protocol.errors import budget_code
from keepclear_service.line.ports import Arrival, Chain, Charge, Outcome, Turned
from msgspec import structs

from support.store_line import Bench, now_us

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
BESIDE = 2048
"""Bytes that are counted for each revision besides its own."""

SMALL = Budgets(
    live_notices=4,
    submits_a_minute=5,
    acknowledgements_a_minute=3,
    stored_bytes=30_000,
    pairs_an_hour=60,
    alerts_an_hour=12,
    volume_time_a_day=100,
)
"""Each divides its period without remainder, so that doubles count exactly."""


class Party:
    """A party's bench with budgets of its own, and a time that only the test moves."""

    def __init__(self, bench: Bench, budgets: Budgets = SMALL) -> None:
        self.bench, self.budgets = bench, budgets
        self.now = now_us() // 1000 + HOUR
        self.told: list[tuple[str, str, int]] = []

    async def wait(self, ms: int) -> None:
        self.now += ms
        await self.bench.redis.hset(self.bench.key("meta"), "clock", self.now)

    async def turn(self, *arrivals: Arrival, charges: tuple[Charge, ...] = ()) -> Turned:
        await self.wait(0)
        arrivals = tuple(whenever(arrival) for arrival in arrivals)
        turned = await self.bench.turn(*arrivals, budgets=self.budgets, charges=charges)
        for entry in turned.entries:
            if entry.kind == "budget":
                assert entry.received_at == self.now * 1000
                self.told.append((entry.party, entry.id, int(entry.note)))
        return turned

    async def one(self, arrival: Arrival) -> Outcome:
        (outcome,) = (await self.turn(arrival)).outcomes
        return outcome

    def ends(self, after_ms: int) -> float:
        """Seconds from the real now, as ``notice`` takes them, of an instant by this line's time."""
        return (self.now + after_ms) / 1000 - now_us() / 1e6


def whenever(arrival: Arrival) -> Arrival:
    """Admitted at any time, and its end to the millisecond that was meant."""
    chain = arrival.precondition
    if isinstance(chain, Chain) and chain.ends is not None:
        chain = structs.replace(chain, ends=(chain.ends + 500) // 1000 * 1000)
    return structs.replace(arrival, bounds=(), precondition=chain)


def refused(outcome: Outcome) -> str:
    assert outcome.over is not None and outcome.refused == budget_code(outcome.over.budget), outcome
    return outcome.over.budget
