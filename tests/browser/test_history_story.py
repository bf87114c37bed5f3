"""History on the page, with keys alone: back over the journal and to now, an incident whole, its report and print."""

import re
from pathlib import Path

import pytest
from support.browsing import Room
from support.world import box

pytestmark = pytest.mark.long

AT = "document.querySelector('.not-now .loud')?.textContent ?? ''"


def test_an_officer_goes_back_reads_an_incident_and_prints_it(room: Room, tmp_path: Path) -> None:
    north = room.north.console("--officer", "duty-1")
    sheet = room.open(north, state="lang=en")
    sheet.until("document.querySelector('.queue')")
    room.north.submit(box(), words=("--callsign", "N1"))
    room.south.submit(box(48.05), words=("--callsign", "S1"))
    sheet.until("document.querySelectorAll('.row').length === 1")
    sheet.page.keyboard.press("h")
    sheet.until("document.querySelector('.history .row.past')")
    sheet.shoot("history-now")
    while not sheet.page.evaluate(f"/NOT NOW/.test({AT})"):  # what has happened this very moment is not behind it yet
        sheet.page.keyboard.press("PageUp")
        sheet.page.wait_for_timeout(100)
    sheet.page.keyboard.press("Home")
    sheet.until("document.querySelector('.history h3')?.textContent.includes('stood on the screen')")
    sheet.until("document.querySelector('.history').textContent.includes('No conflict stood on the screen')")
    sheet.shoot("history-past")
    sheet.page.keyboard.press("Escape")
    sheet.page.keyboard.press("a")
    sheet.until("document.querySelector('.note')?.textContent.includes('go back to now')")
    sheet.page.keyboard.press("n")
    sheet.until("document.querySelector('.not-now') === null")
    sheet.page.keyboard.press("i")
    sheet.until("document.querySelectorAll('.incident .line').length > 3")
    assert "hold" in sheet.page.locator(".incident .sound").inner_text()
    sheet.page.keyboard.press("v")
    sheet.shoot("incident")
    fingerprints = sheet.page.locator(".signature").all_inner_texts()
    assert all(re.search(r"(\d{5} ){5}\d{5}", told) for told in fingerprints), fingerprints
    sheet.page.keyboard.press("j")
    sheet.page.keyboard.press("Enter")
    sheet.until(f"/NOT NOW/.test({AT})")
    sheet.shoot("incident-past")
    sheet.page.keyboard.press("n")
    assert sheet.axe() == []
    sheet.page.keyboard.press("r")
    sheet.until("document.querySelectorAll('.report svg').length === 2")
    assert sheet.axe() == []
    sheet.shoot("report")
    for paper in ("A4", "Letter"):
        data = sheet.page.pdf(format=paper, prefer_css_page_size=False)
        (tmp_path / f"{paper}.pdf").write_bytes(data)
        assert len(re.findall(rb"/Type /Page\b", data)) >= 2
    sheet.page.keyboard.press("Escape")
    sheet.until("document.querySelector('.incident')")
    sheet.page.keyboard.press("Escape")
    sheet.until("document.querySelector('.history')")
    sheet.clean()
