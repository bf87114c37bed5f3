"""The hostile table, first half: statements that are wrong in their bytes, their claims, their signer or their place.

Each case makes what is sent to one door and names the status and the stable code that must come back.
"""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from keepclear_protocol.claims import new_jti
from keepclear_protocol.encoding import b64, digest, dump_json
from keepclear_protocol.keys import PrivateKey
from keepclear_protocol.kinds import ACKNOWLEDGEMENT, ALERT, NOTICE, REQUEST, WITHDRAWAL
from keepclear_protocol.statement import protected_header

from support.forge import NoticeForge, party_claims, sign_bytes, with_members
from support.hostile_world import HostileLine
from support.line import payload as read
from support.world import box

Make = Callable[[HostileLine], str | bytes]
KINDS = {"notices": NOTICE, "withdrawals": WITHDRAWAL, "acknowledgements": ACKNOWLEDGEMENT}
TYP = {door: kind.typ for door, kind in KINDS.items()}


@dataclass(frozen=True)
class Case:
    """What is sent where, and what must come back. ``evidence``: the store may keep it as evidence."""

    name: str
    door: str
    make: Make
    status: int
    code: str
    evidence: bool = False

    def __str__(self) -> str:
        return f"{self.door}: {self.name}"

    def answer(self, body: str | bytes) -> tuple[int, str]:
        """Return status and code of what was made: what is too long for its kind is not even decoded for a stranger."""
        kind = KINDS[self.door]
        if kind is not NOTICE and len(body) > kind.max_payload_bytes * 4 // 3 + 400:
            return 401, "not_authenticated"
        return self.status, self.code


def statement_payload(line: HostileLine, door: str, **changed: Any) -> dict[str, Any]:
    """Return a payload that the door would take from north, with changes; ``...`` takes a member away."""
    kinds: dict[str, Callable[[HostileLine], dict[str, Any]]] = {
        "notices": _notice_members,
        "withdrawals": _withdrawal_members,
        "acknowledgements": _acknowledgement_members,
    }
    made = {**party_claims(line.world, "north"), **kinds[door](line), **changed}
    return {name: value for name, value in made.items() if value is not ...}


def _notice_members(line: HostileLine) -> dict[str, Any]:
    return {
        "notice": new_jti(),
        "revision": 1,
        "volumes": [{"...": digest(str(number))} for number in range(16)],
        "_sd": sorted(digest(f"property {number}") for number in range(8)),
        "_sd_alg": "sha-256",
    }


def _withdrawal_members(line: HostileLine) -> dict[str, Any]:
    return {"notice": line.standing.id, "revision": 2, "prev": line.standing.sha256}


def _acknowledgement_members(line: HostileLine) -> dict[str, Any]:
    said = read(line.alert)  # of south, so north's is stale in every way but its shape
    return {
        "stage": "displayed",
        "alert": digest(line.alert),
        "conflict": said["conflict"],
        "version": said["version"],
        "ours": said["other"]["sha256"],
        "theirs": said["own"]["sha256"],
        "ours_newest": said["other"]["sha256"],
        "verdict": "verified",
        "officer": "duty-1",
        "read_back": None,
    }


def signed(line: HostileLine, door: str, payload: bytes, key: PrivateKey | None = None, **how: Any) -> str:
    """Return a statement over raw payload bytes in the form that the door takes."""
    jws = sign_bytes(key or line.world.parties["north"].key, TYP[door], payload, **how)
    return jws + "~" if door == "notices" else jws


def good(line: HostileLine, door: str, key: PrivateKey | None = None, **changed: Any) -> str:
    """Return what the door would take, but for ``changed`` claims or the ``key``."""
    if door == "notices":
        return NoticeForge(line.world, "north", key=key).notice([box(11.0)], **changed)
    return signed(line, door, dump_json(statement_payload(line, door, **changed)), key)


def statement_cases() -> Iterator[Case]:
    """Yield every case of this half."""
    for door in TYP:
        yield from _unauthentic(door)
        yield from _payload_bytes(door)
        yield from _claims(door)
        yield from _signers(door)


