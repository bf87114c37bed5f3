"""Following the stream: connect, catch up, take in, say that it came, and connect again.

The stream is read by one task and taken in by another, with a bounded backlog between: while a heavy alert is verified
beside the loop the stream is read on, and what has gathered is taken in by turns of its counterparts, a batch in one
transaction. A third task signs ``delivered``. Where more is there than can gather, the worst is asked for (``worst``).
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

from keepclear_protocol.cursor import Cursor
from keepclear_protocol.errors import EvidenceInvalid, KeepclearError, StalePicture
from keepclear_protocol.opening import Opening

from ..journal.journal import Journal
from ..transport.client import AsyncClient, Stream
from ..transport.silence import unless_silent
from .acknowledging import Acknowledging
from .backlog import Backlog, Batch
from .deliveries import Deliveries
from .events import LinkEvent, ProblemEvent
from .intake import Intake
from .link import LinkState
from .patience import Patience
from .position import Position
from .readon import ReadOn
from .resync import Resync
from .settling import Settling
from .subscription import Announcer, Heard
from .succession import WRONG_TERMS, Outcome, Succession
from .threads import Threads
from .transition import Source
from .worst import WorstFirst

UNWRITTEN = "what the hotline has sent is not in this desk's journal yet: it is on no screen"

LONG_LINE = "a long message is still on its way"

UNWRITTEN_S = 2.0
"""How long what has come may wait to be written before this desk is blind: a heavy alert is verified for a second."""

LAST_S = 2.0
"""How long what has come is still taken in once its connection has ended: the rest comes again with the next."""


class Following:
    """One desk's following: ``run`` it once. Cancelled, it says its last ``delivered`` and ends."""

    def __init__(
        self,
        client: AsyncClient,
        journal: Journal,
        intake: Intake,
        settling: Settling,
        acknowledging: Acknowledging,
        resync: Resync,
        succession: Succession,
        announcer: Announcer,
        threads: Threads,
        link: LinkState,
        clock: Callable[[], int],
    ) -> None:
        self._client = client
        self._journal = journal
        self._intake = intake
        self._settling = settling
        self._acknowledging = acknowledging
        self._resync = resync
        self._succession = succession
        self._announcer = announcer
        self._threads = threads
        self._link = link
        self._worst = WorstFirst(client, journal, resync, threads, clock)
        self._position = Position(journal.cursor())
        self._up: bool | None = None
        a_minute = client.exchange.agreement.budgets.acknowledgements_a_minute
        self._deliveries = Deliveries(acknowledging, link, a_minute)
        others = {party.id for party in client.exchange.agreement.parties} - {client.exchange.party}
        self._backlog = Backlog(others, clock)
        self._came, self._room, self._resumed = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def run(self) -> None:
        """Follow over any number of connections. Raises ``KeepclearError`` where connecting again cannot help."""
        delivery = asyncio.create_task(self._deliveries.run())
        try:
            while True:
                lost: KeepclearError | None = None
                under = self._succession.terms
                try:
                    await self._unless_failed(delivery, self._connection())
                    lost = self._position.ended()
                except KeepclearError as error:
                    lost = error
                if lost is not None and lost.code == WRONG_TERMS:
                    lost = await self._other_terms(under, lost)
                    if lost is None:
                        continue
                wait_s = self._position.lost(lost)
                if lost is not None:
                    self._say_lost(lost, wait_s)
                await self._succession.pause(wait_s)
                self._announcer.announce(Heard(None))
        finally:
            self._link.falls("this desk follows no more")
            await self._deliveries.end(delivery)

    async def _connection(self) -> None:
        await unless_silent(self._client, self._begin(), self._client.read_s)
        async with self._client.stream(self._position.cursor) as stream:
            self._position.expect(lambda word: self._opened(stream.opening(word)))
            self._came.clear()
            reader = asyncio.create_task(self._read(stream))
            reader.add_done_callback(lambda _: self._came.set())
            try:
                await self._take_all(reader)
            finally:
                reader.cancel()
                await asyncio.gather(reader, return_exceptions=True)
                await self._worst.end()
                self._backlog.begin(None, "")  # it comes again with the next connection
                self._note_backlog(0)
            reader.result()  # raises what ended the stream

    async def _take_all(self, reader: "asyncio.Task[None]") -> None:
        """Take in what comes, until nothing more does; each piece of the stream is a sign of life, even if empty."""
        loop, ended_at = asyncio.get_running_loop(), None
        read_on = ReadOn(self._backlog, self._position, self._came)
        while True:
            if self._backlog.is_empty and self._backlog.gap is None:
                if reader.done():
                    return
                await self._came.wait()
            self._came.clear()
            if reader.done():
                ended_at = ended_at or loop.time()
                if loop.time() - ended_at > LAST_S:
                    return
            await self._worst.look(self._link.now, await read_on.wait())
            await self._take_in_time(self._backlog.batch())
            await self._worst.take()
            await self._succession.look()
            self._deliveries.wake()
            self._announcer.announce(Heard(None))

    def _opened(self, opening: Opening) -> Cursor:
        self._link.spoke(opening.claims.iat)
        return opening.at

    async def _read(self, stream: Stream) -> None:
        async for chunk in self._alive(stream):
            lines = self._position.lines
            self._backlog.put(self._position.received(chunk))
            if self._position.slow:
                self._position.slow = False
                self._link.told_slow()
            self._note_backlog()
            if self._position.lines > lines:
                self._hear()
            self._came.set()
            if self._backlog.gap is not None:
                # What follows cannot be told from what was missed before everything was read again.
                self._resumed.clear()
                await self._resumed.wait()
                self._hear()
            while self._backlog.is_full:
                self._room.clear()
                await self._room.wait()

    def _note_backlog(self, owed: int | None = None) -> None:
        backlog = self._backlog
        self._link.waits(backlog.since, backlog.counts, backlog.cost, self._position.owed if owed is None else owed)

    def _hear(self, within_s: float = -1.0) -> None:
        """Note a sign of life: none, where what the hotline has signed that there is does not come.

        A link that is down comes up by nothing that has come, unless all but the last ``within_s`` of it is written.
        """
        link = self._link
        if not self._position.withheld and (link.now.up or link.unwritten_s <= within_s):
            self._linked(True)
            link.heard()

    async def _alive(self, stream: Stream) -> AsyncIterator[bytes]:
        """Give the stream's bytes, as long as there are signs of life among them; raise ``Unavailable`` otherwise.

        A line that is long in coming is waited for while it gets on, but until it is there nothing is heard.
        """
        loop, within_s = asyncio.get_running_loop(), self._client.read_s
        patience = Patience(self._position, within_s, within_s if stream.until is None else stream.until - loop.time())
        chunks = aiter(stream)
        while True:
            asked = loop.time()
            try:
                async with asyncio.timeout(patience.left_s):
                    chunk = await anext(chunks, None)
            except TimeoutError:
                patience.waited(loop.time() - asked)
                raise patience.loss() from None
            if chunk is None:
                return
            patience.waited(loop.time() - asked)
            yield chunk
            patience.came()
            if patience.is_deaf and self._up:
                self._linked(False, f"nothing whole came from the hotline for {within_s:.2g} s, {LONG_LINE}")

    async def _begin(self) -> None:
        """Before a connection: ask for what is unknown; read everything where there is no position to go on from."""
        try:
            await self._settling.settle()
        except EvidenceInvalid as error:
            # A mediator that lies about what we said must not stop us from hearing.
            await self._acknowledging.protest(error)
        self._announcer.told(await self._threads.run(self._intake.review_clock))
        # Behind what was kept, not what was read: a connection may have ended before an event was taken in.
        self._connecting()
        if self._position.cursor is None:
            await self._reread(None)

    def _connecting(self) -> None:
        cursor = self._journal.cursor()
        self._position.connecting(cursor)
        self._backlog.begin(cursor, self._journal.ahead())

    async def _take_in_time(self, batch: Batch | None) -> None:
        """Take in what has come; while that is not written in time, this desk is blind, whatever keeps it."""
        late = asyncio.get_running_loop().call_later(UNWRITTEN_S, self._late)
        try:
            await self._take(batch)
        finally:
            late.cancel()

    def _late(self) -> None:
        if self._link.now.up:
            self._linked(False, UNWRITTEN)

    async def _take(self, batch: Batch | None) -> None:
        if batch is not None:
            cursor = self._journal.cursor()
            epoch = "" if cursor is None else cursor.epoch
            sources = [Source(epoch, follow=True, cursor=item.cursor) for item in batch.arrived]
            opened = await self._succession.open([item.arrival for item in batch.arrived])
            await self._settling.fetch_all(await self._threads.run(self._intake.unknown_own, opened))
            moved = [] if batch.moved is None else [batch.moved]
            taken = await self._threads.run(self._intake.take, list(zip(opened, sources, strict=True)), (), moved)
            self._backlog.written()
            self._room.set()
            self._note_backlog()
            self._hear(UNWRITTEN_S)
            self._announcer.told(taken)
        if self._backlog.is_empty and self._backlog.gap is not None:
            await self._reread(self._backlog.gap.reason)
            self._hear(UNWRITTEN_S)

    async def _reread(self, gap: str | None) -> None:
        reread = await self._resync.read(follow=True, gap=gap)
        self._position.reread(reread.at)
        self._backlog.reread(reread.at)
        self._note_backlog()
        self._resumed.set()

    async def _unless_failed(self, delivery: "asyncio.Task[None]", work: Awaitable[None]) -> None:
        """Do ``work``, but end it where signing ``delivered`` has failed for good."""
        connection = asyncio.ensure_future(work)
        try:
            await asyncio.wait({connection, delivery}, return_when=asyncio.FIRST_COMPLETED)
            if delivery.done():
                delivery.result()
            connection.result()
        finally:
            connection.cancel()
            await asyncio.gather(connection, return_exceptions=True)

    async def _other_terms(self, under: str, lost: KeepclearError) -> KeepclearError | None:
        """Go over to the terms in force, if not ``under``; return why not, or None where this desk now speaks so."""
        try:
            outcome = await self._succession.catch_up(under)
        except KeepclearError as error:
            return error
        if outcome is Outcome.OVER:
            return None
        missing = self._succession.missing
        return lost if outcome is Outcome.OURS else StalePicture(WRONG_TERMS, missing.detail, hint=missing.hint)

    def _say_lost(self, lost: KeepclearError, wait_s: float) -> None:
        if lost.code == "journal":
            # It cannot be kept, for that is what failed; whoever listens now must hear it all the same.
            self._announcer.announce(Heard(ProblemEvent(lost.code, lost.detail)))
        self._linked(False, f"{lost.detail}: {lost.hint}" if lost.hint else lost.detail, wait_s)

    def _linked(self, up: bool, detail: str = "", retry_s: float = 0.0) -> None:
        """A change of the link, once; each further failure is told, since it carries its own reason."""
        if up:
            detail = self._link.rises()
        else:
            self._link.falls(detail)
        if self._up is not up or not up:
            self._announcer.announce(Heard(LinkEvent(up, detail, retry_s)))
        self._up = up
