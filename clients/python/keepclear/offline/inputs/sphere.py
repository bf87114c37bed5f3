"""Distances on the sphere, edges that are straight in degrees made dense, and neighbours that are one place merged.

The sphere is that of the rules. What comes out is as good as the sphere: ``OVER_ELLIPSOID``, and the rules' own
``EDGE_SHIFT_PER_M``, say by how much the ellipsoid may differ, for those who must not claim too little.
"""

import math
from collections.abc import Sequence
from itertools import pairwise

from keepclear_protocol.geometry import EARTH_RADIUS_M, Vector, arc_m, unit_vectors

OVER_ELLIPSOID = 1.005
"""A distance on the ellipsoid is at most this times the one on the sphere: the meridian's radius of curvature at the
poles, 6 399 594 m, over the sphere's radius is 1.0045."""

LONGEST_EDGE_M = 100_000.0
"""Dense edges are no longer than this, though straight ones might be: the rules widen a volume by the square of its
longest edge, 0.7 m at this length."""

COINCIDENT_M = 0.01
"""Neighbours nearer than this are one place: F3548 asks for a centimetre, and the wire refuses 0.01 mm and less."""

MAX_DEPTH = 40
"""Halvings of an edge; half the Earth takes 25 to a metre, and what takes more is rounding, not shape."""

Position = tuple[float, float]
"""Latitude and longitude, degrees. A longitude may run beyond 180 while an edge is followed."""


def _cross(a: Vector, b: Vector) -> Vector:
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]


def _sum(a: Vector, b: Vector) -> Vector:
    return a[0] + b[0], a[1] + b[1], a[2] + b[2]


def _difference(a: Vector, b: Vector) -> Vector:
    return a[0] - b[0], a[1] - b[1], a[2] - b[2]


def _dot(a: Vector, b: Vector) -> float:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def distance_m(a: Position, b: Position) -> float:
    """Return the great-circle distance of two positions in metres."""
    return arc_m(math.dist(*unit_vectors((a, b))))


def edge_distance_m(point: Position, start: Position, end: Position) -> float:
    """Return the distance of a position from the shortest edge between two others, in metres."""
    p, a, b = unit_vectors((point, start, end))
    # Twice the cross product, by sum and difference: of two neighbours it would be nothing but rounding.
    normal = _cross(_sum(a, b), _difference(b, a))
    size = math.hypot(*normal)
    # Beside the edge, not beyond its ends: ahead of the start and behind the end, seen along the great circle.
    if size > 0 and _dot(_cross(normal, a), p) >= 0 and _dot(_cross(b, normal), p) >= 0:
        # From the start, not from the Earth's middle: never more than the way to the start, however short the edge.
        across = _dot(_difference(p, a), normal) / size
        return EARTH_RADIUS_M * abs(math.asin(max(-1.0, min(1.0, across))))
    return arc_m(min(math.dist(p, a), math.dist(p, b)))


def dense_edge(start: Position, end: Position, bound_m: float, depth: int = 0) -> list[Position]:
    """Return positions from ``start`` (with) to ``end`` (without) along the line that is straight in degrees.

    The shortest edges between neighbours leave that line by less than ``bound_m``, and none is longer than
    ``LONGEST_EDGE_M``.
    """
    # An edge and a straight line part most in the middle; where the edge crosses the equator, near the quarters.
    deviation = max(edge_distance_m(_between(start, end, part), start, end) for part in (0.25, 0.5, 0.75))
    parts = max(deviation / (0.9 * bound_m), (distance_m(start, end) / LONGEST_EDGE_M) ** 2)
    if parts <= 1 or depth == MAX_DEPTH:
        return [start]
    count = max(2, min(64, math.ceil(math.sqrt(parts))))
    stops = [start, *(_between(start, end, number / count) for number in range(1, count)), end]
    return [stop for a, b in pairwise(stops) for stop in dense_edge(a, b, bound_m, depth + 1)]


def merged(line: Sequence[Position], *, closed: bool = False) -> list[Position]:
    """Return the line without the positions that are nearer than ``COINCIDENT_M`` to the one kept before them.

    Nothing moves by more than that: of a run of near positions, each is held against the last that was kept. In a
    ``closed`` line, a ring without its first position at its end, the last is a neighbour of the first.
    """
    kept: list[tuple[Position, Vector]] = []
    for position, unit in zip(line, unit_vectors(line), strict=True):
        if not kept or arc_m(math.dist(unit, kept[-1][1])) >= COINCIDENT_M:
            kept.append((position, unit))
    while closed and len(kept) > 1 and arc_m(math.dist(kept[0][1], kept[-1][1])) < COINCIDENT_M:
        kept.pop()
    return [position for position, _ in kept]


def _between(start: Position, end: Position, part: float) -> Position:
    return start[0] + (end[0] - start[0]) * part, start[1] + (end[1] - start[1]) * part
