"""A recorded track, read and believed, as legs with margins: what ``legs`` and ``gap`` make of its points.

Guarantees that every recorded point lies inside a leg, in all four dimensions, with the margins around it, and so does
the straight way between two points that follow each other within ``leg_s``. A gap in reception, a step longer than
``leg_s`` and up to ``gap_s``, is bridged by legs wide enough for a turn inside it. A longer gap claims nothing, and a
note says so.

Altitudes are feet; of this format's records barometric ones, so the reference is FL (pressure altitude) and they may
be negative.
"""

import math
from collections.abc import Sequence
from itertools import pairwise

from keepclear_protocol.instant import SECOND, format_instant

from .content import Content, is_json_with, json_value
from .flight import LATEST, Flight, Margins, Options, VolumeJson, checked, is_number, is_text, unreadable
from .gap import bridge
from .legs import Fix, Piece, cut, join, leg_volume, straight
from .members import not_read, unread
from .sphere import distance_m

MAX_SPEED_MPS = 1_000.0
"""Faster than this between two points is taken for a broken record (the fastest aircraft in service reach 900 m/s)."""

TIME_STEP_S = 1.0
"""Recorders write whole seconds: two points of one second may lie as far apart as an aircraft flies in one."""

MIN_FT, MAX_FT = -2_500.0, 99_000.0
"""Barometric altitudes outside are broken records: the lowest airfield lies at -1 266 ft, high pressure takes
off 1 000, and a notice's pressure altitudes end at 100 000."""


def recognise(content: Content) -> bool:
    """Whether a file's first line, or all of it, is a JSON object with points."""
    if not content.looks_like_json:
        return False
    return (len(content.lines) > 1 and is_json_with(content.lines[0][1], "points")) or (
        isinstance(content.json, dict) and "points" in content.json
    )


def read(content: Content, options: Options) -> list[Flight]:
    """Return a flight for each line of a file; raise ``LocalError`` with ``input_file``."""
    lines = content.lines
    if len(lines) == 1 or not is_json_with(lines[0][1], "points"):
        return [track_flight(content.json, options, "line 1")]
    return [track_flight(json_value(line, number), options, f"line {number}") for number, line in lines]


def track_flight(record: object, options: Options, place: str) -> Flight:
    """Return the flight of one record ``{"callsign", "icao24", "points": [[unix s, lat, lng, ft], ...]}``.

    Raises ``LocalError`` with ``input_file`` for records that are malformed, out of order or beyond belief.
    """
    if not isinstance(record, dict) or not isinstance(record.get("points"), list):
        raise unreadable(place, "a track is an object with a list of points", hint=_FORM)
    left_out = unread(record, ("callsign", "icao24", "points"), place)
    callsign = record.get("callsign")
    if callsign is not None and not is_text(callsign):
        raise unreadable(place, "the callsign is not a text, or has half a letter in it")
    callsign = callsign.strip() or None if callsign else None
    line, place = place, f"{place} ({callsign})" if callsign else place
    fixes = [_fix(point, f"{place}, point {number}") for number, point in enumerate(record["points"], start=1)]
    if not fixes:
        raise unreadable(place, "the track has no points")
    volumes, notes = legs_of(fixes, options, place)
    if left_out:
        notes.append(f"{place}: not read: {not_read(left_out)}")
    return Flight(callsign, volumes, notes, line, margins_of(options))


