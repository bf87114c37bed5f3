"""Rings: whether a polygon's edges keep apart from one another, so that every processor sees the same shape.

Guaranteed of a ring that ``keeps_apart`` and whose edges S2 finds uncrossed: no two edges that share no vertex come
nearer than ``apart_m``, no vertex comes nearer than that to an edge which it does not end, and so no two vertices, and
no three in a line. Sines and roots of two processors differ by some nanometres on the ground; at a millimetre nothing
that they say of inside, outside and crossing can differ.

A vertex is held against the plane of each edge first, which excludes nearly all, and then against the edge's ends. Long
rings are cut in pieces of neighbours, of which only those that lie near one another are compared.
"""

from math import dist
from operator import ne
from typing import Any

import numpy as np
import numpy.typing as npt

FEW = 32
"""Vertices up to which plain arithmetic is faster than arrays: a hundred microseconds; three for four vertices."""

PIECE = 64
"""Edges that are held against all that lies near them, at once."""

Point = tuple[float, float, float]
Floats = npt.NDArray[np.float64]
Places = npt.NDArray[Any]


def keeps_apart(units: list[Point], apart: float) -> bool:
    """Whether no vertex of the ring of unit vectors lies within ``apart`` (radians) of an edge that it does not end."""
    return _few(units, apart) if len(units) <= FEW else _many(np.array(units), apart)


def bends_one_way(units: list[Point], room: float) -> bool:
    """Whether a ring no longer than a quarter of the earth's girth is convex: every vertex bends it the same way, and
    it goes once around.

    ``room`` is more than ``apart`` times its longest edge: then it keeps apart, too, and no judge can find it crossed.
    Its edges' heights are least over the neighbours of their ends. It goes once around where its normals, all turning
    the same way by less than half a turn, pass the plane of its first vertex and the earth's axis twice.
    """
    x, y, _ = units[0]
    heights, sides = [], []
    ahead = units[1:] + units[:1]
    for (ax, ay, az), (bx, by, bz), (cx, cy, cz) in zip(units, ahead, ahead[1:] + ahead[:1], strict=True):
        dx, dy, dz = bx - ax, by - ay, bz - az
        nx, ny = ay * dz - az * dy, az * dx - ax * dz
        heights.append(nx * cx + ny * cy + (ax * dy - ay * dx) * cz)
        sides.append(x * ny > y * nx)
    one_way = min(heights) > room or max(heights) < -room
    return one_way and sum(map(ne, sides, sides[1:] + sides[:1])) == 2


def _few(units: list[Point], apart: float) -> bool:
    count, twice = len(units), units + units
    for at, start in enumerate(units):
        (ax, ay, az), end = start, twice[at + 1]
        dx, dy, dz = end[0] - ax, end[1] - ay, end[2] - az
        # The start times the difference: of two near places, that of the places themselves would be noise.
        nx, ny, nz = ay * dz - az * dy, az * dx - ax * dz, ax * dy - ay * dx
        room = apart * (nx * nx + ny * ny + nz * nz) ** 0.5
        for x, y, z in twice[at + 2 : at + count]:
            if -room < nx * x + ny * y + nz * z < room:
                along, length = dx * (x - ax) + dy * (y - ay) + dz * (z - az), dx * dx + dy * dy + dz * dz
                from_start = dist((x, y, z), start)
                # In the plane, but on the other side of the earth, it is not beside the edge.
                if 0 <= along <= length and from_start <= length**0.5 + apart:
                    return False
                if from_start < apart or dist((x, y, z), end) < apart:
                    return False
    return True


def _many(units: Floats, apart: float) -> bool:
    count, columns = len(units), np.ascontiguousarray(units.T)
    differences = np.roll(units, -1, axis=0) - units
    normals = np.cross(units, differences)
    normals /= np.maximum(np.sqrt(np.einsum("ek,ek->e", normals, normals)), 1e-300)[:, None]
    starts = np.arange(0, count, PIECE)
    ends = np.minimum(starts + PIECE, count)
    # Each piece with the vertex that ends its last edge, in a box with room for the height of its longest edge's arc.
    pieces = [units[np.arange(start, end + 1) % count] for start, end in zip(starts, ends, strict=True)]
    chords = np.sqrt(np.einsum("ek,ek->e", differences, differences))
    room = np.array([chords[start:end].max() for start, end in zip(starts, ends, strict=True)])
    low = np.array([piece.min(axis=0) for piece in pieces]) - room[:, None]
    high = np.array([piece.max(axis=0) for piece in pieces]) + room[:, None]
    for at, (start, end) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
        near = np.flatnonzero(((low <= high[at]) & (high >= low[at])).all(axis=1))
        vertices = np.concatenate([np.arange(starts[one], ends[one]) for one in near])
        edges = np.arange(start, end)
        # (einsum, not @: a numerical library's own threads would contend for the few cores of a service.)
        heights = np.abs(np.einsum("ek,kv->ev", normals[edges], columns[:, vertices]))
        edge, vertex = np.nonzero(heights < apart)
        edge, vertex = edges[edge], vertices[vertex]
        other = (vertex != edge) & (vertex != (edge + 1) % count)
        edge, vertex = edge[other], vertex[other]
        if _any_near(units, differences, edge, vertex, apart):
            return False
    return True


def _any_near(units: Floats, differences: Floats, edge: Places, vertex: Places, apart: float) -> bool:
    """Whether any of these vertices, each in the plane of its edge, lies beside the edge or near its ends."""
    way, from_start = differences[edge], units[vertex] - units[edge]
    from_end = from_start - way
    along, length = np.einsum("pk,pk->p", way, from_start), np.einsum("pk,pk->p", way, way)
    starts, ends = (np.einsum("pk,pk->p", off, off) for off in (from_start, from_end))
    # In the plane, but on the other side of the earth, it is not beside the edge.
    beside = (along >= 0) & (along <= length) & (np.sqrt(starts) <= np.sqrt(length) + apart)
    return bool((beside | (np.minimum(starts, ends) < apart * apart)).any())
