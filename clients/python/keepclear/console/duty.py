"""Who is on watch at the console, what stood before their eyes since when, and what they sign.

One officer has the watch at a desk, at as many pages as they like. Guaranteed: an acknowledgement is of the newest
version that this desk knows, and that very version stood on the page that asks for ``READ_S`` at least; that a conflict
was displayed is signed once for each version. What was closed before anybody had answered counts as seen when it has
stood before the officer on watch for as long as the board lists it.
"""

import asyncio
import contextlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from keepclear_protocol.errors import KeepclearError, OutOfStep, Refused, Unavailable
from keepclear_protocol.instant import SECOND
from keepclear_protocol.kinds import ACKNOWLEDGE

from keepclear.cli.board.state import CLOSED_STAYS_S, READ_S
from keepclear.cli.plain import foreign
from keepclear.cli.words import clock
from keepclear.desk.acknowledging import Acknowledged
from keepclear.desk.link import Link
from keepclear.desk.officers import check_handle
from keepclear.desk.picture import ConflictView, Picture
from keepclear.verify.verdicts import Standing

from .access import Session
from .refusals import Refusal
from .said import told

if TYPE_CHECKING:
    from .console import Console

AT_ONCE = 4
"""Statements that a conflict was displayed, side by side: a page that opens may show hundreds."""

Version = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Watch:
    """An officer's watch since an instant."""

    officer: str
    since: int


