"""The console of one desk: it follows the hotline for ever, looks each second and at each event, and tells all pages.

Guaranteed: nothing ends it but its own end. Where the stream cannot be followed (the hotline out of reach, other terms
in force, a journal that takes nothing, another watch at this desk) it says so, goes on to show what is there as it
ages, and tries again. A picture that cannot be read leaves the last one standing. An event is told at once; a flood of
them is looked at together, and looking takes no more than half of the loop's time.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from keepclear_protocol.errors import KeepclearError
from keepclear_protocol.instant import SECOND

from keepclear.cli.board.bell import BLIND, DANGER, POSSIBLE, Bell, Rhythm
from keepclear.cli.board.blind import Blindness, is_recent, unwatched
from keepclear.cli.board.last import LastPicture
from keepclear.cli.board.run import TROUBLE_STAYS_S
from keepclear.cli.board.state import STRIP
from keepclear.cli.board.strip import Of, Strip
from keepclear.cli.follow import follow_for_ever
from keepclear.cli.lines import is_alarm
from keepclear.cli.reference import Reference
from keepclear.desk.desk import AsyncDesk
from keepclear.desk.events import AcknowledgementEvent, AlertEvent, Event, LinkEvent, NoticeEvent, ProblemEvent
from keepclear.desk.notices import NoticeRecord
from keepclear.desk.picture import last_heard
from keepclear.transport.client import now_instant

from .access import Access, Session
from .duty import Duty
from .facts import Facts, Snapshot, encoded, link_json, spans_json
from .feed import Pages
from .happened import facts_of
from .said import told
from .whole import whole_json

LOOK_AGAIN_S = 0.02
"""Events that come within a browser's frame are looked at together."""

RHYTHMS: dict[Rhythm, str] = {DANGER: "danger", POSSIBLE: "possible", BLIND: "blind"}


