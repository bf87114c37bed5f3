"""``keepclear conflict show``: one conflict in full, from what this desk has, so also while the hotline is away."""

import click
from keepclear_protocol.acknowledgement import VERIFIED
from keepclear_protocol.errors import Refused
from keepclear_protocol.instant import SECOND, format_instant
from keepclear_protocol.speakable import speakable
from keepclear_protocol.volume import Circle, Corridor, Volume

from keepclear.desk.picture import ConflictView
from keepclear.desk.record import ConflictRecord, PairRecord, VersionRecord
from keepclear.journal.kept import KeptAcknowledgement
from keepclear.transport.client import now_instant
from keepclear.verify.verdicts import Standing

from . import out
from .context import IDS, DeskOptions, desk_options, pick, write_json
from .ids import Commands, named
from .lines import NOT_CONFIRMED, WHY, answers_words
from .main import DONE, INVALID
from .pictured import read_picture
from .words import apart, band, countdown, feet_band, lead, metric_band, position, position_dms, whole_window


@click.group("conflict", cls=Commands)
def conflict() -> None:
    """Look at one conflict."""


@conflict.command("show", context_settings=IDS)
@click.argument("conflict", metavar="CONFLICT")
@click.option("--offline", is_flag=True, help="What this desk knows, without asking the hotline.")
@desk_options
def show(settings: DeskOptions, conflict: str, offline: bool) -> int:
    """Show CONFLICT in full: both sides, every pair, the volumes disclosed to us, all answers and versions.

    CONFLICT is its code, its id or the beginning of one. Exit 5: something of it does not hold. Exit 6: the hotline
    does not answer; what is shown is what this desk knew before.
    """
    with settings.desk() as desk:
        known = [kept.conflict for kept in desk.journal.conflicts()]
        named(conflict, known, "conflict")  # before the hotline is asked for what nobody can mean
        code = DONE
        if not offline:
            _, code = read_picture(desk)
            known = [kept.conflict for kept in desk.journal.conflicts()]
        chosen = pick(conflict, known, "conflict")
        record = desk.record(chosen)
        if record is None:
            raise Refused("conflict_unknown", f"this desk knows no conflict {chosen}")
        if settings.as_json:
            write_json(record.to_json())
        else:
            out.say(*record_lines(record, now_instant()))
        desk.note_shown((record.view.conflict, record.view.version))
        holds = record.view.alarm is None and record.view.verdict == VERIFIED
        return code if code not in (DONE, INVALID) else DONE if holds else INVALID


def record_lines(record: ConflictRecord, now: int) -> list[str]:
    """Return a conflict in full, as lines."""
    view = record.view
    lines = [f"{view.state} {(view.severity or '').upper()}".rstrip() + f"  {view.code}", ""]
    lines += _rows(_summary(view, now))
    for number, pair in enumerate(record.pairs, 1):
        lines += ["", f"PAIR {number} of {len(record.pairs)}", *_rows(_pair(pair, now))]
    lines += ["", "ANSWERS", *(_answer(ack) for ack in record.answers)]
    lines += [f"  {text}" for text in _answered(view)]
    lines += ["", "VERSIONS (numbers of the hotline's log, which counts everybody's statements)"]
    lines += [_version(version) for version in record.versions]
    return lines


def _summary(view: ConflictView, now: int) -> list[tuple[str, str]]:
    ours = view.own_callsign or "no callsign"
    rows = [
        ("means", meaning(view)),
        ("ours", f"{ours}: notice {speakable(view.own)}, {view.own}, revision {view.own_revision}"),
        ("theirs", f"{view.party}'s {view.category or 'notice'}: {view.other}, revision {view.other_revision}"),
    ]
    if view.start is not None and view.end is not None:
        first, last = whole_window(view.start, view.end)
        rows.append(("window", f"{first} to {last}, {countdown(view.start, view.end, now)}"))
        late = lead(view.lead, view.start, view.received_at)
        rows.append(("told", late if view.received_at is None else f"{late}; {format_instant(view.received_at)}"))
    if view.lower_m is not None and view.upper_m is not None and view.reference is not None:
        rows.append(("band", _band(view.lower_m, view.upper_m, view.reference)))
    if view.where is not None:
        rows.append(("place", _place(view.where)))
    if view.severity is not None:
        rows.append(("distance", apart(view.severity, view.horizontal_m, view.vertical_m)))
    verdict = "verified: signatures, hashes, order and figures hold" if view.verdict == VERIFIED else view.verdict
    rows.append(("verdict", verdict))
    if view.alarm:
        rows.append(("ALARM", f"{view.alarm_detail or view.alarm} ({view.alarm})"))
    rows.append(("id", view.conflict))
    return rows


