"""The index: which volumes of others might be near a volume in space and time.

Guaranteed: every volume of another party that the rules could find in conflict with a query is among its candidates,
anywhere on the earth, poles and antimeridian included. Not guaranteed: that a candidate is near; the rules judge each.

A volume is a ball in three-dimensional space (the centre and reach of its outline) and an interval in time. Balls of
like size and intervals of like length, of one party, share a level; within a level a volume lies in the one cell of its
centre, in the order of starts, and a query looks through the cells within its own reach plus the largest reach of the
level, and there at what starts within the longest window of the level.
So the cost follows the neighbourhood, whatever the sizes, and there is no seam to get wrong. A party's own volumes are
not looked at, however many lie there.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
from keepclear_protocol.geometry import EARTH_RADIUS_M, SPHERE_FACTOR
from keepclear_protocol.notice import DisclosedVolume
from keepclear_protocol.separation import Minima, widened
from keepclear_protocol.table import ROW, Ints, Table, row_of

from .cells import Box, Item, Level, Owner, Room

SMALLEST_REACH = 1_250.0 / EARTH_RADIUS_M
"""What stays around one spot reaches less; a one-minute leg reaches 4 to 10 km."""

LARGER = 5
"""How much more the next level's reach. Each level costs a look of its own; the larger it is, the more stands in it."""

WINDOW_SLACK_US = 32
"""A step of a double in the year 9000. Windows are so much longer either way, as each of their ends is rounded by half
of one."""

SHORTEST_BUCKET_US = 1_800_000_000.0 + 2 * WINDOW_SLACK_US
"""Half an hour: most windows are shorter, and so share a level."""

PAIRS_AT_ONCE = 131_072
"""Candidates named in one piece: a megabyte of numbers."""


class Index:
    """Volumes of all parties by place and time. ``horizontal_m`` is the largest minimum of the agreement."""

    def __init__(self, horizontal_m: float) -> None:
        # A shape's bound holds its radius and edges as the rules take them; the rules take 0.994 of the distance.
        self._margin_m = (horizontal_m / SPHERE_FACTOR + 1.0) / 2
        self._levels: dict[tuple[str, float, float], Level] = {}
        self._items: list[Item | None] = []
        self._free: list[int] = []
        self.of_party: Counter[str] = Counter()
        """How many volumes each party has in it."""
        self._unwritten: list[int] = []
        self._rows = np.zeros(64, dtype=ROW)
        self._shapes = np.empty(64, dtype=object)
        self._outlines = np.empty(64, dtype=object)

    def __len__(self) -> int:
        return len(self._items) - len(self._free)

    def item(self, owner: Owner, disclosed: DisclosedVolume, minima: Minima) -> Item:
        """Return ``disclosed`` as the index sees it, its window widened by its category."""
        volume = disclosed.volume
        start, end = widened(volume, minima)
        return Item(
            owner,
            disclosed,
            minima,
            volume.shape.center,
            (volume.shape.bound_m + self._margin_m) / EARTH_RADIUS_M,
            float(start - WINDOW_SLACK_US),
            float(end + WINDOW_SLACK_US),
        )

    def add(self, item: Item) -> None:
        """Put an item in."""
        if self._free:
            slot = self._free.pop()
            self._items[slot] = item
        else:
            slot = len(self._items)
            self._items.append(item)
        item.slot = slot
        self.of_party[item.owner[0]] += 1
        # Its row is written when somebody first needs rows.
        self._unwritten.append(slot)
        key = _level(item)
        level = self._levels.get(key)
        if level is None:
            level = self._levels[key] = Level(key[1], key[2])
        level.add(item)

    def remove(self, item: Item) -> None:
        """Take an item out that was put in."""
        key = _level(item)
        level = self._levels[key]
        level.remove(item)
        if not level.places:
            del self._levels[key]
        self._items[item.slot] = None
        if item.slot < len(self._rows):
            self._shapes[item.slot] = self._outlines[item.slot] = None
        self._free.append(item.slot)
        self.of_party[item.owner[0]] -= 1
        item.slot = -1

    def near(self, query: Item, room: Room) -> list[Item] | None:
        """Return every item of another party that could be in conflict with ``query``; None where that takes more than
        the ``room`` that there is, which is used up."""
        party, found = query.owner[0], list[Item]()
        for (owner, _, _), level in self._levels.items():
            if owner != party:
                some = level.near(query, room)
                if some is None:
                    return None
                found += some
        return found

    def around(self, queries: Sequence[Item]) -> Iterator[tuple[Ints, Ints]]:
        """Yield in pieces the numbers of queries and beside them the slots of what could be near them.

        The queries are of one party. A look at each cell, none at each item: what ``near`` leaves out by time and reach
        is still among them.
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
        while len(self._rows) < len(self._items):
            self._grow()
        for slot in self._unwritten:
            item = self._items[slot]
            if item is not None:
                volume = item.disclosed.volume
                self._rows[slot] = row_of(volume, item.minima)
                self._shapes[slot], self._outlines[slot] = volume.shape, volume.outline
        self._unwritten = []
        return Table(self._rows, self._shapes, self._outlines)

    def items(self, slots: Ints) -> list[Item]:
        """Return the items in ``slots``."""
        found = [self._items[slot] for slot in slots.tolist()]
        return [item for item in found if item is not None]

    def _neighbourhoods(self, queries: Sequence[Item]) -> Iterator[tuple[Ints, Ints]]:
        """Queries that look through the same cells, and the slots that stand in these."""
        for (party, _, _), level in self._levels.items():
            if party == queries[0].owner[0]:
                continue
            asking: dict[tuple[Box, tuple[float, float]], list[int]] = {}
            for number, query in enumerate(queries):
                asking.setdefault((level.box(query), level.times(query)), []).append(number)
            for (box, times), numbers in asking.items():
                slots = [item.slot for item in level.within(box, times)]
                if slots:
                    yield np.array(numbers, dtype=np.int64), np.array(slots, dtype=np.int64)

    def _grow(self) -> None:
        size = len(self._rows)
        self._rows = np.concatenate((self._rows, np.zeros(size, dtype=ROW)))
        self._shapes, self._outlines = (
            np.concatenate((column, np.empty(size, dtype=object))) for column in (self._shapes, self._outlines)
        )


def _joined(pieces: Sequence[tuple[Ints, Ints]]) -> tuple[Ints, Ints]:
    return np.concatenate([piece[0] for piece in pieces]), np.concatenate([piece[1] for piece in pieces])


def _level(item: Item) -> tuple[str, float, float]:
    size, bucket = SMALLEST_REACH, SHORTEST_BUCKET_US
    while size < item.reach:
        size *= LARGER
    while bucket < item.end - item.start:
        bucket *= 4
    return item.owner[0], size, bucket
