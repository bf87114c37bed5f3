"""The fold: what a worker knows of an agreement, as a pure function of its log.

``apply`` takes the entries in the order of their ``seq`` and returns the alerts that each calls for. Any worker that
folds the same entries over the same bytes returns the same payloads, byte for byte. No clock but the entries' own
``received_at``, no I/O, no signature (verified on admission).

A notice counts until ``retention`` after its last window, so that one received late is still held against what flew.
"""

import heapq
from collections.abc import Iterable
from dataclasses import dataclass

from keepclear_protocol.agreement import Agreement
from keepclear_protocol.alert import CLOSED, OPEN, PAST, Side, alert_payload, conflict_id
from keepclear_protocol.instant import SECOND
from keepclear_protocol.notice import Notice
from keepclear_protocol.recompute import Match, findings, still_ahead, swap, worst_per_disclosed
from keepclear_protocol.separation import RULES, Severity, judge, severity_rank
from keepclear_protocol.withdrawal import Withdrawal

from .admission import counts_until
from .entry import (
    ACKNOWLEDGEMENT,
    ENDED,
    NOTICE,
    SHOWS_CAUSE,
    SHOWS_NOTHING,
    SHOWS_NOTICE,
    TERMS,
    WITHDRAWAL,
    Entry,
    Outgoing,
)
from .index import Index, Item

Key = tuple[str, str]
"""A notice: (party, id)."""

_RANKS_OVER = {PAST: 7, CLOSED: 8}
"""Behind every open conflict, whose severities take 0 to 2."""

_NEWEST_FIRST = 10**15 - 1


@dataclass(slots=True)
class Filed:
    """A party's notice as it stands: its newest revision, when that came, and its volumes in the index."""

    notice: Notice
    side: Side
    items: list[Item]
    withdrawn: bool = False


@dataclass(slots=True)
class Conflict:
    """What was last said of two notices."""

    first: Key
    second: Key
    version: int
    state: str


class State:
    """A worker's memory of one agreement: a fold over its log, never the truth."""

    def __init__(self, agreement: Agreement) -> None:
        self.agreement = agreement
        self.filed: dict[Key, Filed] = {}
        self.conflicts: dict[str, Conflict] = {}
        self.of_notice: dict[Key, set[str]] = {}
        self.index = Index(agreement.max_horizontal_m)
        self.leaving: list[tuple[int, Key]] = []


Body = Notice | Withdrawal | Agreement | None


def apply(state: State, entry: Entry, body: Body) -> list[Outgoing]:
    """Fold one entry in; return the alerts that it calls for, in the order of conflict and receiver.

    ``body`` is the entry's statement: None for entries that have none, and for one whose bytes have gone with its
    retention, which counts for nothing any more.
    """
    _forget(state, entry.received_at)
    if entry.kind == NOTICE and isinstance(body, Notice):
        return _notice(state, entry, body)
    if entry.kind == WITHDRAWAL and isinstance(body, Withdrawal):
        return _withdrawal(state, entry)
    if entry.kind == TERMS and isinstance(body, Agreement):
        return _terms(state, entry, body)
    if entry.kind == ENDED:
        return _ended(state, entry)
    if entry.kind not in (NOTICE, WITHDRAWAL, TERMS, ACKNOWLEDGEMENT):
        raise ValueError(f"an unknown kind of log entry: {entry.kind}")
    return []


def _notice(state: State, entry: Entry, notice: Notice) -> list[Outgoing]:
    key = (entry.party, entry.id)
    _take_out(state, key)
    side = Side(entry.party, entry.id, entry.revision, entry.sha256, entry.received_at)
    filed = Filed(notice, side, _items(state, key, notice))
    state.filed[key] = filed
    heapq.heappush(state.leaving, (_counts_until(state, notice), key))
    found = _matches(state, filed, entry.received_at)
    for item in filed.items:
        state.index.add(item)
    known = {_other(state.conflicts[cid], key): cid for cid in state.of_notice.get(key, ())}
    outgoing: list[Outgoing] = []
    for other in sorted(found.keys() | known.keys()):
        outgoing += _settle(state, entry, key, other, found.get(other, []))
    return outgoing


