"""What a desk says on a terminal: one event one line, times in Zulu, the loudest word first.

A conflict is named by its speakable code and by our own flight; full ids stand in the JSON and in ``conflict show``. A
version, which is the number of an entry in the hotline's log and counts everybody's, is said only where an answer was
to an earlier one. Everything here goes out through ``out``, which makes text from elsewhere harmless.
"""

from typing import Any

from keepclear_protocol.acknowledgement import VERIFIED
from keepclear_protocol.instant import SECOND, format_instant
from keepclear_protocol.separation import Severity
from keepclear_protocol.speakable import speakable

from keepclear.desk.acknowledging import UNPROVEN
from keepclear.desk.events import (
    AcknowledgementEvent,
    AlertEvent,
    BudgetEvent,
    Event,
    GapEvent,
    LinkEvent,
    NoticeEvent,
    ProblemEvent,
    TermsEvent,
)
from keepclear.desk.filed import Filed
from keepclear.desk.notices import NoticeRecord
from keepclear.desk.picture import UNVERIFIED, Answers, ConflictView
from keepclear.desk.shown import bare_view
from keepclear.verify.verdicts import Standing

from .notable import gap_words, over_words
from .plain import foreign, plain
from .reference import Reference
from .words import about, apart, band, clock, countdown, lead, position, window

__all__ = [
    "answered_after", "conflict_line", "event_json", "event_line", "filed_json", "filed_line", "holds",
    "is_alarm", "notice_facts", "notice_line", "plain", "why_closed",
]  # fmt: skip

NOT_CONFIRMED = "closed by what their notice hides: do not take it for clear until their desk confirms it"
MOST_AFTER = 2
"""Of those who acknowledged after somebody of their side; the others are counted, and stand in ``conflict show``."""

_WHY = {
    "withdrawn": "a notice was withdrawn",
    "amended": "a notice was amended",
    "ended": "by time: the flights are over",
    "terms": "by terms: others are in force",
}
_ACTS = {"withdrawn": "withdrew", "amended": "amended"}


def event_line(
    event: Event, now: int, view: ConflictView | None = None, reference: Reference | None = None, party: str = ""
) -> str:
    """Return an event as one line; ``view`` is what the desk's ``view`` gave for it. Total: any event has a line.

    ``party`` is whose desk says it.
    """
    try:
        said = _said(event, now, view, reference, party)
    except Exception as fault:  # what cannot be worded must not stop what comes after it
        said = f"PROBLEM an event that cannot be shown in words ({type(fault).__name__}): {event}"
    return f"{clock(now)} {plain(said)}"


def _said(event: Event, now: int, view: ConflictView | None, reference: Reference | None, party: str) -> str:
    match event:
        case AlertEvent(alert=None):
            return f"UNVERIFIED alert, signed by nobody known or not for us: {event.detail}"
        case AlertEvent(alert=alert) if alert is not None:
            late = ", superseded meanwhile" if event.superseded else ""
            detail = event.detail if event.verdict == VERIFIED else ""  # else it is the alarm's, which comes first
            return _conflict(view or bare_view(event, alert), now, reference, late, detail)
        case AcknowledgementEvent():
            return _acknowledgement(event, view)
        case NoticeEvent():
            said = f"ours: filed {event.kind} {speakable(event.id)} revision {event.revision}"
            return said if event.verdict == VERIFIED else f"UNVERIFIED {said}: {event.detail}"
        case BudgetEvent():
            return over_words([event], party, now)
        case GapEvent():
            return gap_words(event.reason)
        case LinkEvent(up=True):
            return f"connected{', ' + event.detail if event.detail else ''}"
        case LinkEvent():
            again = f"; next try in {event.retry_s:.0f} s" if event.retry_s else ""  # else the connection stands
            return f"NOT CONNECTED: {event.detail}{again}"
        case TermsEvent():
            return f"NEW TERMS: {event.detail}"
        case ProblemEvent():
            return f"PROBLEM {event.detail} ({event.code})"
    raise TypeError(type(event).__name__)


def event_json(
    event: Event, now: int, view: ConflictView | None = None, reference: Reference | None = None
) -> dict[str, Any]:
    """Return an event for scripts, with what the picture shows of its conflict and the volumes disclosed to us."""
    told: dict[str, Any] = {"shown_at_us": now, **event.to_json()}
    if isinstance(event, AlertEvent | AcknowledgementEvent) and "conflict" in told:
        told["code"] = speakable(told["conflict"])
        told["picture"] = None if view is None else view.to_json()
        if reference is not None and view is not None and view.where is not None:
            told["bullseye"] = reference.to_json(*view.where)
    return told


