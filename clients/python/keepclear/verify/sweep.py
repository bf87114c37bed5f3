"""Two notices of many volumes against each other, within the grace, without judging every pair.

Guaranteed: the answers of ``recheck.Listed``, which judges them all and is the oracle of the tests. Distances are asked
only until an answer is certain.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from keepclear_protocol.agreement import Agreement
from keepclear_protocol.notice import Notice
from keepclear_protocol.pairs import Pairs, near_pairs
from keepclear_protocol.recompute import GRACE_M
from keepclear_protocol.separation import severity_rank
from keepclear_protocol.table import Ints, Table, table_of
from keepclear_protocol.worst import KEY_BITS, Contest, codes, packed, settle

from .ranges import Range, grown, rules_of


class Sweep:
    """What is in conflict and ahead, asked of arrays. ``near`` is with our volumes grown, ``far`` with them shrunk."""

    def __init__(self, own: Notice, other: Notice, agreement: Agreement, at: int) -> None:
        self._own, self._other, self._at = own, other, at
        self._rules = rules = rules_of(own, other, agreement)
        larger, smaller = (
            table_of([grown(item.volume, by_m) for item in own.volumes], rules.mine) for by_m in (GRACE_M, -GRACE_M)
        )
        theirs = table_of([item.volume for item in other.volumes], rules.theirs)
        i = np.repeat(np.arange(len(larger)), len(theirs))
        j = np.tile(np.arange(len(theirs)), len(larger))
        ahead = np.minimum(larger.rows["last"][i], theirs.rows["last"][j]) >= at
        i, j = i[ahead], j[ahead]
        self._near = self._pairs(larger, theirs, i, j)
        self._far = self._pairs(smaller, theirs, i, j)
        self._places = {item.digest: number for number, item in enumerate(own.volumes)}
        self._their_places = {item.digest: number for number, item in enumerate(other.volumes)}
        self._claims: dict[tuple[str, str], Range | None] = {}

    def claim(self, own: object, other: object) -> Range | None:
        """Return the pair of these digests, if it is one."""
        if not isinstance(own, str) or not isinstance(other, str):
            return None
        if (own, other) not in self._claims:
            self._claims[own, other] = self._judged(own, other)
        return self._claims[own, other]

    def near_of(self, own: Iterable[str]) -> set[str]:
        """Return those of our digests that are in conflict within the grace."""
        return self._existing(self._near, self._near.i, self._places, own)

    def sure_of(self, own: Iterable[str]) -> set[str]:
        """Return those of our digests that are surely in conflict."""
        return self._existing(self._far, self._far.i, self._places, own)

    def theirs_near(self) -> set[str]:
        """Return the other side's digests that are in conflict within the grace."""
        return self._existing(self._near, self._near.j, self._their_places, self._their_places)

    def outdone(self, claims: Sequence[Range]) -> bool:
        """Whether any claim, each for another of their volumes, is surely not its volume's worst pair."""
        far = self._far
        if not claims or not len(far):
            return False
        mine, theirs = far.ours.rows, far.theirs.rows
        starts_i, starts_j, start_bits = codes(mine["first"], theirs["first"])
        ends_i, ends_j, end_bits = codes(mine["last"], theirs["last"])
        digests = np.argsort(np.argsort(np.array([item.digest for item in self._own.volumes])))
        i = np.array([self._places[claim.own.digest] for claim in claims])
        j = np.array([self._their_places[claim.other.digest] for claim in claims])
        # The claims go through the same packing as the pairs, behind them, so that the two compare.
        every_i, every_j = np.concatenate((far.i, i)), np.concatenate((far.j, j))
        vertical = np.concatenate((far.vertical_m, [claim.near.vertical_m for claim in claims]))
        rest, bits = packed(
            [
                (vertical, int(vertical.max()).bit_length()),
                (np.maximum(starts_i[every_i], starts_j[every_j]), start_bits),
                (np.minimum(ends_i[every_i], ends_j[every_j]), end_bits),
                (digests[every_i], len(digests).bit_length()),
            ],
            KEY_BITS - far.worseness_bits,
        )
        metres = np.minimum([claim.near.horizontal_m for claim in claims], (1 << far.metres_bits) - 1)
        severity = np.array([severity_rank(claim.near.severity) for claim in claims])
        claimed = (((severity << far.metres_bits) + metres) << bits) + rest[len(far) :]
        wanted = np.flatnonzero(np.isin(far.j, j))
        contest = Contest(far, wanted, far.j[wanted], rest[: len(far)][wanted], bits, groups=len(self._other.volumes))
        contest.start_from(j, claimed)
        contest.learn(np.flatnonzero(far.known), far.worseness())
        settle(far, [contest])
        return bool(contest.outdone(j, claimed).any())

    def _pairs(self, ours: Table, theirs: Table, i: Ints, j: Ints) -> Pairs:
        return Pairs(ours, theirs, *near_pairs(ours, theirs, i, j, self._rules.uncertainty), self._rules.uncertainty)

    def _judged(self, own: str, other: str) -> Range | None:
        i, j = self._places.get(own), self._their_places.get(other)
        if i is None or j is None:
            return None
        found = self._rules.range(self._own.volumes[i], self._other.volumes[j])
        return found if found is not None and found.near.end >= self._at else None

    def _existing(self, pairs: Pairs, side: Ints, places: dict[str, int], digests: Iterable[str]) -> set[str]:
        """Those of the digests that have a pair."""
        names = {places[name]: name for name in digests if name in places}
        which = np.flatnonzero(np.isin(side, list(names)))
        any_will_do = np.zeros(len(which), dtype=np.int64)
        contest = Contest(pairs, which, side[which], any_will_do, None, groups=len(places))
        contest.learn(np.flatnonzero(pairs.known), pairs.worseness())
        settle(pairs, [contest])
        return {names[int(side[pair])] for pair in contest.winners(pairs.worseness()).tolist()}
