"""``keepclear ack``: sign in an officer's name that a conflict was displayed, or read and understood."""

import click
from keepclear_protocol.errors import OutOfStep
from keepclear_protocol.speakable import read_speakable, speakable

from .context import IDS, DeskOptions, desk_options, pick, write_json
from .main import DONE
from .pictured import read_picture


@click.command("ack", context_settings=IDS)
@click.argument("conflict", metavar="CONFLICT")
@click.option("--officer", required=True, metavar="HANDLE", help="The officer's handle in this party, not a name.")
@click.option("--stage", type=click.Choice(["displayed", "acknowledged"]), default="acknowledged", show_default=True)
@click.option("--version", type=int, metavar="N", help="Refuse unless this is still the newest version.")
@click.option("--read-back", metavar="TEXT", help="What the officer said; the other side is given its hash.")
@desk_options
def ack(
    settings: DeskOptions, conflict: str, officer: str, stage: str, version: int | None, read_back: str | None
) -> int:
    """Acknowledge the newest version of CONFLICT that this desk knows. It never means approved.

    The beginning of a conflict's id is enough where only one has it. If the conflict has changed since, the hotline
    refuses: look again first.
    """
    with settings.desk() as desk:
        known = {kept.conflict: kept for kept in desk.journal.conflicts()}
        if not any(name.startswith(conflict) or speakable(name) == read_speakable(conflict) for name in known):
            read_picture(desk)
            known = {kept.conflict: kept for kept in desk.journal.conflicts()}
        chosen = pick(conflict, known, "conflict")
        if version is not None and chosen in known and known[chosen].version != version:
            raise OutOfStep("version_stale", f"the newest version is {known[chosen].version}, not {version}")
        receipt = desk.acknowledge(chosen, officer=officer, stage=stage, read_back=read_back)
        newest = desk.journal.conflict(chosen)
        at = None if newest is None else newest.version
        if settings.as_json:
            line = {"conflict": chosen, "version": at, "stage": stage, "officer": officer}
            write_json({**line, "receipt": receipt.raw})
        else:
            click.echo(f"{chosen} version {at} {stage} by {officer}")
    return DONE
