"""OpenAir airspace: every airspace of a file is a flight of one volume, whose window the officer gives.

Read are AC, AN, AH, AL, DP, DC, DA, DB, V X= and V D=, and of the newer records AY and AA (times). Altitudes are those
of the file: a bare number is feet above the sea, as the format has it; UNL needs ``--upper``. Arcs are drawn so that
the polygon holds them (``arcs``); edges are the shortest way between their points. There is a reader of our own because
those on PyPI either give no lines and pass over what they do not know, or are something else by that name.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from keepclear_protocol.errors import LocalError
from keepclear_protocol.volume import circle_json

from .altitude import band, parse_altitude
from .arcs import Arc, arc_between, arc_of, outer_ring
from .asked import asked_lower, asked_upper, asked_window
from .content import Content
from .coordinates import COARSEST_M, position
from .drawn import Window, area, checked_volumes, ring, wrapped
from .flight import Altitude, Flight, Options, VolumeJson, unreadable
from .letters import any_text
from .moments import instant_of
from .sphere import Position

NM_M = 1852.0
MAX_RADIUS_NM = 500.0
MAX_AIRSPACES = 5_000
MAX_POINTS = 5_000

_RECORD = re.compile(r"([A-Za-z]{1,2})(?:\s+(.*))?\Z")
_SHAPES = re.compile(r"^[ \t]*(?:DP|DC|DA|DB)[ \t]+\S", re.MULTILINE | re.ASCII | re.IGNORECASE)
_CLASSES = re.compile(r"^[ \t]*AC[ \t]+\S", re.MULTILINE | re.ASCII | re.IGNORECASE)
_NUMBER = re.compile(r"\d{1,4}(?:\.\d{1,6})?\Z", re.ASCII)
_UNUSED = frozenset({"SP", "SB", "AT", "AF", "AG", "AX", "AI", "AW"})
"""Pens, brushes, labels, frequencies, station names, transponder codes and identifiers: nothing to claim."""


_ONCE = frozenset({"AN", "AL", "AH"})
"""What an airspace says once: the second is another airspace's, whose AC is missing."""


@dataclass(slots=True)
class _Airspace:
    """One airspace while its records are read."""

    line: int
    kind: str
    name: str = ""
    lower: Altitude | None = None
    upper: Altitude | None = None
    unlimited: bool = False
    boundary: list[Position | Arc] = field(default_factory=list)
    circles: list[tuple[Position, float, str]] = field(default_factory=list)
    windows: list[Window] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    center: Position | None = None
    center_off_m: float = 0.0
    clockwise: bool = True
    said: set[str] = field(default_factory=set)

    @property
    def place(self) -> str:
        return f"line {self.line}, {self.name or self.kind}"[:80]


def recognise(content: Content) -> bool:
    """Whether there are records of an airspace's class and of its shape."""
    head = any_text(content.data[:262_144])
    return _CLASSES.search(head) is not None and _SHAPES.search(head) is not None


def read(content: Content, options: Options) -> list[Flight]:
    """Return the airspaces of a file; raise ``LocalError`` with ``input_file``."""
    flights = [_flight(airspace, options) for airspace in _airspaces(any_text(content.data))]
    if not flights:
        raise unreadable("", "no airspace in it")
    return flights


def _airspaces(text: str) -> Iterator[_Airspace]:
    current: _Airspace | None = None
    count = 0
    for number, line in enumerate(text.split("\n"), start=1):
        spoken = line.partition("*")[0].strip()
        if not spoken:
            continue
        match = _RECORD.match(spoken)
        record, value = (match[1].upper(), (match[2] or "").strip()) if match else (spoken[:2], "")
        place = f"line {number}, {record}"
        if record == "AC":
            if current is not None:
                yield current
            count += 1
            if count > MAX_AIRSPACES:
                raise unreadable(place, f"more than {MAX_AIRSPACES} airspaces")
            current = _Airspace(number, value)
        elif record in _UNUSED:
            continue
        elif current is None:
            raise unreadable(place, "an airspace begins with AC, its class")
        else:
            _take(current, record, value, place)
    if current is not None:
        yield current


def _take(airspace: _Airspace, record: str, value: str, place: str) -> None:
    """Take one record; raise ``LocalError`` that names its line."""
    if record in _ONCE:
        if record in airspace.said:
            raise unreadable(place, f"{record} is there twice in one airspace", hint="each airspace begins with AC")
        airspace.said.add(record)
    match record:
        case "AN":
            airspace.name = value
        case "AY":
            airspace.kind = f"{airspace.kind} {value}"
        case "AL":
            airspace.lower = _altitude(airspace, value, place)
        case "AH":
            airspace.upper = _altitude(airspace, value, place)
            airspace.unlimited = airspace.upper is None
        case "AA":
            _times(airspace, value, place)
        case "V":
            _variable(airspace, value, place)
        case "DP":
            airspace.boundary.append(_corner(airspace, value, place))
        case "DC":
            radius = _number(value, MAX_RADIUS_NM, place) * NM_M
            # A centre that is a square's middle may lie anywhere in the square.
            airspace.circles.append((_center(airspace, place), radius + airspace.center_off_m, place))
        case "DA":
            airspace.boundary.append(_arc_by_angles(airspace, value, place))
        case "DB":
            airspace.boundary += _arc_by_points(airspace, value, place)
        case _:
            hint = "AC, AN, AH, AL, AY, AA, DP, DC, DA, DB and V are read"
            raise unreadable(place, f"the record {record!r} cannot be read", hint=hint)
    if len(airspace.boundary) > MAX_POINTS:
        raise unreadable(place, f"more than {MAX_POINTS} points")


