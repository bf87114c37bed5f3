"""What a party has spent of its budgets, read back from what ``budgets.lua`` keeps, for those who look."""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from keepclear_protocol.budgets import DAY_S, PERIOD_S, Budgets

from .spending import BY_DAY, FIELDS

DAY_MS = DAY_S * 1000


@dataclass(frozen=True, slots=True)
class Spent:
    """Of one budget ``used`` of ``agreed``. ``other``: with which counterpart, where each is by itself.

    ``back_at``: the instant (ms) at which there is more of it, where there is less than one now; or, of what comes back
    with a day, when that is over. None where it is not spent, or where that hangs on what the party does.
    """

    budget: str
    used: int
    agreed: int
    other: str = ""
    back_at: int | None = None

    @property
    def share(self) -> float:
        """The part of it that is used; above 1 in debt."""
        return self.used / self.agreed

    @property
    def over(self) -> bool:
        """Whether the next of its kind would be refused."""
        return self.used >= self.agreed


def fields_of(others: Iterable[str]) -> list[str]:
    """Return the fields of a party's that are read; ``others`` are its counterparts."""
    alerts = FIELDS["alerts_an_hour"]
    once = [name for name in FIELDS.values() if name != alerts]
    return ["bytes", "days", "shut", *BY_DAY.values(), *once, *(f"{alerts}:{other}" for other in others)]


def read_spent(held: Mapping[str, str], budgets: Budgets, live: int, now: int) -> list[Spent]:
    """Return what is spent of each budget at ``now`` (ms), the worst first; ``live`` notices have not ended."""
    found = _read(held, budgets, live, now)
    return sorted(found, key=lambda one: (-one.share, one.budget, one.other))


def _read(held: Mapping[str, str], budgets: Budgets, live: int, now: int) -> Iterator[Spent]:
    yield Spent("live_notices", live, budgets.live_notices)
    by_day = dict(_days(held.get(BY_DAY["stored_bytes"], ""), now))
    kept = int(held.get("bytes", "0")) + sum(by_day.values())
    back_at = (min(by_day) + 1) * DAY_MS if by_day and kept >= budgets.stored_bytes else None
    yield Spent("stored_bytes", kept, budgets.stored_bytes, back_at=back_at)
    day, most = max(_days(held.get("days", ""), now), key=lambda one: one[1], default=(0, 0))
    yield Spent("volume_time_a_day", most, budgets.volume_time_a_day, back_at=(day + 1) * DAY_MS if most else None)
    for budget, field in FIELDS.items():
        for name, text in held.items():
            if name == field or name.startswith(f"{field}:"):
                yield _evenly(budget, name, float(text), int(held.get("shut", "0")), budgets, now)


def _evenly(budget: str, name: str, full: float, shut: int, budgets: Budgets, now: int) -> Spent:
    agreed, period = int(getattr(budgets, budget)), PERIOD_S[budget] * 1000
    used = math.ceil(max(0.0, full - now) * agreed / period)
    back_at = math.ceil(full + period / agreed - period)
    if budget == "pairs_an_hour":
        back_at = max(back_at, shut)
    other = name.partition(":")[2]
    return Spent(budget, used, agreed, other, back_at if back_at > now else None)


def _days(text: str, now: int) -> Iterator[tuple[int, int]]:
    for row in text.split():
        day, amount = map(int, row.split(":"))
        if day >= now // DAY_MS:
            yield day, amount
