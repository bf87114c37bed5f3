"""Disclosures alone: salts, decoys, manifests, matching."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from keepclear_protocol.disclosure import (
    check_digests,
    disclose_element,
    disclose_property,
    manifest_digest,
    open_disclosures,
    split_disclosures,
    with_decoys,
)
from keepclear_protocol.encoding import b64, digest, dump_json, is_digest, unb64
from keepclear_protocol.errors import KeepclearError, Malformed


def _open(*elements: str, sent: list[str] | None = None, properties: tuple[str, ...] = ()) -> list[Any]:
    signed = [digest(raw) for raw in elements]
    signed_properties = [digest(raw) for raw in properties]
    raws = [*elements, *properties] if sent is None else sent
    return open_disclosures(raws, elements=signed, properties=signed_properties)


@pytest.mark.parametrize("value", [None, True, 7, 1.5, "text", [], {}, {"a": [1, {"b": "טקסט"}]}])
@pytest.mark.req("R-039")
def test_a_disclosure_reads_as_it_was_written(value: object) -> None:
    element, member = disclose_element(value), disclose_property("colour", value)
    one, two = _open(element, properties=(member,))
    assert (one.raw, one.digest, one.name, one.value) == (element, digest(element), None, value)
    assert (two.raw, two.digest, two.name, two.value) == (member, digest(member), "colour", value)


def test_the_rfc_9901_example_has_its_digest() -> None:
    # RFC 9901 section 4.2.2 and 4.2.3: the disclosure of the array element "FR", and its digest.
    raw = "WyJsa2x4RjVqTVlsR1RQVW92TU5JdkNBIiwgIkZSIl0"
    assert digest(raw) == "w0I8EKcdCtUPkGCNUrfwVp2xEgNjtoIDlOxc9-PlOhs"
    (opened,) = _open(raw)
    assert (opened.name, opened.value) == (None, "FR")


@pytest.mark.req("R-039")
def test_a_salt_has_one_spelling_even_where_the_rfc_does_not() -> None:
    # RFC 9901 section 4.2.1: the property family_name. Its salt has stray bits in its last character.
    raw = "WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0"
    assert digest(raw) == "X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0"
    with pytest.raises(Malformed, match="salt"):
        _open(properties=(raw,))


@pytest.mark.req("R-043")
def test_salts_are_fresh_and_of_128_bits() -> None:
    salts = {json.loads(unb64(disclose_element("same")))[0] for _ in range(200)}
    assert len(salts) == 200
    assert all(len(unb64(salt)) == 16 for salt in salts)


@pytest.mark.req("R-043")
def test_decoys_look_like_digests_and_tell_no_order() -> None:
    real = [digest(str(number)) for number in range(4)]
    orders = set()
    for _ in range(100):
        padded = with_decoys(real, 16)
        assert len(set(padded)) == 16
        assert all(map(is_digest, padded))
        orders.add(tuple(padded.index(item) for item in real))
    # 100 draws out of 43 680 orders: a builder that did not shuffle, or only moved the decoys, would give few.
    assert len(orders) > 90
    assert {order.index(min(order)) for order in orders} == {0, 1, 2, 3}


@pytest.mark.req("R-042")
def test_the_manifest_is_over_each_disclosure_and_its_tilde() -> None:
    assert manifest_digest(["a", "b"]) == digest(b"a~b~")
    assert manifest_digest(["ab"]) != manifest_digest(["a", "b"]) != manifest_digest(["b", "a"])


@pytest.mark.parametrize(
    ("tail", "parts"), [("", []), ("a~", ["a"]), ("a~b~", ["a", "b"]), ("~", [""]), ("a~~", ["a", ""])]
)
def test_disclosures_are_split_at_each_tilde(tail: str, parts: list[str]) -> None:
    assert split_disclosures(tail) == parts


@pytest.mark.parametrize("tail", ["a", "a~b", "a~\n", "é~", "\ud800~"])
@pytest.mark.req("R-037")
def test_text_behind_the_last_tilde_is_refused(tail: str) -> None:
    with pytest.raises(Malformed) as caught:
        split_disclosures(tail)
    assert caught.value.code == "disclosure"


@pytest.mark.req("R-041")
def test_nothing_is_left_over_and_nothing_stands_twice() -> None:
    one, two = disclose_element(1), disclose_element(2)
    for sent, code in (([one, one], "disclosure_repeated"), ([one, disclose_element(1)], "disclosure_unmatched")):
        with pytest.raises(Malformed) as caught:
            _open(one, two, sent=sent)
        assert caught.value.code == code
    assert [item.value for item in _open(one, two, sent=[two])] == [2]


@pytest.mark.req("R-041")
def test_kinds_are_not_mixed() -> None:
    for elements, properties in (((disclose_property("a", 1),), ()), ((), (disclose_element(1),))):
        with pytest.raises(Malformed) as caught:
            _open(*elements, properties=properties)
        assert caught.value.code == "disclosure"


def test_a_digest_has_one_spelling() -> None:
    assert is_digest(digest("x"))
    for text in (
        digest("x") + "=",
        digest("x") + "\n",
        digest("x")[:-1],
        digest("x")[:-1] + "B",
        "+" + digest("x")[1:],
        None,
        7,
    ):
        assert not is_digest(text)


@given(st.text(max_size=44) | st.binary(min_size=32, max_size=32).map(b64) | st.from_regex(re.compile(r"[\w-]{43}")))
def test_what_is_no_digest_is_not_signed_as_one(text: str) -> None:
    if not is_digest(text):
        with pytest.raises(Malformed):
            check_digests([digest("x"), text])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["_sd", "...", "_sd_alg", "a", "b"]) | st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


def _reserved(value: Any) -> bool:
    if isinstance(value, dict):
        return not {"_sd", "...", "_sd_alg"}.isdisjoint(value) or any(map(_reserved, value.values()))
    return isinstance(value, list) and any(map(_reserved, value))


@given(JSON, st.booleans())
@pytest.mark.req("R-039")
def test_a_signed_value_with_digests_of_its_own_never_opens(value: Any, ascii_only: bool) -> None:
    raw = b64(json.dumps([b64(bytes(16)), value], ensure_ascii=ascii_only).encode("utf-8", "surrogatepass"))
    try:
        (opened,) = _open(raw)
    except KeepclearError as error:
        assert error.code == "disclosure"
    else:
        assert not _reserved(opened.value)
        assert dump_json(opened.value) == dump_json(value)


@given(st.binary(max_size=60))
def test_any_signed_bytes_open_or_are_refused(data: bytes) -> None:
    for raw in (b64(data), data.decode("latin-1"), b64(data) + "="):
        for places in ({"elements": [digest(raw)], "properties": []}, {"elements": [], "properties": [digest(raw)]}):
            with pytest.raises(KeepclearError):
                open_disclosures([raw], **places)
