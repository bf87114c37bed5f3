"""Two clients that were written apart meet on a real line, each by the commands that a party would type.

`north` runs the JavaScript client, written from SPEC and vectors alone; `south` types ``keepclear``, which runs in this
process. Between them is the real service over its embedded store. One story: they file, are alerted, answer each other,
amend, confirm a closing and withdraw, and each verifies what the other has signed. Then a proxy on north's line changes
one byte of what the service says, and north's client refuses it loudly.
"""

import http.client
import json
import os
import queue
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from support.node import node_program
from support.program import Done, keepclear

REPOSITORY = Path(__file__).resolve().parents[2]
CLIENT = REPOSITORY / "clients" / "javascript" / "bin" / "keepclear.js"
PROGRAMS = Path(sys.executable).parent
WAIT_S = 60
Said = dict[str, Any]


def run(*words: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": f"{PROGRAMS}:/usr/bin:/bin"}
    return subprocess.run(
        [str(word) for word in words], capture_output=True, text=True, timeout=WAIT_S, env=environment, cwd=cwd
    )


def good(done: subprocess.CompletedProcess[str] | Done, *codes: int) -> str:
    assert done.returncode in (codes or (0,)), done
    return done.stdout


@dataclass
class Line:
    """A founded line in a folder, its service running; north's and south's commands over it."""

    folder: Path
    node: str
    port: int
    south_root: str

    def keepclear(self, *words: str | Path, **env: str) -> Done:
        with mock.patch.dict(os.environ, env):
            return keepclear(*map(str, words), folder=self.folder)

    def south(self, *words: str | Path) -> Done:
        env = {
            "KEEPCLEAR_AGREEMENT": "hotline.json", "KEEPCLEAR_ROOT": self.south_root,
            "KEEPCLEAR_KEY": "south-desk.key", "KEEPCLEAR_DESK": "south",
        }  # fmt: skip
        return self.keepclear(*words, **env)

    def north_words(self, *words: str | Path) -> list[str]:
        return [self.node, str(CLIENT), *map(str, words), "--desk", "north", "--key", "north-desk.key"]

    def north(self, *words: str | Path) -> subprocess.CompletedProcess[str]:
        return run(*self.north_words(*words), cwd=self.folder)

    def plan(self, name: str, latitude: float) -> Path:
        """A corridor along a parallel in two hours: plans at one latitude conflict, at others they do not."""
        start = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=2)
        times = {
            f"time_{end}": {"value": (start + timedelta(minutes=m)).strftime("%Y-%m-%dT%H:%M:%SZ"), "format": "RFC3339"}
            for end, m in (("start", 0), ("end", 20))
        }
        path = [{"lat": latitude, "lng": lng} for lng in (37.5, 38.5)]
        volume = {"outline_corridor": {"path": path, "half_width": {"value": 4000, "units": "M"}}}
        levels = (("lower", 180), ("upper", 200))
        band = {f"altitude_{end}": {"value": level, "reference": "FL", "units": "FL"} for end, level in levels}
        file = self.folder / f"{name}.json"
        file.write_text(json.dumps([{"volume": {**volume, **band}, **times}]))
        return file


def make_agreement(line: Line, origin: str) -> None:
    heard, public = {}, {}
    for name in ("north-root", "north-desk", "south-root", "south-desk", "service"):
        made = json.loads(good(run(line.node, CLIENT, "keygen", "--out", f"{name}.key", cwd=line.folder)))
        public[name], heard[name] = made["public"], made["fingerprint"]
    parties = [
        word for party in ("north", "south")
        for word in ("--party", f"{party}={public[f'{party}-root']}", "--key", f"{party}={public[f'{party}-desk']}")
    ]  # fmt: skip
    good(
        line.keepclear(
            "agreement", "init", "--out", "hotline.json", "--name", "Synthetic", "--service-origin", origin,
            "--service-key", public["service"], *parties, "--category", "flight=5NM,2000ft",
        )
    )  # fmt: skip
    for key, others in (("north-root", ["south"]), ("south-root", ["north"]), ("service", ["north", "south"])):
        heards = [word for other in others for word in ("--heard", f"{other}={heard[f'{other}-root']}")]
        good(line.keepclear("agreement", "sign", "hotline.json", "--key", f"{key}.key", *heards))
    line.south_root = public["south-root"]
    check = ("check", "hotline.json", "--root", public["north-root"], "--heard")
    wrong = line.north(*check, f"south={heard['north-root']}")
    assert wrong.returncode == 1 and '"fingerprint"' in wrong.stderr, "digits of another root install nothing"
    good(line.north(*check, f"south={heard['south-root']}"))


