"""What a notice has spent of its party's budgets once it is matched: as far as what it did itself goes (R-114)."""

from collections import Counter
from collections.abc import Iterable, Iterator

from keepclear_protocol.alert import OPEN, PAST
from keepclear_protocol.budgets import ALERTS_COUNTED

from .entry import Outgoing

PAIRS, ALERTS = "pairs_an_hour", "alerts_an_hour"


def spent_by(party: str, pairs: int, outgoing: Iterable[Outgoing]) -> Iterator[tuple[str, str, int]]:
    """Yield budget, counterpart where it counts, and amount of a notice of ``party``.

    ``pairs`` is by how much ``State.pairs`` grew; ``outgoing`` are the alerts that the notice calls for.
    """
    if pairs:
        yield PAIRS, "", pairs
    told = Counter(alert.to for alert in outgoing if alert.to != party and alert.payload["state"] in (OPEN, PAST))
    for other, alerts in told.items():
        yield ALERTS, other, min(alerts, ALERTS_COUNTED)
