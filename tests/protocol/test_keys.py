"""Keys: which are enrolled, how they are spelled, and what their signatures prove."""

import hashlib
import json
import random
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st
from keepclear_protocol.encoding import b64, unb64
from keepclear_protocol.errors import Malformed, NotAuthentic
from keepclear_protocol.keys import PUBLIC_PREFIX, SECRET_PREFIX, PrivateKey, PublicKey, spoken_digits
from support import edwards

KEY = PrivateKey(bytes(range(32)))
TEXT_ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=+/ \u017f\u212a\u0131\uff21"


def refused(raw: bytes) -> str:
    with pytest.raises(Malformed) as caught:
        PublicKey(raw)
    assert caught.value.code == "key"
    return caught.value.detail


# Enrolment


def test_under_a_small_order_key_anything_verifies_so_that_its_owner_could_deny_all() -> None:
    neutral = edwards.encode(edwards.NEUTRAL)
    for message in (b"we flew there", b"we never flew there"):
        Ed25519PublicKey.from_public_bytes(neutral).verify(neutral + bytes(32), message)
    refused(neutral)


@pytest.mark.req("R-007")
def test_small_order_points_are_refused_in_every_encoding() -> None:
    points = edwards.torsion_points()
    assert len(set(points)) == 8
    assert all(edwards.multiply(8, point) == edwards.NEUTRAL for point in points)
    encodings = edwards.small_order_encodings()
    assert len(encodings) == 14  # eight canonical; y of 0 and 1 also as p and p + 1; x of 0 also with a sign
    for raw in encodings:
        refused(raw)


@pytest.mark.parametrize("raw", edwards.beyond_p_encodings(), ids=bytes.hex)
@pytest.mark.req("R-007")
def test_an_encoding_beyond_p_is_refused(raw: bytes) -> None:
    refused(raw)


@pytest.mark.req("R-007")
def test_a_key_with_a_small_order_part_is_refused() -> None:
    honest = edwards.decode(KEY.public.raw)
    assert honest is not None
    for torsion in edwards.torsion_points():
        mixed = edwards.encode(edwards.add(honest, torsion))
        if torsion == edwards.NEUTRAL:
            PublicKey(mixed)
        else:
            refused(mixed)


@pytest.mark.req("R-007")
def test_enrolment_agrees_with_plain_arithmetic() -> None:
    source = random.Random(20261122)
    seen = {True: 0, False: 0}
    for _ in range(60):
        raw = source.randbytes(32)
        enrolable = edwards.is_enrolable(raw)
        seen[enrolable] += 1
        if enrolable:
            PublicKey(raw)
        else:
            refused(raw)
        PublicKey(PrivateKey(raw).public.raw)
    assert seen[False] > 40  # half are no point at all, and seven of eight of the rest have a small-order part


@pytest.mark.parametrize("raw", [b"", bytes(31), bytes(33), bytes(64)], ids=len)
def test_another_length_is_refused(raw: bytes) -> None:
    refused(raw)
    with pytest.raises(Malformed):
        PrivateKey(raw)


@pytest.mark.parametrize(
    "jwk",
    [
        None,
        [],
        "text",
        {},
        {"kty": "OKP", "crv": "Ed25519"},
        {"kty": "OKP", "crv": "X25519", "x": b64(KEY.public.raw)},
        {"kty": "EC", "crv": "Ed25519", "x": b64(KEY.public.raw)},
        {"kty": "OKP", "crv": "Ed25519", "x": b64(KEY.public.raw), "kid": KEY.kid},
        {"kty": "OKP", "crv": "Ed25519", "x": b64(KEY.public.raw), "d": b64(bytes(32))},
        {"kty": "OKP", "crv": "Ed25519", "x": b64(KEY.public.raw) + "="},
        {"kty": "OKP", "crv": "Ed25519", "x": b64(KEY.public.raw[:31])},
        {"kty": "OKP", "crv": "Ed25519", "x": list(KEY.public.raw)},
        {"kty": "OKP", "crv": "Ed25519", "x": None},
        {"kty": "OKP", "crv": "Ed25519", "x": "\uff21" * 43},
    ],
)
@pytest.mark.req("R-009")
def test_a_jwk_has_exactly_three_members(jwk: object) -> None:
    with pytest.raises(Malformed):
        PublicKey.from_jwk(jwk)


