"""The best prober that we could find: what a day of it learns of hidden routes, with and without budgets.

``PYTHONPATH=tests python -m abuse.prober`` prints the table of docs/budgets.md; it needs no process and no store, since
a prober learns from alerts alone: a receipt's time tells nothing (design, section 7). What an alert shows is inherent:
every leg of the other side that comes too close, whole. So there is nothing to bisect: a hit localises a leg to its own
size, and all that a prober can do is to search the most sky for the least. It withdraws each notice at once, files the
next as soon as it may, and pays what it must. Its ways:

- ``sham``: all the sky for all day, in as few notices as the limits take.
- ``slices``: the sky through for as short a time as is charged: fences of thin points, no farther apart than a flight
  comes in that time, in layers as high as the minima. Nothing finds more flights for its price without knowing more.
- ``fence``: one such fence along the middle, all day: it must know that flights come there.
- ``airfields``: a circle around each field, all day: it must know the fields.

What it has seen a leg of, it follows both ways, some minutes of flight at a time.
"""

import math
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from keepclear_protocol.budgets import Budgets
from keepclear_protocol.instant import SECOND
from keepclear_protocol.outline import Corridor
from keepclear_protocol.volume import Volume, parse_volume
from keepclear_service.decide.entry import Outgoing

from .agreed import DEFAULTS, QUIET, STRICT
from .days import Day, quiet_week, strike_night
from .plans import KM_PER_DEGREE, MIDDLE, Spot, Standing
from .sky import PROBER, Sky, hidden
from .spent import Purse

FIRST_BITS, STEP_BITS = 30.1, 14.6
"""What a place in the sky is worth: one square mile of 700 km by 600 km, 1 000 of 40 000 ft, 5 minutes of 12 hours.
Five minutes on, a flight is within 40 nautical miles and some thousand feet: the next place is worth less."""

STEP_S = 300
PACE_S = 0.05
"""Between two notices of the prober's: as fast as one connection sends them."""

WEST, EAST, SOUTH, NORTH, TOP_FT = -350.0, 350.0, -300.0, 300.0, 40_000.0
APART_KM, LAYER_FT, FENCES_KM = 21.0, 5_000.0, 100.0
"""How far apart points, layers and fences lie so that nothing comes through: twice the minima and a leg's width, and
less than a flight comes in a quarter of an hour."""

VOLUMES_EACH = 500
SPEED_KM_S = 0.21

Look = tuple[float, float, float]
"""Kilometres ahead of a leg's end, radius in kilometres, feet above and below the leg."""

NARROW: tuple[Look, ...] = ((40.0, 0.1, 0.0), (10.0, 25.0, 5_000.0))
BROAD: tuple[Look, ...] = ((50.0, 60.0, 4_000.0),)
HABITS = {"one by one": (NARROW, 1), "together": (NARROW, 250), "broad": (BROAD, 250)}
"""How it follows: where to look, if one look fails the next; and for how many flights in one notice. The first is quick
to file, the second saves alerts where few are counted, the third saves alerts and pays with room."""

End = tuple[str, str, bool]
"""A flight, its leg, and whether what comes after it is not known (True) or what came before."""


@dataclass(frozen=True, slots=True)
class Learned:
    """What a day of probing came to: all of it, and when the first place and half of all places were known.

    ``bits`` are of a route, on average; ``share`` of its places, one each five minutes, those that are known to a mile,
    1 000 ft and five minutes. ``first`` and ``half`` are notices, alerts to the victim and hours; None where never.
    """

    way: str
    habit: str
    routes: int
    found: int
    bits: float
    share: float
    notices: int
    alerts: int
    room: int
    first: "Cost | None"
    half: "Cost | None"
    refused: Counter[str]


Cost = tuple[int, int, float]


