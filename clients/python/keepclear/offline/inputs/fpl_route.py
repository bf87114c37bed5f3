"""What is claimed of a flight plan: corridors along its legs, for the times and levels that the plan allows.

A leg runs the shortest way. It is cut into pieces, each with a window from the earliest to the latest that its speed
in still air, and the plan's own elapsed times, bring the aircraft there, widened by the officer's margin: the plan's
time is when it leaves its stand, so the margin has to hold taxiing too. A piece's band is its level, ``LEVEL_FT``
below and above. After a change of level it spans both, until the slowest climb of ``CLIMB_FT_PER_MIN`` has made it; so
it does from the ground after departure and down to it before arrival. Where pressure levels meet altitudes the band is
in FL, outward.

Not covered: what the plan does not say, such as holding, alternates, diversions, a slower climb, and turns flown wide.
"""

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from keepclear_protocol.geometry import EDGE_SHIFT_PER_M
from keepclear_protocol.instant import SECOND
from keepclear_protocol.volume import corridor_json

from .altitude import FOOT_M, GROUND, UNIT_M, Band, span_m
from .asked import asked_half_width_m, asked_lower, asked_margin_s, asked_upper
from .drawn import COINCIDENT_M, area, checked_volumes, wrapped
from .ellipsoid import bearing_and_distance, destination
from .flight import Altitude, Options, VolumeJson, unreadable
from .sphere import LONGEST_EDGE_M, Position

LEVEL_FT = 300
"""An aircraft is considered at its level within 300 ft of it (ICAO Doc 4444, 8.5.5.1.4)."""

CLIMB_FT_PER_MIN = 1_000
"""Climbs and descents are taken as no slower; transports make twice as much, and 500 is asked of all."""

PIECES_OF_MARGIN = 3
"""A piece lasts a third of the margin: shorter ones would hardly make the windows shorter."""

_SOUND_MPS, _KELVIN, _LAPSE, _TROPOPAUSE_M = 340.294, 288.15, 0.0065, 11_000.0


@dataclass(frozen=True, slots=True)
class Level:
    """Between which altitudes a leg is flown, without any margin."""

    lower: Altitude
    upper: Altitude


@dataclass(frozen=True, slots=True)
class Leg:
    """The way from one point (``name``) to the next, its level and true airspeed."""

    start: Position
    end: Position
    name: str
    level: Level
    speed_mps: float


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan: when it leaves its stand, its legs, the whole time, and the times to named points of it."""

    off_block: int
    legs: Sequence[Leg]
    whole_s: int
    estimates: dict[str, int]
    notes: list[str]


@dataclass(frozen=True, slots=True)
class _Piece:
    """A part of a leg: its ends, when they are passed (seconds in still air), its leg's length."""

    start: Position
    end: Position
    from_s: float
    to_s: float
    level: Level
    leg_m: float


def read_level(text: str, options: Options, place: str) -> Level:
    """Return the level of F330, A045, S1130, M0840, VFR or PLUS; raise ``LocalError`` that names the option."""
    if text == "VFR":
        what = "VFR is no level"
        return Level(asked_lower(options, place, what), asked_upper(options, place, what))
    if text == "PLUS":
        upper = asked_upper(options, place, "a cruise climb without end (PLUS)")
        return Level(upper, upper)
    value = float(text[1:])
    match text[0]:
        case "F":
            altitude = Altitude(value, "FL", "FL")
        case "A":
            altitude = Altitude(value * 100, "AMSL", "FT")
        case "S":
            altitude = Altitude(value * 10, "FL", "M")
        case _:
            altitude = Altitude(value * 10, "AMSL", "M")
    return Level(altitude, altitude)


def read_speed_mps(text: str, level: Level) -> float:
    """Return the true airspeed of N0450, K0830 or M082; a Mach number is that of the standard atmosphere."""
    value = float(text[1:])
    if text[0] == "N":
        return value * 1852 / 3600
    if text[0] == "K":
        return value / 3.6
    metres = level.upper.value * UNIT_M[level.upper.units]
    kelvin = _KELVIN - _LAPSE * min(max(metres, 0.0), _TROPOPAUSE_M)
    return value / 100 * _SOUND_MPS * math.sqrt(kelvin / _KELVIN)


def volumes_of(plan: Plan, options: Options, place: str) -> tuple[list[VolumeJson], list[str]]:
    """Return the volumes of a plan and what has to be said about them; raise ``LocalError``."""
    half_width, margin_s = asked_half_width_m(options, place), asked_margin_s(options, place)
    measured = [(leg, *bearing_and_distance(leg.start, leg.end, place)) for leg in plan.legs]
    legs = [item for item in measured if item[2] > COINCIDENT_M]
    if not legs:
        raise unreadable(place, "its points are all one place")
    if min(leg.speed_mps for leg, *_ in legs) < 5:
        raise unreadable(f"{place}, field 15", "a speed of nought")
    passed = list(accumulate((length / leg.speed_mps for leg, _, length in legs), initial=0.0))
    if len(legs) >= options.max_legs:
        raise unreadable(place, f"{len(legs)} legs; a flight has at most {options.max_legs}")
    longest_s = max(60.0, margin_s / PIECES_OF_MARGIN, passed[-1] / (options.max_legs - len(legs)))
    pieces = [piece for leg, begin in zip(legs, passed, strict=False) for piece in _pieces(*leg, begin, longest_s)]
    levels = _levels(pieces, [leg for leg, *_ in legs], passed)
    times = _Times(passed, [leg.name for leg, *_ in legs], plan)
    found = []
    for piece, possible in zip(pieces, levels, strict=True):
        earliest, latest = times.window(piece.from_s, piece.to_s)
        window = (
            plan.off_block + math.floor(earliest - margin_s) * SECOND,
            plan.off_block + math.ceil(latest + margin_s) * SECOND,
        )
        width = math.ceil((half_width + EDGE_SHIFT_PER_M * piece.leg_m**2) * 10) / 10
        outline = corridor_json([piece.start, piece.end], width)
        found.append(area(outline, _band(possible, options), window))
    return checked_volumes(found, place), [*plan.notes, *_said(plan, passed[-1], options, place)]