def test_the_jwk_is_read_back() -> None:
    assert PublicKey.from_jwk(KEY.public.jwk) == KEY.public


# Signatures


@pytest.mark.req("R-008")
def test_wycheproof(shared: Path) -> None:
    groups = json.loads((shared / "vectors" / "ed25519_wycheproof.json").read_text())["testGroups"]
    verdicts = []
    for group in groups:
        key = PublicKey(bytes.fromhex(group["publicKey"]["pk"]))
        for case in group["tests"]:
            try:
                key.verify(bytes.fromhex(case["sig"]), bytes.fromhex(case["msg"]))
                found = "valid"
            except NotAuthentic:
                found = "invalid"
            verdicts.append((case["tcId"], case["comment"], found, case["result"]))
    assert len(verdicts) == 151
    assert [verdict for verdict in verdicts if verdict[2] != verdict[3]] == []


@given(st.binary(max_size=80), st.binary(max_size=50))
def test_a_signature_verifies_for_its_message_alone(signature: bytes, message: bytes) -> None:
    KEY.public.verify(KEY.sign(message), message)
    for wrong in (signature, KEY.sign(message + b"."), KEY.sign(message)[:-1], b""):
        with pytest.raises(NotAuthentic):
            KEY.public.verify(wrong, message)


@pytest.mark.req("R-008")
def test_adding_the_group_order_to_s_is_no_second_signature() -> None:
    signature = KEY.sign(b"message")
    s = int.from_bytes(signature[32:], "little") + edwards.L
    with pytest.raises(NotAuthentic):
        KEY.public.verify(signature[:32] + s.to_bytes(32, "little"), b"message")


@pytest.mark.req("R-008")
def test_a_small_order_r_is_refused_where_other_verifiers_take_it() -> None:
    """The one case after enrolment in which libsodium and OpenSSL differ (CCTV's number 304): a neutral R."""
    seed, message = bytes(range(32)), b"message"
    honest = edwards.sign(seed, message, nonce=20261122)
    KEY.public.verify(honest, message)
    neutral = edwards.sign(seed, message, nonce=0)
    Ed25519PublicKey.from_public_bytes(KEY.public.raw).verify(neutral, message)
    refused_signature(neutral, message)


@pytest.mark.req("R-008")
def test_what_verifies_only_with_the_cofactor_is_refused() -> None:
    message = b"message"
    for torsion in edwards.torsion_points()[1:]:
        refused_signature(edwards.sign(bytes(range(32)), message, nonce=20261122, shift=torsion), message)


@pytest.mark.req("R-008")
def test_a_signature_has_64_bytes_and_none_of_them_is_of_the_message() -> None:
    signature = KEY.sign(b"message")
    for cut in (0, 1, 32, 63):
        refused_signature(signature[:cut], signature[cut:] + b"message")
    refused_signature(signature + b"m", b"essage")


