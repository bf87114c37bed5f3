"""The terms of an agreement: the payload that all parties sign, read strictly into values.

Checked here: members, types, bounds, that ids and keys stand once. Not checked: any signature; see ``agreement``.
"""

import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from .claims import SERVICE
from .encoding import is_digest
from .errors import Forbidden, Malformed
from .instant import parse_instant
from .keys import PublicKey
from .separation import RULES, Minima, Uncertainty
from .volume import Outline, parse_outline

SUBMIT = "submit"
ACKNOWLEDGE = "acknowledge"
WATCH = "watch"
ADMIN = "admin"
ROLES = frozenset({SUBMIT, ACKNOWLEDGE, WATCH, ADMIN})
"""What a key may be for; none implies another."""

MAX_PARTIES = 64
"""More sides than any agreement on one sky has had; bounds the signatures to verify."""

MAX_KEYS = 64
"""Keys of one party, past and present ones together."""

MAX_CATEGORIES = 64
MAX_NAME_CHARACTERS = 80
MAX_REVISION = 1_000_000
DAY_S = 86_400

_PARTY = re.compile(r"[a-z][a-z0-9-]{0,31}\Z")
_CATEGORY = re.compile(r"[a-z][a-z0-9_-]{0,31}\Z")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})?\Z")


@dataclass(frozen=True, slots=True)
class PartyKey:
    """A party's operational key: its roles and the instants between which it is valid."""

    key: PublicKey
    roles: frozenset[str]
    not_before: int
    not_after: int
    revoked_at: int | None

    def check(self, role: str | None, now: int) -> None:
        """Raise ``Forbidden`` unless the key is valid at ``now`` and, where one is named, has ``role``."""
        if self.revoked_at is not None and now >= self.revoked_at:
            raise Forbidden("key_revoked")
        if not self.not_before <= now <= self.not_after:
            raise Forbidden("key_not_valid")
        if role is not None and role not in self.roles:
            raise Forbidden("wrong_role", f"the key lacks the role {role}")


@dataclass(frozen=True, slots=True)
class Party:
    """A side: its id, its names by language, its root key and its operational keys."""

    id: str
    names: Mapping[str, str]
    root: PublicKey
    keys: tuple[PartyKey, ...]


@dataclass(frozen=True, slots=True)
class ServiceKey:
    """A key of the service and the instants between which it is valid."""

    key: PublicKey
    not_before: int
    not_after: int


@dataclass(frozen=True, slots=True)
class Service:
    """The hotline: the origin that request proofs are for, and its keys, the first of which signs the agreement."""

    origin: str
    keys: tuple[ServiceKey, ...]


@dataclass(frozen=True, slots=True)
class Limits:
    """What a notice may ask for at most; areas, bands and durations as widened by the rules."""

    area_km2: float
    band_m: float
    duration_s: int
    horizon_s: int
    volumes: int
    vertices: int
    submission_bytes: int
    revisions: int


LIMITS_MAX: Mapping[str, float] = {
    "area_km2": 50_000_000,  # larger outlines are not on one side of the earth any more
    "band_m": 100_000,  # to the edge of space
    "duration_s": 366 * DAY_S,
    "horizon_s": 366 * DAY_S,
    "volumes": 500,  # 512 digests is the largest power of two that a 64 KiB payload holds with room
    "vertices": 5_000,
    "submission_bytes": 512 * 1024,
    "revisions": 10_000,
}
"""An agreement may be stricter than these, never laxer."""


@dataclass(frozen=True, slots=True)
class LeadClasses:
    """Seconds of lead from which a notice is ROUTINE, and from which it is SHORT; below it is LATE."""

    routine_s: int
    short_s: int


@dataclass(frozen=True, slots=True)
class Terms:
    """Everything that an agreement's payload says."""

    name: str
    revision: int
    prev: str | None
    agreement: str | None
    former_roots: tuple[PublicKey, ...]
    parties: tuple[Party, ...]
    service: Service
    rules: str
    area: Outline | None
    categories: Mapping[str, Minima]
    uncertainty: Uncertainty
    lead: LeadClasses
    limits: Limits
    retention_s: int
    deadlines: Mapping[str, int]


_REQUIRED = frozenset(
    "name revision prev parties service rules area categories uncertainty lead_classes limits retention_s"
    " deadlines".split()
)
_LATER = frozenset({"agreement", "former_roots"})


