"""A GeoJSON geometry as outlines: a Polygon, a LineString as a corridor, a Point as a circle, and their Multi forms.

Edges are straight in degrees (``rings``): a corridor is widened by as much as its dense edges may differ from them, a
polygon may be smaller by it. Rings are closed here and open there. A polygon with holes is refused: claiming the hole
too, or leaving it out, is the officer's choice. A GeometryCollection is its geometries. A coordinate system is judged
at every level (``crs``).
"""

from typing import Any

from keepclear_protocol.volume import circle_json, corridor_json, polygon_json

from .crs import OTHER_NAMES, judge_crs
from .flight import MAX_VERTICES, MAX_VOLUMES, VolumeJson, is_number, unreadable
from .geojson_properties import Feature
from .members import unread
from .rings import DEVIATION_M, line_vertices, ring_vertices, wrapped
from .sphere import Position

MAX_LNG = 360.0
"""Longitudes beyond 180 continue across the antimeridian; beyond a full turn they are mistakes."""

MAX_NESTED = 8
"""Levels of GeometryCollections, which RFC 7946 advises against nesting at all."""

_MEMBERS = frozenset({"type", "coordinates", "geometries", "bbox", "crs"})
_PARTS = {"MultiPolygon": "Polygon", "MultiLineString": "LineString", "MultiPoint": "Point"}
_ORDER = "a GeoJSON position is longitude first, then latitude"


def judged(obj: dict[str, Any], names: frozenset[str], place: str) -> list[str]:
    """Return the names that are not read of a collection, Feature or geometry, after its ``crs`` was judged."""
    left_out = unread(obj, names, place, OTHER_NAMES)
    judge_crs(obj, place)
    return left_out


def kinds(geometry: object, level: int = 0) -> set[str]:
    """Return the types of a geometry and of those in it."""
    if not isinstance(geometry, dict) or level > MAX_NESTED:
        return set()
    members = geometry.get("geometries")
    within = [kinds(member, level + 1) for member in members] if isinstance(members, list) else []
    kind = geometry.get("type")
    return set().union(*within) | ({kind} if isinstance(kind, str) else set())


def outlines(geometry: object, feature: Feature, level: int = 0) -> list[VolumeJson]:
    """Return an outline for each part of a geometry, as the member of a volume that holds it."""
    place = feature.place
    if not isinstance(geometry, dict):
        raise unreadable(place, "a geometry is an object with type and coordinates")
    feature.left_out.update(judged(geometry, _MEMBERS, f"{place}, geometry"))
    kind, coordinates = geometry.get("type"), geometry.get("coordinates")
    if kind == "GeometryCollection":
        members = geometry.get("geometries")
        if not isinstance(members, list) or not members or level == MAX_NESTED:
            raise unreadable(place, f"a GeometryCollection has geometries, and at most {MAX_NESTED} levels of them")
        if len(members) > MAX_VOLUMES:
            raise unreadable(place, f"{len(members)} geometries; a notice has at most {MAX_VOLUMES} volumes")
        return [outline for member in members for outline in outlines(member, feature, level + 1)]
    if not isinstance(kind, str) or kind not in {"Polygon", "LineString", "Point", *_PARTS}:
        raise unreadable(place, f"a geometry of type {kind!r:.40} cannot be read", hint="Polygon, LineString or Point")
    parts = [coordinates]
    if kind in _PARTS:
        if not isinstance(coordinates, list) or not coordinates:
            raise unreadable(place, f"a {kind} without parts")
        kind, parts = _PARTS[kind], coordinates
        if len(parts) > MAX_VOLUMES:
            raise unreadable(place, f"{len(parts)} parts; a notice has at most {MAX_VOLUMES} volumes")
        if len(parts) > 1:
            feature.notes.append(f"{place}: its {len(parts)} parts become one volume each")
    if kind == "Polygon":
        return [_polygon(part, place, feature.notes) for part in parts]
    if kind == "LineString":
        half_width_m = feature.half_width_m()
        return [_corridor(part, half_width_m, place, feature.notes) for part in parts]
    radius_m = feature.size_m("radius_m")
    return [_circle(part, radius_m, place, feature.notes) for part in parts]


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