def meaning(view: ConflictView) -> str:
    """Return what the state of a conflict means, in words."""
    if view.alarm or view.state not in set(Standing):
        return "what the hotline says of it does not hold: take it for open, and call the other side"
    match view.state:
        case Standing.OPEN:
            return {
                "overlap": "the volumes themselves meet, in place, height and time",
                "proximity": "the volumes come closer than agreed",
                "possible": "heights of two kinds: that they come too close cannot be excluded",
            }.get(view.severity or "", "the flights come too close")
        case Standing.PAST:
            return "it was over before both sides had told of it; nothing is disclosed of it any more"
        case Standing.UNCONFIRMED:
            return f"{WHY.get(view.reason or '', 'it was closed')}; {NOT_CONFIRMED}"
    return f"{WHY.get(view.reason or '', 'it was closed')}: these two are no conflict any more"


def _pair(pair: PairRecord, now: int) -> list[tuple[str, str]]:
    first, last = whole_window(pair.start, pair.end)
    rows = [
        ("severity", pair.severity.upper()),
        ("distance", apart(pair.severity, pair.horizontal_m, pair.vertical_m)),
        ("window", f"{first} to {last}, {countdown(pair.start, pair.end, now)}"),
        ("band", _band(pair.lower_m, pair.upper_m, pair.reference)),
    ]
    if pair.where is not None:
        rows.append(("place", _place(pair.where)))
    rows += [("ours", text) for text in _volume(pair.ours)]
    return rows + [("theirs", text) for text in _volume(pair.theirs)]


def _volume(volume: Volume | None) -> list[str]:
    if volume is None:
        return ["not to be had at this desk"]
    first, last = whole_window(volume.start, volume.end)
    match volume.outline:
        case Circle(center, radius_m):
            outline = f"{_length(radius_m)} round {position(*center)}"
        case Corridor(path, half_width_m):
            outline = f"{_length(half_width_m)} either side of {' - '.join(position(*point) for point in path)}"
        case polygon:
            outline = f"area of {' - '.join(position(*point) for point in polygon.vertices)}"
    return [outline, f"{band(volume.lower_m, volume.upper_m, volume.reference)}, {first} to {last}"]


def _answer(ack: KeptAcknowledgement) -> str:
    by = f" by {ack.officer}" if ack.officer else ""
    said = "" if ack.said == VERIFIED else f", and says {ack.said}"
    wrong = "" if ack.verdict == VERIFIED else ", UNVERIFIED"
    at = format_instant(ack.signed_at * SECOND)
    return f"  {at}  {ack.party} {ack.stage}{by}, version {ack.version}{said}{wrong}"


def _answered(view: ConflictView) -> list[str]:
    return [answers_words("ours", view.ours, view), answers_words(view.party, view.theirs, view)]


def _version(version: VersionRecord) -> str:
    why = f" ({WHY.get(version.reason, version.reason)})" if version.reason else ""
    what = version.standing or f"said to be {version.state}"
    verdict = "" if version.verdict == VERIFIED else f", {version.detail} ({version.verdict})"
    came = format_instant(version.came_at // SECOND * SECOND)
    return f"  {version.version}: {what} {version.severity or ''}".rstrip() + f"{why}, came {came}{verdict}"


def _band(lower_m: float, upper_m: float, reference: str) -> str:
    more = feet_band(lower_m, upper_m) if reference == "FL" else metric_band(lower_m, upper_m)
    return f"{band(lower_m, upper_m, reference)} ({more})"


def _place(where: tuple[float, float]) -> str:
    return f"{position(*where)}  {position_dms(*where)}"


def _length(metres: float) -> str:
    # What is claimed is rounded up.
    return f"{-(-metres * 10 // 1852) / 10:.1f} NM ({-(-metres // 1):.0f} m)" if metres >= 100 else f"{metres:.0f} m"


def _rows(rows: list[tuple[str, str]]) -> list[str]:
    return [f"  {name:<9} {text}" for name, text in rows]
