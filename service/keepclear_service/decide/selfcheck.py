"""The rules on a known pair, so that a broken geometry library is noticed before it answers CLEAR."""

from typing import Any

from keepclear_protocol.separation import WORLDWIDE, Minima, judge
from keepclear_protocol.volume import parse_volume

_MINIMA = Minima(horizontal_m=5000, vertical_m=300, lead_s=0, tail_s=0)


def rules_hold() -> bool:
    """Whether two circles 15 km apart conflict at radii of 5.1 km and minima of 5 km, and do not at 4.7 km."""
    near = judge(_circle(0.0, 5100), _MINIMA, _circle(0.135, 5100), _MINIMA, WORLDWIDE)
    far = judge(_circle(0.0, 4700), _MINIMA, _circle(0.135, 4700), _MINIMA, WORLDWIDE)
    return near is not None and far is None


def _circle(lng: float, radius_m: float) -> Any:
    level = {"reference": "W84", "units": "M"}
    return parse_volume(
        {
            "volume": {
                "outline_circle": {
                    "center": {"lat": 0.0, "lng": lng},
                    "radius": {"value": radius_m, "units": "M"},
                },
                "altitude_lower": {"value": 1000, **level},
                "altitude_upper": {"value": 2000, **level},
            },
            "time_start": {"value": "2026-01-01T00:00:00Z", "format": "RFC3339"},
            "time_end": {"value": "2026-01-01T01:00:00Z", "format": "RFC3339"},
        }
    )
