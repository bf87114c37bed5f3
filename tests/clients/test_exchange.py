"""Requests and answers, byte by byte, without a network."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from keepclear.wire.answers import MAX_ANSWER_BYTES, AlertObject
from keepclear.wire.arrivals import (
    AcknowledgementArrived,
    AlertArrived,
    DrainArrived,
    GapArrived,
    NoticeArrived,
    Passing,
    Unreadable,
    read_arrival,
)
from keepclear.wire.exchange import JSON as JSON_TYPE
from keepclear.wire.exchange import Exchange
from keepclear.wire.problems import PROBLEM, read_problem
from keepclear.wire.sse import MAX_EVENT_BYTES, ServerEvent
from keepclear_protocol.cursor import Cursor
from keepclear_protocol.errors import (
    CODES,
    EvidenceInvalid,
    Forbidden,
    KeepclearError,
    LocalError,
    Malformed,
    OutOfStep,
    Refused,
    Unavailable,
)
from keepclear_protocol.keys import PrivateKey
from keepclear_protocol.kinds import ACKNOWLEDGEMENT, ALERT, WITHDRAWAL
from keepclear_protocol.notice import MAX_SUBMISSION_BYTES
from keepclear_protocol.receipt import sign_receipt
from keepclear_protocol.request import check_request, open_request
from support.world import ORIGIN, World

EPOCH = "ab" * 16
NOW = 1_800_000_000_000_000

world = World()
exchange = Exchange(world.agreement, world.parties["north"].key)


def receipt(sent: str, **changed: Any) -> bytes:
    notice = world.opened(sent)
    given: dict[str, Any] = {
        "aud": world.agreement.id,
        "terms": world.agreement.terms,
        "kind": "notice",
        "party": "north",
        "id": notice.id,
        "revision": 1,
        "sha256": notice.sha256,
        "submission": notice.submission_sha256,
        "seq": 1,
        "epoch": EPOCH,
        "received_at": NOW,
        "lead": "ROUTINE",
    }
    key = changed.pop("signed_by", world.service)
    return json.dumps({"receipt": sign_receipt(key, **{**given, **changed}), "alerts": []}).encode()


def test_the_party_is_who_the_key_says_and_a_strangers_key_is_told() -> None:
    assert exchange.party == "north"
    with pytest.raises(LocalError) as refused:
        Exchange(world.agreement, PrivateKey.generate())
    assert refused.value.code == "key_file" and refused.value.hint


def test_a_statement_is_sent_as_its_exact_bytes_with_a_proof_for_its_receipt() -> None:
    submission = world.submission("north")
    call = exchange.submit(submission)
    assert (call.method, call.target, call.body, call.media) == (
        "POST", "/v1/notices", submission, "application/sd-jwt",
    )  # fmt: skip
    headers = exchange.headers(call, NOW)
    assert headers["content-type"] == "application/sd-jwt"
    proof = open_request(headers["authorization"], world.agreement.party_key)
    check_request(proof, method="POST", origin=ORIGIN, target="/v1/notices", now=NOW)
    # Without a proof that holds no receipt comes for what was admitted before: the outcome is not known.
    with pytest.raises(Unavailable) as caught:
        exchange.read(call, 200, "application/json", b'{"receipt":null}')
    assert caught.value.code == "unreachable" and "our proof" in caught.value.detail
    assert exchange.withdraw("w").target == "/v1/withdrawals"
    assert exchange.acknowledge("a").media == "application/jwt"


@pytest.mark.parametrize(
    "call", [exchange.notices(), exchange.conflicts(), exchange.fetch_agreement(), exchange.notice("A" * 22),
             exchange.stream(Cursor(EPOCH, 7))],
)  # fmt: skip
def test_a_read_carries_a_fresh_proof_of_exactly_this_request(call: Any) -> None:
    first, second = (exchange.headers(call, NOW)["authorization"] for _ in range(2))
    assert first != second
    proof = open_request(first, world.agreement.party_key)
    check_request(proof, method="GET", origin=ORIGIN, target=call.target, now=NOW)
    assert (proof.claims.iss, proof.claims.aud) == ("north", world.agreement.id)


def test_the_cursor_is_in_the_query_that_the_proof_is_over() -> None:
    assert exchange.stream(Cursor(EPOCH, 7)).target == f"/v1/stream?cursor={EPOCH}-7"
    assert exchange.stream(None).target == "/v1/stream"


@pytest.mark.parametrize("id", ["", "x", "../conflicts", "A" * 23, "A" * 21 + "/"])
def test_what_is_no_id_is_not_asked_for(id: str) -> None:
    with pytest.raises(Malformed):
        exchange.notice(id)


def test_a_receipt_for_exactly_what_was_sent_is_returned() -> None:
    submission = world.submission("north")
    admission = exchange.read(exchange.submit(submission), 201, JSON_TYPE, receipt(submission))
    assert (admission.receipt.seq, admission.alerts) == (1, ())


@pytest.mark.parametrize(
    "changed",
    [
        {"sha256": "A" * 43},
        {"submission": "A" * 43},
        {"submission": None},
        {"party": "south"},
        {"kind": "withdrawal"},
        {"aud": "A" * 43},
        {"signed_by": PrivateKey.generate()},
    ],
)
def test_a_receipt_for_anything_else_is_evidence_against_the_mediator(changed: dict[str, Any]) -> None:
    submission = world.submission("north")
    with pytest.raises(EvidenceInvalid):
        exchange.read(exchange.submit(submission), 201, JSON_TYPE, receipt(submission, **changed))


@pytest.mark.parametrize("code", CODES)
def test_every_code_of_a_problem_document_comes_back_as_itself(code: str) -> None:
    status = CODES[code].status
    error = read_problem(status, PROBLEM, json.dumps({"code": code, "detail": "why"}).encode())
    assert (error.code, error.detail, error.status) == (code, "why", status)
    assert error.retryable is (status == 503)


@pytest.mark.parametrize(
    ("code", "kind"),
    [("wrong_role", Forbidden), ("revision_conflict", OutOfStep), ("busy", Unavailable), ("volume_edge", Malformed)],
)
def test_errors_are_of_the_class_of_who_must_act(code: str, kind: type[KeepclearError]) -> None:
    assert isinstance(read_problem(CODES[code].status, PROBLEM, json.dumps({"code": code}).encode()), kind)


@pytest.mark.req("R-094", "R-102")
@pytest.mark.parametrize("status", [400, 403, 404, 409, 418, 422, 499])
def test_a_refusal_with_a_code_from_the_future_refuses(status: int) -> None:
    said = {"type": "urn:keepclear:problem:tea_time", "code": "tea_time", "detail": "short and stout"}
    error = read_problem(status, PROBLEM, json.dumps(said).encode())
    assert isinstance(error, Refused)
    assert (error.code, error.status, error.detail, error.retryable) == ("tea_time", status, "short and stout", False)


@pytest.mark.req("R-094", "R-102")
@pytest.mark.parametrize("status", [408, 425, 429, 500, 501, 502, 503, 504, 599])
@pytest.mark.parametrize("code", ["tea_time", "limit_area"])
def test_a_status_that_does_not_refuse_never_does_whatever_the_code(status: int, code: str) -> None:
    said = {"type": f"urn:keepclear:problem:{code}", "code": code}
    error = read_problem(status, PROBLEM, json.dumps(said).encode())
    assert isinstance(error, Unavailable) and not isinstance(error, Refused)
    assert (error.code, error.status) == (code, status)


@pytest.mark.req("R-094")
@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"code":7}', b'{"code":"NOT A CODE"}', b"\xff"])
@pytest.mark.parametrize("status", [403, 502])
def test_what_is_no_problem_document_is_not_the_hotlines(body: bytes, status: int) -> None:
    error = read_problem(status, PROBLEM, body)
    assert (error.code, type(error)) == ("unreachable", Unavailable)


@pytest.mark.req("R-094")
@pytest.mark.parametrize("type_", [None, "x", "about:blank", "urn:keepclear:problem:other"])
@pytest.mark.parametrize("code", ["teapot", "not_found"])
def test_a_gateways_problem_document_is_not_the_hotlines(type_: str | None, code: str) -> None:
    said = {"code": code, "detail": "short and stout", "status": 418} | ({} if type_ is None else {"type": type_})
    error = read_problem(418, PROBLEM, json.dumps(said).encode())
    assert isinstance(error, Unavailable) != ((type_, code) == (None, "not_found"))


@pytest.mark.parametrize("media", ["", "text/html", "application/json", "application/problem+xml"])
def test_a_problem_of_another_media_type_is_not_the_hotlines(media: str) -> None:
    error = read_problem(403, media, b'{"code":"key_revoked"}')
    assert (error.code, type(error)) == ("unreachable", Unavailable)


@pytest.mark.parametrize("status", [100, 199, 204, 206, 302, 307, 600])
def test_a_problem_with_a_status_that_is_none_is_not_the_hotlines(status: int) -> None:
    assert type(read_problem(status, PROBLEM, b'{"code":"key_revoked"}')) is Unavailable


@pytest.mark.parametrize("media", ["", "text/html", "text/event-stream", PROBLEM])
def test_an_answer_of_another_media_type_is_not_the_hotlines(media: str) -> None:
    submission = world.submission("north")
    with pytest.raises(Unavailable) as failed:
        exchange.read(exchange.submit(submission), 201, media, receipt(submission))
    assert failed.value.code == "unreachable"


BROKEN = [b"", b"[]", b"{}", b"<html>", b'{"at":"x"}', b'{"at":"' + EPOCH.encode() + b'-01"}', b'{"receipt":7}']


@pytest.mark.parametrize("body", BROKEN)
def test_an_answer_of_another_shape_is_not_the_hotlines_and_no_evidence(body: bytes) -> None:
    submission = world.submission("north")
    calls: tuple[Any, ...] = (
        exchange.submit(submission),
        exchange.notices(),
        exchange.conflicts(),
        exchange.conflict("A" * 43),
        exchange.notice("A" * 22),
    )
    for call in calls:
        with pytest.raises(Unavailable) as failed:
            exchange.read(call, 200, JSON_TYPE, body)
        assert failed.value.code == "unreachable"


def test_the_views_are_read() -> None:
    at = f"{EPOCH}-3"
    row = {"id": "i", "revision": 2, "sha256": "s", "state": "live", "more": 1}
    page = {"at": at, "notices": [row], "next": "a.b"}
    notices = exchange.read(exchange.notices(), 200, JSON_TYPE, json.dumps(page).encode())
    assert (notices.at, notices.notices[0].revision, notices.next) == (Cursor(EPOCH, 3), 2, "a.b")
    assert exchange.notices("a.b").target == "/v1/notices?after=a.b"
    entry = {"conflict": "A" * 43, "version": 3, "alert": "h", "state": "open", "acknowledgements": ["k"]}
    index = exchange.read(
        exchange.conflicts(), 200, JSON_TYPE, json.dumps({"at": at, "conflicts": [entry], "next": None}).encode()
    )
    assert (index.conflicts[0].version, index.conflicts[0].acknowledgements, index.next) == (3, ("k",), None)
    told = {"conflict": "A" * 43, "alert": "a", "presentation": None, "cause": None, "acknowledgements": ["k"]}
    body = json.dumps({"at": at, "conflicts": [told], "more": True}).encode()
    conflicts = exchange.read(exchange.conflict("A" * 43), 200, JSON_TYPE, body)
    assert conflicts.conflicts[0].object == AlertObject("a", None, None) and conflicts.more
    assert conflicts.conflicts[0].acknowledgements == ("k",)
    for ids in ((), ("x",), ("A" * 43,) * 33):
        with pytest.raises(Malformed):
            exchange.conflict(*ids)
    view = exchange.read(
        exchange.notice("A" * 22), 200, JSON_TYPE,
        json.dumps({"at": at, "notice": "n", "withdrawal": None, "receipt": "r"}).encode(),
    )  # fmt: skip
    assert (view.notice, view.receipt) == ("n", "r")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["at", "notices", "conflicts", "alert", "presentation", "cause", "acknowledgements", "id",
                         "revision", "sha256", "state", "receipt", "alerts", "notice", "withdrawal", "code"]),
        inner, max_size=5,
    ),
    max_leaves=12,
)  # fmt: skip


@given(JSON, st.sampled_from([200, 201, 400, 409, 500, 503]))
def test_no_answer_raises_anything_but_our_errors(value: object, status: int) -> None:
    body = json.dumps(value).encode()
    media = JSON_TYPE if status < 400 else PROBLEM
    calls: tuple[Any, ...] = (
        exchange.notices(),
        exchange.conflicts(),
        exchange.conflict("A" * 43),
        exchange.notice("A" * 22),
        exchange.withdraw("x"),
    )
    for call in calls:
        try:
            exchange.read(call, status, media, body)
        except KeepclearError:
            continue


def event(name: str, data: object, retry_ms: int | None = None) -> ServerEvent:
    return ServerEvent(name, json.dumps(data), None, retry_ms)


def test_events_are_read() -> None:
    told = {"alert": "a", "presentation": "p", "cause": None}
    assert read_arrival(event("alert", told)) == AlertArrived(AlertObject("a", "p", None))
    assert read_arrival(event("acknowledgement", {"acknowledgement": "k"})) == AcknowledgementArrived("k")
    assert read_arrival(event("notice", {"withdrawal": "w", "receipt": "r"})) == NoticeArrived(None, "w", "r")
    assert read_arrival(event("gap", {"reason": "trimmed", "resume_at": "x"})) == GapArrived("trimmed")
    assert read_arrival(event("drain", {}, 700)) == DrainArrived(700)
    assert read_arrival(event("heartbeat", {})) == Passing("heartbeat")


@given(st.sampled_from(["alert", "acknowledgement", "notice", "gap"]), JSON)
def test_an_event_that_cannot_be_read_is_told_not_dropped(name: str, data: object) -> None:
    arrival = read_arrival(event(name, data))
    assert arrival is not None
    if not isinstance(data, dict):
        assert isinstance(arrival, Unreadable) and arrival.detail.startswith(name)


def test_no_answer_that_a_counterpart_can_make_grow_passes_the_bounds_of_this_side() -> None:
    def signed(payload_bytes: int) -> int:
        return payload_bytes * 4 // 3 + 400  # base64url, the header and the signature

    answers = 2 * (1 + 1 + 8) * signed(ACKNOWLEDGEMENT.max_payload_bytes)  # R-081, of both parties
    alert = signed(ALERT.max_payload_bytes) + MAX_SUBMISSION_BYTES + signed(WITHDRAWAL.max_payload_bytes)
    assert alert + answers < MAX_ANSWER_BYTES  # a conflict that has an answer for itself
    assert alert < MAX_EVENT_BYTES
    row = 300 + 2 * (1 + 1 + 8) * 50
    assert 256 * row < MAX_ANSWER_BYTES
