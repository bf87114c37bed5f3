"""From when to when this desk heard the hotline, and somebody watched: noted every ten seconds while it lasts."""

from ..journal.changes import HEARD, WATCHED
from ..journal.reads import Reads
from .link import Link
from .watching import WATCHED_EACH_S

Span = tuple[int, int]

LAG_US = int(3 * WATCHED_EACH_S * 1_000_000)
"""By so much a span that lasts may be noted too short: a busy machine is late with its note."""


WORTH_US = 3_000_000


def heard_spans(journal: Reads, link: Link) -> list[Span]:
    """Return from when to when the hotline was heard, up to its last sign of life; ``link`` is what it is now."""
    spans = journal.spans(HEARD)
    if link.up and link.heard_at is not None:
        spans = [span for span in spans if span[0] != link.since] + [(link.since, link.heard_at)]
    return spans


def watched_spans(journal: Reads, now: int) -> list[Span]:
    """Return from when to when somebody watched; what was noted just now lasts until ``now``."""
    spans = journal.spans(WATCHED)
    if spans and 0 < now - spans[-1][1] <= LAG_US:
        spans[-1] = (spans[-1][0], now)
    return spans


def without(spans: list[Span], since: int, until: int) -> list[Span]:
    """Return what of ``since`` to ``until`` lies in none of the spans."""
    left, at = [], since
    for began, ended in sorted(spans):
        if began > at and at < until:
            left.append((at, min(began, until)))
        at = max(at, ended)
    return [*left, *([(at, until)] if at < until else [])]


def long_ones(spans: list[Span]) -> list[Span]:
    """Return the spans that are worth a word: a watch that was begun anew at once leaves none."""
    return [one for one in spans if one[1] - one[0] >= WORTH_US]
