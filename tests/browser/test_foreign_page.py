"""Another user's page on another port of this machine, in the very browser that has an officer's session.

All ports of 127.0.0.1 are one site: the browser sends that page the officer's cookie and lets it send requests here.
It learns nothing, does nothing, and shows nothing of the console's.
"""

import http.server
import json
import threading
from collections.abc import Iterator
from typing import Any, ClassVar

import httpx2
import pytest
from support.browsing import Room

pytestmark = pytest.mark.long

PAGE = b"""<!doctype html><html lang="en"><title>another user's</title><main><h1>another user's</h1></main></html>"""

TRIES = """async (consoleAt) => {
    const json = { "Content-Type": "application/json" };
    const deed = JSON.stringify({ officer: "mallory" });
    const read = async (path, options) => {
        try {
            const answer = await fetch(consoleAt + path, { credentials: "include", ...options });
            return answer.type === "opaque" ? "opaque" : `read ${answer.status}: ${await answer.text()}`;
        } catch { return "refused"; }
    };
    const loaded = (element, name, value) => new Promise((done) => {
        element.onload = () => done("loaded"); element.onerror = () => done("refused");
        element[name] = value; document.body.append(element); setTimeout(() => done("refused"), 2000);
    });
    const submitted = () => new Promise((done) => {
        const frame = document.createElement("iframe"); frame.name = "into"; document.body.append(frame);
        const form = document.createElement("form");
        form.method = "post"; form.action = consoleAt + "/api/watch/begin"; form.enctype = "text/plain";
        form.target = "into";
        const field = document.createElement("input");
        field.type = "hidden"; field.name = '{"officer":"mallory","x":"'; field.value = '"}';
        form.append(field); document.body.append(form); frame.onload = () => done("sent"); form.submit();
        setTimeout(() => done("sent"), 2000);
    });
    const frame = document.createElement("iframe");
    const framed = await loaded(frame, "src", consoleAt + "/");
    let seen = "nothing";
    try { seen = frame.contentWindow.document.body.textContent || "nothing"; } catch { }
    const opened = window.open(consoleAt + "/");
    await new Promise((done) => setTimeout(done, 500));
    let handle = "severed";
    try { if (opened && !opened.closed) handle = opened.document.title; } catch { }
    return {
        stream: await read("/api/stream"), page: await read("/"), words: await read("/words/en.json"),
        keyed: await read("/api/stream", { headers: { "Keepclear-Page": "x" } }),
        deed: await read("/api/watch/begin", { method: "POST", body: deed, headers: json }),
        simple: await read("/api/watch/begin", { method: "POST", body: deed, mode: "no-cors" }),
        exchange: await read("/api/session", { method: "POST", body: "{}", mode: "no-cors" }),
        script: await loaded(document.createElement("script"), "src", consoleAt + "/app.js"),
        image: await loaded(document.createElement("img"), "src", consoleAt + "/api/stream"),
        form: await submitted(), framed, seen, handle,
    };
}"""


class _Doors(http.server.BaseHTTPRequestHandler):
    cookies: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.cookies.append(self.headers.get("Cookie", ""))
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def foreign() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Doors) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


def test_a_foreign_page_in_the_officers_browser_gets_nothing(room: Room, foreign: str) -> None:
    console = room.north.console()
    officer = room.open(console)
    officer.until("document.documentElement.dataset.link === 'up'")
    page = officer.context.new_page()
    page.goto(foreign)
    told: dict[str, Any] = page.evaluate(TRIES, console.origin)
    assert told == {
        **dict.fromkeys(("stream", "page", "words", "keyed", "deed", "script", "image"), "refused"),
        # What is sent without asking first is refused at the door, and kept from who sent it.
        **dict.fromkeys(("simple", "exchange"), "refused"),
        "form": "sent", "framed": told["framed"], "seen": "nothing", "handle": "severed",
    }, told  # fmt: skip
    watch = "document.querySelector('.header').textContent.includes('NOBODY ON WATCH')"
    officer.until(watch)

    # It is sent the cookie, as every port of this machine is; that alone opens nothing.
    name = f"keepclear-{console.origin.rpartition(':')[2]}="
    cookie = next(one for one in _Doors.cookies if name in one)
    for headers in ({"Cookie": cookie}, {"Cookie": cookie, "Keepclear-Page": "guessed"}):
        answer = httpx2.get(f"{console.origin}/api/stream", headers=headers)
        assert (answer.status_code, json.loads(answer.text)["code"]) == (401, "session")
    assert officer.page.evaluate(watch)
    assert officer.outside == []
