"""Volumes as rows of a table, so that the rules can be put to many pairs at once.

Guaranteed: each number stands in a row as the scalar rules read it, to the bit. A row holds no distance: that is for
``pairs`` to ask.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .separation import Minima, Uncertainty, offset_bounds, widened
from .volume import Reference, Volume

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Array = npt.NDArray[Any]

ROW = np.dtype(
    [
        ("x", "f8"),
        ("y", "f8"),
        ("z", "f8"),
        ("bound_m", "f8"),
        ("margin_m", "f8"),
        ("lower_m", "f8"),
        ("upper_m", "f8"),
        ("horizontal_m", "f8"),
        ("vertical_m", "f8"),
        ("first", "i8"),
        ("last", "i8"),
        ("start", "i8"),
        ("end", "i8"),
        ("reference", "i8"),
        ("vertices", "i8"),
    ]
)
"""A volume: centre (unit vector), cap and margin; its band; its category's minima; its window as widened and as
filed (instants); the number of its reference; how many vertices S2 has to look at."""

_REFERENCES = {reference: number for number, reference in enumerate(Reference)}


@dataclass(frozen=True, slots=True)
class Table:
    """Some volumes: a row of ``ROW`` each, and beside it the shape and the outline that it was made of."""

    rows: Array
    shapes: Array
    outlines: Array

    def __len__(self) -> int:
        return len(self.rows)


def row_of(volume: Volume, minima: Minima) -> tuple[Any, ...]:
    """Return a volume's row."""
    shape = volume.shape
    return (
        *shape.center,
        shape.bound_m,
        shape.margin_m,
        volume.lower_m,
        volume.upper_m,
        minima.horizontal_m,
        minima.vertical_m,
        *widened(volume, minima),
        volume.start,
        volume.end,
        _REFERENCES[volume.reference],
        shape.vertices,
    )


def table_of(volumes: Iterable[Volume], minima: Minima) -> Table:
    """Return the table of volumes of one category."""
    listed = list(volumes)
    shapes, outlines = np.empty(len(listed), dtype=object), np.empty(len(listed), dtype=object)
    shapes[:] = [volume.shape for volume in listed]
    outlines[:] = [volume.outline for volume in listed]
    return Table(np.array([row_of(volume, minima) for volume in listed], dtype=ROW), shapes, outlines)


def offset_table(uncertainty: Uncertainty) -> tuple[Floats, Floats]:
    """Return the least and the greatest offset from each reference (first index) to each (second index)."""
    bounds = np.array([[offset_bounds(a, b, uncertainty) for b in Reference] for a in Reference], dtype=np.float64)
    return bounds[:, :, 0], bounds[:, :, 1]


def distinct(numbers: Ints, below: int) -> tuple[Ints, Ints]:
    """Return which numbers there are, in order, and the place of each among them; all are from 0 and ``below``."""
    there = np.zeros(below, dtype=bool)
    there[numbers] = True
    values = np.flatnonzero(there)
    places = np.empty(below, dtype=np.int64)
    places[values] = np.arange(len(values))
    return values, places[numbers]
