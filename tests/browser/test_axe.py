"""Everybody can use the page: axe finds nothing in any room, language or theme, and an alert reads as one sentence.

Beside axe's own rules: text has 7:1 against its ground, everywhere, and what is pressed is 44 px at least.
"""

import re
from collections.abc import Iterator

import pytest
from support.browsing import Console, Room, Sheet
from support.world import box

pytestmark = pytest.mark.long

LANGUAGES = ("en", "he", "ar", "tr", "ru")
LOOKED_AT = [*((language, "dark") for language in LANGUAGES), ("en", "day"), ("ar", "day")]
"""A theme changes colours, whatever the language."""
ROOMS = ("queue", "filing", "history", "incident", "log", "report")
STRICT = {"rules": {"color-contrast-enhanced": {"enabled": True}, "target-size": {"enabled": True}}}

LOOKS = "document.documentElement.lang === language && document.documentElement.dataset.theme === theme"
GO = """async ([place, code]) => {
    (await import("/address.js")).go(place, code);
    await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
}"""
"""To a room of the page that stands: a page is loaded in seconds, a room in a moment."""

SMALL = """() => [...document.querySelectorAll('button, a[href], select, input:not([type=hidden]), summary')]
    .filter((one) => one.checkVisibility() && !one.closest('.visually-hidden'))
    .map((one) => [one.outerHTML.slice(0, 120), one.getBoundingClientRect()])
    .filter(([, where]) => where.width > 0 && (where.height < 43.5 || where.width < 43.5))
    .map(([what, where]) => `${Math.round(where.width)} x ${Math.round(where.height)}: ${what}`)"""
"""What is smaller than a finger, with its size."""


@pytest.fixture(scope="module")
def north(shared_room: Room) -> Iterator[Console]:
    """Yield a console that knows a danger, a proximity, one of two kinds of heights, and one that is over."""
    shared_room.south.console("--officer", "duty-2")
    console = shared_room.north.console("--officer", "duty-1")
    shared_room.north.submit(box(), words=("--callsign", "N-114", "--remarks", "two ship, tanker at the north end"))
    shared_room.south.submit(box(48.05, 2.05, low=140, high=240))
    shared_room.south.submit(box(48.12, 2.12, low=205, high=240, start_s=4000))
    shared_room.south.submit(box(48.02, 2.02, low=3000, high=4000, reference="AMSL"))
    ended = shared_room.south.submit(box(48.03, 2.03, low=120, high=150))
    code, _, talk = shared_room.south.type("withdraw", ended, "--yes")
    assert code == 0, talk
    yield console


@pytest.fixture(scope="module")
def sheet(shared_room: Room, north: Console) -> Sheet:
    opened = shared_room.open(north)
    opened.until("document.querySelectorAll('[data-code]').length >= 3")
    return opened


def show(sheet: Sheet, north: Console, language: str, theme: str, place: str) -> None:
    """Go to a room in a language and a theme, with the worst conflict selected, and wait until it stands."""
    code = sheet.page.evaluate("document.querySelector('[data-code]')?.dataset.code ?? ''")
    if not sheet.page.evaluate(f"([language, theme]) => {LOOKS}", [language, theme]):
        sheet.open(f"{north.origin}/?lang={language}&theme={theme}&room={place}&sel={code}")
    sheet.page.evaluate(GO, [place, code])
    sheet.until(
        f"""([language, theme]) => {LOOKS} && document.querySelector('main h1, main h2, main button')
        && document.querySelector('.header h1, main.alone h1')?.textContent.trim()
        && !document.querySelector('main .waiting')
        && document.querySelector('main').textContent.length > 40 && document.fonts.status === 'loaded'""",
        [language, theme],
    )


@pytest.mark.parametrize(("language", "theme"), LOOKED_AT)
def test_axe_finds_nothing_in_any_room(sheet: Sheet, north: Console, language: str, theme: str) -> None:
    found = {}
    for place in ROOMS:
        show(sheet, north, language, theme, place)
        found[place] = sheet.axe(**STRICT)
    assert {place: faults for place, faults in found.items() if faults} == {}


def press(sheet: Sheet, key: str, tries: int = 20) -> None:
    """Press a key until its dialog stands: on a busy machine a page is drawn before its keys are bound."""
    for _ in range(tries):
        sheet.page.keyboard.press(key)
        sheet.page.wait_for_timeout(500)
        if sheet.page.evaluate("document.querySelector('dialog[open]') !== null"):
            return
    raise AssertionError(f"no dialog after {key}")


