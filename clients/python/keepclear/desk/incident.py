"""One conflict whole, for whoever asks afterwards: what happened when, by whose clock, what every signature is worth.

From the journal alone. Each statement is verified anew from its kept bytes, and each alert again in its place behind
those before it; what this desk had noted when it came stands beside that, where it was something else. Guaranteed: of
the counterpart nothing that was not disclosed to this desk; of this desk's own volumes which of them were shown to it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter

from keepclear_protocol.acknowledgement import VERIFIED
from keepclear_protocol.agreement import Agreement
from keepclear_protocol.alert import CLOSED, Alert, Side
from keepclear_protocol.errors import KeepclearError
from keepclear_protocol.instant import SECOND
from keepclear_protocol.kinds import ACKNOWLEDGEMENT, NOTICE
from keepclear_protocol.notice import DisclosedVolume, Notice
from keepclear_protocol.volume import Volume
from keepclear_protocol.withdrawal import Withdrawal

from ..journal.kept import RECEIPTED, KeptAcknowledgement, KeptAlert, OwnStatement
from ..journal.reads import Reads
from ..verify.anew import Checked, acknowledgement_anew, own_anew, receipt_anew, signer_of, theirs_anew
from ..verify.opening import Opener
from ..verify.verdicts import Adopted, Known, Seen, Verified, open_addressed, verify_alert
from .happening import HOTLINE, ORDER, OURS, THEIRS, Details, Happening, Revealed, Signature
from .link import Link
from .record import ConflictRecord, conflict_record
from .shown import own_statement
from .spans import Span, heard_spans, long_ones, watched_spans, without


@dataclass(frozen=True, slots=True)
class Incident:
    """One conflict whole. ``disclosed`` to us, ``shown`` to them; ``own``: the volumes of our newest notice.

    ``blind`` and ``unwatched``: from when to when, between its first and its last happening, this desk did not hear the
    hotline, and nobody watched at it.
    """

    record: ConflictRecord
    agreement: Agreement
    party: str
    timeline: tuple[Happening, ...]
    signatures: tuple[Signature, ...]
    disclosed: tuple[Revealed, ...]
    shown: tuple[Revealed, ...]
    own: tuple[Volume, ...]
    blind: tuple[Span, ...]
    unwatched: tuple[Span, ...]

    @property
    def unsound(self) -> int:
        """How many of its signed statements do not hold."""
        return sum(each.checked.verdict != VERIFIED for each in self.signatures)


def incident_of(journal: Reads, opener: Opener, conflict: str, now: int, link: Link) -> Incident | None:
    """Return the incident of a conflict that the journal knows, else None; ``link`` is how the desk stands ``now``."""
    record = conflict_record(journal, opener, conflict)
    if record is None:
        return None
    gathering = _Gathering(journal, opener)
    own = gathering.own(record.view.own)
    for kept in journal.versions(conflict):
        gathering.version(kept)
    for ack in record.answers:
        gathering.answer(ack)
    last = next((item for item in reversed(own) if isinstance(item, Notice)), None)
    volumes = () if last is None else tuple(item.volume for item in last.volumes)
    timeline = sorted(gathering.timeline, key=gathering.order)
    return Incident(
        record, opener.agreements[0], journal.party, tuple(timeline), tuple(gathering.signatures),
        tuple(gathering.disclosed.values()), tuple(gathering.shown.values()), volumes,
        _gaps(timeline, heard_spans(journal, link)), _gaps(timeline, watched_spans(journal, now)),
    )  # fmt: skip


def _gaps(timeline: Sequence[Happening], spans: Sequence[Span]) -> tuple[Span, ...]:
    if not timeline:
        return ()
    return tuple(long_ones(without([span for span in spans if span[0] < span[1]], timeline[0].at, timeline[-1].at)))


class _Gathering:
    """What is gathered of one conflict, statement by statement, in the order of their coming."""

    def __init__(self, journal: Reads, opener: Opener) -> None:
        self._journal = journal
        self._opener = opener
        self._agreements = opener.agreements
        self._before: tuple[Alert, Verified] | None = None
        self._newest: Alert | None = None
        self._alerts: dict[int, Alert] = {}
        self._heard_of: set[str] = set()
        self.timeline: list[Happening] = []
        self.signatures: list[Signature] = []
        self.disclosed: dict[str, Revealed] = {}
        self.shown: dict[str, Revealed] = {}

    def order(self, happening: Happening) -> tuple[int, int]:
        """Return where something stands in the timeline: an answer, told in whole seconds, behind what it answers."""
        at, version = happening.at, happening.details.get("version")
        alert = self._alerts.get(version) if isinstance(version, int) else None
        if alert is not None and alert.at // SECOND == at // SECOND:
            at = max(at, alert.at)
        return at, ORDER.index(happening.kind)

    def own(self, id: str) -> list[Notice | Withdrawal]:
        """Take in what we signed of our notice, and the receipts for it; return it, oldest first."""
        statements = []
        for row in sorted(self._journal.own_history(id), key=attrgetter("revision")):
            statement = own_statement(self._journal, self._opener, row.sha256)
            statements += [] if statement is None else [statement]
            kind = "withdrawn" if row.kind != NOTICE.name else "filed" if row.revision == 1 else "amended"
            callsign = statement.callsign if isinstance(statement, Notice) else None
            details: Details = {"revision": row.revision, "status": row.status, "callsign": callsign}
            received_at = self._own_signature(row)
            at, came_at = row.filed_at, None
            if statement is not None and received_at is not None and received_at < row.filed_at:
                # Another desk of ours filed it, so it came here later: its own word says when it was signed.
                at, came_at = statement.claims.iat * SECOND, row.filed_at
            self.timeline.append(Happening(at, kind, OURS, OURS, came_at, row.sha256, details))
        return statements

    def _own_signature(self, row: OwnStatement) -> int | None:
        """Take in an own statement's signature and its receipt's; return when the hotline had received it."""
        party, agreements = self._journal.party, self._agreements
        received_at, signature = row.filed_at, None
        if row.receipt is not None:
            checked, receipt = receipt_anew(row.receipt, (row.kind, party, row.sha256, row.revision), agreements)
            received_at = row.filed_at if receipt is None else receipt.received_at
            signature = Signature("receipt", HOTLINE, row.revision, received_at, checked)
            details: Details = {"revision": row.revision, "lead": None if receipt is None else receipt.lead}
            said = Happening(received_at, "receipted", HOTLINE, HOTLINE, None, checked.sha256, details)
            self.timeline += [] if receipt is None else [said]
        side = Side(party, row.id, row.revision, row.sha256, received_at)
        own = Signature(row.kind, OURS, row.revision, row.filed_at, own_anew(row.raw, row.kind, side, agreements))
        self.signatures += [own] if signature is None else [own, signature]
        return None if signature is None else signature.at

    def version(self, kept: KeptAlert) -> None:
        """Take in an alert object, verified anew behind those before it."""
        try:
            alert = open_addressed(kept.object.alert, self._agreements, self._journal.party)
        except KeepclearError as error:
            who = signer_of(kept.object.alert, self._agreements)
            self._signed_alert(kept, None, Checked(kept.digest, who, error.code, error.detail))
            return
        checked, standing = self._verified(alert, kept)
        self._signed_alert(kept, alert, checked)
        self._alerts.setdefault(alert.version, alert)
        details: Details = {
            "version": alert.version, "state": alert.state, "severity": alert.severity, "reason": alert.reason,
            "lead": alert.lead, "standing": standing or kept.standing, "verdict": checked.verdict,
            "detail": checked.detail,
        }  # fmt: skip
        kind = "closed" if alert.state == CLOSED else "alert"
        told = Happening(alert.at, kind, HOTLINE, HOTLINE, kept.received_at, alert.sha256, details)
        self.timeline.append(told)
        self._their_side(alert, kept)
        if checked.verdict == VERIFIED:
            self._reveal(alert, kept)

    def _signed_alert(self, kept: KeptAlert, alert: Alert | None, checked: Checked) -> None:
        noted = kept.verdict if kept.verdict != checked.verdict else None
        at = None if alert is None else alert.at
        self.signatures.append(Signature("alert", HOTLINE, kept.version, at, checked, noted))
        for raw, kind in ((kept.object.presentation, "presentation"), (kept.object.cause, "cause")):
            if raw is not None and alert is not None:
                beside = theirs_anew(raw, alert, self._agreements, shown=kind == "presentation")
                side = alert.other
                self.signatures.append(Signature(kind, THEIRS, side.revision, side.received_at, beside))

    def _verified(self, alert: Alert, kept: KeptAlert) -> tuple[Checked, str | None]:
        """Return what the alert is found to be now, with what came beside it, and what it makes of the conflict."""
        signer, opened = signer_of(alert.raw, self._agreements), self._own_opened(alert.own.sha256)
        before = None if self._before is None else self._before[0]
        own_before = None if before is None else self._own_opened(before.own.sha256)
        held = [row.revision for row in self._journal.own_history(alert.own.id) if row.status == RECEIPTED]
        newest = self._newest
        theirs = None if self._before is None else self._before[1].theirs
        known = Known(
            agreements=self._agreements,
            own=opened,
            own_gone=alert.own.revision not in held and max(held, default=0) > alert.own.revision,
            own_before=own_before if isinstance(own_before, Notice) else None,
            adopted=None if before is None else Adopted(before, theirs if isinstance(theirs, Notice) else None),
            floor=None if newest is None else Seen(newest.version, newest.sha256),
            theirs_floor=None,
            own_floor=None,
            followed=False,
            now=max(kept.received_at, alert.at),
        )
        try:
            found = verify_alert(alert, kept.object, known)
        except KeepclearError as error:
            return Checked(alert.sha256, signer, error.code, error.detail), None
        self._newest, self._before = alert, (alert, found)
        return Checked(alert.sha256, signer, VERIFIED, found.detail), str(found.standing)

    def _their_side(self, alert: Alert, kept: KeptAlert) -> None:
        """Note when the hotline had their statement, once for each."""
        side = alert.other
        if side.sha256 in self._heard_of:
            return
        self._heard_of.add(side.sha256)
        withdrawn = alert.state == CLOSED and kept.object.cause is not None and "~" not in kept.object.cause
        kind = "withdrawn" if withdrawn else "filed" if side.revision == 1 else "amended"
        details: Details = {"revision": side.revision, "party": side.party}
        came_at = kept.received_at
        self.timeline.append(Happening(side.received_at, kind, THEIRS, HOTLINE, came_at, side.sha256, details))

    def _reveal(self, alert: Alert, kept: KeptAlert) -> None:
        presented = kept.object.presentation
        if presented is not None and alert.disclosed:
            notice = self._opener.kept_presentation(presented)
            _add(self.disclosed, alert.disclosed, notice.volumes, alert.other.revision, alert.at)
        own = self._own_opened(alert.own.sha256)
        _add(self.shown, alert.shown, own.volumes if isinstance(own, Notice) else (), alert.own.revision, alert.at)

    def _own_opened(self, sha256: str) -> Notice | Withdrawal | None:
        return own_statement(self._journal, self._opener, sha256)

    def answer(self, ack: KeptAcknowledgement) -> None:
        """Take in an acknowledgement of either side, and the receipt for one of ours."""
        party = self._journal.party
        by = OURS if ack.party == party else THEIRS
        checked = acknowledgement_anew(ack.raw, self._alerts.get(ack.version), party, self._agreements)
        noted = ack.verdict if ack.verdict != checked.verdict else None
        at = ack.signed_at * SECOND
        details: Details = {
            "officer": ack.officer, "version": ack.version, "said": ack.said, "party": ack.party,
            "verdict": checked.verdict,
        }  # fmt: skip
        self.timeline.append(Happening(at, ack.stage, by, by, ack.received_at, ack.sha256, details))
        self.signatures.append(Signature(ack.stage, by, ack.version, at, checked, noted))
        if ack.receipt is not None:
            named = (ACKNOWLEDGEMENT.name, party, ack.sha256, None)
            found, receipt = receipt_anew(ack.receipt, named, self._agreements)
            received_at = None if receipt is None else receipt.received_at
            self.signatures.append(Signature("receipt", HOTLINE, ack.version, received_at, found))


def _add(
    to: dict[str, Revealed], digests: Sequence[str], volumes: Iterable[DisclosedVolume], revision: int, since: int
) -> None:
    by_digest = {item.digest: item.volume for item in volumes}
    for each in digests:
        to.setdefault(each, Revealed(each, revision, since, by_digest.get(each)))
