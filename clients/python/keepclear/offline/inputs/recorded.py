"""A recorded track of any format as a flight: its legs cut as those of our own track files are.

Altitudes are in the reference that the format says, or none is there and the officer's band holds for the whole track.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from .altitude import FOOT_M
from .asked import asked_band
from .flight import Flight, Options, VolumeJson, checked, unreadable
from .legs import Fix
from .sphere import Position
from .track import MAX_FT, MIN_FT, legs_of, margins_of

_CALLSIGN = re.compile(r"(?=.*\d)[A-Z][A-Z0-9]{1,7}\Z|[A-Z0-9]{1,2}-[A-Z0-9]{3,5}\Z", re.ASCII)
"""An operator's designator with a number, or a registration; no name of a place, and no word."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One recorded point: instant, position, metres above the track's reference where it says them.

    ``below_m`` and ``above_m`` are how far off them it may have been; ``on_ground`` where it says that instead.
    """

    at: int
    position: Position
    metres: float | None
    below_m: float = 0.0
    above_m: float = 0.0
    on_ground: bool = False


def named_callsign(name: str) -> str | None:
    """Return a name that is written as callsigns are, None for any other."""
    spoken = name.strip()
    return spoken if _CALLSIGN.match(spoken) else None


def recorded(
    moments: Sequence[Moment], reference: str, callsign: str | None, options: Options, place: str, notes: Sequence[str]
) -> Flight:
    """Return the flight of one track; raise ``LocalError`` with ``input_file``."""
    without = sum(moment.metres is None for moment in moments)
    if 0 < without < len(moments):
        raise unreadable(
            place, f"{without} of {len(moments)} points have no altitude", hint="remove those points first"
        )
    band = asked_band(options, place) if without else None
    fixes = [
        Fix(moment.at, moment.position, _feet(moment, place), moment.below_m / FOOT_M, moment.above_m / FOOT_M)
        for moment in moments
    ]
    volumes, legs_notes = legs_of(fixes, options, place, reference)
    told = [*notes, *legs_notes]
    if band is None:
        return Flight(callsign, volumes, told, place, margins=margins_of(options))
    ends = [{"value": value, "reference": band.reference, "units": band.units} for value in (band.lower, band.upper)]
    return Flight(callsign, checked([_banded(volume, *ends) for volume in volumes], place), told, place)


def _feet(moment: Moment, place: str) -> float:
    feet = 0.0 if moment.metres is None else moment.metres / FOOT_M
    if not MIN_FT <= feet <= MAX_FT:
        raise unreadable(place, f"{feet:.0f} ft is not an altitude that an aircraft reports")
    return feet


def _banded(volume: VolumeJson, lower: VolumeJson, upper: VolumeJson) -> VolumeJson:
    return {**volume, "volume": {**volume["volume"], "altitude_lower": lower, "altitude_upper": upper}}


def metres_of(text: str, place: str) -> float:
    """Return the metres of a text; raise ``LocalError``."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not -10_000 <= value <= 100_000:
        raise unreadable(place, f"{text.strip()!r:.40} is not an altitude in metres")
    return value
