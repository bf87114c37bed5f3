"""What a desk shows of one alert beyond the picture: as it was when it came."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from keepclear_protocol.acknowledgement import VERIFIED
from keepclear_protocol.alert import Alert
from keepclear_protocol.errors import KeepclearError, LocalError
from keepclear_protocol.notice import Notice
from keepclear_protocol.withdrawal import Withdrawal

from ..journal.kept import KeptConflict
from ..journal.pictured import Pictured
from ..journal.reads import Reads
from ..verify.opening import Opener
from ..wire.answers import AlertObject
from .events import AcknowledgementEvent, AlertEvent, Event, from_journal
from .picture import conflict_view, conflict_views
from .views import ConflictView


def alert_view(journal: Reads, opener: Opener, event: AlertEvent) -> ConflictView | None:
    """Return what the picture shows of the alert of ``event``, as if it were the newest; None of a forged one."""
    alert = event.alert
    if alert is None:
        return None
    theirs: Notice | None = None
    if event.verdict == VERIFIED and event.object.presentation is not None:
        theirs = opener.kept_presentation(event.object.presentation)
    own = own_statement(journal, opener, alert.own.sha256)
    pictured = Pictured.of(alert, event.verdict, event.standing, theirs, own, event.object.cause)
    shown = _kept(event, alert, pictured)
    return conflict_views(journal, [shown])[0]


def earlier_view(journal: Reads, opener: Opener, conflict: str, version: int) -> ConflictView | None:
    """Return what the picture showed of the newest verified version before ``version``; None of the first."""
    rows = [row for row in journal.versions(conflict) if (row.version or 0) < version and row.verdict == VERIFIED]
    if not rows:
        return None
    row = rows[-1]
    alert = opener.kept_alert(row.object.alert)
    return alert_view(journal, opener, AlertEvent(row.object, alert, row.verdict, row.detail, row.standing))


def event_view(journal: Reads, opener: Opener, event: Event) -> ConflictView | None:
    """Return what the picture shows of the alert of ``event``, or of the conflict that was answered, if any."""
    if isinstance(event, AlertEvent):
        return alert_view(journal, opener, event)
    if not isinstance(event, AcknowledgementEvent) or event.acknowledgement is None:
        return None
    kept = journal.conflict(event.acknowledgement.conflict)
    return next(iter(conflict_views(journal, [] if kept is None else [kept])), None)


def kept_event(journal: Reads, opener: Opener, value: Mapping[str, Any]) -> Event:
    """Return an event that the journal has kept."""

    def find_object(digest: str) -> tuple[AlertObject, Alert | None]:
        kept = journal.alert_object(digest)
        if kept is None:
            raise LocalError("journal", "the journal names an alert that it does not have")
        return kept.object, None if kept.conflict is None else opener.kept_alert(kept.object.alert)

    return from_journal(value, find_object, opener.kept_acknowledgement)


def bare_view(event: AlertEvent, alert: Alert) -> ConflictView:
    """Return what an alert says of itself, where no journal is at hand to say more."""
    pictured = Pictured.of(alert, event.verdict, event.standing)
    return conflict_view(_kept(event, alert, pictured), pictured, [], None, alert.to)


def _kept(event: AlertEvent, alert: Alert, pictured: Pictured) -> KeptConflict:
    kept = KeptConflict(alert.conflict, alert.version, alert.sha256, 0, pictured=pictured)
    return kept if event.verdict == VERIFIED else replace(kept, alarm=event.verdict, alarm_detail=event.detail)


def own_statement(journal: Reads, opener: Opener, sha256: str) -> Notice | Withdrawal | None:
    """Return an own statement of the journal, if it is there and can be read."""
    row = journal.own(sha256)
    try:
        return None if row is None else opener.kept_own(sha256, row.raw, row.kind)
    except KeepclearError:
        return None  # of before a change of the wire