@given(st.binary(max_size=200), st.integers(0, 511), st.binary(min_size=32, max_size=32))
@pytest.mark.req("R-008")
def test_libsodium_and_openssl_agree_on_signatures_sound_and_flipped(message: bytes, bit: int, seed: bytes) -> None:
    key = PrivateKey(seed)
    signature = bytearray(key.sign(message))
    for _ in ("sound", "flipped"):
        found = [True, True]
        try:
            Ed25519PublicKey.from_public_bytes(key.public.raw).verify(bytes(signature), message)
        except InvalidSignature:
            found[0] = False
        try:
            key.public.verify(bytes(signature), message)
        except NotAuthentic:
            found[1] = False
        assert found[0] == found[1]
        signature[bit // 8] ^= 1 << bit % 8


def refused_signature(signature: bytes, message: bytes) -> None:
    with pytest.raises(NotAuthentic):
        KEY.public.verify(signature, message)


@pytest.mark.req("R-008", "R-010")
def test_rfc_8037_thumbprint_and_signature() -> None:
    # RFC 8037 appendix A.1 to A.4.
    key = PrivateKey(unb64("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"))
    assert key.public.jwk["x"] == "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
    assert key.kid == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    signed = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"
    expected = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
    assert b64(key.sign(signed)) == expected


# Text forms


@given(st.binary(min_size=32, max_size=32))
@pytest.mark.req("R-011")
def test_text_forms_are_read_back(seed: bytes) -> None:
    key = PrivateKey(seed)
    assert PrivateKey.parse(key.text).public == key.public
    assert PublicKey.parse(f"  {key.public.text}\n") == key.public
    assert key.text.startswith(SECRET_PREFIX) and key.text == key.text.upper()
    assert key.public.text.startswith(PUBLIC_PREFIX) and key.public.text == key.public.text.lower()


@pytest.mark.parametrize("kind", [PublicKey, PrivateKey])
@pytest.mark.req("R-011")
def test_any_other_character_anywhere_is_refused(kind: type[PublicKey] | type[PrivateKey]) -> None:
    text = KEY.public.text if kind is PublicKey else KEY.text
    for at in range(len(text)):
        for other in TEXT_ALPHABET:
            if other == text[at]:
                continue
            with pytest.raises(Malformed) as caught:
                kind.parse(text[:at] + other + text[at + 1 :])
            assert caught.value.code == "key"


@pytest.mark.parametrize("kind", [PublicKey, PrivateKey])
@pytest.mark.req("R-011")
def test_longer_shorter_and_swapped_texts_are_refused(kind: type[PublicKey] | type[PrivateKey]) -> None:
    text = KEY.public.text if kind is PublicKey else KEY.text
    others = [text[:at] + text[at + 1 :] for at in range(len(text))]
    others += [text[:at] + extra + text[at:] for at in range(1, len(text)) for extra in "aA2= \n"]
    others += [text + extra for extra in "aA2="]
    others += [
        text[:at] + text[at + 1] + text[at] + text[at + 2 :] for at in range(len(text) - 1) if text[at] != text[at + 1]
    ]
    others += [
        "",
        text * 2,
        text.upper() if kind is PublicKey else text.lower(),
        text[len(PUBLIC_PREFIX) :],
        "A" * 10**6,
    ]
    for other in others:
        with pytest.raises(Malformed):
            kind.parse(other)


@given(st.text(max_size=90))
def test_no_text_leaks_another_error(text: str) -> None:
    for candidate in (text, PUBLIC_PREFIX + text, SECRET_PREFIX + text):
        for kind in (PublicKey, PrivateKey):
            with pytest.raises(Malformed):
                kind.parse(candidate)


def test_secret_and_public_forms_are_not_taken_for_one_another() -> None:
    for kind, text in ((PublicKey, KEY.text), (PrivateKey, KEY.public.text)):
        with pytest.raises(Malformed):
            kind.parse(text)


def test_nothing_shows_the_secret() -> None:
    shown = f"{KEY!r} {KEY} {KEY.public!r}"
    assert KEY.text not in shown and bytes(range(32)).hex() not in shown
    assert KEY.kid in shown


# Names and fingerprints


@pytest.mark.req("R-012")
def test_a_fingerprint_is_thirty_digits_in_groups_of_five() -> None:
    assert KEY.public.fingerprint == spoken_digits(hashlib.sha256(b"keepclear key " + KEY.public.raw).digest(), 30)
    groups = KEY.public.fingerprint.split(" ")
    assert [len(group) for group in groups] == [5] * 6
    assert all(group.isdigit() for group in groups)


@pytest.mark.parametrize("count", [30, 60])
@pytest.mark.req("R-012")
def test_spoken_digits_keep_leading_noughts(count: int) -> None:
    starts = {spoken_digits(bytes([seed]), count)[0] for seed in range(100)}
    assert starts == set("0123456789")
    assert {len(spoken_digits(bytes([seed]), count)) for seed in range(100)} == {count + count // 5 - 1}


def test_keys_are_equal_by_their_bytes() -> None:
    same, other = PrivateKey(bytes(range(32))).public, PrivateKey(bytes(32)).public
    assert KEY.public == same and hash(KEY.public) == hash(same)
    assert KEY.public != other and KEY.public != KEY.public.raw
    with pytest.raises(InvalidSignature):
        Ed25519PublicKey.from_public_bytes(other.raw).verify(KEY.sign(b""), b"")
