"""The JSON Schemas of what is signed: the payload of each kind of statement, pairs and disclosures.

Numbers and lists come from ``keepclear_protocol``; which member stands where is written here and held by the vectors.
"""

from keepclear_protocol import properties, spent, visible
from keepclear_protocol.acknowledgement import MAX_OFFICER_CHARACTERS, STAGES, VERDICTS
from keepclear_protocol.alert import CLOSED, OPEN, PAST
from keepclear_protocol.claims import SERVICE
from keepclear_protocol.encoding import MAX_SAFE_INTEGER
from keepclear_protocol.kinds import (
    ACKNOWLEDGEMENT,
    ALERT,
    BUDGET,
    KINDS,
    NOTICE,
    OPENING,
    RECEIPT,
    REQUEST,
    WITHDRAWAL,
)
from keepclear_protocol.lead import RETROACTIVE
from keepclear_protocol.notice import MAX_VOLUMES
from keepclear_protocol.separation import RULES
from keepclear_protocol.volume import Reference

from support.schema_words import (
    NO_CRIT,
    NULL,
    Schema,
    listed,
    name_of,
    obj,
    or_null,
    ref,
    remarks,
    text,
    when,
    whole,
    words,
)

METRES: Schema = {"type": "integer"}


def _claims(*, iss: Schema | None = None, admit_by: bool = False) -> Schema:
    named = {
        "iss": iss or ref("issuer"),
        "aud": ref("digest"),
        "terms": ref("digest"),
        "iat": ref("seconds"),
        "jti": ref("id"),
    }
    return {**named, "admit_by": ref("seconds")} if admit_by else named


_SERVICE: Schema = {"const": SERVICE}
_NOT_ADMITTED = {**NO_CRIT, "admit_by": False}

_DIGEST_COUNTS = [
    1 << bits for bits in range(visible.MIN_VOLUME_DIGESTS.bit_length() - 1, visible.MAX_VOLUME_DIGESTS.bit_length())
]
_NOTICE = {
    **_claims(admit_by=True),
    "notice": ref("id"),
    "revision": ref("count"),
    "volumes": listed(
        obj({"...": ref("digest")}, exact=True),
        visible.MIN_VOLUME_DIGESTS,
        visible.MAX_VOLUME_DIGESTS,
        anyOf=[{"minItems": count, "maxItems": count} for count in _DIGEST_COUNTS],
    ),
    "_sd": listed(ref("digest"), visible.PROPERTY_DIGESTS, visible.PROPERTY_DIGESTS),
    "_sd_alg": {"const": "sha-256"},
}
assert _NOTICE.keys() == visible._MEMBERS

_SHOWN = listed(ref("digest"), 0, MAX_VOLUMES, uniqueItems=True)
_SIDE = obj(
    {
        "party": ref("party"),
        "id": ref("id"),
        "revision": ref("count"),
        "sha256": ref("digest"),
        "received_at": ref("time"),
    }
)


def _alert_of(state: str, *, reason: Schema, severity: Schema, lead: Schema, shown: bool) -> Schema:
    many = {"minItems": 1} if shown else {"maxItems": 0}
    said = {"state": {"const": state}, "reason": reason, "severity": severity, "lead": lead}
    return {"properties": {**said, "disclosed": many, "shown": many, "pairs": many}}


def _disclosed(name: str, value: Schema) -> Schema:
    """``[salt, name, value]``; an element of ``volumes``, which has no name, is ``[salt, value]``."""
    members = [ref("id"), *([{"const": name}] if name else []), value]
    return {"type": "array", "prefixItems": members, "items": False, "minItems": len(members)}


def _receipt_of(kinds: list[str], revision: Schema, submission: Schema, lead: Schema) -> Schema:
    return {"properties": {"kind": words(kinds), "revision": revision, "submission": submission, "lead": lead}}


