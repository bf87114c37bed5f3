"""Events put before somebody's eyes, as lines or as JSON: each is shown, whatever it holds, and then noted as shown.

Guaranteed: no event raises, so none can stop those behind it. One that cannot be worded is told as such, with all that
it says. That another desk of the same party has taken delivery too, or confirms a closing that one has confirmed, is
said once for each version; that one more try to connect has failed for the same reason, in the rhythm of reminders.
"""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from keepclear_protocol.acknowledgement import VERIFIED
from keepclear_protocol.errors import KeepclearError

from keepclear.desk.acknowledging import UNPROVEN
from keepclear.desk.blocking import Desk
from keepclear.desk.desk import AsyncDesk
from keepclear.desk.disclosed import disclosed_json
from keepclear.desk.events import AcknowledgementEvent, AlertEvent, Event, LinkEvent, ProblemEvent
from keepclear.desk.link import Link
from keepclear.desk.picture import Picture
from keepclear.desk.views import ConflictView
from keepclear.transport.client import now_instant

from . import out
from .fold import columns, folded
from .lines import conflict_line, event_json, event_line, is_alarm
from .notable import Ends, behind_words, ended_words, notable_lines, probing_words, slow_words, was_slow_words
from .plain import plain
from .reference import Reference
from .reminders import Reminder, Reminders
from .words import clock

NOTHING_TOLD = "no conflict has been told to this desk; silence is not safety"

REMEMBERED = 1_000
"""Deliveries that were said: those of the conflicts that can be on anybody's mind."""


REMINDED_AT_ONCE = 5
"""Lines of one reminder of many conflicts; the others are counted."""


