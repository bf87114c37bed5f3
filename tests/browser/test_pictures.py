"""Both consoles as their officers see them, kept as pictures: two alerts, and an afternoon's traffic over Paris.

Each in English and in Hebrew, by night and by day (of Paris each language once for each party, as a theme moves
nothing): ``artefacts/pictures``. A picture is worth keeping only if nothing in it stands out of its column or is drawn
backwards, which is asserted; the rest is for somebody's eyes.
"""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from keepclear_demo.flights import CATEGORY, LIMITS, MINIMA, deal
from keepclear_demo.turn import Turn
from support.browsing import Chromium, Console, Room
from support.looks import COLUMNS, TEXT, TURNED
from support.nursery import Nursery
from support.stores import RunningStore
from support.world import World, box

pytestmark = pytest.mark.long

PARTIES = ("north", "south")
FLIGHTS = 236
AS_THEY_SEE_IT: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}, "reduced_motion": "no-preference"}
SOON_S = 1_200
"""The first flight of the afternoon begins so soon."""

STANDS = """([language, theme, rows]) => document.documentElement.lang === language
    && document.documentElement.dataset.theme === theme && !document.documentElement.hasAttribute('data-stale')
    && document.querySelectorAll('.row[data-code]').length >= rows && document.fonts.status === 'loaded'
    && document.querySelector('.map canvas') !== null"""


def consoles(room: Room) -> dict[str, Console]:
    """Start both parties' consoles, with an officer on watch at each."""
    started = {}
    for at, party in enumerate(PARTIES, start=1):
        started[party] = room.parties[party].console("--officer", f"duty-{at}")
        sheet = room.open(started[party])
        sheet.until("document.documentElement.dataset.role === 'officer'")
        sheet.page.keyboard.press("b")
        sheet.until("document.activeElement?.id === 'officer'")
        sheet.page.keyboard.press("Enter")
        sheet.until("(officer) => document.querySelector('.header').textContent.includes(officer)", f"duty-{at}")
        sheet.close()
        room.sheets.remove(sheet)
    return started


@pytest.fixture(scope="module")
def two(shared_room: Room) -> dict[str, Console]:
    """A line with two alerts: one overlap, one proximity, and a notice that is in no conflict."""
    started = consoles(shared_room)
    remarks = ("--remarks", "two ship, tanker at the north end")
    shared_room.north.submit(box(48.0, 2.0, size=0.5), words=("--callsign", "NORTH-12", *remarks))
    shared_room.north.submit(box(48.2, 2.9, size=0.2), words=("--callsign", "NORTH-20"))
    shared_room.south.submit(box(48.3, 2.3, size=0.4, low=140, high=240), words=("--callsign", "SOUTH-7"))
    shared_room.south.submit(
        box(47.97, 1.6, size=0.39, low=120, high=160, start_s=4000), words=("--callsign", "SOUTH-9")
    )
    return started


@pytest.fixture(scope="module")
def paris_room(
    browser: Chromium, workers: Nursery, browser_store: RunningStore, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Room]:
    """Yield a line under the demo's terms."""
    minima = {"horizontal_m": MINIMA.horizontal_m, "vertical_m": MINIMA.vertical_m, "lead_s": 0, "tail_s": 0}
    limits = {**World().payload["limits"], "area_km2": LIMITS.area_km2}
    world = World(*PARTIES, name="Paris, one afternoon", categories={CATEGORY: minima}, limits=limits)
    with workers.line(world, browser_store.url) as line:
        room = Room(line, browser, tmp_path_factory.mktemp("paris"))
        try:
            yield room
        finally:
            room.close()


@pytest.fixture(scope="module")
def paris(paris_room: Room, shared: Path) -> dict[str, Console]:
    """The whole afternoon, dealt to the parties by turns, each flight filed by another desk of its party."""
    started = consoles(paris_room)
    now = time.time_ns() // 1000 + (SOON_S - 3_600) * 1_000_000
    turns = deal(shared / "flights" / "paris-2021-10-07.jsonl", PARTIES, limit=None, now=now)
    assert len(turns) == FLIGHTS

    def file(turn: Turn) -> None:
        paris_room.line.file(turn.party, *turn.volumes, callsign=turn.callsign, category=turn.category)

    with ThreadPoolExecutor(4) as desks:  # each receipt of a hundred volumes waits for its tick
        list(desks.map(file, turns))
    return started


def picture(room: Room, console: Console, name: str, language: str, theme: str, rows: int) -> None:
    """Open a console, see that it stands, look for what is wrong, and keep the picture."""
    sheet = room.open(console, state=f"lang={language}&theme={theme}", **AS_THEY_SEE_IT)
    sheet.until(STANDS, [language, theme, rows], within_s=60)
    sheet.page.wait_for_timeout(1_500)  # the map is drawn in slices, by idle time
    sheet.shoot(f"pictures/{name}-{language}-{theme}")
    found = {at: wrong for at, look in enumerate((COLUMNS, TURNED, TEXT)) if (wrong := sheet.page.evaluate(look))}
    assert found == {}
    sheet.clean()
    sheet.close()
    room.sheets.remove(sheet)


@pytest.mark.parametrize("theme", ["dark", "day"])
@pytest.mark.parametrize("language", ["en", "he"])
@pytest.mark.parametrize("party", PARTIES)
def test_two_alerts(shared_room: Room, two: dict[str, Console], party: str, language: str, theme: str) -> None:
    picture(shared_room, two[party], f"two-{party}", language, theme, 2)


@pytest.mark.parametrize(
    ("party", "language", "theme"),
    [("north", "en", "dark"), ("north", "he", "day"), ("south", "en", "day"), ("south", "he", "dark")],
)
def test_an_afternoon_over_paris(
    paris_room: Room, paris: dict[str, Console], party: str, language: str, theme: str
) -> None:
    picture(paris_room, paris[party], f"paris-{party}", language, theme, 20)
