"""The agreement: the root of trust, signed by the root key of every party and by the service.

A JWS in general JSON serialisation (RFC 7515 section 7.2.1), its members exactly ``payload`` and ``signatures``, each
signature exactly ``protected`` and ``signature``, the protected bytes under the profile of ``statement``. Signers are
exactly the parties' roots in payload order, then the service's first key, then the former roots.

Guaranteed of an ``Agreement``: its payload reads as ``Terms``, every signer's signature verifies, none is left over,
and, where the one before was given, it follows from it. Not guaranteed: that the roots are those of the people one
means. That is what fingerprints heard by voice are for, and why a desk installs only what its own root has signed
(``trusted_agreement``). Here alone the payload is read before a signature verifies, because it names the keys.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any

from .budgets import Budgets
from .draft import draft_payload
from .encoding import b64, dump_json, parse_json, unb64
from .errors import Malformed, NotAuthentic
from .fields import exact, listed, refusal
from .keys import PrivateKey, PublicKey
from .kinds import ACKNOWLEDGE, ADMIN, AGREEMENT, ROLES, SUBMIT, WATCH
from .party import Party, PartyKey, Service, ServiceKey
from .statement import match_header, protected_header
from .succession import check_succession
from .terms import MAX_PARTIES, Deadlines, LeadClasses, Limits, Signer, Terms, read_terms

__all__ = [
    "ACKNOWLEDGE",
    "ADMIN",
    "MAX_AGREEMENT_BYTES",
    "ROLES",
    "SUBMIT",
    "WATCH",
    "Agreement",
    "Budgets",
    "Deadlines",
    "Draft",
    "LeadClasses",
    "Limits",
    "Party",
    "PartyKey",
    "Service",
    "ServiceKey",
    "Signer",
    "Terms",
    "add_signature",
    "agreement_fingerprint",
    "draft_payload",
    "open_agreement",
    "open_draft",
    "sign_agreement",
    "trusted_agreement",
    "unsigned",
]

MAX_AGREEMENT_BYTES = 256 * 1024
"""A payload of 64 KiB is 86 KiB of base64url, the most signatures (65, of about 300 bytes) are 20 KB. Twice that and
some, for indentation."""

MAX_SIGNATURES = 2 * MAX_PARTIES + 1
"""Every root, every former root, and the service."""


@dataclass(frozen=True)
class Agreement(Terms):
    """Terms that everyone has signed. ``raw`` is the signed document as it came."""

    raw: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Draft:
    """Terms that some have signed: every signature there is verifies, and stands in its place.

    ``raw`` is the document as it came. ``signatures`` are thumbprint and signature, in the order of ``terms.signers``.
    """

    terms: Terms
    signatures: tuple[tuple[str, bytes], ...]
    raw: bytes = field(repr=False)

    @property
    def missing(self) -> tuple[Signer, ...]:
        """Who has not signed yet."""
        signed = {kid for kid, _ in self.signatures}
        return tuple(signer for signer in self.terms.signers if signer.key.kid not in signed)


def open_agreement(data: bytes, previous: Terms | None = None) -> Agreement:
    """Return the agreement of a signed document, and with ``previous`` as the revision that follows that one.

    Without ``previous`` a later revision is taken as it stands: whoever does so trusts it for another reason. Raises
    ``Malformed`` with ``agreement``, ``crit``, ``agreement_signatures`` or ``agreement_successor``.
    """
    draft = open_draft(data)
    if draft.missing:
        raise _unsigned(f"not yet signed by {', '.join(signer.name for signer in draft.missing)}")
    if previous is not None:
        check_succession(previous, draft.terms)
    return Agreement(raw=data, **{one.name: getattr(draft.terms, one.name) for one in fields(Terms)})


def trusted_agreement(
    data: bytes, own_root: PublicKey, previous: Terms | None = None, *, party: str | None = None
) -> Agreement:
    """Return the agreement if ``own_root`` is among those who signed it: only such a one may a desk install.

    ``party`` is the one whose desk it is: then ``own_root`` must be the root that the agreement names for that one, and
    no other party's, however rightly that signed too. Raises as ``open_agreement`` does, with ``agreement_signatures``
    where the desk's own root has not signed.
    """
    agreement = open_agreement(data, previous)
    roots = (*(one.root for one in agreement.parties), *agreement.former_roots)
    own = None if party is None else agreement.party(party)
    if own_root not in (roots if own is None else (own.root,)):
        owner = agreement.owners.get(own_root.kid)
        whose = "" if owner is None else f"; the key given is {owner}"
        whom = "this desk's own root" if own is None else f"the own root of {own.id}, whose desk this is,"
        hint = "" if owner is None else "name your own party's root key, as its owner read it from keygen"
        raise Malformed("agreement_signatures", f"{whom} has not signed it{whose}", hint=hint)
    return agreement


def open_draft(data: bytes) -> Draft:
    """Return the terms of a document that may lack signatures; those that it has must verify and stand in order.

    Raises as ``open_agreement`` does.
    """
    payload, signatures = _open_envelope(data)
    terms = read_terms(payload)
    signers = iter(terms.signers)
    verified = []
    for protected, signature in signatures:
        try:
            kid = match_header(protected, AGREEMENT.typ)
        except NotAuthentic:
            raise _unsigned("a protected header is not that of the profile") from None
        # Advances through the signers and never back: a signature out of order, repeated or foreign finds nobody.
        signer = next((signer for signer in signers if signer.key.kid == kid), None)
        if signer is None:
            raise _unsigned("a signature is foreign, repeated or out of order")
        try:
            signer.key.verify(signature, _signing_input(protected, payload))
        except NotAuthentic:
            raise _unsigned(f"the signature of {signer.name} does not verify") from None
        verified.append((kid, signature))
    return Draft(terms, tuple(verified), data)


def unsigned(payload: bytes) -> bytes:
    """Return a document with ``payload`` and no signature; raise ``Malformed`` where the payload is not sound."""
    read_terms(payload)
    return _envelope(payload, ())


def add_signature(data: bytes, key: PrivateKey) -> bytes:
    """Return the document with the signature of ``key`` in its place; unchanged where it is there already.

    Raises as ``open_draft`` does, with ``agreement_signatures`` where the agreement does not ask this key to sign.
    """
    draft = open_draft(data)
    signers = draft.terms.signers
    if key.public not in [signer.key for signer in signers]:
        raise _unsigned("this key is neither the root of a party, nor the service's first key, nor a former root")
    signatures = dict(draft.signatures)
    if key.kid in signatures:
        return data
    signatures[key.kid] = key.sign(_signing_input(protected_header(key.kid, AGREEMENT.typ), draft.terms.payload))
    in_order = [signer.key.kid for signer in signers if signer.key.kid in signatures]
    return _envelope(draft.terms.payload, [(kid, signatures[kid]) for kid in in_order])


def sign_agreement(payload: bytes, keys: Iterable[PrivateKey]) -> bytes:
    """Return a document with ``payload`` and the signatures of ``keys``, in any order given."""
    data = unsigned(payload)
    for key in keys:
        data = add_signature(data, key)
    return data


def agreement_fingerprint(agreement: Terms) -> str:
    """Return sixty digits in groups of five, over the payload's bytes."""
    return agreement.fingerprint


