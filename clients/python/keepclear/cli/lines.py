"""What a desk says on a terminal: plain lines, times in Zulu, the loudest word first.

Text that came from elsewhere is made harmless: controls and marks that could change how a line reads are replaced.
Colour only underlines a word that is there anyway, and not where ``NO_COLOR`` is set (no-color.org).
"""

import os
import unicodedata
from collections.abc import Mapping
from typing import Any

import click
from keepclear_protocol.acknowledgement import VERIFIED
from keepclear_protocol.instant import SECOND, format_instant, parse_instant

from keepclear.desk.acknowledging import UNPROVEN
from keepclear.desk.events import (
    AcknowledgementEvent,
    AlertEvent,
    Event,
    GapEvent,
    LinkEvent,
    NoticeEvent,
    TermsEvent,
)
from keepclear.desk.outbox import Filed
from keepclear.desk.picture import ConflictView, NoticeView, Picture

_FOOT_M = 0.3048
_LOUD = ("OPEN", "UNVERIFIED", "ROLLBACK", "PROBLEM")


def plain(text: str) -> str:
    """Return ``text`` without characters that could change how the line reads."""
    return "".join("?" if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") else c for c in text)


def event_line(event: Event, now: int) -> str:
    """Return an event as one line, or more where an alert has to be read in full."""
    match event:
        case AlertEvent():
            said = _alert(event, now)
        case AcknowledgementEvent(acknowledgement=ack):
            if ack is None or event.verdict != VERIFIED:
                said = f"UNVERIFIED acknowledgement: {event.detail}"
            else:
                by = f" by {ack.officer}" if ack.officer else ""
                doubt = "" if ack.verdict == VERIFIED else f", and their desk says {ack.verdict}"
                if ack.verdict == UNPROVEN:
                    doubt = ", but their desk cannot confirm that it is closed"
                said = f"{ack.claims.iss} {ack.stage}{by}: conflict {ack.conflict} version {ack.version}{doubt}"
        case NoticeEvent():
            said = f"filed {event.kind} {event.id} revision {event.revision}"
            said = said if event.verdict == VERIFIED else f"UNVERIFIED {said}: {event.detail}"
        case GapEvent():
            said = f"GAP ({event.reason}): the picture was read again"
        case LinkEvent():
            said = "connected" if event.up else f"NOT CONNECTED: {event.detail}; next try in {event.retry_s:.0f} s"
        case TermsEvent():
            said = f"NEW TERMS: {event.detail}"
        case _:
            said = f"PROBLEM {event.detail} ({event.code})"
    return f"{format_instant(now // SECOND * SECOND)[11:]} {_loud(plain(said))}"


def is_alarm(event: Event) -> bool:
    """Whether an officer must hear of it at once."""
    if isinstance(event, AlertEvent):
        return event.verdict != VERIFIED or event.standing in ("OPEN", "PAST", "CLOSED NOT CONFIRMED")
    return not holds(event)


def holds(event: Event) -> bool:
    """Whether nothing in the event failed to verify."""
    if isinstance(event, AlertEvent | AcknowledgementEvent | NoticeEvent):
        return event.verdict == VERIFIED
    return isinstance(event, GapEvent | LinkEvent | TermsEvent)


def filed_line(filed: Filed) -> str:
    """Return what became of a statement, as one line."""
    found = sum(1 for event in filed.alerts if event.standing == "OPEN")
    tail = f", IN CONFLICT with {found}" if found else ""
    return f"{filed.id} revision {filed.revision} filed, {filed.receipt.lead or 'done'}{tail}"


def filed_json(filed: Filed) -> dict[str, Any]:
    """Return what became of a statement, for scripts."""
    receipt = filed.receipt
    return {
        "id": filed.id,
        "revision": filed.revision,
        "sha256": filed.sha256,
        "received_at": format_instant(receipt.received_at),
        "lead": receipt.lead,
        "seq": receipt.seq,
        "receipt": receipt.raw,
        "alerts": [event.to_json() for event in filed.alerts],
    }


def conflict_line(view: ConflictView, now: int) -> str:
    """Return a conflict of the picture as one line."""
    when = f", {_window(view.start, view.end, now)}" if view.start is not None and view.end is not None else ""
    alarm = f"; {view.alarm_detail} ({view.alarm})" if view.alarm else ""
    mine = f"{view.conflict} version {view.version}: our {view.own} with {view.party}'s {view.other}"
    answers = [f"{a['party']} {a['stage']}{' by ' + a['officer'] if a['officer'] else ''}" for a in view.answers]
    answered = f"; {', '.join(answers)}" if answers else "; nobody has answered"
    return _loud(plain(f"{view.state} {view.severity or ''}{when} {mine}{answered}{alarm}".replace("  ", " ")))


def notice_line(view: NoticeView) -> str:
    """Return an own notice of the picture as one line."""
    window = ""
    if view.start is not None and view.end is not None:
        window = f" {format_instant(view.start)} to {format_instant(view.end)}"
    name = f" {view.callsign}" if view.callsign else ""
    volumes = f", {view.volumes} volumes" if view.volumes else ""
    return plain(f"{view.id} revision {view.revision} {view.state}{name}{window}{volumes}")


def age_line(picture: Picture) -> str:
    """Return how old the picture is."""
    if picture.age_s is None:
        return "picture of no age: the hotline was never heard"
    return f"picture {picture.age_s:.0f} s old{', STALE' if picture.stale else ''}"


def _alert(event: AlertEvent, now: int) -> str:
    alert = event.alert
    if alert is None:
        return f"UNVERIFIED alert, signed by nobody known or not for us: {event.detail}"
    sides = f"our {alert.own.id} with {alert.other.party}'s {alert.other.id}"
    where = f"conflict {alert.conflict} version {alert.version}, {sides}"
    if event.verdict != VERIFIED:
        loud = "" if event.detail.startswith(("ROLLBACK", "MEDIATOR")) else "UNVERIFIED "
        return f"{loud}{event.detail} ({event.verdict}); said to be {alert.state}: {where}"
    late = ", superseded meanwhile" if event.superseded else ""
    if alert.state != "open":
        why = f" ({alert.reason})" if alert.reason else ""
        more = f"; {event.detail}" if event.detail else ""
        return f"{event.standing}{why}{late}: {where}{more}"
    worst = min(alert.pairs, key=lambda row: (row["severity"] != alert.severity, row["time_start"]))
    start, end = parse_instant(worst["time_start"]), parse_instant(worst["time_end"])
    apart = f"{worst['horizontal_m']} m and {worst['vertical_m']} m apart"
    return (
        f"OPEN {alert.severity} {alert.lead}{late}, {_window(start, end, now)}, {_band(worst)}, {apart}, "
        f"{len(alert.pairs)} of their volumes: {where}"
    )


def _window(start: int, end: int, now: int) -> str:
    first, last = format_instant(start // SECOND * SECOND), format_instant(end // SECOND * SECOND)
    minutes = (start - now) // (60 * SECOND)
    ahead = f"starts in {minutes} min" if start > now else "over" if end < now else "NOW"
    return f"{first} to {last} ({ahead})"


def _band(row: Mapping[str, Any]) -> str:
    lower, upper, reference = row["altitude_lower_m"], row["altitude_upper_m"], row["reference"]
    if reference == "FL":
        return f"FL{lower / _FOOT_M / 100:03.0f}-FL{upper / _FOOT_M / 100:03.0f}"
    return f"{lower}-{upper} m {reference}"


def _loud(text: str) -> str:
    word = text.split(" ", 1)[0]
    if word not in _LOUD or os.environ.get("NO_COLOR"):
        return text
    return click.style(word, fg="red", bold=True) + text[len(word) :]
