"""What if: a flight that is not filed, held by the rules against what this desk knows. Nothing is signed or sent.

Known are the counterparts' volumes that open conflicts disclose, and the party's own notices that are not over. Most of
what the other side has filed is hidden from this desk, so that nothing met here never means clear; only the hotline
compares with all of it, when the flight is filed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from keepclear_protocol.acknowledgement import VERIFIED
from keepclear_protocol.agreement import Agreement
from keepclear_protocol.filing import Content
from keepclear_protocol.instant import format_instant
from keepclear_protocol.notice import Notice
from keepclear_protocol.separation import Minima, Severity, severity_rank
from keepclear_protocol.speakable import speakable
from keepclear_protocol.volume import Volume, parse_volume

from ..journal.journal import Journal
from ..offline.comparison import Measure, compare
from ..verify.opening import Opener
from ..verify.verdicts import Standing
from .disclosed import disclosed, volume_json
from .picture import SET_BACK, age_of, last_heard
from .shown import own_statement


@dataclass(frozen=True, slots=True)
class Meeting:
    """A notice that the flight would come too close to, with the worst pair of their volumes.

    ``whose``: ``theirs`` would be a conflict, ``ours`` is another flight of the party's own, which the hotline does not
    alert. ``pairs`` are all that are too close. Distances are whole metres, rounded down; ``start`` and ``end`` are
    instants and bound the overlap of the two windows, lead and tail included; the band is ``theirs``' in metres of its
    ``reference``. ``flight`` and ``other`` are the two volumes.
    """

    whose: Literal["theirs", "ours"]
    party: str
    notice: str
    code: str
    callsign: str | None
    category: str
    severity: Severity
    horizontal_m: int
    vertical_m: int
    start: int
    end: int
    lower_m: float
    upper_m: float
    reference: str
    pairs: int
    flight: Volume
    other: Volume

    def to_json(self) -> dict[str, Any]:
        """Return the meeting for scripts, times as RFC 3339."""
        return {
            "whose": self.whose,
            "party": self.party,
            "notice": self.notice,
            "code": self.code,
            "callsign": self.callsign,
            "category": self.category,
            "severity": str(self.severity),
            "horizontal_m": self.horizontal_m,
            "vertical_m": self.vertical_m,
            "time_start": format_instant(self.start),
            "time_end": format_instant(self.end),
            "altitude_lower_m": self.lower_m,
            "altitude_upper_m": self.upper_m,
            "reference": self.reference,
            "pairs": self.pairs,
            "flight": volume_json(self.flight),
            "other": volume_json(self.other),
        }


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What a flight would meet of what is known, the worst first, and how much that is. It never says clear.

    ``their_notices`` and ``their_volumes`` are how many of the counterparts' are known here, ``own_notices`` how many
    of ours it was held against, ``age_s`` how long ago the hotline was last heard (``None``: never).
    """

    meets: tuple[Meeting, ...]
    their_notices: int
    their_volumes: int
    own_notices: int
    age_s: float | None

    @property
    def in_conflict(self) -> bool:
        """Whether it would be in conflict with something that is known; false does not mean that it is clear."""
        return any(meeting.whose == "theirs" for meeting in self.meets)

    @property
    def unknown(self) -> str:
        """What this cannot know, in plain words."""
        of = f"{_counted(self.their_volumes, 'volume')} of {_counted(self.their_notices, 'notice')}"
        of = f"{of}, in conflicts open now," if self.their_notices else "nothing in a conflict open now"
        age = "the hotline was never heard" if self.age_s is None else f"last heard {self.age_s:.0f} s ago"
        if self.age_s is not None and self.age_s < 0:
            age = f"last heard nobody knows when: {SET_BACK}"
        return (
            f"NOT a clearance: of the other side {of} is held against it ({age}); what it has hidden is not, nor what "
            "was shown of conflicts closed since; only filing compares with all of it"
        )

    def to_json(self) -> dict[str, Any]:
        """Return it for scripts."""
        return {
            "in_conflict_with_what_is_known": self.in_conflict,
            "meets": [meeting.to_json() for meeting in self.meets],
            "their_notices": self.their_notices,
            "their_volumes": self.their_volumes,
            "own_notices": self.own_notices,
            "age_s": None if self.age_s is None else round(self.age_s, 1),
            "unknown": self.unknown,
        }


