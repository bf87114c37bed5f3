"""Shapes on the sphere, by S2: what an outline covers, and how far apart two of them are.

Guaranteed: edges are geodesics, a polygon includes its interior, poles and the antimeridian are places like any other,
and every shape fits a cap well under a hemisphere, so that inside and outside cannot be confused. Not guaranteed:
ellipsoidal metres. Distances here are those of a sphere; ``separation`` allows for the difference, and ``bound_m``
already does.

Why 0.994 and 7e-11. Take the same latitudes and longitudes on WGS-84 and on the sphere of ``EARTH_RADIUS_M``. The ratio
of a short length on the first to the second is least along a meridian at the equator, 6 335 439 / 6 371 010 = 0.99442,
and greatest at the poles, 1.00449; so no way on the ellipsoid is shorter than 0.994 times the way on the sphere. And a
geodesic edge of length L runs elsewhere on the ellipsoid than on the sphere, by at most 7e-11 L^2 metres (measured:
65 m mid-way of 1 000 km).
"""

import math
from collections.abc import Sequence
from itertools import repeat
from math import asin, cos, sin
from typing import Any, NamedTuple

import spherely
from msgspec import Struct
from msgspec.structs import force_setattr

from .errors import Malformed
from .outline import Circle, Corridor, Outline, Polygon, Position
from .ring import FEW, bends_one_way, keeps_apart

Vector = tuple[float, float, float]

EARTH_RADIUS_M = 6_371_010.0
"""The mean radius that S2 uses (S2Earth)."""

SPHERE_FACTOR = 0.994
"""No way on WGS-84 is shorter than this times the way between the same positions on the sphere."""

EDGE_SHIFT_PER_M = 7e-11
"""Metres by which an edge may run elsewhere on WGS-84 than on the sphere, per square metre of its length squared."""

ROUNDING_M = 1e-6
"""One micrometre for the arithmetic itself: S2 finds touching shapes some nanometres apart."""


class Bounds(NamedTuple):
    """How near the points of an outline may come (``apart_m``), how long an edge is and how far vertices reach."""

    apart_m: float
    edge_m: float
    reach_m: float


SUBMITTED = Bounds(apart_m=0.001, edge_m=1_000_000, reach_m=5_000_000)
"""What may be filed. A millimetre is a tenth of what F3548-21 asks for, and a million times what two processors differ
by. Longer edges run too far apart on sphere and ellipsoid to be agreed on. Half of a hemisphere's reach."""

SHOWN = Bounds(apart_m=0.000_5, edge_m=1_000_001, reach_m=5_000_001)
"""What is taken of what another processor took: whoever did so rightly can never look wrong."""

_DIAMETER_M = 2 * EARTH_RADIUS_M

_RADIANS = math.pi / 180
"""A degree."""

_PLAIN_PERIMETER_M = 9_000_000.0
"""A ring no longer than this lies within an eighth of the earth's girth of each of its vertices."""

_PLAINLY = 1.001
"""More by this than it must, no rounding makes it less."""

_SPLIT = "split it into several volumes"

_OUTLINES = (Polygon, Corridor, Circle)


class Shape(Struct, frozen=True, eq=False, gc=False):
    """An outline as the rules see it.

    ``core`` is S2's geography of the polygon, point or path, or the outline to make it of when somebody first asks for
    ``geography``; ``radius_m`` is what surrounds it. ``margin_m`` is the radius and the shift of the longest edge: what
    the horizontal rule takes off. Everything of the outline, with that margin, lies within ``bound_m`` great-circle
    metres of the unit vector ``center``. ``perimeter_m`` is the core's: a path counts both ways, a point has none.
    """

    core: Any
    radius_m: float
    longest_edge_m: float
    margin_m: float
    center: Vector
    bound_m: float
    perimeter_m: float
    vertices: int

    @property
    def geography(self) -> Any:
        """S2's geography of the core."""
        core = self.core
        if type(core) in _OUTLINES:
            core = _geography(core)
            force_setattr(self, "core", core)
        return core

    @property
    def outline_area_m2(self) -> float:
        """The core's area by S2: none of a path or a point."""
        return 0.0 if self.radius_m else float(spherely.area(self.geography, EARTH_RADIUS_M))

    @property
    def most_outline_area_m2(self) -> float:
        """What ``outline_area_m2`` does not exceed, without S2: a flat disc has more than its cap. One for rounding."""
        return 0.0 if self.radius_m else math.pi * self.bound_m**2 + 1.0

    @property
    def area_m2(self) -> float:
        """The area with the radius, by Steiner's formula on the plane: on the sphere never less than the truth."""
        return self.outline_area_m2 + self.radius_m * (self.perimeter_m + math.pi * self.radius_m)


def shape_of(outline: Outline, bounds: Bounds = SUBMITTED) -> Shape:
    """Return the shape of ``outline``, whose numbers are already known to be finite and in range.

    Raises ``Malformed`` with ``volume_polygon`` (edges that cross or touch), ``volume_edge``, ``volume_extent`` (a path
    that stands still) or ``volume_size``.
    """
    match outline:
        case Polygon(vertices):
            return _polygon(outline, unit_vectors(_one_spelling(vertices)), bounds)
        case Corridor(path, half_width_m):
            units = unit_vectors(_one_spelling(path))
            edges = _edges(units, bounds, closed=False, code="volume_extent")
            return _shape(outline, units, half_width_m, max(edges), 2 * math.fsum(edges), bounds)
        case Circle(center, radius_m):
            return _shape(outline, unit_vectors(_one_spelling((center,))), radius_m, 0.0, 0.0, bounds)


