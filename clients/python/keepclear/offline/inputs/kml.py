"""KML: areas and lines of a file are one flight, tracks are one flight each.

Read are Polygon, LineString and MultiGeometry of every Placemark, gx:Track and gx:MultiTrack, and Points: with a radius
in their data a circle, with a TimeStamp each a track (as flight trackers write it), any other is a label and left out.
A TimeSpan of a Folder holds for what is in it. Placemarks with different callsigns in their data are different flights.
Styles and descriptions aside, whatever is left out stands in the notes, and what has no window or band is asked for.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from keepclear_protocol.volume import circle_json

from .asked import asked_band
from .content import Content
from .drawn import area, checked_volumes
from .flight import MAX_VOLUMES, Flight, Options, VolumeJson, unreadable
from .kml_data import Data, band_of, data_of, length_m, options_of, stamp_of, time_of, track_options, widest, window_of
from .kml_shapes import Said, line_string, polygon, reference_of, refuse_offset, vertex, vertices
from .moments import instant_of
from .recorded import Moment, named_callsign, recorded
from .sphere import Position
from .xmltree import Element, parse_xml, root_name

_LOST = frozenset({"NetworkLink", "GroundOverlay", "ScreenOverlay", "PhotoOverlay", "Tour"})
_Place = tuple[Position, str | None, float | None]
"""A position, and the metres above what there: both None where the shape's altitudes mean nothing."""

_SHAPES = frozenset({"Polygon", "LineString", "LinearRing", "Track", "MultiTrack", "Point", "Model"})


def recognise(content: Content) -> bool:
    """Whether the first element is ``kml``."""
    return root_name(content.data) == "kml"


def read(content: Content, options: Options) -> list[Flight]:
    """Return the flights of a KML file; raise ``LocalError`` with ``input_file``."""
    return kml_flights(content.data, options)


@dataclass(frozen=True, slots=True)
class _Shape:
    """One shape of a Placemark, with all that holds the Placemark."""

    element: Element
    ancestry: tuple[Element, ...]
    data: Data

    @property
    def placemark(self) -> Element:
        return self.ancestry[-1]

    @property
    def callsign(self) -> str | None:
        return self.data["callsign"][0] if "callsign" in self.data else None


@dataclass(slots=True)
class _Lost:
    """What is left out of a file: elements by name, and names of data."""

    elements: Counter[str] = field(default_factory=Counter)
    data: set[str] = field(default_factory=set)

    def notes(self) -> list[str]:
        notes = [f"left out: {count} {name}" for name, count in sorted(self.elements.items())]
        if self.data:
            notes.append(f"left out of the data: {', '.join(sorted(self.data)[:10])}")
        return notes


def kml_flights(data: bytes, options: Options) -> list[Flight]:
    """Return the flights of the bytes of a KML file; raise ``LocalError`` with ``input_file``."""
    lost = _Lost()
    shapes = list(_shapes(parse_xml(data), lost))
    tracks = [_track(shape, options) for shape in shapes if shape.element.name in ("Track", "MultiTrack")]
    stamped, positions = _stamped(shapes, options)
    drawn = _drawn(shapes, positions, options, lost)
    flights = [*drawn, *tracks, *stamped]
    if not flights:
        there = ", ".join(f"{count} {name}" for name, count in sorted(lost.elements.items())) or "no Placemark"
        raise unreadable("", f"nothing in it can be filed: {there}", hint="Polygon, LineString and gx:Track can")
    flights[0] = replace(flights[0], notes=[*flights[0].notes, *lost.notes()])
    return flights


def _shapes(root: Element, lost: _Lost) -> Iterator[_Shape]:
    waiting: list[tuple[Element, tuple[Element, ...]]] = [(root, ())]
    while waiting:
        element, above = waiting.pop()
        if element.name in _LOST:
            lost.elements[element.name] += 1
        elif element.name == "Placemark":
            data = data_of(element, lost.data)
            for shape in _geometries(element):
                refuse_offset(shape)
                yield _Shape(shape, (*above, element), data)
        else:
            waiting.extend((child, (*above, element)) for child in reversed(element.children))


def _geometries(holder: Element) -> Iterator[Element]:
    for child in holder.children:
        if child.name == "MultiGeometry":
            yield from _geometries(child)
        elif child.name in _SHAPES:
            yield child


def _drawn(shapes: Sequence[_Shape], positions: set[_Place], options: Options, lost: _Lost) -> list[Flight]:
    """Return the flights of areas, lines and circles: one for each callsign that the file names."""
    volumes: dict[str | None, list[VolumeJson]] = {}
    notes: dict[str | None, list[str]] = {}
    for shape in shapes:
        name = shape.element.name
        if name == "Model" or (name == "Point" and "radius" not in shape.data):
            if name == "Model" or stamp_of(shape.placemark) is None:
                lost.elements[name] += 1
            continue
        if name not in ("Polygon", "LineString", "LinearRing", "Point"):
            continue
        if name == "LineString" and positions and _drawn_through(shape, positions):
            lost.elements["LineString that runs through the timed points"] += 1
            continue
        said_notes = notes.setdefault(shape.callsign, [])
        volumes.setdefault(shape.callsign, []).extend(_volumes(shape, options, said_notes))
        if len(volumes[shape.callsign]) > MAX_VOLUMES:
            raise unreadable(shape.element.place, f"a notice has at most {MAX_VOLUMES} volumes", hint="split the file")
    return [
        Flight(callsign, checked_volumes(found, callsign or ""), list(dict.fromkeys(notes[callsign])))
        for callsign, found in volumes.items()
    ]


