"""A gap in reception, bridged: where the aircraft may have been, second by second, by the speeds around the gap.

An aircraft whose speed changes steadily from the one recorded before the gap to the one after it flies
``s = (v1 + v2) / 2 * t``. Whatever way it took, at any moment it was no farther from the gap's first point than it has
flown since, and no farther from the last than it had left to fly: a lens, which moves along inside the ellipse of all
its ways. The gap is cut in time, and each part claims the lenses of its time. One leg over the whole gap would claim a
strip of its whole length for all its minutes.

Where one of the speeds is not known, the mean that the two points themselves show stands for it; where neither is, as
far again to the side as half the distance, which lets a turn begin anywhere. Not covered is an aircraft that flew a
longer way than ``s``, or that left the band between the two recorded altitudes.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from keepclear_protocol.instant import SECOND

from .flight import Options
from .legs import Fix, Piece, along, cuts
from .sphere import OVER_ELLIPSOID, distance_m

SPEED_STEP_S = 5.0
"""Steps shorter than this say little about speed: a second's rounding is a fifth of them."""

_ACROSS = 16
"""Places along a lens at which its width is taken; the widest of a lens lies at an end or in the middle."""


def bridge(run: Sequence[Fix], i: int, options: Options) -> Iterator[Piece]:
    """Yield the pieces that claim the gap behind point ``i``."""
    before, after = run[i], run[i + 1]
    low, high = min(before.low, after.low), max(before.high, after.high)
    apart_m = distance_m(before.position, after.position)
    gap_s = (after.at - before.at) / SECOND
    speeds = _speeds(run, i, options, apart_m / gap_s)
    if speeds is None:
        yield Piece(before, after, low, high, apart_m / 2 * OVER_ELLIPSOID)
        return
    way = _Way(apart_m, gap_s, *speeds)
    count = max(1, math.ceil(way.flown_m / options.leg_m), math.ceil(gap_s / options.leg_s))
    for first, last in pairwise([before.at, *cuts(before.at, after.at, count), after.at]):
        begin_m, end_m, aside_m = way.lens((first - before.at) / SECOND, (last - before.at) / SECOND)
        start, end = (along(before.position, after.position, at_m / max(apart_m, 1.0)) for at_m in (begin_m, end_m))
        ends = Fix(first, start, before.feet), Fix(last, end, after.feet)
        yield Piece(*ends, low, high, aside_m * OVER_ELLIPSOID)


class _Way:
    """What can have been flown between two points ``apart_m`` apart in ``gap_s``, from one speed to another."""

    def __init__(self, apart_m: float, gap_s: float, before_mps: float, after_mps: float) -> None:
        mean = (before_mps + after_mps) / 2
        # Faster throughout where the ends are farther apart than these speeds explain.
        faster = OVER_ELLIPSOID * max(1.0, apart_m / (mean * gap_s) if mean else 0.0)
        self.apart_m = apart_m
        self.flown_m = max(mean * gap_s * faster, apart_m * OVER_ELLIPSOID)
        self._gap_s = gap_s
        self._change = (after_mps - before_mps) / (2 * mean) if mean else 0.0

    def _since_m(self, at_s: float) -> float:
        part = at_s / self._gap_s
        return self.flown_m * (part * (1 - self._change) + part**2 * self._change)

    def lens(self, first_s: float, last_s: float) -> tuple[float, float, float]:
        """Return where on the straight line the places of this time begin and end, and how far aside they reach.

        All in metres, the line counted from the gap's first point; what lies beyond its ends counts as aside.
        """
        since_m, left_m = self._since_m(last_s), self.flown_m - self._since_m(first_s)
        begin_m, end_m = max(self.apart_m - left_m, -since_m), min(since_m, self.apart_m + left_m)
        places = [begin_m + (end_m - begin_m) * number / _ACROSS for number in range(_ACROSS + 1)]
        crossing_m = (since_m**2 - left_m**2 + self.apart_m**2) / (2 * self.apart_m) if self.apart_m else 0.0
        places += [min(max(at_m, begin_m), end_m) for at_m in (0.0, self.apart_m, crossing_m)]
        ellipse_m = math.sqrt(max(self.flown_m**2 - self.apart_m**2, 0.0)) / 2
        aside_m = 0.0
        for at_m in places:
            height_m = min(_height(since_m, at_m), _height(left_m, self.apart_m - at_m), ellipse_m)
            aside_m = max(aside_m, math.hypot(height_m, max(-at_m, at_m - self.apart_m, 0.0)))
        begin_m, end_m = (min(max(at_m, 0.0), self.apart_m) for at_m in (begin_m, end_m))
        return begin_m, end_m, min(aside_m, ellipse_m)


def _height(radius_m: float, at_m: float) -> float:
    return math.sqrt(max(radius_m**2 - at_m**2, 0.0))


def _speeds(run: Sequence[Fix], i: int, options: Options, mean_mps: float) -> tuple[float, float] | None:
    """Return the speeds before and after the gap behind point ``i``, or None where neither is known."""
    before = _nearest(((run[j], run[j + 1]) for j in range(i - 1, -1, -1)), options)
    after = _nearest(((run[j], run[j + 1]) for j in range(i + 1, len(run) - 1)), options)
    if before is None and after is None:
        return None
    return (mean_mps if before is None else before), (mean_mps if after is None else after)


def _nearest(steps: Iterable[tuple[Fix, Fix]], options: Options) -> float | None:
    """Return the speed of the first step that tells one; behind another gap nothing is told of this one."""
    for a, b in steps:
        if b.at - a.at > options.leg_s * SECOND:
            return None
        if b.at - a.at >= SPEED_STEP_S * SECOND:
            return distance_m(a.position, b.position) * SECOND / (b.at - a.at)
    return None
