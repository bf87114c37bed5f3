"""A party's desk on asyncio: it holds the key, verifies everything, keeps the picture. ``blocking`` has it for others.

``run`` follows the hotline: it catches up, takes in, reads again after a gap, and says what came. Any number of
``subscribe`` hear of it; ``watch`` is both, and remembers over restarts what its caller has been given. In which order
things are done, and why:

1. A batch of arrivals is verified and judged beside the loop. What it changes, its events and the cursor behind it are
   written to the disk in one transaction.
2. The events are given out. When the caller of ``watch`` comes back for more, an event counts as handed out. A crash
   before that is written gives it again at the next start. A caller that stops by ``break`` has not come back: to end
   without seeing the last event again, end by ``stop``.
3. ``delivered`` is signed and sent, once, without insisting, beside all that.

Where the journal's disk is full or broken nothing is taken in, whoever listens is told ``journal``, and the same
arrivals come again until they can be written. Not guaranteed: exactly-once display. An alert is given at least once.
"""

import functools
import math
import os
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Unpack

from keepclear_protocol.agreement import Agreement
from keepclear_protocol.errors import Forbidden, LocalError, OverBudget
from keepclear_protocol.keys import PrivateKey
from keepclear_protocol.kinds import WATCH
from keepclear_protocol.notice import DisclosedVolume
from keepclear_protocol.volume import Volume

from ..journal.changes import MarkShown
from ..journal.journal import Journal
from ..transport.client import AsyncClient, ClientOptions, now_instant
from ..transport.silence import unless_silent
from ..verify.recheck import load_arrays
from .acknowledging import Acknowledged, Acknowledging, Stage
from .disclosed import disclosed
from .events import Event
from .filer import Filer
from .following import Following
from .incident import Incident, incident_of
from .intake import Intake
from .link import Link, LinkState
from .lost import Lost
from .notices import NoticeRecord, notice_record
from .outbox import Outbox
from .picture import Before, Picture, build_picture
from .record import ConflictRecord, conflict_record
from .referenced import References
from .resync import Resync
from .settings import settings_from
from .settling import Settling
from .shown import earlier_view, event_view, kept_event
from .subscription import Announcer
from .succession import Succession
from .then import Then
from .threads import Threads
from .views import ConflictView
from .watching import Watching

Stop = Callable[[], bool]


def never() -> bool:
    """Return that there is no reason to stop."""
    return False


