"""What arrives on the stream, as typed values.

Not guaranteed: that what is inside is true. Statements are carried as their exact text and verified elsewhere. What
cannot be read is ``Unreadable``, shown as a problem; what is of a kind that this version does not know is ``Passing``.
"""

from dataclasses import dataclass

from keepclear_protocol.errors import EvidenceInvalid
from keepclear_protocol.kinds import ACKNOWLEDGEMENT, ALERT, BUDGET, NOTICE, OPENING

from .answers import AlertObject, own_statement, read_object, text_of
from .sse import ServerEvent

DRAIN_MS = 500
"""Milliseconds to wait where a service that is stopping names none."""


@dataclass(frozen=True, slots=True)
class OpenArrived:
    """The stream's first word, as its exact text."""

    opening: str


@dataclass(frozen=True, slots=True)
class AlertArrived:
    """An alert came on the stream."""

    object: AlertObject


@dataclass(frozen=True, slots=True)
class AcknowledgementArrived:
    """An acknowledgement came on the stream, as its exact text."""

    acknowledgement: str


@dataclass(frozen=True, slots=True)
class NoticeArrived:
    """A statement of the party's own, from any of its desks."""

    notice: str | None
    withdrawal: str | None
    receipt: str


@dataclass(frozen=True, slots=True)
class BudgetArrived:
    """The service's word that a party is over a budget, as its exact text."""

    budget: str


@dataclass(frozen=True, slots=True)
class GapArrived:
    """The stream cannot go on from where we were: everything must be read again."""

    reason: str


@dataclass(frozen=True, slots=True)
class DrainArrived:
    """The service is stopping; connect again after ``retry_ms``."""

    retry_ms: int


@dataclass(frozen=True, slots=True)
class SlowArrived:
    """The hotline says that what is filed now may be told late."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An event that we cannot read: shown as a problem, never dropped."""

    detail: str


@dataclass(frozen=True, slots=True)
class Passing:
    """An event of a kind that this version does not know. Where it is numbered, the position moves over it."""

    kind: str


Arrival = (
    OpenArrived
    | AlertArrived
    | AcknowledgementArrived
    | NoticeArrived
    | BudgetArrived
    | GapArrived
    | DrainArrived
    | SlowArrived
    | Unreadable
    | Passing
)


def read_arrival(event: ServerEvent) -> Arrival:
    """Return what an event of the stream says."""
    try:
        match event.event:
            case OPENING.event:
                return OpenArrived(text_of(read_object(_data(event)), OPENING.name))
            case ALERT.event:
                return AlertArrived(AlertObject.read(read_object(_data(event))))
            case ACKNOWLEDGEMENT.event:
                return AcknowledgementArrived(text_of(read_object(_data(event)), "acknowledgement"))
            case NOTICE.event:
                return NoticeArrived(*own_statement(read_object(_data(event))))
            case BUDGET.event:
                return BudgetArrived(text_of(read_object(_data(event)), BUDGET.name))
            case "gap":
                return GapArrived(text_of(read_object(_data(event)), "reason")[:40])
            case "drain":
                return DrainArrived(event.retry_ms if event.retry_ms is not None else DRAIN_MS)
            case "slow":
                return SlowArrived()
    except EvidenceInvalid as error:
        return Unreadable(f"{event.event[:40]}: {error.detail}")
    return Passing(event.event[:40])


def _data(event: ServerEvent) -> bytes:
    return event.data.encode("utf-8", "replace")
