"""Statements: one strict profile, never more lenient than two independent libraries."""

import json
import random
import string
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from joserfc import jws as joserfc_jws
from joserfc.jwk import OKPKey
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS
from keepclear_protocol.encoding import b64, digest, dump_json, unb64
from keepclear_protocol.errors import KeepclearError, Malformed, NotAuthentic
from keepclear_protocol.keys import PublicKey
from keepclear_protocol.kinds import EVERY_KIND, MAX_PAYLOAD_BYTES, RECEIPT
from keepclear_protocol.statement import Statement, match_header, open_statement, protected_header, sign_statement
from support.statement_forge import HEADER, KEY, OTHER, PAYLOAD, compact, find_key, odd_statements, sign_text

TYPS = [kind.typ for kind in EVERY_KIND]
ODD = list(odd_statements())


def ours(raw: str, typ: str = RECEIPT.typ) -> Statement:
    return open_statement(raw, typ, find_key)  # type: ignore[arg-type]


def by_joserfc(raw: str) -> bytes:
    key = OKPKey.import_key(_key_of(raw).jwk)
    return bytes(joserfc_jws.deserialize_compact(raw, key, algorithms=["Ed25519"]).payload)


def by_jwcrypto(raw: str) -> bytes:
    token = JWS()
    token.allowed_algs = ["Ed25519"]
    token.deserialize(raw)
    token.verify(JWK(**_key_of(raw).jwk))
    return bytes(token.payload)


ORACLES: list[Callable[[str], bytes]] = [by_joserfc, by_jwcrypto]


def _key_of(raw: str) -> PublicKey:
    """The key that a library is to verify with: the enrolled one that the header names, else the first."""
    return OTHER.public if _kid(raw) == OTHER.kid else KEY.public


def _kid(raw: str) -> object:
    try:
        return json.loads(unb64(raw.split(".")[0]))["kid"]
    except (KeepclearError, ValueError, KeyError, TypeError):
        return None


def code_of(raw: str, typ: str = RECEIPT.typ) -> str:
    try:
        ours(raw, typ)
    except KeepclearError as error:
        assert isinstance(error, NotAuthentic if error.code == "not_authenticated" else Malformed)
        return error.code
    return ""


@pytest.mark.parametrize("typ", TYPS)
def test_two_libraries_verify_what_we_sign(typ: str) -> None:
    payload = {"iss": "north", "text": "שלום \U0001f680", "n": 1.5, "deep": [[{}]]}
    raw = sign_statement(KEY, typ, payload)
    statement = ours(raw, typ)
    assert (statement.raw, statement.typ, statement.kid, statement.payload) == (raw, typ, KEY.kid, payload)
    assert statement.sha256 == digest(raw.encode())
    for oracle in ORACLES:
        assert oracle(raw) == dump_json(payload)


@pytest.mark.req("R-013", "R-014")
def test_each_kind_is_taken_in_its_own_place_alone() -> None:
    for typ in TYPS:
        raw = sign_statement(KEY, typ, {})
        assert [place for place in TYPS if code_of(raw, place) == ""] == [typ]


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: odd.name)
def test_odd_statements_are_refused(odd: object) -> None:
    assert code_of(odd.jws) == odd.code  # type: ignore[attr-defined]


def test_the_odd_statements_tell_libraries_apart() -> None:
    """Else the table above would show nothing but that forgeries do not verify."""
    assert code_of(compact()) == ""
    accepted: Counter[str] = Counter()
    for odd in ODD:
        for oracle in ORACLES:
            try:
                oracle(odd.jws)
            except Exception:  # noqa: S112 - whatever a library raises, it has refused
                continue
            accepted[oracle.__name__] += 1
    assert accepted["by_joserfc"] > 20 and accepted["by_jwcrypto"] > 20, accepted


@pytest.mark.req("R-014")
def test_wycheproof_jws_are_all_refused(shared: Path) -> None:
    groups = json.loads((shared / "vectors" / "jws_wycheproof.json").read_text())["testGroups"]
    cases = [case["jws"] for group in groups for case in group["tests"]]
    assert len(cases) == 401
    for raw in cases:
        for typ in TYPS:
            with pytest.raises(NotAuthentic):
                # Even with a key under any name: the header alone refuses.
                open_statement(raw, typ, lambda _: KEY.public)


