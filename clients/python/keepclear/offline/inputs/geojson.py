"""GeoJSON (RFC 7946) with times and altitudes in the properties of each Feature.

A Feature, or a FeatureCollection whose Features together are one flight. Polygon; LineString with ``half_width_m`` or
``width_m``; Point with ``radius_m``; and the Multi forms, which become one volume for each part. Every Feature names

    time_start, time_end              RFC 3339 with Z
    altitude_lower, altitude_upper    a number, with altitude_reference (W84, AMSL, AGL or FL) and altitude_units (M, FT
                                      or FL; M where left out, which FL may not), or an object
                                      {"value", "reference", "units"} each
    callsign                          may be left out; one for the whole file

A height's reference is never guessed. An edge here is straight in degrees, a notice's is the shortest way, so edges are
made dense until they differ by less than ``DEVIATION_M``; a corridor is widened by that much, a polygon may be smaller
by it. Rings are closed here and open there. A polygon with holes is refused: claiming the hole too, or leaving it out,
is the officer's choice. So is an edge over more than 180 degrees of longitude: RFC 7946 runs it the long way round,
its author nearly always meant the antimeridian. Cut it there (section 3.1.9), or write longitudes beyond 180.
"""

from itertools import pairwise
from typing import Any

from keepclear_protocol.outline import MAX_DECIMALS
from keepclear_protocol.volume import circle_json, corridor_json, polygon_json

from .content import Content
from .flight import MAX_VERTICES, MAX_VOLUMES, Flight, Options, VolumeJson, checked, is_number, unreadable
from .sphere import Position, dense_edge

DEVIATION_M = 1.0
"""How far a dense edge may run from the one that was drawn: well below what any outline is known to."""

MAX_LNG = 360.0
"""Longitudes beyond 180 continue across the antimeridian; beyond a full turn they are mistakes."""

TYPES = frozenset({"Feature", "FeatureCollection"})

_PARTS = {"MultiPolygon": "Polygon", "MultiLineString": "LineString", "MultiPoint": "Point"}

_ORDER = "a GeoJSON position is longitude first, then latitude"


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


def read(content: Content, _: Options) -> list[Flight]:
    """Return the one flight of a file; raise ``LocalError`` with ``input_file``."""
    value = content.json
    if (kind := value["type"]) not in TYPES:
        raise unreadable("", f"a bare {kind} has no times and altitudes", hint="make it the geometry of a Feature")
    return [geojson_flight(value)]


def geojson_flight(value: dict[str, Any]) -> Flight:
    """Return the flight of a Feature or FeatureCollection; raise ``LocalError`` with ``input_file``."""
    if "crs" in value:
        raise unreadable(
            "crs", "another coordinate system than WGS 84 cannot be read", hint="RFC 7946 has no crs member"
        )
    features = value.get("features") if value.get("type") == "FeatureCollection" else [value]
    if not isinstance(features, list) or not features:
        raise unreadable("features", "there are no Features in the collection")
    volumes: list[VolumeJson] = []
    callsigns: list[str] = []
    notes: list[str] = []
    vertices = 0
    for number, feature in enumerate(features, start=1):
        place = f"feature {number}" if len(features) > 1 else "the feature"
        properties, geometry = _feature(feature, place)
        if (callsign := properties.get("callsign")) is not None:
            if not isinstance(callsign, str):
                raise unreadable(f"{place}, callsign", "not a text")
            callsigns.append(callsign.strip())
        found = [_volume(outline, properties, place) for outline in _outlines(geometry, properties, place, notes)]
        vertices += sum(_vertices(volume) for volume in found)
        if len(volumes) + len(found) > MAX_VOLUMES or vertices > MAX_VERTICES:
            detail = f"a notice has at most {MAX_VOLUMES} volumes and {MAX_VERTICES} vertices, dense edges included"
            raise unreadable(place, detail, hint="draw fewer or shorter edges, or split the flight into several files")
        volumes += checked(found, place)
    names = sorted(set(filter(None, callsigns)))
    if len(names) > 1:
        raise unreadable("", f"one file is one flight, but it names {', '.join(names)}")
    return Flight(names[0] if names else None, volumes, sorted(set(notes)))


def _feature(feature: object, place: str) -> tuple[dict[str, Any], dict[str, Any]]:
    if not isinstance(feature, dict) or feature.get("type") != "Feature":
        raise unreadable(place, "not a GeoJSON Feature")
    properties, geometry = feature.get("properties"), feature.get("geometry")
    if not isinstance(properties, dict):
        raise unreadable(place, "no properties, so no times and altitudes")
    if not isinstance(geometry, dict):
        raise unreadable(place, "no geometry")
    return properties, geometry


def _outlines(geometry: dict[str, Any], properties: dict[str, Any], place: str, notes: list[str]) -> list[VolumeJson]:
    """Return an outline for each part of a geometry, as the member of a volume that holds it."""
    kind, coordinates = geometry.get("type"), geometry.get("coordinates")
    if not isinstance(kind, str) or kind not in {"Polygon", "LineString", "Point", *_PARTS}:
        raise unreadable(place, f"a geometry of type {kind!r} cannot be read", hint="Polygon, LineString or Point")
    parts = [coordinates]
    if kind in _PARTS:
        if not isinstance(coordinates, list) or not coordinates:
            raise unreadable(place, f"a {kind} without parts")
        kind, parts = _PARTS[kind], coordinates
        notes.append(f"{place}: its {len(parts)} parts become one volume each")
    if kind == "Polygon":
        return [_polygon(part, place, notes) for part in parts]
    if kind == "LineString":
        half_width = _half_width(properties, place)
        return [_corridor(part, half_width, place, notes) for part in parts]
    radius = _size(properties, "radius_m", place)
    return [_circle(part, radius, place, notes) for part in parts]


