"""Entries: what an agreement's one ordered log holds, and what folding one of them asks to be told.

An entry is small and says who, what and when; the statement's bytes lie beside it under their hash. The log's order
is the only order there is, and ``received_at`` is the only clock that decisions know.
"""

from dataclasses import dataclass
from typing import Any

from msgspec import Struct

ENDED = "ended"
TERMS = "terms"
"""Kinds of entries that no party filed; all others are names of ``keepclear_protocol.kinds``."""


class Entry(Struct, frozen=True, gc=False):
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
    it is closed or past. ``keep`` is the instant until which the store keeps it at least. ``over`` is the instant at
    which the last of what the two have of one another is or was over; None where it is closed.
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
    over: int | None = None
