"""Cells: where the index keeps one party's volumes of like size and length, by place and by time."""

import math
from array import array
from dataclasses import dataclass

from keepclear_protocol.geometry import EARTH_RADIUS_M, Vector
from keepclear_protocol.notice import DisclosedVolume
from keepclear_protocol.separation import Minima

Owner = tuple[str, str]
"""A notice: (party, id)."""

Box = tuple[int, int, int, int, int, int]
"""Which places to look through: the first and the one behind the last along three axes."""

Span = tuple[int, int, int, int, int, int, int, int]
"""Which cells to look through: the first and the one behind the last by time, then the places' box."""

BOXES_KEPT = 4_096
"""Boxes whose places are remembered: 100 km by 100 km has a few hundred. A place that begins forgets all."""

EMPTY_KEPT = 1_024
"""Places that are kept though nothing stands there any more: what is filed where something flew lately begins none."""

PLACES_KEPT = 64
"""Places of a box that is remembered: usual ones have ten, and few of many would hold as much memory as many of few."""

@dataclass(slots=True, eq=False)
class Item:
    """An indexed volume: its owner, its cap (unit vector and metres), its widened window, its row while in an index."""

    owner: Owner
    disclosed: DisclosedVolume
    minima: Minima
    x: float
    y: float
    z: float
    reach_m: float
    start: int
    end: int
    slot: int = -1


class Cell:
    """Items, and beside them what a lookup reads of each: six numbers a piece in one run of memory.

    These are start, end, centre and reach. A number holds an instant of the far future to some microseconds only, so
    windows are written a little longer than they are.
    """

    __slots__ = ("items", "numbers")

    def __init__(self) -> None:
        self.items: list[Item] = []
        self.numbers = array("d")

    def add(self, item: Item) -> None:
        """Put an item in."""
        self.items.append(item)
        start, end = item.start - WINDOW_SLACK_US, item.end + WINDOW_SLACK_US
        self.numbers.extend((start, end, item.x, item.y, item.z, item.reach_m))

    def remove(self, item: Item) -> None:
        """Take an item out; the last one takes its place."""
        at, last = self.items.index(item), len(self.items) - 1
        self.items[at] = self.items[last]
        self.numbers[6 * at : 6 * at + 6] = self.numbers[6 * last :]
        del self.items[last], self.numbers[6 * last :]


WINDOW_SLACK_US = 64
"""More than a step of a double in the year 9000: an item's bounds and a query's are each rounded by half of one."""

_APART = 1 << 21
_HALF = _APART // 2
"""Cells along an axis have numbers below half of ``_APART`` either way, so that three make one number."""


class Level:
    """A party's items of like size and length. ``size_m`` bounds their reach, ``bucket`` their window."""

    def __init__(self, size_m: float, bucket: int, margin_m: float) -> None:
        # So wide that a query of the level's own reach looks through three cells each way at most.
        edge = 2 * size_m + margin_m
        self._scale = EARTH_RADIUS_M / edge
        self._per_m = 1 / edge
        self._reach = (size_m + margin_m) / edge
        self._bucket = bucket
        # By place, then by time. Most places within reach are in the sky or the ground, and hold nothing.
        self.places: dict[int, dict[int, Cell]] = {}
        self.fullest = 0
        self._around: dict[Box, list[dict[int, Cell]]] = {}
        self._empty = 0

    def __bool__(self) -> bool:
        return len(self.places) > self._empty

    def add(self, item: Item) -> None:
        """Put an item in."""
        place, time = self.cell((item.x, item.y, item.z), item.start)
        times = self.places.get(place)
        if times is None:
            self._around.clear()
            times = self.places[place] = {}
        elif not times:
            self._empty -= 1
        cell = times.get(time)
        if cell is None:
            cell = times[time] = Cell()
        cell.add(item)
        if len(cell.items) > self.fullest:
            self.fullest = len(cell.items)

    def remove(self, item: Item) -> None:
        """Take an item out that was put in."""
        place, time = self.cell((item.x, item.y, item.z), item.start)
        times = self.places[place]
        times[time].remove(item)
        if not times[time].items:
            del times[time]
            if not times:
                self._empty += 1
                if self._empty > EMPTY_KEPT:
                    self.places = {place: times for place, times in self.places.items() if times}
                    self._around.clear()
                    self._empty = 0

    def cell(self, center: Vector, start: int) -> tuple[int, int]:
        """Return the place and the time that stand for a centre (unit vector) and a start."""
        (x, y, z), scale, floor = center, self._scale, math.floor
        return (floor(x * scale) * _APART + floor(y * scale)) * _APART + floor(z * scale), start // self._bucket

    def span(self, query: Item) -> Span:
        """Return the cells that hold whatever is near ``query``."""
        scale, bucket, floor = self._scale, self._bucket, math.floor
        reach = query.reach_m * self._per_m + self._reach
        x, y, z = query.x * scale, query.y * scale, query.z * scale
        return (
            query.start // bucket - 1,
            query.end // bucket + 1,
            floor(x - reach),
            floor(x + reach) + 1,
            floor(y - reach),
            floor(y + reach) + 1,
            floor(z - reach),
            floor(z + reach) + 1,
        )

    def within(self, span: Span) -> list[Cell]:
        """Return what stands in the cells of a span."""
        t0, t1 = span[:2]
        box = span[2:]
        found = self._around.get(box)
        if found is None:
            found = self._places_in(box)
            if len(found) <= PLACES_KEPT:
                if len(self._around) >= BOXES_KEPT:
                    self._around.clear()
                self._around[box] = found
        if t1 - t0 > 8:
            return [cell for times in found for time, cell in times.items() if t0 <= time < t1]
        asked = range(t0, t1)
        return [times[time] for times in found for time in asked if time in times]

    def _places_in(self, box: Box) -> list[dict[int, Cell]]:
        x0, x1, y0, y1, z0, z1 = box
        places = self.places
        if (x1 - x0) * (y1 - y0) * (z1 - z0) <= len(places):
            lines = [(x * _APART + y) * _APART for x in range(x0, x1) for y in range(y0, y1)]
            looked = [places.get(line + z) for line in lines for z in range(z0, z1)]
            return [times for times in looked if times is not None]  # an empty one, too: it may be filled
        # Fewer places than the span has: these are looked through.
        found = []
        for place, times in places.items():
            column, z = divmod(place + _HALF, _APART)
            x, y = divmod(column + _HALF, _APART)
            if x0 <= x < x1 and y0 <= y - _HALF < y1 and z0 <= z - _HALF < z1:
                found.append(times)
        return found