def read_terms(payload: object) -> Terms:
    """Return the terms of a parsed payload; raise ``Malformed`` with ``agreement`` or the code of what is wrong in it.

    Members that this reader does not know are refused: an agreement is what all have read and signed.
    """
    terms = _object(payload, "the agreement", _REQUIRED, _LATER)
    revision = _integer(terms["revision"], "revision", 1, MAX_REVISION)
    prev, agreement = terms["prev"], terms.get("agreement")
    if revision == 1:
        if prev is not None or agreement is not None or "former_roots" in terms:
            raise _bad("a first revision follows nothing: prev is null, agreement and former_roots are absent")
    elif not is_digest(prev) or not is_digest(agreement):
        raise _bad("a later revision names prev and agreement by their SHA-256")
    if terms["rules"] != RULES:
        raise _bad(f"this reader knows the rules of version {RULES}")
    result = Terms(
        name=_name(terms["name"]),
        revision=revision,
        prev=prev,
        agreement=agreement,
        former_roots=tuple(_list(terms.get("former_roots", []), "former_roots", MAX_PARTIES + 1, PublicKey.from_jwk)),
        parties=tuple(_list(terms["parties"], "parties", MAX_PARTIES, _party)),
        service=_service(terms["service"]),
        rules=RULES,
        area=None if terms["area"] is None else parse_outline(terms["area"]),
        categories=_categories(terms["categories"]),
        uncertainty=_uncertainty(terms["uncertainty"]),
        lead=_lead(terms["lead_classes"]),
        limits=_limits(terms["limits"]),
        retention_s=_integer(terms["retention_s"], "retention_s", 3600, 366 * DAY_S),
        deadlines=_deadlines(terms["deadlines"]),
    )
    if len(result.parties) < 2:
        raise _bad("an agreement has two parties at least")
    if len({party.id for party in result.parties}) != len(result.parties):
        raise _bad("a party stands twice")
    keys = [key for party in result.parties for key in (party.root, *(item.key for item in party.keys))]
    keys += [item.key for item in result.service.keys] + list(result.former_roots)
    if len(set(keys)) != len(keys):
        raise _bad("a key stands twice: each key has one owner and one use")
    return result


def _party(value: object) -> Party:
    party = _object(value, "a party", frozenset({"id", "names", "root", "keys"}))
    id = party["id"]
    if not isinstance(id, str) or not _PARTY.match(id) or id == SERVICE:
        raise _bad("a party's id is a to z, 0 to 9 and -, at most 32, and not service")
    names = party["names"]
    if not isinstance(names, dict) or not 1 <= len(names) <= 16 or not all(map(_LANGUAGE.match, names)):
        raise _bad("a party's names are texts by language tag")
    return Party(
        id=id,
        names={language: _name(name) for language, name in names.items()},
        root=PublicKey.from_jwk(party["root"]),
        keys=tuple(_list(party["keys"], "a party's keys", MAX_KEYS, _party_key)),
    )


def _party_key(value: object) -> PartyKey:
    key = _object(value, "a key", frozenset({"key", "roles", "not_before", "not_after"}), frozenset({"revoked_at"}))
    roles = key["roles"]
    if (
        not isinstance(roles, list)
        or not roles
        or len(roles) > len(ROLES)
        or not all(isinstance(r, str) for r in roles)
    ):
        raise _bad("a key has a list of roles")
    if not set(roles) <= ROLES or len(set(roles)) != len(roles):
        raise _bad(f"roles are {', '.join(sorted(ROLES))}, each once")
    not_before, not_after = _window(key)
    revoked = key.get("revoked_at")
    revoked_at = None if revoked is None else parse_instant(revoked, code="agreement")
    return PartyKey(PublicKey.from_jwk(key["key"]), frozenset(roles), not_before, not_after, revoked_at)


def _service(value: object) -> Service:
    service = _object(value, "the service", frozenset({"origin", "keys"}))
    origin = service["origin"]
    if not isinstance(origin, str) or len(origin) > 256 or not origin.isascii() or not origin.isprintable():
        raise _bad("the service's origin is a short ASCII text")
    try:
        parts = urlsplit(origin)
        alone = origin == f"{parts.scheme}://{parts.netloc}" and "@" not in parts.netloc and bool(parts.hostname)
        right = alone and parts.scheme in ("http", "https") and (parts.port is None or parts.port > 0)
    except ValueError:
        right = False
    if not right or origin != origin.lower():
        raise _bad("the service's origin is scheme, host and port alone, such as https://hotline.example")
    keys = tuple(_list(service["keys"], "the service's keys", MAX_KEYS, _service_key))
    if not keys:
        raise _bad("the service has a key at least")
    return Service(origin, keys)


def _service_key(value: object) -> ServiceKey:
    key = _object(value, "a service key", frozenset({"key", "not_before", "not_after"}))
    return ServiceKey(PublicKey.from_jwk(key["key"]), *_window(key))


