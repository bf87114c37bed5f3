"""A pair of volumes as the rules may read it within 10 mm: between its worst reading and its mildest.

The grace is for other processors, which may round a distance differently. It is given by growing and by shrinking our
own volume by 10 mm, sideways and in height. Times and bands are sums that every processor rounds alike.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from keepclear_protocol.agreement import Agreement
from keepclear_protocol.errors import EvidenceInvalid
from keepclear_protocol.geometry import Shape, distance_m
from keepclear_protocol.notice import DisclosedVolume, Notice
from keepclear_protocol.recompute import GRACE_M
from keepclear_protocol.separation import Minima, Pair, Uncertainty, judge, widened
from keepclear_protocol.volume import Volume
from msgspec import structs


@dataclass(frozen=True, slots=True)
class Range:
    """A pair of volumes: its worst and its mildest reading within the grace, and whether it surely is a conflict."""

    own: DisclosedVolume
    other: DisclosedVolume
    near: Pair
    far: Pair
    sure: bool
    vertical_minimum_m: float

    @property
    def worst(self) -> tuple[object, ...]:
        """Sorts as the rules sort pairs, by the worst reading."""
        return *self.near.rank, self.own.digest

    @property
    def mildest(self) -> tuple[object, ...]:
        """Sorts as the rules sort pairs, by the mildest reading."""
        return *self.far.rank, self.own.digest


@dataclass(frozen=True, slots=True)
class Rules:
    """What a pair of these two notices is judged by: each side's minima, and the agreed uncertainty."""

    mine: Minima
    theirs: Minima
    uncertainty: Uncertainty

    @property
    def vertical_minimum_m(self) -> float:
        """The pair's vertical minimum."""
        return max(self.mine.vertical_m, self.theirs.vertical_m)

    @property
    def roomy(self) -> Minima:
        """For the figures of a pair just within the minima, which is out of them once our volume is shrunk."""
        return replace(
            self.mine,
            horizontal_m=max(self.mine.horizontal_m, self.theirs.horizontal_m) + 2 * GRACE_M,
            vertical_m=self.vertical_minimum_m + 2 * GRACE_M,
        )

    def range(self, ours: DisclosedVolume, disclosed: DisclosedVolume) -> Range | None:
        """Return what the rules make of a pair within the grace; None where it is clear even then."""
        volume, theirs, uncertainty = disclosed.volume, self.theirs, self.uncertainty
        asked: list[float] = []

        def distance(a: Shape, b: Shape) -> float:
            """The cores are the same ones in each reading, which alone costs S2's time."""
            if not asked:
                asked.append(distance_m(a, b))
            return asked[0]

        near = judge(_grown(ours, GRACE_M), self.mine, volume, theirs, uncertainty, distance)
        if near is None:
            return None
        shrunk = _grown(ours, -GRACE_M)
        far = judge(shrunk, self.mine, volume, theirs, uncertainty, distance)
        mild = far or judge(shrunk, self.roomy, volume, theirs, uncertainty, distance) or near
        return Range(ours, disclosed, near, mild, far is not None, self.vertical_minimum_m)


def rules_of(own: Notice, other: Notice, agreement: Agreement) -> Rules:
    """Return what the notices' pairs are judged by; raise ``EvidenceInvalid`` with ``category``."""
    return Rules(minima_of(own, agreement), minima_of(other, agreement), agreement.uncertainty)


def ranges_of(own: Notice, other: Notice, agreement: Agreement) -> Iterator[Range]:
    """Yield every pair of volumes that is in conflict within the grace; raise ``EvidenceInvalid`` with ``category``."""
    rules = rules_of(own, other, agreement)
    windows = [(disclosed, *widened(disclosed.volume, rules.theirs)) for disclosed in other.volumes]
    for ours in own.volumes:
        first, last = widened(ours.volume, rules.mine)
        for disclosed, start, end in windows:
            if start <= last and first <= end and (found := rules.range(ours, disclosed)) is not None:
                yield found


def grown(volume: Volume, by_m: float) -> Volume:
    """Return a volume grown by so many metres sideways and in height."""
    shape = volume.shape
    # The bound only says where to look at all, so it grows with the volume and never shrinks.
    larger = structs.replace(shape, margin_m=shape.margin_m + by_m, bound_m=shape.bound_m + max(0.0, by_m))
    return replace(volume, lower_m=volume.lower_m - by_m, upper_m=volume.upper_m + by_m, shape=larger)


_HELD: dict[tuple[str, float], Volume] = {}
_HELD_AT_MOST = 4096


def _grown(item: DisclosedVolume, by_m: float) -> Volume:
    """Return ``grown`` of a volume, made once for all the alerts that name it: its digest is of all that it is."""
    found = _HELD.get((item.digest, by_m))
    if found is None:
        if len(_HELD) >= _HELD_AT_MOST:
            _HELD.clear()
        found = _HELD[item.digest, by_m] = grown(item.volume, by_m)
    return found


def minima_of(notice: Notice, agreement: Agreement) -> Minima:
    """Return the minima of a notice's category; raise ``EvidenceInvalid`` with ``category``."""
    minima = agreement.categories.get(notice.category)
    if minima is None:
        raise EvidenceInvalid("category", f"the terms know no category {notice.category}")
    return minima
