"""A notice against all that counts: with whom it is in conflict, and what each alert of it would show.

A small neighbourhood is judged pair by pair; a large one in bulk, with the same result, byte for byte. What is looked
at is counted on the way (``State.pairs``), of each volume as far as ``PAIRS_COUNTED``: what comes near it in place
and time, whichever way it was found, and not what the index names beside that, which costs next to nothing.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from keepclear_protocol.budgets import PAIRS_COUNTED
from keepclear_protocol.bulk import Roll, meetings
from keepclear_protocol.pairs import near_pairs
from keepclear_protocol.recompute import Match, Meeting, meeting_of
from keepclear_protocol.separation import Minima, judge
from keepclear_protocol.table import Table, distinct, table_of
from msgspec import Struct

from .cells import Item, Room
from .state import Filed, Key, State

FEW = 300
"""Candidates that are judged one by one. Measured: arrays cost two milliseconds to begin with, and gain only where a
volume has so many candidates that most need not be asked; at 10 to 20 us for each judged pair, that is here."""


SMALL = 16
"""Volumes whose candidates are looked up one by one, at 40 us each; those of more are looked up all at once."""

LOOKED_AT = 2_000
"""Places and volumes that a look at one notice's neighbourhood may pass by: it is over within a millisecond or two. A
usual volume's takes a hundred."""


class Near(Struct, gc=False):
    """Pairs of a notice's volumes and of what is near each, and for how many of them the notice is charged."""

    pairs: list[tuple[Item, Item]]
    counted: int


def near_of(state: State, items: Sequence[Item]) -> Near | None:
    """Return what is near a notice's volumes; None where there is so much of either that arrays are faster."""
    if len(items) > SMALL:
        return None
    near, room = Near([], 0), Room(LOOKED_AT)
    for item in items:
        others = state.index.near(item, room)
        if others is None or len(near.pairs) + len(others) > FEW:
            return None
        near.counted += min(len(others), PAIRS_COUNTED)
        near.pairs += [(item, other) for other in others]
    return near


def meetings_of(state: State, filed: Filed, at: int, near: Near | None) -> dict[Key, Meeting]:
    """Return the meetings at ``at`` of a notice with each notice of another party that still counts.

    ``near`` is what ``near_of`` says of its volumes. What was let go of since counts no more.
    """
    if not filed.items:
        return {}
    if near is None:
        return _in_bulk(state, filed, at)
    state.pairs += near.counted
    return _one_by_one(state, filed, near.pairs, at)


def _one_by_one(
    state: State, filed: Filed, candidates: Iterable[tuple[Item, Item]], at: int
) -> dict[Key, Meeting]:
    agreement = state.agreement
    found: dict[Key, list[Match]] = {}
    for item, near in candidates:
        pair = judge(
            item.disclosed.volume, item.minima, near.disclosed.volume, near.minima, agreement.uncertainty
        )
        known = None if pair is None else state.filed.get(near.owner)
        if pair is not None and known is not None and known.until >= at:
            found.setdefault(near.owner, []).append(Match(item.disclosed, near.disclosed, pair))
    return {
        owner: meeting_of(matches, filed.notice, state.filed[owner].notice, agreement, at)
        for owner, matches in found.items()
    }


def _in_bulk(state: State, filed: Filed, at: int) -> dict[Key, Meeting]:
    uncertainty = state.agreement.uncertainty
    mine = filed.items[0].minima
    ours = table_of([item.disclosed.volume for item in filed.items], mine)
    pieces = []
    looked_at = np.zeros(len(filed.items), dtype=np.int64)
    for asking, there in state.index.around(filed.items):
        pieces.append(near_pairs(ours, state.index.table, asking, there, uncertainty, state.breathe, looked_at))
    state.pairs += int(np.minimum(looked_at, PAIRS_COUNTED).sum())
    if not pieces:
        return {}
    i, slots = (np.concatenate(side) for side in zip(*pieces, strict=True))
    if len(i) <= FEW:
        near = state.index.items(slots)
        return _one_by_one(state, filed, zip([filed.items[one] for one in i.tolist()], near, strict=True), at)
    everything = state.index.table
    there, j = distinct(slots, len(everything))
    items = state.index.items(there)
    owners = [item.owner for item in items]
    keep = np.array([state.filed[owner].until >= at for owner in owners], dtype=bool)[j]
    if not keep.any():
        return {}
    key = (filed.side.party, filed.side.id)
    table = Table(everything.rows[there], everything.shapes[there], everything.outlines[there])
    theirs = Roll(table, [item.disclosed for item in items], owners)

    def minima(owner: Key) -> Minima:
        return mine if owner == key else state.agreement.categories[state.filed[owner].notice.category]

    return meetings(
        Roll(ours, [item.disclosed for item in filed.items], [key] * len(filed.items)),
        theirs,
        i[keep],
        j[keep],
        minima=minima,
        uncertainty=uncertainty,
        at=at,
        breathe=state.breathe,
    )
