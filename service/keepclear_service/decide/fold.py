"""The fold: what a worker knows of an agreement, as a pure function of its log.

``apply`` takes the entries in the order of their ``seq`` and returns the alerts that each calls for. Any worker that
folds the same entries over the same bytes returns the same payloads, byte for byte. No clock but the entries' own
``received_at``, no I/O, no signature (verified on admission).

All or nothing is for the caller: after an exception the state is half-changed, and must be thrown away and restored.
A notice counts until ``retention`` after its last window, so that one received late is still held against what flew.
"""

from keepclear_protocol.agreement import Agreement
from keepclear_protocol.alert import OPEN, PAST, conflict_id
from keepclear_protocol.breath import Breathe, hurried
from keepclear_protocol.kinds import BUDGET, KINDS, NOTICE, WITHDRAWAL
from keepclear_protocol.recompute import Meeting
from keepclear_protocol.withdrawal import Withdrawal
from msgspec import Struct

from . import telling
from .cells import Item
from .entry import ENDED, TERMS, Entry, Outgoing
from .gist import FILED, Filing, Gist, gist_of
from .matching import SMALL, Near, meetings_of, near_of
from .state import Conflict, Key, State, side_of

__all__ = ["Body", "Look", "State", "apply", "heavy", "look"]

Body = Filing | Withdrawal | Agreement | None

_KNOWN = frozenset((TERMS, BUDGET.name, *(kind.name for kind in KINDS)))

HEAVY_VOLUMES = SMALL
"""A notice of more volumes than this may take longer than others should wait: some ten milliseconds and more."""

HEAVY_CROWD = 40
"""Volumes of others near those of one, or conflicts of before: each may be an alert to either side, some thirty
microseconds."""


class Look(Struct, gc=False):
    """A small notice as the index sees it, and what is near it, if that is not much. For the ``apply`` that is next."""

    notice: Gist
    items: list[Item]
    near: Near | None


def look(state: State, body: Body) -> Look | None:
    """Return what ``heavy`` and ``apply`` both want to know of a notice of few volumes; None of anything else."""
    if not isinstance(body, FILED) or len(body.volumes) > HEAVY_VOLUMES:
        return None
    gist = gist_of(body)
    items = state.items((gist.party, gist.id), gist)
    return Look(gist, items, near_of(state, items))


def heavy(state: State, body: Body, seen: Look | None) -> bool:
    """Whether folding ``body`` may take so long that a thread should do it, in which it lets others in between."""
    if isinstance(body, Agreement):
        return True
    if isinstance(body, Withdrawal):
        return state.has_conflicts(body.party, body.notice, HEAVY_CROWD)
    if not isinstance(body, FILED) or not len(state.index):
        return False
    if seen is None or seen.near is None or len(seen.near.pairs) > HEAVY_CROWD:
        return True
    return state.has_conflicts(body.party, body.id, HEAVY_CROWD)


def apply(
    state: State, entry: Entry, body: Body, seen: Look | None = None, breathe: Breathe = hurried
) -> list[Outgoing]:
    """Fold one entry in; return the alerts that it calls for, in the order of conflict and receiver.

    ``body`` is the entry's statement: None for entries that have none, and for one whose bytes have gone with its
    retention, which counts for nothing any more. Raises whatever is wrong with an entry that should never have been
    admitted; then ``state`` is worth nothing any more. ``seen`` is what a ``look`` has shown of it, where there
    was one. ``breathe`` is called between pieces of what takes long.
    """
    state.breathe = breathe
    state.forget(entry.received_at)
    outgoing = _apply(state, entry, body, seen)
    state.come_true(entry.seq)
    return outgoing


def _apply(state: State, entry: Entry, body: Body, seen: Look | None) -> list[Outgoing]:
    if entry.kind == NOTICE.name and isinstance(body, FILED):
        return _notice(state, entry, body, seen)
    if entry.kind == WITHDRAWAL.name and isinstance(body, Withdrawal):
        return _withdrawal(state, entry)
    if entry.kind == TERMS and isinstance(body, Agreement):
        return _terms(state, entry, body)
    if entry.kind == ENDED:
        return _ended(state, entry)
    if entry.kind not in _KNOWN:
        raise ValueError(f"an unknown kind of log entry: {entry.kind}")
    return []


