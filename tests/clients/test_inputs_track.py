"""Recorded tracks: every recorded point inside a leg, by an ellipsoidal check that shares nothing with the reader."""

import json
import math
import random
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keepclear.offline.inputs import Flight, Options, load
from keepclear_protocol.errors import LocalError
from keepclear_protocol.instant import SECOND, format_instant, parse_instant
from keepclear_protocol.volume import parse_volume
from pyproj import Geod

GEOD = Geod(ellps="WGS84")
T0 = 1_633_608_000


def track(*points: list[float], callsign: str | None = "TEST1") -> bytes:
    return json.dumps({"callsign": callsign, "icao24": "abc123", "points": list(points)}).encode()


def one(*points: list[float], **options: Any) -> Flight:
    (flight,) = load(track(*points), Options(**options))
    return flight


def instants(volume: dict[str, Any]) -> tuple[int, int]:
    return parse_instant(volume["time_start"]["value"]), parse_instant(volume["time_end"]["value"])


def feet(volume: dict[str, Any]) -> tuple[float, float]:
    shape = volume["volume"]
    for name in ("altitude_lower", "altitude_upper"):
        assert shape[name]["reference"] == "FL"
        assert shape[name]["units"] == "FT"
    return shape["altitude_lower"]["value"], shape["altitude_upper"]["value"]


def dense(path: list[dict[str, float]]) -> list[tuple[float, float]]:
    """An edge's points along the ellipsoidal geodesic, at most 200 m apart."""
    if len(path) == 1:
        return [(path[0]["lat"], path[0]["lng"])]
    (a, b) = path
    length = GEOD.inv(a["lng"], a["lat"], b["lng"], b["lat"])[2]
    between = GEOD.npts(a["lng"], a["lat"], b["lng"], b["lat"], max(1, int(length / 200)))
    return [(a["lat"], a["lng"]), *((lat, lng) for lng, lat in between), (b["lat"], b["lng"])]


def outline(volume: dict[str, Any]) -> tuple[list[dict[str, float]], float]:
    shape = volume["volume"]
    if "outline_circle" in shape:
        return [shape["outline_circle"]["center"]], shape["outline_circle"]["radius"]["value"]
    corridor = shape["outline_corridor"]
    return corridor["path"], corridor["half_width"]["value"]


class Leg:
    """A volume, read once for all points that are asked of it."""

    def __init__(self, volume: dict[str, Any]) -> None:
        (self._start, self._end), (self._lower, self._upper) = instants(volume), feet(volume)
        path, self._radius = outline(volume)
        self._core = dense(path)

    def distance_m(self, lat: float, lng: float) -> float:
        """How far a position lies from the leg's core, on the ellipsoid, to its nearest known point."""
        core, size = self._core, len(self._core)
        return float(min(GEOD.inv([lng] * size, [lat] * size, [p[1] for p in core], [p[0] for p in core])[2]))

    def covers(self, point: list[float]) -> bool:
        """Whether it holds all that is asked around a recorded point: 30 s, 100 ft and 926 m to every side."""
        at, lat, lng, altitude = point
        in_time = self._start <= (at - 30) * SECOND and (at + 30) * SECOND <= self._end
        in_band = self._lower + 100 <= altitude <= self._upper - 100
        # The core is known every 200 m, so the nearest known point may lie 100 m along from the nearest.
        return in_time and in_band and self.distance_m(lat, lng) <= math.hypot(self._radius - 926, 100)


def all_covered(volumes: Iterable[dict[str, Any]], points: Iterable[list[float]]) -> bool:
    legs = [Leg(volume) for volume in volumes]
    return all(any(leg.covers(point) for leg in legs) for point in points)


@pytest.mark.parametrize("name", ["paris-2021-10-07", "tanker-faf4011-2020-06-30"])
def test_every_recorded_point_lies_in_a_leg(shared: Path, name: str) -> None:
    file = shared / "flights" / f"{name}.jsonl"
    records = [json.loads(line) for line in file.read_text().splitlines()]
    flights = load(file)
    assert [flight.callsign for flight in flights] == [record["callsign"] for record in records]
    for record, flight in zip(records, flights, strict=True):
        for volume in flight.volumes:
            parse_volume(volume)
        assert len(flight.volumes) <= 500
        legs = [Leg(volume) for volume in flight.volumes]
        for point in record["points"]:
            assert any(leg.covers(point) for leg in legs), (record["callsign"], point)


