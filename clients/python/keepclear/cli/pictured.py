"""The picture behind ``notices``, ``conflicts`` and ``ack``: read again where the hotline answers, else as it was."""

from keepclear_protocol.errors import OutOfStep, StalePicture, Unavailable

from keepclear.desk.blocking import Desk
from keepclear.desk.picture import Picture
from keepclear.transport.client import now_instant

from . import out
from .lines import event_line, holds
from .main import DONE, INVALID, STALE, tell_error


def read_picture(desk: Desk) -> tuple[Picture, int]:
    """Return the picture and the exit code for it. What does not hold, and that it is stale, is told aloud."""
    code = DONE
    try:
        desk.settle()
        for event in desk.refresh():
            if not holds(event):
                out.talk(event_line(event, now_instant(), desk.view(event)))
                code = INVALID
    except (Unavailable, OutOfStep) as error:
        stale = StalePicture("wrong_terms", error.detail, hint=error.hint)
        tell_error(stale if error.code == "wrong_terms" else error)
        return desk.picture(everything=True), STALE
    picture, kept = kept_picture(desk)
    return picture, code or kept


def kept_picture(desk: Desk) -> tuple[Picture, int]:
    """Return the picture as this desk has it, without asking, and the exit code for what does not hold in it."""
    picture = desk.picture(everything=True)
    wrong = any(view.alarm or view.verdict != "verified" for view in picture.conflicts)
    return picture, INVALID if wrong else DONE