def is_alarm(event: Event) -> bool:
    """Whether an officer must hear of it at once."""
    if isinstance(event, AlertEvent):
        return event.verdict != VERIFIED or event.standing in ("OPEN", "PAST", "CLOSED NOT CONFIRMED")
    if isinstance(event, BudgetEvent | GapEvent):
        return isinstance(event, BudgetEvent) or event.reason == "epoch"
    return not holds(event)


def holds(event: Event) -> bool:
    """Whether nothing in the event failed to verify."""
    if isinstance(event, AlertEvent | AcknowledgementEvent | NoticeEvent):
        return event.verdict == VERIFIED
    return isinstance(event, BudgetEvent | GapEvent | LinkEvent | TermsEvent)


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


def conflict_line(view: ConflictView, now: int, reference: Reference | None = None) -> str:
    """Return a conflict of the picture as one line: what, its code, our flight, how high and when come first."""
    return plain(_conflict(view, now, reference))


def notice_line(record: NoticeRecord, now: int) -> str:
    """Return an own notice as one line: its state, whose flight it is, when, how high and where."""
    view = record.view
    state = view.state.upper() if view.state in ("not sent", "lost") else view.state
    revision = f", revision {view.revision}" if view.revision > 1 else ""
    places = " - ".join(about(*place) for place in record.places)
    words = (view.code, view.reference or "", f"{state}{revision}", notice_facts(record, now), places)
    return plain(" ".join(word for word in words if word))


def notice_facts(record: NoticeRecord, now: int) -> str:
    """Return whose flight an own notice is, when and how high, in a few words; nothing of a withdrawal."""
    view = record.view
    facts = [foreign(view.callsign, "no callsign"), view.category or ""]
    if view.start is not None and view.end is not None:
        facts.append(window(view.start, view.end, now))
    facts += [band(*heights) for heights in record.heights]
    return " ".join(fact for fact in facts if fact) if view.volumes else ""


def sides_of(view: ConflictView) -> str:
    """Return whose flights meet: ours by its callsign, theirs by what it is."""
    ours = foreign(view.own_callsign, f"notice {speakable(view.own)}")
    return f"our {ours} with {view.party}'s {view.category or 'notice'}"


def had_answered(said: Answers) -> str:
    """Return when a side had answered what is over now, and who, as far as this desk was told."""
    if said.earlier is None:
        return "no answer known at this desk"  # one that began later was told of none
    at = "" if said.earlier_at is None else f" {clock(said.earlier_at)}"
    return f"had answered{at}{f' by {foreign(said.earlier_by)}' if said.earlier_by else ''}"


def answered_after(said: Answers) -> str:
    """Return who of a side acknowledged after its first, in a few words; nothing where nobody did."""
    told = [f"{foreign(who)} {clock(at)}" for who, at in said.after[:MOST_AFTER]]
    more = [f"{len(said.after) - MOST_AFTER} more"] if len(said.after) > MOST_AFTER else []
    return f", then {', '.join([*told, *more])}" if told else ""


def why_closed(reason: str | None, by: str | None, party: str) -> str:
    """Return by whose act or by what a conflict was closed; ``party`` is the counterpart, ``by`` whose act it was."""
    if by is None or reason not in _ACTS:
        return _WHY.get(reason or "", reason or "it was closed")
    return f"{party} {_ACTS[reason]} its notice" if by == party else f"we {_ACTS[reason]} our notice"


def bands_of(view: ConflictView) -> list[str]:
    """Return each side's heights; where neither is to be had, between which ones the alert says that they meet."""
    sides = (("ours", view.our_heights), ("theirs", view.their_heights))
    if said := [f"{whose} {band(*heights)}" for whose, heights in sides if heights is not None]:
        return said
    if view.lower_m is None or view.upper_m is None or view.reference is None:
        return []
    return [f"band {band(view.lower_m, view.upper_m, view.reference)}"]


def answers_words(who: str, said: Answers, view: ConflictView) -> str:
    """Return what one side has answered, with times."""
    earlier = f"answered version {said.earlier}, not this one ({view.version})" if said.earlier is not None else ""
    if said.acknowledged_at is not None:
        by = foreign(said.acknowledged_by)
        return f"{who}: acknowledged by {by} at {clock(said.acknowledged_at)}{answered_after(said)}"
    if view.state == Standing.CLOSED:
        return f"{who}: {had_answered(said)}"
    if said.displayed_at is not None:
        to = foreign(said.displayed_by)
        return f"{who}: displayed to {to} at {clock(said.displayed_at)}, {earlier or 'not answered'}"
    if said.delivered_at is not None:
        return f"{who}: delivered {clock(said.delivered_at)}, {earlier or 'not answered'}"
    return f"{who}: {earlier or 'not answered'}"


