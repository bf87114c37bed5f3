"""Quick reading: typed decoding of what is sent most, at a fraction of what the strict readers cost.

Guaranteed: what a reader here takes, the strict reader takes too, and to the same value. Not guaranteed: that it takes
what the strict one takes. Whatever is unusual is ``None`` here, good or bad; then the strict reader judges it, and
every error is the strict reader's.

msgspec's decoder is as strict about JSON as ours is (UTF-8, numbers, controls, trailing bytes; tests hold it against
ours), checks type and bounds of every value, and refuses unknown members and ``1.0`` for a whole number. What it does
not see is a name that stands twice. That is told by counting: every member is known and no text holds a quotation
mark, because a backslash anywhere is not taken, so the quotation marks in the bytes are two for each name and text of
the decoded value. One more name would be two more.
"""

import re
from typing import Annotated, Literal

from msgspec import UNSET, DecodeError, Meta, Struct, UnsetType
from msgspec.json import Decoder

from .encoding import BITS_128, is_128_bits
from .errors import Malformed
from .geometry import shape_of
from .outline import (
    MAX_RADIUS_M,
    MIN_PATH_POINTS,
    MIN_RADIUS_M,
    MIN_VERTICES,
    Circle,
    Corridor,
    Outline,
    Polygon,
    Position,
)
from .volume import Reference, Volume, altitude_m, volume_instant


class Known(Struct, forbid_unknown_fields=True, gc=False):
    """An object whose members are all known. It lives as long as one reading: no collector need look after it."""


class _Position(Known):
    lat: Annotated[float, Meta(ge=-90, le=90)]
    lng: Annotated[float, Meta(ge=-180, le=180)]


_Metres = Annotated[float, Meta(ge=MIN_RADIUS_M, le=MAX_RADIUS_M)]


class _Length(Known):
    value: _Metres
    units: Literal["M"]


class _Polygon(Known):
    vertices: Annotated[list[_Position], Meta(min_length=MIN_VERTICES)]


class _Circle(Known):
    center: _Position
    radius: _Length


class _Corridor(Known):
    path: Annotated[list[_Position], Meta(min_length=MIN_PATH_POINTS)]
    half_width: _Length


class _Altitude(Known):
    value: float
    reference: Literal["W84", "AMSL", "AGL", "FL"]
    units: Literal["M", "FT", "FL"]


class _Volume3D(Known):
    altitude_lower: _Altitude
    altitude_upper: _Altitude
    outline_polygon: _Polygon | UnsetType = UNSET
    outline_circle: _Circle | UnsetType = UNSET
    outline_corridor: _Corridor | UnsetType = UNSET


class _Time(Known):
    value: str
    format: Literal["RFC3339"]


class _Volume4D(Known):
    volume: _Volume3D
    time_start: _Time
    time_end: _Time


_ELEMENT = Decoder(tuple[str, _Volume4D])
_REFERENCES = {str(reference): reference for reference in Reference}

_ELEMENT_TEXTS = 25
"""Names and texts of an element: its salt, 3 members, 2 times of 4, 3 of the volume, 2 altitudes of 5."""

_NINE = 1e9
_TO_WHOLE = 1.5 * 2**52
"""Added and taken away again, it leaves the nearest whole number of anything below 2**51."""


_PROPERTY = re.compile(
    rf'\["({BITS_128})", ?"(category|callsign|remarks|manifest)", ?"([^"\\\x00-\x1f]*)"\]\Z'.encode()
)


def has_texts(data: bytes, texts: int) -> bool:
    """Whether ``data``, decoded to a value of ``texts`` names and texts, spelled each once and without an escape."""
    return data.count(b'"') == 2 * texts and b"\\" not in data


def quick_element(data: bytes) -> tuple[str, Volume] | None:
    """Return salt and volume of a disclosure's bytes ``[salt, Volume4D]``, or None: then the strict one is asked."""
    try:
        salt, volume4d = _ELEMENT.decode(data)
        volume3d = volume4d.volume
        found = _outline(volume3d)
        if found is None:
            return None
        outline, texts = found
        if not has_texts(data, _ELEMENT_TEXTS + texts) or not is_128_bits(salt):
            return None
        lower, upper = volume3d.altitude_lower, volume3d.altitude_upper
        lower_m = altitude_m(lower.value, lower.reference, lower.units, "altitude_lower")
        upper_m = altitude_m(upper.value, upper.reference, upper.units, "altitude_upper")
        start = volume_instant(volume4d.time_start.value, "time_start", up=False)
        end = volume_instant(volume4d.time_end.value, "time_end", up=True)
        if lower.reference != upper.reference or lower_m >= upper_m or start >= end:
            return None
        reference = _REFERENCES[lower.reference]
        return salt, Volume(outline, lower_m, upper_m, reference, start, end, shape_of(outline))
    except (DecodeError, UnicodeDecodeError, Malformed):
        return None


def _outline(volume3d: _Volume3D) -> tuple[Outline, int] | None:
    """The first outline that is there, with the number of names and texts in it: a second one would be too many."""
    if polygon := volume3d.outline_polygon:
        vertices = _positions(polygon.vertices)
        return None if vertices is None else (Polygon(vertices), 1 + 2 * len(vertices))
    if corridor := volume3d.outline_corridor:
        path = _positions(corridor.path)
        return None if path is None else (Corridor(path, corridor.half_width.value), 5 + 2 * len(path))
    if circle := volume3d.outline_circle:
        centers = _positions([circle.center])
        return None if centers is None else (Circle(centers[0], circle.radius.value), 7)
    return None


def _positions(positions: list[_Position]) -> tuple[Position, ...] | None:
    """The positions, or None where one has more than nine decimals.

    A number is the nearest to a decimal of nine places exactly where its own nearest one divides back to it. That also
    turns -0.0 into 0.0.
    """
    taken = tuple(
        [
            (lat, lng)
            for position in positions
            if (lat := (position.lat * _NINE + _TO_WHOLE - _TO_WHOLE) / _NINE) == position.lat
            and (lng := (position.lng * _NINE + _TO_WHOLE - _TO_WHOLE) / _NINE) == position.lng
        ]
    )
    return taken if len(taken) == len(positions) else None


def quick_property(data: bytes) -> tuple[str, str, str] | None:
    """Return salt, name and text of a property's bytes ``[salt, name, text]``, or None: then the strict one is asked.

    The names are those of a notice. That the text fits its name is not looked at.
    """
    match = _PROPERTY.match(data)
    if match is None:
        return None
    salt, name, text = match.groups()
    try:
        return salt.decode(), name.decode(), text.decode()
    except UnicodeDecodeError:
        return None
