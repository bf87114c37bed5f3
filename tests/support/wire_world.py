"""The fixed world of the wire vectors: keys from seeds, one agreement and its successor, statements with fixed salts.

Everything is drawn by SHA-256 from labels, so that the same calls give the same bytes on every machine. ``north`` and
``south`` are the parties; the vectors are told from south's side.
"""

import hashlib
from collections.abc import Sequence
from typing import Any

from keepclear_protocol.agreement import Agreement, open_agreement, sign_agreement
from keepclear_protocol.encoding import b64, digest, dump_json
from keepclear_protocol.instant import format_instant, parse_instant
from keepclear_protocol.keys import PrivateKey
from keepclear_protocol.kinds import NOTICE, WITHDRAWAL
from keepclear_protocol.notice import Notice, open_submission
from keepclear_protocol.statement import sign_statement

from support.notice_forge import Forge

ORIGIN = "https://hotline.example"
START = parse_instant("2026-11-22T15:00:00Z")
"""When the first volume of every notice begins, unless it says otherwise."""

IAT = START // 1_000_000 - 7200
AT = (IAT + 5) * 1_000_000 + 250_000
"""When the alert of the first case was written: two hours ahead of the flights, less some seconds."""

NAMES = ("north root", "north", "south root", "south", "south watch", "service", "stranger")
VALID = {"not_before": "2026-01-01T00:00:00Z", "not_after": "2027-01-01T00:00:00Z"}


def draw(label: str, size: int = 32) -> bytes:
    """Return ``size`` fixed bytes for a label."""
    return hashlib.sha256(f"keepclear wire vectors {label}".encode()).digest()[:size]


SEEDS = {name: draw(f"key {name}") for name in NAMES}
KEYS = {name: PrivateKey(seed) for name, seed in SEEDS.items()}


def keys_json(*names: str) -> dict[str, Any]:
    """Return each key as a vector file gives it: its seed, its public half and its thumbprint."""
    return {name: {"seed": b64(SEEDS[name]), "public": KEYS[name].public.jwk, "kid": KEYS[name].kid} for name in names}


def _party(name: str, *keys: tuple[str, list[str]]) -> dict[str, Any]:
    enrolled = [{"key": KEYS[key].public.jwk, "roles": roles, **VALID} for key, roles in keys]
    return {"id": name, "names": {"en": name.title()}, "root": KEYS[f"{name} root"].public.jwk, "keys": enrolled}


def _payload() -> dict[str, Any]:
    duty = ["submit", "acknowledge", "watch"]
    return {
        "name": "the agreement of the wire vectors",
        "revision": 1,
        "prev": None,
        "parties": [_party("north", ("north", duty)), _party("south", ("south", duty), ("south watch", ["watch"]))],
        "service": {"origin": ORIGIN, "keys": [{"key": KEYS["service"].public.jwk, **VALID}]},
        "rules": "1",
        "area": None,
        "categories": {
            "transport": {"horizontal_m": 9000, "vertical_m": 300, "lead_s": 60, "tail_s": 120},
            "strike": {"horizontal_m": 20000, "vertical_m": 1000, "lead_s": 120, "tail_s": 1500},
        },
        "uncertainty": {"geoid_undulation_m": [40, 50], "pressure_error_m": [-400, 300], "terrain_m": [0, 800]},
        "lead_classes": {"routine_s": 86400, "short_s": 3600},
        "limits": {
            "area_km2": 250000,
            "band_m": 30000,
            "duration_s": 172800,
            "horizon_s": 4838400,
            "volumes": 500,
            "vertices": 5000,
            "submission_bytes": 524288,
            "revisions": 1000,
        },
        "retention_s": 604800,
        "deadlines": {"acknowledge_s": 300},
    }


def _signed(payload: dict[str, Any]) -> bytes:
    return sign_agreement(dump_json(payload), [KEYS[name] for name in ("north root", "south root", "service")])


def _successor(first: Agreement) -> Agreement:
    """The second revision: transport keeps clear by 100 m sideways only."""
    narrow = {"horizontal_m": 100, "vertical_m": 300, "lead_s": 60, "tail_s": 120}
    follows = {"revision": 2, "prev": first.terms, "agreement": first.id}
    payload = {**_payload(), **follows, "categories": {**_payload()["categories"], "transport": narrow}}
    return open_agreement(_signed(payload), first)


AGREEMENT = open_agreement(_signed(_payload()))
SUCCESSOR = _successor(AGREEMENT)


def claims(iss: str, label: str, *, iat: int = IAT, admit: bool = True) -> dict[str, Any]:
    """Return the claims that every statement carries."""
    given = {"iss": iss, "aud": AGREEMENT.id, "terms": AGREEMENT.terms, "iat": iat, "jti": jti(label)}
    return {**given, "admit_by": iat + 600} if admit else given


def jti(label: str) -> str:
    """Return a fixed 128-bit id."""
    return b64(draw(f"jti {label}", 16))


def circle(
    lat: float = 48.0,
    lng: float = 2.0,
    *,
    radius_m: float = 1000,
    low: float = 1000,
    high: float = 1300,
    reference: str = "W84",
    start_s: int = 0,
    last_s: int = 600,
) -> dict[str, Any]:
    """Return a Volume4D: a circle from ``start_s`` seconds after ``START``; altitudes in metres."""
    begin = START + start_s * 1_000_000
    level = {"reference": reference, "units": "M"}
    return {
        "volume": {
            "outline_circle": {"center": {"lat": lat, "lng": lng}, "radius": {"value": radius_m, "units": "M"}},
            "altitude_lower": {"value": low, **level},
            "altitude_upper": {"value": high, **level},
        },
        "time_start": {"value": format_instant(begin), "format": "RFC3339"},
        "time_end": {"value": format_instant(begin + last_s * 1_000_000), "format": "RFC3339"},
    }


def submission(
    party: str,
    label: str,
    volumes: Sequence[dict[str, Any]],
    *,
    id: str = "",
    revision: int = 1,
    prev: str | None = None,
    key: str = "",
) -> str:
    """Return a notice of ``party`` with all its disclosures; ``label`` names its salts and ``jti``, ``id`` its id."""
    forge = Forge(f"wire {label}")
    sent = [forge.element(volume) for volume in volumes]
    sent += [forge.property("category", "transport"), forge.property("callsign", label.upper().replace(" ", "-"))]
    manifest = forge.manifest(sent)
    payload = forge.payload(sent[: len(volumes)], [*sent[len(volumes) :], manifest])
    order = sorted(payload["volumes"], key=lambda item: digest(label + item["..."]))
    named = {**claims(party, label), "notice": b64(draw(f"notice {id or label}", 16)), "revision": revision}
    if prev is not None:
        named["prev"] = prev
    signed = {**named, "volumes": order, "_sd": payload["_sd"], "_sd_alg": "sha-256"}
    return "~".join([sign_statement(KEYS[key or party], NOTICE.typ, signed), *sent, manifest, ""])


def notice(raw: str) -> Notice:
    """Return a submission as the service opens it."""
    return open_submission(raw, AGREEMENT.party_key)


def withdrawal(party: str, label: str, ended: Notice, *, key: str = "", **changed: Any) -> str:
    """Return the withdrawal of a notice."""
    follows = {"notice": ended.id, "revision": ended.revision + 1, "prev": ended.sha256}
    payload = {**claims(party, label, iat=IAT + 60), **follows, **changed}
    return sign_statement(KEYS[key or party], WITHDRAWAL.typ, payload)
