"""``keepclear ack``: sign in an officer's name that a conflict was displayed, or read and understood.

What is signed names the version that was read. Where no version is named it is, on a terminal, the one that is shown
with the question; off a terminal the one that this desk has last shown to somebody. A newer one is never signed unread.
"""

import sys

import click
from keepclear_protocol.errors import LocalError, OutOfStep, Refused
from keepclear_protocol.speakable import speakable

from keepclear.desk.acknowledging import Stage
from keepclear.desk.blocking import Desk
from keepclear.desk.picture import conflict_views
from keepclear.journal.kept import KeptConflict
from keepclear.transport.client import now_instant

from . import out
from .context import IDS, DeskOptions, desk_options, officer_option, pick, write_json
from .ids import named
from .lines import conflict_line
from .main import DONE
from .pictured import read_picture
from .plain import foreign
from .words import clock


@click.command("ack", context_settings=IDS)
@click.argument("conflict", metavar="CONFLICT")
@officer_option("The officer's handle in this party, such as duty-2.", required=True)
@click.option(
    "--stage",
    type=click.Choice(["displayed", "acknowledged"]),
    default="acknowledged",
    show_default=True,
    help="displayed: it was put before this officer, who has yet to answer.",
)
@click.option("--version", type=int, metavar="N", help="The version that was read; refused if there is a newer one.")
@click.option("--read-back", metavar="TEXT", help="What the officer said; the other side is given its hash.")
@click.option("--again", is_flag=True, help="Sign though your party has said the same of this version already.")
@click.option("--yes", is_flag=True, help="Do not ask on a terminal.")
@desk_options
def ack(
    settings: DeskOptions,
    conflict: str,
    officer: str,
    stage: Stage,
    version: int | None,
    read_back: str | None,
    again: bool,
    yes: bool,
) -> int:
    """Acknowledge CONFLICT, as it was read. It never means approved.

    CONFLICT is its code, its id or the beginning of one. Without --version it is asked on a terminal, with what is
    acknowledged; elsewhere it is the version that this desk has last shown (watch, conflicts, conflict show). If the
    conflict has changed since, it is refused: look again first. What your party has said of this version already is
    told, and not signed anew. Exit 4: NOT SENT, or sent and no receipt came; which of them is told.
    """
    with settings.desk() as desk:
        kept = _found(desk, conflict)
        if not again and version in (None, kept.version) and (said := _said(desk, kept, stage)):
            if settings.as_json:
                write_json({"conflict": kept.conflict, "version": kept.version, "stage": stage, "already": said})
            version_of = f"{speakable(kept.conflict)} version {kept.version}"
            out.note(f"{version_of} is {said}: nothing was signed; --again signs anew")
            return DONE
        read = _read(desk, kept, version, f"{stage} as {foreign(officer)}", ask=sys.stdin.isatty() and not yes)
        signed = desk.acknowledge(kept.conflict, officer=officer, stage=stage, read_back=read_back, version=read)
        if settings.as_json:
            write_json(signed.to_json())
        else:
            view = conflict_views(desk.journal, [kept])[0]
            out.say(f"{view.code} version {read} {stage} by {foreign(officer)}")
    return DONE


def _found(desk: Desk, conflict: str) -> KeptConflict:
    """Return the conflict that is meant; ask the hotline where this desk knows none of that name."""
    known = {kept.conflict: kept for kept in desk.journal.conflicts()}
    if not named(conflict, known, "conflict"):
        read_picture(desk)
        known = {kept.conflict: kept for kept in desk.journal.conflicts()}
    chosen = pick(conflict, known, "conflict")
    if chosen not in known:
        raise Refused("conflict_unknown", f"this desk knows no conflict {chosen}")
    return known[chosen]


def _said(desk: Desk, kept: KeptConflict, stage: str) -> str:
    """Return what this party has said already of the newest version, in words: ``stage``, or more than that."""
    ours = conflict_views(desk.journal, [kept])[0].ours
    if ours.acknowledged_at is not None:
        return f"acknowledged already by {foreign(ours.acknowledged_by)} at {clock(ours.acknowledged_at)}"
    if stage == "displayed" and ours.displayed_at is not None:
        return f"displayed already to {foreign(ours.displayed_by)} at {clock(ours.displayed_at)}"
    return ""


def _read(desk: Desk, kept: KeptConflict, version: int | None, what: str, *, ask: bool) -> int:
    """Return the version that was read."""
    if version is not None:
        if version != kept.version:
            raise OutOfStep("version_stale", f"the newest version is {kept.version}, not {version}")
        return version
    view = conflict_views(desk.journal, [kept])[0]
    if ask:
        out.talk(conflict_line(view, now_instant()))
        desk.note_shown((kept.conflict, kept.version))
        if not click.confirm(f"sign {what}: received, read, understood?", err=True):
            out.note(f"not {what.partition(' ')[0]}; nothing was signed")
            raise click.Abort
        return kept.version
    if not kept.shown:
        hint = f"keepclear conflict show {view.code} shows it; or name what was read: --version {kept.version}"
        raise LocalError("usage", f"this desk has not shown {view.code} to anybody yet", hint=hint)
    if kept.shown != kept.version:
        detail = f"version {kept.shown} of {view.code} was shown last, and there is a newer one, {kept.version}"
        raise OutOfStep("version_stale", detail)
    return kept.version
