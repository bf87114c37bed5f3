"""The load: seeded notices of a busy area, signed in several processes, and the volumes of the special cases.

The usual notice has one volume: 70 % polygons of 8 vertices and 0.2 to 1 km radius, 30 % corridors of 2 to 10 km by
200 m; bands of 30 to 60 m between 0 and 600 m, windows of 5 to 30 minutes within six hours: the workload of the
project's first measurements, 10 000 of them on 100 km by 100 km.
"""

import json
import math
import multiprocessing
import os
import random
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any

from keepclear_protocol.encoding import digest, unb64
from keepclear_protocol.instant import format_instant
from support.world import UNBOUND, World

from .client import post
from .stage import all_cores

START_S = 7_200
AREA_DEGREES = 0.9
"""100 km by 100 km, for 10 000 notices; the area grows with their number, so that the density is equal."""

M_PER_DEGREE = 111_320
LATITUDE = 46.0
ADMIT_S = 3_600
"""Signing 100 000 notices and filing them takes minutes."""

Volume = dict[str, Any]


def plain_world(*names: str, **changed: Any) -> World:
    """Return a world whose category has no minima: matches are overlaps alone."""
    plain = {"horizontal_m": 0, "vertical_m": 0, "lead_s": 0, "tail_s": 0}
    return World(*names, **{"categories": {"transport": plain}, "budgets": UNBOUND, **changed})


def notices(world: World, count: int, seed: int, *, live: int = 10_000, parties: Sequence[str] = ()) -> list[bytes]:
    """Return ``count`` requests that file notices, the parties by turns, as dense as ``live`` of them in their area."""
    names = list(parties or world.parties)
    side = AREA_DEGREES * math.sqrt(live / 10_000)

    def one(index: int) -> str:
        return submission(world, names[index % len(names)], usual(random.Random(seed * 1_000_003 + index), side))

    return [post("notices", raw) for raw in in_processes(one, count)]


def submission(world: World, party: str, *volumes: Volume, **changed: Any) -> str:
    """Return a signed notice that may be admitted for long."""
    return world.submission(party, *volumes, admit_by=int(time.time()) + ADMIT_S, **changed)


_work: Callable[[int], Any] | None = None


def in_processes(work: Callable[[int], Any], count: int) -> list[Any]:
    """Return ``[work(0), ..., work(count - 1)]``, computed by as many processes as there are cores."""
    global _work
    if count < 200:
        return [work(index) for index in range(count)]
    cores = len(all_cores())
    _work = work  # reaches the children by the fork: a closure cannot be sent
    with ProcessPoolExecutor(cores, multiprocessing.get_context("fork"), _unpinned) as pool:
        return list(pool.map(_run, range(count), chunksize=max(1, min(500, count // (4 * cores)))))


def _run(index: int) -> Any:
    assert _work is not None
    return _work(index)


def _unpinned() -> None:
    os.sched_setaffinity(0, all_cores())


@dataclass(frozen=True, slots=True)
class Filed:
    """What the next revision of a notice, or its withdrawal, must name."""

    party: str
    id: str
    revision: int
    sha256: str


def filed(raw: str) -> Any:
    """Return a ``Filed`` of a submission's bytes, unverified, since it is our own; it stands in for the notice."""
    jwt = raw.partition("~")[0]
    payload = json.loads(unb64(jwt.split(".")[1]))
    return Filed(payload["iss"], payload.get("notice", payload["jti"]), payload["revision"], digest(jwt))


def usual(rng: random.Random, side: float = AREA_DEGREES) -> Volume:
    """Return a volume of the usual load, somewhere on a square of ``side`` degrees of latitude."""
    lat, lng = LATITUDE + rng.random() * side, 7 + rng.random() * side / math.cos(math.radians(LATITUDE))
    if rng.random() < 0.7:
        outline = polygon(lat, lng, rng.uniform(200, 1000), 8)
    else:
        length, heading = rng.uniform(2000, 10_000), rng.uniform(0, math.tau)
        far = shifted(lat, lng, length * math.sin(heading), length * math.cos(heading))
        outline = corridor([(lat, lng), far], 100)
    low, start = rng.uniform(0, 540), START_S + rng.randrange(0, 6 * 3600)
    return volume(outline, low, low + rng.uniform(30, 60), start, start + rng.randrange(300, 1800))


def volume(
    outline: dict[str, Any], low_m: float, high_m: float, start_s: float, end_s: float, *, now: int | None = None
) -> Volume:
    """Return a Volume4D; heights above the ellipsoid, seconds from ``now``."""
    level, now = {"reference": "W84", "units": "M"}, int(time.time()) if now is None else now
    return {
        "volume": {
            **outline,
            "altitude_lower": {"value": round(low_m, 1), **level},
            "altitude_upper": {"value": round(high_m, 1), **level},
        },
        "time_start": {"value": format_instant(int(now + start_s) * 1_000_000), "format": "RFC3339"},
        "time_end": {"value": format_instant(int(now + end_s) * 1_000_000), "format": "RFC3339"},
    }


def shifted(lat: float, lng: float, north_m: float, east_m: float) -> tuple[float, float]:
    """Return the place so many metres away."""
    return lat + north_m / M_PER_DEGREE, lng + east_m / (M_PER_DEGREE * math.cos(math.radians(lat)))


def polygon(lat: float, lng: float, radius_m: float, corners: int) -> dict[str, Any]:
    """Return a regular polygon around a place."""
    angles = [math.tau * corner / corners for corner in range(corners)]
    return ring_polygon([shifted(lat, lng, radius_m * math.sin(at), radius_m * math.cos(at)) for at in angles])


def ring_polygon(ring: Sequence[tuple[float, float]]) -> dict[str, Any]:
    """Return the polygon of these corners."""
    return {"outline_polygon": {"vertices": [_point(*corner) for corner in ring]}}


def corridor(path: Sequence[tuple[float, float]], half_width_m: float) -> dict[str, Any]:
    """Return a corridor along ``path``."""
    width = {"value": half_width_m, "units": "M"}
    return {"outline_corridor": {"path": [_point(*point) for point in path], "half_width": width}}


def circle(lat: float, lng: float, radius_m: float) -> dict[str, Any]:
    """Return a circle around a place."""
    return {"outline_circle": {"center": _point(lat, lng), "radius": {"value": radius_m, "units": "M"}}}


def _point(lat: float, lng: float) -> dict[str, float]:
    return {"lat": round(lat, 6), "lng": round(lng, 6)}
