"""Terms: what an agreement's payload says. Read strictly; signed by nobody yet.

Guaranteed of terms that ``read_terms`` returns: every member of the payload was there in its one spelling, every
number is finite and within the protocol's own bounds, every key is an enrolled one and stands once. Not guaranteed:
that anyone agreed; see ``agreement``. Unknown members of the payload itself are kept and mean nothing to us; one that
a receiver must understand is named in ``crit``, and refused. Inside the members that we do read, none is unknown.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any

from .budgets import Budgets, read_budgets
from .encoding import digest, parse_json
from .errors import Malformed
from .fields import digest_text, exact, listed, mapped, name, number, public_key, refusal, whole
from .keys import PublicKey, spoken_digits
from .kinds import MAX_PAYLOAD_BYTES
from .party import Party, PartyKey, Service, read_party, read_service
from .separation import RULES, Minima, Uncertainty
from .volume import Outline, parse_outline

MAX_PARTIES = 32
"""Each of them signs, and each other's fingerprint is read by voice: more is not a hotline but a registry."""

MAX_CATEGORIES = 64
"""More kinds of flight than a duty officer can tell apart."""

MAX_REVISION = 1_000_000
"""A new revision every minute for two years."""

DAY_S = 86_400

MAX_HORIZONTAL_M = 500_000
"""Half of the longest edge. Wider than any separation in use; every pair within it is looked at."""

MAX_VERTICAL_M = 100_000
"""The highest altitude there is: at this minimum, height separates nothing."""

MAX_LEAD_S = MAX_TAIL_S = 7 * DAY_S
"""By how much a window may grow at either end."""

MAX_OFFSET_M = 20_000
"""Twice the largest offset between two altitude references anywhere."""

MAX_RETENTION_S = MAX_HORIZON_S = 366 * DAY_S
"""A year: notices are kept in memory until then."""

MAX_ACKNOWLEDGE_S = DAY_S
"""An answer that may take longer than a day is no answer."""

_CATEGORY = re.compile(r"[a-z][a-z0-9_-]{0,31}\Z")
MEMBERS = (
    "name revision prev parties service rules area categories uncertainty lead_classes limits retention_s deadlines"
).split()
"""What every payload has."""

OPTIONAL_MEMBERS = ("budgets",)
"""What a payload may have."""

LATER_MEMBERS = ("agreement", "former_roots")
"""What only a later revision may have."""

_OFFSETS = ("geoid_undulation_m", "pressure_error_m", "terrain_m")


@dataclass(frozen=True, slots=True)
class Limits:
    """What the service refuses to take more of. Area, band and duration are of a volume as widened by the rules.

    ``horizon_s``: how far ahead a notice may begin. ``vertices``: of all volumes of a notice together.
    """

    area_km2: int = 250_000
    band_m: int = 30_000
    duration_s: int = 2 * DAY_S
    horizon_s: int = 56 * DAY_S
    volumes: int = 500
    vertices: int = 5_000
    submission_bytes: int = 512 * 1024
    revisions: int = 1_000


LIMITS_AT_MOST = Limits(
    # Half of the earth: a shape must fit well within a hemisphere.
    area_km2=255_000_000,
    # From 8 km below to 100 km above, grown by the largest minimum at both ends.
    band_m=308_000,
    duration_s=MAX_HORIZON_S,
    horizon_s=MAX_HORIZON_S,
    # 500 volumes of 52 bytes of digest fit the 64 KiB of a statement's payload twice over.
    volumes=500,
    vertices=5_000,
    submission_bytes=512 * 1024,
    revisions=1_000_000,
)
"""The protocol's own maxima. An agreement may be stricter, never laxer."""


@dataclass(frozen=True, slots=True)
class LeadClasses:
    """Seconds between receipt and a notice's first window: ROUTINE from the one, SHORT from the other, else LATE."""

    routine_s: int = DAY_S
    short_s: int = 3_600


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds in which a duty officer must answer an alert."""

    acknowledge_s: int = 300


RETENTION_S = 7 * DAY_S
"""Default of how long a notice is kept after its last window ended."""


@dataclass(frozen=True, slots=True)
class Signer:
    """Whose signature an agreement must bear. ``name`` is a party's id, ``service``, or says which former root."""

    name: str
    key: PublicKey


