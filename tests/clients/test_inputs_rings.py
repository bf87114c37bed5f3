"""Rings and lines at their edges: neighbours that are one place, poles, and the antimeridian.

The oracle for areas that reach a pole is shapely, in the azimuthal projection of that pole and in plain degrees.
"""

import json
import math
import random
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keepclear.offline.inputs import Flight, load
from keepclear_protocol.errors import LocalError
from keepclear_protocol.volume import parse_volume
from pyproj import Geod, Transformer
from shapely import Point as FlatPoint
from shapely import Polygon as FlatPolygon

GEOD = Geod(ellps="WGS84")
PROPERTIES = {
    "time_start": "2026-12-22T14:00:00Z",
    "time_end": "2026-12-22T15:00:00Z",
    "altitude_lower": 100,
    "altitude_upper": 500,
    "altitude_reference": "AMSL",
    "half_width_m": 500,
}


def read(kind: str, coordinates: object) -> Flight:
    value = {"type": "Feature", "properties": PROPERTIES, "geometry": {"type": kind, "coordinates": coordinates}}
    (flight,) = load(json.dumps(value).encode())
    assert all(parse_volume(volume) for volume in flight.volumes)
    return flight


def refusal(kind: str, coordinates: object) -> LocalError:
    with pytest.raises(LocalError) as caught:
        read(kind, coordinates)
    assert caught.value.code == "input_file"
    return caught.value


def vertices(flight: Flight) -> list[tuple[float, float]]:
    (volume,) = flight.volumes
    return [(vertex["lng"], vertex["lat"]) for vertex in volume["volume"]["outline_polygon"]["vertices"]]


def area_m2(ring: list[tuple[float, float]]) -> float:
    return abs(float(GEOD.polygon_area_perimeter([lng for lng, _ in ring], [lat for _, lat in ring])[0]))


ONE_PLACE: dict[str, list[list[float]]] = {
    "1 ulp": [[27, 57], [27.685473136051915, 57.949388540418305], [27.68547313605191, 57.949388540418305], [28, 57.5]],
    "0.03 mm": [[2, 48], [3.1, 48.2], [3.1000000003, 48.2000000002], [3, 49]],
    "the same": [[2, 48], [3, 48], [3, 48], [3, 49]],
    "at the ends": [[2, 48], [3, 48], [3, 49], [2, 48.00000001]],
    "across the antimeridian": [[179, 10], [180, 10], [-179.99999999, 10], [-179, 11], [-180, 12], [180, 12]],
    "nine decimals": [[8.874958186, 47.135940163], [8.874958192, 47.135940167], [9.374958, 47.6], [8.374958, 47.6]],
}  # fmt: skip


@pytest.mark.parametrize("name", ONE_PLACE)
def test_neighbours_that_are_one_place_are_merged_and_said(name: str) -> None:
    ring = ONE_PLACE[name]
    flight = read("Polygon", [[*ring, ring[0]]])
    assert any("taken for one with a neighbour nearer than 1 cm" in note for note in flight.notes)
    if name == "across the antimeridian":
        return
    once = [a for a, b in zip(ring, ring[1:] + ring[:1], strict=True) if math.dist(a, b) > 1e-7]
    assert math.isclose(area_m2(vertices(flight)), area_m2(vertices(read("Polygon", [[*once, once[0]]]))), rel_tol=1e-6)


def test_a_ring_that_nearly_closes_is_closed_and_one_that_does_not_is_refused() -> None:
    ring = [[2, 48], [3, 48], [3, 49]]
    assert len(vertices(read("Polygon", [[*ring, [2.00000001, 48]]]))) == len(
        vertices(read("Polygon", [[*ring, ring[0]]]))
    )
    assert "ends where it begins" in refusal("Polygon", [[*ring, [2.000001, 48]]]).detail


def test_two_centimetres_are_two_places() -> None:
    flight = read("Polygon", [[[2, 48], [3, 48], [3.0000003, 48], [3, 49], [2, 48]]])
    assert flight.notes == []


def test_a_line_at_one_place_is_a_circle() -> None:
    flight = read("LineString", [[2, 48], [2, 48], [2.00000000001, 48]])
    circle = flight.volumes[0]["volume"]["outline_circle"]
    assert circle == {"center": {"lat": 48.0, "lng": 2.0}, "radius": {"value": 501.0, "units": "M"}}
    assert "the feature: its line stays at one place and becomes a circle" in flight.notes


