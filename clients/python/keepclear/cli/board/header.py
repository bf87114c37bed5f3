"""The head of the board: whose it is, by which clock, whether it hears, how old the picture is, what waits.

A lost link is the loudest: the whole head is inverted and its age counts up. Nothing here ever says clear.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from keepclear_protocol.instant import SECOND, format_instant

from keepclear.desk.picture import AHEAD_S, SET_BACK
from keepclear.verify.verdicts import Standing

from ..lines import plain
from ..notable import behind_words, notable_lines, slow_words, was_slow_words
from ..plain import foreign
from ..words import clock, counted, span
from .blind import QUIET_S
from .cells import ALARM, BOLD, DANGER, DIM, PLAIN, WARNING, Line, Span, fit, flow, line_width, sides, width, wrap
from .look import Look
from .state import State

if TYPE_CHECKING:
    from .frame import Scene

NARROW = 60

FOOT = 5
"""Rows of the last events and the keys, on a screen of 24."""

NOT_WHOLE = "NOT WHOLE"
"""What a note that is cut must not lose."""

BLIND_MEANS = "whatever is filed now is not on this screen: speak with the other side by voice"


def header(scene: "Scene", state: State, look: Look, columns: int, rows: int) -> list[Line]:
    """Return the head: in full, or what it notes in a line each, where else conflicts had no room on the screen."""
    down = not scene.link.up
    whose = _whose(scene, state.officer, look)
    first = sides(whose, (Span(f"{_date_clock(scene, columns)} ", BOLD),), columns, look.mark)
    lines = [first, *_link_lines(scene, look, columns)]
    if down:
        lines = [_inverted(line, columns) for line in lines]
    lines += _counts(scene, look, columns)
    if down and columns >= NARROW:
        lines += [_inverted(line, columns) for line in wrap(BLIND_MEANS, columns, indent=1)]
    notes = sorted(_notes(scene, state), key=lambda note: note[1] != ALARM)
    whole = [line for words, style in notes for line in wrap(words, columns, style, 1)]
    room = max(1, rows - rows // 2 - FOOT - len(lines) - 1)  # half of the screen is the conflicts'
    if len(whole) > room:
        notes = notes if len(notes) <= room else [*notes[: room - 1], _rest(notes[room - 1 :])]
        whole = [_in_a_line(words, style, columns, look) for words, style in notes]
    elif scene.link.up and scene.link.hotline_was_slow:
        was = wrap(was_slow_words(scene.link.hotline_was_slow), columns, WARNING, 1)
        whole += was if len(whole) + len(was) <= room else []  # over, so it takes no other note's place
    lines += whole
    if state.trouble:
        lines += wrap(plain(state.trouble), columns, ALARM, 1)
    return [*lines, (Span(look.rule * columns, DIM),)]


def _rest(notes: Sequence[tuple[str, str]]) -> tuple[str, str]:
    """Return in one note that there are more, the worst first, than the screen has lines for."""
    lacks = f": {NOT_WHOLE}" if any(NOT_WHOLE in words for words, _ in notes) else ""
    return f"{len(notes)} more notes, for which this screen is too small: see keepclear conflicts{lacks}", notes[0][1]


def _in_a_line(words: str, style: str, columns: int, look: Look) -> Line:
    """Return a note cut to one line, at whose end still stands that the picture is not whole, if the note says so."""
    if width(words) < columns or NOT_WHOLE not in words:
        return fit((Span(f" {words}", style),), columns, look.mark)
    return sides((Span(f" {words}", style),), (Span(NOT_WHOLE, style),), columns, look.mark)


def _notes(scene: "Scene", state: State) -> Iterator[tuple[str, str]]:
    """Return what an officer must know besides, and how it looks."""
    if scene.link.is_behind:
        yield behind_words(scene.link), ALARM
    if scene.link.up and scene.link.hotline_slow_since is not None:
        yield slow_words(scene.link.hotline_slow_since), ALARM
    for words, lacks in notable_lines(scene.picture, scene.now):
        yield plain(words), ALARM if lacks else WARNING
    if (unwatched := state.unwatched_words(scene.now)) is not None:
        yield unwatched, WARNING
    if (blind := state.blind_words()) is not None and scene.link.up:
        yield f"was blind {blind}: read what came since", WARNING
    if scene.picture.forged:
        words = f"{counted(scene.picture.forged, 'alert')} came that nobody known signed, or not for us: see conflicts"
        yield words, ALARM


def one_line(scene: "Scene", columns: int, look: Look) -> Line:
    """Return the head in one line, for a screen that has no room."""
    unanswered = scene.picture.unanswered
    counted = (Span(f"UNANSWERED {unanswered}", DANGER if unanswered else PLAIN),)
    link = (Span(_link_word(scene), PLAIN if scene.link.up and not scene.link.lags else ALARM),)
    rest: Line = (*counted, Span(" "), *link)
    return sides(rest, (Span(clock(scene.now)),), columns, look.mark) if columns >= line_width(rest) + 10 else rest


def _whose(scene: "Scene", officer: str | None, look: Look) -> Line:
    name = plain(scene.name)
    on_watch = Span(f"{look.between}{foreign(officer)} on watch" if officer else "")
    return (Span(f" {plain(scene.picture.party)}", BOLD), on_watch, Span(f"{look.between}{name}" if name else ""))


def _date_clock(scene: "Scene", columns: int) -> str:
    now = format_instant(scene.now // SECOND * SECOND)
    return now[11:] if columns < NARROW else f"{now[:10]} {now[11:]}"


def _link_word(scene: "Scene") -> str:
    link = scene.link
    if link.up:
        return f"BEHIND {link.behind}" if link.is_behind else "HOTLINE SLOW" if link.hotline_slow else "connected"
    if link.heard_at is None:
        return f"NOT CONNECTED {span((scene.now - link.since) / SECOND)}"
    return f"BLIND FOR {span((scene.now - link.since) / SECOND)}"


def _link_lines(scene: "Scene", look: Look, columns: int) -> list[Line]:
    link, age = scene.link, scene.picture.age_s
    parts: list[Line]
    old = "no picture: the hotline was never heard" if age is None else f"picture {span(age)} old"
    if age is not None and age < 0:
        old = f"picture of no known age: {SET_BACK}"
    if columns < NARROW:
        parts = [(Span(_link_word(scene)),), (Span(old, WARNING if scene.picture.stale else PLAIN),)]
        return flow(parts, columns, look.between, 1)
    if link.up:
        quiet_s = 0.0 if link.heard_at is None else (scene.now - link.heard_at) / SECOND
        heard = f"heard {span(quiet_s)} ago"
        parts = [
            (Span(f"connected since {clock(link.since)}"),),
            (Span(heard, PLAIN if -AHEAD_S <= quiet_s <= QUIET_S else WARNING),),
            (Span(old, WARNING if scene.picture.stale else PLAIN),),
        ]
        return flow(parts, columns, look.between, 1)
    lost = "NOT CONNECTED" if link.heard_at is None else "LINK LOST, " + _link_word(scene)
    since = "since this watch began" if link.heard_at is None else f"since {clock(link.since)}"
    lines = flow([(Span(lost),), (Span(since),), (Span(old),)], columns, look.between, 1)
    if link.detail:
        lines.append(fit((Span(" " + plain(link.detail)),), columns, look.mark))
    return lines


def _inverted(line: Line, columns: int) -> Line:
    text = "".join(piece.text for piece in line)
    return (Span(text + " " * (columns - line_width(line)), ALARM),)


def _counts(scene: "Scene", look: Look, columns: int) -> list[Line]:
    picture = scene.picture
    states = [view.state for view in picture.conflicts]
    unconfirmed, open_ = states.count(Standing.UNCONFIRMED), states.count(Standing.OPEN)
    danger = DANGER if picture.unanswered else PLAIN
    parts: list[Line] = [
        (Span(f"UNANSWERED {picture.unanswered}" + " by us" * (columns >= NARROW), danger),),
        (Span(f"open {open_}"),),
        (Span(f"our live notices {sum(view.state == 'live' for view in picture.notices)}"),),
        (Span(f"NOT SENT {picture.not_sent}", WARNING if picture.not_sent else PLAIN),),
        (Span(f"LOST {picture.lost}", ALARM if picture.lost else PLAIN),),
    ]
    if picture.unknown:
        parts.insert(3, (Span(f"UNKNOWN {picture.unknown}", ALARM),))
    if unconfirmed:
        parts.insert(2, (Span(f"closed not confirmed {unconfirmed}", WARNING),))
    said = [part for part in parts[2:] if columns >= NARROW or not part[0].text.endswith(" 0")]
    return flow([*parts[:2], *said], columns, look.between, 1)
