"""The words that the JSON Schemas are made of: texts, numbers and times as ``keepclear_protocol`` reads them.

Every pattern, bound and list is drawn from the module that holds it, so that a schema cannot say anything else. What a
schema cannot say (that a time is a date, that ``1.0`` is no whole number, that a key is a point) stays the code's.
"""

import re
from collections.abc import Sequence
from typing import Any

from keepclear_protocol import cursor, encoding, fields, instant, lead, party, terms
from keepclear_protocol.alert import REASONS
from keepclear_protocol.characters import BLANKS, UNSEEN, UNSEEN_IN_TEXT
from keepclear_protocol.claims import MAX_ISSUER_CHARACTERS, MAX_SECONDS, SERVICE
from keepclear_protocol.encoding import MAX_SAFE_INTEGER, b64
from keepclear_protocol.keys import SIGNATURE_BYTES
from keepclear_protocol.kinds import AGREEMENT, EVERY_KIND, NOTICE, REQUEST, WITHDRAWAL, Kind
from keepclear_protocol.notice import MAX_SUBMISSION_BYTES
from keepclear_protocol.separation import Severity
from keepclear_protocol.statement import protected_header

Schema = dict[str, Any]

NULL: Schema = {"type": "null"}
NO_CRIT: Schema = {"crit": False}
"""This version knows no critical member (R-017)."""

LETTERS = "[A-Za-z0-9_-]"
EPOCH = cursor._CURSOR.pattern.partition(")-")[0].removeprefix("(")
ANY_KID = "A" * 43
"""Any ``kid``: where in a header it stands is the same for all."""


def ref(name: str) -> Schema:
    """Return the reference to a definition or a shape by its name."""
    return {"$ref": f"#/$defs/{name}"}


def obj(
    required: dict[str, Any], *, optional: dict[str, Any] | None = None, exact: bool = False, **more: Any
) -> Schema:
    """Return an object with all of ``required``, perhaps ``optional``; with ``exact`` no other member."""
    made: Schema = {"type": "object", "properties": {**required, **(optional or {})}, "required": list(required)}
    return {**made, **({"additionalProperties": False} if exact else {}), **more}


def text(pattern: re.Pattern[str] | str, description: str = "", **more: Any) -> Schema:
    """Return a text that a pattern of the code's takes, in the spelling of ECMA-262."""
    source = pattern if isinstance(pattern, str) else pattern.pattern
    made = {"type": "string", "pattern": "^" + source.removesuffix(r"\Z").replace(r"\d", "[0-9]") + "$", **more}
    return {"description": description, **made} if description else made


def whole(least: int, most: int, description: str = "") -> Schema:
    """Return a whole number within bounds, both included."""
    made = {"type": "integer", "minimum": least, "maximum": most}
    return {"description": description, **made} if description else made


def number(least: float, most: float) -> Schema:
    """Return a number within bounds, both included."""
    return {"type": "number", "minimum": least, "maximum": most}


def words(values: Sequence[str], description: str = "") -> Schema:
    """Return a text that is one of ``values``."""
    made = {"type": "string", "enum": [str(value) for value in values]}
    return {"description": description, **made} if description else made


def listed(items: Schema, least: int, most: int | None = None, **more: Any) -> Schema:
    """Return a list of ``least`` items or more, ``most`` at most."""
    return {"type": "array", "items": items, "minItems": least, **({} if most is None else {"maxItems": most}), **more}


def or_null(schema: Schema) -> Schema:
    """Return what is either null or as ``schema`` says."""
    return {"anyOf": [schema, NULL]}


def when(condition: Schema, then: Schema, otherwise: Schema | None = None) -> Schema:
    """Return what holds of an object whose members are as ``condition`` says, and of one whose are not."""
    return {"if": {"properties": condition}, "then": then, **({} if otherwise is None else {"else": otherwise})}


