"""The picture: what a desk knows to be true now, with its age. Read from the journal alone, so it is there offline.

It shows what is open, what is of a flight that is not over, what nobody has answered for less than a day, and the own
notices that are live; with ``everything`` also all that is over. Nothing is opened or verified for it: the journal
holds what each alert was found to be when it came. Nothing in it says CLEAR. That takes a fresh signed heartbeat of
the service; until then an empty picture means only that nothing was told.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from keepclear_protocol.acknowledgement import VERIFIED
from keepclear_protocol.instant import SECOND, format_instant
from keepclear_protocol.separation import Severity, severity_rank
from keepclear_protocol.speakable import speakable

from ..journal.kept import LOST, RECEIPTED, UNSENT, KeptAcknowledgement, KeptConflict, OverNow, OwnStatement
from ..journal.pictured import UNVERIFIED, Pictured
from ..journal.reads import Reads
from ..verify.verdicts import Standing
from .answered import Answers, answers_of
from .probing import Probing, probings
from .views import ConflictView, NoticeView

__all__ = ["UNVERIFIED", "Answers", "ConflictView", "NoticeView", "Picture", "build_picture", "notice_view"]

FRESH_S = 30.0
"""A picture read longer ago is called stale: two keep-alives more than the silence after which a desk reconnects."""

LATELY_S = 900
"""Seconds for which it is said that what was refused for a spent budget may be unfiled still: as long as that a board
was blind."""

AHEAD_S = 1
"""An instant that lies further ahead than two looks at a clock can differ was noted before that clock was set back."""

SET_BACK = "this machine's clock was set back"

_LOUDEST_FIRST = (Standing.OPEN, UNVERIFIED, Standing.UNCONFIRMED, Standing.PAST, Standing.CLOSED)
_SEVERITIES = [str(severity) for severity in sorted(Severity, key=severity_rank)]


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything that a desk knows, ``age_s`` seconds after it last heard from the service (``None``: never).

    An age below zero is none: this machine's clock was set back since.

    ``conflicts`` are the worst and soonest first: what is open before all, by severity, then by its start.
    """

    party: str
    age_s: float | None
    conflicts: tuple[ConflictView, ...]
    notices: tuple[NoticeView, ...]
    forged: int = 0
    """Alerts that came and are of no conflict, since not even their signature or address holds."""
    over_budget: tuple[OverNow, ...] = ()
    """Who is over an agreed budget now: what they want to file may be refused, and is not in this picture."""
    over_before: tuple[OverNow, ...] = ()
    """Who was so lately: what was refused then may not have been filed since."""
    probing: tuple[Probing, ...] = ()
    """Whose short-lived notices have met many of ours, as was learnt in the last hour."""
    put_back_at: int | None = None
    """When this desk met another life of the hotline's store, lately: what others filed before may be gone there."""

    @property
    def stale(self) -> bool:
        """Whether it is too old to be relied on."""
        return self.age_s is None or not 0 <= self.age_s <= FRESH_S

    @property
    def unanswered(self) -> int:
        """How many conflicts wait for an officer of ours."""
        return sum(view.unanswered for view in self.conflicts)

    @property
    def not_sent(self) -> int:
        """How many own notices were signed and never sent."""
        return sum(view.state == NOT_SENT for view in self.notices)

    @property
    def unknown(self) -> int:
        """How many own notices were sent, and nobody knows whether they count."""
        return sum(view.state == "unknown" for view in self.notices)

    @property
    def lost(self) -> int:
        """How many own notices the service had receipted and has no more."""
        return sum(view.state == LOST for view in self.notices)

    def to_json(self) -> dict[str, Any]:
        """Return the picture for scripts."""
        return {
            "party": self.party,
            "age_s": None if self.age_s is None else round(self.age_s, 1),
            "stale": self.stale,
            "unanswered": self.unanswered,
            "not_sent": self.not_sent,
            "unknown": self.unknown,
            "lost": self.lost,
            "conflicts": [view.to_json() for view in self.conflicts],
            "notices": [view.to_json() for view in self.notices],
            "forged": self.forged,
            "over_budget": [over.to_json() for over in self.over_budget],
            "over_before": [over.to_json() for over in self.over_before],
            "probing": [probing.to_json() for probing in self.probing],
            "put_back_at": None if self.put_back_at is None else format_instant(self.put_back_at),
        }


NOT_SENT = "not sent"
"""The state of an own notice whose bytes certainly never were admitted."""


Before = dict[str, tuple[KeptConflict, list[KeptAcknowledgement], str | None, ConflictView]]
"""What the last picture was made of, by conflict: the journal gives an unchanged row as the same value, and then its
view is the same too. A board asks every second, and thousands may stand in it unanswered."""


def build_picture(
    journal: Reads, now: int, heard_at: int | None, everything: bool = False, before: Before | None = None
) -> Picture:
    """Return the picture at the instant ``now``; ``heard_at`` is when the service was last heard, if that is known.

    ``before`` is of the last one of this desk's, and becomes of this one.
    """
    age_s = age_of(last_heard(journal, heard_at, now), now)
    kept = journal.conflicts() if everything else journal.live_conflicts(now)
    views = conflict_views(journal, kept, before)
    heads = journal.own_heads() if everything else journal.own_live(now)
    references = journal.references([head.id for head in heads])
    notices = tuple(notice_view(head, now, references.get(head.id)) for head in heads)
    over = tuple(journal.over_budget(now)), tuple(journal.over_before(now - LATELY_S * SECOND, now))
    probing = tuple(probings(kept, journal.party, now))
    met = journal.put_back()
    put_back_at = met if met is not None and -AHEAD_S <= (now - met) / SECOND <= LATELY_S else None
    return Picture(journal.party, age_s, tuple(views), notices, journal.forged_count(), *over, probing, put_back_at)


