"""The index: which volumes might be near a volume in space and time.

Guaranteed: every volume that the rules could find in conflict with a query is among its candidates, anywhere on the
earth, poles and antimeridian included. Not guaranteed: that a candidate is near; the rules judge each.

A volume is a ball in three-dimensional space (the centre and reach of its outline) and an interval in time. Balls of
like size and intervals of like length share a level; within a level a volume lies in the one cell of its centre and
of its start, and a query looks through the cells within its own reach plus the largest reach of the level. So the
cost follows the neighbourhood, whatever the sizes, and there is no seam to get wrong.
"""

import itertools
import math
from array import array
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from keepclear_protocol.geometry import EARTH_RADIUS_M, SPHERE_FACTOR
from keepclear_protocol.notice import DisclosedVolume
from keepclear_protocol.separation import Minima, widened
from keepclear_protocol.table import ROW, Ints, Table, row_of

SMALLEST_REACH_M = 4_000.0
"""A one-minute leg reaches 4 to 10 km."""

SHORTEST_BUCKET_US = 1_800_000_000
"""Half an hour: most windows are shorter, and so share a level."""

PAIRS_AT_ONCE = 131_072
"""Candidates named in one piece: a megabyte of numbers."""

Place = tuple[int, int, int]
Cells = dict[Place, "dict[int, array[int]]"]
"""Of a level: by place, then by time. Most places within reach are in the sky or in the ground, and hold nothing."""


@dataclass(slots=True)
class Item:
    """An indexed volume: its owner's key, its cap, its widened window as instants, and its row while in an index."""

    owner: Hashable
    disclosed: DisclosedVolume
    minima: Minima
    x: float
    y: float
    z: float
    reach_m: float
    start: int
    end: int
    slot: int = -1


