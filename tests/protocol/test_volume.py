"""Volume4D: what is taken, what is refused and with which code, and that nothing else ever comes out."""

import json
import math
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keepclear_protocol.errors import CODES, Malformed
from keepclear_protocol.geometry import EARTH_RADIUS_M, SHOWN, SUBMITTED, Bounds, Shape, distance_m, shape_of
from keepclear_protocol.instant import SECOND
from keepclear_protocol.outline import Circle, Corridor, Outline, Polygon, outline_json
from keepclear_protocol.volume import (
    Reference,
    circle_json,
    parse_outline,
    parse_volume,
    polygon_json,
    volume4d_json,
)

VECTORS = Path(__file__).resolve().parents[2] / "protocol" / "vectors" / "volumes.json"
CASES = json.loads(VECTORS.read_text())["cases"]
START = 1_790_000_000 * SECOND
BOX = polygon_json([(50.0, 10.0), (50.0, 10.1), (50.1, 10.1), (50.1, 10.0)])


def volume4d(outline: Any = BOX, lower: Any = 0, upper: Any = 100, reference: str = "W84", units: str = "M") -> Any:
    return volume4d_json(outline, lower, upper, reference, units, START, START + 3600 * SECOND)


def refused(obj: object, bounds: Bounds = SUBMITTED) -> str | None:
    try:
        parse_volume(obj, bounds)
    except Malformed as error:
        return error.code
    return None


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
@pytest.mark.req("R-030", "R-031", "R-032", "R-033", "R-034", "R-036")
def test_vectors(case: dict[str, Any]) -> None:
    assert refused(case["volume"], SHOWN if case.get("read") else SUBMITTED) == case["code"]


def test_vectors_try_every_volume_code() -> None:
    assert {case["code"] for case in CASES} - {None} == {code for code in CODES if code.startswith("volume_")}


@pytest.mark.req("R-033")
def test_a_volume_holds_what_was_sent() -> None:
    volume = parse_volume(volume4d(circle_json((50.5, -0.0), 1500), 100, 330, "FL", "FL"))
    assert volume.outline == Circle((50.5, 0.0), 1500.0)
    assert (volume.lower_m, volume.upper_m) == (3048.0, 10058.4)
    assert volume.reference is Reference.FL
    assert (volume.start, volume.end) == (START, START + 3600 * SECOND)
    assert volume == parse_volume(volume4d(circle_json((50.5, 0.0), 1500), 10_000, 33_000, "FL", "FT"))
    assert len({volume, volume}) == 1


@pytest.mark.req("R-006")
def test_every_flight_level_is_its_feet_to_the_bit() -> None:
    circle = circle_json((50.5, 0.0), 1500)
    for level in range(1, 1000):
        levels = parse_volume(volume4d(circle, level, 1000, "FL", "FL"))
        assert levels == parse_volume(volume4d(circle, level * 100, 100_000, "FL", "FT"))


def test_times_finer_than_a_microsecond_are_rounded_outward() -> None:
    obj = volume4d()
    obj["time_start"]["value"] = "2026-09-21T14:13:20.000000999Z"
    obj["time_end"]["value"] = "2026-09-21T14:13:20.000001001Z"
    volume = parse_volume(obj)
    assert volume.end - volume.start == 2


@pytest.mark.parametrize("value", [10**400, -(10**400), 2**53, math.inf, -math.inf, math.nan, 1e308, -1e308])
@pytest.mark.parametrize("place", ["lat", "lng", "radius", "lower", "upper"])
@pytest.mark.req("R-035")
def test_numbers_that_only_python_could_send(place: str, value: float) -> None:
    obj = volume4d(circle_json((50.0, 10.0), 1000.0))
    circle = obj["volume"]["outline_circle"]
    match place:
        case "lat" | "lng":
            circle["center"][place] = value
        case "radius":
            circle["radius"]["value"] = value
        case _:
            obj["volume"][f"altitude_{place}"]["value"] = value
    assert refused(obj) in {"volume_position", "volume_size", "volume_band"}


