"""``keepclear submit``: sign and file flight intents, one notice for each flight of a file.

The file is judged whole before its first byte is signed, so nothing of it is filed unless all of it may be. What
was filed before is asked about on a terminal, and refused elsewhere.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace

import click
from keepclear_protocol.agreement import Agreement
from keepclear_protocol.errors import KeepclearError, LocalError
from keepclear_protocol.filing import key_faults
from keepclear_protocol.limits import Fault

from keepclear.desk.blocking import Desk
from keepclear.desk.settling import NotSent
from keepclear.desk.whatif import WhatIf
from keepclear.offline.filing import Draft, judge_all
from keepclear.offline.inputs import Flight, Options, load
from keepclear.offline.readback import readback
from keepclear.transport.client import now_instant
from keepclear.wire.exchange import Exchange

from .asking import is_asked
from .context import DeskOptions, desk_options, write_json
from .doubles import AGAIN, ALREADY, NONE, REST, TWICE, Standing, choose, find_standing, refuse, waits
from .input_options import filing_options, input_options
from .main import DONE, IN_CONFLICT, REFUSED, UNREACHABLE
from .out import note, say
from .referenced import file_intents, intents, is_filed
from .report import Report, tell_faults
from .whatif import what_if_lines


@click.command("submit")
@click.argument("file", metavar="FILE")
@click.option("--category", required=True, metavar="NAME", help="The agreement's category of these flights.")
@click.option("--callsign", metavar="TEXT", help="Seen by the hotline, never by the other side [the file's own].")
@click.option("--remarks", metavar="TEXT", help="Seen by the hotline, never by the other side.")
@filing_options
@click.option("--again", "doubles", flag_value=AGAIN, help="File also what was filed before, as another notice.")
@click.option("--rest", "doubles", flag_value=REST, help="File only what was not filed before.")
@click.option(
    "--reference",
    metavar="TEXT",
    help="Your own, never sent: the same again is the same notice. Of several flights each is TEXT/CALLSIGN.",
)
@click.option("--amend", is_flag=True, help="What says something else than its reference's notice amends that.")
@input_options
@desk_options
def submit(
    settings: DeskOptions,
    file: str,
    category: str,
    callsign: str | None,
    remarks: str | None,
    dry_run: bool,
    officer: str | None,
    doubles: str | None,
    reference: str | None,
    amend: bool,
    reading: Options,
) -> int:
    """File every flight of FILE ('-' is standard input) as a signed notice.

    ``keepclear formats`` lists what FILE may be. Nothing is filed unless every flight may be. Exit 3: accepted, but in
    conflict; 4: NOT SENT, and kept to be sent by ``keepclear send``. Of several flights the worst counts.
    """
    agreement = settings.agreement()
    flights = read_flights(file, reading, agreement)
    if callsign is not None and len(flights) > 1:
        raise click.UsageError(f"--callsign is for one flight; {file} has {len(flights)}")
    if (amend or doubles) and (reference is None) == amend:
        raise click.UsageError("--amend goes with --reference, and --again and --rest without it")
    party, wrong = _filer(settings, agreement, needed=not dry_run)
    told = {"callsign": callsign, "remarks": remarks, "now": now_instant()}
    batch = judge_all(flights, category, agreement, party=party, **told)  # type: ignore[arg-type]
    if faults := [*wrong, *batch.faults]:
        tell_faults(faults)
        note("nothing was signed or sent")
        return REFUSED
    for text in batch.notes:
        note(f"note: {text}")
    with _desk(settings, needed=not dry_run) as desk:
        if desk is not None and reference is not None:
            if dry_run:
                return _show(desk, batch.drafts, agreement, settings, reference, amend=amend)
            report = Report(desk, as_json=settings.as_json)
            return file_intents(desk, batch.drafts, reference, report, officer, amend=amend)
        stood = find_standing(desk, batch.drafts)
        choice = choose(stood, doubles, asked=is_asked() and not dry_run)
        if choice == NONE:
            return refuse(stood, as_json=settings.as_json)
        if choice == AGAIN:
            stood = [Standing(one.draft) for one in stood]
        if desk is not None and not dry_run:
            return _file(desk, stood, settings, officer)
        code = UNREACHABLE if waits(stood) else DONE
        for one in stood:
            if one.outcome:
                one.tell(as_json=settings.as_json)
            elif read_back(one.draft, agreement, settings, meets(desk, one.draft)) and code == DONE:
                code = IN_CONFLICT
    note("nothing was signed or sent")
    return code


def _show(
    desk: Desk, drafts: Sequence[Draft], agreement: Agreement, settings: DeskOptions, reference: str, *, amend: bool
) -> int:
    codes = [DONE]
    for draft, intent in zip(drafts, intents(drafts, reference), strict=True):
        filed = is_filed(desk, intent, amend=amend, as_json=settings.as_json)
        if filed is None:
            codes.append(REFUSED)
        elif not filed and read_back(draft, agreement, settings, meets(desk, draft, reference=intent.reference)):
            codes.append(IN_CONFLICT)
    note("nothing was signed or sent")
    return next(code for code in (REFUSED, IN_CONFLICT, DONE) if code in codes)


def meets(desk: Desk | None, draft: Draft, **replaces: str | None) -> WhatIf | None:
    """Return what a draft would meet of what the desk knows, if there is one."""
    if desk is None:
        return None
    return desk.what_if(draft.content.volumes, draft.content.category, **replaces)


def read_flights(file: str, reading: Options, agreement: Agreement) -> list[Flight]:
    """Return the flights of a file, its notes told aloud.

    A band whose ends have different references is widened by the agreement's bounds, not by those of the whole world.
    """
    flights = load(file, replace(reading, uncertainty=agreement.uncertainty))
    if not flights:
        raise LocalError("input_file", f"{file}: no flight in it")
    for text in (text for flight in flights for text in flight.notes):
        note(f"note: {file}: {text}")
    return flights


def read_back(draft: Draft, agreement: Agreement, settings: DeskOptions, met: WhatIf | None) -> bool:
    """Show what a draft says and would meet, in words or as JSON; whether it would be in conflict."""
    found = met is not None and met.in_conflict
    said, content = readback(list(draft.volumes), now_instant(), agreement, draft.margins), draft.content
    if settings.as_json:
        named = {"callsign": content.callsign, "remarks": content.remarks, "category": content.category}
        what_if = None if met is None else met.to_json()
        write_json({"place": draft.place or None, **named, **said.as_json(), "what_if": what_if})
        return found
    say(f"{draft.place + ': ' if draft.place else ''}{content.callsign or 'no callsign'}, {content.category}")
    if content.remarks is not None:
        say(f"remarks  {content.remarks}")
    say(*said.text().splitlines())
    say(*(what_if_lines(met, now_instant()) if met is not None else []))
    return found


def _desk(settings: DeskOptions, *, needed: bool) -> AbstractContextManager[Desk | None]:
    """Return the desk, or none where none is needed and none has begun."""
    return settings.desk() if needed or settings.is_begun() else nullcontext()


def _filer(settings: DeskOptions, agreement: Agreement, *, needed: bool) -> tuple[str, Sequence[Fault]]:
    """Return the party that files, and what keeps its key from it; without a key the party with the longest name."""
    if settings.key_file is None and not needed:
        return max((party.id for party in agreement.parties), key=len), ()
    exchange = Exchange(agreement, settings.key())
    found = agreement.find(exchange.key.kid)
    return exchange.party, () if found is None else list(key_faults(found[1], now_instant()))


def _file(desk: Desk, stood: Sequence[Standing], settings: DeskOptions, officer: str | None) -> int:
    report, stopped = Report(desk, as_json=settings.as_json), None
    if stood and all(one.outcome in (ALREADY, TWICE) for one in stood):
        note("all of it is filed already")
    for one in stood:
        draft = one.draft
        content, of = draft.content, (draft.place, draft.content.callsign)
        if one.outcome:
            report.stood(one)
            continue
        if stopped is not None:
            report.kept(desk.keep(content), *of, stopped)
            continue
        try:
            filed = desk.file(
                content.volumes, content.category, callsign=content.callsign, remarks=content.remarks
            )
            report.filed(filed, *of)
        except KeepclearError as error:
            report.failed(error, *of)
            stopped = error if isinstance(error, NotSent) else None
    return report.finish(desk, officer)
