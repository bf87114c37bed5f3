"""Statements: everything anyone says is a compact JWS under one strict profile.

Guaranteed of a statement that ``open_statement`` returns: its header bytes are exactly those of the profile for the
expected ``typ``; its signature verifies under the key its ``kid`` names; its payload is strict JSON, an object, and
was parsed only after the signature verified. Its identity is the SHA-256 of its exact bytes, which are kept and never
written again. Not guaranteed: that the claims make sense or that the signer may say this; see ``claims``.

Header-driven behaviour (alg, crit, jwk, b64) has no place to happen: the header is matched, not parsed.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from msgspec import Struct

from .encoding import b64, digest, dump_json, parse_json, unb64
from .errors import Malformed, NotAuthentic
from .keys import PrivateKey, PublicKey
from .kinds import MAX_PAYLOAD_BYTES

_HEADER = re.compile(
    rb'\{"alg":"Ed25519","kid":"([A-Za-z0-9_-]{43})","typ":"(keepclear-[a-z]+\+(?:jws|sd-jwt))"\}\Z'
)

MAX_HEADER_CHARACTERS = 200
"""The longest header of the profile has 160: what a stranger sends is remembered in small pieces only."""

KeyFinder = Callable[[str], PublicKey | None]
"""From a ``kid`` to the enrolled key of that name, if there is one."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A verified statement. ``raw`` is its exact bytes as text; ``sha256`` is its identity."""

    raw: str
    typ: str
    kid: str
    payload: Mapping[str, Any]
    sha256: str


class Signed(Struct, frozen=True, gc=False):
    """A statement whose signature verified and whose payload, ``body``, nobody has read yet."""

    raw: str
    typ: str
    kid: str
    body: bytes
    sha256: str
    max_payload_bytes: int


def protected_header(kid: str, typ: str) -> bytes:
    """Return the only header bytes that the profile allows for ``kid`` and ``typ``."""
    return f'{{"alg":"Ed25519","kid":"{kid}","typ":"{typ}"}}'.encode()


def match_header(protected: bytes, typ: str) -> str:
    """Return the ``kid`` of profile header bytes; raise ``NotAuthentic`` for any other bytes."""
    match = _HEADER.match(protected)
    if match is None or match[2].decode() != typ:
        raise NotAuthentic
    return match[1].decode()


@lru_cache(maxsize=1024)
def _kid(protected: str, typ: str) -> str:
    """The ``kid`` of the profile's header in base64url: a party has few keys, and each has but one header a kind."""
    return match_header(unb64(protected), typ)


@lru_cache(maxsize=64)
def _protected(kid: str, typ: str) -> str:
    """The profile's header in base64url: a signer has few kinds to sign."""
    return b64(protected_header(kid, typ))


def sign_statement(
    key: PrivateKey, typ: str, payload: Mapping[str, Any], *, dump: Callable[[object], bytes] = dump_json
) -> str:
    """Return ``payload``, written by ``dump``, as a compact JWS of kind ``typ``, signed by ``key``."""
    signing_input = f"{_protected(key.kid, typ)}.{b64(dump(payload))}"
    return f"{signing_input}.{b64(key.sign(signing_input.encode()))}"


def verify_statement(
    raw: str, typ: str, find_key: KeyFinder, *, max_payload_bytes: int = MAX_PAYLOAD_BYTES
) -> Signed:
    """Verify the signature of a compact JWS of kind ``typ``; its payload is yet to be read.

    Raises ``NotAuthentic``, always with the same code, for whatever is wrong before the signature verified.
    """
    # Four bytes of text for three of payload, a header of under 200 and a signature of 86: bounds the work done for
    # a stranger before anything is decoded.
    if len(raw) > max_payload_bytes * 4 // 3 + 400:
        raise NotAuthentic
    parts = raw.split(".")
    if len(parts) != 3:
        raise NotAuthentic
    protected = parts[0]
    if len(protected) > MAX_HEADER_CHARACTERS:
        raise NotAuthentic
    try:
        kid, body, signature = _kid(protected, typ), unb64(parts[1]), unb64(parts[2])
    except Malformed:
        raise NotAuthentic from None
    key = find_key(kid)
    if key is None:
        raise NotAuthentic
    key.verify(signature, raw[: raw.rindex(".")].encode())
    return Signed(raw, typ, kid, body, digest(raw), max_payload_bytes)


def read_payload(signed: Signed) -> dict[str, Any]:
    """Return the payload that was signed; raise ``Malformed`` where its rightful signer should not have signed it."""
    payload = parse_json(signed.body, max_bytes=signed.max_payload_bytes)
    if not isinstance(payload, dict):
        raise Malformed("json", "a statement's payload must be an object")
    return payload


def open_statement(
    raw: str, typ: str, find_key: KeyFinder, *, max_payload_bytes: int = MAX_PAYLOAD_BYTES
) -> Statement:
    """Verify a compact JWS of kind ``typ`` and return it.

    Raises ``NotAuthentic`` as ``verify_statement`` does, and ``Malformed`` for a payload that its rightful signer
    should not have signed.
    """
    signed = verify_statement(raw, typ, find_key, max_payload_bytes=max_payload_bytes)
    return Statement(raw, typ, signed.kid, read_payload(signed), signed.sha256)
