"""Plans: what honest parties mean to do, and the volumes that they would file for it.

A sortie is filed with legs, cut from its planned track by the SDK's own reader; everything else stands in one place: a
tanker's block, a patrol's box, a lane, a gun's circle, a target's. Positions are kilometres east and north of the
middle of a theatre, so that a plan can be read; times are seconds from the day's begin.
"""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import Any

from keepclear.offline.inputs.flight import Options
from keepclear.offline.inputs.track import track_flight
from keepclear_protocol.instant import SECOND, format_instant, parse_instant
from keepclear_protocol.outline import circle_json, corridor_json, polygon_json
from keepclear_protocol.volume import volume4d_json

Spot = tuple[float, float]
"""Kilometres east and north."""

Volumes = list[dict[str, Any]]

MIDDLE = (34.5, 40.0)
KM_PER_DEGREE = 111.32

PLANNED = Options(leg_m=10_000.0, leg_ft=1_500.0, leg_s=120, margin_s=120, half_width_m=1_852.0, band_margin_ft=500)
"""How a plan is cut, which is less sure of itself than a recording: two minutes early or late, a mile to either side.
Beyond that the recorder's options, with legs about as long as the claim is wide."""

STEP_S = 40
"""Between two points of a planned track."""


def place(spot: Spot) -> tuple[float, float]:
    """Return latitude and longitude of a spot."""
    lat = MIDDLE[0] + spot[1] / KM_PER_DEGREE
    return round(lat, 6), round(MIDDLE[1] + spot[0] / (KM_PER_DEGREE * math.cos(math.radians(MIDDLE[0]))), 6)


@dataclass(frozen=True, slots=True)
class Standing:
    """Something that holds a place: a circle of ``km`` around one spot, or a box or a lane of ``km`` to either side of
    a line; between two altitudes in feet, for a while."""

    category: str
    spots: tuple[Spot, ...]
    km: float
    low_ft: float
    high_ft: float
    start_s: float
    last_s: float
    lane: bool = False

    @property
    def end_s(self) -> float:
        """When it is over."""
        return self.start_s + self.last_s

    def later(self, by_s: float) -> "Standing":
        """Return it at another time."""
        return replace(self, start_s=self.start_s + by_s)

    def moved(self, by_km: Spot) -> "Standing":
        """Return it at another place."""
        return replace(self, spots=tuple((x + by_km[0], y + by_km[1]) for x, y in self.spots))

    def volumes(self, day: int) -> Volumes:
        """Return its one volume; ``day`` is the instant at which the day begins."""
        if len(self.spots) == 1:
            outline = circle_json(place(self.spots[0]), self.km * 1000)
        elif self.lane:
            outline = corridor_json([place(spot) for spot in self.spots], self.km * 1000)
        else:
            (ax, ay), (bx, by) = self.spots
            long = math.hypot(bx - ax, by - ay)
            nx, ny = -(by - ay) / long * self.km, (bx - ax) / long * self.km
            ring = [(ax + nx, ay + ny), (bx + nx, by + ny), (bx - nx, by - ny), (ax - nx, ay - ny)]
            outline = polygon_json([place(corner) for corner in ring])
        start = day + int(self.start_s) * SECOND
        return [volume4d_json(outline, self.low_ft, self.high_ft, "FL", "FT", start, start + int(self.last_s) * SECOND)]


@dataclass(frozen=True, slots=True)
class Sortie:
    """A flight along spots, at one cruising altitude in feet, so many metres a second."""

    spots: tuple[Spot, ...]
    feet: float
    speed_mps: float
    start_s: float
    category: str = "flight"

    @property
    def end_s(self) -> float:
        """When it is over."""
        return self.start_s + 1000 * sum(math.dist(a, b) for a, b in pairwise(self.spots)) / self.speed_mps

    def later(self, by_s: float) -> "Sortie":
        """Return it at another time."""
        return replace(self, start_s=self.start_s + by_s)

    def moved(self, by_km: Spot) -> "Sortie":
        """Return it over other places; where it begins and ends stays."""
        inner = tuple((x + by_km[0], y + by_km[1]) for x, y in self.spots[1:-1])
        return replace(self, spots=(self.spots[0], *inner, self.spots[-1]))

    def volumes(self, day: int) -> Volumes:
        """Return its legs as the SDK cuts them."""
        shift = day + int(self.start_s) * SECOND - _CUT_AT
        return [shifted(leg, shift) for leg in _legs(self.spots, self.feet, self.speed_mps)]

    def track(self, step_s: int) -> list[tuple[int, Spot, float]]:
        """Return where it is each ``step_s``: seconds from its start, spot, feet; it climbs and sinks for 5 minutes."""
        legs = list(pairwise(self.spots))
        lengths = [1000 * math.dist(a, b) for a, b in legs]
        lasts = sum(lengths) / self.speed_mps
        found: list[tuple[int, Spot, float]] = []
        for step in range(max(2, int(lasts // step_s))):
            gone, number = step * step_s * self.speed_mps, 0
            while number < len(legs) - 1 and gone > lengths[number]:
                gone -= lengths[number]
                number += 1
            (ax, ay), (bx, by) = legs[number]
            part = min(1.0, gone / lengths[number])
            high = min(1.0, step * step_s / 300, max(0.0, lasts - step * step_s) / 300)
            spot = (ax + (bx - ax) * part, ay + (by - ay) * part)
            found.append((step * step_s, spot, round(1_000 + (self.feet - 1_000) * high)))
        return found


_CUT_AT = 1_700_000_000 * SECOND


@lru_cache(maxsize=4_096)
def _legs(spots: tuple[Spot, ...], feet: float, speed_mps: float) -> Volumes:
    """Legs of a flight that starts at ``_CUT_AT``: a flight that is put off is not cut anew."""
    track = Sortie(spots, feet, speed_mps, 0).track(STEP_S)
    points = [[_CUT_AT // SECOND + at, *place(spot), high] for at, spot, high in track]
    return track_flight({"points": points}, PLANNED, "plan").volumes


def shifted(volume: dict[str, Any], by: int) -> dict[str, Any]:
    """Return a volume ``by`` microseconds later."""
    times = {
        name: {**volume[name], "value": format_instant(parse_instant(volume[name]["value"]) + by)}
        for name in ("time_start", "time_end")
    }
    return {**volume, **times}


Plan = Standing | Sortie


def drawn(rng: random.Random, low: Spot, high: Spot) -> Spot:
    """Return a spot in a rectangle."""
    return rng.uniform(low[0], high[0]), rng.uniform(low[1], high[1])


def sortie(rng: random.Random, base: Spot, goal: Spot, start_s: float, speed_mps: float) -> Sortie:
    """Return a flight to a goal and back, by another way each time."""
    way = [drawn(rng, (min(p, q) - 30, min(r, s) - 30), (max(p, q) + 30, max(r, s) + 30))
           for (p, r), (q, s) in [(base, goal)] * 2]  # fmt: skip
    return Sortie((base, way[0], goal, way[1], base), rng.randrange(80, 380) * 100, speed_mps, start_s)


def spread(rng: random.Random, count: int, low_s: float, high_s: float) -> Sequence[float]:
    """Return as many times of a span, in order."""
    return sorted(rng.uniform(low_s, high_s) for _ in range(count))
