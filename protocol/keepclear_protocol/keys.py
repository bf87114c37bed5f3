"""Ed25519 keys: their text forms, names and fingerprints.

A public key is enrolled only after libsodium's check that it is a canonical point of the main subgroup: plain
verification accepts small-order keys, under which any message verifies, so their owner could later deny everything.
A signature verifies by one strict rule, without the cofactor and with no small-order R, so that no two desks can be
made to disagree about one (libsodium's; the tests hold it against ``cryptography`` and plain arithmetic).
Secret and public forms differ at a glance and carry a checksum, so that a mistyped key is refused, not misused.
"""

import base64
import binascii
import hashlib
import hmac
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from nacl.bindings import (
    crypto_core_ed25519_is_valid_point,
    crypto_sign,
    crypto_sign_open,
    crypto_sign_seed_keypair,
)
from nacl.exceptions import BadSignatureError

from .encoding import b64, digest, unb64
from .errors import Malformed, NotAuthentic

PUBLIC_PREFIX = "keepclear-public-1"
SECRET_PREFIX = "KEEPCLEAR-SECRET-KEY-1"  # noqa: S105 - a prefix, not a secret
SIGNATURE_BYTES = 64
CHECKSUM_BYTES = 4
"""Bytes of SHA-256 behind a key's text form: a typing error passes once in four thousand million."""


class PublicKey:
    """An enrolled Ed25519 public key."""

    __slots__ = ("kid", "raw")

    def __init__(self, raw: bytes) -> None:
        if len(raw) != 32:
            raise Malformed("key", "an Ed25519 public key has 32 bytes")
        if not crypto_core_ed25519_is_valid_point(raw):
            raise Malformed("key", "the key is not a canonical point of the main subgroup")
        self.raw = raw
        self.kid = digest(f'{{"crv":"Ed25519","kty":"OKP","x":"{b64(raw)}"}}')

    @classmethod
    def parse(cls, text: str) -> "PublicKey":
        """Return the key of a ``keepclear-public-1...`` text; raise ``Malformed`` with ``key``."""
        return cls(_unarmour(PUBLIC_PREFIX, text.strip(), "public"))

    @classmethod
    def from_jwk(cls, jwk: object) -> "PublicKey":
        """Return the key of a JWK with exactly ``kty``, ``crv`` and ``x`` (RFC 8037); raise ``Malformed``."""
        if isinstance(jwk, dict) and len(jwk) == 3:
            match jwk:
                case {"kty": "OKP", "crv": "Ed25519", "x": str(x)}:
                    return cls(unb64(x))
        raise Malformed("key", "a key must be a JWK with exactly kty OKP, crv Ed25519 and x")

    @property
    def jwk(self) -> dict[str, Any]:
        """The key as a JWK (RFC 8037)."""
        return {"kty": "OKP", "crv": "Ed25519", "x": b64(self.raw)}

    @property
    def text(self) -> str:
        """The key's text form, with prefix and checksum."""
        return _armour(PUBLIC_PREFIX, self.raw).lower()

    @property
    def fingerprint(self) -> str:
        """Thirty digits in groups of five, to be read over a telephone."""
        return spoken_digits(hashlib.sha256(b"keepclear key " + self.raw).digest(), 30)

    def verify(self, signature: bytes, message: bytes) -> None:
        """Raise ``NotAuthentic`` unless ``signature`` is this key's over ``message``."""
        # libsodium takes signature and message as one: of another length, the one would reach into the other.
        if len(signature) != SIGNATURE_BYTES:
            raise NotAuthentic
        try:
            crypto_sign_open(signature + message, self.raw)
        except BadSignatureError:
            raise NotAuthentic from None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PublicKey) and other.raw == self.raw

    def __hash__(self) -> int:
        return hash(self.raw)

    def __repr__(self) -> str:
        return f"PublicKey({self.kid})"


class PrivateKey:
    """An Ed25519 private key. Its ``repr`` never shows the secret."""

    __slots__ = ("_seed", "_signing", "public")

    def __init__(self, seed: bytes) -> None:
        if len(seed) != 32:
            raise Malformed("key", "an Ed25519 secret key has 32 bytes")
        self._seed = seed
        public, self._signing = crypto_sign_seed_keypair(seed)
        self.public = PublicKey(public)

    @classmethod
    def generate(cls) -> "PrivateKey":
        """Return a new key from the operating system's randomness."""
        return cls(Ed25519PrivateKey.generate().private_bytes_raw())

    @classmethod
    def parse(cls, text: str) -> "PrivateKey":
        """Return the key of a ``KEEPCLEAR-SECRET-KEY-1...`` text; raise ``Malformed`` with ``key``."""
        return cls(_unarmour(SECRET_PREFIX, text.strip(), "secret"))

    @property
    def text(self) -> str:
        """The secret's text form. To be written to a file of mode 0600 only."""
        return _armour(SECRET_PREFIX, self._seed)

    @property
    def kid(self) -> str:
        """The RFC 7638 thumbprint of the public half."""
        return self.public.kid

    def derive(self, label: bytes) -> bytes:
        """Return 32 bytes that follow from this secret and ``label`` and tell nothing of either (HMAC-SHA-256)."""
        return hmac.digest(self._seed, label, "sha256")

    def sign(self, message: bytes) -> bytes:
        """Return the 64 bytes of the signature over ``message``."""
        return crypto_sign(message, self._signing)[:SIGNATURE_BYTES]

    def __repr__(self) -> str:
        return f"PrivateKey({self.kid})"


def spoken_digits(seed: bytes, count: int) -> str:
    """Return ``count`` decimal digits drawn from ``seed`` in groups of five.

    The digits are those of the seed's SHA-512, as a big-endian integer, modulo ten to the ``count``.
    """
    number = int.from_bytes(hashlib.sha512(seed).digest(), "big") % 10**count
    digits = f"{number:0{count}d}"
    return " ".join(digits[at : at + 5] for at in range(0, count, 5))


def _checksum(prefix: str, raw: bytes) -> bytes:
    return hashlib.sha256(prefix.encode() + raw).digest()[:CHECKSUM_BYTES]


def _armour(prefix: str, raw: bytes) -> str:
    return prefix + base64.b32encode(raw + _checksum(prefix, raw)).decode().rstrip("=")


def _unarmour(prefix: str, text: str, kind: str) -> bytes:
    if not text.startswith(prefix):
        raise Malformed("key", f"a {kind} key begins with {prefix}")
    body = text[len(prefix) :]
    try:
        raw = base64.b32decode(body.upper() + "=" * (-len(body) % 8))[:-CHECKSUM_BYTES]
    except (binascii.Error, ValueError):
        raise Malformed("key", f"the {kind} key is damaged") from None
    # Written anew, checksum and case and unused bits included: only the one spelling comes back the same.
    spelling = _armour(prefix, raw)
    if len(raw) != 32 or text != (spelling if kind == "secret" else spelling.lower()):
        raise Malformed("key", f"the {kind} key is damaged: its checksum does not match")
    return raw