def _unauthentic(door: str) -> Iterator[Case]:
    """Before the signature verified there is one code, whatever is wrong."""

    def case(name: str, make: Make) -> Case:
        return Case(name, door, make, 401, "not_authenticated")

    def edited(edit: Callable[[str], str]) -> Make:
        return lambda line: edit(good(line, door))

    def part(number: int, edit: Callable[[str], str]) -> Make:
        def change(raw: str) -> str:
            jws, tilde, tail = raw.partition("~")
            parts = jws.split(".")
            parts[number] = edit(parts[number])
            return ".".join(parts) + tilde + tail

        return edited(change)

    for name, body in (
        ("empty", b""),
        ("one dot", b"."),
        ("three empty parts", b".."),
        ("tilde alone", b"~"),
        ("null bytes", bytes(200)),
        ("not ASCII", "\u00e9".encode() * 40),
        ("not UTF-8", b"\xff\xfe\x80" * 40),
        ("JSON", b'{"alg":"none"}'),
        ("half a megabyte of dots", b"." * 500_000),
        ("half a megabyte of tildes", b"~" * 500_000),
    ):
        yield case(name, lambda line, body=body: body)
    yield case("blank before", edited(lambda raw: " " + raw))
    yield case("byte order mark before", lambda line: b"\xef\xbb\xbf" + good(line, door).encode())
    yield case("a fourth part", part(2, lambda text: text + ".e30"))
    yield case("two parts", edited(lambda raw: raw.replace(".", "", 1)))
    for number, what in enumerate(("header", "payload", "signature")):
        yield case(f"padded {what}", part(number, lambda text: text + "="))
        yield case(f"empty {what}", part(number, lambda text: ""))
        yield case(f"line break in {what}", part(number, lambda text: text[:4] + "\n" + text[4:]))
    yield case("signature with stray bits", part(2, _stray))
    yield case("signature of zeros", part(2, lambda text: b64(bytes(64))))
    yield case("signature too long", part(2, lambda text: b64(bytes(65))))
    yield case(
        "first character of the signature flipped", part(2, lambda text: ("A" if text[0] != "A" else "B") + text[1:])
    )
    yield case("payload of another", part(1, lambda text: b64(b'{"iss":"north"}')))
    headers: dict[str, Callable[[str], bytes]] = {
        "none": lambda kid: b'{"alg":"none","kid":"%s","typ":"%s"}' % (kid.encode(), TYP[door].encode()),
        "EdDSA": lambda kid: b'{"alg":"EdDSA","kid":"%s","typ":"%s"}' % (kid.encode(), TYP[door].encode()),
        "crit": lambda kid: protected_header(kid, TYP[door])[:-1] + b',"crit":["b64"],"b64":false}',
        "jwk": lambda kid: protected_header(kid, TYP[door])[:-1] + b',"jwk":{}}',
        "spaced": lambda kid: protected_header(kid, TYP[door]).replace(b",", b", "),
        "UTF-16": lambda kid: protected_header(kid, TYP[door]).decode().encode("utf-16"),
        "alg twice": lambda kid: b'{"alg":"Ed25519",' + protected_header(kid, TYP[door])[1:],
        "line break": lambda kid: protected_header(kid, TYP[door]) + b"\n",
        "null": lambda kid: protected_header(kid, TYP[door])[:-1] + b'\x00"}',
        "kid of a path": lambda kid: protected_header("../../../etc/passwd" + "A" * 24, TYP[door]),
    }
    for name, header in headers.items():
        yield case(
            f"header: {name}",
            lambda line, header=header: signed(
                line,
                door,
                dump_json(statement_payload(line, door)),
                header=header(line.world.parties["north"].key.kid),
            ),
        )
    for typ in (NOTICE.typ, WITHDRAWAL.typ, ACKNOWLEDGEMENT.typ, REQUEST.typ, ALERT.typ):
        if typ != TYP[door]:
            yield case(
                f"typ {typ}",
                lambda line, typ=typ: sign_bytes(
                    line.world.parties["north"].key, typ, dump_json(statement_payload(line, door))
                ),
            )
    yield case("unknown key", lambda line: good(line, door, key=line.world.stranger))
    yield case("a root key", lambda line: good(line, door, key=line.world.parties["north"].root))
    yield case("the service's key", lambda line: good(line, door, key=line.world.service))
    yield case(
        "a known kid, signed by a stranger",
        lambda line: signed(
            line,
            door,
            dump_json(statement_payload(line, door)),
            line.world.stranger,
            header=protected_header(line.world.parties["north"].key.kid, TYP[door]),
        ),
    )
    yield case(
        "payload beyond what is decoded for anyone",
        lambda line: signed(line, door, b'{"x":"' + b"x" * 70_000 + b'"}'),
    )


def _stray(text: str) -> str:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return text[:-1] + alphabet[alphabet.index(text[-1]) | 1]


