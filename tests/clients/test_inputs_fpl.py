"""ICAO flight plans: legs as corridors in the plan's times and levels; what the plan does not place is named."""

from typing import Any

import pytest
from keepclear.offline.inputs.asked import read_altitude, read_time
from keepclear.offline.inputs.points import points_of, read_points
from keepclear_protocol.errors import LocalError
from keepclear_protocol.instant import SECOND, parse_instant
from pyproj import Geod
from support.samples import FOLDER, band, flights, path, refused, sample, width_m, window

GEOD = Geod(ellps="WGS84")
ASKED: dict[str, Any] = {"route_half_width_m": 1852.0, "route_margin_s": 600}
FPL = "(FPL-TEST1-VG\n-C172/L-S/C\n-ZZZZ1400\n-{route}\n-ZZZZ{eet}\n-{dof}DEP/4600N00700E DEST/{dest}{more})"


def fpl(route: str = "N0120F100 4630N00700E", **said: str) -> bytes:
    fields = {"eet": "0030", "dof": "DOF/261122 ", "dest": "4700N00700E", "more": "", **said}
    return FPL.format(route=route, **fields).encode()


def hours(volume: dict[str, Any]) -> tuple[float, float]:
    """The window in minutes after 14:00."""
    base = parse_instant("2026-11-22T14:00:00Z")
    start, end = ((parse_instant(text) - base) / SECOND / 60 for text in window(volume))
    return start, end


def test_a_transport_by_coordinates() -> None:
    name = "fpl/transport-coordinates.fpl"
    assert "a line has no width, so it needs --half-width" in refused(name)
    assert "needs --time-margin" in refused(name, route_half_width_m=1852.0)
    (flight,) = flights(name, **ASKED)
    assert flight.callsign == "HAWK12"
    assert flight.place == "line 3 (HAWK12)"
    ends = [end for volume in flight.volumes for end in path(volume)]
    assert ends[0] == (34.883333333, 33.633333333)
    assert ends[-1] == (36.183333333, 36.9)
    assert {(34.8, 33.5), (35.0, 34.0), (35.5, 34.5), (35.833333333, 35.0)} <= set(ends)
    assert {band(volume)[2] for volume in flight.volumes} == {"FL"}
    assert max(band(volume)[1] for volume in flight.volumes) == 21_300
    assert hours(flight.volumes[0])[0] == -10
    assert hours(flight.volumes[-1])[1] == 55 + 10
    assert all(width_m(volume) >= 1852 for volume in flight.volumes)
    assert any("windows cover both, and 10 min before and after" in note for note in flight.notes)


def test_an_airline_with_a_table_of_points() -> None:
    name = "fpl/airline-with-points.fpl"
    said = refused(name, **ASKED)
    assert "LSZH (aerodrome), DEGES, ABESI, LAMUR, KOGOL, LOWW (aerodrome)" in said
    assert "--points" in said
    (flight,) = flights(name, **ASKED, points=read_points(str(FOLDER / "fpl" / "points.csv")))
    assert flight.callsign == "SWR7TK"
    assert path(flight.volumes[0])[0] == (47.4581, 8.5481)
    assert (47.408333333, 9.65) in {end for volume in flight.volumes for end in path(volume)}
    assert "line 1 (SWR7TK): alternates are not claimed: LZIB" in flight.notes
    # KOGOL is passed after 50 minutes by the plan, after 36 in still air: the window of its leg has both.
    last = next(volume for volume in flight.volumes if path(volume)[0] == (48.05, 14.7))
    start, end = hours(last)
    assert start + 290 <= 36 < 50 <= end + 290


def test_metric_levels_altitudes_and_visual_flight() -> None:
    name = "fpl/metric-vfr-level.fpl"
    points = {"LTAF": (36.982, 35.28)}
    assert "VFR is no level, so it needs --lower" in refused(name, **ASKED, points=points)
    band_asked = {"lower": read_altitude("GND", ""), "upper": read_altitude("1500ft AMSL", "")}
    helicopter, drone = flights(name, **ASKED, **band_asked, points=points)
    assert (helicopter.callsign, drone.callsign) == ("TC701", "DRON1")
    # 1200 m, 4500 ft and then 2100 m standard: above the sea and by pressure, so the legs between both are in FL.
    references = [band(volume)[2] for volume in helicopter.volumes]
    assert references[0] == "AMSL"
    assert references[-1] == "FL"
    assert {band(volume)[2:] for volume in drone.volumes} == {("AMSL", "FT")}
    assert max(band(volume)[1] for volume in drone.volumes) == 1_800


