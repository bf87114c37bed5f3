"""The one table of what can be said: for each kind of statement its ``typ``, who signs it, and how it is admitted.

Guaranteed: nothing else in this repository writes a ``typ``, a door, a media type or the role for a kind. A kind is one
row, and its ``name`` is the word for it in log entries, receipts and the data of stream events. A row with a ``door``
is filed by parties, becomes an entry of the log and gets a receipt; ``KINDS`` are those.
"""

from dataclasses import dataclass
from enum import StrEnum

SUBMIT = "submit"
ACKNOWLEDGE = "acknowledge"
WATCH = "watch"
ADMIN = "admin"
ROLES = (SUBMIT, ACKNOWLEDGE, WATCH, ADMIN)
"""What an operational key may do: file and withdraw notices; acknowledge alerts; read; administer."""

MAX_PAYLOAD_BYTES = 64 * 1024
"""A notice of 500 volumes has 512 digests of 52 bytes: 27 KB. Twice that and some."""


class Precondition(StrEnum):
    """What must hold in the log for a statement to be admitted, beyond what all of them need."""

    CHAIN = "chain"
    """It is the next revision of a notice and names the one before by its hash."""

    COMPARE_AND_SET = "compare_and_set"
    """It names the newest alert of a conflict that was sent to its signer."""

    NONE = "none"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of statement. ``event`` is the stream event that it is told by; "" where a column does not apply.

    ``role`` is what the key of a party needs to sign it; without one it is not signed by an operational key.
    """

    name: str
    typ: str
    role: str = ""
    max_payload_bytes: int = MAX_PAYLOAD_BYTES
    media_type: str = ""
    door: str = ""
    precondition: Precondition = Precondition.NONE
    event: str = ""


NOTICE = Kind(
    "notice",
    "keepclear-notice+sd-jwt",
    SUBMIT,
    media_type="application/sd-jwt",
    door="/v1/notices",
    precondition=Precondition.CHAIN,
    event="notice",
)
WITHDRAWAL = Kind(
    "withdrawal",
    "keepclear-withdrawal+jws",
    SUBMIT,
    max_payload_bytes=1024,
    media_type="application/jwt",
    door="/v1/withdrawals",
    precondition=Precondition.CHAIN,
    event="notice",
)
"""Three digests, two ids and a party: under 450 bytes. No budget refuses one, so that it must not fill a store."""

ACKNOWLEDGEMENT = Kind(
    "acknowledgement",
    "keepclear-acknowledgement+jws",
    ACKNOWLEDGE,
    max_payload_bytes=2048,
    media_type="application/jwt",
    door="/v1/acknowledgements",
    precondition=Precondition.COMPARE_AND_SET,
    event="acknowledgement",
)
"""Eight digests, a jti, a party and an officer's 64 characters, of 12 bytes each if escaped: under 1 600 bytes."""

REQUEST = Kind("request", "keepclear-request+jws", WATCH, max_payload_bytes=4096)
"""Two digests, a jti and a URL of at most 2 KB."""

ALERT = Kind("alert", "keepclear-alert+jws", max_payload_bytes=256 * 1024, event="alert")
"""500 volumes against 500: 1 000 digests of 46 bytes and 500 pairs of about 330 bytes, 211 KB."""

RECEIPT = Kind("receipt", "keepclear-receipt+jws")
OPENING = Kind("open", "keepclear-open+jws", max_payload_bytes=4096, event="open")
"""Three digests, a jti, a party and a position: under 500 bytes."""

BUDGET = Kind("budget", "keepclear-budget+jws", max_payload_bytes=4096, event="budget")
"""Two digests, a jti, a party, the name of a budget and a time: under 500 bytes."""

AGREEMENT = Kind("agreement", "keepclear-agreement+jws")

EVERY_KIND = (NOTICE, WITHDRAWAL, ACKNOWLEDGEMENT, REQUEST, ALERT, RECEIPT, OPENING, BUDGET, AGREEMENT)
KINDS = tuple(kind for kind in EVERY_KIND if kind.door)
"""The kinds that parties file: each has a door, an entry in the log and a receipt."""