def _notice(state: State, entry: Entry, notice: Filing, seen: Look | None) -> list[Outgoing]:
    key = (entry.party, entry.id)
    before = state.filed.get(key)
    if before is not None and entry.revision <= before.side.revision and before.until >= entry.received_at:
        raise ValueError("a revision that came before")  # the store gave it a second place
    if seen is None:
        filed = state.file(entry, notice)
        near = near_of(state, filed.items)
    else:
        filed, near = state.file(entry, seen.notice, seen.items), seen.near
    found = meetings_of(state, filed, entry.received_at, near)
    state.put_in(filed)
    outgoing: list[Outgoing] = []
    for other in sorted(found.keys() | state.known(key).keys()):
        outgoing += _settle(state, entry, key, other, found.get(other))
    return outgoing


def _withdrawal(state: State, entry: Entry) -> list[Outgoing]:
    key = (entry.party, entry.id)
    filed = state.filed.get(key)
    if filed is None:
        return []
    state.take_out(key)
    filed.items, filed.notice = [], gist_of(filed.notice, volumes=False)
    filed.withdrawn = True
    filed.side = side_of(entry)
    outgoing: list[Outgoing] = []
    for cid in sorted(state.of_notice.get(key, ())):
        conflict = state.conflicts[cid]
        if conflict.state == OPEN:
            outgoing += _close(state, entry, cid, conflict, "withdrawn", by=key)
            state.breathe()
    return outgoing


def _ended(state: State, entry: Entry) -> list[Outgoing]:
    conflict = state.conflicts.get(entry.id)
    if conflict is None or conflict.version != entry.revision or conflict.state != OPEN:
        return []
    return _close(state, entry, entry.id, conflict, "ended", by=None)


def _terms(state: State, entry: Entry, agreement: Agreement) -> list[Outgoing]:
    """New terms: hold everything against everything again, each pair of notices once."""
    state.adopt(agreement, entry.received_at)
    found: dict[tuple[Key, Key], Meeting | None] = {}
    for key, filed in sorted(state.filed.items()):
        for other, meeting in meetings_of(state, filed, entry.received_at, near_of(state, filed.items)).items():
            found[key, other] = meeting
        state.put_in(filed)
    for conflict in state.conflicts.values():
        pair = (conflict.first, conflict.second)
        if conflict.state == OPEN and pair not in found and pair[::-1] not in found:
            found[pair] = None
    outgoing: list[Outgoing] = []
    for (key, other), met in sorted(found.items(), key=lambda item: item[0]):
        outgoing += _settle(state, entry, key, other, met)
    return outgoing


def _settle(state: State, entry: Entry, key: Key, other: Key, meeting: Meeting | None) -> list[Outgoing]:
    """Say what has become of the conflict of two notices, if it is anything new."""
    state.breathe()
    cid = conflict_id(state.agreement.id, key, other)
    known = state.conflicts.get(cid)
    if meeting is not None and meeting.ours:
        state.say(cid, key, other, entry.seq, OPEN)
        return telling.opened(state.agreement, entry, cid, state.filed[key], state.filed[other], meeting)
    if known is not None and known.state == OPEN:
        reason, by = ("amended", key) if entry.kind == NOTICE.name else ("terms", None)
        return _close(state, entry, cid, known, reason, by=by)
    if meeting is not None and known is None:
        state.say(cid, key, other, entry.seq, PAST)
        return telling.past(state.agreement, entry, cid, state.filed[key], state.filed[other], meeting.ends)
    return []


def _close(
    state: State, entry: Entry, cid: str, conflict: Conflict, reason: str, *, by: Key | None
) -> list[Outgoing]:
    state.close(cid, entry.seq)
    first, second = state.filed[conflict.first], state.filed[conflict.second]
    return telling.closed(state.agreement, entry, cid, first, second, reason, by)
