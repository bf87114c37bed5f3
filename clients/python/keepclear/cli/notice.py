"""``keepclear notice show``: one own notice in full, from what this desk has, so also while the hotline is away."""

import click
from keepclear_protocol.errors import Refused

from keepclear.desk.notices import NoticeRecord
from keepclear.transport.client import now_instant

from . import out
from .conflict import heights_and_times, heights_words, outline
from .context import IDS, DeskOptions, desk_options, write_json
from .ids import Commands, named
from .pictured import kept_picture, read_picture
from .plain import foreign
from .referenced import pick_notice
from .words import about, countdown, exact_window, stamp


@click.group("notice", cls=Commands)
def notice() -> None:
    """Look at one notice of ours."""


@notice.command("show", context_settings=IDS)
@click.argument("notice", metavar="NOTICE")
@click.option("--offline", is_flag=True, help="What this desk knows, without asking the hotline.")
@desk_options
def show(settings: DeskOptions, notice: str, offline: bool) -> int:
    """Show NOTICE in full: whose flight, when, how high, where, and each of its volumes.

    NOTICE is its code, its reference, its id or the beginning of one. Exit 6: the hotline does not answer; what is
    shown is what this desk knew before.
    """
    with settings.desk() as desk:
        if desk.journal.referenced(notice) is None:
            named(notice, [row.id for row in desk.journal.own_heads()], "notice")
        code = kept_picture(desk)[1] if offline else read_picture(desk)[1]
        heads = desk.journal.own_heads()
        chosen = pick_notice(desk.journal, notice)
        records = [found for row in heads if row.id == chosen and (found := desk.notice(row.sha256)) is not None]
        if not records:
            raise Refused("notice_unknown", f"this desk knows no notice {chosen}")
        for record in records:
            if settings.as_json:
                write_json(record.to_json())
            else:
                out.say(*record_lines(record, now_instant()))
    return code


def record_lines(record: NoticeRecord, now: int) -> list[str]:
    """Return a notice in full, as lines."""
    view = record.view
    rows = [("reference", view.reference)] if view.reference else []
    flight = f"{foreign(view.callsign, 'no callsign')}, {view.category}"
    rows += [("flight", flight)] if view.category else []
    rows += [("remarks", record.remarks)] if record.remarks else []
    if view.start is not None and view.end is not None:
        rows.append(("window", f"{exact_window(view.start, view.end, now)}, {countdown(view.start, view.end, now)}"))
    rows += [("band", heights_words(*heights)) for heights in record.heights]
    rows += [("place", " - ".join(about(*place) for place in record.places))] if record.places else []
    rows += [("filed", f"revision {view.revision}, {stamp(record.filed_at, now)}"), ("id", view.id)]
    lines = [f"{view.state.upper()}  {view.code}", "", *(f"  {name:<10} {text}" for name, text in rows)]
    for number, volume in enumerate(record.volumes, 1):
        lines += ["", f"VOLUME {number} of {len(record.volumes)}"]
        lines += [f"  {text}" for text in (heights_and_times(volume, now), outline(volume))]
    return lines