PAYLOADS: dict[str, Schema] = {
    NOTICE.name: obj(
        _NOTICE,
        optional={"prev": ref("digest")},
        exact=True,
        description="Payload of a notice's JWT part (R-038).",
        **when({"revision": {"const": 1}}, {"properties": {"prev": False}}, {"required": ["prev"]}),
    ),
    WITHDRAWAL.name: obj(
        {
            **_claims(admit_by=True),
            "notice": ref("id"),
            "revision": whole(2, MAX_SAFE_INTEGER),
            "prev": ref("digest"),
        },
        optional=NO_CRIT,
        description="Payload of a withdrawal (R-052).",
    ),
    ACKNOWLEDGEMENT.name: obj(
        {
            **_claims(admit_by=True),
            "stage": words(STAGES),
            "alert": ref("digest"),
            "conflict": ref("digest"),
            "version": ref("count"),
            "ours": ref("digest"),
            "theirs": ref("digest"),
            "ours_newest": ref("digest"),
            "verdict": words(VERDICTS),
            "officer": or_null(name_of(MAX_OFFICER_CHARACTERS)),
            "read_back": or_null(ref("digest")),
        },
        optional=NO_CRIT,
        description="Payload of an acknowledgement (R-079).",
        **when({"stage": {"const": STAGES[0]}}, {}, {"properties": {"officer": {"type": "string"}}}),
    ),
    REQUEST.name: obj(
        {**_claims(), "htm": {"type": "string"}, "htu": {"type": "string"}},
        optional=_NOT_ADMITTED,
        description="Payload of a request proof (R-086).",
    ),
    "pair": obj(
        {
            "own": ref("digest"),
            "other": ref("digest"),
            "severity": ref("severity"),
            "horizontal_m": {**METRES, "minimum": 0},
            "vertical_m": {**METRES, "minimum": 0},
            "time_start": ref("time"),
            "time_end": ref("time"),
            "altitude_lower_m": METRES,
            "altitude_upper_m": METRES,
            "reference": words([*Reference]),
        },
        exact=True,
        description="A pair of volumes in conflict, the receiver's first (R-070).",
    ),
    ALERT.name: obj(
        {
            **_claims(iss=_SERVICE),
            "to": ref("party"),
            "conflict": ref("digest"),
            "version": ref("count"),
            "state": words([OPEN, CLOSED, PAST]),
            "reason": or_null(ref("reason")),
            "severity": or_null(ref("severity")),
            "lead": or_null(ref("lead")),
            "rules": {"const": RULES},
            "at": ref("time"),
            "own": _SIDE,
            "other": _SIDE,
            "disclosed": _SHOWN,
            "shown": _SHOWN,
            "pairs": listed(ref("pair"), 0, MAX_VOLUMES),
        },
        optional=_NOT_ADMITTED,
        description="Payload of an alert (R-068, R-071).",
        oneOf=[
            _alert_of(OPEN, reason=NULL, severity=ref("severity"), lead=ref("lead"), shown=True),
            _alert_of(CLOSED, reason=ref("reason"), severity=NULL, lead=NULL, shown=False),
            _alert_of(PAST, reason=NULL, severity=NULL, lead={"const": RETROACTIVE}, shown=False),
        ],
    ),
    RECEIPT.name: obj(
        {
            **_claims(iss=_SERVICE),
            "kind": words([kind.name for kind in KINDS]),
            "party": ref("party"),
            "id": ref("id"),
            "revision": or_null(ref("count")),
            "sha256": ref("digest"),
            "submission": or_null(ref("digest")),
            "seq": ref("count"),
            "epoch": ref("epoch"),
            "received_at": ref("time"),
            "lead": or_null(ref("lead")),
        },
        optional=_NOT_ADMITTED,
        description="Payload of a receipt (R-083).",
        oneOf=[
            _receipt_of([NOTICE.name], ref("count"), ref("digest"), ref("lead")),
            _receipt_of([WITHDRAWAL.name], whole(2, MAX_SAFE_INTEGER), NULL, NULL),
            _receipt_of([ACKNOWLEDGEMENT.name], NULL, NULL, NULL),
        ],
    ),
    OPENING.name: obj(
        {**_claims(iss=_SERVICE), "to": ref("party"), "request": ref("digest"), "at": ref("position")},
        optional=_NOT_ADMITTED,
        description="Payload of the first word of a stream (R-104).",
    ),
    BUDGET.name: obj(
        {
            **_claims(iss=_SERVICE),
            "party": ref("party"),
            "budget": text(spent._BUDGET, "One of R-110, or of a later version."),
            "until": ref("time"),
        },
        optional=_NOT_ADMITTED,
        description="Payload of the word that a budget is spent (R-118).",
    ),
    "disclosure": {
        "description": "What a disclosure's base64url decodes to (R-039, R-040).",
        "oneOf": [
            _disclosed("", ref("volume")),
            _disclosed("category", ref("category")),
            _disclosed("callsign", text(properties._CALLSIGN)),
            _disclosed("remarks", remarks(properties.MAX_REMARKS_CHARACTERS)),
            _disclosed("manifest", ref("digest")),
        ],
    },
}
