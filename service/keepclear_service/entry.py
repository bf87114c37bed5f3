"""Log entries: what the store's one ordered log of an agreement holds, and the ports between decisions and I/O.

An entry is small and says who, what and when; the statement's bytes lie beside it under their hash. The log's order
is the only order there is, and ``received_at`` is the only clock that decisions know.
"""

from dataclasses import dataclass
from typing import Any

NOTICE = "notice"
WITHDRAWAL = "withdrawal"
ACKNOWLEDGEMENT = "acknowledgement"
ENDED = "ended"
TERMS = "terms"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of an agreement's log.

    ``seq`` counts from 1 without holes. ``id`` is the notice's id, the acknowledgement's jti, or, of ``ended``, the
    conflict whose version ``revision`` has run out. ``sha256`` names the statement's bytes (a notice's JWT part) and
    ``submission`` all that was sent with a notice. ``received_at`` is an instant that never goes back in the log.
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
    lead: str
    epoch: str = ""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An alert that an entry calls for: to whom, its payload still unsigned, and what travels beside it.

    ``ends`` is the instant after which the conflict is over by itself; None once it is closed or past. ``keep`` is
    the instant until which the store keeps it at least.
    """

    to: str
    other: str
    conflict: str
    payload: dict[str, Any]
    presentation: str | None
    cause: str | None
    ends: int | None
    keep: int
