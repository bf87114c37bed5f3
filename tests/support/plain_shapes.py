"""The formulae of ``geometry.shape_of``, one call of Python for each vertex: what the quick ones must agree with.

Frozen on purpose. The figures of a shape decide who is told of a conflict, so a change to any bit of them is a change
of the rules, however it came about.
"""

import math
from collections.abc import Sequence
from typing import Any

import spherely
from keepclear_protocol.outline import Circle, Corridor, Outline, Polygon, Position

Vector = tuple[float, float, float]

EARTH_RADIUS_M = 6_371_010.0
EDGE_SHIFT_PER_M = 7e-11
ROUNDING_M = 1e-6
SPHERE_FACTOR = 0.994


def plain_shape(outline: Outline) -> dict[str, Any]:
    """Return the members of the shape of ``outline``, which is a usable one."""
    match outline:
        case Polygon(vertices):
            positions = [_one_spelling(vertex) for vertex in vertices]
            edges = _edges(positions, closed=True)
            geography = spherely.create_polygon([(lng, lat) for lat, lng in positions])
            area_m2 = float(spherely.area(geography, radius=EARTH_RADIUS_M))
            return _shape(geography, positions, 0.0, max(edges), math.fsum(edges), area_m2)
        case Corridor(path, half_width_m):
            positions = [_one_spelling(point) for point in path]
            edges = _edges(positions, closed=False)
            geography = spherely.create_linestring([(lng, lat) for lat, lng in positions])
            return _shape(geography, positions, half_width_m, max(edges), 2 * math.fsum(edges), 0.0)
        case Circle(center, radius_m):
            lat, lng = _one_spelling(center)
            return _shape(spherely.create_point(lng, lat), [(lat, lng)], radius_m, 0.0, 0.0, 0.0)


def _shape(
    geography: Any,
    positions: Sequence[Position],
    radius_m: float,
    longest_m: float,
    perimeter_m: float,
    outline_area_m2: float,
) -> dict[str, Any]:
    units = [_unit(lat, lng) for lat, lng in positions]
    center = _middle(units)
    reach_m = max([_arc_m(center, unit) for unit in units])
    margin_m = radius_m + EDGE_SHIFT_PER_M * longest_m**2
    return {
        "geography": geography,
        "radius_m": radius_m,
        "longest_edge_m": longest_m,
        "margin_m": margin_m,
        "center": center,
        "bound_m": reach_m + (margin_m + ROUNDING_M) / SPHERE_FACTOR,
        "area_m2": outline_area_m2 + radius_m * (perimeter_m + math.pi * radius_m),
        "outline_area_m2": outline_area_m2,
        "perimeter_m": perimeter_m,
        "vertices": len(units),
    }


def _edges(positions: Sequence[Position], *, closed: bool) -> list[float]:
    units = [_unit(lat, lng) for lat, lng in positions]
    starts = units if closed else units[:-1]
    ends = [*units[1:], units[0]] if closed else units[1:]
    return [_arc_m(start, end) for start, end in zip(starts, ends, strict=True)]


def _one_spelling(position: Position) -> Position:
    lat, lng = position
    if lat == 90 or lat == -90:
        return lat, 0.0
    return (lat, 180.0) if lng == -180 else position


def _unit(lat: float, lng: float) -> Vector:
    phi, theta = math.radians(lat), math.radians(lng)
    across = math.cos(phi)
    return across * math.cos(theta), across * math.sin(theta), math.sin(phi)


def _arc_m(a: Vector, b: Vector) -> float:
    return 2 * EARTH_RADIUS_M * math.asin(min(1.0, math.dist(a, b) / 2))


def _middle(units: Sequence[Vector]) -> Vector:
    if len(units) == 1:
        return units[0]
    x, y, z = ((min(axis) + max(axis)) / 2 for axis in zip(*units, strict=True))
    length = math.hypot(x, y, z)
    return x / length, y / length, z / length
