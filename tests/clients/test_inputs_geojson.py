"""GeoJSON: dense edges held against the ellipsoid, and every refusal with its place."""

import json
import math
from itertools import pairwise
from typing import Any

import pytest
from keepclear.offline.inputs import Flight, load
from keepclear_protocol.errors import LocalError
from keepclear_protocol.volume import parse_volume
from pyproj import Geod

GEOD = Geod(ellps="WGS84")
TIMES = {"time_start": "2026-11-22T14:00:00Z", "time_end": "2026-11-22T15:00:00Z"}
BAND = {"altitude_lower": 100, "altitude_upper": 500, "altitude_reference": "AMSL"}
SQUARE = [[[2.0, 48.0], [3.0, 48.0], [3.0, 49.0], [2.0, 49.0], [2.0, 48.0]]]


def feature(kind: str, coordinates: object, **properties: object) -> dict[str, Any]:
    properties = {**TIMES, **BAND, **properties}
    return {
        "type": "Feature",
        "properties": {name: value for name, value in properties.items() if value is not None},
        "geometry": {"type": kind, "coordinates": coordinates},
    }


def read(value: object) -> Flight:
    (flight,) = load(json.dumps(value).encode())
    return flight


def outlines(flight: Flight, name: str) -> list[Any]:
    return [volume["volume"][f"outline_{name}"] for volume in flight.volumes]


def test_polygon() -> None:
    flight = read(feature("Polygon", SQUARE, callsign=" HAWK 1 "))
    assert flight.callsign == "HAWK 1"
    (volume,) = flight.volumes
    parse_volume(volume)
    assert volume["time_start"] == {"value": "2026-11-22T14:00:00Z", "format": "RFC3339"}
    assert volume["volume"]["altitude_lower"] == {"value": 100, "reference": "AMSL", "units": "M"}
    vertices = volume["volume"]["outline_polygon"]["vertices"]
    assert vertices[0] == {"lat": 48.0, "lng": 2.0}
    assert vertices[-1] != vertices[0]
    # Meridians are geodesics: their 111 km are cut for the edges' length alone. Parallels are not.
    assert sum(vertex["lng"] == 3.0 for vertex in vertices) == 3
    assert sum(vertex["lat"] == 48.0 for vertex in vertices) > 10


EDGES = {
    "along 60 N": ((60.0, 0.0), (60.0, 12.0)),
    "oblique": ((10.0, -20.0), (55.0, 25.0)),
    "across the equator": ((-10.0, 0.0), (10.0, 20.0)),
    "near the pole": ((89.0, 0.0), (89.5, 170.0)),
    "into the pole": ((80.0, 10.0), (90.0, 60.0)),
    "across the antimeridian": ((65.0, 175.0), (66.0, 187.0)),
    "westward": ((-65.0, -175.0), (-65.0, -187.0)),
    "short": ((48.0, 2.0), (48.00001, 2.00001)),
    "meridian": ((0.0, 7.0), (40.0, 7.0)),
}


