"""What the page itself must never let pass: an answer unread, a wall that answers, a desk that is gone unnoticed."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Route
from support.browsing import Console, Room, Sheet
from support.world import box

pytestmark = pytest.mark.long

PLAIN = 'document.querySelector("%s")?.innerText.replace(/[\\u2066-\\u2069]/g, "") ?? ""'
SILENT_WITHIN_S = 5.0
"""The page says after three seconds that it does not hear its desk; it looks four times a second."""


@pytest.fixture(scope="module")
def watched(shared_room: Room) -> Iterator[tuple[Room, Console, Sheet]]:
    """A console with an officer on watch, before anything was filed."""
    console = shared_room.north.console("--officer", "duty-2")
    sheet = shared_room.open(console)
    sheet.until("document.querySelector('.nothing') !== null")
    sheet.page.keyboard.press("b")
    sheet.until("document.querySelector('dialog input') !== null")
    sheet.page.keyboard.press("Enter")
    sheet.until(f"({PLAIN % '.header'}).includes('duty-2 on watch')")
    yield shared_room, console, sheet


def meet(room: Room, lat: float, callsign: str, start_s: float = 3600) -> str:
    """File two flights that meet at a latitude; return the id of theirs."""
    theirs = room.south.submit(box(lat + 0.05, 2.05, low=150, high=200, start_s=start_s))
    room.north.submit(box(lat, 2.0, low=140, high=180, start_s=start_s), words=("--callsign", callsign))
    return theirs


def test_what_has_only_just_appeared_cannot_be_acknowledged(watched: tuple[Room, Console, Sheet]) -> None:
    room, _, sheet = watched
    # In the page, at the very drawing that shows it: no hand is as quick.
    sheet.page.evaluate(
        """() => new MutationObserver((_, self) => {
            if (document.querySelector('.row') === null) return;
            self.disconnect();
            document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'a', code: 'KeyA', bubbles: true }));
        }).observe(document.body, { childList: true, subtree: true })"""
    )
    meet(room, 48.0, "NORTH12")
    sheet.until(f"({PLAIN % '.note'}).includes('has only just appeared: read it first.')")
    assert sheet.page.evaluate("document.querySelector('.ask')") is None
    sheet.until("document.querySelector('.row') !== null")
    sheet.page.wait_for_timeout(1100)
    sheet.page.keyboard.press("a")
    sheet.until("document.querySelector('.ask') !== null")
    sheet.page.keyboard.press("Escape")
    sheet.until(f"({PLAIN % '.note'}).includes('not acknowledged')")


def test_a_new_danger_is_said_once_and_takes_no_focus(watched: tuple[Room, Console, Sheet]) -> None:
    room, _, sheet = watched
    sheet.until("document.querySelectorAll('.row').length === 1")
    sheet.page.keyboard.press("j")
    held = sheet.until("document.activeElement.id.startsWith('row-') && document.activeElement.id")
    # Sooner than the first, so its row comes to stand before the one that has the focus.
    meet(room, 46.0, "NORTH13", start_s=1800)
    sheet.until("document.querySelectorAll('.row').length === 2")
    said = sheet.until(f"({PLAIN % '[role=alert]'}).includes('NORTH13') && ({PLAIN % '[role=alert]'})")
    assert said.count("Conflict ") == 1
    assert said.endswith(".")
    assert sheet.page.evaluate("document.activeElement.id") == held
    assert sheet.page.evaluate("document.querySelector('.row').innerText.includes('NORTH13')")
    live = (
        "[...document.querySelectorAll('[aria-live], [role=alert], [role=status], [role=log]')].map((one) => one.role)"
    )
    assert sorted(sheet.page.evaluate(live)) == ["alert", "status"]


def test_a_wall_shows_the_same_and_answers_nothing(watched: tuple[Room, Console, Sheet]) -> None:
    room, console, sheet = watched
    wall = room.open(console, link=console.new_link("--wall"))
    codes = "[...document.querySelectorAll('.row')].map((row) => row.dataset.code).join()"
    wall.until(f"document.querySelectorAll('.row').length === 2 && {codes}")
    assert wall.page.evaluate(codes) == sheet.page.evaluate(codes)
    wall.page.wait_for_timeout(1100)
    wall.page.keyboard.press("a")
    wall.until(f"({PLAIN % '.note'}).includes('This is a wall screen')")
    wall.page.keyboard.press("b")
    wall.page.keyboard.press("f")
    assert wall.page.evaluate("document.querySelector('dialog')") is None
    assert "room=" not in wall.page.url
    wall.close()


def test_another_link_in_the_same_browser_takes_no_deed_from_the_first_page(
    watched: tuple[Room, Console, Sheet],
) -> None:
    _, console, sheet = watched
    deed = """fetch("/api/watch/begin", {method: "POST", body: '{"officer": "duty-2"}', headers: {
        "Content-Type": "application/json", "Keepclear-Page": localStorage.getItem("keepclear.page")}})
        .then((answer) => answer.status)"""
    for words, role in ((("--wall",), "wall"), ((), "officer")):
        other = sheet.page.context.new_page()
        for _ in range(2):
            other.goto(console.new_link(*words))
            other.wait_for_selector(f"html[data-role={role}]")
        other.reload()
        other.wait_for_selector(f"html[data-role={role}]")
        if role == "officer":
            other.wait_for_selector(".header:has-text('duty-2')")
        assert sheet.page.evaluate(deed) == 200
        assert sheet.page.evaluate("document.documentElement.dataset.role") == "officer"
        other.close()


def test_a_reload_shows_the_same_and_a_copied_address_too(watched: tuple[Room, Console, Sheet]) -> None:
    room, console, sheet = watched
    sheet.page.keyboard.press("j")
    opened = "document.querySelector('.row[aria-current=true]')?.dataset.code"
    code = sheet.until(f"location.search.includes('sel=') && {opened}")
    sheet.page.reload()
    assert sheet.until(opened) == code
    sheet.until(f"({PLAIN % '.header'}).includes('duty-2 on watch')")
    other = room.open(console, state=sheet.page.evaluate("location.search.slice(1)"))
    assert other.until(opened) == code
    other.close()


def test_a_question_that_leaves_the_screen_keeps_no_key(watched: tuple[Room, Console, Sheet]) -> None:
    _, _, sheet = watched
    sheet.page.keyboard.press("w")
    sheet.page.wait_for_timeout(1100)
    sheet.page.keyboard.press("a")
    sheet.until("document.querySelector('.ask') !== null")
    # By mouse, while the question stands: no key of the question does this.
    sheet.page.locator(".menu button", has_text="What happened").click()
    sheet.until(f"({PLAIN % '.note'}).includes('its question has left the screen')")
    sheet.page.keyboard.press("q")
    sheet.until("document.querySelector('.row[aria-current=true]') !== null && document.querySelector('.ask') === null")
    sheet.page.wait_for_timeout(1100)
    sheet.page.keyboard.press("a")
    sheet.until("document.querySelector('.ask') !== null")
    sheet.page.keyboard.press("Escape")
    sheet.until("document.querySelector('.ask') === null")


def test_on_a_low_screen_a_card_is_seen_and_behind_a_dialog_it_is_not(watched: tuple[Room, Console, Sheet]) -> None:
    room, _, sheet = watched
    page = sheet.page
    displayed = """async (code) => {
        const { conflicts } = await import("/desk/picture.js");
        return conflicts.value.some((one) => one.code === code && one.ours.displayed_by === "duty-2");
    }"""
    page.set_viewport_size({"width": 911, "height": 512})
    try:
        page.keyboard.press("q")  # nothing is chosen: the worst is what stands opened
        page.keyboard.press("?")
        sheet.until("document.querySelector('dialog[open]') !== null")
        meet(room, 44.0, "NORTH14", start_s=900)
        code = sheet.until("document.querySelector('.row[aria-current=true]')?.innerText.includes('NORTH14')"
                           " && document.querySelector('.row').dataset.code")  # fmt: skip
        page.wait_for_timeout(1500)
        assert not page.evaluate(displayed, code)
        page.keyboard.press("Escape")
        sheet.until("document.querySelector('dialog') === null")
        sheet.until(displayed, code)
        page.wait_for_timeout(1100)
        page.keyboard.press("a")
        sheet.until("document.querySelector('.ask') !== null")
        page.keyboard.press("Escape")
        sheet.until("document.querySelector('.ask') === null")
    finally:
        page.set_viewport_size({"width": 1280, "height": 800})


def test_what_cannot_be_drawn_is_said_and_takes_nothing_with_it(watched: tuple[Room, Console, Sheet]) -> None:
    _, _, sheet = watched
    rows = "document.querySelectorAll('.row:not(.undrawn)').length"
    drawn = sheet.until(rows)
    sheet.page.evaluate(
        """async () => {
            const { conflicts, now, take } = await import("/desk/picture.js");
            const odd = { ...conflicts.value[0], conflict: "odd", code: "ZZ9-ZZZ", own: null };
            try {
                take({ now: new Date(now.value).toISOString(), conflicts: { put: [odd] } }, false);
            } catch {
                // The map cannot draw it either: what brings the desk's word takes that in.
            }
        }"""
    )
    sheet.until(f"({PLAIN % '.row.undrawn'}).includes('ZZ9-ZZZ (OVERLAP) cannot be drawn')")
    assert sheet.page.evaluate(rows) == drawn
    sheet.until("document.documentElement.hasAttribute('data-stale')")
    said = sheet.page.evaluate(PLAIN % ".header")
    assert "NOT DECONFLICTED" in said
    assert "Something in this page has failed" in said
    sheet.page.reload()
    sheet.until(f"!document.documentElement.hasAttribute('data-stale') && {rows} === {drawn}")


@pytest.mark.parametrize("file", ["/start.js", "/app.js", "/card/card.css"])
def test_a_page_begins_anew_where_the_browser_gave_up_one_of_its_files(
    watched: tuple[Room, Console, Sheet], file: str
) -> None:
    """As it does with all requests that are under way when a tunnel of the machine comes up."""
    room, console, _ = watched
    sheet = room.open(console)
    given_up: list[str] = []

    def give_up_once(route: Route) -> None:
        if given_up:
            route.continue_()
        else:
            given_up.append(route.request.url)
            route.abort()

    sheet.page.route(f"**{file}", give_up_once)
    sheet.page.reload()
    sheet.until("document.documentElement.dataset.link === 'up'")
    sheet.until("[...document.querySelectorAll('link[rel=stylesheet]')].every((one) => one.sheet?.cssRules.length > 0)")
    assert given_up == [console.origin + file]
    assert all(file in said or "ERR_FAILED" in said for said in sheet.complaints), sheet.complaints
    sheet.close()


def test_a_desk_that_is_gone_is_noticed_by_the_page_itself(watched: tuple[Room, Console, Sheet]) -> None:
    _, console, sheet = watched
    sheet.until("document.querySelector('.row') !== null")
    console.kill()
    sheet.until("document.documentElement.hasAttribute('data-silent')", within_s=SILENT_WITHIN_S)
    assert sheet.page.evaluate("document.documentElement.hasAttribute('data-stale')")
    said = sheet.page.evaluate(PLAIN % ".header")
    assert "NOT DECONFLICTED" in said
    assert "This page has not heard its own desk for" in said
    assert "DESK NOT HEARD" in said
    # What was last known stays in sight, and an answer says that it is none.
    assert sheet.page.evaluate("document.querySelectorAll('.row').length") == 3
    sheet.page.keyboard.press("a")
    sheet.until("document.querySelector('.ask') !== null")
    for key in ("y", "Enter"):
        sheet.page.wait_for_timeout(350)
        sheet.page.keyboard.press(key)
    sheet.until(f"({PLAIN % '.note'}).includes('NOT known to be acknowledged')")
    assert sheet.page.evaluate("document.querySelector('.ask')") is None