def test_legs_keep_their_measures(shared: Path) -> None:
    file = shared / "flights" / "paris-2021-10-07.jsonl"
    whole = [flight for flight in load(file) if not flight.notes]
    assert len(whole) > 150
    for flight in whole:
        spans = [instants(volume) for volume in flight.volumes]
        assert all(end - start <= 120 * SECOND for start, end in spans)
        # Neighbours share their end point: 30 s after one leg's end is 60 s after the next one's start less a margin.
        assert all(after[0] == before[1] - 60 * SECOND for before, after in pairwise(spans))
        for volume in flight.volumes:
            path, radius = outline(volume)
            assert 926 <= radius <= 926 + 200 * 1.01 + 1
            if len(path) > 1:
                assert GEOD.inv(path[0]["lng"], path[0]["lat"], path[1]["lng"], path[1]["lat"])[2] <= 2_500 * 1.2


def test_too_many_legs_are_joined_where_it_costs_least(shared: Path) -> None:
    (flight,) = load(shared / "flights" / "tanker-faf4011-2020-06-30.jsonl")
    assert len(flight.volumes) == 500 and "km long, not 2.5 km, to stay within 500" in flight.notes[-1]
    # Its orbits still have legs that follow the turns: a leg over a whole turn would be 10 km wide and more.
    radii = sorted(outline(volume)[1] for volume in flight.volumes)
    assert radii[len(radii) // 2] < 1_100 and radii[-1] < 1_000
    bands = sorted(upper - lower for lower, upper in map(feet, flight.volumes))
    assert bands[len(bands) // 2] <= 300 and bands[-1] <= 900


def test_straight_leg() -> None:
    flight = one([T0, 48.0, 2.0, 1000], [T0 + 20, 48.01, 2.0, 1100], [T0 + 60, 48.02, 2.0, 900.5])
    (volume,) = flight.volumes
    assert volume == {
        "volume": {
            "outline_corridor": {
                "path": [{"lat": 48.0, "lng": 2.0}, {"lat": 48.02, "lng": 2.0}],
                "half_width": {"value": 926.1, "units": "M"},
            },
            "altitude_lower": {"value": 800, "reference": "FL", "units": "FT"},
            "altitude_upper": {"value": 1200, "reference": "FL", "units": "FT"},
        },
        "time_start": {"value": format_instant((T0 - 30) * SECOND), "format": "RFC3339"},
        "time_end": {"value": format_instant((T0 + 90) * SECOND), "format": "RFC3339"},
    }
    assert flight.notes == []


def test_what_is_fast_or_climbs_has_short_legs_and_what_is_slow_has_long_ones() -> None:
    jet = one(*[[T0 + 20 * i, 48 + 0.045 * i, 2.0, 33_000] for i in range(4)])  # 250 m/s
    climbing = one(*[[T0 + 20 * i, 48 + 0.003 * i, 2.0, 1_000 + 1_000 * i] for i in range(4)])  # 3 000 ft/min
    slow = one(*[[T0 + 20 * i, 48 + 0.006 * i, 2.0, 1_000] for i in range(4)])  # 33 m/s
    assert [len(flight.volumes) for flight in (jet, climbing, slow)] == [9, 12, 1]
    assert all((end - start) % SECOND == 0 for start, end in map(instants, jet.volumes))


def test_a_turn_is_followed() -> None:
    points = [[T0, 48.0, 2.0, 1000], [T0 + 30, 48.0, 2.05, 1000], [T0 + 60, 48.01, 2.0, 1000]]
    flight = one(*points)
    # One leg from the first point to the last would need a half-width of 4.6 km for the far corner.
    assert max(outline(volume)[1] for volume in flight.volumes) < 926 + 202
    assert all_covered(flight.volumes, points)


def test_a_small_turn_widens_its_leg() -> None:
    (volume,) = one([T0, 48.0, 2.0, 1000], [T0 + 30, 48.001, 2.005, 1000], [T0 + 60, 48.0, 2.01, 1000]).volumes
    # The corner lies about 111 m from the leg's edge, which runs along latitude 48.
    assert 926 + 111 < outline(volume)[1] < 926 + 115


def test_out_and_back_is_a_circle() -> None:
    (volume,) = one([T0, 48.0, 2.0, 1000], [T0 + 30, 48.0, 2.002, 1000], [T0 + 60, 48.0, 2.0, 1000]).volumes
    assert "outline_circle" in volume["volume"]
    assert 926 + 149 < outline(volume)[1] < 926 + 152


def test_a_lone_point_and_equal_points() -> None:
    (volume,) = one([T0, 48.0, 2.0, -275]).volumes
    assert volume["volume"]["outline_circle"] == {
        "center": {"lat": 48.0, "lng": 2.0},
        "radius": {"value": 926.0, "units": "M"},
    }
    assert feet(volume) == (-375, -175)
    assert one(*[[T0, 48.0, 2.0, -275]] * 3).volumes == [volume]


def test_parked_for_long_has_no_gap() -> None:
    flight = one(*[[T0 + 20 * i, 48.0, 2.0, 300] for i in range(100)])
    assert instants(flight.volumes[0])[0] == (T0 - 30) * SECOND
    assert instants(flight.volumes[-1])[1] == (T0 + 99 * 20 + 30) * SECOND
    assert {outline(volume)[1] for volume in flight.volumes} == {926.0}
    assert flight.notes == []


def held(flight: Flight, at_s: float, lat: float, lng: float, altitude: float) -> bool:
    """Whether some leg claims a place at a time, without the margins."""
    for volume in flight.volumes:
        start, end = instants(volume)
        lower, upper = feet(volume)
        if (
            start + 30 * SECOND <= at_s * SECOND <= end - 30 * SECOND
            and lower + 100 <= altitude <= upper - 100
            and Leg(volume).distance_m(lat, lng) <= math.hypot(outline(volume)[1] - 926, 100)
        ):
            return True
    return False


def test_a_gap_is_bridged_by_legs_that_move_with_what_may_have_been_flown() -> None:
    # 100 m/s before and after, 300 s apart but only 10 km away: 30 km may have been flown.
    step = 2_000 / 111_200
    before = [[T0 + 20 * i, 48 + step * i, 2.0, 1000] for i in range(4)]
    after = [[T0 + 360 + 20 * i, 48.2 + step * i, 2.0, 1500] for i in range(4)]
    flight = one(*before, *after)
    bridging = [volume for volume in flight.volumes if feet(volume) == (900, 1600)]
    spans = [instants(volume) for volume in bridging]
    assert spans[0][0] == (T0 + 30) * SECOND and spans[-1][1] == (T0 + 390) * SECOND
    assert all(b[0] == a[1] - 60 * SECOND for a, b in pairwise(spans))
    apart = GEOD.inv(2.0, before[-1][1], 2.0, after[0][1])[2]
    widest = max(outline(volume)[1] for volume in bridging)
    assert widest == pytest.approx(926 + (30_000**2 - apart**2) ** 0.5 / 2, rel=0.02)
    # Soon after the gap's beginning it cannot be far from there, nor from its end shortly before that.
    assert outline(bridging[0])[1] < 926 + 4_000 and outline(bridging[-1])[1] < 926 + 4_000
    assert "1 gap bridged" in flight.notes[0]
    assert "km to either side" in flight.notes[0]


@pytest.mark.parametrize(
    ("v1", "v2", "apart_m"), [(100, 100, 10_000), (60, 180, 20_000), (180, 60, 3_000), (5, 90, 800)]
)
def test_a_bridge_holds_every_way_that_the_speeds_allow(v1: float, v2: float, apart_m: float) -> None:
    gap_s, degree_m = 200.0, 111_200.0
    before = [[T0 + 20 * i, 48 + 20 * v1 / degree_m * i, 2.0, 1000] for i in range(4)]
    first = before[-1][1] + apart_m / degree_m
    after = [[T0 + 60 + gap_s + 20 * i, first + 20 * v2 / degree_m * i, 2.0, 1000] for i in range(4)]
    flight = one(*before, *after)
    rng, ways = random.Random(7), 0
    flown = (v1 + v2) / 2 * gap_s * 0.99
    while ways < 150:
        # Straight to a turning point and straight on, the speed changing steadily: both ways add up to what was flown.
        azimuth, way = rng.uniform(-180, 180), rng.uniform(0, flown)
        lng, lat, _ = GEOD.fwd(2.0, before[-1][1], azimuth, way)
        onward, _, rest = GEOD.inv(lng, lat, 2.0, first)
        if not 0.9 * flown <= way + rest <= flown:
            continue
        ways += 1
        for part in (0.05, 0.3, 0.5, 0.7, 0.95):
            since = (way + rest) * (part * v1 + part**2 * (v2 - v1) / 2) / ((v1 + v2) / 2)
            if since <= way:
                at_lng, at_lat, _ = GEOD.fwd(2.0, before[-1][1], azimuth, since)
            else:
                at_lng, at_lat, _ = GEOD.fwd(lng, lat, onward, since - way)
            at_s = T0 + 60 + gap_s * part
            assert held(flight, at_s, at_lat, at_lng, 1000), (azimuth, way, part)


def test_a_gap_without_known_speeds_is_widened_by_half_its_length() -> None:
    (volume,) = one([T0, 48.0, 2.0, 1000], [T0 + 600, 48.5, 2.0, 1000]).volumes
    apart = GEOD.inv(2.0, 48.0, 2.0, 48.5)[2]
    assert outline(volume)[1] == pytest.approx(926 + apart / 2, rel=0.01)


def test_a_gap_with_one_speed_known_takes_its_own_mean_for_the_other() -> None:
    # Parked at the stand until reception broke off, rolling at 90 m/s when it came back, 1 km away after 500 s: it did
    # not fly 45 km in between.
    parked = [[T0 + 20 * i, 48.0, 2.0, 0] for i in range(2)]
    rolling = [[T0 + 520 + 20 * i, 48.009 + 0.0162 * i, 2.0, 0] for i in range(3)]
    widest = max(outline(volume)[1] for volume in one(*parked[:1], *rolling).volumes)
    assert widest < 926 + 24_300 / 2
    assert max(outline(volume)[1] for volume in one(*parked, *rolling).volumes) <= widest


def test_a_longer_gap_claims_nothing() -> None:
    flight = one([T0, 48.0, 2.0, 1000], [T0 + 20, 48.02, 2.0, 1000], [T0 + 921, 48.9, 2.0, 1000])
    assert len(flight.volumes) == 2
    assert instants(flight.volumes[0])[1] < instants(flight.volumes[1])[0]
    assert flight.notes == ["line 1 (TEST1): nothing is claimed in 1 gap longer than 900 s"]
    bridged = one([T0, 48.0, 2.0, 1000], [T0 + 20, 48.02, 2.0, 1000], [T0 + 920, 48.9, 2.0, 1000])
    assert all(b[0] < a[1] for a, b in pairwise(map(instants, bridged.volumes)))


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_the_straight_way_between_points_lies_in_legs(data: st.DataObject) -> None:
    lat, lng, at = data.draw(st.floats(-89, 89)), data.draw(st.floats(-180, 180)), T0
    altitude, points = data.draw(st.floats(0, 40_000)), []
    for _ in range(data.draw(st.integers(1, 12))):
        points.append([at, lat, lng, altitude])
        seconds = data.draw(st.integers(1, 60))
        azimuth, speed = data.draw(st.floats(-180, 180)), data.draw(st.floats(0, 600))
        lng, lat, _ = GEOD.fwd(lng, lat, azimuth, speed * seconds)
        at += seconds
        altitude = min(max(altitude + data.draw(st.floats(-2_000, 2_000)), 0), 40_000)
    flight = one(*points, max_legs=data.draw(st.sampled_from((3, 20, 500))))
    for a, b in pairwise(points):
        azimuth, _, length = GEOD.inv(a[2], a[1], b[2], b[1])
        for part in (0.0, 0.37, 0.5, 1.0):
            at_lng, at_lat, _ = GEOD.fwd(a[2], a[1], azimuth, length * part)
            at_s = a[0] + (b[0] - a[0]) * part
            assert held(flight, at_s, at_lat, at_lng, a[3] + (b[3] - a[3]) * part), (a, b, part)


def test_too_many_legs_become_longer_legs_and_say_so() -> None:
    points = [[T0 + 20 * i, 48 + 0.001 * i, 2.0, 1000] for i in range(2_000)]
    flight = one(*points)
    assert len(flight.volumes) <= 500
    assert all_covered(flight.volumes, points[::111])
    assert "legs are up to" in flight.notes[0]
    assert len(one(*points, max_legs=7).volumes) <= 7


def test_across_the_antimeridian_and_the_pole() -> None:
    points: list[list[float]] = [
        [T0, 70.0, 179.99, 1000],
        [T0 + 20, 70.01, -179.99, 1000],
        [T0 + 40, 70.0, -179.97, 1000],
    ]
    legs = one(*points).volumes
    assert max(outline(volume)[1] for volume in legs) < 3_000
    assert all_covered(legs, points)
    points = [[T0, 89.99, 0.0, 1000], [T0 + 20, 90.0, 17.0, 1000], [T0 + 40, 89.99, 180.0, 1000]]
    legs = one(*points).volumes
    assert all_covered(legs, points)


def test_a_shift_moves_every_time() -> None:
    points: list[list[float]] = [[T0, 48.0, 2.0, 1000], [T0 + 20, 48.02, 2.0, 1000]]
    (plain,), (moved,) = one(*points).volumes, one(*points, shift_s=86_400).volumes
    assert [b - a for a, b in zip(instants(plain), instants(moved), strict=True)] == [86_400 * SECOND] * 2
    assert plain["volume"] == moved["volume"]
    with pytest.raises(LocalError) as caught:
        one(*points, shift_s=-2_000_000_000)
    assert caught.value.code == "usage"


def test_every_line_is_a_flight() -> None:
    first, second = track([T0, 48.0, 2.0, 1000]), track([T0, 48.0, 2.0, 1000], callsign=None)
    flights = load(first + b"\n\n" + second + b"\n")
    assert [flight.callsign for flight in flights] == ["TEST1", None]


BAD = {
    "no points": (b'{"callsign":"X","points":[]}', "no points"),
    "points no list": (b'{"callsign":"X","points":{}}', "list of points"),
    "three numbers": (track([T0, 48.0, 2.0]), "point 1"),
    "a text": (b'{"points":[[1633608000,"48",2,1000]]}', "point 1"),
    "true": (b'{"points":[[1633608000,48,2,true]]}', "point 1"),
    "latitude 91": (track([T0, 48.0, 2.0, 0], [T0 + 1, 91.0, 2.0, 0]), "point 2"),
    "longitude 181": (track([T0, 48.0, 181.0, 0]), "longitude"),
    "NaN": (b'{"points":[[1633608000,NaN,2,1000]]}', "four numbers"),
    "1e999": (b'{"points":[[1633608000,1e999,2,1000]]}', "four numbers"),
    "milliseconds": (track([T0 * 1000, 48.0, 2.0, 0]), "unix seconds"),
    "year 10000": (track([253_402_300_800, 48.0, 2.0, 0]), "unix seconds"),
    "before 1970": (track([-5, 48.0, 2.0, 0]), "unix seconds"),
    "out of order": (track([T0 + 20, 48.0, 2.0, 0], [T0, 48.0, 2.0, 0]), "stands after"),
    "altitude": (track([T0, 48.0, 2.0, 200_000]), "200000 ft"),
    "teleport": (track([T0, 48.0, 2.0, 0], [T0 + 20, 49.0, 2.0, 0]), "beyond belief"),
    "callsign": (b'{"callsign":7,"points":[[1633608000,48,2,1000]]}', "callsign"),
    "second line": (track([T0, 48.0, 2.0, 0]) + b"\n" + b'{"points":[]}', "line 2"),
    "second line broken": (track([T0, 48.0, 2.0, 0]) + b'\n{"points":', "line 2"),
    "too many parts": (track(*[[T0 + 1000 * i, 48.0, 2.0, 0] for i in range(501)]), "501 parts"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_records_are_told_with_their_place(name: str) -> None:
    data, words = BAD[name]
    with pytest.raises(LocalError) as caught:
        load(data)
    assert caught.value.code == "input_file"
    assert words in caught.value.detail


@pytest.mark.parametrize("bad", [{"leg_s": 0}, {"half_width_m": -1.0}, {"half_width_m": float("nan")}, {"gap_s": 59}])
def test_bad_options(bad: dict[str, Any]) -> None:
    with pytest.raises(LocalError) as caught:
        Options(**bad)
    assert caught.value.code == "usage"
