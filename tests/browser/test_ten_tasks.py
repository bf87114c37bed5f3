"""A duty officer at 3 a.m.: ten tasks, each done with keys alone on a real console of a real line, and counted.

The counts are those of the table in ``docs/console.md``. A picture of each is put among the artefacts, and a smaller
one into the folder that KEEPCLEAR_PICTURES names: docs/console has them so.
"""

import contextlib
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.browsing import Room, Sheet
from support.small_png import small_png
from support.world import box

pytestmark = pytest.mark.long

DOCS = Path(__file__).parents[2] / "docs/console.md"
PICTURES = os.environ.get("KEEPCLEAR_PICTURES")

SENTENCE = re.compile(
    r"Conflict \w+ \w+ \w+, \w+ \w+ \w+: north's NORTH12 and south's transport overlap,"
    r" from (?:[\d-]+ )?\d\d:\d\d:\d\dZ to (?:[\d-]+ )?\d\d:\d\d:\d\dZ as north is told, at FL\d+-FL\d+,"
    r" at 48\.\d+N 002\.\d+E,"
    r" \d\d\d° \d+\.\d NM from ANVIL, which begins in 1\d minutes\."
)
SAYS = """([selector, words]) => {
    const text = document.querySelector(selector)?.innerText.replace(/[\\u2066-\\u2069]/g, "").replace(/\\xa0/g, " ");
    return text !== undefined && words.every((word) => text.includes(word)) && text;
}"""
IN_VIEW = """(selector) => {
    const [at, side] = [selector, ".side"].map((one) => document.querySelector(one).getBoundingClientRect());
    return at.top >= side.top && at.bottom <= side.bottom;
}"""
READ_MS = 1100
"""What has stood in view for a second can be acknowledged."""


OURS = (
    ("NORTH12", 48.0, 2.0, 840),
    ("NORTH13", 46.0, 3.0, 2400),
    ("NORTH14", 44.0, 3.0, 3600),
    ("NORTH15", 42.0, 5.0, 5400),
)
"""Our flights: callsign, place, and in how many seconds each begins."""


class Hands:
    """An officer's hands at a page: keys alone, counted for each task."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet
        self.counted: dict[int, int] = {}
        self._keys = 0

    @contextlib.contextmanager
    def task(self, number: int) -> Iterator[None]:
        """Do one task; its keys are counted, and at its end a picture is taken."""
        self._keys = 0
        yield
        self.counted[number] = self._keys
        self._shoot(f"{number:02d}")

    def press(self, *keys: str) -> None:
        """Press keys, each once what the one before has asked can have been read."""
        for key in keys:
            self._keys += 1
            self.sheet.page.keyboard.press(key)
            self.sheet.page.wait_for_timeout(350)

    def type(self, text: str) -> None:
        """Type into the field that has the focus."""
        self._keys += len(text)
        self.sheet.page.keyboard.type(text)

    def sees(self, selector: str, *words: str) -> str:
        """Wait until every one of ``words`` stands in an element; return all its text."""
        text: str = self.sheet.until(SAYS, [selector, list(words)])
        return text

    def card(self, *words: str) -> str:
        """Wait until the opened card says ``words``."""
        return self.sees(".row[aria-current=true]", *words)

    def has_read(self) -> None:
        """Let the opened card stand in view for as long as it takes to be read."""
        self.sheet.page.wait_for_timeout(READ_MS)

    def _shoot(self, name: str) -> None:
        shot = self.sheet.shoot(f"ten-tasks/{name}")
        if PICTURES:
            (Path(PICTURES) / f"{name}.png").write_bytes(small_png(shot.read_bytes()))


def in_the_table() -> dict[int, int]:
    """The counts that docs/console.md gives."""
    rows = re.findall(r"^\| (\d+) \| .* \| (\d+) \| [^|]*\|$", DOCS.read_text(), re.MULTILINE)
    return {int(number): int(keys) for number, keys in rows}


def done(typed: tuple[int, list[Any], str]) -> None:
    """Assert that the other side's command did what it was asked."""
    code, _, talk = typed
    assert code in (0, 3), talk


