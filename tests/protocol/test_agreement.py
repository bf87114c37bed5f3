"""Agreements: signed by exactly those who must, read in one way, succeeded by none that does not follow."""

import hashlib
import itertools
import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc import jws as joserfc_jws
from joserfc.jwk import OKPKey
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS
from keepclear_protocol.agreement import (
    ACKNOWLEDGE,
    ADMIN,
    SUBMIT,
    WATCH,
    Agreement,
    Party,
    PartyKey,
    Service,
    ServiceKey,
    add_signature,
    agreement_fingerprint,
    draft_payload,
    open_agreement,
    open_draft,
    sign_agreement,
    trusted_agreement,
    unsigned,
)
from keepclear_protocol.encoding import b64, digest, dump_json
from keepclear_protocol.errors import Forbidden, Malformed
from keepclear_protocol.instant import SECOND, parse_instant
from keepclear_protocol.keys import PrivateKey, spoken_digits
from keepclear_protocol.separation import WORLDWIDE, Minima
from keepclear_protocol.terms import LIMITS_AT_MOST, Limits, read_terms
from keepclear_protocol.volume import Circle
from support.agreement_attacks import attacks
from support.agreement_forge import (
    NORTH_DESK,
    NORTH_ROOT,
    NORTH_WATCH,
    SERVICE,
    SERVICE_NEXT,
    SIGNERS,
    SOUTH_DESK,
    SOUTH_NEW_ROOT,
    SOUTH_ROOT,
    STRANGER,
    Attack,
    altered,
    document,
    envelope,
    first,
    put,
    second,
)

FIRST = document(first())
ATTACKS = list(attacks())


def refusal(data: bytes, previous: Agreement | None = None) -> Malformed:
    with pytest.raises(Malformed) as caught:
        open_agreement(data, previous)
    return caught.value


# What is refused


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
@pytest.mark.req("R-021", "R-022", "R-024", "R-026")
def test_attacks_are_refused_for_their_own_reason(attack: Attack) -> None:
    error = refusal(attack.document, open_agreement(attack.previous) if attack.previous else None)
    assert error.code == attack.code
    assert error.detail.isprintable() and len(error.detail) < 400
    if attack.edit is not None:
        # Named in the message, so that the refusal is for this member and for no other reason.
        place = attack.edit[0].split(".")[0]
        assert place in error.detail or "a key stands twice" in error.detail or "same id" in error.detail
    if attack.edit is not None or attack.code == "agreement":
        with pytest.raises(Malformed) as caught:
            open_draft(attack.document)
        assert caught.value.code == attack.code


def test_one_character_changed_anywhere_is_refused_or_changes_nothing() -> None:
    source = random.Random(7)
    text = FIRST.decode()
    for at in range(len(text)):
        other = source.choice([character for character in 'Ab9-_=+"{},: .' if character != text[at]])
        data = (text[:at] + other + text[at + 1 :]).encode()
        try:
            agreement = open_agreement(data)
        except Malformed as error:
            assert error.code in ("agreement", "agreement_signatures")
        else:
            assert text[at] == " " and agreement.payload == open_agreement(FIRST).payload


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)


def _places(value: Any, path: str = "") -> list[str]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    inner = [place for name, member in items for place in _places(member, f"{path}.{name}" if path else str(name))]
    return [path, *inner] if path else inner


@settings(max_examples=300)
@given(st.sampled_from(_places(first())), JSON)
def test_no_value_in_any_place_leaks_another_error(place: str, value: Any) -> None:
    payload = json.dumps(altered(put(place, value))).encode()
    try:
        read_terms(payload)
    except Malformed as error:
        assert error.code == "agreement"


@given(st.binary(max_size=200))
def test_no_bytes_leak_another_error(data: bytes) -> None:
    for candidate in (data, dump_json({"payload": b64(data), "signatures": []})):
        assert refusal(candidate).code == "agreement"


# Signatures


@pytest.mark.parametrize("order", list(itertools.permutations(SIGNERS)))
@pytest.mark.req("R-022")
def test_signing_in_any_order_gives_the_same_document(order: tuple[PrivateKey, ...]) -> None:
    data = unsigned(dump_json(first()))
    names = {NORTH_ROOT: "north", SOUTH_ROOT: "south", SERVICE: "service"}
    missing = ["north", "south", "service"]
    for key in order:
        assert [signer.name for signer in open_draft(data).missing] == missing
        assert ", ".join(missing) in refusal(data).detail
        data = add_signature(data, key)
        assert add_signature(data, key) == data
        missing.remove(names[key])
    assert open_draft(data).missing == ()
    assert json.loads(data) == json.loads(FIRST)
    assert data == sign_agreement(dump_json(first()), order)


