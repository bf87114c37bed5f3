"""Makes the wire vectors: ``alerts``, ``receipts``, ``acknowledgements``, ``withdrawals``, ``requests`` and
``openings``.

    python tests/support/wire_vectors.py        writes protocol/vectors/<name>.json

A test compares the files with what this makes, and the protocol with the files.
"""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from keepclear_protocol.acknowledgement import VERDICTS
from keepclear_protocol.encoding import b64, digest, dump_json, unb64
from keepclear_protocol.instant import SECOND, format_instant, parse_instant
from keepclear_protocol.kinds import ACKNOWLEDGEMENT, ALERT, OPENING, RECEIPT, REQUEST, WITHDRAWAL
from keepclear_protocol.receipt import sign_receipt
from keepclear_protocol.request import SCHEME
from keepclear_protocol.statement import sign_statement

from support.wire_alerts import FILED, FIRST, OURS, OWN, WE_ENDED, cases
from support.wire_budgets import budget_cases
from support.wire_document import Case, document, fail, reads
from support.wire_world import AGREEMENT, AT, IAT, KEYS, ORIGIN, SUCCESSOR, claims, withdrawal

FOLDER = Path(__file__).resolve().parents[2] / "protocol" / "vectors"
EPOCH = "0123456789abcdef" * 2


def alerts() -> str:
    """Return the text of ``alerts.json``."""
    return document(
        "Alert objects as a desk of south is sent them. statements: what south files, by name. own: what it has filed, "
        "with the seq of the receipt. seen: cases whose objects the desk has taken in before, in order, on an unbroken "
        "stream. installed: how many of the agreements the desk has installed. now: the desk's clock. standing: what "
        "the conflict is then.",
        *cases(),
        agreements=[AGREEMENT.raw.decode(), SUCCESSOR.raw.decode()],
        statements=FILED,
    )


def _receipt(statement: str, *, key: str = "service", at: int = AT - 2 * SECOND, **changed: Any) -> tuple[str, Case]:
    jwt, tilde, _ = statement.partition("~")
    kind = "notice" if tilde else "withdrawal"
    terms = changed.pop("terms", AGREEMENT.terms)
    members: Case = {
        "kind": kind,
        "party": "south",
        "id": OWN.id,
        "revision": 1 if tilde else 2,
        "sha256": digest(jwt),
        "submission": digest(statement) if tilde else None,
        "seq": 1,
        "epoch": EPOCH,
        "lead": "SHORT" if tilde else None,
        **changed,
    }
    signed = sign_receipt(KEYS[key], aud=AGREEMENT.id, terms=terms, received_at=at, **members)
    return signed, {**members, "received_at": format_instant(at)}


