"""Every pair of volumes of every pair of flights, compared on the WGS-84 ellipsoid: what the demo must have found.

Independent of the line: no index, no service, no ``keepclear_protocol.separation``, no S2. Times, feet and positions
are read from the volumes' JSON. Pairs are kept that meet in time and come close enough in height, and dropped where
their middles are surely too far apart; distances of the rest are ``pyproj.Geod``'s, by the search of
``support.ellipsoid``, which leaves bounds: the true gap of two outlines lies between ``least`` and ``most``.

The rules of design section 4 may be wider than the ellipsoid, and never narrower. So a pair is *certain* where the
true gap is within the minimum, and must be alerted. It is *permitted* where the gap is within the declared widening:
the rule ``0.994 * d - r1 - r2 - 7e-11 * (L1**2 + L2**2) <= horizontal_m`` has ``d`` on the sphere of 6 371 010 m, of
which a length on the ellipsoid is at most 1.0045 times (at the poles), with a geodesic edge at most 7e-11 * L**2
beside it. An alert of a pair that is not even permitted is a false alarm. Time and height are exact: whole
microseconds and whole feet.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
from keepclear.offline.inputs import Flight
from numpy.typing import NDArray
from support.ellipsoid import RESIDUE, RESIDUE_M, WGS84, Core, core_gaps

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

HORIZONTAL_M = 4 * 1852
VERTICAL_FT = 700
WIDENING = 1.0045 / 0.994
EDGE_SHIFT = 7e-11

ROWS = 256
"""Legs that are held against all others at once."""


@dataclass
class Found:
    """Two flights in conflict, certain or only permitted; ``windows``: when their permitted pairs overlap in time."""

    certain: bool = False
    overlap_certain: bool = False
    overlap_permitted: bool = False
    windows: set[tuple[int, int]] = field(default_factory=set)


@dataclass
class Legs:
    """All volumes of all flights, one row each."""

    flight: Ints
    side: Ints
    start: Ints
    end: Ints
    low_ft: Ints
    high_ft: Ints
    radius: Floats
    length: Floats
    middle: Floats
    cores: list[Core]


def brute_force(flights: Sequence[Flight], sides: Sequence[int]) -> dict[tuple[int, int], Found]:
    """Return the conflicts between flights of different sides, by the flights' places in order."""
    legs = _legs(flights, sides)
    found: dict[tuple[int, int], Found] = {}
    first, second = _candidates(legs)
    apart = core_gaps([(legs.cores[a], legs.cores[b]) for a, b in zip(first, second, strict=True)])
    radii = legs.radius[first] + legs.radius[second]
    least, most = apart * (1 - RESIDUE) - RESIDUE_M - radii, apart - radii
    limit = _permitted(legs, first, second, HORIZONTAL_M)
    meet = _permitted(legs, first, second, 0)
    height = _height(legs, first, second)
    for row in np.flatnonzero(least <= limit):
        a, b = int(first[row]), int(second[row])
        pair = found.setdefault((int(legs.flight[a]), int(legs.flight[b])), Found())
        pair.certain |= bool(most[row] <= HORIZONTAL_M)
        pair.overlap_certain |= bool(most[row] <= 0 and height[row] <= 0)
        pair.overlap_permitted |= bool(least[row] <= meet[row] and height[row] <= 0)
        pair.windows.add((int(max(legs.start[a], legs.start[b])), int(min(legs.end[a], legs.end[b]))))
    return found


def instant(text: str) -> int:
    """Return the microseconds of an RFC 3339 time."""
    moment = datetime.fromisoformat(text)
    return int(moment.replace(microsecond=0).timestamp()) * 1_000_000 + moment.microsecond


