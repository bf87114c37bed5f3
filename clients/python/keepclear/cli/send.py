"""``keepclear send`` and ``keepclear discard``: what becomes of statements that are not sent, unknown, or lost."""

from collections.abc import Sequence

import click
from keepclear_protocol.errors import KeepclearError, Refused, Unavailable
from keepclear_protocol.instant import SECOND
from keepclear_protocol.speakable import speakable

from keepclear.desk.blocking import Desk
from keepclear.journal.kept import LOST, OwnStatement
from keepclear.transport.client import now_instant

from .asking import confirm, describe, is_asked
from .context import IDS, DeskOptions, desk_options, officer_option, pick, write_json
from .input_options import SHOWN
from .main import DONE, INTERRUPTED
from .out import note, say
from .report import Report


@click.command("send", context_settings=IDS)
@click.argument("ids", metavar="[ID]...", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Everything that is NOT SENT, or of unknown outcome.")
@click.option("--lost", is_flag=True, help="Everything that the hotline has lost, as after a restore of its store.")
@click.option("--yes", is_flag=True, help="Do not ask on a terminal about windows that have begun.")
@officer_option(SHOWN)
@desk_options
def send(
    settings: DeskOptions, ids: tuple[str, ...], every: bool, lost: bool, yes: bool, officer: str | None
) -> int:
    """Send what was signed and NOT SENT, in its order; file again what the hotline has LOST.

    The same bytes go out where the hotline still takes them. Where they come too late, or the terms have changed, they
    are signed anew, which is said. Exit codes are those of submit.
    """
    with settings.desk() as desk:
        chosen = _chosen(desk, ids, every=every, lost=lost)
        report, declined = Report(desk, as_json=settings.as_json), DONE
        if not chosen:
            note("nothing waits to be sent")
        for at, row in enumerate(chosen):
            if not yes and not _agreed(row):
                note(f"{describe(row)} was not sent")
                declined = INTERRUPTED
                continue
            try:
                filed = desk.send(row)
            except Unavailable as error:
                report.failed(error, callsign=row.summary.callsign, id=row.id)
                for rest in chosen[at + 1 :]:
                    report.kept(rest, "", rest.summary.callsign, error)
                break
            except KeepclearError as error:
                report.failed(error, callsign=row.summary.callsign, id=row.id)
                continue
            if filed is None:
                report.settled(row.id, "nothing is left to be filed: the hotline has what it says, or never will")
            else:
                instead = row.id if row.id != filed.id else ""
                report.filed(filed, callsign=row.summary.callsign, instead=instead)
        return report.finish(desk, officer) or declined


@click.command("discard", context_settings=IDS)
@click.argument("ids", metavar="ID...", nargs=-1, required=True)
@click.option("--yes", is_flag=True, help="Do not ask on a terminal.")
@desk_options
def discard(settings: DeskOptions, ids: tuple[str, ...], yes: bool) -> int:
    """Take off the list what certainly was not sent, or is lost. It ends nothing that the hotline has."""
    with settings.desk() as desk:
        for row in _chosen(desk, ids, every=False, lost=False):
            if not yes and is_asked() and not confirm(f"discard {describe(row)}? it is not filed, and never will be"):
                note("nothing more was discarded")
                return INTERRUPTED
            desk.discard(row)
            if settings.as_json:
                write_json({"id": row.id, "revision": row.revision, "discarded": True})
            else:
                say(f"{describe(row)} discarded")
    return DONE


def _chosen(desk: Desk, ids: Sequence[str], *, every: bool, lost: bool) -> list[OwnStatement]:
    waiting = desk.waiting()
    if not ids and not every and not lost:
        raise click.UsageError("name what to send, or --all, or --lost: keepclear notices lists it")
    known = [row.id for row in waiting]
    named = {pick(id, known, "notice") for id in ids}
    if unknown := named - set(known):
        code = speakable(min(unknown))
        raise Refused("notice_unknown", f"{code} does not wait to be sent", hint="keepclear notices lists what does")
    return [
        row for row in waiting if row.id in named or (every and row.status != LOST) or (lost and row.status == LOST)
    ]


def _agreed(row: OwnStatement) -> bool:
    """Whether a flight whose window has begun or is over is to be filed all the same."""
    summary, now = row.summary, now_instant()
    if summary.first_start is None or summary.last_end is None or summary.first_start > now or not is_asked():
        return True
    over = summary.last_end < now
    since_min = (now - (summary.last_end if over else summary.first_start)) // (60 * SECOND)
    return confirm(f"{describe(row)}: its window {'is over' if over else 'began'} since {since_min} min; send it?")
