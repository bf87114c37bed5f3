"""Agreements: the document that all parties sign, and the root of all trust. One service hosts many, strictly apart.

An agreement is a JWS in general JSON serialisation (RFC 7515 section 7.2.1) over one payload of ``terms``. Guaranteed
of what ``open_agreement`` returns: it bears exactly the signatures that it must bear, in their order, and each
verifies. Not guaranteed: that a root belongs to whom it says; fingerprints are heard by voice. Its id is the SHA-256
of its first payload and stays through its revisions; ``terms`` is that of the payload in force.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from .encoding import b64, digest, dump_json, parse_json, unb64
from .errors import Malformed, NotAuthentic
from .keys import PrivateKey, PublicKey, spoken_digits
from .separation import Minima, Uncertainty
from .statement import AGREEMENT, match_header, protected_header
from .terms import (
    ACKNOWLEDGE,
    ADMIN,
    ROLES,
    SUBMIT,
    WATCH,
    LeadClasses,
    Limits,
    Party,
    PartyKey,
    Service,
    ServiceKey,
    Terms,
    read_terms,
)
from .volume import Outline

MAX_AGREEMENT_BYTES = 512 * 1024
"""64 parties of 64 keys at 200 bytes each is 800 KB; no real agreement comes near half of this."""


@dataclass(frozen=True)
class Agreement:
    """A verified agreement. ``raw`` is its exact bytes, ``id`` its name for ever, ``terms`` that of this revision."""

    raw: bytes
    id: str
    terms: str
    content: Terms

    @property
    def name(self) -> str:
        """What the parties call it."""
        return self.content.name

    @property
    def revision(self) -> int:
        """Counts from 1."""
        return self.content.revision

    @property
    def prev(self) -> str | None:
        """SHA-256 of the payload before this one."""
        return self.content.prev

    @property
    def parties(self) -> tuple[Party, ...]:
        """The sides, in the order of the payload."""
        return self.content.parties

    @property
    def service(self) -> Service:
        """The hotline's origin and keys."""
        return self.content.service

    @property
    def rules(self) -> str:
        """The version of the rules."""
        return self.content.rules

    @property
    def area(self) -> Outline | None:
        """Where it applies; None is everywhere."""
        return self.content.area

    @property
    def categories(self) -> Mapping[str, Minima]:
        """Separation, lead and tail by category."""
        return self.content.categories

    @property
    def uncertainty(self) -> Uncertainty:
        """Bounds of the offsets between altitude references."""
        return self.content.uncertainty

    @property
    def lead(self) -> LeadClasses:
        """From how much lead a notice is ROUTINE or SHORT."""
        return self.content.lead

    @property
    def limits(self) -> Limits:
        """What a notice may ask for at most."""
        return self.content.limits

    @property
    def retention_s(self) -> int:
        """Seconds for which a notice counts after its last window."""
        return self.content.retention_s

    @property
    def deadlines(self) -> Mapping[str, int]:
        """Seconds within which a person answers."""
        return self.content.deadlines

    @cached_property
    def max_horizontal_m(self) -> float:
        """The largest horizontal minimum of any category."""
        return max(minima.horizontal_m for minima in self.categories.values())

    @cached_property
    def fingerprint(self) -> str:
        """Sixty digits in groups of five, to be compared by voice."""
        return spoken_digits(hashlib.sha256(b"keepclear agreement " + self.terms.encode()).digest(), 60)

    @cached_property
    def _by_kid(self) -> Mapping[str, tuple[Party, PartyKey]]:
        return {item.key.kid: (party, item) for party in self.parties for item in party.keys}

    def party(self, id: str) -> Party | None:
        """Return the party of that id, if it is one."""
        return next((party for party in self.parties if party.id == id), None)

    def find(self, kid: str) -> tuple[Party, PartyKey] | None:
        """Return the party and its key of that thumbprint, valid or not."""
        return self._by_kid.get(kid)

    def party_key(self, kid: str) -> PublicKey | None:
        """Return the party's key of that thumbprint: a ``KeyFinder`` for what parties sign."""
        found = self._by_kid.get(kid)
        return None if found is None else found[1].key

    def service_key(self, kid: str) -> PublicKey | None:
        """Return the service's key of that thumbprint: a ``KeyFinder`` for what the service signs."""
        return next((item.key for item in self.service.keys if item.key.kid == kid), None)


def signers(terms: Terms) -> list[PublicKey]:
    """Return whose signatures an agreement bears, in their order: roots, the service, roots that are no more."""
    return [*(party.root for party in terms.parties), terms.service.keys[0].key, *terms.former_roots]


