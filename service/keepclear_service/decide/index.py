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
from collections.abc import Hashable, Iterator
from dataclasses import dataclass

from keepclear_protocol.notice import DisclosedVolume
from keepclear_protocol.separation import Minima, widened

EARTH_RADIUS_M = 6_371_010.0
"""The sphere of the rules (S2's)."""

SMALLEST_CELL_M = 4_000.0
"""A one-minute leg reaches 4 to 10 km."""

SHORTEST_BUCKET_US = 900_000_000
"""15 minutes."""

Cell = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Item:
    """An indexed volume: its owner's key, and its widened window as instants."""

    owner: Hashable
    disclosed: DisclosedVolume
    x: float
    y: float
    z: float
    reach_m: float
    start: int
    end: int


class Index:
    """Volumes of all parties by place and time. ``horizontal_m`` is the largest minimum of the agreement."""

    def __init__(self, horizontal_m: float) -> None:
        # A shape's bound holds its radius and edges as the rules take them; the rules take 0.994 of the distance.
        self._margin_m = horizontal_m / 0.994 + 1.0
        self._levels: dict[tuple[int, int], dict[Cell, list[Item]]] = {}

    def item(self, owner: Hashable, disclosed: DisclosedVolume, minima: Minima) -> Item:
        """Return ``disclosed`` as the index sees it, its window widened by its category."""
        volume = disclosed.volume
        x, y, z = volume.shape.center
        start, end = widened(volume, minima)
        return Item(
            owner,
            disclosed,
            x * EARTH_RADIUS_M,
            y * EARTH_RADIUS_M,
            z * EARTH_RADIUS_M,
            volume.shape.bound_m,
            start,
            end,
        )

    def add(self, item: Item) -> None:
        """Put an item in."""
        level = _level(item)
        self._levels.setdefault(level, {}).setdefault(_cell(item, level), []).append(item)

    def remove(self, item: Item) -> None:
        """Take an item out that was put in."""
        level = _level(item)
        cells = self._levels[level]
        cell = _cell(item, level)
        cells[cell].remove(item)
        if not cells[cell]:
            del cells[cell]
            if not cells:
                del self._levels[level]

    def near(self, query: Item) -> Iterator[Item]:
        """Yield every item that could be in conflict with ``query``, other owners' and its own alike."""
        for level, cells in self._levels.items():
            size, bucket = _sizes(level)
            reach = query.reach_m + size + self._margin_m
            spans = [
                range(math.floor((at - reach) / size), math.floor((at + reach) / size) + 1)
                for at in (query.x, query.y, query.z)
            ]
            times = range((query.start - bucket) // bucket, query.end // bucket + 1)
            if math.prod(map(len, spans)) * len(times) <= len(cells):
                found = [
                    items
                    for cell in itertools.product(times, spans[0], spans[1], spans[2])
                    if (items := cells.get(cell))
                ]
            else:
                found = list(cells.values())
            for items in found:
                for item in items:
                    if item.start <= query.end and query.start <= item.end and self._close(item, query):
                        yield item

    def _close(self, item: Item, query: Item) -> bool:
        reach = item.reach_m + query.reach_m + self._margin_m
        dx, dy, dz = item.x - query.x, item.y - query.y, item.z - query.z
        # A chord is never longer than its arc, so nothing within reach along the earth is left out.
        return dx * dx + dy * dy + dz * dz <= reach * reach


def _level(item: Item) -> tuple[int, int]:
    space = max(0, math.ceil(math.log2(item.reach_m / SMALLEST_CELL_M)))
    duration = (item.end - item.start) / SHORTEST_BUCKET_US
    time = max(0, math.ceil(math.log(duration, 4))) if duration > 0 else 0
    # Rounding of the logarithm must never leave an item larger than its level.
    while SMALLEST_CELL_M * 2**space < item.reach_m:
        space += 1
    while SHORTEST_BUCKET_US * 4**time < item.end - item.start:
        time += 1
    return space, time


def _sizes(level: tuple[int, int]) -> tuple[float, int]:
    return SMALLEST_CELL_M * 2 ** level[0], SHORTEST_BUCKET_US * 4 ** level[1]


def _cell(item: Item, level: tuple[int, int]) -> Cell:
    size, bucket = _sizes(level)
    return (
        item.start // bucket,
        math.floor(item.x / size),
        math.floor(item.y / size),
        math.floor(item.z / size),
    )