def receipts() -> str:
    """Return the text of ``receipts.json``."""

    def found() -> Iterator[Case]:
        filed, read = _receipt(OURS)
        yield reads("of a notice", "names the JWT part and all that was sent", read, statement=OURS, kind="notice",
                    receipt=filed)  # fmt: skip
        ended, read = _receipt(WE_ENDED, seq=5)
        yield reads("of a withdrawal", "no submission and no lead class", read, statement=WE_ENDED, kind="withdrawal",
                    receipt=ended)  # fmt: skip
        answered, said = sign_statement(KEYS["south"], ACKNOWLEDGEMENT.typ, _ACK), {"id": _ACK["jti"], "revision": None}
        answer, read = _receipt(answered, kind="acknowledgement", seq=3, **said)
        yield reads("of an acknowledgement", "its id is the statement's jti", read, statement=answered,
                    kind="acknowledgement", receipt=answer)  # fmt: skip
        late, read = _receipt(OURS, at=parse_instant("2027-01-01T00:00:01Z"))
        yield reads("by a key that had run out", "what is asked for again is signed anew: any key that is listed", read,
                    statement=OURS, kind="notice", receipt=late)  # fmt: skip
        wrong: list[tuple[str, str, Case]] = [
            ("signed by a party", "receipts are the service's to sign", {"key": "north"}),
            ("of another party", "the receipt is not for what we sent", {"party": "north"}),
            ("of other bytes", "another JWT part", {"sha256": digest("other bytes")}),
            ("of another submission", "the same JWT part with other disclosures", {"submission": digest("others")}),
            ("of another kind", "a withdrawal's receipt for a notice", {"kind": "withdrawal"}),
            ("of an unknown kind", "notice, withdrawal or acknowledgement", {"kind": "promise"}),
            ("of no position", "seq counts from 1", {"seq": 0}),
            ("of another id", "the id of the notice that is filed", {"id": "A" * 22}),
            ("of no id", "22 characters", {"id": ""}),
            ("of another revision", "the statement's", {"revision": 2}),
            ("of no revision", "null is for acknowledgements", {"revision": None}),
            ("of a lead class of nobody's", "one of R-063", {"lead": "EARLY"}),
            ("of no lead class", "null is for other kinds", {"lead": None}),
            ("of other terms", "those of the statement", {"terms": SUCCESSOR.terms}),
            ("of an epoch in capitals", "32 hexadecimal digits", {"epoch": EPOCH.upper()}),
        ]
        for name, why, changed in wrong:
            yield fail("evidence", name, why, statement=OURS, kind="notice", receipt=_receipt(OURS, **changed)[0])
        strange: list[tuple[str, Case]] = [
            ("a withdrawal's lead class", {"lead": "SHORT"}),
            ("a withdrawal's submission", {"submission": digest(WE_ENDED)}),
        ]
        for name, changed in strange:
            yield fail("evidence", name, "a notice's alone", statement=WE_ENDED, kind="withdrawal",
                       receipt=_receipt(WE_ENDED, **changed)[0])  # fmt: skip
        header, body, signature = filed.split(".")
        payload = json.loads(unb64(body))
        altered: list[tuple[str, str, Case]] = [
            ("of another second", "iat is that of received_at", {"iat": payload["iat"] + 1}),
            ("with another jti", "it follows from epoch and seq", {"jti": "A" * 22}),
            ("without lead", "every member stands", {"lead": "absent"}),
            ("without id", "every member stands", {"id": "absent"}),
        ]
        for name, why, changed in altered:
            said = {name: value for name, value in {**payload, **changed}.items() if value != "absent"}
            receipt = sign_statement(KEYS["service"], RECEIPT.typ, said)
            yield fail("evidence", name, why, statement=OURS, kind="notice", receipt=receipt)
        as_alert = sign_statement(KEYS["service"], ALERT.typ, payload)
        yield fail("evidence", "of type alert", "typ is matched byte by byte", statement=OURS, kind="notice",
                   receipt=as_alert)  # fmt: skip
        dated = sign_statement(KEYS["service"], RECEIPT.typ, {**payload, "iat": payload["iat"] + 1})
        yield fail("evidence", "of two times", "iat is the second of received_at", statement=OURS, kind="notice",
                   receipt=dated)  # fmt: skip
        other = sign_statement(KEYS["service"], RECEIPT.typ, {**payload, "aud": digest("another agreement")})
        yield fail("evidence", "of another agreement", "aud differs", statement=OURS, kind="notice", receipt=other)
        flipped = b64(bytes([unb64(signature)[0] ^ 1]) + unb64(signature)[1:])
        yield fail("evidence", "signature altered", "it does not verify", statement=OURS, kind="notice",
                   receipt=f"{header}.{body}.{flipped}")  # fmt: skip

    return document("Receipts for what south sent: the statement, its kind, and the receipt.", *found())


_ALERT = json.loads(unb64(FIRST["alert"].split(".")[1]))
_ACK: Case = {
    **claims("south", "acknowledged", iat=IAT + 30),
    "stage": "acknowledged",
    "alert": digest(FIRST["alert"]),
    "conflict": _ALERT["conflict"],
    "version": 2,
    "ours": _ALERT["own"]["sha256"],
    "theirs": _ALERT["other"]["sha256"],
    "ours_newest": _ALERT["own"]["sha256"],
    "verdict": "verified",
    "officer": "duty-2",
    "read_back": None,
}


def _padded(payload: dict[str, Any], most: int) -> dict[str, Any]:
    """Return a payload of exactly ``most`` bytes: an unknown member fills it."""
    return {**payload, "future": "x" * (most - len(dump_json({**payload, "future": ""})))}


