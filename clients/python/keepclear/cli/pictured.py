"""The picture behind ``notices``, ``conflicts`` and ``ack``: read again where the hotline answers, else as it was.

Whatever keeps the hotline from answering, its silence, a stranger in its place, an environment that bars the way, what
this desk knew is shown, with its age. Guaranteed: an officer at a terminal is shown it within a second of the first
question, whatever the hotline does, and then what the hotline says if it does: a busy one may be silent as long as one
that hangs, and nothing tells them apart but its answer. Where nobody looks on, it is the one or the other: silence and
outage are waited for as briefly, and answers that get on for ``LONGEST_S``.
"""

import os
import sys
from collections.abc import Callable

from keepclear_protocol.errors import KeepclearError, LocalError, OutOfStep, StalePicture, Unavailable

from keepclear.desk.blocking import Desk
from keepclear.desk.picture import Picture
from keepclear.transport.client import READ_S, SILENT, now_instant
from keepclear.transport.faults import CLOCK_CODES, CutShort

from . import out
from .asking import is_terminal
from .lines import event_line, holds
from .main import DONE, INVALID, STALE, exit_code, tell_error

WAIT_S = 0.45
"""Seconds for which a hotline may owe an answer: an officer who asks must see something within one. A healthy one takes
a tenth."""

WHOLE_S = 0.9
"""Seconds after which an officer is shown what this desk knows though answers still come."""

TIMES_SLOWEST = 5
MOST_LEARNT_S = 2.0
"""And as many times what its slowest answer took when everything was last read, if that is less: a line by satellite is
slow; a hotline that was slow on purpose once must not buy darkness for the next time."""

LONGEST_S = READ_S
FIRST_S = 4 * READ_S
"""Seconds for a whole reading where nobody waits, or the kept picture stands already; and for the first, before which
there is none. What was read by then is kept, and the next reading goes on from it."""

WAIT = "KEEPCLEAR_WAIT"


def show_picture(desk: Desk, show: Callable[[Picture], None]) -> int:
    """Have ``show`` write the picture; return the exit code for it.

    Where somebody looks on and was shown what was kept, it is asked once more with all patience, and shown once more.
    """
    within_s = _wait_s(desk)
    looked_on = is_terminal(sys.stdout) and within_s < READ_S and not os.environ.get(WAIT)
    picture, code, cut = _read(desk, within_s, WHOLE_S if looked_on else _whole_s(desk, within_s))
    show(picture)
    if cut and looked_on:
        out.note(f"asking once more, for {LONGEST_S:.0f} s at most; Ctrl-C ends it")
        picture, code, _ = _read(desk, READ_S, LONGEST_S)
        show(picture)
    return code


def read_picture(desk: Desk) -> tuple[Picture, int]:
    """Return the picture and the exit code for it. What does not hold, and that it is stale, is told aloud."""
    within_s = _wait_s(desk)
    looked_on = is_terminal(sys.stdout) and within_s < READ_S and not os.environ.get(WAIT)
    whole_s = max(WHOLE_S, within_s) if looked_on else _whole_s(desk, within_s)
    picture, code, _ = _read(desk, within_s, whole_s)
    return picture, code


def _read(desk: Desk, within_s: float, whole_s: float) -> tuple[Picture, int, bool]:
    """Return the picture, the exit code for it, and whether it is an old one because the time was over."""
    code = DONE
    if desk.journal.fault is not None:
        return *kept_picture(desk), False
    try:
        for event in desk.refresh(settle=True, within_s=within_s, whole_s=whole_s):
            if not holds(event):
                out.talk(event_line(event, now_instant(), desk.view(event)))
                code = INVALID
    except KeepclearError as error:
        if isinstance(error, LocalError) and error.code not in ("usage", "journal"):
            raise
        _tell(error)
        known = isinstance(error, Unavailable | OutOfStep | LocalError) or error.code in CLOCK_CODES
        return desk.picture(everything=True), STALE if known else exit_code(error), isinstance(error, CutShort)
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
    elif isinstance(error, CutShort) and not error.hint:
        hint = f"what follows is what this desk knew before; {WAIT}=15 waits longer on a slow line"
        detail = f"{SILENT}: the hotline does not answer" if error.detail.startswith(SILENT) else error.detail
        error = Unavailable(error.code, detail, hint=hint)
    tell_error(error)


def _wait_s(desk: Desk) -> float:
    if not (text := os.environ.get(WAIT)):
        if desk.journal.read_at() is None:
            return READ_S
        return min(MOST_LEARNT_S, max(WAIT_S, TIMES_SLOWEST * desk.journal.answer_s()))
    try:
        within_s = float(text)
    except ValueError:
        within_s = 0
    if not 0 < within_s <= 3600:
        raise LocalError("usage", f"{WAIT} is a number of seconds, above 0, not {text}")
    return within_s


def _whole_s(desk: Desk, within_s: float) -> float:
    return max(within_s, FIRST_S if desk.journal.read_at() is None else LONGEST_S)
