"""A quick bound of how far many outlines are apart: planes through the earth's centre that part them.

Guaranteed: no two outlines are nearer than ``metres_above`` says, on the sphere, within a micrometre. Not guaranteed:
that it says much. It is exact for convex outlines that face each other with an edge, and 0 where no plane parts them.

Why it holds. Let ``n`` be a unit vector. If the height ``n . v`` of every vertex of one outline is at least ``s > 0``,
they lie in a cap smaller than a hemisphere, which holds the edges between them and the interior too. If the heights of
the other's vertices are at most ``t``, its edges, no longer than 1 000 km, and its interior stay below ``1.0031 t``.
Between the two levels lie at least ``asin(s) - asin(1.0031 t)``, hence ``s - 1.004 t`` radians (``t`` below 0.01).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

import numpy as np

from .breath import Breathe, hurried
from .geometry import EARTH_RADIUS_M, unit_vectors
from .outline import Circle, Corridor, Outline, Polygon
from .table import Floats, Ints

EVERY_PAIR = 16
"""Vertices up to which a plane through any two of them is tried: those of a star's tips part it best."""

MOST_VERTICES = 64
"""Outlines of more are few in a notice, and have no planes of their own: that would take the square of their number."""

PLANES_AT_ONCE = 32
"""Against 5 000 vertices these are a megabyte, which stays near the processor, and half a millisecond."""


@dataclass(frozen=True, slots=True)
class Hulls:
    """Outlines' vertices, and planes that have all of one's vertices below them, or nearly.

    ``starts`` says where each outline's vertices begin. A plane is its normal, which outline it is ``of``, and the
    height above which no vertex of that one lies. Planes stand in the order of their outlines.
    """

    vertices: Floats
    starts: Ints
    planes: Floats
    heights: Floats
    of: Ints


def hulls_of(outlines: Iterable[Outline]) -> Hulls:
    """Return the hulls of outlines."""
    units = [unit_vectors(_points(outline)) for outline in outlines]
    counts = np.array([len(some) for some in units])
    made = [(np.zeros(0, dtype=np.int64), np.zeros((0, 3)), np.zeros(0))]
    # Those of as many vertices at once.
    for count in np.unique(counts[counts <= MOST_VERTICES]).tolist():
        which = np.flatnonzero(counts == count)
        row, normals, heights = _planes(np.array([units[at] for at in which.tolist()]))
        made.append((which[row], normals, heights))
    of, normals, heights = (np.concatenate(parts) for parts in zip(*made, strict=True))
    order = np.argsort(of, kind="stable")
    vertices = np.array(list(chain.from_iterable(units)))
    return Hulls(vertices, np.cumsum(counts) - counts, normals[order], heights[order], of[order])


def metres_above(a: Hulls, b: Hulls, breathe: Breathe = hurried) -> Floats:
    """Return how far at least each outline of ``b`` (second index) lies above some plane of each of ``a``."""
    columns = np.ascontiguousarray(b.vertices.T)
    least = np.zeros((len(a.starts), len(b.starts)))
    for low in range(0, len(a.planes), PLANES_AT_ONCE):
        part = slice(low, low + PLANES_AT_ONCE)
        lowest = np.minimum.reduceat(np.einsum("pk,kv->pv", a.planes[part], columns), b.starts, axis=1)
        # (einsum, not @: a numerical library's own threads would contend for the few cores of a service.)
        # Below the plane through the centre nothing is said of edges and interior, and 0 is always true.
        metres = np.where(lowest > 0, EARTH_RADIUS_M * (lowest - 1.004 * a.heights[part, None]), 0.0)
        owners, first = np.unique(a.of[part], return_index=True)
        least[owners] = np.maximum(least[owners], np.maximum.reduceat(metres, first, axis=0))
        breathe()
    return least


def _points(outline: Outline) -> tuple[tuple[float, float], ...]:
    match outline:
        case Polygon(vertices):
            return vertices
        case Corridor(path, _):
            return path
        case Circle(center, _):
            return (center,)


def _planes(units: Floats) -> tuple[Ints, Floats, Floats]:
    """Planes through two vertices that have their outline's others on one side, facing away from them.

    ``units`` are outlines of as many vertices. Returns of each plane its outline, its normal, and how high that one
    reaches above it.
    """
    count = units.shape[1]
    if count <= EVERY_PAIR:
        i, j = np.triu_indices(count, 1)
    else:
        i, j = np.arange(count), np.roll(np.arange(count), -1)
    (ax, ay, az), (bx, by, bz) = (np.moveaxis(units[:, ends], 2, 0) for ends in (i, j))
    normals = np.stack((ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx), axis=2)
    length = np.sqrt((normals * normals).sum(axis=2, keepdims=True))
    normals /= np.where(length > 0, length, 1.0)
    normals = np.concatenate((normals, -normals), axis=1)
    above = np.einsum("opk,ovk->opv", normals, units)
    height = np.maximum(0.0, above.max(axis=2, initial=0.0))
    # A plane that cuts its own outline parts it from little; what is left of rounding does not matter.
    keep = height <= 1e-12 + 1e-4 * np.abs(above).max(axis=2, initial=0.0)
    keep &= np.concatenate((length, length), axis=1)[:, :, 0] > 0
    of, plane = np.nonzero(keep)
    return of, normals[of, plane], height[of, plane]
