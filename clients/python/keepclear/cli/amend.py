"""``keepclear amend``: sign and file the next revision of a notice."""

from dataclasses import replace

import click
from keepclear_protocol.errors import KeepclearError
from keepclear_protocol.filing import Content, Unfit
from keepclear_protocol.volume import parse_volume

from keepclear.offline.filing import COMPOSED, Draft
from keepclear.offline.inputs import Flight, Options

from .context import IDS, DeskOptions, desk_options
from .input_options import filing_options, input_options
from .main import DONE, IN_CONFLICT, REFUSED
from .out import note
from .referenced import pick_notice
from .report import Report, tell_faults
from .submit import meets, read_back, read_flights


@click.command("amend", context_settings=IDS)
@click.argument("id", metavar="ID")
@click.argument("file", metavar="FILE")
@click.option("--category", metavar="NAME", help="Another category [as before].")
@click.option("--callsign", metavar="TEXT", help="Another callsign [as before].")
@click.option("--remarks", metavar="TEXT", help="Other remarks [as before].")
@filing_options
@input_options
@desk_options
def amend(
    settings: DeskOptions,
    id: str,
    file: str,
    category: str | None,
    callsign: str | None,
    remarks: str | None,
    dry_run: bool,
    officer: str | None,
    reading: Options,
) -> int:
    """File the next revision of notice ID: the one flight of FILE instead of what was filed before.

    ID is its code, its reference, or its beginning. Exit 3: accepted, but in conflict; 4: NOT SENT, and kept to be
    sent.
    """
    flights = read_flights(file, reading, settings.agreement())
    if len(flights) != 1:
        raise click.UsageError(f"a notice is of one flight; {file} has {len(flights)}")
    (flight,) = flights
    with settings.desk() as desk:
        chosen = pick_notice(desk.journal, id)
        details = {"callsign": callsign or flight.callsign, "remarks": remarks}
        try:
            content = desk.judge_amendment(chosen, flight.volumes, category, **details)
        except Unfit as error:
            tell_faults(replace(fault, place=fault.place or flight.place) for fault in error.faults)
            note("nothing was signed or sent")
            return REFUSED
        if remarks is not None and content.remarks != remarks:
            note(f"note: {COMPOSED}")
        if dry_run:
            draft = _draft(flight, content)
            found = read_back(draft, settings.agreement(), settings, meets(desk, draft, amends=chosen))
            note("nothing was signed or sent")
            return IN_CONFLICT if found else DONE
        report = Report(desk, as_json=settings.as_json)
        try:
            report.filed(desk.amend(chosen, flight.volumes, category, **details), callsign=content.callsign)
        except KeepclearError as error:
            report.failed(error, callsign=content.callsign, id=chosen)
        return report.finish(desk, officer)


def _draft(flight: Flight, content: Content) -> Draft:
    volumes = tuple(parse_volume(volume) for volume in content.volumes)
    return Draft(flight.place, content, volumes, "", flight.margins)
