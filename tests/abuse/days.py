"""Honest days, act by act: who files, amends and withdraws what, and when. Seeded: the same day each time.

- ``paris``: the recorded afternoon over Paris, dealt to two parties by turns, each flight filed from its recording with
  the SDK's legs; each party sends all it has at once, as ``keepclear submit FILE`` does.
- ``strike_night``: 2 000 notices over 700 km by 600 km: sorties, tankers, patrols, lanes, guns, targets, drones. Two
  thirds are filed ahead, in four lots a side that are sent as fast as the line takes them; the rest as it comes up, a
  quarter of an hour to two hours before it flies. For half an hour 50 amendments a minute; one in twenty is withdrawn.
- ``quiet_week``: seven days of 40 flights and a few areas a side, a third filed the evening before.

The sides keep apart as sides do, each over its own half with some miles of both: that is what conflicts are made of.
"""

import json
import os
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from keepclear.offline.inputs.flight import Options
from keepclear.offline.inputs.track import track_flight
from keepclear_protocol.instant import SECOND

from .plans import Plan, Sortie, Spot, Standing, Volumes, drawn, sortie, spread

DAY = 1_800_000_000 * SECOND
"""When days begin whose times nobody recorded."""

NM, FT = 1852.0, 0.3048
PARTIES = ("north", "south")


def minima(miles: float, feet: float, lead_s: int = 0, tail_s: int = 0) -> dict[str, float]:
    """Return a category as an agreement's payload writes it."""
    return {"horizontal_m": miles * NM, "vertical_m": feet * FT, "lead_s": lead_s, "tail_s": tail_s}


CATEGORIES = {
    "flight": minima(5, 2_000),
    "fires": minima(2, 1_000, 120, 300),
    "strike": minima(10, 5_000, 300, 1_800),
}
"""The tutorial's, and guns between them. What flies to a target is a flight; the target is the strike."""


@dataclass(frozen=True, slots=True)
class Act:
    """At a second of the day a party files (revision 1), amends, or withdraws (no plan) a notice of that name."""

    at_s: float
    party: str
    name: str
    revision: int
    category: str
    plan: Plan | Volumes | None

    def volumes(self, day: int) -> Volumes:
        """Return what it files; nothing where it withdraws."""
        if self.plan is None or isinstance(self.plan, list):
            return self.plan or []
        return self.plan.volumes(day)


@dataclass(frozen=True)
class Day:
    """An honest day: its acts in the order of time, and the categories of its agreement."""

    name: str
    acts: Sequence[Act]
    begins: int = DAY
    categories: dict[str, dict[str, float]] = field(default_factory=lambda: CATEGORIES)


def recorded() -> list[dict[str, object]]:
    """Return the flights of the shared afternoon, or of the demo's sample where it is not there."""
    shared = Path(os.environ.get("KEEPCLEAR_SHARED", Path(__file__).resolve().parents[3] / "shared"))
    file = shared / "flights" / "paris-2021-10-07.jsonl"
    sample = Path(__file__).resolve().parents[2] / "clients" / "python" / "keepclear_demo" / "sample.jsonl"
    return [json.loads(line) for line in (file if file.exists() else sample).read_text().splitlines() if line.strip()]


