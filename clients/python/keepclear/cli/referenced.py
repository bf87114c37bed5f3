"""Flights filed under references of the party's own: the same again is the same notice, so nobody need be asked."""

from collections.abc import Sequence

import click
from keepclear_protocol.errors import Refused
from keepclear_protocol.speakable import speakable
from keepclear_protocol.volume import Reference

from keepclear.desk.batch import Intent
from keepclear.desk.blocking import Desk
from keepclear.journal.journal import Journal
from keepclear.offline.filing import Draft

from .asking import describe
from .ids import SHORTEST, named, pick
from .main import tell_error
from .out import say, write_json
from .report import Report


def intents(drafts: Sequence[Draft], reference: str) -> list[Intent]:
    """Return what is to be filed: one flight under ``reference``, several each under ``reference/CALLSIGN``."""
    if reference.upper() in list(Reference):
        raise click.UsageError(f"{reference} is what altitudes count from, which --altitude-reference says")
    names = [reference]
    if len(drafts) > 1:
        callsigns = [draft.content.callsign for draft in drafts]
        if None in callsigns or len(set(callsigns)) < len(callsigns):
            raise click.UsageError("--reference of several flights goes on with their callsigns: each needs its own")
        names = [f"{reference}/{callsign}" for callsign in callsigns]
    return [
        Intent(draft.content.volumes, draft.content.category, name, draft.content.callsign, draft.content.remarks)
        for name, draft in zip(names, drafts, strict=True)
    ]


def file_intents(
    desk: Desk, drafts: Sequence[Draft], reference: str, report: Report, officer: str | None, *, amend: bool
) -> int:
    """File each flight under its reference; return the exit code of what became of the worst."""
    results = desk.file_all(intents(drafts, reference), amend=amend)
    for draft, result in zip(drafts, results, strict=True):
        report.result(result, draft.place)
    return report.finish(desk, officer)


def is_filed(desk: Desk, intent: Intent, *, amend: bool, as_json: bool) -> bool | None:
    """Whether a flight is filed already under its reference, which is told; ``None`` where it would be refused."""
    try:
        row = desk.judge(intent, amend=amend)
    except Refused as error:
        tell_error(error)
        return None
    if row is None:
        return False
    if as_json:
        write_json({"reference": intent.reference, "outcome": "filed_already", "id": row.id, "state": row.status})
    else:
        say(f"{intent.reference} says the same already: {describe(row)}, {row.status}")
    return True


def pick_notice(journal: Journal, text: str) -> str:
    """Return the id of the own notice that ``text`` means: its reference, or what ``pick`` takes; raises as that."""
    heads = [head.id for head in journal.own_heads()]
    id = journal.referenced(text)
    if id is None:
        return pick(text, heads, "notice")
    if len(text) >= SHORTEST and (others := set(named(text, heads, "notice")) - {id}):
        raise click.UsageError(f"{text} is the reference of {speakable(id)}, and means {min(others)} too: give its id")
    return id