@dataclass(frozen=True, slots=True)
class _Known:
    """A notice, as far as this desk knows it."""

    whose: Literal["theirs", "ours"]
    party: str
    id: str
    callsign: str | None
    category: str
    volumes: tuple[Volume, ...]


def what_if(
    content: Content, agreement: Agreement, journal: Journal, opener: Opener, *, now: int,
    heard_at: int | None, amends: str | None,
) -> WhatIf:  # fmt: skip
    """Return what a flight would meet at the instant ``now``; ``amends`` is the notice of ours that it would replace.

    Raises ``Malformed`` for volumes that cannot be read.
    """
    flight = tuple(parse_volume(volume) for volume in content.volumes)
    theirs, ours = _theirs(journal, now), _ours(journal, opener, now, amends)
    found = [_meeting(flight, content.category, known, agreement) for known in (*theirs, *ours)]
    meets = sorted(
        (one for one in found if one is not None),
        key=lambda one: (one.whose == "ours", severity_rank(one.severity), one.horizontal_m, one.vertical_m, one.start),
    )
    age_s = age_of(last_heard(journal, heard_at, now), now)
    return WhatIf(tuple(meets), len(theirs), sum(len(known.volumes) for known in theirs), len(ours), age_s)


def _theirs(journal: Journal, now: int) -> list[_Known]:
    """Return the counterparts' notices of open conflicts that verified, each with all that is disclosed of it."""
    volumes: dict[tuple[str, str], dict[str, Volume]] = {}
    categories: dict[tuple[str, str], str] = {}
    for kept in journal.live_conflicts(now):
        shown = kept.pictured
        if shown is None or shown.state != Standing.OPEN or shown.verdict != VERIFIED or kept.adopted is None:
            continue
        came = journal.alert_object(kept.adopted)
        if came is not None:
            name = shown.party, shown.other
            volumes.setdefault(name, {}).update({v.digest: v.volume for v in disclosed(came.object.presentation)})
            categories[name] = shown.category or ""
    return [
        _Known("theirs", *name, None, categories[name], tuple(known.values()))
        for name, known in volumes.items()
        if known
    ]


def _ours(journal: Journal, opener: Opener, now: int, amends: str | None) -> list[_Known]:
    newest: dict[str, _Known] = {}
    for row in journal.own_live(now):
        statement = own_statement(journal, opener, row.sha256)
        if row.id != amends and isinstance(statement, Notice) and (row.summary.last_end or 0) >= now:
            volumes = tuple(item.volume for item in statement.volumes)
            newest[row.id] = _Known("ours", journal.party, row.id, statement.callsign, statement.category, volumes)
    return list(newest.values())


def _meeting(flight: Sequence[Volume], category: str, known: _Known, agreement: Agreement) -> Meeting | None:
    measure = Measure(_minima(category, agreement), _minima(known.category, agreement), agreement.uncertainty)
    verdict = compare(flight, known.volumes, measure)
    pair = verdict.worst
    if pair is None or verdict.a_volume is None or verdict.b_volume is None:
        return None
    return Meeting(
        known.whose, known.party, known.id, speakable(known.id), known.callsign, known.category,
        pair.severity, pair.horizontal_m, pair.vertical_m, pair.start, pair.end, pair.lower_m, pair.upper_m,
        str(pair.reference), verdict.pairs, flight[verdict.a_volume - 1], known.volumes[verdict.b_volume - 1],
    )  # fmt: skip


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _minima(category: str, agreement: Agreement) -> Minima:
    """Return a category's separation; of one that these terms do not know any more, the widest that they have."""
    known = agreement.categories.get(category)
    return known or max(agreement.categories.values(), key=lambda one: (one.horizontal_m, one.tail_s, one.vertical_m))
