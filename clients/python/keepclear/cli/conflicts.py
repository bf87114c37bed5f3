"""``keepclear conflicts``: every conflict that this desk knows of, verified."""

import click

from keepclear.desk.blocking import Desk
from keepclear.desk.disclosed import disclosed_json
from keepclear.desk.picture import Picture
from keepclear.transport.client import now_instant

from . import out
from .context import DeskOptions, desk_options, write_json
from .fold import columns, folded
from .lines import conflict_line
from .notable import age_line, notable_lines
from .pictured import kept_picture, read_picture, show_picture
from .reference import Reference, bullseye_option
from .tell import NOTHING_TOLD
from .words import counted


@click.command("conflicts")
@click.option("--offline", is_flag=True, help="What this desk knows, without asking the hotline.")
@bullseye_option
@desk_options
def conflicts(settings: DeskOptions, offline: bool, bullseye: Reference | None) -> int:
    """List the conflicts, worst and soonest first: what each is now, who has answered, and what did not verify.

    Exit 5: something does not hold. Exit 6: the hotline does not answer; the list is what this desk knew before.
    An empty list means that nothing was told, never that all is clear.
    """
    with settings.desk() as desk:

        def show(picture: Picture) -> None:
            _show(desk, picture, bullseye, as_json=settings.as_json)

        if not offline and not settings.as_json:
            return show_picture(desk, show)
        picture, code = kept_picture(desk) if offline else read_picture(desk)
        show(picture)
    return code


def _show(desk: Desk, picture: Picture, bullseye: Reference | None, *, as_json: bool) -> None:
    if as_json:
        told = {name: value for name, value in picture.to_json().items() if name != "notices"}
        for conflict in told["conflicts"]:
            conflict["their_volumes"] = disclosed_json(desk.disclosed(conflict["conflict"]))
            if bullseye is not None and (where := conflict["where"]) is not None:
                conflict["bullseye"] = bullseye.to_json(**where)
        write_json(told)
    else:
        for view in picture.conflicts:
            out.say(*folded(conflict_line(view, now_instant(), bullseye), columns()))
        if not picture.conflicts:
            out.note(NOTHING_TOLD)
        if picture.forged:
            out.note(f"{counted(picture.forged, 'alert')} came that nobody known signed, or that is not for us")
        for line, _ in notable_lines(picture, now_instant()):
            out.note(line)
        out.note(age_line(picture))
    desk.note_shown(*((view.conflict, view.version) for view in picture.conflicts))
