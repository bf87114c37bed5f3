"""A party's desk: it holds the key, verifies everything, keeps the picture. ``Desk`` blocks; ``AsyncDesk`` is asyncio.

Both have the same names and run the same steps (``filing``, ``intake``, ``reread``); they differ in how a ``Call`` is
sent. ``watch`` gives events as they come, verified. In which order things are done, and why:

1. An event, what it changes and the cursor behind it are written to the disk in one transaction.
2. It is given to the caller. When the caller comes back for more, the event is struck off as shown. A crash before
   that shows it again at the next start; after it, never. A caller that stops by ``break`` has not come back: to end
   without seeing the last event again, end by ``stop``.
3. ``delivered`` is signed and sent, once, without insisting: what fails is tried again with the next sign of life.
   It comes after showing, and ``AsyncDesk`` sends it beside the stream, so that it delays no alert. After a crash it
   is found again, because the journal knows which version was last said to be delivered.

Not guaranteed: exactly-once display. An alert is shown at least once.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Callable, Generator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from keepclear_protocol.agreement import WATCH, Agreement
from keepclear_protocol.errors import EvidenceInvalid, Forbidden, KeepclearError, Unavailable
from keepclear_protocol.keys import PrivateKey
from keepclear_protocol.receipt import Receipt

from ..journal.journal import Journal
from ..transport.client import AsyncClient, Client, now_instant
from ..wire.answers import AcknowledgementArrived, AlertArrived, GapArrived, NoticeArrived, Unreadable
from ..wire.exchange import Call, Exchange
from .events import Event, LinkEvent, read_event
from .intake import Intake, Source
from .outbox import Filed, Outbox
from .picture import Picture, build_picture
from .position import Follower, News
from .resync import reread

R = TypeVar("R")

LAST_WORD_S = 2.0
"""How long a watch that ends waits for a ``delivered`` that is on its way."""

VolumesJson = Sequence[Mapping[str, Any]]
Stop = Callable[[], bool]


def _never() -> bool:
    return False


class _Core:
    """What both desks are: the steps, without a way to send."""

    def __init__(self, exchange: Exchange, folder: str | Path, clock: Callable[[], int]) -> None:
        self.journal = Journal(folder, exchange.agreement, exchange.party)
        self.exchange = exchange
        self._clock = clock
        self._intake = Intake(exchange, self.journal, clock)
        self._intake.review()
        self._outbox = Outbox(exchange, self.journal, self._intake, clock)
        self._heard_at: int | None = None
        self._up: bool | None = None

    @property
    def party(self) -> str:
        """The party whose desk this is."""
        return self.exchange.party

    def picture(self) -> Picture:
        """Return what this desk knows, from its journal."""
        return build_picture(self.journal, self._intake, self._clock(), self._heard_at)

    def _follower(self) -> Follower:
        if WATCH not in self.exchange.roles:
            raise Forbidden("wrong_role", "this key may not watch")
        self.journal.lock_stream()
        return Follower(self.journal.cursor())

    def _catch_up(self, follower: Follower, reason: str | None) -> Generator[Call[Any], Any, None]:
        yield from reread(self.exchange, self.journal, self._intake, now=self._clock(), follow=True, gap=reason)
        cursor = self.journal.cursor()
        if cursor is not None:
            follower.reread(cursor)

    def _begin(self, follower: Follower) -> Generator[Call[Any], Any, None]:
        """Before a connection: ask for what is unknown; read everything where there is no position to go on from."""
        try:
            yield from self._outbox.settle()
        except EvidenceInvalid as error:
            self._outbox.protest(error)  # a mediator that lies about what we said must not stop us from hearing
        # Behind what was kept, not what was read: a connection may have ended before an event was taken in.
        follower.connecting(self.journal.cursor())
        if follower.cursor is None:
            yield from self._catch_up(follower, None)

    def _take(self, news: News, follower: Follower) -> Generator[Call[Any], Any, None]:
        epoch = follower.cursor.epoch if follower.cursor is not None else ""
        source = Source(epoch, follow=True, cursor=news.cursor)
        match news.arrival:
            case AlertArrived(shown):
                yield from self._intake.learn_own([shown])
                self._intake.alert(shown, source)
            case AcknowledgementArrived(raw):
                self._intake.acknowledgement(raw, source)
            case NoticeArrived(notice, withdrawal, receipt):
                self._intake.notice(notice, withdrawal, receipt, source)
            case Unreadable(detail):
                self._intake.problem("evidence", detail, source)
            case GapArrived(reason):
                yield from self._catch_up(follower, reason)

    def _unshown(self) -> Iterator[Event]:
        """Give what was written down and not shown yet; each is struck off when the next one is asked for."""
        for number, event in self.journal.unshown():
            yield read_event(event, self._intake.open_new, self._intake.own.party_key)
            self.journal.shown(number)

    def _linked(self, up: bool, detail: str = "", retry_s: float = 0.0) -> list[Event]:
        """A change of the link, once; each further failure is told, since it carries its own reason."""
        changed = self._up is not up or not up
        self._up = up
        return [LinkEvent(up, detail, retry_s)] if changed else []


class Desk(_Core):
    """A desk that blocks. ``folder`` holds its journal; ``options`` are those of ``Client``."""

    def __init__(self, agreement: Agreement, key: PrivateKey, folder: str | Path, **options: Any) -> None:
        self.client = Client(agreement, key, **options)
        super().__init__(self.client.exchange, folder, options.get("clock", now_instant))

    def __enter__(self) -> "Desk":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections and the journal."""
        self.client.close()
        self.journal.close()

    def file(self, volumes: VolumesJson, category: str, **details: str | None) -> Filed:
        """File a notice of F3548 volumes; ``details`` are callsign and remarks."""
        return self._run(self._outbox.file(volumes, category, **details))

    def amend(self, id: str, volumes: VolumesJson, category: str | None = None, **details: str | None) -> Filed:
        """File the next revision of a notice."""
        return self._run(self._outbox.amend(id, volumes, category, **details))

    def withdraw(self, id: str) -> Filed:
        """End a notice for ever."""
        return self._run(self._outbox.withdraw(id))

    def acknowledge(
        self, conflict: str, *, officer: str, stage: str = "acknowledged", read_back: str | None = None
    ) -> Receipt:
        """Sign in an officer's name that the newest version of a conflict was displayed or acknowledged."""
        return self._run(self._outbox.acknowledge(conflict, officer=officer, stage=stage, read_back=read_back))

    def settle(self) -> None:
        """Send again every statement whose outcome is unknown."""
        self._run(self._outbox.settle())

    def deliver(self) -> None:
        """Sign ``delivered`` for every alert that came."""
        self._run(self._outbox.deliver())

    def refresh(self) -> Sequence[Event]:
        """Read everything again without moving the stream's cursor; returns what came of it."""
        steps = reread(self.exchange, self.journal, self._intake, now=self._clock(), follow=False, gap=None)
        return self._run(steps)

    def watch(self, stop: Stop = _never) -> Iterator[Event]:
        """Follow the stream from where this desk left off, over any number of connections, until ``stop``.

        ``stop`` is asked after each batch was shown, and whenever the service gives a sign of life. Raises
        ``KeepclearError`` where connecting again cannot help.
        """
        follower = self._follower()
        yield from self._unshown()
        while not stop():
            lost: KeepclearError | None = None
            try:
                self._run(self._begin(follower))
                yield from self._unshown()
                with self.client.stream(follower.cursor) as chunks:
                    yield from self._linked(True)
                    for chunk in chunks:
                        self._heard_at = self._clock()
                        for news in follower.received(chunk):
                            self._run(self._take(news, follower))
                            yield from self._unshown()
                        with contextlib.suppress(Unavailable):
                            self._run(self._outbox.deliver(), again=False)
                        yield from self._unshown()
                        if stop():
                            return
            except KeepclearError as error:
                lost = error
            wait_s = follower.lost(lost)
            if lost is not None:
                yield from self._linked(False, lost.detail, wait_s)
            time.sleep(wait_s)

    def _run(self, steps: Generator[Call[Any], Any, R], *, again: bool = True) -> R:
        try:
            call = next(steps)
            while True:
                try:
                    answer = self.client.call(call, again=again)
                except KeepclearError as error:
                    call = steps.throw(error)
                else:
                    call = steps.send(answer)
        except StopIteration as done:
            result: R = done.value
            return result


