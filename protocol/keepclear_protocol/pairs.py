"""Many pairs of volumes at once: what the rules say of each, with S2 asked only for what somebody needs to know.

Guaranteed: every verdict and figure is that of ``separation.judge``, to the bit, because the same numbers go through
the same operations in the same order; ``judge`` stays the oracle of the tests. A gap that was not asked for is a bound
from below, so a pair is called clear only where S2 would call it clear too.

S2's call does not let go of the interpreter, so it is made in pieces of a few milliseconds.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import spherely

from .breath import Breathe, hurried
from .geometry import EARTH_RADIUS_M, ROUNDING_M, SPHERE_FACTOR, Shape
from .planes import hulls_of, metres_above
from .separation import Severity, Uncertainty, severity_rank
from .table import Array, Floats, Ints, Mask, Table, distinct, offset_table

PIECE_US = 2_000.0
"""Microseconds of S2 in one call, roughly: whoever waits for the interpreter waits no longer."""

EDGES_US = 0.05
"""What S2 takes for two edges at the worst, when it can leave none of them out."""

FILTER_AT_ONCE = 32_768
"""Pairs looked at in one step of the filter: some two milliseconds."""

_OVERLAP, _PROXIMITY, _POSSIBLE = map(severity_rank, (Severity.OVERLAP, Severity.PROXIMITY, Severity.POSSIBLE))


def near_pairs(
    ours: Table,
    theirs: Table,
    i: Ints,
    j: Ints,
    uncertainty: Uncertainty,
    breathe: Breathe = hurried,
    counts: Ints | None = None,
) -> tuple[Ints, Ints]:
    """Return those of the pairs (``i``, ``j``) whose windows meet, whose caps come close, and whose bands may meet.

    To ``counts`` is added, for each of ours, of how many the windows meet and the caps come close.
    """
    kept = []
    for at in range(0, len(i), FILTER_AT_ONCE):
        part = slice(at, at + FILTER_AT_ONCE)
        kept.append(_near(ours, theirs, i[part], j[part], uncertainty, counts))
        breathe()
    if not kept:
        return i[:0], j[:0]
    return np.concatenate([piece[0] for piece in kept]), np.concatenate([piece[1] for piece in kept])


def _near(
    ours: Table, theirs: Table, i: Ints, j: Ints, uncertainty: Uncertainty, counts: Ints | None
) -> tuple[Ints, Ints]:
    a, b = ours.rows, theirs.rows
    keep = (a["first"][i] <= b["last"][j]) & (b["first"][j] <= a["last"][i])
    i, j = i[keep], j[keep]
    limit = np.maximum(a["horizontal_m"][i], b["horizontal_m"][j]) + ROUNDING_M
    keep = _cap_gap(a, b, i, j) <= limit
    i, j = i[keep], j[keep]
    if counts is not None:
        counts += np.bincount(i, minlength=len(counts))
    minimum = np.maximum(a["vertical_m"][i], b["vertical_m"][j])
    keep = _vertical_gaps(a, b, i, j, uncertainty)[0] <= minimum + ROUNDING_M
    return i[keep], j[keep]


def _vertical_gaps(a: Array, b: Array, i: Ints, j: Ints, uncertainty: Uncertainty) -> tuple[Floats, Floats]:
    """As ``separation._vertical_gaps``."""
    lows, highs = offset_table(uncertainty)
    low, high = (table[a["reference"][i], b["reference"][j]] for table in (lows, highs))
    a_above, b_above = a["lower_m"][i] - b["upper_m"][j], b["lower_m"][j] - a["upper_m"][i]
    return np.maximum(a_above + low, b_above - high), np.maximum(a_above + high, b_above - low)


def _cap_gap(a: Array, b: Array, i: Ints, j: Ints) -> Floats:
    """A bound of the rule's left side, from below: the caps hold both shapes and their margins with a micrometre."""
    dx, dy, dz = (a[axis][i] - b[axis][j] for axis in ("x", "y", "z"))
    chord = np.sqrt(dx * dx + dy * dy + dz * dz)
    arc = 2 * EARTH_RADIUS_M * np.arcsin(np.minimum(1.0, chord / 2))
    gap: Floats = SPHERE_FACTOR * (arc - a["bound_m"][i] - b["bound_m"][j])
    return gap