PLACES = [
    (48.0, 2.0),
    (0.0, 0.0),
    (0.0, 180.0),
    (65.0, -180.0),
    (89.9999, 30.0),
    (90.0, 0.0),
    (-90.0, 77.0),
    (-89.99999999, 1),
]
STEPS = [0.0, 5e-324, 1e-16, 1e-15, 1e-14, 1e-13, 1e-12, 1e-11, 1e-10, 1e-9, 6e-9, 1e-8, 9e-8, 1e-7, 1e-6, 1e-5]


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(PLACES),
    st.sampled_from(STEPS),
    st.floats(0, 2 * math.pi),
    st.integers(1, 4),
    st.sampled_from(["Polygon", "LineString", "track"]),
)
def test_no_distance_of_neighbours_ends_otherwise_than_in_a_flight_or_our_error(
    place: tuple[float, float], step: float, turn: float, repeats: int, kind: str
) -> None:
    lat, lng = place
    near = [
        [
            max(-180.0, min(180.0, lng + k * step * math.cos(turn))),
            max(-90.0, min(90.0, lat + k * step * math.sin(turn))),
        ]
        for k in range(repeats + 1)
    ]
    sign = -1 if lat > 0 else 1
    far = [[min(180.0, lng + 1), lat + sign], [max(-180.0, lng - 1), lat + sign]]
    if kind == "track":
        points = [[1_700_000_000 + 20 * i, y, x, 5000] for i, (x, y) in enumerate([*near, *near[::-1]])]
        assert load(json.dumps({"callsign": "A", "points": points}).encode())
        return
    line = [*near, *far]
    try:
        flight = read(kind, [[*line, line[0]]] if kind == "Polygon" else line)
    except LocalError as error:
        # The near ones may cross or touch one another once they are farther apart than a centimetre.
        assert error.code == "input_file"
        assert "edges cross" in error.detail or "within a millimetre of an edge" in error.detail
        assert step >= 1e-8
    else:
        assert len(flight.volumes) == 1


CAP: list[list[float]] = [[-180, 70], [-90, 70], [0, 70], [90, 70], [180, 70]]
POLAR: dict[str, list[list[float]]] = {
    "box": [*CAP, [180, 90], [-180, 90], [-180, 70]],
    "box of four corners": [[-180, 70], [180, 70], [180, 90], [-180, 90], [-180, 70]],
    "box with a seam of steps": [*CAP, [180, 80], [180, 90], [0, 90], [-180, 90], [-180, 80], [-180, 75], [-180, 70]],
    "box with unequal steps": [*CAP, [180, 81], [180, 90], [-180, 90], [-180, 76], [-180, 70]],
    "box from its pole": [[-180.0, 90], *CAP, [180, 90]],
    "box from its pole, closed": [[-180.0, 90], *CAP, [180, 90], [-180, 90]],
    "box the other way round": [[-180, 70], [-180, 90], [180, 90], *CAP[::-1]],
    "box cut at Greenwich": [[0, 70], [90, 70], [180, 70], [270, 70], [360, 70], [360, 90], [0, 90], [0, 70]],
    "ring beyond 180": [[0, 70], [90, 70], [180, 70], [270, 70], [360, 70]],
    "ring from side to side": [*CAP, [-180, 70]],
    "ring westward": [[180, 70], [60, 70], [-60, 70], [-180, 70]],
}  # fmt: skip


@pytest.mark.parametrize("name", POLAR)
@pytest.mark.parametrize("south", [False, True])
def test_every_way_to_draw_a_cap_is_the_same_cap(name: str, south: bool) -> None:
    ring = [[lng, -lat if south else lat] for lng, lat in POLAR[name]]
    flight = read("Polygon", [ring])
    pole = "south" if south else "north"
    assert flight.notes == [
        f"the feature: its ring goes once round the Earth and is taken for the cap of the {pole} pole"
    ]
    fine = [(lng / 100, -70.0 if south else 70.0) for lng in range(-18000, 18000)]
    assert math.isclose(area_m2(vertices(flight)), area_m2(fine), rel_tol=1e-5)


def sector(west: float, east: float, lat: float = 70.0, pole: float = 90.0) -> list[list[float]]:
    steps = max(1, math.ceil((east - west) / 120))
    low = [[west + (east - west) * k / steps, lat] for k in range(steps + 1)]
    return [*low, [east, pole], [west, pole], low[0]]