def spelling(size: int) -> str:
    """Return the pattern of base64url of ``size`` bytes in its one spelling."""
    count, last = -(-size * 4 // 3), encoding._LAST[-(-size * 4 // 3) % 4]
    return f"{LETTERS}{{{count - 1}}}[{last}]" if last else f"{LETTERS}{{{count}}}"


def jws_pattern(kind: Kind) -> str:
    """Return the pattern of a compact JWS of a kind: its header is the profile's, with any ``kid`` (R-013)."""
    header = protected_header(ANY_KID, kind.typ)
    at = header.index(ANY_KID.encode())
    # Base64 turns three bytes into four letters: what stands in no group with the kid is the same for every key.
    before, behind = at // 3 * 4, -(-(at + len(ANY_KID)) // 3) * 4
    encoded = b64(header)
    first = f"{encoded[:before]}{LETTERS}{{{behind - before}}}{encoded[behind:]}"
    return rf"{first}\.{LETTERS}+\.{spelling(SIGNATURE_BYTES)}"


def statement_text(kind: Kind, before: str = "") -> Schema:
    """Return the text of a statement of one kind, with the text ``before`` that stands in front of it."""
    longest = len(before) + kind.max_payload_bytes * 4 // 3 + 400  # R-014, step 1
    about = f"A statement: compact JWS of typ {kind.typ}, with a payload as the schema {kind.name} says."
    return text(before + jws_pattern(kind), about, maxLength=longest)


def name_of(most: int) -> Schema:
    """Return a name of at most so many characters (R-023)."""
    blanks = f"[{BLANKS}]"
    refused = [{"pattern": pattern} for pattern in (_anybodys(UNSEEN), f"^{blanks}", f"{blanks}$")]
    return {"type": "string", "minLength": 1, "maxLength": most, "not": {"anyOf": refused}}


def remarks(most: int) -> Schema:
    """Return remarks of at most so many characters (R-040)."""
    return {"type": "string", "minLength": 1, "maxLength": most, "not": {"pattern": _anybodys(UNSEEN_IN_TEXT)}}


def _anybodys(pattern: re.Pattern[str]) -> str:
    """A pattern with the characters themselves where Python's spelling of them is nobody else's.

    Halves of characters, which stand in no JSON text, some engines do not know.
    """
    whole_ones = pattern.pattern.replace(r"\ud800-", r"\ue000-")
    return re.sub(r"\\U([0-9a-f]{8})", lambda match: chr(int(match[1], 16)), whole_ones)


DEFINITIONS: dict[str, Schema] = {
    "digest": text(encoding._DIGEST, "A SHA-256 in base64url, in its one spelling (R-002)."),
    "id": text(encoding._128_BITS, "128 bits in base64url, in their one spelling: a jti, a notice's id or a salt."),
    "base64url": text(f"{LETTERS}+", "base64url without padding (R-001)."),
    "time": text(instant._RFC3339, "RFC 3339 with Z, from 1970 on (R-006)."),
    "seconds": whole(0, MAX_SECONDS, "Whole seconds since 1970, without fraction or exponent (R-004)."),
    "count": whole(1, MAX_SAFE_INTEGER),
    "party": text(party._PARTY_ID, f"A party's id; never {SERVICE}.", **{"not": {"const": SERVICE}}),
    "issuer": {"type": "string", "minLength": 1, "maxLength": MAX_ISSUER_CHARACTERS},
    "position": text(cursor._CURSOR, "A position in a party's stream: epoch, hyphen, number (R-097)."),
    "epoch": text(EPOCH, "The life of the store."),
    "category": text(terms._CATEGORY, "A category of the agreement."),
    "severity": words([*Severity], "Worst first (R-060)."),
    "lead": words([lead.ROUTINE, lead.SHORT, lead.LATE, lead.IN_PROGRESS, lead.RETROACTIVE], "R-063"),
    "reason": words(sorted(REASONS), "Why a conflict closed (R-071)."),
    "name": {
        "description": "A name: no blank at either end, no unseen character (R-023).",
        **name_of(fields.MAX_NAME_CHARACTERS),
    },
    "key": obj(
        {"kty": {"const": "OKP"}, "crv": {"const": "Ed25519"}, "x": text(spelling(32))},
        exact=True,
        description="A public key as a JWK (R-009).",
    ),
    "submission": text(
        rf"{jws_pattern(NOTICE)}~(?:{LETTERS}+~){{3,}}",
        "A notice with all its disclosures, the manifest last: an SD-JWT without key binding (R-037).",
        maxLength=MAX_SUBMISSION_BYTES,
    ),
    "presentation": text(
        rf"{jws_pattern(NOTICE)}~(?:{LETTERS}+~)*",
        "A notice as its counterpart is shown it: some volumes and the category, or nothing (R-045).",
        maxLength=MAX_SUBMISSION_BYTES,
    ),
    "cause": {
        "description": "The counterpart's statement that closed the conflict: a withdrawal, or <JWT>~ (R-071).",
        "anyOf": [text(jws_pattern(WITHDRAWAL)), text(jws_pattern(NOTICE) + "~")],
    },
    **{
        f"{kind.name}-statement": statement_text(kind)
        for kind in EVERY_KIND
        if kind not in (NOTICE, REQUEST, AGREEMENT)
    },
}