def last_heard(journal: Reads, heard_at: int | None, now: int) -> int | None:
    """Return when the service was last heard, by the journal and by ``heard_at``, ``None`` where it never was.

    What lies ahead of ``now`` was noted before this machine's clock was set back, and counts only where there is no
    other.
    """
    ats = [at for at in (heard_at, *journal.heard_ats()) if at is not None]
    return max((at for at in ats if at - now <= AHEAD_S * SECOND), default=min(ats, default=None))


def age_of(heard: int | None, now: int) -> float | None:
    """Return for how many seconds the service was not heard; below zero where the clock was set back since."""
    if heard is None:
        return None
    return (now - heard if heard - now > AHEAD_S * SECOND else max(0, now - heard)) / SECOND


def conflict_views(
    journal: Reads, kept: Sequence[KeptConflict], before: Before | None = None
) -> list[ConflictView]:
    """Return what the picture shows of some conflicts, the worst and soonest first; ``before`` as ``build_picture``."""
    said: dict[str, list[KeptAcknowledgement]] = {}
    for ack in journal.acknowledged([row.conflict for row in kept]):
        # What did not hold when it came was told then, and is nobody's answer.
        if ack.verdict == VERIFIED:
            said.setdefault(ack.conflict, []).append(ack)
    callsigns = journal.callsigns([row.pictured.own for row in kept if row.pictured])
    made: Before = {}
    for row in kept:
        if row.pictured is None:
            continue
        answers, callsign = said.get(row.conflict, []), callsigns.get(row.pictured.own)
        known = None if before is None else before.get(row.conflict)
        if known is not None and known[0] is row and known[1:3] == (answers, callsign):
            made[row.conflict] = known
        else:
            view = conflict_view(row, row.pictured, answers, callsign, journal.party)
            made[row.conflict] = (row, answers, callsign, view)
    if before is not None:
        before.clear()
        before.update(made)
    return sorted((view for *_, view in made.values()), key=_urgency)


def _urgency(view: ConflictView) -> tuple[int, int, float, int]:
    severity = _SEVERITIES.index(view.severity) if view.severity in _SEVERITIES else len(_SEVERITIES)
    state = _LOUDEST_FIRST.index(view.state)
    if view.alarm:
        state = min(state, _LOUDEST_FIRST.index(UNVERIFIED))
    return state, severity, float("inf") if view.start is None else view.start, -view.version


def conflict_view(
    kept: KeptConflict, picture: Pictured, said: Sequence[KeptAcknowledgement], callsign: str | None, party: str
) -> ConflictView:
    """Return what the picture shows of a conflict; ``said`` is all that was acknowledged of it, ``party`` is ours."""
    confirmed = picture.state == Standing.UNCONFIRMED and kept.confirmed == picture.version
    state = str(Standing.CLOSED) if confirmed else picture.state
    ours = answers_of(said, kept.version, party)
    settled = state == Standing.CLOSED and kept.alarm is None
    return ConflictView(
        conflict=kept.conflict,
        version=kept.version,
        state=state,
        severity=picture.severity,
        lead=picture.lead,
        verdict=picture.verdict,
        alarm=kept.alarm,
        alarm_detail=kept.alarm_detail,
        own=picture.own,
        own_revision=picture.own_revision,
        party=picture.party,
        other=picture.other,
        other_revision=picture.other_revision,
        start=picture.start,
        end=picture.end,
        pairs=picture.pairs,
        answers=tuple(_answer(ack) for ack in said if ack.version == kept.version),
        code=speakable(kept.conflict),
        own_callsign=callsign,
        category=picture.category,
        where=None if picture.lat is None or picture.lng is None else (picture.lat, picture.lng),
        lower_m=picture.lower_m,
        upper_m=picture.upper_m,
        reference=picture.reference,
        horizontal_m=picture.horizontal_m,
        vertical_m=picture.vertical_m,
        received_at=picture.received_at,
        reason=picture.reason,
        ours=ours,
        theirs=answers_of(said, kept.version, picture.party),
        unanswered=not settled and ours.acknowledged_at is None,
        our_heights=picture.our_heights,
        their_heights=picture.their_heights,
        confirmed=confirmed,
        by=picture.by,
    )


def _answer(ack: KeptAcknowledgement) -> dict[str, Any]:
    at = format_instant(ack.signed_at * SECOND)
    return {"party": ack.party, "stage": ack.stage, "officer": ack.officer, "at": at, "verdict": ack.said}


def notice_view(head: OwnStatement, now: int, reference: str | None = None) -> NoticeView:
    """Return what the picture shows of an own statement."""
    summary = head.summary
    state = {UNSENT: NOT_SENT, LOST: LOST}.get(head.status, "unknown" if head.status != RECEIPTED else "withdrawn")
    if head.status == RECEIPTED and summary.last_end is not None:
        state = "live" if summary.last_end >= now else "ended"
    return NoticeView(
        head.id,
        head.revision,
        head.sha256,
        state,
        summary.callsign,
        summary.category,
        summary.first_start,
        summary.last_end,
        summary.volumes,
        speakable(head.id),
        reference,
    )
