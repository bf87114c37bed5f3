"""What a desk can say afterwards: its whole stream read once more, and its testimony of one conflict.

``read_stream`` guarantees that the positions from the stream's beginning to its end were consecutive, and counts
statements that stood there twice. Every alert and acknowledgement is verified as it is read, by its signature alone:
whether an alert holds was judged when it was watched.
"""

from typing import Any

from keepclear.desk.desk import AsyncDesk
from keepclear.transport.client import AsyncClient
from keepclear.wire.arrivals import AcknowledgementArrived, AlertArrived, NoticeArrived, Unreadable, read_arrival
from keepclear.wire.sse import EventParser
from keepclear_protocol.acknowledgement import open_acknowledgement
from keepclear_protocol.agreement import Agreement
from keepclear_protocol.alert import Alert, open_alert
from keepclear_protocol.cursor import Cursor
from keepclear_protocol.encoding import digest
from keepclear_protocol.errors import EvidenceInvalid
from keepclear_protocol.geometry import SHOWN
from keepclear_protocol.notice import open_presentation, open_submission
from keepclear_protocol.separation import Severity, severity_rank


class Audit:
    """What was read: alerts as (conflict, version), own answers as (conflict, version, stage), repeated statements."""

    def __init__(self, agreement: Agreement, party: str) -> None:
        self._agreement, self._party = agreement, party
        self._seen: set[str] = set()
        self.alerts: set[tuple[str, int]] = set()
        self.answered: set[tuple[str, int, str]] = set()
        self.repeated = 0

    def alert(self, raw: str) -> None:
        """Take in an alert; raise ``EvidenceInvalid`` where it is not the service's."""
        alert = open_alert(raw, self._agreement.service_key)
        self._once((alert.conflict, alert.version) in self.alerts)
        self.alerts.add((alert.conflict, alert.version))

    def acknowledgement(self, raw: str) -> None:
        """Take in an acknowledgement; raise ``KeepclearError`` where it is nobody's."""
        ack = open_acknowledgement(raw, self._agreement.party_key)
        self.statement(raw)
        if ack.claims.iss == self._party:
            self.answered.add((ack.conflict, ack.version, ack.stage))

    def statement(self, raw: str) -> None:
        """Take in any statement's bytes."""
        self._once(digest(raw) in self._seen)
        self._seen.add(digest(raw))

    def _once(self, known: bool) -> None:
        self.repeated += known


async def read_stream(client: AsyncClient, end: Cursor) -> Audit:
    """Return what a party's stream holds from its beginning to ``end``; raise ``EvidenceInvalid`` for a hole."""
    audit, parser, at = Audit(client.exchange.agreement, client.party), EventParser(), 0
    if end.number == 0:
        return audit
    async with client.stream(Cursor(end.epoch, 0)) as chunks:
        async for chunk in chunks:
            for event in parser.feed(chunk):
                if event.id is not None:
                    at += 1
                    if Cursor.parse(event.id) != Cursor(end.epoch, at):
                        raise EvidenceInvalid("evidence", f"the stream has {event.id} where {at} should stand")
                match read_arrival(event):
                    case AlertArrived(shown):
                        audit.alert(shown.alert)
                    case AcknowledgementArrived(raw):
                        audit.acknowledgement(raw)
                    case NoticeArrived(notice, withdrawal, _):
                        audit.statement(notice or withdrawal or "")
                    case Unreadable(detail):
                        raise EvidenceInvalid("evidence", detail)
                if at >= end.number:
                    return audit
    raise EvidenceInvalid("evidence", f"the stream ended at {at}, before {end.number}")


def testimony(desk: AsyncDesk, conflict: str) -> dict[str, Any]:
    """Return what ``desk`` knows of a conflict: its own notice, what it was shown of the other, who answered when.

    Of a closed one: whether it stands closed, why, and by which statement. Raises ``EvidenceInvalid`` where the desk
    knows nothing.
    """
    view = next((view for view in desk.picture(everything=True).conflicts if view.conflict == conflict), None)
    kept = None if view is None else desk.journal.alert_of(conflict, view.version)
    if view is None or kept is None:
        raise EvidenceInvalid("evidence", "a desk knows nothing of a conflict that it was alerted of")
    alert = open_alert(kept.object.alert, desk.exchange.agreement.service_key)
    told = {"conflict": conflict, "version": view.version, "state": alert.state, "standing": view.state}
    if kept.object.presentation is None:
        return {**told, "reason": alert.reason, "has_cause": kept.object.cause is not None}
    return {**told, **_shown(desk, alert, kept.object.presentation), "answers": list(view.answers)}


def _shown(desk: AsyncDesk, alert: Alert, presentation: str) -> dict[str, Any]:
    agreement = desk.exchange.agreement
    theirs = open_presentation(presentation, agreement.party_key)
    own = desk.journal.own(alert.own.sha256)
    filed = None if own is None else open_submission(own.raw, agreement.party_key, bounds=SHOWN)
    worst = min(
        alert.pairs,
        key=lambda pair: (
            severity_rank(Severity(pair["severity"])),
            pair["horizontal_m"],
            pair["vertical_m"],
            pair["time_start"],
        ),
    )
    return {
        "own_volumes": 0 if filed is None else len(filed.volumes),
        "shown_volumes": len(theirs.volumes),
        "own_volumes_shown": len(alert.shown),
        "shown_start": min(item.volume.start for item in theirs.volumes),
        "shown_end": max(item.volume.end for item in theirs.volumes),
        "category": theirs.category,
        "callsign": theirs.callsign,
        "remarks": theirs.remarks,
        "worst": worst,
        "lead": alert.lead,
    }
