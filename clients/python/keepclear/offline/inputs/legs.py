"""A recorded way cut into legs: each as short as it pays, so that a notice claims little more than its margins.

A leg claims its whole length for its whole time, so a long one smears a flight: cut at 60 s alone, a jet claimed 15 km
for two minutes, and 136 of 376 alerts of an afternoon over Paris were between flights that the margins keep apart. A
leg therefore ends where it is longer than ``leg_m``, climbs or sinks more than ``leg_ft``, leaves the straight line by
more than ``OFF_EDGE_M``, or lasts longer than ``leg_s``: about as long as its corridor is wide, below which shorter
legs gain next to nothing (measured: ``make bench ARGS=legs``). What is slow and level has long legs, what is fast,
climbing or turning short ones. Where that makes more than ``max_legs``, those neighbours become one leg first whose
union claims least beyond both: legs stay short where they matter most.

Guarantees that the straight way between two points that follow each other, flown at a steady speed, lies inside legs in
all four dimensions, and with it every point. A leg runs from its first place to its last; its half-width is the asked
one plus the farthest that a place on it lies off that edge, with a bound for the ellipsoid. A leg that ends where it
began becomes a circle. How a gap in reception is bridged stands in ``gap``.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from itertools import accumulate, pairwise

from keepclear_protocol.geometry import EDGE_SHIFT_PER_M, unit_vectors
from keepclear_protocol.instant import SECOND
from keepclear_protocol.volume import circle_json, corridor_json, volume4d_json

from .flight import Options, VolumeJson
from .sphere import OVER_ELLIPSOID, Position, distance_m, edge_distance_m

OFF_EDGE_M = 200.0
"""A turn is followed by legs that leave it by no more: a fifth of the usual half-width."""

COINCIDENT_M = 1.0
"""Ends nearer than this make a circle, not an edge without a direction."""


@dataclass(frozen=True, slots=True)
class Fix:
    """One recorded point: instant, position, feet, and how far below and above these it may have been."""

    at: int
    position: Position
    feet: float
    below_ft: float = 0.0
    above_ft: float = 0.0

    @property
    def low(self) -> float:
        """The least feet at which it may have been."""
        return self.feet - self.below_ft

    @property
    def high(self) -> float:
        """The most feet at which it may have been."""
        return self.feet + self.above_ft


@dataclass(frozen=True, slots=True)
class Piece:
    """The smallest part of a way: from ``start`` to ``end``, between ``low`` and ``high`` feet, ``aside_m`` to either
    side of the straight line."""

    start: Fix
    end: Fix
    low: float
    high: float
    aside_m: float = 0.0

    @property
    def length_m(self) -> float:
        """Its length over the ground."""
        return distance_m(self.start.position, self.end.position)


def along(a: Position, b: Position, part: float) -> Position:
    """Return the position at ``part`` of the shortest way from ``a`` to ``b``, on the wire's grid."""
    start, end = unit_vectors((a, b))
    x, y, z = (p + (q - p) * part for p, q in zip(start, end, strict=True))
    return round(math.degrees(math.atan2(z, math.hypot(x, y))), 9), round(math.degrees(math.atan2(y, x)), 9)


def straight(a: Fix, b: Fix, options: Options) -> Iterator[Piece]:
    """Yield the pieces of a step in which nothing was missed, each short enough to be a leg, cut at whole seconds."""
    parts = max(distance_m(a.position, b.position) / options.leg_m, abs(b.feet - a.feet) / options.leg_ft)
    count = max(1, math.ceil(parts - 1e-6))
    stops = [a]
    for at in cuts(a.at, b.at, count):
        part = (at - a.at) / (b.at - a.at)
        feet, below, above = (
            p + (q - p) * part
            for p, q in ((a.feet, b.feet), (a.below_ft, b.below_ft), (a.above_ft, b.above_ft))
        )
        stops.append(Fix(at, along(a.position, b.position, part), feet, below, above))
    for start, end in pairwise([*stops, b]):
        yield Piece(start, end, min(start.low, end.low), max(start.high, end.high))


def cuts(first: int, last: int, count: int) -> list[int]:
    """Return the whole seconds at which a time is cut in ``count`` parts, or in fewer where it is too short."""
    found = {round((first + (last - first) * number / count) / SECOND) * SECOND for number in range(1, count)}
    return sorted(at for at in found if first < at < last)


