"""Lead classes: how far ahead of the flight a notice came. A late notice is never refused; it is louder.

A *note* is what a log entry keeps of a notice so that its receipt's lead class follows from the entry alone: the
instants of the first start and the last end of its windows as signed, and the seconds of the agreement's lead classes
that were in force when it was admitted. It is written and read here and means nothing to whoever stores it.
"""

import re

from .errors import Unavailable

ROUTINE = "ROUTINE"
SHORT = "SHORT"
LATE = "LATE"
IN_PROGRESS = "IN_PROGRESS"
RETROACTIVE = "RETROACTIVE"
LEADS = (ROUTINE, SHORT, LATE, IN_PROGRESS, RETROACTIVE)

_SECOND = 1_000_000
# An instant has at most 18 digits (the year 9000), an agreement's seconds at most 8.
_NOTE = re.compile(r"(\d{1,18}),(\d{1,18}),(\d{1,8}),(\d{1,8})\Z", re.ASCII)


def lead_class(first_start: int, last_end: int, at: int, routine_s: int, short_s: int) -> str:
    """Return the lead class at the instant ``at`` of windows from ``first_start`` to ``last_end``, as signed.

    ROUTINE and SHORT by the agreement's seconds; LATE with less lead; IN_PROGRESS once the first window has begun;
    RETROACTIVE when the last window is over.
    """
    if last_end < at:
        return RETROACTIVE
    if first_start <= at:
        return IN_PROGRESS
    if first_start - at >= routine_s * _SECOND:
        return ROUTINE
    return SHORT if first_start - at >= short_s * _SECOND else LATE


def write_note(first_start: int, last_end: int, routine_s: int, short_s: int) -> str:
    """Return the note of a notice: ``first,last,routine,short``, two instants and two numbers of seconds."""
    return f"{first_start},{last_end},{routine_s},{short_s}"


def read_note(note: str) -> tuple[int, int, int, int]:
    """Return what ``write_note`` wrote; raise ``Unavailable`` with ``store_unsafe`` for anything else."""
    match = _NOTE.match(note)
    if match is None:
        raise Unavailable("store_unsafe", "a log entry has a note that cannot be read")
    first_start, last_end, routine_s, short_s = map(int, match.groups())
    return first_start, last_end, routine_s, short_s


def lead_of_note(note: str, received_at: int) -> str:
    """Return the lead class of a receipt, from its entry's note and instant; "" for an entry without a note."""
    if not note:
        return ""
    first_start, last_end, routine_s, short_s = read_note(note)
    return lead_class(first_start, last_end, received_at, routine_s, short_s)