TOUCHING: dict[str, list[list[float]]] = {
    "sector": sector(-141, -60),
    "one corner at the pole": [[-141, 70], [-60, 70], [-100, 90], [-141, 70]],
    "corners along the pole": [[10, 80], [50, 80], [50, 90], [40, 90], [30, 90], [10, 90], [10, 80]],
    "half": sector(0, 180),
    "most of a turn": sector(-170, 170),
    "across the antimeridian": sector(150, 210, 75),
    "south": sector(20, 80, -75, -90),
    "a hair from the pole": sector(20, 80, 75, 89.9999999),
    "beyond by a rounding": sector(20, 80, 75, 90.0000000000001),
}


@pytest.mark.parametrize("name", TOUCHING)
def test_areas_that_touch_a_pole_hold_what_was_drawn(name: str) -> None:
    ring = TOUCHING[name]
    flight = read("Polygon", [ring])
    assert flight.notes == []
    pole = 90 if ring[0][1] > 0 else -90
    to_flat = Transformer.from_crs("EPSG:4326", f"+proj=aeqd +lat_0={pole} +lon_0=0 +ellps=WGS84", always_xy=True)
    claimed = FlatPolygon([to_flat.transform(lng, lat) for lng, lat in vertices(flight)])
    drawn = FlatPolygon([(lng, max(-90.0, min(90.0, lat))) for lng, lat in ring])
    assert claimed.is_valid
    rng = random.Random(7)
    inside = 0
    for _ in range(2_000):
        lng = rng.uniform(min(p[0] for p in ring) - 40, max(p[0] for p in ring) + 40)
        lat = math.copysign(rng.uniform(65, 90), pole)
        here = FlatPoint(*to_flat.transform(lng, lat))
        if claimed.boundary.distance(here) < 500:
            continue
        spans = any(drawn.covers(FlatPoint(lng + turn, lat)) for turn in (-360, 0, 360))
        assert claimed.covers(here) == spans, (lng, lat)
        inside += spans
    assert inside > 100


NOT_TAKEN: dict[str, tuple[list[list[float]], str]] = {
    "hole at the pole": ([[-180, 70], [0, 70], [180, 70], [180, 80], [0, 80], [-180, 80], [-180, 70]], "leaves a hole"),
    "band of four corners": ([[-180, 70], [180, 70], [180, 80], [-180, 80], [-180, 70]], "leaves a hole"),
    "round the equator": ([[0, 0], [120, 0], [240, 0], [360, 0]], "reaches more than"),
    "twice round": ([[-360, 70], [-180, 70], [0, 70], [180, 70], [360, 70]], "more than once"),
    "all but the south": ([[-180, -70], [0, -70], [180, -70], [180, 90], [-180, 90], [-180, -70]], "reaches more than"),
    "all on the pole": ([[0, 90], [120, 90], [-120, 90], [0, 90]], "without extent"),
    "over the pole and unclear": ([[170, 80], [-170, 80], [0, 85], [170, 80]], "unclear which way"),
}


@pytest.mark.parametrize("name", NOT_TAKEN)
def test_what_is_no_cap_is_refused_by_name(name: str) -> None:
    ring, words = NOT_TAKEN[name]
    assert words in refusal("Polygon", [ring]).detail


def test_a_hole_is_refused_at_a_pole_too() -> None:
    hole = [[0, 80], [10, 80], [10, 81], [0, 80]]
    assert "holes" in refusal("Polygon", [POLAR["box"], hole]).detail


def test_hints_do_not_lead_astray() -> None:
    error = refusal("Polygon", [[[2, 48], [3, 49], [3, 48], [2, 49], [2, 48]]])
    assert "leave out the last vertex" not in error.hint
    assert "may not cross" in error.hint


@pytest.mark.parametrize("line", [[[0, 80], [0, 90], [180, 90], [180, 80]], [[0, 89.9], [0, 90], [90, 90], [90, 89.9]]])
def test_a_line_over_a_pole_has_one_point_there(line: list[list[float]]) -> None:
    (volume,) = read("LineString", line).volumes
    path: list[dict[str, Any]] = volume["volume"]["outline_corridor"]["path"]
    assert sum(point["lat"] == 90 for point in path) == 1


def test_a_line_may_stand_on_the_antimeridian_with_either_sign() -> None:
    (volume,) = read("LineString", [[179, 10], [180, 10], [-180, 10], [-179, 10]]).volumes
    path = volume["volume"]["outline_corridor"]["path"]
    length = sum(GEOD.inv(a["lng"], a["lat"], b["lng"], b["lat"])[2] for a, b in pairwise(path))
    assert math.isclose(length, GEOD.inv(179, 10, -179, 10)[2], rel_tol=1e-3)