@pytest.mark.parametrize(("language", "theme"), LOOKED_AT)
def test_axe_finds_nothing_in_what_stands_over_the_page(
    sheet: Sheet, north: Console, language: str, theme: str
) -> None:
    show(sheet, north, language, theme, "queue")
    found = {}
    for key in ("?", "b"):
        press(sheet, key)
        found[key] = sheet.axe(**STRICT)
        sheet.page.keyboard.press("Escape")
        sheet.until("document.querySelector('dialog[open]') === null")
    assert {key: faults for key, faults in found.items() if faults} == {}


@pytest.mark.parametrize("place", ROOMS)
def test_what_is_pressed_is_as_large_as_a_finger(sheet: Sheet, north: Console, place: str) -> None:
    show(sheet, north, "en", "dark", place)
    assert sheet.page.evaluate(SMALL) == []


TIME = r"(?:\d{4}-\d\d-\d\d )?\d\d:\d\d:\d\dZ"
"""With its day, where that is not today's."""


def test_an_alert_reads_as_one_sentence(sheet: Sheet, north: Console) -> None:
    """As a screen reader has it: no digit torn from its unit, nothing of the drawing in between."""
    show(sheet, north, "en", "dark", "queue")
    told = sheet.page.locator(".row[aria-current=true] .sentence").inner_text()
    heard = sheet.page.locator(".row[aria-current=true] .card").aria_snapshot()
    bare = re.sub("[\u2066-\u2069]", "", told)
    assert re.fullmatch(
        r"Conflict [A-Z][a-z]+(?: [A-Z][a-z]+){2}, [A-Z][a-z]+(?: [A-Z][a-z]+){2}: north's N-114 and south's transport"
        rf" overlap, from {TIME} to {TIME} as north is told, at FL140-FL\d+,"
        r" at \d\d\.\d{4}N \d{3}\.\d{4}E, which begins in \d+ minutes\.",
        bare,
    ), told
    assert f"- paragraph: {bare}" in re.sub('[\u2066-\u2069"]', "", heard).replace(r"\\", ""), heard


def test_a_new_danger_is_spoken_once_and_nothing_else_speaks_by_itself(shared_room: Room, sheet: Sheet) -> None:
    spoken = sheet.page.locator("[role=alert]")
    before = spoken.all_inner_texts()
    shared_room.south.submit(box(48.06, 2.06, low=150, high=160, start_s=3700))
    sheet.until(
        "(before) => [...document.querySelectorAll('[role=alert]')].some((one) => !before.includes(one.innerText))",
        before,
    )
    said = " ".join(text for text in spoken.all_inner_texts() if text)
    assert said.count("Conflict ") == 1, said
    live = sheet.page.evaluate("[...document.querySelectorAll('[aria-live]')].map((one) => one.outerHTML.slice(0, 80))")
    assert live == []


def test_nothing_moves_where_less_motion_is_asked_for(shared_room: Room, north: Console) -> None:
    sheet = shared_room.open(north, reduced_motion="reduce")
    sheet.until("document.querySelector('.row[data-look=overlap][data-calls=true]') !== null")
    assert sheet.page.evaluate("document.getAnimations().length") == 0
    danger = sheet.page.locator(".row[data-look=overlap][data-calls=true] .answer-state").first
    assert "double" in danger.evaluate(
        "(one) => getComputedStyle(one).outlineStyle + getComputedStyle(one).borderStyle"
    )


def test_colours_of_the_reader_s_own_leave_it_usable(shared_room: Room, north: Console) -> None:
    """Colours are the reader's then, contrast too: what told a danger by its ground tells it by a border."""
    sheet = shared_room.open(north, forced_colors="active")
    sheet.until("document.querySelector('.row[data-look=overlap][data-calls=true]') !== null")
    assert sheet.axe(rules={"color-contrast": {"enabled": False}}) == []
    danger = sheet.page.locator(".row[data-look=overlap][data-calls=true] .answer-state").first
    drawn = danger.evaluate("(one) => { const s = getComputedStyle(one); return [s.borderStyle, s.outlineStyle]; }")
    assert any(style in ("solid", "double") for style in drawn), drawn