class Pairs:
    """Pairs of volumes that are not clear yet, each with what is known of its gap.

    ``gap_m`` is the horizontal rule's left side where ``known``, and ``metres`` what S2 said; else a bound from below.
    ``alive`` are the pairs that are in conflict, or may be. ``start`` and ``end`` bound the overlap of the widened
    windows; ``vertical_m`` is the reported figure; ``touching`` and ``apart`` are the severity's ranks where the
    outlines meet and where not.
    """

    def __init__(
        self, ours: Table, theirs: Table, i: Ints, j: Ints, uncertainty: Uncertainty, breathe: Breathe = hurried
    ) -> None:
        self.ours, self.theirs, self.i, self.j = ours, theirs, i, j
        self.breathe = breathe
        a, b = ours.rows, theirs.rows
        self.start: Ints = np.maximum(a["first"][i], b["first"][j])
        self.end: Ints = np.minimum(a["last"][i], b["last"][j])
        least, greatest = _vertical_gaps(a, b, i, j, uncertainty)
        self.vertical_m: Ints = np.floor(np.maximum(0.0, least)).astype(np.int64)
        unsure = greatest > np.maximum(a["vertical_m"][i], b["vertical_m"][j]) + ROUNDING_M
        meeting = (greatest <= ROUNDING_M) & (a["start"][i] <= b["end"][j]) & (b["start"][j] <= a["end"][i])
        self.apart: Ints = np.where(unsure, _POSSIBLE, _PROXIMITY)
        self.touching: Ints = np.where(meeting & ~unsure, _OVERLAP, self.apart)
        self.limit_m: Floats = np.maximum(a["horizontal_m"][i], b["horizontal_m"][j]) + ROUNDING_M
        self.margin_m: Floats = a["margin_m"][i] + b["margin_m"][j]
        self.gap_m = _cap_gap(a, b, i, j)
        self.metres: Floats = np.empty(len(i))
        self.known: Mask = np.zeros(len(i), dtype=bool)
        self.alive: Mask = np.ones(len(i), dtype=bool)
        # A gap above the limit is clear, and counts no more.
        self.metres_bits = int(self.limit_m.max(initial=0.0)).bit_length()
        self._crowds = {True: _Crowds(theirs), False: _Crowds(ours)}

    def __len__(self) -> int:
        return len(self.i)

    def ask(self, which: Ints) -> None:
        """Learn the gaps of some pairs."""
        which = which[~self.known[which]]
        i, j = self.i[which], self.j[which]
        cost_us = 3.0 + EDGES_US * self.ours.rows["vertices"][i] * self.theirs.rows["vertices"][j]
        metres = _distances(self.ours.shapes, i, self.theirs.shapes, j, cost_us, self.breathe)
        gap = SPHERE_FACTOR * metres - self.margin_m[which]
        self.metres[which] = metres
        self.gap_m[which] = gap
        self.known[which] = True
        self.alive[which] = gap <= self.limit_m[which]

    def narrow(self, which: Ints, size: int, *, of_theirs: bool) -> None:
        """Raise the bounds of some pairs: ask how far each volume is from whole runs of ``size`` of the other side's.

        A run's distance is that of its nearest, so it is a bound for each of them; and S2 takes a run of small volumes
        at a tenth of what it takes each of them. ``of_theirs`` says whose volumes make the runs.
        """
        which = which[self.alive[which] & ~self.known[which]]
        crowds = self._crowds[of_theirs]
        one, many = (self.i, self.j) if of_theirs else (self.j, self.i)
        runs = crowds.runs(size)
        code, pair, count = np.unique(
            one[which] * (len(crowds.table) + 1) + runs[many[which]], return_inverse=True, return_counts=True
        )
        worth = count >= MIN_CROWD
        if not worth.any():
            return
        singles, run = np.divmod(code[worth], len(crowds.table) + 1)
        table = self.ours if of_theirs else self.theirs
        shapes, vertices = crowds.shapes(size, np.unique(run))
        cost_us = 3.0 + EDGES_US * table.rows["vertices"][singles] * vertices[run]
        metres = np.full(len(code), -np.inf)
        metres[worth] = _distances(table.shapes, singles, shapes, run, cost_us, self.breathe)
        self._raise(which, metres[pair])

    def part(self, which: Ints) -> None:
        """Raise the bounds of some pairs by planes between them: for many at once, and without S2."""
        which = which[self.alive[which] & ~self.known[which]]
        if not len(which):
            return
        rows, i = distinct(self.i[which], len(self.ours))
        columns, j = distinct(self.j[which], len(self.theirs))
        ours, theirs = hulls_of(self.ours.outlines[rows]), hulls_of(self.theirs.outlines[columns])
        self._raise(which, metres_above(ours, theirs, self.breathe)[i, j])
        left = self.alive[which]
        if left.any():
            self._raise(which[left], metres_above(theirs, ours, self.breathe)[j[left], i[left]])

    def _raise(self, which: Ints, metres: Floats) -> None:
        """Take in that some pairs are at least so many metres apart on the sphere."""
        bound = SPHERE_FACTOR * metres - self.margin_m[which] - ROUNDING_M
        self.gap_m[which] = np.maximum(self.gap_m[which], bound)
        self.alive[which] &= self.gap_m[which] <= self.limit_m[which]

    def worseness(self) -> Ints:
        """Return the leading part of each pair's rank: severity, then whole metres; at least so mild where unknown."""
        metres = np.floor(np.maximum(0.0, self.gap_m)).astype(np.int64)
        severity = np.where(self.gap_m <= ROUNDING_M, self.touching, self.apart)
        worseness: Ints = (severity << self.metres_bits) + np.minimum(metres, (1 << self.metres_bits) - 1)
        return worseness

    @property
    def worseness_bits(self) -> int:
        """How many bits ``worseness`` takes."""
        return 2 + self.metres_bits


