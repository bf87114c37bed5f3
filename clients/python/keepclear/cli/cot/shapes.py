"""Outlines as TAK draws them: a ring of points, or a circle. Pure.

A corridor becomes the ring around it. All is worked out on a sphere and widened by what that may be off, so that a ring
never leaves out a place of the volume that it stands for.
"""

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

from keepclear_protocol.outline import Circle, Corridor, Outline, Polygon, Position

EARTH_RADIUS_M = 6_371_010
WIDER = 1.006
"""By how much a length on the ellipsoid may be more than on the sphere."""

HALF_TURN = 180.001
"""What the way makes at its ends, give or take what a bearing is rounded by."""

ARC = 15.0
"""Degrees between two points of an arc; its chords are moved out to touch the circle."""


def ring_of(outline: Outline) -> tuple[Position, ...]:
    """Return the points of an outline's ring, not closed; of a circle its centre alone."""
    match outline:
        case Polygon(vertices):
            return vertices
        case Circle(center, _):
            return (center,)
        case Corridor(path, half_width_m):
            return tuple(_around(path, half_width_m * WIDER / math.cos(math.radians(ARC / 2))))


def _around(path: Sequence[Position], width_m: float) -> Iterator[Position]:
    """Go along the left side and back along the other; where the way turns right, around the point in an arc."""
    legs = [(a, b) for a, b in pairwise((*path, *reversed(path[:-1]))) if a != b]
    for (begin, end), (_, after) in zip(legs, (*legs[1:], legs[0]), strict=True):
        came = (bearing(end, begin) + 180) % 360  # a great circle's bearing changes on its way
        turn = (bearing(end, after) - came) % 360
        yield destination(begin, bearing(begin, end) - 90, width_m)
        yield destination(end, came - 90, width_m)
        steps = math.ceil(turn / ARC) if turn <= HALF_TURN else 0
        for step in range(1, steps):
            yield destination(end, came - 90 + turn * step / steps, width_m)


def circle_around(ring: Sequence[Position]) -> tuple[Position, float]:
    """Return a circle that leaves out nothing of a ring; not the smallest."""
    x, y, z = (sum(part) for part in zip(*map(_vector, ring), strict=True))
    center = math.degrees(math.atan2(z, math.hypot(x, y))), math.degrees(math.atan2(y, x))
    return center, max(distance_m(center, point) for point in ring) * WIDER


def distance_m(a: Position, b: Position) -> float:
    """Return how far apart two positions are."""
    across = math.dist(_vector(a), _vector(b)) / 2
    return 2 * EARTH_RADIUS_M * math.asin(min(1.0, across))


def _vector(a: Position) -> tuple[float, float, float]:
    lat, lng = math.radians(a[0]), math.radians(a[1])
    return math.cos(lat) * math.cos(lng), math.cos(lat) * math.sin(lng), math.sin(lat)


def bearing(a: Position, b: Position) -> float:
    """Return the bearing from one position to another, in degrees."""
    lat, to, across = math.radians(a[0]), math.radians(b[0]), math.radians(b[1] - a[1])
    east = math.sin(across) * math.cos(to)
    north = math.cos(lat) * math.sin(to) - math.sin(lat) * math.cos(to) * math.cos(across)
    return math.degrees(math.atan2(east, north)) % 360


def destination(a: Position, degrees: float, metres: float) -> Position:
    """Return the position at a bearing and distance from another."""
    lat, way, far = math.radians(a[0]), math.radians(degrees), metres / EARTH_RADIUS_M
    sine = math.sin(lat) * math.cos(far) + math.cos(lat) * math.sin(far) * math.cos(way)
    to = math.asin(max(-1.0, min(1.0, sine)))
    across = math.atan2(math.sin(way) * math.sin(far) * math.cos(lat), math.cos(far) - math.sin(lat) * sine)
    return round(math.degrees(to), 7), round((a[1] + math.degrees(across) + 540) % 360 - 180, 7)