def _withdrawal(state: State, entry: Entry) -> list[Outgoing]:
    key = (entry.party, entry.id)
    filed = state.filed.get(key)
    if filed is None:
        return []
    _take_out(state, key)
    filed.items = []
    filed.withdrawn = True
    filed.side = Side(entry.party, entry.id, entry.revision, entry.sha256, entry.received_at)
    outgoing: list[Outgoing] = []
    for cid in sorted(state.of_notice.get(key, ())):
        conflict = state.conflicts[cid]
        if conflict.state == OPEN:
            outgoing += _close(state, entry, cid, conflict, "withdrawn", by=key)
    return outgoing


def _ended(state: State, entry: Entry) -> list[Outgoing]:
    conflict = state.conflicts.get(entry.id)
    if conflict is None or conflict.version != entry.revision or conflict.state != OPEN:
        return []
    return _close(state, entry, entry.id, conflict, "ended", by=None)


def _terms(state: State, entry: Entry, agreement: Agreement) -> list[Outgoing]:
    """New terms: hold everything against everything again, each pair of notices once."""
    state.agreement = agreement
    state.index = Index(agreement.max_horizontal_m)
    parties = {party.id for party in agreement.parties}
    found: dict[tuple[Key, Key], list[Match]] = {}
    for key, filed in sorted(state.filed.items()):
        filed.items = [] if filed.withdrawn or key[0] not in parties else _items(state, key, filed.notice)
        for other, matches in _matches(state, filed, entry.received_at).items():
            found[key, other] = matches
        for item in filed.items:
            state.index.add(item)
    for conflict in state.conflicts.values():
        pair = (conflict.first, conflict.second)
        if conflict.state == OPEN and pair not in found and pair[::-1] not in found:
            found[pair] = []
    outgoing: list[Outgoing] = []
    for (key, other), matches in sorted(found.items()):
        outgoing += _settle(state, entry, key, other, matches)
    return outgoing


def _settle(state: State, entry: Entry, key: Key, other: Key, matches: list[Match]) -> list[Outgoing]:
    """Say what has become of the conflict of two notices, if it is anything new."""
    mine, theirs = state.filed[key], state.filed[other]
    cid = conflict_id(state.agreement.id, key, other)
    known = state.conflicts.get(cid)
    at = entry.received_at
    ahead = still_ahead(matches, at)
    if ahead:
        _remember(state, cid, key, other, entry.seq, OPEN)
        ends = max(match.pair.end for match in ahead)
        back = swap(ahead, theirs.notice, mine.notice, state.agreement)
        return [
            _opened(state, entry, cid, mine, theirs, ahead, ends),
            _opened(state, entry, cid, theirs, mine, back, ends),
        ]
    if known is not None and known.state == OPEN:
        reason, by = ("amended", key) if entry.kind == NOTICE else ("terms", None)
        return _close(state, entry, cid, known, reason, by=by)
    if matches and known is None:
        _remember(state, cid, key, other, entry.seq, PAST)
        return [
            _outgoing(state, entry, cid, own, counterpart, state_=PAST, shows=SHOWS_NOTICE)
            for own, counterpart in ((mine, theirs), (theirs, mine))
        ]
    return []


def _opened(
    state: State, entry: Entry, cid: str, own: Filed, other: Filed, matches: list[Match], ends: int
) -> Outgoing:
    told = dict(findings(matches, entry.received_at, state.agreement))
    rank = _rank(Severity(told["severity"]), min(row.pair.start for row in worst_per_disclosed(matches)))
    return _outgoing(state, entry, cid, own, other, state_=OPEN, shows=SHOWS_NOTICE, rank=rank, ends=ends, **told)


def _rank(severity: Severity, start: int) -> str:
    """Worst first, then soonest; of the pairs that the alert shows, so that the rank says no more than it does."""
    return f"{severity_rank(severity)}{max(0, start // 1000):015d}"


def _close(state: State, entry: Entry, cid: str, conflict: Conflict, reason: str, *, by: Key | None) -> list[Outgoing]:
    """Close a conflict for both sides; the side that did not act is given the other's signed cause."""
    conflict.version, conflict.state = entry.seq, CLOSED
    outgoing = []
    for key, other in ((conflict.first, conflict.second), (conflict.second, conflict.first)):
        shows = SHOWS_CAUSE if by == other else SHOWS_NOTHING
        own, counterpart = state.filed[key], state.filed[other]
        outgoing.append(_outgoing(state, entry, cid, own, counterpart, state_=CLOSED, reason=reason, shows=shows))
    return outgoing