@dataclass(frozen=True)
class Terms:
    """The payload of an agreement. ``id`` is the agreement's, stable over revisions; ``terms`` names this payload."""

    payload: bytes = field(repr=False)
    id: str
    terms: str
    revision: int
    prev: str | None
    name: str
    parties: tuple[Party, ...]
    service: Service
    former_roots: tuple[PublicKey, ...]
    rules: str
    area: Outline | None
    categories: Mapping[str, Minima]
    uncertainty: Uncertainty
    lead: LeadClasses
    limits: Limits
    retention_s: int
    deadlines: Deadlines
    budgets: Budgets

    def party(self, identifier: str) -> Party | None:
        """Return the party of that id, if there is one."""
        return self._parties.get(identifier)

    def find(self, kid: str) -> tuple[Party, PartyKey] | None:
        """Return the operational key of that thumbprint with its party, valid or not, if there is one."""
        return self._operational.get(kid)

    def party_key(self, kid: str) -> PublicKey | None:
        """Return the operational key of that thumbprint, for verifying a party's statement."""
        found = self._operational.get(kid)
        return found[1].key if found else None

    def service_key(self, kid: str) -> PublicKey | None:
        """Return the service's key of that thumbprint, for verifying an alert or a receipt."""
        return self._service_keys.get(kid)

    @cached_property
    def signers(self) -> tuple[Signer, ...]:
        """Everyone who must sign, in the order in which the signatures must stand."""
        roots = [Signer(party.id, party.root) for party in self.parties]
        former = [Signer(f"former root {at}", key) for at, key in enumerate(self.former_roots, 1)]
        return (*roots, Signer("service", self.service.keys[0].key), *former)

    @cached_property
    def owners(self) -> dict[str, str]:
        """From the thumbprint of every key in the agreement to whose it is and what for."""
        return dict(_owners(self.parties, self.service, self.former_roots))

    @property
    def fingerprint(self) -> str:
        """Sixty digits in groups of five, to be compared over a telephone."""
        return spoken_digits(hashlib.sha256(b"keepclear agreement " + self.payload).digest(), 60)

    @cached_property
    def max_horizontal_m(self) -> float:
        """The largest horizontal minimum of any category."""
        return max(minima.horizontal_m for minima in self.categories.values())

    @cached_property
    def _parties(self) -> dict[str, Party]:
        return {party.id: party for party in self.parties}

    @cached_property
    def _operational(self) -> dict[str, tuple[Party, PartyKey]]:
        return {key.key.kid: (party, key) for party in self.parties for key in party.keys}

    @cached_property
    def _service_keys(self) -> dict[str, PublicKey]:
        return {key.key.kid: key.key for key in self.service.keys}


def read_terms(payload: bytes) -> Terms:
    """Return the terms of an agreement's payload bytes.

    Raises ``Malformed`` with ``agreement``, or with ``crit`` where the payload names a member that a receiver must
    understand: we know of none.
    """
    try:
        members = parse_json(payload, max_bytes=MAX_PAYLOAD_BYTES)
    except Malformed as error:
        raise refusal(f"the payload: {error.detail}") from None
    if isinstance(members, dict) and "crit" in members:
        raise Malformed("crit", "the agreement names members that a receiver must understand; none are known")
    if not isinstance(members, dict) or not members.keys() >= set(MEMBERS):
        raise refusal(f"the payload must be an object with {', '.join(MEMBERS)}")
    if members["rules"] != RULES:
        raise refusal(f"rules must be {RULES}: no other version of the rules is known here")
    revision = whole(members["revision"], "revision", 1, MAX_REVISION)
    identifier, prev = _identity(members, revision, digest(payload))
    parties, service, former_roots = _people(members)
    return Terms(
        payload=payload,
        id=identifier,
        terms=digest(payload),
        revision=revision,
        prev=prev,
        name=name(members["name"], "name"),
        parties=parties,
        service=service,
        former_roots=former_roots,
        rules=RULES,
        area=_area(members["area"]),
        categories=_categories(members["categories"]),
        uncertainty=_uncertainty(members["uncertainty"]),
        lead=_lead_classes(members["lead_classes"]),
        limits=_limits(members["limits"]),
        retention_s=whole(members["retention_s"], "retention_s", 1, MAX_RETENTION_S),
        deadlines=_deadlines(members["deadlines"]),
        budgets=read_budgets(members["budgets"]) if "budgets" in members else Budgets(),
    )


