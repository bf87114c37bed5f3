"""Who gets nothing from a console: other names for its address, other origins, used links, half a session, strangers.

All of it by raw HTTP to a running console, as somebody would who can reach its port: every process of the machine.
"""

import contextlib
import json
import os
import resource
import signal
import socket
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from keepclear.console.access import MAX_SESSIONS, SESSION_S, TOKEN_S, Access, Role, start_token
from keepclear.console.guard import HEADERS, POLICY
from keepclear.console.peers import HEAD_S, MAX_OF_OURS, user_of
from keepclear.console.post import FILE, running
from keepclear.console.refusals import Refusal
from keepclear_protocol.errors import LocalError
from support.consoles import JSON, Caller, Listening, RunningConsole, running_console, token_of
from support.rawhttp import Answer, exchange, request
from support.world import World

NOWHERE = "http://127.0.0.1:9"
READS = ("/api/stream", "/basemap", "/api/no-such-door")
DEEDS = ("/api/acknowledge", "/api/shown", "/api/watch/begin", "/api/watch/end", "/api/filing/send", "/api/filing/file")


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningConsole]:
    with running_console(World(), tmp_path_factory.mktemp("console"), "north", NOWHERE, "--wall") as running:
        yield running


@pytest.fixture(scope="module")
def officer(console: RunningConsole) -> Caller:
    return console.enter()


def asked(
    console: RunningConsole, method: str, path: str | bytes, *headers: str, body: bytes = b"", host: str = ""
) -> Answer:
    answer = exchange(
        console.url,
        request(method, path, *headers, f"Content-Length: {len(body)}", "Connection: close", body=body,
                host=host or f"127.0.0.1:{console.port}"),
    )  # fmt: skip
    assert answer is not None
    return answer


def of(caller: Caller) -> list[str]:
    return [f"{name}: {value}" for name, value in caller.headers.items()]


@pytest.mark.parametrize("path", ["/", "/api/stream", "/api/session", "/words/en.json"])
@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "127.0.0.1:1", "localhost.evil.example:{}", "[::1]:{}"])
def test_a_name_that_was_made_to_point_here_gets_nothing(
    console: RunningConsole, officer: Caller, path: str, host: str
) -> None:
    for method in ("GET", "POST"):
        answer = asked(console, method, path, *of(officer), host=host.format(console.port))
        assert (answer.status, answer.code) == (421, "host")
    assert asked(console, "GET", "/", host=f"localhost:{console.port}").status == 200


def test_two_hosts_or_none_get_nothing(console: RunningConsole, officer: Caller) -> None:
    own = f"127.0.0.1:{console.port}"
    for head in (f"Host: {own}\r\nHost: evil.example", ""):
        answer = exchange(console.url, f"GET / HTTP/1.1\r\n{head}\r\nConnection: close\r\n\r\n".encode())
        assert answer is not None and answer.status in (400, 421)
    answer = exchange(console.url, f"GET http://evil.example/ HTTP/1.1\r\nHost: {own}\r\n\r\n".encode())
    assert answer is not None and answer.status == 404


@pytest.mark.parametrize(
    "said",
    [
        "Origin: http://evil.example", "Origin: null", "Origin: http://127.0.0.1:1", "Origin: https://127.0.0.1:{}",
        "Origin: http://localhost:{}", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site",
    ],
)  # fmt: skip
def test_a_page_of_another_origin_gets_nothing_with_both_secrets(
    console: RunningConsole, officer: Caller, said: str
) -> None:
    headers = [line for line in of(officer) if not line.startswith("Sec-Fetch")]
    for method, path in [*(("GET", path) for path in READS), *(("POST", path) for path in DEEDS)]:
        answer = asked(console, method, path, *headers, said.format(console.port), JSON_LINE, body=b"{}")
        assert (answer.status, answer.code) == (403, "origin"), path
    answer = asked(console, "POST", "/api/session", said.format(console.port), JSON_LINE, body=b"{}")
    assert (answer.status, answer.code) == (403, "origin")
    answer = asked(console, "OPTIONS", "/api/acknowledge", said.format(console.port))
    assert answer.status == 403
    assert not [name for name, _ in answer.headers if name.startswith("access-control")]