def paris(count: int = 1_000) -> Day:
    """Return the recorded afternoon, each party's flights filed in one go an hour before the first."""
    records = recorded()[:count]
    flights = [track_flight(record, Options(), "a recording") for record in records]
    first = min(int(points[0][0]) for record in records if (points := record["points"]))  # type: ignore[index]
    acts = [
        Act(number // 2 * 0.1, PARTIES[number % 2], f"flight {number}", 1, "flight", flight.volumes)
        for number, flight in enumerate(flights)
    ]
    return Day("Paris, an afternoon", acts, (first - 3_600) * SECOND)


# The night: seconds from noon.
AHEAD_S, LOTS_S, DARK_S, DAWN_S = 7_200.0, (7_200.0, 12_600.0, 18_000.0, 23_400.0), 28_800.0, 61_200.0
PEAK_S, PEAK_LASTS_S, PEAK_A_MINUTE, ELSE_A_MINUTE = 36_000.0, 1_800.0, 50.0, 1.0
SENT_S = 0.05
"""Between two notices of one lot: as fast as one connection sends them."""

FIELDS = {"north": -1.0, "south": 1.0}
"""On which side of the middle a party's bases lie."""


def strike_night(count: int = 2_000, seed: int = 1) -> Day:
    """Return the night, with ``count`` notices of both sides together."""
    rng = random.Random(seed)
    acts: list[Act] = []
    for party in PARTIES:
        plans = list(_night_plans(rng, FIELDS[party], count // 2))
        rng.shuffle(plans)
        ahead = len(plans) * 2 // 3
        for number, plan in enumerate(plans):
            if number < ahead:
                at = LOTS_S[number * len(LOTS_S) // ahead] + number * SENT_S
            else:
                at = plan.start_s - rng.uniform(900, 7_200)
            acts.append(Act(at, party, f"{party} {number}", 1, plan.category, plan))
    acts += _changes(rng, acts, count / 2_000)
    return Day("a strike night", _in_order(acts))


def _night_plans(rng: random.Random, side: float, count: int) -> Iterator[Plan]:
    def own(near: float = 20, far: float = 300) -> Spot:
        return side * rng.uniform(near, far), rng.uniform(-280, 280)

    def some(share: float) -> int:
        return max(1, round(count * share))

    bases = [own(250, 330) for _ in range(4)]
    goals = [(side * rng.uniform(-60, 120), rng.uniform(-250, 250)) for _ in range(40)]
    left = count
    made: list[Callable[[], Plan]] = [
        *[lambda: _tanker(rng, own(100, 250))] * some(0.012),
        *[lambda: _patrol(rng, own(40, 200))] * some(0.024),
        *[lambda: _lane(rng, rng.choice(bases), own(20, 80))] * some(0.006),
        *[lambda: _gun(rng, own(5, 60))] * some(0.12),
        *[lambda: _target(rng, rng.choice(goals))] * some(0.15),
        *[lambda: _drone(rng, own(10, 250))] * some(0.06),
    ]
    for make in made[:count]:
        yield make()
        left -= 1
    for start_s in spread(rng, left, DARK_S, DAWN_S - 7_200):
        yield sortie(rng, rng.choice(bases), rng.choice(goals), start_s, rng.uniform(180, 240))


def _in_the_night(rng: random.Random, last_s: float) -> float:
    return rng.uniform(DARK_S, DAWN_S - last_s)


def _tanker(rng: random.Random, at: Spot) -> Plan:
    low = rng.randrange(18, 28) * 1_000
    spots = ((at[0], at[1] - 55), (at[0], at[1] + 55))
    return Standing("flight", spots, 18, low, low + 3_000, _in_the_night(rng, 21_600), 21_600)


def _patrol(rng: random.Random, at: Spot) -> Plan:
    spots = ((at[0], at[1] - 35), (at[0], at[1] + 35))
    return Standing("flight", spots, 17, 20_000, 36_000, _in_the_night(rng, 14_400), 14_400)


def _lane(rng: random.Random, base: Spot, to: Spot) -> Plan:
    low = rng.randrange(5, 30) * 1_000
    return Standing("flight", (base, to), 4, low, low + 2_000, DARK_S, 28_800, lane=True)


def _gun(rng: random.Random, at: Spot) -> Plan:
    last_s = rng.uniform(900, 3_600)
    return Standing("fires", (at,), rng.uniform(8, 20), 0, 25_000, _in_the_night(rng, last_s), last_s)


def _target(rng: random.Random, at: Spot) -> Plan:
    spot = (at[0] + rng.gauss(0, 8), at[1] + rng.gauss(0, 8))
    return Standing("strike", (spot,), rng.uniform(3, 8), 0, 25_000, _in_the_night(rng, 900), 900)


def _drone(rng: random.Random, at: Spot) -> Plan:
    low = rng.randrange(8, 22) * 1_000
    return Standing("flight", (at,), 12, low, low + 2_000, _in_the_night(rng, 10_800), 10_800)


def _changes(rng: random.Random, filed: Sequence[Act], scale: float) -> Iterator[Act]:
    """Amendments at their rate, of what is filed and not over yet, and withdrawals of some."""
    latest = {act.name: act for act in filed}
    gone = {act.name for act in filed if rng.random() < 0.05}
    times = spread(rng, round(PEAK_A_MINUTE * PEAK_LASTS_S / 60 * scale), PEAK_S, PEAK_S + PEAK_LASTS_S)
    others = spread(rng, round(ELSE_A_MINUTE * (DAWN_S - LOTS_S[-1]) / 60 * scale), LOTS_S[-1], DAWN_S)
    for at in sorted((*times, *others)):
        known = [act for act in latest.values() if act.at_s < at and isinstance(act.plan, Standing | Sortie)]
        live = [act for act in known if isinstance(act.plan, Standing | Sortie) and act.plan.end_s > at]
        if not live:
            continue
        act = rng.choice(live)
        assert isinstance(act.plan, Standing | Sortie)
        if rng.random() < 0.3:
            plan = act.plan.moved((rng.gauss(0, 12), rng.gauss(0, 12)))
        else:
            plan = act.plan.later(rng.choice((-600, 300, 600, 900, 1_200)))
        latest[act.name] = replace(act, at_s=at, revision=act.revision + 1, plan=plan)
        yield latest[act.name]
    for name in sorted(gone):
        act = latest[name]
        assert isinstance(act.plan, Standing | Sortie)
        at = max(act.at_s + 1, act.plan.start_s - rng.uniform(0, 3_600))
        yield replace(act, at_s=at, revision=act.revision + 1, plan=None)


DAY_S = 86_400.0


def quiet_week(days: int = 7, seed: int = 2) -> Day:
    """Return the week; it begins at midnight before its first day."""
    rng = random.Random(seed)
    acts: list[Act] = []
    for number in range(1, days + 1):
        dawn_s = number * DAY_S + 6 * 3_600
        for party in PARTIES:
            side = FIELDS[party]
            base = (side * 250, rng.uniform(-200, 200))
            plans: list[Plan] = [
                sortie(rng, base, drawn(rng, (-60, -250), (60, 250)), at, rng.uniform(110, 220))
                for at in spread(rng, 40, dawn_s, dawn_s + 12 * 3_600)
            ]
            for _ in range(4):
                spot = (side * rng.uniform(40, 250), rng.uniform(-250, 250))
                start_s = dawn_s + rng.uniform(0, 8) * 3_600
                plans.append(Standing("flight", (spot,), 20, 0, 18_000, start_s, 10_800))
            for at, plan in enumerate(plans):
                ahead = rng.random() < 0.33
                when = dawn_s - 10 * 3_600 + at * SENT_S if ahead else plan.start_s - rng.uniform(1_800, 10_800)
                first = Act(when, party, f"{party} {number}.{at}", 1, plan.category, plan)
                acts.append(first)
                if rng.random() < 0.15:
                    at_s = rng.uniform(when + 60, plan.start_s + 300)
                    acts.append(replace(first, at_s=at_s, revision=2, plan=plan.later(900)))
    return Day("a quiet week", _in_order(acts))


def _in_order(acts: Sequence[Act]) -> list[Act]:
    return sorted(acts, key=lambda act: (act.at_s, act.party, act.name, act.revision))
