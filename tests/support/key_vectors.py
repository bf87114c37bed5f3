"""Makes ``protocol/vectors/keys.json``: keys with their names and text forms, and what may not be enrolled.

    python tests/support/key_vectors.py > protocol/vectors/keys.json

A test compares the file with what this makes, and the protocol with the file.
"""

import base64
import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from keepclear_protocol.keys import PUBLIC_PREFIX, SECRET_PREFIX, PrivateKey

from support import edwards

ABOUT = (
    "keys: the seed and its public half in hexadecimal, the RFC 7638 thumbprint, the JWK, both text forms, and the "
    "fingerprint that is read by voice. not_enrolled: 32 bytes in hexadecimal that are no usable public key, and why. "
    "bad_texts: text forms that are refused; the first word says of which kind."
)


def document() -> str:
    """Return the file's text."""
    keys = [_key(hashlib.sha256(f"keepclear key vectors {number}".encode()).digest()) for number in range(4)]
    content = {"about": ABOUT, "keys": keys, "not_enrolled": list(_not_enrolled()), "bad_texts": list(_bad_texts())}
    return json.dumps(content, indent=1) + "\n"


def _key(seed: bytes) -> dict[str, Any]:
    key = PrivateKey(seed)
    return {
        "seed": seed.hex(),
        "public": key.public.raw.hex(),
        "kid": key.kid,
        "jwk": key.public.jwk,
        "secret_text": key.text,
        "public_text": key.public.text,
        "fingerprint": key.public.fingerprint,
    }


def _not_enrolled() -> Iterator[dict[str, str]]:
    small = edwards.small_order_encodings()
    for raw in small:
        canonical = edwards.encode(edwards.decode(raw) or edwards.NEUTRAL) == raw
        yield _bad(raw, "of small order" if canonical else "of small order, not canonical")
    for raw in edwards.beyond_p_encodings():
        if raw not in small:
            yield _bad(raw, "y is not below p")
    honest = edwards.decode(PrivateKey(hashlib.sha256(b"keepclear key vectors 0").digest()).public.raw)
    assert honest is not None
    for torsion in edwards.torsion_points()[1:]:
        yield _bad(edwards.encode(edwards.add(honest, torsion)), "an honest key with a part of small order")
    no_point = next(y for y in range(2, 100) if edwards.x_of(y, 0) is None)
    yield _bad(no_point.to_bytes(32, "little"), "not on the curve")


def _bad(raw: bytes, why: str) -> dict[str, str]:
    return {"public": raw.hex(), "why": why}


def _bad_texts() -> Iterator[dict[str, str]]:
    key = PrivateKey(hashlib.sha256(b"keepclear key vectors 0").digest())
    for kind, text, prefix in (("public", key.public.text, PUBLIC_PREFIX), ("secret", key.text, SECRET_PREFIX)):
        other = "b" if kind == "public" else "B"
        for why, bad in {
            "a character altered": text[:40] + (other if text[40] != other else other.swapcase()) + text[41:],
            "a character missing": text[:40] + text[41:],
            "two characters changed places": text[:40] + text[41] + text[40] + text[42:],
            "the last character in another spelling of the same bits": _other_last(text),
            "the other case": text.swapcase(),
            "no checksum": text[:-7],
            "no prefix": text[len(prefix) :],
            "padding behind": text + "======",
            "empty": "",
        }.items():
            yield {"kind": kind, "text": bad, "why": why}
    yield {"kind": "public", "text": key.text, "why": "a secret key where a public one is wanted"}
    yield {"kind": "secret", "text": key.public.text, "why": "a public key where a secret one is wanted"}
    neutral = edwards.encode(edwards.NEUTRAL)
    yield {"kind": "public", "text": armoured(neutral), "why": "a rightly spelt key of small order"}


def armoured(raw: bytes) -> str:
    """Return the public text form of any 32 bytes."""
    checksum = hashlib.sha256(PUBLIC_PREFIX.encode() + raw).digest()[:4]
    return PUBLIC_PREFIX + base64.b32encode(raw + checksum).decode().rstrip("=").lower()


def _other_last(text: str) -> str:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    bumped = alphabet[alphabet.index(text[-1].upper()) + 1]
    return text[:-1] + (bumped.lower() if text.islower() else bumped)


if __name__ == "__main__":
    sys.stdout.write(document())