@pytest.mark.req("R-032")
def test_decimals_are_counted_on_the_shortest_form() -> None:
    drawn = random.Random(1)
    for _ in range(2000):
        nine = round(drawn.uniform(-90, 90), 9)
        assert refused(volume4d(circle_json((nine, 0.0), 1))) is None
        ten = float(f"{drawn.uniform(-90, 90):.9f}{drawn.randint(1, 9)}")
        assert refused(volume4d(circle_json((ten, 0.0), 1))) == "volume_position"


def test_area_bound_and_reach() -> None:
    metre = 9e-6
    small = shape_of(Polygon(((50.0, 10.0), (50.0, 10.000014), (50.0 + metre, 10.000014), (50.0 + metre, 10.0))))
    assert small.area_m2 == pytest.approx(1.0, rel=0.01)
    assert small.bound_m == pytest.approx(0.707, rel=0.02)
    circle = shape_of(Circle((0.0, 0.0), 1000.0))
    assert circle.area_m2 == pytest.approx(math.pi * 1e6)
    assert circle.outline_area_m2 == circle.perimeter_m == circle.longest_edge_m == 0
    corridor = shape_of(Corridor(((0.0, 0.0), (0.0, 1.0)), 1000.0))
    length_m = EARTH_RADIUS_M * math.radians(1)
    assert corridor.perimeter_m == pytest.approx(2 * length_m)
    assert corridor.area_m2 == pytest.approx(2 * length_m * 1000 + math.pi * 1e6)
    assert corridor.bound_m == pytest.approx(length_m / 2 + (1000 + 7e-11 * length_m**2) / 0.994)
    assert corridor.center == pytest.approx((math.cos(math.radians(0.5)), math.sin(math.radians(0.5)), 0))


@pytest.mark.req("R-031")
def test_an_outline_reads_as_in_a_volume() -> None:
    assert parse_outline(BOX) == parse_volume(volume4d()).outline
    strange: list[Any] = [{}, [], {**BOX, **circle_json((0, 0), 1)}, {**BOX, "note": 1}, {"outline_sphere": {}}]
    for obj in strange:
        with pytest.raises(Malformed) as caught:
            parse_outline(obj)
        assert caught.value.code == "volume_shape"
    with pytest.raises(Malformed) as caught:
        parse_outline(polygon_json([(0, 0), (1, 1), (1, 0), (0, 1)]))
    assert caught.value.code == "volume_polygon"


@pytest.mark.parametrize("offset", [0, 90, 180])
@pytest.mark.req("R-034")
def test_many_vertices_and_great_reach(offset: float) -> None:
    def ring(reach_deg: float) -> Polygon:
        return Polygon(tuple((90 - reach_deg, float(lng) - 180) for lng in range(0, 360, 6)))

    widest = math.degrees(SUBMITTED.reach_m / EARTH_RADIUS_M)
    assert shape_of(ring(widest - 0.01)).vertices == 60
    with pytest.raises(Malformed) as caught:
        shape_of(ring(widest + 0.01))
    assert caught.value.code == "volume_size"


def outlines() -> st.SearchStrategy[Outline]:
    """Outlines of any size anywhere; some are refused."""
    lat = st.one_of(st.floats(-90, 90), st.sampled_from([-90.0, 90.0, 0.0, 89.999999])).map(lambda x: round(x, 9))
    lng = st.one_of(st.floats(-180, 180), st.sampled_from([-180.0, 180.0, 0.0])).map(lambda x: round(x, 9))
    spread = st.sampled_from([1e-5, 1e-2, 1.0, 8.0])

    @st.composite
    def points(draw: st.DrawFn, least: int) -> tuple[tuple[float, float], ...]:
        south, west, size = draw(lat), draw(lng), draw(spread)
        stretch = 1 if abs(south) < 80 else 20
        count = draw(st.integers(least, 7))
        shares = st.floats(-1, 1)
        around = [(south + size * draw(shares), west + size * stretch * draw(shares)) for _ in range(count)]
        return tuple((round(min(90, max(-90, y)), 9), round((x + 180) % 360 - 180, 9)) for y, x in around)

    radius = st.floats(0.1, 1e6)
    return st.one_of(
        st.builds(Polygon, points(3)),
        st.builds(Circle, st.tuples(lat, lng), radius),
        st.builds(Corridor, points(2), radius),
    )


