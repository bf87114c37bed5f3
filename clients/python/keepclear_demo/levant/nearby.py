"""What the line keeps silent about, by the rules: movements of one party that come close, and those that pass over."""

from collections.abc import Collection, Iterable
from itertools import combinations, product

from keepclear_protocol.geometry import distance_m
from keepclear_protocol.separation import judge
from keepclear_protocol.volume import Volume, parse_volume

from ..turn import Turn
from .setting import CATEGORIES, TERRAIN


def close_within_parties(filings: Iterable[Turn]) -> list[tuple[Turn, Turn]]:
    """Return the pairs of one party's movements, the later filed first, that would be a conflict between two."""
    return [(b, a) for a, b in combinations(filings, 2) if a.party == b.party and _close(a, b)]


def passing_over(filings: Collection[Turn], told: Collection[str]) -> list[tuple[Turn, Turn]]:
    """Return the untold movements that cross, at that time, above a movement of the other side's, and what is below."""
    pairs = product((turn for turn in filings if turn.name not in told), filings)
    return [
        (a, b) for a, b in pairs if a.party != b.party and any(_over(x, y) for x in _volumes(a) for y in _volumes(b))
    ]


def _close(a: Turn, b: Turn) -> bool:
    minima = CATEGORIES[a.category], CATEGORIES[b.category]
    pairs = product(_volumes(a), _volumes(b))
    return any(judge(x, minima[0], y, minima[1], TERRAIN) is not None for x, y in pairs)


def _over(high: Volume, low: Volume) -> bool:
    meet = high.start <= low.end and low.start <= high.end
    return meet and distance_m(high.shape, low.shape) <= high.shape.radius_m + low.shape.radius_m


def _volumes(turn: Turn) -> list[Volume]:
    return [parse_volume(volume) for volume in turn.volumes]