def test_pieces_follow_the_geodesic_and_the_clock() -> None:
    (flight,) = flights(fpl("N0120F100 4600N01000E", dest="4600N01300E", eet="0209"), **ASKED)
    assert len(flight.volumes) > 20
    for volume in flight.volumes:
        (lat_a, lng_a), (lat_b, lng_b) = path(volume)
        middle = (lat_a + lat_b) / 2, (lng_a + lng_b) / 2
        leg = (46, 7, 46, 10) if lng_b <= 10 else (46, 10, 46, 13)
        line = GEOD.npts(leg[1], leg[0], leg[3], leg[2], 2_000)
        off = min(GEOD.inv(middle[1], middle[0], lng, lat)[2] for lng, lat in line)
        assert off < 250
        # 120 knots in still air: when it may be where the piece begins and ends lies within its window.
        from_start = GEOD.inv(7, 46, lng_a, lat_a)[2] / (120 * 1852 / 60)
        start, end = hours(volume)
        assert start <= from_start - 9.9
        assert end >= from_start + 9.9


def test_bands_hold_climbs_changes_and_descents() -> None:
    route = "N0120F100 4700N00700E/N0120F060 4800N00700E/N0120F150 4900N00700E"
    (flight,) = flights(fpl(route, dest="5000N00700E", eet="0200"), **ASKED)

    def at(minute: float) -> tuple[float, float]:
        """The band at so many minutes of flight in still air: half a degree of latitude lasts a quarter of an hour."""
        lat = 46 + minute * 120 * 1852 / 60 / 111_150
        (volume,) = [volume for volume in flight.volumes if path(volume)[0][0] <= lat < path(volume)[1][0]]
        return band(volume)[:2]

    assert at(1)[0] < -1_400
    assert at(9)[0] < -1_400
    assert at(15) == (9_700, 10_300)
    assert at(31) == (5_700, 10_300)
    assert at(45) == (5_700, 6_300)
    assert at(61) == (5_700, 15_300)
    assert at(80) == (14_700, 15_300)
    assert at(110)[0] < -1_400
    assert at(110)[1] == 15_300


def test_a_day_that_is_not_said_is_asked_for() -> None:
    assert "no date of flight (DOF/), so it needs --from" in refused(fpl(dof=""), **ASKED)
    for first, day in (("2026-11-22T13:00Z", 22), ("2026-11-22T14:00Z", 22), ("2026-11-22T14:01Z", 23)):
        (flight,) = flights(fpl(dof=""), **ASKED, start=read_time(first, ""))
        assert window(flight.volumes[0])[0] == f"2026-11-{day}T13:50:00Z"


@pytest.mark.parametrize(
    "more",
    [
        " RMK/TCAS-EQUIPPED {}",
        " RMK/(SEE NOTAM) {}",
        " RMK/TCAS -{}",
        " RMK/A-B/C {}",
        " RMK/X {}\n-E/0300 P/2 R/V S/P C/SMITH-JONES",
        " OPR/AIR-SOMEWHERE RMK/HYPHENS - ARE TEXT {}",
    ],
)
def test_hyphens_and_brackets_are_the_text_of_field_18(more: str) -> None:
    (flight,) = flights(fpl(dof="", more=more.format("DOF/261124")), **ASKED, start=read_time("2026-11-22T06:00Z", ""))
    assert window(flight.volumes[0])[0] == "2026-11-24T13:50:00Z"
    assert "a delay on the way (DLE/)" in refused(fpl(more=more.format("DLE/4630N00700E0030")), **ASKED)
    assert "DOF/ is there twice" in refused(fpl(more=more.format("DOF/261124")), **ASKED)


def test_supplementary_information_is_not_field_18() -> None:
    plain = fpl(dest="4700N00700E DOF/261122", dof="")
    supplemented = plain.replace(b")", b"\n-E/0745 P/6 R/VE S/M J/L D/2 8 C YELLOW A/YELLOW RED-TAIL N/NIL C/DENKE)")
    assert flights(supplemented, **ASKED) == flights(plain, **ASKED)


