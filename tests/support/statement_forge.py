"""A forge for statements, good and odd: signs whatever header and payload bytes it is given.

Nothing is random, so that ``protocol/vectors/statements.json`` can be made again and compared.
"""

import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass

from keepclear_protocol.encoding import b64, unb64
from keepclear_protocol.keys import PrivateKey
from keepclear_protocol.kinds import RECEIPT, WITHDRAWAL
from keepclear_protocol.statement import protected_header

from support import edwards
from support.edwards import L

KEY_SEED = hashlib.sha256(b"keepclear statement vectors key").digest()
KEY = PrivateKey(KEY_SEED)
OTHER = PrivateKey(hashlib.sha256(b"keepclear statement vectors other enrolled key").digest())
STRANGER = PrivateKey(hashlib.sha256(b"keepclear statement vectors stranger").digest())

HEADER = protected_header(KEY.kid, RECEIPT.typ)
PAYLOAD = '{"say":"ü??>>~~","n":1}'.encode()
"""Its base64url has both characters that the standard alphabet spells otherwise, and unused bits at its end."""

BEFORE = "nothing is told apart before the signature verified under an enrolled key"


@dataclass(frozen=True)
class Odd:
    """A compact JWS to be refused with ``code``, as a statement of kind ``RECEIPT``."""

    name: str
    jws: str
    why: str
    code: str = "not_authenticated"


def find_key(kid: str) -> object:
    """Find the two enrolled keys."""
    return {KEY.kid: KEY.public, OTHER.kid: OTHER.public}.get(kid)


def sign_text(header: str, payload: str, key: PrivateKey = KEY) -> str:
    """Return a compact JWS of two parts as they are given, signed over exactly those characters."""
    return f"{header}.{payload}.{b64(key.sign(f'{header}.{payload}'.encode()))}"


def compact(header: bytes = HEADER, payload: bytes = PAYLOAD, key: PrivateKey = KEY) -> str:
    """Return a compact JWS of any header and payload bytes."""
    return sign_text(b64(header), b64(payload), key)


def odd_statements() -> Iterator[Odd]:
    """Yield everything that must be refused."""
    yield from _spellings()
    yield from _headers()
    yield from _kinds_and_keys()
    yield from _parts()
    yield from _signatures()
    yield from _payloads()


def _spellings() -> Iterator[Odd]:
    header, payload = b64(HEADER), b64(PAYLOAD)
    signature = compact().split(".")[2]
    why = "a part must be the one base64url spelling of its bytes"
    tail = {"header": header, "payload": payload, "signature": signature}
    for part, text in tail.items():
        padded = {**tail, part: text + "=" * (-len(text) % 4 or 4)}
        yield _respelt(f"{part} padded", padded, why)
        spaced = {**tail, part: text[:8] + "\n" + text[8:]}
        yield _respelt(f"{part} with a line break in it", spaced, why)
        blank = {**tail, part: f" {text}"}
        yield _respelt(f"{part} after a blank", blank, why)
        if len(text) % 4:
            other = {**tail, part: text[:-1] + _next_with_same_bytes(text)}
            yield _respelt(f"{part} with other unused bits", other, why)
        wide = {**tail, part: text[:-1] + chr(ord(text[-1]) + 0xFEE0)}
        yield _respelt(f"{part} with a full-width character", wide, why)
        percent = {**tail, part: f"%{ord(text[0]):02X}{text[1:]}"}
        yield _respelt(f"{part} with a percent escape", percent, why)
        if "-" in text or "_" in text:
            standard = {**tail, part: text.replace("-", "+").replace("_", "/")}
            yield _respelt(f"{part} in the standard alphabet", standard, why)
    raw = compact()
    for name, odd in {
        "a line break behind": raw + "\n",
        "a blank before": " " + raw,
        "a byte order mark before": "\ufeff" + raw,
        "a NUL behind": raw + "\x00",
        "in quotes": f'"{raw}"',
        "a blank round the dots": raw.replace(".", " . "),
        "Bearer before": f"Bearer {raw}",
        "all capital": raw.upper(),
    }.items():
        yield Odd(name, odd, "exactly three base64url parts and nothing else")


