"""Volume4D: an outline, an altitude band and a time window, as ASTM F3548-21 writes them.

Guaranteed of a volume that ``parse_volume`` returns: exactly the known members were there, every number is finite and
in range, the outline is one that ``geometry`` can measure, and the volume has extent on every axis. Altitudes are
metres in the reference that the sender chose; nothing is converted between references, because that takes data that
nobody has agreed on. Not guaranteed: that the volume keeps an agreement's limits.

F3548-21 knows altitudes in metres above the WGS-84 ellipsoid only; AMSL, AGL, FL, feet and corridors are ours.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from .errors import LocalError, Malformed
from .geometry import SUBMITTED, Bounds, Shape, shape_of
from .instant import format_instant, parse_instant
from .outline import (
    Circle,
    Corridor,
    Outline,
    Polygon,
    Position,
    circle_json,
    corridor_json,
    members,
    number,
    outline_json,
    polygon_json,
    read_outline,
)

__all__ = [
    "Circle",
    "Corridor",
    "Outline",
    "Polygon",
    "Position",
    "Reference",
    "Volume",
    "circle_json",
    "corridor_json",
    "outline_json",
    "parse_outline",
    "parse_volume",
    "polygon_json",
    "volume4d_json",
]

LOWEST_M = -8_000
HIGHEST_M = 100_000
"""Altitudes of any reference, in metres: the sanity bounds of F3548's API description, and its own reason."""

HIGHEST_FLIGHT_LEVEL_M = 30_480
"""FL 1000. Pressure altitudes above it mean nothing, and the world-wide bounds in ``separation`` end here."""

LAST_INSTANT = parse_instant("9000-01-01T00:00:00Z")
"""Later times are refused: a millennium of room for the tail of any category before calendars end."""

_OUTLINES = ("outline_polygon", "outline_circle", "outline_corridor")


class Reference(StrEnum):
    """What an altitude is measured from."""

    W84 = "W84"
    """The WGS-84 ellipsoid."""
    AMSL = "AMSL"
    """Mean sea level, the geoid."""
    AGL = "AGL"
    """The ground below."""
    FL = "FL"
    """The pressure level 1013.25 hPa in the standard atmosphere."""


_UNITS = {"M": (1, 1.0), "FT": (1, 0.3048), "FL": (100, 0.3048)}
"""How many of what length a unit is. A flight level is a hundred feet before it is metres, so that FL 330 and
33 000 ft are the same number."""

_HIGHEST_M = dict.fromkeys(map(str, Reference), HIGHEST_M) | {"FL": HIGHEST_FLIGHT_LEVEL_M}
_BOUNDS = {
    (reference, units): (LOWEST_M / (counted * unit_m), highest_m / (counted * unit_m))
    for reference, highest_m in _HIGHEST_M.items()
    for units, (counted, unit_m) in _UNITS.items()
    if units != "FL" or reference == "FL"
}
"""For each pair of reference and units that there is, the least and the greatest number of units."""


@dataclass(frozen=True, slots=True)
class Volume:
    """One Volume4D. ``start`` and ``end`` are instants; ``lower_m`` and ``upper_m`` count from ``reference``."""

    outline: Outline
    lower_m: float
    upper_m: float
    reference: Reference
    start: int
    end: int
    shape: Shape = field(compare=False, repr=False)


def parse_volume(obj: object, bounds: Bounds = SUBMITTED) -> Volume:
    """Return the volume of one F3548 Volume4D JSON object; with ``SHOWN``, of one that another processor took.

    Raises ``Malformed`` with ``volume_shape``, ``volume_position``, ``volume_polygon``, ``volume_edge``,
    ``volume_extent``, ``volume_size``, ``volume_band`` or ``volume_window``. Times finer than a microsecond are
    rounded outward.
    """
    volume4d = members(obj, "a volume", "volume", "time_start", "time_end")
    volume3d, name = _with_one_outline(volume4d["volume"], others=2)
    lower_m, reference = _altitude(volume3d, "altitude_lower")
    upper_m, upper_reference = _altitude(volume3d, "altitude_upper")
    if reference is not upper_reference:
        raise Malformed("volume_band", "both altitudes must have the same reference")
    if lower_m >= upper_m:
        raise Malformed("volume_extent" if lower_m == upper_m else "volume_band", "the band's top must be above it")
    start, end = _time(volume4d, "time_start", up=False), _time(volume4d, "time_end", up=True)
    if start >= end:
        raise Malformed("volume_extent" if start == end else "volume_window", "the window must end after its start")
    outline = read_outline(name, volume3d[name])
    return Volume(outline, lower_m, upper_m, reference, start, end, shape_of(outline, bounds))


