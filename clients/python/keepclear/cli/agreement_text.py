"""An agreement as text for officers and lawyers to read before it is signed. Every member of the document is in it.

The fingerprints of roots are left out on purpose: they are to be heard by voice, not read from the file.
"""

from collections.abc import Iterator

from keepclear_protocol.agreement import Draft, PartyKey
from keepclear_protocol.draft import plain_number
from keepclear_protocol.encoding import dump_json, parse_json
from keepclear_protocol.instant import format_instant
from keepclear_protocol.kinds import MAX_PAYLOAD_BYTES, ROLES
from keepclear_protocol.separation import Minima
from keepclear_protocol.terms import LATER_MEMBERS, MEMBERS, OPTIONAL_MEMBERS, Terms

from .agreement_budgets import budget_lines
from .agreement_units import distance, height, outline, period
from .lines import plain

LIMITS = {
    "area_km2": "area of a volume, km2",
    "band_m": "height of a volume",
    "duration_s": "duration of a volume",
    "horizon_s": "filed ahead of its begin",
    "volumes": "volumes of a notice",
    "vertices": "vertices of a notice",
    "submission_bytes": "bytes of a notice",
    "revisions": "revisions of a notice",
}
"""What each limit is of; area, height and duration are of a volume as widened by separation, lead and tail."""

OFFSETS = {
    "geoid_undulation_m": "mean sea level above the ellipsoid",
    "pressure_error_m": "true altitude above a flight level's",
    "terrain_m": "ground above the ellipsoid",
}
"""What each uncertainty is of; a pair of unlike altitude references is held against its whole range."""


def agreement_text(draft: Draft) -> str:
    """Return what is agreed, all of it, and who has signed."""
    terms = draft.terms
    missing = ", ".join(signer.name for signer in draft.missing)
    lines = [
        f"{terms.name}, revision {terms.revision}",
        f"  agreement    {terms.id}",
        f"  terms        {terms.terms}",
        *([] if terms.prev is None else [f"  follows      the terms {terms.prev}"]),
        f"  fingerprint  {terms.fingerprint}",
        f"  signatures   {f'NOT YET SIGNED by {missing}' if missing else 'verified, by everyone'}",
        *_people(terms),
        *_rules(terms),
        *_unknown(terms),
    ]
    return "\n".join(map(plain, lines))


def key_use(key: PartyKey) -> str:
    """Return what a party's key may be used for and when."""
    roles = ", ".join(role for role in ROLES if role in key.roles)
    revoked = "" if key.revoked_at is None else f", REVOKED at {format_instant(key.revoked_at)}"
    return f"{roles}; {window(key.not_before, key.not_after)}{revoked}"


def window(not_before: int, not_after: int) -> str:
    """Return when a key is valid."""
    return f"{format_instant(not_before)} to {format_instant(not_after)}"


def minima_text(minima: Minima) -> str:
    """Return a category's separation, and by how much its windows are widened."""
    apart = f"{distance(minima.horizontal_m)} horizontally, {height(minima.vertical_m)} vertically"
    return f"{apart}; lead {period(minima.lead_s)}, tail {period(minima.tail_s)}"


def limit_text(name: str, value: int) -> str:
    """Return a limit's value with its unit."""
    if name.endswith("_s"):
        return period(value)
    return height(value) if name.endswith("_m") else f"{value}"


def offset_text(low: float, high: float) -> str:
    """Return the range of an uncertainty."""
    return f"{plain_number(low)} m to {plain_number(high)} m"


def _people(terms: Terms) -> Iterator[str]:
    for party in terms.parties:
        yield f"party {party.id}: {', '.join(f'{text} ({tag})' for tag, text in party.names.items())}"
        yield f"  root         {party.root.text}, which signs agreements and nothing else"
        for key in party.keys:
            yield f"  key          {key.key.text}"
            yield f"               {key_use(key)}"
    for root in terms.former_roots:
        yield f"former root    {root.text}, which signs this revision and leaves"
    yield f"service at {terms.service.origin}"
    for at, service_key in enumerate(terms.service.keys):
        yield f"  key          {service_key.key.text}{'' if at else ', which signs this agreement'}"
        yield f"               {window(service_key.not_before, service_key.not_after)}"


def _rules(terms: Terms) -> Iterator[str]:
    yield f"area: {outline(terms.area)}{'' if terms.area is None else '; a notice outside of it is refused'}"
    yield f"separation by category, under rules version {terms.rules}; a pair takes the larger of each minimum"
    for category, minima in terms.categories.items():
        yield f"  {category:<12} {minima_text(minima)}"
    yield "uncertainty between unlike altitude references"
    for name, meaning in OFFSETS.items():
        yield f"  {meaning:<34} {offset_text(*getattr(terms.uncertainty, name))}"
    yield "lead classes, by the time from receipt to the first window"
    yield f"  ROUTINE from {period(terms.lead.routine_s)}, SHORT from {period(terms.lead.short_s)}, else LATE"
    yield "limits, beyond which a notice is refused"
    for name, meaning in LIMITS.items():
        yield f"  {meaning:<34} {limit_text(name, getattr(terms.limits, name))}"
    yield f"retention: a notice is kept for {period(terms.retention_s)} after its last window"
    yield f"deadline: an officer answers an alert within {period(terms.deadlines.acknowledge_s)}"
    yield from budget_lines(terms)


def _unknown(terms: Terms) -> Iterator[str]:
    members = parse_json(terms.payload, max_bytes=MAX_PAYLOAD_BYTES)
    for name, value in members.items():
        if name in MEMBERS or name in LATER_MEMBERS or name in OPTIONAL_MEMBERS:
            continue
        yield f"UNKNOWN to this version of keepclear, and without effect here: {name} = {dump_json(value).decode()}"