def legs_of(
    fixes: Sequence[Fix], options: Options, place: str, reference: str = "FL"
) -> tuple[list[VolumeJson], list[str]]:
    """Return the legs of what was recorded, one point or more, and the notes on them.

    ``reference`` is what the fixes' feet are above. Raises ``LocalError`` for points out of order or beyond belief.
    """
    fixes = [*fixes[:1], *(b for a, b in pairwise(fixes) if a != b)]
    _believe(fixes, place)
    runs = _runs(fixes, options.gap_s)
    notes = [f"{place}: nothing is claimed in {_gaps(len(runs) - 1)} longer than {options.gap_s} s"] if runs[1:] else []
    if len(runs) > options.max_legs:
        raise unreadable(place, f"the track falls into {len(runs)} parts; a flight has at most {options.max_legs} legs")
    ways = [cut(_pieces(run, options), options) for run in runs]
    legs = join(ways, options)
    if len(legs) < sum(map(len, ways)):
        longest_m = max(math.fsum(piece.length_m for piece in leg) for leg in legs)
        notes.append(
            f"{place}: legs are up to {longest_m / 1000:.1f} km long, not {options.leg_m / 1000:g} km, to stay within"
            f" {options.max_legs}"
        )
    if bridged := [leg for leg in legs if any(piece.aside_m for piece in leg)]:
        gaps = sum(_is_gap(a, b, options) for run in runs for a, b in pairwise(run))
        widest_m = options.half_width_m + max(piece.aside_m for leg in bridged for piece in leg)
        notes.append(f"{place}: {_gaps(gaps)} bridged, claiming up to {widest_m / 1000:.1f} km to either side")
    return checked([leg_volume(leg, options, reference) for leg in legs], place), notes


def margins_of(options: Options) -> Margins:
    """Return what the legs of a track claim beyond it."""
    return Margins(options.half_width_m, options.band_margin_ft, options.margin_s)


_FORM = 'one JSON object a line: {"callsign", "icao24", "points": [[unix seconds, latitude, longitude, feet], ...]}'


def _gaps(count: int) -> str:
    return f"{count} gap" if count == 1 else f"{count} gaps"


def _fix(point: object, place: str) -> Fix:
    if not isinstance(point, list) or len(point) != 4 or not all(is_number(value) for value in point):
        raise unreadable(place, "a point is four numbers: unix seconds, latitude, longitude, feet")
    seconds, lat, lng, feet = point
    if not 86_400 <= seconds <= LATEST // SECOND - 86_400:
        raise unreadable(place, f"{seconds} is not a time in unix seconds")
    if not (-90 <= lat <= 90 and -180 <= lng <= 180):
        raise unreadable(place, f"{lat}, {lng} is not a latitude and a longitude in degrees")
    if not MIN_FT <= feet <= MAX_FT:
        raise unreadable(place, f"{feet} ft is not an altitude that an aircraft reports")
    return Fix(round(seconds * SECOND), (round(lat, 9), round(lng, 9)), feet)


def _believe(fixes: Sequence[Fix], place: str) -> None:
    for a, b in pairwise(fixes):
        if b.at < a.at:
            raise unreadable(place, f"the point of {format_instant(b.at)} stands after that of {format_instant(a.at)}")
        seconds = (b.at - a.at) / SECOND
        apart = distance_m(a.position, b.position)
        if apart > MAX_SPEED_MPS * (seconds + TIME_STEP_S):
            detail = f"{apart / 1000:.1f} km in {seconds:g} s before {format_instant(b.at)} is beyond belief"
            raise unreadable(place, detail, hint="remove the broken points first")


def _runs(fixes: list[Fix], gap_s: int) -> list[list[Fix]]:
    """Cut where nothing is claimed."""
    runs = [[fixes[0]]]
    for fix in fixes[1:]:
        if fix.at - runs[-1][-1].at > gap_s * SECOND:
            runs.append([])
        runs[-1].append(fix)
    return runs


def _is_gap(a: Fix, b: Fix, options: Options) -> bool:
    return b.at - a.at > options.leg_s * SECOND


def _pieces(run: list[Fix], options: Options) -> list[Piece]:
    if len(run) == 1:
        return [Piece(run[0], run[0], run[0].low, run[0].high)]
    pieces: list[Piece] = []
    for i, (a, b) in enumerate(pairwise(run)):
        pieces += bridge(run, i, options) if _is_gap(a, b, options) else straight(a, b, options)
    return pieces
