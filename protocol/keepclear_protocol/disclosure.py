"""Disclosures: what an SD-JWT (RFC 9901) lets its holder show or keep back, one value at a time.

Guaranteed of what ``open_disclosures`` returns: each disclosure is the one base64url spelling of strict UTF-8 JSON,
``[salt, value]`` for an element of an array and ``[salt, name, value]`` for a property; it matches exactly one signed
digest, of the kind that it is; no digest and no salt stands twice; nothing is left over; no value hides further
digests. Not guaranteed: that everything signed was sent. A digest without a disclosure may be a decoy or something
held back, and nobody but the signer can tell which; ``manifest_digest`` is what settles that (see ``notice``).

PyPI ``sd-jwt`` accepts leftovers and repeats, so it is an oracle for good input only.
"""

import random
import secrets
from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from .encoding import b64, digest, dump_json, is_128_bits, is_digest, parse_json, unb64
from .errors import Malformed
from .quick import quick_element, quick_property

SALT_BYTES = 16
"""128 random bits (RFC 9901 section 9.3): without them a counterpart could guess a hidden volume and hash it."""

MAX_DISCLOSURE_BYTES = 512 * 1024
"""A single volume of 5 000 vertices takes 220 KB; the limit of the whole submission binds first."""

_RESERVED = frozenset(("_sd", "_sd_alg", "..."))
"""Names that would make a disclosed value itself selectively disclosable (RFC 9901 section 4.1)."""


class Disclosure(Struct, frozen=True, gc=False):
    """A disclosure that matched: its exact text, its digest, the property's name (``None`` for an element), value.

    The value of an element is a ``Volume`` where the quick reader took it for one; any other value is as JSON has it.
    """

    raw: str
    digest: str
    name: str | None
    value: Any


def check_digests(digests: Sequence[object]) -> None:
    """Raise ``Malformed`` with ``notice`` unless all are SHA-256 digests in their one spelling."""
    if not all(map(is_digest, digests)):
        raise Malformed("notice", "a digest must be a SHA-256 in base64url")


def disclose_element(value: object) -> str:
    """Return a disclosure of an array's element under a fresh salt."""
    return _disclose([_salt(), value])


def disclose_property(name: str, value: object) -> str:
    """Return a disclosure of property ``name`` under a fresh salt."""
    return _disclose([_salt(), name, value])


def with_decoys(digests: Sequence[str], count: int) -> list[str]:
    """Return ``digests`` and random decoys, ``count`` in all, in random order.

    A decoy is 256 random bits, which nobody can tell from a digest under a salt of 128.
    """
    padded = [*digests, *(b64(secrets.token_bytes(32)) for _ in range(count - len(digests)))]
    random.SystemRandom().shuffle(padded)
    return padded


def manifest_digest(disclosures: Sequence[str]) -> str:
    """Return the SHA-256 over ``disclosures`` in sending order, each followed by ``~``."""
    return digest("".join(f"{disclosure}~" for disclosure in disclosures))


def split_disclosures(tail: str) -> list[str]:
    """Return the disclosures of ``tail``, what stands behind the JWT's own ``~``.

    Raises ``Malformed`` with ``disclosure`` unless each ends in ``~``: text behind the last one would be a key
    binding, which this profile has none of.
    """
    if not tail:
        return []
    if not tail.isascii() or not tail.endswith("~"):
        raise Malformed("disclosure", "it must end in ~, and no key binding may follow")
    return tail[:-1].split("~")


def open_disclosures(raws: Sequence[str], *, elements: Sequence[str], properties: Sequence[str]) -> list[Disclosure]:
    """Return the disclosures ``raws``, in their order, matched to the signed digests of elements and of properties.

    Raises ``Malformed`` with ``disclosure_repeated``, ``disclosure_unmatched`` or ``disclosure``. A disclosure is
    parsed only when it matches, so the work is bounded by what was signed.
    """
    kinds = dict.fromkeys(elements, 2)
    kinds.update(dict.fromkeys(properties, 3))
    if len(kinds) != len(elements) + len(properties):
        raise Malformed("disclosure_repeated", "a signed digest stands twice")
    opened: dict[str, Disclosure] = {}
    salts: set[str] = set()
    for raw in raws:
        sha256 = digest(raw)
        if sha256 in opened:
            raise Malformed("disclosure_repeated", "a disclosure stands twice")
        members = kinds.get(sha256)
        if members is None:
            raise Malformed("disclosure_unmatched")
        salt, name, value = _read(raw, members)
        if salt in salts:
            raise Malformed("disclosure", "two disclosures have the same salt")
        salts.add(salt)
        opened[sha256] = Disclosure(raw, sha256, name, value)
    return list(opened.values())


def disclosed_name(raw: str) -> str | None:
    """Return the name of the property that ``raw`` discloses, None for an element; ``raw`` matched a digest before."""
    data = unb64(raw)
    if taken := quick_property(data):
        return taken[1]
    members = parse_json(data, max_bytes=MAX_DISCLOSURE_BYTES)
    return members[1] if len(members) == 3 else None


def glimpse(raws: Sequence[str], name: str) -> str | None:
    """Return the text of property ``name`` where one of ``raws`` is written in the usual way, else None.

    No more than a glimpse: neither that it matches a digest nor that it fits or stands once is looked at.
    """
    for raw in raws:
        try:
            taken = quick_property(unb64(raw))
        except Malformed:
            continue
        if taken and taken[1] == name:
            return taken[2]
    return None


def _salt() -> str:
    return b64(secrets.token_bytes(SALT_BYTES))


def _disclose(members: list[object]) -> str:
    try:
        return b64(dump_json(members))
    except (ValueError, TypeError, RecursionError):
        raise Malformed("disclosure", "the value cannot be written as JSON") from None


def _read(raw: str, members: int) -> tuple[str, str | None, Any]:
    """Return salt, name and value; raise ``Malformed`` with ``disclosure``."""
    try:
        data = unb64(raw)
    except Malformed as error:
        raise Malformed("disclosure", f"a disclosure cannot be read: {error.detail}") from None
    if len(data) > MAX_DISCLOSURE_BYTES:
        return _parse(data, members)
    if members == 3:
        return quick_property(data) or _parse(data, members)
    if taken := quick_element(data):
        return taken[0], None, taken[1]
    return _parse(data, members)


def _parse(data: bytes, members: int) -> tuple[str, str | None, Any]:
    try:
        parsed = parse_json(data, max_bytes=MAX_DISCLOSURE_BYTES)
    except Malformed as error:
        raise Malformed("disclosure", f"a disclosure cannot be read: {error.detail}") from None
    if not isinstance(parsed, list) or len(parsed) != members:
        wanted = "[salt, value]" if members == 2 else "[salt, name, value]"
        raise Malformed("disclosure", f"in its place a disclosure must be {wanted}")
    if not is_128_bits(parsed[0]):
        raise Malformed("disclosure", "a salt must be 128 bits in base64url")
    if members == 3 and not isinstance(parsed[1], str):
        raise Malformed("disclosure", "a property's name must be a text")
    # A reserved name can stand in the value only if its letters stand in the text or are escaped there.
    if (b'"_sd' in data or b'"..."' in data or b"\\" in data) and _has_reserved(parsed[-1]):
        raise Malformed("disclosure", "a disclosed value may not hold digests of its own")
    return parsed[0], parsed[1] if members == 3 else None, parsed[-1]


def _has_reserved(value: object) -> bool:
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            if not _RESERVED.isdisjoint(item):
                return True
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)
    return False
