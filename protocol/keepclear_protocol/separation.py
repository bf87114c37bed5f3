"""The rules: whether two volumes come closer than agreed. Pure, versioned, the same for every party and the service.

Guaranteed: no false negative. Where the rules answer clear, the volumes are apart by more than the pair's minima on at
least one axis, on the WGS-84 ellipsoid, for every vertical offset within the agreed bounds. Every axis is closed:
touching is a conflict. The verdict is symmetric. Not guaranteed: that a conflict is closer than the minima by the
ellipsoid. The horizontal rule is wider by up to 1.2 % of the distance and ``EDGE_SHIFT_PER_M`` times the squares of the
longest edges (``geometry`` says why), and never narrower.

Horizontally a pair is in conflict if ``0.994 * d - r1 - r2 - 7e-11 * (L1**2 + L2**2) <= horizontal_m``, with ``d`` the
metres between the cores on the sphere, ``r`` radius or half width, ``L`` the longest edge; the left side, floored, is
what is reported. Vertically, volumes of the same reference compare directly: AGL with AGL as heights above ground, a
stated choice that holds where both fly over the same terrain. Between references the offset is only known to lie
within bounds; a pair that some offset brings within the minima is at least ``possible``. In time, each window is
widened by its own category's lead and tail. A pair takes the larger of the two minima.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from .geometry import ROUNDING_M, SPHERE_FACTOR, Shape, center_distance_m, distance_m
from .instant import SECOND
from .volume import Reference, Volume

RULES = "1"
"""The version of these rules. An alert names it; a change of any verdict or figure is a new version."""

Bounds = tuple[float, float]
"""Least and greatest value."""


class Severity(StrEnum):
    """How bad a pair is, worst first."""

    OVERLAP = "overlap"
    """The volumes themselves meet, before any minima, lead or tail."""
    PROXIMITY = "proximity"
    """Within the minima, whatever the vertical offset is."""
    POSSIBLE = "possible"
    """Cannot be excluded: some vertical offset within the agreed bounds brings the pair within the minima."""


_RANKS = {severity: rank for rank, severity in enumerate(Severity)}


@dataclass(frozen=True, slots=True)
class Minima:
    """A category's agreed separation, and the seconds by which its volumes' windows are widened."""

    horizontal_m: float
    vertical_m: float
    lead_s: int
    tail_s: int


@dataclass(frozen=True, slots=True)
class Uncertainty:
    """Bounds of the offsets between altitude references.

    ``geoid_undulation_m``: height of the geoid above the ellipsoid (W84 altitude minus AMSL altitude).
    ``pressure_error_m``: true AMSL altitude minus pressure altitude. ``terrain_m``: the ground's AMSL elevation.
    """

    geoid_undulation_m: Bounds
    pressure_error_m: Bounds
    terrain_m: Bounds


WORLDWIDE = Uncertainty(geoid_undulation_m=(-110, 90), pressure_error_m=(-5_000, 2_600), terrain_m=(-450, 8_850))
"""Bounds that hold anywhere, for use where nobody has agreed on narrower ones.

Geoid: EGM2008 runs from -106.9 m (south of India) to +85.8 m (New Guinea); rounded outward by more than the two metres
by which local sea-level datums differ from it. Pressure: the sum, as if they came together, of the lowest and highest
sea-level pressure on record (870 hPa, typhoon Tip 1979, is 1 270 m in the ICAO standard atmosphere, Doc 7488;
1 089 hPa, Tosontsengel 2004, is -620 m; WMO archive of extremes) and of an air column 30 K colder or 15 K warmer than
standard up to FL 1000, the highest that a volume may have, at 4 % of height for 10 K (ICAO Doc 8168). Terrain: the
Dead Sea's shore, -440 m, and Mount Everest, 8 849 m.
"""


@dataclass(frozen=True, slots=True)
class Pair:
    """What the rules say of two volumes that are not clear of one another.

    ``horizontal_m`` and ``vertical_m`` are whole metres, rounded down, 0 where the volumes meet; between different
    references ``vertical_m`` is the separation that is there whatever the offset. ``start`` and ``end`` bound the
    overlap of the two widened windows. ``lower_m``, ``upper_m`` and ``reference`` are the second volume's band, rounded
    outward to whole metres and, where both have the same reference, clipped to the first's grown by the minimum.
    """

    severity: Severity
    horizontal_m: int
    vertical_m: int
    start: int
    end: int
    lower_m: int
    upper_m: int
    reference: Reference

    @property
    def rank(self) -> tuple[int, ...]:
        """Sorts the worst pair first: by severity, closeness, then the earliest."""
        return severity_rank(self.severity), self.horizontal_m, self.vertical_m, self.start, self.end


def severity_rank(severity: Severity) -> int:
    """Return 0 for the worst severity and more for milder ones."""
    return _RANKS[severity]


def widened(volume: Volume, minima: Minima) -> tuple[int, int]:
    """Return the instants between which ``volume`` counts, its category's lead and tail included."""
    return volume.start - minima.lead_s * SECOND, volume.end + minima.tail_s * SECOND


