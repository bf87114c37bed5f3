"""Budgets and what is spent of them as the words that ``budgets.lua`` takes.

The script counts milliseconds until a budget is full again, so that what one unit costs follows from the number that is
agreed and its period, and a change of the agreement holds at once.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from keepclear_protocol.budgets import PERIOD_S, Budgets

from ..line.ports import Charge

FIELDS = {
    "submits_a_minute": "submits",
    "acknowledgements_a_minute": "acknowledgements",
    "pairs_an_hour": "pairs",
    "alerts_an_hour": "alerts",
}
"""What the script calls those that fill again evenly, in the order in which it takes their costs."""

BY_DAY = {"stored_bytes": "kept", "caused_bytes": "caused"}
"""And the bytes that stand by the day on which they go."""


def cost_ms(budgets: Budgets, name: str, amount: int = 1) -> float:
    """Return how many milliseconds of its period ``amount`` of a budget is."""
    return amount * (PERIOD_S[name] * 1000) / int(getattr(budgets, name))


def budget_words(budgets: Budgets) -> list[Any]:
    """Return a list of the script's: its length and the numbers that it holds arrivals against."""
    words = [
        budgets.live_notices,
        budgets.stored_bytes,
        budgets.volume_time_a_day,
        *(repr(cost_ms(budgets, name)) for name in FIELDS),
    ]
    return [len(words), *words]


def charge_words(charges: Sequence[Charge], number: Mapping[str, int], budgets: Budgets) -> list[Any]:
    """Return a list of the script's: its length; of each charge the party's number, field, and its ms or bytes."""
    words: list[Any] = []
    for charge in charges:
        if charge.party in number:
            by_day = BY_DAY.get(charge.budget)
            field = (by_day or FIELDS[charge.budget]) + (f":{charge.other}" if charge.other else "")
            cost = str(charge.amount) if by_day else repr(cost_ms(budgets, charge.budget, charge.amount))
            words += [number[charge.party], field, cost]
    return [len(words), *words]
