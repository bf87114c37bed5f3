"""Rings and lines that are drawn in degrees, as vertices whose shortest edges follow what was drawn.

An edge here is straight in degrees, a notice's is the shortest way, so edges are made dense until they differ by less
than ``DEVIATION_M``. Longitudes may run beyond 180, or change side where a line stands on the antimeridian. Neighbours
nearer than a centimetre are one place. A pole is one place too, whatever longitudes are written at it: an edge along a
latitude of 90 degrees has no length, a sector that reaches the pole has a corner there, and a ring that goes once
round the Earth, with or without a seam to the pole, is the cap on its side of it.

Refused by name: an edge over more than 180 degrees of longitude, which RFC 7946 runs the long way round and its author
nearly always meant across the antimeridian; a ring that goes round the Earth and back, because a hole is left; a cap
larger than the wire's outlines.
"""

from itertools import pairwise

from keepclear_protocol.geometry import SUBMITTED
from keepclear_protocol.outline import MAX_DECIMALS

from .flight import MAX_VERTICES, unreadable
from .sphere import COINCIDENT_M, Position, dense_edge, distance_m, merged

DEVIATION_M = 1.0
"""How far a dense edge may run from the one that was drawn: well below what any outline is known to."""

_POLE = 90 - 5e-8
"""From here on a position is nearer than a centimetre to the pole."""

_SAME_DEG = 1e-9
"""Longitudes that differ by less are one: the wire has nine decimals."""

_CUT = "cut it at the antimeridian (RFC 7946 section 3.1.9), or write 181 for -179 where it crosses"
_CLOSED = "a ring has four positions or more and ends where it begins (RFC 7946 section 3.1.6)"


def ring_vertices(ring: list[Position], place: str, notes: list[str]) -> list[Position]:
    """Return the vertices of a closed ring, not closed; raise ``LocalError``."""
    if len(ring) < 4 or distance_m(ring[0], ring[-1]) >= COINCIDENT_M:
        raise unreadable(place, _CLOSED)
    if abs(ring[0][0]) > _POLE and ring[0] != ring[-1]:
        ring = [*ring, ring[0]]
    drawn = _without_seam(_unrolled(_once_round(ring), place), place)
    turns = (drawn[-1][1] - drawn[0][1]) / 360
    west, east = min(lng for _, lng in drawn), max(lng for _, lng in drawn)
    if abs(turns) < 0.5 and east - west > 360 - _SAME_DEG:
        detail = "a ring that goes all round the Earth and back leaves a hole at a pole"
        raise unreadable(place, detail, hint="cut it into two parts or more, as a MultiPolygon")
    if abs(turns) > 0.5:
        _cap(drawn, turns, place, notes)
    return _settled(_dense(drawn, place)[:-1], place, notes, closed=True)


def _once_round(ring: list[Position]) -> list[Position]:
    """Return a ring with corners on its edges from -180 to 180, where they must mean once round the Earth.

    Both ends are one place, and elsewhere no more than the other sign of the antimeridian; a box all of whose corners
    lie there would hold nothing.
    """
    if any(abs(lat) <= _POLE and abs(abs(lng) - 180) > _SAME_DEG for lat, lng in ring):
        return ring
    found = ring[:1]
    for a, b in pairwise(ring):
        if abs(a[0]) <= _POLE and a[0] == b[0] and abs(b[1] - a[1]) > 360 - _SAME_DEG:
            found += [(a[0], a[1] + (b[1] - a[1]) * part) for part in (0.25, 0.5, 0.75)]
        found.append(b)
    return found


def line_vertices(line: list[Position], place: str, notes: list[str]) -> list[Position]:
    """Return the vertices of a line: one alone where it stays at one place. Raise ``LocalError``."""
    return _settled(_dense(_unrolled(line, place), place), place, notes, closed=False)


def wrapped(position: Position) -> Position:
    """Return a position with its longitude within 180 degrees, both on the wire's grid."""
    lat, lng = position
    return round(lat, MAX_DECIMALS) + 0.0, round((lng + 180) % 360 - 180 if abs(lng) > 180 else lng, MAX_DECIMALS) + 0.0