@pytest.fixture
def line(tmp_path_factory: pytest.TempPathFactory, require: Callable[[str, str], None]) -> Iterator[Line]:
    """A line that was founded, and its service."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    line = Line(tmp_path_factory.mktemp("two"), node_program(require), port, "")
    make_agreement(line, f"http://127.0.0.1:{port}")
    service = PROGRAMS / "keepclear-service"
    good(run(service, "found", "--agreement", "hotline.json", "--embedded", "store", cwd=line.folder))
    words = ["run", "--key", "service.key", "--agreement", "hotline.json", "--embedded", "store"]
    words += ["--port", str(port), "--metrics-port", "-1"]
    with (line.folder / "service.log").open("w") as log:
        process = subprocess.Popen([service, *words], stdout=subprocess.PIPE, stderr=log, text=True, cwd=line.folder)
    try:
        assert process.stdout is not None
        assert "listening" in process.stdout.readline(), (line.folder / "service.log").read_text()
        yield line
    finally:
        process.terminate()
        process.communicate(timeout=WAIT_S)


class Watching:
    """North's client as it watches: every line that it says, on either output, as it comes."""

    def __init__(self, line: Line, *words: str) -> None:
        pipe = subprocess.PIPE
        command = line.north_words("watch", *words)
        self.process = subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, cwd=line.folder)
        self.said: queue.Queue[Said] = queue.Queue()
        self.heard: list[Said] = []
        pipes = (self.process.stdout, self.process.stderr)
        self.ears = [threading.Thread(target=self._gather, args=(pipe,)) for pipe in pipes]
        for ear in self.ears:
            ear.start()

    def _gather(self, pipe: Any) -> None:
        with pipe:
            for text in pipe:
                self.said.put(json.loads(text))

    def expect(self, **members: Any) -> Said:
        """Wait for a line with these members, and return it."""
        while True:
            try:
                said = self.said.get(timeout=WAIT_S)
            except queue.Empty:
                raise AssertionError(f"never said {members}, but {self.heard}") from None
            self.heard.append(said)
            if all(said.get(name) == value for name, value in members.items()):
                return said

    def __enter__(self) -> "Watching":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(WAIT_S)
        for ear in self.ears:
            ear.join(WAIT_S)