def _respelt(name: str, parts: dict[str, str], why: str) -> Odd:
    # Signed over the odd spelling where there is one in what is signed, so that nothing but the spelling is wrong.
    if parts["header"] == b64(HEADER) and parts["payload"] == b64(PAYLOAD):
        return Odd(name, ".".join(parts.values()), why)
    return Odd(name, sign_text(parts["header"], parts["payload"]), why)


def _next_with_same_bytes(text: str) -> str:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return alphabet[alphabet.index(text[-1]) + 1]


def _headers() -> Iterator[Odd]:
    why = "the header must be the profile's, byte for byte; it is never parsed"
    text = HEADER.decode()
    members = json.loads(text)
    kid, typ = members["kid"], members["typ"]

    def extra(**more: object) -> str:
        return json.dumps({**members, **more}, separators=(",", ":"))

    odd: dict[str, str | bytes] = {
        "blanks in the header": json.dumps(members),
        "header members in another order": json.dumps(dict(reversed(members.items())), separators=(",", ":")),
        "a line break behind the header": text + "\n",
        "a blank before the header": " " + text,
        "a NUL behind the header": text + "\x00",
        "two headers": text + text,
        "alg twice, none first": text.replace('{"alg"', '{"alg":"none","alg"'),
        "alg twice, the same": text.replace('{"alg"', '{"alg":"Ed25519","alg"'),
        "kid twice": text.replace('"kid"', f'"kid":"{OTHER.kid}","kid"'),
        "typ twice": text.replace('"typ"', '"typ":"keepclear-alert+jws","typ"'),
        "alg EdDSA": extra(alg="EdDSA"),
        "alg none": extra(alg="none"),
        "alg in lower case": extra(alg="ed25519"),
        "alg HS256": extra(alg="HS256"),
        "no alg": json.dumps({"kid": kid, "typ": typ}, separators=(",", ":")),
        "no kid": json.dumps({"alg": "Ed25519", "typ": typ}, separators=(",", ":")),
        "no typ": json.dumps({"alg": "Ed25519", "kid": kid}, separators=(",", ":")),
        "crit empty": extra(crit=[]),
        "crit unknown": extra(crit=["exp"], exp=1),
        "crit b64 false": extra(crit=["b64"], b64=False),
        "b64 true": extra(b64=True, crit=["b64"]),
        "the signer's own jwk": extra(jwk=STRANGER.public.jwk),
        "jku": extra(jku="https://keys.example/jwks.json"),
        "x5u": extra(x5u="https://keys.example/x5u"),
        "x5c": extra(x5c=["AA=="]),
        "cty": extra(cty="JWT"),
        "zip": extra(zip="DEF"),
        "iat in the header": extra(iat=1),
        "NaN in the header": text[:-1] + ',"n":NaN}',
        "an escape in the header": text.replace("alg", "\\u0061lg"),
        "an escaped value": text.replace("keepclear-", "keepclear\\u002d"),
        "a Kelvin sign in typ": text.replace("keepclear", "\u212aeepclear"),
        "a trailing comma": text[:-1] + ",}",
        "single quotes": text.replace('"', "'"),
        "UTF-16": text.encode("utf-16"),
        "UTF-16 without a mark": text.encode("utf-16-le"),
        "UTF-32": text.encode("utf-32"),
        "UTF-8 with a byte order mark": text.encode("utf-8-sig"),
        "a list around the header": f"[{text}]",
        "null for a header": "null",
        "an empty object for a header": "{}",
        "no JSON for a header": "\xff\xfe",
    }
    for name, header in odd.items():
        yield Odd(name, compact(header if isinstance(header, bytes) else header.encode()), why)


