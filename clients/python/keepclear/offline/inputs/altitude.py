"""Altitudes as people and files write them, and bands whose two ends have different references.

``parse_altitude`` takes ``FL245``, ``4500ft AMSL``, ``300 m AGL``, ``GND`` and their usual spellings, and guesses
neither unit nor reference: a format in which a bare number means something says what. ``UNL`` is its own answer: no
number is in it. ``band`` brings both ends to the upper one's reference, outward by the bounds of the offset between the
two, so that what it claims holds all that was written, whatever pressure, geoid and terrain are.
"""

import math
import re
from dataclasses import dataclass

from keepclear_protocol.separation import Uncertainty
from keepclear_protocol.volume import LOWEST_M

from .flight import Altitude, unreadable

FOOT_M = 0.3048

UNIT_M = {"M": 1.0, "FT": FOOT_M, "FL": 100 * FOOT_M}

_GROUND = re.compile(r"(?:GND|SFC|GROUND|SURFACE|0 ?(?:M|FT|F)? ?(?:AGL|GND|SFC|ASFC))\Z", re.ASCII)
_UNLIMITED = re.compile(r"(?:UNL|UNLIM|UNLTD|UNLIMITED)\Z", re.ASCII)
_LEVEL = re.compile(r"FL ?(\d{1,4}(?:\.\d{1,3})?)(?: ?STD)?\Z", re.ASCII)
_HEIGHT = re.compile(
    r"(?:ALT )?(-?\d{1,6}(?:\.\d{1,3})?) ?(FT|FEET|F|M|METERS|METRES)? ?"
    r"(AMSL|MSL|ALT|AGL|ASFC|GND|SFC|W84|WGS84|STD|FL)?\Z",
    re.ASCII,
)
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}\.\d{3}\Z", re.ASCII)
_UNITS = {"FT": "FT", "FEET": "FT", "F": "FT", "M": "M", "METERS": "M", "METRES": "M"}
_REFERENCES = {
    **dict.fromkeys(("AMSL", "MSL", "ALT"), "AMSL"),
    **dict.fromkeys(("AGL", "ASFC", "GND", "SFC"), "AGL"),
    **dict.fromkeys(("W84", "WGS84"), "W84"),
    **dict.fromkeys(("STD", "FL"), "FL"),
}

GROUND = Altitude(0, "AGL", "M")


@dataclass(frozen=True, slots=True)
class Band:
    """A volume's band, both ends of one reference and unit; ``note`` says what was widened to bring them there."""

    lower: float
    upper: float
    reference: str
    units: str
    note: str | None = None


def parse_altitude(text: str, place: str, *, units: str | None = None, reference: str | None = None) -> Altitude | None:
    """Return the altitude of a text, None for one without limit; ``units`` and ``reference`` are a bare number's.

    Raises ``LocalError`` with ``input_file`` that names ``place``.
    """
    # The sign of feet is a unit, as on charts.
    spoken = " ".join(re.sub(r"(?<=\d) ?['\u2032]", "FT ", text).upper().split())
    if _GROUND.match(spoken):
        return GROUND
    if _UNLIMITED.match(spoken):
        return None
    if level := _LEVEL.match(spoken):
        return Altitude(float(level[1]), "FL", "FL")
    height = _HEIGHT.match(spoken)
    if height is None:
        raise unreadable(place, f"{text!r:.60} is not an altitude", hint=_HINT)
    if may_be_thousands(height[1]):
        hint = f"write {height[1].replace('.', '')} without the dot"
        raise unreadable(place, f"{text!r:.60} may be thousands or a decimal", hint=hint)
    unit = _UNITS.get(height[2] or "", units)
    counted_from = _REFERENCES.get(height[3] or "", reference)
    if unit is None or counted_from is None:
        missing = "ft or m" if unit is None else "AMSL, AGL, W84 or FL"
        raise unreadable(place, f"{text!r:.60} does not say {missing}", hint=_HINT)
    return Altitude(float(height[1]), counted_from, unit)


def may_be_thousands(number: str) -> bool:
    """Whether a number with a dot before its last three digits may be one of thousands, as half of Europe writes it."""
    return _THOUSANDS.match(number) is not None


_HINT = "write FL245, 4500ft AMSL, 300m AGL, 1200m W84 or GND"


def band(lower: Altitude, upper: Altitude, uncertainty: Uncertainty, place: str) -> Band:
    """Return the band between two altitudes, in the reference of the upper one.

    Raises ``LocalError`` with ``input_file`` where the upper one is not above.
    """
    if lower.reference == upper.reference:
        if lower.units == upper.units:
            low, high, units = lower.value, upper.value, upper.units
        else:
            low, high, units = lower.value * UNIT_M[lower.units], upper.value * UNIT_M[upper.units], "M"
        if low >= high:
            raise unreadable(place, f"the upper altitude, {told(upper)}, is not above the lower one, {told(lower)}")
        return Band(low, high, upper.reference, units)
    low = math.floor(round(span_m(lower, upper.reference, uncertainty)[0], 6))
    high = math.ceil(round(upper.value * UNIT_M[upper.units], 6))
    low = max(low, LOWEST_M)
    if low >= high:
        raise unreadable(place, f"the upper altitude, {told(upper)}, is not above the lower one, {told(lower)}")
    note = f"from {told(lower)}, which in {upper.reference} may lie as low as {low} m: the band begins there"
    return Band(low, high, upper.reference, "M", note)


def span_m(altitude: Altitude, reference: str, uncertainty: Uncertainty) -> tuple[float, float]:
    """Return the least and the most metres that an altitude can be in another reference."""
    metres = altitude.value * UNIT_M[altitude.units]
    if altitude.reference == reference:
        return metres, metres
    own, other = _offset(altitude.reference, uncertainty), _offset(reference, uncertainty)
    return metres + own[0] - other[1], metres + own[1] - other[0]


def told(altitude: Altitude) -> str:
    """Return an altitude as people write it."""
    if altitude == GROUND:
        return "the ground"
    if altitude.units == "FL":
        return f"FL{altitude.value:03g}"
    return f"{altitude.value:g} {altitude.units.lower()} {altitude.reference}"


def _offset(reference: str, uncertainty: Uncertainty) -> tuple[float, float]:
    """Return the bounds of what has to be added to an altitude of this reference to be above mean sea level."""
    match reference:
        case "W84":
            least, most = uncertainty.geoid_undulation_m
            return -most, -least
        case "FL":
            return uncertainty.pressure_error_m
        case "AGL":
            return uncertainty.terrain_m
    return 0.0, 0.0
