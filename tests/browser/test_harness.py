"""What the other tests here stand on: a page that leaves this machine, breaks its policy or fails is noticed."""

import http.server
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

import pytest
from support.browsing import Sheet, chromium, chromium_program

pytestmark = pytest.mark.long

PAGE = b"""<!doctype html><html lang="en"><title>a page</title><main><h1>a page</h1>
<img src="http://elsewhere.test/a.png" alt=""><img src="/b.png"><script src="/bad.js"></script></main></html>"""
SCRIPT = b"""setTimeout(() => { document.title = "done"; throw new Error("thrown"); }); eval("1");"""


class _Doors(http.server.BaseHTTPRequestHandler):
    files: ClassVar = {"/": (PAGE, "text/html"), "/bad.js": (SCRIPT, "text/javascript")}

    def do_GET(self) -> None:
        data, kind = self.files.get(self.path, (b"", "image/png"))
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Security-Policy", "default-src 'none'; script-src 'self'; img-src http:")
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def origin() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Doors) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


def test_a_page_that_misbehaves_is_noticed(require: Callable[[str, str], None], origin: str, tmp_path: Path) -> None:
    with chromium(chromium_program(require), tmp_path) as browser:
        sheet = Sheet(browser.context()).open(origin)
        sheet.until("document.title === 'done'")
        assert sheet.outside == ["http://elsewhere.test/a.png"]
        assert any("policy breach: script-src" in said for said in sheet.complaints), sheet.complaints
        assert any("error: thrown" in said for said in sheet.complaints), sheet.complaints
        with pytest.raises(AssertionError):
            sheet.clean()
        assert [found["rule"] for found in sheet.axe()] == ["image-alt"]
        sheet.close()
        assert browser.outside() == ["http://elsewhere.test/a.png"]