class AsyncDesk(Filer):
    """A desk for asyncio. ``folder`` holds its journal; ``options`` are ``ClientOptions``."""

    def __init__(
        self, agreement: Agreement, key: PrivateKey, folder: str | Path, **options: Unpack[ClientOptions]
    ) -> None:
        self.client = AsyncClient(agreement, key, **options)
        self.exchange = self.client.exchange
        self._clock: Callable[[], int] = options.get("clock", now_instant)
        self.journal = Journal(folder, agreement, self.exchange.party, self._clock)
        self.client.go_over(self.journal.agreements[0])  # a desk that has gone over to later terms stays there
        self._threads = Threads()
        self._intake = Intake(self.exchange, self.journal, self._clock)
        self._intake.review()
        self._announcer = Announcer(self.journal, self._threads, self._read_event)
        parts = self.client, self.journal, self._intake
        rest = self._threads, self._clock
        self._succession = Succession(*parts, self._threads, self._announcer)
        self._settling = Settling(*parts, *rest)
        self._acknowledging = Acknowledging(*parts, self._succession, *rest, self._announcer.told)
        self._outbox = Outbox(*parts, self._settling, *rest)
        self._lost = Lost(*parts[1:], self._settling, self._outbox, *rest)
        self._references = References(self.exchange, *parts[1:], self._outbox, self._lost, self._clock)
        self._resync = Resync(*parts, self._settling, self._succession, *rest, self._announcer.told)
        self._link = LinkState(self._clock)
        self._running, self._pictured = False, Before()
        self._watchings: list[Watching] = []

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> "AsyncDesk":
        """Return the desk that the variables of the command ``keepclear`` name (docs/settings.md).

        ``environ`` has them; where it is not given, the process's environment does. Raises ``LocalError`` with
        ``usage`` or ``key_file`` where one is missing or cannot be used, and as ``load_agreement`` does.
        """
        settings = settings_from(os.environ if environ is None else environ)
        return cls(settings.agreement, settings.key, settings.folder, **settings.options)

    async def __aenter__(self) -> "AsyncDesk":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """End what watches, and close the connections and the journal."""
        for watching in self._watchings:
            await watching.close()
        await self.client.close()
        self._threads.close()
        self.journal.close()

    @property
    def party(self) -> str:
        """The party whose desk this is."""
        return self.exchange.party

    def picture(self, *, everything: bool = False) -> Picture:
        """Return what this desk knows, from its journal: what is live, or ``everything`` that there ever was."""
        return build_picture(self.journal, self._clock(), self.link().heard_at, everything, self._pictured)

    def link(self) -> Link:
        """Return whether this desk hears the hotline now, as far as it follows."""
        return self._link.now

    async def acknowledge(
        self,
        conflict: str,
        *,
        officer: str,
        stage: Stage = "acknowledged",
        read_back: str | None = None,
        version: int | None = None,
    ) -> Acknowledged:
        """Sign in an officer's name that a conflict was displayed or acknowledged, as its newest version has it.

        ``conflict`` is its id or its code. ``officer`` is the party's own handle for them, without a space, shown to
        the other side, which is given the hash of ``read_back``. Who of the party had acknowledged that version already
        is told as ``before``; nothing keeps a second officer from saying the same. ``version`` is the one that the
        officer has read: raises ``OutOfStep`` with ``version_stale``, and signs nothing, where there is a newer one.
        Raises ``Refused`` with ``conflict_unknown`` where this desk knows no such conflict, ``LocalError`` with
        ``usage`` for what is no handle, ``Unanswered`` where no receipt came: ``certain`` says whether it may count.
        """
        said = functools.partial(self._acknowledging.acknowledge, conflict, officer=officer, stage=stage)
        return await self._succession.speak(lambda: said(read_back=read_back, version=version))

    def view(self, event: Event) -> ConflictView | None:
        """Return what the picture shows of the alert of ``event``, or of the conflict that was answered, if any."""
        return event_view(self.journal, self._intake.opener, event)

    def earlier(self, conflict: str, version: int) -> ConflictView | None:
        """Return what the picture showed of a conflict before ``version`` came; None where that was the first."""
        return earlier_view(self.journal, self._intake.opener, conflict, version)

    def disclosed(self, conflict: str) -> tuple[DisclosedVolume, ...]:
        """Return the counterpart's volumes that a conflict's alert discloses, each with the digest it is signed by."""
        kept = self.journal.conflict(conflict)
        came = None if kept is None or kept.adopted is None else self.journal.alert_object(kept.adopted)
        return () if came is None else disclosed(came.object.presentation)

    def their_volumes(self, conflict: str) -> tuple[Volume, ...]:
        """Return the counterpart's volumes that a conflict's alert discloses; nothing of one that is closed."""
        return tuple(item.volume for item in self.disclosed(conflict))

    def record(self, conflict: str) -> ConflictRecord | None:
        """Return all that this desk has of one conflict, from its journal; None of one that it does not know."""
        return conflict_record(self.journal, self._intake.opener, conflict)

    def incident(self, conflict: str) -> Incident | None:
        """Return one conflict whole, every signature verified anew; None of one that this desk does not know."""
        return incident_of(self.journal, self._intake.opener, conflict, self._clock(), self.link())

    def then(self, at: int) -> Then:
        """Return this desk as it was at an instant, to be closed; raise ``LocalError`` where its past begins later."""
        return Then(self.journal, self._intake.opener, at, self._clock(), self.link())

    def notice(self, sha256: str | None = None, *, reference: str | None = None) -> NoticeRecord | None:
        """Return all that this desk has of one own statement, from its journal; None of one that it does not know.

        It is named by the hash of its signed bytes, or by the ``reference`` that it was filed under at this desk: then
        it is the notice's newest statement. What certainly never was admitted has its reference no more.
        """
        if (sha256 is None) == (reference is None):
            raise LocalError("usage", "a notice is named by its hash or by its reference")
        row = self._references.newest(reference or "") if sha256 is None else self.journal.own(sha256)
        return None if row is None else notice_record(self.journal, self._intake.opener, row, self._clock())

    def note_shown(self, *shown: tuple[str, int]) -> None:
        """Note that these versions of conflicts were put before somebody's eyes: what ``ack`` then speaks of."""
        self.journal.note([MarkShown(conflict, version) for conflict, version in shown])

    async def settle(self) -> None:
        """Ask what became of every statement whose outcome is unknown; nothing is sent."""
        await self._settling.settle()

    async def deliver(self) -> None:
        """Sign ``delivered`` for every alert that came."""
        await self._acknowledging.deliver()

    def on_wait(self, told: Callable[[OverBudget], None]) -> None:
        """Have ``told`` called, in the loop, before a statement waits for room in a budget."""
        self.client.on_wait = told

    async def refresh(
        self, *, settle: bool = False, within_s: float | None = None, whole_s: float = math.inf
    ) -> Sequence[Event]:
        """Read everything again without moving the stream's cursor; returns what came of it.

        ``settle``: ask first for what is unknown. Raises ``Unavailable`` as soon as the hotline has owed an answer for
        ``within_s`` seconds over all attempts, or the reading lasts for ``whole_s``; what was read by then is kept.
        """
        within_s = math.inf if within_s is None else within_s
        return await unless_silent(self.client, self._refresh(settle), within_s, whole_s)

    async def _refresh(self, settle: bool) -> Sequence[Event]:
        if settle:
            await self._settling.settle()
        self._announcer.told(await self._threads.run(self._intake.review_clock))
        return (await self._succession.speak(lambda: self._resync.read(follow=False))).events

    async def run(self) -> None:
        """Follow the stream from where this desk left off, over any number of connections, until cancelled.

        Raises ``Forbidden`` where the key may not watch, ``LocalError`` where another one follows already, and any
        ``KeepclearError`` that connecting again cannot help.
        """
        self._may_follow()
        await self._threads.run(load_arrays)
        parts = self._settling, self._acknowledging, self._resync, self._succession, self._announcer, self._threads
        self._running = True
        try:
            await Following(self.client, self.journal, self._intake, *parts, self._link, self._clock).run()
        finally:
            self._running = False

    async def subscribe(self, after: int | None = None) -> AsyncGenerator[Event, None]:
        """Give every event from now on, or behind the journal's event ``after``, while ``run`` runs."""
        place = self._announcer.subscribe(self.journal.last_event() if after is None else after)
        try:
            while True:
                for heard in await place.heard():
                    if heard.event is not None:
                        yield heard.event
        finally:
            self._announcer.leave(place)

    async def watch(self, stop: Stop = never) -> AsyncGenerator[Event, None]:
        """Follow the stream and give its events, those first that were never handed out, until ``stop``.

        ``stop`` is asked when everything that came was handed out, at each sign of life of the service. Raises as
        ``run`` does.
        """
        watching = await self.watching()
        try:
            while True:
                event = await watching.next()
                if event is not None:
                    yield event
                    watching.came_back()
                if watching.may_end(stop if event is None else None):
                    return
        finally:
            await watching.close()

    async def past(self, count: int) -> list[Event]:
        """Return the last events of the journal that were handed out by a watch, ``count`` at most, oldest first."""
        return await self._announcer.past(count)

    async def watching(self) -> Watching:
        """Return the steps of ``watch``, for a face that has another way to give events out; raise as ``run`` does."""
        self._may_follow()
        parts = self.journal, self._announcer, self._threads
        watching = Watching(*parts, self.run, self._link, self._clock)
        self._watchings = [watching]  # one at a time follows
        return watching

    def _may_follow(self) -> None:
        if WATCH not in self.exchange.roles:
            raise Forbidden("wrong_role", "this key may not watch")
        if self._running:
            raise LocalError("usage", "this desk follows the stream already")
        self.journal.lock_stream()

    def _read_event(self, value: Mapping[str, Any]) -> Event:
        return kept_event(self.journal, self._intake.opener, value)
