"""Receipts: the service's signed statement that a party's statement was made durable, logged and matched.

A receipt is a pure function of its log entry, so that it can be made again, byte for byte, after a crash.
"""

from dataclasses import dataclass
from typing import Any

from .claims import SERVICE, Claims, digest_claim, is_jti, read_claims, whole
from .encoding import digest, dump_plain, is_digest
from .errors import EvidenceInvalid, KeepclearError
from .instant import SECOND, format_instant, parse_instant
from .keys import PrivateKey
from .kinds import KINDS, NOTICE, RECEIPT
from .lead import LEADS
from .statement import KeyFinder, open_statement, sign_statement

_FILED = frozenset(kind.name for kind in KINDS)


@dataclass(frozen=True, slots=True)
class Receipt:
    """A verified receipt. ``submission`` is the SHA-256 of all that was sent; notices only."""

    raw: str
    claims: Claims
    kind: str
    party: str
    id: str
    revision: int | None
    sha256: str
    submission: str | None
    seq: int
    epoch: str
    received_at: int
    lead: str | None


def sign_receipt(
    key: PrivateKey,
    *,
    aud: str,
    terms: str,
    kind: str,
    party: str,
    id: str,
    revision: int | None,
    sha256: str,
    submission: str | None,
    seq: int,
    epoch: str,
    received_at: int,
    lead: str | None,
) -> str:
    """Return the receipt of a log entry, signed by the service; ``received_at`` is an instant."""
    payload: dict[str, Any] = {
        "iss": SERVICE,
        "aud": aud,
        "terms": terms,
        "iat": received_at // 1_000_000,
        "jti": digest(dump_plain([epoch, seq]))[:21] + "A",
        "kind": kind,
        "party": party,
        "id": id,
        "revision": revision,
        "sha256": sha256,
        "submission": submission,
        "seq": seq,
        "epoch": epoch,
        "received_at": format_instant(received_at),
        "lead": lead,
    }
    return sign_statement(key, RECEIPT.typ, payload, dump=dump_plain)


def open_receipt(raw: str, find_key: KeyFinder) -> Receipt:
    """Verify the service's signature over a receipt; raises ``EvidenceInvalid`` with ``evidence``."""
    try:
        payload = open_statement(raw, RECEIPT.typ, find_key).payload
        claims = read_claims(payload, admit_by=False)
        submission, revision = payload.get("submission"), payload.get("revision")
        if claims.iss != SERVICE or payload.get("kind") not in _FILED:
            raise EvidenceInvalid("evidence", "a receipt must be the service's and of a known kind")
        if submission is not None and not is_digest(submission):
            raise EvidenceInvalid("evidence", "the receipt's submission is not a SHA-256")
        received_at = parse_instant(payload.get("received_at"), code="claims")
        lead = payload.get("lead", ...)
        if claims.iat != received_at // SECOND or not is_jti(payload.get("id")):
            raise EvidenceInvalid("evidence", "the receipt names two times, or nothing that was filed")
        if lead is not None if payload["kind"] != NOTICE.name else lead not in LEADS:
            raise EvidenceInvalid("evidence", "a notice's receipt has a class of lead, and no other has")
        return Receipt(
            raw=raw,
            claims=claims,
            kind=payload["kind"],
            party=str(payload.get("party")),
            id=str(payload.get("id")),
            revision=None if revision is None else whole(payload, "revision", low=1),
            sha256=digest_claim(payload, "sha256"),
            submission=submission,
            seq=whole(payload, "seq", low=1),
            epoch=str(payload.get("epoch")),
            received_at=received_at,
            lead=lead,
        )
    except EvidenceInvalid:
        raise
    except KeepclearError as error:
        raise EvidenceInvalid("evidence", f"the receipt does not hold: {error.detail}") from None
