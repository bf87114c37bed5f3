"""The last events in a few words each: what changed, of which conflict, by whom. The list above has the rest.

Each has the time at which it happened, as its signature says; where this desk learnt of it later, also when that was.
That something was delivered stands with its conflict and is left out here, and of a link that is lost only that it
was: each further try would push what matters out.
"""

import click
from keepclear_protocol.acknowledgement import VERIFIED
from keepclear_protocol.instant import SECOND
from keepclear_protocol.kinds import NOTICE
from keepclear_protocol.speakable import speakable

from keepclear.desk.acknowledging import UNPROVEN
from keepclear.desk.events import AcknowledgementEvent, AlertEvent, Event, LinkEvent, NoticeEvent
from keepclear.desk.notices import NoticeRecord
from keepclear.desk.views import ConflictView

from ..lines import event_line, notice_facts, plain, why_closed
from ..plain import foreign
from ..words import clock, stamp

LATE_S = 30
"""What this desk learnt of later than that is told with both times: a slow line takes seconds."""

Of = ConflictView | NoticeRecord | None
"""What the desk has of the conflict or the own notice that an event is of."""


class Strip:
    """The last ``deep`` events, as ``party`` reads them."""

    def __init__(self, deep: int, party: str = "") -> None:
        self._deep = deep
        self._party = party
        self._said: list[str] = []
        self._up: bool | None = None
        self._told_here = True

    def recall(self, event: Event, now: int, of: Of = None) -> str:
        """Take in an event that a watch before this one was told; return its line, if it has one."""
        if not isinstance(event, AlertEvent | AcknowledgementEvent) and not isinstance(of, NoticeRecord):
            return ""
        self._told_here = False
        said = self.add(event, of.filed_at if isinstance(of, NoticeRecord) else now, of)
        self._told_here = True
        return said

    def say(self, text: str) -> None:
        """Take in a line of the board's own."""
        self._said = [*self._said, text][-self._deep :]

    def add(self, event: Event, now: int, of: Of = None) -> str:
        """Take in an event; return its line, if it has one."""
        said = self._words(event, now, of)
        if isinstance(event, LinkEvent):
            self._up = event.up
        if said:
            self.say(said)
        return said

    def last(self, count: int) -> list[str]:
        """Return the newest, oldest of them first."""
        return self._said[-count:]

    def _words(self, event: Event, now: int, of: Of) -> str:
        view = of if isinstance(of, ConflictView) else None
        match event:
            case AlertEvent(alert=alert, verdict=verdict) if alert is not None and verdict == VERIFIED:
                code = speakable(alert.conflict)
                ours = f" {foreign(view.own_callsign)}" if view is not None and view.own_callsign else ""
                said = f"{event.standing} {code}{ours} with {alert.other.party}"
                open_ = f"{alert.severity}, {(alert.lead or '').replace('_', ' ')}"
                by = None if view is None else view.by
                closed = why_closed(alert.reason, by, alert.other.party) if alert.reason else ""
                why = open_ if alert.state == "open" else closed
                late = ", superseded meanwhile" if event.superseded else ""
                return plain(f"{self._at(alert.at, now)} {said}{f': {why}' if why else ''}{late}")
            case AcknowledgementEvent(acknowledgement=ack) if ack is not None and event.verdict == VERIFIED:
                return self._answer(event, now, view)
            case NoticeEvent(verdict=verdict) if verdict == VERIFIED:
                facts = notice_facts(of, now) if isinstance(of, NoticeRecord) else ""
                what = f"{speakable(event.id)}{f' {facts}' if facts else ''}"
                revision = f", revision {event.revision}" if event.revision > 1 else ""
                did = "we filed" if event.kind == NOTICE.name else "we withdrew"
                return plain(f"{clock(now)} {did} {what}{revision}")
            case LinkEvent(up=True):
                return plain(f"{clock(now)} connected{', ' + event.detail if event.detail else ''}")
            case LinkEvent() if self._up is False:
                return ""
            case LinkEvent():
                return plain(f"{clock(now)} LINK LOST: {event.detail}")
        return click.unstyle(event_line(event, now, party=self._party))

    def _answer(self, event: AcknowledgementEvent, now: int, view: ConflictView | None) -> str:
        ack = event.acknowledgement
        if ack is None:
            return ""
        who, at = ack.claims.iss, self._at(ack.claims.iat * SECOND, now)
        ours = f" {foreign(view.own_callsign)}" if view is not None and view.own_callsign else ""
        named = f"{speakable(ack.conflict)}{ours}"
        if event.confirms:
            return plain(f"{at} CONFIRMED CLOSED {named}: signed by {who}'s desk")
        is_ours = who == self._party
        # That no desk of ours can prove a closing is what CLOSED NOT CONFIRMED says already.
        unproven = ack.verdict == UNPROVEN
        doubt = ack.verdict != VERIFIED and not (is_ours and unproven)
        if ack.stage == "delivered" and not doubt:
            return ""
        by = f" ({foreign(ack.officer)})" if ack.officer else ""
        whose = "another desk of ours" if is_ours else "their desk"
        says = "cannot tell by itself that it is clear, until ours confirms it" if unproven else f"says {ack.verdict}"
        more = f", and {whose} {says}" if doubt else ""
        return plain(f"{at} {named} {ack.stage} by {who}{by}{more}")

    def _at(self, at: int, now: int) -> str:
        late = f" (told here {clock(now)})" if self._told_here and now - at > LATE_S * SECOND else ""
        return stamp(min(at, now), now) + late