def acknowledgements() -> str:
    """Return the text of ``acknowledgements.json``."""

    def signed(key: str = "south", typ: str = ACKNOWLEDGEMENT.typ, **changed: Any) -> str:
        payload = {**_ACK, **changed}
        return sign_statement(KEYS[key], typ, {name: value for name, value in payload.items() if value != "absent"})

    def good(name: str, why: str, **changed: Any) -> Case:
        return reads(name, why, {**_ACK, **changed}, statement=signed(**changed))

    def found() -> Iterator[Case]:
        yield good("acknowledged", "an officer says received, read, understood")
        yield good("delivered", "the desk's own word needs no officer", stage="delivered", officer=None)
        yield good("displayed and read back", "the read-back travels as its hash", stage="displayed",
                   read_back=digest("read back"))  # fmt: skip
        yield good("what did not verify", "the verdict is the desk's code", stage="delivered", officer=None,
                   verdict="recompute")  # fmt: skip
        for verdict in VERDICTS:
            yield good(f"verdict {verdict}", "those of R-079 and no other", stage="delivered", officer=None,
                       verdict=verdict)  # fmt: skip
        for name, officer in (("in Hebrew", "תורן 2"), ("of later Unicode", "\U0001fae8"), ("of 64", "\U0001f681" * 64),
                              ("with a blank within", "duty\u00a02")):  # fmt: skip
            yield good(f"an officer {name}", "as a name, of at most 64 characters", officer=officer)
        last = 9_007_199_254
        yield good("the last second", "in microseconds below 2^53", iat=last, admit_by=last)
        yield good("the first second", "nought is a time", iat=0, admit_by=0)
        yield good("admitted within the hour", "at most 3600 s after iat", admit_by=_ACK["iat"] + 3600)
        yield good("the highest version", "2^53 - 1", version=2**53 - 1)
        longest = _padded(_ACK, ACKNOWLEDGEMENT.max_payload_bytes)
        yield reads("as long as one may be", "unknown members mean nothing", _ACK, statement=signed(**longest))
        yield fail("too_large", "a byte longer", "2048 bytes at most",
                   statement=signed(**_padded(_ACK, ACKNOWLEDGEMENT.max_payload_bytes + 1)))  # fmt: skip
        refused: dict[str, dict[str, Any]] = {
            "approved": {"stage": "approved"},
            "an unknown verdict": {"verdict": "fine"},
            "a code that is no verdict": {"verdict": "not_authenticated"},
            "the verdict clock": {"verdict": "clock"},
            "a verdict in a list": {"verdict": ["verified"]},
            "without verdict": {"verdict": "absent"},
            "iat beyond the last second": {"iat": 9_007_199_255, "admit_by": 9_007_199_255},
            "admit_by beyond the last second": {"admit_by": 9_007_199_255},
            "iat below nought": {"iat": -1},
            "an officer of nothing": {"officer": ""},
            "an officer with a blank before": {"officer": " duty-2"},
            "an officer with a wide blank behind": {"officer": "duty-2\u3000"},
            "an officer with a mark of direction": {"officer": "duty\u200f2"},
            "an officer in private use": {"officer": "\ue000"},
            "an officer with a variation selector": {"officer": "\u2708\ufe0f"},
            "an officer that is a number": {"officer": 2},
            "acknowledged by nobody": {"officer": None},
            "an officer with a line break": {"officer": "duty\n2"},
            "an officer of 65 characters": {"officer": "x" * 65},
            "a version that is no whole number": {"version": 2.0},
            "version nought": {"version": 0},
            "an alert that is no hash": {"alert": "alert"},
            "a read-back in plain words": {"read_back": "understood"},
            "without ours_newest": {"ours_newest": "absent"},
            "without officer": {"officer": "absent"},
            "without admit_by": {"admit_by": "absent"},
            "admit_by before iat": {"admit_by": IAT},
            "admit_by a second more than an hour after iat": {"admit_by": _ACK["iat"] + 3601},
            "a jti of 127 bits": {"jti": "A" * 21},
        }
        for name, changed in refused.items():
            yield fail("claims", name, "a claim is missing or not as it must be", statement=signed(**changed))
        yield fail("crit", "critical members", "none are understood", statement=signed(crit=["urgency"]))
        yield fail("not_authenticated", "by a stranger", "no enrolled key", statement=signed("stranger"))
        yield fail("not_authenticated", "by the service", "not a party's key", statement=signed("service"))
        yield fail("not_authenticated", "by a root", "roots sign agreements alone", statement=signed("south root"))
        yield fail("not_authenticated", "of type withdrawal", "typ is matched", statement=signed(typ=WITHDRAWAL.typ))

    return document("Acknowledgements as the service and the other side read them.", *found())