def _geography(outline: Outline) -> Any:
    match outline:
        case Polygon(vertices):
            return spherely.create_polygon([(lng, lat) for lat, lng in _one_spelling(vertices)])
        case Corridor(path, _):
            return spherely.create_linestring([(lng, lat) for lat, lng in _one_spelling(path)])
        case Circle(center, _):
            ((lat, lng),) = _one_spelling((center,))
            return spherely.create_point(lng, lat)


def distance_m(a: Shape, b: Shape) -> float:
    """Return the metres on the sphere between the cores of ``a`` and ``b``; 0 where they meet. Symmetric to the bit."""
    return float(spherely.distance(a.geography, b.geography, radius=EARTH_RADIUS_M))


def center_distance_m(a: Shape, b: Shape) -> float:
    """Return the great-circle metres between the centers of ``a`` and ``b``, without S2."""
    return arc_m(math.dist(a.center, b.center))


def _polygon(outline: Polygon, units: list[Vector], bounds: Bounds) -> Shape:
    edges = _edges(units, bounds, closed=True, code="volume_polygon")
    longest_m, perimeter_m = max(edges), math.fsum(edges)
    apart = bounds.apart_m / EARTH_RADIUS_M
    core: Any = outline
    if (
        len(units) > FEW
        or perimeter_m > _PLAIN_PERIMETER_M
        or not bends_one_way(units, _PLAINLY * apart * longest_m / EARTH_RADIUS_M)
    ):
        try:
            core = _geography(outline)
        except ValueError:
            raise Malformed("volume_polygon", "edges cross or touch, or a vertex stands twice") from None
        if not keeps_apart(units, apart):
            raise Malformed("volume_polygon", "a vertex lies within a millimetre of an edge that it does not end")
    return _shape(core, units, 0.0, longest_m, perimeter_m, bounds)


def _shape(
    core: Any,
    units: Sequence[Vector],
    radius_m: float,
    longest_m: float,
    perimeter_m: float,
    bounds: Bounds,
) -> Shape:
    center = _middle(units)
    # A cap under a hemisphere holds every geodesic between two of its points, and the smaller of the two areas that a
    # ring inside it bounds: so the farthest vertex bounds edges and interior too.
    reach_m = arc_m(max(map(math.dist, repeat(center), units)))
    if reach_m > bounds.reach_m:
        raise Malformed(
            "volume_size", f"reaches more than {SUBMITTED.reach_m // 1000:.0f} km from its middle", hint=_SPLIT
        )
    margin_m = radius_m + EDGE_SHIFT_PER_M * longest_m**2
    bound_m = reach_m + (margin_m + ROUNDING_M) / SPHERE_FACTOR
    return Shape(core, radius_m, longest_m, margin_m, center, bound_m, perimeter_m, len(units))


def _edges(units: list[Vector], bounds: Bounds, *, closed: bool, code: str) -> list[float]:
    ends = units[1:] + units[:1] if closed else units[1:]
    lengths = [_DIAMETER_M * asin(chord / 2 if chord < 2 else 1.0) for chord in map(math.dist, units, ends)]
    if min(lengths) < bounds.apart_m:
        hint = "a ring is not closed: leave out the last vertex if it repeats the first" if closed else ""
        raise Malformed(code, "two neighbouring points are the same place", hint=hint)
    if max(lengths) > bounds.edge_m:
        raise Malformed(
            "volume_edge", f"an edge is longer than {SUBMITTED.edge_m // 1000:.0f} km", hint="add points along it"
        )
    return lengths


def _one_spelling(positions: Sequence[Position]) -> Sequence[Position]:
    """A pole has one longitude here, and the antimeridian one sign: else S2 takes one place for two."""
    lats, lngs = zip(*positions, strict=True)
    if -180.0 not in lngs and 90.0 not in lats and -90.0 not in lats:
        return positions
    return [(lat, 0.0 if abs(lat) == 90 else 180.0 if lng == -180 else lng) for lat, lng in positions]


def unit_vectors(positions: Sequence[Position]) -> list[Vector]:
    """Return the unit vectors of positions, from the sphere's centre."""
    # All in one expression, as this is where the time of a notice of many vertices goes.
    return [
        ((across := cos(phi := lat * _RADIANS)) * cos(theta := lng * _RADIANS), across * sin(theta), sin(phi))
        for lat, lng in positions
    ]


def arc_m(chord: float) -> float:
    """Return the great-circle metres of a chord of the unit sphere."""
    # Two opposite points may come out a rounding farther apart than a diameter.
    return _DIAMETER_M * asin(min(1.0, chord / 2))


def _middle(units: Sequence[Vector]) -> Vector:
    """The middle of the vectors' box, on the sphere: unlike their mean it does not follow where vertices crowd."""
    if len(units) == 1:
        return units[0]
    xs, ys, zs = zip(*units, strict=True)
    x, y, z = (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2, (min(zs) + max(zs)) / 2
    length = math.hypot(x, y, z)
    if length < 0.1:
        raise Malformed("volume_size", "the outline goes round the world", hint=_SPLIT)
    return x / length, y / length, z / length
