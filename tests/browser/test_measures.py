"""The page says every figure as the terminal does: heights, distances, places and windows, rounded alike."""

import functools
import http.server
import random
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from keepclear.cli import words
from keepclear.offline.heights import band
from keepclear_protocol.instant import format_instant
from support.browsing import Chromium, Sheet

pytestmark = pytest.mark.long

PAGE = Path(__file__).parents[2] / "clients/python/keepclear/console/page"
CASES = 2_000
RANDOM = random.Random(9)
ALL = "async ([name, all]) => { const by = (await import('/measures.js'))[name]; return all.map((one) => by(...one)); }"
FIRST_US, LAST_US = 1_600_000_000_000_000, 1_900_000_000_000_000


class _Files(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def sheet(browser: Chromium) -> Iterator[Sheet]:
    """A page of the console's own modules, with no console behind it."""
    serve = functools.partial(_Files, directory=str(PAGE))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), serve) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        opened = Sheet(browser.context()).open(f"http://127.0.0.1:{server.server_address[1]}/words/en/page.json")
        yield opened
        opened.close()
        server.shutdown()


def said(sheet: Sheet, name: str, cases: list[tuple[Any, ...]]) -> list[str]:
    """What the page says of each case."""
    told: list[str] = sheet.page.evaluate(ALL, [name, [list(one) for one in cases]])
    return told


def height() -> float:
    """Metres as they come: any, and whole levels and feet, which arithmetic may put a hair off."""
    return RANDOM.choice(
        (RANDOM.uniform(-500, 25_000), RANDOM.randint(-10, 700) * 30.48, RANDOM.randint(-900, 60_000) * 0.3048)
    )


def written(*one: Any) -> str:
    """A band of the terminal's as the page writes it: a dash would be read as the sign of a number below zero."""
    found = re.match(r"((?:FL)?-?\d+)(?: to |-)(.*)", band(*one))
    assert found is not None
    between = " \u2026 " if any("-" in part for part in found.groups()) else "-"
    return f"{found[1]}{between}{found[2]}"


def bands() -> list[tuple[float, float, str]]:
    """Bands of every kind of reference."""
    return [(*sorted((height(), height())), RANDOM.choice(("FL", "AMSL", "AGL", "W84"))) for _ in range(CASES)]  # type: ignore[misc]


@pytest.mark.parametrize(
    ("name", "cases", "ours"),
    [
        ("heights", bands(), written),
        ("miles", [(RANDOM.randint(0, 500_000),) for _ in range(CASES)], words.miles),
        ("latlng", [(RANDOM.uniform(-90, 90), RANDOM.uniform(-180, 180)) for _ in range(CASES)], words.position),
        ("latlngDms", [(RANDOM.uniform(-90, 90), RANDOM.uniform(-180, 180)) for _ in range(CASES)], words.position_dms),
    ],
    ids=["heights", "miles", "latlng", "dms"],
)
def test_a_figure_is_said_as_the_terminal_says_it(
    sheet: Sheet, name: str, cases: list[tuple[Any, ...]], ours: Callable[..., str]
) -> None:
    assert said(sheet, name, cases) == [ours(*one) for one in cases]


def test_a_window_is_rounded_outward_as_the_terminal_rounds_it(sheet: Sheet) -> None:
    starts = [RANDOM.randint(FIRST_US, LAST_US) // 1000 * 1000 for _ in range(CASES)]
    cases = [
        (start, start + RANDOM.randint(1, 90_000) * 1_000_000 + RANDOM.randint(0, 999) * 1000, start)
        for start in starts
    ]
    told = said(sheet, "window", [tuple(part // 1000 for part in one) for one in cases])
    assert told == [words.window(*one).replace("Z to ", "Z-" if one_day(*one[:2]) else "Z - ") for one in cases]


def one_day(start: int, end: int) -> bool:
    """Whether a window begins and ends on one day."""
    return format_instant(start)[:10] == words.whole_window(start, end)[1][:10]
