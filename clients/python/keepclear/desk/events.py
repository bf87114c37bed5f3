"""What a desk tells its subscribers. Each event can be kept and read back, so that none is lost in a crash."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from keepclear_protocol.acknowledgement import VERIFIED, Acknowledgement
from keepclear_protocol.alert import Alert
from keepclear_protocol.instant import parse_instant
from keepclear_protocol.volume import Volume

from ..journal.kept import OverNow
from ..wire.answers import AlertObject
from .disclosed import disclosed, disclosed_json


@dataclass(frozen=True, slots=True)
class AlertEvent:
    """An alert, with what this desk makes of it.

    ``verdict`` is ``verified`` or the code of what is wrong, ``detail`` says it in words. ``alert`` is ``None`` where
    not even the service's signature verifies. ``standing`` is what the alert makes of the conflict. An alert that is
    ``superseded`` came after a newer one was learnt another way, which is no fault.
    """

    object: AlertObject
    alert: Alert | None
    verdict: str
    detail: str
    standing: str | None
    superseded: bool = False

    @property
    def their_volumes(self) -> tuple[Volume, ...]:
        """The counterpart's volumes that the alert discloses: their own word where ``verdict`` is ``verified``."""
        return tuple(item.volume for item in disclosed(self.object.presentation))

    def to_json(self) -> dict[str, Any]:
        """Return the event for scripts, with the disclosed volumes in F3548's JSON, and the exact statements."""
        alert = self.alert
        said: dict[str, Any] = {}
        if alert is not None:
            said = {
                "conflict": alert.conflict,
                "version": alert.version,
                "state": alert.state,
                "reason": alert.reason,
                "severity": alert.severity,
                "lead": alert.lead,
                "own": alert.own.to_json(),
                "other": alert.other.to_json(),
                "pairs": list(alert.pairs),
            }
        return {
            "event": "alert",
            "verdict": self.verdict,
            "detail": self.detail,
            "standing": self.standing,
            "superseded": self.superseded,
            **said,
            "their_volumes": disclosed_json(disclosed(self.object.presentation)),
            "object": self.object.to_json(),
        }


@dataclass(frozen=True, slots=True)
class AcknowledgementEvent:
    """An acknowledgement, the counterpart's or another own desk's. ``acknowledgement`` is ``None`` if it is forged.

    ``confirms``: with it the counterpart's desk confirms a closing that nothing else proves.
    """

    raw: str
    acknowledgement: Acknowledgement | None
    verdict: str
    detail: str
    confirms: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return the event for scripts, with the exact statement."""
        said: dict[str, Any] = {}
        if (ack := self.acknowledgement) is not None:
            said = {
                "party": ack.claims.iss,
                "conflict": ack.conflict,
                "version": ack.version,
                "stage": ack.stage,
                "officer": ack.officer,
                "kid": ack.kid,
                "iat": ack.claims.iat,
                "their_verdict": ack.verdict,
            }
        return {
            "event": "acknowledgement",
            "verdict": self.verdict,
            "detail": self.detail,
            "confirms": self.confirms,
            **said,
            "statement": self.raw,
        }


@dataclass(frozen=True, slots=True)
class NoticeEvent:
    """A notice or withdrawal of the party's own was admitted, from whichever desk."""

    kind: str
    id: str
    revision: int
    sha256: str
    verdict: str = VERIFIED
    detail: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the event for scripts."""
        return {
            "event": "notice",
            "kind": self.kind,
            "id": self.id,
            "revision": self.revision,
            "sha256": self.sha256,
            "verdict": self.verdict,
            "detail": self.detail,
        }


@dataclass(frozen=True, slots=True)
class BudgetEvent(OverNow):
    """The service said that a party is over a budget. Its signature holds; what does not hold is a ``ProblemEvent``."""

    def to_json(self) -> dict[str, Any]:
        """Return the event for scripts, with the exact statement."""
        return {"event": "budget", **OverNow.to_json(self)}


@dataclass(frozen=True, slots=True)
class GapEvent:
    """The stream could not go on from where the desk was; everything was read again."""

    reason: str

    def to_json(self) -> dict[str, Any]:
        """Return the event for scripts."""
        return {"event": "gap", "reason": self.reason}


@dataclass(frozen=True, slots=True)
class ProblemEvent:
    """Something is wrong that is not one alert's: a stable code and plain words."""

    code: str
    detail: str

    def to_json(self) -> dict[str, Any]:
        """Return the event for scripts."""
        return {"event": "problem", "code": self.code, "detail": self.detail}


@dataclass(frozen=True, slots=True)
class LinkEvent:
    """The stream is open (``up``), or was lost and will be tried again after ``retry_s``."""

    up: bool
    detail: str = ""
    retry_s: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """Return the event for scripts."""
        return {"event": "link", "up": self.up, "detail": self.detail, "retry_s": round(self.retry_s, 1)}


@dataclass(frozen=True, slots=True)
class TermsEvent:
    """This desk has gone over to a revision of the agreement that is in force; it is not kept, like a link's change."""

    revision: int
    terms: str
    fingerprint: str

    @property
    def detail(self) -> str:
        """What happened, in plain words."""
        return f"revision {self.revision} of the agreement is in force, and this desk has gone over to it"

    def to_json(self) -> dict[str, Any]:
        """Return the event for scripts."""
        named = {"revision": self.revision, "terms": self.terms, "fingerprint": self.fingerprint}
        return {"event": "terms", **named, "detail": self.detail}


Event = (
    AlertEvent
    | AcknowledgementEvent
    | NoticeEvent
    | BudgetEvent
    | GapEvent
    | ProblemEvent
    | LinkEvent
    | TermsEvent
)


def to_journal(event: Event) -> dict[str, Any]:
    """Return the event as it is kept in a desk's own journal, which has the alert object besides."""
    if not isinstance(event, AlertEvent):
        return event.to_json()
    rest = {"verdict": event.verdict, "detail": event.detail, "standing": event.standing}
    return {"event": "alert", "digest": event.object.digest, **rest, "superseded": event.superseded}


def from_journal(
    value: Mapping[str, Any],
    find_object: Callable[[str], tuple[AlertObject, Alert | None]],
    open_kept: Callable[[str], Acknowledgement],
) -> Event:
    """Return the event that ``to_journal`` gave. ``find_object`` knows the alert objects by their digests."""
    match value["event"]:
        case "alert":
            rest = value["verdict"], value["detail"], value["standing"], value["superseded"]
            return AlertEvent(*find_object(value["digest"]), *rest)
        case "acknowledgement":
            raw = value["statement"]
            # One that not even opened says nothing of its stage.
            ack = open_kept(raw) if "stage" in value else None
            return AcknowledgementEvent(raw, ack, value["verdict"], value["detail"], value.get("confirms", False))
        case "notice":
            return NoticeEvent(**{name: value[name] for name in NoticeEvent.__slots__})
        case "budget":
            times = parse_instant(value["since"]), parse_instant(value["until"])
            return BudgetEvent(value["party"], value["budget"], *times, value["statement"])
        case "gap":
            return GapEvent(value["reason"])
    return ProblemEvent(value["code"], value["detail"])
