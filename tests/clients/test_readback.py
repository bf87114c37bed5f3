"""The read-back: figures against hand-made outlines and the ellipsoid, and each warning alone."""

import json
from typing import Any

import pytest
from keepclear.offline.inputs import load
from keepclear.offline.readback import ReadBack, readback
from keepclear_protocol.agreement import Agreement
from keepclear_protocol.instant import SECOND, parse_instant
from keepclear_protocol.volume import (
    Outline,
    Polygon,
    Volume,
    circle_json,
    corridor_json,
    outline_json,
    parse_volume,
    polygon_json,
    volume4d_json,
)
from pyproj import Geod
from support.world import World

GEOD = Geod(ellps="WGS84")
NOW = parse_instant("2026-11-22T12:00:00Z")
HOUR = 3_600 * SECOND
ISRAEL = Polygon(((29.0, 34.0), (29.0, 36.0), (34.0, 36.0), (34.0, 34.0)))


def volume(
    outline: dict[str, Any],
    lower: float = 1000,
    upper: float = 2000,
    *,
    reference: str = "FL",
    start: int = NOW + 2 * HOUR,
    end: int = NOW + 3 * HOUR,
) -> Volume:
    return parse_volume(volume4d_json(outline, lower, upper, reference, "FT", start, end))


def agreement(area: Outline | None) -> Agreement:
    outline = None if area is None else outline_json(area)
    return World(area=outline, lead_classes={"routine_s": 3_600, "short_s": 600}).agreement


def of(*volumes: Volume, area: Outline | None = None) -> ReadBack:
    return readback(volumes, NOW, agreement(area))


def test_a_corridor() -> None:
    back = of(volume(corridor_json([(48.0, 2.0), (48.0, 3.0)], 1000)), volume(circle_json((48.2, 2.5), 500)))
    length = GEOD.inv(2.0, 48.0, 3.0, 48.0)[2]
    assert back.volumes == 2
    assert back.center == pytest.approx((48.1, 2.5), abs=0.01)
    assert back.length_m == pytest.approx(length, rel=0.006)
    assert back.east_west_m == pytest.approx(length + 2000, rel=0.01)
    assert back.north_south_m == pytest.approx(GEOD.inv(2.5, 48.0, 2.5, 48.2)[2] + 1500, rel=0.01)
    assert back.lead == "ROUTINE"
    assert back.warnings == []
    assert back.text().splitlines() == [
        "volumes  2",
        "centre   48.10000 N, 2.50000 E (degrees)",
        "         48°06'00\" N, 2°30'00\" E",
        *back.text().splitlines()[3:6],
        "band     FL010-FL020 (1000 to 2000 ft), pressure altitude (1013.25 hPa)",
        "window   2026-11-22T14:00:00Z to 2026-11-22T15:00:00Z",
        "         1 h long",
        "lead     ROUTINE",
    ]
    assert "east to west" in back.text()


def test_across_the_antimeridian_and_south() -> None:
    back = of(volume(polygon_json([(-20.0, 179.0), (-20.0, -179.0), (-21.0, -179.0), (-21.0, 179.0)])))
    assert abs(back.center[1]) == pytest.approx(180.0)
    assert back.east_west_m == pytest.approx(GEOD.inv(179.0, -20.0, -179.0, -20.0)[2], rel=0.01)
    assert back.area_m2 == pytest.approx(2.3e10, rel=0.02)
    assert " S" in back.text()


def test_a_geodesic_bulges_beyond_its_ends() -> None:
    back = of(volume(corridor_json([(60.0, 0.0), (60.0, 15.0)], 1000)))
    middle = GEOD.npts(0.0, 60.0, 15.0, 60.0, 1)[0][1]
    assert back.north_south_m == pytest.approx(GEOD.inv(7.5, 60.0, 7.5, middle)[2] + 2000, rel=0.02)


