"""The picture: what a desk knows to be true now, with its age. Read from the journal alone, so it is there offline.

Nothing in it says CLEAR. That takes a fresh signed heartbeat of the service; until then an empty picture means only
that nothing was told.
"""

from dataclasses import dataclass
from typing import Any

from keepclear_protocol.acknowledgement import VERIFIED, open_acknowledgement
from keepclear_protocol.errors import KeepclearError
from keepclear_protocol.instant import format_instant, parse_instant
from keepclear_protocol.notice import Notice

from ..journal.journal import RECEIPTED, Journal, KeptConflict, OwnStatement
from ..verify.verdicts import Standing
from .intake import Intake

UNVERIFIED = "UNVERIFIED"
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


def build_picture(journal: Journal, intake: Intake, now: int, heard_at: int | None) -> Picture:
    """Return the picture at the instant ``now``; ``heard_at`` is when the service was last heard, if that is known."""
    heard = max((at for at in (heard_at, journal.read_at()) if at is not None), default=None)
    age_s = None if heard is None else max(0, now - heard) / 1_000_000
    conflicts = (_conflict(journal, intake, kept) for kept in journal.conflicts())
    return Picture(
        journal.party,
        age_s,
        tuple(view for view in conflicts if view is not None),
        tuple(_notice(intake, head, now) for head in journal.own_heads()),
        len(journal.forged()),
    )


def _conflict(journal: Journal, intake: Intake, kept: KeptConflict) -> ConflictView | None:
    came = None if kept.adopted is None else journal.alert_object(kept.adopted)
    if came is None:
        return None
    alert = intake.open_alert(came.object.alert)
    state = came.standing or UNVERIFIED
    if state == Standing.UNCONFIRMED and kept.confirmed == alert.version:
        state = str(Standing.CLOSED)
    windows = []
    if came.verdict == VERIFIED:
        windows = [(parse_instant(row["time_start"]), parse_instant(row["time_end"])) for row in alert.pairs]
    answers = []
    for _, _, raw in journal.acknowledgements(kept.conflict, kept.version):
        try:
            ack = open_acknowledgement(raw, intake.own.party_key)
        except KeepclearError:
            continue
        said = {"party": ack.claims.iss, "stage": ack.stage, "officer": ack.officer}
        answers.append(said | {"at": format_instant(ack.claims.iat * 1_000_000), "verdict": ack.verdict})
    return ConflictView(
        conflict=kept.conflict,
        version=kept.version,
        state=state,
        severity=alert.severity,
        lead=alert.lead,
        verdict=came.verdict,
        alarm=kept.alarm,
        alarm_detail=kept.alarm_detail,
        own=alert.own.id,
        own_revision=alert.own.revision,
        party=alert.other.party,
        other=alert.other.id,
        other_revision=alert.other.revision,
        start=min((start for start, _ in windows), default=None),
        end=max((end for _, end in windows), default=None),
        pairs=len(alert.pairs),
        answers=tuple(answers),
    )


def _notice(intake: Intake, head: OwnStatement, now: int) -> NoticeView:
    statement = intake.own.statement(head.sha256)
    state = "unknown" if head.status != RECEIPTED else "withdrawn"
    if not isinstance(statement, Notice):
        return NoticeView(head.id, head.revision, head.sha256, state, None, None, None, None, 0)
    if head.status == RECEIPTED:
        state = "live" if statement.last_end >= now else "ended"
    return NoticeView(
        head.id,
        head.revision,
        head.sha256,
        state,
        statement.callsign,
        statement.category,
        statement.first_start,
        statement.last_end,
        len(statement.volumes),
    )
