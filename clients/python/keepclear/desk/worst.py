"""What a desk reads first while more stands on its stream than has come: the worst that it does not know, beside it.

Guaranteed: while a desk is behind and the stream itself holds some of that, the hotline's index, which is worst and
soonest first, is read every ``AGAIN_S`` seconds, and what stands foremost in it and is not known here is fetched whole,
of each counterpart alike: one's flood does not keep another's danger from the screen. What has come is put in such an
order by ``backlog``, without asking. The stream's order and cursor stay as they were; what it brings later was told
already. Not guaranteed: that the hotline's order is right. All that waits comes all the same.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, zip_longest

from keepclear_protocol.alert import OPEN
from keepclear_protocol.errors import KeepclearError

from ..journal.journal import Journal
from ..transport.client import AsyncClient
from ..wire.answers import Conflict, ConflictRow
from .link import Link
from .resync import Resync
from .threads import Threads
from .transition import Source

AGAIN_S = 1.0
"""Seconds between two readings: an officer is to see the worst within one."""

FIRST_S = 0.5
"""Seconds for which all else waits for the first reading: beside it, on one processor, it would take twice as long."""

AT_ONCE = 32
"""Conflicts fetched by one reading: one answer of at most 1 MiB, of ordinary ones taken in within some 50 ms."""

MOST_PAGES = 40
"""Pages of 256 rows that one reading looks through for every counterpart's worst: some 3 MB."""


class WorstFirst:
    """Reads the worst first for one desk. ``look`` begins a reading beside the stream, ``take`` takes in what came."""

    def __init__(
        self, client: AsyncClient, journal: Journal, resync: Resync, threads: Threads, clock: Callable[[], int]
    ) -> None:
        self._client = client
        self._journal = journal
        self._resync = resync
        self._threads = threads
        self._clock = clock
        self._began_at = -AGAIN_S
        self._behind = False
        self._reading: asyncio.Task[tuple[Source, Sequence[Conflict]]] | None = None

    async def look(self, link: Link, more: bool) -> None:
        """Begin a reading where this desk is behind and there is ``more`` than has come, unless one has just begun.

        The first goes before all else.
        """
        now, was_behind, self._behind = asyncio.get_running_loop().time(), self._behind, more and link.is_behind
        if self._behind and self._reading is None and now - self._began_at >= AGAIN_S:
            self._began_at = now
            self._reading = asyncio.ensure_future(self._read())
            if not was_behind:
                await asyncio.wait({self._reading}, timeout=FIRST_S)
                await self.take()

    async def take(self) -> None:
        """Take in what a reading has brought, if it has; one that failed is done again in its time."""
        reading = self._reading
        if reading is None or not reading.done():
            return
        self._reading = None
        with contextlib.suppress(KeepclearError):  # the stream brings it all the same, and says what is wrong
            source, conflicts = reading.result()
            await self._resync.take(conflicts, source)

    async def end(self) -> None:
        """End a reading that is on its way."""
        reading, self._reading = self._reading, None
        if reading is not None:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def _read(self) -> tuple[Source, Sequence[Conflict]]:
        asked_at = self._clock()
        page = await self._client.conflicts()
        source = Source(page.at.epoch, asked_at=asked_at, follow=True, ahead=True)
        unknown: dict[str, list[str]] = {}
        for _ in range(MOST_PAGES):
            rows = [row for row in page.conflicts if row.state == OPEN]
            if fresh := [row for row in rows if len(unknown.get(row.party, ())) < AT_ONCE]:
                for row in await self._threads.run(self._unknown, fresh):
                    unknown.setdefault(row.party, []).append(row.conflict)
            # Open ones come first: the page that has others too is the last that has any.
            if page.next is None or len(rows) < len(page.conflicts) or self._enough(unknown):
                break
            page = await self._client.conflicts(page.next)
        wanted = list(_by_turns(unknown))[:AT_ONCE]
        return source, (await self._client.conflict(*wanted)).conflicts if wanted else ()

    def _unknown(self, rows: Sequence[ConflictRow]) -> list[ConflictRow]:
        newest = self._journal.newest_versions([row.conflict for row in rows])
        return [row for row in rows if newest.get(row.conflict) != (row.version, row.alert)]

    def _enough(self, unknown: dict[str, list[str]]) -> bool:
        """Whether each counterpart's worst were found; of a hotline that does not say whose they are, just enough."""
        others = {""} if "" in unknown else {party.id for party in self._client.exchange.agreement.parties}
        others.discard(self._client.exchange.party)
        share = AT_ONCE // max(1, len(others))
        return all(len(unknown.get(other, ())) >= share for other in others)


def _by_turns(unknown: dict[str, list[str]]) -> Iterator[str]:
    turns = chain.from_iterable(zip_longest(*unknown.values()))
    return (conflict for conflict in turns if conflict is not None)