JSON_LINE = "Content-Type: application/json"


def test_a_link_to_the_page_may_stand_anywhere_and_shows_nothing(console: RunningConsole) -> None:
    answer = asked(console, "GET", "/", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Dest: document")
    assert answer.status == 200
    for dest in ("iframe", "script", "empty"):
        answer = asked(console, "GET", "/", "Sec-Fetch-Site: cross-site", f"Sec-Fetch-Dest: {dest}")
        assert answer.code == "origin"
    assert asked(console, "GET", "/api/stream", "Sec-Fetch-Site: none", "Sec-Fetch-Dest: document").code == "session"


@pytest.mark.parametrize("path", [*READS, *DEEDS])
def test_half_a_session_is_none(console: RunningConsole, officer: Caller, path: str) -> None:
    cookie, key = f"Cookie: {officer.cookie}", f"Keepclear-Page: {officer.page_key}"
    other = console.enter()
    halves = [
        [], [cookie], [key], [cookie, "Keepclear-Page: "], [cookie, f"Keepclear-Page: {other.page_key}"],
        [f"Cookie: {other.cookie}", key], [cookie.replace(str(console.port), str(console.port + 1)), key],
        [cookie[:-1], key], [cookie, key.upper().replace("KEEPCLEAR-PAGE", "Keepclear-Page")],
    ]  # fmt: skip
    for headers in halves:
        method = "GET" if path in READS else "POST"
        answer = asked(console, method, path, *headers, JSON_LINE, body=b"{}")
        assert (answer.status, answer.code) == (401, "session"), headers
    planted = [f"Cookie: keepclear-{console.port}=planted; {officer.cookie}", key]
    assert asked(console, "GET", "/api/no-such-door", *planted).code == "not_found"


def test_a_start_link_works_once_and_not_for_long(console: RunningConsole) -> None:
    token = token_of(console.another())

    def enter(token: object) -> Answer:
        return asked(console, "POST", "/api/session", JSON_LINE, body=json.dumps({"token": token}).encode())

    assert enter(token).status == 200
    secret = running(Path(console.env["KEEPCLEAR_DESK"])).secret
    late = start_token(secret, "officer", time.time() - TOKEN_S - 2)
    forged = start_token(bytes(32), "officer", time.time())
    spelled = token[:-1] + chr(ord(token[-1]) ^ 1)
    for wrong in (token, late, forged, spelled, token + "=", token[:20], "", "é", None, 7, [token], {"a": 1}):
        assert (enter(wrong).status, enter(wrong).code) == (403, "start_link"), wrong


def test_another_link_in_the_same_browser_leaves_its_pages_what_they_are(console: RunningConsole) -> None:
    first = console.enter()
    assert first.post("/api/watch/begin", {"officer": "duty-7"}).status_code == 200
    jar, keys = [first.cookie], {"officer": first.page_key}

    def opened(role: Role, held: object) -> Answer:
        body = json.dumps({"token": token_of(console.another(role)), "held": held}).encode()
        return asked(console, "POST", "/api/session", JSON_LINE, f"Cookie: {'; '.join(jar)}", body=body)

    def cookie_of(answer: Answer) -> str:
        return dict(answer.headers)["set-cookie"].partition(";")[0]

    again = opened("officer", keys)
    assert (json.loads(again.body)["page_key"], cookie_of(again)) == (first.page_key, first.cookie)
    wall = opened("wall", keys)
    assert cookie_of(wall).partition("=")[0] != first.cookie.partition("=")[0], "an officer's cookie is not taken away"
    jar.append(cookie_of(wall))
    wall_key = json.loads(wall.body)["page_key"]
    both = {"Cookie": "; ".join(jar)}
    assert first.post("/api/watch/begin", {"officer": "duty-7"}, **both).json()["officer"] == "duty-7"
    refused = first.post("/api/watch/begin", {"officer": "duty-7"}, **both, **{"Keepclear-Page": wall_key})
    assert refused.json()["code"] == "wall"
    # What is not proved is not gone on with, and no session changes its role.
    unproved: list[Any] = [{"officer": "x"}, {"officer": wall_key}, {"wall": first.page_key}, [], None, {"officer": 7}]
    for held in unproved:
        assert json.loads(opened("officer", held).body)["page_key"] not in (first.page_key, wall_key)


def test_a_cookie_is_for_no_script_and_no_other_site(console: RunningConsole) -> None:
    body = json.dumps({"token": token_of(console.another())}).encode()
    answer = asked(console, "POST", "/api/session", JSON_LINE, body=body)
    (cookie,) = [value for name, value in answer.headers if name == "set-cookie"]
    name, *attributes = [part.strip().lower() for part in cookie.split(";")]
    assert name.startswith(f"keepclear-{console.port}=")
    assert {"httponly", "samesite=strict", "path=/"} <= set(attributes)
    assert not [one for one in attributes if one.startswith("domain")]


def test_a_wall_only_reads(console: RunningConsole) -> None:
    wall = console.enter(console.another("wall"))
    page = Listening(wall)
    assert page.until(lambda heard: heard.picture)["session"]["role"] == "wall"
    page.close()
    for path in DEEDS:
        answer = wall.post(path)
        assert (answer.status_code, answer.json()["code"]) == (403, "wall"), path


@pytest.mark.parametrize("path", DEEDS)
def test_a_form_of_another_page_is_no_deed(console: RunningConsole, officer: Caller, path: str) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""):
        answer = officer.post(path, {}, **{"Content-Type": kind})
        assert (answer.status_code, answer.json()["code"]) == (415, "content_type"), kind