def withdrawals() -> str:
    """Return the text of ``withdrawals.json``."""

    def found() -> Iterator[Case]:
        read = json.loads(unb64(WE_ENDED.split(".")[1]))
        yield reads("withdrawn", "takes the next revision and names the one before", read, statement=WE_ENDED)
        most = WITHDRAWAL.max_payload_bytes
        longest, longer = (
            sign_statement(KEYS["south"], WITHDRAWAL.typ, _padded(read, size)) for size in (most, most + 1)
        )
        yield reads("as long as one may be", "unknown members mean nothing", read, statement=longest)
        yield fail("too_large", "a byte longer", "1024 bytes at most: no budget refuses one", statement=longer)
        refused: dict[str, dict[str, Any]] = {
            "of revision 1": {"revision": 1},
            "of a revision that is no whole number": {"revision": 2.0},
            "a notice that is no id": {"notice": "south one"},
            "prev null": {"prev": None},
            "admit_by before iat": {"admit_by": IAT},
        }
        for name, changed in refused.items():
            raw = withdrawal("south", "south ended", OWN, **changed)
            yield fail("claims", name, "a claim is not as it must be", statement=raw)
        raw = withdrawal("south", "south ended", OWN, crit=[])
        yield fail("crit", "crit with nothing in it", "its presence alone is refused", statement=raw)
        raw = withdrawal("south", "south ended", OWN, key="stranger")
        yield fail("not_authenticated", "by a stranger", "no enrolled key", statement=raw)
        yield fail("not_authenticated", "with a space", "not base64url", statement=f"{WE_ENDED} ")

    return document("Withdrawals as the service and the other side read them.", *found())


def requests() -> str:
    """Return the text of ``requests.json``."""
    target = "/v1/stream?cursor=" + EPOCH + "-7"

    def proof(key: str = "south watch", scheme: str = SCHEME, typ: str = REQUEST.typ, **changed: Any) -> str:
        own = {**claims("south", "request", admit=False), "htm": "GET", "htu": ORIGIN + target}
        payload = {name: value for name, value in {**own, **changed}.items() if value != "absent"}
        return scheme + sign_statement(KEYS[key], typ, payload)

    def given(authorization: str, *, ahead_s: int = 0, method: str = "GET", where: str = target) -> Case:
        now = format_instant((IAT + ahead_s) * SECOND)
        return {"method": method, "target": where, "now": now, "authorization": authorization}

    def found() -> Iterator[Case]:
        read = {"iss": "south", "kid": KEYS["south watch"].kid, "htu": ORIGIN + target}
        for name, why, ahead_s in (
            ("a read", "method, origin, path and raw query", 0),
            ("30 s old", "the bounds are included", 30),
            ("30 s ahead", "the bounds are included", -30),
        ):
            yield reads(name, why, read, **given(proof(), ahead_s=ahead_s))
        for ahead_s in (31, -31):
            yield fail("proof_expired", f"{ahead_s} s off", "within 30 s either way", **given(proof(), ahead_s=ahead_s))
        for code, name, changed in (
            ("wrong_party", "in the other party's name", {"iss": "north"}),
            ("wrong_party", "in nobody's name", {"iss": "GET"}),
            ("wrong_agreement", "under another agreement", {"aud": digest("another agreement")}),
        ):
            yield fail(code, name, "R-019: the party is whose key signed", **given(proof(**changed)))
        code = "proof_request"
        yield fail(code, "another method", "htm is the request's", **given(proof(), method="POST"))
        yield fail(code, "another query", "the raw query counts", **given(proof(), where="/v1/stream"))
        read_list = {**read, "htu": f"{ORIGIN}/v1/notices"}
        listed = proof(htu=f"{ORIGIN}/v1/notices")
        yield reads("no query", "the path alone", read_list, **given(listed, where="/v1/notices"))
        why = "servers do not tell it from none"
        yield reads("an empty query", why, read_list, **given(listed, where="/v1/notices?"))
        marked = proof(htu=f"{ORIGIN}/v1/notices?")
        yield fail(code, "an empty query in htu", "it ends with the path", **given(marked, where="/v1/notices?"))
        twice = {**read, "htu": f"{ORIGIN}/v1/notices??"}
        yield reads("a query of a question mark", "it is not empty", twice,
                    **given(proof(htu=f"{ORIGIN}/v1/notices??"), where="/v1/notices??"))  # fmt: skip
        yield fail(code, "another origin", "the agreement's, not the Host header's",
                   **given(proof(htu="https://hotline.example:8443" + target)))  # fmt: skip
        yield fail(code, "the same place in another spelling", "bytes are compared",
                   **given(proof(htu="https://Hotline.example" + target)))  # fmt: skip
        yield fail("claims", "without htu", "a proof names its request", **given(proof(htu="absent")))
        yield fail("claims", "with admit_by", "a proof has its own 30 s", **given(proof(admit_by=IAT + 600)))
        yield fail("crit", "critical members", "none are understood", **given(proof(crit=["htm"])))
        code = "not_authenticated"
        yield fail(code, "without the scheme", "Keepclear and a space", **given(proof(scheme="")))
        yield fail(code, "the scheme in lower case", "bytes are compared", **given(proof(scheme="keepclear ")))
        yield fail(code, "another scheme", "Keepclear and a space", **given(proof(scheme="Bearer ")))
        yield fail(code, "by a stranger", "no enrolled key", **given(proof("stranger")))
        yield fail(code, "of type receipt", "typ is matched", **given(proof(typ=RECEIPT.typ)))

    return document(
        "Request proofs: the Authorization header of a request for method and target, at the instant now.", *found()
    )


