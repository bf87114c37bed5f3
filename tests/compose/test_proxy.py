"""What the proxy lets through and what it does not, from outside, and what the service then gets to see."""

import contextlib
import json
import re
import select
import socket
import ssl
import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any

import httpx2
import pytest
from keepclear import Client, Tls
from keepclear.keystore import load_private_key
from keepclear_protocol.agreement import open_agreement

from compose.parties import Outsider, next_place
from compose.stack import REPLICAS, Stack

pytestmark = pytest.mark.timeout(1200)

SMUGGLED = {
    "Client-Cert": ":MIIB:",
    "Client-Cert-Chain": ":MIIB:",
    "X-Client-Cert": "MIIB",
    "X-SSL-Client-Verify": "SUCCESS",
    "X-SSL-Client-S-DN": "CN=israel",
    "X-Forwarded-Client-Cert": "Hash=00;Subject=CN=israel",
    "X-Forwarded-For": "127.0.0.1",
    "X-Forwarded-Host": "elsewhere",
    "X-Forwarded-Proto": "http",
    "X-Real-IP": "127.0.0.1",
    "X-Original-URL": "/readyz",
    "Forwarded": "for=127.0.0.1",
    "Via": "1.1 elsewhere",
    "Cookie": "party=israel",
    "Transfer_Encoding": "chunked",
}
PASSED = set("host accept accept-encoding authorization content-type content-length last-event-id user-agent".split())
PASSED.add("x-request-id")  # the proxy's own
ECHO = """
import http.server, json
class Echo(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        body = json.dumps([[n.lower(), v] for n, v in self.headers.items()]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
http.server.ThreadingHTTPServer(("", 8700), Echo).serve_forever()
"""
HEADER_TIMEOUT_S = 10
BODY_TIMEOUT_S = 40
CAP = 128
"""Connections of one address that have asked for something."""
CAP_BEFORE = 220
"""Connections of one address, whatever they have said."""
WITHIN_S = 20.0


@pytest.fixture
def http(stack: Stack) -> Iterator[httpx2.Client]:
    with stack.http() as client:
        yield client


def problem(answer: httpx2.Response) -> str:
    assert answer.headers["content-type"] == "application/problem+json"
    assert set(answer.json()) == {"type", "title", "status", "detail", "code"}
    assert answer.json()["status"] == answer.status_code
    code: str = answer.json()["code"]
    return code


def handshake(stack: Stack, version: ssl.TLSVersion) -> str | None:
    context = ssl.create_default_context(cafile=str(stack.authority))
    context.minimum_version = context.maximum_version = version
    with socket.create_connection(("127.0.0.1", stack.port), timeout=5) as raw:
        with context.wrap_socket(raw, server_hostname="localhost") as secured:
            return secured.version()


def test_tls_1_3_alone_is_spoken(stack: Stack) -> None:
    assert handshake(stack, ssl.TLSVersion.TLSv1_3) == "TLSv1.3"
    with pytest.raises(ssl.SSLError, match="PROTOCOL_VERSION"):
        handshake(stack, ssl.TLSVersion.TLSv1_2)


def test_without_tls_nothing_is_answered(stack: Stack) -> None:
    with socket.create_connection(("127.0.0.1", stack.port), timeout=5) as raw:
        raw.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert b" 400 " in raw.recv(200)


def test_only_the_doors_are_open(http: httpx2.Client) -> None:
    assert http.get("/healthz").json() == {"status": "ok"}
    for hidden in ("/readyz", "/openapi.json", "/docs", "/", "/v2/notices", "/metrics"):
        answer = http.get(hidden)
        assert (answer.status_code, problem(answer)) == (404, "not_found")
    assert "nginx/" not in http.get("/readyz").headers["server"]


def test_the_services_own_errors_pass_unchanged(http: httpx2.Client) -> None:
    answer = http.post("/v1/notices", content=b"x", headers={"Content-Type": "application/sd-jwt"})
    assert (answer.status_code, problem(answer)) == (401, "not_authenticated")
    answer = http.post("/v1/notices", content=b"x", headers={"Content-Type": "text/plain"})
    assert (answer.status_code, problem(answer)) == (415, "content_type")
    answer = http.get("/v1/notices/unknown")
    assert (answer.status_code, problem(answer)) == (401, "not_authenticated")


def test_an_oversized_body_ends_at_the_proxy(stack: Stack, http: httpx2.Client) -> None:
    answer = http.post("/v1/notices", content=b"x" * 600_000, headers={"Content-Type": "application/sd-jwt"})
    assert (answer.status_code, problem(answer)) == (413, "too_large")
    logged = [json.loads(line[line.index("{"):]) for line in stack.compose("logs", "--no-color", "proxy").splitlines()
              if '"status":413' in line]  # fmt: skip
    assert logged[-1]["upstream"] == ""
    # One byte more than the protocol's largest is the service's to refuse, one that is as large is read.
    for size, status in ((512 * 1024 + 1, 413), (512 * 1024, 401)):
        answer = http.post("/v1/notices", content=b"x" * size, headers={"Content-Type": "application/sd-jwt"})
        assert answer.status_code == status