def test_what_is_no_json_object_or_too_long_is_refused(console: RunningConsole, officer: Caller) -> None:
    for body, code in ((b"", "json"), (b"[]", "request"), (b"\xff", "json"), (b"[" * 50_000, "json"), (b"NaN", "json")):
        answer = officer.http.post("/api/watch/begin", content=body, headers={**JSON, **officer.headers})
        assert answer.json()["code"] == code, body[:9]
    long = b'{"officer": "' + b"a" * 70_000 + b'"}'
    answer = officer.http.post("/api/watch/begin", content=long, headers={**JSON, **officer.headers})
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    for wrong in (1, [[1, "a"]], [["a", True]], [["a", 1]] * 1001):
        assert officer.post("/api/shown", {"conflicts": wrong}).json()["code"] == "request"


@pytest.mark.parametrize(
    "path",
    [
        "/../../cli/main.py", "/..%2f..%2fcli/main.py", "/%2e%2e/console.py", "/words/../app.js", "/.hidden.js",
        "/vendor/", "//etc/passwd", "/words/..%2f..%2f.json", "/words/en%00.json", "/console.py", "/app.js/", "/page",
        "/a\\..\\b.js",
    ],
)  # fmt: skip
def test_no_path_leads_out_of_the_page(console: RunningConsole, path: str) -> None:
    answer = asked(console, "GET", path)
    assert (answer.status, answer.code) == (404, "not_found")


def test_every_answer_keeps_the_page_to_itself(console: RunningConsole, officer: Caller) -> None:
    answers = [
        asked(console, "GET", "/"), asked(console, "GET", "/nowhere.js"), asked(console, "GET", "/words/en.json"),
        asked(console, "GET", "/api/stream"), asked(console, "POST", "/", body=b"x"),
        asked(console, "GET", "/", host="evil.example"),
    ]  # fmt: skip
    for answer in answers:
        said = dict(answer.headers)
        assert {name: said.get(name) for name in HEADERS} == HEADERS, answer
        assert "server" not in said and not [name for name in said if name.startswith("access-control")]
    assert "unsafe" not in POLICY and "http" not in POLICY
    assert dict(answers[0].headers)["cache-control"] == "no-cache"
    assert dict(answers[3].headers)["cache-control"] == "no-store"


def test_a_second_user_of_the_machine_finds_no_secret(console: RunningConsole) -> None:
    folder = Path(console.env["KEEPCLEAR_DESK"])
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / FILE).stat().st_mode) == 0o600
    arguments = Path(f"/proc/{console.process.pid}/cmdline").read_bytes()
    secret = json.loads((folder / FILE).read_bytes())["secret"]
    assert secret.encode() not in arguments and token_of(console.links[0]).encode() not in arguments
    sockets = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    listening = {fields[1] for fields in sockets if fields[3] == "0A"}
    assert f"0100007F:{console.port:04X}" in listening and f"00000000:{console.port:04X}" not in listening


