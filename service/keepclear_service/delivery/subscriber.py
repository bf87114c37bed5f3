"""A subscriber: one open stream, from its cursor to its end.

Guaranteed: the first thing said is the service's signed opening; events leave in order and none is skipped without a
gap; nothing waits for a subscriber. It holds a position, and at most one piece of events that it read for itself; while
it is at the end of the feed it costs a future. What the connection does not take within ``STALLED_S`` ends it, and its
cursor lets it come back.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from keepclear_protocol.cursor import Cursor
from keepclear_protocol.errors import Unavailable

from .feed import Feed
from .told import DRAIN, KEEP_ALIVE, SLOW, Told, tell_opening

STREAM_LASTS_S = 600.0
"""After this a desk proves anew who it is."""

STALLED_S = 15.0
"""Seconds that a connection may take nothing: three comments, after which a desk takes the line for dead as well."""

WRITE_BYTES = 32 * 1024
"""Written at once. A connection's buffer takes writes until it holds 64 KiB, so this bounds what a frozen one holds."""

AT_A_TIME = 16
"""Events sent before others have their turn: a connection that takes all at once never makes its writer wait."""


@dataclass(frozen=True, slots=True)
class Connection:
    """Where a stream is written.

    ``write`` waits while the connection is full, and returns when it is gone; ``when_lost`` takes what is to be called
    once the other side has hung up, at once if it has; ``abort`` drops the connection with all that it holds.
    """

    write: Callable[[bytes], Awaitable[None]]
    when_lost: Callable[[Callable[[], None]], None]
    abort: Callable[[], None]


class Subscriber:
    """One open stream of ``feed``, read with the key ``kid``. Without ``start`` it begins with the first event.

    ``opening`` signs its first word, given the newest position.
    """

    __slots__ = (
        "_comment",
        "_connection",
        "_draining",
        "_ends",
        "_feed",
        "_opening",
        "_piece",
        "_slow",
        "_waiter",
        "_writing",
        "at",
        "busy_since",
        "epoch",
        "kid",
        "over",
        "sent",
        "why",
    )

    def __init__(
        self,
        feed: Feed,
        connection: Connection,
        kid: str,
        start: Cursor | None,
        opening: Callable[[Cursor], str],
    ) -> None:
        self._feed = feed
        self._opening: Callable[[Cursor], str] | None = opening
        self._connection = connection
        self.kid = kid
        self.epoch, self.at = (start.epoch, start.number) if start else ("", 0)
        self._ends = asyncio.get_running_loop().time() + STREAM_LASTS_S
        self._piece: list[Told] = []  # the next one last
        self._waiter: asyncio.Future[None] | None = None
        self._comment = self._draining = self._slow = False
        self._writing = 0
        self.busy_since: float | None = None
        self.over = False
        self.why = "hung_up"
        """Why it ended, once it has; one of ``metrics.CLOSINGS``."""
        self.sent = 0
        """Events that were written."""

    @property
    def held(self) -> int:
        """Bytes of events that are held for this subscriber."""
        return self._writing + sum(len(told.data) for told in self._piece)

    def wake(self) -> None:
        """Look again."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def end(self, why: str = "hung_up") -> None:
        """Stop after what is being written; the first ``why`` counts."""
        if not self.over:
            self.over, self.why = True, why
        self.wake()

    def drain(self) -> None:
        """Say ``drain`` and stop, as soon as what is known has been sent."""
        self._draining = True
        self.wake()

    def say_slow(self) -> None:
        """Say before all else that the line is slow: what is filed now may be told late."""
        self._slow = True
        self.wake()

    def cut(self, why: str) -> None:
        """Drop the connection with all that it has not taken."""
        self.end(why)
        self._connection.abort()

    def tick(self, now: float) -> None:
        """Send a comment if nothing else is being sent; end what has lasted long enough or takes nothing."""
        if now > self._ends:
            self.end("lasted")
        if self.busy_since is None:
            self._comment = True
            self.wake()
        elif now - self.busy_since > STALLED_S:
            self.cut("stalled")

    async def run(self) -> None:
        """Write the stream until it ends. A store that fails ends it too: the desk hears so at the door.

        Nothing is said before the store was read: a stream that cannot be served must not look open.
        """
        self._connection.when_lost(self.end)
        while not self.over:
            moves = self._feed.moves
            told = await self._next()
            if self._opening is not None:
                if self.over or not self._feed.epoch:
                    self.end("store")
                    return
                await self._write(tell_opening(self._opening(Cursor(self._feed.epoch, self._feed.at))))
                self._opening = None
            if self._slow:
                self._slow = False
                await self._write(SLOW)
            if told is not None:
                several = self._several(told)
                await self._write(b"".join(one.data for one in several))
                self.epoch, self.at = several[-1].epoch, several[-1].at
                for one in several:
                    self._feed.written(one.at)
                self.sent += len(several)
                if len(several) > 1 or self.sent % AT_A_TIME == 0:
                    await asyncio.sleep(0)
            elif self._draining:
                await self._write(DRAIN)
                self.end("drained")
                return
            elif self._comment:
                self._comment = False
                await self._write(KEEP_ALIVE)
            elif moves == self._feed.moves and not self.over:
                self._waiter = asyncio.get_running_loop().create_future()
                await self._waiter

    async def _next(self) -> Told | None:
        """Return the next event; None where there is none yet, or none is to be fetched."""
        if self._piece:
            return self._piece.pop()
        if self._feed.at_end(self.epoch, self.at):
            return None
        told = self._feed.after(self.epoch, self.at)
        if told is not None or (self._draining and self._opening is None):
            return told
        try:
            epoch, piece = await self._feed.read_behind(self, self.epoch, self.at)
        except Unavailable:
            self.end("store")
            return None
        self.epoch = self.epoch or epoch
        self._piece = piece[::-1]
        return self._piece.pop() if self._piece else None

    def _several(self, first: Told) -> list[Told]:
        """Return an event and those behind it that are here already, as many as are written at once."""
        several, room = [first], WRITE_BYTES - len(first.data)
        while len(several) < AT_A_TIME:
            one = self._piece[-1] if self._piece else self._feed.after(several[-1].epoch, several[-1].at)
            if one is None or (room := room - len(one.data)) < 0:
                break
            if self._piece:
                self._piece.pop()
            several.append(one)
        return several

    async def _write(self, data: bytes) -> None:
        loop = asyncio.get_running_loop()
        self._writing = len(data)
        for at in range(0, len(data), WRITE_BYTES):
            self.busy_since = loop.time()
            await self._connection.write(data[at : at + WRITE_BYTES])
        self.busy_since, self._writing = None, 0
