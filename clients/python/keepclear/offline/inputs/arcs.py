"""Boundaries of points and arcs as rings of points that lie outside: the ring holds all that the boundary encloses.

Where an arc bulges out of the area it is circumscribed, where it cuts into the area its chords are taken; either way at
most ``TOLERANCE_M`` more is claimed, and ``MARGIN_M`` for the arithmetic. Which of the two it is follows from the way
round: a clockwise arc of a clockwise boundary bulges out. An arc whose ends are not equally far from its centre, as
ends that were rounded, is taken as far out as the farther, or as far in as the nearer of the two.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from .drawn import wrapped
from .ellipsoid import bearing_and_distance, destination
from .flight import unreadable
from .sphere import Position

TOLERANCE_M = 20.0
"""How much farther than the arc its circumscribed edges may reach: a twentieth of a cable, far below any minimum."""

MARGIN_M = 1.0

ROUNDED_M = 250.0
ROUNDED = 0.02
"""How much the distances of an arc's two ends from its centre may differ: rounded minutes do by 250 m, and by 2 %."""


@dataclass(frozen=True, slots=True)
class Arc:
    """An arc about a centre, from one azimuth to another; both radii in metres, ``sweep`` in degrees, above zero."""

    center: Position
    start_azimuth: float
    sweep: float
    clockwise: bool
    start_m: float
    end_m: float

    def chords(self) -> list[Position]:
        """Return points on the arc, near enough for its way round and its area."""
        count = max(2, math.ceil(self.sweep / 5))
        near = min(self.start_m, self.end_m)
        return [self._at(number / count, near) for number in range(count + 1)]

    def outside(self, *, bulges: bool) -> list[Position]:
        """Return points whose edges leave the arc on the inner side of the area."""
        if bulges:
            return self._circumscribed(max(self.start_m, self.end_m) + MARGIN_M)
        radius = min(self.start_m, self.end_m) - MARGIN_M
        count = self._count(radius)
        return [self._at(number / count, radius) for number in range(count + 1)]

    def _circumscribed(self, radius: float) -> list[Position]:
        count = self._count(radius)
        tangent = radius / math.cos(math.radians(self.sweep / count / 2))
        middle = [self._at((number + 0.5) / count, tangent) for number in range(count)]
        return [self._at(0, radius), *middle, self._at(1, radius)]

    def _count(self, radius: float) -> int:
        half = math.degrees(math.acos(radius / (radius + TOLERANCE_M)))
        return max(1, math.ceil(self.sweep / min(2 * half, 60)))

    def _at(self, part: float, radius: float) -> Position:
        turned = self.sweep * part * (1 if self.clockwise else -1)
        return wrapped(*destination(self.center, self.start_azimuth + turned, radius))


def arc_between(center: Position, start: Position, end: Position, *, clockwise: bool, place: str) -> Arc:
    """Return the arc about a centre from one position to another; raise ``LocalError`` where it is none."""
    start_azimuth, start_m = bearing_and_distance(center, start, place)
    end_azimuth, end_m = bearing_and_distance(center, end, place)
    off_m = abs(start_m - end_m)
    if off_m > max(ROUNDED_M, ROUNDED * max(start_m, end_m)) or min(start_m, end_m) < 2 * MARGIN_M:
        detail = f"no arc: its ends lie {start_m / 1852:.2f} and {end_m / 1852:.2f} NM from its centre"
        raise unreadable(place, detail)
    return arc_of(center, start_azimuth, end_azimuth, (start_m, end_m), clockwise=clockwise, place=place)


def arc_of(
    center: Position, start: float, end: float, radii_m: tuple[float, float], *, clockwise: bool, place: str
) -> Arc:
    """Return the arc between two azimuths in degrees; equal ones are a whole turn."""
    sweep = (end - start if clockwise else start - end) % 360 or 360.0
    if sweep < 0.01:
        raise unreadable(place, "an arc of less than a hundredth of a degree")
    return Arc(center, start % 360, sweep, clockwise, *radii_m)


def outer_ring(boundary: Sequence[Position | Arc]) -> list[Position]:
    """Return the points of a ring that holds all within the boundary."""
    chords = [point for part in boundary for point in (part.chords() if isinstance(part, Arc) else [part])]
    clockwise = _is_clockwise(chords)
    return [
        point
        for part in boundary
        for point in (part.outside(bulges=part.clockwise == clockwise) if isinstance(part, Arc) else [part])
    ]


def _is_clockwise(ring: Sequence[Position]) -> bool:
    """Whether a ring runs clockwise, seen from above: on the plane about its first point, as only the sign counts."""
    lat_0, lng_0 = ring[0]
    scale = math.cos(math.radians(lat_0))
    plane = [(((lng - lng_0 + 540) % 360 - 180) * scale, lat - lat_0) for lat, lng in ring]
    twice = sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(plane, [*plane[1:], plane[0]], strict=True))
    return twice < 0
