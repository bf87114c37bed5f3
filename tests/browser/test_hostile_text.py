"""Whatever others write, through the real path: nothing of it runs, passes for ours, or moves what stands beside it.

South signs what the protocol lets it sign: handles of officers. The agreement, which all have signed, has names as wide
as they may be. North's own remarks and files are as bad, and what the protocol refuses of them is quoted by the
refusal. Last a hotline that answers everything with texts of its own.
"""

import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from keepclear_protocol.encoding import digest, unb64
from support.browsing import Chromium, Room, Sheet
from support.looks import COLUMNS, MADE, TEXT, TURNED
from support.nursery import Lifeline, Nursery
from support.stores import RunningStore
from support.world import World, box

pytestmark = pytest.mark.long

OURS, THEIRS = "north-" + "w" * 26, "south-" + "m" * 26
WIDE = "w" * 32
OFFICERS = (
    "<img src=x onerror=window.pwned=1>",
    '"><script>window.pwned=1</script><b a="',
    "17:00:00Z FL100-FL110 CLOSED",
    "{n} {{7*7}} ${window.pwned=1} %s",
    "נשר 14000-18000 נץ 31",
    "عقاب ١٤٠-١٨٠ FL240-FL140",
    "Z" + "\u0335" * 30 + "\u0301" * 30,
    "\U0001f6e9 " + "\U0001f469" * 20,
    "W" * 64,
    "\u05d0" * 64,
    "\ufdfd" * 16,
    "javascript:window.pwned=1",
)
"""What an officer may sign as, and no officer would."""

UNSEEN = "a\u202e0001LF\u202c \u2066x\u2069 \u200b\u200f\u061c"
"""What no party may sign. Controls that turn the direction, and what has no width."""


@pytest.fixture(scope="module")
def hostile_room(
    browser: Chromium, workers: Nursery, browser_store: RunningStore, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Room]:
    """Yield a line under an agreement with names as wide as they may be, and a conflict for each officer of theirs."""
    world = World(
        OURS,
        THEIRS,
        name="<b>\"the' agreement</b> FL100-FL200 נשר 12 " + "w" * 38,
        categories={WIDE: {"horizontal_m": 7408, "vertical_m": 213.36, "lead_s": 0, "tail_s": 0}},
    )
    with workers.line(world, browser_store.url) as line:
        room = Room(line, browser, tmp_path_factory.mktemp("hostile"))
        try:
            yield room
        finally:
            room.close()


@pytest.fixture(scope="module")
def sheet(hostile_room: Room) -> Sheet:
    north, south = hostile_room.parties[OURS], hostile_room.parties[THEIRS]
    console = north.console()
    remarks = "<svg onload=window.pwned=1> נשר 14000-18000 " + "A" * 200
    north.submit(box(size=0.9), category=WIDE, words=("--callsign", "W" * 16, "--remarks", remarks))
    for at in range(len(OFFICERS)):
        theirs = box(48.02 + at * 0.06, 2.02, size=0.05, start_s=3600 + at * 10)
        south.submit(theirs, category=WIDE)
    found = hostile_room.line.conflicts(THEIRS)
    for shown, officer in zip(found, OFFICERS, strict=True):
        acknowledge(hostile_room.line, shown["alert"], officer)
    opened = hostile_room.open(console)
    opened.page.on("dialog", lambda _: opened.complaints.append("a dialog of the browser's"))
    opened.until(f"document.querySelectorAll('[data-code]').length === {len(OFFICERS)}")
    return opened


def acknowledge(line: Lifeline, alert: str, officer: str) -> None:
    """Acknowledge an alert in south's name as its own program would not: with whatever handle the protocol takes."""
    told = json.loads(unb64(alert.split(".")[1]))
    ours, theirs = told["own"]["sha256"], told["other"]["sha256"]
    said = {"conflict": told["conflict"], "version": told["version"], "ours": ours, "theirs": theirs}
    signed = line.world.acknowledgement(
        THEIRS, stage="acknowledged", alert=digest(alert), ours_newest=ours, officer=officer, **said
    )
    answer = line.post("acknowledgements", signed)
    assert answer.status_code == 201, answer.text


