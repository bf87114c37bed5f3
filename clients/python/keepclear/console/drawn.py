"""A flight that an officer draws: points, widths, heights and times as typed or clicked, each read as text.

Whatever the form sends is the text of a field, read by the readers of the input files, so that a position, a height or
a length is written here as it is in a file or behind an option. Each fault names its field (``shapes.0.points.2``). A
shape is one volume with edges along the shortest way, the band and the window of the form. Guaranteed: a flight only
where no field is at fault, and each of its volumes is one that ``parse_volume`` takes. Nothing is guessed: a bearing is
true, and one that says magnetic is refused.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from keepclear_protocol.errors import LocalError
from keepclear_protocol.volume import circle_json, corridor_json, polygon_json, volume4d_json

from keepclear.offline.inputs.altitude import band
from keepclear.offline.inputs.asked import asked_lower, asked_upper, asked_window, read_length_m
from keepclear.offline.inputs.coordinates import COARSEST_M, Point, position
from keepclear.offline.inputs.drawn import wrapped
from keepclear.offline.inputs.ellipsoid import MAX_M, destination
from keepclear.offline.inputs.flight import Flight, Options, VolumeJson, checked, unreadable

MAX_SHAPES = 50
MAX_POINTS = 500
"""What a person draws; more comes from a file."""

MAX_PLACE = 200
"""Letters of a bearing, a distance and a position that they start from."""

_FEWEST = {"corridor": 2, "polygon": 3, "circle": 1}
_BEARING = re.compile(
    r"(\d{1,3}(?:\.\d{1,3})?)\s*(?:°|deg)?\s*([TM])?\s*/\s*(\d[^/]*?)(?:\s+from\s+(.+))?\Z", re.ASCII | re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class FieldFault:
    """What is wrong with a field of the form; ``at`` is its name, "" for the whole of it."""

    at: str
    code: str
    detail: str
    hint: str = ""
    place: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the fault for the page."""
        return {"at": self.at, "place": self.place, "code": self.code, "detail": self.detail, "hint": self.hint}

    @classmethod
    def of(cls, at: str, error: LocalError) -> "FieldFault":
        """Return the fault that an error of a reader is."""
        return cls(at, error.code, error.detail, error.hint)


