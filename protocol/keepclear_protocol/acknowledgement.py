"""Acknowledgements: a party's signed "received, read, understood" of one version of an alert.

Never "approved": a notice asks no permission. ``delivered`` is signed by the desk itself, ``displayed`` and
``acknowledged`` in the name of an officer. The claim names exactly what was seen, so that an acknowledgement of an
older picture cannot be taken for one of the newest.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .characters import is_name
from .claims import ADMIT_WITHIN_S, Claims, digest_claim, new_jti, read_claims, whole
from .encoding import is_digest
from .errors import Malformed
from .keys import PrivateKey
from .kinds import ACKNOWLEDGEMENT
from .statement import KeyFinder, sign_statement
from .stored import open_or_reopen

ACKNOWLEDGED = "acknowledged"
STAGES = ("delivered", "displayed", ACKNOWLEDGED)
FIRST_ANSWERS = 8
"""Of a party's ``acknowledged`` of one version the first so many stand for whoever comes later (R-081): who answered,
and the others of a watch; more would let one side fill what the other has to read again."""

VERIFIED = "verified"
VERDICTS = (
    VERIFIED,
    "evidence",
    "rollback",
    "wrong_terms",
    "over_disclosed",
    "recompute",
    "category",
    "closed_without_cause",
)
"""What a desk may say of an alert: that it holds, or the code of what is wrong with it."""

MAX_OFFICER_CHARACTERS = 64
"""An opaque handle of the party's own, not a name or an address."""


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """A verified acknowledgement."""

    raw: str
    sha256: str
    kid: str
    claims: Claims
    stage: str
    alert: str
    conflict: str
    version: int
    ours: str
    theirs: str
    ours_newest: str
    verdict: str
    officer: str | None
    read_back: str | None


def build_acknowledgement(
    key: PrivateKey,
    *,
    iss: str,
    aud: str,
    terms: str,
    iat: int,
    stage: str,
    alert: str,
    conflict: str,
    version: int,
    ours: str,
    theirs: str,
    ours_newest: str,
    verdict: str = VERIFIED,
    officer: str | None = None,
    read_back: str | None = None,
) -> str:
    """Return a signed acknowledgement; ``iat`` in seconds, hashes as 43 characters of base64url."""
    payload = {
        "iss": iss,
        "aud": aud,
        "terms": terms,
        "iat": iat,
        "jti": new_jti(),
        "admit_by": iat + ADMIT_WITHIN_S,
        "stage": stage,
        "alert": alert,
        "conflict": conflict,
        "version": version,
        "ours": ours,
        "theirs": theirs,
        "ours_newest": ours_newest,
        "verdict": verdict,
        "officer": officer,
        "read_back": read_back,
    }
    _check(payload)
    return sign_statement(key, ACKNOWLEDGEMENT.typ, payload)


def open_acknowledgement(raw: str, find_key: KeyFinder | None) -> Acknowledgement:
    """Verify an acknowledgement; raises ``NotAuthentic`` or ``Malformed`` with ``claims`` or ``crit``.

    ``find_key`` is ``None`` as in ``stored``.
    """
    statement = open_or_reopen(raw, ACKNOWLEDGEMENT.typ, find_key, max_payload_bytes=ACKNOWLEDGEMENT.max_payload_bytes)
    payload = statement.payload
    claims = read_claims(payload, admit_by=True)
    _check(payload)
    return Acknowledgement(
        raw=raw,
        sha256=statement.sha256,
        kid=statement.kid,
        claims=claims,
        stage=payload["stage"],
        alert=payload["alert"],
        conflict=payload["conflict"],
        version=payload["version"],
        ours=payload["ours"],
        theirs=payload["theirs"],
        ours_newest=payload["ours_newest"],
        verdict=payload["verdict"],
        officer=payload["officer"],
        read_back=payload["read_back"],
    )


def _check(payload: Mapping[str, Any]) -> None:
    for name in ("alert", "conflict", "ours", "theirs", "ours_newest"):
        digest_claim(payload, name)
    whole(payload, "version", low=1)
    if payload.get("stage") not in STAGES:
        raise Malformed("claims", f"stage must be one of {', '.join(STAGES)}")
    if payload.get("verdict") not in VERDICTS:
        raise Malformed("claims", f"verdict must be one of {', '.join(VERDICTS)}")
    officer = payload.get("officer", ...)
    if officer is not None and not is_name(officer, MAX_OFFICER_CHARACTERS):
        detail = (
            f"officer must be null or 1 to {MAX_OFFICER_CHARACTERS} characters, none unseen, no blank at either end"
        )
        raise Malformed("claims", detail)
    if officer is None and payload["stage"] != "delivered":
        raise Malformed("claims", "only delivered is signed without an officer")
    read_back = payload.get("read_back", ...)
    if read_back is not None and not is_digest(read_back):
        raise Malformed("claims", "read_back must be null or a SHA-256 in base64url")