def _volumes(shape: _Shape, options: Options, notes: list[str]) -> list[VolumeJson]:
    element = shape.element
    told = options_of(shape.data, options)
    time = time_of(shape.ancestry)
    both = "start" in shape.data and "end" in shape.data
    window = window_of(None if both else time, told, element.place, notes)
    if (grown := widest(window, time, shape.data)) != window:
        notes.append(f"{element.place}: its data and its TimeSpan give times: from the first to the last is claimed")
    said = Said(grown, told, notes, **band_of(shape.data))
    if element.name == "Polygon":
        return checked_volumes([polygon(element, said)], element.place)
    if element.name == "Point":
        (center,) = vertices(_coordinates(element), element.place)
        band = asked_band(told, element.place, "a circle in KML has no altitude")
        if center.metres is not None and reference_of(element) is not None:
            notes.append(f"{element.place}: the altitude of the circle's middle is left out, the band is as given")
        circle = circle_json(center.position, length_m(*shape.data["radius"]))
        return checked_volumes([area(circle, band, window)], element.place)
    return checked_volumes(line_string(element, said), element.place)


def _drawn_through(shape: _Shape, positions: set[_Place]) -> bool:
    """Whether a line is the picture of a track that is read already: no time and no altitude of its own."""
    line = shape.element
    if "start" in shape.data or "end" in shape.data or time_of(shape.ancestry) is not None:
        return False
    reference = reference_of(line)
    known = {position for position, *_ in positions}
    return all(
        item.position in known if reference is None else (item.position, reference, item.metres) in positions
        for item in vertices(_coordinates(line), line.place)
    )


def _coordinates(shape: Element) -> Element:
    found = shape.child("coordinates")
    if found is None or not found.text.strip():
        raise unreadable(shape.place, "no coordinates")
    return found


def _track(shape: _Shape, options: Options) -> Flight:
    """Return the flight of a gx:Track, or of the parts of a gx:MultiTrack."""
    parts = shape.element.all("Track") if shape.element.name == "MultiTrack" else [shape.element]
    moments: list[Moment] = []
    # A part that names no mode has that of the whole.
    references = {reference_of(part if part.child("altitudeMode") else shape.element) for part in parts}
    if len(references) != 1:
        raise unreadable(shape.element.place, "no track in it, or tracks of different altitude modes")
    (reference,) = references
    for part in parts:
        whens, coords = part.all("when"), part.all("coord")
        if len(whens) != len(coords):
            raise unreadable(part.place, f"{len(whens)} times, but {len(coords)} positions")
        for when, coord in zip(whens, coords, strict=True):
            if coord.text.strip():
                at = vertex(coord.text, coord.place, " ")
                metres = None if reference is None else at.metres
                moments.append(Moment(instant_of(when.text, when.place), at.position, metres))
    notes = [] if len(parts) < 2 else [f"{len(parts)} parts of a MultiTrack are one flight"]
    return _recorded(moments, reference, [shape], options, notes)


def _stamped(shapes: Sequence[_Shape], options: Options) -> tuple[list[Flight], set[_Place]]:
    """Return the flights of Points that have a TimeStamp each, one for a Folder and callsign, and where they are."""
    groups: dict[tuple[int, str | None], list[tuple[_Shape, Moment]]] = {}
    for shape in shapes:
        at = stamp_of(shape.placemark) if shape.element.name == "Point" and "radius" not in shape.data else None
        if at is not None:
            (found,) = vertices(_coordinates(shape.element), shape.element.place)[:1]
            metres = None if reference_of(shape.element) is None else found.metres
            holder = shape.ancestry[-2] if len(shape.ancestry) > 1 else shape.placemark
            groups.setdefault((id(holder), shape.callsign), []).append((shape, Moment(at, found.position, metres)))
    flights = []
    for group in groups.values():
        references = {reference_of(shape.element) for shape, _ in group}
        if len(references) > 1:
            raise unreadable(group[0][0].placemark.place, "points of one track have different altitude modes")
        moments = sorted((moment for _, moment in group), key=lambda moment: moment.at)
        notes = [f"{len(moments)} Points with a TimeStamp are one track"]
        if None not in references:
            notes.append("some flight trackers write pressure altitude where KML has height above the sea")
        flights.append(_recorded(moments, references.pop(), [shape for shape, _ in group], options, notes))
    return flights, {
        (moment.position, reference_of(shape.element), moment.metres)
        for group in groups.values()
        for shape, moment in group
    }


def _recorded(
    moments: list[Moment], reference: str | None, shapes: Sequence[_Shape], options: Options, notes: list[str]
) -> Flight:
    shape = shapes[0]
    names = [shape.placemark.said("name"), *(holder.said("name") for holder in reversed(shape.ancestry[:-1]))]
    named = (named_callsign(part) for name in names for part in reversed(name.split("/")))
    callsign = shape.callsign or next(filter(None, named), None)
    if reference is not None:
        notes = [*notes, f"altitudes are taken as the file says: metres {_SPOKEN[reference]}"]
    place = shape.element.place
    times = [moment.at for moment in moments]
    own = (min(times), max(times)) if times else (0, 0)
    level = all(moment.metres is None for moment in moments)
    told = track_options([one.data for one in shapes], own, level, options)
    return recorded(moments, reference or "AMSL", callsign, told, place, notes)


_SPOKEN = {"AMSL": "above the sea", "AGL": "above ground"}
