"""Who listens to a desk: any number of subscribers, each at its own pace.

Events are in the journal before anybody is told. Fresh ones are handed on in memory, through a bounded queue for each
subscriber; one that lags beyond it reads on from the journal, from where it is, so nobody waits for it and it misses
nothing that the journal still has. Changes of the link are not kept: a subscriber that lags sees the newest alone.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..journal.journal import Journal
from .events import Event, GapEvent, LinkEvent, ProblemEvent
from .intake import Taken
from .threads import Threads

QUEUE = 256
"""Events that a subscriber may be behind before it reads on from the journal."""

PAGE = 256
"""Events read from the journal at once."""


@dataclass(frozen=True, slots=True)
class Heard:
    """Something for a subscriber: an event, with its number if the journal has it; or a mere sign of life."""

    event: Event | None
    number: int | None = None


class Subscription:
    """One subscriber's place: everything up to event ``last`` was handed out."""

    def __init__(self, last: int, announcer: "Announcer") -> None:
        self.last = last
        self._announcer = announcer
        self._queue: deque[Heard] = deque()
        self._lagging = True  # until it has read what the journal had before
        self._alive = False
        self._woken = asyncio.Event()

    @property
    def behind(self) -> bool:
        """Whether the journal has to be read first."""
        return self._lagging

    def push(self, heard: Heard) -> None:
        """Hand on something fresh; a full queue gives way to the journal."""
        if heard.event is None:
            self._alive = True
        elif self._lagging and heard.number is not None:
            pass  # the journal has it
        elif len(self._queue) >= QUEUE:
            self._lagging = True
            links = [item for item in (*self._queue, heard) if isinstance(item.event, LinkEvent)]
            self._queue = deque(links[-1:])
        else:
            self._queue.append(heard)
        self._woken.set()

    def wake(self) -> None:
        """Make the subscriber look up, though nothing was said."""
        self._woken.set()

    async def heard(self) -> list[Heard]:
        """Return what there is, waiting until there is something; empty where it was only woken."""
        while not (self._queue or self._lagging or self._alive or self._woken.is_set()):
            await self._woken.wait()
        self._woken.clear()
        found: list[Heard] = []
        if self._lagging:
            # Cleared first: what comes while the journal is read is queued, and dropped below if it was read as well.
            self._lagging = False
            found = await self._announcer.page(self.last)
            if len(found) >= PAGE:
                self._lagging = True
        if not self._lagging:
            found += self._queue
            self._queue.clear()
            if self._alive:
                self._alive = False
                found.append(Heard(None))
        return self._fresh(found)

    def _fresh(self, found: Sequence[Heard]) -> list[Heard]:
        fresh = []
        for item in found:
            if item.number is not None:
                if item.number <= self.last:
                    continue
                self.last = item.number
            fresh.append(item)
        return fresh


class Announcer:
    """Hands out what a desk has taken in."""

    def __init__(self, journal: Journal, threads: Threads, read: Callable[[dict[str, object]], Event]) -> None:
        self._journal = journal
        self._threads = threads
        self._read = read
        self._subscriptions: set[Subscription] = set()

    def subscribe(self, after: int) -> Subscription:
        """Return a new place behind event ``after``."""
        subscription = Subscription(after, self)
        self._subscriptions.add(subscription)
        return subscription

    def leave(self, subscription: Subscription) -> None:
        """Let go of a place."""
        self._subscriptions.discard(subscription)

    def told(self, taken: Taken) -> None:
        """Hand on what a batch has brought."""
        for number, event in taken.numbered:
            self.announce(Heard(event, number))

    def announce(self, heard: Heard) -> None:
        """Hand on one thing to everybody."""
        for subscription in self._subscriptions:
            subscription.push(heard)

    async def page(self, after: int) -> list[Heard]:
        """Return what the journal has behind event ``after``; a gap where it has let events go."""
        return await self._threads.run(self._page, after)

    async def past(self, count: int) -> list[Event]:
        """Return the last events that were handed out, ``count`` at most."""
        handed = self._journal.handed()
        rows = await self._threads.run(self._journal.events, max(0, handed - count), count)
        return [self._readable(event) for number, event in rows if number <= handed]

    def _page(self, after: int) -> list[Heard]:
        rows = self._journal.events(after, PAGE)
        found = [Heard(self._readable(event), number) for number, event in rows]
        if after and rows and rows[0][0] > after + 1:
            found.insert(0, Heard(GapEvent("lagged")))
        return found

    def _readable(self, value: dict[str, object]) -> Event:
        """Return a kept event; one that cannot be read any more is told as such, and holds up none behind it."""
        try:
            return self._read(value)
        except Exception as fault:
            what = value.get("event") if isinstance(value, dict) else value
            detail = f"an event of this desk's journal ({what}) cannot be read: {type(fault).__name__}: {fault}"
            return ProblemEvent("journal", detail)
