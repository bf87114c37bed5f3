"""An alert's figures against the rules: recomputed from our own notice and the presentation, with 10 mm of grace.

The grace is for other processors, which may round a distance differently. It is given by growing and by shrinking our
own volume by 10 mm, sideways and in height: a pair that is in conflict even when shrunk must be in the alert, one that
is clear even when grown must not, and each distance must lie between the two. Times and bands are sums that every
processor rounds alike, so they and everything else are exact.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from keepclear_protocol.agreement import Agreement
from keepclear_protocol.alert import Alert
from keepclear_protocol.errors import EvidenceInvalid
from keepclear_protocol.instant import format_instant
from keepclear_protocol.notice import DisclosedVolume, Notice
from keepclear_protocol.recompute import GRACE_M, lead_of_volumes
from keepclear_protocol.separation import Minima, Pair, Severity, judge, severity_rank, widened
from keepclear_protocol.volume import Volume


@dataclass(frozen=True, slots=True)
class Range:
    """A pair of volumes: its worst and its mildest reading within the grace, and whether it surely is a conflict."""

    own: DisclosedVolume
    other: DisclosedVolume
    near: Pair
    far: Pair
    sure: bool
    vertical_minimum_m: float

    @property
    def worst(self) -> tuple[object, ...]:
        """Sorts as the rules sort pairs, by the worst reading."""
        return *self.near.rank, self.own.digest

    @property
    def mildest(self) -> tuple[object, ...]:
        """Sorts as the rules sort pairs, by the mildest reading."""
        return *self.far.rank, self.own.digest


def compare(own: Notice, other: Notice, agreement: Agreement) -> Iterator[Range]:
    """Yield every pair of volumes that is in conflict within the grace; raise ``EvidenceInvalid`` with ``category``."""
    mine, theirs = _minima(own, agreement), _minima(other, agreement)
    vertical_minimum_m = max(mine.vertical_m, theirs.vertical_m)
    # For the figures of a pair just within the minima, which is out of them once our volume is shrunk.
    roomy = replace(
        mine,
        horizontal_m=max(mine.horizontal_m, theirs.horizontal_m) + 2 * GRACE_M,
        vertical_m=vertical_minimum_m + 2 * GRACE_M,
    )
    windows = [(shown, *widened(shown.volume, theirs)) for shown in other.volumes]
    for ours in own.volumes:
        first, last = widened(ours.volume, mine)
        meeting = [shown for shown, start, end in windows if start <= last and first <= end]
        if not meeting:
            continue
        grown, shrunk = _grown(ours.volume, GRACE_M), _grown(ours.volume, -GRACE_M)
        for shown in meeting:
            near = judge(grown, mine, shown.volume, theirs, agreement.uncertainty)
            if near is None:
                continue
            far = judge(shrunk, mine, shown.volume, theirs, agreement.uncertainty)
            mild = far or judge(shrunk, roomy, shown.volume, theirs, agreement.uncertainty) or near
            yield Range(ours, shown, near, mild, far is not None, vertical_minimum_m)


def surely_ahead(own: Notice, other: Notice, agreement: Agreement, at: int) -> bool:
    """Whether some pair is surely in conflict and not over at the instant ``at``."""
    return any(pair.sure and pair.near.end >= at for pair in compare(own, other, agreement))


def first_window(notice: Notice, agreement: Agreement) -> int:
    """Return the instant at which the first widened window begins; raise ``EvidenceInvalid`` with ``category``."""
    minima = _minima(notice, agreement)
    return min(widened(shown.volume, minima)[0] for shown in notice.volumes)


def check_figures(alert: Alert, own: Notice, other: Notice, agreement: Agreement) -> None:
    """Raise ``EvidenceInvalid`` unless the open ``alert`` says what the rules say of both notices.

    With ``recompute`` for a figure, a pair or a volume that is not what the rules give; with ``over_disclosed`` where
    the counterpart was shown a volume of ours that is not in conflict.
    """
    ranges = [pair for pair in compare(own, other, agreement) if pair.near.end >= alert.at]
    allowed = {pair.own.digest for pair in ranges}
    if excess := set(alert.shown) - allowed:
        detail = f"MEDIATOR OVER-DISCLOSED: {len(excess)} of our volumes were shown that are not in conflict"
        raise EvidenceInvalid("over_disclosed", detail)
    if {pair.own.digest for pair in ranges if pair.sure} - set(alert.shown):
        raise EvidenceInvalid("recompute", "a volume of ours is in conflict, but the alert does not list it")
    if {item.digest for item in other.volumes} != {pair.other.digest for pair in ranges}:
        raise EvidenceInvalid("recompute", "a volume was shown to us that is not in conflict")
    _check_rows(alert, ranges)
    severities = [Severity(row["severity"]) for row in alert.pairs]
    if alert.severity != min(severities, key=severity_rank):
        raise EvidenceInvalid("recompute", f"the severity is not {alert.severity}")
    lead = lead_of_volumes(other.volumes, alert.at, agreement)
    if alert.lead != lead:
        raise EvidenceInvalid("recompute", f"the lead class is {lead}, not {alert.lead}")


def _check_rows(alert: Alert, ranges: list[Range]) -> None:
    if [row.get("other") for row in alert.pairs] != sorted(alert.disclosed):
        raise EvidenceInvalid("recompute", "there must be one pair for each volume shown to us")
    for row in alert.pairs:
        rivals = [pair for pair in ranges if pair.other.digest == row["other"]]
        claimed = next((pair for pair in rivals if pair.own.digest == row.get("own")), None)
        if claimed is None:
            raise EvidenceInvalid("recompute", "a pair names volumes that are not in conflict")
        if any(rival.sure and rival.mildest < claimed.worst for rival in rivals if rival is not claimed):
            raise EvidenceInvalid("recompute", "a pair is not the worst of the volume shown to us")
        if wrong := [name for name, right in _expected(claimed).items() if not _holds(row.get(name), right)]:
            raise EvidenceInvalid("recompute", f"the rules give another {wrong[0]}")


def _expected(pair: Range) -> Mapping[str, Any]:
    """What may stand in a row of ``pairs``: a tuple for least and greatest, a set for alternatives."""
    near, far = pair.near, pair.far
    lower, upper = _band(pair)
    return {
        "severity": {str(near.severity), str(far.severity)},
        "horizontal_m": (near.horizontal_m, far.horizontal_m),
        "vertical_m": (near.vertical_m, far.vertical_m),
        "time_start": {format_instant(near.start)},
        "time_end": {format_instant(near.end)},
        "altitude_lower_m": (math.floor(lower), math.floor(lower)),
        "altitude_upper_m": (math.ceil(upper), math.ceil(upper)),
        "reference": {str(near.reference)},
    }


def _band(pair: Range) -> tuple[float, float]:
    """Their band as the rules clip it: to ours grown by the minimum, where both have the same reference."""
    ours, theirs = pair.own.volume, pair.other.volume
    if ours.reference is not theirs.reference:
        return theirs.lower_m, theirs.upper_m
    room = pair.vertical_minimum_m
    return max(theirs.lower_m, ours.lower_m - room), min(theirs.upper_m, ours.upper_m + room)


def _holds(value: object, right: Any) -> bool:
    if isinstance(right, set):
        return isinstance(value, str) and value in right
    low, high = right
    return type(value) is int and low <= value <= high


def _grown(volume: Volume, by_m: float) -> Volume:
    shape = volume.shape
    # The bound only says where to look at all, so it grows with the volume and never shrinks.
    larger = replace(shape, margin_m=shape.margin_m + by_m, bound_m=shape.bound_m + max(0.0, by_m))
    return replace(volume, lower_m=volume.lower_m - by_m, upper_m=volume.upper_m + by_m, shape=larger)


def _minima(notice: Notice, agreement: Agreement) -> Minima:
    minima = agreement.categories.get(notice.category)
    if minima is None:
        raise EvidenceInvalid("category", f"the terms know no category {notice.category}")
    return minima
