"""Receipts: the service's signed statement that a party's statement was made durable, logged and matched.

A receipt is a pure function of its log entry, so that it can be made again, byte for byte, after a crash.
"""

import re
from dataclasses import dataclass
from typing import Any

from .claims import SERVICE, Claims, digest_claim, id_claim, read_claims, whole
from .encoding import digest, dump_plain
from .errors import EvidenceInvalid, KeepclearError
from .instant import SECOND, format_instant, parse_instant
from .keys import PrivateKey
from .kinds import ACKNOWLEDGEMENT, KINDS, NOTICE, RECEIPT
from .lead import LEADS
from .statement import KeyFinder, open_statement, sign_statement

_FILED = frozenset(kind.name for kind in KINDS)
_EPOCH = re.compile(r"[0-9a-f]{32}\Z")


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


def receipt_jti(epoch: str, seq: int) -> str:
    """Return the receipt's id, which follows from its log entry."""
    return digest(dump_plain([epoch, seq]))[:21] + "A"


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
        "jti": receipt_jti(epoch, seq),
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
    """Verify the service's signature over a receipt, and that its members are what they must be.

    ``jti`` and ``iat`` are those of its entry (R-083, R-084), and each kind has the members that are its own. Whether
    it is for what was sent is for who sent it. Raises ``EvidenceInvalid`` with ``evidence``.
    """
    try:
        payload = open_statement(raw, RECEIPT.typ, find_key).payload
        claims = read_claims(payload, admit_by=False)
        kind, party, epoch = (_text(payload.get(name)) for name in ("kind", "party", "epoch"))
        if claims.iss != SERVICE or kind not in _FILED or not _EPOCH.match(epoch):
            raise EvidenceInvalid("evidence", "a receipt must be the service's, of a known kind and of an epoch")
        revision, submission, lead = (payload.get(name, "") for name in ("revision", "submission", "lead"))
        if kind != ACKNOWLEDGEMENT.name:
            revision = whole(payload, "revision", low=1)
        elif revision is not None:
            raise EvidenceInvalid("evidence", "an acknowledgement has no revision")
        if kind == NOTICE.name:
            digest_claim(payload, "submission")
            if _text(lead) not in LEADS:
                raise EvidenceInvalid("evidence", "the receipt's lead is no lead class")
        elif (submission, lead) != (None, None):
            raise EvidenceInvalid("evidence", "a submission and a lead class are a notice's alone")
        seq = whole(payload, "seq", low=1)
        received_at = parse_instant(payload.get("received_at"), code="claims")
        if (claims.jti, claims.iat) != (receipt_jti(epoch, seq), received_at // SECOND):
            raise EvidenceInvalid("evidence", "the receipt's jti or iat is not that of its log entry")
        return Receipt(
            raw=raw,
            claims=claims,
            kind=kind,
            party=party,
            id=id_claim(payload, "id"),
            revision=revision,
            sha256=digest_claim(payload, "sha256"),
            submission=submission,
            seq=seq,
            epoch=epoch,
            received_at=received_at,
            lead=lead,
        )
    except EvidenceInvalid:
        raise
    except KeepclearError as error:
        raise EvidenceInvalid("evidence", f"the receipt does not hold: {error.detail}") from None


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise EvidenceInvalid("evidence", "a member of the receipt is no text")
    return value
