"""The notices of ``protocol/vectors/notices.json``: what is accepted and how it reads, and an attack corpus."""

import json
from pathlib import Path
from typing import Any

import pytest
from jwcrypto.jwk import JWK
from keepclear_protocol.errors import CODES, KeepclearError
from keepclear_protocol.instant import format_instant
from keepclear_protocol.keys import PublicKey
from keepclear_protocol.notice import open_presentation, open_submission
from sd_jwt.verifier import SDJWTVerifier
from support.notice_vectors import document

FILE = Path(__file__).resolve().parents[2] / "protocol" / "vectors" / "notices.json"
VECTORS: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
KEY = PublicKey.from_jwk(VECTORS["key"])
DOORS = {"submission": open_submission, "presentation": open_presentation}
CASES = [pytest.param(case, id=f"{case['door']}: {case['name']}") for case in VECTORS["cases"]]


@pytest.mark.parametrize("case", CASES)
@pytest.mark.req("R-005", "R-037", "R-038", "R-039", "R-040", "R-041", "R-042", "R-045")
def test_each_case_is_read_or_refused_as_it_says(case: dict[str, Any]) -> None:
    opener = DOORS[case["door"]]
    if "code" in case:
        assert case["code"] in CODES and case["why"]
        with pytest.raises(KeepclearError) as caught:
            opener(case["sd_jwt"], {KEY.kid: KEY}.get)
        assert caught.value.code == case["code"]
        return
    notice = opener(case["sd_jwt"], {KEY.kid: KEY}.get)
    assert case["expect"] == {
        "revision": notice.revision,
        "prev": notice.prev,
        "sha256": notice.sha256,
        "submission_sha256": notice.submission_sha256,
        "category": notice.category,
        "callsign": notice.callsign,
        "remarks": notice.remarks,
        "time_starts": [format_instant(item.volume.start) for item in notice.volumes],
    }


def test_sd_jwt_accepts_what_we_accept() -> None:
    for case in VECTORS["cases"]:
        if "expect" in case:
            read = SDJWTVerifier(case["sd_jwt"], lambda *_: JWK(**VECTORS["key"])).get_verified_payload()
            assert len(read["volumes"]) == len(case["expect"]["time_starts"])
            for name in ("category", "callsign", "remarks", "revision"):
                assert read.get(name) == (case["expect"][name] or None)


def test_the_file_is_what_its_maker_makes() -> None:
    assert FILE.read_text(encoding="utf-8") == document()


def test_a_stranger_is_told_one_thing_only() -> None:
    for case in VECTORS["cases"]:
        with pytest.raises(KeepclearError) as caught:
            DOORS[case["door"]](case["sd_jwt"], lambda _: None)
        assert caught.value.code == "not_authenticated"
