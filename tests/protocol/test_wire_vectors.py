"""Known answers for what goes over the wire beside notices: alerts, receipts, acknowledgements, requests, withdrawals.

The files are made by ``support.wire_vectors`` and read here through the code that reads the real thing.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from keepclear.verify.verdicts import Standing
from keepclear.wire.exchange import Exchange
from keepclear_protocol.acknowledgement import open_acknowledgement
from keepclear_protocol.agreement import Agreement, open_agreement
from keepclear_protocol.encoding import unb64
from keepclear_protocol.errors import CODES, KeepclearError
from keepclear_protocol.instant import format_instant, parse_instant
from keepclear_protocol.keys import PrivateKey, PublicKey
from keepclear_protocol.notice import Notice
from keepclear_protocol.opening import check_opening, open_opening
from keepclear_protocol.spent import Spent, open_spent
from keepclear_protocol.withdrawal import Withdrawal, open_withdrawal
from support.conforming import alerts_take, requests_read
from support.wire_vectors import DOCUMENTS

FOLDER = Path(__file__).resolve().parents[2] / "protocol" / "vectors"
FILES: dict[str, dict[str, Any]] = {name: json.loads((FOLDER / name).read_text("utf-8")) for name in DOCUMENTS}

Case = dict[str, Any]
Statement = Notice | Withdrawal


def cases(file: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", FILES[file]["cases"], ids=[case["name"] for case in FILES[file]["cases"]])


def agreements(file: str) -> tuple[Agreement, ...]:
    """Return the revisions that a file gives, newest first."""
    opened: list[Agreement] = []
    for text in FILES[file]["agreements"]:
        opened.insert(0, open_agreement(text.encode(), opened[0] if opened else None))
    return tuple(opened)


def keys(file: str) -> dict[str, PrivateKey]:
    """Return the keys of a file by name, each made from its seed."""
    return {name: PrivateKey(unb64(key["seed"])) for name, key in FILES[file]["keys"].items()}


@pytest.mark.parametrize("file", DOCUMENTS)
def test_the_files_are_what_their_maker_makes(file: str) -> None:
    assert (FOLDER / file).read_text("utf-8") == DOCUMENTS[file]()


@pytest.mark.parametrize("file", DOCUMENTS)
def test_each_file_gives_its_keys_and_tells_good_from_bad(file: str) -> None:
    document = FILES[file]
    for name, key in keys(file).items():
        assert document["keys"][name] == {"seed": document["keys"][name]["seed"], "public": key.public.jwk,
                                          "kid": key.kid}  # fmt: skip
        assert PublicKey.from_jwk(document["keys"][name]["public"]) == key.public
    names = [case["name"] for case in document["cases"]]
    assert len(set(names)) == len(names)
    for case in document["cases"]:
        assert case["why"] and ("code" in case) != ("expect" in case)
        assert case.get("code", "json") in CODES
    assert {True, False} == {"code" in case for case in document["cases"]}


@pytest.mark.req("R-018", "R-038")
def test_each_statement_of_the_vectors_has_a_jti_of_its_own() -> None:
    said = [json.loads(unb64(raw.split(".")[1])) for raw in FILES["alerts.json"]["statements"].values()]
    assert len({payload["jti"] for payload in said}) == len(said)
    revisions = [payload["revision"] for payload in said if payload["notice"] == said[0]["notice"]]
    assert len(revisions) > 2 and len(set(revisions)) > 1


@cases("alerts.json")
@pytest.mark.req("R-015", "R-062", "R-066", "R-070", "R-071", "R-074", "R-075", "R-076", "R-078", "R-102", "R-103")
def test_alerts(case: Case) -> None:
    statements, installed = FILES["alerts.json"]["statements"], FILES["alerts.json"]["agreements"][: case["installed"]]
    objects = {other["name"]: other["object"] for other in FILES["alerts.json"]["cases"]}
    own = [{"statement": statements[item["statement"]], "seq": item["seq"]} for item in case["own"]]
    seen = [objects[before] for before in case["seen"]]
    desk = {"party": "south", "agreements": installed, "now": case["now"], "own": own, "seen": seen}
    _compare(case, lambda: alerts_take({**desk, "object": case["object"]}), lambda told: told)


def test_alerts_try_every_standing_and_every_code_of_a_desk() -> None:
    told = FILES["alerts.json"]["cases"]
    assert {case["expect"]["standing"] for case in told if "expect" in case} == set(map(str, Standing))
    judged = {"evidence", "recompute", "over_disclosed", "rollback", "clock", "closed_without_cause", "wrong_terms"}
    assert {case["code"] for case in told if "code" in case} == judged


@cases("receipts.json")
@pytest.mark.req("R-083", "R-085")
def test_receipts(case: Case) -> None:
    exchange = Exchange(agreements("receipts.json")[0], keys("receipts.json")["south"])

    def read() -> Any:
        return exchange.check_receipt(case["receipt"], case["kind"], case["statement"])

    _compare(case, read, lambda receipt: {name: getattr(receipt, name) for name in case["expect"]} | {
        "received_at": _written(case, "received_at", receipt.received_at)})  # fmt: skip


@cases("acknowledgements.json")
@pytest.mark.req("R-004", "R-015", "R-017", "R-018", "R-079")
def test_acknowledgements(case: Case) -> None:
    find = agreements("acknowledgements.json")[0].party_key
    _compare(case, lambda: open_acknowledgement(case["statement"], find), lambda ack: _claims(case, ack))


@cases("withdrawals.json")
@pytest.mark.req("R-052")
def test_withdrawals(case: Case) -> None:
    find = agreements("withdrawals.json")[0].party_key
    _compare(case, lambda: open_withdrawal(case["statement"], find), lambda gone: _claims(case, gone))


@cases("requests.json")
@pytest.mark.req("R-086", "R-087")
def test_requests(case: Case) -> None:
    given = {"agreements": FILES["requests.json"]["agreements"], **case}
    _compare(case, lambda: requests_read(given), lambda read: read)


@cases("openings.json")
@pytest.mark.req("R-104", "R-105")
def test_openings(case: Case) -> None:
    agreement = agreements("openings.json")[0]

    def read() -> Any:
        opening = open_opening(case["opening"], agreement.service_key)
        now = parse_instant(case["now"])
        check_opening(opening, aud=agreement.id, to=case["to"], request=case["request"], now=now)
        return opening

    _compare(case, read, lambda said: {"to": said.to, "request": said.request, "at": str(said.at)})


@cases("budgets.json")
@pytest.mark.req("R-118")
def test_budgets(case: Case) -> None:
    agreement = agreements("budgets.json")[0]

    def read() -> Spent:
        return open_spent(case["statement"], agreement.service_key, agreement)

    _compare(case, read, lambda said: {"party": said.party, "budget": said.budget, "until": format_instant(said.until)})


def _claims(case: Case, read: Any) -> dict[str, Any]:
    return {name: getattr(read.claims if hasattr(read.claims, name) else read, name) for name in case["expect"]}


def _written(case: Case, name: str, instant: int) -> Any:
    """Return the file's spelling if it means ``instant``."""
    text = case["expect"][name]
    return text if parse_instant(text) == instant else instant


def _compare(case: Case, read: Any, told: Any) -> None:
    if "code" in case:
        with pytest.raises(KeepclearError) as caught:
            read()
        assert caught.value.code == case["code"], caught.value.detail
    else:
        reading: Mapping[str, Any] = told(read())
        assert reading == case["expect"]