def _payload_bytes(door: str) -> Iterator[Case]:
    """A rightful signer's payload that cannot be read in one way only."""

    def raw(name: str, code: str, make: Callable[[dict[str, Any]], bytes], status: int = 400) -> Case:
        return Case(
            f"payload: {name}",
            door,
            lambda line: signed(line, door, make(statement_payload(line, door))),
            status,
            code,
        )

    yield raw("empty", "json", lambda payload: b"")
    yield raw("a list", "json", lambda payload: b"[]")
    yield raw("null", "json", lambda payload: b"null")
    yield raw("a text", "json", lambda payload: b'"north"')
    yield raw("cut short", "json", lambda payload: dump_json(payload)[:-1])
    yield raw("rubbish behind", "json", lambda payload: dump_json(payload) + b"{}")
    yield raw("not UTF-8", "json", lambda payload: dump_json(payload)[:-1] + b',"x":"\xff"}')
    yield raw("UTF-16", "json", lambda payload: dump_json(payload).decode().encode("utf-16"))
    yield raw("byte order mark", "json", lambda payload: b"\xef\xbb\xbf" + dump_json(payload))
    yield raw("iss twice", "json", lambda payload: with_members(payload, '"iss":"south"'))
    yield raw("a name twice, deep", "json", lambda payload: with_members(payload, '"x":[{"y":1,"y":2}]'))
    yield raw("17 levels", "json", lambda payload: with_members(payload, '"x":' + "[" * 16 + "]" * 16))
    yield raw("5 000 levels", "json", lambda payload: with_members(payload, '"x":' + "[" * 5_000 + "]" * 5_000))
    yield raw(
        "30 000 levels", "json", lambda payload: with_members(payload, '"x":' + '{"a":' * 9_000 + "1" + "}" * 9_000)
    )
    yield raw("a lone surrogate", "json", lambda payload: with_members(payload, '"x":"\\ud800"'))
    yield raw("a lone surrogate as a name", "json", lambda payload: with_members(payload, '"\\uDFFF":1'))
    for number in ("NaN", "Infinity", "-Infinity", "1e999", "-1e999", "9007199254740992", "1" + "0" * 4_500):
        yield raw(f"number {number[:20]}", "json_number", lambda payload, n=number: with_members(payload, f'"x":{n}'))
    for number in ("+1", "01", ".5", "1.", "0x10"):
        yield raw(f"no number {number}", "json", lambda payload, n=number: with_members(payload, f'"x":{n}'))
    yield raw("the most and one byte", "too_large", _of_size(KINDS[door].max_payload_bytes + 1), 413)


def _of_size(size: int) -> Callable[[dict[str, Any]], bytes]:
    def make(payload: dict[str, Any]) -> bytes:
        body = dump_json({**payload, "x": ""})
        return dump_json({**payload, "x": "x" * (size - len(body))})

    return make


def _claims(door: str) -> Iterator[Case]:
    def wrong(name: str, code: str = "claims", **changed: Any) -> Case:
        return Case(f"claims: {name}", door, lambda line: good(line, door, **changed), 400, code)

    strange: list[Any] = [None, True, 1.5, -1, [], {}, "", "x" * 5_000, "\u202e" * 33, "A" * 42 + "B"]
    for claim in ("iss", "aud", "terms", "iat", "jti", "admit_by"):
        missing = lambda line, claim=claim: signed(  # noqa: E731 - one of a table
            line, door, dump_json(statement_payload(line, door, **{claim: ...}))
        )
        yield Case(f"claims: without {claim}", door, missing, 400, "claims")
        for value in strange:
            yield wrong(f"{claim} {json.dumps(value)[:24]}", "claims", **{claim: value})
    yield wrong("iat beyond all time", iat=2**53 - 1)
    yield wrong("admit_by before iat", admit_by=1)
    yield wrong("admit_by in a year", admit_by=int(time.time()) + 365 * 86_400)
    yield wrong("crit", "crit", crit=["x"])
    yield wrong("crit empty", "crit", crit=[])


def _signers(door: str) -> Iterator[Case]:
    """Told apart only now that the signature verified."""

    def case(name: str, status: int, code: str, key: str | None = None, **changed: Any) -> Case:
        return Case(
            name,
            door,
            lambda line: good(line, door, key=line.world.keys[key] if key else None, **changed),
            status,
            code,
        )

    yield case("wrong party", 403, "wrong_party", iss="south")
    yield case("no party at all", 403, "wrong_party", iss="nobody")
    yield case("in the service's name", 403, "wrong_party", iss="service")
    yield case("another party's key", 403, "wrong_party", iss="North")
    yield case("wrong agreement", 403, "wrong_agreement", aud=digest("another"))
    yield Case(
        "the other agreement on this service",
        door,
        lambda line: good(line, door, aud=line.other.world.agreement.id, terms=line.other.world.agreement.terms),
        403,
        "wrong_agreement",
    )
    yield case("wrong terms", 409, "wrong_terms", terms=digest("older"))
    for key in ("acknowledges" if door != "acknowledgements" else "submits", "watches", "administers"):
        yield case(f"wrong role: {key}", 403, "wrong_role", key)
    yield case("revoked key", 403, "key_revoked", "revoked")
    yield case("expired key", 403, "key_not_valid", "expired")
    yield case("key to come", 403, "key_not_valid", "to come")
    yield Case(
        "admitted too late",
        door,
        lambda line: good(line, door, iat=int(time.time()) - 700, admit_by=int(time.time()) - 2),
        409,
        "admitted_too_late",
    )
    yield Case(
        "not yet",
        door,
        lambda line: good(line, door, iat=int(time.time()) + 90, admit_by=int(time.time()) + 900),
        409,
        "not_yet",
    )