@pytest.mark.parametrize("name", EDGES)
def test_dense_edges_follow_the_drawn_line(name: str) -> None:
    start, end = EDGES[name]
    line = feature("LineString", [[start[1], start[0]], [end[1], end[0]]], half_width_m=500)
    flight = read(line)
    (corridor,) = outlines(flight, "corridor")
    assert corridor["half_width"] == {"value": 501.0, "units": "M"}
    path = corridor["path"]
    assert all(-180 <= p["lng"] <= 180 for p in path)
    parts = len(path) - 1
    steps = [GEOD.inv(a["lng"], a["lat"], b["lng"], b["lat"])[2] for a, b in pairwise(path)]
    assert max(steps) < 101_000
    # Each point of the drawn line, every 1/50 of an edge, against the ellipsoidal geodesic of its edge.
    worst = 0.0
    for number in sorted({0, 1, parts // 4, parts // 2, parts - 1} & set(range(parts))):
        a, b = path[number], path[number + 1]
        fractions = [_fraction(start, end, p) for p in (a, b)]
        for k in range(1, 50):
            t = fractions[0] + (fractions[1] - fractions[0]) * k / 50
            lat, lng = start[0] + (end[0] - start[0]) * t, start[1] + (end[1] - start[1]) * t
            worst = max(worst, _off_edge_m(lat, lng, a, b))
    assert worst < 1.0


def _fraction(start: tuple[float, float], end: tuple[float, float], position: dict[str, float]) -> float:
    if abs(end[0] - start[0]) > 1e-9:
        return (position["lat"] - start[0]) / (end[0] - start[0])
    turned = (position["lng"] - start[1] + 180) % 360 - 180
    return turned / (end[1] - start[1])


def _off_edge_m(lat: float, lng: float, a: dict[str, float], b: dict[str, float]) -> float:
    """Distance from an edge's ellipsoidal geodesic, by a search for the nearest point along it."""
    azimuth, _, length = GEOD.inv(a["lng"], a["lat"], b["lng"], b["lat"])
    low, high = 0.0, length

    def away(along: float) -> float:
        there = GEOD.fwd(a["lng"], a["lat"], azimuth, along)
        return float(GEOD.inv(there[0], there[1], lng, lat)[2])

    for _ in range(60):
        third = (high - low) / 3
        if away(low + third) < away(high - third):
            high -= third
        else:
            low += third
    return away((low + high) / 2)


def test_linestring_widths_and_points() -> None:
    line = [[2.0, 48.0], [2.1, 48.1]]
    (half,) = outlines(read(feature("LineString", line, width_m=1000)), "corridor")
    assert half["half_width"]["value"] == 501.0
    (circle,) = outlines(read(feature("Point", [2.0, 48.0], radius_m=750.5)), "circle")
    assert circle == {"center": {"lat": 48.0, "lng": 2.0}, "radius": {"value": 750.5, "units": "M"}}


def test_multi_forms_become_one_volume_each() -> None:
    # Cut at the antimeridian as RFC 7946 section 3.1.9 says.
    west = [[[179.0, 10.0], [180.0, 10.0], [180.0, 11.0], [179.0, 11.0], [179.0, 10.0]]]
    east = [[[-180.0, 10.0], [-179.0, 10.0], [-179.0, 11.0], [-180.0, 11.0], [-180.0, 10.0]]]
    flight = read(feature("MultiPolygon", [west, east]))
    assert len(flight.volumes) == 2
    assert "2 parts become one volume each" in flight.notes[0]
    assert len(read(feature("MultiPoint", [[2, 48], [3, 48]], radius_m=100)).volumes) == 2
    assert len(read(feature("MultiLineString", [[[2, 48], [3, 48]], [[2, 49], [3, 49]]], width_m=100)).volumes) == 2


def test_a_collection_is_one_flight_for_each_callsign() -> None:
    names = {3000: "A", 3001: "B", 3002: "A", 3003: "C"}
    data = collection(*(feature("Polygon", SQUARE, callsign=name, altitude_upper=top) for top, name in names.items()))
    flights = load(json.dumps(data).encode())
    assert [(flight.callsign, flight.place, len(flight.volumes)) for flight in flights] == [
        ("A", "feature 1", 2),
        ("B", "feature 2", 1),
        ("C", "feature 4", 1),
    ]
    tops = [[volume["volume"]["altitude_upper"]["value"] for volume in flight.volumes] for flight in flights]
    assert tops == [[3000, 3002], [3001], [3003]]


def test_collection_with_one_callsign_is_one_flight() -> None:
    second = feature("Point", [5.0, 48.0, 120.0], radius_m=100, callsign="HAWK 1")
    flight = read({"type": "FeatureCollection", "features": [feature("Polygon", SQUARE), second]})
    assert flight.callsign == "HAWK 1"
    assert len(flight.volumes) == 2
    assert any("heights in the coordinates" in note for note in flight.notes)


def test_altitudes_as_objects_and_in_levels() -> None:
    lower, upper = ({"value": value, "reference": "FL", "units": "FL"} for value in (240, 260))
    bands = {"altitude_lower": lower, "altitude_upper": upper, "altitude_reference": None}
    (volume,) = read(feature("Polygon", SQUARE, **bands)).volumes
    assert volume["volume"]["altitude_upper"] == upper
    feet = feature("Polygon", SQUARE, altitude_reference="FL", altitude_units="FT")
    assert read(feet).volumes[0]["volume"]["altitude_lower"]["units"] == "FT"


def collection(*features: object) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features)}


def ring(*positions: object) -> dict[str, Any]:
    return feature("Polygon", [list(positions)])


