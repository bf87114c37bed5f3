"""What the picture shows of a conflict's adopted alert, worked out once, so that a picture need not open anything."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple, Self

from keepclear_protocol.acknowledgement import VERIFIED
from keepclear_protocol.alert import Alert
from keepclear_protocol.instant import parse_instant
from keepclear_protocol.notice import Notice
from keepclear_protocol.outline import Position
from keepclear_protocol.separation import Severity, severity_rank
from keepclear_protocol.volume import Volume
from keepclear_protocol.withdrawal import Withdrawal

from .nearest import middle, nearest

UNVERIFIED = "UNVERIFIED"
"""The state, in the picture, of a conflict whose alert did not verify and is shown as a warning."""


class Heights(NamedTuple):
    """From where to where a volume reaches, in metres of its own ``reference``."""

    lower_m: float
    upper_m: float
    reference: str

    @classmethod
    def of(cls, volume: Volume | None) -> "Heights | None":
        """Return the heights of a volume, if there is one."""
        return None if volume is None else cls(volume.lower_m, volume.upper_m, str(volume.reference))


@dataclass(frozen=True, slots=True)
class Pictured:
    """``state`` is a standing or UNVERIFIED. What is from ``start`` on is of a verified open alert alone.

    ``start`` and ``end`` are instants, of all its pairs. Band, distances and ``lat``, ``lng`` are of its worst pair;
    the band is exact where the alert, in whole metres, does not clip it. ``our_heights`` and ``their_heights`` are
    those of that pair's volumes, where they are had. ``category`` is the counterpart's.
    ``received_at``: when the hotline had received the later of the two notices. ``by``: see ``whose_act``.
    ``opened_at``: what ``received_at`` was when this desk first had it open, since it was last not.
    """

    version: int
    state: str
    verdict: str
    severity: str | None
    lead: str | None
    own: str
    own_revision: int
    party: str
    other: str
    other_revision: int
    start: int | None
    end: int | None
    pairs: int
    reason: str | None = None
    received_at: int | None = None
    category: str | None = None
    lower_m: float | None = None
    upper_m: float | None = None
    reference: str | None = None
    horizontal_m: int | None = None
    vertical_m: int | None = None
    lat: float | None = None
    lng: float | None = None
    our_heights: Heights | None = None
    their_heights: Heights | None = None
    by: str | None = None
    opened_at: int | None = None

    @classmethod
    def of(
        cls,
        alert: Alert,
        verdict: str,
        standing: str | None,
        theirs: Notice | Withdrawal | None = None,
        own: Notice | Withdrawal | None = None,
        cause: str | None = None,
    ) -> Self:
        """Return what is shown of ``alert``, with both notices that it names, where they are had, and its cause."""
        # What was not verified may hold anything where a time should be.
        pairs = alert.pairs if verdict == VERIFIED else ()
        worst = worst_pair(pairs)
        category = theirs.category if isinstance(theirs, Notice) and verdict == VERIFIED else None
        where, lower_m, upper_m, disclosed, ours = None, None, None, None, None
        if worst is not None:
            disclosed, ours = _volume(theirs, worst["other"]), _volume(own, worst["own"])
            where = place_of(disclosed, ours)
            lower_m, upper_m = exact_band(worst, disclosed)
        return cls(
            version=alert.version,
            state=standing or UNVERIFIED,
            verdict=verdict,
            severity=alert.severity,
            lead=alert.lead,
            own=alert.own.id,
            own_revision=alert.own.revision,
            party=alert.other.party,
            other=alert.other.id,
            other_revision=alert.other.revision,
            start=min((parse_instant(pair["time_start"]) for pair in pairs), default=None),
            end=max((parse_instant(pair["time_end"]) for pair in pairs), default=None),
            pairs=len(alert.pairs),
            reason=alert.reason,
            received_at=max(alert.own.received_at, alert.other.received_at) if verdict == VERIFIED else None,
            category=category or None,
            lower_m=lower_m,
            upper_m=upper_m,
            reference=None if worst is None else worst["reference"],
            horizontal_m=None if worst is None else worst["horizontal_m"],
            vertical_m=None if worst is None else worst["vertical_m"],
            lat=None if where is None else where[0],
            lng=None if where is None else where[1],
            our_heights=Heights.of(ours),
            their_heights=Heights.of(disclosed),
            by=whose_act(alert, own, cause) if verdict == VERIFIED else None,
        )

    @classmethod
    def read(cls, row: Sequence[Any]) -> Self:
        """Return what ``row`` gave, also that of a version which kept no heights."""
        read = cls(*row)
        ours, theirs = (None if each is None else Heights(*each) for each in (read.our_heights, read.their_heights))
        return replace(read, our_heights=ours, their_heights=theirs)

    def row(self) -> list[Any]:
        """Return the values, for JSON."""
        return [getattr(self, field.name) for field in fields(self)]


def whose_act(alert: Alert, own: Notice | Withdrawal | None, cause: str | None) -> str | None:
    """Return the party whose amendment or withdrawal closed a conflict, as far as a verified closing proves it.

    Their act is their statement, which comes as the cause; ours is the statement of ours that the alert names. Without
    that one only a withdrawal of theirs was checked.
    """
    if alert.reason not in ("amended", "withdrawn") or (own is None and (cause is None or alert.reason == "amended")):
        return None
    return alert.to if cause is None else alert.other.party


def worst_pair(pairs: tuple[Mapping[str, Any], ...]) -> Mapping[str, Any] | None:
    """Return the worst of a verified alert's pairs, by severity, closeness, and then the earliest.

    Ordered as the rules order pairs, down to their end: both sides show the same one, and read the same heights out.
    """

    def badness(pair: Mapping[str, Any]) -> tuple[int, int, int, int, int]:
        rank = severity_rank(Severity(pair["severity"]))
        start, end = parse_instant(pair["time_start"]), parse_instant(pair["time_end"])
        return rank, pair["horizontal_m"], pair["vertical_m"], start, end

    return min(pairs, key=badness, default=None)


def exact_band(pair: Mapping[str, Any], disclosed: Volume | None) -> tuple[float, float]:
    """Return a pair's band, exact where the alert does not clip it.

    Whole metres rounded outward would be rounded outward again to flight levels: FL180 to FL181.
    """
    lower_m, upper_m = pair["altitude_lower_m"], pair["altitude_upper_m"]
    if disclosed is None:
        return lower_m, upper_m
    clipped = math.floor(disclosed.lower_m) != lower_m, math.ceil(disclosed.upper_m) != upper_m
    return lower_m if clipped[0] else disclosed.lower_m, upper_m if clipped[1] else disclosed.upper_m


def place_of(disclosed: Volume | None, ours: Volume | None) -> Position | None:
    """Return where a pair comes closest, or the middle of theirs where ours is not to be had."""
    if disclosed is None:
        return None
    return middle(disclosed) if ours is None else nearest(disclosed, ours)


def _volume(notice: Notice | Withdrawal | None, digest: str) -> Volume | None:
    if not isinstance(notice, Notice):
        return None
    return next((item.volume for item in notice.volumes if item.digest == digest), None)
