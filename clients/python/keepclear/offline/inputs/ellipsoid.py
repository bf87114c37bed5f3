"""Distances and bearings on the WGS-84 ellipsoid, by Vincenty's formulas: what a chart means by a radius from a point.

Good to a millimetre for distances up to ``MAX_M``; farther ones are refused, since the way back from a point nearly
opposite does not converge.
"""

import math

from .flight import unreadable
from .sphere import Position, distance_m

_A_M = 6_378_137.0
_F = 1 / 298.257223563
_B_M = _A_M * (1 - _F)
_EP2 = (_A_M**2 - _B_M**2) / _B_M**2

MAX_M = 2_000_000.0
"""Twice the largest radius that a volume may have."""


def destination(start: Position, azimuth: float, metres: float) -> Position:
    """Return the position ``metres`` from a start, in the direction ``azimuth`` (degrees from true north)."""
    if metres == 0:
        return start
    sin_a, cos_a = math.sin(math.radians(azimuth)), math.cos(math.radians(azimuth))
    tan_u = (1 - _F) * math.tan(math.radians(start[0]))
    cos_u = 1 / math.hypot(1, tan_u)
    sin_u = tan_u * cos_u
    sigma_1 = math.atan2(tan_u, cos_a)
    sin_alpha = cos_u * sin_a
    cos2_alpha = 1 - sin_alpha**2
    big_a, big_b = _series(cos2_alpha)
    sigma = first = metres / (_B_M * big_a)
    for _ in range(50):
        cos_2m = math.cos(2 * sigma_1 + sigma)
        change = _change(big_b, sigma, cos_2m)
        if abs(first + change - sigma) < 1e-14:
            break
        sigma = first + change
    cos_2m = math.cos(2 * sigma_1 + sigma)
    sin_s, cos_s = math.sin(sigma), math.cos(sigma)
    across = sin_u * sin_s - cos_u * cos_s * cos_a
    lat = math.atan2(sin_u * cos_s + cos_u * sin_s * cos_a, (1 - _F) * math.hypot(sin_alpha, across))
    lam = math.atan2(sin_s * sin_a, cos_u * cos_s - sin_u * sin_s * cos_a)
    lng = start[1] + math.degrees(lam - _longitude(sin_alpha, cos2_alpha, sigma, sin_s, cos_s, cos_2m))
    return math.degrees(lat), (lng + 540) % 360 - 180


def bearing_and_distance(start: Position, end: Position, place: str) -> tuple[float, float]:
    """Return the azimuth in degrees at ``start`` towards ``end``, and the metres between; raise ``LocalError``."""
    if distance_m(start, end) > MAX_M:
        raise unreadable(place, f"two points of one shape lie more than {MAX_M / 1000:g} km apart")
    if distance_m(start, end) < 1e-4:
        return 0.0, 0.0
    u_1, u_2 = (math.atan((1 - _F) * math.tan(math.radians(lat))) for lat in (start[0], end[0]))
    length = lam = math.radians((end[1] - start[1] + 540) % 360 - 180)
    sin_1, cos_1, sin_2, cos_2 = math.sin(u_1), math.cos(u_1), math.sin(u_2), math.cos(u_2)
    for _ in range(200):
        sin_l, cos_l = math.sin(lam), math.cos(lam)
        sin_s = math.hypot(cos_2 * sin_l, cos_1 * sin_2 - sin_1 * cos_2 * cos_l)
        cos_s = sin_1 * sin_2 + cos_1 * cos_2 * cos_l
        sigma = math.atan2(sin_s, cos_s)
        sin_alpha = cos_1 * cos_2 * sin_l / sin_s
        cos2_alpha = 1 - sin_alpha**2
        cos_2m = cos_s - 2 * sin_1 * sin_2 / cos2_alpha if cos2_alpha > 1e-12 else 0.0
        before, lam = lam, length + _longitude(sin_alpha, cos2_alpha, sigma, sin_s, cos_s, cos_2m)
        if abs(lam - before) < 1e-13:
            break
    big_a, big_b = _series(cos2_alpha)
    azimuth = math.degrees(math.atan2(cos_2 * sin_l, cos_1 * sin_2 - sin_1 * cos_2 * cos_l)) % 360
    return azimuth, _B_M * big_a * (sigma - _change(big_b, sigma, cos_2m))


def _series(cos2_alpha: float) -> tuple[float, float]:
    u2 = cos2_alpha * _EP2
    return (
        1 + u2 / 16384 * (4096 + u2 * (-768 + u2 * (320 - 175 * u2))),
        u2 / 1024 * (256 + u2 * (-128 + u2 * (74 - 47 * u2))),
    )


def _change(big_b: float, sigma: float, cos_2m: float) -> float:
    sin_s, cos_s = math.sin(sigma), math.cos(sigma)
    inner = cos_s * (-1 + 2 * cos_2m**2) - big_b / 6 * cos_2m * (-3 + 4 * sin_s**2) * (-3 + 4 * cos_2m**2)
    return big_b * sin_s * (cos_2m + big_b / 4 * inner)


def _longitude(sin_alpha: float, cos2_alpha: float, sigma: float, sin_s: float, cos_s: float, cos_2m: float) -> float:
    c = _F / 16 * cos2_alpha * (4 + _F * (4 - 3 * cos2_alpha))
    inner = cos_2m + c * cos_s * (-1 + 2 * cos_2m**2)
    return (1 - c) * _F * sin_alpha * (sigma + c * sin_s * inner)
