"""Makes ``protocol/vectors/agreement.json``: agreements to be accepted and refused, with the code of each refusal.

    python tests/support/agreement_vectors.py > protocol/vectors/agreement.json

A test compares the file with what this makes, and the protocol with the file.
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from keepclear_protocol.agreement import open_agreement
from keepclear_protocol.budgets import BUDGETS_AT_MOST
from keepclear_protocol.encoding import dump_json

from support.agreement_attacks import attacks
from support.agreement_forge import (
    EAST_DESK,
    EAST_ROOT,
    NORTH_ROOT,
    SERVICE,
    SOUTH_NEW_ROOT,
    SOUTH_ROOT,
    Attack,
    Payload,
    altered,
    desk,
    document,
    envelope,
    first,
    party,
    put,
    second,
)

ABOUT = (
    "Agreements as JWS in general JSON serialisation. accepted: reads as expect says (signers are thumbprints, in "
    "order; fingerprint is read by voice); with previous, it follows that document. refused: whole documents, with "
    "the code and why. terms: the payload of a sound first revision; edits: one member of it, by its path, set to "
    "value or taken away where absent is true: refused with that code, whoever has signed."
)

MAX_TEXT = 16_384
"""Larger documents are left to the tests: they are only about size."""


def vectors() -> str:
    """Return the file's text."""
    refused, edits = [], []
    for attack in attacks():
        if attack.edit is not None:
            edits.append(_edit(attack))
        elif attack.document.isascii() and len(attack.document) <= MAX_TEXT:
            refused.append(_refusal(attack))
    accepted = [_accepted(*case) for case in good()]
    content = {"about": ABOUT, "accepted": accepted, "refused": refused, "terms": first(), "edits": edits}
    return json.dumps(content, indent=1) + "\n"


def good() -> Iterator[tuple[str, bytes, bytes | None]]:
    """Yield name, document and previous document of what is accepted."""
    yield "a first revision", document(first()), None
    indented = json.dumps(envelope(json.dumps(first(), indent=2).encode()), indent=2).encode()
    yield "indented, inside and outside", indented, None
    circle = {"outline_circle": {"center": {"lat": 32.5, "lng": 35}, "radius": {"value": 400000, "units": "M"}}}
    yield "an area", _changed("area", circle), None
    three = altered(lambda payload: payload["parties"].append(party("east", EAST_ROOT, desk(EAST_DESK, "admin"))))
    yield "three parties", document(three, (NORTH_ROOT, SOUTH_ROOT, EAST_ROOT, SERVICE)), None
    names = {"en": "Northern Command", "he": "פיקוד צפון", "ar": "القيادة الشمالية", "zh-Hant": "北方司令部"}
    yield "names in several languages", _changed("parties.0.names", names), None
    characters = "\u0378 a\u2009b \U0001fae8 \U0003fffd"
    yield "a name of characters that Unicode may not know", _changed("name", characters), None
    yield "an unknown member of the payload", _changed("remarks", {"agreed": "by telephone"}), None
    for origin in (
        "http://127.0.0.1:8000",
        "http://[::1]:8000",
        "https://a-b.c1.example:8443",
        "http://localhost",
        "https://[::ffff:102:304]",
        "https://[2001:db8::1:0:0:1]:65535",
        "https://0x1.example",
        "https://xn--4dbcd",
    ):
        yield f"origin {origin}", _changed("service.origin", origin), None
    largest = {
        "area_km2": 255_000_000,
        "band_m": 308_000,
        "duration_s": 31_622_400,
        "horizon_s": 31_622_400,
        "volumes": 500,
        "vertices": 5000,
        "submission_bytes": 524_288,
        "revisions": 1_000_000,
    }
    yield "the largest limits", _changed("limits", largest), None
    yield "the smallest limits", _changed("limits", dict.fromkeys(largest, 1)), None
    yield "the largest budgets", _changed("budgets", asdict(BUDGETS_AT_MOST)), None
    yield "the smallest budgets", _changed("budgets", dict.fromkeys(asdict(BUDGETS_AT_MOST), 1)), None
    for value in (0, 500_000):
        minima = {"horizontal_m": value, "vertical_m": value // 5, "lead_s": 0, "tail_s": 604_800}
        yield f"a minimum of {value} m", _changed("categories.transport", minima), None
    yield from _successors()


def _successors() -> Iterator[tuple[str, bytes, bytes]]:
    previous = document(first())
    yield "a second revision", document(second()), previous
    yield "a third revision", document(second(before=second())), document(second())
    revoked = second(put("parties.0.keys.0.revoked_at", "2026-06-01T00:00:00Z"))
    yield "a revocation", document(revoked), previous
    earlier = second(put("parties.0.keys.0.revoked_at", "2026-05-01T00:00:00Z"), revoked)
    yield "a revocation brought forward", document(earlier), document(revoked)
    yield "a key dropped", document(second(put("parties.0.keys.1", ...))), previous
    former = put("former_roots", [SOUTH_ROOT.public.jwk])

    def new_root(payload: Payload) -> None:
        payload["parties"][1]["root"] = SOUTH_NEW_ROOT.public.jwk
        former(payload)

    def new_party(payload: Payload) -> None:
        payload["parties"][1] = party("east", EAST_ROOT, desk(EAST_DESK))
        former(payload)

    keys = (NORTH_ROOT, SOUTH_NEW_ROOT, SERVICE, SOUTH_ROOT)
    yield "a new root, signed by the old one too", document(second(new_root), keys), previous
    again = second(before=second(new_root))
    yield "the revision after a new root", document(again, keys[:3]), document(second(new_root), keys)
    yield "a party replaced", document(second(new_party), (NORTH_ROOT, EAST_ROOT, SERVICE, SOUTH_ROOT)), previous
    swapped = second(lambda payload: payload["parties"].reverse())
    yield "parties in another order", document(swapped, (SOUTH_ROOT, NORTH_ROOT, SERVICE)), previous


def _changed(path: str, value: object) -> bytes:
    return document(dump_json(altered(put(path, value))))


def _accepted(name: str, data: bytes, previous: bytes | None) -> dict[str, Any]:
    agreement = open_agreement(data)
    expect = {
        "agreement": agreement.id,
        "terms": agreement.terms,
        "revision": agreement.revision,
        "prev": agreement.prev,
        "fingerprint": agreement.fingerprint,
        "signers": [signer.key.kid for signer in agreement.signers],
    }
    return {"name": name, "document": data.decode(), **_with_previous(previous), "expect": expect}


def _refusal(attack: Attack) -> dict[str, Any]:
    text = {"name": attack.name, "document": attack.document.decode(), **_with_previous(attack.previous)}
    return {**text, "code": attack.code, "why": attack.why}


def _edit(attack: Attack) -> dict[str, Any]:
    assert attack.edit is not None
    path, value = attack.edit
    change = {"absent": True} if value is ... else {"value": value}
    return {"name": attack.name, "path": path, **change, "code": attack.code, "why": attack.why}


def _with_previous(previous: bytes | None) -> dict[str, str]:
    return {} if previous is None else {"previous": previous.decode()}


if __name__ == "__main__":
    sys.stdout.write(vectors())
