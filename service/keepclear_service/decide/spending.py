"""What a notice has spent of its party's budgets once it is matched: as far as what it did itself goes (R-114)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from keepclear_protocol.alert import CLOSED
from keepclear_protocol.budgets import (
    ALERT_BYTES,
    ALERTS_COUNTED,
    DAY_S,
    KEPT_COUNTED,
    KEPT_TIME_S,
    PAIR_BYTES,
)
from keepclear_protocol.instant import SECOND

from .entry import Outgoing

PAIRS, ALERTS, KEPT, CAUSED = "pairs_an_hour", "alerts_an_hour", "stored_bytes", "caused_bytes"
"""Budgets. ``CAUSED`` is none that is agreed: all that a party's notices made the store keep, whoever stood there."""


@dataclass(slots=True)
class _Told:
    """What a notice caused with one counterpart. ``own``: its volumes in conflict; ``times``: in which these are over.

    ``taken``: bytes of the alerts to both sides; ``keep``: the instant until which the store keeps the last of them.
    """

    alerts: int = 0
    own: set[str] = field(default_factory=set)
    times: set[int] = field(default_factory=set)
    taken: int = 0
    keep: int = 0


def spent_by(party: str, pairs: int, outgoing: Iterable[Outgoing]) -> Iterator[tuple[str, str, int]]:
    """Yield budget, counterpart or day of UTC where it counts, and amount of a notice of ``party``.

    ``pairs`` is by how much ``State.pairs`` grew; ``outgoing`` are the alerts that the notice calls for. Of bytes the
    day is the last on which the store keeps them.
    """
    if pairs:
        yield PAIRS, "", pairs
    told: dict[str, _Told] = {}
    for alert in outgoing:
        if alert.payload["state"] == CLOSED:
            continue
        to_other = alert.to != party
        one = told.setdefault(alert.to if to_other else alert.other[0], _Told())
        one.taken += ALERT_BYTES + PAIR_BYTES * len(alert.payload["pairs"])
        one.keep = max(one.keep, alert.keep)
        if to_other:
            one.alerts += 1
            # What it shows are its own volumes in conflict: however many notices lie in its way, these are its doing.
            one.own.update(alert.payload["disclosed"])
            one.times.add((alert.over or 0) // (KEPT_TIME_S * SECOND))
    for other, one in told.items():
        yield ALERTS, other, min(one.alerts, max(ALERTS_COUNTED, len(one.own)))
        day = str(one.keep // (DAY_S * SECOND))
        counted = min(one.alerts, KEPT_COUNTED * len(one.times))
        yield KEPT, day, one.taken * counted // one.alerts
        yield CAUSED, day, one.taken