def test_ten_tasks_of_a_duty_officer_with_keys_alone(room: Room) -> None:
    north, south = room.north, room.south
    # Theirs first: what meets them then comes to us with our own filing.
    their_worst = south.submit(box(48.05, 2.05, start_s=840, low=150, high=200, last_s=1800))
    south.submit(box(46.05, 3.12, start_s=2400, low=150, high=200))
    south.submit(box(44.05, 3.05, start_s=3600, low=150, high=200))
    # Far from the first in time, near in place: an amendment of it is what task 6 reads.
    their_late = south.submit(box(42.05, 5.05, start_s=5400, low=150, high=200))
    for callsign, lat, lng, start_s in OURS:
        ours = box(lat, lng, start_s=start_s, low=140, high=180, last_s=1800)
        north.submit(ours, words=("--callsign", callsign))
    console = north.console("--officer", "duty-2", "--bullseye", "48.2,2.2=ANVIL")
    sheet = room.open(console, reduced_motion="no-preference")
    hands = Hands(sheet)
    sheet.until("document.querySelectorAll('.row').length === 4")

    with hands.task(1):  # Begin the watch.
        hands.press("b")
        hands.sees("dialog", "The link is up.", "4 not answered.")
        hands.press("Enter")
        hands.sees(".header", "duty-2 on watch since")
        sheet.until("document.querySelector('[data-chip=sound]').innerText !== 'SOUND OFF S'")
    sheet.until("document.querySelector('[data-chip=sound]').innerText === 'Sound on'")

    hands.press("j", "j", "j")
    with hands.task(2):  # Find the worst.
        hands.press("w")
        hands.card("OVERLAP", "our NORTH12 with south's transport", "NOT ANSWERED", "in 1")

    with hands.task(3):  # Tell by telephone where it is, when and how high.
        sentence = hands.card(
            "Where", "48.0750N 002.0750E", "31U DP 31099 25050", "Their height", "FL150-FL200", "nothing else is known."
        )
        assert SENTENCE.search(sentence), sentence
        hands.press("Enter")

    code, told, talk = south.type("conflicts")
    assert code == 0, talk
    known = told[0]["conflicts"]
    worst = known[0]
    done(south.type("ack", worst["conflict"], "--officer", "wach-1", "--version", str(worst["version"])))
    with hands.task(4):  # Who has answered, on both sides?
        answers = hands.sees(".row[aria-current=true] .answers", "by wach-1", "NOT ANSWERED")
        assert re.search(r"south\s.*\d\d:\d\d:\d\dZ by wach-1", answers.replace("\n", " "))
        assert sheet.page.evaluate(IN_VIEW, ".row[aria-current=true] .answers"), "nobody has scrolled"

    with hands.task(5):  # Acknowledge it: a danger asks twice.
        hands.press("a")
        hands.sees(".ask", "We have read", "NORTH12", "Sign as duty-2")
        hands.press("y")
        hands.sees(".ask", "This is a danger")
        hands.press("Enter")
        hands.card("WE ANSWERED")

    with hands.task(6):  # It changes under one's eyes: what was not read is not signed.
        hands.press("/")
        hands.type("north15")
        hands.press("Enter")
        hands.card("NORTH15")
        hands.has_read()
        hands.press("a")
        hands.sees(".ask", "We have read")
        later = json.dumps([box(42.05, 5.05, start_s=5700, low=160, high=220)])
        done(south.type("amend", their_late, "-", stdin=later))
        hands.sees(".note", "has changed or is over: read it again first. Nothing was signed.")
        hands.card("Changed at", "height:", "is now", "time:")
        hands.has_read()
        hands.press("a", "y", "Enter")
        hands.card("WE ANSWERED")

    north.cable.cut()
    hands.sees(".header", "NOT DECONFLICTED", "LINK LOST, BLIND FOR", "Speak with the other side by voice.")
    assert sheet.page.evaluate("document.documentElement.hasAttribute('data-stale')")
    higher = json.dumps([box(48.05, 2.05, start_s=900, low=170, high=210, last_s=1800)])
    done(south.type("amend", their_worst, "-", stdin=higher))
    north.cable.mend()
    hands.sees(".header", "This desk was blind from", "read what came since")
    with hands.task(7):  # What changed while the link was down?
        hands.press("l")
        hands.sees(".log .since", "This desk was blind from", "changed: now OVERLAP", worst["code"])

    hands.press("Escape")
    named = known[-1]["code"]
    with hands.task(8):  # Find the one that they name on the telephone.
        hands.press("/")
        hands.type(named.replace("-", "").lower())
        hands.press("Enter")
        flight = re.findall(r"NORTH\d\d", hands.card(named))[0]

    with hands.task(9):  # File a flight of ours a quarter of an hour later than it was filed.
        hands.press("f")
        hands.sees(".side", flight)
        hands.press("d")
        hands.sees(".side", "Minutes later")
        hands.type("15")
        hands.press("Enter")
        hands.sees(".side", "Read back", "not signed yet", flight)
        hands.has_read()
        hands.press("Enter")
        hands.sees(".side", "What became of it", flight, "revision 2")
        hands.sees(".strip", "CLOSED", "we amended our notice")
    hands.press("q")
    sheet.until("document.activeElement.closest('.row')?.getAttribute('aria-current') === 'true'")

    # Delayed, it meets nothing any more: three stand.
    with hands.task(10):  # Hand the watch over: what stands is read out.
        hands.press("b")
        hands.sees("dialog", "3 conflicts stand. Read them out", "1 of 1", "NORTH12", "NORTH14", "NORTH15")
        hands.press("Enter")
        hands.sees("dialog", "3 conflicts were read out.")
        hands.type("duty-3")
        hands.press("Enter")
        hands.sees(".header", "duty-3 on watch since")

    assert hands.counted == in_the_table()
    sheet.clean()
