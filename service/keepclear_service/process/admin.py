"""What an operator does to a line from the command line: a new epoch after a restore, new terms while it runs."""

from typing import Any

from keepclear_protocol.agreement import Agreement, open_agreement
from keepclear_protocol.errors import LocalError

from ..store.connect import connect
from ..store.lines import StoredLine
from .files import read_agreement
from .settings import Settings


async def new_epoch(settings: Settings) -> dict[str, str]:
    """Name a new life of the store for each agreement: every cursor from before gets a gap and a full re-read.

    Raises ``LocalError`` with ``usage``, and changes nothing, where the store does not hold all of them.
    """
    lines = _lines(settings)
    for line, agreement in lines:
        if not await line.founded():
            raise LocalError(
                "usage",
                f"the store holds nothing of the agreement {agreement.name}",
                hint="is it the right store, and was the backup put back?",
            )
    return {agreement.id: await line.new_epoch() for line, agreement in lines}


async def adopt(settings: Settings) -> dict[str, str]:
    """Put each agreement at hand in force where it follows the one that is; workers learn of it at once."""
    adopted = {}
    for line, agreement in _lines(settings):
        _, current, _ = await line.open(agreement.terms, agreement.raw)
        raw = await line.terms(current)
        if raw is None:
            raise LocalError("usage", "the store has lost the agreement in force")
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
    longer_ms = 1000 * max(
        0,
        successor.retention_s
        - current.retention_s
        + max(
            minima.tail_s - current.categories[name].tail_s
            for name, minima in successor.categories.items()
            if name in current.categories
        ),
    )
    parties = [party.id for party in current.parties]
    if not await line.adopt(current.terms, successor.terms, successor.raw, longer_ms=longer_ms, parties=parties):
        raise LocalError("usage", "other terms came into force meanwhile; try again")


def _lines(settings: Settings) -> list[tuple[StoredLine, Agreement]]:
    if settings.store is None or not settings.agreements:
        raise LocalError("usage", "a store and an agreement are needed")
    redis: Any = connect(settings.store, password=settings.store_password()).submits
    agreements = [read_agreement(path) for path in settings.agreements]
    return [(StoredLine(redis, agreement.id), agreement) for agreement in agreements]
