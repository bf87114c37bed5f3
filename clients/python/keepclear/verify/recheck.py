"""An alert's figures against the rules: recomputed from our own notice and the presentation, with 10 mm of grace.

A pair that is in conflict even when our volume is shrunk must be in the alert, one that is clear even when it is grown
must not, and each distance must lie between the two (see ``ranges``). Everything else is exact.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from keepclear_protocol.agreement import Agreement
from keepclear_protocol.alert import Alert
from keepclear_protocol.errors import EvidenceInvalid
from keepclear_protocol.instant import format_instant
from keepclear_protocol.notice import Notice
from keepclear_protocol.recompute import lead_of_volumes
from keepclear_protocol.separation import Severity, severity_rank, widened

from .ranges import Range, minima_of, ranges_of

if TYPE_CHECKING:
    from .sweep import Sweep

FEW = 400
"""Pairs of volumes that are judged one by one: some ten milliseconds."""


def load_arrays() -> None:
    """Load what judges many pairs and long rings: some 200 ms, for which a desk that follows lets no alert wait."""
    from keepclear_protocol import long_ring  # noqa: F401

    from . import sweep  # noqa: F401


def surely_ahead(own: Notice, other: Notice, agreement: Agreement, at: int) -> bool:
    """Whether some pair is surely in conflict and not over at the instant ``at``."""
    return bool(_view(own, other, agreement, at).sure_of(item.digest for item in own.volumes))


def first_window(notice: Notice, agreement: Agreement) -> int:
    """Return the instant at which the first widened window begins; raise ``EvidenceInvalid`` with ``category``."""
    minima = minima_of(notice, agreement)
    return min(widened(item.volume, minima)[0] for item in notice.volumes)


class Listed:
    """Every pair that is in conflict and ahead, judged one by one."""

    def __init__(self, own: Notice, other: Notice, agreement: Agreement, at: int) -> None:
        self._pairs = [pair for pair in ranges_of(own, other, agreement) if pair.near.end >= at]
        self._claims = {(pair.own.digest, pair.other.digest): pair for pair in self._pairs}
        self._by_other: dict[str, list[Range]] = {}
        for pair in self._pairs:
            self._by_other.setdefault(pair.other.digest, []).append(pair)

    def claim(self, own: object, other: object) -> Range | None:
        """Return the pair of these digests, if it is one."""
        return self._claims.get((own, other)) if isinstance(own, str) and isinstance(other, str) else None

    def near_of(self, own: Iterable[str]) -> set[str]:
        """Return those of our digests that are in conflict within the grace."""
        return {pair.own.digest for pair in self._pairs}.intersection(own)

    def sure_of(self, own: Iterable[str]) -> set[str]:
        """Return those of our digests that are surely in conflict, or at least one of them."""
        return {pair.own.digest for pair in self._pairs if pair.sure}.intersection(own)

    def theirs_near(self) -> set[str]:
        """Return the other side's digests that are in conflict within the grace."""
        return set(self._by_other)

    def outdone(self, claims: Sequence[Range]) -> bool:
        """Whether any claim, each for another of their volumes, is surely not its volume's worst pair."""
        return any(
            rival.sure and rival.mildest < claim.worst
            for claim in claims
            for rival in self._by_other[claim.other.digest]
        )


def check_figures(alert: Alert, own: Notice, other: Notice, agreement: Agreement) -> None:
    """Raise ``EvidenceInvalid`` unless the open ``alert`` says what the rules say of both notices.

    With ``recompute`` for a figure, a pair or a volume that is not what the rules give; with ``over_disclosed`` where
    the counterpart was shown a volume of ours that is not in conflict.
    """
    pairs = _view(own, other, agreement, alert.at)
    if excess := set(alert.shown) - pairs.near_of(alert.shown):
        detail = f"MEDIATOR OVER-DISCLOSED: {len(excess)} of our volumes were shown that are not in conflict"
        raise EvidenceInvalid("over_disclosed", detail)
    if pairs.sure_of({item.digest for item in own.volumes} - set(alert.shown)):
        raise EvidenceInvalid("recompute", "a volume of ours is in conflict, but the alert does not list it")
    if {item.digest for item in other.volumes} != pairs.theirs_near():
        raise EvidenceInvalid("recompute", "a volume was shown to us that is not in conflict")
    _check_rows(alert, pairs)
    severities = [Severity(row["severity"]) for row in alert.pairs]
    if alert.severity != min(severities, key=severity_rank):
        raise EvidenceInvalid("recompute", f"the severity is not {alert.severity}")
    lead = lead_of_volumes(other.volumes, alert.at, agreement)
    if alert.lead != lead:
        raise EvidenceInvalid("recompute", f"the lead class is {lead}, not {alert.lead}")


def _view(own: Notice, other: Notice, agreement: Agreement, at: int) -> "Listed | Sweep":
    if len(own.volumes) * len(other.volumes) <= FEW:
        return Listed(own, other, agreement, at)
    from .sweep import Sweep  # with numpy, which hardly any command needs: a tenth of a second

    return Sweep(own, other, agreement, at)


def _check_rows(alert: Alert, pairs: "Listed | Sweep") -> None:
    if [row.get("other") for row in alert.pairs] != sorted(alert.disclosed):
        raise EvidenceInvalid("recompute", "there must be one pair for each volume shown to us")
    claims = [pairs.claim(row.get("own"), row.get("other")) for row in alert.pairs]
    sure = [claim for claim in claims if claim is not None]
    if len(sure) < len(claims):
        raise EvidenceInvalid("recompute", "a pair names volumes that are not in conflict")
    if pairs.outdone(sure):
        raise EvidenceInvalid("recompute", "a pair is not the worst of the volume shown to us")
    for row, claim in zip(alert.pairs, sure, strict=True):
        if wrong := _wrong(row, claim):
            raise EvidenceInvalid("recompute", f"the rules give another {wrong}")


def _wrong(row: Mapping[str, Any], pair: Range) -> str | None:
    """Return what in a row of ``pairs`` lies not between the two readings of its pair, if anything."""
    near, far = pair.near, pair.far
    if row["severity"] != near.severity and row["severity"] != far.severity:
        return "severity"
    for name, value, right in (
        ("time_start", row["time_start"], near.start),
        ("time_end", row["time_end"], near.end),
    ):
        if value != format_instant(right):
            return name
    lower, upper = _band(pair)
    floor, ceiling = math.floor(lower), math.ceil(upper)
    for name, low, high in (
        ("horizontal_m", near.horizontal_m, far.horizontal_m),
        ("vertical_m", near.vertical_m, far.vertical_m),
        ("altitude_lower_m", floor, floor),
        ("altitude_upper_m", ceiling, ceiling),
    ):
        value = row[name]
        if type(value) is not int or not low <= value <= high:
            return name
    return None if row["reference"] == near.reference else "reference"


def _band(pair: Range) -> tuple[float, float]:
    """Their band as the rules clip it: to ours grown by the minimum, where both have the same reference."""
    ours, theirs = pair.own.volume, pair.other.volume
    if ours.reference is not theirs.reference:
        return theirs.lower_m, theirs.upper_m
    room = pair.vertical_minimum_m
    return max(theirs.lower_m, ours.lower_m - room), min(theirs.upper_m, ours.upper_m + room)
