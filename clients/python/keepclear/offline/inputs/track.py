"""A recorded track as legs: short corridors around what was flown, each with its band and its window.

Guarantees that every recorded point lies inside a leg, in all four dimensions, and so does the straight way between two
points that follow each other within ``leg_s``. A leg runs from its first point to its last; its half-width is the
asked one plus the farthest that a point lies off that edge (with a bound for the ellipsoid), so a turn widens a leg and
is never cut off. Neighbouring legs share their end point. Points at one place make no vertex of their own: a leg that
ends where it began, and a lone point, become a circle.

A gap in reception, a step longer than ``leg_s`` and up to ``gap_s``, is bridged by one leg wide enough for a turn
inside it: an aircraft whose speed changes steadily from the one recorded before the gap to the one after it flies
``s = (v1 + v2) / 2 * t``, and whatever way it took, it stayed within the ellipse of the points whose distances from
both ends add up to ``s``. Half of ``sqrt(s^2 - d^2)``, d the distance of the ends, is that ellipse's half-width and
also covers its tips. Not covered is an aircraft that flew a longer way than that, or that left the band between the two
recorded altitudes. A longer gap claims nothing.

Altitudes are barometric feet, so the reference is FL (pressure altitude) and may be negative.
"""

import math
from dataclasses import dataclass
from itertools import pairwise

from keepclear_protocol.geometry import EDGE_SHIFT_PER_M
from keepclear_protocol.instant import SECOND, format_instant
from keepclear_protocol.volume import circle_json, corridor_json, volume4d_json

from .content import Content, is_json_with, json_value
from .flight import LATEST, Flight, Options, VolumeJson, checked, is_number, unreadable
from .sphere import OVER_ELLIPSOID, Position, distance_m, edge_distance_m

MAX_SPEED_MPS = 1_000.0
"""Faster than this between two points is taken for a broken record (the fastest aircraft in service reach 900 m/s)."""

TIME_STEP_S = 1.0
"""Recorders write whole seconds: two points of one second may lie as far apart as an aircraft flies in one."""

SPEED_STEP_S = 5.0
"""Steps shorter than this say little about speed: a second's rounding is a fifth of them."""

MIN_FT, MAX_FT = -2_500.0, 99_000.0
"""Barometric altitudes outside are broken records: the lowest airfield lies at -1 266 ft, high pressure takes
off 1 000, and a notice's pressure altitudes end at 100 000."""

COINCIDENT_M = 1.0
"""Ends nearer than this make a circle, not an edge without a direction."""


@dataclass(frozen=True, slots=True)
class Fix:
    """One recorded point: instant, position, barometric feet."""

    at: int
    position: Position
    feet: float


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
    callsign = record.get("callsign")
    if callsign is not None and not isinstance(callsign, str):
        raise unreadable(place, "the callsign is not a text")
    callsign = callsign.strip() or None if callsign else None
    line, place = place, f"{place} ({callsign})" if callsign else place
    fixes = [_fix(point, f"{place}, point {number}") for number, point in enumerate(record["points"], start=1)]
    if not fixes:
        raise unreadable(place, "the track has no points")
    fixes = fixes[:1] + [b for a, b in pairwise(fixes) if a != b]
    _believe(fixes, place)
    runs = _runs(fixes, options.gap_s)
    notes = [f"{place}: nothing is claimed in {_gaps(len(runs) - 1)} longer than {options.gap_s} s"] if runs[1:] else []
    legs, leg_s = _cut(runs, options, place)
    if leg_s > options.leg_s:
        notes.append(
            f"{place}: legs are up to {leg_s} s long, not {options.leg_s} s, to stay within {options.max_legs}"
        )
    bridged = [_widening(run, i, options.leg_s) for run in runs for i in range(len(run) - 1) if _gap(run, i, options)]
    if bridged:
        widest = max(bridged) + options.half_width_m
        notes.append(f"{place}: {_gaps(len(bridged))} bridged, claiming up to {widest / 1000:.1f} km to either side")
    volumes = [
        _volume(run[first : last + 1], _leg_widening(run, first, last, options), options) for run, first, last in legs
    ]
    return Flight(callsign, checked(volumes, place), notes, line)


_FORM = 'one JSON object a line: {"callsign", "icao24", "points": [[unix seconds, latitude, longitude, feet], ...]}'

