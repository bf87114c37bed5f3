"""Following the stream: connect, catch up, take in, say that it came, and connect again.

The stream is read by one task and taken in by another, with a bounded queue between: while a heavy alert is verified
beside the loop the stream is read on, and what has gathered is taken in together, in one transaction. A third task
signs ``delivered``. Where more has gathered than is soon taken in, the worst is asked for and read first (``worst``).
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence

from keepclear_protocol.cursor import Cursor
from keepclear_protocol.errors import EvidenceInvalid, KeepclearError, StalePicture
from keepclear_protocol.opening import Opening

from ..journal.journal import Journal
from ..transport.client import AsyncClient, Stream
from ..transport.silence import unless_silent
from ..wire.arrivals import GapArrived
from .acknowledging import Acknowledging
from .deliveries import Deliveries
from .events import LinkEvent, ProblemEvent
from .intake import Intake
from .link import LinkState
from .patience import Patience
from .position import Arrived, Position
from .resync import Resync
from .settling import Settling
from .subscription import Announcer, Heard
from .succession import WRONG_TERMS, Outcome, Succession
from .threads import Threads
from .transition import Source
from .worst import WorstFirst

BATCH = 128
"""Arrivals taken in at once; verified, they take some 100 ms."""

BATCH_BYTES = 512 * 1024
"""Of a batch, or one arrival: an alert of 500 volumes has more, and takes half a second. Nothing waits for more."""

READ_AHEAD = 256
"""Chunks read and not taken in, of 64 KB at most; then the stream waits."""

UNWRITTEN = "what the hotline has sent is not in this desk's journal yet: it is on no screen"

LONG_LINE = "a long message is still on its way"

UNWRITTEN_S = 2.0
"""How long what has come may wait to be written before this desk is blind: a heavy alert is verified for a second."""


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
        self._deliveries = Deliveries(acknowledging, link)
        self._resumed = asyncio.Event()

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
            queue: asyncio.Queue[list[Arrived] | None] = asyncio.Queue(READ_AHEAD)
            reader = asyncio.create_task(self._read(stream, queue))
            try:
                while (arrived := await queue.get()) is not None:
                    while not queue.empty() and not _is_enough(arrived):
                        more = queue.get_nowait()
                        if more is None:
                            queue.put_nowait(None)
                            break
                        arrived = arrived + more
                    await self._worst.look(self._link.now)
                    await self._take_in_time(arrived)
                    await self._worst.take()
                    await self._succession.look()
                    self._deliveries.wake()
                    self._announcer.announce(Heard(None))
            finally:
                reader.cancel()
                await asyncio.gather(reader, return_exceptions=True)
                await self._worst.end()
                self._link.comes_again()
            reader.result()  # raises what ended the stream

    def _opened(self, opening: Opening) -> Cursor:
        self._link.spoke(opening.claims.iat)
        return opening.at

    async def _read(self, stream: Stream, queue: "asyncio.Queue[list[Arrived] | None]") -> None:
        try:
            async for chunk in self._alive(stream):
                lines = self._position.lines
                arrived = self._position.received(chunk)
                self._link.came(len(arrived), self._position.owed)
                if self._position.lines > lines:
                    self._hear()
                self._resumed.clear()
                for some in _batches(arrived):
                    await queue.put(some)
                if _ends_in_gap(arrived):
                    # What follows cannot be told from what was missed before everything was read again.
                    await self._resumed.wait()
                    self._hear()
        except asyncio.CancelledError:
            raise  # nobody takes from the queue any more
        except BaseException:
            await queue.put(None)
            raise
        await queue.put(None)

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
        self._position.connecting(self._journal.cursor())
        if self._position.cursor is None:
            await self._reread(None)

    async def _take_in_time(self, arrived: Sequence[Arrived]) -> None:
        """Take in what has come; while that is not written in time, this desk is blind, whatever keeps it."""
        late = asyncio.get_running_loop().call_later(UNWRITTEN_S, self._late)
        try:
            await self._take(arrived)
        finally:
            late.cancel()

    def _late(self) -> None:
        if self._link.now.up:
            self._linked(False, UNWRITTEN)

    async def _take(self, arrived: Sequence[Arrived]) -> None:
        gap = arrived[-1].arrival if arrived else None
        batch = arrived[:-1] if isinstance(gap, GapArrived) else arrived
        if batch:
            cursor = self._journal.cursor()
            epoch = "" if cursor is None else cursor.epoch
            sources = [Source(epoch, follow=True, cursor=item.cursor) for item in batch]
            opened = await self._succession.open([item.arrival for item in batch])
            await self._settling.fetch_all(await self._threads.run(self._intake.unknown_own, opened))
            taken = await self._threads.run(self._intake.take, list(zip(opened, sources, strict=True)))
            self._link.wrote(len(batch))
            self._hear(UNWRITTEN_S)
            self._announcer.told(taken)
        if isinstance(gap, GapArrived):
            await self._reread(gap.reason)
            self._link.wrote(1)
            self._hear(UNWRITTEN_S)

    async def _reread(self, gap: str | None) -> None:
        reread = await self._resync.read(follow=True, gap=gap)
        self._position.reread(reread.at)
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


def _is_enough(arrived: Sequence[Arrived]) -> bool:
    return len(arrived) >= BATCH or sum(item.size for item in arrived) >= BATCH_BYTES or _ends_in_gap(arrived)


def _batches(arrived: list[Arrived]) -> Iterator[list[Arrived]]:
    """Return what has come in batches; an empty one where nothing has, since that too is a sign of life."""
    batch: list[Arrived] = []
    for item in arrived:
        if batch and (_is_enough(batch) or item.size >= BATCH_BYTES):
            yield batch
            batch = []
        batch.append(item)
    yield batch


def _ends_in_gap(arrived: Sequence[Arrived]) -> bool:
    return bool(arrived) and isinstance(arrived[-1].arrival, GapArrived)
