"""What the hotline says, as typed values: answers of its doors, events of its stream, its problem documents.

Guaranteed: an answer that is not of the shape the wire demands raises ``EvidenceInvalid``; a problem document becomes
the error of its code, also when we do not know that code; something that is not the hotline's raises ``Unavailable``.
Not guaranteed: that what is inside is true. Statements are carried as their exact text and verified elsewhere
(receipts in ``exchange``, alerts in ``verdicts``).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from keepclear_protocol.encoding import digest, dump_json, parse_json
from keepclear_protocol.errors import (
    CODES,
    EvidenceInvalid,
    Forbidden,
    KeepclearError,
    Malformed,
    OutOfStep,
    Refused,
    Unavailable,
)
from keepclear_protocol.receipt import Receipt

from .sse import ServerEvent

MAX_ANSWER_BYTES = 64 * 1024 * 1024
"""A snapshot of 10 000 conflicts at about 4 KB each is 40 MB."""

_CURSOR = re.compile(r"([0-9a-f]{32})-(0|[1-9][0-9]{0,15})\Z")
_CODE = re.compile(r"[a-z][a-z0-9_]{0,63}\Z")


@dataclass(frozen=True, slots=True)
class Cursor:
    """A position in a party's stream: the life of the store and the number of the last event."""

    epoch: str
    number: int

    @classmethod
    def parse(cls, text: object) -> "Cursor":
        """Return the cursor of ``<epoch>-<number>``; raise ``EvidenceInvalid`` with ``evidence``."""
        match = _CURSOR.match(text) if isinstance(text, str) else None
        if match is None:
            raise EvidenceInvalid("evidence", "the hotline named a stream position that is none")
        return cls(match[1], int(match[2]))

    def __str__(self) -> str:
        return f"{self.epoch}-{self.number}"


@dataclass(frozen=True, slots=True)
class AlertObject:
    """An alert as it travels: the service's statement, the counterpart's presentation, the cause of a closing."""

    alert: str
    presentation: str | None
    cause: str | None

    @classmethod
    def read(cls, value: object) -> "AlertObject":
        """Return the alert object of parsed JSON; raise ``EvidenceInvalid`` with ``evidence``."""
        match value:
            case {"alert": str(alert), "presentation": str() | None as shown, "cause": str() | None as cause}:
                return cls(alert, shown, cause)
        raise EvidenceInvalid("evidence", "what should be an alert object is none")

    def to_json(self) -> dict[str, Any]:
        """Return the object as it travels."""
        return {"alert": self.alert, "presentation": self.presentation, "cause": self.cause}

    @property
    def digest(self) -> str:
        """The identity of all three together: the same alert may come with another presentation."""
        return digest(dump_json([self.alert, self.presentation, self.cause]))


@dataclass(frozen=True, slots=True)
class Admission:
    """A statement was made durable, logged and matched; ``alerts`` are those that it caused to its sender."""

    receipt: Receipt
    alerts: tuple[AlertObject, ...]


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """One of the party's own notices as the service has it; ``state`` is live, ended or withdrawn."""

    id: str
    revision: int
    sha256: str
    state: str


@dataclass(frozen=True, slots=True)
class Notices:
    """All own notices, and the stream position for which they are good."""

    at: Cursor
    notices: tuple[NoticeRow, ...]


@dataclass(frozen=True, slots=True)
class NoticeView:
    """One own notice: its newest bytes, or its withdrawal, with the receipt as its exact text."""

    at: Cursor
    notice: str | None
    withdrawal: str | None
    receipt: str


@dataclass(frozen=True, slots=True)
class ConflictRow:
    """The newest alert of a conflict, and the acknowledgements of it as their exact texts."""

    object: AlertObject
    acknowledgements: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Conflicts:
    """The newest alert of every conflict of the party, and the stream position for which they are good."""

    at: Cursor
    conflicts: tuple[ConflictRow, ...]


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
class GapArrived:
    """The stream cannot go on from where we were: everything must be read again."""

    reason: str


@dataclass(frozen=True, slots=True)
class DrainArrived:
    """The service is stopping; connect again after ``retry_ms``."""

    retry_ms: int


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An event that we cannot read: shown as a problem, never dropped."""

    detail: str


Arrival = AlertArrived | AcknowledgementArrived | NoticeArrived | GapArrived | DrainArrived | Unreadable


class UnknownProblem(Refused):
    """A problem with a code that this version does not know; ``code`` and ``status`` are the service's."""

    def __init__(self, code: str, status: int, detail: str) -> None:
        super().__init__(code, detail or "the hotline refused for a reason that this version does not know")
        self._status = status

    @property
    def status(self) -> int:
        """The HTTP status that the service gave."""
        return self._status