MIN_CROWD = 3
"""Fewer pairs than this of one volume and one run are as well asked one by one."""


class _Crowds:
    """The volumes of one side in runs, by the time at which they begin: those of one flight lie together."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self._place: Ints = np.empty(len(table), dtype=np.int64)
        self._order = np.argsort(table.rows["first"], kind="stable")
        self._place[self._order] = np.arange(len(table))
        self._made: dict[int, tuple[Array, Ints]] = {}

    def runs(self, size: int) -> Ints:
        """Return each volume's run."""
        return self._place // size

    def shapes(self, size: int, needed: Ints) -> tuple[Array, Ints]:
        """Return the geographies of the runs that are needed, by the run's number, and how many vertices each has."""
        count = -(-len(self.table) // size)
        made, vertices = self._made.setdefault(size, (np.empty(count, object), np.zeros(count, np.int64)))
        for run in needed.tolist():
            if made[run] is None:
                members = self._order[run * size : (run + 1) * size]
                made[run] = spherely.create_collection([shape.geography for shape in self.table.shapes[members]])
                vertices[run] = self.table.rows["vertices"][members].sum()
        return made, vertices


# Of shapes, which make theirs when first asked; a run's collection is one.
_geographies = np.frompyfunc(lambda of: of.geography if type(of) is Shape else of, 1, 1)


def _distances(a: Array, i: Ints, b: Array, j: Ints, cost_us: Floats, breathe: Breathe) -> Floats:
    """S2's metres between ``a[i]`` and ``b[j]``, asked in pieces by what each pair is thought to cost."""
    metres = np.empty(len(i))
    for low, high in _pieces(cost_us):
        one, other = _geographies(a[i[low:high]]), _geographies(b[j[low:high]])
        metres[low:high] = spherely.distance(one, other, radius=EARTH_RADIUS_M)
        breathe()
    return metres


def _pieces(cost_us: Any) -> Iterator[tuple[int, int]]:
    spent = np.cumsum(cost_us)
    low = 0
    while low < len(spent):
        budget = (spent[low - 1] if low else 0.0) + PIECE_US
        high = max(low + 1, int(np.searchsorted(spent, budget, side="right")))
        yield low, high
        low = high
