"""Tables of positions: whoever wrote them, each flight in them is one, and nothing of a header is guessed."""

import pytest
from support.samples import LOW, band, flights, path, refused, width_m, window

HEAD = "time,latitude,longitude,altitude_ft_baro\n"
ROW = "1763812800,47.0,8.0,3000\n"


def test_state_vectors_of_opensky() -> None:
    swiss, german = flights("csv/opensky-states.csv")
    assert (swiss.callsign, german.callsign) == ("SWR7TK", "DLH4AB")
    assert swiss.place == "line 2"
    low, top, reference, _ = band(swiss.volumes[0])
    assert reference == "FL"
    assert low <= 617.22 / 0.3048 - 100
    assert max(band(volume)[1] for volume in swiss.volumes) >= 868.68 / 0.3048 + 100 > top - 1_000
    assert swiss.notes[:3] == [
        "OpenSky's state vectors: 'baroaltitude' is taken as pressure altitude in metres",
        "left out: 1 rows without a position",
        "1 of 4 points have no altitude: claimed from that before to that after, up to 20 s apart",
    ]
    # The row without a callsign is of the flight before it.
    assert window(swiss.volumes[-1])[1] == "2025-11-22T12:01:00Z"


def test_a_table_of_flightradar() -> None:
    (flight,) = flights("csv/flightradar24.csv")
    assert flight.callsign == "SWR7TK"
    assert path(flight.volumes[0])[0] == (47.4801, 8.5362)
    assert min(band(volume)[0] for volume in flight.volumes) == 1925
    assert flight.notes == ["Flightradar24's table: 'altitude' is taken as pressure altitude in feet"]


@pytest.mark.parametrize(
    "head",
    [
        "timestamp,icao24,latitude,longitude,groundspeed,vertical_rate,callsign,altitude,geoaltitude",
        "t,hex,lat,lon,gs,rate,flight,alt_baro,alt_geom",
    ],
)
def test_headers_whose_makers_say_what_they_mean(head: str) -> None:
    text = f"{head}\n1763812800,398568,48.1,2.3,450,0,AFR1,35000,35500\n"
    (flight,) = flights(text.encode())
    assert flight.callsign == "AFR1"
    assert band(flight.volumes[0]) == (34_900, 35_100, "FL", "FT")
    assert "is taken as pressure altitude in feet" in flight.notes[0]


def test_a_spreadsheet_with_semicolons_and_decimal_commas() -> None:
    first, second = flights("csv/excel-semicolon.csv")
    assert (first.callsign, second.callsign) == ("HBPGA", "HBZZZ")
    assert path(first.volumes[0])[0] == (46.914, 7.497)
    assert band(first.volumes[0])[2] == "AMSL"
    assert (first.place, second.place) == ("line 3", "line 6")


def test_a_planner_with_tabs_degrees_and_levels() -> None:
    (flight,) = flights("csv/dms-tab.tsv")
    assert flight.callsign == "HAWK1"
    assert path(flight.volumes[0])[0] == (35.0, 33.0)
    assert path(flight.volumes[-1])[-1] == (35.216666667, 34.0)
    assert band(flight.volumes[0]) == (24_400, 24_600, "FL", "FT")


def test_rows_of_any_order_and_several_flights() -> None:
    text = "callsign;icao24;time;lat;lon;alt_m_amsl\nB;1;1763812830;47,1;8;900\nA;2;1763812800;46;8;100\n"
    text += "B;1;1763812800;47;8;900\n;1;1763812860;47,2;8;900\n"
    first, second = flights(text.encode())
    assert (first.callsign, second.callsign) == ("B", "A")
    assert path(first.volumes[0])[0] == (47.0, 8.0)
    assert path(first.volumes[-1])[-1] == (47.2, 8.0)
    assert "rows were put in the order of their times" in first.notes


def test_a_zone_in_a_header_is_no_message() -> None:
    text = "Time (EST-5),Timestamp,lat,lon,fl\n09:00,1763812800,47,8,100\n"
    assert path(flights(text.encode() + b"09:01,1763812860,47.1,8,100\n")[0].volumes[0])[0] == (47.0, 8.0)


def test_squares_of_the_grid_widen_the_legs() -> None:
    text = "time,mgrs,fl\n1763812800,32TMT6533146271,100\n1763812830,32TMT6633146271,100\n"
    (flight,) = flights(text.encode())
    assert width_m(flight.volumes[0]) > 926.5
    assert any("MGRS squares" in note for note in flight.notes)


