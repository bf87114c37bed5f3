"""What an operator does to a line from the command line: found it, bring new terms into force, name a new epoch.

A line is founded once, on purpose, and by nothing else here: a store that does not hold it may be the wrong one, or one
that lost it.
"""

import contextlib
from collections.abc import AsyncIterator

from keepclear_protocol.agreement import Agreement, open_agreement
from keepclear_protocol.errors import LocalError, Unavailable

from ..store.connect import connect
from ..store.line import StoredLine
from .files import read_agreement
from .settings import Settings


async def found(settings: Settings) -> dict[str, bool]:
    """Found the line of each agreement at hand; tell by agreement whether it was founded, or stood already.

    Raises ``LocalError`` with ``usage`` where one stands under other terms.
    """
    async with _lines(settings) as lines:
        return {agreement.id: await line.found(agreement.terms, agreement.raw) for line, agreement in lines}


async def new_epoch(settings: Settings) -> dict[str, str]:
    """Name a new life of the store for each agreement: every cursor from before gets a gap and a full re-read.

    Raises ``LocalError`` with ``usage``, and changes nothing, where the store does not hold all of them.
    """
    async with _lines(settings) as lines:
        for line, agreement in lines:
            if not await line.stands():
                raise LocalError(
                    "usage",
                    f"the store holds nothing of the agreement {agreement.name}",
                    hint="is it the right store, and was the backup put back?",
                )
        return {agreement.id: await line.new_epoch() for line, agreement in lines}


async def adopt(settings: Settings) -> dict[str, str]:
    """Put each agreement at hand in force where it follows the one that is; workers learn of it at once.

    Raises ``Unavailable`` with ``store_unsafe`` where the store does not hold the line, and as ``adopt_newer`` does.
    """
    adopted = {}
    async with _lines(settings) as lines:
        for line, agreement in lines:
            raw = await line.terms((await line.open()).terms)
            if raw is None:
                raise Unavailable("store_unsafe", "the store has lost the agreement in force")
            await adopt_newer(line, open_agreement(raw), agreement)
            adopted[agreement.id] = agreement.terms
    return adopted


async def adopt_newer(line: StoredLine, current: Agreement, at_hand: Agreement) -> None:
    """Put ``at_hand`` in force if it is a newer revision than ``current``; older or the same is left alone.

    Raises ``Malformed`` with ``agreement_successor`` where it does not follow, ``LocalError`` where others came first.
    """
    if at_hand.revision <= current.revision:
        return
    successor = open_agreement(at_hand.raw, current)
    longer_s = successor.retention_s - current.retention_s
    longer_s += max(
        minima.tail_s - current.categories[name].tail_s
        for name, minima in successor.categories.items()
        if name in current.categories
    )
    if not await line.adopt(current.terms, successor.terms, successor.raw, longer_ms=1000 * max(0, longer_s)):
        raise LocalError("usage", "other terms came into force meanwhile; try again")


@contextlib.asynccontextmanager
async def _lines(settings: Settings) -> AsyncIterator[list[tuple[StoredLine, Agreement]]]:
    if settings.store is None or not settings.agreements:
        raise LocalError("usage", "a store and an agreement are needed")
    agreements = [read_agreement(path) for path in settings.agreements]
    store = connect(settings.store, password=settings.store_password())
    try:
        yield [(StoredLine(store, agreement.id), agreement) for agreement in agreements]
    finally:
        await store.close()
