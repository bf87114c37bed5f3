"""Spending: what matching showed to be spent, until the store is told; and which party is refused for what until when.

A charge goes with the next turn's script of the worker that admitted the notice, once: where that worker dies before,
or the script's outcome is not known, it is not made again. So a notice may go uncharged, and none is charged twice.

A party that the store has refused for a budget which hangs on no one notice is refused from memory until that comes
back, before anything costly is done for it; what was admitted before is for the caller to look for.
"""

import time
from collections import Counter
from collections.abc import Iterable

from keepclear_protocol.errors import OverBudget
from keepclear_protocol.kinds import ACKNOWLEDGEMENT, NOTICE

from ..decide.entry import Entry, Outgoing
from ..decide.spending import ALERTS, PAIRS, spent_by
from .ports import Charge, Over

_KIND_OF = {
    "submits_a_minute": NOTICE.name,
    PAIRS: NOTICE.name,
    ALERTS: NOTICE.name,
    "acknowledgements_a_minute": ACKNOWLEDGEMENT.name,
}
"""The kind of statement that is refused from memory for a budget; the others hang on what the statement asks for."""


class Charges:
    """What was spent since the store was last told."""

    def __init__(self) -> None:
        self._spent: Counter[tuple[str, str, str]] = Counter()

    def note(self, entry: Entry, pairs: int, outgoing: Iterable[Outgoing]) -> None:
        """Note what an entry has spent of its party's budgets, if it is a notice."""
        for budget, other, amount in spent_by(entry.party, pairs, outgoing) if entry.kind == NOTICE.name else ():
            self._spent[entry.party, budget, other] += amount

    def take(self) -> list[Charge]:
        """Return all of it, and forget it."""
        spent, self._spent = self._spent, Counter()
        return [Charge(party, budget, other, amount) for (party, budget, other), amount in spent.items()]


class Refusing:
    """Who is refused for what, and until when: by the seconds since this worker heard of it, not by any clock."""

    def __init__(self) -> None:
        self._until: dict[tuple[str, str], tuple[float, str, Over]] = {}

    def note(self, party: str, terms: str, over: Over) -> None:
        """Note that the store has refused ``party`` for a budget of ``terms``."""
        kind = _KIND_OF.get(over.budget)
        if kind is not None:
            self._until[party, kind] = time.monotonic() + over.wait_s, terms, over

    def known(self, party: str, kind: str, terms: str) -> OverBudget | None:
        """Return what ``party`` is refused with at once for a statement of ``kind`` under ``terms``, if it is."""
        if (party, kind) not in self._until:
            return None
        until, spent_of, over = self._until[party, kind]
        if time.monotonic() >= until:
            del self._until[party, kind]
            return None
        # Under other terms it may not be, and who names others that are not in force forgets nothing.
        return over_budget(over) if terms == spent_of else None


def over_budget(over: Over) -> OverBudget:
    """Return the refusal for a budget."""
    return OverBudget(over.budget, over.left, over.again_at)