def test_one_console_stands_at_a_desk_and_a_dead_ones_port_is_named_to_nobody(tmp_path: Path) -> None:
    with running_console(World(), tmp_path, "north", NOWHERE) as console:
        folder = Path(console.env["KEEPCLEAR_DESK"])
        assert running(folder).port == console.port
        kept = (folder / FILE).read_bytes()
        console.process.kill()
        console.process.wait()
        assert (folder / FILE).read_bytes() == kept
        with pytest.raises(LocalError, match="no console of this desk runs"):
            running(folder)
    with pytest.raises(LocalError, match="no console of this desk runs"):
        running(tmp_path / "nowhere")


def test_sessions_end_and_are_counted() -> None:
    now = time.time()
    access = Access(bytes(32), lambda: now)
    first = access.admit(start_token(bytes(32), "officer", now))
    assert access.session([first.cookie], first.page_key) is first.session
    now += SESSION_S - 1
    assert access.session(["other", first.cookie], first.page_key) is first.session
    now += SESSION_S + 1
    with pytest.raises(Refusal):
        access.session([first.cookie], first.page_key)
    admitted = [access.admit(start_token(bytes(32), "wall", now)) for _ in range(MAX_SESSIONS + 1)]
    with pytest.raises(Refusal):
        access.session([admitted[0].cookie], admitted[0].page_key)
    assert access.session([admitted[1].cookie], admitted[1].page_key).role == "wall"


@pytest.mark.skipif(os.getuid() != 0, reason="only root can ask as another user")
def test_another_user_can_open_neither_folder_nor_file(console: RunningConsole) -> None:
    folder = Path(console.env["KEEPCLEAR_DESK"])
    child = os.fork()
    if child == 0:
        os.setgid(65534)
        os.setuid(65534)
        try:
            (folder / FILE).read_bytes()
        except OSError:
            os._exit(0)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_who_says_nothing_is_cut(console: RunningConsole, officer: Caller) -> None:
    silent = socket.create_connection(("127.0.0.1", console.port), timeout=HEAD_S * 3)
    half = socket.create_connection(("127.0.0.1", console.port), timeout=HEAD_S * 3)
    host = f"Host: 127.0.0.1:{console.port}"
    half.sendall(f"GET /nowhere.js HTTP/1.1\r\n{host}\r\n\r\n".encode())
    assert half.recv(65536).startswith(b"HTTP/1.1 404")
    half.sendall(b"GET / HT")
    for connection in (silent, half):
        with contextlib.suppress(ConnectionResetError):
            while connection.recv(65536):
                pass
        connection.close()
    assert officer.get("/api/no-such-door").json()["code"] == "not_found"


@pytest.mark.skipif(os.getuid() != 0, reason="only root can ask as another user")
def test_another_user_s_connections_keep_no_page_from_its_deeds(console: RunningConsole, officer: Caller) -> None:
    _, most = resource.prlimit(console.process.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(console.process.pid, resource.RLIMIT_NOFILE, (MAX_OF_OURS, most))
    asks, tells = os.pipe()
    child = os.fork()
    if child == 0:
        os.setgid(65534)
        os.setuid(65534)
        held = [socket.create_connection(("127.0.0.1", console.port)) for _ in range(MAX_OF_OURS + 40)]
        body = f"POST /api/session HTTP/1.1\r\nHost: 127.0.0.1:{console.port}\r\nContent-Type: application/json\r\n"
        for connection in held:
            with contextlib.suppress(OSError):
                connection.sendall(f"{body}Content-Length: 9\r\n\r\n".encode())
        os.write(tells, b".")
        signal.pause()
    try:
        os.read(asks, 1)
        for _ in range(3):
            assert console.enter().post("/api/watch/begin", {"officer": "duty-1"}).status_code == 200
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def test_the_kernel_tells_whose_a_connection_is() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::ffff:127.0.0.1")):
            with socket.socket(family) as one:
                one.connect((host, port))
                with listener.accept()[0] as other:
                    assert user_of(other.getpeername(), other.getsockname()) == os.getuid()
    assert user_of(("127.0.0.1", 1), ("127.0.0.1", port)) is None
