"""What the rules make of two notices: computed by the service to write an alert, and again by a desk to check it.

Both sides run these same functions over the same signed bytes, so that an alert's every figure can be recomputed by
its receiver. A desk allows ``GRACE_M`` on the horizontal and vertical axes, because another processor may round
differently; nothing else is forgiven.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from .agreement import Agreement
from .instant import format_instant
from .lead import lead_class
from .notice import DisclosedVolume, Notice
from .separation import Pair, judge, turned

GRACE_M = 0.01
"""Metres by which another processor's distance may differ from ours."""


class Filed(Protocol):
    """Whatever stands for a notice here."""

    @property
    def category(self) -> str:
        """The category of all its volumes."""


@dataclass(frozen=True, slots=True)
class Match:
    """Two volumes in conflict, from the point of view of ``own``."""

    own: DisclosedVolume
    other: DisclosedVolume
    pair: Pair


@dataclass(frozen=True, slots=True)
class Meeting:
    """What two notices that are in conflict have to do with one another, seen from an instant.

    ``ours`` are, for each of the other's volumes in a pair still ahead, its worst pair, in the order of their digests;
    ``theirs`` likewise from the other's point of view. Both are empty where every pair is over. ``ends`` is the instant
    at which the last pair is over.
    """

    ours: tuple[Match, ...]
    theirs: tuple[Match, ...]
    ends: int


def match_all(own: Notice, other: Notice, agreement: Agreement) -> list[Match]:
    """Return every pair of volumes in conflict, by comparing each with each."""
    mine, theirs = agreement.categories[own.category], agreement.categories[other.category]
    return [
        Match(ours, other_volume, pair)
        for other_volume in other.volumes
        for ours in own.volumes
        if (pair := judge(ours.volume, mine, other_volume.volume, theirs, agreement.uncertainty)) is not None
    ]


def swap(matches: Iterable[Match], own: Filed, other: Filed, agreement: Agreement) -> list[Match]:
    """Return ``matches`` from the other side's point of view; ``own`` and ``other`` are the new ones."""
    mine, theirs = agreement.categories[own.category], agreement.categories[other.category]
    return [
        Match(match.other, match.own, turned(match.pair, match.other.volume, mine, match.own.volume, theirs))
        for match in matches
    ]


def meeting_of(matches: Sequence[Match], own: Filed, other: Filed, agreement: Agreement, at: int) -> Meeting:
    """Return the meeting that ``matches`` make at the instant ``at``; there must be one."""
    ahead = still_ahead(matches, at)
    ours, theirs = worst_per_disclosed(ahead), worst_per_disclosed(swap(ahead, other, own, agreement))
    return Meeting(tuple(ours), tuple(theirs), max(match.pair.end for match in matches))


def still_ahead(matches: Iterable[Match], at: int) -> list[Match]:
    """Return the matches whose overlap was not over at the instant ``at`` (touching is not over)."""
    return [match for match in matches if match.pair.end >= at]


def worst_per_disclosed(matches: Iterable[Match]) -> list[Match]:
    """Return for each of the other side's volumes its worst match, in the order of their digests."""
    worst: dict[str, Match] = {}
    for match in matches:
        seen = worst.get(match.other.digest)
        if seen is None or _badness(match) < _badness(seen):
            worst[match.other.digest] = match
    return [worst[name] for name in sorted(worst)]


def _badness(match: Match) -> tuple[Any, ...]:
    return (*match.pair.rank, match.own.digest)


def pair_json(match: Match) -> dict[str, Any]:
    """Return a match as it stands in an alert's ``pairs``."""
    pair = match.pair
    return {
        "own": match.own.digest,
        "other": match.other.digest,
        "severity": str(pair.severity),
        "horizontal_m": pair.horizontal_m,
        "vertical_m": pair.vertical_m,
        "time_start": format_instant(pair.start),
        "time_end": format_instant(pair.end),
        "altitude_lower_m": pair.lower_m,
        "altitude_upper_m": pair.upper_m,
        "reference": str(pair.reference),
    }


def lead_of_volumes(volumes: Sequence[DisclosedVolume], at: int, agreement: Agreement) -> str:
    """Return the lead class of some volumes (at least one) at the instant ``at``."""
    lead = agreement.lead
    first_start = min(item.volume.start for item in volumes)
    last_end = max(item.volume.end for item in volumes)
    return lead_class(first_start, last_end, at, lead.routine_s, lead.short_s)


def overall_severity(matches: Iterable[Match]) -> str:
    """Return the worst severity of some matches (there must be one)."""
    return str(min(matches, key=lambda match: match.pair.rank).pair.severity)


def findings(matches: Sequence[Match], at: int, agreement: Agreement) -> Mapping[str, Any]:
    """Return the members of an open alert that follow from ``matches``, all of them still ahead at ``at``."""
    return findings_of(worst_per_disclosed(matches), {match.own.digest for match in matches}, at, agreement)


def findings_of(rows: Sequence[Match], shown: Iterable[str], at: int, agreement: Agreement) -> Mapping[str, Any]:
    """Return what ``findings`` returns, from the worst matches and the digests of our volumes in any match."""
    return {
        "severity": overall_severity(rows),
        "lead": lead_of_volumes([row.other for row in rows], at, agreement),
        "disclosed": [row.other.digest for row in rows],
        "shown": sorted(shown),
        "pairs": [pair_json(row) for row in rows],
    }