def _open_envelope(data: bytes) -> tuple[bytes, list[tuple[bytes, bytes]]]:
    try:
        envelope = exact(parse_json(data, max_bytes=MAX_AGREEMENT_BYTES), "an agreement", "payload", "signatures")
        signatures = []
        for at, item in enumerate(listed(envelope["signatures"], "signatures", MAX_SIGNATURES, least=0)):
            signature = exact(item, f"signatures[{at}]", "protected", "signature")
            signatures.append((_bytes(signature["protected"]), _bytes(signature["signature"])))
        return _bytes(envelope["payload"]), signatures
    except Malformed as error:
        raise refusal(error.detail) from None


def _bytes(value: Any) -> bytes:
    if not isinstance(value, str):
        raise refusal("payload, protected and signature must be texts")
    return unb64(value)


def _envelope(payload: bytes, signatures: Iterable[tuple[str, bytes]]) -> bytes:
    written = [
        {"protected": b64(protected_header(kid, AGREEMENT.typ)), "signature": b64(signature)}
        for kid, signature in signatures
    ]
    return dump_json({"payload": b64(payload), "signatures": written}) + b"\n"


def _signing_input(protected: bytes, payload: bytes) -> bytes:
    return f"{b64(protected)}.{b64(payload)}".encode()


def _unsigned(detail: str) -> Malformed:
    return Malformed("agreement_signatures", detail)
