"""``keepclear withdraw``: end a notice for ever, once the officer has seen which one it is."""

import click
from keepclear_protocol.kinds import NOTICE

from .asking import confirm, describe, is_asked
from .context import IDS, DeskOptions, desk_options, write_json
from .lines import filed_json
from .main import DONE, INTERRUPTED
from .out import note, say
from .referenced import pick_notice


@click.command("withdraw", context_settings=IDS)
@click.argument("id", metavar="ID")
@click.option("--yes", is_flag=True, help="Do not ask on a terminal.")
@desk_options
def withdraw(settings: DeskOptions, id: str, yes: bool) -> int:
    """End notice ID for ever.

    ID is its code, its reference, or four characters or more of its beginning, if only one has them.
    """
    with settings.desk() as desk:
        chosen = pick_notice(desk.journal, id)
        history = [row for row in desk.journal.own_history(chosen) if row.kind == NOTICE.name]
        name = describe(history[0]) if history else chosen
        if not yes and is_asked() and not confirm(f"withdraw {name} for ever?"):
            note("nothing was withdrawn")
            return INTERRUPTED
        filed = desk.withdraw(chosen)
        if settings.as_json:
            write_json(filed_json(filed))
        else:
            say(f"{name} withdrawn")
    return DONE
