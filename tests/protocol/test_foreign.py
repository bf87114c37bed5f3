"""The page is enough: a reader written from SPEC.md alone reads every vector as we do, and refuses what we refuse."""

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest
from support import foreign
from support.foreign import Refused

FOLDER = Path(__file__).resolve().parents[2] / "protocol" / "vectors"
VECTORS: dict[str, dict[str, Any]] = {path.stem: json.loads(path.read_text("utf-8")) for path in FOLDER.glob("*.json")}

Case = dict[str, Any]


def cases(name: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        "case", VECTORS[name]["cases"], ids=[case["name"] for case in VECTORS[name]["cases"]]
    )


def refused(read: Any) -> str | None:
    try:
        read()
    except Refused as refusal:
        return refusal.code
    return None


def first_agreement(name: str) -> tuple[dict[str, Any], str, foreign.Keys, foreign.Keys]:
    return foreign.agreement(VECTORS[name]["agreements"][0])


def test_it_knows_nothing_of_ours() -> None:
    tree = ast.parse(Path(foreign.__file__).read_text("utf-8"))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported and not [name for name in imported if "keepclear" in name or "support" in name]


@pytest.mark.parametrize("key", VECTORS["keys"]["keys"], ids=lambda key: key["kid"][:8])
def test_keys(key: Case) -> None:
    raw = bytes.fromhex(key["public"])
    assert foreign.enrol(key["jwk"]) == (key["kid"], raw)
    assert foreign.fingerprint("key", raw, 30) == key["fingerprint"]
    assert foreign.text_form("keepclear-public-1", raw).lower() == key["public_text"]
    assert foreign.text_form("KEEPCLEAR-SECRET-KEY-1", bytes.fromhex(key["seed"])) == key["secret_text"]


@cases("statements")
def test_statements(case: Case) -> None:
    keys = dict(foreign.enrol(jwk) for jwk in VECTORS["statements"]["keys"])
    code = refused(lambda: foreign.statement(case["jws"], case["typ"], keys))
    assert code == case.get("code")
    if "expect" in case:
        kid, payload = foreign.statement(case["jws"], case["typ"], keys)
        assert (kid, foreign.digest(case["jws"]), payload) == tuple(case["expect"].values())


@cases("notices")
def test_notices(case: Case) -> None:
    keys = dict([foreign.enrol(VECTORS["notices"]["key"])])
    submission = case["door"] == "submission"
    code = refused(lambda: foreign.notice(case["sd_jwt"], keys, submission=submission))
    of_values = ("volume_", "limit_")  # it does not look into volumes, nor at the spelling of properties
    if "expect" in case or not (case["code"].startswith(of_values) or code is None):
        assert code == case.get("code"), case["why"]
    else:
        assert case["code"].startswith(of_values) or case["code"] == "disclosure"
    if "expect" in case:
        read = foreign.notice(case["sd_jwt"], keys, submission=submission)
        assert (read["sha256"], read["revision"]) == (case["expect"]["sha256"], case["expect"]["revision"])
        assert read.get("category", "") == case["expect"]["category"]


@cases("withdrawals")
def test_withdrawals(case: Case) -> None:
    _, _, parties, _ = first_agreement("withdrawals")

    def read() -> None:
        _, payload = foreign.statement(case["statement"], "keepclear-withdrawal+jws", parties)
        foreign.claims(payload, admit=True)
        foreign.need(foreign.is_bits(payload.get("notice"), 16) and foreign.is_bits(payload.get("prev"), 32), "claims")
        foreign.need(foreign.is_whole(payload.get("revision"), 2), "claims")

    assert refused(read) == case.get("code")


