"""The picture behind ``notices``, ``conflicts`` and ``ack``: read again where the hotline answers, else as it was.

Whatever keeps the hotline from answering, its silence, a stranger in its place, an environment that bars the way, what
this desk knew is shown, with its age; silence is waited for under a second. A busy hotline may be silent as long as one
that hangs, and nothing tells them apart but its answer: an officer at a terminal is shown what this desk knew, and then
what the hotline says if it does; a script gets the one or the other at once.
"""

import os
import sys
from collections.abc import Callable

from keepclear_protocol.errors import KeepclearError, LocalError, OutOfStep, StalePicture, Unavailable

from keepclear.desk.blocking import Desk
from keepclear.desk.picture import Picture
from keepclear.transport.client import READ_S, SILENT, now_instant
from keepclear.transport.faults import CLOCK_CODES

from . import out
from .asking import is_terminal
from .lines import event_line, holds
from .main import DONE, INVALID, STALE, exit_code, tell_error

WAIT_S = 0.45
"""Seconds for which a hotline may owe an answer: an officer who asks must see something within one. A healthy one takes
a tenth."""

TIMES_SLOWEST = 5
"""And as many times what its slowest answer took when everything was last read: a line by satellite is slow."""

WAIT = "KEEPCLEAR_WAIT"


def show_picture(desk: Desk, show: Callable[[Picture], None]) -> int:
    """Have ``show`` write the picture; return the exit code for it.

    Where somebody looks on and the hotline is silent, it is asked once more with all patience, and shown once more.
    """
    within_s = _wait_s(desk)
    picture, code, silent = _read(desk, within_s)
    show(picture)
    if silent and within_s < READ_S and not os.environ.get(WAIT) and is_terminal(sys.stdout):
        out.note(f"asking once more, for {READ_S:.0f} s at most; Ctrl-C ends it")
        picture, code, _ = _read(desk, READ_S)
        show(picture)
    return code


def read_picture(desk: Desk) -> tuple[Picture, int]:
    """Return the picture and the exit code for it. What does not hold, and that it is stale, is told aloud."""
    picture, code, _ = _read(desk, _wait_s(desk))
    return picture, code


def _read(desk: Desk, within_s: float) -> tuple[Picture, int, bool]:
    """Return the picture, the exit code for it, and whether it is an old one because the hotline was silent."""
    code = DONE
    if desk.journal.fault is not None:
        return *kept_picture(desk), False
    try:
        for event in desk.refresh(settle=True, within_s=within_s):
            if not holds(event):
                out.talk(event_line(event, now_instant(), desk.view(event)))
                code = INVALID
    except KeepclearError as error:
        if isinstance(error, LocalError) and error.code not in ("usage", "journal"):
            raise
        _tell(error)
        known = isinstance(error, Unavailable | OutOfStep | LocalError) or error.code in CLOCK_CODES
        return desk.picture(everything=True), STALE if known else exit_code(error), error.detail.startswith(SILENT)
    picture, kept = kept_picture(desk)
    return picture, code or kept, False


def kept_picture(desk: Desk) -> tuple[Picture, int]:
    """Return the picture as this desk has it, without asking, and the exit code for what does not hold in it."""
    picture = desk.picture(everything=True)
    wrong = any(view.alarm or view.verdict != "verified" for view in picture.conflicts)
    if desk.journal.fault is not None:
        tell_error(desk.journal.fault)
    stale = DONE if desk.journal.fault is None else STALE
    return picture, INVALID if wrong else stale


def _tell(error: KeepclearError) -> None:
    if error.code == "wrong_terms":
        error = StalePicture("wrong_terms", error.detail, hint=error.hint)
    elif error.code == "unreachable" and error.detail.startswith(SILENT):
        hint = f"what follows is what this desk knew before; {WAIT}=15 waits longer on a slow line"
        error = Unavailable("unreachable", f"{SILENT}: the hotline does not answer", hint=hint)
    tell_error(error)


def _wait_s(desk: Desk) -> float:
    if not (text := os.environ.get(WAIT)):
        if desk.journal.read_at() is None:
            return READ_S
        return min(READ_S, max(WAIT_S, TIMES_SLOWEST * desk.journal.answer_s()))
    try:
        within_s = float(text)
    except ValueError:
        within_s = 0
    if not 0 < within_s <= 3600:
        raise LocalError("usage", f"{WAIT} is a number of seconds, above 0, not {text}")
    return within_s