def _kinds_and_keys() -> Iterator[Odd]:
    kinds = "a statement of one kind is never taken for another"
    for typ in (
        WITHDRAWAL.typ,
        "keepclear-notice+sd-jwt",
        "keepclear-agreement+jws",
        "keepclear-receipts+jws",
        "KEEPCLEAR-RECEIPT+JWS",
        "application/keepclear-receipt+jws",
        "keepclear-receipt",
        "keepclear-receipt+jws ",
        "keepclear-+jws",
        "JWT",
        "",
    ):
        yield Odd(f"typ {typ!r}", compact(protected_header(KEY.kid, typ)), kinds)
    unknown = "the kid must be the thumbprint of an enrolled key, which must have signed"
    for name, kid in {
        "kid of another enrolled key": OTHER.kid,
        "kid of a stranger": STRANGER.kid,
        "kid a path": "../../../../../../../../../../dev/null/key.x",
        "kid a longer text": KEY.kid + "A",
        "kid a shorter text": KEY.kid[:-1],
        "kid empty": "",
        "kid with other unused bits": KEY.kid[:-1] + _next_with_same_bytes(KEY.kid),
        "kid a shell word": "$(id)" + KEY.kid[5:],
        "kid a query": "' OR 1=1 --" + KEY.kid[11:],
        "kid with a NUL": KEY.kid[:42] + "\x00",
        "kid with Arabic digits": "\u0661" * 43,
    }.items():
        yield Odd(name, compact(protected_header(kid, RECEIPT.typ)), unknown)
    yield Odd("signed by a stranger under an enrolled kid", compact(key=STRANGER), unknown)
    yield Odd(
        "signed by a stranger under its own kid",
        compact(protected_header(STRANGER.kid, RECEIPT.typ), key=STRANGER),
        BEFORE,
    )
    number = HEADER.replace(f'"{KEY.kid}"'.encode(), b"1")
    yield Odd("kid a number", compact(number), unknown)


def _parts() -> Iterator[Odd]:
    raw = compact()
    header, payload, signature = raw.split(".")
    why = "exactly three parts"
    for name, odd in {
        "empty": "",
        "a dot": ".",
        "two dots": "..",
        "one part": header,
        "two parts": f"{header}.{payload}",
        "four parts": f"{raw}.{signature}",
        "four parts, the last empty": f"{raw}.",
        "five parts as of a JWE": f"{header}.{payload}.{signature}.{payload}.{signature}",
        "a dot before": f".{raw}",
        "no signature": f"{header}.{payload}.",
        "no header": f".{payload}.{signature}",
        "no payload, which is elsewhere": f"{header}..{signature}",
        "parts in another order": f"{payload}.{header}.{signature}",
        "other dots": raw.replace(".", "\u2024"),
        "JSON serialisation": json.dumps({"payload": payload, "protected": header, "signature": signature}),
        "an SD-JWT": f"{raw}~",
        "twice": raw + raw,
    }.items():
        yield Odd(name, odd, why)
    unencoded = HEADER[:-1] + b',"b64":false,"crit":["b64"]}'
    signed = b64(KEY.sign(f"{b64(unencoded)}.".encode() + b"{}"))
    yield Odd("payload not encoded", f"{b64(unencoded)}.{{}}.{signed}", why)