def _outgoing(
    state: State,
    entry: Entry,
    cid: str,
    own: Filed,
    other: Filed,
    *,
    state_: str,
    shows: str,
    rank: str = "",
    reason: str | None = None,
    ends: int | None = None,
    severity: str | None = None,
    lead: str | None = None,
    disclosed: Iterable[str] = (),
    shown: Iterable[str] = (),
    pairs: Iterable[dict[str, object]] = (),
) -> Outgoing:
    payload = alert_payload(
        aud=state.agreement.id,
        terms=state.agreement.terms,
        to=own.side.party,
        conflict=cid,
        version=entry.seq,
        state=state_,
        reason=reason,
        severity=severity,
        lead="RETROACTIVE" if state_ == PAST else lead,
        rules=RULES,
        at=entry.received_at,
        own=own.side,
        other=other.side,
        disclosed=list(disclosed),
        shown=list(shown),
        pairs=list(pairs),
    )
    return Outgoing(
        to=own.side.party,
        own=(own.side.party, own.side.id),
        other=(other.side.party, other.side.id),
        conflict=cid,
        payload=payload,
        shows=shows,
        body=other.side.sha256 if shows else "",
        rank=rank or f"{_RANKS_OVER[state_]}{_NEWEST_FIRST - entry.seq:015d}",
        ends=ends,
        keep=max(own.notice.last_end, other.notice.last_end, entry.received_at) + state.agreement.retention_s * SECOND,
    )


def _items(state: State, key: Key, notice: Notice) -> list[Item]:
    minima = state.agreement.categories[notice.category]
    return [state.index.item(key, volume, minima) for volume in notice.volumes]


def _matches(state: State, filed: Filed, at: int) -> dict[Key, list[Match]]:
    """Return the matches of a notice with each notice of another party that still counts at ``at``."""
    agreement = state.agreement
    mine = agreement.categories[filed.notice.category]
    party = filed.side.party
    found: dict[Key, list[Match]] = {}
    for item in filed.items:
        for near in state.index.near(item):
            owner = near.owner
            assert isinstance(owner, tuple)  # noqa: S101 - for the type checker; only we put items in
            if owner[0] == party:
                continue
            other = state.filed[owner].notice
            if _counts_until(state, other) < at:
                continue
            theirs = agreement.categories[other.category]
            pair = judge(item.disclosed.volume, mine, near.disclosed.volume, theirs, agreement.uncertainty)
            if pair is not None:
                found.setdefault(owner, []).append(Match(item.disclosed, near.disclosed, pair))
    return found


def _counts_until(state: State, notice: Notice) -> int:
    return counts_until(notice, state.agreement)


def _forget(state: State, at: int) -> None:
    """Let go of the notices that count no more at ``at``, and of their conflicts.

    A notice in an open conflict, whose end is still to be said, is looked at again an hour later.
    """
    while state.leaving and state.leaving[0][0] < at:
        _, key = heapq.heappop(state.leaving)
        filed = state.filed.get(key)
        if filed is None:
            continue
        until = _counts_until(state, filed.notice)
        if until >= at:
            # A later revision, or newer terms, made it count longer than when it was put here.
            heapq.heappush(state.leaving, (until, key))
            continue
        mine = state.of_notice.get(key, set())
        if any(state.conflicts[cid].state == OPEN for cid in mine):
            heapq.heappush(state.leaving, (at + 3600 * SECOND, key))
            continue
        _take_out(state, key)
        del state.filed[key]
        for cid in mine:
            other = _other(state.conflicts[cid], key)
            state.of_notice[other].discard(cid)
            del state.conflicts[cid]
        state.of_notice.pop(key, None)


def _take_out(state: State, key: Key) -> None:
    filed = state.filed.get(key)
    if filed is not None:
        for item in filed.items:
            state.index.remove(item)


def _remember(state: State, cid: str, key: Key, other: Key, version: int, said: str) -> None:
    state.conflicts[cid] = Conflict(key, other, version, said)
    state.of_notice.setdefault(key, set()).add(cid)
    state.of_notice.setdefault(other, set()).add(cid)


def _other(conflict: Conflict, key: Key) -> Key:
    return conflict.second if conflict.first == key else conflict.first
