"""One conflict on the board: who, where, when, how late it was told, and what each side has answered.

In full it is a headline and as many lines as the width asks for; pressed for room it is one line. Either begins with
the sign, the speakable code, and the word of severity or state, which leave room last as a screen gets narrow.
"""

import math

from keepclear_protocol.instant import SECOND
from keepclear_protocol.separation import Severity
from keepclear_protocol.speakable import speakable

from keepclear.desk.picture import UNVERIFIED, Answers, ConflictView
from keepclear.verify.verdicts import Standing

from ..deadline import left_s, told_at
from ..lines import answered_after, bands_of, had_answered, plain, why_closed
from ..plain import foreign
from ..words import clock, countdown, feet, lead, loud_lead, miles, near, position, span, window
from .cells import ALARM, BOLD, DANGER, DIM, GOOD, WARNING, Line, Span, flow, line_width, sides, wrap
from .look import Look

INDENT = 4

NOT_CONFIRMED = (
    "Closed by a change that their notice hides from this desk. Until their desk confirms it under its own signature,"
    " do not take it for clear."
)
ALARMED = "What the hotline says of this conflict does not hold. Take it for open; call the other side."


def full(view: ConflictView, now: int, look: Look, width: int, *, selected: bool = False) -> list[Line]:
    """Return a conflict in full."""
    lines = [_headline(view, now, look, width, selected)]
    # Each on lines of its own: a countdown that gets shorter moves no place to another line.
    for parts in (_when(view, now), [*_where(view, look), *_why(view)]):
        lines += flow(parts, width, look.between, INDENT)
    lines += flow(_answered(view, now, look), width, look.between, INDENT)
    if view.alarm or view.state == UNVERIFIED:
        detail = f"{view.alarm_detail or view.verdict} ({view.alarm or view.verdict}). {ALARMED}"
        lines += wrap(plain(detail), width, ALARM, INDENT)
    elif view.state == Standing.UNCONFIRMED:
        lines += wrap(NOT_CONFIRMED, width, WARNING, INDENT)
    return lines


def compact(view: ConflictView, now: int, look: Look, width: int, *, selected: bool = False) -> Line:
    """Return a conflict in one line: as much as there is room for, when before who, and no part cut in two."""
    line = _named(view, look, selected)
    # That we have answered is what matters least: the danger stands all the same.
    state = _answer_state(view, now, look) if view.unanswered else ()
    least = line_width(line)
    parts = []
    if view.start is not None and view.end is not None:
        parts.append(near(view.start, view.end, now))
    # Theirs first: one's own height one knows, or asks one's own pilot.
    parts += reversed(bands_of(view))
    parts.append(plain(_ours(view)))
    parts.append(plain(f"with {_theirs(view)}"))
    if look.reference is not None and view.where is not None:
        parts.append(look.reference.words(*view.where, look.degree))
    room = width - line_width(state) - 1
    for part in parts:
        longer = (*line, Span(f"  {part}"))
        line = longer if line_width(longer) <= room else line
    return sides(line, state, width, look.mark, least=least)


def _headline(view: ConflictView, now: int, look: Look, width: int, selected: bool) -> Line:
    named = _named(view, look, selected)
    return sides((*named, *_who(view)), _answer_state(view, now, look), width, look.mark, least=line_width(named))


def _named(view: ConflictView, look: Look, selected: bool) -> Line:
    what = view.state if view.state != Standing.OPEN or view.severity is None else view.severity
    sign, style = look.sign(UNVERIFIED if view.alarm else what)
    what = f"alarm {what}" if view.alarm else what
    return (
        Span(look.pointer if selected else "  ", BOLD),
        Span(f"{sign} ", style),
        Span(view.code, BOLD),
        Span(f" {plain(what).upper()}", style),
    )


def _who(view: ConflictView) -> Line:
    return (Span(plain(f"  {_ours(view)} with {_theirs(view)}")),)


def _ours(view: ConflictView) -> str:
    return foreign(view.own_callsign, f"our {speakable(view.own)}")


