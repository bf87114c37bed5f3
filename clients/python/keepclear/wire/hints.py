"""What an arrival says of itself, read before anything of it is verified: good for an order, and for nothing else.

Whose doing it is, of which conflict, and how bad. What cannot be read has no hint.
"""

from typing import NamedTuple

from keepclear_protocol.alert import CLOSED, OPEN, PAST
from keepclear_protocol.encoding import unb64
from keepclear_protocol.errors import KeepclearError
from keepclear_protocol.lead import LEADS
from keepclear_protocol.separation import Severity, severity_rank
from msgspec import DecodeError, Struct
from msgspec.json import Decoder

_STATES = (OPEN, PAST, CLOSED)


class Hint(NamedTuple):
    """Of an alert, the counterpart; of an acknowledgement, its signer. The least ``rank`` is the worst and soonest."""

    party: str
    conflict: str
    rank: int


class _Side(Struct):
    party: str


class _Alert(Struct):
    conflict: str
    state: str
    other: _Side
    severity: str | None = None
    lead: str | None = None


class _Acknowledgement(Struct):
    iss: str
    conflict: str


_ALERT, _ACKNOWLEDGEMENT = Decoder(_Alert), Decoder(_Acknowledgement)


def hint_of_alert(raw: str) -> Hint | None:
    """Return what an alert says of itself."""
    try:
        said = _ALERT.decode(unb64(raw.split(".", 2)[1]))
    except (KeepclearError, DecodeError, IndexError):
        return None
    state = _STATES.index(said.state) if said.state in _STATES else len(_STATES)
    try:
        severity = 0 if said.severity is None else severity_rank(Severity(said.severity))
    except ValueError:
        severity = 0
    # What has begun goes first, then what leaves the least time.
    lead = len(LEADS) - LEADS.index(said.lead) if said.lead in LEADS else 0
    return Hint(said.other.party, said.conflict, (state * len(Severity) + severity) * (len(LEADS) + 1) + lead)


def hint_of_acknowledgement(raw: str) -> Hint | None:
    """Return what an acknowledgement says of itself; it is read after all alerts."""
    try:
        said = _ACKNOWLEDGEMENT.decode(unb64(raw.split(".", 2)[1]))
    except (KeepclearError, DecodeError, IndexError):
        return None
    return Hint(said.iss, said.conflict, 1_000)
