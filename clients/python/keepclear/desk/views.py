"""One conflict and one own notice as the picture shows them: values alone, for boards, lines and scripts."""

from dataclasses import dataclass
from typing import Any

from keepclear_protocol.instant import format_instant

from ..journal.pictured import Heights
from .answered import NOBODY, Answers


@dataclass(frozen=True, slots=True)
class ConflictView:
    """One conflict. ``state`` is a ``Standing`` or UNVERIFIED; ``alarm`` is the code of what did not hold, if any.

    ``where``, the latitude and longitude of a point, is in the overlap of the worst pair's volumes or, if they do not
    meet, in the counterpart's volume at its nearest to ours; the band, in metres of ``reference``, and the distances
    are of that pair, and so are both sides' heights. ``category`` is the counterpart's. All of them are None unless a
    verified open alert brought them. ``start`` and ``end`` are instants, of all pairs. ``received_at`` is the instant
    at which the hotline had received the later of the two notices: what "late" is judged from. ``ours`` and ``theirs``
    are what each side has answered to this version. ``unanswered``: no officer of ours has acknowledged it, and it is
    not settled. ``confirmed``: closed by what the counterpart's desk has signed, and nothing else proves it. ``by`` is
    the party whose amendment or withdrawal closed it, where that is known; None where ``reason`` is another.
    """

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
    code: str = ""
    own_callsign: str | None = None
    category: str | None = None
    where: tuple[float, float] | None = None
    lower_m: float | None = None
    upper_m: float | None = None
    reference: str | None = None
    horizontal_m: int | None = None
    vertical_m: int | None = None
    received_at: int | None = None
    reason: str | None = None
    ours: Answers = NOBODY
    theirs: Answers = NOBODY
    unanswered: bool = False
    our_heights: Heights | None = None
    their_heights: Heights | None = None
    confirmed: bool = False
    by: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the view for scripts, times as RFC 3339."""
        return {
            "conflict": self.conflict,
            "code": self.code,
            "version": self.version,
            "state": self.state,
            "reason": self.reason,
            "by": self.by,
            "confirmed": self.confirmed,
            "severity": self.severity,
            "lead": self.lead,
            "verdict": self.verdict,
            "alarm": self.alarm,
            "alarm_detail": self.alarm_detail,
            "own": {
                "id": self.own,
                "revision": self.own_revision,
                "callsign": self.own_callsign,
                **_heights(self.our_heights),
            },
            "other": {
                "party": self.party,
                "id": self.other,
                "revision": self.other_revision,
                "category": self.category,
                **_heights(self.their_heights),
            },
            "time_start": _told(self.start),
            "time_end": _told(self.end),
            "where": None if self.where is None else {"lat": self.where[0], "lng": self.where[1]},
            "altitude_lower_m": self.lower_m,
            "altitude_upper_m": self.upper_m,
            "reference": self.reference,
            "horizontal_m": self.horizontal_m,
            "vertical_m": self.vertical_m,
            "pairs": self.pairs,
            "received_at": _told(self.received_at),
            "unanswered": self.unanswered,
            "ours": self.ours.to_json(),
            "theirs": self.theirs.to_json(),
            "acknowledgements": list(self.answers),
        }


@dataclass(frozen=True, slots=True)
class NoticeView:
    """One own notice. ``state`` is live, ended, withdrawn, unknown until the service has answered, not sent, or lost.

    ``not sent`` never was admitted; ``lost`` was receipted, and the service of a restored store has it no more.
    ``start`` and ``end`` are instants, of all its volumes. ``reference`` is the party's own, known at this desk alone.
    """

    id: str
    revision: int
    sha256: str
    state: str
    callsign: str | None
    category: str | None
    start: int | None
    end: int | None
    volumes: int
    code: str = ""
    reference: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the view for scripts, times as RFC 3339."""
        return {
            "id": self.id,
            "code": self.code,
            "reference": self.reference,
            "revision": self.revision,
            "sha256": self.sha256,
            "state": self.state,
            "callsign": self.callsign,
            "category": self.category,
            "time_start": _told(self.start),
            "time_end": _told(self.end),
            "volumes": self.volumes,
        }


def _heights(heights: Heights | None) -> dict[str, Any]:
    lower_m, upper_m, reference = heights or (None, None, None)
    return {"altitude_lower_m": lower_m, "altitude_upper_m": upper_m, "reference": reference}


def _told(instant: int | None) -> str | None:
    return None if instant is None else format_instant(instant)
