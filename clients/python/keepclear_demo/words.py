"""Times, heights and distances as the demo's stories say them."""

import math
from collections.abc import Mapping
from typing import Any

from keepclear_protocol.instant import SECOND, format_instant

FOOT_M = 0.3048
NM_M = 1_852.0
MINUTE = 60 * SECOND

_SLACK = 1 / FOOT_M / 100
"""A metre in flight levels: an alert has whole metres, rounded outward, so a level's own height lies within."""


def clock(instant: int) -> str:
    """Return the UTC time of day, such as ``21:04:07Z``; the date is left out."""
    return format_instant(instant // SECOND * SECOND)[11:]


def hour(instant: int) -> str:
    """Return the UTC time of day to the minute in which it lies, such as ``21:04``."""
    return clock(instant)[:5]


def hours(start: int, end: int) -> str:
    """Return a window in whole minutes, rounded outward, such as ``21:04 to 21:10``."""
    return f"{hour(start)} to {hour(-(-end // MINUTE) * MINUTE)}"


def levels(pair: Mapping[str, Any]) -> str:
    """Return the band of a pair as the alert gives it, in flight levels rounded outward where it is one of those."""
    lower, upper, reference = pair["altitude_lower_m"], pair["altitude_upper_m"], pair["reference"]
    if reference != "FL":
        return f"{lower} to {upper} m {reference}"
    low = math.floor(lower / FOOT_M / 100 + _SLACK)
    high = math.ceil(upper / FOOT_M / 100 - _SLACK)
    return f"FL{low:03d} to FL{high:03d}"
