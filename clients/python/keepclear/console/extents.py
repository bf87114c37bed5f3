"""Volumes as a page draws them. Those of own notices are read from the journal's bytes without opening the notice.

Opening measures every outline, which takes milliseconds; what stands in the journal was measured when it was filed.
Guaranteed: the same numbers and instants as an opened notice has (a test holds the two against each other).
"""

from binascii import Error, a2b_base64
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import msgspec
from keepclear_protocol.errors import Malformed
from keepclear_protocol.instant import format_instant
from keepclear_protocol.outline import Circle, Outline, Polygon, read_outline
from keepclear_protocol.volume import Volume, altitude_m, volume_instant

Extent = dict[str, Any]
"""A volume for the page: shape, points, radius or half width, heights and window."""

_parse = msgspec.json.Decoder().decode


class Filed(NamedTuple):
    """What an own notice says, in the order of time."""

    extents: tuple[Extent, ...]
    remarks: str | None


NOTHING = Filed((), None)


def extent(volume: Volume | None) -> Extent | None:
    """Return a volume for the page."""
    if volume is None:
        return None
    heights = volume.lower_m, volume.upper_m, str(volume.reference)
    return _extent(volume.outline, heights, volume.start, volume.end)


def extents(volumes: Iterable[Volume]) -> list[Extent]:
    """Return volumes for the page, in their order."""
    return [said for volume in volumes if (said := extent(volume)) is not None]


def filed(raw: str) -> Filed:
    """Return what the submission ``raw`` of our own journal says; nothing where it says nothing that we know."""
    found: list[tuple[int, int, Extent]] = []
    remarks = None
    try:
        for disclosure in raw.split("~")[1:-1]:
            value = _parse(a2b_base64(disclosure.translate(_STANDARD) + "=" * (-len(disclosure) % 4)))
            if len(value) == 2:
                found.append(_volume(value[1]))
            elif value[1] == "remarks":
                remarks = str(value[2])
    except (Error, ValueError, LookupError, TypeError, Malformed):
        return NOTHING
    found.sort(key=lambda each: each[:2])
    return Filed(tuple(said for *_, said in found), remarks)


_STANDARD = str.maketrans("-_", "+/")


def _volume(value: Mapping[str, Any]) -> tuple[int, int, Extent]:
    volume = value["volume"]
    name = next(name for name in volume if name.startswith("outline_"))
    lower, upper = volume["altitude_lower"], volume["altitude_upper"]
    start = volume_instant(value["time_start"]["value"], "time_start", up=False)
    end = volume_instant(value["time_end"]["value"], "time_end", up=True)
    heights = _height_m(lower), _height_m(upper), str(lower["reference"])
    return start, end, _extent(read_outline(name, volume[name]), heights, start, end)


def _height_m(altitude: Mapping[str, Any]) -> float:
    return altitude_m(altitude["value"], altitude["reference"], altitude["units"], "altitude")


def _extent(outline: Outline, heights: tuple[float, float, str], start: int, end: int) -> Extent:
    points, radius_m = _shape(outline)
    return {
        "shape": type(outline).__name__.lower(),
        "points": points,
        "radius_m": radius_m,
        "lower_m": heights[0],
        "upper_m": heights[1],
        "reference": heights[2],
        "start": format_instant(start),
        "end": format_instant(end),
    }


def _shape(outline: Outline) -> tuple[tuple[tuple[float, float], ...], float | None]:
    match outline:
        case Polygon(vertices):
            return vertices, None
        case Circle(center, radius_m):
            return (center,), radius_m
    return outline.path, outline.half_width_m
