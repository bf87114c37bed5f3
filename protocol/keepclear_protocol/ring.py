"""Rings: whether a polygon's edges keep apart from one another, so that every processor sees the same shape.

Guaranteed of a ring that ``keeps_apart`` and whose edges S2 finds uncrossed: no two edges that share no vertex come
nearer than ``apart_m``, no vertex comes nearer than that to an edge which it does not end, and so no two vertices, and
no three in a line. Sines and roots of two processors differ by some nanometres on the ground; at a millimetre nothing
that they say of inside, outside and crossing can differ.

A vertex is held against the plane of each edge first, which excludes nearly all, and then against the edge's ends.
"""

from math import dist
from operator import ne

FEW = 32
"""Vertices up to which plain arithmetic is faster than arrays: a hundred microseconds; three for four vertices."""

Point = tuple[float, float, float]


def keeps_apart(units: list[Point], apart: float) -> bool:
    """Whether no vertex of the ring of unit vectors lies within ``apart`` (radians) of an edge that it does not end."""
    if len(units) <= FEW:
        return _few(units, apart)
    from .long_ring import keeps_apart as by_arrays  # with numpy, which most programs never need: a tenth of a second

    return by_arrays(units, apart)


def bends_one_way(units: list[Point], room: float) -> bool:
    """Whether a ring no longer than a quarter of the earth's girth is convex: every vertex bends it the same way, and
    it goes once around.

    ``room`` is more than ``apart`` times its longest edge: then it keeps apart, too, and no judge can find it crossed.
    Its edges' heights are least over the neighbours of their ends. It goes once around where its normals, all turning
    the same way by less than half a turn, pass the plane of its first vertex and the earth's axis twice.
    """
    x, y, _ = units[0]
    heights, sides = [], []
    ahead = units[1:] + units[:1]
    for (ax, ay, az), (bx, by, bz), (cx, cy, cz) in zip(units, ahead, ahead[1:] + ahead[:1], strict=True):
        dx, dy, dz = bx - ax, by - ay, bz - az
        nx, ny = ay * dz - az * dy, az * dx - ax * dz
        heights.append(nx * cx + ny * cy + (ax * dy - ay * dx) * cz)
        sides.append(x * ny > y * nx)
    one_way = min(heights) > room or max(heights) < -room
    return one_way and sum(map(ne, sides, sides[1:] + sides[:1])) == 2


def _few(units: list[Point], apart: float) -> bool:
    count, twice = len(units), units + units
    for at, start in enumerate(units):
        (ax, ay, az), end = start, twice[at + 1]
        dx, dy, dz = end[0] - ax, end[1] - ay, end[2] - az
        # The start times the difference: of two near places, that of the places themselves would be noise.
        nx, ny, nz = ay * dz - az * dy, az * dx - ax * dz, ax * dy - ay * dx
        room = apart * (nx * nx + ny * ny + nz * nz) ** 0.5
        for x, y, z in twice[at + 2 : at + count]:
            if -room < nx * x + ny * y + nz * z < room:
                along, length = dx * (x - ax) + dy * (y - ay) + dz * (z - az), dx * dx + dy * dy + dz * dz
                from_start = dist((x, y, z), start)
                # In the plane, but on the other side of the earth, it is not beside the edge.
                if 0 <= along <= length and from_start <= length**0.5 + apart:
                    return False
                if from_start < apart or dist((x, y, z), end) < apart:
                    return False
    return True
