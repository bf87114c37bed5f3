"""Volumes as a page draws them. Those of own notices are read from the journal's bytes without opening the notice.

Opening measures every outline, which takes milliseconds; what stands in the journal was measured when it was filed.
Guaranteed: the same numbers and instants as an opened notice has (a test holds the two against each other).
"""

from binascii import Error, a2b_base64
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import msgspec
from keepclear_protocol.errors import Malformed
from keepclear_protocol.instant import format_instant, parse_instant
from keepclear_protocol.outline import Circle, Outline, Polygon
from keepclear_protocol.volume import Volume, altitude_m

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
    points, radius_m = _shape(volume.outline)
    return {
        "shape": type(volume.outline).__name__.lower(),
        "points": points,
        "radius_m": radius_m,
        "lower_m": volume.lower_m,
        "upper_m": volume.upper_m,
        "reference": str(volume.reference),
        "start": format_instant(volume.start),
        "end": format_instant(volume.end),
    }


def extents(volumes: Iterable[Volume]) -> list[Extent]:
    """Return volumes for the page, in their order."""
    return [said for volume in volumes if (said := extent(volume)) is not None]


def filed(raw: str) -> Filed:
    """Return what the submission ``raw`` of our own journal says; nothing where it says nothing that we know."""
    found: list[Extent] = []
    remarks = None
    try:
        for disclosure in raw.split("~")[1:-1]:
            value = _parse(a2b_base64(disclosure.translate(_STANDARD) + "=" * (-len(disclosure) % 4)))
            if len(value) == 2:
                found.append(_filed(value[1]))
            elif value[1] == "remarks":
                remarks = str(value[2])
    except (Error, ValueError, LookupError, TypeError, AttributeError, Malformed):
        return NOTHING
    # Without its Z a time sorts as a text, whatever decimals it has.
    found.sort(key=lambda said: (said["start"][:-1], said["end"][:-1]))
    return Filed(tuple(found), remarks)


_STANDARD = str.maketrans("-_", "+/")


def _filed(value: Mapping[str, Any]) -> Extent:
    volume = value["volume"]
    lower, upper = volume["altitude_lower"], volume["altitude_upper"]
    if (polygon := volume.get("outline_polygon")) is not None:
        shape, points, radius_m = "polygon", polygon["vertices"], None
    elif (circle := volume.get("outline_circle")) is not None:
        shape, points, radius_m = "circle", [circle["center"]], circle["radius"]["value"]
    else:
        corridor = volume["outline_corridor"]
        shape, points, radius_m = "corridor", corridor["path"], corridor["half_width"]["value"]
    return {
        "shape": shape,
        "points": tuple([(point["lat"], point["lng"]) for point in points]),
        "radius_m": radius_m,
        "lower_m": _height_m(lower),
        "upper_m": _height_m(upper),
        "reference": lower["reference"],
        "start": _time(value["time_start"]["value"], up=False),
        "end": _time(value["time_end"]["value"], up=True),
    }


def _height_m(altitude: Mapping[str, Any]) -> float:
    return altitude_m(altitude["value"], altitude["reference"], altitude["units"], "altitude")


def _time(text: str, *, up: bool) -> str:
    """Return a time in its one spelling: most have it already."""
    return text if len(text) == len("2026-11-22T14:05:00Z") else format_instant(parse_instant(text, up=up))


def _shape(outline: Outline) -> tuple[tuple[tuple[float, float], ...], float | None]:
    match outline:
        case Polygon(vertices):
            return vertices, None
        case Circle(center, radius_m):
            return (center,), radius_m
    return outline.path, outline.half_width_m
