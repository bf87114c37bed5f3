"""An officer files, delays and withdraws a flight by keys alone, and nothing of a form is lost on the way."""

import json

import pytest
from playwright.sync_api import FilePayload, Page
from support.browsing import Room, Sheet
from support.world import box

pytestmark = pytest.mark.long

SIDE = "document.querySelector('main.side')"


def until_said(sheet: Sheet, text: str) -> None:
    sheet.until(f"(text) => {SIDE}?.innerText.includes(text)", text)


def until_focus(sheet: Sheet, name: str) -> None:
    sheet.until("(name) => document.activeElement?.id === name", name)


def type_field(page: Page, name: str, text: str) -> None:
    """Go on by Tab to a field and write into it, as whoever has no mouse."""
    for _ in range(40):
        if page.evaluate("document.activeElement.id") == name:
            break
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == name
    page.keyboard.type(text)


def press_until(sheet: Sheet, key: str, text: str) -> None:
    """Press a key until the room says so: a page that has just been drawn may not listen yet."""
    for _ in range(50):
        sheet.page.keyboard.press(key)
        sheet.page.wait_for_timeout(100)
        if sheet.page.evaluate(f"(text) => {SIDE}?.innerText.includes(text)", text):
            return
    until_said(sheet, text)


def press_read(sheet: Sheet, key: str) -> None:
    """Press a key upon a question that has stood for long enough to be read."""
    sheet.page.wait_for_timeout(800)
    sheet.page.keyboard.press(key)


def done(sheet: Sheet) -> None:
    """Go on from what became of it."""
    until_focus(sheet, "filing-done")
    press_read(sheet, "Enter")


def states(room: Room) -> list[tuple[str, int]]:
    told = room.north.type("notices")[1][0]["notices"]
    return [(row["callsign"], row["revision"]) for row in told if row["state"] == "live"]


def test_a_flight_is_drawn_filed_delayed_and_withdrawn_by_keys_alone(room: Room) -> None:
    room.south.submit(box(48.0, 2.0, size=0.4, start_s=3600, last_s=3000))
    console = room.north.console("--officer", "duty-1")
    sheet = room.open(console, state="room=filing")
    page = sheet.page
    until_said(sheet, "Our notices")
    press_until(sheet, "n", "Made from")
    until_focus(sheet, "filing-shapes")
    # All that is missing is told at once, each beside its field, and the first has the focus.
    page.keyboard.press("Control+Enter")
    until_said(sheet, "things to mend")
    wrong = page.evaluate("[...document.querySelectorAll('main .problem .code')].map((one) => one.innerText)")
    assert wrong.count("input_file") == 5 and wrong.count("category") == 1, wrong

    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    until_focus(sheet, "filing-shapes-0-points-0")
    page.keyboard.type("48.1, 1.8\n090/30NM\n180/5NM\n\n")
    until_focus(sheet, "filing-shapes-0-size")
    page.keyboard.type("2NM")
    type_field(page, "filing-from", "+60")
    type_field(page, "filing-to", "+30")
    type_field(page, "filing-lower", "FL120")
    type_field(page, "filing-upper", "FL180")
    type_field(page, "filing-callsign", "VIPER01")
    type_field(page, "filing-category", "tr")
    type_field(page, "filing-remarks", "<img src=x onerror=alert(1)> \u202e two ship")
    # A reload loses nothing.
    page.reload()
    until_said(sheet, "Point 3")
    assert page.input_value("#filing-remarks").endswith("two ship")
    assert page.input_value("#filing-category") == "transport"
    sheet.shoot("filing-form")
    page.keyboard.press("Control+Enter")
    until_focus(sheet, "filing-remarks")
    until_said(sheet, "disclosure")
    page.keyboard.press("Control+A")
    page.keyboard.type("two ship")
    page.keyboard.press("Control+Enter")
    until_focus(sheet, "filing-send")
    until_said(sheet, "NOT a clearance")
    assert states(room) == []
    press_read(sheet, "Enter")
    until_said(sheet, "Filed, IN CONFLICT")
    sheet.shoot("filing-in-conflict")
    assert states(room) == [("VIPER01", 1)]

    # Delayed by twenty minutes: D, the number, Enter to read it back and Enter to sign it.
    done(sheet)
    until_said(sheet, "Our notices")
    press_until(sheet, "d", "Minutes later")
    until_focus(sheet, "filing-shift")
    page.keyboard.type("20\n")
    until_focus(sheet, "filing-send")
    until_said(sheet, "would be IN CONFLICT")
    press_read(sheet, "Enter")
    until_said(sheet, "Filed, IN CONFLICT")
    until_said(sheet, "revision 2")
    assert states(room) == [("VIPER01", 2)]

    done(sheet)
    until_said(sheet, "Our notices")
    press_until(sheet, "w", "ends for ever")
    press_read(sheet, "Enter")  # not the key that is asked for first
    press_read(sheet, "y")
    until_said(sheet, "Is it certain")
    sheet.shoot("filing-withdraw")
    assert states(room) == [("VIPER01", 2)]
    press_read(sheet, "Enter")
    until_said(sheet, "Withdrawn")
    assert states(room) == []
    found = sheet.axe()
    assert found == [], [(one["rule"], one["where"]) for one in found]
    sheet.clean()