def _identity(members: Mapping[str, Any], revision: int, terms: str) -> tuple[str, str | None]:
    if revision == 1:
        if members["prev"] is not None or "agreement" in members or "former_roots" in members:
            raise refusal("a first revision has prev null, and neither agreement nor former_roots")
        return terms, None
    return digest_text(members.get("agreement"), "agreement"), digest_text(members["prev"], "prev")


def _people(members: Mapping[str, Any]) -> tuple[tuple[Party, ...], Service, tuple[PublicKey, ...]]:
    listed_parties = listed(members["parties"], "parties", MAX_PARTIES, least=2)
    parties = tuple(read_party(party, f"parties[{at}]") for at, party in enumerate(listed_parties))
    service = read_service(members["service"])
    former_roots: tuple[PublicKey, ...] = ()
    if "former_roots" in members:
        former = listed(members["former_roots"], "former_roots", MAX_PARTIES)
        former_roots = tuple(public_key(key, f"former_roots[{at}]") for at, key in enumerate(former))
    if len({party.id for party in parties}) != len(parties):
        raise refusal("two parties have the same id")
    kids = [kid for kid, _ in _owners(parties, service, former_roots)]
    if len(set(kids)) != len(kids):
        raise refusal("a key stands twice: each belongs to one owner, for one purpose")
    return parties, service, former_roots


def _owners(
    parties: tuple[Party, ...], service: Service, former_roots: tuple[PublicKey, ...]
) -> Iterator[tuple[str, str]]:
    for party in parties:
        yield party.root.kid, f"the root of {party.id}"
        for key in party.keys:
            yield key.key.kid, f"a key of {party.id}"
    for service_key in service.keys:
        yield service_key.key.kid, "a key of the service"
    for root in former_roots:
        yield root.kid, "a former root"


def _area(value: object) -> Outline | None:
    try:
        return None if value is None else parse_outline(value)
    except Malformed as error:
        raise refusal(f"area: {error.detail}") from None


def _categories(value: object) -> dict[str, Minima]:
    categories = mapped(value, "categories", MAX_CATEGORIES)
    if not all(_CATEGORY.match(category) for category in categories):
        raise refusal("categories must go by names that match [a-z][a-z0-9_-]{0,31}")
    return {category: _minima(minima, f"categories.{category}") for category, minima in categories.items()}


def _minima(value: object, place: str) -> Minima:
    members = exact(value, place, "horizontal_m", "vertical_m", "lead_s", "tail_s")
    return Minima(
        number(members["horizontal_m"], f"{place}.horizontal_m", 0, MAX_HORIZONTAL_M),
        number(members["vertical_m"], f"{place}.vertical_m", 0, MAX_VERTICAL_M),
        whole(members["lead_s"], f"{place}.lead_s", 0, MAX_LEAD_S),
        whole(members["tail_s"], f"{place}.tail_s", 0, MAX_TAIL_S),
    )


def _uncertainty(value: object) -> Uncertainty:
    members = exact(value, "uncertainty", *_OFFSETS)
    return Uncertainty(**{offset: _bounds(members[offset], f"uncertainty.{offset}") for offset in _OFFSETS})


def _bounds(value: object, place: str) -> tuple[float, float]:
    low, high = (number(end, place, -MAX_OFFSET_M, MAX_OFFSET_M) for end in listed(value, place, 2, least=2))
    if low > high:
        raise refusal(f"{place} must be [lowest, highest]")
    return low, high


def _lead_classes(value: object) -> LeadClasses:
    members = exact(value, "lead_classes", "routine_s", "short_s")
    routine_s = whole(members["routine_s"], "lead_classes.routine_s", 1, MAX_HORIZON_S)
    return LeadClasses(routine_s, whole(members["short_s"], "lead_classes.short_s", 1, routine_s))


def _limits(value: object) -> Limits:
    names = [one.name for one in fields(Limits)]
    members = exact(value, "limits", *names)
    return Limits(**{one: whole(members[one], f"limits.{one}", 1, getattr(LIMITS_AT_MOST, one)) for one in names})


def _deadlines(value: object) -> Deadlines:
    members = exact(value, "deadlines", "acknowledge_s")
    return Deadlines(whole(members["acknowledge_s"], "deadlines.acknowledge_s", 1, MAX_ACKNOWLEDGE_S))
