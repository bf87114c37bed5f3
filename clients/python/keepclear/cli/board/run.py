"""The board of a running watch: every second, and at each event and key, the screen is drawn anew from the picture.

Guaranteed: nothing between picture and terminal ends the watch. A picture that cannot be read leaves the last one
standing, which goes on to age, with the trouble named above it; a fault in drawing gives the terminal back, says so,
and lines go on. The terminal is left as it was found by return, error, Ctrl-C, SIGTERM and SIGHUP alike.
"""

import asyncio
import contextlib
import os
import signal
import sqlite3
from collections.abc import AsyncGenerator, Callable, Iterator

from keepclear_protocol.errors import KeepclearError
from keepclear_protocol.instant import SECOND

from keepclear.desk.desk import AsyncDesk
from keepclear.desk.events import AlertEvent, Event, LinkEvent, NoticeEvent, ProblemEvent
from keepclear.desk.picture import Picture
from keepclear.transport.client import now_instant

from .. import out
from ..conflict import record_lines
from ..lines import is_alarm, plain
from ..notable import Ends, ended_words
from ..words import clock
from .bell import BLIND, DANGER, POSSIBLE, Bell, Rhythm
from .blind import unwatched
from .cells import ALARM, GOOD, PLAIN
from .frame import Scene, draw
from .keys import Keys
from .last import LastPicture
from .look import Look
from .screen import Screen
from .state import DETAILS, STRIP, Acknowledge, Quit, SoundTest, State
from .strip import Of, Strip

ENDED_BY_SIGNAL = 128
TROUBLE_STAYS_S = 30

LEAST_FRAME_S = 0.05
"""Nobody sees more; a flood of events is drawn together, and leaves the loop to what brings them."""

Lines = Callable[[Event | None], None]
"""Shows an event as lines; of ``None``, what is open and what calls for somebody."""


