"""OpenAir: every airspace is claimed whole, its arcs too, and what its records do not say is asked for."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keepclear.offline.inputs.arcs import Arc, outer_ring
from keepclear.offline.inputs.ellipsoid import bearing_and_distance, destination
from keepclear.offline.inputs.flight import Altitude
from pyproj import Geod, Proj
from shapely import Point, Polygon
from support.samples import AFTERNOON, band, flights, refused, ring, window

GEOD = Geod(ellps="WGS84")
BOX = "DP 47:00:00 N 008:00:00 E\nDP 47:00:00 N 008:10:00 E\nDP 47:10:00 N 008:10:00 E\n"
CENTERS = st.tuples(st.floats(-80, 80), st.floats(-180, 180))


def airspace(shape: str, *, low: str = "GND", top: str = "FL100") -> bytes:
    return f"AC R\nAN TEST\nAL {low}\nAH {top}\n{shape}".encode()


def test_zones_of_a_national_file() -> None:
    control, terminal = flights("openair/swiss-ctr-tma.txt", **AFTERNOON)
    assert control.place == "line 4, CTR BERN 121.025"
    assert band(control.volumes[0]) == (-450, 1372, "AMSL", "M")
    assert window(control.volumes[0]) == ("2026-11-22T14:00:00Z", "2026-11-22T15:00:00Z")
    assert control.notes[:2] == [
        "airspace CTR BERN 121.025, class D",
        "line 4, CTR BERN 121.025: 1 arcs are drawn as edges around them, at most 21 m outside",
    ]
    low, top, *_ = band(terminal.volumes[0])
    assert (low, top) == (-1534, 3048)
    assert any("3500 ft AMSL, which in FL may lie as low as -1534 m" in note for note in terminal.notes)
    assert any("unequally far" in note for note in terminal.notes)


def test_a_range_and_a_drop_zone() -> None:
    shooting, jumping = flights("openair/german-restricted.txt", **AFTERNOON)
    assert len(ring(shooting.volumes[0])) == 7
    assert band(shooting.volumes[0]) == (-450, 12192, "AMSL", "M")
    circle = jumping.volumes[0]["volume"]["outline_circle"]
    assert circle["radius"]["value"] == 4630
    assert circle["center"] == {"lat": 54.508333333, "lng": 10.504166667}


def test_times_of_its_own_and_a_top_without_limit() -> None:
    name = "openair/naviter-times.openair"
    assert "its top is unlimited, so it needs --upper" in refused(name)
    (flight,) = flights(name, upper=Altitude(660, "FL", "FL"))
    assert window(flight.volumes[0]) == ("2026-11-22T18:00:00Z", "2026-11-22T23:30:00Z")
    assert any("unlimited and taken as the one that was given" in note for note in flight.notes)
    # Anticlockwise from east to west: over the north, and all of the half circle is inside.
    project = Proj(proj="aeqd", lat_0=34.8333333, lon_0=35.0, ellps="WGS84")
    outline = Polygon([project(lng, lat) for lat, lng in ring(flight.volumes[0])])
    _, _, radius = GEOD.inv(35.0, 34.8333333333, 35.25, 34.8333333333)
    assert all(
        outline.contains(Point(radius * math.cos(math.radians(a)), radius * math.sin(math.radians(a)) + 0.01))
        for a in range(1, 180)
    )


@settings(max_examples=150, deadline=None)
@given(CENTERS, st.floats(0, 360), st.floats(1, 1_000_000))
def test_the_ellipsoid_is_that_of_another_library(center: tuple[float, float], azimuth: float, metres: float) -> None:
    lat, lng = destination(center, azimuth, metres)
    their_lng, their_lat, _ = GEOD.fwd(center[1], center[0], azimuth, metres)
    assert GEOD.inv(lng, lat, their_lng, their_lat)[2] < 0.005
    _, _, between = GEOD.inv(center[1], center[0], lng, lat)
    found, found_m = bearing_and_distance(center, (lat, lng), "")
    assert found_m == pytest.approx(between, abs=0.005)
    assert math.cos(math.radians(found - azimuth)) > math.cos(0.01 / metres + 1e-7)


def on_plane(center: tuple[float, float]) -> Proj:
    # Distances and bearings from its centre are the ellipsoid's own.
    return Proj(proj="aeqd", lat_0=center[0], lon_0=center[1], ellps="WGS84")


@settings(max_examples=150, deadline=None)
@given(CENTERS, st.floats(0, 360), st.floats(5, 355), st.booleans(), st.floats(200, 200_000), st.floats(0.985, 1.0))
def test_a_ring_holds_the_arcs_that_bulge_and_that_cut_in(
    center: tuple[float, float], start: float, sweep: float, clockwise: bool, radius: float, uneven: float
) -> None:
    arc = Arc(center, start, sweep, clockwise, radius * uneven, radius)
    plane = on_plane(center)
    turn = 1 if clockwise else -1
    azimuths = [start + turn * sweep * number / 300 for number in range(301)]
    truth = [plane(*GEOD.fwd(center[1], center[0], azimuth, radius)[:2]) for azimuth in azimuths]
    sector = Polygon([plane(lng, lat) for lat, lng in outer_ring([arc, center])])
    assert sector.is_valid
    # A centimetre inside the arc: on its radius the ring may touch.
    assert all(sector.covers(Point(x * (1 - 0.01 / radius), y * (1 - 0.01 / radius))) for x, y in truth[1:-1])
    reach = max(math.hypot(*point) for point in sector.exterior.coords)
    assert reach <= radius + 22
    if sweep < 170:
        # The same arc as a bite out of a larger sector.
        far = [destination(center, azimuth, radius * 2) for azimuth in azimuths[::50]]
        bitten = Polygon([plane(lng, lat) for lat, lng in outer_ring([arc, *reversed(far)])])
        nearest = radius * uneven + 0.01
        assert bitten.is_valid
        assert all(bitten.covers(Point(x * nearest / radius, y * nearest / radius)) for x, y in truth[1:-1])


def test_a_whole_turn_is_a_ring() -> None:
    (flight,) = flights(airspace("V X=47:00:00 N 008:00:00 E\nDA 5,0,360"), **AFTERNOON)
    distances = [GEOD.inv(8, 47, lng, lat)[2] for lat, lng in ring(flight.volumes[0])]
    assert 9_260 < min(distances)
    assert max(distances) < 9_282


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (airspace(BOX), "so it needs --from and --to"),
        (airspace(BOX, top="UNL"), "its top is unlimited, so it needs --upper"),
        (airspace(BOX).replace(b"AH FL100\n", b""), "no upper altitude (AH), so it needs --upper"),
        (airspace(BOX, top="ask NOTAM"), "line 4, AH: 'ask NOTAM' is not an altitude"),
        (airspace("AL 3000 ft\n" + BOX), "line 5, AL: AL is there twice in one airspace"),
        (airspace("AH 9000 ft\n" + BOX), "AH is there twice in one airspace"),
        (airspace("AN Another\n" + BOX), "AN is there twice in one airspace"),
        (airspace("DP 36SYC1212\nDP 36SYC1312\nDP 36SYC1213"), "a square of more than 1 m is no corner"),
        (airspace("V X=36SYC1212\nDA 5,0,90\n" + BOX), "no centre of an arc"),
        (airspace(BOX, low="4.500 ft"), "line 3, AL: '4.500 ft' may be thousands or a decimal"),
        (airspace(BOX, low="4.500"), "may be thousands or a decimal"),
        (airspace(BOX, low="FL200"), "the upper altitude, FL100, is not above the lower one, FL200"),
        (airspace(BOX + "DP 47:61:00 N 008:00:00 E"), "line 8, DP:"),
        (airspace(BOX + "DC 5"), "line 8, DC: no centre"),
        (airspace("V X=47:00:00 N 008:00:00 E\nDC 5\n" + BOX), "a circle and points in one airspace"),
        (airspace("V X=47:00:00 N 008:00:00 E\nDC nan"), "line 6, DC: 'nan' is not a number"),
        (airspace("V X=47:00:00 N 008:00:00 E\nDA 5,0"), "line 6, DA: an arc is radius, start and end"),
        (airspace("V X=47:00:00 N 008:00:00 E\nDB 47:05:00 N 008:00:00 E,47:00:00 N 008:20:00 E"), "no arc: its ends"),
        (airspace("V D=up\n" + BOX), "line 5, V: 'D=up' is neither"),
        (airspace("DY 47:00:00 N 008:00:00 E\n" + BOX), "the record 'DY' cannot be read"),
        (b"AN first\nAC R\n" + BOX.encode(), "line 1, AN: an airspace begins with AC"),
        (b"AC R\nAL GND\nAH FL100\nAC D\n" + BOX.encode(), "no shape"),
        (airspace("AA 2026-11-22T18:00Z/2026-11-22T17:00Z\n" + BOX), "the window must end after its start"),
    ],
)
def test_a_fault_is_named_with_its_line(text: bytes, told: str) -> None:
    options = {} if "--from" in told else AFTERNOON
    assert told in refused(text, **options)


def test_small_letters_and_signs_of_feet() -> None:
    text = airspace(BOX, top="2500'MSL").lower()
    (flight,) = flights(text, **AFTERNOON)
    assert band(flight.volumes[0]) == (-450, 762, "AMSL", "M")


def test_bare_numbers_are_feet_above_the_sea_and_said_so() -> None:
    (flight,) = flights(airspace(BOX, low="1500", top="4500ft"), **AFTERNOON)
    assert band(flight.volumes[0]) == (1500, 4500, "AMSL", "FT")
    assert "line 3, AL: 1500 is taken as feet above mean sea level, as OpenAir has it" in flight.notes
    assert "line 4, AH: 4500ft is taken as above mean sea level, as OpenAir has it" in flight.notes


def test_a_circle_round_a_square_holds_all_of_it() -> None:
    (flight,) = flights(airspace("V X=36SYC1212\nDC 0.05"), **AFTERNOON)
    assert flight.volumes[0]["volume"]["outline_circle"]["radius"]["value"] >= 0.05 * 1852 + 707
    assert any("MGRS" in note or "square" in note for note in flight.notes)
    corners = "DP 36SYC1200012000\nDP 36SYC1300012000\nDP 36SYC1200013000"
    assert len(ring(flights(airspace(corners), **AFTERNOON)[0].volumes[0])) == 3
