"""A forge for agreements, good and odd: signs any payload by any keys in any order.

Nothing is random, so that ``protocol/vectors/agreement.json`` can be made again and compared.
"""

import copy
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from keepclear_protocol.encoding import b64, dump_json
from keepclear_protocol.keys import PrivateKey
from keepclear_protocol.kinds import AGREEMENT
from keepclear_protocol.statement import protected_header

Payload = dict[str, Any]
Alter = Callable[[Payload], object]


@dataclass(frozen=True)
class Attack:
    """A document to be refused with ``code``; ``previous`` is the agreement that it claims to follow.

    ``edit``: the one member, by its path, in which the terms differ from ``first()``, and its value (``...``: absent).
    """

    name: str
    document: bytes
    code: str
    why: str
    previous: bytes | None = None
    edit: tuple[str, object] | None = None


def _key(label: str) -> PrivateKey:
    return PrivateKey(hashlib.sha256(f"keepclear agreement vectors {label}".encode()).digest())


NORTH_ROOT, NORTH_DESK, NORTH_WATCH = _key("north root"), _key("north desk"), _key("north watch")
SOUTH_ROOT, SOUTH_DESK, SOUTH_NEW_ROOT = _key("south root"), _key("south desk"), _key("south new root")
EAST_ROOT, EAST_DESK = _key("east root"), _key("east desk")
SERVICE, SERVICE_NEXT = _key("service"), _key("service next")
STRANGER = _key("stranger")

SIGNERS = (NORTH_ROOT, SOUTH_ROOT, SERVICE)
WINDOW = {"not_before": "2026-01-01T00:00:00Z", "not_after": "2027-01-01T00:00:00Z"}


def desk(key: PrivateKey, *roles: str, **more: str) -> Payload:
    """Return an operational key's entry."""
    return {"key": key.public.jwk, "roles": list(roles or ("submit", "acknowledge", "watch")), **WINDOW, **more}


def party(identifier: str, root: PrivateKey, *keys: Payload) -> Payload:
    """Return a party's entry."""
    return {"id": identifier, "names": {"en": identifier.title()}, "root": root.public.jwk, "keys": list(keys)}


def first() -> Payload:
    """Return the payload of a sound first revision between north and south."""
    return {
        "name": "North and south",
        "revision": 1,
        "prev": None,
        "parties": [
            party("north", NORTH_ROOT, desk(NORTH_DESK), desk(NORTH_WATCH, "watch")),
            party("south", SOUTH_ROOT, desk(SOUTH_DESK)),
        ],
        "service": {
            "origin": "https://hotline.example",
            "keys": [{"key": key.public.jwk, **WINDOW} for key in (SERVICE, SERVICE_NEXT)],
        },
        "rules": "1",
        "area": None,
        "categories": {
            "transport": {"horizontal_m": 9260, "vertical_m": 304.8, "lead_s": 0, "tail_s": 0},
            "strike": {"horizontal_m": 20000, "vertical_m": 1524, "lead_s": 600, "tail_s": 2700},
        },
        "uncertainty": {"geoid_undulation_m": [10, 25], "pressure_error_m": [-600, 400], "terrain_m": [-430, 2850.5]},
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


def altered(alter: Alter, base: Payload | None = None) -> Payload:
    """Return a payload after ``alter`` has changed it in place."""
    payload = copy.deepcopy(first() if base is None else base)
    alter(payload)
    return payload


def envelope(payload: bytes, keys: Sequence[PrivateKey] = SIGNERS, typ: str = AGREEMENT.typ) -> Payload:
    """Return the members of an agreement over exactly these payload bytes, signed by ``keys`` in this order."""
    return {
        "payload": b64(payload),
        "signatures": [signature(payload, key, protected_header(key.kid, typ)) for key in keys],
    }


def signature(payload: bytes, key: PrivateKey, protected: bytes) -> Payload:
    """Return one signature's entry under any protected bytes."""
    return {"protected": b64(protected), "signature": b64(key.sign(f"{b64(protected)}.{b64(payload)}".encode()))}


def document(payload: Payload | bytes, keys: Sequence[PrivateKey] = SIGNERS) -> bytes:
    """Return a signed agreement; nothing about it is checked."""
    return json.dumps(envelope(payload if isinstance(payload, bytes) else dump_json(payload), keys)).encode()


def second(alter: Alter = lambda _: None, before: Payload | None = None) -> Payload:
    """Return the payload of a revision that follows ``before``, changed by ``alter``."""
    base = first() if before is None else before
    terms = b64(hashlib.sha256(dump_json(base)).digest())
    payload = {**copy.deepcopy(base), "agreement": base.get("agreement", terms), "prev": terms}
    payload["revision"] = base["revision"] + 1
    payload.pop("former_roots", None)
    alter(payload)
    return payload


def put(path: str, value: object) -> Alter:
    """Return what sets the member at a path such as ``parties.0.root``; ``...`` takes the member away."""

    def alter(payload: Payload) -> None:
        *way, last = path.split(".")
        place: Any = payload
        for step in way:
            place = place[int(step)] if isinstance(place, list) else place[step]
        step_to = int(last) if isinstance(place, list) else last
        if value is ...:
            del place[step_to]
        else:
            place[step_to] = value

    return alter