def _mutant(source: random.Random, raw: str) -> str:
    for _ in range(source.choice((1, 1, 2, 3))):
        at = source.randrange(len(raw) + 1)
        piece = source.choice(string.ascii_letters + string.digits + "-_" * 8 + ".=+/ \n\u0660\uff21")
        match source.randrange(5):
            case 0:
                raw = raw[:at] + piece + raw[at + 1 :]
            case 1:
                raw = raw[:at] + piece + raw[at:]
            case 2:
                raw = raw[:at] + raw[at + 1 :]
            case 3:
                raw = raw[:at] + raw[at : at + 4] + raw[at:]
            case 4 if raw.count(".") == 2:
                parts = raw.split(".")
                text = bytearray(unb64_leniently(parts[source.randrange(2)]))
                if text:
                    text[source.randrange(len(text))] = source.choice(b'{}[]":,0129aE+-. \\u\xc3')
                    parts[1] = b64(bytes(text))
                raw = ".".join(parts)
    if source.random() < 0.7 and raw.count(".") == 2:
        header, payload, _ = raw.split(".")
        raw = sign_text(header, payload, source.choice((KEY, KEY, OTHER)))
    return raw


def unb64_leniently(text: str) -> bytes:
    try:
        return unb64(text)
    except Malformed:
        return b""


def test_we_accept_nothing_that_either_library_refuses() -> None:
    source = random.Random(8725)
    starts = [
        compact(),
        compact(protected_header(OTHER.kid, RECEIPT.typ), key=OTHER),
        *(compact(payload=dump_json({"a": [1.5, {"b": "text"}], "n": n})) for n in range(3)),
    ]
    codes: Counter[str] = Counter()
    for _ in range(10_000):
        raw = _mutant(source, source.choice(starts))
        code = code_of(raw)
        codes[code] += 1
        if code == "":
            expected = unb64(raw.split(".")[1])
            assert [oracle(raw) for oracle in ORACLES] == [expected, expected]
            assert json.loads(expected) == ours(raw).payload
    assert codes[""] > 250 and codes["json"] > 250 and codes["not_authenticated"] > 2_500, codes


@pytest.mark.req("R-014")
def test_nothing_is_parsed_before_the_signature_verified() -> None:
    for payload in (b"", b"[", b'{"a":1,"a":1}', b"[" * 5000):
        raw = compact(payload=payload)
        assert code_of(raw) == "json"
        assert code_of(raw[:-4] + "AAAA") == "not_authenticated"
    with pytest.raises(NotAuthentic):
        open_statement(compact(payload=b"["), RECEIPT.typ, lambda _: None)


@pytest.mark.req("R-013", "R-014")
def test_the_size_of_a_payload() -> None:
    def sized(size: int) -> bytes:
        return b'{"a":"' + b"x" * (size - 8) + b'"}'

    assert len(ours(compact(payload=sized(MAX_PAYLOAD_BYTES))).payload["a"]) == MAX_PAYLOAD_BYTES - 8
    assert code_of(compact(payload=sized(MAX_PAYLOAD_BYTES + 1))) == "too_large"
    assert code_of(compact(payload=sized(2 * MAX_PAYLOAD_BYTES))) == "not_authenticated"
    larger = compact(payload=sized(2 * MAX_PAYLOAD_BYTES))
    open_statement(larger, RECEIPT.typ, find_key, max_payload_bytes=2 * MAX_PAYLOAD_BYTES)  # type: ignore[arg-type]


@pytest.mark.req("R-013")
def test_the_header_is_what_two_libraries_would_write() -> None:
    assert protected_header(KEY.kid, RECEIPT.typ) == HEADER
    assert json.loads(HEADER) == {
        "alg": "Ed25519",
        "kid": OKPKey.import_key(KEY.public.jwk).thumbprint(),
        "typ": RECEIPT.typ,
    }
    assert JWK(**KEY.public.jwk).thumbprint() == KEY.kid
    assert match_header(HEADER, RECEIPT.typ) == KEY.kid
    assert unb64(compact().split(".")[1]) == PAYLOAD
