"""What a desk keeps, row by row, as values."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from keepclear_protocol.instant import SECOND, format_instant
from keepclear_protocol.notice import Notice
from keepclear_protocol.spent import ROOM
from keepclear_protocol.withdrawal import Withdrawal

from ..wire.answers import AlertObject
from .pictured import Pictured

UNKNOWN, RECEIPTED, REFUSED, UNSENT, LOST = "unknown", "receipted", "refused", "unsent", "lost"
"""What became of an own statement: the last two are one whose bytes certainly never were admitted, and one that was
receipted once and that the service of a restored store has no more."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What the picture shows of an own notice, so that it need not be opened; nothing of a withdrawal.

    ``first_start`` and ``last_end`` are instants, of the first window and the last.
    """

    callsign: str | None = None
    category: str | None = None
    first_start: int | None = None
    last_end: int | None = None
    volumes: int = 0

    @classmethod
    def of(cls, statement: Notice | Withdrawal) -> "Summary":
        """Return the summary of an own statement, opened with all its disclosures."""
        if isinstance(statement, Withdrawal):
            return cls()
        times = statement.first_start, statement.last_end
        return cls(statement.callsign, statement.category, *times, len(statement.volumes))

    def row(self) -> tuple[Any, ...]:
        """Return the columns."""
        return self.callsign, self.category, self.first_start, self.last_end, self.volumes


@dataclass(frozen=True, slots=True)
class OwnStatement:
    """A notice or withdrawal of ours as we signed it. ``status`` is unknown until the service has answered.

    ``content`` is a digest of what was filed, the same for the same flight whatever its id, salts and revision.
    """

    sha256: str
    id: str
    revision: int
    kind: str
    raw: str
    status: str
    code: str | None
    receipt: str | None
    seq: int | None
    epoch: str | None
    filed_at: int
    summary: Summary
    content: str | None = None

    @classmethod
    def read(cls, row: Sequence[Any]) -> "OwnStatement":
        """Return what stands in a row of ``own``."""
        sha256, id, revision, kind, raw, status, code, receipt, seq, epoch, filed_at, *rest, content = row
        summary = Summary(*rest)
        return cls(sha256, id, revision, kind, raw, status, code, receipt, seq, epoch, filed_at, summary, content)

    def row(self) -> tuple[Any, ...]:
        """Return the columns of ``own``."""
        return (*(getattr(self, name.name) for name in fields(self)[:11]), *self.summary.row(), self.content)


@dataclass(frozen=True, slots=True)
class KeptAlert:
    """An alert object as it came, and what the desk made of it. ``told``: an event of it was put into the journal."""

    digest: str
    conflict: str | None
    version: int | None
    object: AlertObject
    verdict: str
    detail: str
    standing: str | None
    told: bool
    received_at: int


@dataclass(frozen=True, slots=True)
class KeptConflict:
    """What the desk knows of a conflict: its newest version, the alert in the picture, a standing alarm.

    ``adopted`` is the digest of the alert object that the picture shows, ``pictured`` what it shows of it.
    ``delivered``, ``confirmed`` and ``answered`` are versions: of which this desk has said that it came, which closing
    the counterpart has confirmed, which an officer of ours has acknowledged. ``open``: not settled, so it is looked at
    for as long as it is so. ``until``: the instant at which our own flight is over, whatever becomes of the conflict.
    ``shown``: the newest version that this desk has put before somebody's eyes.
    """

    conflict: str
    version: int
    sha256: str
    learnt_at: int
    streamed_version: int | None = None
    streamed_sha256: str | None = None
    adopted: str | None = None
    alarm: str | None = None
    alarm_detail: str | None = None
    delivered: int = 0
    confirmed: int = 0
    answered: int = 0
    open: bool = True
    until: int = 0
    pictured: Pictured | None = None
    shown: int = 0


@dataclass(frozen=True, slots=True)
class OverNow:
    """A party was over a budget, or found no room, so that until an instant this line need not know what it files.

    ``since`` and ``until`` are instants; ``raw`` is the service's signed word.
    """

    party: str
    budget: str
    since: int
    until: int
    raw: str

    @property
    def is_room(self) -> bool:
        """Whether it is no budget of the party's that is spent, but the hotline's own room."""
        return self.budget == ROOM

    @property
    def is_end(self) -> bool:
        """Whether it says that it is over: it covers nothing behind the second of its entry."""
        return self.until - self.since < SECOND

    def to_json(self) -> dict[str, Any]:
        """Return it for scripts, with the exact statement."""
        times = {"since": format_instant(self.since), "until": format_instant(self.until)}
        return {"party": self.party, "budget": self.budget, **times, "statement": self.raw}


@dataclass(frozen=True, slots=True)
class KeptTheirs:
    """The newest revision seen of a counterpart's notice, with the version and epoch that first named it."""

    party: str
    id: str
    revision: int
    sha256: str
    version: int
    epoch: str


@dataclass(frozen=True, slots=True)
class KeptAcknowledgement:
    """An acknowledgement of either side. ``said`` is the verdict that it signs, ``signed_at`` its seconds of issue."""

    sha256: str
    conflict: str
    version: int
    party: str
    stage: str
    raw: str
    verdict: str
    receipt: str | None
    told: bool
    received_at: int
    officer: str | None
    said: str
    signed_at: int
