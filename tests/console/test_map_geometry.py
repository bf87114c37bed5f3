"""Where the console's map draws things and what it calls them, against pyproj, MGRS and distances on the sphere."""

import itertools
import math
import random
from collections.abc import Callable, Iterator
from typing import Any

import mgrs
import pyproj
import pytest
from keepclear.cli.reference import Reference
from keepclear_protocol.geometry import EARTH_RADIUS_M
from support.page_modules import PageModules

Position = tuple[float, float]
SPHERE = pyproj.Geod(a=EARTH_RADIUS_M, b=EARTH_RADIUS_M)


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory, require: Callable[[str, str], None]) -> PageModules:
    return PageModules(tmp_path_factory.mktemp("modules"), require)


def _positions(count: int, seed: int) -> list[Position]:
    chance = random.Random(seed)
    # Even over the sphere, then the zones that are cut otherwise than every six degrees, then the caps.
    some = [(math.degrees(math.asin(chance.uniform(-1, 1))), chance.uniform(-180, 180)) for _ in range(count)]
    some += [(chance.uniform(55, 85), chance.uniform(-1, 45)) for _ in range(count // 4)]
    some += [(chance.choice([-1, 1]) * chance.uniform(79, 90), chance.uniform(-180, 180)) for _ in range(count // 4)]
    return [*some, (0, 0), (84, 0), (-80, 0), (72, 9), (64, 3), (56, 3), (56, 2.99), (0, 180), (0, -180), (-0.00001, 3)]


def test_mgrs_is_that_of_nga(modules: PageModules) -> None:
    positions = _positions(4000, 1)
    told = modules.ask('import { mgrs } from "./map/mgrs.js";', "mgrs(...question)", positions)
    oracle = mgrs.MGRS()
    wrong = []
    for position, ours in zip(positions, told, strict=True):
        theirs = oracle.toMGRS(*position, MGRSPrecision=5)
        square, figures = theirs[:-10], (int(theirs[-10:-5]), int(theirs[-5:]))
        *named, easting, northing = ours.split(" ")
        off = max(abs(int(easting) - figures[0]), abs(int(northing) - figures[1]))
        # NGA's own code rounds to millimetres before it cuts off: a metre in one of a thousand.
        if "".join(named) != square or off > 1:
            wrong.append((position, ours, theirs))
    assert not wrong


def test_bearing_and_range_are_those_of_the_terminal_and_of_pyproj(modules: PageModules) -> None:
    pairs = list(zip(_positions(600, 2), _positions(600, 3), strict=True))
    told = modules.ask('import { bearingRange } from "./map/sphere.js";', "bearingRange(...question)", pairs)
    for (start, end), ours in zip(pairs, told, strict=True):
        bearing, miles = Reference(*start, "here").bearing_range(*end)
        assert math.isclose(ours["range_m"] / 1852, miles, rel_tol=1e-9, abs_tol=1e-6)
        azimuth, _, metres = SPHERE.inv(start[1], start[0], end[1], end[0])
        assert math.isclose(ours["range_m"], metres, rel_tol=1e-7, abs_tol=0.01)
        if 1000 < metres < 1.9e7 and abs(start[0]) < 89:
            assert abs(math.remainder(ours["bearing_deg"] - azimuth, 360)) < 1e-4
            assert abs(math.remainder(ours["bearing_deg"] - bearing, 360)) < 1e-6


def test_a_destination_lies_where_pyproj_goes(modules: PageModules) -> None:
    chance = random.Random(4)
    asked = [(place, chance.uniform(0, 360), chance.uniform(1, 900_000)) for place in _positions(300, 5)]
    told = modules.ask('import { destination } from "./map/sphere.js";', "destination(...question)", asked)
    for (start, bearing, metres), (lat, lng) in zip(asked, told, strict=True):
        _, _, off = SPHERE.inv(lng, lat, *SPHERE.fwd(start[1], start[0], bearing, metres)[:2])
        assert off < 0.1


def test_a_long_leg_is_drawn_along_the_great_circle(modules: PageModules) -> None:
    ends = [
        (start, (lat, start[1] + across))
        for start, (lat, _) in zip(_positions(100, 6), _positions(100, 7), strict=True)
        for across in (3, -170)
    ]
    told = modules.ask('import { greatCircle } from "./map/sphere.js";', "greatCircle(...question, 0.25)", ends)
    for (start, end), line in zip(ends, told, strict=True):
        whole = SPHERE.inv(start[1], start[0], end[1], end[0])[2]
        parts = [start, *line]
        lengths = [SPHERE.inv(a[1], a[0], b[1], b[0])[2] for a, b in itertools.pairwise(parts)]
        assert math.isclose(sum(lengths), whole, rel_tol=1e-6, abs_tol=1)
        assert max(lengths) < 27_900
        if max(abs(start[0]), abs(end[0])) < 80:
            assert max(abs(a[1] - b[1]) for a, b in itertools.pairwise(parts)) < 90


def test_an_outline_is_never_smaller_than_what_is_claimed_and_hardly_larger(modules: PageModules) -> None:
    chance = random.Random(8)
    extents = [_extent(chance, number) for number in range(80)]
    told = modules.ask('import { outline } from "./map/outline.js";', "outline(question)", extents)
    for extent, drawn in zip(extents, told, strict=True):
        radius = extent["radius_m"]
        for point in _about(extent, chance):
            away = _distance_m(point, extent["points"])
            inside = any(
                _winds(ring, point[0], point[1] + turn) for ring in drawn["fill"] for turn in (-720, -360, 0, 360, 720)
            )
            if away < radius - 1:
                assert inside, (extent, point, away)
            if away > radius * 1.013 + 80:
                assert not inside, (extent, point, away)


def test_the_lines_of_an_outline_lie_at_its_rim(modules: PageModules) -> None:
    chance = random.Random(9)
    # A tanker's orbit, whose legs cover one another: no line within.
    legs = [(45.0, 5.0), (45.0, 5.6), (45.2, 5.6), (45.2, 5.0), (45.0, 5.0), (45.0, 5.4)]
    extents = [
        {"shape": "corridor", "points": legs, "radius_m": 9000},
        *(_extent(chance, 4 * n + 1) for n in range(40)),
    ]
    told = modules.ask('import { outline } from "./map/outline.js";', "outline(question)", extents)
    for extent, drawn in zip(extents, told, strict=True):
        away = [_distance_m(point, extent["points"]) for line in drawn["lines"] for point in line]
        assert min(away) > extent["radius_m"] * 0.998
        assert max(away) < extent["radius_m"] * 1.013


def test_a_polygon_over_the_antimeridian_and_one_round_the_pole_are_one_ring_without_a_jump(
    modules: PageModules,
) -> None:
    over = {"shape": "polygon", "points": [(10, 179), (10, -179), (12, -179), (12, 179)], "radius_m": None}
    round_pole = {"shape": "polygon", "points": [(80, 0), (80, 120), (80, -120)], "radius_m": None}
    told = modules.ask('import { outline } from "./map/outline.js";', "outline(question)", [over, round_pole])
    for drawn in told:
        (ring,) = drawn["fill"]
        steps = [abs(a[1] - b[1]) for a, b in itertools.pairwise(ring)]
        assert max(steps[:-2]) < 5
    assert max(lng for _, lng in told[0]["fill"][0]) - min(lng for _, lng in told[0]["fill"][0]) == pytest.approx(2)
    assert max(lat for lat, _ in told[1]["fill"][0]) == 90
    assert all(
        _winds(told[1]["fill"][0], 88, lng) or _winds(told[1]["fill"][0], 88, lng - 360) for lng in range(1, 360, 20)
    )


def _extent(chance: random.Random, number: int) -> dict[str, Any]:
    start = (chance.uniform(-80, 80), chance.uniform(-180, 180))
    if number % 4 == 0:
        return {"shape": "circle", "points": [start], "radius_m": chance.uniform(100, 200_000)}
    points, bearing = [start], chance.uniform(0, 360)
    for _ in range(chance.randint(1, 8)):
        bearing += chance.gauss(0, 60 if number % 2 else 20)
        lat, lng = points[-1]
        east, north, _ = SPHERE.fwd(lng, lat, bearing, 10 ** chance.uniform(3, 5))
        points.append((north, east))
    return {"shape": "corridor", "points": points, "radius_m": 10 ** chance.uniform(2.5, 4.5)}


def _about(extent: dict[str, Any], chance: random.Random) -> Iterator[Position]:
    for _ in range(30):
        lat, lng = chance.choice(extent["points"])
        far = extent["radius_m"] * chance.choice([0.5, 0.9, 0.999, 1.03, 1.2, chance.uniform(0, 3)])
        east, north, _ = SPHERE.fwd(lng, lat, chance.uniform(0, 360), far)
        yield north, east


def _vector(position: Position) -> tuple[float, float, float]:
    lat, lng = map(math.radians, position)
    return math.cos(lat) * math.cos(lng), math.cos(lat) * math.sin(lng), math.sin(lat)


def _distance_m(point: Position, path: list[Position]) -> float:
    """From a point to a path, by where along each leg it is nearest."""
    at = _vector(point)
    nearest = min(math.dist(at, _vector(end)) for end in path)
    for a, b in itertools.pairwise(map(_vector, path)):
        share_a, share_b, chord = math.dist(at, a), math.dist(at, b), math.dist(a, b)
        if chord and abs(share_a**2 - share_b**2) < chord**2 * 1.000001:
            normal = (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])
            sine = abs(sum(p * q for p, q in zip(at, normal, strict=True))) / math.hypot(*normal)
            nearest = min(nearest, 2 * math.sin(math.asin(min(1, sine)) / 2))
    return 2 * math.asin(min(1, nearest / 2)) * EARTH_RADIUS_M


def _winds(ring: list[Position], y: float, x: float) -> bool:
    turns = 0
    for (y0, x0), (y1, x1) in zip(ring, ring[1:] + ring[:1], strict=True):
        side = (x1 - x0) * (y - y0) - (x - x0) * (y1 - y0)
        turns += (y0 <= y < y1 and side > 0) - (y1 <= y < y0 and side < 0)
    return turns != 0
