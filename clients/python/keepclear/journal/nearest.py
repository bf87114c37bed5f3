"""Where two volumes come closest: one point on the ground, to be shown to an officer. Never a ground for a verdict.

Guaranteed: it lies in the counterpart's volume, to a metre, and comes with any shape that the rules can measure. Where
the volumes overlap it is in the overlap; else it is the place of theirs that is nearest to ours. Of several such places
it is one.
"""

import math
from collections.abc import Sequence
from itertools import pairwise

import spherely
from keepclear_protocol.geometry import EARTH_RADIUS_M, Vector, unit_vectors
from keepclear_protocol.outline import Circle, Corridor, Outline, Polygon, Position
from keepclear_protocol.volume import Volume

_FINE_M = 0.5
"""Edges are halved down to this length."""

_FEW = 100
"""Corners times edges that are measured one by one, in a few microseconds each. Beyond it S2's index is quicker."""

_PARALLEL = 1e-6
"""The sine of an angle below which two edges have no crossing that is worth naming."""


def nearest(theirs: Volume, ours: Volume) -> Position:
    """Return the latitude and longitude, in degrees to five decimals, of that point."""
    if spherely.distance(theirs.shape.geography, ours.shape.geography) > 0:
        from_theirs, from_ours = _apart(theirs, ours)
    else:
        met = _shared(theirs, ours)
        if met is not None:
            return _position(met)
        from_theirs, from_ours = _halved(theirs, ours)
    apart_m = EARTH_RADIUS_M * math.acos(max(-1.0, min(1.0, _dot(from_theirs, from_ours))))
    # Along the way from their core to ours: theirs reaches up to its radius, ours begins at its own from the far end.
    reach_m, begins_m = min(apart_m, theirs.shape.radius_m), max(0.0, apart_m - ours.shape.radius_m)
    at_m = (reach_m + begins_m) / 2 if begins_m <= reach_m else reach_m
    return _position(_between(from_theirs, from_ours, at_m / apart_m if apart_m else 0.0))


def middle(volume: Volume) -> Position:
    """Return the middle of a volume's outline."""
    return _position(volume.shape.center)


def _shared(theirs: Volume, ours: Volume) -> Vector | None:
    """Return a point that both cores have, which touch, if there is one that is easily found."""
    a, b = theirs.shape.geography, ours.shape.geography
    if isinstance(theirs.outline, Corridor) and isinstance(ours.outline, Corridor):
        ways = [_edges(each.outline, _corners(each.outline)) for each in (theirs, ours)]
        if len(ways[0]) * len(ways[1]) <= _FEW:
            crossings = (_crossing(one, other) for one in ways[0] for other in ways[1])
            if (met := next((place for place in crossings if place is not None), None)) is not None:
                return met
    try:
        centre = spherely.centroid(spherely.intersection(a, b))
        if not spherely.is_empty(centre) and spherely.distance(centre, a) == spherely.distance(centre, b) == 0:
            return unit_vectors([(spherely.get_y(centre), spherely.get_x(centre))])[0]
    except (RuntimeError, ValueError):
        pass  # S2 makes no shape of some touching ones
    corners = (*_corners(ours.outline), *_corners(theirs.outline))
    return next((c for c in corners if spherely.distance(_point(c), a) == spherely.distance(_point(c), b) == 0), None)


def _apart(theirs: Volume, ours: Volume) -> tuple[Vector, Vector]:
    """Return the nearest points of two cores that do not touch: one of them is a corner."""
    one, other = _corners(theirs.outline), _corners(ours.outline)
    if len(one) * len(other) > _FEW:
        return _halved(theirs, ours)
    from_ours = [(_foot(corner, edge), corner) for corner in other for edge in _edges(theirs.outline, one)]
    from_theirs = [(corner, _foot(corner, edge)) for corner in one for edge in _edges(ours.outline, other)]
    return min((*from_ours, *from_theirs), key=lambda pair: math.dist(*pair))


def _edges(outline: Outline, corners: Sequence[Vector]) -> list[tuple[Vector, Vector]]:
    """Return where an outline's edges begin and end; a circle's is one point."""
    if len(corners) == 1:
        return [(corners[0], corners[0])]
    return list(pairwise(corners)) + ([(corners[-1], corners[0])] if isinstance(outline, Polygon) else [])


