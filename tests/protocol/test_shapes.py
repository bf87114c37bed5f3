"""Every figure of a shape is, to the bit, what the plain formulae make of the same outline."""

import math
from collections.abc import Iterator
from random import Random

import pytest
import spherely
from keepclear_protocol.errors import Malformed
from keepclear_protocol.geometry import Shape, shape_of
from keepclear_protocol.outline import Circle, Corridor, Outline, Polygon, Position
from msgspec import structs
from support.plain_shapes import plain_shape

MANY = [pytest.param(3_000, id="quick"), pytest.param(100_000, id="long", marks=pytest.mark.long)]


def outlines(random: Random) -> Iterator[Outline]:
    """Outlines everywhere, many of them at a pole, at the antimeridian, or with several farthest vertices."""
    while True:
        lat, lng = random.uniform(-90, 90), random.uniform(-180, 180)
        lat, lng = random.choice([(lat, lng), (lat, lng), (lat, 180.0), (random.choice((90.0, -90.0, 0.0)), lng)])
        reach = 10 ** random.uniform(-4, 0.8)
        count = random.choice((3, 4, 4, 8, 10, 40))
        ring = [
            _place(lat + reach * math.sin(2 * math.pi * at / count), lng + reach * math.cos(2 * math.pi * at / count))
            for at in range(count)
        ]
        path = [_place(lat + random.gauss(0, reach), lng + random.gauss(0, reach)) for _ in range(count - 1)]
        radius_m = random.choice((1.0, 500.0, random.uniform(0.1, 1e6)))
        kinds: list[Outline] = [Polygon(tuple(ring)), Corridor(tuple(path), radius_m), Circle(path[0], radius_m)]
        yield random.choice(kinds)


def _place(lat: float, lng: float) -> Position:
    lat, lng = max(-90.0, min(90.0, lat)), (lng + 180) % 360 - 180
    return round(lat, 6) + 0.0, round(lng, 6) + 0.0


@pytest.mark.parametrize("count", MANY)
def test_every_figure_of_a_shape_is_that_of_the_plain_formulae(count: int) -> None:
    compared = 0
    for outline in outlines(Random(count)):
        try:
            shape = shape_of(outline)
        except Malformed:
            continue
        plain = plain_shape(outline)
        assert str(shape.geography) == str(plain.pop("geography")), outline
        names = [field.name for field in structs.fields(Shape) if field.name != "core"]
        names += ["outline_area_m2", "area_m2"]
        assert repr([getattr(shape, name) for name in names]) == repr([plain[name] for name in names]), outline
        assert shape.outline_area_m2 < shape.most_outline_area_m2 or shape.radius_m
        compared += 1
        if compared == count:
            break


def test_a_pole_has_one_longitude_and_the_antimeridian_one_sign() -> None:
    ring = Polygon(((90.0, 10.0), (88.0, -180.0), (88.0, 100.0)))
    same = Polygon(((90.0, 0.0), (88.0, 180.0), (88.0, 100.0)))
    assert str(shape_of(ring).geography) == str(shape_of(same).geography)
    assert spherely.distance(shape_of(ring).geography, shape_of(same).geography) == 0
