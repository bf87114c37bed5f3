"""``keepclear notices``: the party's own notices."""

import click

from keepclear.desk.blocking import Desk
from keepclear.desk.picture import Picture
from keepclear.transport.client import now_instant

from .context import DeskOptions, desk_options, write_json
from .lines import notice_line
from .notable import age_line, notable_lines
from .out import note, say
from .pictured import read_picture, show_picture


@click.command("notices")
@desk_options
def notices(settings: DeskOptions) -> int:
    """List the party's own notices, from whichever desk, in the order of their windows.

    Each with its code, what the hotline has made of it, callsign, category, window, heights, and where it begins and
    ends; ``keepclear notice show CODE`` tells the rest.

    It asks, and sends nothing: what is NOT SENT, of unknown outcome or LOST stays so until somebody sends or discards
    it. Exit 6: the hotline does not answer; the list is what this desk knew before.
    """
    with settings.desk() as desk:
        if not settings.as_json:
            return show_picture(desk, lambda picture: _show(desk, picture))
        picture, code = read_picture(desk)
        write_json({name: value for name, value in picture.to_json().items() if name != "conflicts"})
    return code


def _show(desk: Desk, picture: Picture) -> None:
    records = [record for view in picture.notices if (record := desk.notice(view.sha256)) is not None]
    records.sort(key=lambda record: (record.view.start or 0, record.view.callsign or ""))
    now = now_instant()
    for record in records:
        say(notice_line(record, now))
    if not records:
        note("no live notice of ours is known to this desk, and none waits")
    if picture.not_sent:
        note(f"{picture.not_sent} NOT SENT, NOT DECONFLICTED: keepclear send or discard, by code")
    if picture.unknown:
        words = "of unknown outcome, NOT DECONFLICTED: keepclear send, by code, sends the same bytes again"
        note(f"{picture.unknown} {words}")
    if picture.lost:
        note(f"{picture.lost} LOST by the hotline, NOT DECONFLICTED: keepclear send --lost files them again")
    for line, _ in notable_lines(picture, now):
        note(line)
    note(age_line(picture))
