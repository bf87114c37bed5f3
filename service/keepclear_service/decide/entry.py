"""Ports: what the store's one ordered log of an agreement holds, and what a line in the store answers.

An entry is small and says who, what and when; the statement's bytes lie beside it under their hash. The log's order
is the only order there is, and ``received_at`` is the only clock that decisions know.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

NOTICE = "notice"
WITHDRAWAL = "withdrawal"
ACKNOWLEDGEMENT = "acknowledgement"
ENDED = "ended"
TERMS = "terms"

BATCH = 256
"""Entries read at once: a worker further behind catches up before it matches."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of an agreement's log.

    ``seq`` counts from 1 without holes. ``kind`` is a kind of statement, ``ENDED`` or ``TERMS``. ``id`` is the
    notice's id for a notice or a withdrawal, the ``jti`` of any other statement, or, of ``ended``, the conflict whose
    version ``revision`` has run out. ``sha256`` names the statement's bytes (a notice's JWT part) and ``submission``
    all that was sent with a notice. ``received_at`` is an instant that never goes back in the log. ``note`` was kept
    with the statement when it was admitted: what a receipt's lead class is made of.
    """

    seq: int
    kind: str
    party: str
    id: str
    revision: int
    sha256: str
    submission: str
    received_at: int
    terms: str
    note: str
    epoch: str = ""


SHOWS_NOTICE = "notice"
SHOWS_CAUSE = "cause"
SHOWS_NOTHING = ""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An alert that an entry calls for: to whom, its payload still unsigned, and what the store must know of it.

    ``own`` and ``other`` are (party, notice id), the receiver's first. ``shows`` says what travels beside the alert
    and is put together when it is sent (see ``shown``): the counterpart's notice, the statement that closed the
    conflict, or nothing; ``body`` is the SHA-256 of the statement that it is made from, or "". ``rank`` sorts a party's
    conflicts, worst and soonest first. ``ends`` is the instant after which the conflict is over by itself; None once
    it is closed or past. ``keep`` is the instant until which the store keeps it at least.
    """

    to: str
    own: tuple[str, str]
    other: tuple[str, str]
    conflict: str
    payload: dict[str, Any]
    shows: str
    body: str
    rank: str
    ends: int | None
    keep: int


@dataclass(frozen=True, slots=True)
class Admission:
    """What became of a statement: accepted, accepted before (``again``), or refused with a code.

    ``behind`` says that the worker knew older terms or another epoch than the store, and must catch up first.
    """

    entry: Entry | None = None
    again: bool = False
    refused: str | None = None
    behind: bool = False
    entries: tuple[Entry, ...] = ()


@dataclass(frozen=True, slots=True)
class News:
    """What a worker learns when it follows: the store's epoch, head and clock, entries, and what is unmatched.

    Of what is unmatched beyond ``unmatched_through`` nothing is said.
    """

    epoch: str
    head: int
    terms: str
    clock: int
    entries: tuple[Entry, ...]
    unmatched: frozenset[int]
    unmatched_through: int
    streams: dict[str, int]


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a party's stream, as stored: its position, kind and fields."""

    at: int
    kind: str
    fields: dict[str, str]


@dataclass(frozen=True, slots=True)
class Window:
    """A party's stream behind a position: the epoch, the head, the oldest position still there, and events."""

    epoch: str
    head: int
    oldest: int | None
    events: tuple[Event, ...]


class Line(Protocol):
    """One agreement's line in the store. Every change is all or nothing; every failure is ``Unavailable``.

    What the methods do, and in which units, stands with the implementation, ``store.lines``.
    """

    prefix: str

    async def open(self, terms: str, agreement: bytes) -> tuple[str, str, list[tuple[str, int]]]: ...  # noqa: D102

    async def terms(self, sha256: str) -> bytes | None: ...  # noqa: D102

    async def oldest(self) -> int: ...  # noqa: D102

    async def submit(  # noqa: D102
        self,
        entry: Entry,
        *,
        prev: str,
        body: str,
        worker_terms: str,
        bounds: Sequence[tuple[str, int, int]],
        keep: int,
        lead: tuple[int, int, int, int] | None,
        cursor: int,
        done: Sequence[int],
        epoch: str,
    ) -> Admission: ...

    async def acknowledge(  # noqa: D102
        self,
        entry: Entry,
        *,
        body: str,
        worker_terms: str,
        bounds: Sequence[tuple[str, int, int]],
        retention_ms: int,
        conflict: str,
        version: int,
        alert: str,
        stage: str,
        epoch: str,
    ) -> Admission: ...

    async def commit(self, epoch: str, seq: int, alerts: Sequence[tuple[Outgoing, str, str]]) -> bool: ...  # noqa: D102

    async def follow(  # noqa: D102
        self, cursor: int, done: Sequence[int], retention_ms: int, *, life: str = ""
    ) -> News: ...

    async def bodies(self, hashes: Sequence[str]) -> list[str | None]: ...  # noqa: D102

    async def view(self, party: str, what: str) -> tuple[str, int, int, list[list[Any]]]: ...  # noqa: D102

    async def events(self, party: str, position: int, count: int) -> Window: ...  # noqa: D102

    async def spend(self, party: str, jti: str) -> bool: ...  # noqa: D102
