"""The geometry of KML: coordinates, altitude modes, and what of them is a volume.

Altitudes are metres: ``absolute`` above the sea (KML: EGM96), ``relativeToGround`` above ground; ``clampToGround``, the
default, has none, whatever the coordinates say. An extruded shape reaches down to the ground. One that is not has no
thickness, so one end of its band at least is the officer's to give; a line takes the margin of tracks instead. Where
a line climbs on the spot, the edges on either side of the place claim the whole climb.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from keepclear_protocol.volume import LOWEST_M

from .altitude import GROUND, UNIT_M, Band, band, span_m, told
from .asked import asked_band, asked_half_width_m
from .drawn import Edge, Window, area, corridors, merged, ring, stays, wrapped
from .flight import MAX_VERTICES, Altitude, Options, VolumeJson, unreadable
from .recorded import metres_of
from .sphere import Position
from .xmltree import Element

_REFERENCES = {"absolute": "AMSL", "relativeToGround": "AGL", "clampToGround": None, "": None}

MAX_COORDINATES = 200_000


@dataclass(frozen=True, slots=True)
class Vertex:
    """One coordinate tuple; ``metres`` where it has three parts."""

    position: Position
    metres: float | None


def vertices(element: Element, place: str, separator: str = ",") -> list[Vertex]:
    """Return the tuples of a ``coordinates`` element, longitude first; raise ``LocalError``."""
    tuples = element.text.split() if separator == "," else [element.text]
    if len(tuples) > MAX_COORDINATES:
        raise unreadable(place, f"{len(tuples)} coordinates; at most {MAX_COORDINATES}")
    return [vertex(item, f"{place}, position {number}", separator) for number, item in enumerate(tuples, start=1)]


def vertex(text: str, place: str, separator: str = ",") -> Vertex:
    """Return one tuple, longitude first; raise ``LocalError``."""
    parts = text.split(separator) if separator == "," else text.split()
    try:
        lng, lat = float(parts[0]), float(parts[1])
    except (ValueError, IndexError):
        lng = lat = math.nan
    if not 2 <= len(parts) <= 3 or not (-90 <= lat <= 90 and -180 <= lng <= 180):
        raise unreadable(place, f"{text.strip()!r:.60} is not longitude,latitude,altitude in degrees and metres")
    metres = metres_of(parts[2], place) if len(parts) == 3 and parts[2].strip() else None
    return Vertex(wrapped(lat, lng), metres)


def reference_of(shape: Element) -> str | None:
    """Return the reference of a shape's altitudes, None where it has none; raise ``LocalError``."""
    modes = {element.text.strip() for element in shape.all("altitudeMode")}
    if len(modes) > 1:
        raise unreadable(shape.place, f"altitudeMode is said twice: {', '.join(sorted(modes))[:80]}")
    mode = shape.said("altitudeMode")
    if mode not in _REFERENCES:
        raise unreadable(shape.place, f"altitudeMode {mode!r:.40} cannot be read", hint="absolute or relativeToGround")
    return _REFERENCES[mode]


def refuse_offset(shape: Element) -> None:
    """Raise ``LocalError`` where a shape or a part of it is moved up or down by ``gx:altitudeOffset``."""
    for element in shape.walk():
        if element.name == "altitudeOffset" and element.text.strip() not in ("", "0", "0.0"):
            detail = f"gx:altitudeOffset {element.text.strip()!r:.40} cannot be read"
            raise unreadable(element.place, detail, hint="add it to the altitudes of the coordinates")


@dataclass(frozen=True, slots=True)
class Said:
    """What a Placemark says beside its geometry: the window, and of the band and width what its data name.

    ``lower`` and ``upper`` are those of the data alone; ``options`` have the officer's where the data are silent.
    """

    window: Window
    options: Options
    notes: list[str]
    lower: Altitude | None = None
    upper: Altitude | None = None


def polygon(shape: Element, said: Said) -> VolumeJson:
    """Return the volume of a Polygon; raise ``LocalError``."""
    if shape.child("innerBoundaryIs") is not None:
        detail = "a polygon with holes cannot be filed"
        raise unreadable(shape.place, detail, hint="draw it without holes, or in parts")
    outer = shape.child("outerBoundaryIs")
    line = _ring_of(outer if outer is not None else shape)
    found = vertices(line, line.place) if line is not None else []
    if line is None or not found:
        raise unreadable(shape.place, "an area without a boundary")
    outline = ring([item.position for item in found], line.place, said.notes)
    return area(outline, _area_band(shape, found, said), said.window)


