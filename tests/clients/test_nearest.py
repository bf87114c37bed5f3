"""Where two volumes come closest, against a search over many points."""

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keepclear.journal.nearest import middle, nearest
from keepclear_protocol.errors import Malformed
from keepclear_protocol.geometry import distance_m, shape_of
from keepclear_protocol.outline import Circle
from keepclear_protocol.volume import Volume, circle_json, corridor_json, parse_volume, polygon_json, volume4d_json

Outline = dict[str, Any]


def volume(outline: Outline) -> Volume:
    return parse_volume(volume4d_json(outline, 100, 200, "FL", "FL", 0, 60_000_000))


def gap_m(volume: Volume, position: tuple[float, float]) -> float:
    """Metres on the sphere from a position to a volume's outline, 0 inside."""
    spot = shape_of(Circle(position, 0.5))
    return max(0.0, distance_m(volume.shape, spot) - volume.shape.radius_m)


def square(lat: float, lng: float, size: float) -> Outline:
    top, right = round(lat + size, 6), round(lng + size, 6)
    return polygon_json([(lat, lng), (lat, right), (top, right), (top, lng)])


SHAPES = {
    "crossing corridors": (corridor_json([(47, 2), (48, 2)], 2000), corridor_json([(47.5, 1.5), (47.5, 2.5)], 2000)),
    "corridors apart": (corridor_json([(47, 2), (48, 2)], 2000), corridor_json([(47, 3), (48, 2.5)], 500)),
    "circles that overlap": (circle_json((48, 2), 6000), circle_json((48, 2.1), 4000)),
    "circles apart": (circle_json((48, 2), 600), circle_json((48, 2.1), 400)),
    "one circle": (circle_json((48, 2), 600), circle_json((48, 2), 9000)),
    "a square in another": (square(48, 2, 1), square(48.4, 2.4, 0.1)),
    "a square around another": (square(48.4, 2.4, 0.1), square(48, 2, 1)),
    "squares at a corner": (square(48, 2, 0.1), square(48.1, 2.1, 0.1)),
    "over the antimeridian": (square(10, 179.9, 0.05), square(10.1, -179.9, 0.05)),
    "at the pole": (circle_json((89.99, 0), 3000), circle_json((89.99, 180), 3000)),
    "a far corridor and a square": (corridor_json([(-40, 10), (-41, 11), (-40, 12)], 50), square(-38, 11, 0.5)),
}


@pytest.mark.parametrize("name", SHAPES)
def test_the_place_is_theirs_and_no_place_of_theirs_is_nearer_to_ours(name: str) -> None:
    theirs, ours = map(volume, SHAPES[name])
    place = nearest(theirs, ours)
    assert gap_m(theirs, place) <= 2.0
    apart = max(0.0, distance_m(theirs.shape, ours.shape) - theirs.shape.radius_m - ours.shape.radius_m)
    assert gap_m(ours, place) <= apart + 2.0


degrees = st.floats(-0.5, 0.5).map(lambda value: round(value, 6))
points = st.tuples(degrees.map(lambda v: round(60 + v, 6)), degrees.map(lambda v: round(v + 179.9, 6)))
outlines = st.one_of(
    st.builds(circle_json, points, st.floats(1, 20_000)),
    st.builds(corridor_json, st.lists(points, min_size=2, max_size=5, unique=True), st.floats(1, 9_000)),
    st.builds(polygon_json, st.lists(points, min_size=3, max_size=4, unique=True)),
)


@given(outlines, outlines)
@settings(max_examples=150)
def test_of_any_two_volumes_it_is_the_nearest_place(first: Outline, second: Outline) -> None:
    try:
        theirs, ours = volume(_turned(first)), volume(_turned(second))
    except Malformed:
        return
    place = nearest(theirs, ours)
    assert all(map(math.isfinite, (*place, *middle(theirs))))
    assert gap_m(theirs, place) <= 2.0
    apart = max(0.0, distance_m(theirs.shape, ours.shape) - theirs.shape.radius_m - ours.shape.radius_m)
    assert gap_m(ours, place) <= apart + 2.0


def _turned(outline: Outline) -> Outline:
    """Bring longitudes beyond the antimeridian back."""

    def turn(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: _lng(item) if name == "lng" else turn(item) for name, item in value.items()}
        return [turn(item) for item in value] if isinstance(value, list) else value

    def _lng(value: float) -> float:
        return round(value - 360, 6) if value > 180 else value

    turned: Outline = turn(outline)
    return turned