class Board:
    """The board of one watch on one terminal. Where the screen cannot, ``lines`` shows events, ``again`` reminders."""

    def __init__(
        self, desk: AsyncDesk, screen: Screen, look: Look, officer: str | None, lines: Lines, again: Callable[[], None]
    ) -> None:
        self._desk = desk
        self._screen = screen
        self._look = look
        self._lines = lines
        self._again = again
        self._state = State(officer, strip=Strip(STRIP, desk.party))
        self._bell = Bell(now_instant())
        self._last = LastPicture(desk, now_instant())
        self._ends = Ends()
        self._noted: set[tuple[str, int]] = set()
        self._trouble_at: int | None = None
        self._wake = asyncio.Event()
        self._keyboard = Keys()
        self._quit = False
        self._signal: int | None = None
        self._deeds: set[asyncio.Task[None]] = set()
        self.broken = ""
        """Why there is no board any more, if there is none."""

    async def run(self, events: AsyncGenerator[Event, None], note: Callable[[Event], None]) -> int | None:
        """Show ``events`` until they end or somebody ends the watch; return the exit code of a signal, if one came."""
        await self._recall()
        self._screen.enter()
        following = asyncio.ensure_future(self._follow(events, note))
        following.add_done_callback(lambda _: self._wake.set())
        try:
            with self._signals(), self._keys():
                while not (self._quit or following.done() or self._signal):
                    self._tick()
                    self._wake.clear()
                    with contextlib.suppress(TimeoutError):
                        # The clock on the screen turns with the second, not some time after it.
                        async with asyncio.timeout(1.02 - now_instant() % SECOND / SECOND):
                            await asyncio.sleep(LEAST_FRAME_S)
                            await self._wake.wait()
            if following.done():
                following.result()
            return None if self._signal is None else ENDED_BY_SIGNAL + self._signal
        finally:
            self._screen.leave()
            for task in (following, *self._deeds):
                task.cancel()
            await asyncio.gather(following, *self._deeds, return_exceptions=True)

    async def _follow(self, events: AsyncGenerator[Event, None], note: Callable[[Event], None]) -> None:
        async for event in events:
            note(event)
            self._heard(event)
            self._wake.set()

    def _heard(self, event: Event) -> None:
        if self.broken:
            return self._lines(event)
        now = now_instant()
        if isinstance(event, ProblemEvent) and event.code == "journal":
            self._state.trouble, self._trouble_at = f"JOURNAL: {event.detail} ({event.code})", now
        forged = isinstance(event, AlertEvent) and event.alert is None
        if forged or (is_alarm(event) and not isinstance(event, AlertEvent | LinkEvent)):
            self._ring(DANGER)
        try:
            self._state.strip.add(event, now, self._of(event))
        except Exception as error:  # what cannot be worded is in the journal, and in the list above
            self._say(f"an event cannot be worded ({type(error).__name__}: {error})", ALARM)

    async def _recall(self) -> None:
        """Put before the first event what a watch before this one was told, and that nobody watched since."""
        now = now_instant()
        self._state.unwatched = unwatched(self._desk.journal.watched_until(), now)
        with contextlib.suppress(KeepclearError):  # without it there is a board all the same
            for event in await self._desk.past(STRIP):
                self._state.strip.recall(event, now, self._of(event))
        if self._state.unwatched is not None:
            self._state.strip.say(f"{clock(now)} this watch begins")

    def _of(self, event: Event) -> Of:
        """Return what the desk has of the conflict or notice that an event is of, if it can be read."""
        try:
            return self._desk.notice(event.sha256) if isinstance(event, NoticeEvent) else self._desk.view(event)
        except Exception:
            return None  # the words are those of the event itself

    @property
    def _picture(self) -> Picture:
        return self._last.picture

    def _tick(self) -> None:
        """Look at the clock: read the picture, ring what is due, draw."""
        now = now_instant()
        self._look_at_journal(now)
        link = self._desk.link()
        if (due := self._bell.due(self._picture, link, now)) is not None:
            self._ring(due)
        if self.broken:
            return self._again()
        for over in self._ends.new(self._picture):
            self._ring(DANGER)
            self._state.strip.say(plain(f"{clock(now)} {ended_words(over, self._picture.party, now)}"))
        try:
            self._state.looks(self._picture, link, now)
            columns, rows = self._screen.size()
            terms = self._desk.exchange.agreement
            deadline_s = terms.deadlines.acknowledge_s
            scene = Scene(self._picture, link, terms.name, now, self._record(now), deadline_s)
            frame = draw(scene, self._state, self._look, columns, rows)
            self._screen.paint(frame.lines, columns)
            self._state.drawn(frame.shown, self._picture, now)
            self._note_shown({(view.conflict, view.version) for view in frame.shown})
        except Exception as error:
            self._give_up(error)

    def _record(self, now: int) -> tuple[str, ...]:
        """Return the lines of the chosen conflict's whole record while its page is open."""
        view = self._state.chosen(self._picture, now) if self._state.page == DETAILS else None
        try:
            record = None if view is None else self._desk.record(view.conflict)
        except (KeepclearError, sqlite3.Error) as error:
            return (f"its record cannot be read: {error}",)
        return () if record is None else tuple(record_lines(record, now, brief=True))

    def _note_shown(self, shown: set[tuple[str, int]]) -> None:
        """Note once for each version that it stood on the screen: that is what ``ack`` elsewhere speaks of."""
        if fresh := shown - self._noted:
            with contextlib.suppress(KeepclearError):  # a journal that cannot be written is told by who takes in
                self._desk.note_shown(*fresh)
            self._noted |= fresh

    def _look_at_journal(self, now: int) -> None:
        if unread := self._last.look(now):
            self._state.trouble, self._trouble_at = f"JOURNAL: {unread}", now
        if self._trouble_at is not None and now - self._trouble_at > TROUBLE_STAYS_S * SECOND:
            self._state.trouble, self._trouble_at = "", None

    def _give_up(self, error: Exception) -> None:
        """Go on in lines: a board that cannot be drawn must not hide what comes."""
        self._screen.leave()
        self.broken = f"the board cannot be drawn ({type(error).__name__}: {error}); lines go on"
        self._lines(ProblemEvent("internal", self.broken))
        self._lines(None)

    def _ring(self, rhythm: Rhythm) -> None:
        if self.broken:
            out.ring()  # one stroke: a rhythm needs the board
        else:
            self._screen.ring(rhythm)

    def _pressed(self, descriptor: int) -> None:
        try:
            data = os.read(descriptor, 4096)
        except OSError:
            data = b""
        if not data:
            asyncio.get_running_loop().remove_reader(descriptor)
            return
        for key in self._keyboard.read(data):
            self._key(key)
        self._wake.set()

    def _key(self, key: str) -> None:
        match self._state.key(key, self._picture, now_instant()):
            case Quit():
                self._quit = True
            case SoundTest():
                for rhythm in (DANGER, POSSIBLE, BLIND):
                    self._ring(rhythm)
            case Acknowledge() as deed:
                task = asyncio.ensure_future(self._acknowledge(deed))
                self._deeds.add(task)
                task.add_done_callback(self._deeds.discard)

    async def _acknowledge(self, deed: Acknowledge) -> None:
        officer = self._state.officer or ""
        try:
            kept = self._desk.journal.conflict(deed.conflict)
            if kept is None or kept.version != deed.version:
                return self._say(f"{deed.code} has changed: read it again first", ALARM)
            await self._desk.acknowledge(deed.conflict, officer=officer, version=deed.version)
        except (KeepclearError, sqlite3.Error) as error:
            said = f"{error.detail} ({error.code})" if isinstance(error, KeepclearError) else str(error)
            self._say(f"{deed.code} NOT KNOWN TO BE ACKNOWLEDGED: {said}", ALARM)
        else:
            self._say(f"{deed.code} version {deed.version} acknowledged as {officer}", GOOD)

    def _say(self, text: str, style: str = PLAIN) -> None:
        self._state.say(text, style, now_instant())
        self._wake.set()

    @contextlib.contextmanager
    def _keys(self) -> Iterator[None]:
        loop, descriptor = asyncio.get_running_loop(), self._screen.keys
        if descriptor is None:
            yield
            return
        loop.add_reader(descriptor, self._pressed, descriptor)
        try:
            yield
        finally:
            loop.remove_reader(descriptor)

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        """End in order by a signal; look at the size again when it has changed."""
        loop = asyncio.get_running_loop()

        def ended(number: int) -> None:
            self._signal = number
            self._wake.set()

        numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        for number in numbers:
            loop.add_signal_handler(number, ended, number)
        loop.add_signal_handler(signal.SIGWINCH, self._wake.set)
        try:
            yield
        finally:
            for number in (*numbers, signal.SIGWINCH):
                loop.remove_signal_handler(number)
