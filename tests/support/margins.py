"""Which flights the margins cannot keep apart: a brute force over the points of their tracks, with no leg in it.

A flight is where it was recorded, and between two points on the straight way at a steady speed, a place each second.
Two flights cannot be told apart where, at moments no farther from one another than both time margins, they come as near
as the minimum and both half-widths, in height as well. Independent of the readers: chords of the ellipsoid, no S2.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

HORIZONTAL_M, VERTICAL_FT = 4 * 1852, 700
HALF_WIDTH_M, BAND_FT, MARGIN_S, GAP_S = 926, 100, 30, 900
STEP_S = 1.0


def unexcluded(records: Sequence[dict[str, Any]]) -> set[tuple[int, int]]:
    """Return the pairs of tracks, of parties by turns, by their places in order."""
    ours, theirs = _moments(records, 0), _moments(records, 1)
    first = np.searchsorted(theirs[0], ours[0] - 2 * MARGIN_S, "left")
    last = np.searchsorted(theirs[0], ours[0] + 2 * MARGIN_S, "right")
    found: set[tuple[int, int]] = set()
    for _, place, feet, flight, low, high in zip(*ours, first, last, strict=True):
        some = slice(low, high)
        near = np.abs(theirs[2][some] - feet) <= VERTICAL_FT + 2 * BAND_FT
        apart = np.linalg.norm(theirs[1][some][near] - place, axis=-1)
        hit = theirs[3][some][near][apart <= HORIZONTAL_M + 2 * HALF_WIDTH_M]
        found |= {(min(int(flight), int(other)), max(int(flight), int(other))) for other in np.unique(hit)}
    return found


def _moments(records: Sequence[dict[str, Any]], side: int) -> tuple[Floats, Floats, Floats, Floats]:
    """Return the times, places, feet and flights of one side's moments, in the order of time."""
    parts = [(number, *_flown(records[number]["points"])) for number in range(side, len(records), 2)]
    times = np.concatenate([part[1] for part in parts])
    order = np.argsort(times, kind="stable")
    places = np.concatenate([part[2] for part in parts])
    feet = np.concatenate([part[3] for part in parts])
    flights = np.concatenate([np.full(len(part[1]), float(part[0])) for part in parts])
    return times[order], places[order], feet[order], flights[order]


def _flown(points: Sequence[Sequence[float]]) -> tuple[Floats, Floats, Floats]:
    at, lat, lng, feet = (np.array(column, float) for column in zip(*points, strict=True))
    whole = [at]
    for a, b in pairwise(at):
        if STEP_S < b - a <= GAP_S:
            whole.append(np.arange(a + STEP_S, b, STEP_S))
    times = np.unique(np.concatenate(whole))
    return times, _geocentric(np.interp(times, at, lat), np.interp(times, at, lng)), np.interp(times, at, feet)


def _geocentric(lat: Floats, lng: Floats) -> Floats:
    phi, theta, es = np.radians(lat), np.radians(lng), 0.006694379990141317
    across = 6_378_137.0 / np.sqrt(1 - es * np.sin(phi) ** 2)
    x, y = across * np.cos(phi) * np.cos(theta), across * np.cos(phi) * np.sin(theta)
    return np.stack((x, y, across * (1 - es) * np.sin(phi)), axis=-1)