class Prober:
    """Files probes for as long as it is let, and keeps what alerts show it."""

    def __init__(self, sky: Sky, budgets: Budgets | None, habit: str = "one by one") -> None:
        self.sky = sky
        self._looks, self._at_once = HABITS[habit]
        self.purse = Purse(budgets)
        self.at = sky.begins
        self.seen: dict[str, dict[str, Volume]] = {}
        self.notices = self.alerts = self.room = 0
        self.refused: Counter[str] = Counter()
        self.script: list[Sequence[Standing]] = []
        """What was filed until something was refused; ``stopped`` is what then was, and for which budget."""
        self.stopped: tuple[Sequence[Standing], str] | None = None
        self.first: Cost | None = None
        self.half: Cost | None = None
        self._steps = {name: _places(legs) for name, legs in sky.legs.items()}
        self._wanted = sum(map(len, self._steps.values())) / 2
        self._tried: set[End] = set()

    def probe(self, plans: Sequence[Standing], category: str = "flight") -> int | None:
        """File a notice and withdraw it; return how many legs it showed that were not known, None where it may not."""
        volumes = [parse_volume(volume) for plan in plans for volume in plan.volumes(self.sky.begins)]
        room = self.sky.line.room(category, volumes)
        name = f"probe {self.notices}"
        while over := self.purse.refusal(name, volumes, room, self.at):
            self.refused[over] += 1
            self.stopped = self.stopped or (plans, over)
            if over in ("volume_time_a_day", "stored_bytes") or self.at > self.sky.begins + 86_400 * SECOND:
                return None
            self.at += 10 * SECOND
        if not self.stopped:
            self.script.append(plans)
        price, told = self.sky.line.file(PROBER, name, 1, category, volumes, self.at)
        self.purse.charge(name, volumes, price, self.at)
        self.at += int(PACE_S * SECOND)
        self.notices, self.room = self.notices + 1, self.room + price.room
        self.alerts += price.alerts
        new = self._read(told)
        if new:
            spent = self.notices, self.alerts, (self.at - self.sky.begins) / SECOND / 3_600
            self.first = self.first or spent
            if self.half is None and sum(len(_places(legs)) for legs in self.seen.values()) >= self._wanted:
                self.half = spent
        self.sky.line.withdraw(PROBER, name, 2, self.at)
        self.purse.withdrawn(name)
        return new

    def follow(self) -> None:
        """Follow all flights of which a leg is known, forward and back, as far as they go."""
        while ends := [end for end in self._ends() if end not in self._tried]:
            self._tried.update(ends)
            for look in self._looks:
                circles = [self._ahead(self.seen[name][digest], forward, look) for name, digest, forward in ends]
                for first in range(0, len(circles), self._at_once):
                    if self.probe(circles[first : first + self._at_once]) is None:
                        return
                ends = [end for end in ends if end in set(self._ends())]

    def _ends(self) -> list[End]:
        return [(name, *end) for name, legs in self.seen.items() for end in _loose_ends(legs)]

    def _ahead(self, leg: Volume, forward: bool, look: Look) -> Standing:
        km, radius_km, feet = look
        assert isinstance(leg.outline, Corridor)
        near, far = map(_spot, leg.outline.path[:2] if forward else leg.outline.path[1::-1])
        long = math.dist(near, far)
        spot = (far[0] + (far[0] - near[0]) / long * km, far[1] + (far[1] - near[1]) / long * km)
        middle_s = (leg.start + leg.end) / 2 / SECOND - self.sky.begins / SECOND
        start_s = middle_s + (1 if forward else -1) * km / SPEED_KM_S - 450
        low, high = leg.lower_m / 0.3048 - feet, leg.upper_m / 0.3048 + feet
        return Standing("flight", (spot,), radius_km, low, high, start_s, 900)

    def _read(self, told: Sequence[Outgoing]) -> int:
        new = 0
        for one in told:
            if one.to == PROBER:
                name = one.other[1]
                for digest in one.payload["disclosed"]:
                    if digest not in self.seen.setdefault(name, {}):
                        self.seen[name][digest] = self.sky.legs[name][digest]
                        new += 1
        return new

    def learned(self, way: str, habit: str) -> Learned:
        """Return what it came to."""
        bits = share = 0.0
        for name, steps in self._steps.items():
            known = _places(self.seen.get(name, {}))
            bits += FIRST_BITS + STEP_BITS * (len(known) - 1) if known else 0.0
            share += len(known) / len(steps)
        count = len(self._steps)
        return Learned(
            way, habit, count, len(self.seen), bits / count, share / count, self.notices, self.alerts, self.room,
            self.first, self.half, self.refused,
        )  # fmt: skip

    def sham(self) -> None:
        """All of the sky for all of the day, in halves: one would be larger than the limits take."""
        start_s, end_s = self.sky.span_s
        for east in (WEST / 2, EAST / 2):
            spots = ((east, SOUTH), (east, NORTH))
            self.probe([Standing("flight", spots, EAST / 2, 0, TOP_FT, start_s, end_s - start_s)])

    def slices(self) -> None:
        """Look through all of the sky at one moment and another, first far apart, then between."""
        start_s, end_s = self.sky.span_s
        count = int((end_s - start_s) // 900)
        for number in sorted(range(count), key=_reversed_bits):
            if not self._fences(list(_steps(WEST, EAST, FENCES_KM)), start_s + 900 * number, 900):
                return
            self.follow()

    def fence(self) -> None:
        """Hold one fence along the middle, as near to it as the victim's side goes, all day."""
        start_s, end_s = self.sky.span_s
        self._fences([60.0], start_s, end_s - start_s)
        self.follow()

    def airfields(self) -> None:
        """Hold each field for all day, up to where a flight has left it."""
        start_s, end_s = self.sky.span_s
        for spot in sorted(self.sky.fields):
            self.probe([Standing("flight", (spot,), 5, 0, 6_000, start_s, end_s - start_s)])
        self.follow()

    def _fences(self, easts: Sequence[float], start_s: float, last_s: float) -> bool:
        points = [
            Standing("flight", ((east, north),), 0.1, low - 50, low + 50, start_s, last_s)
            for east in easts
            for north in _steps(SOUTH, NORTH, APART_KM)
            for low in _steps(0, TOP_FT, LAYER_FT)
        ]
        return all(
            self.probe(points[first : first + VOLUMES_EACH]) is not None
            for first in range(0, len(points), VOLUMES_EACH)
        )


def _places(legs: dict[str, Volume]) -> set[int]:
    """Return the places of five minutes that legs tell."""
    return {(leg.start + leg.end) // 2 // SECOND // STEP_S for leg in legs.values()}


def _loose_ends(legs: dict[str, Volume]) -> Iterator[tuple[str, bool]]:
    """Yield the legs behind which (True), or before which, a flight is not known for a while."""
    ordered = sorted(legs, key=lambda digest: legs[digest].start)
    for digest, after in zip(ordered, [*ordered[1:], None], strict=True):
        if after is None or legs[after].start - legs[digest].start > STEP_S * SECOND:
            yield digest, True
            if after is not None:
                yield after, False
    yield ordered[0], False


def _steps(low: float, high: float, apart: float) -> Iterator[float]:
    count = math.ceil((high - low) / apart)
    return (low + (high - low) * (number + 0.5) / count for number in range(count))


def _reversed_bits(number: int) -> int:
    return int(f"{number:016b}"[::-1], 2)


def _spot(position: tuple[float, float]) -> Spot:
    lat, lng = position
    east = (lng - MIDDLE[1]) * KM_PER_DEGREE * math.cos(math.radians(MIDDLE[0]))
    return east, (lat - MIDDLE[0]) * KM_PER_DEGREE


WAYS: dict[str, Callable[[Prober], None]] = {
    "sham": Prober.sham,
    "slices": Prober.slices,
    "fence": Prober.fence,
    "airfields": Prober.airfields,
}


def probed(day: Day, way: str, budgets: Budgets | None, habit: str, count: int = 10_000) -> Prober:
    """Return the prober after its day."""
    prober = Prober(hidden(day, count, budgets), budgets, habit)
    WAYS[way](prober)
    return prober


def day_of(day: Day, way: str, budgets: Budgets | None, count: int = 10_000) -> Learned:
    """Return what a day of one way of probing learns of a day's hidden flights, by the habit that learns most."""
    best: Learned | None = None
    for habit in HABITS:
        learned = probed(day, way, budgets, habit, count).learned(way, habit)
        if best is None or (round(learned.bits), -learned.notices) > (round(best.bits), -best.notices):
            best = learned
    assert best is not None
    return best


FLIGHTS = 40
COLUMNS = ("budgets", "way", "routes found", "bits a route", "places", "notices", "alerts", "room", "half of all")


def _told(spent: Cost | None) -> str:
    if spent is None:
        return "never that day"
    notices, alerts, hours = spent
    return f"{notices} notices, {alerts} alerts, {f'{hours:.1f} h' if hours >= 0.1 else f'{hours * 3600:.0f} s'}"


def main() -> int:
    """Print what a day of each way learns, on a quiet line and in a strike night, under budgets of all kinds."""
    say = sys.stdout.write
    kinds = {"none": None, "default": DEFAULTS, "quiet": QUIET, "few alerts": STRICT}
    for day, agreements in ((quiet_week(1), kinds), (strike_night(), {"default": DEFAULTS})):
        say(f"\n{day.name}: {FLIGHTS} of the other side's flights\n")
        say(f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}\n")
        for named, budgets in agreements.items():
            for way in WAYS:
                it = day_of(day, way, budgets, FLIGHTS)
                say(
                    f"| {named} | {it.way}, {it.habit} | {it.found} of {it.routes} | {it.bits:.0f} | {it.share:.0%}"
                    f" | {it.notices} | {it.alerts} | {it.room:,} | {_told(it.half)} |\n"
                )
                sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
