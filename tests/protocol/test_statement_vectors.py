"""The statements of ``protocol/vectors/statements.json``: what is accepted and how it reads, and what is refused."""

import json
from pathlib import Path
from typing import Any

import pytest
from keepclear_protocol.errors import CODES, KeepclearError
from keepclear_protocol.keys import PublicKey
from keepclear_protocol.statement import open_statement
from support.statement_vectors import document

FILE = Path(__file__).resolve().parents[2] / "protocol" / "vectors" / "statements.json"
VECTORS: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
KEYS = {key.kid: key for key in map(PublicKey.from_jwk, VECTORS["keys"])}


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["name"])
@pytest.mark.req("R-013", "R-014", "R-016")
def test_each_case_is_read_or_refused_as_it_says(case: dict[str, Any]) -> None:
    if "code" in case:
        assert case["code"] in CODES and case["why"]
        with pytest.raises(KeepclearError) as caught:
            open_statement(case["jws"], case["typ"], KEYS.get)
        assert caught.value.code == case["code"]
        return
    statement = open_statement(case["jws"], case["typ"], KEYS.get)
    assert case["expect"] == {"kid": statement.kid, "sha256": statement.sha256, "payload": statement.payload}


def test_the_file_is_what_its_maker_makes() -> None:
    assert FILE.read_text(encoding="utf-8") == document()