def draft_agreement(payload: Mapping[str, Any]) -> bytes:
    """Return an agreement that nobody has signed yet; raises as ``read_terms`` does."""
    data = dump_json(payload)
    read_terms(parse_json(data, max_bytes=MAX_AGREEMENT_BYTES))
    return dump_json({"payload": b64(data), "signatures": []})


def read_draft(data: bytes) -> tuple[bytes, Terms, list[str]]:
    """Return payload, terms and, in order, the thumbprints of those who have signed an agreement so far.

    Raises ``Malformed`` with ``agreement``, or ``agreement_signatures`` where a signature does not belong or verify.
    """
    payload, rows = _split(data)
    terms = read_terms(parse_json(payload, max_bytes=MAX_AGREEMENT_BYTES))
    due = {key.kid: key for key in signers(terms)}
    signed = []
    for row in rows:
        try:
            kid = match_header(unb64(row["protected"]), AGREEMENT)
            due[kid].verify(unb64(row["signature"]), f"{row['protected']}.{b64(payload)}".encode())
        except (NotAuthentic, Malformed, KeyError):
            raise Malformed("agreement_signatures", "a signature does not belong here or does not verify") from None
        signed.append(kid)
    order = [kid for kid in due if kid in signed]
    if signed != order:
        raise Malformed("agreement_signatures", "a signature stands twice or out of its order")
    return payload, terms, signed


def sign_agreement(data: bytes, key: PrivateKey) -> bytes:
    """Return the agreement with ``key``'s signature in its place; raises as ``read_draft`` does."""
    payload, terms, signed = read_draft(data)
    order = [signer.kid for signer in signers(terms)]
    if key.kid not in order:
        raise Malformed("agreement_signatures", "this key is neither a party's root nor the service's first key")
    rows = {kid: row for kid, row in zip(signed, _split(data)[1], strict=True)}
    protected = b64(protected_header(key.kid, AGREEMENT))
    signature = key.sign(f"{protected}.{b64(payload)}".encode())
    rows[key.kid] = {"protected": protected, "signature": b64(signature)}
    return dump_json({"payload": b64(payload), "signatures": [rows[kid] for kid in order if kid in rows]})


def open_agreement(data: bytes, previous: Agreement | None = None) -> Agreement:
    """Verify an agreement and, where ``previous`` is given, that it follows from it; return it.

    Raises ``Malformed`` with ``too_large``, ``agreement``, ``agreement_signatures`` or ``agreement_successor``.
    """
    payload, terms, signed = read_draft(data)
    if signed != [key.kid for key in signers(terms)]:
        raise Malformed("agreement_signatures", "not all who must sign have signed")
    sha256 = digest(payload)
    agreement = Agreement(data, terms.agreement or sha256, sha256, terms)
    if previous is not None:
        _check_successor(agreement, previous)
    return agreement


def _check_successor(agreement: Agreement, previous: Agreement) -> None:
    if agreement.id != previous.id or agreement.prev != previous.terms or agreement.revision != previous.revision + 1:
        raise Malformed("agreement_successor", "not the next revision of the agreement in force")
    before = [*(party.root for party in previous.parties), previous.service.keys[0].key]
    now = [*(party.root for party in agreement.parties), agreement.service.keys[0].key]
    gone = [key for key in before if key not in now]
    if list(agreement.content.former_roots) != gone:
        raise Malformed("agreement_successor", "former_roots must be exactly the roots that are no more, in order")
    missing = previous.categories.keys() - agreement.categories.keys()
    if missing:
        raise Malformed("agreement_successor", f"categories in use may not vanish: {', '.join(sorted(missing))}")
    for kid, (party, _) in previous._by_kid.items():
        found = agreement.find(kid)
        if found is not None and found[0].id != party.id:
            raise Malformed("agreement_successor", "a key has changed its owner")


def _split(data: bytes) -> tuple[bytes, Sequence[Mapping[str, str]]]:
    document = parse_json(data, max_bytes=MAX_AGREEMENT_BYTES)
    match document:
        case {"payload": str(payload), "signatures": list(rows)} if len(document) == 2:
            for row in rows:
                match row:
                    case {"protected": str(), "signature": str()} if len(row) == 2:
                        continue
                raise Malformed("agreement", "a signature has exactly protected and signature")
            return unb64(payload), rows
    raise Malformed("agreement", "an agreement has exactly payload and signatures")


__all__ = [
    "ACKNOWLEDGE",
    "ADMIN",
    "MAX_AGREEMENT_BYTES",
    "ROLES",
    "SUBMIT",
    "WATCH",
    "Agreement",
    "LeadClasses",
    "Limits",
    "Party",
    "PartyKey",
    "Service",
    "ServiceKey",
    "Terms",
    "draft_agreement",
    "open_agreement",
    "read_draft",
    "sign_agreement",
    "signers",
]
