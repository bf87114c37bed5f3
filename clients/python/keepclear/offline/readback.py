"""The read-back: what a set of volumes says, in words an officer can hold against the order, before it is signed.

Every figure carries its unit and comes from the volumes as they would be filed, not from the input file. Warnings name
what is unlikely but allowed: nothing is refused here. Positions that may have latitude and longitude swapped are told
only where the agreement's area decides it; without an area either order is a place on Earth. Extents are those of the
outlines' edges with their radii, on the sphere: good to 1 %, rougher near the
poles.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from keepclear_protocol.agreement import Agreement
from keepclear_protocol.geometry import EARTH_RADIUS_M, Shape, arc_m, distance_m, shape_of, unit_vectors
from keepclear_protocol.instant import SECOND, format_instant
from keepclear_protocol.notice import DisclosedVolume
from keepclear_protocol.recompute import lead_of_volumes
from keepclear_protocol.volume import Circle, Corridor, Outline, Polygon, Position, Reference, Volume

from . import heights
from .heights import FOOT_M, feet_band, metric_band
from .inputs import Margins
from .margin import MarginShare, margin_share

THICK_BAND_M = 3_048.0
"""A band of 10 000 ft in one volume: more than an airliner climbs in two minutes, so often a slip of the keyboard."""

LONG_WINDOW_S = 86_400
"""A day. F3548's own limit for one notice; more is often a slip of the date."""

_PARTS_OF_AN_EDGE = 8
"""Points at which an edge is looked at: a geodesic bulges beyond its ends."""


@dataclass(frozen=True, slots=True)
class Band:
    """The lowest and highest altitude claimed in one reference, in metres."""

    reference: str
    lower_m: float
    upper_m: float


@dataclass(frozen=True, slots=True)
class ReadBack:
    """What a set of volumes says. ``lead`` is None where no agreement says what is early."""

    volumes: int
    center: Position
    north_south_m: float
    east_west_m: float
    length_m: float
    area_m2: float
    bands: list[Band]
    start: int
    end: int
    lead: str | None
    warnings: list[str] = field(default_factory=list)
    margin: MarginShare | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the read-back as one flat object with units in its names."""
        return {
            "volumes": self.volumes,
            "center": {"lat": round(self.center[0], 5), "lng": round(self.center[1], 5)},
            "north_south_m": round(self.north_south_m),
            "east_west_m": round(self.east_west_m),
            "length_m": round(self.length_m),
            "area_m2": round(self.area_m2),
            "bands": [
                {"reference": band.reference, "lower_m": round(band.lower_m, 1), "upper_m": round(band.upper_m, 1)}
                for band in self.bands
            ],
            "time_start": format_instant(self.start),
            "time_end": format_instant(self.end),
            "lead": self.lead,
            "margin": None if self.margin is None else self.margin.as_json(),
            "warnings": self.warnings,
        }

    def text(self) -> str:
        """Return the read-back as aligned lines, the warnings last."""
        lat, lng = self.center
        rows = [
            ("volumes", str(self.volumes)),
            ("centre", f"{abs(lat):.5f} {'NS'[lat < 0]}, {abs(lng):.5f} {'EW'[lng < 0]} (degrees)"),
            ("", f"{_dms(lat, 'NS')}, {_dms(lng, 'EW')}"),
            ("extent", f"{_km(self.north_south_m)} north to south, {_km(self.east_west_m)} east to west"),
            *([("length", f"{_km(self.length_m)} along its paths")] if self.length_m else []),
            ("area", f"{self.area_m2 / 1e6:.1f} km2, volume by volume"),
            *(("band", _band(band)) for band in self.bands),
            ("window", f"{format_instant(self.start)} to {format_instant(self.end)}"),
            ("", f"{_duration(self.end - self.start)} long"),
            *(zip(("margin", ""), self.margin.text(), strict=True) if self.margin else ()),
            *([("lead", self.lead)] if self.lead else []),
            *(("WARNING", warning) for warning in self.warnings),
        ]
        return "\n".join(f"{name:<9}{value}" for name, value in rows)


def readback(
    volumes: Sequence[Volume], now: int, agreement: Agreement | None = None, margins: Margins | None = None
) -> ReadBack:
    """Return the read-back of one volume or more, at the instant ``now``; ``margins`` are those that a reader added."""
    positions = [position for volume in volumes for position in _along(volume.outline)]
    center = _middle(positions)
    start, end = min(volume.start for volume in volumes), max(volume.end for volume in volumes)
    bands: dict[Reference, Band] = {}
    for volume in volumes:
        band = bands.get(volume.reference, Band(str(volume.reference), volume.lower_m, volume.upper_m))
        lower, upper = min(band.lower_m, volume.lower_m), max(band.upper_m, volume.upper_m)
        bands[volume.reference] = Band(band.reference, lower, upper)
    north_south, east_west = _extent(volumes, center)
    return ReadBack(
        volumes=len(volumes),
        center=center,
        north_south_m=north_south,
        east_west_m=east_west,
        length_m=math.fsum(_length_m(volume.outline) for volume in volumes),
        area_m2=math.fsum(volume.shape.area_m2 for volume in volumes),
        bands=[bands[reference] for reference in sorted(bands)],
        start=start,
        end=end,
        lead=None if agreement is None else _lead(volumes, now, agreement),
        warnings=_warnings(volumes, center, now, agreement),
        margin=None if margins is None else margin_share(volumes, margins),
    )


def _lead(volumes: Sequence[Volume], now: int, agreement: Agreement) -> str:
    """The rules' own class, as if the notice arrived now."""
    return lead_of_volumes([DisclosedVolume("", "", volume) for volume in volumes], now, agreement)


