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
    told: Counter[str] = Counter()
    shown: dict[str, set[str]] = {}
    for alert in outgoing:
        if alert.to != party and alert.payload["state"] in (OPEN, PAST):
            told[alert.to] += 1
            shown.setdefault(alert.to, set()).update(alert.payload["disclosed"])
    for other, alerts in told.items():
        # What it shows are its own volumes in conflict: however many notices lie in its way, these are its own doing.
        yield ALERTS, other, min(alerts, max(ALERTS_COUNTED, len(shown[other])))
