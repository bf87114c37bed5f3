"""Events put before somebody's eyes, as lines or as JSON: each is shown, whatever it holds, and then noted as shown.

Guaranteed: no event raises, so none can stop those behind it. One that cannot be worded is told as such, with all that
it says. That another desk of the same party has taken delivery too, or confirms a
closing that one has confirmed, is said once for each version.
"""

from collections import OrderedDict

from keepclear_protocol.acknowledgement import VERIFIED
from keepclear_protocol.errors import KeepclearError

from keepclear.desk.acknowledging import UNPROVEN
from keepclear.desk.blocking import Desk
from keepclear.desk.desk import AsyncDesk
from keepclear.desk.disclosed import disclosed_json
from keepclear.desk.events import AcknowledgementEvent, AlertEvent, Event, LinkEvent
from keepclear.desk.picture import Picture
from keepclear.desk.views import ConflictView
from keepclear.transport.client import now_instant

from . import out
from .lines import conflict_line, event_json, event_line, is_alarm

NOTHING_TOLD = "no conflict has been told to this desk; silence is not safety"

REMEMBERED = 1_000
"""Deliveries that were said: those of the conflicts that can be on anybody's mind."""


class Teller:
    """Shows the events of one desk."""

    def __init__(self, desk: AsyncDesk | Desk, *, as_json: bool = False) -> None:
        self._desk = desk
        self._as_json = as_json
        self._delivered: OrderedDict[tuple[str, str, int], None] = OrderedDict()

    def show(self, event: Event) -> None:
        """Show an event."""
        view, now = self._view(event), now_instant()
        if self._as_json:
            try:
                told = event_json(event, now, view)
            except Exception as fault:
                told = {"shown_at_us": now, "event": "problem", "code": "journal", "detail": f"{fault}: {event}"}
            out.write_json(told)
        elif isinstance(event, LinkEvent):
            out.note(event_line(event, now))
        elif not self._said_before(event):
            out.say(event_line(event, now, view), bell=is_alarm(event))
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
            out.say(conflict_line(view, now))
        if not picture.conflicts and not self._as_json:
            out.note(NOTHING_TOLD)
        self._note(*((view.conflict, view.version) for view in picture.conflicts))

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