def test_a_route_after_reclearance_is_told() -> None:
    assert any("(RIF/) is not claimed" in note for note in flights(fpl(more=" RIF/DTA HEC KLAX"), **ASKED)[0].notes)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (fpl("N0120F100 4630N00700E T"), "the route is truncated (T)"),
        (fpl("N0120F100 4630N00700E/N0120F120 DCT T"), "the route is truncated (T)"),
        (fpl(dof="", more=" RMK/SMILE :) DOF/261122"), "DOF/ stands behind the message's closing bracket"),
        (fpl("N0120F100 4630N00700E DCT WIL UL9 DUB180040 BIG3D NATB"), "WIL, UL9 (an airway: write its points)"),
        (fpl("N0120F100 46N078W180040"), "46N078W180040 (its bearing is magnetic)"),
        (fpl("F100 4630N00700E"), "field 15: 'F100' is no speed and level"),
        (fpl("N0120F100 4690N00700E"), "has 90 minutes in its latitude"),
        (fpl("N0120F100 4630N00700E/N0120"), "field 15: 'N0120' is no speed and level"),
        (fpl("N0120F100 £%"), "is no point, airway or change"),
        (fpl("N0000F100 4630N00700E"), "a speed of nought"),
        (fpl("N0120F100 4600N00700E", dest="4600N00700E"), "its points are all one place"),
        (fpl("N0120F100 4600N09000E"), "more than 2000 km apart"),
        (fpl("C/4630N00700E/M082F290PLUS"), "is no speed and level"),
        (fpl("M082F290 C/4630N00700E/M082F290PLUS"), "(PLUS), so it needs --upper"),
        (fpl(eet="0061"), "field 16: 0061 is not hours and minutes"),
        (fpl(eet="0000"), "field 16: no elapsed time"),
        (fpl(dof="DOF/261332 "), "there is no such date or time"),
        (fpl(more=" DLE/4630N00700E0030"), "a delay on the way (DLE/) cannot be read"),
        (fpl().replace(b"ZZZZ1400", b"ZZZZ2500"), "field 13: 2500 is not a time"),
        (fpl().replace(b"-ZZZZ1400", b"-AFIL"), "field 13: 'AFIL' is no aerodrome and time"),
        (fpl().replace(b"TEST1", b"TEST12345"), "field 7: 'TEST12345' is no aircraft identification"),
        (b"(FPL-TEST1-VG-C172/L)", "fields 7 to 16 at least"),
        (b"(DLA-TEST1-LSZH1400-LSZB)", "a DLA message is no flight plan"),
    ],
)
def test_a_fault_is_named_with_its_field(text: bytes, told: str) -> None:
    said = refused(text, **ASKED)
    assert told in said
    assert said.startswith("line 1")


def test_several_plans_and_their_lines() -> None:
    text = b"ZCZC\n" + fpl() + b"\n" + fpl().replace(b"TEST1", b"TEST2") + b"\nNNNN\n"
    assert [flight.callsign for flight in flights(text, **ASKED)] == ["TEST1", "TEST2"]
    assert [flight.place for flight in flights(text, **ASKED)] == ["line 2 (TEST1)", "line 8 (TEST2)"]


def test_a_plan_without_other_information() -> None:
    points = {"LSZH": (47.458, 8.548), "LSGG": (46.238, 6.109)}
    for other in (b"-0", b""):
        text = b"(FPL-HBXYZ-VG-C172/L-S/C-LSZH1400-N0110F080 4700N00730E-LSGG0120" + other + b")"
        assert "no date of flight" in refused(text, **ASKED, points=points)
        (flight,) = flights(text, **ASKED, points=points, start=read_time("2026-11-22T06:00Z", ""))
        assert window(flight.volumes[0])[0] == "2026-11-22T13:50:00Z"


def test_a_cruise_climb_spans_its_levels() -> None:
    (flight,) = flights(fpl("M082F290 C/4630N00700E/M082F290F350", dest="6000N00700E", eet="0200"), **ASKED)
    assert (28_700, 35_300) in {band(volume)[:2] for volume in flight.volumes}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name,latitude\nA,47\n", "has the columns name, latitude, longitude"),
        ("name,latitude,longitude\nA,47,8\nA,47,9\n", "line 3: A is there already, at another position"),
        ("name,latitude,longitude\n,47,8\n", "line 2: a point without a name"),
        ("name,latitude,longitude\nA,,\n", "line 2: A has no position"),
        ("name,mgrs\nA,32TMT6546\n", "line 2: A has no position, or one that is too coarse"),
    ],
)
def test_faults_of_a_table_of_points(text: str, told: str) -> None:
    with pytest.raises(LocalError) as caught:
        points_of(text)
    assert told in caught.value.detail


def test_a_table_of_points() -> None:
    found = points_of(sample("fpl/points.csv").decode())
    assert found["DEGES"] == (47.408333333, 9.65)
    assert points_of("ident;mgrs\na;32TMT6533146271\na;32TMT6533146271\n").keys() == {"A"}
