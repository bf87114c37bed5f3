"""An agreement as text for a person to read before signing.

The fingerprints of roots are left out on purpose: they are to be heard by voice, not read from the file.
"""

from collections.abc import Iterator

from keepclear_protocol.agreement import Draft, PartyKey
from keepclear_protocol.draft import plain_number
from keepclear_protocol.instant import format_instant
from keepclear_protocol.kinds import ROLES
from keepclear_protocol.terms import Terms


def agreement_text(draft: Draft) -> str:
    """Return some lines: what it is, who has signed, parties and keys, service, separation, limits."""
    terms = draft.terms
    missing = ", ".join(signer.name for signer in draft.missing)
    return "\n".join(
        [
            f"{terms.name}, revision {terms.revision}",
            f"  agreement    {terms.id}",
            f"  terms        {terms.terms}",
            f"  fingerprint  {terms.fingerprint}",
            f"  signatures   {f'NOT YET SIGNED by {missing}' if missing else 'verified, by everyone'}",
            *_people(terms),
            *_rules(terms),
        ]
    )


def _people(terms: Terms) -> Iterator[str]:
    for party in terms.parties:
        yield f"party {party.id}: {', '.join(f'{text} ({tag})' for tag, text in party.names.items())}"
        yield f"  root         {party.root.text}"
        for key in party.keys:
            yield f"  key          {key.key.text}"
            yield f"               {_use(key)}"
    yield f"service at {terms.service.origin}"
    for service_key in terms.service.keys:
        yield f"  key          {service_key.key.text}"
        yield f"               {_window(service_key.not_before, service_key.not_after)}"


def _rules(terms: Terms) -> Iterator[str]:
    yield f"separation, by rules version {terms.rules}"
    for category, minima in terms.categories.items():
        horizontal, vertical = plain_number(minima.horizontal_m), plain_number(minima.vertical_m)
        times = f"lead {minima.lead_s} s, tail {minima.tail_s} s"
        yield f"  {category:<12} {horizontal} m horizontally, {vertical} m vertically, {times}"
    for name in ("geoid_undulation_m", "pressure_error_m", "terrain_m"):
        low, high = getattr(terms.uncertainty, name)
        yield f"  {name:<18} {plain_number(low)} to {plain_number(high)}"
    yield f"  area         {'the whole world' if terms.area is None else type(terms.area).__name__.lower()}"
    yield "limits"
    for name in terms.limits.__slots__:
        yield f"  {name:<18} {getattr(terms.limits, name)}"
    yield f"  retention_s        {terms.retention_s}"
    yield f"  acknowledge_s      {terms.deadlines.acknowledge_s}"
    yield f"lead classes: ROUTINE from {terms.lead.routine_s} s, SHORT from {terms.lead.short_s} s"


def _use(key: PartyKey) -> str:
    roles = ", ".join(role for role in ROLES if role in key.roles)
    revoked = "" if key.revoked_at is None else f", REVOKED at {format_instant(key.revoked_at)}"
    return f"{roles}; {_window(key.not_before, key.not_after)}{revoked}"


def _window(not_before: int, not_after: int) -> str:
    return f"{format_instant(not_before)} to {format_instant(not_after)}"
