"""What is spent: the hotline's own fold, fed without signatures, and beside it the price of each act in each budget.

Pure: no process, no store, no clock but the acts' own. ``Line`` is the hotline as far as what it tells and charges;
``Purse`` an oracle, written apart from the store's scripts, of what a party has left; ``least`` how large a budget must
be for a day to be refused nothing. A budget of ``None`` refuses nothing.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from keepclear_protocol.agreement import Agreement
from keepclear_protocol.alert import CLOSED
from keepclear_protocol.budgets import ALERTS_COUNTED, Budgets
from keepclear_protocol.claims import Claims
from keepclear_protocol.instant import SECOND
from keepclear_protocol.limits import volume_time
from keepclear_protocol.notice import DisclosedVolume
from keepclear_protocol.volume import Volume
from keepclear_protocol.withdrawal import Withdrawal
from keepclear_service.decide.entry import Entry, Outgoing
from keepclear_service.decide.fold import apply
from keepclear_service.decide.gist import Gist
from keepclear_service.decide.state import State

DAY_US = 86_400 * SECOND
VOLUME_BYTES, NOTICE_BYTES = 660, 2_500
"""What a submission weighs, about: measured of flights that the SDK cut."""


@dataclass(frozen=True, slots=True)
class Price:
    """What one revision costs: the ``alerts`` that it made; of the others what counts."""

    volumes: int
    room: int
    pairs: int
    alerts: int
    hits: int
    kept: int = 0


class Line:
    """A hotline of one agreement, told statements that need no signature."""

    def __init__(self, agreement: Agreement) -> None:
        self.agreement = agreement
        self.state = State(agreement)
        self._seq = 0

    def room(self, category: str, volumes: Sequence[Volume]) -> int:
        """Return what a notice would spend of ``volume_time_a_day``, known before it is filed."""
        return volume_time(volumes, category, self.agreement)

    def file(
        self, party: str, name: str, revision: int, category: str, volumes: Sequence[Volume], at: int
    ) -> tuple[Price, list[Outgoing]]:
        """File a notice or amend it; return its price and what is told to whom."""
        disclosed = tuple(
            DisclosedVolume(f"{name}/{revision}/{number}", "", volume) for number, volume in enumerate(volumes)
        )
        notice = Gist(party, name, category, max(volume.end for volume in volumes), disclosed)
        before = self.state.pairs
        told = apply(self.state, self._entry("notice", party, name, revision, at), notice)
        caused = [one for one in told if one.to != party and one.payload["state"] != CLOSED]
        alerts = max(Counter(one.to for one in caused).values(), default=0)
        room = self.room(category, volumes)
        pairs = self.state.pairs - before
        return Price(len(volumes), room, pairs, alerts, _hits(caused), _kept(party, told)), told

    def withdraw(self, party: str, name: str, revision: int, at: int) -> list[Outgoing]:
        """Withdraw a notice; return what is told to whom."""
        claims = Claims(party, self.agreement.id, self.agreement.terms, at // SECOND, "", None)
        body = Withdrawal("", "", "", claims, name, revision, "")
        return apply(self.state, self._entry("withdrawal", party, name, revision, at), body)

    def _entry(self, kind: str, party: str, name: str, revision: int, at: int) -> Entry:
        self._seq += 1
        return Entry(self._seq, kind, party, name, revision, f"{name}/{revision}", "", at, self.agreement.terms, "")


def _hits(caused: Sequence[Outgoing]) -> int:
    """Return what alerts cost with the counterpart that was told most."""
    shown: dict[str, list[str]] = defaultdict(list)
    for one in caused:
        shown[one.to] += one.payload["disclosed"]
    told = Counter(one.to for one in caused)
    return max((min(told[to], max(ALERTS_COUNTED, len(set(shown[to])))) for to in told), default=0)


def _kept(party: str, told: Sequence[Outgoing]) -> int:
    """Return the bytes of alerts that count, as R-114 says."""
    total = 0
    conflicts = [one for one in told if one.payload["state"] != CLOSED]
    for other in {one.to for one in conflicts} - {party}:
        with_it = [one for one in conflicts if other in (one.to, one.other[0])]
        taken = sum(1_200 + 160 * len(one.payload["pairs"]) for one in with_it)
        theirs = [one for one in with_it if one.to == other]
        spans = {(one.over or 0) // (450 * SECOND) for one in theirs}
        total += taken * min(len(theirs), 4 * len(spans)) // max(1, len(theirs))
    return total


@dataclass
class _Bucket:
    """A budget that comes back evenly; it may be in debt."""

    size: float
    period_s: float
    left: float
    at: int = 0

    def now(self, at: int) -> float:
        """Return what is left at an instant."""
        self.left = min(self.size, self.left + self.size * (at - self.at) / SECOND / self.period_s)
        self.at = at
        return self.left


class Purse:
    """What one party has left of each budget, toward one counterpart."""

    def __init__(self, budgets: Budgets | None) -> None:
        self.budgets = budgets
        most = budgets or Budgets()
        self._submits = _Bucket(most.submits_a_minute, 60, most.submits_a_minute)
        self._pairs = _Bucket(most.pairs_an_hour, 3_600, most.pairs_an_hour)
        self._alerts = _Bucket(most.alerts_an_hour, 3_600, most.alerts_an_hour)
        self._rooms: dict[int, int] = defaultdict(int)
        self._live: dict[str, int] = {}
        self._bytes = 0

    def refusal(self, name: str, volumes: Sequence[Volume], room: int, at: int) -> str | None:
        """Return the budget for which a notice of this room is refused now, if there is one."""
        budgets = self.budgets
        if budgets is None:
            return None
        self._live = {one: end for one, end in self._live.items() if end >= at}
        found = {
            "submits_a_minute": self._submits.now(at) < 1,
            "pairs_an_hour": self._pairs.now(at) < 1,
            "alerts_an_hour": self._alerts.now(at) < 1,
            "live_notices": name not in self._live and len(self._live) >= budgets.live_notices,
            "stored_bytes": self._bytes + _weight(volumes) > budgets.stored_bytes,
            "volume_time_a_day": self._rooms[_day(volumes, at)] + room > budgets.volume_time_a_day,
        }
        return next((budget for budget, over in found.items() if over), None)

    def charge(self, name: str, volumes: Sequence[Volume], price: Price, at: int) -> None:
        """Take the price of a notice that was filed."""
        for bucket, cost in ((self._submits, 1), (self._pairs, price.pairs), (self._alerts, price.hits)):
            bucket.now(at)
            bucket.left -= cost
        self._rooms[_day(volumes, at)] += price.room
        self._bytes += _weight(volumes) + price.kept
        self._live[name] = max(volume.end for volume in volumes)

    def withdrawn(self, name: str) -> None:
        """A withdrawn notice lives no more; what it spent stays spent."""
        self._live.pop(name, None)

    @property
    def live(self) -> int:
        """How many notices live, as of the last look."""
        return len(self._live)

    @property
    def stored_bytes(self) -> int:
        """What all of its notices weigh, and the alerts that they caused, as far as these count."""
        return self._bytes


def _weight(volumes: Sequence[Volume]) -> int:
    return NOTICE_BYTES + VOLUME_BYTES * len(volumes)


def _day(volumes: Sequence[Volume], at: int) -> int:
    return max(at, *(volume.end for volume in volumes)) // DAY_US


def agreed(budgets: Budgets | None) -> dict[str, int]:
    """Return the member of an agreement that says so; None has the prices of the defaults."""
    return asdict(budgets or Budgets())


def least(times_s: Sequence[float], costs: Sequence[float], period_s: float) -> float:
    """Return the smallest budget that never falls below zero: full at first, filled again evenly in ``period_s``.

    What was spent between any two moments is at most the budget and what came back between them.
    """
    at, sums = np.asarray(times_s, float), np.concatenate(((0.0,), np.cumsum(np.asarray(costs, float))))
    worst = 0.0
    for first in range(len(at)):
        span = 1 + (at[first:] - at[first]) / period_s
        worst = max(worst, float(((sums[first + 1 :] - sums[first]) / span).max()))
    return worst
