"""An independent oracle: how far apart two outlines are on the WGS-84 ellipsoid, many pairs at once.

It shares nothing with the rules: no S2, no sphere, no bounding caps; only ``pyproj.Geod`` and numpy. Edges are
geodesics of the ellipsoid. ``core_gaps`` returns distances between points that really lie on the two outlines, so each
is an upper bound of the truth whatever the search does; ``RESIDUE_M`` and ``RESIDUE`` say how far above it may be, and
``test_separation_oracle`` holds that against brute force.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pyproj import Geod

WGS84 = Geod(ellps="WGS84")

RESIDUE_M = 0.02
RESIDUE = 1e-4
"""What the search leaves: two centimetres and a ten-thousandth of the distance."""

_GRID = 7
_HALVINGS = 30
_COARSE = 5
_CHUNK = 400_000

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Core:
    """Vertices as (latitude, longitude): of a ring (``closed``), of a path, or one point alone."""

    points: tuple[tuple[float, float], ...]
    closed: bool


@dataclass(frozen=True)
class _Edges:
    """All edges of many cores, in one row each: start, azimuth, length, and samples as chords see them."""

    lat: Floats
    lng: Floats
    azimuth: Floats
    length: Floats
    samples: Floats
    first: Ints
    count: Ints


def core_gaps(pairs: Sequence[tuple[Core, Core]]) -> Floats:
    """Return the ellipsoidal metres between the cores of each pair; 0 where one lies inside the other."""
    a, b = (_edges([pair[side] for pair in pairs]) for side in (0, 1))
    gaps = _boundary_gaps(a, b)
    for ring, other in ((0, 1), (1, 0)):
        rows = [row for row, pair in enumerate(pairs) if pair[ring].closed]
        inside = _inside([pairs[row][ring] for row in rows], [pairs[row][other].points[0] for row in rows])
        gaps[np.array(rows, dtype=np.int64)[inside]] = 0.0
    return gaps


def brute_gap(a: Core, b: Core, samples: int) -> tuple[float, float]:
    """Return the least distance between ``samples`` points on each edge, and the error that the samples leave."""
    rows = [_edges([core]) for core in (a, b)]
    points, steps = [], 0.0
    for row in rows:
        at = np.linspace(0, 1, samples)
        index = np.repeat(np.arange(row.lat.size), samples)
        points.append(_along(row, index, np.tile(at, row.lat.size)))
        steps += float(row.length.max()) / (samples - 1) / 2
    (alng, alat), (blng, blat) = points
    shape = (alng.size, blng.size)
    grid = [np.broadcast_to(v[:, None], shape).ravel() for v in (alng, alat)]
    grid += [np.broadcast_to(v[None, :], shape).ravel() for v in (blng, blat)]
    return float(WGS84.inv(grid[0], grid[1], grid[2], grid[3])[2].min()), steps


def edge_lengths(core: Core) -> Floats:
    """Return the ellipsoidal length of each edge of ``core``; one nought for a point."""
    return _edges([core]).length


def _edges(cores: Sequence[Core]) -> _Edges:
    starts, ends, count = [], [], []
    for core in cores:
        points = list(core.points)
        follow = [*points[1:], points[0]] if core.closed or len(points) == 1 else points[1:]
        starts += points[: len(follow)]
        ends += follow
        count.append(len(follow))
    start, end = np.array(starts, dtype=float), np.array(ends, dtype=float)
    azimuth, _, length = WGS84.inv(start[:, 1], start[:, 0], end[:, 1], end[:, 0])
    counts = np.array(count, dtype=np.int64)
    rows = _Edges(
        start[:, 0], start[:, 1], azimuth, length, np.empty(0), np.concatenate(([0], np.cumsum(counts)[:-1])), counts
    )
    index = np.repeat(np.arange(length.size), _COARSE)
    lng, lat = _along(rows, index, np.tile(np.linspace(0, 1, _COARSE), length.size))
    samples = _geocentric(lng, lat).reshape(length.size, _COARSE, 3)
    return _Edges(rows.lat, rows.lng, azimuth, length, samples, rows.first, counts)


def _along(edges: _Edges, index: Ints, at: Floats) -> tuple[Floats, Floats]:
    """The longitude and latitude of the points at fractions ``at`` of edges ``index``."""
    lng, lat, _ = WGS84.fwd(edges.lng[index], edges.lat[index], edges.azimuth[index], edges.length[index] * at)
    return lng, lat


def _geocentric(lng: Floats, lat: Floats) -> Floats:
    phi, theta = np.radians(lat), np.radians(lng)
    normal = WGS84.a / np.sqrt(1 - WGS84.es * np.sin(phi) ** 2)
    return np.stack(
        (
            normal * np.cos(phi) * np.cos(theta),
            normal * np.cos(phi) * np.sin(theta),
            normal * (1 - WGS84.es) * np.sin(phi),
        ),
        axis=-1,
    )


def _boundary_gaps(a: _Edges, b: _Edges) -> Floats:
    size = a.count * b.count
    pair = np.repeat(np.arange(size.size), size)
    within = np.arange(pair.size) - np.repeat(np.cumsum(size) - size, size)
    first, second = a.first[pair] + within // b.count[pair], b.first[pair] + within % b.count[pair]
    nearest = np.empty(pair.size)
    for low in range(0, pair.size, _CHUNK):
        part = slice(low, low + _CHUNK)
        chords = np.linalg.norm(a.samples[first[part]][:, :, None] - b.samples[second[part]][:, None, :], axis=-1)
        nearest[part] = chords.reshape(chords.shape[0], -1).min(axis=1)
    best = np.full(size.size, np.inf)
    np.minimum.at(best, pair, nearest)
    # No point of an edge is further than half a step from a sample, so what is dropped here cannot hold the nearest.
    floor = nearest - (a.length[first] + b.length[second]) / (_COARSE - 1) / 2
    keep = floor <= best[pair] * 1.02 + 1e-3
    pair, first, second = pair[keep], first[keep], second[keep]
    gaps = np.full(size.size, np.inf)
    for low in range(0, pair.size, _CHUNK // 8):
        part = slice(low, low + _CHUNK // 8)
        np.minimum.at(gaps, pair[part], _search(a, first[part], b, second[part]))
    return gaps


def _search(a: _Edges, first: Ints, b: _Edges, second: Ints) -> Floats:
    """A pattern search over both edges: a grid around the best so far, halved once the best is inside it.

    The grid spans the same metres on both edges: were it the same share, a short edge beside a long one would be
    walked to its end before the long one had moved.
    """
    rows = np.arange(first.size)
    shares = np.linspace(0, 1, _GRID)
    middles = [np.full(first.size, 0.5), np.full(first.size, 0.5)]
    sides = [(a, first, np.maximum(a.length[first], 1e-9)), (b, second, np.maximum(b.length[second], 1e-9))]
    reach = np.maximum(sides[0][2], sides[1][2]) / 2
    for _ in range(_HALVINGS):
        grids, xyz = [], []
        for (edges, index, length), middle in zip(sides, middles, strict=True):
            low, high = np.maximum(middle - reach / length, 0), np.minimum(middle + reach / length, 1)
            grids.append(low[:, None] + (high - low)[:, None] * shares)
            lng, lat = _along(edges, np.repeat(index, _GRID), grids[-1].ravel())
            xyz.append(_geocentric(lng, lat).reshape(first.size, _GRID, 3))
        chords = ((xyz[0][:, :, None] - xyz[1][:, None, :]) ** 2).sum(axis=-1).reshape(first.size, -1)
        best = chords.argmin(axis=1)
        at_end = np.zeros(first.size, dtype=bool)
        for side, place in enumerate((best // _GRID, best % _GRID)):
            found = grids[side][rows, place]
            at_end |= ((place == 0) & (found > 0)) | ((place == _GRID - 1) & (found < 1))
            middles[side] = found
        reach = np.where(at_end, reach, reach / 2)
    s, t = middles
    (alng, alat), (blng, blat) = _along(a, first, s), _along(b, second, t)
    metres: np.ndarray = WGS84.inv(alng, alat, blng, blat)[2]
    return metres


def _inside(rings: Sequence[Core], points: Sequence[tuple[float, float]]) -> NDArray[np.bool_]:
    """Whether each point lies in its ring: the azimuths of the vertices as seen from it turn once around.

    From a point, an edge is seen under less than half a turn, because point and edge make a geodesic triangle.
    """
    count = np.array([len(ring.points) for ring in rings], dtype=np.int64)
    if count.size == 0:
        return np.zeros(0, dtype=bool)
    lat, lng = np.array([vertex for ring in rings for vertex in ring.points]).T
    here = np.repeat(np.array(points, dtype=float), count, axis=0)
    azimuth, _, _ = WGS84.inv(here[:, 1], here[:, 0], lng, lat)
    first = np.cumsum(count) - count
    follow = np.arange(azimuth.size) + 1
    follow[first + count - 1] = first
    turn = (azimuth[follow] - azimuth + 180) % 360 - 180
    return np.abs(np.add.reduceat(turn, first)) > 180
