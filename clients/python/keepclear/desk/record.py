"""All that a desk has of one conflict: the picture's view, each pair with both volumes, every version and answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from keepclear_protocol.acknowledgement import VERIFIED
from keepclear_protocol.errors import KeepclearError
from keepclear_protocol.instant import SECOND, format_instant, parse_instant
from keepclear_protocol.notice import DisclosedVolume, Notice
from keepclear_protocol.volume import Volume
from keepclear_protocol.withdrawal import Withdrawal

from ..journal.kept import KeptAcknowledgement, KeptAlert
from ..journal.pictured import exact_band, place_of, whose_act
from ..journal.reads import Reads
from ..verify.opening import Opener
from .disclosed import disclosed, disclosed_json, volume_json
from .picture import conflict_views
from .shown import own_statement
from .views import ConflictView


@dataclass(frozen=True, slots=True)
class PairRecord:
    """One pair of volumes of a verified open alert; ``ours`` is None where our notice is not to be had."""

    severity: str
    horizontal_m: int
    vertical_m: int
    start: int
    end: int
    lower_m: float
    upper_m: float
    reference: str
    where: tuple[float, float] | None
    ours: Volume | None
    theirs: Volume | None

    def to_json(self) -> dict[str, Any]:
        """Return the pair for scripts."""
        return {
            "severity": self.severity,
            "horizontal_m": self.horizontal_m,
            "vertical_m": self.vertical_m,
            "time_start": format_instant(self.start),
            "time_end": format_instant(self.end),
            "altitude_lower_m": self.lower_m,
            "altitude_upper_m": self.upper_m,
            "reference": self.reference,
            "where": None if self.where is None else {"lat": self.where[0], "lng": self.where[1]},
            "ours": volume_json(self.ours),
            "theirs": volume_json(self.theirs),
        }


@dataclass(frozen=True, slots=True)
class VersionRecord:
    """One alert object of the conflict as it came: its state as the hotline said it, and what this desk made of it.

    ``by`` is the party whose act closed it, where that is known.
    """

    version: int
    state: str
    reason: str | None
    severity: str | None
    standing: str | None
    verdict: str
    detail: str
    at: int
    came_at: int
    by: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the version for scripts."""
        return {
            "version": self.version,
            "state": self.state,
            "reason": self.reason,
            "by": self.by,
            "severity": self.severity,
            "standing": self.standing,
            "verdict": self.verdict,
            "detail": self.detail,
            "at": format_instant(self.at),
            "came_at": format_instant(self.came_at),
        }


@dataclass(frozen=True, slots=True)
class ConflictRecord:
    """One conflict in full. Pairs are the worst first, versions and answers the oldest first.

    ``disclosed`` are the counterpart's volumes of the alert in the picture, each with the digest that it is signed by.
    """

    view: ConflictView
    pairs: tuple[PairRecord, ...]
    disclosed: tuple[DisclosedVolume, ...]
    versions: tuple[VersionRecord, ...]
    answers: tuple[KeptAcknowledgement, ...]

    @property
    def their_volumes(self) -> tuple[Volume, ...]:
        """The disclosed volumes themselves."""
        return tuple(item.volume for item in self.disclosed)

    def to_json(self) -> dict[str, Any]:
        """Return the record for scripts."""
        return {
            **self.view.to_json(),
            "pairs": [pair.to_json() for pair in self.pairs],
            "their_volumes": disclosed_json(self.disclosed),
            "versions": [version.to_json() for version in self.versions],
            "acknowledgements": [
                {
                    "party": ack.party, "stage": ack.stage, "officer": ack.officer, "version": ack.version,
                    "at": format_instant(ack.signed_at * SECOND), "verdict": ack.said, "holds": ack.verdict == VERIFIED,
                }
                for ack in self.answers
            ],
        }  # fmt: skip


def conflict_record(journal: Reads, opener: Opener, conflict: str) -> ConflictRecord | None:
    """Return the record of a conflict that the journal knows, else None."""
    kept = journal.conflict(conflict)
    views = conflict_views(journal, [] if kept is None else [kept])
    if kept is None or not views:
        return None
    adopted = None if kept.adopted is None else journal.alert_object(kept.adopted)
    pairs: list[PairRecord] = []
    volumes: tuple[DisclosedVolume, ...] = ()
    if adopted is not None and adopted.verdict == VERIFIED:
        alert = opener.kept_alert(adopted.object.alert)
        own = own_statement(journal, opener, alert.own.sha256)
        presented = adopted.object.presentation
        theirs = None if presented is None else opener.kept_presentation(presented)
        pairs = [_pair(row, own, theirs) for row in alert.pairs]
        volumes = disclosed(presented)
    order = ("overlap", "proximity", "possible")
    pairs.sort(key=lambda pair: (order.index(pair.severity), pair.horizontal_m, pair.vertical_m, pair.start))
    versions = (_version(journal, opener, row) for row in journal.versions(conflict))
    said = journal.acknowledged([conflict])
    return ConflictRecord(views[0], tuple(pairs), volumes, tuple(v for v in versions if v), tuple(said))


def _pair(row: Mapping[str, Any], own: Notice | Withdrawal | None, theirs: Notice | None) -> PairRecord:
    ours, disclosed = _volume(own, row["own"]), _volume(theirs, row["other"])
    lower_m, upper_m = exact_band(row, disclosed)
    return PairRecord(
        row["severity"], row["horizontal_m"], row["vertical_m"],
        parse_instant(row["time_start"]), parse_instant(row["time_end"]),
        lower_m, upper_m, row["reference"], place_of(disclosed, ours), ours, disclosed,
    )  # fmt: skip


def _volume(notice: Notice | Withdrawal | None, digest: str) -> Volume | None:
    if not isinstance(notice, Notice):
        return None
    return next((item.volume for item in notice.volumes if item.digest == digest), None)


def _version(journal: Reads, opener: Opener, kept: KeptAlert) -> VersionRecord | None:
    try:
        alert = opener.kept_alert(kept.object.alert)
    except KeepclearError:
        return None
    own = own_statement(journal, opener, alert.own.sha256)
    return VersionRecord(
        alert.version, alert.state, alert.reason, alert.severity, kept.standing, kept.verdict, kept.detail, alert.at,
        kept.received_at, whose_act(alert, own, kept.object.cause) if kept.verdict == VERIFIED else None,
    )  # fmt: skip