class Index:
    """Volumes of all parties by place and time. ``horizontal_m`` is the largest minimum of the agreement."""

    def __init__(self, horizontal_m: float) -> None:
        # A shape's bound holds its radius and edges as the rules take them; the rules take 0.994 of the distance.
        self._margin_m = horizontal_m / SPHERE_FACTOR + 1.0
        self._levels: dict[tuple[int, int], Cells] = {}
        self._items: list[Item | None] = []
        self._free: list[int] = []
        self._rows = np.zeros(64, dtype=ROW)
        self._shapes = np.empty(64, dtype=object)
        self._outlines = np.empty(64, dtype=object)

    def __len__(self) -> int:
        return len(self._items) - len(self._free)

    def item(self, owner: Hashable, disclosed: DisclosedVolume, minima: Minima) -> Item:
        """Return ``disclosed`` as the index sees it, its window widened by its category."""
        volume = disclosed.volume
        x, y, z = volume.shape.center
        start, end = widened(volume, minima)
        return Item(
            owner,
            disclosed,
            minima,
            x,
            y,
            z,
            volume.shape.bound_m,
            start,
            end,
        )

    def add(self, item: Item) -> None:
        """Put an item in."""
        if self._free:
            slot = self._free.pop()
            self._items[slot] = item
        else:
            slot = len(self._items)
            self._items.append(item)
            if slot == len(self._rows):
                self._grow()
        item.slot = slot
        self._rows[slot] = row_of(item.disclosed.volume, item.minima)
        self._shapes[slot] = item.disclosed.volume.shape.geography
        self._outlines[slot] = item.disclosed.volume.outline
        level = _level(item)
        place, time = self._cell(item, level)
        times = self._levels.setdefault(level, {}).setdefault(place, {})
        slots = times.get(time)
        if slots is None:
            times[time] = array("q", (slot,))
        else:
            slots.append(slot)

    def remove(self, item: Item) -> None:
        """Take an item out that was put in."""
        level = _level(item)
        cells = self._levels[level]
        place, time = self._cell(item, level)
        times = cells[place]
        times[time].remove(item.slot)
        if not times[time]:
            del times[time]
            if not times:
                del cells[place]
                if not cells:
                    del self._levels[level]
        self._items[item.slot] = self._shapes[item.slot] = self._outlines[item.slot] = None
        self._free.append(item.slot)
        item.slot = -1

    def near(self, query: Item) -> list[Item]:
        """Return every item that could be in conflict with ``query``, other owners' and its own alike."""
        slots = array("q")
        for level, cells in self._levels.items():
            for found in _within(cells, *self._ranges(query, level)):
                slots.extend(found)
        if not slots:
            return []
        there = np.frombuffer(slots, dtype=np.int64)
        rows = self._rows[there]
        dx, dy, dz = rows["x"] - query.x, rows["y"] - query.y, rows["z"] - query.z
        # A chord is never longer than its arc, so nothing within reach along the earth is left out.
        reach = (rows["bound_m"] + (query.reach_m + self._margin_m)) / EARTH_RADIUS_M
        close = dx * dx + dy * dy + dz * dz <= reach * reach
        close &= (rows["first"] <= query.end) & (rows["last"] >= query.start)
        return self.items(there[close])

    def around(self, queries: Sequence[Item]) -> Iterator[tuple[Ints, Ints]]:
        """Yield in pieces the numbers of queries and beside them the slots of what could be near them.

        A look at each cell, none at each item: what ``near`` leaves out by time and reach is still among them.
        """
        pieces: list[tuple[Ints, Ints]] = []
        held = 0
        for asking, slots in self._neighbourhoods(queries):
            most = max(1, PAIRS_AT_ONCE // len(slots))
            for at in range(0, len(asking), most):
                some = asking[at : at + most]
                pieces.append((np.repeat(some, len(slots)), np.tile(slots, len(some))))
                held += len(some) * len(slots)
                if held >= PAIRS_AT_ONCE:
                    yield _joined(pieces)
                    pieces, held = [], 0
        if pieces:
            yield _joined(pieces)

    @property
    def table(self) -> Table:
        """The table of all slots; those of no item hold anything."""
        return Table(self._rows, self._shapes, self._outlines)

    def items(self, slots: Ints) -> list[Item]:
        """Return the items in ``slots``."""
        found = [self._items[slot] for slot in slots.tolist()]
        return [item for item in found if item is not None]

    def _neighbourhoods(self, queries: Sequence[Item]) -> Iterator[tuple[Ints, Ints]]:
        """Queries that look through the same cells, and the slots that stand in these."""
        for level, cells in self._levels.items():
            asking: dict[tuple[range, ...], list[int]] = {}
            for number, query in enumerate(queries):
                asking.setdefault(self._ranges(query, level), []).append(number)
            for ranges, numbers in asking.items():
                found = [np.frombuffer(slots, dtype=np.int64) for slots in _within(cells, *ranges)]
                if found:
                    # Copied: an array cannot grow while a view of it is held.
                    yield np.array(numbers, dtype=np.int64), np.concatenate(found)

    def _ranges(self, query: Item, level: tuple[int, int]) -> tuple[range, range, range, range]:
        """The cells of a level, by time and place, that hold whatever of it is near ``query``."""
        size, bucket = _sizes(level)
        edge = 2 * size + self._margin_m
        reach = (query.reach_m + size + self._margin_m) / edge
        x, y, z = (at * (EARTH_RADIUS_M / edge) for at in (query.x, query.y, query.z))
        return (
            range((query.start - bucket) // bucket, query.end // bucket + 1),
            range(math.floor(x - reach), math.floor(x + reach) + 1),
            range(math.floor(y - reach), math.floor(y + reach) + 1),
            range(math.floor(z - reach), math.floor(z + reach) + 1),
        )

    def _cell(self, item: Item, level: tuple[int, int]) -> tuple[Place, int]:
        size, bucket = _sizes(level)
        # Wide enough that a query of the level's own reach looks through three cells each way at most.
        edge = 2 * size + self._margin_m
        x, y, z = (math.floor(at * (EARTH_RADIUS_M / edge)) for at in (item.x, item.y, item.z))
        return (x, y, z), item.start // bucket

    def _grow(self) -> None:
        size = len(self._rows)
        self._rows = np.concatenate((self._rows, np.zeros(size, dtype=ROW)))
        self._shapes, self._outlines = (
            np.concatenate((column, np.empty(size, dtype=object))) for column in (self._shapes, self._outlines)
        )


def _within(cells: Cells, times: range, xs: range, ys: range, zs: range) -> "list[array[int]]":
    """What stands in the cells of these ranges, or in all cells where those are fewer."""
    if len(xs) * len(ys) * len(zs) <= len(cells):
        places = [found for place in itertools.product(xs, ys, zs) if (found := cells.get(place))]
    else:
        places = list(cells.values())
    return [
        slots
        for buckets in places
        for slots in (
            buckets.values() if len(buckets) < len(times) else [buckets[time] for time in times if time in buckets]
        )
    ]


def _joined(pieces: Sequence[tuple[Ints, Ints]]) -> tuple[Ints, Ints]:
    return np.concatenate([piece[0] for piece in pieces]), np.concatenate([piece[1] for piece in pieces])


def _level(item: Item) -> tuple[int, int]:
    space = time = 0
    while SMALLEST_REACH_M * 2**space < item.reach_m:
        space += 1
    while SHORTEST_BUCKET_US * 4**time < item.end - item.start:
        time += 1
    return space, time


def _sizes(level: tuple[int, int]) -> tuple[float, int]:
    return SMALLEST_REACH_M * 2 ** level[0], SHORTEST_BUCKET_US * 4 ** level[1]
