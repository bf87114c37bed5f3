"""Agreements to be refused for their envelope, signatures or succession; all that can be signed is rightly signed."""

import base64
import json
from collections.abc import Iterator
from typing import Any

from keepclear_protocol.encoding import b64, dump_json
from keepclear_protocol.kinds import AGREEMENT
from keepclear_protocol.statement import protected_header

from support import edwards
from support.agreement_edits import edits
from support.agreement_forge import (
    EAST_DESK,
    EAST_ROOT,
    NORTH_DESK,
    NORTH_ROOT,
    SERVICE,
    SERVICE_NEXT,
    SIGNERS,
    SOUTH_DESK,
    SOUTH_NEW_ROOT,
    SOUTH_ROOT,
    STRANGER,
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
    signature,
)


def attacks() -> Iterator[Attack]:
    """Yield everything that must be refused."""
    yield from _envelopes()
    yield from _signatures()
    yield from _payload_bytes()
    yield from edits()
    yield from _successors()


def _envelopes() -> Iterator[Attack]:
    payload = dump_json(first())
    good = envelope(payload)
    why = "members exactly payload and signatures; of a signature exactly protected and signature"

    def refused(name: str, value: object, why: str = why) -> Attack:
        raw = value if isinstance(value, bytes) else json.dumps(value).encode()
        return Attack(name, raw, "agreement", why)

    yield refused("empty", b"")
    yield refused("no JSON", b"keepclear")
    yield refused("a list", [good])
    yield refused("a text", "agreement")
    yield refused("no signatures", {"payload": good["payload"]})
    yield refused("no payload", {"signatures": good["signatures"]})
    yield refused("an unknown member", {**good, "comment": ""})
    yield refused("flattened serialisation", {"payload": good["payload"], **good["signatures"][0]})
    yield refused("signatures an object", {**good, "signatures": {"0": good["signatures"][0]}})
    yield refused("a signature a text", {**good, "signatures": [b64(b"x")]})
    yield refused("an unprotected header", _first_signature(good, header={"kid": NORTH_ROOT.kid}))
    yield refused("no protected header", {**good, "signatures": [{"signature": good["signatures"][0]["signature"]}]})
    yield refused("payload a number", {**good, "payload": 1})
    yield refused("payload not encoded", {**good, "payload": payload.decode()})
    yield refused("payload padded", {**good, "payload": good["payload"] + "=="}, "base64url in its one spelling")
    standard = base64.b64encode(payload + b"\xff\xfe").decode()
    yield refused("payload in the standard alphabet", {**good, "payload": standard}, "base64url in its one spelling")
    padded = _first_signature(good, signature=good["signatures"][0]["signature"] + "==")
    yield refused("signature padded", padded, "base64url in its one spelling")
    yield refused("signature null", _first_signature(good, signature=None))
    twice = json.dumps(good)[:-1] + f',"payload":"{good["payload"]}"}}'
    yield refused("payload twice", twice.encode(), "a repeated name has two readings")
    yield refused("in UTF-16", json.dumps(good).encode("utf-16"), "not UTF-8")
    yield refused("more signatures than there can be signers", {**good, "signatures": good["signatures"] * 22})
    yield refused("too large", json.dumps(good).encode() + b" " * 256 * 1024, "larger than 256 KiB")


def _first_signature(good: Payload, **members: object) -> Payload:
    return {**good, "signatures": [{**good["signatures"][0], **members}, *good["signatures"][1:]]}