def test_large_headers_are_refused(http: httpx2.Client) -> None:
    assert http.get("/v1/notices", headers={"Authorization": "x" * 9_000}).status_code == 400


@contextmanager
def echo_instead_of_the_service(stack: Stack) -> Iterator[None]:
    """Stop both replicas, and put a server that tells what it was sent in the place of one."""
    image = stack.inspect("service-a")["Image"]
    stack.compose("stop", *REPLICAS)
    echo = stack.docker(
        "run", "--detach", "--rm", "--network", f"{stack.project}_line", "--network-alias", "service-a",
        "--entrypoint", "python", image, "-c", ECHO,
    ).strip()  # fmt: skip
    try:
        with stack.http() as http:
            assert eventually(lambda: http.post("/v1/notices", content=b"x").status_code == 200)
        yield
    finally:
        stack.docker("kill", echo)
        stack.compose("start", *REPLICAS)
        stack.wait_healthy(*REPLICAS, "proxy")


def test_of_a_requests_headers_only_the_needed_ones_reach_the_service(stack: Stack, http: httpx2.Client) -> None:
    given = {"Authorization": "Keepclear x", "Content-Type": "application/sd-jwt", "Last-Event-ID": "0", **SMUGGLED}
    with echo_instead_of_the_service(stack):
        answers = [http.post("/v1/notices?a=b", content=b"body", headers=given) for _ in range(12)]
    answered = [answer for answer in answers if answer.status_code == 200]
    assert len(answered) >= 6  # the proxy may know a stopped replica's address for two seconds more
    for answer in answered:  # by either choice of the first replica, also where the other one had to be asked
        names = [name for name, _ in answer.json()]
        assert set(names) == PASSED
        assert len(names) == len(PASSED)
        assert ["authorization", "Keepclear x"] in answer.json()
    answer = http.get("/v1/notices", headers=SMUGGLED)
    assert (answer.status_code, problem(answer)) == (401, "not_authenticated")


def test_with_no_replica_at_all_the_proxy_says_so(stack: Stack, http: httpx2.Client) -> None:
    stack.compose("stop", *REPLICAS)
    try:
        answer = http.get("/v1/notices")
        assert (answer.status_code, problem(answer)) == (503, "unreachable")
        assert answer.headers["retry-after"] == "1"
    finally:
        stack.compose("start", *REPLICAS)
        stack.wait_healthy(*REPLICAS, "proxy")


def test_the_stream_is_not_held_back(stack: Stack) -> None:
    """From the request of the other side's notice to the alert on our stream, through the proxy both ways."""
    israel, turkiye = Outsider(stack, "israel"), Outsider(stack, "turkiye")
    reach: dict[str, Any] = {"connect_to": stack.url, "tls": Tls(ca=stack.authority)}
    with (
        Client(israel.agreement, israel.key, **reach) as first,
        Client(turkiye.agreement, turkiye.key, **reach) as second,
    ):
        places = [next_place() for _ in range(10)]
        for place in places:
            second.submit(turkiye.notice(place))
        at = second.conflicts().at
        began = time.monotonic()
        with second.stream(at) as chunks, ThreadPoolExecutor(1) as pool:
            assert b"open" in next(chunks)
            opened = time.monotonic() - began
            waits = []
            for place in places:
                raw = israel.notice(place)
                sent = time.monotonic()
                receipt = pool.submit(first.submit, raw)
                while b"event: alert" not in next(chunks):
                    pass
                waits.append(time.monotonic() - sent)
                receipt.result()
    # Held back, an alert would come when later ones have filled the proxy's buffer: here each is waited for alone.
    assert opened < WITHIN_S and max(waits) < WITHIN_S
    stack.note(
        "time to the first byte of a stream, and from submit to the alert on it",
        f"{opened * 1000:.0f} ms; median {statistics.median(waits) * 1000:.0f} ms, max {max(waits) * 1000:.0f} ms",
    )


