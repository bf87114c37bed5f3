"""A gate before a service: passes requests on, and can swallow the answers, the requests, or refuse as the hotline."""

import contextlib
import http.server
import threading
from collections.abc import Callable, Iterator

import httpx2

from support.patience import PATIENCE_S

Verdict = tuple[int, str, bytes] | None
"""Status, media type and body of an answer of the gate's own; ``None`` to cut the line without one."""


class Gate:
    """What stands between. ``answers(method, path, number)`` decides: "pass", "swallow", "cut", or a verdict."""

    def __init__(self, url: str) -> None:
        self.url = ""
        self.behind = url
        self.decide: Callable[[str, str, int], object] = lambda method, path, number: "pass"
        self.posts = 0
        self.bodies: list[bytes] = []


@contextlib.contextmanager
def gate_before(url: str) -> Iterator[Gate]:
    """Run a gate before the service at ``url`` until the block ends."""
    gate = Gate(url)

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.0"

        def log_message(self, *_: object) -> None:
            pass

        def _pass(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            if self.command == "POST":
                gate.posts += 1
                gate.bodies.append(body)
            decided = gate.decide(self.command, self.path, gate.posts)
            if decided == "cut":
                return
            if isinstance(decided, tuple):
                self._answer(*decided)
                return
            headers = {name: value for name, value in self.headers.items() if name.lower() != "connection"}
            with httpx2.Client(base_url=gate.behind, timeout=PATIENCE_S) as behind:
                answer = behind.request(self.command, self.path, content=body, headers=headers)
            if decided != "swallow":
                self._answer(answer.status_code, answer.headers.get("content-type", ""), answer.content)

        def _answer(self, status: int, media: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("content-type", media)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = _pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    gate.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield gate
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