BAD = {
    "no datum": (feature("Polygon", SQUARE, altitude_reference=None), "altitude_reference is missing"),
    "levels without units": (feature("Polygon", SQUARE, altitude_reference="FL"), "altitude_units is missing"),
    "unknown datum": (feature("Polygon", SQUARE, altitude_reference="MSL"), "volume_band"),
    "unknown units": (feature("Polygon", SQUARE, altitude_units="KM"), "volume_band"),
    "two datums": (feature("Polygon", SQUARE, altitude_lower={}), "names its own"),
    "no altitude": (feature("Polygon", SQUARE, altitude_upper=None), "altitude_upper"),
    "altitude text": (feature("Polygon", SQUARE, altitude_upper="500"), "altitude_upper"),
    "upside down": (feature("Polygon", SQUARE, altitude_upper=50), "volume_band"),
    "no time": (feature("Polygon", SQUARE, time_start=None), "time_start"),
    "time zone": (feature("Polygon", SQUARE, time_start="2026-11-22T14:00:00+01:00"), "volume_window"),
    "time upside down": (feature("Polygon", SQUARE, time_end="2026-11-22T13:00:00Z"), "volume_window"),
    "hole": (feature("Polygon", [*SQUARE, [[2.1, 48.1], [2.2, 48.1], [2.2, 48.2], [2.1, 48.1]]]), "holes"),
    "ring not closed": (ring([2, 48], [3, 48], [3, 49], [2, 49]), "ends where it begins"),
    "two corners": (ring([2, 48], [3, 48], [2, 48]), "four positions"),
    "bow tie": (ring([2, 48], [3, 49], [3, 48], [2, 49], [2, 48]), "volume_polygon"),
    "one place": (ring([2, 48], [2, 48], [2, 48], [2, 48]), "without extent"),
    "on one line": (ring([2, 48], [2, 49], [2, 50], [2, 48]), "volume_polygon"),
    "long way round": (ring([179, 10], [-179, 10], [-179, 11], [179, 11], [179, 10]), "degrees of longitude"),
    "latitude 91": (ring([2, 48], [3, 48], [3, 91], [2, 48]), "position 3"),
    "swapped": (ring([48, 152], [48, 153], [49, 153], [48, 152]), "position 1"),
    "one number": (ring([2], [3, 48], [3, 49], [2, 48]), "position 1"),
    "four numbers": (feature("Point", [2, 48, 0, 0], radius_m=5), "two or three numbers"),
    "null coordinates": (feature("Polygon", None), "list of rings"),
    "null in ring": (feature("Polygon", [None]), "not a list"),
    "no width": (feature("LineString", [[2, 48], [3, 48]]), "width_m or half_width_m"),
    "two widths": (feature("LineString", [[2, 48], [3, 48]], width_m=2, half_width_m=1), "either"),
    "width 0": (feature("LineString", [[2, 48], [3, 48]], width_m=0), "above zero"),
    "one position": (feature("LineString", [[2, 48]], width_m=5), "two positions"),
    "no radius": (feature("Point", [2, 48]), "radius_m"),
    "radius true": (feature("Point", [2, 48], radius_m=True), "radius_m"),
    "radius too large": (feature("Point", [2, 48], radius_m=2e6), "volume_size"),
    "half the world": (ring([0, 0], [120, 0], [-120, 0], [0, 0]), "degrees of longitude"),
    "empty parts": (feature("MultiPolygon", []), "without parts"),
    "empty collection": ({**feature("", None), "geometry": {"type": "GeometryCollection"}}, "has geometries"),
    "unknown geometry": (feature("CircularString", []), "CircularString"),
    "no features": (collection(), "no Features"),
    "features no list": ({"type": "FeatureCollection", "features": {}}, "no Features"),
    "a feature in second place": (collection(feature("Polygon", SQUARE), 7), "feature 2"),
    "no properties": ({"type": "Feature", "properties": None, "geometry": {}}, "no properties"),
    "no geometry": ({"type": "Feature", "properties": {}, "geometry": None}, "no geometry"),
    "bare geometry": ({"type": "Polygon", "coordinates": SQUARE}, "bare Polygon"),
    "a feature of nobody's": (
        collection(*(feature("Polygon", SQUARE, callsign=name) for name in ("A", None, "B"))),
        "feature 2: names no callsign, and others name several",
    ),
    "callsign 7": (feature("Polygon", SQUARE, callsign=7), "callsign"),
    "another system": ({**feature("Polygon", SQUARE), "crs": {"type": "name"}}, "crs"),
    "too many vertices": (feature("LineString", [[0, 85], [90, -85], [0, -80], [90, 85]], width_m=10), "5000 vertices"),
    "too many volumes": (feature("MultiPoint", [[2, 48]] * 501, radius_m=10), "500 volumes"),
}


@pytest.mark.parametrize("name", BAD)
def test_refusals(name: str) -> None:
    value, words = BAD[name]
    with pytest.raises(LocalError) as caught:
        read(value)
    assert caught.value.code == "input_file"
    assert words in caught.value.detail


def test_infinite_numbers_and_depth() -> None:
    text = json.dumps(feature("Polygon", SQUARE))
    for bad, words in (("1e999", "numbers"), ("NaN", "numbers"), ("[" * 40 + "]" * 40, "numbers")):
        with pytest.raises(LocalError) as caught:
            load(text.replace("49.0", bad, 1).encode())
        assert words in caught.value.detail


def test_a_ring_is_as_large_as_drawn() -> None:
    """The area of the dense ring is that of the square in degrees, to 2 parts in 100 000."""
    (polygon,) = outlines(read(feature("Polygon", SQUARE)), "polygon")
    lats = [vertex["lat"] for vertex in polygon["vertices"]]
    lngs = [vertex["lng"] for vertex in polygon["vertices"]]
    area = abs(GEOD.polygon_area_perimeter(lngs, lats)[0])
    n = 20_000
    fine = [(48.0, 2 + i / n) for i in range(n + 1)] + [(49.0, 3 - i / n) for i in range(n + 1)]
    truth = abs(GEOD.polygon_area_perimeter([p[1] for p in fine], [p[0] for p in fine])[0])
    assert math.isclose(area, truth, rel_tol=2e-5)