def _window(key: Mapping[str, Any]) -> tuple[int, int]:
    not_before = parse_instant(key["not_before"], code="agreement")
    not_after = parse_instant(key["not_after"], code="agreement")
    if not_before >= not_after:
        raise _bad("a key's not_before lies before its not_after")
    return not_before, not_after


def _categories(value: object) -> Mapping[str, Minima]:
    if not isinstance(value, dict) or not 1 <= len(value) <= MAX_CATEGORIES or not all(map(_CATEGORY.match, value)):
        raise _bad("categories are objects by name, a to z, 0 to 9, _ and -")
    return {name: _minima(category) for name, category in value.items()}


def _minima(value: object) -> Minima:
    minima = _object(value, "a category", frozenset({"horizontal_m", "vertical_m", "lead_s", "tail_s"}))
    return Minima(
        horizontal_m=_number(minima["horizontal_m"], "horizontal_m", 0, 500_000),
        vertical_m=_number(minima["vertical_m"], "vertical_m", 0, 30_000),
        lead_s=_integer(minima["lead_s"], "lead_s", 0, DAY_S),
        tail_s=_integer(minima["tail_s"], "tail_s", 0, DAY_S),
    )


def _uncertainty(value: object) -> Uncertainty:
    names = ("geoid_undulation_m", "pressure_error_m", "terrain_m")
    bounds = _object(value, "uncertainty", frozenset(names))

    def pair(name: str) -> tuple[float, float]:
        item = bounds[name]
        if not isinstance(item, list) or len(item) != 2:
            raise _bad(f"{name} is a least and a greatest value")
        low, high = (_number(end, name, -15_000, 15_000) for end in item)
        if low > high:
            raise _bad(f"{name} is upside down")
        return low, high

    return Uncertainty(*(pair(name) for name in names))


def _lead(value: object) -> LeadClasses:
    lead = _object(value, "lead_classes", frozenset({"routine_s", "short_s"}))
    routine, short = (_integer(lead[name], name, 0, 30 * DAY_S) for name in ("routine_s", "short_s"))
    if short > routine:
        raise _bad("short_s is not more than routine_s")
    return LeadClasses(routine, short)


def _limits(value: object) -> Limits:
    limits = _object(value, "limits", frozenset(LIMITS_MAX))
    integers = {
        name: _integer(limits[name], name, 1, int(most))
        for name, most in LIMITS_MAX.items()
        if name not in ("area_km2", "band_m")
    }
    area = _number(limits["area_km2"], "area_km2", 1e-6, LIMITS_MAX["area_km2"])
    return Limits(area, _number(limits["band_m"], "band_m", 1, LIMITS_MAX["band_m"]), **integers)


def _deadlines(value: object) -> Mapping[str, int]:
    deadlines = _object(value, "deadlines", frozenset({"acknowledge_s"}))
    return {"acknowledge_s": _integer(deadlines["acknowledge_s"], "acknowledge_s", 1, DAY_S)}


def _object(
    value: object, what: str, required: frozenset[str], optional: frozenset[str] = frozenset()
) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise _bad(f"{what} must be an object")
    if not required <= value.keys() <= required | optional:
        odd = sorted((required - value.keys()) | (value.keys() - required - optional))
        raise _bad(f"{what} lacks, or may not have: {', '.join(map(str, odd))[:200]}")
    return value


def _list(value: object, what: str, most: int, read: Callable[[object], Any]) -> list[Any]:
    if not isinstance(value, list) or len(value) > most:
        raise _bad(f"{what} must be a list of at most {most}")
    return [read(item) for item in value]


def _name(value: object) -> str:
    if (
        not isinstance(value, str)
        or not 0 < len(value) <= MAX_NAME_CHARACTERS
        or value != unicodedata.normalize("NFC", value)
        or any(unicodedata.category(character)[0] == "C" for character in value)
    ):
        raise _bad(f"a name is at most {MAX_NAME_CHARACTERS} characters in NFC without controls")
    return value


def _integer(value: object, what: str, low: int, high: int) -> int:
    if type(value) is not int or not low <= value <= high:
        raise _bad(f"{what} must be a whole number from {low} to {high}")
    return value


def _number(value: object, what: str, low: float, high: float) -> float:
    if type(value) not in (int, float) or not math.isfinite(value) or not low <= value <= high:  # type: ignore[arg-type, operator]
        raise _bad(f"{what} must be a number from {low:g} to {high:g}")
    return float(value)  # type: ignore[arg-type]


def _bad(detail: str) -> Malformed:
    return Malformed("agreement", detail)