@dataclass
class _Reading:
    """What is found while a form is read."""

    faults: list[FieldFault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read_place(text: str, before: tuple[float, float] | None = None) -> Point:
    """Return the position of a text: any that ``position`` takes, or ``090/12NM``, a true bearing and a distance.

    The latter starts ``before``, the point before it, or behind ``from`` at a position. Raises ``LocalError``.
    """
    plain = " ".join(text.split())
    found = _BEARING.match(plain) if len(plain) <= MAX_PLACE else None
    if found is None:
        return position(text)
    bearing, kind, length, start = found.groups()
    if (kind or "").upper() == "M":
        raise unreadable("", f"{plain!r:.60} is a magnetic bearing", hint="write the true one, such as 090/12NM")
    if float(bearing) > 360:
        hint = "from 0, which is north, clockwise, such as 090/12NM"
        raise unreadable("", f"{plain!r:.60} has a bearing of {bearing} degrees; it ends at 360", hint=hint)
    metres = read_length_m(length, f"{plain!r:.60}")
    if metres > MAX_M:
        raise unreadable("", f"{plain!r:.60} is farther than {MAX_M / 1000:g} km")
    begin = position(start) if start else None
    origin = before if begin is None else (begin.lat, begin.lng)
    if origin is None:
        hint = "write where it starts: 090/12NM from 47.3683, 8.5408"
        raise unreadable("", f"{plain!r:.60} has no point before it to start from", hint=hint)
    lat, lng = wrapped(*destination(origin, float(bearing) % 360, metres))
    if begin is None:
        return Point(lat, lng)
    return Point(lat, lng, begin.off_m, begin.note)


def read_drawn(shapes: object, options: Options, said: Mapping[str, str]) -> tuple[Flight | None, Sequence[FieldFault]]:
    """Return the flight that ``shapes`` draw in the window and band of ``options``, or all that is wrong.

    ``said`` are the form's options by name: what is at fault in one of them was told already.
    """
    reading = _Reading()
    if not isinstance(shapes, list) or not 0 < len(shapes) <= MAX_SHAPES:
        detail = f"nothing is drawn yet, or more than {MAX_SHAPES} shapes"
        reading.faults.append(FieldFault("shapes", "input_file", detail, "a corridor, an area or a circle"))
        shapes = []
    outlines = [_outline(shape, f"shapes.{number}", reading) for number, shape in enumerate(shapes)]
    ends = _asked(options, said, reading)
    if ends is None or reading.faults:
        return None, reading.faults
    lower, upper, reference, units, start, end = ends
    volumes: list[VolumeJson] = []
    for number, outline in enumerate(outlines):
        if outline is None:
            continue
        try:
            volumes += checked([volume4d_json(outline, lower, upper, reference, units, start, end)], "")
        except LocalError as error:
            detail = error.detail.removeprefix("volume 1: ")
            reading.faults.append(FieldFault(f"shapes.{number}", error.code, detail, error.hint))
    if reading.faults:
        return None, reading.faults
    return Flight(None, volumes, list(dict.fromkeys(reading.notes))), ()


def _asked(
    options: Options, said: Mapping[str, str], reading: _Reading
) -> tuple[float, float, str, str, int, int] | None:
    """Return the band and the window that the options say; a fault for each that is missing."""
    asks = {
        "from": ("a window has a start", "such as 2026-11-22T14:00Z", options.start),
        "to": ("a window has an end", "such as 2026-11-22T14:30Z", options.end),
        "lower": ("a band has a lower end", "such as FL245, 1500ft AMSL or GND", options.lower),
        "upper": ("a band has an upper end", "such as FL285 or 4500ft AMSL", options.upper),
    }
    for at, (detail, hint, value) in asks.items():
        if value is None and not said.get(at):
            reading.faults.append(FieldFault(at, "input_file", detail, hint))
    if any(value is None for _, _, value in asks.values()):
        return None
    try:
        found = band(asked_lower(options, "", ""), asked_upper(options, "", ""), options.uncertainty, "")
    except LocalError as error:
        reading.faults.append(FieldFault.of("upper", error))
        return None
    if found.note:
        reading.notes.append(found.note)
    return found.lower, found.upper, found.reference, found.units, *asked_window(options, "")


def _outline(shape: object, at: str, reading: _Reading) -> VolumeJson | None:
    """Return the outline of a shape of the form; what is wrong with it is noted."""
    faults = len(reading.faults)
    if not isinstance(shape, dict) or shape.get("shape") not in tuple(_FEWEST):
        reading.faults.append(FieldFault(at, "usage", "a shape is a corridor, a polygon or a circle"))
        return None
    kind, size = shape["shape"], shape.get("size")
    points = _points(shape.get("points"), kind, at, reading)
    metres = 0.0
    if kind != "polygon":
        try:
            if not isinstance(size, str) or not size.strip():
                what = "how far to either side" if kind == "corridor" else "the radius"
                raise unreadable("", f"{what} is not said", hint="write 2NM, 3.7km or 3700m")
            metres = read_length_m(size, "the width" if kind == "corridor" else "the radius")
        except LocalError as error:
            reading.faults.append(FieldFault.of(f"{at}.size", error))
    if len(reading.faults) > faults:
        return None
    places = [(point.lat, point.lng) for point in points]
    if kind == "polygon":
        return polygon_json(places)
    # The middle of a square is taken: what was meant may lie that far off.
    off_m = max(point.off_m for point in points)
    metres = math.ceil((metres + off_m) * 10) / 10 if off_m else metres
    return circle_json(places[0], metres) if kind == "circle" else corridor_json(places, metres)


def _points(texts: object, kind: str, at: str, reading: _Reading) -> list[Point]:
    if not isinstance(texts, list) or not _FEWEST[kind] <= len(texts) <= MAX_POINTS or (kind == "circle" and texts[1:]):
        most = "one point" if kind == "circle" else f"{_FEWEST[kind]} to {MAX_POINTS} points"
        there = len(texts) if isinstance(texts, list) else 0
        reading.faults.append(FieldFault(f"{at}.points", "input_file", f"a {kind} has {most}, this one has {there}"))
        return []
    found: list[Point] = []
    before: tuple[float, float] | None = None
    for number, text in enumerate(texts):
        where = f"{at}.points.{number}"
        try:
            point = read_place(text if isinstance(text, str) else "", before)
            if kind == "polygon" and point.off_m > COARSEST_M:
                hint = "give five digits of easting and of northing"
                raise unreadable("", f"the corner lies up to {point.off_m:.0f} m from what was meant", hint=hint)
        except LocalError as error:
            reading.faults.append(FieldFault.of(where, error))
            before = None
            continue
        if point.note:
            reading.notes.append(point.note)
        before = point.lat, point.lng
        found.append(point)
    return found
