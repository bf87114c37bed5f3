"""The last events in a few words each: what changed, of which conflict, by whom. The list above has the rest.

That something was delivered stands with its conflict and is left out here, and of a link that is lost only that it
was: each further try would push what matters out.
"""

import click
from keepclear_protocol.acknowledgement import VERIFIED
from keepclear_protocol.speakable import speakable

from keepclear.desk.events import AcknowledgementEvent, AlertEvent, Event, LinkEvent, NoticeEvent

from ..lines import event_line, plain
from ..words import clock


class Strip:
    """The last ``deep`` events."""

    def __init__(self, deep: int) -> None:
        self._deep = deep
        self._said: list[str] = []
        self._up: bool | None = None

    def add(self, event: Event, now: int) -> None:
        """Take in an event."""
        said = self._words(event, now)
        if isinstance(event, LinkEvent):
            self._up = event.up
        if said:
            self._said = [*self._said, said][-self._deep :]

    def last(self, count: int) -> list[str]:
        """Return the newest, oldest of them first."""
        return self._said[-count:]

    def _words(self, event: Event, now: int) -> str:
        at = clock(now)
        match event:
            case AlertEvent(alert=alert, verdict=verdict) if alert is not None and verdict == VERIFIED:
                code = speakable(alert.conflict)
                said = f"{event.standing} {code} with {alert.other.party}"
                why = {"open": f"{alert.severity}, {alert.lead}"}.get(alert.state, alert.reason or "")
                late = ", superseded meanwhile" if event.superseded else ""
                return plain(f"{at} {said}{f': {why}' if why else ''}{late}")
            case AcknowledgementEvent(acknowledgement=ack) if ack is not None and event.verdict == VERIFIED:
                doubt = ack.verdict != VERIFIED
                if ack.stage == "delivered" and not doubt:
                    return ""
                who = ack.claims.iss + (f" ({ack.officer})" if ack.officer else "")
                more = f", and their desk says {ack.verdict}" if doubt else ""
                return plain(f"{at} {speakable(ack.conflict)} {ack.stage} by {who}{more}")
            case NoticeEvent(verdict=verdict) if verdict == VERIFIED:
                return plain(f"{at} ours: {event.kind} {speakable(event.id)} revision {event.revision} filed")
            case LinkEvent(up=True):
                return plain(f"{at} connected{', ' + event.detail if event.detail else ''}")
            case LinkEvent() if self._up is False:
                return ""
            case LinkEvent():
                return plain(f"{at} LINK LOST: {event.detail}")
        return click.unstyle(event_line(event, now))