@cases("requests")
def test_requests(case: Case) -> None:
    terms, identity, parties, _ = first_agreement("requests")
    owners = {foreign.enrol(key["key"])[0]: party["id"] for party in terms["parties"] for key in party["keys"]}

    def read() -> None:
        foreign.need(case["authorization"].startswith("Keepclear "), "not_authenticated")
        kid, payload = foreign.statement(case["authorization"][10:], "keepclear-request+jws", parties)
        foreign.claims(payload, admit=False)
        foreign.need(isinstance(payload.get("htm"), str) and isinstance(payload.get("htu"), str), "claims")
        foreign.need(payload["iss"] == owners[kid], "wrong_party")
        foreign.need(payload["aud"] == identity, "wrong_agreement")
        path, _, query = case["target"].partition("?")
        there = (case["method"], terms["service"]["origin"] + (case["target"] if query else path))
        foreign.need((payload["htm"], payload["htu"]) == there, "proof_request")
        foreign.need(abs(foreign.instant(case["now"]) // 1_000_000 - payload["iat"]) <= 30, "proof_expired")

    assert refused(read) == case.get("code")


@cases("openings")
def test_openings(case: Case) -> None:
    _, identity, _, service = first_agreement("openings")

    def read() -> None:
        _, payload = foreign.statement(case["opening"], "keepclear-open+jws", service)
        foreign.claims(payload, admit=False)
        foreign.need(payload["iss"] == "service" and isinstance(payload.get("to"), str), "claims")
        foreign.need(0 < len(payload["to"]) <= 32 and foreign.is_bits(payload.get("request"), 32), "claims")
        foreign.need(isinstance(payload.get("at"), str) and foreign.is_position(payload["at"]), "cursor")
        there = (payload["aud"], payload["to"], payload["request"])
        foreign.need(there == (identity, case["to"], case["request"]), "unreachable")
        foreign.need(abs(foreign.instant(case["now"]) // 1_000_000 - payload["iat"]) <= 60, "unreachable")

    assert refused(read) == case.get("code")


@cases("receipts")
def test_receipts(case: Case) -> None:
    _, identity, _, service = first_agreement("receipts")
    jwt, tilde, _ = case["statement"].partition("~")

    def read() -> dict[str, Any]:
        _, payload = foreign.statement(case["receipt"], "keepclear-receipt+jws", service)
        foreign.claims(payload, admit=False)
        sent = (
            identity,
            "south",
            case["kind"],
            foreign.digest(jwt),
            foreign.digest(case["statement"]) if tilde else None,
        )
        names = ("aud", "party", "kind", "sha256", "submission")
        foreign.need(sent == tuple(payload.get(name) for name in names), "evidence")
        said = json.loads(foreign.decode(jwt.split(".")[1], ""))
        id = said["jti"] if case["kind"] == "acknowledgement" else said["notice"]
        what = (id, said.get("revision"), said["terms"])
        foreign.need(what == tuple(payload.get(name) for name in ("id", "revision", "terms")), "evidence")
        foreign.need(foreign.is_position(f"{payload['epoch']}-0"), "evidence")
        recipe = f'["{payload["epoch"]}",{payload["seq"]}]'
        foreign.need(payload["jti"] == foreign.digest(recipe)[:21] + "A", "evidence")
        foreign.need(foreign.is_whole(payload.get("seq"), 1) and foreign.is_bits(payload.get("id"), 16), "evidence")
        foreign.need(foreign.instant(payload["received_at"]) // 1_000_000 == payload["iat"], "evidence")
        leads = ("ROUTINE", "SHORT", "LATE", "IN_PROGRESS", "RETROACTIVE") if case["kind"] == "notice" else (None,)
        foreign.need(payload.get("lead") in leads, "evidence")
        return payload

    assert (refused(read) is None) == ("expect" in case)
    if "expect" in case:
        payload = read()
        assert case["expect"] == {name: payload[name] for name in case["expect"]}


@cases("streams")
def test_streams(case: Case) -> None:
    assert foreign.follow(case["cursor"], case["text"]) == case["expect"]


@cases("budgets")
def test_budgets(case: Case) -> None:
    terms, identity, _, service = first_agreement("budgets")

    def read() -> None:
        _, payload = foreign.statement(case["statement"], "keepclear-budget+jws", service)
        foreign.claims(payload, admit=False)
        foreign.need(payload["iss"] == "service" and payload["aud"] == identity, "evidence")
        foreign.need(payload.get("party") in {party["id"] for party in terms["parties"]}, "evidence")
        foreign.need(isinstance(payload.get("budget"), str), "evidence")
        foreign.need(re.fullmatch(r"[a-z][a-z0-9_]{0,63}", payload["budget"]) is not None, "evidence")
        foreign.need(isinstance(payload.get("until"), str), "evidence")
        covered_us = foreign.instant(payload["until"]) - payload["iat"] * 1_000_000
        foreign.need(0 <= covered_us < 86_401_000_000, "evidence")

    # Whatever is wrong with it is one thing: the service said what does not hold.
    assert (refused(read) is None) == ("expect" in case)


def test_kinds_and_their_payloads() -> None:
    limits = {case["typ"]: case["max_payload_bytes"] for case in VECTORS["kinds"]["cases"]}
    assert {typ: foreign.LIMITS.get(typ, 65_536) for typ in limits} == limits


def test_agreements() -> None:
    for document in VECTORS["agreement"]["accepted"]:
        payload, _, _, _ = foreign.agreement(document["document"])
        body = foreign.decode(json.loads(document["document"])["payload"], "")
        assert foreign.fingerprint("agreement", body, 60) == document["expect"]["fingerprint"]
        assert payload["revision"] == document["expect"]["revision"]


OPEN = [case for case in VECTORS["alerts"]["cases"] if "expect" in case and case["expect"]["standing"] == "OPEN"]
FIGURES = [case for case in VECTORS["alerts"]["cases"] if case.get("code") == "recompute"]


def recomputed(case: Case) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return an alert's payload and the pairs that the rules give for what came with it."""
    document = VECTORS["alerts"]
    terms, identity, parties, service = first_agreement("alerts")
    _, payload = foreign.statement(case["object"]["alert"], "keepclear-alert+jws", service)
    foreign.claims(payload, admit=False)
    own = foreign.notice(document["statements"]["south one"], parties, submission=True)
    other = foreign.notice(case["object"]["presentation"], parties, submission=False)
    assert (own["sha256"], other["sha256"]) == (payload["own"]["sha256"], payload["other"]["sha256"])
    ends = sorted([[own["iss"], own["notice"]], [other["iss"], other["notice"]]])
    assert payload["conflict"] == foreign.digest(json.dumps([identity, ends], separators=(",", ":")))
    assert payload["jti"] == foreign.digest(f'["{payload["conflict"]}",{payload["version"]},"south"]')[:21] + "A"
    assert sorted(payload["disclosed"]) == sorted(other["shown"])
    return payload, foreign.worst(own, other, terms, foreign.instant(payload["at"]))


def as_signed(payload: dict[str, Any]) -> list[dict[str, Any]]:
    times = ("time_start", "time_end")
    return [{**pair, **{name: foreign.instant(pair[name]) for name in times}} for pair in payload["pairs"]]


@pytest.mark.parametrize("case", OPEN, ids=[case["name"] for case in OPEN])
def test_open_alerts_are_recomputed(case: Case) -> None:
    payload, pairs = recomputed(case)
    assert as_signed(payload) == pairs
    assert payload["severity"] == min((pair["severity"] for pair in pairs), key=foreign.SEVERITIES.index)


@pytest.mark.parametrize("case", FIGURES, ids=[case["name"] for case in FIGURES])
def test_wrong_figures_are_seen(case: Case) -> None:
    payload, pairs = recomputed(case)
    elsewhere = ("the severity altered", "the lead class altered", "a volume of ours left out")
    shown = [pair["other"] for pair in pairs] == payload["disclosed"]
    assert not shown or as_signed(payload) != pairs or case["name"] in elsewhere
