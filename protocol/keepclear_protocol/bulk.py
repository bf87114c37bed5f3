"""A notice against many others in bulk: what ``match_all`` and ``meeting_of`` find, without a look at each pair.

Guaranteed: the same meetings, to the bit, as the scalar rules give over every pair; those are the oracle of the tests.
What an alert shows is at most one pair for each volume, so most pairs need no distance and none becomes an object.
"""

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

import numpy as np

from .breath import Breathe, hurried
from .geometry import Shape
from .notice import DisclosedVolume
from .pairs import Pairs
from .recompute import Match, Meeting
from .separation import Minima, Uncertainty, judge
from .table import Ints, Table, distinct
from .worst import KEY_BITS, Contest, codes, packed, settle

Owner = TypeVar("Owner", bound=Hashable)

JUDGED_AT_ONCE = 64
"""Pairs judged between two breaths: half a millisecond."""

PAIRS_AT_ONCE = 262_144
"""Pairs held in arrays at one time: some 40 MB. 500 volumes against 500 are 250 000."""


@dataclass(frozen=True, slots=True)
class Roll(Generic[Owner]):
    """Volumes as disclosed, their table, and whose notice each is of."""

    table: Table
    volumes: Sequence[DisclosedVolume]
    owners: Sequence[Owner]


def meetings(
    ours: Roll[Owner],
    theirs: Roll[Owner],
    i: Ints,
    j: Ints,
    *,
    minima: Callable[[Owner], Minima],
    uncertainty: Uncertainty,
    at: int,
    breathe: Breathe = hurried,
) -> dict[Owner, Meeting]:
    """Return the meeting of one notice, ``ours``, with each owner of ``theirs`` that it is in conflict with.

    The pairs to look at are ``i`` of ours and ``j`` of theirs, from ``near_pairs``; ``at`` is the instant at which a
    pair is ahead or over.
    """
    names = list(dict.fromkeys(theirs.owners))
    numbers = {name: number for number, name in enumerate(names)}
    owner = np.fromiter((numbers[name] for name in theirs.owners), np.int64, len(theirs.owners))
    if len(names) > 1:
        order = np.argsort(owner[j], kind="stable")
        i, j = i[order], j[order]
    found: dict[Owner, Meeting] = {}
    for low, high in _blocks(owner[j]):
        pairs = Pairs(ours.table, theirs.table, i[low:high], j[low:high], uncertainty, breathe)
        breathe()
        for number, ends, per_theirs, per_ours in _worst(pairs, owner, ours.volumes, theirs.volumes, at):
            mine, other = minima(ours.owners[0]), minima(names[number])
            found[names[number]] = Meeting(
                _matches(ours.volumes, mine, theirs.volumes, other, per_theirs, uncertainty, breathe),
                _matches(
                    theirs.volumes, other, ours.volumes, mine, [(b, a, m) for a, b, m in per_ours], uncertainty, breathe
                ),
                ends,
            )
    return found


def _blocks(owner: Ints) -> Iterator[tuple[int, int]]:
    """Runs of whole owners, of at most ``PAIRS_AT_ONCE`` pairs or of one owner alone."""
    low = high = 0
    for end in [*(np.flatnonzero(np.diff(owner)) + 1).tolist(), len(owner)]:
        if end - low > PAIRS_AT_ONCE and high > low:
            yield low, high
            low = high
        high = end
    if high > low:
        yield low, high


Winners = list[tuple[int, int, float]]
"""Pairs by their places on either side, each with what S2 said of it."""


def _worst(
    pairs: Pairs, owner: Ints, ours: Sequence[DisclosedVolume], theirs: Sequence[DisclosedVolume], at: int
) -> Iterator[tuple[int, int, Winners, Winners]]:
    """Yield each owner in conflict: its number, the latest end, the worst pair ahead of each volume of either side."""
    columns, column = distinct(pairs.j, len(pairs.theirs))
    whose = owner[pairs.j]
    whose -= (base := int(whose[0]))
    mine, other = pairs.ours.rows, pairs.theirs.rows[columns]
    starts_i, starts_j, start_bits = codes(mine["first"], other["first"])
    ends_i, ends_j, end_bits = codes(mine["last"], other["last"])
    end_code = np.minimum(ends_i[pairs.i], ends_j[column])
    ranks = [
        (pairs.vertical_m, int(pairs.vertical_m.max()).bit_length()),
        (np.maximum(starts_i[pairs.i], starts_j[column]), start_bits),
        (end_code, end_bits),
    ]
    ahead = np.flatnonzero(pairs.end >= at)

    def contest(group: Ints, partner: Ints, digests: Sequence[str]) -> Contest:
        place = np.argsort(np.argsort(np.array(digests)))
        pairs.breathe()
        rest, bits = packed([*ranks, (place[partner], len(digests).bit_length())], KEY_BITS - pairs.worseness_bits)
        return Contest(pairs, ahead, group[ahead], rest[ahead], bits)

    # A volume of ours has a worst pair with each owner; one of theirs is of one owner anyway.
    per_theirs = contest(column, pairs.i, [item.digest for item in ours])
    per_ours = contest(
        pairs.i * (int(whose[-1]) + 1) + whose, column, [theirs[j].digest for j in columns.tolist()]
    )
    latest = Contest(pairs, np.arange(len(pairs)), whose, (1 << end_bits) - end_code, None)
    pairs.breathe()
    settle(pairs, [per_theirs, per_ours, latest])
    worseness = pairs.worseness()
    pairs.breathe()
    for_us, for_them = (_by_owner(whose, pairs, each.winners(worseness)) for each in (per_theirs, per_ours))
    for pair in latest.winners(worseness).tolist():
        number = int(whose[pair])
        yield number + base, int(pairs.end[pair]), for_us.get(number, []), for_them.get(number, [])


def _by_owner(whose: Ints, pairs: Pairs, winners: Ints) -> dict[int, Winners]:
    sides: dict[int, Winners] = {}
    numbers, i, j = (column[winners].tolist() for column in (whose, pairs.i, pairs.j))
    for number, mine, other, metres in zip(numbers, i, j, pairs.metres[winners].tolist(), strict=True):
        sides.setdefault(number, []).append((mine, other, metres))
    return sides


def _matches(
    own: Sequence[DisclosedVolume],
    own_minima: Minima,
    other: Sequence[DisclosedVolume],
    other_minima: Minima,
    pairs: Winners,
    uncertainty: Uncertainty,
    breathe: Breathe,
) -> tuple[Match, ...]:
    """The matches of pairs that are in conflict, in the order of the other's digests; each judged by the rules."""
    found = []
    for at, of, metres in pairs:
        ours, theirs = own[at], other[of]
        asked = partial(_asked, metres)
        pair = judge(ours.volume, own_minima, theirs.volume, other_minima, uncertainty, asked)
        assert pair is not None  # noqa: S101 - the bulk rules are those of judge; the tests hold them against it
        found.append(Match(ours, theirs, pair))
        if not len(found) % JUDGED_AT_ONCE:
            breathe()
    return tuple(sorted(found, key=lambda match: match.other.digest))


def _asked(metres: float, _a: Shape, _b: Shape) -> float:
    return metres
