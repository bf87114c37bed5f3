"""The whole screen as lines: header, what is open, the last events, the keys. A pure function of picture and size.

Guaranteed at every size: exactly as many lines as the screen has, none wider than it; the first says by the clock
whether this desk hears the hotline and how many conflicts nobody has answered; every conflict is on the screen, or
counted in a line that says how many are not and how many of those are unanswered.
"""

from dataclasses import dataclass, replace

from keepclear.desk.link import Link
from keepclear.desk.picture import ConflictView, Picture

from ..lines import plain
from ..plain import foreign
from .cells import ALARM, BOLD, DIM, PLAIN, Line, Span, fit, flow, wrap
from .header import NARROW, header, one_line
from .listing import listing
from .look import Look
from .pages import details, help_page
from .state import HELP, LIST, Quit, State, calls

SMALL = 10
"""Rows under which there is no room for anything but the header's first line and conflicts."""

LOW = 16
"""Rows under which what happened lately has one line, so that the head leaves room for conflicts."""

MOST_ABOVE = 3
"""Lines above a page for what calls for somebody and is not on it."""

NOTHING = "no conflict has been told to this desk. Silence is not safety."
DEAF = "And now this desk hears nothing: whatever is filed now is not on this screen."
TARDY = "And now what is told comes late: what was filed just now may not be on this screen yet."
KEYS = ("j/k select", "enter details", "a acknowledge", "s sound test", "? help", "q quit")


@dataclass(frozen=True, slots=True)
class Scene:
    """All that a frame is drawn from, but for the board's own state.

    ``name`` is the agreement's, ``record`` the lines of ``conflict show`` of the chosen conflict where they are shown,
    ``deadline_s`` the agreement's, in which an officer answers an alert.
    """

    picture: Picture
    link: Link
    name: str
    now: int
    record: tuple[str, ...] = ()
    deadline_s: int | None = None


@dataclass(frozen=True, slots=True)
class Frame:
    """A drawn screen, and which conflicts stand on it."""

    lines: tuple[Line, ...]
    shown: tuple[ConflictView, ...]


def draw(scene: Scene, state: State, look: Look, columns: int, rows: int) -> Frame:
    """Return the screen."""
    columns, rows = max(1, columns), max(1, rows)
    heard_until = None if scene.link.up else scene.link.heard_at
    look = replace(look, deadline_s=scene.deadline_s, heard_until=heard_until)
    if rows < SMALL:
        top, bottom = [one_line(scene, columns, look)], []
    else:
        top = header(scene, state, look, columns, rows)
        bottom = _footer(state, look, columns, rows)
        if len(top) + len(bottom) >= rows:
            top = [one_line(scene, columns, look)]
    room = rows - len(top) - len(bottom)
    body, shown = _body(scene, state, look, columns, room)
    blank: Line = ()
    lines = [*top, *body, *[blank] * (room - len(body)), *bottom]
    return Frame(tuple(fit(line, columns, look.mark) for line in lines[:rows]), shown)


def _body(
    scene: Scene, state: State, look: Look, columns: int, room: int
) -> tuple[list[Line], tuple[ConflictView, ...]]:
    if state.page == LIST:
        listed = state.listed(scene.picture, scene.now)
        if not listed:
            return _nothing(scene, columns)[: max(0, room)], ()
        return listing(listed, state.selected, scene.now, look, columns, room)
    if state.page == HELP:
        above, shown = _calling(scene, state, None, look, columns, room)
        page = help_page(state.officer, look, columns)
    else:
        view = state.chosen(scene.picture, scene.now)
        above, shown = _calling(scene, state, view, look, columns, room)
        page = [] if view is None else details(view, scene.record, scene.now, look, columns)
    return [*above, *_scrolled(page, state, room - len(above))], shown


def _calling(
    scene: Scene, state: State, view: ConflictView | None, look: Look, columns: int, room: int
) -> tuple[list[Line], tuple[ConflictView, ...]]:
    """Return, for above a page, what calls for somebody and is not on it: no page hides a danger."""
    others = [one for one in state.listed(scene.picture, scene.now) if calls(one) and one != view]
    if not others or room < MOST_ABOVE * 2:
        return [], ()
    lines, shown = listing(others, None, scene.now, look, columns, min(len(others), MOST_ABOVE), brief=True)
    return [*lines, (Span(look.rule * columns, DIM),)], shown


def _scrolled(page: list[Line], state: State, room: int) -> list[Line]:
    if len(page) <= room:
        return page
    at = min(state.scrolled, len(page) - max(1, room - 1))
    state.scrolled, state.leaf = at, max(1, room - 2)
    left = len(page) - at - (room - 1)
    tail = f"{left} more lines, space or j goes down" if left > 0 else "the end, b or k goes up"
    return [*page[at : at + max(0, room - 1)], (Span(tail, BOLD),)][: max(0, room)]


def _nothing(scene: Scene, columns: int) -> list[Line]:
    lines: list[Line] = [()]
    lines += wrap(NOTHING, columns, BOLD, indent=2)
    if not scene.link.up:
        lines += wrap(DEAF, columns, ALARM, indent=2)
    elif scene.link.lags:
        lines += wrap(TARDY, columns, ALARM, indent=2)
    return lines


def _footer(state: State, look: Look, columns: int, rows: int) -> list[Line]:
    deep = 1 if columns < NARROW or rows < LOW or state.page != LIST else 3 if rows < 30 else 6
    rule: Line = (Span(look.rule * columns, DIM),)
    strip = [(Span(" " + text, PLAIN),) for text in state.strip.last(deep)]
    lines: list[Line] = [rule, *[()] * (deep - len(strip)), *strip]
    if isinstance(state.asked, Quit):
        words = "y: end this watch; nobody watches at this desk then. Any other key: go on."
        return [*lines, *wrap(words, columns, ALARM, 1)]
    if state.asked is not None:
        of = f"{state.asked.code} (version {state.asked.version}), {state.asked.sides}"
        words = f"y: sign as {foreign(state.officer)} that {of}: received, read, understood. Any other key: no."
        asked = wrap(plain(words), columns, ALARM, 1)
        return [*lines, *asked]
    if state.note[0]:
        return [*lines, *wrap(plain(state.note[0]), columns, state.note[1] or BOLD, 1)]
    # A telephone has no room for what ? says as well.
    keys: list[Line] = [(Span(key, DIM),) for key in (KEYS[-2:] if columns < NARROW else KEYS)]
    return [*lines, *flow(keys, columns, "   ", 1)]