@pytest.mark.parametrize("key", [STRANGER, NORTH_DESK, SERVICE_NEXT])
def test_who_is_not_asked_to_sign_cannot(key: PrivateKey) -> None:
    with pytest.raises(Malformed) as caught:
        add_signature(unsigned(dump_json(first())), key)
    assert caught.value.code == "agreement_signatures"


def test_nobody_adds_a_signature_to_a_bad_one() -> None:
    forged = envelope(dump_json(first()), (NORTH_ROOT,))
    forged["signatures"][0]["signature"] = b64(bytes(64))
    with pytest.raises(Malformed):
        add_signature(json.dumps(forged).encode(), SOUTH_ROOT)


def test_two_libraries_verify_every_signature() -> None:
    members = json.loads(FIRST)
    for at, key in enumerate(SIGNERS):
        flattened: Any = {"payload": members["payload"], **members["signatures"][at]}
        jwk = OKPKey.import_key(dict(key.public.jwk))
        found = joserfc_jws.deserialize_json(flattened, jwk, algorithms=["Ed25519"])
        token = JWS()
        token.allowed_algs = ["Ed25519"]
        token.deserialize(json.dumps(flattened))
        token.verify(JWK(**key.public.jwk))
        assert found.payload == token.payload == dump_json(first())


@pytest.mark.req("R-027")
def test_a_desk_trusts_only_what_its_own_root_has_signed() -> None:
    for root in (NORTH_ROOT, SOUTH_ROOT):
        assert trusted_agreement(FIRST, root.public).id == open_agreement(FIRST).id
    for key in (STRANGER, NORTH_DESK, SERVICE, SOUTH_NEW_ROOT):
        with pytest.raises(Malformed) as caught:
            trusted_agreement(FIRST, key.public)
        assert caught.value.code == "agreement_signatures"
    with pytest.raises(Malformed):
        trusted_agreement(document(first(), SIGNERS[1:]), NORTH_ROOT.public)


@pytest.mark.req("R-027")
def test_the_desk_of_a_party_trusts_no_other_partys_root() -> None:
    assert trusted_agreement(FIRST, NORTH_ROOT.public, party="north").id == open_agreement(FIRST).id
    for key, whose in ((SOUTH_ROOT, "the root of south"), (SERVICE, "a key of the service")):
        with pytest.raises(Malformed, match=f"the key given is {whose}") as caught:
            trusted_agreement(FIRST, key.public, party="north")
        assert caught.value.code == "agreement_signatures"


@pytest.mark.req("R-026", "R-027")
def test_a_desk_follows_its_root_to_the_next_one() -> None:
    def new_root(payload: dict[str, Any]) -> None:
        payload["parties"][1]["root"] = SOUTH_NEW_ROOT.public.jwk
        payload["former_roots"] = [SOUTH_ROOT.public.jwk]

    data = document(second(new_root), (NORTH_ROOT, SOUTH_NEW_ROOT, SERVICE, SOUTH_ROOT))
    for root in (SOUTH_ROOT, SOUTH_NEW_ROOT):
        assert trusted_agreement(data, root.public, open_agreement(FIRST)).revision == 2
    with pytest.raises(Malformed) as caught:
        trusted_agreement(FIRST, SOUTH_ROOT.public, open_agreement(data))
    assert caught.value.code == "agreement_successor"


# What it says


def test_the_parts() -> None:
    agreement = open_agreement(FIRST)
    assert agreement.raw == FIRST and agreement.payload == dump_json(first())
    assert agreement.id == agreement.terms == digest(dump_json(first()))
    north = agreement.party("north")
    assert north is not None and north.names == {"en": "North"} and agreement.party("west") is None
    assert agreement.find(NORTH_WATCH.kid) == (north, north.keys[1])
    assert north.keys[1].roles == {WATCH}
    for key in (NORTH_ROOT, SERVICE, STRANGER):
        assert agreement.find(key.kid) is None and agreement.party_key(key.kid) is None
    assert agreement.party_key(SOUTH_DESK.kid) == SOUTH_DESK.public
    assert [agreement.service_key(key.kid) for key in (SERVICE, SERVICE_NEXT)] == [SERVICE.public, SERVICE_NEXT.public]
    assert agreement.service_key(NORTH_DESK.kid) is None
    assert agreement.categories["strike"] == Minima(20000, 1524, 600, 2700)
    assert agreement.uncertainty.terrain_m == (-430, 2850.5)
    assert agreement.max_horizontal_m == 20000
    assert (agreement.lead.routine_s, agreement.lead.short_s) == (86400, 3600)
    assert (agreement.retention_s, agreement.deadlines.acknowledge_s, agreement.area) == (604800, 300, None)


@pytest.mark.req("R-028")
def test_the_id_stays_and_the_terms_change() -> None:
    one = open_agreement(FIRST)
    two = open_agreement(document(second()), one)
    three = open_agreement(document(second(before=second())), two)
    assert one.id == two.id == three.id
    assert len({one.terms, two.terms, three.terms}) == 3
    assert (two.prev, three.prev) == (one.terms, two.terms)


