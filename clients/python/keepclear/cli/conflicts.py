"""``keepclear conflicts``: every conflict that this desk knows of, verified."""

import click

from keepclear.transport.client import now_instant

from .context import DeskOptions, desk_options, write_json
from .lines import age_line, conflict_line
from .pictured import read_picture


@click.command("conflicts")
@desk_options
def conflicts(settings: DeskOptions) -> int:
    """List the conflicts, newest first: what each is now, who has answered, and what did not verify.

    Exit 5: something does not hold. Exit 6: the hotline does not answer; the list is what this desk knew before.
    An empty list means that nothing was told, never that all is clear.
    """
    with settings.desk() as desk:
        picture, code = read_picture(desk)
    if settings.as_json:
        write_json({name: value for name, value in picture.to_json().items() if name != "notices"})
        return code
    for view in picture.conflicts:
        click.echo(conflict_line(view, now_instant()))
    if picture.forged:
        click.echo(
            f"keepclear: {picture.forged} alerts came that nobody known signed, or that are not for us", err=True
        )
    click.echo(f"keepclear: {age_line(picture)}", err=True)
    return code