def read_problem(status: int, body: bytes) -> KeepclearError:
    """Return the error that a problem document (RFC 9457) stands for."""
    try:
        problem = parse_json(body, max_bytes=MAX_ANSWER_BYTES)
    except Malformed:
        problem = None
    code = problem.get("code") if isinstance(problem, dict) else None
    if not isinstance(code, str) or not _CODE.match(code):
        hint = "is the address right, and does a proxy stand between?"
        return Unavailable("unreachable", f"something other than the hotline answered with {status}", hint=hint)
    detail = problem.get("detail")
    detail = detail[:500] if isinstance(detail, str) else ""
    known = CODES.get(code)
    if known is None:
        return UnknownProblem(code, status, detail)
    return _KINDS.get(known.status, Malformed)(code, detail)


# 401 is a plain refusal here: NotAuthentic is what this side says of statements, and the hotline said it of ours.
_KINDS: Mapping[int, type[KeepclearError]] = {
    401: Refused,
    403: Forbidden,
    409: OutOfStep,
    500: Unavailable,
    503: Unavailable,
}


def read_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object of a successful answer; raise ``EvidenceInvalid`` with ``evidence``."""
    try:
        value = parse_json(body, max_bytes=MAX_ANSWER_BYTES)
    except Malformed as error:
        raise EvidenceInvalid("evidence", f"the hotline's answer cannot be read: {error.detail}") from None
    if not isinstance(value, dict):
        raise EvidenceInvalid("evidence", "the hotline's answer is not an object")
    return value


def read_notices(body: bytes) -> Notices:
    """Return the answer of ``GET /v1/notices``; raise ``EvidenceInvalid``."""
    answer = read_object(body)
    return Notices(Cursor.parse(answer.get("at")), tuple(map(_notice_row, _list(answer, "notices"))))


def read_notice(body: bytes) -> NoticeView:
    """Return the answer of ``GET /v1/notices/{id}``; raise ``EvidenceInvalid``."""
    answer = read_object(body)
    notice, withdrawal, receipt = _own_statement(answer)
    return NoticeView(Cursor.parse(answer.get("at")), notice, withdrawal, receipt)


def read_conflicts(body: bytes) -> Conflicts:
    """Return the answer of ``GET /v1/conflicts``; raise ``EvidenceInvalid``."""
    answer = read_object(body)
    return Conflicts(Cursor.parse(answer.get("at")), tuple(map(_conflict_row, _list(answer, "conflicts"))))


def read_alerts(answer: Mapping[str, Any]) -> tuple[AlertObject, ...]:
    """Return the alert objects beside a receipt; raise ``EvidenceInvalid``."""
    return tuple(map(AlertObject.read, _list(answer, "alerts"))) if "alerts" in answer else ()


def read_arrival(event: ServerEvent) -> Arrival | None:
    """Return what an event of the stream says; ``None`` for kinds that this version does not know."""
    try:
        data = read_object(event.data.encode("utf-8", "replace"))
        match event.event:
            case "alert":
                return AlertArrived(AlertObject.read(data))
            case "acknowledgement":
                return AcknowledgementArrived(_text(data, "acknowledgement"))
            case "notice":
                return NoticeArrived(*_own_statement(data))
            case "gap":
                return GapArrived(_text(data, "reason")[:40])
            case "drain":
                return DrainArrived(event.retry_ms if event.retry_ms is not None else 500)
    except EvidenceInvalid as error:
        return Unreadable(f"{event.event[:40]}: {error.detail}")
    return None


def _own_statement(value: Mapping[str, Any]) -> tuple[str | None, str | None, str]:
    notice, withdrawal = value.get("notice"), value.get("withdrawal")
    if not isinstance(notice, str | None) or not isinstance(withdrawal, str | None):
        raise EvidenceInvalid("evidence", "an own statement must be a text")
    if notice is None and withdrawal is None:
        raise EvidenceInvalid("evidence", "an own notice without any statement")
    return notice, withdrawal, _text(value, "receipt")


def _notice_row(value: object) -> NoticeRow:
    match value:
        case {"id": str(id), "revision": int(revision), "sha256": str(sha256), "state": str(state)}:
            return NoticeRow(id, revision, sha256, state)
    raise EvidenceInvalid("evidence", "a row of the notices cannot be read")


def _conflict_row(value: object) -> ConflictRow:
    match value:
        case {"acknowledgements": list(texts)} if all(isinstance(text, str) for text in texts):
            return ConflictRow(AlertObject.read(value), tuple(texts))
    raise EvidenceInvalid("evidence", "a row of the conflicts cannot be read")


def _list(value: Mapping[str, Any], name: str) -> list[object]:
    member = value.get(name)
    if not isinstance(member, list):
        raise EvidenceInvalid("evidence", f"the hotline's answer has no list of {name}")
    return member


def _text(value: Mapping[str, Any], name: str) -> str:
    member = value.get(name)
    if not isinstance(member, str):
        raise EvidenceInvalid("evidence", f"the hotline's answer has no {name}")
    return member
