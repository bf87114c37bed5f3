"""Alerts: the service's signed statement to one party that a conflict opened, changed or closed.

An alert is a snapshot, not a delta. It names both notices by hash, lists by digest what its receiver is shown of the
other side and what the other side is shown of the receiver, and holds no figure that its receiver could not compute
from its own notice, the presentation and the agreement; ``recompute`` does so. Reading an alert here checks its
signature and its shape only.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from msgspec import Struct
from msgspec.json import Decoder

from .claims import SERVICE, Claims, digest_claim, read_claims, whole
from .encoding import are_digests, digest, dump_json, dump_plain, is_digest, unb64
from .errors import EvidenceInvalid, KeepclearError
from .instant import format_instant, parse_instant
from .keys import PrivateKey
from .kinds import ALERT
from .statement import KeyFinder, sign_statement
from .stored import open_or_reopen

OPEN = "open"
CLOSED = "closed"
PAST = "past"
_DIGEST_LENGTH = 43
_METRES = ("horizontal_m", "vertical_m", "altitude_lower_m", "altitude_upper_m")
_PAIR = frozenset({"own", "other", "severity", "time_start", "time_end", "reference", *_METRES})
_OR_NULL = frozenset({"state", "reason", "severity", "lead"})
REASONS = frozenset({"withdrawn", "amended", "ended", "terms"})


class Side(Struct, frozen=True, gc=False):
    """One of the two notices as the service has it: party, id, revision, hash of that revision, instant received."""

    party: str
    id: str
    revision: int
    sha256: str
    received_at: int

    def to_json(self) -> dict[str, Any]:
        """Return the side as it stands in an alert."""
        return {
            "party": self.party,
            "id": self.id,
            "revision": self.revision,
            "sha256": self.sha256,
            "received_at": format_instant(self.received_at),
        }


@dataclass(frozen=True, slots=True)
class Alert:
    """A verified alert's payload; ``pairs`` stay as signed, to be compared with what the rules give."""

    raw: str
    sha256: str
    kid: str
    claims: Claims
    to: str
    conflict: str
    version: int
    state: str
    reason: str | None
    severity: str | None
    lead: str | None
    rules: str
    at: int
    own: Side
    other: Side
    disclosed: tuple[str, ...]
    shown: tuple[str, ...]
    pairs: tuple[Mapping[str, Any], ...]


class _Named(Struct):
    sha256: str


class _Sides(Struct):
    to: str
    own: _Named
    other: _Named


class _Discloses(Struct):
    disclosed: list[str]


_SIDES = Decoder(_Sides)
_DISCLOSES = Decoder(_Discloses)


def sides_of(raw: str) -> tuple[str, str, str]:
    """Return to whom an alert of one's own writing is, and the hashes of its two notices; nothing else is read."""
    sides = _SIDES.decode(unb64(raw.split(".")[1]))
    return sides.to, sides.own.sha256, sides.other.sha256


def disclosed_by(raw: str) -> list[str]:
    """Return the hashes of what an alert of one's own writing discloses; nothing else is read."""
    return _DISCLOSES.decode(unb64(raw.split(".")[1])).disclosed


def conflict_id(aud: str, first: tuple[str, str], second: tuple[str, str]) -> str:
    """Return the id of the conflict of two notices, each (issuer, notice id), under agreement ``aud``."""
    return digest(dump_json([aud, sorted([list(first), list(second)])]))


def alert_jti(conflict: str, version: int, to: str) -> str:
    """Return the alert's id: derived, so that any worker that folds the same log writes the same bytes."""
    return digest(dump_json([conflict, version, to]))[:21] + "A"


def alert_payload(
    *,
    aud: str,
    terms: str,
    to: str,
    conflict: str,
    version: int,
    state: str,
    reason: str | None,
    severity: str | None,
    lead: str | None,
    rules: str,
    at: int,
    own: Side,
    other: Side,
    disclosed: list[str],
    shown: list[str],
    pairs: list[dict[str, Any]],
) -> dict[str, Any]:
    """Return an alert's payload: a pure function of its arguments, the same on every worker."""
    return {
        "iss": SERVICE,
        "aud": aud,
        "terms": terms,
        "iat": at // 1_000_000,
        "jti": alert_jti(conflict, version, to),
        "to": to,
        "conflict": conflict,
        "version": version,
        "state": state,
        "reason": reason,
        "severity": severity,
        "lead": lead,
        "rules": rules,
        "at": format_instant(at),
        "own": own.to_json(),
        "other": other.to_json(),
        "disclosed": disclosed,
        "shown": shown,
        "pairs": pairs,
    }


