"""Positions written as text: every spelling is one place, and what could be two is refused with its reason."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keepclear.offline.inputs.coordinates import Point, position
from keepclear_protocol.errors import LocalError
from pyproj import Geod, Transformer

GEOD = Geod(ellps="WGS84")
ZURICH = (47.368333333, 8.540833333)

ZURICH_SPELLINGS = [
    "47°22'06\"N 008°32'27\"E",
    "472206N0083227E",
    "N472206E0083227",
    "47:22:06N 8:32:27E",
    "47 22 06 N 8 32 27 E",
    "47 22 06 N, 008 32 27 E",
    "N 47 22 06 / E 8 32 27",
    "47-22-06N 008-32-27E",
    "47\u00b0 22\u2032 06\u2033 N, 8\u00b0\u00a032\u2032\u00a027\u2033 E",
    "47\u00ba22\u201906\u201dn 8\u00ba32\u201927\u201de",
    "47°22'06''N 8°32'27''E",
    "47d22m06sN 8d32m27sE",
    "47 deg 22 min 6 sec N 8 deg 32 min 27 sec E",
    "47°22.1'N 8°32.45'E",
    "4722.1N00832.45E",
    "N47 22.100 E008 32.450",
    "008°32'27\"E 47°22'06\"N",
    "47°22'06\", 8°32'27\"",
    "47° 22' 06\" 8° 32' 27\"",
    "47d22m06s, 8d32m27s",
    "+47.368333333+008.540833333/",
    "47.368333333, 8.540833333",
    "47.368333333 8.540833333",
    "47.368333333;8.540833333",
    "47.368333333°N 8.540833333°E",
    "E8.540833333 N47.368333333",
]


@pytest.mark.parametrize("text", ZURICH_SPELLINGS)
def test_spellings_of_one_place(text: str) -> None:
    assert position(text) == Point(*ZURICH)


ELSEWHERE = {
    "S 33 52 10 E 151 12 30": (-33.869444444, 151.208333333),
    "4500S17930W": (-45.0, -179.5),
    "47N008E": (47.0, 8.0),
    "472206.5N0083227.25W": (47.368472222, -8.540902778),
    "-0°22'06\", -0°32'27\"": (-0.368333333, -0.540833333),
    "\u221233.9,\u221270": (-33.9, -70.0),
    "47°22'06S 8°32'27E": (-47.368333333, 8.540833333),  # behind a sign for degrees an S is south
    "90N 0E": (90.0, 0.0),
    "900000S1800000W": (-90.0, -180.0),
    "-0, -0": (0.0, 0.0),
}


@pytest.mark.parametrize("text", ELSEWHERE)
def test_elsewhere(text: str) -> None:
    point = position(text)
    assert (point.lat, point.lng) == ELSEWHERE[text]
    assert math.copysign(1, point.lat + point.lng or 1.0) == math.copysign(1, sum(ELSEWHERE[text]) or 1.0)


REFUSED = {
    "": "is not a position",
    "47.37": "where the latitude ends",
    "47 22 8 32": "where the latitude ends",
    "47 22 06 8 32 27": "where the latitude ends",
    "47,37 8,54": "more than one comma",
    "47,37N 8,54E": "a decimal point is a point",
    "47.5N": "one of E and W",
    "47.5N 8.5": "one of E and W",
    "47N 8S": "one of E and W",
    "47°22'06\"N 8°32'27\"O": "east in German and west in French",
    "N 47 8 E": "cannot be read",
    "47 N E 8": "in the middle of an angle",
    "-47N 8E": "both a sign and a letter",
    "47 60 N 8 0 E": "60 minutes",
    "47 0 60 N 8 0 0 E": "60 seconds",
    "47 22.5 30 N 8 E": "fraction of a minute",
    '47°22"N 8°E': "cannot be read",
    "472N008E": "3 digits",
    "0832E47N": "4 digits",
    "083227E472206N": "6 digits",
    "91, 8": "latitude of 91",
    "48, 181": "longitude of 181",
    "90 0 1 N 8 0 0 E": "latitude of 90.0003",
    "1e1, 2": "no letter at all",
    "nan, 2": "no letter at all",
    "\u0664\u0667, \u0668": "cannot be read",
    "47..1, 2": "cannot be read",
    "47.1, 8.1, 500": "more than one comma",
    "32TMT": "100 km, too coarse",
    "32T MT 6 4": "10 km, too coarse",
    "32TMT 653 4627": "as many digits",
    "32TMT 653311 462711": "at most five",
    "99TMT653462": "does not exist",
    "32TMZ653462": "does not exist",
    "60XVP0000000000": "does not exist",
    "01CAA0000000000": "does not exist",
    "47N " * 100: "is not a position",
}


@pytest.mark.parametrize("text", REFUSED)
def test_refused_by_name(text: str) -> None:
    with pytest.raises(LocalError) as caught:
        position(text)
    assert caught.value.code == "input_file"
    assert REFUSED[text] in caught.value.detail


DEGREES = st.tuples(
    st.floats(-90, 90, allow_nan=False).map(lambda x: round(x, 7)),
    st.floats(-180, 180, allow_nan=False).map(lambda x: round(x, 7)),
)


def spelt(degrees: float, letters: str, width: int, form: int) -> str:
    """One angle to 1e-4 seconds, in one of the forms, with its letter behind it."""
    ticks = round(abs(degrees) * 3600 * 10_000)
    whole, minutes, seconds = ticks // 36_000_000, ticks // 600_000 % 60, ticks % 600_000 / 10_000
    letter = letters[degrees < 0]
    return (
        f"{whole:0{width}}{minutes:02}{seconds:07.4f}{letter}",
        f"{whole}°{minutes}'{seconds:.4f}\"{letter}",
        f"{whole}:{minutes:02}:{seconds:07.4f}{letter}",
        f"{whole} {minutes} {seconds:.4f} {letter}",
        f"{whole:0{width}}{minutes + seconds / 60:010.7f}{letter}",
        f"{abs(degrees):.9f}{letter}",
    )[form]


@settings(deadline=None)
@given(DEGREES, st.integers(0, 5), st.sampled_from(["", " ", ", ", " / "]), st.booleans())
def test_any_position_is_read_as_it_was_written(at: tuple[float, float], form: int, between: str, turned: bool) -> None:
    halves = [spelt(at[0], "NS", 2, form), spelt(at[1], "EW", 3, form)]
    point = position(between.join(reversed(halves) if turned else halves))
    assert abs(point.lat - at[0]) < 2e-8
    assert abs(point.lng - at[1]) < 2e-8


@settings(deadline=None)
@given(st.text(alphabet="0123456789.,+-°'\"NSEWOdms :;/T", max_size=24))
def test_no_text_ends_otherwise_than_in_a_place_or_our_error(text: str) -> None:
    try:
        point = position(text)
    except LocalError as error:
        assert error.code == "input_file"
    else:
        assert -90 <= point.lat <= 90
        assert -180 <= point.lng <= 180


def oracle(text: str) -> tuple[float, float]:
    """The middle of a few references, by PROJ's own UTM and UPS from easting and northing worked out by hand."""
    crs, easting, northing = {
        "32T MT 65331 46271": ("EPSG:32632", 465_331.5, 5_246_271.5),
        "32TMT 653 462": ("EPSG:32632", 465_350.0, 5_246_250.0),
        "32T MT 65 46": ("EPSG:32632", 465_500.0, 5_246_500.0),
        "56H LH 34368 50936": ("EPSG:32756", 334_368.5, 6_250_936.5),
        "1t fg 12345 67890": ("EPSG:32601", 612_345.5, 4_667_890.5),
        "33XVG 74594 44098": ("EPSG:32633", 474_594.5, 8_644_098.5),
        "ZAH 00000 00000": ("EPSG:32661", 2_000_000.5, 2_000_000.5),
        "B AN 12345 00000": ("EPSG:32761", 2_012_345.5, 2_000_000.5),
    }[text]
    lng, lat = Transformer.from_crs(crs, "EPSG:4326", always_xy=True).transform(easting, northing)
    return lat, lng


@pytest.mark.parametrize(
    ("text", "size_m"),
    [
        ("32T MT 65331 46271", 1),
        ("32TMT 653 462", 100),
        ("32T MT 65 46", 1000),
        ("56H LH 34368 50936", 1),
        ("1t fg 12345 67890", 1),
        ("33XVG 74594 44098", 1),
        ("ZAH 00000 00000", 1),
        ("B AN 12345 00000", 1),
    ],
)
def test_mgrs_squares_are_taken_at_their_middle(text: str, size_m: int) -> None:
    point = position(text)
    lat, lng = oracle(text)
    assert GEOD.inv(point.lng, point.lat, lng, lat)[2] < 0.001
    assert math.isclose(point.off_m, size_m / math.sqrt(2), rel_tol=0.02)
    assert f"an MGRS square of {size_m} m" in point.note
