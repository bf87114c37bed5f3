"""The reference point of a desk: from where bearing and range are told.

Bearing and range are those of the sphere: within 0.6 % and 0.3 degrees of the ellipsoid's, enough to find a place by
voice, and never what a conflict is judged by.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import click
from keepclear_protocol.errors import LocalError

from keepclear.offline.inputs.coordinates import position as read_position

from .plain import plain

MAX_NAME = 20
"""Characters of a reference point's name: it stands in every line that tells a place."""

EARTH_RADIUS_NM = 6_371_010 / 1852


@dataclass(frozen=True, slots=True)
class Reference:
    """A point that both ends of a voice line know, with the name that it goes by."""

    lat: float
    lng: float
    name: str

    def bearing_range(self, lat: float, lng: float) -> tuple[float, float]:
        """Return the true bearing in degrees, and the range in nautical miles, of a position."""
        a, b, across = math.radians(self.lat), math.radians(lat), math.radians(lng - self.lng)
        east = math.sin(across) * math.cos(b)
        north = math.cos(a) * math.sin(b) - math.sin(a) * math.cos(b) * math.cos(across)
        along = math.sin(a) * math.sin(b) + math.cos(a) * math.cos(b) * math.cos(across)
        return math.degrees(math.atan2(east, north)) % 360, EARTH_RADIUS_NM * math.atan2(math.hypot(east, north), along)

    def words(self, lat: float, lng: float, degree: str = " deg") -> str:
        """Return bearing and range of a position in words."""
        bearing, far = self.bearing_range(lat, lng)
        # 360 is north as pilots say it, and at the point itself there is no bearing.
        told = f"{far:.1f} NM" if far < 100 else f"{far:.0f} NM"
        return f"at {self.name}" if far < 0.05 else f"{round(bearing) % 360 or 360:03d}{degree} {told} from {self.name}"

    def to_json(self, lat: float, lng: float) -> dict[str, Any]:
        """Return bearing, true and in whole degrees, and range in nautical miles of a position, for scripts."""
        bearing, far = self.bearing_range(lat, lng)
        return {"from": self.name, "bearing_deg": round(bearing) % 360, "range_nm": round(far, 1)}


def bullseye_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the option that names a reference point; it is handed it as ``bullseye``, or None."""
    return click.option(
        "--bullseye",
        envvar="KEEPCLEAR_BULLSEYE",
        metavar="POSITION[=NAME]",
        callback=lambda _context, _parameter, text: None if text is None else read_reference(text),
        help="Tell bearing and range from here: 34.52,37.63=T4, or DMS, or MGRS.",
    )(command)


def read_reference(text: str) -> Reference:
    """Return the reference point of ``POSITION[=NAME]``; raise ``LocalError`` with ``usage`` where it is none."""
    place, _, name = text.partition("=")
    name = plain(name.strip())
    if len(name) > MAX_NAME:
        raise LocalError("usage", f"the name of a reference point has at most {MAX_NAME} characters")
    try:
        point = read_position(place)
    except LocalError as error:
        raise LocalError("usage", f"the reference point {error.detail}", hint=error.hint) from None
    return Reference(point.lat, point.lng, name or "the reference point")
