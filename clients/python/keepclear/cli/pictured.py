"""The picture behind ``notices``, ``conflicts`` and ``ack``: read again where the hotline answers, else as it was."""

import click
from keepclear_protocol.errors import Unavailable

from keepclear.client import now_instant
from keepclear.desk import Desk
from keepclear.picture import Picture

from .lines import event_line, holds
from .main import DONE, INVALID, STALE, tell_error


def read_picture(desk: Desk) -> tuple[Picture, int]:
    """Return the picture and the exit code for it. What does not hold, and that it is stale, is told aloud."""
    code = DONE
    try:
        desk.settle()
        for event in desk.refresh():
            if not holds(event):
                click.echo(event_line(event, now_instant()), err=True)
                code = INVALID
    except Unavailable as error:
        tell_error(error)
        picture = desk.picture()
        return picture, STALE
    picture = desk.picture()
    if any(view.alarm or view.verdict != "verified" for view in picture.conflicts):
        code = INVALID
    return picture, code
