"""The horizontal rule against the ellipsoid, on random pairs all over the earth.

For each pair the oracle measures the gap; then the minimum is set to just that gap, where the rules must say conflict,
and to just below what the declared widening covers, where they must say clear. So every pair is tried where it is
hardest, both ways. The declared widening: 0.6 % of the distance between the cores for the rule and 0.6 % for the
sphere, and for each the shift of the edges, 7e-11 times the squares of their lengths; besides, the oracle's residue.
"""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from keepclear_protocol.errors import Malformed
from keepclear_protocol.geometry import distance_m
from keepclear_protocol.separation import WORLDWIDE, Minima, Severity, judge
from keepclear_protocol.volume import Volume, circle_json, corridor_json, parse_volume, polygon_json, volume4d_json
from msgspec import structs
from support.ellipsoid import RESIDUE, RESIDUE_M, WGS84, Core, brute_gap, core_gaps, edge_lengths

PAIRS = (1_500, pytest.param(20_000, marks=pytest.mark.long))
RULE_SHARE = 0.994
SPHERE_SHARE = 1.006
SHIFT_PER_M = 7e-11
START = 1_790_000_000_000_000

Point = tuple[float, float]


@dataclass(frozen=True)
class Sample:
    volume: Volume
    core: Core
    radius_m: float


