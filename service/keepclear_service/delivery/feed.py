"""A feed: one party's stream as one worker reads it, once for all who listen here.

Guaranteed: an event is read, signed and encoded once for all who take it about the same time; what is kept for them
is bounded in number and bytes. A listener that is behind what the feed keeps reads the store for itself, in bounded
pieces and in turn with the others that are behind, and what it read is kept for those as well. A feed decides no gap:
whoever does not fit asks the store.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Protocol

from keepclear_protocol.errors import Unavailable

from ..line.hotline import Hotline
from ..line.ports import Event
from .told import Told, gap, tell

RECENT_EVENTS = 256
RECENT_BYTES = 2 * 1024 * 1024
"""What is kept of the newest events, and as much again of those that listeners behind have read. Ordinary ones of
5 KB are a few seconds of the busiest line; the largest has under 1 MB."""

PIECE_EVENTS = 64
PIECE_BYTES = 256 * 1024
"""What a reader that is behind takes at once, one event at least: all that a frozen one holds."""

WOKEN_AT_ONCE = 64
"""Readers woken in one turn of the loop: a thousand of them would hold everything else up for 50 ms."""


log = logging.getLogger(__name__)


class Listener(Protocol):
    """Whoever reads a feed and wants to be woken; ``over`` once it is to stop."""

    @property
    def over(self) -> bool:
        """Whether it wants nothing more."""

    def wake(self) -> None:
        """Look again."""

    def end(self, why: str) -> None:
        """Stop: what comes next is not known here."""


class Kept:
    """Encoded events by their number, bounded; what was kept first goes first."""

    def __init__(self) -> None:
        self._told: dict[int, Told] = {}
        self._bytes = 0

    def get(self, number: int) -> Told | None:
        """Return an event, if it is kept."""
        return self._told.get(number)

    def keep(self, told: Told) -> None:
        """Keep an event, and the newest of them at least."""
        if told.at in self._told:
            return
        self._told[told.at] = told
        self._bytes += len(told.data)
        while len(self._told) > RECENT_EVENTS or (self._bytes > RECENT_BYTES and len(self._told) > 1):
            self._bytes -= len(self._told.pop(next(iter(self._told))).data)


class Feed:
    """The end of one party's stream. ``limit`` is shared by all feeds; ``lost`` hears of a store that fails."""

    def __init__(
        self, hotline: Hotline, party: str, limit: asyncio.Semaphore, lost: Callable[[Unavailable | None], None]
    ) -> None:
        self._hotline = hotline
        self._party = party
        self._limit = limit
        self._lost = lost
        self._behind = asyncio.Lock()
        self._poked = asyncio.Event()
        self._newest, self._older = Kept(), Kept()
        self._fresh: dict[int, int] = {}
        """When the causes of alerts were stamped that nobody has been sent yet, by the alerts' numbers."""
        self._at_once = 1
        """Events that make a piece, as far as the last ones tell."""
        self.listeners: set[Listener] = set()
        self.epoch = ""
        self.at = 0
        self.moves = 0
        """Counts what this feed came to know, so that whoever looked away can tell that there is more."""

    def join(self, listener: Listener) -> None:
        """Have ``listener`` woken by what is new."""
        self.listeners.add(listener)

    def leave(self, listener: Listener) -> None:
        """Forget ``listener``; with the last one all that is held is let go."""
        self.listeners.discard(listener)
        if not self.listeners:
            self._begin("", 0)

    def poke(self) -> None:
        """Look at the store soon."""
        self._poked.set()

    def at_end(self, epoch: str, at: int) -> bool:
        """Whether a reader there has heard all that this feed knows of."""
        return epoch != "" and (epoch, at) == (self.epoch, self.at)

    def after(self, epoch: str, at: int) -> Told | None:
        """Return the event behind a position, if it is kept here."""
        if epoch != self.epoch:
            return None
        return self._newest.get(at + 1) or self._older.get(at + 1)

    def written(self, at: int) -> None:
        """Note that an event is on somebody's stream."""
        received_at = self._fresh.pop(at, None)
        if received_at is not None:
            self._hotline.observer.told(received_at)

    async def run(self) -> None:
        """Read what is new whenever poked, as long as anybody listens."""
        while True:
            await self._poked.wait()
            self._poked.clear()
            try:
                while self.listeners and await self._read():
                    await self._wake()
            except Unavailable as error:
                self._fail(error)
            except Exception:
                # A fault of our own must not end the reading in silence: who listened comes back and starts anew.
                log.exception("feed_fault")
                self._fail(None, "fault")

    async def read_behind(self, listener: Listener, epoch: str, at: int) -> tuple[str, list[Told]]:
        """Read the piece behind a position for a listener that the feed cannot serve; without an epoch, of this one.

        Returns the store's epoch, and no event at the head. Raises ``Unavailable``.
        """
        async with self._behind, self._limit:
            if listener.over or self.at_end(epoch, at):
                return epoch, []
            kept = self.after(epoch, at)  # another listener from there may have been here before
            if kept is not None:
                return epoch, [kept]
            try:
                return await self._read_piece(epoch, at)
            except Unavailable as error:
                self._fail(error)
                raise

    async def _read_piece(self, epoch: str, at: int) -> tuple[str, list[Told]]:
        self._hotline.check_told()
        window = await self._hotline.line.events(self._party, at, PIECE_EVENTS)
        if not self.epoch:
            self._begin(window.epoch, window.head)
        elif (window.epoch, window.head) != (self.epoch, self.at):
            self.poke()
        jump = gap(window, epoch or window.epoch, at)
        if jump is not None:
            return window.epoch, [jump]
        piece: list[Told] = []
        size = 0
        while len(piece) < len(window.events) and size < PIECE_BYTES:
            told = await self._tell(window.epoch, window.events[len(piece) :])
            piece += told
            size += sum(len(event.data) for event in told)
        if window.epoch == self.epoch:
            for event in piece:
                self._older.keep(event)
        return window.epoch, piece

    async def _read(self) -> bool:
        """Read one piece of what is new; False where there is nothing."""
        epoch, at = self.epoch, self.at
        self._hotline.check_told()
        window = await self._hotline.line.events(self._party, at, PIECE_EVENTS)
        self._lost(None)
        if (epoch, at) != (self.epoch, self.at):
            return True  # begun meanwhile
        if not epoch or gap(window, epoch, at) is not None:
            self._begin(window.epoch, window.head)
            return True
        for event in window.events:
            received_at = self._hotline.observer.received_at(event.version) if event.version else None
            if received_at is not None:
                self._fresh[event.at] = received_at
        for told in await self._tell(epoch, window.events):
            if (epoch, told.at) != (self.epoch, self.at + 1):
                break
            self._newest.keep(told)
            self.at = told.at
            self.moves += 1
        return bool(window.events)

    async def _tell(self, epoch: str, events: Sequence[Event]) -> list[Told]:
        """Return the first of some events as they are sent: as many as make a piece, by what the last ones had."""
        told = await tell(self._hotline, self._party, epoch, events[: self._at_once])
        self._at_once = 1 + PIECE_BYTES * len(told) // (1 + sum(len(event.data) for event in told))
        return told

    def _begin(self, epoch: str, at: int) -> None:
        self.epoch, self.at = epoch, at
        self._newest, self._older, self._fresh = Kept(), Kept(), {}
        self.moves += 1

    async def _wake(self) -> None:
        for count, listener in enumerate(list(self.listeners), 1):
            listener.wake()
            if count % WOKEN_AT_ONCE == 0:
                await asyncio.sleep(0)

    def _fail(self, error: Unavailable | None, why: str = "store") -> None:
        """End all listeners: a stream that could miss something must not look alive."""
        if error is not None:
            self._lost(error)
        for listener in list(self.listeners):
            listener.end(why)