def reload_while_it_is_sent(room: Room, sheet: Sheet) -> None:
    """The page is gone before the answer is there; opened again it asks what became of it, and files nothing twice."""
    page = sheet.page
    press_until(sheet, "n", "Made from")
    page.get_by_label("a file or a text").check()
    page.fill("#filing-pasted", json.dumps([box(44.0, 2.0, start_s=7200)]))
    until_said(sheet, "F3548")
    page.select_option("#filing-category", "transport")
    page.locator("#filing-remarks").focus()
    page.keyboard.press("Control+Enter")
    until_focus(sheet, "filing-send")
    press_read(sheet, "Enter")
    page.reload()
    until_said(sheet, "What became of it")
    assert len(states(room)) == 3


def test_a_file_is_sent_when_the_line_is_back_and_a_wall_files_nothing(room: Room) -> None:
    console = room.north.console("--officer", "duty-1")
    sheet = room.open(console, state="room=filing")
    page = sheet.page
    until_said(sheet, "Our notices")
    press_until(sheet, "n", "Made from")
    page.get_by_label("a file or a text").check()
    volumes = [box(40.0 + number, 2.0, start_s=7200) for number in range(2)]
    flights = [{"operational_intent_reference": {"id": "F"}, "details": {"volumes": [one]}} for one in volumes]
    hostile = "\u202e<script>alert(1)</script>.json"
    file: FilePayload = {"name": hostile, "mimeType": "text/plain", "buffer": json.dumps(flights).encode()}
    page.locator("#filing-source").set_input_files([file])
    until_said(sheet, "F3548")
    page.select_option("#filing-category", "transport")
    page.locator("#filing-remarks").focus()
    page.keyboard.press("Control+Enter")
    until_focus(sheet, "filing-send")
    until_said(sheet, "2 flights")
    sheet.shoot("filing-file")
    room.north.cable.cut()
    press_read(sheet, "Enter")
    until_said(sheet, "2 of 2 do not count: NOT DECONFLICTED")
    done(sheet)
    until_said(sheet, "2 are signed and do not count")
    sheet.shoot("filing-not-sent")
    room.north.cable.mend()
    press_until(sheet, "g", "All 2 are done")
    assert len(states(room)) == 2
    done(sheet)
    reload_while_it_is_sent(room, sheet)

    wall = room.open(console, link=console.new_link("--wall"), state="room=filing")
    until_said(wall, "nothing can be filed from it")
    wall.page.keyboard.press("n")
    assert wall.page.locator("main form").count() == 0
    refused = wall.page.evaluate(
        """() => fetch("/api/filing/read", {method: "POST", body: "{}", headers: {"Content-Type": "application/json",
        "Keepclear-Page": localStorage.getItem("keepclear.page.wall")}}).then((answer) => answer.status)"""
    )
    assert refused == 403
