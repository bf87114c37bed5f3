"""The hub: everybody who listens to one agreement on one worker, and one reader of the store for each party.

Guaranteed: a party's events are read when that party's stream moves, and once a second in case a hint was lost; other
parties' events wake nobody. Comments come from one wheel that turns at its own pace, so that when they come tells
nothing of what anybody files. A stream whose key is no longer valid ends within a second.
"""

import asyncio
import itertools
import logging
import time
from collections.abc import Iterator

from keepclear_protocol.cursor import Cursor
from keepclear_protocol.errors import KeepclearError, Unavailable
from keepclear_protocol.instant import SECOND
from keepclear_protocol.kinds import WATCH

from ..line.hotline import Hotline
from ..line.pace import TOLD_S
from ..logs import Outage
from .feed import Feed
from .subscriber import Connection, Subscriber

POLL_S = 1.0
"""Seconds between looks at the store where no hint came; a lost hint costs this much and no more."""

KEEP_ALIVE_S = 4.0
"""Seconds between comments on a stream. A desk is promised one every five."""

SLOW_AGAIN_S = 1.0
"""A reader goes by what it was told for three seconds."""

SLOTS = 16
"""Parts of the wheel: of 5 000 streams some 300 are written to at once, which takes ten milliseconds."""

CATCHING_UP = 4
"""Readers that are behind and read for themselves at the same time, of all parties."""

HELD_BYTES = 64 * 1024 * 1024
"""Held for readers that are behind, all together. Beyond it those that have taken nothing for longest are cut."""

log = logging.getLogger(__name__)


class Hub:
    """The streams of one agreement on one worker. ``draining`` is set when the worker is to stop."""

    def __init__(self, hotline: Hotline, draining: asyncio.Event) -> None:
        self._hotline = hotline
        self._draining = draining
        self._limit = asyncio.Semaphore(CATCHING_UP)
        self._feeds: dict[str, Feed] = {}
        self._running: asyncio.TaskGroup | None = None
        self._wheel: list[set[Subscriber]] = [set() for _ in range(SLOTS)]
        self._next_slot = itertools.cycle(self._wheel)
        self._said_slow = -SLOW_AGAIN_S
        self._outage = Outage(log, "streams_lost", "streams_back", agreement=hotline.agreement.id)

    def poke(self, party: str) -> None:
        """Look at a party's stream soon: it has moved."""
        feed = self._feeds.get(party)
        if feed is not None:
            feed.poke()

    async def run(self) -> None:
        """Serve until cancelled."""
        async with asyncio.TaskGroup() as self._running:
            self._running.create_task(self._poll())
            self._running.create_task(self._turn_wheel())
            await self._draining.wait()
            for subscriber in list(self._subscribers()):
                subscriber.drain()

    async def serve(
        self, party: str, kid: str, request: str, start: Cursor | None, connection: Connection, name: str = ""
    ) -> None:
        """Write the stream that the proof of digest ``request`` asked for, from ``start`` on; return when it ends.

        ``name`` is the request's in the log.
        """
        feed, slot = self._feed(party), next(self._next_slot)
        subscriber = Subscriber(
            feed, connection, kid, start, lambda newest: self._hotline.opening(party, request, newest)
        )
        feed.join(subscriber)
        slot.add(subscriber)
        if self._draining.is_set():
            subscriber.drain()
        observer, began = self._hotline.observer, time.monotonic()
        observer.stream_opened(party, name, "" if start is None else str(start))
        try:
            await subscriber.run()
        except asyncio.CancelledError:
            subscriber.end("drained")  # it did not end in time
            raise
        except Exception:
            subscriber.end("fault")
            raise
        finally:
            slot.discard(subscriber)
            feed.leave(subscriber)
            observer.stream_closed(party, name, subscriber.why, time.monotonic() - began, subscriber.sent)

    def _feed(self, party: str) -> Feed:
        feed = self._feeds.get(party)
        if feed is None:
            if self._running is None:
                raise Unavailable("busy")
            feed = self._feeds[party] = Feed(self._hotline, party, self._limit, self._heard)
            self._running.create_task(feed.run())
        return feed

    def _heard(self, error: Unavailable | None) -> None:
        if error is None:
            self._outage.over()
        else:
            self._outage.began(error)

    def _subscribers(self) -> Iterator[Subscriber]:
        return itertools.chain.from_iterable(self._wheel)

    async def _poll(self) -> None:
        while True:
            await asyncio.sleep(POLL_S)
            for feed in self._feeds.values():
                feed.poke()
            self._end_invalid()
            self._bound_held()

    async def _turn_wheel(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        for slot in itertools.cycle(self._wheel):
            due = max(due + KEEP_ALIVE_S / SLOTS, loop.time())
            await asyncio.sleep(due - loop.time())
            for subscriber in list(slot):
                subscriber.tick(loop.time())
            self._watch()

    def _watch(self) -> None:
        """Have every stream ended soon where what others file may not be told on it, and slowness said on all."""
        try:
            self._hotline.check_told()
        except Unavailable:
            for feed in self._feeds.values():
                feed.poke()
        now = time.monotonic()
        if self._hotline.busy_s > TOLD_S and now - self._said_slow >= SLOW_AGAIN_S:
            self._said_slow = now
            for subscriber in self._subscribers():
                subscriber.say_slow()

    def _end_invalid(self) -> None:
        """End the streams whose key is gone, revoked, out of its time, or no longer allowed to watch."""
        now = int(self._hotline.clock.seconds() * SECOND)
        valid: dict[str, bool] = {}
        for subscriber in self._subscribers():
            if subscriber.kid not in valid:
                valid[subscriber.kid] = self._may_watch(subscriber.kid, now)
            if not valid[subscriber.kid]:
                subscriber.end("key")

    def _may_watch(self, kid: str, now: int) -> bool:
        try:
            self._hotline.signer(kid)[1].check(WATCH, now)
        except KeepclearError:
            return False
        return True

    def _bound_held(self) -> None:
        """Cut those that have waited longest for their connection, as long as too much is held for them."""
        stuck = [(who.busy_since, who.held, who) for who in self._subscribers() if who.busy_since is not None]
        stuck.sort(key=lambda row: row[0])
        held = sum(row[1] for row in stuck)
        for _, bytes_held, subscriber in stuck:
            if held <= HELD_BYTES:
                return
            subscriber.cut("held")
            held -= bytes_held
