"""Bytes and JSON, strictly: for every value that is accepted here there is one reading.

base64url is accepted only in the one spelling that re-encodes to itself. JSON is accepted only as UTF-8 without
repeated names, without NaN or Infinity, without lone surrogates and no deeper than a limit, because two receivers
that read the same signed bytes differently would hold different evidence.
"""

import binascii
import hashlib
import json
import math
import re
from collections.abc import Sequence
from typing import Any, NoReturn

from msgspec import DecodeError
from msgspec.json import Decoder, Encoder

from .errors import Malformed

MAX_DEPTH = 16
"""Levels of nesting. Our deepest statement has 8; twice that leaves room and bounds a parser's stack."""

MAX_SAFE_INTEGER = 2**53 - 1
"""The largest integer that every JSON reader keeps exactly (RFC 8259 section 6)."""

# The one spelling of 128 and of 256 bits: 22 and 43 characters carry four and two bits more, and these must be zero.
BITS_128 = r"[A-Za-z0-9_-]{21}[AQgw]"
_128_BITS = re.compile(BITS_128 + r"\Z")
_DIGEST = re.compile(r"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]\Z")

_TO_URL = bytes.maketrans(b"+/", b"-_")
_LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_URL = _LETTERS + b"-_"
_LAST_OF_DIGEST = b"AEIMQUYcgkosw048"
_LAST = ("", "", "AQgw", _LAST_OF_DIGEST.decode())
"""By a text's length modulo four, the last characters whose unused bits are nought; with no bits left over, any."""

_MARK = b"\xef\xbb\xbf"
_OTHER_MARKS = (
    (b"\xff\xfe\0\0", "UTF-32"),
    (b"\0\0\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
    (b"{\0", "UTF-16"),
    (b"\0{", "UTF-16"),
)
"""What a file in another encoding begins with: its own mark, or an object's brace in two bytes."""

_PADDING = ("", "===", "==", "=")

_BASE64 = Decoder(bytes)
"""A text of JSON as bytes: three times as fast as ``binascii``."""


def b64(data: bytes) -> str:
    """Return ``data`` as base64url without padding (RFC 7515 section 2)."""
    return binascii.b2a_base64(data, newline=False).translate(_TO_URL, b"=").decode("ascii")


def unb64(text: str) -> bytes:
    """Return the bytes of a base64url text; raise ``Malformed`` unless it re-encodes to itself."""
    over = len(text) % 4
    # What base64 or a text of JSON knows beside the letters of base64url; all else the decoder refuses.
    if "+" in text or "/" in text or "=" in text or '"' in text or "\\" in text:
        raise Malformed("base64url")
    try:
        data = _BASE64.decode(f'"{text.replace("-", "+").replace("_", "/")}{_PADDING[over]}"')
    except (DecodeError, UnicodeEncodeError):
        raise Malformed("base64url") from None
    # The decoder is strict about everything but bits that stand for nothing.
    if over and text[-1] not in _LAST[over]:
        raise Malformed("base64url")
    return data


def digest(data: bytes | str) -> str:
    """Return the SHA-256 of ``data`` (a text is taken as its UTF-8 bytes) as 43 characters of base64url."""
    # What ``b64`` does, in one go: a notice asks for it seven times.
    sha256 = hashlib.sha256(data.encode() if isinstance(data, str) else data).digest()
    return binascii.b2a_base64(sha256, newline=False)[:43].translate(_TO_URL).decode()


def is_digest(value: object) -> bool:
    """Whether ``value`` has the one spelling of a SHA-256 digest that ``digest`` writes."""
    return isinstance(value, str) and _DIGEST.match(value) is not None


def are_digests(texts: Sequence[str]) -> bool:
    """Whether ``texts``, each of 43 characters, are what ``is_digest`` takes, in one go for all of them."""
    joined = "".join(texts)
    if not joined.isascii():
        return False
    letters = joined.encode()
    return not letters.translate(None, _URL) and not letters[42::43].translate(None, _LAST_OF_DIGEST)


def is_128_bits(value: object) -> bool:
    """Whether ``value`` is the one spelling of 128 bits: an id or a salt."""
    return isinstance(value, str) and _128_BITS.match(value) is not None


def without_mark(data: bytes) -> bytes:
    """Return a text file's bytes without the byte-order mark that editors put before what they save.

    For files that people hand over; nothing on the wire has a mark. Raises ``Malformed`` with ``json`` that names
    another encoding than UTF-8.
    """
    for mark, name in _OTHER_MARKS:
        if data.startswith(mark):
            raise Malformed("json", f"the file is {name}, not UTF-8", hint="save it as UTF-8")
    return data.removeprefix(_MARK)


def dump_json(value: object) -> bytes:
    """Return ``value`` as compact UTF-8 JSON. Our own output only: what others signed is never written again."""
    return _ENCODER.encode(value).encode()


def dump_plain(value: object) -> bytes:
    """Return what ``dump_json`` does of texts, whole numbers, null, lists and objects of these, seven times as fast.

    For what a service says often. Of a fraction it may choose another spelling; what is not finite becomes null.
    """
    return _PLAIN.encode(value)


def parse_json(data: bytes, *, max_bytes: int, max_depth: int = MAX_DEPTH) -> Any:
    """Return the value of strict JSON ``data``.

    Raises ``Malformed`` with ``too_large``, ``json`` or ``json_number``.
    """
    if len(data) > max_bytes:
        raise Malformed("too_large", f"{len(data)} bytes; the limit is {max_bytes}")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed("json", "not UTF-8") from None
    try:
        value = _DECODER.decode(text)
    except Malformed:
        raise
    except (ValueError, RecursionError):
        raise Malformed("json", "not JSON") from None
    # Depth first: what follows recurses, and the parser's own stack may be deeper than Python's.
    if text.count("[") + text.count("{") > max_depth and _depth(value) > max_depth:
        raise Malformed("json", f"nested more than {max_depth} levels deep")
    if _has_surrogate(text):
        _refuse_surrogates(value)
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Malformed("json", "a name stands twice in one object")
    return members


def _no_constant(_: str) -> NoReturn:
    raise Malformed("json_number")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise Malformed("json_number")
    return number


def _integer(text: str) -> int:
    if len(text) > 17 or abs(number := int(text)) > MAX_SAFE_INTEGER:
        raise Malformed("json_number", "an integer beyond what every reader keeps exactly")
    return number


def _has_surrogate(text: str) -> bool:
    # One character is looked for at a thousand times the pace of several, and most texts have no backslash.
    return "\\" in text and ("\\ud" in text or "\\uD" in text)


def _refuse_surrogates(value: Any) -> None:
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            raise Malformed("json", "a lone surrogate") from None
    elif isinstance(value, dict):
        for name, member in value.items():
            _refuse_surrogates(name)
            _refuse_surrogates(member)
    elif isinstance(value, list):
        for member in value:
            _refuse_surrogates(member)


def _depth(value: Any) -> int:
    """Levels of nesting, without recursion: the value may be as deep as the parser's own stack."""
    level, depth = [value] if isinstance(value, (dict, list)) else [], 0
    while level:
        depth += 1
        members = (item.values() if isinstance(item, dict) else item for item in level)
        level = [member for inner in members for member in inner if isinstance(member, (dict, list))]
    return depth


_PLAIN = Encoder()
_ENCODER = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False)
_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique, parse_constant=_no_constant, parse_float=_finite, parse_int=_integer
)
"""All made once: making one costs as much as reading or writing a short text."""
