"""When a polygon's edges keep apart: in doubles as in decimals of fifty digits, and alike on any processor."""

import random
from itertools import chain
from math import hypot, pi

import numpy as np
import pytest
from keepclear_protocol import long_ring, ring
from keepclear_protocol.errors import Malformed
from keepclear_protocol.geometry import EARTH_RADIUS_M, SHOWN, SUBMITTED, Bounds, shape_of, unit_vectors
from keepclear_protocol.outline import Polygon, Position
from support import slivers
from support.exact_ring import least_apart_m

NOISE_M = 2e-8
"""Twenty nanometres: some ten times what roundings of doubles come to on the ground."""

SEEDS = [0, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(1, 20))]

Vertices = tuple[Position, ...]


def taken(vertices: Vertices, bounds: Bounds = SUBMITTED) -> bool:
    try:
        shape_of(Polygon(vertices), bounds)
    except Malformed as error:
        assert error.code == "volume_polygon"
        return False
    return True


def hardly(random: random.Random) -> Vertices:
    """Draw a triangle or a quadrilateral of up to 400 km, one vertex within millimetres of an edge or of a vertex."""
    size = 10 ** random.uniform(-4, 0.5)
    lat, lng = random.uniform(-80, 80), random.uniform(-180, 180)

    def place() -> Position:
        east = lng + random.uniform(-size, size)
        return round(lat + random.uniform(-size, size), 9), round((east + 180) % 360 - 180, 9)

    a, b = unit_vectors([place(), place()])
    share, aside = random.choice((0.0, 1.0, random.random())), random.gauss(0, 1e-3) / EARTH_RADIUS_M
    across = np.cross(a, b)
    near = (1 - share) * np.array(a) + share * np.array(b) + aside * across / np.linalg.norm(across)
    corners = [_position(vertex) for vertex in (a, b, near)]
    if random.random() < 0.5:
        corners.append(place())
    random.shuffle(corners)
    return tuple(corners)


def _position(vector: object) -> Position:
    x, y, z = np.asarray(vector, dtype=float)
    return round(np.arctan2(z, hypot(x, y)).item() * 180 / pi, 9), round(np.arctan2(y, x).item() * 180 / pi, 9)


@pytest.mark.req("R-034")
@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_apart_in_doubles_is_apart_in_fifty_digits(seed: int) -> None:
    drawn, decided = random.Random(seed), {True: 0, False: 0}
    for _ in range(150):
        vertices = hardly(drawn)
        exact = float(least_apart_m(vertices))
        units = unit_vectors(vertices)
        for bound_m in (SUBMITTED.apart_m, SHOWN.apart_m):
            if abs(exact - bound_m) > NOISE_M:
                answers = {
                    ring._few(units, bound_m / EARTH_RADIUS_M),
                    long_ring.keeps_apart(units, bound_m / EARTH_RADIUS_M),
                }
                assert answers == {exact > bound_m}, vertices
                decided[exact > bound_m] += 1
    assert min(decided.values()) > 20