def openings() -> str:
    """Return the text of ``openings.json``."""
    request = digest("the proof that asked")

    def signed(key: str = "service", typ: str = OPENING.typ, **changed: Any) -> str:
        own = {**claims("service", "opening", admit=False), "to": "south", "request": request, "at": f"{EPOCH}-7"}
        payload = {name: value for name, value in {**own, **changed}.items() if value != "absent"}
        return sign_statement(KEYS[key], typ, payload)

    def given(opening: str, *, ahead_s: int = 0) -> Case:
        now = format_instant((IAT + ahead_s) * SECOND)
        return {"to": "south", "request": request, "now": now, "opening": opening}

    def found() -> Iterator[Case]:
        read = {"to": "south", "request": request, "at": f"{EPOCH}-7"}
        for name, why, ahead_s in (
            ("an opening", "to this party, for this request", 0),
            ("60 s old", "the bounds are included", 60),
            ("60 s ahead", "the bounds are included", -60),
        ):
            yield reads(name, why, read, **given(signed(), ahead_s=ahead_s))
        yield reads("of an empty stream", "positions begin with 1", {**read, "at": f"{EPOCH}-0"},
                    **given(signed(at=f"{EPOCH}-0")))  # fmt: skip
        most = f"{EPOCH}-{9_999_999_999_999_999}"
        yield reads("of the most digits", "sixteen", {**read, "at": most}, **given(signed(at=most)))
        yield reads("with another member", "unknown members are kept", read, **given(signed(later=1)))
        code = "unreachable"
        for ahead_s in (61, -61):
            yield fail(code, f"{ahead_s} s off", "within 60 s either way", **given(signed(), ahead_s=ahead_s))
        yield fail(code, "to another party", "a stream is a party's", **given(signed(to="north")))
        yield fail(code, "for another request", "it answers one proof", **given(signed(request=digest("another"))))
        yield fail(code, "of another agreement", "aud is the agreement's id", **given(signed(aud=digest("another"))))
        code = "claims"
        yield fail(code, "without request", "it answers a proof", **given(signed(request="absent")))
        yield fail(code, "request is no digest", "43 characters", **given(signed(request="x")))
        yield fail(code, "without to", "it addresses a party", **given(signed(to="absent")))
        yield fail(code, "to nobody", "1 to 32 characters", **given(signed(to="")))
        yield fail(code, "by a party's name", "iss is service", **given(signed(iss="south")))
        yield fail(code, "with admit_by", "it is admitted by nobody", **given(signed(admit_by=IAT + 600)))
        yield fail("cursor", "without at", "how far the stream had come", **given(signed(at="absent")))
        yield fail("cursor", "at is no position", "no leading noughts", **given(signed(at=f"{EPOCH}-07")))
        yield fail("cursor", "at of seventeen digits", "at most sixteen", **given(signed(at=f"{EPOCH}-1{'0' * 16}")))
        yield fail("crit", "critical members", "none are understood", **given(signed(crit=["to"])))
        code = "not_authenticated"
        yield fail(code, "by the other party", "only the service opens", **given(signed("north")))
        yield fail(code, "by a stranger", "no enrolled key", **given(signed("stranger")))
        yield fail(code, "of type receipt", "typ is matched", **given(signed(typ=RECEIPT.typ)))
        yield fail(code, "with a space", "not base64url", **given(signed() + " "))
        yield fail(code, "nothing", "three parts", **given(""))

    return document(
        "Openings: the first word of the stream that south opened at the instant now by a proof of identity request.",
        *found(),
    )


def budgets() -> str:
    """Return the text of ``budgets.json``."""
    return document("The service's word that a party's budget is spent, as south reads it.", *budget_cases())


DOCUMENTS: dict[str, Callable[[], str]] = {
    "alerts.json": alerts,
    "receipts.json": receipts,
    "acknowledgements.json": acknowledgements,
    "withdrawals.json": withdrawals,
    "requests.json": requests,
    "openings.json": openings,
    "budgets.json": budgets,
}

if __name__ == "__main__":
    for name, make in DOCUMENTS.items():
        (FOLDER / name).write_text(make(), "utf-8")
