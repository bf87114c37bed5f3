"""What the hotline's doors answer, as typed values.

Guaranteed: an answer that is not of the shape the wire demands raises ``EvidenceInvalid``. Not guaranteed: that what
is inside is true. Statements are carried as their exact text and verified elsewhere (receipts in ``exchange``, alerts
in ``verify``).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from keepclear_protocol.cursor import Cursor
from keepclear_protocol.encoding import digest, dump_plain, is_digest, parse_json
from keepclear_protocol.errors import EvidenceInvalid, Malformed
from keepclear_protocol.receipt import Receipt

MAX_ANSWER_BYTES = 4 * 1024 * 1024
"""The doors cut their answers at 1 MiB; one alert object with its presentation has at most 0.8 MB."""

MAX_IDS = 32
"""Conflicts that may be asked for at once."""

_AFTER = re.compile(r"[A-Za-z0-9._~-]{1,200}\Z")


@dataclass(frozen=True)
class AlertObject:
    """An alert as it travels: the service's statement, the counterpart's presentation, the cause of a closing."""

    alert: str
    presentation: str | None
    cause: str | None

    @classmethod
    def read(cls, value: object) -> "AlertObject":
        """Return the alert object of parsed JSON; raise ``EvidenceInvalid`` with ``evidence``."""
        match value:
            case {"alert": str(alert), "presentation": str() | None as presentation, "cause": str() | None as cause}:
                return cls(alert, presentation, cause)
        raise EvidenceInvalid("evidence", "what should be an alert object is none")

    def to_json(self) -> dict[str, Any]:
        """Return the object as it travels."""
        return {"alert": self.alert, "presentation": self.presentation, "cause": self.cause}

    @cached_property
    def digest(self) -> str:
        """The identity of all three together: the same alert may come with another presentation."""
        return digest(dump_plain([self.alert, self.presentation, self.cause]))


@dataclass(frozen=True, slots=True)
class Admission:
    """A statement was made durable, logged and matched; ``alerts`` are those that it caused to its sender.

    ``more``: some were left out, and come on the stream.
    """

    receipt: Receipt
    alerts: tuple[AlertObject, ...]
    more: bool = False


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """One of the party's own notices as the service has it; ``state`` is live, ended or withdrawn."""

    id: str
    revision: int
    sha256: str
    state: str