class AsyncDesk(_Core):
    """A desk for asyncio. Its journal's writes, some milliseconds each, are made in the loop's own thread."""

    def __init__(self, agreement: Agreement, key: PrivateKey, folder: str | Path, **options: Any) -> None:
        self.client = AsyncClient(agreement, key, **options)
        super().__init__(self.client.exchange, folder, options.get("clock", now_instant))

    async def __aenter__(self) -> "AsyncDesk":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections and the journal."""
        await self.client.close()
        self.journal.close()

    async def file(self, volumes: VolumesJson, category: str, **details: str | None) -> Filed:
        """File a notice of F3548 volumes; ``details`` are callsign and remarks."""
        return await self._run(self._outbox.file(volumes, category, **details))

    async def amend(self, id: str, volumes: VolumesJson, category: str | None = None, **details: str | None) -> Filed:
        """File the next revision of a notice."""
        return await self._run(self._outbox.amend(id, volumes, category, **details))

    async def withdraw(self, id: str) -> Filed:
        """End a notice for ever."""
        return await self._run(self._outbox.withdraw(id))

    async def acknowledge(
        self, conflict: str, *, officer: str, stage: str = "acknowledged", read_back: str | None = None
    ) -> Receipt:
        """Sign in an officer's name that the newest version of a conflict was displayed or acknowledged."""
        return await self._run(self._outbox.acknowledge(conflict, officer=officer, stage=stage, read_back=read_back))

    async def settle(self) -> None:
        """Send again every statement whose outcome is unknown."""
        await self._run(self._outbox.settle())

    async def deliver(self) -> None:
        """Sign ``delivered`` for every alert that came."""
        await self._run(self._outbox.deliver())

    async def refresh(self) -> Sequence[Event]:
        """Read everything again without moving the stream's cursor; returns what came of it."""
        steps = reread(self.exchange, self.journal, self._intake, now=self._clock(), follow=False, gap=None)
        return await self._run(steps)

    async def watch(self, stop: Stop = _never) -> AsyncGenerator[Event, None]:
        """Follow the stream as ``Desk.watch`` does."""
        follower = self._follower()
        delivery: asyncio.Task[None] | None = None
        try:
            for event in self._unshown():
                yield event
            while not stop():
                lost: KeepclearError | None = None
                try:
                    await self._run(self._begin(follower))
                    for event in self._unshown():
                        yield event
                    async with self.client.stream(follower.cursor) as chunks:
                        for event in self._linked(True):
                            yield event
                        async for chunk in chunks:
                            self._heard_at = self._clock()
                            for news in follower.received(chunk):
                                await self._run(self._take(news, follower))
                                for event in self._unshown():
                                    yield event
                            if delivery is not None and delivery.done():
                                delivery.result()
                                for event in self._unshown():
                                    yield event
                            if delivery is None or delivery.done():
                                delivery = asyncio.create_task(self._deliver_soon())
                            if stop():
                                return
                except KeepclearError as error:
                    lost = error
                wait_s = follower.lost(lost)
                if lost is not None:
                    for event in self._linked(False, lost.detail, wait_s):
                        yield event
                await asyncio.sleep(wait_s)
        finally:
            if delivery is not None:
                await asyncio.wait([delivery], timeout=LAST_WORD_S)
                delivery.cancel()
                await asyncio.gather(delivery, return_exceptions=True)

    async def _deliver_soon(self) -> None:
        with contextlib.suppress(Unavailable):
            await self._run(self._outbox.deliver(), again=False)

    async def _run(self, steps: Generator[Call[Any], Any, R], *, again: bool = True) -> R:
        try:
            call = next(steps)
            while True:
                try:
                    answer = await self.client.call(call, again=again)
                except KeepclearError as error:
                    call = steps.throw(error)
                else:
                    call = steps.send(answer)
        except StopIteration as done:
            result: R = done.value
            return result