def _signatures() -> Iterator[Attack]:
    payload = dump_json(first())
    why = "signed by exactly the roots in payload order, then the service's first key, then the former roots"

    def refused(name: str, value: object, why: str = why) -> Attack:
        return Attack(name, json.dumps(value).encode(), "agreement_signatures", why)

    for name, keys in {
        "signed by nobody": (),
        "not signed by south": (NORTH_ROOT, SERVICE),
        "not signed by the service": (NORTH_ROOT, SOUTH_ROOT),
        "signed by the service alone": (SERVICE,),
        "in another order": (SOUTH_ROOT, NORTH_ROOT, SERVICE),
        "the service first": (SERVICE, NORTH_ROOT, SOUTH_ROOT),
        "north twice": (NORTH_ROOT, NORTH_ROOT, SOUTH_ROOT, SERVICE),
        "north again at the end": (*SIGNERS, NORTH_ROOT),
        "a stranger besides": (*SIGNERS, STRANGER),
        "a stranger first": (STRANGER, *SIGNERS),
        "a stranger for south": (NORTH_ROOT, STRANGER, SERVICE),
        "a desk's key for its root": (NORTH_DESK, SOUTH_ROOT, SERVICE),
        "the service's second key": (NORTH_ROOT, SOUTH_ROOT, SERVICE_NEXT),
    }.items():
        yield refused(name, envelope(payload, keys))
    other = envelope(dump_json(altered(put("name", "Another"))))
    yield refused("signatures of another payload", {**other, "payload": b64(payload)})
    good = envelope(payload)
    forged = signature(payload, STRANGER, protected_header(SOUTH_ROOT.kid, AGREEMENT.typ))
    yield refused(
        "south's kid under a stranger's signature",
        {**good, "signatures": [good["signatures"][0], forged, good["signatures"][2]]},
    )
    s = base64.urlsafe_b64decode(good["signatures"][0]["signature"] + "==")
    malleated = s[:32] + (int.from_bytes(s[32:], "little") + edwards.L).to_bytes(32, "little")
    yield refused("S plus the group's order", _first_signature(good, signature=b64(malleated)))
    header = protected_header(NORTH_ROOT.kid, AGREEMENT.typ)
    profile = "the protected header is the profile's, byte for byte"
    for name, protected in {
        "of another kind": protected_header(NORTH_ROOT.kid, "keepclear-receipt+jws"),
        "alg EdDSA": header.replace(b'"Ed25519"', b'"EdDSA"'),
        "a blank in the header": header.replace(b",", b", "),
        "crit": header[:-1] + b',"crit":["exp"]}',
        "alg twice": header.replace(b'{"alg"', b'{"alg":"none","alg"'),
        "an empty header": b"",
    }.items():
        odd = signature(payload, NORTH_ROOT, protected)
        yield refused(name, {**good, "signatures": [odd, *good["signatures"][1:]]}, profile)


def _payload_bytes() -> Iterator[Attack]:
    good = dump_json(first())
    for name, payload, why in (
        ("payload empty", b"", "not JSON"),
        ("payload no JSON", good[:-1], "not JSON"),
        ("payload a list", b"[]", "not an object"),
        ("payload with a name twice", good[:-1] + b',"name":"Another"}', "a repeated name has two readings"),
        ("payload with NaN", good.replace(b"9260", b"NaN"), "not finite"),
        ("payload with 1e999", good.replace(b"9260", b"1e999"), "not finite"),
        ("payload with a lone surrogate", good.replace(b"North and", b"\\ud800"), "not a Unicode text"),
        ("payload too deep", good[:-1] + b',"x":' + b"[" * 16 + b"]" * 16 + b"}", "deeper than 16 levels"),
        ("payload over 64 KiB", good[:-1] + b',"x":"' + b"x" * 65536 + b'"}', "larger than 64 KiB"),
    ):
        yield Attack(name, document(payload), "agreement", why)
    critical = altered(put("crit", ["quorum"]))
    yield Attack("crit in the payload", document(critical), "crit", "names a member that a receiver must understand")