_Leg = tuple[list[Fix], int, int]
"""A run of points and the first and last that the leg takes of it."""


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


def _believe(fixes: list[Fix], place: str) -> None:
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


def _cut(runs: list[list[Fix]], options: Options, place: str) -> tuple[list[_Leg], int]:
    """Return the legs, and how long they had to be so that there are not more than asked."""
    if len(runs) > options.max_legs:
        raise unreadable(place, f"the track falls into {len(runs)} parts; a flight has at most {options.max_legs} legs")
    leg_s = options.leg_s
    while True:
        legs = [leg for run in runs for leg in _legs(run, leg_s)]
        if len(legs) <= options.max_legs:
            return legs, leg_s
        leg_s = math.ceil(leg_s * len(legs) / options.max_legs)


def _legs(run: list[Fix], leg_s: int) -> list[_Leg]:
    first, legs = 0, []
    for i in range(1, len(run)):
        if run[i].at - run[first].at > leg_s * SECOND and i - 1 > first:
            legs.append((run, first, i - 1))
            first = i - 1
    return [*legs, (run, first, len(run) - 1)]


def _gap(run: list[Fix], i: int, options: Options) -> bool:
    return run[i + 1].at - run[i].at > options.leg_s * SECOND


def _leg_widening(run: list[Fix], first: int, last: int, options: Options) -> float:
    # Legs made longer may hold several gaps: the widest serves for all, since the ends of each lie inside the leg.
    return max((_widening(run, i, options.leg_s) for i in range(first, last) if _gap(run, i, options)), default=0.0)


def _widening(run: list[Fix], i: int, leg_s: int) -> float:
    """Return how far to either side of the gap after point ``i`` the aircraft may have been, in metres."""
    before, after = run[i], run[i + 1]
    apart = distance_m(before.position, after.position) * OVER_ELLIPSOID
    sides = [max(found) for found in _speeds(run, i, leg_s) if found]
    if sides:
        flown = sum(sides) / len(sides) * (after.at - before.at) / SECOND * OVER_ELLIPSOID
    else:
        # No speed is known: as far again to the side as half the distance, which lets a turn begin anywhere.
        flown = apart * math.sqrt(2)
    return math.sqrt(max(flown**2 - apart**2, 0.0)) / 2


def _speeds(run: list[Fix], i: int, leg_s: int) -> tuple[list[float], list[float]]:
    """Return the speeds of the steps that touch the ``leg_s`` seconds before and after the gap behind point ``i``."""
    earliest, latest = run[i].at - leg_s * SECOND, run[i + 1].at + leg_s * SECOND
    before, after = [], []
    for j in range(i - 1, -1, -1):
        if run[j + 1].at <= earliest:
            break
        before.append((run[j], run[j + 1]))
    for j in range(i + 1, len(run) - 1):
        if run[j].at >= latest:
            break
        after.append((run[j], run[j + 1]))
    return [_speed(*step) for step in before if _tells(*step, leg_s)], [
        _speed(*step) for step in after if _tells(*step, leg_s)
    ]


def _tells(a: Fix, b: Fix, leg_s: int) -> bool:
    return SPEED_STEP_S * SECOND <= b.at - a.at <= leg_s * SECOND


def _speed(a: Fix, b: Fix) -> float:
    return distance_m(a.position, b.position) * SECOND / (b.at - a.at)


def _volume(fixes: list[Fix], widening_m: float, options: Options) -> VolumeJson:
    start, end = fixes[0].position, fixes[-1].position
    off_m = max(edge_distance_m(fix.position, start, end) for fix in fixes) * OVER_ELLIPSOID
    length_m = distance_m(start, end)
    radius = _up(options.half_width_m + widening_m + off_m + EDGE_SHIFT_PER_M * length_m**2)
    if length_m < COINCIDENT_M:
        outline = circle_json(start, _up(radius + length_m * OVER_ELLIPSOID))
    else:
        outline = corridor_json([start, end], radius)
    lower = math.floor(min(fix.feet for fix in fixes)) - options.band_margin_ft
    upper = math.ceil(max(fix.feet for fix in fixes)) + options.band_margin_ft
    margin = options.margin_s * SECOND
    return volume4d_json(outline, lower, upper, "FL", "FT", fixes[0].at - margin, fixes[-1].at + margin)


def _up(metres: float) -> float:
    """Round up to a tenth of a metre."""
    return math.ceil(metres * 10) / 10