@pytest.mark.parametrize(
    ("header", "asked"),
    [
        ("altitude_ft", "the column 'altitude ft' does not say what altitudes count from, so it needs --altitude-"),
        ("altitude", "the column 'altitude' does not say whether it is ft, m or FL"),
        ("alt_gps_m", "so it needs --altitude-reference"),
        ("speed", "no altitude in it, so it needs --lower"),
    ],
)
def test_what_a_header_does_not_say_is_asked_for(header: str, asked: str) -> None:
    assert asked in refused(f"time,lat,lon,{header}\n{ROW}".encode())


def test_what_was_asked_for_is_used() -> None:
    text = f"time,lat,lon,altitude_ft\n{ROW}".encode()
    assert band(flights(text, reference="AMSL")[0].volumes[0]) == (2900, 3100, "AMSL", "FT")
    assert band(flights(text.replace(b"altitude_ft", b"speed"), **LOW)[0].volumes[0]) == (-450, 2896, "AMSL", "M")
    both = "time,lat,lon,geoaltitude_m,baro_altitude_m\n1763812800,47,8,1100,1000\n"
    (flight,) = flights(both.encode())
    assert band(flight.volumes[0])[2] == "FL"
    assert flight.notes == ["altitudes are those of 'baro altitude m'; left out: geoaltitude m"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("lat,lon,alt_ft_baro\n47,8,3000\n", "no column of times among lat, lon"),
        (HEAD, "no row with a position in it"),
        (HEAD + "1763812800,,,3000\n", "no row with a position in it, 1 without"),
        (HEAD + ROW + "1763812800,95,8,3000\n", "line 3, latitude and longitude: 95, 8 is not"),
        (HEAD + "1763812800,47,,3000\n", "line 2, latitude and longitude: one of the two is empty"),
        (HEAD + "1763812800,NaN,8,3000\n", "line 2, latitude and longitude"),
        (HEAD + "1763812800,47,8,inf\n", "line 2, altitude ft baro: 'inf' is not a number"),
        (HEAD + '1763812800,47,8,"35,000"\n', "may be 35000 or 35.000"),
        (HEAD.replace(",", ";") + "1763812800;47,0;8,1;10.500\n", "10.500 may be thousands or a decimal"),
        (HEAD.replace(",", ";") + "1763812800;47;8;-1.500\n", "-1.500 may be thousands or a decimal"),
        ("time\tmgrs\talt_ft_amsl\n1763812800\t32TMT6533146271\t9.500\n", "9.500 may be thousands or a decimal"),
        (HEAD + "1763812800,47,8,1e99\n", "ft is not an altitude"),
        (HEAD + "2026-11-22 14:00,47,8,3000\n", "line 2, time: '2026-11-22 14:00' has no time zone"),
        (HEAD + "140500,47,8,3000\n", "is not a time in Unix seconds"),
        (HEAD + "2026-02-30T00:00:00Z,47,8,3000\n", "there is no such date or time"),
        (HEAD + "1763812800,47,8,3000,9\n", "line 2: 5 cells, but the header has 4 columns"),
        (HEAD + '1763812800,"47,8,3000\n', "line 2: unexpected end of data"),
        (HEAD + ROW + "1763812801,49,8,3000\n", "is beyond belief"),
        ("time,lat,lon,lat\n" + ROW, "the column 'lat' is there twice"),
    ],
)
def test_a_fault_is_named_with_its_line(text: str, told: str) -> None:
    assert told in refused(text.encode())


def test_a_dot_is_a_decimal_where_the_position_has_one() -> None:
    text = HEAD.replace(",", ";") + "1763812800;47.0;8.5;900.125\n"
    assert band(flights(text.encode())[0].volumes[0])[:2] == (800, 1001)
    assert band(flights((HEAD + "1763812800,47.0,8,900.125\n").encode())[0].volumes[0])[:2] == (800, 1001)


