"""``keepclear withdraw``: end a notice for ever."""

import click

from .context import IDS, DeskOptions, desk_options, pick, write_json
from .lines import filed_json
from .main import DONE


@click.command("withdraw", context_settings=IDS)
@click.argument("id", metavar="ID")
@desk_options
def withdraw(settings: DeskOptions, id: str) -> int:
    """End notice ID for ever. The beginning of an id is enough where only one of yours has it."""
    with settings.desk() as desk:
        filed = desk.withdraw(pick(id, [head.id for head in desk.journal.own_heads()], "notice"))
        if settings.as_json:
            write_json(filed_json(filed))
        else:
            click.echo(f"{filed.id} withdrawn")
    return DONE
