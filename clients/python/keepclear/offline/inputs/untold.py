"""Points of a recorded track that do not say their altitude: those on the ground, and those that say none.

Such a point is claimed between the altitude before it and that after it, never at one guessed between. One on the
ground is claimed from the ground: as low as it may lie in the track's reference, and up to the higher of the two, since
that is where it climbed to or came from. A track without any altitude is the officer's to give a band.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from keepclear_protocol.instant import SECOND
from keepclear_protocol.separation import Uncertainty

from .altitude import GROUND, span_m
from .recorded import Moment


def with_altitudes(
    moments: Sequence[Moment], reference: str, uncertainty: Uncertainty
) -> tuple[list[Moment], list[str]]:
    """Return the points with an altitude each, and what has to be said about those that said none."""
    known = [number for number, moment in enumerate(moments) if moment.metres is not None]
    without = len(moments) - len(known)
    if not known or not without:
        return list(moments), []
    ground_m = span_m(GROUND, reference, uncertainty)[0]
    found = [
        moment if moment.metres is not None else _between(moments, known, number, ground_m)
        for number, moment in enumerate(moments)
    ]
    notes = []
    if on_ground := sum(moment.on_ground for moment in moments):
        told = "claimed from the ground up to the altitude before or after, whichever is higher"
        notes.append(f"{on_ground} of {len(moments)} points are on the ground: {told}")
    if silent := without - on_ground:
        ends = [moments[0].at, *(moments[number].at for number in known), moments[-1].at]
        longest_s = max(b - a for a, b in pairwise(ends)) // SECOND
        told = f"claimed from that before to that after, up to {longest_s} s apart"
        notes.append(f"{silent} of {len(moments)} points have no altitude: {told}")
    return found, notes


def _between(moments: Sequence[Moment], known: Sequence[int], number: int, ground_m: float) -> Moment:
    at = bisect_left(known, number)
    sides = [moments[known[side]] for side in (max(at - 1, 0), min(at, len(known) - 1))]
    said = [(side.metres or 0.0, side) for side in sides]
    low = min(metres - side.below_m for metres, side in said)
    high = max(metres + side.above_m for metres, side in said)
    moment = moments[number]
    if moment.on_ground:
        low = min(low, ground_m)
    middle = said[0][0]
    return replace(moment, metres=middle, below_m=middle - low, above_m=high - middle)
