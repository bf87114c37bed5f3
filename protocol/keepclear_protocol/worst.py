"""Which pair is the worst of each group, without asking S2 for every pair: best first.

Each pair's rank is known but for its distance, and a bound of that gives the worst that it could be. So the pair that
could be worst of its group is asked first, and a group is settled once nothing left could be worse than the worst that
is known. What is settled is what asking all of them would have settled.
"""

from collections.abc import Sequence

import numpy as np

from .pairs import Pairs
from .table import Ints, Mask

ALL_AT_ONCE = 2_048
"""So few pairs are simply asked: some ten milliseconds at most, in pieces."""

RUNS = (64, 8)
"""Sizes of the runs that narrow what is left, when the first guesses did not settle it."""

PART_FROM = 16_384
"""Pairs from which planes are tried first: they take a tenth of a second for 500 volumes of 10 vertices either side."""

GUESSES = 3
"""Rounds in which each group asks for its likeliest pair, before each narrowing."""

KEY_BITS = 62
"""Of a signed 64-bit number, with room to spare: worseness and rest together."""

_NEVER = np.iinfo(np.int64).max


class Contest:
    """Groups of pairs, and for each the worst by ``worseness`` and then ``rest``.

    ``which`` are the pairs that take part, ``group`` their groups (numbers from 0), and ``rest`` breaks ties: a number
    of at most ``bits`` bits. With ``bits`` None the rest alone decides, and of equal pairs any will do. There are at
    least ``groups`` groups; one may have no pair.
    """

    def __init__(self, pairs: Pairs, which: Ints, group: Ints, rest: Ints, bits: int | None, groups: int = 0) -> None:
        order = np.argsort(group.astype(np.uint16) if group.max(initial=0) < 65536 else group, kind="stable")
        self._pairs = pairs
        self._open = which[order]
        self._bits = bits
        self._group = np.full(len(pairs), -1, dtype=np.int64)
        self._group[which] = group
        self._rest = np.zeros(len(pairs), dtype=np.int64)
        self._rest[which] = rest
        self._known_best = np.full(max(groups, int(group.max(initial=-1)) + 1), _NEVER, dtype=np.int64)
        self._keys = np.empty(0, dtype=np.int64)

    def key(self, which: Ints, worseness: Ints) -> Ints:
        """Return what sorts these pairs, the worst first; of a pair that was not asked the worst that it could be."""
        keys: Ints = self._rest[which]
        if self._bits is not None:
            keys = keys + (worseness[which] << self._bits)
        return keys

    def learn(self, asked: Ints, worseness: Ints) -> None:
        """Take in what was asked."""
        mine = asked[(self._group[asked] >= 0) & self._pairs.alive[asked]]
        np.minimum.at(self._known_best, self._group[mine], self.key(mine, worseness))

    def start_from(self, group: Ints, keys: Ints) -> None:
        """Let only pairs worse than ``keys`` count, in these groups."""
        self._known_best[group] = keys

    def outdone(self, group: Ints, keys: Ints) -> Mask:
        """Return of which of these groups a pair worse than ``keys`` was found."""
        worse: Mask = self._known_best[group] < keys
        return worse

    def undecided(self, worseness: Ints) -> Ints:
        """Return the pairs that could be worse than the worst known of their group, group by group."""
        left = self._open[self._pairs.alive[self._open] & ~self._pairs.known[self._open]]
        keys = self.key(left, worseness)
        keep = keys < self._known_best[self._group[left]]
        self._open, self._keys = left[keep], keys[keep]
        return self._open

    def likeliest(self) -> Ints:
        """Return of each undecided group the pair that could be the worst; after ``undecided``."""
        if not len(self._open):
            return self._open
        group = self._group[self._open]
        starts = np.flatnonzero(np.concatenate(([True], group[1:] != group[:-1])))
        least = np.minimum.reduceat(self._keys, starts)
        lengths = np.diff(np.append(starts, len(group)))
        hits = np.flatnonzero(self._keys == np.repeat(least, lengths))
        return self._open[hits[np.searchsorted(hits, starts)]]

    def winners(self, worseness: Ints) -> Ints:
        """Return the worst pair of each group that has one, in the order of the groups."""
        known = np.flatnonzero(self._pairs.known & self._pairs.alive & (self._group >= 0))
        keys = self.key(known, worseness)
        hits = known[keys == self._known_best[self._group[known]]]
        first: Ints = np.unique(self._group[hits], return_index=True)[1]
        winners: Ints = hits[first]
        return winners


def settle(pairs: Pairs, contests: Sequence[Contest]) -> None:
    """Ask what it takes to know the worst pair of every group of every contest."""
    sizes = iter(RUNS)
    guesses, narrowing, parted = 0, True, False
    while True:
        worseness = pairs.worseness()
        left: list[Ints] = [contest.undecided(worseness) for contest in contests]
        pairs.breathe()
        undecided = _union(pairs, left)
        if not len(undecided):
            return
        if guesses >= GUESSES and narrowing and len(undecided) > ALL_AT_ONCE:
            if not parted and len(undecided) > PART_FROM:
                parted = True
                pairs.part(undecided)
                continue
            size = next(sizes, None)
            if size is not None:
                for of_theirs in (True, False):
                    pairs.narrow(undecided, size, of_theirs=of_theirs)
                guesses = 0
                continue
            narrowing = False
        if len(undecided) > ALL_AT_ONCE and narrowing:
            undecided = _union(pairs, [contest.likeliest() for contest in contests])
            guesses += 1
        pairs.ask(undecided)
        worseness = pairs.worseness()
        for contest in contests:
            contest.learn(undecided, worseness)


def _union(pairs: Pairs, some: Sequence[Ints]) -> Ints:
    chosen: Mask = np.zeros(len(pairs), dtype=bool)
    for which in some:
        chosen[which] = True
    return np.flatnonzero(chosen)


def codes(a: Ints, b: Ints) -> tuple[Ints, Ints, int]:
    """Return instants as small numbers in the same order, and how many bits they take."""
    values = np.unique(np.concatenate((a, b)))
    return np.searchsorted(values, a), np.searchsorted(values, b), len(values).bit_length()


def packed(ranks: Sequence[tuple[Ints, int]], room: int) -> tuple[Ints, int]:
    """Return one number for several, that sorts as they do one after the other, and how many bits it takes.

    Where they take more than ``room`` it is their place in that order, the same for the same numbers.
    """
    if sum(bits for _, bits in ranks) > room:
        order = np.lexsort([numbers for numbers, _ in reversed(ranks)])
        changes = np.zeros(len(order), dtype=bool)
        for numbers, _ in ranks:
            changes[1:] |= numbers[order[1:]] != numbers[order[:-1]]
        place = np.empty(len(order), dtype=np.int64)
        place[order] = np.cumsum(changes)
        return place, len(order).bit_length()
    packed, taken = np.zeros(len(ranks[0][0]), dtype=np.int64), 0
    for numbers, bits in ranks:
        packed = (packed << bits) + numbers
        taken += bits
    return packed, taken
