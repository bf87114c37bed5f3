"""Parts: in which order, and how much at a time, what one entry calls for is written.

Whoever files into a crowd of another's notices calls for thousands of alerts, and one of them may be a third party's
danger. So the worst of each two parties comes first, by turns, in a part of some milliseconds; the mass follows. The
two sides of a conflict stay together.
"""

from collections.abc import Iterator, Sequence
from itertools import zip_longest

from keepclear_protocol.alert import CLOSED

from ..decide.entry import Outgoing

LARGE = 1_000
"""Alerts and pairs in them beyond which an entry is written in parts: to sign, pack and write them takes thirty
milliseconds and more, and then they stand on the streams before whatever comes after. A notice of 500 volumes may have
15 000."""

FIRST = 128
"""What the first part of such an entry weighs, or little more: some five milliseconds."""

NEXT = 512
"""What each further part weighs: some twenty milliseconds, for which others wait."""


def weight(alerts: Sequence[Outgoing]) -> int:
    """Return what alerts weigh: themselves, and the pairs that they tell."""
    return len(alerts) + sum(len(alert.payload["pairs"]) for alert in alerts)


def by_turns(alerts: Sequence[Outgoing]) -> list[Outgoing]:
    """Return the alerts of one entry, the worst first between each two parties, these by turns, the fewest first."""
    conflicts: dict[str, list[Outgoing]] = {}
    for alert in alerts:
        conflicts.setdefault(alert.conflict, []).append(alert)
    between: dict[frozenset[str], list[list[Outgoing]]] = {}
    for sides in conflicts.values():
        between.setdefault(frozenset((sides[0].to, sides[0].other[0])), []).append(sides)
    for some in between.values():
        some.sort(key=lambda sides: sides[0].rank)
    rounds = zip_longest(*sorted(between.values(), key=len), fillvalue=())
    return [alert for one_round in rounds for sides in one_round for alert in sides]


def parts(alerts: Sequence[Outgoing]) -> Iterator[list[Outgoing]]:
    """Yield the alerts of a large entry, in the order in which they stand, the first part small."""
    part: list[Outgoing] = []
    held, most = 0, FIRST
    for at, alert in enumerate(alerts):
        part.append(alert)
        held += weight([alert])
        sibling = at + 1 < len(alerts) and alerts[at + 1].conflict == alert.conflict
        if held >= most and not sibling:
            yield part
            part, held, most = [], 0, NEXT
    if part:
        yield part


def only_ends(alerts: Sequence[Outgoing]) -> bool:
    """Whether alerts say no more than that something has ended."""
    return all(alert.payload["state"] == CLOSED for alert in alerts)