def _altitude(airspace: _Airspace, value: str, place: str) -> Altitude | None:
    if re.fullmatch(r"-?\d+(?:\.\d+)?", value, re.ASCII):
        airspace.notes.append(f"{place}: {value} is taken as feet above mean sea level, as OpenAir has it")
    elif not re.search(r"FL|SL|ALT|AGL|GND|SFC|UNL|STD|GROUND|SURFACE", value.upper()):
        airspace.notes.append(f"{place}: {value:.20} is taken as above mean sea level, as OpenAir has it")
    return parse_altitude(value, place, units="FT", reference="AMSL")


def _times(airspace: _Airspace, value: str, place: str) -> None:
    start, slash, end = value.partition("/")
    if not slash:
        airspace.notes.append(f"{place}: {value:.40} is left out, --from and --to hold")
        return
    window = instant_of(start, place), instant_of(end, place)
    if window[0] >= window[1]:
        raise unreadable(place, "the window must end after its start")
    airspace.windows.append(window)


def _variable(airspace: _Airspace, value: str, place: str) -> None:
    name, equals, said = (part.strip() for part in value.partition("="))
    match name.upper():
        case "X" if equals:
            airspace.center, airspace.center_off_m = _position(airspace, said, place)
        case "D" if said in ("+", "-"):
            airspace.clockwise = said == "+"
        case "W" | "Z" | "T":
            pass
        case _:
            raise unreadable(place, f"{value!r:.40} is neither V X=position nor V D=+ or -")


def _arc_by_angles(airspace: _Airspace, value: str, place: str) -> Arc:
    parts = [part.strip() for part in value.split(",")]
    if len(parts) != 3:
        raise unreadable(place, "an arc is radius, start and end, such as DA 10,270,290")
    radius = _number(parts[0], MAX_RADIUS_NM, place) * NM_M
    start, end = (_number(part, 360, place, zero=True) for part in parts[1:])
    center = _arc_center(airspace, place)
    return arc_of(center, start, end, (radius, radius), clockwise=airspace.clockwise, place=place)


def _arc_by_points(airspace: _Airspace, value: str, place: str) -> list[Position | Arc]:
    parts = value.split(",")
    if len(parts) != 2:
        raise unreadable(place, "an arc is two positions with a comma between")
    start, end = (_corner(airspace, part, place) for part in parts)
    center = _arc_center(airspace, place)
    arc = arc_between(center, start, end, clockwise=airspace.clockwise, place=place)
    off_m = abs(arc.start_m - arc.end_m)
    if off_m > 50:
        airspace.notes.append(f"{place}: the arc's ends are {off_m:.0f} m unequally far from its centre: taken outward")
    return [start, arc, end]


def _center(airspace: _Airspace, place: str) -> Position:
    if airspace.center is None:
        raise unreadable(place, "no centre: V X= comes before it in its airspace")
    return airspace.center


def _arc_center(airspace: _Airspace, place: str) -> Position:
    if airspace.center_off_m > COARSEST_M:
        raise unreadable(place, _COARSE, hint=_HINT)
    return _center(airspace, place)


def _corner(airspace: _Airspace, text: str, place: str) -> Position:
    where, off_m = _position(airspace, text, place)
    if off_m > COARSEST_M:
        raise unreadable(place, _COARSE, hint=_HINT)
    return where


def _position(airspace: _Airspace, text: str, place: str) -> tuple[Position, float]:
    """Return a position, and how far off it the true one may lie."""
    try:
        point = position(text)
    except LocalError as error:
        raise unreadable(place, error.detail, hint=_HINT) from None
    if point.note:
        airspace.notes.append(f"{place}: {point.note}")
    return wrapped(point.lat, point.lng), point.off_m


_COARSE = "a square of more than 1 m is no corner and no centre of an arc"
_HINT = "such as 46:15:30 N 007:20:10 E"


def _number(text: str, highest: float, place: str, *, zero: bool = False) -> float:
    value = float(text) if _NUMBER.match(text) else -1.0
    if not 0 <= value <= highest or (value == 0 and not zero):
        raise unreadable(place, f"{text!r:.20} is not a number up to {highest:g}")
    return value


def _flight(airspace: _Airspace, options: Options) -> Flight:
    place, notes = airspace.place, [f"airspace {airspace.name or 'without a name'}, class {airspace.kind}"[:120]]
    if bool(airspace.boundary) == bool(airspace.circles):
        detail = "a circle and points in one airspace" if airspace.boundary else "no shape: neither DP, DC, DA nor DB"
        raise unreadable(place, detail)
    lower = airspace.lower or asked_lower(options, place, "no lower altitude (AL)")
    what = "its top is unlimited" if airspace.unlimited else "no upper altitude (AH)"
    upper = airspace.upper or asked_upper(options, place, what)
    found = band(lower, upper, options.uncertainty, place)
    windows = airspace.windows or [asked_window(options, place, "an airspace has no window")]
    outlines = _outlines(airspace, place, notes)
    volumes = [area(outline, replace(found, note=None), window) for window in windows for outline in outlines]
    notes += airspace.notes
    if found.note:
        notes.append(f"{place}: {found.note}")
    if airspace.unlimited:
        notes.append(f"{place}: its top is unlimited and taken as the one that was given")
    return Flight(None, checked_volumes(volumes, place), notes, place)


def _outlines(airspace: _Airspace, place: str, notes: list[str]) -> list[VolumeJson]:
    if airspace.circles:
        return [circle_json(center, radius) for center, radius, _ in airspace.circles]
    arcs = sum(isinstance(part, Arc) for part in airspace.boundary)
    if arcs:
        notes.append(f"{place}: {arcs} arcs are drawn as edges around them, at most 21 m outside")
    return [ring(outer_ring(airspace.boundary), place, notes)]