def _pieces(leg: Leg, azimuth: float, length_m: float, begin_s: float, longest_s: float) -> list[_Piece]:
    lasts_s = length_m / leg.speed_mps
    count = max(1, math.ceil(lasts_s / longest_s), math.ceil(length_m / LONGEST_EDGE_M))
    between = [wrapped(*destination(leg.start, azimuth, length_m * k / count)) for k in range(1, count)]
    times = [begin_s + lasts_s * k / count for k in range(count + 1)]
    return [
        _Piece(*ends, *moments, leg.level, length_m)
        for ends, moments in zip(pairwise([leg.start, *between, leg.end]), pairwise(times), strict=True)
    ]


def _levels(pieces: Sequence[_Piece], legs: Sequence[Leg], passed: Sequence[float]) -> list[list[Altitude]]:
    """Return for each piece the altitudes between which it may be flown."""
    whole_s = passed[-1]
    on_ground = _climbing_s(zip(passed, legs, strict=False))
    remaining = ((whole_s - end, leg) for end, leg in zip(reversed(passed), reversed(legs), strict=False))
    to_ground = whole_s - _climbing_s(remaining)
    changes = [
        (at, at + max(_climb_s(a.level, b.level), _climb_s(b.level, a.level)), a.level)
        for at, (a, b) in zip(passed[1:], pairwise(legs), strict=False)
        if a.level != b.level
    ]
    found = []
    for piece in pieces:
        possible = [piece.level.lower, piece.level.upper]
        for begin, end, level in changes:
            if piece.from_s <= end and piece.to_s >= begin:
                possible += [level.lower, level.upper]
        if piece.from_s <= on_ground or piece.to_s >= to_ground:
            possible.append(GROUND)
        found.append(possible)
    return found


def _climbing_s(legs: Iterable[tuple[float, Leg]]) -> float:
    """Return until when, counted from the ground, the slowest climb may still be below the level of its leg."""
    until = 0.0
    for begin, leg in legs:
        if begin <= until:
            until = max(until, _feet(leg.level.upper) / CLIMB_FT_PER_MIN * 60)
    return until


def _climb_s(a: Level, b: Level) -> float:
    return abs(_feet(b.upper) - _feet(a.lower)) / CLIMB_FT_PER_MIN * 60


def _feet(altitude: Altitude) -> float:
    return altitude.value * UNIT_M[altitude.units] / FOOT_M


class _Times:
    """From times in still air to those of the plan: straight between the points whose elapsed time it says."""

    def __init__(self, passed: Sequence[float], names: Sequence[str], plan: Plan) -> None:
        marks = [(0.0, 0.0)]
        for at, name in zip(passed, names, strict=False):
            said = plan.estimates.get(name)
            if said is not None and at > marks[-1][0] and marks[-1][1] < said < plan.whole_s:
                marks.append((at, float(said)))
        marks.append((passed[-1], float(plan.whole_s)))
        self._still, self._said = zip(*marks, strict=True)

    def window(self, begin: float, end: float) -> tuple[float, float]:
        """Return the earliest and the latest of a piece, in seconds from the start."""
        return min(begin, self._planned(begin)), max(end, self._planned(end))

    def _planned(self, at: float) -> float:
        number = min(max(bisect_right(self._still, at) - 1, 0), len(self._still) - 2)
        begin, end = self._still[number], self._still[number + 1]
        part = (at - begin) / (end - begin)
        return float(self._said[number] + part * (self._said[number + 1] - self._said[number]))


def _band(possible: Sequence[Altitude], options: Options) -> Band:
    """Return the band of all these altitudes in one reference, in whole feet, outward."""
    references = {altitude.reference for altitude in possible if altitude != GROUND}
    reference = references.pop() if len(references) == 1 else "FL" if references else "AGL"
    lows = [span_m(altitude, reference, options.uncertainty)[0] for altitude in possible]
    # The ground is where a climb begins, never its top, however high it may lie.
    highs = [span_m(altitude, reference, options.uncertainty)[1] for altitude in possible if altitude != GROUND]
    margin = max(LEVEL_FT, options.band_margin_ft)
    lower = math.floor(round(min(lows) / FOOT_M, 6)) - margin
    upper = math.ceil(round(max(highs) / FOOT_M, 6)) + margin
    return Band(lower, upper, reference, "FT")


def _said(plan: Plan, still_s: float, options: Options, place: str) -> list[str]:
    margin_min = (options.route_margin_s or 0) // 60
    return [
        f"{place}: {_clock(still_s)} in still air, {_clock(plan.whole_s)} by the plan: windows cover both, and "
        f"{margin_min} min before and after, in which it has to taxi too",
        f"{place}: climbs and descents no slower than {CLIMB_FT_PER_MIN} ft a minute are claimed; procedures, holding "
        "and turns wider than the half-width are not",
    ]


def _clock(seconds: float) -> str:
    minutes = math.ceil(seconds / 60)
    return f"{minutes // 60}:{minutes % 60:02d} h"