def line_string(shape: Element, said: Said) -> list[VolumeJson]:
    """Return the volumes of a LineString or LinearRing that is drawn as a line; raise ``LocalError``."""
    coordinates = shape.child("coordinates")
    found = vertices(coordinates, shape.place) if coordinates is not None else []
    if len(found) > MAX_VERTICES:
        raise unreadable(shape.place, f"{len(found)} positions; a notice has at most {MAX_VERTICES}")
    kept = merged([item.position for item in found], shape.place, said.notes)
    if len(kept) < 2:
        detail = "a line has two positions or more that are not one place"
        raise unreadable(shape.place, detail, hint="draw a circle or an area where an aircraft stays on the spot")
    at = [found[stay.start : stay.stop] for stay in stays([item.position for item in found])]
    edges = [Edge(a[0].position, b[0].position, _line_band(shape, [*a, *b], found, said)) for a, b in pairwise(at)]
    return corridors(edges, asked_half_width_m(said.options, shape.place), said.window, shape.place)


def _ring_of(holder: Element) -> Element | None:
    linear = holder.child("LinearRing")
    return (linear if linear is not None else holder).child("coordinates")


def _area_band(shape: Element, found: Sequence[Vertex], said: Said) -> Band:
    options, reference = said.options, reference_of(shape)
    heights = _heights(shape, found, reference)
    if not heights or reference is None:
        return asked_band(options, shape.place, "its shape has no altitude (clampToGround)")
    if _extruded(shape):
        top = _higher(Altitude(max(heights), reference, "M"), said.upper, options)
        said.notes.append(
            f"{shape.place}: extruded, so it is claimed from the ground up to {top.value:g} m {reference}"
        )
        return _noted(band(GROUND, top, options.uncertainty, shape.place), shape, said)
    if options.lower is None and options.upper is None:
        detail = f"a surface at {max(heights):g} m {reference} that is not extruded has no thickness"
        raise unreadable(
            shape.place, f"{detail}, so it needs --lower, --upper or both", hint="or extrude it to the ground"
        )
    lowest, highest = Altitude(min(heights), reference, "M"), Altitude(max(heights), reference, "M")
    lower, upper = options.lower or lowest, options.upper or highest
    # The surface itself is inside whatever is claimed.
    if lower.reference == reference and _metres(lower) > lowest.value:
        lower = lowest
    if upper.reference == reference and _metres(upper) < highest.value:
        upper = highest
    elif lower.reference != reference and span_m(lower, reference, options.uncertainty)[0] > lowest.value:
        raise unreadable(shape.place, f"its lowest corner, {told(lowest)}, lies below the lower end, {told(lower)}")
    elif upper.reference != reference and _metres(upper) < highest.value:
        raise unreadable(shape.place, f"its highest corner, {told(highest)}, lies above the upper end, {told(upper)}")
    return _noted(band(lower, upper, options.uncertainty, shape.place), shape, said)


def _metres(altitude: Altitude) -> float:
    return altitude.value * UNIT_M[altitude.units]


def _higher(altitude: Altitude, also: Altitude | None, options: Options) -> Altitude:
    """Return the higher of an altitude in metres and another that the data say, in the reference of the first."""
    if also is None:
        return altitude
    most = math.ceil(round(span_m(also, altitude.reference, options.uncertainty)[1], 6))
    return altitude if most <= altitude.value else Altitude(most, altitude.reference, "M")


def _lower(altitude: Altitude, also: Altitude | None, options: Options) -> Altitude:
    if also is None:
        return altitude
    least = math.floor(round(span_m(also, altitude.reference, options.uncertainty)[0], 6))
    return altitude if least >= altitude.value else Altitude(max(least, LOWEST_M), altitude.reference, "M")


def _line_band(shape: Element, ends: Sequence[Vertex], line: Sequence[Vertex], said: Said) -> Band:
    options, reference = said.options, reference_of(shape)
    if not _heights(shape, line, reference) or reference is None:
        return asked_band(options, shape.place, "its line has no altitude (clampToGround)")
    heights = [item.metres for item in ends if item.metres is not None]
    margin = options.band_margin_ft * 0.3048
    lower = Altitude(math.floor(min(heights) - margin), reference, "M")
    upper = Altitude(math.ceil(max(heights) + margin), reference, "M")
    said.notes.append(f"{shape.place}: {options.band_margin_ft} ft are claimed below and above the line")
    if said.lower is not None or said.upper is not None:
        said.notes.append(f"{shape.place}: its data give a band too: both are claimed")
        lower, upper = _lower(lower, said.lower, options), _higher(upper, said.upper, options)
    return _noted(band(GROUND if _extruded(shape) else lower, upper, options.uncertainty, shape.place), shape, said)


def _heights(shape: Element, found: Sequence[Vertex], reference: str | None) -> list[float]:
    """Return the heights of a shape whose altitudes mean something, all of them or none."""
    heights = [item.metres for item in found if item.metres is not None]
    if reference is None:
        return []
    if len(heights) < len(found):
        raise unreadable(shape.place, f"{len(found) - len(heights)} of {len(found)} positions have no altitude")
    return heights


def _extruded(shape: Element) -> bool:
    return shape.said("extrude").lower() in ("1", "true")


def _noted(found: Band, shape: Element, said: Said) -> Band:
    if found.note is not None:
        said.notes.append(f"{shape.place}: {found.note}")
    return found
