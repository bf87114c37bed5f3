"""What a board remembers between two pictures: the selection, what was on the screen since when, the last events.

Pure: the instant is handed in. Guaranteed: what nobody of ours has answered is listed before all else; what is closed
is listed until it has stood on the screen for ``CLOSED_STAYS_S``; an acknowledgement comes out only after two keys, for
the version that stood on the screen for ``READ_S`` at least and is still the newest that this desk knows.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from keepclear_protocol.instant import SECOND

from keepclear.desk.link import Link
from keepclear.desk.picture import UNVERIFIED, ConflictView, Picture
from keepclear.verify.verdicts import Standing

from ..lines import sides_of
from ..plain import foreign
from ..words import clock, span, stamp, times
from .blind import Blindness, is_recent
from .cells import PLAIN, WARNING
from .strip import Strip

CLOSED_STAYS_S = 60
"""Seconds on the screen after which what is closed leaves: time to read it to somebody, twice."""

SELECTION_STAYS_S = 60
"""Seconds without a key after which the board turns to the top again, where the worst is."""

NOTE_STAYS_S = 20
READ_S = 1.0
"""What has stood on the screen for less cannot have been read, so it cannot be acknowledged."""

CONFIRM_S = 0.3
"""Keys that come sooner after the question were typed or pasted before it was read; they answer nothing."""

STRIP = 50
LIST, DETAILS, HELP = "list", "details", "help"


@dataclass(frozen=True, slots=True)
class Quit:
    """End the watch."""


@dataclass(frozen=True, slots=True)
class SoundTest:
    """Ring every pattern once."""


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """Sign that this version was received, read and understood."""

    conflict: str
    version: int
    code: str
    sides: str = ""


Deed = Quit | SoundTest | Acknowledge


@dataclass
class State:
    """The board's memory. ``officer`` is whose handle acknowledges, ``leaf`` how many lines space scrolls by."""

    officer: str | None = None
    page: str = LIST
    scrolled: int = 0
    leaf: int = 1
    selected: str | None = None
    asked: Acknowledge | Quit | None = None
    note: tuple[str, str] = ("", PLAIN)
    trouble: str = ""
    strip: Strip = field(default_factory=lambda: Strip(STRIP))
    unwatched: tuple[int, int] | None = None
    _asked_at: int = 0
    _note_at: int = 0
    _key_at: int = 0
    _blindness: Blindness = field(default_factory=Blindness)
    _shown: dict[tuple[str, int], int] = field(default_factory=dict)

    @property
    def blind(self) -> list[tuple[int, int]]:
        """From when to when this board was blind, each time."""
        return self._blindness.spans

    def listed(self, picture: Picture, now: int) -> list[ConflictView]:
        """Return what the board lists: unanswered before answered before what is over, else as the picture has it."""
        views = [view for view in picture.conflicts if not self._leaves(view, now)]
        return sorted(views, key=lambda view: (not calls(view), _over(view)))

    def drawn(self, views: Sequence[ConflictView], picture: Picture, now: int) -> None:
        """Remember what has stood on the screen."""
        for view in views:
            self._shown.setdefault((view.conflict, view.version), now)
        if len(self._shown) > 2 * len(picture.conflicts) + STRIP:
            known = {(view.conflict, view.version) for view in picture.conflicts}
            self._shown = {key: at for key, at in self._shown.items() if key in known}

    def looks(self, picture: Picture, link: Link, now: int) -> None:
        """Note what time and the link have changed."""
        self._blindness.looks(link, now)
        if now - self._note_at > NOTE_STAYS_S * SECOND:
            self.note = ("", PLAIN)
        if now - self._key_at > SELECTION_STAYS_S * SECOND and (self.page == LIST or self._hides(picture)):
            self.page, self.scrolled, self.selected, self.asked = LIST, 0, None, None
        if isinstance(self.asked, Acknowledge) and self._changed(self.asked, picture):
            self.say(f"{self.asked.code} has changed or is over: read it again first", WARNING, now)
            self.asked = None

    def say(self, text: str, style: str, now: int) -> None:
        """Show a sentence for a while."""
        self.note, self._note_at = (text, style), now

    def key(self, key: str, picture: Picture, now: int) -> Deed | None:
        """Take in a key, and return what is to be done for it, if anything."""
        self._key_at = now
        if self.asked is not None:
            early = now - self._asked_at < CONFIRM_S * SECOND
            return None if early else self._confirmed(self.asked, key, picture, now)
        if key == "q":
            self.asked, self._asked_at = Quit(), now
            return None
        if key == "s":
            self.say("sound test: first danger unanswered, then what cannot be excluded, then link lost", PLAIN, now)
            return SoundTest()
        if self.page != LIST and key != "a":
            self._page_key(key)
        else:
            self._list_key(key, picture, now)
        return None

    def chosen(self, picture: Picture, now: int) -> ConflictView | None:
        """Return the selected conflict, or what stands at the top where none is selected."""
        listed = self.listed(picture, now)
        found = [view for view in listed if view.conflict == self.selected]
        return next(iter(found or listed), None)

    def _page_key(self, key: str) -> None:
        if key in ("enter", "escape", "?"):
            self.page, self.scrolled = LIST, 0
        elif by := {"j": 1, "k": -1, "space": self.leaf, "b": -self.leaf}.get(key):
            self.scrolled = max(0, self.scrolled + by)

    def _hides(self, picture: Picture) -> bool:
        """Whether something calls for somebody that the open page is not of."""
        own = self.selected if self.page == DETAILS else None
        return any(calls(view) and view.conflict != own for view in picture.conflicts)

    def _list_key(self, key: str, picture: Picture, now: int) -> None:
        match key:
            case "j" | "k":
                ids = [view.conflict for view in self.listed(picture, now)]
                if ids and self.selected in ids:
                    at = ids.index(self.selected) + (1 if key == "j" else -1)
                    self.selected = ids[max(0, min(len(ids) - 1, at))]
                elif ids:
                    self.selected = ids[0]
            case "enter" if (view := self.chosen(picture, now)) is not None:
                self.page, self.scrolled, self.selected = DETAILS, 0, view.conflict
            case "?":
                self.page, self.scrolled = HELP, 0
            case "escape":
                self.selected = None
            case "a":
                self._ask(self.chosen(picture, now), now)

    def _ask(self, view: ConflictView | None, now: int) -> None:
        if view is None:
            return self.say("there is nothing to acknowledge", PLAIN, now)
        if self.officer is None:
            words = f"name yourself with --officer to acknowledge here; or: keepclear ack {view.code} --officer HANDLE"
            return self.say(words, WARNING, now)
        if not view.unanswered:
            return self.say(_needs_none(view), PLAIN, now)
        since = self._shown.get((view.conflict, view.version))
        if since is None or now - since < READ_S * SECOND:
            return self.say(f"{view.code} has only just appeared: read it first", WARNING, now)
        self.selected = view.conflict
        self.asked, self._asked_at = Acknowledge(view.conflict, view.version, view.code, sides_of(view)), now

    def _confirmed(self, asked: Acknowledge | Quit, key: str, picture: Picture, now: int) -> Deed | None:
        self.asked = None
        if isinstance(asked, Quit):
            if key == "y":
                return asked
            self.say("the watch goes on", PLAIN, now)
            return None
        if key != "y":
            self.say("not acknowledged", PLAIN, now)
            return None
        if self._changed(asked, picture):
            self.say(f"{asked.code} has changed or is over: read it again first", WARNING, now)
            return None
        self.say(f"signing for {asked.code} ...", PLAIN, now)
        return asked

    @staticmethod
    def _changed(asked: Acknowledge, picture: Picture) -> bool:
        found = [view for view in picture.conflicts if view.conflict == asked.conflict]
        return not found or found[0].version != asked.version or not found[0].unanswered

    def _leaves(self, view: ConflictView, now: int) -> bool:
        if not _over(view) or view.unanswered:
            return False
        since = self._shown.get((view.conflict, view.version))
        return since is not None and now - since > CLOSED_STAYS_S * SECOND

    def unwatched_words(self, now: int) -> str | None:
        """Return from when to when nobody watched at this desk before this watch began."""
        if self.unwatched is None or not is_recent(self.unwatched, now):
            return None
        begin, end = self.unwatched
        times = f"from {stamp(begin, now)} to {stamp(end, now)} ({span((end - begin) / SECOND)})"
        return f"nobody watched at this desk {times}: read what came since"

    def blind_words(self) -> str | None:
        """Return from when to when this board was blind, and for how long, each time."""
        return times(self.blind) if self.blind else None


def _needs_none(view: ConflictView) -> str:
    if view.ours.acknowledged_at is None:
        return f"{view.code} is over and asks for no answer"
    by = f" by {foreign(view.ours.acknowledged_by)}" if view.ours.acknowledged_by else ""
    return f"{view.code} has its answer: acknowledged {clock(view.ours.acknowledged_at)}{by}"


def calls(view: ConflictView) -> bool:
    """Whether the conflict calls for somebody: nobody of ours has answered, or what was said of it does not hold."""
    return view.unanswered or view.state == UNVERIFIED or view.alarm is not None


def _over(view: ConflictView) -> bool:
    return view.state in (Standing.CLOSED, Standing.PAST) and not view.alarm