class Tampering(ThreadingHTTPServer):
    """A proxy before the service that changes one byte of the statement under ``member``, wherever it passes."""

    daemon_threads = True

    def __init__(self, port: int, member: str) -> None:
        self.upstream = port
        self.pattern = re.compile(rb'("%s":\s*"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{40})([A-Za-z0-9_-])' % member.encode())
        self.changed = 0
        super().__init__(("127.0.0.1", 0), TamperingHandler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def tamper(self, line: bytes) -> bytes:
        line, count = self.pattern.subn(lambda found: found[1] + (b"A" if found[2] != b"A" else b"B"), line)
        self.changed += count
        return line

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


class TamperingHandler(BaseHTTPRequestHandler):
    """Hands every request on, and the answer back line by line."""

    server: Tampering

    def relay(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        upstream = http.client.HTTPConnection("127.0.0.1", self.server.upstream, timeout=WAIT_S)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")}
        upstream.request(self.command, self.path, body or None, headers)
        answer = upstream.getresponse()
        self.send_response(answer.status)
        self.send_header("content-type", answer.headers["content-type"])
        self.send_header("connection", "close")
        self.end_headers()
        try:
            while text := answer.readline():
                self.wfile.write(self.server.tamper(text))
                self.wfile.flush()
        except OSError:
            pass  # the client has heard enough
        finally:
            upstream.close()
        self.close_connection = True

    do_GET = do_POST = relay

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.mark.req("R-027", "R-074", "R-077", "R-082", "R-085", "R-105")
def test_a_client_written_from_spec_alone_and_ours_keep_each_other_clear(line: Line) -> None:
    good(line.south("submit", line.plan("south", 35.6), "--category", "flight"))
    filed = line.north("submit", line.plan("north", 35.6), "--category", "flight")
    receipt, conflict = [json.loads(text) for text in good(filed, 3).splitlines()]
    assert (receipt["alerts"], conflict["standing"], conflict["severity"]) == (1, "OPEN", "overlap")
    name = conflict["conflict"]

    with Watching(line) as watching:
        watching.expect(event="alert", conflict=name, standing="OPEN")

        # Each officer's answer reaches the other side, verified there.
        assert conflict["code"] in line.south("watch", "--once").stdout, "both desks say the same code aloud"
        good(line.south("ack", name, "--officer", "south-duty"))
        answer = watching.expect(event="acknowledgement", **{"from": "south"}, stage="acknowledged")
        assert (answer["verified"], answer["verdict"], answer["officer"]) == (True, "verified", "south-duty")
        good(line.north("ack", name, "--officer", "north-duty"))
        (told,) = json.loads(good(line.south("conflicts", "--json")))["conflicts"]
        assert told["theirs"]["acknowledged_by"] == "north-duty"

        # South flies elsewhere: a hidden revision cannot prove that, but south's desk can say that it recomputed it.
        (own,) = json.loads(good(line.south("notices", "--json")))["notices"]
        good(line.south("amend", own["id"], line.plan("south-2", 39.6)))
        watching.expect(event="alert", conflict=name, standing="CLOSED NOT CONFIRMED", reason="amended")
        line.south("watch", "--once")
        watching.expect(event="acknowledgement", **{"from": "south"}, verdict="verified", standing="CLOSED")

        # And back, and then not at all: the withdrawal is the cause, under south's own signature.
        good(line.south("amend", own["id"], line.plan("south-3", 35.6)), 3)
        watching.expect(event="alert", conflict=name, standing="OPEN")
        good(line.south("withdraw", own["id"]))
        watching.expect(event="alert", conflict=name, standing="CLOSED", reason="withdrawn")

        # North ends its own as well: south's desk takes the withdrawal, and the list of north's desk is of one closed.
        good(line.north("withdraw", receipt["id"]))
    assert '"standing":"CLOSED"' in good(line.north("conflicts"))

    # One id in 64 begins with a hyphen: it is an id wherever it stands, and no option.
    odd, amending = "-" + "h" * 21, ("submit", line.plan("north-odd", 10), "--category", "flight", "--amend")
    for words, code in ((("withdraw", odd), "not_found"), ((*amending, odd), "not_found"),
                        (("ack", odd, "--officer", "north-duty"), "conflict_unknown")):  # fmt: skip
        assert json.loads(line.north(*words).stderr)["code"] == code

    # One byte altered on the way to north: the receipt, an alert, the first word of the stream.
    with Tampering(line.port, "receipt") as proxy:
        refused = line.north("submit", line.plan("north-2", 10), "--category", "flight", "--address", proxy.address)
        assert refused.returncode == 1 and proxy.changed == 1
        assert json.loads(refused.stderr.splitlines()[0])["code"] == "evidence"
    with Tampering(line.port, "alert") as proxy, Watching(line, "--address", proxy.address) as watching:
        watching.expect(event="line", state="open")
        good(line.south("submit", line.plan("south-4", 10), "--category", "flight"), 3)
        assert watching.expect(event="refused")["code"] == "evidence"
        assert proxy.changed == 1
    with Tampering(line.port, "open") as proxy, Watching(line, "--address", proxy.address) as watching:
        assert watching.expect(event="line", state="lost")["code"] == "unreachable"
        assert proxy.changed >= 1
