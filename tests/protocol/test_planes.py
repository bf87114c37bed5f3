"""Planes part outlines by no more than S2 finds between them, wherever and however large they are."""

import math
import random
from typing import Any

import numpy as np
import pytest
import spherely
from keepclear_protocol.geometry import EARTH_RADIUS_M, shape_of
from keepclear_protocol.outline import Circle, Outline, Polygon
from keepclear_protocol.planes import Hulls, hulls_of, metres_above
from support.crowds import PLACES, outline


def least_metres(a: Hulls, b: Hulls) -> Any:
    """The better bound of both ways about."""
    return np.maximum(metres_above(a, b), metres_above(b, a).T)


@pytest.mark.parametrize("size_m", [0.5, 30.0, 2_000.0, 60_000.0, 450_000.0])
@pytest.mark.parametrize("place", PLACES)
def test_they_are_never_farther_apart_than_they_are(place: str, size_m: float) -> None:
    rng = random.Random(f"{place}{size_m}")
    drawn: list[tuple[Any, Any]] = []
    while len(drawn) < 60:
        one = outline(rng, PLACES[place], size_m)
        try:
            drawn.append((one, shape_of(one).geography))
        except Exception as error:  # a random polygon may be degenerate; that is another test's matter
            assert "volume" in getattr(error, "code", "")
    outlines = [one for one, _ in drawn]
    shapes = np.array([shape for _, shape in drawn], dtype=object)
    least = least_metres(hulls_of(outlines), hulls_of(outlines))
    metres = spherely.distance(shapes[:, None], shapes[None, :], radius=EARTH_RADIUS_M)
    assert (least <= metres + 1e-6).all()
    parted = (least > 0) & (metres > 0)
    assert parted.sum() > 0.5 * (metres > 0).sum()


def test_between_edges_that_face_each_other_they_leave_nothing() -> None:
    """Two strips side by side along the equator: the distance is that of their edges."""
    strips = [Polygon(((low, 0.0), (low, 2.0), (low + 0.1, 2.0), (low + 0.1, 0.0))) for low in (-0.1, 0.15)]
    least = least_metres(hulls_of(strips), hulls_of(strips))
    shapes = [shape_of(strip).geography for strip in strips]
    metres = float(spherely.distance(*shapes, radius=EARTH_RADIUS_M))
    assert metres - 2 < least[0, 1] <= metres and least[0, 0] == 0


def test_an_outline_of_many_vertices_is_parted_by_the_others_planes() -> None:
    ring = [(10 + 0.1 * math.sin(at / 50 * math.pi), 20 + 0.1 * math.cos(at / 50 * math.pi)) for at in range(100)]
    outlines: list[Outline] = [
        Polygon(tuple(ring)),
        Polygon(((11.0, 19.0), (11.0, 21.0), (11.1, 20.0))),
        Circle((9.0, 20.0), 5.0),
    ]
    least = least_metres(hulls_of(outlines), hulls_of(outlines))
    assert least[0, 1] == least[1, 0] > 90_000 and least[0, 2] == 0
    assert (least_metres(hulls_of(outlines[2:]), hulls_of(outlines[:1])) == 0).all()