@dataclass(frozen=True, slots=True)
class Notices:
    """A page of own notices, the stream position for which it is good, and where the next page begins."""

    at: Cursor
    notices: tuple[NoticeRow, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class NoticeAnswer:
    """One own notice: its newest bytes, or its withdrawal, with the receipt as its exact text."""

    at: Cursor
    notice: str | None
    withdrawal: str | None
    receipt: str


@dataclass(frozen=True, slots=True)
class ConflictRow:
    """A row of the index: the newest alert of a conflict by its hash, and the acknowledgements of it by theirs.

    ``party`` is the counterpart, empty where the hotline does not say.
    """

    conflict: str
    version: int
    alert: str
    state: str
    acknowledgements: tuple[str, ...]
    party: str = ""


@dataclass(frozen=True, slots=True)
class ConflictIndex:
    """A page of the index, worst and soonest first; the stream position for which it is good; where the next begins.

    ``budgets``, on the first page: the service's words of spent budgets that cover now, as their exact texts.
    """

    at: Cursor
    conflicts: tuple[ConflictRow, ...]
    next: str | None
    budgets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Conflict:
    """The newest alert of a conflict, and the acknowledgements of it as their exact texts."""

    conflict: str
    object: AlertObject
    acknowledgements: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Conflicts:
    """The conflicts that were asked for, as far as they are there; ``more``: ask again for the rest."""

    at: Cursor
    conflicts: tuple[Conflict, ...]
    more: bool


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
    return Notices(_at(answer), tuple(map(_notice_row, _list(answer, "notices"))), _next(answer))


def read_notice(body: bytes) -> NoticeAnswer:
    """Return the answer of ``GET /v1/notices/{id}``; raise ``EvidenceInvalid``."""
    answer = read_object(body)
    return NoticeAnswer(_at(answer), *own_statement(answer))


def read_index(body: bytes) -> ConflictIndex:
    """Return the answer of ``GET /v1/conflicts``; raise ``EvidenceInvalid``."""
    answer = read_object(body)
    budgets = _list(answer, "budgets") if "budgets" in answer else []
    if not all(isinstance(raw, str) for raw in budgets):
        raise EvidenceInvalid("evidence", "the word of a spent budget must be a text")
    rows = tuple(map(_index_row, _list(answer, "conflicts")))
    return ConflictIndex(_at(answer), rows, _next(answer), tuple(map(str, budgets)))


def read_conflicts(body: bytes) -> Conflicts:
    """Return the answer of ``GET /v1/conflicts/{id},...``; raise ``EvidenceInvalid``."""
    answer = read_object(body)
    return Conflicts(_at(answer), tuple(map(_conflict, _list(answer, "conflicts"))), _more(answer))


def read_admission(answer: Mapping[str, Any], receipt: Receipt) -> Admission:
    """Return what stands beside a verified receipt; raise ``EvidenceInvalid``."""
    alerts = tuple(map(AlertObject.read, _list(answer, "alerts"))) if "alerts" in answer else ()
    return Admission(receipt, alerts, _more(answer))


def own_statement(value: Mapping[str, Any]) -> tuple[str | None, str | None, str]:
    """Return notice, withdrawal and receipt of an own statement; raise ``EvidenceInvalid``."""
    notice, withdrawal = value.get("notice"), value.get("withdrawal")
    if not isinstance(notice, str | None) or not isinstance(withdrawal, str | None):
        raise EvidenceInvalid("evidence", "an own statement must be a text")
    if notice is None and withdrawal is None:
        raise EvidenceInvalid("evidence", "an own notice without any statement")
    return notice, withdrawal, text_of(value, "receipt")


def text_of(value: Mapping[str, Any], name: str) -> str:
    """Return a member that must be a text; raise ``EvidenceInvalid``."""
    member = value.get(name)
    if not isinstance(member, str):
        raise EvidenceInvalid("evidence", f"the hotline's answer has no {name}")
    return member


def _notice_row(value: object) -> NoticeRow:
    match value:
        case {"id": str(id), "revision": int(revision), "sha256": str(sha256), "state": str(state)}:
            return NoticeRow(id, revision, sha256, state)
    raise EvidenceInvalid("evidence", "a row of the notices cannot be read")


def _index_row(value: object) -> ConflictRow:
    match value:
        case {
            "conflict": str(conflict), "version": int(version), "alert": str(alert), "state": str(state),
            "acknowledgements": list(hashes), **rest,
        } if is_digest(conflict) and all(isinstance(item, str) for item in hashes):  # fmt: skip
            party = rest.get("party", "")
            return ConflictRow(conflict, version, alert, state, tuple(hashes), party if isinstance(party, str) else "")
    raise EvidenceInvalid("evidence", "a row of the conflicts cannot be read")


def _conflict(value: object) -> Conflict:
    match value:
        case {"conflict": str(conflict), "acknowledgements": list(texts)} if all(isinstance(t, str) for t in texts):
            return Conflict(conflict, AlertObject.read(value), tuple(texts))
    raise EvidenceInvalid("evidence", "a conflict cannot be read")


def _at(answer: Mapping[str, Any]) -> Cursor:
    try:
        return Cursor.parse(answer.get("at"))
    except Malformed:
        raise EvidenceInvalid("evidence", "the hotline named a stream position that is none") from None


def _next(answer: Mapping[str, Any]) -> str | None:
    after = answer.get("next")
    if after is not None and not (isinstance(after, str) and _AFTER.match(after)):
        raise EvidenceInvalid("evidence", "the hotline's next page has no name")
    return after


def _more(answer: Mapping[str, Any]) -> bool:
    return answer.get("more") is True


def _list(value: Mapping[str, Any], name: str) -> list[object]:
    member = value.get(name)
    if not isinstance(member, list):
        raise EvidenceInvalid("evidence", f"the hotline's answer has no list of {name}")
    return member