def _legs(flights: Sequence[Flight], sides: Sequence[int]) -> Legs:
    rows = [(number, volume) for number, flight in enumerate(flights) for volume in flight.volumes]
    paths, radii = zip(*(_outline(volume["volume"]) for _, volume in rows), strict=True)
    ends = np.array([(path[0], path[-1]) for path in paths])
    azimuth, _, length = WGS84.inv(ends[:, 0, 1], ends[:, 0, 0], ends[:, 1, 1], ends[:, 1, 0])
    lng, lat, _ = WGS84.fwd(ends[:, 0, 1], ends[:, 0, 0], azimuth, length / 2)
    return Legs(
        flight=np.array([number for number, _ in rows]),
        side=np.array([sides[number] for number, _ in rows]),
        start=np.array([instant(volume["time_start"]["value"]) for _, volume in rows]),
        end=np.array([instant(volume["time_end"]["value"]) for _, volume in rows]),
        low_ft=np.array([_feet(volume["volume"]["altitude_lower"]) for _, volume in rows]),
        high_ft=np.array([_feet(volume["volume"]["altitude_upper"]) for _, volume in rows]),
        radius=np.array(radii),
        length=length,
        middle=_geocentric(lat, lng),
        cores=[Core(path, closed=False) for path in paths],
    )


def _outline(volume: dict[str, Any]) -> tuple[tuple[tuple[float, float], ...], float]:
    if circle := volume.get("outline_circle"):
        points, size = [circle["center"]], circle["radius"]
    else:
        points, size = volume["outline_corridor"]["path"], volume["outline_corridor"]["half_width"]
    assert len(points) <= 2 and size["units"] == "M"
    return tuple((point["lat"], point["lng"]) for point in points), size["value"]


def _feet(altitude: dict[str, Any]) -> int:
    assert (altitude["reference"], altitude["units"]) == ("FL", "FT")
    assert altitude["value"] == int(altitude["value"])
    return int(altitude["value"])


def _geocentric(lat: Floats, lng: Floats) -> Floats:
    phi, theta = np.radians(lat), np.radians(lng)
    across = WGS84.a / np.sqrt(1 - WGS84.es * np.sin(phi) ** 2)
    x, y = across * np.cos(phi) * np.cos(theta), across * np.cos(phi) * np.sin(theta)
    return np.stack((x, y, across * (1 - WGS84.es) * np.sin(phi)), axis=-1)


def _candidates(legs: Legs) -> tuple[Ints, Ints]:
    """Pairs of different sides that meet in time and are close enough in height; those surely far apart left out."""
    reach = legs.length / 2 + legs.radius
    firsts, seconds = [], []
    for low in range(0, legs.flight.size, ROWS):
        rows = np.arange(low, min(low + ROWS, legs.flight.size))[:, None]
        keep = (legs.flight[rows] < legs.flight) & (legs.side[rows] != legs.side)
        keep &= (legs.start[rows] <= legs.end) & (legs.start <= legs.end[rows])
        keep &= (legs.low_ft[rows] - legs.high_ft <= VERTICAL_FT) & (legs.low_ft - legs.high_ft[rows] <= VERTICAL_FT)
        row, second = np.nonzero(keep)
        first = row + low
        # A chord is shorter than any way over the ground, and no point of a leg is further from its middle than half
        # of its length.
        apart = np.linalg.norm(legs.middle[first] - legs.middle[second], axis=-1) - reach[first] - reach[second]
        near = apart <= _permitted(legs, first, second, HORIZONTAL_M)
        firsts.append(first[near])
        seconds.append(second[near])
    return np.concatenate(firsts), np.concatenate(seconds)


def _permitted(legs: Legs, first: Ints, second: Ints, minimum_m: float) -> Floats:
    """The largest true gap at which the declared widening permits an alert."""
    radii = legs.radius[first] + legs.radius[second]
    shift = EDGE_SHIFT * (legs.length[first] ** 2 + legs.length[second] ** 2)
    return WIDENING * (minimum_m + radii + shift) + shift - radii


def _height(legs: Legs, first: Ints, second: Ints) -> Ints:
    gap: Ints = np.maximum(legs.low_ft[first] - legs.high_ft[second], legs.low_ft[second] - legs.high_ft[first])
    return gap
