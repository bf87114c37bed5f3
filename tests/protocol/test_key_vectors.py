"""The keys of ``protocol/vectors/keys.json``: what is enrolled, how it is spelled, and what is refused."""

import json
from pathlib import Path
from typing import Any

import pytest
from keepclear_protocol.errors import Malformed
from keepclear_protocol.keys import PrivateKey, PublicKey
from support.key_vectors import document

FILE = Path(__file__).resolve().parents[2] / "protocol" / "vectors" / "keys.json"
VECTORS: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", VECTORS["keys"], ids=lambda case: case["kid"])
def test_a_key_and_its_names(case: dict[str, Any]) -> None:
    key = PrivateKey(bytes.fromhex(case["seed"]))
    public = key.public
    assert case == {
        "seed": case["seed"],
        "public": public.raw.hex(),
        "kid": public.kid,
        "jwk": public.jwk,
        "secret_text": key.text,
        "public_text": public.text,
        "fingerprint": public.fingerprint,
    }
    assert PrivateKey.parse(case["secret_text"]).public == public
    assert PublicKey.parse(case["public_text"]) == PublicKey.from_jwk(case["jwk"]) == public


@pytest.mark.parametrize("case", VECTORS["not_enrolled"], ids=lambda case: f"{case['why']}: {case['public']}")
def test_what_is_not_enrolled(case: dict[str, Any]) -> None:
    with pytest.raises(Malformed) as caught:
        PublicKey(bytes.fromhex(case["public"]))
    assert caught.value.code == "key"


@pytest.mark.parametrize("case", VECTORS["bad_texts"], ids=lambda case: f"{case['kind']}: {case['why']}")
def test_which_texts_are_refused(case: dict[str, Any]) -> None:
    parse = {"public": PublicKey.parse, "secret": PrivateKey.parse}[case["kind"]]
    with pytest.raises(Malformed) as caught:
        parse(case["text"])
    assert caught.value.code == "key"


def test_the_file_is_what_its_maker_makes() -> None:
    assert FILE.read_text(encoding="utf-8") == document()
