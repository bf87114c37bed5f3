"""The claims that every statement carries, and their shapes.

Checked here: presence, type and spelling. Not checked: whether the agreement, the terms, the time or the signer are
right; that needs an agreement and a clock, and belongs to whoever admits or trusts the statement.
"""

import secrets
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from .encoding import MAX_SAFE_INTEGER, b64, is_128_bits, is_digest
from .errors import Malformed

SERVICE = "service"
"""The issuer name of the hotline itself; no party may bear it."""

ADMIT_WITHIN_S = 600
"""Default seconds from ``iat`` to ``admit_by``: long enough for a slow link, short enough that a held-back
statement cannot surface an hour later."""

ADMIT_AT_MOST_S = 3_600
"""Seconds from ``iat`` to ``admit_by`` at most: what was signed and held back must not surface a day later."""

MAX_AHEAD_S = 60
"""Seconds by which ``iat`` may lie ahead of the receiver's clock: duty machines keep time within seconds."""

MAX_ISSUER_CHARACTERS = 32
MAX_SECONDS = MAX_SAFE_INTEGER // 1_000_000
"""In microseconds it is still an integer that every JSON reader keeps exactly."""


class Claims(Struct, frozen=True, gc=False):
    """Issuer, agreement id, SHA-256 of the terms, seconds of issue, statement id; ``admit_by`` of parties' own."""

    iss: str
    aud: str
    terms: str
    iat: int
    jti: str
    admit_by: int | None


def new_jti() -> str:
    """Return a fresh 128-bit identifier as 22 characters of base64url."""
    return b64(secrets.token_bytes(16))


def is_jti(value: object) -> bool:
    """Whether ``value`` is the one spelling of a 128-bit identifier."""
    return is_128_bits(value)


def read_claims(payload: Mapping[str, Any], *, admit_by: bool) -> Claims:
    """Return the claims of a verified payload.

    ``admit_by`` says whether the kind of statement must carry that claim or must not. Raises ``Malformed`` with
    ``claims``, or with ``crit`` where the payload lists members that a receiver must understand: we know of none.
    """
    if "crit" in payload:
        raise Malformed("crit", f"critical members are not understood: {str(payload['crit'])[:80]}")
    iss = payload.get("iss")
    if not isinstance(iss, str) or not 0 < len(iss) <= MAX_ISSUER_CHARACTERS:
        raise Malformed("claims", "iss must be a party's id")
    for name in ("aud", "terms"):
        if not is_digest(payload.get(name)):
            raise Malformed("claims", f"{name} must be a SHA-256 in base64url")
    if not is_jti(payload.get("jti")):
        raise Malformed("claims", "jti must be 128 random bits in base64url")
    seconds(payload, "iat")
    if admit_by:
        if seconds(payload, "admit_by") < payload["iat"]:
            raise Malformed("claims", "admit_by lies before iat")
        if payload["admit_by"] - payload["iat"] > ADMIT_AT_MOST_S:
            raise Malformed("claims", f"admit_by lies more than {ADMIT_AT_MOST_S} s after iat")
    elif "admit_by" in payload:
        raise Malformed("claims", "admit_by does not belong here")
    return Claims(iss, payload["aud"], payload["terms"], payload["iat"], payload["jti"], payload.get("admit_by"))


def seconds(payload: Mapping[str, Any], name: str) -> int:
    """Return the whole seconds of claim ``name``; raise ``Malformed`` with ``claims``."""
    return whole(payload, name, low=0, high=MAX_SECONDS)


def whole(payload: Mapping[str, Any], name: str, *, low: int = 0, high: int = MAX_SAFE_INTEGER) -> int:
    """Return the integer claim ``name`` within bounds; raise ``Malformed`` with ``claims``."""
    value = payload.get(name)
    if type(value) is not int or not low <= value <= high:
        raise Malformed("claims", f"{name} must be a whole number from {low} to {high}")
    return value


def id_claim(payload: Mapping[str, Any], name: str) -> str:
    """Return the 128-bit id of claim ``name``; raise ``Malformed`` with ``claims``."""
    value = payload.get(name)
    if not is_jti(value):
        raise Malformed("claims", f"{name} must be 128 random bits in base64url")
    return str(value)


def digest_claim(payload: Mapping[str, Any], name: str) -> str:
    """Return the SHA-256 claim ``name``; raise ``Malformed`` with ``claims``."""
    value = payload.get(name)
    if not is_digest(value):
        raise Malformed("claims", f"{name} must be a SHA-256 in base64url")
    return str(value)
