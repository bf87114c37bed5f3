"""The picture: what a desk knows to be true now, with its age. Read from the journal alone, so it is there offline.

It shows what is open, what is of a flight that is not over, what nobody has answered for less than a day, and the own
notices that are live; with ``everything`` also all that is over. Nothing is opened or verified for it: the journal
holds what each alert was found to be when it came. Nothing in it says CLEAR. That takes a fresh signed heartbeat of
the service; until then an empty picture means only that nothing was told.
"""

from dataclasses import dataclass
from typing import Any

from keepclear_protocol.acknowledgement import VERIFIED
from keepclear_protocol.instant import SECOND, format_instant

from ..journal.journal import Journal
from ..journal.kept import RECEIPTED, UNVERIFIED, KeptAcknowledgement, KeptConflict, OwnStatement, Pictured
from ..verify.verdicts import Standing

__all__ = ["UNVERIFIED", "ConflictView", "NoticeView", "Picture", "build_picture"]

FRESH_S = 30.0
"""A picture read longer ago is called stale: two keep-alives more than the silence after which a desk reconnects."""


@dataclass(frozen=True, slots=True)
class ConflictView:
    """One conflict. ``state`` is a ``Standing`` or UNVERIFIED; ``alarm`` is the code of what did not hold, if any."""

    conflict: str
    version: int
    state: str
    severity: str | None
    lead: str | None
    verdict: str
    alarm: str | None
    alarm_detail: str | None
    own: str
    own_revision: int
    party: str
    other: str
    other_revision: int
    start: int | None
    end: int | None
    pairs: int
    answers: tuple[dict[str, Any], ...]

    def to_json(self) -> dict[str, Any]:
        """Return the view for scripts, times as RFC 3339."""
        return {
            "conflict": self.conflict,
            "version": self.version,
            "state": self.state,
            "severity": self.severity,
            "lead": self.lead,
            "verdict": self.verdict,
            "alarm": self.alarm,
            "alarm_detail": self.alarm_detail,
            "own": {"id": self.own, "revision": self.own_revision},
            "other": {"party": self.party, "id": self.other, "revision": self.other_revision},
            "time_start": None if self.start is None else format_instant(self.start),
            "time_end": None if self.end is None else format_instant(self.end),
            "pairs": self.pairs,
            "acknowledgements": list(self.answers),
        }


@dataclass(frozen=True, slots=True)
class NoticeView:
    """One own notice. ``state`` is live, ended, withdrawn, or unknown until the service has answered."""

    id: str
    revision: int
    sha256: str
    state: str
    callsign: str | None
    category: str | None
    start: int | None
    end: int | None
    volumes: int

    def to_json(self) -> dict[str, Any]:
        """Return the view for scripts, times as RFC 3339."""
        return {
            "id": self.id,
            "revision": self.revision,
            "sha256": self.sha256,
            "state": self.state,
            "callsign": self.callsign,
            "category": self.category,
            "time_start": None if self.start is None else format_instant(self.start),
            "time_end": None if self.end is None else format_instant(self.end),
            "volumes": self.volumes,
        }


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything that a desk knows, ``age_s`` seconds after it last heard from the service (``None``: never)."""

    party: str
    age_s: float | None
    conflicts: tuple[ConflictView, ...]
    notices: tuple[NoticeView, ...]
    forged: int = 0
    """Alerts that came and are of no conflict, since not even their signature or address holds."""

    @property
    def stale(self) -> bool:
        """Whether it is too old to be relied on."""
        return self.age_s is None or self.age_s > FRESH_S

    def to_json(self) -> dict[str, Any]:
        """Return the picture for scripts."""
        return {
            "party": self.party,
            "age_s": None if self.age_s is None else round(self.age_s, 1),
            "stale": self.stale,
            "conflicts": [view.to_json() for view in self.conflicts],
            "notices": [view.to_json() for view in self.notices],
            "forged": self.forged,
        }


def build_picture(journal: Journal, now: int, heard_at: int | None, *, everything: bool = False) -> Picture:
    """Return the picture at the instant ``now``; ``heard_at`` is when the service was last heard, if that is known."""
    heard = max((at for at in (heard_at, journal.read_at()) if at is not None), default=None)
    age_s = None if heard is None else max(0, now - heard) / SECOND
    kept = journal.conflicts() if everything else journal.live_conflicts(now)
    said: dict[tuple[str, int], list[KeptAcknowledgement]] = {}
    for ack in journal.acknowledged([row.conflict for row in kept]):
        # What did not hold when it came was told then, and is nobody's answer.
        if ack.verdict == VERIFIED:
            said.setdefault((ack.conflict, ack.version), []).append(ack)
    views = (_conflict(row, row.pictured, said.get((row.conflict, row.version), [])) for row in kept if row.pictured)
    heads = journal.own_heads() if everything else journal.own_live(now)
    return Picture(journal.party, age_s, tuple(views), tuple(_notice(h, now) for h in heads), journal.forged_count())


def _conflict(kept: KeptConflict, picture: Pictured, said: list[KeptAcknowledgement]) -> ConflictView:
    confirmed = picture.state == Standing.UNCONFIRMED and kept.confirmed == picture.version
    return ConflictView(
        conflict=kept.conflict,
        version=kept.version,
        state=str(Standing.CLOSED) if confirmed else picture.state,
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
        answers=tuple(map(_answer, said)),
    )


def _answer(ack: KeptAcknowledgement) -> dict[str, Any]:
    at = format_instant(ack.signed_at * SECOND)
    return {"party": ack.party, "stage": ack.stage, "officer": ack.officer, "at": at, "verdict": ack.said}


def _notice(head: OwnStatement, now: int) -> NoticeView:
    summary = head.summary
    state = "unknown" if head.status != RECEIPTED else "withdrawn"
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
    )
