"""GeoJSON (RFC 7946) with times and altitudes in the properties of each Feature.

A Feature, or a FeatureCollection whose Features together are one flight. Polygon; LineString with ``half_width_m`` or
``width_m``; Point with ``radius_m``; and the Multi forms, which become one volume for each part. Every Feature names

    time_start, time_end              RFC 3339 with Z
    altitude_lower, altitude_upper    a number, with altitude_reference (W84, AMSL, AGL or FL) and altitude_units (M, FT
                                      or FL; M where left out, which FL may not), or an object
                                      {"value", "reference", "units"} each
    callsign                          may be left out; one for the whole file

A height's reference is never guessed. A name near one of these is refused with the one that was meant, other properties
are left out and named in a note, and their values are not judged. Times and altitudes that stand in no property come
from the ``Options``, or are asked for. Edges are straight in degrees (``rings``): a corridor is widened by as much as
its dense edges may differ from them, a polygon may be smaller by it. Rings are closed here and open there. A polygon
with holes is refused: claiming the hole too, or leaving it out, is the officer's choice. A GeometryCollection is its
geometries.
"""

from typing import Any

from keepclear_protocol.instant import format_instant
from keepclear_protocol.volume import circle_json, corridor_json, polygon_json

from .asked import asked_half_width_m, asked_window
from .content import Content
from .crs import judge_crs
from .flight import MAX_VERTICES, MAX_VOLUMES, Flight, Options, VolumeJson, checked, is_number, is_text, unreadable
from .members import not_read, told, unread, words_of
from .rings import DEVIATION_M, line_vertices, ring_vertices, wrapped
from .sphere import Position

MAX_LNG = 360.0
"""Longitudes beyond 180 continue across the antimeridian; beyond a full turn they are mistakes."""

MAX_NESTED = 8
"""Levels of GeometryCollections, which RFC 7946 advises against nesting at all."""

TYPES = frozenset({"Feature", "FeatureCollection"})

PROPERTIES = {
    "time_start": "RFC 3339 with Z",
    "time_end": "RFC 3339 with Z",
    "altitude_lower": "a number, or an object with value, reference and units",
    "altitude_upper": "a number, or an object with value, reference and units",
    "altitude_reference": "W84, AMSL, AGL or FL",
    "altitude_units": "M, FT or FL; M where left out, which FL may not",
    "half_width_m": "metres to either side of a LineString",
    "width_m": "metres from side to side of a LineString, instead of half_width_m",
    "radius_m": "metres around a Point",
    "callsign": "may be left out; one for the whole file",
}
"""The properties of a Feature that are read, and what stands in them."""

_COLLECTION = frozenset({"type", "features", "bbox", "crs", "name"})
_FEATURE = frozenset({"type", "properties", "geometry", "bbox", "crs", "id"})
_GEOMETRY = frozenset({"type", "coordinates", "geometries", "bbox", "crs"})
_CRS = {"srs": "crs", "srsname": "crs", "crsname": "crs", "coordinatereferencesystem": "crs"}
_UNITS = frozenset({"unit", "units", "uom"})
"""By what else the units of an altitude go; metres in their stead would be a third of what was meant."""

_PARTS = {"MultiPolygon": "Polygon", "MultiLineString": "LineString", "MultiPoint": "Point"}

_ORDER = "a GeoJSON position is longitude first, then latitude"
_CROSSING = "edges may not cross or touch one another, nor a corner stand twice: draw the ring round once"


def recognise(content: Content) -> bool:
    """Whether a file is a JSON object whose ``type`` is one of GeoJSON's."""
    if not content.looks_like_json:
        return False
    match content.json:
        case {"type": str(kind)} if kind in TYPES:
            return True
        case {"type": str(), "coordinates": _} | {"type": "GeometryCollection", "geometries": _}:
            return True
    return False


def read(content: Content, options: Options) -> list[Flight]:
    """Return the one flight of a file; raise ``LocalError`` with ``input_file``."""
    value = content.json
    if (kind := value["type"]) not in TYPES:
        raise unreadable("", f"a bare {kind} has no times and altitudes", hint="make it the geometry of a Feature")
    return [geojson_flight(value, options)]


def geojson_flight(value: dict[str, Any], options: Options) -> Flight:
    """Return the flight of a Feature or FeatureCollection; raise ``LocalError`` with ``input_file``."""
    left_out: set[str] = set()
    features: object = [value]
    if value["type"] == "FeatureCollection":
        left_out |= _judged(value, _COLLECTION, "the collection")
        features = value.get("features")
    if not isinstance(features, list) or not features:
        raise unreadable("features", "there are no Features in the collection")
    volumes: list[VolumeJson] = []
    callsigns: set[str] = set()
    notes: list[str] = []
    vertices = 0
    for number, feature in enumerate(features, start=1):
        place = f"feature {number}" if len(features) > 1 else "the feature"
        properties, geometry = _feature(feature, place, left_out)
        callsigns |= _callsign(properties, place)
        found = [
            _volume(outline, properties, options, place)
            for outline in _outlines(geometry, properties, options, place, notes, left_out)
        ]
        vertices += sum(_vertices(volume) for volume in found)
        if len(volumes) + len(found) > MAX_VOLUMES or vertices > MAX_VERTICES:
            detail = f"a notice has at most {MAX_VOLUMES} volumes and {MAX_VERTICES} vertices, dense edges included"
            raise unreadable(place, detail, hint="draw fewer or shorter edges, or split the flight into several files")
        volumes += checked(found, place, hints={"volume_polygon": _CROSSING})
    if len(callsigns) > 1:
        raise unreadable("", f"one file is one flight, but it names {', '.join(sorted(callsigns))}")
    if left_out:
        notes.append(f"not read: {not_read(left_out)}")
    return Flight(min(callsigns, default=None), volumes, sorted(set(notes)))