def _foot(corner: Vector, edge: tuple[Vector, Vector]) -> Vector:
    """Return the place on an edge that is nearest to a corner."""
    normal = _cross(*edge)
    if (square := _dot(normal, normal)) > 0:
        above = _dot(corner, normal) / square
        x, y, z = (value - above * away for value, away in zip(corner, normal, strict=True))
        if _is_on((x, y, z), edge, normal) and (length := math.hypot(x, y, z)) > 0:
            return x / length, y / length, z / length
    return min(edge, key=lambda place: math.dist(corner, place))


def _crossing(one: tuple[Vector, Vector], other: tuple[Vector, Vector]) -> Vector | None:
    """Return the place where two edges cross, if they do."""
    normals = _cross(*one), _cross(*other)
    x, y, z = _cross(*normals)
    length = math.hypot(x, y, z)
    if length < _PARALLEL * math.hypot(*normals[0]) * math.hypot(*normals[1]):
        return None
    for sign in (1 / length, -1 / length):
        place = x * sign, y * sign, z * sign
        if _is_on(place, one, normals[0]) and _is_on(place, other, normals[1]):
            return place
    return None


def _is_on(place: Vector, edge: tuple[Vector, Vector], normal: Vector) -> bool:
    """Whether a place on an edge's great circle lies within the edge."""
    begin, end = edge
    return _dot(_cross(normal, begin), place) > 0 and _dot(_cross(end, normal), place) > 0


def _cross(a: Vector, b: Vector) -> Vector:
    (ax, ay, az), (bx, by, bz) = a, b
    return ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx


def _halved(theirs: Volume, ours: Volume) -> tuple[Vector, Vector]:
    """Return the nearest points of two cores, by halving edges."""
    from_theirs = _closest(theirs.outline, ours.shape.geography)
    return from_theirs, _closest(ours.outline, _point(from_theirs))


def _closest(outline: Outline, to: spherely.Geography) -> Vector:
    """Return the point of an outline's edges that is nearest to ``to``."""
    corners = _corners(outline)
    if len(corners) == 1:
        return corners[0]
    edges = _edges(outline, corners)
    gaps = [float(gap) for gap in spherely.distance([_edge(a, b) for a, b in edges], to)]
    a, b = edges[gaps.index(min(gaps))]
    while math.dist(a, b) * EARTH_RADIUS_M > _FINE_M:
        half = _between(a, b, 0.5)
        first, second = spherely.distance([_edge(a, half), _edge(half, b)], to)
        a, b = (a, half) if first <= second else (half, b)
    return _between(a, b, 0.5)


def _corners(outline: Outline) -> Sequence[Vector]:
    match outline:
        case Circle(center, _):
            return unit_vectors((center,))
        case Corridor(positions, _) | Polygon(positions):
            return unit_vectors(positions)


def _edge(a: Vector, b: Vector) -> spherely.Geography:
    return spherely.create_linestring([_lng_lat(a), _lng_lat(b)])


def _point(a: Vector) -> spherely.Geography:
    return spherely.create_point(*_lng_lat(a))


def _between(a: Vector, b: Vector, part: float) -> Vector:
    """Return the point at ``part`` of the way from ``a`` to ``b``."""
    angle = math.acos(max(-1.0, min(1.0, _dot(a, b))))
    if angle < 1e-7:  # half a metre: the chord is the way
        left, right = 1 - part, part
    else:
        left, right = math.sin((1 - part) * angle), math.sin(part * angle)
    x, y, z = (left * p + right * q for p, q in zip(a, b, strict=True))
    length = math.hypot(x, y, z)
    return x / length, y / length, z / length


def _dot(a: Vector, b: Vector) -> float:
    (ax, ay, az), (bx, by, bz) = a, b
    return ax * bx + ay * by + az * bz


def _lng_lat(a: Vector) -> tuple[float, float]:
    x, y, z = a
    return math.degrees(math.atan2(y, x)), math.degrees(math.atan2(z, math.hypot(x, y)))


def _position(a: Vector) -> Position:
    lng, lat = _lng_lat(a)
    return round(lat, 5) + 0.0, round(lng, 5) + 0.0
