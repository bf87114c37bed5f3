"""What an operator does to a line from the command line: found it, bring new terms into force, name a new epoch.

A line is founded once, on purpose, and by nothing else here: a store that does not hold it may be the wrong one, or one
that lost it. New terms come into force while the service runs: they are an entry of the log, which every worker folds
at its place among the others, and no stream ends by it but those of keys that they revoke or drop. Each of these words
says in a line or two what it did.
"""

import contextlib
from collections.abc import AsyncIterator

from keepclear_protocol.agreement import Agreement, open_agreement
from keepclear_protocol.errors import LocalError, Unavailable

from ..store.connect import connect
from ..store.line import StoredLine
from .embedded import holds_store
from .files import read_agreement
from .settings import Settings

FOUNDED_ONCE = "a new line is founded once, by keepclear-service found; one that was lost comes back from a backup"


async def found(settings: Settings) -> list[str]:
    """Found the line of each agreement at hand; tell of each whether it was founded, or stood already.

    Raises ``LocalError`` with ``usage`` where one stands under other terms.
    """
    said = []
    async with opened_lines(settings) as lines:
        for line, agreement in lines:
            new = await line.found(agreement.terms, agreement.raw)
            what = "founded" if new else "stands already, and nothing was changed"
            said.append(f"{what}: {_named(agreement)}, in {settings.store_name()}")
    return said


async def new_epoch(settings: Settings) -> list[str]:
    """Name a new life of the store for each agreement: every cursor from before gets a gap and a full re-read.

    Raises ``LocalError`` with ``usage``, and changes nothing, where the store does not hold all of them.
    """
    async with opened_lines(settings) as lines:
        for line, agreement in lines:
            if not await line.stands():
                raise LocalError(
                    "usage",
                    f"{settings.store_name()} holds nothing of the agreement {agreement.name}",
                    hint="is it the right store, and was the backup put back?",
                )
        said = []
        for line, agreement in lines:
            said.append(f"a new epoch, {await line.new_epoch()}, of {agreement.name}")
            parties = ", ".join(party.id for party in agreement.parties)
            said.append(f"now tell each party ({parties}): keepclear send --lost; what came after the backup is gone")
        return said


async def adopt(settings: Settings) -> list[str]:
    """Put each agreement at hand in force where it follows the one that is; workers learn of it at once.

    Raises ``Unavailable`` with ``store_unsafe`` where the store does not hold the line, and as ``adopt_newer`` does.
    """
    said = []
    async with opened_lines(settings) as lines:
        for line, agreement in lines:
            current = await in_force(line, agreement, settings)
            if agreement.terms == current.terms:
                said.append(f"in force already, and nothing was changed: {_named(agreement)}")
                continue
            if agreement.revision <= current.revision:
                raise LocalError(
                    "usage",
                    f"revision {current.revision} is in force, and {_named(agreement)} does not follow it",
                    hint="put in force the revision that everyone has signed last; none comes back",
                )
            await adopt_newer(line, current, agreement)
            said.append(f"in force: {_named(agreement)}, after revision {current.revision}")
            said.append(f"fingerprint: {agreement.fingerprint}")
    return said


async def in_force(line: StoredLine, at_hand: Agreement, settings: Settings) -> Agreement:
    """Return the agreement that is in force on a line; raise ``Unavailable`` with ``store_unsafe`` where none is."""
    if not await line.stands():
        raise Unavailable(
            "store_unsafe",
            f"{settings.store_name()} holds nothing of the agreement {at_hand.name}",
            hint="is it the right store? " + FOUNDED_ONCE,
        )
    raw = await line.terms((await line.open()).terms)
    if raw is None:
        raise Unavailable("store_unsafe", "the store has lost the agreement that is in force")
    return open_agreement(raw)


def check_embedded(settings: Settings) -> None:
    """Raise ``Unavailable`` with ``store_unsafe`` where no store ever ran on the embedded store's folder; make nothing.

    A mistyped folder must not become a store that holds nothing.
    """
    if settings.store is None and not holds_store(settings.embedded):
        names = " and ".join(read_agreement(path).name for path in settings.agreements)
        raise Unavailable(
            "store_unsafe",
            f"there is no store in the folder {settings.embedded}: it holds nothing of the agreement {names}",
            hint="is it the right folder? " + FOUNDED_ONCE,
        )


def _named(agreement: Agreement) -> str:
    return f"{agreement.name}, revision {agreement.revision}, agreement {agreement.id}"


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
async def opened_lines(settings: Settings) -> AsyncIterator[list[tuple[StoredLine, Agreement]]]:
    """Open the store and yield the line of each agreement of the settings. Raises ``LocalError`` with ``usage``."""
    if settings.store is None or not settings.agreements:
        raise LocalError("usage", "a store and an agreement are needed")
    agreements = [read_agreement(path) for path in settings.agreements]
    store = connect(settings.store, password=settings.store_password())
    try:
        yield [(StoredLine(store, agreement.id), agreement) for agreement in agreements]
    finally:
        await store.close()
