"""Parties and the service: who takes part in an agreement, under which keys, with which roles, and for how long.

A root key signs agreements and nothing else; operational keys sign statements. No role implies another. Whether a key
may be used at a certain time is asked of ``PartyKey.check``, with the time handed in.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .claims import SERVICE
from .errors import Forbidden
from .fields import exact, instant, listed, mapped, name, public_key, refusal
from .instant import format_instant
from .keys import PublicKey
from .kinds import ROLES
from .origin import read_origin
from .volume import LAST_INSTANT

MAX_KEYS = 64
"""Operational keys of one party, or keys of the service: eight desks with eight changes of key in a validity."""

MAX_LANGUAGES = 32
"""Languages that a party's name is given in."""

_PARTY_ID = re.compile(r"[a-z][a-z0-9-]{0,31}\Z")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}\Z")


@dataclass(frozen=True, slots=True)
class PartyKey:
    """A party's operational key. It is valid from ``not_before`` to ``not_after``, both included, unless revoked."""

    key: PublicKey
    roles: frozenset[str]
    not_before: int
    not_after: int
    revoked_at: int | None = None

    def is_valid(self, now: int) -> bool:
        """Whether the key is neither revoked nor out of its time at the instant ``now``."""
        revoked = self.revoked_at is not None and now >= self.revoked_at
        return not revoked and self.not_before <= now <= self.not_after

    def check(self, role: str | None, now: int) -> None:
        """Raise ``Forbidden`` with ``key_revoked``, ``key_not_valid`` or ``wrong_role`` unless usable at ``now``.

        Without a ``role``, validity alone is checked.
        """
        if self.revoked_at is not None and now >= self.revoked_at:
            raise Forbidden("key_revoked", f"the key was revoked at {format_instant(self.revoked_at)}")
        if not self.not_before <= now <= self.not_after:
            window = f"{format_instant(self.not_before)} to {format_instant(self.not_after)}"
            raise Forbidden("key_not_valid", f"the key is valid from {window}")
        if role is not None and role not in self.roles:
            raise Forbidden("wrong_role", f"the key lacks the role {role}")


@dataclass(frozen=True, slots=True)
class Party:
    """A side: its ``id`` on the wire, its ``names`` by language tag, its root key and its operational keys."""

    id: str
    names: Mapping[str, str]
    root: PublicKey
    keys: tuple[PartyKey, ...]


@dataclass(frozen=True, slots=True)
class ServiceKey:
    """A key that the hotline signs alerts and receipts with. The agreement lists it; no party can."""

    key: PublicKey
    not_before: int
    not_after: int


@dataclass(frozen=True, slots=True)
class Service:
    """The hotline: the origin that request proofs are bound to, and its keys. The first signs the agreement."""

    origin: str
    keys: tuple[ServiceKey, ...]


def read_party(value: object, place: str) -> Party:
    """Return the party of an agreement's JSON; raise ``Malformed`` with ``agreement``."""
    members = exact(value, place, "id", "names", "root", "keys")
    identifier = members["id"]
    if not isinstance(identifier, str) or not _PARTY_ID.match(identifier) or identifier == SERVICE:
        raise refusal(f"{place}.id must match [a-z][a-z0-9-]{{0,31}} and not be {SERVICE}")
    names = mapped(members["names"], f"{place}.names", MAX_LANGUAGES)
    if not all(_LANGUAGE.match(tag) for tag in names):
        raise refusal(f"{place}.names must go by language tags such as en or he")
    keys = listed(members["keys"], f"{place}.keys", MAX_KEYS)
    return Party(
        identifier,
        {tag: name(text, f"{place}.names") for tag, text in names.items()},
        public_key(members["root"], f"{place}.root"),
        tuple(_party_key(key, f"{place}.keys[{at}]") for at, key in enumerate(keys)),
    )


def read_service(value: object) -> Service:
    """Return the service of an agreement's JSON; raise ``Malformed`` with ``agreement``."""
    members = exact(value, "service", "origin", "keys")
    keys = listed(members["keys"], "service.keys", MAX_KEYS)
    return Service(
        read_origin(members["origin"], "service.origin"),
        tuple(_service_key(key, f"service.keys[{at}]") for at, key in enumerate(keys)),
    )


def party_json(party: Party) -> dict[str, Any]:
    """Return the JSON of a party, as ``read_party`` takes it."""
    keys = []
    for key in party.keys:
        # In the order of ROLES, so that the same party is always written the same.
        written = {"key": key.key.jwk, "roles": [role for role in ROLES if role in key.roles], **_window_json(key)}
        if key.revoked_at is not None:
            written["revoked_at"] = format_instant(key.revoked_at)
        keys.append(written)
    return {"id": party.id, "names": dict(party.names), "root": party.root.jwk, "keys": keys}


def service_json(service: Service) -> dict[str, Any]:
    """Return the JSON of the service, as ``read_service`` takes it."""
    return {"origin": service.origin, "keys": [{"key": key.key.jwk, **_window_json(key)} for key in service.keys]}


def _party_key(value: object, place: str) -> PartyKey:
    members = exact(value, place, "key", "roles", "not_before", "not_after", optional=("revoked_at",))
    roles = listed(members["roles"], f"{place}.roles", len(ROLES))
    if not all(isinstance(role, str) and role in ROLES for role in roles) or len(set(roles)) != len(roles):
        raise refusal(f"{place}.roles must be of {', '.join(ROLES)}, each at most once")
    not_before, not_after = _window(members, place)
    revoked_at = instant(members["revoked_at"], f"{place}.revoked_at") if "revoked_at" in members else None
    return PartyKey(public_key(members["key"], f"{place}.key"), frozenset(roles), not_before, not_after, revoked_at)


def _service_key(value: object, place: str) -> ServiceKey:
    members = exact(value, place, "key", "not_before", "not_after")
    return ServiceKey(public_key(members["key"], f"{place}.key"), *_window(members, place))


def _window(members: Mapping[str, Any], place: str) -> tuple[int, int]:
    not_before = instant(members["not_before"], f"{place}.not_before")
    not_after = instant(members["not_after"], f"{place}.not_after")
    if not not_before < not_after <= LAST_INSTANT:
        raise refusal(f"{place} must end after it begins, and before the year 9000")
    return not_before, not_after


def _window_json(key: PartyKey | ServiceKey) -> dict[str, Any]:
    return {"not_before": format_instant(key.not_before), "not_after": format_instant(key.not_after)}
