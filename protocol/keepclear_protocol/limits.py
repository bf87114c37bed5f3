"""Limits: what of a notice an agreement does not take, and between which instants it may arrive.

One home for the hotline, which refuses by the first fault, and for whoever files, who wants to know all of them before
anything is signed. Pure; each volume is held against the limits as widened by the rules. Not looked at here: whether
it can be read at all, who signed it, and what was said before it.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from .agreement import Agreement
from .geometry import Shape, distance_m, shape_of
from .instant import SECOND, format_instant
from .outline import Outline
from .separation import Minima, widened
from .volume import Volume


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a notice: ``place`` in it ("" for all of it), the ``field``, the ``code`` of its refusal."""

    place: str
    field: str
    code: str
    detail: str
    hint: str = ""

    def __str__(self) -> str:
        said = f"{self.field} {self.detail}" if self.field else self.detail
        return f"{self.place}: {said}" if self.place else said


def limit_faults(volumes: Sequence[Volume], category: str, agreement: Agreement, revision: int) -> Iterator[Fault]:
    """Give what the agreement does not take of a notice, whenever it arrives: first of all of it, then by volume.

    Codes are ``category``, ``outside_area`` and the ``limit_`` codes but for those of ``arrival``.
    """
    limits, minima = agreement.limits, agreement.categories.get(category)
    if minima is None:
        known = ", ".join(sorted(agreement.categories))
        yield Fault("", "category", "category", f"{category} is none of the agreement's, which are {known}")
        return
    if revision > limits.revisions:
        detail = f"{revision} is too many: {limits.revisions} of one notice are agreed"
        yield Fault("", "revision", "limit_revisions", detail)
    if len(volumes) > limits.volumes:
        yield Fault("", "volumes", "limit_volumes", f"are {len(volumes)}; {limits.volumes} are agreed")
    vertices = sum([volume.shape.vertices for volume in volumes])
    if vertices > limits.vertices:
        yield Fault("", "vertices", "limit_vertices", f"are {vertices}; {limits.vertices} are agreed")
    for number, volume in enumerate(volumes, 1):
        yield from _volume_faults(volume, minima, agreement, f"volume {number}")


def arrival(volumes: Sequence[Volume], minima: Minima, agreement: Agreement) -> tuple[int, int]:
    """Return the first and the last instant at which a notice of these volumes may arrive.

    The horizon before each of them begins, so that one volume of tomorrow cannot carry another of the year 8999 past
    it; and retention after all have ended.
    """
    latest_start = max([widened(volume, minima)[0] for volume in volumes])
    earliest = max(0, latest_start - agreement.limits.horizon_s * SECOND)
    return earliest, counts_until(max([volume.end for volume in volumes]), minima, agreement)


def counts_until(last_end: int, minima: Minima, agreement: Agreement) -> int:
    """Return the last instant at which a notice counts, may still arrive and is kept: retention after its last window.

    The window as widened: a hazard outlives its flight by the tail, which may be longer than the retention.
    """
    return last_end + (minima.tail_s + agreement.retention_s) * SECOND


def arrival_faults(volumes: Sequence[Volume], category: str, agreement: Agreement, now: int) -> Iterator[Fault]:
    """Give why a notice of a known category may not arrive at the instant ``now``."""
    minima = agreement.categories[category]
    for number, volume in enumerate(volumes, 1):
        earliest, _ = arrival([volume], minima, agreement)
        if now < earliest:
            detail = f"begins further ahead than agreed: it may be filed from {format_instant(earliest)}"
            yield Fault(f"volume {number}", "time_start", "limit_horizon", detail)
    _, latest = arrival(volumes, minima, agreement)
    if now > latest:
        detail = f"of the last volume is over for longer than is kept: it could be filed until {format_instant(latest)}"
        yield Fault("", "time_end", "limit_retention", detail)


def _volume_faults(volume: Volume, minima: Minima, agreement: Agreement, place: str) -> Iterator[Fault]:
    limits = agreement.limits
    start, end = widened(volume, minima)
    if end - start > limits.duration_s * SECOND:
        lasts_s = (end - start) / SECOND
        yield Fault(place, "window", "limit_duration", f"lasts {lasts_s:.0f} s widened; {limits.duration_s} are agreed")
    band_m = volume.upper_m - volume.lower_m + 2 * minima.vertical_m
    if band_m > limits.band_m:
        yield Fault(place, "band", "limit_band", f"is {band_m:.0f} m tall widened; {limits.band_m} are agreed")
    area_km2 = widened_area_km2(volume, minima, limits.area_km2)
    if area_km2 > limits.area_km2:
        yield Fault(place, "area", "limit_area", f"is {area_km2:.0f} km2 widened; {limits.area_km2} are agreed")
    if agreement.area is not None:
        region = _region(agreement.area)
        if distance_m(region, volume.shape) - region.margin_m - volume.shape.margin_m > 0:
            yield Fault(place, "outline", "outside_area", "lies outside the agreement's area")


@lru_cache(maxsize=256)
def _region(area: Outline) -> Shape:
    """The shape of an agreement's area, made once and not for each volume."""
    return shape_of(area)


def volume_time(volumes: Sequence[Volume], category: str, agreement: Agreement) -> int:
    """Return what a notice spends of ``volume_time_a_day``: km2 x km x h of its volumes as widened, rounded up.

    At least the agreed least of each, and as long as a flight through all of it takes at the agreed speed: a large
    volume of a second shows what flies in it as one of an hour does.
    """
    minima, budgets = agreement.categories[category], agreement.budgets
    spent = 0.0
    for volume in volumes:
        start, end = widened(volume, minima)
        way_m = volume.shape.perimeter_m / 2 + 2 * volume.shape.radius_m
        area_km2 = widened_area_km2(volume, minima, budgets.least_area_m2 / 1e6)
        band_m = max(volume.upper_m - volume.lower_m + 2 * minima.vertical_m, budgets.least_band_m)
        lasts_s = max((end - start) / SECOND, budgets.least_duration_s, way_m / budgets.speed_m_s)
        spent += area_km2 * (band_m / 1000) * (lasts_s / 3600)
    return math.ceil(spent)


def widened_area_km2(volume: Volume, minima: Minima, least_km2: float = 0.0) -> float:
    """Return the area of an outline grown by the horizontal minimum, never less than the truth, or ``least_km2``.

    Steiner's formula for a flat convex outline; growing a hollow one, or one on the sphere, adds less. S2 is asked only
    where the outline may have more than the least.
    """
    shape = volume.shape
    grown = shape.radius_m + minima.horizontal_m
    most_km2 = (shape.most_outline_area_m2 + shape.perimeter_m * grown + math.pi * grown**2) / 1e6
    if most_km2 <= least_km2:
        return least_km2
    return max((shape.outline_area_m2 + shape.perimeter_m * grown + math.pi * grown**2) / 1e6, least_km2)