def test_connections_of_one_address_are_capped(stack: Stack, http: httpx2.Client) -> None:
    with ExitStack() as streams:
        for party in ("turkiye", "israel"):  # a party has at most 64 streams
            folder = stack.party(party)
            agreement = open_agreement((folder / "agreement.json").read_bytes())
            key = load_private_key(folder / "desk.key")
            client = streams.enter_context(Client(agreement, key, connect_to=stack.url, tls=Tls(ca=stack.authority)))
            at = client.conflicts().at
            for _ in range(CAP // 2):
                streams.enter_context(client.stream(at))
        answer = http.get("/v1/notices")
        assert (answer.status_code, problem(answer)) == (503, "busy")
    assert eventually(lambda: http.get("/v1/notices").status_code == 401)
    # Streams that are cut all at once must leave a replica as it was: it follows the log, and logs no fault.
    time.sleep(6)
    stack.wait_healthy(*REPLICAS)
    assert '"fault"' not in stack.compose("logs", "--no-color", *REPLICAS)


def test_who_does_not_finish_a_request_is_cut(stack: Stack) -> None:
    context = ssl.create_default_context(cafile=str(stack.authority))
    with socket.create_connection(("127.0.0.1", stack.port), timeout=HEADER_TIMEOUT_S + 5) as raw:
        with context.wrap_socket(raw, server_hostname="localhost") as slow:
            began = time.monotonic()
            slow.sendall(b"GET /v1/notices HTTP/1.1\r\nHost: localhost\r\nX: ")
            assert slow.recv(200) in (b"", b"HTTP/1.1 408 Request Time-out\r\n")
            assert time.monotonic() - began < HEADER_TIMEOUT_S + 3


def test_connections_that_say_nothing_are_counted_too(stack: Stack, http: httpx2.Client) -> None:
    with ExitStack() as opened:
        began = time.monotonic()
        address = ("127.0.0.1", stack.port)
        silent = [opened.enter_context(socket.create_connection(address, timeout=5)) for _ in range(CAP_BEFORE + 20)]

        def closed() -> list[socket.socket]:
            readable, _, _ = select.select(silent, [], [], 0)
            return readable

        assert eventually(lambda: len(closed()) >= 20, HEADER_TIMEOUT_S / 2)
        # The others are ended for their silence, and not before.
        assert len(closed()) <= 20 + len(silent) * (time.monotonic() - began >= HEADER_TIMEOUT_S)
    assert eventually(lambda: http.get("/healthz").status_code == 200)


def test_a_large_body_is_not_kept_by_the_proxy_and_must_come_in_time(stack: Stack) -> None:
    """The service's own deadline ends it: one kilobyte a second is the least."""
    context = ssl.create_default_context(cafile=str(stack.authority))
    with socket.create_connection(("127.0.0.1", stack.port), timeout=40) as raw:
        with context.wrap_socket(raw, server_hostname="localhost") as slow:
            head = b"POST /v1/notices HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/sd-jwt\r\n"
            slow.sendall(head + b"Content-Length: 400000\r\n\r\neyJ")
            slow.settimeout(0.5)
            answer, deadline = b"", time.monotonic() + BODY_TIMEOUT_S
            while not answer and time.monotonic() < deadline:
                with contextlib.suppress(TimeoutError):
                    answer = slow.recv(4096)
                if not answer:
                    slow.sendall(b"x" * 5)  # nothing for 10 s would end it at the proxy
            assert b" 408 " in answer and b"request_slow" in answer, answer


def test_the_proxys_log_tells_no_party_and_no_cursor(stack: Stack, http: httpx2.Client) -> None:
    http.get("/v1/stream?cursor=00112233445566778899aabbccddeeff-1", headers={"Authorization": "Keepclear eyJ"})
    said = stack.compose("logs", "--no-color", "proxy")
    lines = [line[line.index("{") :] for line in said.splitlines() if "{" in line]
    names = {"time", "method", "path", "status", "request", "seconds", "upstream", "upstream_status"}
    assert len(lines) > 20
    assert all(set(json.loads(line)) == names for line in lines)
    assert not re.search(r"cursor=|Keepclear |eyJ|client:", said)


def certified(stack: Stack, *certificate: str) -> httpx2.Client:
    context = ssl.create_default_context(cafile=str(stack.authority))
    if certificate:
        context.load_cert_chain(*certificate)
    return httpx2.Client(base_url=stack.url, verify=context, trust_env=False)


def test_a_client_certificate_is_a_second_fence(stack: Stack) -> None:
    own = [str(stack.party("israel") / name) for name in ("client.pem", "client.key")]
    servers = [str(stack.copy("proxy") / name) for name in ("server.pem", "server.key")]

    def status(*certificate: str) -> int:
        with certified(stack, *certificate) as client:
            return int(client.get("/healthz").status_code)

    assert (status(), status(*own), status(*servers)) == (200, 200, 400)  # a server's certificate is no client's
    stack.compose("up", "-d", "--no-build", "--no-deps", "proxy", KEEPCLEAR_CLIENT_CERTIFICATES="required")
    try:
        assert eventually(lambda: status(*own) == 200)
        assert status() == 400
    finally:
        stack.compose("up", "-d", "--no-build", "--no-deps", "proxy")
        stack.wait_healthy("proxy")


def eventually(condition: Callable[[], bool], within_s: float = 10.0) -> bool:
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        try:
            if condition():
                return True
        except httpx2.HTTPError:
            pass
        time.sleep(0.2)
    return False