def parse_outline(obj: object) -> Outline:
    """Return the outline of an object with exactly one ``outline_`` member, known to be a usable shape.

    Raises ``Malformed`` as ``parse_volume`` does.
    """
    holder, name = _with_one_outline(obj, others=0)
    outline = read_outline(name, holder[name])
    shape_of(outline)
    return outline


def volume4d_json(
    outline: Outline | Mapping[str, Any],
    lower: float,
    upper: float,
    reference: str,
    units: str,
    start: int,
    end: int,
) -> dict[str, Any]:
    """Return a Volume4D from its parts: an outline or its member, altitudes in ``units``, and instants.

    Raises ``LocalError`` with ``usage`` where ``start`` or ``end`` is no instant.
    """
    if type(start) is not int or type(end) is not int:
        hint = "microseconds since 1970 in UTC: parse_instant(text) reads RFC 3339"
        raise LocalError("usage", f"start and end are instants, not {start!r} and {end!r}", hint=hint)
    member = outline if isinstance(outline, Mapping) else outline_json(outline)
    return {
        "volume": {
            **member,
            "altitude_lower": {"value": lower, "reference": str(reference), "units": units},
            "altitude_upper": {"value": upper, "reference": str(reference), "units": units},
        },
        "time_start": {"value": format_instant(start), "format": "RFC3339"},
        "time_end": {"value": format_instant(end), "format": "RFC3339"},
    }


def _with_one_outline(obj: object, *, others: int) -> tuple[dict[str, Any], str]:
    """``obj`` and the name of its one outline member, beside which it has ``others`` more."""
    if isinstance(obj, dict):
        names = [name for name in _OUTLINES if name in obj]
        if len(names) == 1 and len(obj) == 1 + others:
            return obj, names[0]
    raise Malformed("volume_shape", f"exactly one of {', '.join(_OUTLINES)} must be there, and no unknown member")


def _altitude(volume3d: Mapping[str, Any], name: str) -> tuple[float, Reference]:
    altitude = members(volume3d.get(name), name, "value", "reference", "units")
    spoken, units = altitude["reference"], altitude["units"]
    if not isinstance(spoken, str) or not isinstance(units, str):
        raise Malformed("volume_shape", f"reference and units of {name} must be texts")
    try:
        reference = Reference(spoken)
    except ValueError:
        raise Malformed("volume_band", f"the reference of {name} must be W84, AMSL, AGL or FL") from None
    return altitude_m(altitude["value"], spoken, units, name), reference


def altitude_m(value: object, reference: str, units: str, name: str) -> float:
    """Return the metres of altitude ``name``; raise ``Malformed`` with ``volume_band`` or ``volume_shape``."""
    bounds = _BOUNDS.get((reference, units))
    if bounds is None:
        raise Malformed("volume_band", f"the units of {name} must be M or FT, or FL with reference FL")
    counted, unit_m = _UNITS[units]
    return number(value, *bounds, "volume_band", name) * counted * unit_m


def _time(volume4d: Mapping[str, Any], name: str, *, up: bool) -> int:
    time = members(volume4d[name], name, "value", "format")
    if time["format"] != "RFC3339":
        raise Malformed("volume_shape", f"the format of {name} must be RFC3339")
    return volume_instant(time["value"], name, up=up)


def volume_instant(value: object, name: str, *, up: bool) -> int:
    """Return the instant of time ``name``; raise ``Malformed`` with ``volume_shape`` or ``volume_window``."""
    if not isinstance(value, str):
        raise Malformed("volume_shape", f"the value of {name} must be a text")
    instant = parse_instant(value, up=up)
    if instant > LAST_INSTANT:
        raise Malformed("volume_window", f"{name} is later than the year 9000")
    return instant