def _unrolled(line: list[Position], place: str) -> list[Position]:
    """Return a line whose longitudes run on where it stands on the antimeridian; refuse edges that go two ways."""
    found, offset = line[:1], 0.0
    for number, (a, b) in enumerate(pairwise(line), start=1):
        at_pole = abs(a[0]) > _POLE and abs(b[0]) > _POLE
        if not at_pole and distance_m(a, b) < COINCIDENT_M:
            turn = 360 * round((a[1] - b[1]) / 360)
            offset += turn
            if turn and b[1] + turn == a[1]:
                continue  # the other sign of the antimeridian, and nothing else
        elif not at_pole and abs(b[1] - a[1]) > 180:
            detail = f"edge {number} spans {abs(b[1] - a[1]):g} degrees of longitude: it is unclear which way round"
            raise unreadable(place, detail, hint=_CUT)
        found.append((b[0], b[1] + offset))
    return found


def _without_seam(ring: list[Position], place: str) -> list[Position]:
    """Return a ring without the cut from its parallel to the pole and back, by which flat maps draw a cap.

    A ring that had one now ends a full turn from where it begins.
    """
    open_ring = ring[:-1]
    start = next((i for i, (lat, _) in enumerate(open_ring) if abs(lat) <= _POLE), None)
    if start is None or not any(abs(lat) > _POLE for lat, _ in open_ring):
        return ring
    line = [*open_ring[start:], *open_ring[:start]]
    first = next(i for i, (lat, _) in enumerate(line) if abs(lat) > _POLE)
    last = next((i for i in range(first, len(line)) if abs(line[i][0]) <= _POLE), len(line)) - 1
    span = line[last][1] - line[first][1]
    if abs(abs(span) - 360) > _SAME_DEG:
        return ring
    turn = -360 if span > 0 else 360
    # From the pole outward: what comes down the seam, and what went up.
    up, down = line[:first], [(lat, lng + turn) for lat, lng in [*line[last + 1 :], line[0]]]
    if abs(up[-1][1] - line[first][1]) > _SAME_DEG or abs(down[0][1] - line[first][1]) > _SAME_DEG:
        return ring
    seam = line[first][1]
    while len(up) > 1 and abs(up[-2][1] - seam) <= _SAME_DEG:
        up = up[:-1]
    while len(down) > 1 and abs(down[1][1] - seam) <= _SAME_DEG:
        down = down[1:]
    if distance_m(up[-1], down[0]) < COINCIDENT_M:
        down = down[1:]
    whole = [*up, *down]
    if max(distance_m(position, line[first]) for position in whole) > SUBMITTED.reach_m:
        raise unreadable(place, f"a cap that reaches more than {SUBMITTED.reach_m // 1000:.0f} km from its pole")
    return whole


def _cap(ring: list[Position], turns: float, place: str, notes: list[str]) -> None:
    if abs(turns) > 1.5:
        raise unreadable(place, "a ring that goes round the Earth more than once")
    pole = 90.0 if sum(lat for lat, _ in ring) > 0 else -90.0
    farthest_m = max(distance_m(position, (pole, 0.0)) for position in ring)
    if farthest_m > SUBMITTED.reach_m:
        raise unreadable(place, f"a cap that reaches more than {SUBMITTED.reach_m // 1000:.0f} km from its pole")
    notes.append(f"{place}: its ring goes once round the Earth and is taken for the cap of the {_name(pole)} pole")


def _name(pole: float) -> str:
    return "north" if pole > 0 else "south"


def _dense(line: list[Position], place: str) -> list[Position]:
    dense: list[Position] = []
    for start, end in pairwise(line):
        dense += dense_edge(start, end, DEVIATION_M)
        if len(dense) > MAX_VERTICES:
            detail = f"more than {MAX_VERTICES} vertices, dense edges included: a notice has at most so many"
            raise unreadable(place, detail, hint="draw fewer or shorter edges, or split the flight into several files")
    return [*dense, line[-1]]


def _settled(line: list[Position], place: str, notes: list[str], *, closed: bool) -> list[Position]:
    on_grid = [wrapped(position) for position in line]
    kept = merged(on_grid, closed=closed)
    # At a pole, positions are one by nature, not by nearness.
    lost = sum(abs(lat) <= _POLE for lat, _ in on_grid) - sum(abs(lat) <= _POLE for lat, _ in kept)
    if lost > 0:
        notes.append(f"{place}: {lost} of its positions taken for one with a neighbour nearer than 1 cm")
    return kept
