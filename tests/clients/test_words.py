"""Figures in pilots' units, rounded so that none says more room than there is."""

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from keepclear.cli.words import apart, band, metric_band, position, position_dms, whole_window, window
from keepclear_protocol.instant import parse_instant
from keepclear_protocol.volume import altitude_m

FOOT_M = 0.3048


@pytest.mark.parametrize(
    ("lower", "upper", "shown"),
    [
        (17_755, 18_045, "FL177-FL181"),
        (18_000, 20_000, "FL180-FL200"),
        (17_999, 20_001, "FL179-FL201"),
        (0, 50, "FL000-FL001"),
        (-120, -20, "FL-002-FL000"),
        (-1_000, 100_000, "FL-010-FL1000"),
    ],
)
def test_flight_levels_are_rounded_outward(lower: int, upper: int, shown: str) -> None:
    metres = (lower * FOOT_M, upper * FOOT_M)
    assert band(*metres, "FL") == shown


@given(st.integers(-80, 999))
def test_a_whole_flight_level_is_shown_as_itself(number: int) -> None:
    exact = altitude_m(number, "FL", "FL", "altitude_lower")
    sign = "-" if number < 0 else ""
    assert band(exact, exact + 3000, "FL").startswith(f"FL{sign}{abs(number):03d}-")
    assert band(exact - 3000, exact, "FL").endswith(f"-FL{sign}{abs(number):03d}")


@given(st.floats(-8_000, 90_000), st.floats(0, 10_000), st.sampled_from(["FL", "AMSL", "AGL", "W84"]))
def test_no_band_is_shown_smaller_than_it_is(lower_m: float, thick_m: float, reference: str) -> None:
    shown = band(lower_m, lower_m + thick_m, reference)
    low, high = re.findall(r"(?:(?<=FL)|(?<=to )|^)-?[0-9]+", shown)
    unit_m = 30.48 if reference == "FL" else FOOT_M
    near = 4e-5  # a millionth of a flight level, which is taken for noise, and some
    assert int(low) * unit_m <= lower_m + near and int(high) * unit_m >= lower_m + thick_m - near
    metres = [int(text) for text in metric_band(lower_m, lower_m + thick_m).removesuffix(" m").split(" to ")]
    assert metres[0] <= lower_m + near and metres[1] >= lower_m + thick_m - near


def test_a_window_is_rounded_outward_to_the_second_shown() -> None:
    start, end = parse_instant("2026-11-22T15:00:00.900Z"), parse_instant("2026-11-22T15:19:59.000001Z")
    assert whole_window(start, end) == ("2026-11-22T15:00:00Z", "2026-11-22T15:20:00Z")
    assert window(start, end, start) == "15:00:00Z to 15:20:00Z"
    assert window(start, end, start - 86_400_000_000) == "11-22T15:00Z to 11-22T15:20Z"


@pytest.mark.parametrize(
    ("severity", "horizontal_m", "vertical_m", "said"),
    [
        ("overlap", 0, 0, "the volumes meet"),
        ("proximity", 0, 0, "the same place, one right after the other"),
        ("proximity", 1851, 0, "0.9 NM (1.8 km) apart, at the same height"),
        ("proximity", 999, 305, "0.5 NM (999 m) apart, 1000 ft (305 m) above one another"),
        ("proximity", 0, 100, "over the same ground, 328 ft (100 m) above one another"),
        ("possible", 0, 0, "over the same ground, an unknown height between; "
                           "heights of two kinds, cannot be excluded"),
    ],
)  # fmt: skip
def test_how_far_apart_is_said_in_words_and_rounded_down(
    severity: str, horizontal_m: int, vertical_m: int, said: str
) -> None:
    assert apart(severity, horizontal_m, vertical_m) == said


@given(st.sampled_from(["overlap", "proximity", "possible"]), st.integers(0, 10**6), st.integers(0, 10**5))
def test_what_meets_is_never_said_to_be_0_m_apart(severity: str, horizontal_m: int, vertical_m: int) -> None:
    said = apart(severity, horizontal_m, vertical_m)
    assert said and not said.startswith("0 m") and " 0 m" not in said and "0.0 NM (0 m)" not in said


@given(st.floats(-90, 90), st.floats(-180, 180))
def test_positions_are_read_out_with_their_side(lat: float, lng: float) -> None:
    north, east = position(lat, lng).split()
    assert math.isclose(float(north[:-1]) * (1 if north[-1] == "N" else -1), lat, abs_tol=6e-5)
    assert math.isclose(float(east[:-1]) * (1 if east[-1] == "E" else -1), lng, abs_tol=6e-5)
    y, x = position_dms(lat, lng).split()
    assert len(y) == 7 and len(x) == 8
    assert math.isclose(int(y[:2]) + int(y[2:4]) / 60 + int(y[4:6]) / 3600, abs(lat), abs_tol=2e-4)
    assert math.isclose(int(x[:3]) + int(x[3:5]) / 60 + int(x[5:7]) / 3600, abs(lng), abs_tol=2e-4)
