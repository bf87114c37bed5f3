"""``keepclear notices``: the party's own notices."""

import click

from .context import DeskOptions, desk_options, write_json
from .lines import age_line, notice_line
from .out import note, say
from .pictured import read_picture


@click.command("notices")
@desk_options
def notices(settings: DeskOptions) -> int:
    """List the party's own notices, from whichever desk, and what the hotline has made of them.

    It asks, and sends nothing: what is NOT SENT, of unknown outcome or LOST stays so until somebody sends or discards
    it. Exit 6: the hotline does not answer; the list is what this desk knew before.
    """
    with settings.desk() as desk:
        picture, code = read_picture(desk)
    if settings.as_json:
        write_json({name: value for name, value in picture.to_json().items() if name != "conflicts"})
        return code
    for view in picture.notices:
        say(notice_line(view))
    if picture.not_sent:
        note(f"{picture.not_sent} NOT SENT, NOT DECONFLICTED: keepclear send or discard, by code")
    if unknown := sum(view.state == "unknown" for view in picture.notices):
        note(f"{unknown} of unknown outcome, NOT DECONFLICTED: keepclear send, by code, sends the same bytes again")
    if picture.lost:
        note(f"{picture.lost} LOST by the hotline, NOT DECONFLICTED: keepclear send --lost files them again")
    note(age_line(picture))
    return code
