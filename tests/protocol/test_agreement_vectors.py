"""The agreements of ``protocol/vectors/agreement.json``: what is accepted and how it reads, and what is refused."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from keepclear_protocol.agreement import open_agreement
from keepclear_protocol.encoding import dump_json
from keepclear_protocol.errors import CODES, Malformed
from keepclear_protocol.terms import read_terms
from support.agreement_forge import put
from support.agreement_vectors import vectors

FILE = Path(__file__).resolve().parents[2] / "protocol" / "vectors" / "agreement.json"
VECTORS: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))


def previous_of(case: dict[str, Any]) -> Any:
    return open_agreement(case["previous"].encode()) if "previous" in case else None


@pytest.mark.parametrize("case", VECTORS["accepted"], ids=lambda case: case["name"])
@pytest.mark.req("R-017", "R-023", "R-026", "R-028")
def test_what_is_accepted(case: dict[str, Any]) -> None:
    agreement = open_agreement(case["document"].encode(), previous_of(case))
    assert case["expect"] == {
        "agreement": agreement.id,
        "terms": agreement.terms,
        "revision": agreement.revision,
        "prev": agreement.prev,
        "fingerprint": agreement.fingerprint,
        "signers": [signer.key.kid for signer in agreement.signers],
    }


@pytest.mark.parametrize("case", VECTORS["refused"], ids=lambda case: case["name"])
@pytest.mark.req("R-021", "R-022", "R-026")
def test_which_documents_are_refused(case: dict[str, Any]) -> None:
    assert case["code"] in CODES and case["why"]
    with pytest.raises(Malformed) as caught:
        open_agreement(case["document"].encode(), previous_of(case))
    assert caught.value.code == case["code"]


@pytest.mark.parametrize("case", VECTORS["edits"], ids=lambda case: case["name"])
@pytest.mark.req("R-023", "R-024", "R-025", "R-103")
def test_which_terms_are_refused(case: dict[str, Any]) -> None:
    terms = copy.deepcopy(VECTORS["terms"])
    read_terms(dump_json(terms))
    put(case["path"], ... if case.get("absent") else case["value"])(terms)
    with pytest.raises(Malformed) as caught:
        read_terms(dump_json(terms))
    assert caught.value.code == case["code"]


def test_the_file_is_what_its_maker_makes() -> None:
    assert FILE.read_text(encoding="utf-8") == vectors()
