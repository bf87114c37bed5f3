"""Request proofs: who reads, and what, signed for one request (the shape of RFC 9449).

The proof names method, path and raw query against the agreement's own origin, never what a proxy or a Host header
says. Whether its ``jti`` was used before is the store's to know.
"""

from dataclasses import dataclass

from .claims import Claims, new_jti, read_claims
from .errors import Forbidden, Malformed, NotAuthentic
from .keys import PrivateKey
from .kinds import REQUEST
from .statement import KeyFinder, Statement, open_statement, sign_statement

SCHEME = "Keepclear "
WITHIN_S = 30
"""Seconds by which a proof's ``iat`` may differ from the service's clock, either way."""


@dataclass(frozen=True, slots=True)
class RequestProof:
    """A verified proof: its claims, the key, the request that it is for, and the proof's own digest."""

    claims: Claims
    kid: str
    htm: str
    htu: str
    sha256: str


def sign_request(
    key: PrivateKey, *, iss: str, aud: str, terms: str, iat: int, method: str, origin: str, target: str
) -> str:
    """Return the ``Authorization`` header for ``method`` on ``origin`` + ``target`` (path with raw query)."""
    payload = {
        "iss": iss,
        "aud": aud,
        "terms": terms,
        "iat": iat,
        "jti": new_jti(),
        "htm": method,
        "htu": origin + _bare(target),
    }
    return SCHEME + sign_statement(key, REQUEST.typ, payload)


def open_request(header: str, find_key: KeyFinder) -> RequestProof:
    """Verify an ``Authorization`` header; raises ``NotAuthentic`` or ``Malformed``."""
    if not header.startswith(SCHEME):
        raise NotAuthentic
    statement: Statement = open_statement(
        header[len(SCHEME) :], REQUEST.typ, find_key, max_payload_bytes=REQUEST.max_payload_bytes
    )
    claims = read_claims(statement.payload, admit_by=False)
    htm, htu = statement.payload.get("htm"), statement.payload.get("htu")
    if not isinstance(htm, str) or not isinstance(htu, str):
        raise Malformed("claims", "a request proof names htm and htu")
    return RequestProof(claims, statement.kid, htm, htu, statement.sha256)


def check_request(proof: RequestProof, *, method: str, origin: str, target: str, now: int) -> None:
    """Raise ``Forbidden`` unless the proof is for this request and fresh at the instant ``now``."""
    if proof.htm != method or proof.htu != origin + _bare(target):
        raise Forbidden("proof_request")
    if abs(now - proof.claims.iat * 1_000_000) > WITHIN_S * 1_000_000:
        raise Forbidden("proof_expired")


def _bare(target: str) -> str:
    """A path with its raw query; an empty query is none, as servers cannot tell the two apart."""
    path, mark, query = target.partition("?")
    return path + mark + query if query else path
