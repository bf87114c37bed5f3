"""Offline comparison of two sets of volumes by the rules: the answer of ``keepclear check``.

The same rules as the service's, on this machine, with nothing sent. The worst pair decides: overlap before proximity
before possible, then the closest. A clear verdict says nothing of notices that are not among the two sets.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from keepclear_protocol.instant import format_instant
from keepclear_protocol.separation import Minima, Pair, Severity, Uncertainty, judge, widened
from keepclear_protocol.volume import Volume


@dataclass(frozen=True, slots=True)
class Measure:
    """What two sides are held against: each side's category, and the bounds between altitude references."""

    a: Minima
    b: Minima
    uncertainty: Uncertainty


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome: how many pairs are not clear, the worst of them, and where it stands (both counted from 1)."""

    pairs: int = 0
    worst: Pair | None = None
    a_volume: int | None = None
    b_volume: int | None = None

    @property
    def word(self) -> str:
        """``clear``, ``conflict`` or ``possible`` (it cannot be excluded)."""
        if self.worst is None:
            return "clear"
        return "possible" if self.worst.severity is Severity.POSSIBLE else "conflict"

    def as_json(self) -> dict[str, Any]:
        """Return the verdict as one flat object; what a clear verdict does not have is null.

        ``horizontal_m`` and ``vertical_m`` are whole metres rounded down. The times bound the overlap of the two
        windows, lead and tail included. The altitudes are b's band, clipped where both references are the same.
        """
        pair = self.worst
        return {
            "verdict": self.word,
            "severity": None if pair is None else str(pair.severity),
            "horizontal_m": None if pair is None else pair.horizontal_m,
            "vertical_m": None if pair is None else pair.vertical_m,
            "time_start": None if pair is None else format_instant(pair.start),
            "time_end": None if pair is None else format_instant(pair.end),
            "altitude_lower_m": None if pair is None else pair.lower_m,
            "altitude_upper_m": None if pair is None else pair.upper_m,
            "reference": None if pair is None else str(pair.reference),
            "a_volume": self.a_volume,
            "b_volume": self.b_volume,
            "pairs": self.pairs,
        }


def compare(a: Sequence[Volume], b: Sequence[Volume], measure: Measure) -> Verdict:
    """Return what the rules make of every pair of a volume of ``a`` and one of ``b``."""
    windows = sorted((*widened(volume, measure.b), number) for number, volume in enumerate(b))
    starts = [start for start, _, _ in windows]
    longest = max((end - start for start, end, _ in windows), default=0)
    found: list[tuple[tuple[int, ...], int, int, Pair]] = []
    for i, volume in enumerate(a):
        start, end = widened(volume, measure.a)
        # Only these can meet the window; most pairs of two long flights cannot.
        for _, _, j in windows[bisect_left(starts, start - longest) : bisect_right(starts, end)]:
            pair = judge(volume, measure.a, b[j], measure.b, measure.uncertainty)
            if pair is not None:
                found.append((pair.rank, i + 1, j + 1, pair))
    if not found:
        return Verdict()
    _, i, j, worst = min(found, key=lambda item: item[:3])
    return Verdict(len(found), worst, i, j)
