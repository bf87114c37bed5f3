"""``keepclear conflict show``: one conflict in full, from what this desk has, so also while the hotline is away."""

from collections.abc import Sequence

import click
from keepclear_protocol.acknowledgement import VERIFIED
from keepclear_protocol.errors import Refused
from keepclear_protocol.instant import SECOND
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
from .lines import NOT_CONFIRMED, answers_words, why_closed
from .main import DONE, INVALID
from .pictured import kept_picture, read_picture
from .plain import foreign
from .reference import Reference, bullseye_option
from .words import apart, band, countdown, exact_window, feet_band, lead, metric_band, position, position_dms, stamp

BRIEF_POINTS = 4
"""Points of an outline that are all said where there is little room: a leg and its bends, or a rectangle."""


@click.group("conflict", cls=Commands)
def conflict() -> None:
    """Look at one conflict."""


@conflict.command("show", context_settings=IDS)
@click.argument("conflict", metavar="CONFLICT")
@click.option("--offline", is_flag=True, help="What this desk knows, without asking the hotline.")
@bullseye_option
@desk_options
def show(settings: DeskOptions, conflict: str, offline: bool, bullseye: Reference | None) -> int:
    """Show CONFLICT in full: both sides, every pair, the volumes disclosed to us, all answers and versions.

    CONFLICT is its code, its id or the beginning of one. Exit 5: something of it does not hold. Exit 6: the hotline
    does not answer; what is shown is what this desk knew before.
    """
    with settings.desk() as desk:
        known = [kept.conflict for kept in desk.journal.conflicts()]
        named(conflict, known, "conflict")  # before the hotline is asked for what nobody can mean
        code = (kept_picture if offline else read_picture)(desk)[1]
        known = [kept.conflict for kept in desk.journal.conflicts()]
        chosen = pick(conflict, known, "conflict")
        record = desk.record(chosen)
        if record is None:
            raise Refused("conflict_unknown", f"this desk knows no conflict {chosen}")
        if settings.as_json:
            told = record.to_json()
            if bullseye is not None and record.view.where is not None:
                told["bullseye"] = bullseye.to_json(*record.view.where)
            write_json(told)
        else:
            out.say(*record_lines(record, now_instant(), reference=bullseye))
        desk.note_shown((record.view.conflict, record.view.version))
        holds = record.view.alarm is None and record.view.verdict == VERIFIED
        return code if code not in (DONE, INVALID) else DONE if holds else INVALID


def record_lines(
    record: ConflictRecord, now: int, *, brief: bool = False, reference: Reference | None = None
) -> list[str]:
    """Return a conflict in full, as lines; ``brief``: of a long outline the first and the last point alone."""
    view = record.view
    lines = [f"{view.state} {(view.severity or '').upper()}".rstrip() + f"  {view.code}", ""]
    lines += _rows(_summary(view, now, reference))
    for number, pair in enumerate(record.pairs, 1):
        lines += ["", f"PAIR {number} of {len(record.pairs)}", *_rows(_pair(pair, now, brief))]
    lines += ["", "ANSWERS", *(_answer(ack, now) for ack in record.answers)]
    lines += [f"  {text}" for text in _answered(view)]
    lines += ["", "VERSIONS (numbers of the hotline's log, which counts everybody's statements)"]
    lines += [_version(version, view.party, now) for version in record.versions]
    return lines


def _summary(view: ConflictView, now: int, reference: Reference | None) -> list[tuple[str, str]]:
    ours = foreign(view.own_callsign, "no callsign")
    rows = [
        ("means", meaning(view)),
        ("ours", f"{ours}: notice {speakable(view.own)}, {view.own}, revision {view.own_revision}"),
        ("theirs", f"{view.party}'s {view.category or 'notice'}: {view.other}, revision {view.other_revision}"),
    ]
    if view.start is not None and view.end is not None:
        rows.append(("window", f"{exact_window(view.start, view.end, now)}, {countdown(view.start, view.end, now)}"))
        late = lead(view.lead, view.start, view.received_at)
        rows.append(("told", late if view.received_at is None else f"{late}; at {stamp(view.received_at, now)}"))
    sides = (("our band", view.our_heights), ("their band", view.their_heights))
    rows += [(name, heights_words(*heights)) for name, heights in sides if heights is not None]
    if not (view.our_heights or view.their_heights or None in (view.lower_m, view.upper_m, view.reference)):
        rows.append(("band", heights_words(view.lower_m or 0.0, view.upper_m or 0.0, view.reference or "")))
    if view.where is not None:
        rows.append(("place", _place(view.where)))
        rows += [] if reference is None else [("bullseye", reference.words(*view.where))]
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
            return f"{why_closed(view.reason, view.by, view.party)}; {NOT_CONFIRMED}"
    return f"{why_closed(view.reason, view.by, view.party)}: these two are no conflict any more"