def _polygon(rings: object, place: str, notes: list[str]) -> VolumeJson:
    if not isinstance(rings, list) or not rings:
        raise unreadable(place, "a Polygon is a list of rings")
    if len(rings) > 1:
        raise unreadable(place, "a polygon with holes cannot be filed", hint="draw it without holes, or in parts")
    ring = _positions(rings[0], place, notes)
    if len(ring) < 4 or ring[0] != ring[-1]:
        raise unreadable(place, "a ring has four positions or more and ends where it begins (RFC 7946 section 3.1.6)")
    vertices = _dense(ring, place)[:-1]
    return polygon_json([_wrapped(vertex) for vertex in vertices])


def _corridor(line: object, half_width_m: float, place: str, notes: list[str]) -> VolumeJson:
    path = _positions(line, place, notes)
    if len(path) < 2:
        raise unreadable(place, "a LineString has two positions or more")
    dense = _dense(path, place)
    return corridor_json([_wrapped(vertex) for vertex in dense], half_width_m + DEVIATION_M)


def _circle(point: object, radius_m: float, place: str, notes: list[str]) -> VolumeJson:
    (center,) = _positions([point], place, notes)
    return circle_json(_wrapped(center), radius_m)


def _positions(value: object, place: str, notes: list[str]) -> list[Position]:
    """Return GeoJSON positions as latitude and longitude, with the longitudes as written."""
    if not isinstance(value, list):
        raise unreadable(place, "the coordinates are not a list")
    if len(value) > MAX_VERTICES:
        raise unreadable(place, f"{len(value)} positions; a notice has at most {MAX_VERTICES}")
    found: list[Position] = []
    for number, position in enumerate(value, start=1):
        where = f"{place}, position {number}" if len(value) > 1 else place
        if (
            not isinstance(position, list)
            or not 2 <= len(position) <= 3
            or not all(is_number(part) for part in position)
        ):
            raise unreadable(where, "a position is two or three numbers", hint=_ORDER)
        lng, lat = position[:2]
        if not (-90 <= lat <= 90 and -MAX_LNG <= lng <= MAX_LNG):
            raise unreadable(where, f"longitude {lng}, latitude {lat} is not on Earth", hint=_ORDER)
        if len(position) == 3:
            notes.append("heights in the coordinates are left out: the band is the one in the properties")
        found.append((float(lat), float(lng)))
    return found


def _dense(line: list[Position], place: str) -> list[Position]:
    dense: list[Position] = []
    for number, (start, end) in enumerate(pairwise(line), start=1):
        if abs(end[1] - start[1]) > 180:
            detail = (
                f"edge {number} spans {abs(end[1] - start[1]):g} degrees of longitude: it is unclear which way round"
            )
            hint = "cut it at the antimeridian (RFC 7946 section 3.1.9), or write 181 for -179 where it crosses"
            raise unreadable(place, detail, hint=hint)
        dense += dense_edge(start, end, DEVIATION_M)
    return [*dense, line[-1]]


def _half_width(properties: dict[str, Any], place: str) -> float:
    if ("width_m" in properties) == ("half_width_m" in properties):
        raise unreadable(place, "a LineString needs either width_m or half_width_m in its properties")
    if "width_m" in properties:
        return _size(properties, "width_m", place) / 2
    return _size(properties, "half_width_m", place)


def _size(properties: dict[str, Any], name: str, place: str) -> float:
    value = properties.get(name)
    if not is_number(value) or not 0 < value < 1e7:
        raise unreadable(place, f"{name} in the properties must be metres above zero")
    return float(value)


def _volume(outline: VolumeJson, properties: dict[str, Any], place: str) -> VolumeJson:
    band = {name: _altitude(properties, name, place) for name in ("altitude_lower", "altitude_upper")}
    times = {}
    for name in ("time_start", "time_end"):
        if not isinstance(properties.get(name), str):
            raise unreadable(
                f"{place}, {name}", "missing from the properties, or not a text such as 2026-11-22T14:05:00Z"
            )
        times[name] = {"value": properties[name], "format": "RFC3339"}
    return {"volume": {**outline, **band}, **times}


def _altitude(properties: dict[str, Any], name: str, place: str) -> VolumeJson:
    value, reference, units = (properties.get(key) for key in (name, "altitude_reference", "altitude_units"))
    if isinstance(value, dict):
        if reference is not None or units is not None:
            raise unreadable(f"{place}, {name}", "an altitude that is an object names its own reference and units")
        return value
    if not is_number(value):
        raise unreadable(f"{place}, {name}", "missing from the properties, or not a number")
    if reference is None:
        hint = "W84 is height above the ellipsoid, AMSL above mean sea level, AGL above ground, FL pressure altitude"
        raise unreadable(place, "altitude_reference is missing: W84, AMSL, AGL or FL", hint=hint)
    if units is None and reference == "FL":
        raise unreadable(place, "altitude_units is missing: FT or FL", hint="a pressure altitude is seldom in metres")
    return {"value": value, "reference": reference, "units": units or "M"}


def _wrapped(position: Position) -> Position:
    lat, lng = position
    wrapped = lng - 360 if lng > 180 else lng + 360 if lng < -180 else lng
    return round(lat, MAX_DECIMALS), round(wrapped, MAX_DECIMALS)


def _vertices(volume: VolumeJson) -> int:
    shape = volume["volume"]
    return len(shape.get("outline_polygon", {}).get("vertices", ())) or len(
        shape.get("outline_corridor", {}).get("path", (0,))
    )