def test_bands_are_told_by_reference() -> None:
    outline = circle_json((48.0, 2.0), 500)
    back = of(volume(outline, 100, 200, reference="W84"), volume(outline, 150, 300, reference="W84"), volume(outline))
    assert [(band.reference, round(band.lower_m), round(band.upper_m)) for band in back.bands] == [
        ("FL", 305, 610),
        ("W84", 30, 91),
    ]
    assert back.as_json()["bands"][1] == {"reference": "W84", "lower_m": 30.5, "upper_m": 91.4}


@pytest.mark.parametrize(
    ("start", "end", "lead", "warning"),
    [
        (NOW + HOUR, NOW + 2 * HOUR, "ROUTINE", None),
        (NOW + HOUR - 1, NOW + 2 * HOUR, "SHORT", None),
        (NOW + 599 * SECOND, NOW + HOUR, "LATE", None),
        (NOW - 90 * SECOND, NOW + HOUR, "IN_PROGRESS", "began 1 min 30 s ago"),
        (NOW - 3 * HOUR, NOW - 2 * HOUR, "RETROACTIVE", "over since 2 h"),
        (NOW + HOUR, NOW + 25 * HOUR, "ROUTINE", None),
        (NOW + HOUR, NOW + 25 * HOUR + SECOND, "ROUTINE", "longer than a day: 1 d 1 s"),
    ],
)
def test_windows(start: int, end: int, lead: str, warning: str | None) -> None:
    back = of(volume(circle_json((48.0, 2.0), 500), start=start, end=end))
    assert back.lead == lead
    assert len(back.warnings) == (warning is not None)
    assert warning is None or warning in back.warnings[0]


def test_swapped_positions_are_told_where_the_area_decides() -> None:
    inside, swapped = circle_json((31.0, 35.0), 500), circle_json((35.0, 31.0), 500)
    assert of(volume(inside), area=ISRAEL).warnings == []
    warnings = of(volume(swapped), area=ISRAEL).warnings
    assert warnings[0].startswith("latitude and longitude look swapped")
    assert warnings[1] == "outside the agreement's area: volume 1 of 1"
    assert of(volume(swapped)).warnings == []
    assert readback([volume(swapped)], NOW).lead is None
    # Elsewhere, and not on Earth once swapped: outside, and nothing about swapping.
    for position in ((48.0, 2.0), (10.0, 120.0)):
        (warning,) = of(volume(circle_json(position, 500)), volume(inside), area=ISRAEL).warnings
        assert warning == "outside the agreement's area: volume 1 of 2"


def test_thick_bands() -> None:
    outline = circle_json((48.0, 2.0), 500)
    assert of(volume(outline, 0, 10_000)).warnings == []
    assert "12000 ft" in of(volume(outline, 0, 12_000)).warnings[0]


def test_json_names_its_units() -> None:
    found = of(volume(circle_json((48.0, 2.0), 1000))).as_json()
    assert found["north_south_m"] == found["east_west_m"] == 2000
    assert found["area_m2"] == pytest.approx(3.1416e6, rel=1e-3)
    assert found["time_start"] == "2026-11-22T14:00:00Z"
    assert found["center"] == {"lat": 48.0, "lng": 2.0}


def test_a_track_says_how_much_of_it_is_margin() -> None:
    points = [[1_633_608_000 + 20 * i, 48 + 0.02 * i, 2.0, 10_000] for i in range(4)]
    (flight,) = load(json.dumps({"callsign": "TEST1", "points": points}).encode())
    said = readback([parse_volume(volume) for volume in flight.volumes], NOW, None, flight.margins)
    assert said.margin is not None
    # 926 of 926.1 m, all of a level band, 60 of 80 s in legs of 20 s.
    assert said.margin.width == pytest.approx(1, abs=0.001)
    assert said.margin.band == pytest.approx(1)
    assert said.margin.window == pytest.approx(60 / 80)
    assert "margin   926 m to each side, 100 ft below and above, 30 s before and after" in said.text()
    assert "it is 100% of the width, 100% of the bands, 75% of the windows" in said.text()
    assert said.as_json()["margin"]["window_share"] == 0.75
