"""The list of conflicts in the rows that there are: in full as long as they fit, the last ones shortened where not.

Where not even one line for each fits, the list is a window around the selection, or its top where nothing is selected,
and says how many stand above and below, and how many of them call for somebody.
"""

from collections.abc import Callable, Sequence

from keepclear.desk.picture import ConflictView

from .card import compact, full
from .cells import ALARM, BOLD, Line, Span
from .look import Look
from .state import calls

Listed = tuple[list[Line], tuple[ConflictView, ...]]
Form = Callable[[int], list[Line]]


def listing(
    views: Sequence[ConflictView],
    selected: str | None,
    now: int,
    look: Look,
    columns: int,
    room: int,
    *,
    brief: bool = False,
) -> Listed:
    """Return the lines, ``room`` at most, and which conflicts stand in them; ``brief``: in one line each."""
    if room <= 0:
        return [], ()
    at = next((number for number, view in enumerate(views) if view.conflict == selected), None)

    def short(number: int) -> list[Line]:
        return [compact(views[number], now, look, columns, selected=number == at)]

    def long(number: int) -> list[Line]:
        return full(views[number], now, look, columns, selected=number == at)

    if len(views) > room:
        return _window(views, at or 0, short, long, room)
    blocks = [short(number) if brief else long(number) for number in range(len(views))]
    # What is shortened first stands last: it is answered, or it is later. The selected one is never shortened.
    shortened = iter([number for number in reversed(range(len(views))) if number != at])
    while sum(map(len, blocks)) > room and (number := next(shortened, None)) is not None:
        blocks[number] = short(number)
    if sum(map(len, blocks)) > room and at is not None:
        blocks[at] = short(at)
    return [line for block in blocks for line in block], tuple(views)


def _window(views: Sequence[ConflictView], at: int, short: Form, long: Form, room: int) -> Listed:
    """Return as many as fit around ``at``, which stands there in full if that leaves room for what is left out."""
    if room < 3:
        return [_left_out(views, f"{len(views)} conflicts", "and no room for them")], ()
    opened = long(at)
    if len(opened) > room - 2:
        opened = short(at)
    for start in range(at + 1):
        lines: list[Line] = [_left_out(views[:start], f"{start} more above")] if start else []
        end = start
        while end < len(views):
            block = opened if end == at else short(end)
            if len(lines) + len(block) > room - (end + 1 < len(views)):
                break
            lines += block
            end += 1
        if end > at:
            break
    if end < len(views):
        lines.append(_left_out(views[end:], f"{len(views) - end} more below"))
    return lines, tuple(views[start:end])


def _left_out(views: Sequence[ConflictView], words: str, more: str = "") -> Line:
    calling = sum(map(calls, views))
    told = f"  {words}, {calling} of them unanswered" if calling else f"  {words}"
    return (Span(f"{told}{' ' + more if more else ''}", ALARM if calling else BOLD),)