class Globe:
    """Draws outlines of every kind and size, seeded."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)

    def place(self) -> Point:
        """Anywhere, and one time in two at a pole, on the antimeridian or on the equator."""
        lat = float(np.degrees(np.arcsin(self.random.uniform(-1, 1))))
        lng = float(self.random.uniform(-180, 180))
        match int(self.random.integers(8)):
            case 0:
                lat = float(self.random.choice([-1, 1])) * (90 - 10 ** float(self.random.uniform(-7, 0.5)))
            case 1:
                lng = float(self.random.choice([-1, 1])) * (180 - 10 ** float(self.random.uniform(-7, 0.5)))
            case 2:
                lat = float(self.random.normal()) * 10 ** float(self.random.uniform(-7, 0.5))
            case 3:
                lat = float(self.random.choice([-1, 1])) * 90.0
        return lat, lng

    def size_m(self) -> float:
        """From metres to the 500 km at which two vertices can be 1 000 km apart."""
        return 10 ** float(self.random.uniform(0, 5.6))

    def away(self, origin: Point, azimuths: np.ndarray, metres: np.ndarray) -> list[Point]:
        lng, lat, _ = WGS84.fwd(
            np.full(azimuths.shape, origin[1]), np.full(azimuths.shape, origin[0]), azimuths, metres
        )
        return [(round(float(y), 9), round(float(x), 9)) for y, x in zip(lat, lng, strict=True)]

    def sample(self, origin: Point, size_m: float) -> Sample:
        """A star-shaped polygon, convex or not; a corridor that may cross itself; or a circle."""
        kind = int(self.random.integers(4))
        if kind == 3:
            point = self.away(origin, np.zeros(1), np.zeros(1))[0]
            return self._sample(circle_json(point, size_m), Core((point,), False), size_m)
        count = int(self.random.integers(3, 8))
        azimuths = self.random.uniform(0, 360, count)
        metres = self.random.uniform(0.2, 1, count) * size_m
        if kind == 2:
            half_width_m = size_m * 10 ** float(self.random.uniform(-3, -0.5))
            path = tuple(self.away(origin, azimuths[:4], metres[:4]))
            return self._sample(corridor_json(path, half_width_m), Core(path, False), half_width_m)
        ring = tuple(self.away(origin, np.sort(azimuths), metres))
        return self._sample(polygon_json(ring), Core(ring, True), 0.0)

    def pair(self) -> tuple[Sample, Sample]:
        """Two outlines of any sizes some way apart; or, one time in four, a small one beside an edge of the other."""
        while True:
            origin, size_m, small_m = self.place(), self.size_m(), 10 ** float(self.random.uniform(0, 2))
            try:
                first = self.sample(origin, size_m)
                if len(first.core.points) > 1 and self.random.integers(4) == 0:
                    return first, self.sample(self.beside(first.core), small_m)
                other_m = self.size_m()
                apart = (size_m + other_m) * float(self.random.uniform(0, 2)) + 10 ** float(
                    self.random.uniform(-1, 4.5)
                )
                other = self.away(origin, self.random.uniform(0, 360, 1), np.array([apart]))[0]
                return first, self.sample(other, other_m)
            except Malformed:
                # A sliver, a crossing, or an edge above 1 000 km: there is no rule for what is refused.
                continue

    def beside(self, core: Core) -> Point:
        """Up to a few hundred metres off an edge, where its run on the ellipsoid decides."""
        (lat, lng), (end_lat, end_lng) = core.points[:2]
        azimuth, _, length = WGS84.inv(lng, lat, end_lng, end_lat)
        lng, lat, back = WGS84.fwd(lng, lat, azimuth, length * float(self.random.uniform()))
        side = back + float(self.random.choice([-90, 90]))
        return self.away((lat, lng), np.array([side]), np.array([10 ** float(self.random.uniform(-1, 2.5))]))[0]

    def _sample(self, outline: dict[str, object], core: Core, radius_m: float) -> Sample:
        volume4d = volume4d_json(outline, 0, 100, "W84", "M", START, START + 3_600_000_000)
        return Sample(parse_volume(volume4d), core, radius_m)


def minima(horizontal_m: float) -> Minima:
    return Minima(horizontal_m, 0, 0, 0)


def shift_m(a: Core, b: Core) -> float:
    return SHIFT_PER_M * sum(float(edge_lengths(core).max()) ** 2 for core in (a, b)) * 1.012


def clear_below_m(gap_m: float, a: Sample, b: Sample) -> float:
    """The minimum below which the rules owe the answer clear to a pair whose cores are ``gap_m`` apart."""
    least = gap_m * (1 - RESIDUE) - RESIDUE_M
    shift = shift_m(a.core, b.core)
    return RULE_SHARE * (least - shift) / SPHERE_SHARE - a.radius_m - b.radius_m - shift


@pytest.mark.timeout(600)
@pytest.mark.req("R-056", "R-064")
@pytest.mark.parametrize("count", PAIRS)
def test_random_pairs_have_no_false_negative_and_no_false_positive_beyond_the_widening(count: int) -> None:
    globe = Globe(20261122)
    pairs = [globe.pair() for _ in range(count)]
    gaps = core_gaps([(a.core, b.core) for a, b in pairs])
    missed, false_alarms, tried_clear, meeting = [], [], 0, 0
    for (a, b), gap in zip(pairs, gaps, strict=True):
        apart = float(gap) - a.radius_m - b.radius_m
        assert distance_m(a.volume.shape, b.volume.shape) == distance_m(b.volume.shape, a.volume.shape)
        at_gap = judge(a.volume, minima(max(0.0, apart)), b.volume, minima(0), WORLDWIDE)
        if at_gap is None:
            missed.append((a.core, b.core, apart))
        if apart <= 0:
            meeting += 1
            if at_gap is not None and at_gap.severity is not Severity.OVERLAP:
                missed.append((a.core, b.core, apart))
        below = clear_below_m(float(gap), a, b)
        if below >= 0:
            tried_clear += 1
            if judge(a.volume, minima(below), b.volume, minima(0), WORLDWIDE) is not None:
                false_alarms.append((a.core, b.core, below))
    assert not missed, f"{len(missed)} missed, such as {missed[0]}"
    assert not false_alarms, f"{len(false_alarms)} false alarms, such as {false_alarms[0]}"
    # The sample must try both answers often, or the two lines above say little.
    assert tried_clear > count / 3
    assert meeting > count / 10


@pytest.mark.parametrize("count", [50, pytest.param(400, marks=pytest.mark.long)])
def test_the_oracle_agrees_with_brute_force(count: int) -> None:
    globe = Globe(7)
    pairs = [globe.pair() for _ in range(count)]
    for (a, b), gap in zip(pairs, core_gaps([(a.core, b.core) for a, b in pairs]), strict=True):
        if gap == 0:
            continue  # inside: there is no boundary to compare
        sampled, step = brute_gap(a.core, b.core, 60)
        assert gap <= sampled * (1 + RESIDUE) + RESIDUE_M
        assert gap >= sampled - step


def test_a_long_edge_runs_elsewhere_on_the_ellipsoid_and_the_rule_knows() -> None:
    # A 1 000 km edge along 45 N, and a point that lies on it on the ellipsoid but 66 m off it on the sphere.
    (west, east), middle = _edge_across_45n()
    edge = _volume(corridor_json([west, east], 1.0))
    point = _volume(circle_json(middle, 1.0))
    assert judge(edge, minima(0), point, minima(0), WORLDWIDE) is not None
    assert edge.shape.longest_edge_m > 990_000
    without_shift = replace(edge, shape=structs.replace(edge.shape, margin_m=1.0))
    assert judge(without_shift, minima(60), point, minima(0), WORLDWIDE) is None


def _edge_across_45n() -> tuple[tuple[Point, Point], Point]:
    azimuth, _, length = WGS84.inv(0, 45, 12.68, 45)
    lng, lat, _ = WGS84.fwd(0, 45, azimuth, length / 2)
    return ((45.0, 0.0), (45.0, 12.68)), (round(float(lat), 9), round(float(lng), 9))


def _volume(outline: dict[str, object]) -> Volume:
    return parse_volume(volume4d_json(outline, 0, 100, "W84", "M", START, START + 3_600_000_000))
