"""How near a polygon's vertices come to its edges, in decimals of fifty digits: no double, no library of geometry.

What ``ring`` says in doubles is held against this. A millimetre comes out right to a millionth of an atom.
"""

from collections.abc import Sequence
from decimal import Context, Decimal, localcontext

Position = tuple[float, float]
Vector = tuple[Decimal, Decimal, Decimal]

RADIUS_M = Decimal(6_371_010)
_DIGITS = 50
_PI = Decimal("3.14159265358979323846264338327950288419716939937510582097494459")


def least_apart_m(vertices: Sequence[Position]) -> Decimal:
    """Return the metres on the sphere from some vertex to an edge that it does not end, where they are least.

    Right where it is far below a kilometre: lengths are chords.
    """
    with localcontext(Context(prec=_DIGITS)):
        units = [_unit(*vertex) for vertex in vertices]
        count = len(units)
        return min(
            _apart_m(units[at], units[edge], units[(edge + 1) % count])
            for at in range(count)
            for edge in range(count)
            if at not in (edge, (edge + 1) % count)
        )


def _apart_m(vertex: Vector, start: Vector, end: Vector) -> Decimal:
    normal = _cross(start, end)
    length = _dot(normal, normal).sqrt()
    # On the near side of the planes that stand on the edge at its ends.
    if length and _dot(_cross(normal, start), vertex) >= 0 and _dot(_cross(end, normal), vertex) >= 0:
        return abs(_dot(normal, vertex)) / length * RADIUS_M
    return min(_chord(vertex, start), _chord(vertex, end)) * RADIUS_M


def _unit(lat: float, lng: float) -> Vector:
    (sin_lat, cos_lat), (sin_lng, cos_lng) = _sin_cos(lat), _sin_cos(lng)
    return cos_lat * cos_lng, cos_lat * sin_lng, sin_lat


def _sin_cos(degrees: float) -> tuple[Decimal, Decimal]:
    # The double itself, as the wire has it: the nearest one to the decimals that were sent.
    x = Decimal(degrees) * _PI / 180
    term, sums, at = Decimal(1), [Decimal(0), Decimal(0)], 0
    while abs(term) > Decimal(10) ** -_DIGITS or at < 4:
        sums[at % 2] += term if at % 4 < 2 else -term
        at += 1
        term = term * x / at
    return sums[1], sums[0]


def _cross(a: Vector, b: Vector) -> Vector:
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]


def _dot(a: Vector, b: Vector) -> Decimal:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def _chord(a: Vector, b: Vector) -> Decimal:
    return sum(((x - y) ** 2 for x, y in zip(a, b, strict=True)), Decimal(0)).sqrt()