def _successors() -> Iterator[Attack]:
    previous = document(first())
    code, why = "agreement_successor", "does not follow from the one before"

    def refused(name: str, payload: Payload, keys: Any = SIGNERS, code: str = code, why: str = why) -> Attack:
        return Attack(f"successor: {name}", document(payload, keys), code, why, previous)

    yield refused("the first revision again", first())
    yield refused("a first revision of another agreement", altered(put("name", "Another")))
    yield refused("a revision left out", second(put("revision", 3)))
    yield refused("of another agreement", second(put("agreement", b64(bytes(32)))))
    yield refused("another prev", second(put("prev", b64(bytes(32)))))
    yield refused(
        "a category that vanishes", second(put("categories.strike", ...)), why="live notices of it would have no minima"
    )
    third = second(before=second())
    yield refused("two revisions on", third)
    owner = "a key keeps its owner and its purpose"
    swapped = second(
        lambda one: (put("parties.0.keys.0", desk(SOUTH_DESK))(one), put("parties.1.keys.0", desk(NORTH_DESK))(one))
    )
    yield refused("two desks' keys change places", swapped, why=owner)
    roots = second(
        lambda one: (
            put("parties.0.root", SOUTH_ROOT.public.jwk)(one),
            put("parties.1.root", NORTH_ROOT.public.jwk)(one),
        )
    )
    yield refused("two roots change places", roots, (SOUTH_ROOT, NORTH_ROOT, SERVICE), why=owner)
    promoted = second(
        lambda one: (put("service.keys.1", ...)(one), one["parties"][0]["keys"].append(desk(SERVICE_NEXT)))
    )
    yield refused("a key of the service becomes a party's", promoted, why=owner)
    changed = second(put("parties.1.root", SOUTH_NEW_ROOT.public.jwk))
    keys = (NORTH_ROOT, SOUTH_NEW_ROOT, SERVICE)
    dropped = "every dropped root signs too, named in former_roots"
    yield refused("a root changed without the old one", changed, keys, why=dropped)
    named = second(
        lambda one: (
            put("parties.1.root", SOUTH_NEW_ROOT.public.jwk)(one),
            put("former_roots", [SOUTH_ROOT.public.jwk])(one),
        )
    )
    yield refused("a root changed, not signed by the old one", named, keys, "agreement_signatures", dropped)
    foreign = second(put("former_roots", [STRANGER.public.jwk]))
    yield refused("a former root that was none", foreign, (*SIGNERS, STRANGER))
    gone = second(lambda one: put("parties.1", party("east", EAST_ROOT, desk(EAST_DESK)))(one))
    yield refused("a party replaced without its signature", gone, (NORTH_ROOT, EAST_ROOT, SERVICE), why=dropped)
    root_demoted = second(
        lambda one: (
            put("parties.1.root", SOUTH_NEW_ROOT.public.jwk)(one),
            one["parties"][1]["keys"].append(desk(SOUTH_ROOT)),
            put("former_roots", [SOUTH_ROOT.public.jwk])(one),
        )
    )
    yield refused("a former root as a desk's key", root_demoted, (*keys, SOUTH_ROOT), "agreement", "a key stands once")
    follows: list[tuple[str, str, Any]] = [
        ("prev null", "prev", None),
        ("prev no hash", "prev", "x"),
        ("no agreement id", "agreement", ...),
        ("agreement id no hash", "agreement", 1),
        ("former_roots empty", "former_roots", []),
        ("former_roots null", "former_roots", None),
    ]
    for name, path, value in follows:
        yield refused(name, second(put(path, value)), code="agreement", why="a later revision names the one before")
    founds: list[tuple[str, str, Any]] = [
        ("prev", "prev", b64(bytes(32))),
        ("agreement", "agreement", b64(bytes(32))),
        ("former_roots", "former_roots", [SOUTH_NEW_ROOT.public.jwk]),
    ]
    for name, path, value in founds:
        alone = document(altered(put(path, value)))
        yield Attack(f"a first revision with {name}", alone, "agreement", "a first revision follows nothing")
    revoked = altered(put("parties.0.keys.0.revoked_at", "2026-06-01T00:00:00Z"))
    before = document(revoked)
    for name, value in (("taken back", ...), ("put off", "2026-06-02T00:00:00Z")):
        payload = second(put("parties.0.keys.0.revoked_at", value), revoked)
        text = "a revocation is neither taken back nor put off"
        yield Attack(f"successor: a revocation {name}", document(payload), code, text, before)
