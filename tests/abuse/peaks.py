"""What honest days spend of each budget at the most, and whether they are refused anything.

``PYTHONPATH=tests python -m abuse.peaks`` prints the table of docs/budgets.md: the recorded afternoon, the strike night
and the quiet week, walked act by act with the fold itself, each act held against what is left. Also under *siege*: the
other side has put small notices over every airfield, as many as it likes, so that whatever takes off meets them all.
What others file must not spend a party's budget, so that is refused nothing either.
"""

import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from keepclear_protocol.budgets import PERIOD_S, Budgets
from keepclear_protocol.instant import SECOND
from keepclear_protocol.volume import parse_volume
from support.world import World

from .agreed import DEFAULTS, QUIET, STRICT
from .days import PARTIES, Act, Day, paris, quiet_week, strike_night
from .plans import Sortie, Standing
from .spent import DAY_US, Line, Price, Purse, agreed, least

MEASURED = ("live_notices", "submits_a_minute", "stored_bytes", "pairs_an_hour", "alerts_an_hour", "volume_time_a_day")


@dataclass
class Walked:
    """A day's acts of one party with what they cost, and what it was refused."""

    purse: Purse
    at_s: list[float] = field(default_factory=list)
    prices: list[Price] = field(default_factory=list)
    rooms: Counter[int] = field(default_factory=Counter)
    live: int = 0
    refused: Counter[str] = field(default_factory=Counter)

    def peak(self, budget: str) -> int:
        """Return how large a budget must be at least so that this day is refused nothing for it."""
        costs: dict[str, Sequence[float]] = {
            "submits_a_minute": [1.0 for _ in self.prices],
            "pairs_an_hour": [price.pairs for price in self.prices],
            "alerts_an_hour": [price.hits for price in self.prices],
        }
        if budget in costs:
            return round(least(self.at_s, costs[budget], PERIOD_S[budget]))
        return {
            "live_notices": self.live,
            "stored_bytes": self.purse.stored_bytes,
            "volume_time_a_day": max(self.rooms.values(), default=0),
        }[budget]


def walk(day: Day, budgets: Budgets, parties: Sequence[str] = PARTIES, siege: int = 0) -> dict[str, Walked]:
    """Return what each party spends on a day, and is refused; ``siege`` hostile notices lie over each airfield."""
    world = World(*PARTIES, categories=day.categories, budgets=agreed(budgets))
    line = Line(world.agreement)
    spent = {party: Walked(Purse(budgets)) for party in parties}
    if siege:
        _besiege(line, day, parties[0], siege)
    for act in day.acts:
        if act.party in spent:
            _act(line, day, act, spent[act.party])
    return spent


def _act(line: Line, day: Day, act: Act, spent: Walked) -> None:
    at = day.begins + int(act.at_s * SECOND)
    if act.plan is None:
        line.withdraw(act.party, act.name, act.revision, at)
        spent.purse.withdrawn(act.name)
        return
    volumes = [parse_volume(volume) for volume in act.volumes(day.begins)]
    room = line.room(act.category, volumes)
    if over := spent.purse.refusal(act.name, volumes, room, at):
        spent.refused[over] += 1
        return
    price, _ = line.file(act.party, act.name, act.revision, act.category, volumes, at)
    spent.purse.charge(act.name, volumes, price, at)
    spent.at_s.append(act.at_s)
    spent.prices.append(price)
    spent.rooms[max(at, *(volume.end for volume in volumes)) // DAY_US] += price.room
    spent.live = max(spent.live, spent.purse.live)


def _besiege(line: Line, day: Day, party: str, count: int) -> None:
    other = next(name for name in PARTIES if name != party)
    plans = [act.plan for act in day.acts if act.party == party and isinstance(act.plan, Sortie)]
    last_s = max(plan.end_s for plan in plans)
    for number, spot in enumerate(sorted({plan.spots[0] for plan in plans})):
        over = [Standing("flight", (spot,), 0.2, 0, 3_000 + 100 * step, 0, last_s) for step in range(count)]
        for step, plan in enumerate(over):
            volumes = [parse_volume(volume) for volume in plan.volumes(day.begins)]
            line.file(other, f"siege {number}.{step}", 1, "flight", volumes, day.begins)


def _row(name: str, days: Sequence[dict[str, Walked]], budgets: Budgets) -> str:
    peaks = [max(spent.peak(name) for spent in walked.values()) for walked in days]
    return " | ".join(f"{number:>13,}" for number in (*peaks, getattr(budgets, name)))


def main() -> int:
    """Walk all days and print what they spend; return how many acts were refused."""
    say = sys.stdout.write
    days: dict[str, Callable[[], Day]] = {"Paris": paris, "strike night": strike_night, "quiet week": quiet_week}
    walked = {name: walk(make(), QUIET if name == "quiet week" else DEFAULTS) for name, make in days.items()}
    say(f"{'peak of the worse party':<20} | {' | '.join(f'{name:>13}' for name in walked)} | {'default':>13}\n")
    for name in MEASURED:
        say(f"{name:<20} | {_row(name, list(walked.values()), DEFAULTS)}\n")
    refused = Counter[str]()
    for name, parties in walked.items():
        for party, spent in parties.items():
            say(f"{name}, {party}: {len(spent.prices)} filed, refused: {dict(spent.refused) or 0}\n")
            refused += spent.refused
    sieges = (("strike night", DEFAULTS), ("quiet week", QUIET), ("quiet week", STRICT))
    for name, budgets in sieges:
        for party, spent in walk(days[name](), budgets, PARTIES[:1], siege=50).items():
            few = ", few alerts agreed" if budgets is STRICT else ""
            say(f"{name} under siege{few}, {party}: {len(spent.prices)} filed, refused: {dict(spent.refused) or 0}\n")
            refused += Counter() if few else spent.refused
    return refused.total()


if __name__ == "__main__":
    sys.exit(main())
