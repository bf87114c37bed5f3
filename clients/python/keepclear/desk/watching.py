"""A watch, step by step: follows, gives one event at a time, and remembers durably which ones its caller has taken.

It also writes down, every ``WATCHED_EACH_S`` seconds and at its end, that somebody watches and from when to when the
hotline was heard, so that the next watch, and whoever looks back, can say when nobody did.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from keepclear_protocol.instant import SECOND

from ..journal.changes import HEARD, WATCHED, Change, Note, NoteSpan
from ..journal.journal import Journal
from .events import Event
from .link import LinkState
from .subscription import Announcer, Heard
from .threads import Threads

WATCHED_EACH_S = 10.0
"""Seconds between two notes that somebody watches: by as much a watch that was killed seems to have ended earlier."""

Stop = Callable[[], bool]


class Watching:
    """The steps of ``watch``. ``follow`` follows the stream; it is begun once all that is old was handed out.

    An event counts as handed out when its caller comes back for the next step; that is written down with the others of
    its batch, at the latest by ``close``.
    """

    def __init__(
        self,
        journal: Journal,
        announcer: Announcer,
        threads: Threads,
        follow: Callable[[], Awaitable[None]],
        link: LinkState,
        clock: Callable[[], int],
    ) -> None:
        self._journal = journal
        self._announcer = announcer
        self._threads = threads
        self._follow = follow
        self._link = link
        self._clock = clock
        self._began = clock()
        self._watched_at = 0
        self._place = announcer.subscribe(journal.handed())
        self._following: asyncio.Future[None] | None = None
        self._waiting: deque[Heard] = deque()
        self._given: int | None = None
        self._handed = self._written = self._place.last
        self._stop_at: int | None = None
        self._refused = False

    async def next(self) -> Event | None:
        """Return the next event, or ``None`` for a moment in which to stop; raise what has ended the following."""
        while not self._waiting:
            if self._link.now.up or self._link.now.unwritten_since is None:
                # Else the journal takes nothing, and what is told of it must not wait for that.
                await self._write(WATCHED_EACH_S)
            if self._following is None and not self._place.behind:
                self._following = asyncio.ensure_future(self._follow())
                self._following.add_done_callback(lambda _: self._place.wake())
                return None
            self._waiting.extend(await self._place.heard())
            if not self._waiting and self._following is not None and self._following.done():
                self._following.result()
        heard = self._waiting.popleft()
        self._given = heard.number
        return heard.event

    def came_back(self) -> None:
        """Say that the caller has come back after the event that it was given."""
        if self._given is not None:
            self._handed = self._given

    def may_end(self, stop: Stop | None) -> bool:
        """Whether to end: ``stop`` was said, and what had come by then was handed out. ``None``: do not ask."""
        if self._stop_at is None and stop is not None and stop():
            self._stop_at = self._journal.last_event()
        return self._stop_at is not None and self._handed >= self._stop_at

    async def close(self) -> None:
        """End the following, and write down what was handed out."""
        self._announcer.leave(self._place)
        if self._following is not None:
            self._following.cancel()
            await asyncio.gather(self._following, return_exceptions=True)
        if not self._refused:
            await self._write()

    async def _write(self, each_s: float = 0.0) -> None:
        now, heard_at = self._clock(), self._link.now.heard_at
        notes: list[Change] = []
        if self._handed > self._written:
            self._written = self._handed
            notes.append(Note("handed", str(self._handed)))
        if now - self._watched_at >= each_s * SECOND:
            self._watched_at = now
            notes += [Note("watched_until", str(now)), NoteSpan(WATCHED, self._began, now)]
            notes += [NoteSpan(HEARD, *span) for span in self._link.spans()]
            notes += [] if heard_at is None else [Note("heard_at", str(heard_at))]
        if notes:
            self._refused = True
            await self._threads.run(self._journal.apply, notes)
            self._refused = False