@pytest.mark.req("R-012")
def test_the_fingerprint_is_over_the_payload() -> None:
    agreement = open_agreement(FIRST)
    seed = hashlib.sha256(b"keepclear agreement " + dump_json(first())).digest()
    assert agreement_fingerprint(agreement) == agreement.fingerprint == spoken_digits(seed, 60)
    assert [len(group) for group in agreement.fingerprint.split(" ")] == [5] * 12
    spaced = open_agreement(document(json.dumps(first()).encode()))
    assert spaced.fingerprint != agreement.fingerprint and spaced.id != agreement.id


DAY = 86_400 * SECOND
START = parse_instant("2026-01-01T00:00:00Z")


@pytest.mark.parametrize(
    ("role", "now", "revoked_at", "code"),
    [
        (SUBMIT, START, None, ""),
        (SUBMIT, START + DAY, None, ""),
        (None, START, None, ""),
        (WATCH, START, None, "wrong_role"),
        (ACKNOWLEDGE, START, None, "wrong_role"),
        (SUBMIT, START - 1, None, "key_not_valid"),
        (None, START + DAY + 1, None, "key_not_valid"),
        (WATCH, START - 1, None, "key_not_valid"),
        (SUBMIT, START + 9, START + 10, ""),
        (SUBMIT, START + 10, START + 10, "key_revoked"),
        (WATCH, START + 2 * DAY, START + 10, "key_revoked"),
        (None, START, START - DAY, "key_revoked"),
    ],
)
@pytest.mark.req("R-019", "R-020")
def test_when_a_key_may_be_used(role: str | None, now: int, revoked_at: int | None, code: str) -> None:
    # ADMIN implies none of the others.
    key = PartyKey(NORTH_DESK.public, frozenset({SUBMIT, ADMIN}), START, START + DAY, revoked_at)
    if not code:
        key.check(role, now)
        return
    with pytest.raises(Forbidden) as caught:
        key.check(role, now)
    assert caught.value.code == code


# Drafts


def _parties(south_root: PrivateKey = SOUTH_ROOT) -> list[Party]:
    def desk(key: PrivateKey, *roles: str) -> PartyKey:
        return PartyKey(key.public, frozenset(roles), START, START + DAY)

    return [
        Party("north", {"en": "North", "he": "צפון"}, NORTH_ROOT.public, (desk(NORTH_DESK, SUBMIT, ACKNOWLEDGE),)),
        Party("south", {"en": "South"}, south_root.public, (desk(SOUTH_DESK, WATCH),)),
    ]


def _draft(**changed: Any) -> bytes:
    given: dict[str, Any] = {
        "name": "A draft",
        "parties": _parties(),
        "service": Service("http://127.0.0.1:8000", (ServiceKey(SERVICE.public, START, START + DAY),)),
        "categories": {"transport": Minima(7408.0, 213.36, 0, 0)},
        **changed,
    }
    return draft_payload(**given)


def test_a_draft_reads_as_what_it_was_written_from() -> None:
    area = Circle((32.5, 35.0), 400_000.0)
    terms = read_terms(_draft(area=area, retention_s=60))
    assert list(terms.parties) == _parties()
    assert terms.service.origin == "http://127.0.0.1:8000"
    assert terms.categories == {"transport": Minima(7408, 213.36, 0, 0)}
    assert (terms.area, terms.retention_s, terms.uncertainty, terms.limits) == (area, 60, WORLDWIDE, Limits())
    defaults = read_terms(_draft())
    assert defaults.retention_s == 7 * 86_400
    assert (defaults.limits.volumes, defaults.limits.vertices) == (500, 5000)
    assert defaults.limits.submission_bytes == LIMITS_AT_MOST.submission_bytes == 512 * 1024


def test_a_draft_of_a_successor_names_the_roots_that_it_drops() -> None:
    one = open_agreement(sign_agreement(_draft(), SIGNERS))
    same = open_agreement(sign_agreement(_draft(previous=one, name="Amended"), SIGNERS), one)
    assert (same.revision, same.former_roots) == (2, ())
    payload = _draft(previous=one, parties=_parties(SOUTH_NEW_ROOT))
    signers = (SOUTH_ROOT, SOUTH_NEW_ROOT, NORTH_ROOT, SERVICE)
    two = open_agreement(sign_agreement(payload, signers), one)
    assert two.former_roots == (SOUTH_ROOT.public,)
    assert [signer.name for signer in two.signers] == ["north", "south", "service", "former root 1"]
    back = _draft(previous=two)
    with pytest.raises(Malformed) as caught:
        open_agreement(sign_agreement(back, signers), two)
    assert caught.value.code == "agreement_successor"


def test_an_unsound_draft_is_not_written() -> None:
    with pytest.raises(Malformed):
        unsigned(_draft(parties=_parties()[:1]))
