"""A notice against all that counts: with whom it is in conflict, and what each alert of it would show.

A small neighbourhood is judged pair by pair; a large one in bulk, with the same result, byte for byte.
"""

import numpy as np
from keepclear_protocol.bulk import Roll, meetings
from keepclear_protocol.pairs import near_pairs
from keepclear_protocol.recompute import Match, Meeting, meeting_of
from keepclear_protocol.separation import Minima, judge
from keepclear_protocol.table import Table, distinct, table_of

from .index import Item
from .state import Filed, Key, State

FEW = 300
"""Candidates that are judged one by one. Measured: arrays cost two milliseconds to begin with, and gain only where a
volume has so many candidates that most need not be asked; at 10 to 20 us for each judged pair, that is here."""


def meetings_of(state: State, filed: Filed, at: int) -> dict[Key, Meeting]:
    """Return the meetings at ``at`` of a notice with each notice of another party in the index that still counts."""
    if not filed.items:
        return {}
    candidates = _few(state, filed, at)
    return _in_bulk(state, filed, at) if candidates is None else _one_by_one(state, filed, candidates, at)


def _few(state: State, filed: Filed, at: int) -> list[tuple[Item, Item, Key]] | None:
    """The candidates, each with its owner; None where they are many."""
    party = filed.side.party
    candidates: list[tuple[Item, Item, Key]] = []
    seen = 0
    for item in filed.items:
        for near in state.index.near(item):
            seen += 1
            owner = _owner(near)
            if owner[0] != party and state.filed[owner].until >= at:
                candidates.append((item, near, owner))
            if seen > FEW:
                return None
    return candidates


def _one_by_one(
    state: State, filed: Filed, candidates: list[tuple[Item, Item, Key]], at: int
) -> dict[Key, Meeting]:
    agreement = state.agreement
    found: dict[Key, list[Match]] = {}
    for item, near, owner in candidates:
        pair = judge(
            item.disclosed.volume, item.minima, near.disclosed.volume, near.minima, agreement.uncertainty
        )
        if pair is not None:
            found.setdefault(owner, []).append(Match(item.disclosed, near.disclosed, pair))
    return {
        owner: meeting_of(matches, filed.notice, state.filed[owner].notice, agreement, at)
        for owner, matches in found.items()
    }


def _in_bulk(state: State, filed: Filed, at: int) -> dict[Key, Meeting]:
    uncertainty = state.agreement.uncertainty
    mine = filed.items[0].minima
    ours = table_of([item.disclosed.volume for item in filed.items], mine)
    everything = state.index.table
    pieces = [
        near_pairs(ours, everything, i, slots, uncertainty) for i, slots in state.index.around(filed.items)
    ]
    if not pieces:
        return {}
    i, slots = (np.concatenate(side) for side in zip(*pieces, strict=True))
    there, j = distinct(slots, len(everything))
    items = state.index.items(there)
    owners = [_owner(item) for item in items]
    keep = np.array([_counts(state, owner, filed.side.party, at) for owner in owners], dtype=bool)[j]
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
    )


def _counts(state: State, owner: Key, party: str, at: int) -> bool:
    return owner[0] != party and state.filed[owner].until >= at


def _owner(item: Item) -> Key:
    owner = item.owner
    assert isinstance(owner, tuple)  # noqa: S101 - for the type checker; only we put items in
    return owner
