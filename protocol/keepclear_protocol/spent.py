"""Spent: the service's signed word to every party that one of them is over a budget, and until when it may be refused.

A pure function of its log entry, like a receipt. It says whose budget and which, and nothing of what was filed. Its
meaning for the others: what that party wants to file until then may be refused, so this line need not know of it.
"""

import re
from dataclasses import dataclass

from .claims import SERVICE, Claims, read_claims
from .encoding import dump_plain
from .errors import EvidenceInvalid, KeepclearError
from .instant import SECOND, format_instant, parse_instant
from .keys import PrivateKey
from .kinds import BUDGET
from .receipt import receipt_jti
from .statement import KeyFinder, open_statement, sign_statement
from .terms import Terms

ROOM = "room"
"""The name under which all are told that the service itself has no room for what a party files."""

COVERED_AT_MOST_S = 86_400
"""Seconds that one word covers: who is over for longer is refused again, and told of again."""

_BUDGET = re.compile(r"[a-z][a-z0-9_]{0,63}\Z")


@dataclass(frozen=True, slots=True)
class Spent:
    """A verified statement of a spent budget. ``until`` is an instant: until then ``party`` may be refused."""

    raw: str
    claims: Claims
    party: str
    budget: str
    until: int


def sign_spent(
    key: PrivateKey,
    *,
    aud: str,
    terms: str,
    party: str,
    budget: str,
    until: int,
    seq: int,
    epoch: str,
    received_at: int,
) -> str:
    """Return the statement of a log entry, signed by the service; ``until`` and ``received_at`` are instants."""
    payload = {
        "iss": SERVICE,
        "aud": aud,
        "terms": terms,
        "iat": received_at // SECOND,
        "jti": receipt_jti(epoch, seq),
        "party": party,
        "budget": budget,
        "until": format_instant(until),
    }
    return sign_statement(key, BUDGET.typ, payload, dump=dump_plain)


def open_spent(raw: str, find_key: KeyFinder, agreement: Terms) -> Spent:
    """Verify the service's signature over a spent budget, and that its members are what they must be (R-118).

    A budget of a name that is not known here is one of a later version, and kept as it is. Raises ``EvidenceInvalid``
    with ``evidence``.
    """
    try:
        payload = open_statement(raw, BUDGET.typ, find_key, max_payload_bytes=BUDGET.max_payload_bytes).payload
        claims = read_claims(payload, admit_by=False)
        party, budget = payload.get("party"), payload.get("budget")
        until = parse_instant(payload.get("until"), code="claims")
    except KeepclearError as error:
        raise EvidenceInvalid("evidence", f"the word of a spent budget does not hold: {error.detail}") from None
    if claims.iss != SERVICE or claims.aud != agreement.id:
        raise EvidenceInvalid("evidence", "a spent budget is the service's word, of this agreement")
    if not isinstance(party, str) or agreement.party(party) is None:
        raise EvidenceInvalid("evidence", "a spent budget is of a party of the agreement")
    if not isinstance(budget, str) or not _BUDGET.match(budget):
        raise EvidenceInvalid("evidence", "a spent budget has a name")
    # The second of the entry is rounded down.
    if not 0 <= until - claims.iat * SECOND < COVERED_AT_MOST_S * SECOND + SECOND:
        raise EvidenceInvalid("evidence", "the word of a spent budget covers a day at most, and no time before it")
    return Spent(raw, claims, party, budget, until)