class Teller:
    """Shows the events of one desk; places are told from ``reference`` too, if one is given."""

    def __init__(self, desk: AsyncDesk | Desk, *, as_json: bool = False, reference: Reference | None = None) -> None:
        self._desk = desk
        self._as_json = as_json
        self._reference = reference
        self._reminders = Reminders(now_instant())
        self._lost: str | None = None
        self._unread = False
        self._lags = (False, False)
        self._probing: dict[str, int] = {}
        self._ends = Ends()
        self._delivered: OrderedDict[tuple[str, str, int], None] = OrderedDict()

    def show(self, event: Event) -> None:
        """Show an event."""
        view, now = self._view(event), now_instant()
        if self._as_json:
            try:
                told = event_json(event, now, view, self._reference)
            except Exception as fault:
                told = {"shown_at_us": now, "event": "problem", "code": "journal", "detail": f"{fault}: {event}"}
            out.write_json(told)
        elif isinstance(event, LinkEvent):
            if event.up or event.detail != self._lost:
                out.note(event_line(event, now))
            self._lost = None if event.up else event.detail
        elif not self._said_before(event):
            self._say(event_line(event, now, view, self._reference, self._desk.party), bell=is_alarm(event))
        if isinstance(event, AlertEvent) and event.alert is not None:
            self._note((event.alert.conflict, event.alert.version))

    def restate(self, picture: Picture) -> None:
        """Show the conflicts of ``picture`` before anything else."""
        now = now_instant()
        if self._as_json:
            told = picture.to_json()
            for conflict in told["conflicts"]:
                conflict["their_volumes"] = disclosed_json(self._desk.disclosed(conflict["conflict"]))
            out.write_json({"shown_at_us": now, "event": "picture", **told})
        for view in () if self._as_json else picture.conflicts:
            self._say(conflict_line(view, now, self._reference))
        for line, _ in () if self._as_json else notable_lines(picture, now):
            self._say(f"{clock(now)} {line}")
        if not picture.conflicts and not self._as_json:
            out.note(NOTHING_TOLD)
        self._probing = {one.party: 2 * one.ours for one in picture.probing}
        self._note(*((view.conflict, view.version) for view in picture.conflicts))

    def remind(self) -> None:
        """Say again what is due to be said again; that the picture cannot be read is told once, until it can."""
        try:
            picture = self._desk.picture()
        except Exception as error:  # whatever it is, what comes must not be kept back by it
            if not self._unread:
                detail = error.detail if isinstance(error, KeepclearError) else f"{type(error).__name__}: {error}"
                self.show(ProblemEvent("journal", f"the picture cannot be read, so nothing is said again: {detail}"))
            self._unread = True
            return
        self._unread, now = False, now_instant()
        deadline_s = self._desk.exchange.agreement.deadlines.acknowledge_s
        link = self._desk.link()
        due = self._reminders.due(picture, link, deadline_s, now)
        self._note_behind(link, now)
        self._note_probing(picture, now)
        for over in self._ends.new(picture):
            self._note_or_json("budget_ended", over.to_json(), ended_words(over, picture.party, now), now)
        for one in due if self._as_json else ():
            out.write_json({"shown_at_us": now, **one.to_json()})
        if not self._as_json:
            self._say_again(due, now)

    def _note_behind(self, link: Link, now: int) -> None:
        """Say that this desk has fallen behind, or the hotline, and when that is over: the lines between are old."""
        (was_behind, was_slow), self._lags = self._lags, (link.is_behind, link.hotline_slow)
        told = {"behind": link.behind, "behind_of": dict(link.behind_of), "hotline_slow": link.hotline_slow}
        if link.is_behind != was_behind:
            words = behind_words(link) if link.is_behind else "CAUGHT UP: all that has come is read"
            self._note_or_json("behind", told, words, now)
        if link.hotline_slow_since is not None and not was_slow:
            self._note_or_json("behind", told, slow_words(link.hotline_slow_since), now)
        elif was_slow and not link.hotline_slow:
            was = link.hotline_was_slow[-1:]  # none where this machine's clock was set back
            self._note_or_json("behind", told, was_slow_words(was) if was else "the hotline is no longer slow", now)

    def _note_probing(self, picture: Picture, now: int) -> None:
        """Say once of each party that its short-lived notices have met many of ours, and again when twice as many."""
        self._probing = {one.party: self._probing.get(one.party, 0) for one in picture.probing}
        for one in picture.probing:
            if one.ours > self._probing[one.party]:
                self._probing[one.party] = 2 * one.ours
                self._note_or_json("probing", one.to_json(), probing_words(one, now), now)

    def _note_or_json(self, event: str, facts: dict[str, Any], words: str, now: int) -> None:
        if self._as_json:
            out.write_json({"shown_at_us": now, "event": event, **facts, "detail": words})
        else:
            self._say(f"{clock(now)} {words}", bell=event != "behind")

    def _say_again(self, due: Sequence[Reminder], now: int) -> None:
        conflicts = [(one.words, one.view) for one in due if one.view is not None]
        for link in (one for one in due if one.view is None):
            out.note(plain(f"{clock(now)} {link.words}"))
        for number, (words, view) in enumerate(conflicts[:REMINDED_AT_ONCE]):
            line = f"{clock(now)} {words}: {conflict_line(view, now, self._reference)}"
            self._say(line, bell=number == 0)
        if (left := len(conflicts) - REMINDED_AT_ONCE) > 0:
            self._say(f"{clock(now)} and {left} more that are overdue or have begun: keepclear conflicts lists them")

    @staticmethod
    def _say(line: str, *, bell: bool = False) -> None:
        first, *rest = folded(plain(line), columns())
        out.say(first, bell=bell)
        out.say(*rest)

    def _view(self, event: Event) -> ConflictView | None:
        try:
            return self._desk.view(event)
        except Exception:
            return None  # the line says what the event itself says

    def _note(self, *shown: tuple[str, int]) -> None:
        try:
            self._desk.note_shown(*shown)
        except KeepclearError as error:
            out.heading("error", error.detail)

    def _said_before(self, event: Event) -> bool:
        if not isinstance(event, AcknowledgementEvent) or event.acknowledgement is None or event.verdict != VERIFIED:
            return False
        ack = event.acknowledgement
        if ack.claims.iss == self._desk.party and ack.verdict == UNPROVEN:
            return True  # that no desk of ours can prove a closing is what CLOSED NOT CONFIRMED has said
        if not event.confirms and (ack.stage != "delivered" or ack.verdict != VERIFIED):
            return False
        name = "confirmed" if event.confirms else f"delivered {ack.claims.iss}", ack.conflict, ack.version
        before = name in self._delivered
        self._delivered[name] = None
        self._delivered.move_to_end(name)
        while len(self._delivered) > REMEMBERED:
            self._delivered.popitem(last=False)
        return before