class Duty:
    """The watch at one console."""

    def __init__(self, console: "Console") -> None:
        self._console = console
        self._watch: Watch | None = None
        self._holders: list[Session] = []
        self._sessions: dict[int, Session] = {}
        self._noted: set[Version] = set()
        self._displayed: set[Version] = set()
        self._to_display: dict[Version, None] = {}
        self._deeds: set[asyncio.Task[None]] = set()

    def to_json(self) -> dict[str, Any] | None:
        """Return the watch for pages."""
        watch = self._watch
        return None if watch is None else {"officer": watch.officer, "since": told(watch.since)}

    def officer_at(self, session: Session) -> str | None:
        """Return who is on watch at a session's pages."""
        holds = self._watch is not None and any(holder is session for holder in self._holders)
        return self._watch.officer if holds and self._watch is not None else None

    def begin(self, session: Session, officer: object) -> None:
        """Begin an officer's watch, or join it from another page; whoever had it before has it no more."""
        handle = check_handle(officer)
        before = self._watch
        if before is None or before.officer != handle:
            if before is not None:
                self._pass_on()
            self._watch = Watch(handle, self._console.clock())
            after = "" if before is None else f", after {foreign(before.officer)}"
            self._say("watch_begun", handle, f"{foreign(handle)} has the watch{after}")
        if self.officer_at(session) is None:
            self._holders.append(session)
        self._console.tell_sessions()

    def end(self, session: Session, to: object = None) -> None:
        """End the watch that is held at a session, or hand it over to another officer there."""
        officer = self._held_at(session)
        if to is not None:
            return self.begin(session, to)
        self._watch = None
        self._pass_on()
        self._say("watch_ended", officer, f"{foreign(officer)} has ended the watch: nobody has it")
        self._console.tell_sessions()

    async def acknowledge(
        self, session: Session, conflict: str, version: int, read_back: str | None
    ) -> Acknowledged:
        """Sign that the officer on watch at a session has read and understood this version of a conflict."""
        officer = self._held_at(session)
        desk = self._console.desk
        kept = desk.journal.conflict(conflict)
        if kept is None:
            raise Refused("conflict_unknown", f"this desk knows no conflict {conflict}")
        if kept.version != version:
            hint = "the conflict has changed since it was read: read it again, then acknowledge that version"
            raise OutOfStep("version_stale", f"the newest version is {kept.version}, not {version}", hint=hint)
        since = session.shown.get((conflict, version))
        if since is None or self._console.clock() - since < READ_S * SECOND:
            raise Refusal("too_fresh")
        try:
            return await desk.acknowledge(conflict, officer=officer, read_back=read_back, version=version)
        finally:
            self._console.wake()

    async def shown(self, session: Session, versions: Iterable[Version]) -> None:
        """Note that versions of conflicts stand on a session's page."""
        now, views = self._console.clock(), self._views()
        known = [one for one in versions if one in views]
        for one in known:
            session.shown.setdefault(one, now)
        self._sessions[id(session)] = session
        open_ = [one for one in known if views[one].state != Standing.CLOSED]
        await self._note(open_)
        if self.officer_at(session) is not None:
            self._to_display |= dict.fromkeys(one for one in open_ if one not in self._displayed)
            self._console.wake()

    def look(self, picture: Picture, link: Link, now: int) -> None:
        """Do what time brings: what was closed and has stood before an officer long enough was seen."""
        views = self._views()
        for session in self._sessions.values():
            # What was noted ahead of now was noted before the clock was set back: it is read from now on.
            session.shown = {one: min(at, now) for one, at in session.shown.items() if one in views}
        self._sessions = {key: one for key, one in self._sessions.items() if one.shown}
        self._noted &= views.keys()
        self._displayed &= views.keys()
        self._to_display = {one: None for one in self._to_display if one in views}
        seen = [
            one
            for session in self._sessions.values()
            if self.officer_at(session) is not None and self._console.pages.has(session)
            for one, at in session.shown.items()
            if views[one].state == Standing.CLOSED and now - at > CLOSED_STAYS_S * SECOND and one not in self._noted
        ]
        if seen:
            self._do(self._note(seen))
        if link.up and self._to_display and self._watch is not None and len(self._deeds) < AT_ONCE:
            one = next(iter(self._to_display))
            del self._to_display[one]
            self._displayed.add(one)
            self._do(self._display(one, views[one], self._watch.officer))

    def close(self) -> None:
        """Begin nothing more, and end what is on its way."""
        for task in self._deeds:
            task.cancel()

    def _views(self) -> dict[Version, ConflictView]:
        return {(view.conflict, view.version): view for view in self._console.last.picture.conflicts}

    def _pass_on(self) -> None:
        """Have no page keep a watch that is over, nor what its officer has read count as read by the next."""
        for session in (*self._holders, *self._sessions.values()):
            session.shown.clear()
        self._holders.clear()

    def _held_at(self, session: Session) -> str:
        officer = self.officer_at(session)
        if officer is None:
            raise Refusal("no_watch")
        return officer

    async def _note(self, versions: Iterable[Version]) -> None:
        """Note once for each version that it was shown: that is what ``ack`` elsewhere speaks of."""
        fresh = [one for one in versions if one not in self._noted]
        if fresh:
            self._noted |= set(fresh)
            with contextlib.suppress(KeepclearError):  # a journal that cannot be written is told by who takes in
                await asyncio.to_thread(self._console.desk.note_shown, *fresh)

    async def _display(self, one: Version, view: ConflictView, officer: str) -> None:
        """Sign that a conflict was displayed, if that is worth a word; a lost line has it said later."""
        said = not view.unanswered or view.state != Standing.OPEN or view.ours.displayed_at is not None
        desk = self._console.desk
        if said or ACKNOWLEDGE not in desk.exchange.roles:
            return
        try:
            await desk.acknowledge(view.conflict, officer=officer, stage="displayed", version=view.version)
        except Unavailable:
            self._displayed.discard(one)
            self._to_display[one] = None
        except KeepclearError:
            pass  # a newer version is shown soon, or the hotline has heard enough of this one
        finally:
            self._console.wake()

    def _do(self, deed: Any) -> None:
        task = asyncio.ensure_future(deed)
        self._deeds.add(task)
        task.add_done_callback(self._deeds.discard)

    def _say(self, what: str, officer: str, text: str) -> None:
        now = self._console.clock()
        facts = {"what": what, "when": told(now), "officer": officer}
        self._console.say("watch", f"{clock(now)} {text}", facts=facts)