def _pair(pair: PairRecord, now: int, brief: bool) -> list[tuple[str, str]]:
    rows = [
        ("severity", pair.severity.upper()),
        ("distance", apart(pair.severity, pair.horizontal_m, pair.vertical_m)),
        ("window", f"{exact_window(pair.start, pair.end, now)}, {countdown(pair.start, pair.end, now)}"),
    ]
    if pair.ours is None or pair.theirs is None:
        rows.append(("band", heights_words(pair.lower_m, pair.upper_m, pair.reference)))
    sides = (("ours", pair.ours), ("theirs", pair.theirs))
    rows += [(whose, heights_and_times(volume, now)) for whose, volume in sides if volume is not None]
    if pair.where is not None:
        rows.append(("place", _place(pair.where)))
    gone = "not to be had at this desk"
    return rows + [(whose, gone if volume is None else outline(volume, brief=brief)) for whose, volume in sides]


def heights_and_times(volume: Volume, now: int) -> str:
    """Return how high a volume reaches, and when."""
    heights = heights_words(volume.lower_m, volume.upper_m, str(volume.reference))
    return f"{heights}, {exact_window(volume.start, volume.end, now)}"


def outline(volume: Volume, *, brief: bool = False) -> str:
    """Return where a volume is; ``brief``: of many points the first and the last alone, and how many there are."""
    match volume.outline:
        case Circle(center, radius_m):
            return f"{_length(radius_m)} round {position(*center)}"
        case Corridor(path, half_width_m):
            return f"{_length(half_width_m)} either side of {_points(path, brief)}"
        case polygon:
            return f"area of {_points(polygon.vertices, brief)}"


def _points(points: Sequence[tuple[float, float]], brief: bool) -> str:
    if brief and len(points) > BRIEF_POINTS:
        return f"{position(*points[0])} - {position(*points[-1])} ({len(points)} points)"
    return " - ".join(position(*point) for point in points)


def _answer(ack: KeptAcknowledgement, now: int) -> str:
    by = f" by {foreign(ack.officer)}" if ack.officer else ""
    said = "" if ack.said == VERIFIED else f", and says {ack.said}"
    wrong = "" if ack.verdict == VERIFIED else ", UNVERIFIED"
    at = stamp(ack.signed_at * SECOND, now)
    return f"  {at}  {ack.party} {ack.stage}{by}, version {ack.version}{said}{wrong}"


def _answered(view: ConflictView) -> list[str]:
    return [answers_words("ours", view.ours, view), answers_words(view.party, view.theirs, view)]


def _version(version: VersionRecord, party: str, now: int) -> str:
    why = f" ({why_closed(version.reason, version.by, party)})" if version.reason else ""
    what = version.standing or f"said to be {version.state}"
    verdict = "" if version.verdict == VERIFIED else f", {version.detail} ({version.verdict})"
    came = stamp(version.came_at, now)
    return f"  {version.version}: {what} {version.severity or ''}".rstrip() + f"{why}, came {came}{verdict}"


def heights_words(lower_m: float, upper_m: float, reference: str) -> str:
    """Return heights in their own units, and in others beside them."""
    more = feet_band(lower_m, upper_m) if reference == "FL" else metric_band(lower_m, upper_m)
    return f"{band(lower_m, upper_m, reference)} ({more})"


def _place(where: tuple[float, float]) -> str:
    return f"{position(*where)}  {position_dms(*where)}"


def _length(metres: float) -> str:
    # What is claimed is rounded up.
    return f"{-(-metres * 10 // 1852) / 10:.1f} NM ({-(-metres // 1):.0f} m)" if metres >= 100 else f"{metres:.0f} m"


def _rows(rows: list[tuple[str, str]]) -> list[str]:
    return [f"  {name:<10} {text}" for name, text in rows]