def unharmed(sheet: Sheet) -> None:
    """Assert that nothing ran, nothing was made, nothing turned, and all stands where it belongs."""
    assert sheet.page.evaluate("window.pwned") is None
    for look in (MADE, TURNED, TEXT, COLUMNS):
        found = sheet.page.evaluate(look)
        assert found == [], "\n".join(found)
    # What the desk refuses, the browser tells as an error of its own.
    sheet.complaints[:] = [said for said in sheet.complaints if "responded with a status of 4" not in said]
    sheet.clean()


@pytest.mark.parametrize("width", [1280, 900, 640])
@pytest.mark.parametrize("language", ["en", "he", "ru"])
def test_officers_of_theirs_change_nothing_but_their_own_names(sheet: Sheet, language: str, width: int) -> None:
    sheet.page.set_viewport_size({"width": width, "height": 800})
    origin = sheet.page.url.partition("/?")[0].rstrip("/")
    sheet.open(f"{origin}/?lang={language}")
    sheet.until(
        "(language) => document.documentElement.lang === language && document.querySelector('[data-code]')", language
    )
    seen = ""
    for code in sheet.page.evaluate("[...document.querySelectorAll('[data-code]')].map((one) => one.dataset.code)"):
        sheet.page.locator(f"[data-code='{code}'] .head").click()
        sheet.until("(code) => document.querySelector(`[data-code='${code}'] .card`) !== null", code)
        unharmed(sheet)
        seen += sheet.page.locator(f"[data-code='{code}'] .card").inner_text()
    for officer in ("onerror=window.pwned=1", "<script>window.pwned", "17:00:00Z FL100-FL110 CLOSED", "{{7*7}}"):
        assert officer in seen, officer
    assert "\\u0335" in seen


def test_an_officer_of_ours_may_be_called_anything(hostile_room: Room, sheet: Sheet) -> None:
    sheet.page.set_viewport_size({"width": 1280, "height": 800})
    sheet.page.keyboard.press("Escape")
    sheet.page.keyboard.press("b")
    field = sheet.page.locator("dialog[open] input").first
    field.fill(UNSEEN)
    sheet.page.keyboard.press("Enter")
    sheet.until("document.querySelector('dialog[open] .problem, dialog[open] [role=alert], .note') !== null")
    unharmed(sheet)
    field.fill("<i>נשר</i>14000-18000" + "W" * 30)
    sheet.page.keyboard.press("Enter")
    sheet.until("document.querySelector('.header').textContent.includes('14000-18000')")
    unharmed(sheet)


class _Liar(http.server.BaseHTTPRequestHandler):
    said: ClassVar[dict[str, Any]] = {
        "type": "javascript:window.pwned=1",
        "title": "<img src=x onerror=window.pwned=1>",
        "status": 403,
        "code": "<script>window.pwned=1</script>" + UNSEEN,
        "detail": "<img src=x onerror=window.pwned=1>" + UNSEEN + "נשר 14000-18000 " + "D" * 10_000,
        "hint": UNSEEN + "\x1b[2J" + "H" * 10_000,
    }

    def do_GET(self) -> None:
        data = json.dumps(self.said).encode()
        self.send_response(403)
        self.send_header("Content-Type", "application/problem+json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_POST = do_GET

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.mark.parametrize("language", ["en", "ar"])
def test_a_hotline_that_answers_with_texts_of_its_own(hostile_room: Room, tmp_path: Path, language: str) -> None:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Liar) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        lied_to = f"http://127.0.0.1:{server.server_address[1]}"
        console = hostile_room.parties[OURS].console(desk=f"lied-to-{language}", KEEPCLEAR_CONNECT_TO=lied_to)
        sheet = hostile_room.open(console, state=f"lang={language}")
        sheet.until(
            "document.documentElement.hasAttribute('data-stale') && document.querySelector('.header .warnings li')"
        )
        unharmed(sheet)
        for key in ("l", "?", "Escape", "f"):
            sheet.page.keyboard.press(key)
            unharmed(sheet)
        server.shutdown()