def shape_or_none(outline: Outline) -> Shape | None:
    try:
        return shape_of(outline)
    except Malformed:
        return None


@settings(deadline=None)
@given(outlines(), st.integers(0, 2**32))
def test_everything_of_an_outline_lies_within_its_bound(outline: Outline, seed: int) -> None:
    shape = shape_or_none(outline)
    if shape is None:
        return
    drawn = random.Random(seed)
    x, y, z = shape.center
    for _ in range(30):
        reach = shape.bound_m * drawn.uniform(0.9, 1.3) / EARTH_RADIUS_M
        if reach > math.pi:
            continue
        east = (-y, x, 0.0) if abs(z) < 0.9 else (0.0, -z, y)
        length = math.hypot(*east)
        east = (east[0] / length, east[1] / length, east[2] / length)
        north = (y * east[2] - z * east[1], z * east[0] - x * east[2], x * east[1] - y * east[0])
        turn = drawn.uniform(0, math.tau)
        px, py, pz = (
            c * math.cos(reach) + (e * math.cos(turn) + n * math.sin(turn)) * math.sin(reach)
            for c, e, n in zip(shape.center, east, north, strict=True)
        )
        place = Circle((math.degrees(math.atan2(pz, math.hypot(px, py))), math.degrees(math.atan2(py, px))), 1.0)
        if distance_m(shape_of(place), shape) <= shape.margin_m / 0.994:
            assert reach * EARTH_RADIUS_M <= shape.bound_m + 1e-3


@settings(deadline=None)
@given(outlines())
def test_an_outline_survives_its_json(outline: Outline) -> None:
    shape = shape_or_none(outline)
    obj = volume4d(outline)
    if shape is None:
        assert refused(obj) is not None
    else:
        volume = parse_volume(json.loads(json.dumps(obj)))
        assert volume.outline == outline
        assert volume.shape.bound_m == shape.bound_m
        assert parse_outline(outline_json(outline)) == outline


odd = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.sampled_from([10**400, -(10**400), -0.0, 1e-300, "M", "W84", "RFC3339", "2026-11-22T12:00:00Z", [], {}]),
    st.recursive(
        st.integers() | st.text(max_size=3),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
        max_leaves=5,
    ),
)


def _places(obj: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) of a nested JSON value."""
    found = []
    for key in obj if isinstance(obj, dict) else range(len(obj)):
        found.append((obj, key))
        if isinstance(obj[key], dict | list):
            found += _places(obj[key])
    return found


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_one_or_two_odd_values_anywhere_end_in_malformed_or_nothing(data: st.DataObject) -> None:
    case = data.draw(st.sampled_from([case for case in CASES if case["code"] is None]))
    obj = json.loads(json.dumps(case["volume"]))
    for _ in range(data.draw(st.integers(1, 2))):
        container, key = data.draw(st.sampled_from(_places(obj)))
        action = data.draw(st.integers(0, 2))
        if action == 0:
            container[key] = data.draw(odd)
        elif action == 1 and isinstance(container, dict):
            container[data.draw(st.text(max_size=3))] = data.draw(odd)
        else:
            del container[key]
    code = refused(obj)
    assert code is None or code.startswith("volume_")


@settings(max_examples=300, deadline=None)
@given(odd)
def test_any_value_at_all_ends_in_malformed(value: object) -> None:
    assert refused(value) == "volume_shape"
    for name in ("outline_polygon", "outline_circle", "outline_corridor"):
        with pytest.raises(Malformed):
            parse_outline({name: value})


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.floats(), st.floats()), max_size=5))
@pytest.mark.req("R-035")
def test_no_position_reaches_the_geometry_library_unless_finite_and_in_range(points: list[tuple[float, float]]) -> None:
    code = refused(volume4d(polygon_json(points)))
    if any(not (abs(lat) <= 90 and abs(lng) <= 180) for lat, lng in points):
        assert code == "volume_position"