def judge(
    a: Volume,
    a_minima: Minima,
    b: Volume,
    b_minima: Minima,
    uncertainty: Uncertainty,
    distance: Callable[[Shape, Shape], float] = distance_m,
) -> Pair | None:
    """Return what the rules make of ``a`` and ``b``, or None where they are clear.

    Swapping the two changes the reported band only, which is the second volume's. ``distance`` is ``distance_m``, for
    who has asked for it before.
    """
    # The bands first: who asks has looked for what is near in time and place, so that this most often says that all is
    # well.
    vertical_minimum = max(a_minima.vertical_m, b_minima.vertical_m)
    least, greatest = _vertical_gaps(a, b, uncertainty)
    if least > vertical_minimum + ROUNDING_M:
        return None
    a_start, a_end = widened(a, a_minima)
    b_start, b_end = widened(b, b_minima)
    start, end = max(a_start, b_start), min(a_end, b_end)
    if start > end:
        return None
    horizontal_minimum = max(a_minima.horizontal_m, b_minima.horizontal_m)
    horizontal = _horizontal_gap(a.shape, b.shape, horizontal_minimum, distance)
    if horizontal is None:
        return None
    if greatest > vertical_minimum + ROUNDING_M:
        severity = Severity.POSSIBLE
    elif horizontal <= ROUNDING_M and greatest <= ROUNDING_M and a.start <= b.end and b.start <= a.end:
        severity = Severity.OVERLAP
    else:
        severity = Severity.PROXIMITY
    return Pair(
        severity,
        math.floor(max(0.0, horizontal)),
        math.floor(max(0.0, least)),
        start,
        end,
        *_band(a, b, vertical_minimum),
        b.reference,
    )


def turned(pair: Pair, a: Volume, a_minima: Minima, b: Volume, b_minima: Minima) -> Pair:
    """Return what ``judge`` makes of ``a`` and ``b``, from what it made of ``b`` and ``a``: the band alone differs."""
    lower, upper = _band(a, b, max(a_minima.vertical_m, b_minima.vertical_m))
    return replace(pair, lower_m=lower, upper_m=upper, reference=b.reference)


def _band(a: Volume, b: Volume, vertical_minimum: float) -> tuple[int, int]:
    lower, upper = b.lower_m, b.upper_m
    if a.reference is b.reference:
        lower = max(lower, a.lower_m - vertical_minimum)
        upper = min(upper, a.upper_m + vertical_minimum)
    return math.floor(lower), math.ceil(upper)


def _horizontal_gap(
    a: Shape, b: Shape, minimum_m: float, distance: Callable[[Shape, Shape], float]
) -> float | None:
    """The rule's left side, or None where it exceeds ``minimum_m``. S2 is asked only where the caps come close."""
    limit = minimum_m + ROUNDING_M
    if SPHERE_FACTOR * (center_distance_m(a, b) - a.bound_m - b.bound_m) > limit:
        return None
    gap = SPHERE_FACTOR * distance(a, b) - (a.margin_m + b.margin_m)
    return gap if gap <= limit else None


def _vertical_gaps(a: Volume, b: Volume, uncertainty: Uncertainty) -> Bounds:
    """The least and the greatest vertical gap between two bands over every offset that the bounds allow.

    A negative gap is the depth of overlap.
    """
    a_above, b_above = a.lower_m - b.upper_m, b.lower_m - a.upper_m
    if a.reference is b.reference:
        return (gap := max(a_above, b_above)), gap
    low, high = offset_bounds(a.reference, b.reference, uncertainty)
    return max(a_above + low, b_above - high), max(a_above + high, b_above - low)


def offset_bounds(a: Reference, b: Reference, uncertainty: Uncertainty) -> Bounds:
    """Return the bounds of what must be added to an altitude of reference ``a`` to read it in reference ``b``."""
    if a is b:
        return 0.0, 0.0
    a_low, a_high = _above_sea(a, uncertainty)
    b_low, b_high = _above_sea(b, uncertainty)
    return a_low - b_high, a_high - b_low


def _above_sea(reference: Reference, uncertainty: Uncertainty) -> Bounds:
    """Bounds of what must be added to an altitude of ``reference`` to have it above mean sea level."""
    match reference:
        case Reference.AMSL:
            return 0.0, 0.0
        case Reference.W84:
            low, high = uncertainty.geoid_undulation_m
            return -high, -low
        case Reference.FL:
            return uncertainty.pressure_error_m
        case Reference.AGL:
            return uncertainty.terrain_m
