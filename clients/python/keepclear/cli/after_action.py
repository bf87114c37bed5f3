"""``keepclear report``: the after-action report of one conflict, as a file, from this desk's journal alone."""

import os
from pathlib import Path

import click
from keepclear_protocol.errors import LocalError, Refused

from keepclear.console.report.document import PAPERS, document
from keepclear.console.report.pdf import printed
from keepclear.console.report.words import LANGUAGES, Words
from keepclear.reasons import reason
from keepclear.transport.client import now_instant

from . import out
from .context import IDS, DeskOptions, desk_options, officer_option, pick, write_json
from .main import DONE, INVALID


@click.command("report", context_settings=IDS)
@click.argument("conflict", metavar="CONFLICT")
@click.option("--out", "target", required=True, metavar="FILE", help="Where to write it: FILE.html or FILE.pdf.")
@click.option("--lang", type=click.Choice(LANGUAGES), default="en", help="The language of the report [en].")
@click.option("--paper", type=click.Choice(list(PAPERS)), help="The size of its pages [a4 for a PDF].")
@officer_option("The handle of whoever makes the report, which it bears.")
@desk_options
def report(
    settings: DeskOptions, conflict: str, target: str, lang: str, paper: str | None, officer: str | None
) -> int:
    """Write the after-action report of CONFLICT: chart, profile, timeline, and every signature verified anew.

    CONFLICT is its code, its id or the beginning of one. The hotline is not asked. A PDF is printed by a chromium of
    this machine; the HTML holds no script, loads nothing, and any browser prints it. Exit 5: something does not hold.
    """
    path = Path(target)
    if path.suffix.lower() not in (".html", ".pdf"):
        raise LocalError("usage", f"{path.name} is neither FILE.html nor FILE.pdf", hint="its ending says which it is")
    if path.exists():
        raise LocalError("usage", f"{path} is there already", hint="name another file; nothing is written over")
    with settings.desk() as desk:
        chosen = pick(conflict, [kept.conflict for kept in desk.journal.conflicts()], "conflict")
        incident = desk.incident(chosen)
        if incident is None:
            raise Refused("conflict_unknown", f"this desk knows no conflict {chosen}")
    is_pdf = path.suffix.lower() == ".pdf"
    made = document(incident, Words.of(lang), now_instant(), officer, paper or ("a4" if is_pdf else None))
    _write(path, printed(made) if is_pdf else made.encode())
    if settings.as_json:
        said = {"conflict": chosen, "file": str(path), "statements": len(incident.signatures)}
        write_json({**said, "unsound": incident.unsound})
    else:
        held = f"{incident.unsound} of {len(incident.signatures)} signed statements DO NOT HOLD"
        out.say(f"{path}: {held if incident.unsound else f'all {len(incident.signatures)} signed statements hold'}")
    return INVALID if incident.unsound or incident.record.view.alarm else DONE


def _write(path: Path, data: bytes) -> None:
    """Write a file that is not there yet, for nobody else to read: it says where somebody flew."""
    try:
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            file.write(data)
    except OSError as error:
        raise LocalError("usage", f"{path} cannot be written: {reason(error)}") from None
