"""Areas and lines that somebody drew, as volumes: rings tidied, lines as corridors with a band for each edge.

An edge is the shortest way between its ends, as a notice's is. Neighbours nearer than ``COINCIDENT_M`` are one point
for whoever drew them, and are merged with a note; a corridor is widened by as much. A line is cut where an edge is
longer than ``LONGEST_EDGE_M``, and widened by what a shortest way on the ellipsoid may leave that on the sphere.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from keepclear_protocol.geometry import EDGE_SHIFT_PER_M, unit_vectors
from keepclear_protocol.outline import MAX_DECIMALS
from keepclear_protocol.volume import corridor_json, polygon_json, volume4d_json

from .altitude import Band
from .flight import MAX_VERTICES, MAX_VOLUMES, VolumeJson, checked, unreadable
from .sphere import LONGEST_EDGE_M, OVER_ELLIPSOID, Position, distance_m

COINCIDENT_M = 0.05
"""Neighbours nearer than this are one point: drawn by hand or rounded, never meant."""

Window = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Edge:
    """One edge of a line, and the band that is flown along it."""

    start: Position
    end: Position
    band: Band


def wrapped(lat: float, lng: float) -> Position:
    """Return a position on the wire's grid, its longitude within half a turn."""
    around = lng - 360 if lng > 180 else lng + 360 if lng < -180 else lng
    return round(lat, MAX_DECIMALS) + 0.0, round(around, MAX_DECIMALS) + 0.0


def stays(line: Sequence[Position]) -> list[range]:
    """Return for each place of a line which of its points lie there: one, or neighbours that are one place."""
    begins: list[int] = []
    for number, position in enumerate(line):
        if not begins or distance_m(line[begins[-1]], position) >= COINCIDENT_M:
            begins.append(number)
    return [range(begin, end) for begin, end in pairwise([*begins, len(line)])]


def merged(line: Sequence[Position], place: str, notes: list[str]) -> list[Position]:
    """Return a line without neighbours that are one place, and say how many there were."""
    kept = [line[stay.start] for stay in stays(line)]
    if len(kept) < len(line):
        notes.append(
            f"{place}: {len(line) - len(kept)} of {len(line)} points lie within 5 cm of the one before: merged"
        )
    return kept


def ring(line: Sequence[Position], place: str, notes: list[str]) -> VolumeJson:
    """Return the polygon outline of a ring, closed or not; raise ``LocalError``."""
    if len(line) > MAX_VERTICES:
        raise unreadable(place, f"{len(line)} points; a notice has at most {MAX_VERTICES}")
    closed = len(line) > 1 and distance_m(line[0], line[-1]) < COINCIDENT_M
    vertices = merged(line[:-1] if closed else line, place, notes)
    if len(vertices) < 3:
        raise unreadable(place, f"an area has three corners or more, this one has {len(vertices)}")
    return polygon_json(vertices)


def area(outline: VolumeJson, band: Band, window: Window) -> VolumeJson:
    """Return the volume of an outline."""
    return volume4d_json(outline, band.lower, band.upper, band.reference, band.units, *window)


def corridors(edges: Sequence[Edge], half_width_m: float, window: Window, place: str) -> list[VolumeJson]:
    """Return the volumes of a line: neighbouring edges of one band are one corridor.

    Raises ``LocalError`` where they are more than a notice holds.
    """
    runs: list[list[Edge]] = []
    for edge in edges:
        if runs and runs[-1][-1].band == edge.band and runs[-1][-1].end == edge.start:
            runs[-1].append(edge)
        else:
            runs.append([edge])
    if len(runs) > MAX_VOLUMES or len(edges) > MAX_VERTICES:
        raise unreadable(
            place, f"{len(runs)} legs; a notice has at most {MAX_VOLUMES} volumes of {MAX_VERTICES} points"
        )
    return [_corridor(run, half_width_m, window) for run in runs]


def _corridor(run: list[Edge], half_width_m: float, window: Window) -> VolumeJson:
    path = [position for edge in run for position in along(edge.start, edge.end)[:-1]] + [run[-1].end]
    longest_m = max(distance_m(edge.start, edge.end) for edge in run) * OVER_ELLIPSOID
    # Cut points lie on the sphere's way; the drawn edge may be the ellipsoid's, and neighbours merged.
    width = math.ceil((half_width_m + COINCIDENT_M + EDGE_SHIFT_PER_M * longest_m**2) * 10) / 10
    return area(corridor_json(path, width), run[0].band, window)


def along(start: Position, end: Position, longest_m: float = LONGEST_EDGE_M) -> list[Position]:
    """Return positions from start to end, both with, along the shortest way on the sphere."""
    parts = max(1, math.ceil(distance_m(start, end) / longest_m))
    return [start, *(between(start, end, number / parts) for number in range(1, parts)), end]


def between(start: Position, end: Position, part: float) -> Position:
    """Return the position a part of the shortest way from start to end."""
    a, b = unit_vectors((start, end))
    angle = 2 * math.asin(min(1.0, math.dist(a, b) / 2))
    if angle < 1e-12:
        return start
    u, v = math.sin((1 - part) * angle) / math.sin(angle), math.sin(part * angle) / math.sin(angle)
    x, y, z = (u * p + v * q for p, q in zip(a, b, strict=True))
    return wrapped(math.degrees(math.atan2(z, math.hypot(x, y))), math.degrees(math.atan2(y, x)))


def checked_volumes(volumes: list[VolumeJson], place: str) -> list[VolumeJson]:
    """Return the volumes after ``parse_volume`` took each, at most as many as a notice holds."""
    vertices = 0
    for volume in volumes:
        shape = volume["volume"]
        vertices += len(shape.get("outline_polygon", {}).get("vertices", ()))
        vertices += len(shape.get("outline_corridor", {}).get("path", ()))
    if len(volumes) > MAX_VOLUMES or vertices > MAX_VERTICES:
        detail = (
            f"{len(volumes)} volumes with {vertices} points; a notice has at most {MAX_VOLUMES} with {MAX_VERTICES}"
        )
        raise unreadable(place, detail, hint="split it into several files")
    return checked(volumes, place)