def _conflict(view: ConflictView, now: int, reference: Reference | None, late: str = "", detail: str = "") -> str:
    parts = _head(view, now, late), *_facts(view, now, reference), *_answered(view), detail
    return "; ".join(part for part in parts if part)


def _head(view: ConflictView, now: int, late: str) -> str:
    """What a screen of 80 columns shows of a line, whatever else is cut: our flight, how high, and when."""
    ours = f"our {foreign(view.own_callsign, f'notice {speakable(view.own)}')}"
    heights = band(*view.our_heights) if view.our_heights is not None else next(iter(bands_of(view)), "")
    when = "" if view.start is None or view.end is None else f", {countdown(view.start, view.end, now)}"
    named = f"{view.code}{late}: {' '.join(filter(None, (ours, heights)))}{when}"
    if view.alarm:
        detail = view.alarm_detail or view.alarm
        loud = "" if detail.startswith(("ROLLBACK", "MEDIATOR", "CLOCK")) else f"{UNVERIFIED} "
        return f"{loud}{detail} ({view.alarm}); said to be {view.state} {view.severity or ''}".rstrip() + f" {named}"
    return f"{view.state} {(view.severity or '').upper()}".rstrip() + f" {named}"


def _facts(view: ConflictView, now: int, reference: Reference | None) -> list[str]:
    theirs = band(*view.their_heights) if view.their_heights is not None and view.our_heights is not None else ""
    facts = [" ".join(filter(None, (f"with {view.party}'s {view.category or 'notice'}", theirs)))]
    if view.reason:
        facts.append(why_closed(view.reason, view.by, view.party))
    if view.confirmed:
        facts.append(f"CONFIRMED, signed by {view.party}'s desk")
    if view.start is not None and view.end is not None:
        facts.append(window(view.start, view.end, now))
    if view.where is not None:
        facts.append(position(*view.where))
        facts += [] if reference is None else [reference.words(*view.where)]
    if view.severity is not None and view.severity != Severity.OVERLAP:
        facts.append(apart(view.severity, view.horizontal_m, view.vertical_m))
    if view.pairs > 1:
        facts.append(f"{view.pairs} of their volumes")
    if view.start is not None:
        facts.append(lead(view.lead, view.start, view.received_at))
    if view.state == Standing.UNCONFIRMED:
        facts.append(NOT_CONFIRMED)
    return facts


def _answered(view: ConflictView) -> list[str]:
    return [answers_words("ours", view.ours, view), answers_words(view.party, view.theirs, view)]


def _acknowledgement(event: AcknowledgementEvent, view: ConflictView | None) -> str:
    ack = event.acknowledgement
    if ack is None or event.verdict != VERIFIED:
        return f"UNVERIFIED acknowledgement: {event.detail}"
    code = speakable(ack.conflict)
    of = f"{code}: {sides_of(view)}" if view is not None else code
    who = ack.claims.iss
    if view is not None and who != view.party:
        who = "ours"
    at = clock(ack.claims.iat * SECOND)
    # A desk is known by its key alone: several of one party's would else say the same line.
    way = "to" if ack.stage == "displayed" else "by"
    by = f"{way} {foreign(ack.officer)}" if ack.officer else f"to desk {ack.kid[:4]}"
    old = f", of an earlier version ({ack.version})" if view is not None and ack.version < view.version else ""
    whose = "this desk of ours" if who == "ours" else "their desk"
    doubt = "" if ack.verdict == VERIFIED else f", and {whose} says {ack.verdict}"
    if ack.verdict == UNPROVEN:
        doubt = f", but {whose} cannot confirm that it is closed"
    if view is not None and ack.stage == "acknowledged" and not old:
        first = view.ours if who == "ours" else view.theirs
        if (ack.officer or "") in dict(first.after):
            old = f", after {foreign(first.acknowledged_by)}"
    said = f"{who}: {ack.stage} {by} at {at}{old}{doubt}; {of}"
    if event.confirms:
        return f"CONFIRMED CLOSED {of}; {ack.claims.iss}'s desk has signed it; {said.partition(';')[0]}"
    return said
