"""The JSON Schemas of the agreement: its payload with the bounds of ``keepclear_protocol``, and the signed document.

Not for a schema: signatures, keys that stand twice, what follows from the revision before.
"""

from dataclasses import fields
from typing import Any

from keepclear_protocol import origin, party, terms
from keepclear_protocol.agreement import MAX_SIGNATURES
from keepclear_protocol.budgets import BUDGETS_AT_MOST, NAMES
from keepclear_protocol.keys import SIGNATURE_BYTES
from keepclear_protocol.kinds import ROLES
from keepclear_protocol.separation import RULES

from support.schema_words import (
    NO_CRIT,
    NULL,
    Schema,
    listed,
    number,
    obj,
    or_null,
    ref,
    spelling,
    text,
    when,
    whole,
    words,
)

_VALID = {"not_before": ref("time"), "not_after": ref("time")}
_OFFSET = listed(number(-terms.MAX_OFFSET_M, terms.MAX_OFFSET_M), 2, 2)
_MEMBERS: dict[str, Schema] = {
    "name": ref("name"),
    "revision": whole(1, terms.MAX_REVISION),
    "prev": or_null(ref("digest")),
    "parties": listed(
        obj(
            {
                "id": ref("party"),
                "names": {
                    "type": "object",
                    "propertyNames": text(party._LANGUAGE),
                    "additionalProperties": ref("name"),
                    "minProperties": 1,
                    "maxProperties": party.MAX_LANGUAGES,
                },
                "root": ref("key"),
                "keys": listed(
                    obj(
                        {"key": ref("key"), "roles": listed(words(ROLES), 1, len(ROLES), uniqueItems=True), **_VALID},
                        optional={"revoked_at": ref("time")},
                        exact=True,
                    ),
                    1,
                    party.MAX_KEYS,
                ),
            },
            exact=True,
        ),
        2,
        terms.MAX_PARTIES,
    ),
    "service": obj(
        {
            "origin": text(origin._ORIGIN, maxLength=origin.MAX_ORIGIN_CHARACTERS),
            "keys": listed(obj({"key": ref("key"), **_VALID}, exact=True), 1, party.MAX_KEYS),
        },
        exact=True,
    ),
    "rules": {"const": RULES},
    "area": or_null(ref("outline")),
    "categories": {
        "type": "object",
        "propertyNames": ref("category"),
        "additionalProperties": obj(
            {
                "horizontal_m": number(0, terms.MAX_HORIZONTAL_M),
                "vertical_m": number(0, terms.MAX_VERTICAL_M),
                "lead_s": whole(0, terms.MAX_LEAD_S),
                "tail_s": whole(0, terms.MAX_TAIL_S),
            },
            exact=True,
        ),
        "minProperties": 1,
        "maxProperties": terms.MAX_CATEGORIES,
    },
    "uncertainty": obj(dict.fromkeys(terms._OFFSETS, _OFFSET), exact=True),
    "lead_classes": obj(dict.fromkeys(("routine_s", "short_s"), whole(1, terms.MAX_HORIZON_S)), exact=True),
    "limits": obj(
        {one.name: whole(1, getattr(terms.LIMITS_AT_MOST, one.name)) for one in fields(terms.Limits)}, exact=True
    ),
    "retention_s": whole(1, terms.MAX_RETENTION_S),
    "deadlines": obj({"acknowledge_s": whole(1, terms.MAX_ACKNOWLEDGE_S)}, exact=True),
}
assert list(_MEMBERS) == terms.MEMBERS

_OPTIONAL: dict[str, Schema] = {
    "budgets": obj({one: whole(1, getattr(BUDGETS_AT_MOST, one)) for one in NAMES}, exact=True),
}
assert tuple(_OPTIONAL) == terms.OPTIONAL_MEMBERS

_LATER: dict[str, Any] = {"agreement": ref("digest"), "former_roots": listed(ref("key"), 1, terms.MAX_PARTIES)}
assert tuple(_LATER) == terms.LATER_MEMBERS

AGREEMENT: dict[str, Schema] = {
    "agreement": obj(
        _MEMBERS,
        optional={**_OPTIONAL, **_LATER, **NO_CRIT},
        description="Payload of an agreement (R-023).",
        **when(
            {"revision": {"const": 1}},
            {"properties": {"prev": NULL, **dict.fromkeys(_LATER, False)}},
            {"properties": {"prev": ref("digest")}, "required": ["agreement"]},
        ),
    ),
    "agreement-document": obj(
        {
            "payload": ref("base64url"),
            "signatures": listed(
                obj({"protected": ref("base64url"), "signature": text(spelling(SIGNATURE_BYTES))}, exact=True),
                3,  # two parties and the service
                MAX_SIGNATURES,
            ),
        },
        exact=True,
        description="An agreement that all have signed: JWS in general JSON serialisation (R-021). A draft has fewer.",
    ),
}
