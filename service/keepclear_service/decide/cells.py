"""Cells: where the index keeps one party's volumes of like size and length, by place and there by time."""

import math
from array import array
from bisect import bisect_left, bisect_right

from keepclear_protocol.geometry import EARTH_RADIUS_M, Vector
from keepclear_protocol.notice import DisclosedVolume
from keepclear_protocol.separation import Minima
from msgspec import Struct

Owner = tuple[str, str]
"""A notice: (party, id)."""

Box = tuple[int, int, int, int, int, int]
"""Which places to look through: the first and the one behind the last along three axes."""


class Item(Struct, eq=False, gc=False):
    """An indexed volume: its owner, its cap (unit vector and radians), its widened window, its row while in an index.

    The cap has half of the agreement's largest minimum around it, so that two are near where their caps meet. Instants
    are doubles, which compare in a fifth of the time.
    """

    owner: Owner
    disclosed: DisclosedVolume
    minima: Minima
    center: Vector
    reach: float
    start: float
    end: float
    slot: int = -1


class Room(Struct, gc=False):
    """How much a look may still pass by: places looked through and what stands there at the time, 0.3 us each."""

    left: int


Place = tuple["array[float]", "array[float]", list[Item]]
"""What stands in one place, in the order of starts: starts, the next three numbers of each (its end and two of its
centre's), and the items. Most are passed by without a look at the item, which is elsewhere."""

LEAST_EDGE = 10_000.0 / EARTH_RADIUS_M
"""Of a place. Measured with 10 000 notices on 100 km by 100 km: a fifth less for each than with half of it."""

_APART = 1 << 21
_HALF = _APART // 2
"""Places along an axis have numbers below half of ``_APART`` either way, so that three make one number."""


class Level:
    """A party's items of like size and length. ``size`` bounds their reach, ``bucket`` their window."""

    def __init__(self, size: float, bucket: float) -> None:
        self._size, self._bucket = size, bucket
        # So wide that few places are looked through, as each costs as much as ten of its items.
        self._scale = 1 / max(4 * size, LEAST_EDGE)
        # Most places within reach are in the sky or the ground, and hold nothing.
        self.places: dict[int, Place] = {}

    def add(self, item: Item) -> None:
        """Put an item in."""
        name = self._place(item.center)
        place = self.places.get(name)
        if place is None:
            place = self.places[name] = array("d"), array("d"), []
        starts, numbers, items = place
        at = bisect_right(starts, item.start)
        starts.insert(at, item.start)
        numbers[3 * at : 3 * at] = array("d", (item.end, item.center[0], item.center[1]))
        items.insert(at, item)

    def remove(self, item: Item) -> None:
        """Take an item out that was put in."""
        name = self._place(item.center)
        starts, numbers, items = self.places[name]
        at = items.index(item, bisect_left(starts, item.start))
        del starts[at], numbers[3 * at : 3 * at + 3], items[at]
        if not items:
            del self.places[name]

    def near(self, query: Item, room: Room) -> list[Item] | None:
        """Return every item whose cap and window meet those of ``query``; None where there is no ``room`` to look."""
        start, end, center, reach, dist = query.start, query.end, query.center, query.reach, math.dist
        first, most = start - self._bucket, reach + self._size
        west, east, south, north = center[0] - most, center[0] + most, center[1] - most, center[1] + most
        found: list[Item] = []
        x0, x1, y0, y1, z0, z1 = box = self.box(query)
        room.left -= min((x1 - x0) * (y1 - y0) * (z1 - z0), len(self.places))
        if room.left < 0:
            return None
        for starts, numbers, items in self._places_in(box):
            low, high = bisect_left(starts, first), bisect_right(starts, end)
            if low < high:
                room.left -= high - low
                if room.left < 0:
                    return None
                three = iter(numbers[3 * low : 3 * high])
                for until, x, y, item in zip(three, three, three, items[low:high], strict=True):
                    if until >= start and west < x < east and south < y < north:
                        # A chord is never longer than its arc, so nothing within reach along the earth is left out.
                        if dist(item.center, center) <= item.reach + reach:
                            found.append(item)
        return found

    def times(self, query: Item) -> tuple[float, float]:
        """Return between which starts whatever is near ``query`` stands; wider, so that many have the same."""
        half = self._bucket / 2
        return (query.start // half - 2) * half, (query.end // half + 1) * half

    def within(self, box: Box, times: tuple[float, float]) -> list[Item]:
        """Return what stands in a box of places and starts between two instants."""
        first, last = times
        return [
            item
            for starts, _, items in self._places_in(box)
            for item in items[bisect_left(starts, first) : bisect_right(starts, last)]
        ]

    def box(self, query: Item) -> Box:
        """Return the places that hold whatever is near ``query``."""
        scale, floor = self._scale, math.floor
        reach = (query.reach + self._size) * scale
        x, y, z = query.center
        x, y, z = x * scale, y * scale, z * scale
        return (
            floor(x - reach),
            floor(x + reach) + 1,
            floor(y - reach),
            floor(y + reach) + 1,
            floor(z - reach),
            floor(z + reach) + 1,
        )

    def _place(self, center: Vector) -> int:
        """Return the place that stands for a centre (unit vector)."""
        (x, y, z), scale, floor = center, self._scale, math.floor
        return (floor(x * scale) * _APART + floor(y * scale)) * _APART + floor(z * scale)

    def _places_in(self, box: Box) -> list[Place]:
        x0, x1, y0, y1, z0, z1 = box
        places = self.places
        found = []
        if (x1 - x0) * (y1 - y0) * (z1 - z0) <= len(places):
            ys, get = range(y0, y1), places.get
            for x in range(x0, x1):
                for y in ys:
                    line = (x * _APART + y) * _APART
                    for name in range(line + z0, line + z1):
                        place = get(name)
                        if place is not None:
                            found.append(place)
            return found
        # Fewer places than the box has: these are looked through.
        for name, place in places.items():
            column, z = divmod(name + _HALF, _APART)
            x, y = divmod(column + _HALF, _APART)
            if x0 <= x < x1 and y0 <= y - _HALF < y1 and z0 <= z - _HALF < z1:
                found.append(place)
        return found
