"""Altitude bands in pilots' units, rounded outward: what is claimed is never shown smaller than it is."""

import math

FOOT_M = 0.3048
FLIGHT_LEVEL_M = 30.48

_NOISE = 1e-6
"""What a level may be off by for the arithmetic alone: FL180 is 5486.400000000001 m."""


def band(lower_m: float, upper_m: float, reference: str) -> str:
    """Return a band as flight levels, or as whole feet of another reference."""
    if reference == "FL":
        return f"{_level(_down(lower_m / FLIGHT_LEVEL_M))}-{_level(_up(upper_m / FLIGHT_LEVEL_M))}"
    return f"{feet_band(lower_m, upper_m)} {reference}"


def feet_band(lower_m: float, upper_m: float) -> str:
    """Return a band as whole feet."""
    return f"{_down(lower_m / FOOT_M)} to {_up(upper_m / FOOT_M)} ft"


def metric_band(lower_m: float, upper_m: float) -> str:
    """Return a band as whole metres."""
    return f"{_down(lower_m)} to {_up(upper_m)} m"


def _level(number: int) -> str:
    # Below the standard surface a level has a sign.
    return f"FL{'-' if number < 0 else ''}{abs(number):03d}"


def _down(value: float) -> int:
    return math.floor(value + _NOISE)


def _up(value: float) -> int:
    return math.ceil(value - _NOISE)
