"""Lines of a terminal as styled spans, measured in cells.

Guaranteed of ``fit``, ``sides`` and ``flow``: no line that they return is wider than asked, whatever the text: wide
characters count two cells, marks that combine none. What they are given was made harmless before (``lines.plain``).
"""

from collections.abc import Sequence
from typing import NamedTuple

from wcwidth import wcswidth, wcwidth

PLAIN, BOLD, DIM, DANGER, WARNING, GOOD, ALARM = "", "bold", "dim", "danger", "warning", "good", "alarm"
"""Styles by meaning. Each only underlines words that are there anyway."""


class Span(NamedTuple):
    """Some text in one style."""

    text: str
    style: str = PLAIN


Line = tuple[Span, ...]


def width(text: str) -> int:
    """Return how many cells the text takes; what has no width of its own counts as one."""
    cells: int = wcswidth(text)
    return cells if cells >= 0 else sum(map(_cell, text))


def line_width(line: Line) -> int:
    """Return how many cells a line takes."""
    return sum(width(span.text) for span in line)


def cut(text: str, cells: int, mark: str = "~") -> str:
    """Return the text in at most ``cells`` cells; where something was left out it ends in ``mark``."""
    if width(text) <= cells:
        return text
    kept, used = [], 0
    for character in text:
        if used + _cell(character) > cells - 1:
            break
        used += _cell(character)
        kept.append(character)
    return "".join(kept) + mark if cells >= 1 else ""


def fit(line: Line, cells: int, mark: str = "~") -> Line:
    """Return the line in at most ``cells`` cells."""
    fitted, left = [], cells
    for span in line:
        if left <= 0:
            break
        text = cut(span.text, left, mark)
        fitted.append(Span(text, span.style))
        left -= width(text)
        if text != span.text:
            break
    return tuple(fitted)


def sides(left: Line, right: Line, cells: int, mark: str = "~", least: int = 0) -> Line:
    """Return a line of ``left`` and, at its other end, ``right``, for which ``left`` gives way down to ``least``."""
    right = fit(right, max(0, cells - least - 1), mark)
    room = cells - line_width(right)
    left = fit(left, room - 1, mark) if right else fit(left, cells, mark)
    return (*left, Span(" " * (room - line_width(left))), *right)


def flow(parts: Sequence[Line], cells: int, between: str, indent: int = 0) -> list[Line]:
    """Return ``parts`` one after the other on as few lines as they need.

    Lines are broken between parts, and within one only where it is wider than a line; then between words.
    """
    begin = Span(" " * min(indent, max(0, cells - 1)))
    room = cells - len(begin.text)
    lines: list[Line] = []
    current: Line = ()
    for part in parts:
        joint = between if current else ""
        for piece in [part] if line_width(part) <= room else _words(part):
            longer = (*current, Span(joint, DIM), *piece) if current else piece
            if current and line_width(longer) > room:
                lines.append(current)
                longer = piece
            current, joint = longer, " "
    if current:
        lines.append(current)
    return [(begin, *fit(line, room)) for line in lines]


def wrap(text: str, cells: int, style: str = PLAIN, indent: int = 0) -> list[Line]:
    """Return a text broken between words."""
    return flow([(Span(word, style),) for word in text.split()], cells, " ", indent)


def _words(part: Line) -> list[Line]:
    return [(Span(word, span.style),) for span in part for word in span.text.split()]


def _cell(character: str) -> int:
    cells: int = wcwidth(character)
    return cells if cells >= 0 else 1
