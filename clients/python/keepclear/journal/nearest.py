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


def nearest(theirs: Volume, ours: Volume) -> Position:
    """Return the latitude and longitude, in degrees to five decimals, of that point."""
    met = _shared(theirs, ours)
    if met is not None:
        return _position(met)
    from_theirs = _closest(theirs.outline, ours.shape.geography)
    from_ours = _closest(ours.outline, _point(from_theirs))
    apart_m = EARTH_RADIUS_M * math.acos(max(-1.0, min(1.0, _dot(from_theirs, from_ours))))
    # Along the way from their core to ours: theirs reaches up to its radius, ours begins at its own from the far end.
    reach_m, begins_m = min(apart_m, theirs.shape.radius_m), max(0.0, apart_m - ours.shape.radius_m)
    at_m = (reach_m + begins_m) / 2 if begins_m <= reach_m else reach_m
    return _position(_between(from_theirs, from_ours, at_m / apart_m if apart_m else 0.0))


def middle(volume: Volume) -> Position:
    """Return the middle of a volume's outline."""
    return _position(volume.shape.center)


def _shared(theirs: Volume, ours: Volume) -> Vector | None:
    """Return a point that both cores have, if there is one that is easily found."""
    a, b = theirs.shape.geography, ours.shape.geography
    if spherely.distance(a, b) > 0:
        return None
    try:
        centre = spherely.centroid(spherely.intersection(a, b))
        if not spherely.is_empty(centre) and spherely.distance(centre, a) == spherely.distance(centre, b) == 0:
            return unit_vectors([(spherely.get_y(centre), spherely.get_x(centre))])[0]
    except (RuntimeError, ValueError):
        pass  # S2 makes no shape of some touching ones
    corners = (*_corners(ours.outline), *_corners(theirs.outline))
    return next((c for c in corners if spherely.distance(_point(c), a) == spherely.distance(_point(c), b) == 0), None)


def _closest(outline: Outline, to: spherely.Geography) -> Vector:
    """Return the point of an outline's edges that is nearest to ``to``."""
    corners = _corners(outline)
    if len(corners) == 1:
        return corners[0]
    edges = list(pairwise(corners)) + ([(corners[-1], corners[0])] if isinstance(outline, Polygon) else [])
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
    return sum(p * q for p, q in zip(a, b, strict=True))


def _lng_lat(a: Vector) -> tuple[float, float]:
    x, y, z = a
    return math.degrees(math.atan2(y, x)), math.degrees(math.atan2(z, math.hypot(x, y)))


def _position(a: Vector) -> Position:
    lng, lat = _lng_lat(a)
    return round(lat, 5) + 0.0, round(lng, 5) + 0.0