def cut(pieces: Sequence[Piece], options: Options) -> list[list[Piece]]:
    """Return the pieces in legs, each grown for as long as it keeps its measures."""
    legs: list[list[Piece]] = []
    for piece in pieces:
        if legs and _fits([*legs[-1], piece], options):
            legs[-1].append(piece)
        else:
            legs.append([piece])
    return legs


def _fits(pieces: Sequence[Piece], options: Options) -> bool:
    if pieces[-1].end.at - pieces[0].start.at > options.leg_s * SECOND:
        return False
    band_ft = max(piece.high for piece in pieces) - min(piece.low for piece in pieces)
    # On the ground, or where altitudes were put outward, each piece is wide by itself, and one leg wastes nothing.
    if band_ft > max(options.leg_ft, 1.1 * min(piece.high - piece.low for piece in pieces)):
        return False
    if math.fsum(piece.length_m for piece in pieces) > options.leg_m * 1.001:  # cut at whole seconds
        return False
    return _aside_m(pieces) - min(piece.aside_m for piece in pieces) <= OFF_EDGE_M


def join(ways: Sequence[list[list[Piece]]], options: Options) -> list[list[Piece]]:
    """Return the legs of all ways, neighbours of one way joined until there are at most ``max_legs``.

    There must not be more ways than that.
    """
    legs = {number: leg for number, leg in enumerate(leg for way in ways for leg in way)}
    firsts = set(accumulate((len(way) for way in ways), initial=0))
    behind = {number: number + 1 for number in legs if number + 1 not in firsts}
    ahead = {after: before for before, after in behind.items()}
    costs = [(_cost(legs[a], legs[b], options), a, b, len(legs[a]), len(legs[b])) for a, b in behind.items()]
    heapify(costs)
    while len(legs) > options.max_legs:
        _, a, b, *sizes = heappop(costs)
        if b not in legs or behind.get(a) != b or sizes != [len(legs[a]), len(legs[b])]:
            continue  # one of them has grown meanwhile
        legs[a] = legs[a] + legs.pop(b)
        after = behind.pop(b, None)
        behind.pop(a)
        if after is not None:
            behind[a], ahead[after] = after, a
        for c, d in ((ahead.get(a), a), (a, after)):
            if c is not None and d is not None:
                heappush(costs, (_cost(legs[c], legs[d], options), c, d, len(legs[c]), len(legs[d])))
    return list(legs.values())


def _cost(a: list[Piece], b: list[Piece], options: Options) -> float:
    """Return by how much one leg in the place of two would claim more than both, margins included."""
    return _extent(a + b, options) - _extent(a, options) - _extent(b, options)


def _extent(pieces: Sequence[Piece], options: Options) -> float:
    """Return what a leg claims: its area times its band times its time."""
    radius = options.half_width_m + _aside_m(pieces)
    length_m = distance_m(pieces[0].start.position, pieces[-1].end.position)
    band_ft = max(piece.high for piece in pieces) - min(piece.low for piece in pieces) + 2 * options.band_margin_ft
    time_s = (pieces[-1].end.at - pieces[0].start.at) / SECOND + 2 * options.margin_s
    return (2 * radius * length_m + math.pi * radius**2) * band_ft * time_s


def _aside_m(pieces: Sequence[Piece]) -> float:
    """Return how far to either side of the edge from the first place to the last its pieces reach."""
    start, end = pieces[0].start.position, pieces[-1].end.position
    places = [fix.position for piece in pieces for fix in (piece.start, piece.end)][1:-1]
    off_m = max((edge_distance_m(place, start, end) for place in places), default=0.0)
    return off_m * OVER_ELLIPSOID + max(piece.aside_m for piece in pieces)


def leg_volume(pieces: Sequence[Piece], options: Options, reference: str) -> VolumeJson:
    """Return the Volume4D of one leg, with its margins."""
    first, last = pieces[0].start, pieces[-1].end
    length_m = distance_m(first.position, last.position)
    radius = _up(options.half_width_m + _aside_m(pieces) + EDGE_SHIFT_PER_M * length_m**2)
    if length_m < COINCIDENT_M:
        outline = circle_json(first.position, _up(radius + length_m * OVER_ELLIPSOID))
    else:
        outline = corridor_json([first.position, last.position], radius)
    lower = math.floor(min(piece.low for piece in pieces)) - options.band_margin_ft
    upper = math.ceil(max(piece.high for piece in pieces)) + options.band_margin_ft
    margin = options.margin_s * SECOND
    return volume4d_json(outline, lower, upper, reference, "FT", first.at - margin, last.at + margin)


def _up(metres: float) -> float:
    """Round up to a tenth of a metre."""
    return math.ceil(metres * 10) / 10