@pytest.mark.req("R-034")
@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_may_be_filed_any_other_processor_takes(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A processor whose sines are off by up to four roundings never refuses what ours has taken."""
    drawn = random.Random(seed)
    rings = [vertices for vertices in (hardly(drawn) for _ in range(400)) if taken(vertices)]
    rings += [pair[0] for pair in slivers.ABOVE_MM.values() if taken(pair[0])]
    assert len(rings) > 30

    def off(positions: object) -> list[tuple[float, float, float]]:
        def rounded(x: float) -> float:
            return x + drawn.uniform(-4, 4) * 2**-53

        return [(rounded(x), rounded(y), rounded(z)) for x, y, z in unit_vectors(positions)]  # type: ignore[arg-type]

    monkeypatch.setattr("keepclear_protocol.geometry.unit_vectors", off)
    assert all(taken(vertices, SHOWN) for vertices in rings)


def around(random: random.Random) -> Vertices:
    """Draw a ring around a place, once or more often, one way or the other, sound or with a vertex out of place."""
    count, times = random.randint(3, 12), random.choice((1, 1, 1, 2, 3))
    lat, lng, size = random.choice((0.0, 60.0, 89.9)), random.choice((7.0, 180.0)), 10 ** random.uniform(-6, 0.9)
    spiral, spoilt = random.choice((0.0, 0.0, 0.02, -0.05)), random.choice((0, 0, 1, 2))
    aways = [1 + spiral * at for at in range(count)]
    for _ in range(spoilt):
        aways[random.randrange(count)] *= random.uniform(0.2, 1.5)
    middle, turned = np.array(unit_vectors([(lat, lng)])[0]), random.uniform(0, 2 * pi)
    east = np.cross((0, 0, 1), middle) / np.linalg.norm(np.cross((0, 0, 1), middle))
    ring = []
    for at, away in enumerate(aways):
        angle = turned + 2 * pi * times * at / count
        aside = np.cos(angle) * east + np.sin(angle) * np.cross(middle, east)
        ring.append(_position(middle + np.tan(np.radians(size * away)) * aside))
    return tuple(ring if random.random() < 0.5 else ring[::-1])


@pytest.mark.req("R-034")
@pytest.mark.parametrize("seed", SEEDS)
def test_what_plainly_bends_one_way_no_judge_refuses(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = random.Random(seed)
    rings = [around(drawn) for _ in range(2_000)] + [hardly(drawn) for _ in range(500)]
    lazy: list[object] = []
    for vertices in rings:
        try:
            lazy.append(type(shape_of(Polygon(vertices)).core))
        except Malformed as error:
            lazy.append(str(error))
    monkeypatch.setattr("keepclear_protocol.geometry.bends_one_way", lambda *_: False)
    for vertices, before in zip(rings, lazy, strict=True):
        try:
            shape_of(Polygon(vertices))
        except Malformed as error:
            assert before == str(error), vertices
        else:
            assert isinstance(before, type), vertices
    assert lazy.count(Polygon) > 300
    assert len([one for one in lazy if isinstance(one, type) and one is not Polygon]) > 100
    assert len([one for one in lazy if isinstance(one, str)]) > 300


@pytest.mark.req("R-034")
def test_the_slivers_of_the_vectors_are_what_they_are_called() -> None:
    for bound_mm, (above, below) in slivers.ABOVE_MM.items():
        assert 5e-8 < float(least_apart_m(above)) - bound_mm / 1000 < 2e-7
        assert 5e-8 < bound_mm / 1000 - float(least_apart_m(below)) < 2e-7
    assert 0.0006 < float(least_apart_m(slivers.BETWEEN)) < 0.0007
    assert 0.0003 < float(least_apart_m(slivers.BELOW)) < 0.0004


@pytest.mark.req("R-034")
def test_a_long_ring_is_looked_through_whole() -> None:
    """One vertex of two thousand lies in another's edge, anywhere in the ring; without it the ring is sound."""
    drawn = random.Random(3)
    angles = np.linspace(0, 2 * pi, 2000, endpoint=False)
    sound = [(round(48 + np.sin(a).item(), 9), round(2 + np.cos(a).item(), 9)) for a in angles]
    assert taken(tuple(sound))
    comb = list(chain.from_iterable([(48.0, 2 + x), (49.0, 2 + x), (49.0, 2 + x + 1e-4), (48.0, 2 + x + 1e-4)]
                                    for x in np.arange(0, 0.02, 2e-4).round(9).tolist()))  # fmt: skip
    comb = [(47.9, 2.0), *((lat, round(lng, 9)) for lat, lng in comb), (47.9, 2.02)]
    assert len(comb) > ring.FEW and taken(tuple(comb))
    for _ in range(20):
        at, far = drawn.randrange(2000), drawn.randrange(500, 1500)
        end, next_end = sound[(at + far) % 2000], sound[(at + far + 1) % 2000]
        touching = ((end[0] + next_end[0]) / 2, (end[1] + next_end[1]) / 2)
        spoilt = [*sound[:at], (round(touching[0], 9), round(touching[1], 9)), *sound[at:]]
        assert not ring.keeps_apart(unit_vectors(spoilt), 0.05 / EARTH_RADIUS_M)


@pytest.mark.req("R-034")
def test_what_lies_on_the_other_side_of_the_earth_is_not_near() -> None:
    around = [(0.5 if number % 2 else 0.0, -180.0 + 6 * number) for number in range(60)]
    units = unit_vectors(around)
    assert ring._few(units, SUBMITTED.apart_m / EARTH_RADIUS_M)
    assert long_ring.keeps_apart(units, SUBMITTED.apart_m / EARTH_RADIUS_M)