class Console:
    """One desk's console.

    ``named`` is the officer whom the command line names, ``reference`` the party's reference point, ``basemap`` its
    own chart.
    """

    def __init__(
        self,
        desk: AsyncDesk,
        access: Access,
        *,
        named: str | None = None,
        reference: Reference | None = None,
        basemap: Path | None = None,
        clock: Callable[[], int] = now_instant,
    ) -> None:
        self.desk = desk
        self.access = access
        self.named = named
        self.reference = reference
        self.basemap = basemap
        self.clock = clock
        self.pages = Pages(self.whole)
        self.duty = Duty(self)
        self.last = LastPicture(desk, clock())
        self.snapshot = Snapshot()
        self._facts = Facts(desk, lambda text: self._note_trouble("journal", text))
        self._bell = Bell(clock())
        self._blindness = Blindness()
        self._unwatched = unwatched(desk.journal.watched_until(), clock())
        self._strip = Strip(STRIP, desk.party)
        self._events: deque[dict[str, Any]] = deque(maxlen=STRIP)
        self._trouble: tuple[str, str, int] | None = None
        self._unfollowed: tuple[str, str] | None = None
        self._wake = asyncio.Event()
        self._beat = 0

    async def run(self) -> None:
        """Follow and look until cancelled."""
        self.look()  # before any page can come
        await self._recall()
        following = asyncio.ensure_future(follow_for_ever(self.desk, self._heard, self._cannot_follow))
        try:
            await self._look_for_ever()
        finally:
            self.duty.close()
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)

    def wake(self) -> None:
        """Have the console look at once: something was done."""
        self._wake.set()

    def say(
        self,
        kind: str,
        text: str,
        conflict: str | None = None,
        *,
        alarm: bool = False,
        at: int | None = None,
        facts: dict[str, Any] | None = None,
    ) -> None:
        """Tell all pages what happened, in a line, and remember it for those to come; ``at`` where it was not now."""
        at = self.clock() if at is None else at
        event = {"at": told(at), "kind": kind, "alarm": alarm, "conflict": conflict, "text": text, "facts": facts}
        self._events.append(event)
        self.pages.tell("event", event)

    def whole(self, session: Session) -> bytes:
        """Return all that a page of a session is told when it comes."""
        chart = None if self.basemap is None else self.basemap.suffix.lstrip(".").lower()
        point = self.reference
        own = {
            "now": told(self.clock()),
            "session": self.session_json(session),
            "events": list(self._events),
            "basemap": chart,
            "reference": None if point is None else {"lat": point.lat, "lng": point.lng, "name": point.name},
        }
        return self.snapshot.whole(encoded(own))

    def session_json(self, session: Session) -> dict[str, Any]:
        """Return what a page is told of its own session, and of the desk's watch."""
        return {
            "role": session.role,
            "officer": self.duty.officer_at(session),
            "named": self.named,
            "watch": self.duty.to_json(),
        }

    def tell_sessions(self) -> None:
        """Tell every page of its session anew: the watch has changed."""
        self.pages.tell_each("change", lambda session: {"session": self.session_json(session)})

    def _look_or_say(self) -> None:
        """Look; a fault of ours in it leaves all pages as they are, and is said on each."""
        try:
            self.look()
        except Exception as error:
            now, text = self.clock(), f"the picture cannot be told ({type(error).__name__}: {error})"
            trouble = "internal", text
            whole = whole_json(self.last.picture, self.desk.link(), trouble, now)
            said = encoded({"whole": whole, "trouble": {"code": trouble[0], "text": trouble[1]}})
            self.snapshot = replace(self.snapshot, members={**self.snapshot.members, **said})
            self.pages.tell("change", {"whole": whole, "trouble": {"code": trouble[0], "text": trouble[1]}})
            self.pages.tell("beat", {"now": told(now)})

    def look(self) -> None:
        """Look at the journal, the link and the clock, and tell all pages what has changed."""
        now = self.clock()
        if unread := self.last.look(now):
            self._note_trouble("unread", unread)
        picture, link = self.last.picture, self.desk.link()
        self._blindness.looks(link, now)
        if (rhythm := self._bell.due(picture, link, now)) is not None:
            self._ring(rhythm)
        before, self.snapshot = self.snapshot, self._snapshot(now)
        if (change := self.snapshot.change(before)) is not None:
            self.pages.tell_encoded("change", change)
        if now // SECOND != self._beat:
            self._beat = now // SECOND
            self.pages.tell("beat", {"now": told(now)})
        self.duty.look(picture, link, now)

    def _snapshot(self, now: int) -> Snapshot:
        picture, link = self.last.picture, self.desk.link()
        trouble = self._troubled(now)
        heard_at = last_heard(self.desk.journal, link.heard_at, now)
        lost = self._unwatched if self._unwatched is not None and is_recent(self._unwatched, now) else None
        members = {
            "link": link_json(link),
            "whole": whole_json(picture, link, trouble, now),
            "blind": spans_json(self._blindness.spans),
            "unwatched": None if lost is None else spans_json([lost])[0],
            "trouble": None if trouble is None else {"code": trouble[0], "text": trouble[1]},
        }
        return self._facts.snapshot(picture, self.desk.exchange.agreement, heard_at, now, members)

    async def _look_for_ever(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            with contextlib.suppress(TimeoutError):
                # The clock on a page turns with the second, not some time after it.
                async with asyncio.timeout(1.005 - self.clock() % SECOND / SECOND):
                    await self._wake.wait()
            self._wake.clear()
            began = loop.time()
            self._look_or_say()
            await asyncio.sleep(max(LOOK_AGAIN_S, loop.time() - began))

    def _cannot_follow(self, code: str, detail: str) -> None:
        if self._unfollowed != (code, detail):
            self.say("problem", f"NOT FOLLOWED: {detail} ({code})", alarm=True)
        self._unfollowed = code, detail
        self._wake.set()

    def _heard(self, event: Event) -> None:
        self._unfollowed = None
        self._wake.set()
        now = self.clock()
        if isinstance(event, ProblemEvent) and event.code == "journal":
            self._note_trouble("journal", event.detail)
        forged = isinstance(event, AlertEvent) and event.alert is None
        alarm = is_alarm(event)
        if forged or (alarm and not isinstance(event, AlertEvent | LinkEvent)):
            self._ring(DANGER)
        of = self._of(event)
        if text := self._worded(lambda: self._strip.add(event, now, of)):
            self.say(_kind(event), text, _conflict(event), alarm=alarm, facts=facts_of(event, now, of, self.desk.party))

    async def _recall(self) -> None:
        """Put before the first event what a watch before this one was told."""
        now = self.clock()
        with contextlib.suppress(KeepclearError):  # without it there is a console all the same
            for event in await self.desk.past(STRIP):
                of = self._of(event)
                if text := self._worded(lambda event=event, of=of: self._strip.recall(event, now, of)):  # type: ignore[misc]
                    at = of.filed_at if isinstance(of, NoticeRecord) else now
                    facts = facts_of(event, at, of, self.desk.party)
                    self.say(_kind(event), text, _conflict(event), at=_signed_at(event), facts=facts)

    def _worded(self, words: Callable[[], str]) -> str:
        try:
            return words()
        except Exception as error:  # what cannot be worded is in the journal, and in the picture
            return f"an event cannot be worded ({type(error).__name__}: {error})"

    def _of(self, event: Event) -> Of:
        """Return what the desk has of the conflict or notice that an event is of, if it can be read."""
        try:
            return self.desk.notice(event.sha256) if isinstance(event, NoticeEvent) else self.desk.view(event)
        except Exception:
            return None  # the words are those of the event itself

    def _ring(self, rhythm: Rhythm) -> None:
        self.pages.tell("ring", {"rhythm": RHYTHMS[rhythm], "strokes": rhythm})

    def _note_trouble(self, code: str, text: str) -> None:
        self._trouble = code, text, self.clock()

    def _troubled(self, now: int) -> tuple[str, str] | None:
        if self._trouble is not None and now - self._trouble[2] > TROUBLE_STAYS_S * SECOND:
            self._trouble = None
        if self._unfollowed is not None:
            return self._unfollowed
        return None if self._trouble is None else self._trouble[:2]


def _kind(event: Event) -> str:
    return str(event.to_json()["event"]) if not isinstance(event, AlertEvent) else "alert"


def _signed_at(event: Event) -> int | None:
    if isinstance(event, AlertEvent) and event.alert is not None:
        return event.alert.at
    if isinstance(event, AcknowledgementEvent) and event.acknowledgement is not None:
        return event.acknowledgement.claims.iat * SECOND
    return None


def _conflict(event: Event) -> str | None:
    if isinstance(event, AlertEvent):
        return None if event.alert is None else event.alert.conflict
    if isinstance(event, AcknowledgementEvent) and event.acknowledgement is not None:
        return event.acknowledgement.conflict
    return None
