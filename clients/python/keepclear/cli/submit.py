"""``keepclear submit`` and ``keepclear amend``: sign and file flight intents, one notice for each flight of a file."""

import sys
from collections.abc import Iterable

import click
from keepclear_protocol.errors import LocalError
from keepclear_protocol.kinds import ACKNOWLEDGE
from keepclear_protocol.volume import parse_volume

from keepclear.desk.blocking import Desk
from keepclear.desk.events import AlertEvent
from keepclear.desk.outbox import Filed
from keepclear.offline.inputs import Flight, load
from keepclear.offline.readback import readback
from keepclear.transport.client import now_instant

from .context import IDS, DeskOptions, desk_options, pick, write_json
from .lines import event_line, filed_json, filed_line, holds, plain
from .main import DONE, IN_CONFLICT, INVALID


@click.command("submit")
@click.argument("file", metavar="FILE")
@click.option("--category", required=True, metavar="NAME", help="The agreement's category of these flights.")
@click.option("--callsign", metavar="TEXT", help="Seen by the hotline, never by the other side [the file's own].")
@click.option("--remarks", metavar="TEXT", help="Seen by the hotline, never by the other side.")
@click.option("--dry-run", is_flag=True, help="Show what would be signed, in words; sign and send nothing.")
@click.option("--officer", metavar="HANDLE", help="Sign that this officer was shown the alerts that come back.")
@desk_options
def submit(
    settings: DeskOptions,
    file: str,
    category: str,
    callsign: str | None,
    remarks: str | None,
    dry_run: bool,
    officer: str | None,
) -> int:
    """File every flight of FILE ('-' is standard input) as a signed notice.

    FILE may be F3548 JSON, GeoJSON or recorded tracks. Exit 3: accepted, but in conflict.
    """
    flights = _flights(file)
    if callsign is not None and len(flights) > 1:
        raise click.UsageError(f"--callsign is for one flight; {file} has {len(flights)}")
    if dry_run:
        _read_back(flights, settings)
        return DONE
    with settings.desk() as desk:
        filed = []
        hidden = len(flights) < 2 or not sys.stderr.isatty() or sys.stdout.isatty()
        with click.progressbar(flights, file=sys.stderr, label="filing", hidden=hidden) as bar:
            for flight in bar:
                name = callsign or flight.callsign
                filed.append(desk.file(flight.volumes, category, callsign=name, remarks=remarks))
                _show(filed[-1], settings)
        return _finish(desk, filed, officer)


@click.command("amend", context_settings=IDS)
@click.argument("id", metavar="ID")
@click.argument("file", metavar="FILE")
@click.option("--category", metavar="NAME", help="Another category [as before].")
@click.option("--callsign", metavar="TEXT", help="Another callsign [as before].")
@click.option("--remarks", metavar="TEXT", help="Other remarks [as before].")
@click.option("--dry-run", is_flag=True, help="Show what would be signed, in words; sign and send nothing.")
@click.option("--officer", metavar="HANDLE", help="Sign that this officer was shown the alerts that come back.")
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
) -> int:
    """File the next revision of notice ID: the one flight of FILE instead of what was filed before.

    Exit 3: accepted, but in conflict.
    """
    flights = _flights(file)
    if len(flights) != 1:
        raise click.UsageError(f"a notice is of one flight; {file} has {len(flights)}")
    if dry_run:
        _read_back(flights, settings)
        return DONE
    with settings.desk() as desk:
        chosen = pick(id, [head.id for head in desk.journal.own_heads()], "notice")
        name = callsign or flights[0].callsign
        filed = desk.amend(chosen, flights[0].volumes, category, callsign=name, remarks=remarks)
        _show(filed, settings)
        return _finish(desk, [filed], officer)


def _flights(file: str) -> list[Flight]:
    flights = load(file)
    if not flights:
        raise LocalError("input_file", f"{file}: no flight in it")
    for note in (note for flight in flights for note in flight.notes):
        click.echo(plain(f"keepclear: note: {file}: {note}"), err=True)
    return flights


def _read_back(flights: Iterable[Flight], settings: DeskOptions) -> None:
    agreement = settings.agreement()
    for flight in flights:
        said = readback([parse_volume(volume) for volume in flight.volumes], now_instant(), agreement, flight.margins)
        if settings.as_json:
            write_json({"callsign": flight.callsign, **said.as_json()})
        else:
            click.echo(plain(flight.callsign or "no callsign"))
            click.echo(said.text())
    click.echo("keepclear: nothing was signed or sent", err=True)


def _show(filed: Filed, settings: DeskOptions) -> None:
    if settings.as_json:
        write_json(filed_json(filed))
        return
    click.echo(filed_line(filed))
    for event in filed.alerts:
        click.echo(event_line(event, now_instant()))


def _finish(desk: Desk, filed: Iterable[Filed], officer: str | None) -> int:
    """Say to the other side that the alerts were delivered, and to whom shown; return the exit code."""
    alerts: list[AlertEvent] = [event for item in filed for event in item.alerts]
    if alerts and ACKNOWLEDGE in desk.exchange.roles:
        desk.deliver()
        for event in alerts if officer is not None else ():
            if event.alert is not None and not event.superseded:
                desk.acknowledge(event.alert.conflict, officer=officer or "", stage="displayed")
    if not all(holds(event) for event in alerts):
        return INVALID
    return IN_CONFLICT if any(event.standing == "OPEN" for event in alerts) else DONE
