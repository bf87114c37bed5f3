"""``keepclear notices``: the party's own notices."""

import click

from .context import DeskOptions, desk_options, write_json
from .lines import age_line, notice_line
from .pictured import read_picture


@click.command("notices")
@desk_options
def notices(settings: DeskOptions) -> int:
    """List the party's own notices, from whichever desk, and what the hotline has made of them.

    Exit 6: the hotline does not answer; the list is what this desk knew before.
    """
    with settings.desk() as desk:
        picture, code = read_picture(desk)
    if settings.as_json:
        write_json({name: value for name, value in picture.to_json().items() if name != "conflicts"})
        return code
    for view in picture.notices:
        click.echo(notice_line(view))
    click.echo(f"keepclear: {age_line(picture)}", err=True)
    return code