def sign_alert(key: PrivateKey, payload: Mapping[str, Any]) -> str:
    """Return the alert as the service's statement."""
    return sign_statement(key, ALERT.typ, payload, dump=dump_plain)


def open_alert(raw: str, find_key: KeyFinder | None) -> Alert:
    """Verify the service's signature over an alert and return it; ``find_key`` is ``None`` as in ``stored``.

    Raises ``EvidenceInvalid`` with ``evidence``: whatever is wrong with an alert is evidence about the mediator.
    """
    try:
        statement = open_or_reopen(raw, ALERT.typ, find_key, max_payload_bytes=ALERT.max_payload_bytes)
        payload = statement.payload
        claims = read_claims(payload, admit_by=False)
        if not _OR_NULL <= payload.keys():
            raise EvidenceInvalid("evidence", f"an alert has {', '.join(sorted(_OR_NULL))}, if only as null")
        state, reason = payload["state"], payload["reason"]
        if claims.iss != SERVICE or state not in (OPEN, CLOSED, PAST):
            raise EvidenceInvalid("evidence", "an alert must be the service's and open, closed or past")
        if reason is not None and not isinstance(reason, str):
            raise EvidenceInvalid("evidence", "an alert's reason is a word or null")
        if (reason in REASONS) != (state == CLOSED) or (reason is not None and state != CLOSED):
            raise EvidenceInvalid("evidence", "a reason belongs to a closing, and each closing has one")
        severity, lead = payload["severity"], payload["lead"]
        if isinstance(severity, str) != (state == OPEN) or (severity is not None and state != OPEN):
            raise EvidenceInvalid("evidence", "a severity belongs to what is open")
        if lead is not None and not isinstance(lead, str):
            raise EvidenceInvalid("evidence", "an alert's lead class is a word or null")
        return Alert(
            raw=raw,
            sha256=statement.sha256,
            kid=statement.kid,
            claims=claims,
            to=_text(payload, "to"),
            conflict=digest_claim(payload, "conflict"),
            version=whole(payload, "version", low=1),
            state=state,
            reason=reason,
            severity=severity,
            lead=lead,
            rules=_text(payload, "rules"),
            at=parse_instant(payload.get("at"), code="claims"),
            own=_side(payload.get("own")),
            other=_side(payload.get("other")),
            disclosed=_digests(payload.get("disclosed")),
            shown=_digests(payload.get("shown")),
            pairs=_pairs(payload.get("pairs")),
        )
    except EvidenceInvalid:
        raise
    except KeepclearError as error:
        raise EvidenceInvalid("evidence", f"the alert does not hold: {error.detail}") from None


def _text(payload: Mapping[str, Any], name: str) -> str:
    value = payload.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= 64:
        raise EvidenceInvalid("evidence", f"the alert's {name} is not a short text")
    return value


def _side(value: object) -> Side:
    if not isinstance(value, dict):
        raise EvidenceInvalid("evidence", "an alert names both notices")
    return Side(
        party=_text(value, "party"),
        id=_text(value, "id"),
        revision=whole(value, "revision", low=1),
        sha256=digest_claim(value, "sha256"),
        received_at=parse_instant(value.get("received_at"), code="claims"),
    )


def _digests(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(is_digest(item) for item in value) or value != sorted(set(value)):
        raise EvidenceInvalid("evidence", "what is shown must be a sorted list of different digests")
    return tuple(value)


def _pairs(value: object) -> tuple[Mapping[str, Any], ...]:
    if not isinstance(value, list) or not all(isinstance(item, dict) and item.keys() == _PAIR for item in value):
        raise EvidenceInvalid("evidence", "pairs must be a list of objects with exactly a pair's members")
    digests = [pair[name] for pair in value for name in ("own", "other")]
    if not all(type(name) is str and len(name) == _DIGEST_LENGTH for name in digests) or not are_digests(digests):
        raise EvidenceInvalid("evidence", "a pair names its volumes by their digests")
    for pair in value:
        if not isinstance(pair["severity"], str) or not isinstance(pair["reference"], str):
            raise EvidenceInvalid("evidence", "a pair's severity and reference are words")
        parse_instant(pair["time_start"], code="claims")
        parse_instant(pair["time_end"], code="claims")
    if not all(type(pair[name]) is int for pair in value for name in _METRES):
        raise EvidenceInvalid("evidence", "a pair's metres are whole numbers")
    return tuple(value)