def _warnings(volumes: Sequence[Volume], center: Position, now: int, agreement: Agreement | None) -> list[str]:
    start, end = min(volume.start for volume in volumes), max(volume.end for volume in volumes)
    found = []
    if agreement is not None and agreement.area is not None:
        area = shape_of(agreement.area)
        outside = [number for number, volume in enumerate(volumes, 1) if not _meets(volume.shape, area)]
        lat, lng = center
        if not _contains(area, center) and -90 <= lng <= 90 and _contains(area, (lng, lat)):
            found.append(
                f"latitude and longitude look swapped: {lat:.3f}, {lng:.3f} is outside the agreement's area,"
                f" {lng:.3f}, {lat:.3f} is inside"
            )
        if outside:
            which = f"volume {outside[0]}" if len(outside) == 1 else f"{len(outside)} volumes, first {outside[0]},"
            found.append(f"outside the agreement's area: {which} of {len(volumes)}")
    if end < now:
        found.append(f"the window is over since {_duration(now - end)}")
    elif start < now:
        found.append(f"the window began {_duration(now - start)} ago")
    if end - start > LONG_WINDOW_S * SECOND:
        found.append(f"the window is longer than a day: {_duration(end - start)}")
    thick = max(volume.upper_m - volume.lower_m for volume in volumes)
    if thick > THICK_BAND_M:
        found.append(f"a band is unusually thick: {thick / FOOT_M:.0f} ft ({thick:.0f} m) in one volume")
    return found


def _meets(shape: Shape, area: Shape) -> bool:
    return distance_m(shape, area) - shape.radius_m - area.radius_m <= 0


def _contains(area: Shape, position: Position) -> bool:
    return _meets(shape_of(Circle(position, 1.0)), area)


def _along(outline: Outline) -> list[Position]:
    """Return positions on an outline's core: its points, and some along each edge."""
    match outline:
        case Circle(center):
            return [center]
        case Polygon(vertices):
            points = (*vertices, vertices[0])
        case Corridor(path):
            points = path
    return [position for a, b in pairwise(points) for position in _edge(a, b)] + [points[-1]]


def _edge(a: Position, b: Position) -> list[Position]:
    """Return positions along the shortest way, ``a`` with and ``b`` without: the chord's, seen from Earth's centre."""
    start, end = unit_vectors((a, b))
    parts = [number / _PARTS_OF_AN_EDGE for number in range(1, _PARTS_OF_AN_EDGE)]
    return [a, *(_position(*(x + (y - x) * part for x, y in zip(start, end, strict=True))) for part in parts)]


def _middle(positions: Sequence[Position]) -> Position:
    """Return the middle between the outermost positions, which does not follow where they crowd."""
    axes = list(zip(*unit_vectors(positions), strict=True))
    middle = [(min(axis) + max(axis)) / 2 for axis in axes]
    if math.hypot(*middle) < 1e-6:
        return positions[0]  # all round the world: no place is the middle
    lat, lng = _position(*middle)
    easts = [math.remainder(position[1] - lng, 360) for position in positions]
    if max(easts) - min(easts) >= 180:
        return lat, lng  # round a pole, where the middle in degrees would lie on the rim
    lats = [position[0] for position in positions]
    return (min(lats) + max(lats)) / 2, math.remainder(lng + (min(easts) + max(easts)) / 2, 360)


def _extent(volumes: Sequence[Volume], center: Position) -> tuple[float, float]:
    """Return the extents north to south and east to west, in metres, each position seen from the centre."""
    norths, souths, easts, wests = [], [], [], []
    for volume in volumes:
        radius = volume.shape.radius_m
        for lat, lng in _along(volume.outline):
            east = math.remainder(lng - center[1], 360)
            across_m = math.radians(east) * math.cos(math.radians(lat)) * EARTH_RADIUS_M
            along_m = math.radians(lat - center[0]) * EARTH_RADIUS_M
            norths.append(along_m + radius)
            souths.append(along_m - radius)
            easts.append(across_m + radius)
            wests.append(across_m - radius)
    return max(norths) - min(souths), max(easts) - min(wests)


def _length_m(outline: Outline) -> float:
    if not isinstance(outline, Corridor):
        return 0.0
    return math.fsum(arc_m(math.dist(a, b)) for a, b in pairwise(unit_vectors(outline.path)))


def _position(x: float, y: float, z: float) -> Position:
    return math.degrees(math.atan2(z, math.hypot(x, y))), math.degrees(math.atan2(y, x))


def _dms(degrees: float, sides: str) -> str:
    seconds = round(abs(degrees) * 3600)
    return f"{seconds // 3600}°{seconds // 60 % 60:02d}'{seconds % 60:02d}\" {sides[degrees < 0]}"


def _km(metres: float) -> str:
    return f"{metres / 1000:.2f} km ({metres / 1852:.2f} NM)"


def _band(band: Band) -> str:
    lower_m, upper_m, reference = band.lower_m, band.upper_m, band.reference
    figures = feet_band(lower_m, upper_m) if reference == "FL" else metric_band(lower_m, upper_m)
    return f"{heights.band(lower_m, upper_m, reference)} ({figures}), {_REFERENCES[reference]}"


_REFERENCES = {
    "W84": "above the ellipsoid",
    "AMSL": "above mean sea level",
    "AGL": "above ground",
    "FL": "pressure altitude (1013.25 hPa)",
}


def _duration(microseconds: int) -> str:
    minutes, seconds = divmod(round(microseconds / SECOND), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [f"{days} d"] * (days > 0) + [f"{hours} h"] * (hours > 0)
    parts += [f"{minutes} min"] * (minutes > 0) + [f"{seconds} s"] * (seconds > 0)
    return " ".join(parts) or "0 s"
