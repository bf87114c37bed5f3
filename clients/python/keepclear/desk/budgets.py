"""What a desk does where its party is over a budget: it waits a moment, and says what is left and when again.

Guaranteed: nothing that the hotline refused for a budget counts as refused for good: it is kept, and sent again by
itself if room comes soon, else by whoever asks for it. What was refused so was not admitted.
"""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from keepclear_protocol.budgets import PERIOD_S
from keepclear_protocol.errors import KeepclearError, OverBudget
from keepclear_protocol.instant import SECOND, format_instant

from ..transport.client import AsyncClient
from ..transport.reply import Reply
from ..wire.exchange import Call

T = TypeVar("T")

PATIENCE_S = 20.0
"""Seconds for which one statement waits for room in a budget. One of a minute has some again within a second or two;
for one of a day nobody waits at a screen."""

_WHEN = {
    "store_full": "when the hotline has room again",
    "store_clock": "when the hotline's clocks are right again",
}

LEAST_S = 0.05
"""Seconds before it asks again, the first time."""


def budget_words(budget: str) -> str:
    """Return a budget's name in words."""
    return budget.replace("_", " ")


def time_of(at: int) -> str:
    """Return an instant as a time of day, rounded up to the second."""
    return format_instant(-(-at // SECOND) * SECOND)[11:]


def over_words(over: OverBudget) -> str:
    """Return that this party is over its budget, what is left of it, and when there is more, in words."""
    name = budget_words(over.budget)
    every = ", and every notice is refused until then" if over.budget in PERIOD_S else ""
    return f"we are over our agreed budget of {name}: {over.left} left, more at {time_of(over.again_at)}{every}"


def when_words(cause: KeepclearError) -> str:
    """Return when it is worth sending again what was refused, or did not leave, for ``cause``."""
    if isinstance(cause, OverBudget):
        return f"from {time_of(cause.again_at)} on"
    return _WHEN.get(cause.code, "when the line is back")


async def patiently(client: AsyncClient, call: Call[T], clock: Callable[[], int]) -> Reply[T]:
    """Ask, and where a budget has no room ask again when it has, for ``PATIENCE_S`` in all.

    By a clock that is ahead of the hotline's it always has: so the least wait doubles.
    """
    loop = asyncio.get_running_loop()
    until, lost, least_s = loop.time() + PATIENCE_S, False, LEAST_S
    while True:
        reply = await client.ask(call)
        lost = lost or reply.lost
        if not isinstance(reply.error, OverBudget):
            return Reply(reply.answer, reply.error, lost)
        wait_s = max(least_s, (reply.error.again_at - clock()) / SECOND)
        least_s *= 2
        if loop.time() + wait_s > until:
            return Reply(None, reply.error, lost)
        if client.on_wait is not None:
            client.on_wait(reply.error)
        await asyncio.sleep(wait_s)