def _judged(obj: dict[str, Any], names: frozenset[str], place: str) -> set[str]:
    """Return the names that are not read of a collection, Feature or geometry, after its ``crs`` was judged."""
    left_out = unread(obj, names, place, _CRS)
    judge_crs(obj, place)
    return set(left_out)


def _feature(feature: object, place: str, left_out: set[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    if not isinstance(feature, dict) or feature.get("type") != "Feature":
        raise unreadable(place, "not a Feature")
    left_out |= _judged(feature, _FEATURE, place)
    properties, geometry = feature.get("properties"), feature.get("geometry")
    if not isinstance(properties, dict):
        raise unreadable(place, "there are no properties, which hold times and altitudes")
    if not isinstance(geometry, dict):
        raise unreadable(place, "there is no geometry")
    # A height that is an object has its own units.
    bare = "altitude_units" not in properties and any(
        is_number(properties.get(name)) for name in ("altitude_lower", "altitude_upper")
    )
    others = unread(properties, PROPERTIES.keys(), f"{place}, properties")
    if bare and (doubtful := [name for name in others if not _UNITS.isdisjoint(words_of(name))]):
        detail = "not read, and altitude_units is not there, without which altitudes are metres"
        raise unreadable(f"{place}, properties, {told(doubtful[0])}", detail, hint="write altitude_units: M, FT or FL")
    left_out |= set(others)
    return properties, geometry


def _callsign(properties: dict[str, Any], place: str) -> set[str]:
    callsign = properties.get("callsign")
    if callsign is None:
        return set()
    if not is_text(callsign):
        raise unreadable(f"{place}, callsign", "not a text, or half a letter in it")
    return {callsign.strip()} - {""}


def _outlines(
    geometry: object,
    properties: dict[str, Any],
    options: Options,
    place: str,
    notes: list[str],
    left_out: set[str],
    level: int = 0,
) -> list[VolumeJson]:
    """Return an outline for each part of a geometry, as the member of a volume that holds it."""
    if not isinstance(geometry, dict):
        raise unreadable(place, "a geometry is an object with type and coordinates")
    left_out |= _judged(geometry, _GEOMETRY, f"{place}, geometry")
    kind, coordinates = geometry.get("type"), geometry.get("coordinates")
    if kind == "GeometryCollection":
        members = geometry.get("geometries")
        if not isinstance(members, list) or not members or level == MAX_NESTED:
            raise unreadable(place, f"a GeometryCollection has geometries, and at most {MAX_NESTED} levels of them")
        if len(members) > MAX_VOLUMES:
            raise unreadable(place, f"{len(members)} geometries; a notice has at most {MAX_VOLUMES} volumes")
        found = (_outlines(m, properties, options, place, notes, left_out, level + 1) for m in members)
        return [outline for outlines in found for outline in outlines]
    if not isinstance(kind, str) or kind not in {"Polygon", "LineString", "Point", *_PARTS}:
        raise unreadable(place, f"a geometry of type {kind!r:.40} cannot be read", hint="Polygon, LineString or Point")
    parts = [coordinates]
    if kind in _PARTS:
        if not isinstance(coordinates, list) or not coordinates:
            raise unreadable(place, f"a {kind} without parts")
        kind, parts = _PARTS[kind], coordinates
        if len(parts) > MAX_VOLUMES:
            raise unreadable(place, f"{len(parts)} parts; a notice has at most {MAX_VOLUMES} volumes")
        notes.append(f"{place}: its {len(parts)} parts become one volume each")
    if kind == "Polygon":
        return [_polygon(part, place, notes) for part in parts]
    if kind == "LineString":
        half_width = _half_width(properties, options, place)
        return [_corridor(part, half_width, place, notes) for part in parts]
    radius = _size(properties, "radius_m", place)
    return [_circle(part, radius, place, notes) for part in parts]


def _polygon(rings: object, place: str, notes: list[str]) -> VolumeJson:
    if not isinstance(rings, list) or not rings:
        raise unreadable(place, "a Polygon is a list of rings")
    if len(rings) > 1:
        raise unreadable(place, "a polygon with holes cannot be filed", hint="draw it without holes, or in parts")
    vertices = ring_vertices(_positions(rings[0], place, notes), place, notes)
    if len(vertices) < 3:
        raise unreadable(place, "a ring without extent: all its positions are one place, or two")
    return polygon_json(vertices)


def _corridor(line: object, half_width_m: float, place: str, notes: list[str]) -> VolumeJson:
    path = _positions(line, place, notes)
    if len(path) < 2:
        raise unreadable(place, "a LineString has two positions or more")
    vertices = line_vertices(path, place, notes)
    if len(vertices) == 1:
        notes.append(f"{place}: its line stays at one place and becomes a circle")
        return circle_json(vertices[0], half_width_m + DEVIATION_M)
    return corridor_json(vertices, half_width_m + DEVIATION_M)


def _circle(point: object, radius_m: float, place: str, notes: list[str]) -> VolumeJson:
    (center,) = _positions([point], place, notes)
    return circle_json(wrapped(center), radius_m)


def _positions(value: object, place: str, notes: list[str]) -> list[Position]:
    """Return GeoJSON positions as latitude and longitude, with the longitudes as written."""
    if not isinstance(value, list):
        raise unreadable(place, "the coordinates are not a list")
    if len(value) > MAX_VERTICES:
        raise unreadable(place, f"{len(value)} positions; a notice has at most {MAX_VERTICES}")
    found: list[Position] = []
    for number, position in enumerate(value, start=1):
        where = f"{place}, position {number}" if len(value) > 1 else place
        if not isinstance(position, list) or not 2 <= len(position) <= 3 or not all(map(is_number, position[:2])):
            raise unreadable(where, "a position is two or three numbers", hint=_ORDER)
        # What lies beyond by less than the wire's grid was computed, not meant.
        lng, lat = position[0], round(position[1], 9)
        if not (-90 <= lat <= 90 and -MAX_LNG <= lng <= MAX_LNG):
            raise unreadable(where, f"longitude {lng}, latitude {lat} is not on Earth", hint=_ORDER)
        if len(position) == 3:
            notes.append("heights in the coordinates are left out: the band is the one in the properties")
        found.append((float(lat), float(lng)))
    return found


def _half_width(properties: dict[str, Any], options: Options, place: str) -> float:
    if "width_m" not in properties and "half_width_m" not in properties and options.route_half_width_m is not None:
        return asked_half_width_m(options, place)
    if ("width_m" in properties) == ("half_width_m" in properties):
        raise unreadable(place, "a LineString needs either width_m or half_width_m in its properties, or --half-width")
    if "width_m" in properties:
        return _size(properties, "width_m", place) / 2
    return _size(properties, "half_width_m", place)


def _size(properties: dict[str, Any], name: str, place: str) -> float:
    value = properties.get(name)
    if not is_number(value) or not 0 < value < 1e7:
        raise unreadable(place, f"{name} in the properties must be metres above zero")
    return float(value)


def _volume(outline: VolumeJson, properties: dict[str, Any], options: Options, place: str) -> VolumeJson:
    lower = _altitude(properties, "altitude_lower", options, place)
    upper = _altitude(properties, "altitude_upper", options, place)
    shape = {**outline, "altitude_lower": lower, "altitude_upper": upper}
    return {"volume": shape, **_window(properties, options, place)}


def _window(properties: dict[str, Any], options: Options, place: str) -> VolumeJson:
    names = ("time_start", "time_end")
    if not any(name in properties for name in names) and (options.start, options.end) != (None, None):
        start, end = asked_window(options, place, "no time_start and time_end in the properties")
        texts: tuple[object, ...] = (format_instant(start), format_instant(end))
    else:
        texts = tuple(properties.get(name) for name in names)
    for name, text in zip(names, texts, strict=True):
        if not isinstance(text, str):
            detail = "missing from the properties, or not a text such as 2026-11-22T14:05:00Z"
            raise unreadable(f"{place}, {name}", detail, hint="--from and --to give what no property says")
    return {name: {"value": text, "format": "RFC3339"} for name, text in zip(names, texts, strict=True)}


def _altitude(properties: dict[str, Any], name: str, options: Options, place: str) -> VolumeJson:
    value, reference, units = (properties.get(key) for key in (name, "altitude_reference", "altitude_units"))
    if name not in properties and (given := options.lower if name == "altitude_lower" else options.upper) is not None:
        return {"value": given.value, "reference": given.reference, "units": given.units}
    if isinstance(value, dict):
        if reference is not None or units is not None:
            raise unreadable(f"{place}, {name}", "an altitude that is an object names its own reference and units")
        return value
    if not is_number(value):
        hint = "--lower and --upper give what no property says"
        raise unreadable(f"{place}, {name}", "missing from the properties, or not a number", hint=hint)
    if reference is None:
        hint = "W84 is height above the ellipsoid, AMSL above mean sea level, AGL above ground, FL pressure altitude"
        raise unreadable(place, "altitude_reference is missing: W84, AMSL, AGL or FL", hint=hint)
    if units is None and reference == "FL":
        raise unreadable(place, "altitude_units is missing: FT or FL", hint="a pressure altitude is seldom in metres")
    return {"value": value, "reference": reference, "units": units or "M"}


def _vertices(volume: VolumeJson) -> int:
    shape = volume["volume"]
    return len(shape.get("outline_polygon", {}).get("vertices", ())) or len(
        shape.get("outline_corridor", {}).get("path", (0,))
    )
