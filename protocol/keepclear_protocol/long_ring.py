"""Rings of many vertices: whether their edges keep apart, as ``ring`` guarantees it, by arrays.

The ring is cut in pieces of neighbours, of which only those that lie near one another are compared.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

PIECE = 64
"""Edges that are held against all that lies near them, at once."""

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[Any]


def keeps_apart(ring: Sequence[tuple[float, float, float]], apart: float) -> bool:
    """Whether no vertex of the ring of unit vectors lies within ``apart`` (radians) of an edge that it does not end."""
    units = np.array(ring)
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