def _signatures() -> Iterator[Odd]:
    raw = compact()
    header, payload, text = raw.split(".")
    signature = unb64(text)
    r, s = signature[:32], int.from_bytes(signature[32:], "little")
    why = "only the key's own Ed25519 signature over these bytes, with S below the group's order"
    hmac_key = KEY.public.raw
    odd = {
        "S plus the group's order": r + (s + L).to_bytes(32, "little"),
        "S negated": r + ((L - s) % L).to_bytes(32, "little"),
        "S nought and R neutral": b"\x01" + bytes(63),
        "all noughts": bytes(64),
        "all ones": b"\xff" * 64,
        "a byte short": signature[:-1],
        "a byte long": signature + b"\x00",
        "R and S changed places": signature[32:] + r,
        "of the payload alone": KEY.sign(payload.encode()),
        "of the decoded parts": KEY.sign(HEADER + b"." + PAYLOAD),
        "of another kind of statement": unb64(compact(protected_header(KEY.kid, WITHDRAWAL.typ)).split(".")[2]),
        "of another payload": unb64(compact(payload=PAYLOAD + b" ").split(".")[2]),
        "of another enrolled key": OTHER.sign(f"{header}.{payload}".encode()),
        "an HMAC under the public key": hmac.digest(hmac_key, f"{header}.{payload}".encode(), "sha512"),
        "in hexadecimal": signature.hex().encode(),
    }
    for name, other in odd.items():
        yield Odd(f"signature {name}", f"{header}.{payload}.{b64(other)}", why)
    signing_input = f"{header}.{payload}".encode()
    no_r = "a small-order R: some verifiers take it, so that two desks would disagree"
    neutral = edwards.sign(KEY_SEED, signing_input, nonce=0)
    yield Odd("signature with a neutral R", f"{header}.{payload}.{b64(neutral)}", no_r)
    for order, shift in ((2, 4), (4, 2), (8, 1)):
        mixed = edwards.sign(KEY_SEED, signing_input, nonce=20261122, shift=edwards.torsion_points()[shift])
        with_cofactor = "verifies only where the cofactor is multiplied in, and that some verifiers do"
        yield Odd(f"signature with a part of order {order} in R", f"{header}.{payload}.{b64(mixed)}", with_cofactor)
    for bit in (0, 255, 256, 511):
        flipped = bytearray(signature)
        flipped[bit // 8] ^= 1 << bit % 8
        yield Odd(f"signature with bit {bit} flipped", f"{header}.{payload}.{b64(bytes(flipped))}", why)
    yield Odd("payload altered", f"{header}.{b64(PAYLOAD.replace(b'1', b'2'))}.{text}", why)


def _payloads() -> Iterator[Odd]:
    """Rightly signed: what is wrong is told, because the signer is known."""
    cases: list[tuple[str, bytes, str, str]] = [
        ("payload empty", b"", "json", "not JSON"),
        ("payload null", b"null", "json", "not an object"),
        ("payload a list", b"[]", "json", "not an object"),
        ("payload a text", b'"a"', "json", "not an object"),
        ("payload a number", b"1", "json", "not an object"),
        ("payload no JSON", b"{'a':1}", "json", "not JSON"),
        ("payload with a comment", b"{}//", "json", "not JSON"),
        ("payload with a trailing comma", b'{"a":1,}', "json", "not JSON"),
        ("payload two values", b"{}{}", "json", "not JSON"),
        ("payload in UTF-16", '{"a":1}'.encode("utf-16"), "json", "not UTF-8"),
        ("payload with a byte order mark", b"\xef\xbb\xbf{}", "json", "not JSON"),
        ("payload of overlong UTF-8", b'{"a":"\xc0\xaf"}', "json", "not UTF-8"),
        ("payload with an encoded surrogate", b'{"a":"\xed\xa0\x80"}', "json", "not UTF-8"),
        ("payload with a lone surrogate", b'{"a":"\\ud800"}', "json", "not a Unicode text"),
        ("payload with a lone surrogate for a name", b'{"\\udead":1}', "json", "not a Unicode text"),
        ("payload with a name twice", b'{"a":1,"a":2}', "json", "two readings"),
        ("payload with a name twice, once escaped", b'{"a":1,"\\u0061":2}', "json", "two readings"),
        ("payload with a name twice deeper", b'{"a":[{"b":1,"b":1}]}', "json", "two readings"),
        ("payload 17 levels deep", b'{"a":' + b"[" * 16 + b"]" * 16 + b"}", "json", "deeper than 16 levels"),
        ("payload with NaN", b'{"a":NaN}', "json_number", "not finite"),
        ("payload with Infinity", b'{"a":-Infinity}', "json_number", "not finite"),
        ("payload with 1e999", b'{"a":1e999}', "json_number", "not finite in a double"),
        ("payload with 2^53", b'{"a":9007199254740992}', "json_number", "not kept exactly by every reader"),
        ("payload with an integer of 400 digits", b'{"a":1' + b"0" * 399 + b"}", "json_number", "not kept exactly"),
    ]
    for name, payload, code, why in cases:
        yield Odd(name, compact(payload=payload), why, code)
