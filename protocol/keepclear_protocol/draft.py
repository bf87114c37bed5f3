"""Drafts: the payload of an agreement, written from its parts. What is written here is read by ``terms``."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from .budgets import Budgets
from .encoding import dump_json
from .keys import PublicKey
from .party import Party, Service, party_json, service_json
from .separation import RULES, WORLDWIDE, Minima, Uncertainty
from .terms import RETENTION_S, Deadlines, LeadClasses, Limits, Terms
from .volume import Outline, outline_json


def draft_payload(
    *,
    name: str,
    parties: Sequence[Party],
    service: Service,
    categories: Mapping[str, Minima],
    area: Outline | None = None,
    uncertainty: Uncertainty = WORLDWIDE,
    lead: LeadClasses | None = None,
    limits: Limits | None = None,
    retention_s: int = RETENTION_S,
    deadlines: Deadlines | None = None,
    budgets: Budgets | None = None,
    previous: Terms | None = None,
) -> bytes:
    """Return the payload of a first revision, or with ``previous`` of the one that follows it.

    What is not given is the protocol's default, not that of ``previous``; ``budgets`` are written only where given.
    Nothing is checked: ``read_terms`` does.
    """
    members: dict[str, Any] = {
        "name": name,
        "parties": [party_json(party) for party in parties],
        "service": service_json(service),
        "rules": RULES,
        "area": None if area is None else outline_json(area),
        "categories": {category: minima_json(minima) for category, minima in categories.items()},
        "uncertainty": {offset: [plain_number(end) for end in ends] for offset, ends in asdict(uncertainty).items()},
        "lead_classes": asdict(lead or LeadClasses()),
        "limits": asdict(limits or Limits()),
        "retention_s": retention_s,
        "deadlines": asdict(deadlines or Deadlines()),
        **({} if budgets is None else {"budgets": asdict(budgets)}),
    }
    return numbered(members, previous, [party.root for party in parties])


def numbered(members: Mapping[str, Any], previous: Terms | None, roots: Collection[PublicKey]) -> bytes:
    """Return ``members`` as a payload: the first, or the one after ``previous``; ``roots`` are those of its parties."""
    if previous is None:
        return dump_json({**members, "revision": 1, "prev": None})
    former = [party.root.jwk for party in previous.parties if party.root not in roots]
    return dump_json(
        {
            **members,
            "agreement": previous.id,
            "revision": previous.revision + 1,
            "prev": previous.terms,
            **({"former_roots": former} if former else {}),
        }
    )


def minima_json(minima: Minima) -> dict[str, Any]:
    """Return the JSON of a category's minima."""
    return {
        "horizontal_m": plain_number(minima.horizontal_m),
        "vertical_m": plain_number(minima.vertical_m),
        "lead_s": minima.lead_s,
        "tail_s": minima.tail_s,
    }


def plain_number(value: float) -> float | int:
    """Return a whole float as an integer, so that it is written without a point."""
    return int(value) if value == int(value) else value
