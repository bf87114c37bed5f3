"""The visible members of a notice: who, when and which revision, and the digests of all that may be disclosed.

Guaranteed of what ``read_visible`` returns: the members are exactly those of a notice, each of its type and spelling;
the digests of volumes are padded to a power of two, those of properties are eight and sorted. Not guaranteed: that any
digest has a disclosure, or that no digest stands twice; that is ``disclosure.open_disclosures``.
"""

from typing import Annotated, Any, Literal

from msgspec import UNSET, DecodeError, Meta, Struct, UnsetType, field
from msgspec.json import Decoder

from .claims import (
    ADMIT_AT_MOST_S,
    MAX_ISSUER_CHARACTERS,
    MAX_SECONDS,
    Claims,
    digest_claim,
    id_claim,
    read_claims,
    whole,
)
from .disclosure import check_digests
from .encoding import MAX_SAFE_INTEGER, are_digests, is_128_bits
from .errors import Malformed
from .quick import Known, has_texts
from .statement import Signed, read_payload

MIN_VOLUME_DIGESTS = 16
"""Fewer volumes than this all look alike."""

MAX_VOLUME_DIGESTS = 512
PROPERTY_DIGESTS = 8
"""Four properties at most, padded so that nobody sees which were given."""

_MEMBERS = frozenset(
    ("iss", "aud", "terms", "iat", "jti", "admit_by", "notice", "revision", "volumes", "_sd", "_sd_alg")
)


class Visible(Struct, frozen=True, gc=False):
    """The claims, which notice it is and which revision, and the digests of its volumes and of its properties."""

    claims: Claims
    id: str
    revision: int
    prev: str | None
    elements: list[str]
    properties: list[str]


def read_visible(signed: Signed) -> Visible:
    """Return the visible members; raise ``Malformed`` with ``json``, ``json_number``, ``claims``, ``crit``, ``notice``.

    The quick reader takes what is usual; anything else is the strict one's to take or to refuse.
    """
    taken = quick_visible(signed.body) if len(signed.body) <= signed.max_payload_bytes else None
    return taken or _strict_visible(read_payload(signed))


_Sha256 = Annotated[str, Meta(min_length=43, max_length=43)]


class _Hidden(Known):
    sha256: _Sha256 = field(name="...")


_Properties = Annotated[list[_Sha256], Meta(min_length=PROPERTY_DIGESTS, max_length=PROPERTY_DIGESTS)]
_Seconds = Annotated[int, Meta(ge=0, le=MAX_SECONDS)]


class _Payload(Known):
    iss: Annotated[str, Meta(min_length=1, max_length=MAX_ISSUER_CHARACTERS)]
    aud: _Sha256
    terms: _Sha256
    iat: _Seconds
    jti: str
    admit_by: _Seconds
    notice: str
    revision: Annotated[int, Meta(ge=1, le=MAX_SAFE_INTEGER)]
    volumes: Annotated[list[_Hidden], Meta(min_length=MIN_VOLUME_DIGESTS, max_length=MAX_VOLUME_DIGESTS)]
    properties: _Properties = field(name="_sd")
    algorithm: Literal["sha-256"] = field(name="_sd_alg")
    prev: _Sha256 | UnsetType = UNSET


_PAYLOAD = Decoder(_Payload)
_TEXTS = len(_MEMBERS) + 6 + PROPERTY_DIGESTS
"""Names and texts of a first revision, without its volumes, which have two each."""


def quick_visible(body: bytes) -> Visible | None:
    """Return the visible members where they are what is usual, or None: then the strict reader is asked (``quick``)."""
    try:
        payload = _PAYLOAD.decode(body)
    except (DecodeError, UnicodeDecodeError):
        return None
    elements, properties = [hidden.sha256 for hidden in payload.volumes], payload.properties
    digests, texts = [payload.aud, payload.terms, *elements, *properties], _TEXTS + 2 * len(elements)
    prev = None
    if payload.prev is not UNSET:
        prev = payload.prev
        digests.append(prev)
        texts += 2
    if (
        not has_texts(body, texts)
        or not are_digests(digests)
        or not (is_128_bits(payload.jti) and is_128_bits(payload.notice))
        or (prev is None) != (payload.revision == 1)
        or not 0 <= payload.admit_by - payload.iat <= ADMIT_AT_MOST_S
        or len(elements) & (len(elements) - 1)
        or properties != sorted(properties)
    ):
        return None
    claims = Claims(payload.iss, payload.aud, payload.terms, payload.iat, payload.jti, payload.admit_by)
    return Visible(claims, payload.notice, payload.revision, prev, elements, properties)


def _strict_visible(payload: dict[str, Any]) -> Visible:
    claims = read_claims(payload, admit_by=True)
    revision = whole(payload, "revision", low=1)
    if payload.keys() != (_MEMBERS if revision == 1 else _MEMBERS | {"prev"}):
        raise Malformed("notice", "a notice has exactly its visible members, and prev from revision 2")
    notice, prev = id_claim(payload, "notice"), None if revision == 1 else digest_claim(payload, "prev")
    elements, properties = _volume_digests(payload["volumes"]), payload["_sd"]
    if not isinstance(properties, list) or len(properties) != PROPERTY_DIGESTS:
        raise Malformed("notice", f"_sd must hold {PROPERTY_DIGESTS} digests")
    check_digests(elements)
    check_digests(properties)
    if properties != sorted(properties):
        raise Malformed("notice", "_sd must be sorted")
    if payload["_sd_alg"] != "sha-256":
        raise Malformed("notice", "_sd_alg must be sha-256")
    return Visible(claims, notice, revision, prev, elements, properties)


def _volume_digests(volumes: object) -> list[str]:
    if not isinstance(volumes, list) or not MIN_VOLUME_DIGESTS <= len(volumes) <= MAX_VOLUME_DIGESTS:
        raise Malformed("notice", f"volumes must be {MIN_VOLUME_DIGESTS} to {MAX_VOLUME_DIGESTS} digests")
    if len(volumes) & (len(volumes) - 1):
        raise Malformed("notice", "the number of volumes must be padded to a power of two")
    digests = [item["..."] for item in volumes if isinstance(item, dict) and len(item) == 1 and "..." in item]
    if len(digests) != len(volumes):
        raise Malformed("notice", "volumes may hold digests only")
    return digests