def rows(header: str, *altitudes: str) -> bytes:
    lines = (f"{1763812800 + 60 * number},34.0,36.0{number},{cells}" for number, cells in enumerate(altitudes))
    return "\n".join([f"time,latitude,longitude,{header}", *lines, ""]).encode()


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("ground_elevation_amsl_m,altitude_agl_m", (120, "AGL")),
        ("terrain_altitude_amsl_m,height_above_ground_m", (120, "AGL")),
        ("elevation_amsl_m,altitude_above_ground_level_m", (120, "AGL")),
        ("home_altitude_amsl_m,altitude_above_sealevel(m)", (120, "AMSL")),
        ("selected_altitude_baro_m,uav_gps_altitude_above_mean_sea_level_m", (120, "AMSL")),
        ("max_altitude_amsl_m,alt_w84_m", (120, "W84")),
        ("surface_height_amsl_m,alt_m", "needs --altitude-reference"),
        ("height_above_takeoff_m,alt_m", "needs --altitude-reference"),
        ("altitude_m,height_m", "several columns may be the altitude: altitude m, height m"),
        ("alt_baro_amsl_m,speed", "needs --altitude-reference"),
        ("ground_elevation_amsl_m,speed", "it is not plain that 'ground elevation amsl m'"),
        ("elevation_m,heading", "it is not plain that 'elevation m'"),
        ("cleared_flight_level,speed", "it is not plain that 'cleared flight level'"),
        ("geoid_height_m,agl_m", "it is not plain that"),
    ],
)
def test_only_the_aircrafts_own_altitude_is_taken(header: str, expected: tuple[float, str] | str) -> None:
    text = rows(header, "900,120", "900,120")
    if isinstance(expected, str):
        assert expected in refused(text)
        return
    (flight,) = flights(text)
    low, top, reference, _ = band(flight.volumes[0])
    assert reference == expected[1]
    assert low <= expected[0] / 0.3048 <= top < 900 / 0.3048
    assert any("left out: " in note for note in flight.notes)


def test_two_altitudes_that_contradict_each_other_are_refused() -> None:
    assert "both cannot be one aircraft's altitude" in refused(rows("alt_m_msl,fl", "4000,40"))
    assert "both cannot be one aircraft's altitude" in refused(rows("alt_baro_ft,alt_w84_m", "5000,9000"))
    (flight,) = flights(rows("alt_m_msl,fl", "4000,131", "4000,"))
    assert band(flight.volumes[0])[2] == "FL"


def test_a_table_of_terrain_is_read_with_the_officers_band() -> None:
    (flight,) = flights(rows("ground_elevation_amsl_m", "900", "900"), **LOW)
    assert band(flight.volumes[0])[:2] == (-450, 2896)


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        ("altitude_ft_baro", ["10500", "ground", "GND", "2000"]),
        ("altitude_ft_baro,onground", ["10500,false", ",True", ",1", "2000,False"]),
        ("altitude_ft_amsl", ["10500", "Ground", "ground", "2000"]),
        ("altitude_ft_agl", ["10500", "ground", "ground", "2000"]),
    ],
)
def test_the_ground_is_claimed_as_ground(header: str, cells: list[str]) -> None:
    (flight,) = flights(rows(header, *cells))
    lowest = {"FL": -450 - 2600, "AMSL": -450, "AGL": 0}[band(flight.volumes[0])[2]] / 0.3048
    assert min(band(volume)[0] for volume in flight.volumes) <= lowest
    assert max(band(volume)[1] for volume in flight.volumes) >= 10_600
    assert any("2 of 4 points are on the ground: claimed from the ground up" in note for note in flight.notes)


def test_nought_in_a_table_of_flightradar_is_the_ground() -> None:
    head = b"Timestamp,UTC,Callsign,Position,Altitude,Speed,Direction\n"
    lines = b'1763812800,,SWR7TK,"47.48,8.53",0,9,9\n1763812830,,SWR7TK,"47.48,8.54",2025,9,9\n'
    (flight,) = flights(head + lines)
    assert (band(flight.volumes[0])[0], band(flight.volumes[0])[1]) <= (-10_000, 2_125)
    assert "no altitude in it" in refused(head + lines.replace(b"2025", b"0"))


def test_a_point_without_altitude_is_claimed_from_one_neighbour_to_the_other() -> None:
    (flight,) = flights(rows("altitude_ft_baro", "1000", "", "nan", "5000"))
    bands = [band(volume)[:2] for volume in flight.volumes]
    assert any(low <= 900 and top >= 5100 for low, top in bands)


def test_times_of_day_past_midnight_under_the_old_date_are_refused() -> None:
    head = "date,time_utc,latitude,longitude,altitude_ft_baro\n"
    lines = [f"2026-12-01,{time},47,8.{number},3000\n" for number, time in enumerate(("23:58", "23:59", "00:00"))]
    assert "more than 12 hours from the row before it, on the same date" in refused((head + "".join(lines)).encode())
    back = head + "".join(reversed(lines))
    assert "more than 12 hours" in refused(back.encode())
    right = head + lines[0] + lines[1] + lines[2].replace("12-01", "12-02")
    assert window(flights(right.encode())[0].volumes[-1])[1] == "2026-12-02T00:00:30Z"


def test_encodings_of_spreadsheets() -> None:
    text = "time_utc;lat;lon;H\u00f6he alt_ft_baro\n2026-11-22 14:00:00;47,5;8;3000\n"
    plain = flights(text.encode())[0].volumes
    for data in (text.encode("utf-16"), text.encode("cp1252"), b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()):
        assert flights(data)[0].volumes == plain