def _theirs(view: ConflictView) -> str:
    return f"{view.party} {view.category}" if view.category else view.party


def _answer_state(view: ConflictView, now: int, look: Look) -> Line:
    if view.unanswered:
        style = DANGER if view.state == Standing.OPEN else WARNING
        overdue = ", OVERDUE" if left_s(view, view.ours, look.deadline_s, now) < 0 else ""
        return (Span(f" NOT ANSWERED{_since(told_at(view), now)}{overdue} ", style),)
    if view.ours.acknowledged_at is not None and view.state == Standing.OPEN:
        return (Span(f"WE ANSWERED {clock(view.ours.acknowledged_at)}", GOOD),)
    return ()


def _when(view: ConflictView, now: int) -> list[Line]:
    if view.start is None or view.end is None:
        return []
    late = lead(view.lead, view.start, view.received_at)
    return [
        (Span(countdown(view.start, view.end, now), BOLD),),
        (Span(window(view.start, view.end, now)),),
        (Span(late, WARNING if loud_lead(view.lead) else ""),),
    ]


def _where(view: ConflictView, look: Look) -> list[Line]:
    parts: list[Line] = [(Span(words, BOLD),) for words in bands_of(view)]
    if view.where is not None:
        parts.append((Span(position(*view.where)),))
        if look.reference is not None:
            parts.append((Span(look.reference.words(*view.where, look.degree), BOLD),))
    if view.severity == Severity.POSSIBLE:
        parts.append((Span("cannot be excluded: heights of two kinds", WARNING),))
    elif view.horizontal_m or view.vertical_m:
        parts.append((Span(f"apart {miles(view.horizontal_m or 0)}, {feet(view.vertical_m or 0)}"),))
    if view.pairs > 1:
        parts.append((Span(f"{view.pairs} of their volumes", DIM),))
    return parts


def _why(view: ConflictView) -> list[Line]:
    if view.state == Standing.OPEN or view.reason is None:
        return []
    why: list[Line] = [(Span(plain(why_closed(view.reason, view.by, view.party))),)]
    return [*why, (Span(f"CONFIRMED, signed by {plain(view.party)}'s desk", GOOD),)] if view.confirmed else why


def _answered(view: ConflictView, now: int, look: Look) -> list[Line]:
    return [_side("we", view.ours, view, now, look), _side(plain(view.party), view.theirs, view, now, look)]


def _side(who: str, said: Answers, view: ConflictView, now: int, look: Look) -> Line:
    if said.acknowledged_at is not None:
        answered = f"acknowledged {clock(said.acknowledged_at)}{_by(said.acknowledged_by)}"
        return (Span(f"{who}: {answered}{plain(answered_after(said))}", GOOD),)
    if view.state in (Standing.CLOSED, Standing.PAST) and not view.unanswered:
        return (Span(f"{who}: {plain(had_answered(said))}", DIM),)
    earlier = f"answered version {said.earlier}, not this one ({view.version})" if said.earlier is not None else ""
    if said.displayed_at is not None:
        seen = f"displayed {clock(said.displayed_at)}{_by(said.displayed_by)}"
    elif said.delivered_at is not None:
        seen = f"delivered {clock(said.delivered_at)}"
    else:
        seen = "not known to be delivered"
    waited = _since(said.delivered_at or told_at(view), now)
    if look.heard_until is not None and who != "we":
        # Since then they may have answered: what this desk cannot know does not count up.
        return (Span(f"{who}: {seen}, {earlier or 'not answered'} by {clock(look.heard_until)}", WARNING),)
    left = left_s(view, said, look.deadline_s, now)
    due = "" if left == math.inf else f", due in {span(left)}" if left >= 0 else ", OVERDUE"
    return (Span(f"{who}: {seen}, {earlier or 'not answered'}{waited}{due}", WARNING),)


def _since(at: int | None, now: int) -> str:
    return "" if at is None else f" {span((now - at) / SECOND)}"


def _by(officer: str | None) -> str:
    return f" by {foreign(officer)}" if officer else ""
