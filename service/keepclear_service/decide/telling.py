"""What is told to each side of a conflict: the alerts' payloads, and beside them what the store must know."""

from collections.abc import Iterable

from keepclear_protocol.agreement import Agreement
from keepclear_protocol.alert import CLOSED, OPEN, PAST, alert_payload
from keepclear_protocol.instant import SECOND
from keepclear_protocol.recompute import Match, Meeting, findings_of
from keepclear_protocol.separation import RULES, Severity, severity_rank

from .entry import SHOWS_CAUSE, SHOWS_NOTHING, SHOWS_NOTICE, Entry, Outgoing
from .state import Filed, Key

_RANKS_OVER = {PAST: 7, CLOSED: 8}
"""Behind every open conflict, whose severities take 0 to 2."""

_NEWEST_FIRST = 10**15 - 1


def opened(
    agreement: Agreement, entry: Entry, cid: str, mine: Filed, theirs: Filed, meeting: Meeting
) -> list[Outgoing]:
    """Tell both sides of a conflict that is ahead; ``meeting`` is from ``mine``'s point of view."""
    return [
        _opened(agreement, entry, cid, own, other, rows, (match.other.digest for match in back), meeting.ends)
        for own, other, rows, back in (
            (mine, theirs, meeting.ours, meeting.theirs),
            (theirs, mine, meeting.theirs, meeting.ours),
        )
    ]


def past(agreement: Agreement, entry: Entry, cid: str, mine: Filed, theirs: Filed, over: int) -> list[Outgoing]:
    """Tell both sides once of a conflict that was over when it came to be known; it shows nothing."""
    return [
        _outgoing(agreement, entry, cid, own, other, PAST, shows=SHOWS_NOTICE, over=over, lead="RETROACTIVE")
        for own, other in ((mine, theirs), (theirs, mine))
    ]


def closed(
    agreement: Agreement, entry: Entry, cid: str, first: Filed, second: Filed, reason: str, by: Key | None
) -> list[Outgoing]:
    """Tell both sides that a conflict is closed; the side that did not act is given the other's signed statement."""
    return [
        _outgoing(
            agreement,
            entry,
            cid,
            own,
            other,
            CLOSED,
            reason=reason,
            shows=SHOWS_CAUSE if by == (other.side.party, other.side.id) else SHOWS_NOTHING,
        )
        for own, other in ((first, second), (second, first))
    ]


def _opened(
    agreement: Agreement,
    entry: Entry,
    cid: str,
    own: Filed,
    other: Filed,
    rows: tuple[Match, ...],
    shown: Iterable[str],
    ends: int,
) -> Outgoing:
    told = dict(findings_of(rows, shown, entry.received_at, agreement))
    # Of the pairs that the alert shows, so that the rank says no more than the alert does.
    start_ms = max(0, min(row.pair.start for row in rows) // 1000)
    rank = f"{severity_rank(Severity(told['severity']))}{start_ms:015d}"
    told |= {"rank": rank, "ends": ends, "over": ends}
    return _outgoing(agreement, entry, cid, own, other, OPEN, shows=SHOWS_NOTICE, **told)


def _outgoing(
    agreement: Agreement,
    entry: Entry,
    cid: str,
    own: Filed,
    other: Filed,
    state: str,
    *,
    shows: str,
    rank: str = "",
    reason: str | None = None,
    ends: int | None = None,
    over: int | None = None,
    severity: str | None = None,
    lead: str | None = None,
    disclosed: Iterable[str] = (),
    shown: Iterable[str] = (),
    pairs: Iterable[dict[str, object]] = (),
) -> Outgoing:
    payload = alert_payload(
        aud=agreement.id,
        terms=agreement.terms,
        to=own.side.party,
        conflict=cid,
        version=entry.seq,
        state=state,
        reason=reason,
        severity=severity,
        lead=lead,
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
        rank=rank or f"{_RANKS_OVER[state]}{_NEWEST_FIRST - entry.seq:015d}",
        ends=ends,
        # As long as either notice may be matched again, so that a restored state knows what was said.
        keep=max(own.until, other.until, entry.received_at + agreement.retention_s * SECOND),
        over=over,
    )
