"""What is read out over a telephone: heights alike on both sides, whose window it is, hours with their minutes."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keepclear
import pytest
from keepclear.journal.pictured import worst_pair
from support.page_modules import PageModules

WORDS = Path(keepclear.__file__).parent / "console/page/words/en"
NOW = 1_800_000_000_000
MINUTE = 60_000
FL = 30.48

SAID = """import "./page.js";
import { sentence, readBack } from "./card/sentence.js";
import { countdownSpoken } from "./measures.js";
import { party, now } from "./desk/picture.js";
import { loadWords } from "./words.js";
await loadWords();
now.value = 1800000000000;
const bare = (text) => text.replace(/[\\u2066-\\u2069]/g, "");
"""
PAGE = """
const element = { style: {}, dataset: {} };
globalThis.document = { documentElement: element, addEventListener() {}, visibilityState: "visible" };
globalThis.navigator ??= { language: "en" };
globalThis.addEventListener = () => {};
globalThis.location = { search: "", hash: "", pathname: "/", href: "http://127.0.0.1/" };
globalThis.history = { replaceState() {}, pushState() {} };
globalThis.localStorage = globalThis.sessionStorage = { getItem: () => null, setItem() {} };
globalThis.fetch = async () => ({ ok: true, json: async () => (%s) });
"""


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory, require: Callable[[str, str], None]) -> PageModules:
    folder = tmp_path_factory.mktemp("modules")
    modules = PageModules(folder, require)
    words: dict[str, str] = {}
    for path in WORDS.glob("*.json"):
        words |= json.loads(path.read_text())
    (folder / "page/page.js").write_text(PAGE % json.dumps(words))
    return modules


def side(lower: float | None, upper: float | None, reference: str | None, **more: Any) -> dict[str, Any]:
    band = {"altitude_lower_m": lower and lower * FL, "altitude_upper_m": upper and upper * FL}
    return {"id": "x", "revision": 0, **band, "reference": reference, **more}


def conflict(ours: tuple[Any, Any, Any], theirs: tuple[Any, Any, Any], other: str, **more: Any) -> dict[str, Any]:
    lower, upper, reference = theirs if theirs[0] is not None else (200, 210, "FL")
    return {
        "code": "0JA-GX2", "spoken": "Zero", "version": 3, "state": "OPEN", "phase": "new", "severity": "overlap",
        "verdict": "verified", "alarm": None, "reason": None, "where": None,
        "own": side(*ours, callsign="AF1"), "other": side(*theirs, party=other, category=None),
        "altitude_lower_m": lower * FL, "altitude_upper_m": upper * FL, "reference": reference,
        "time_start_ms": NOW + 147 * MINUTE, "time_end_ms": NOW + 160 * MINUTE, **more,
    }  # fmt: skip


ANSWER = "(party.value = question[0], [bare(sentence(question[1])), bare(readBack(question[1]))])"


def test_both_sides_read_the_same_heights_out_or_each_side_s_by_name(modules: PageModules) -> None:
    a, b = (205, 215, "FL"), (200, 210, "FL")
    high, ground = (220, 230, "FL"), (200, 210, "AMSL")
    unknown = (None, None, None)
    asked = [
        ("north", conflict(a, b, "south")),
        ("south", conflict(b, a, "north")),
        ("north", conflict(b, high, "south", severity="proximity")),
        ("north", conflict(b, ground, "south")),
        ("north", conflict(unknown, b, "south")),
        ("north", conflict(a, unknown, "south")),
    ]
    north, south, apart, references, theirs, told = modules.ask(SAID, ANSWER, asked)
    for said in (*north, *south):
        assert "FL205-FL210" in said and said.count("FL") == 2
    assert ", at FL205-FL210," in north[0] and "Z as north is told, " in north[0] and "Z as south is told, " in south[0]
    for said in apart:
        assert "north at FL200-FL210, south at FL220-FL230" in said
    for said in references:
        assert "north at FL200-FL210, south at 20000-21000 ft AMSL" in said
    for said in theirs:
        assert "south at FL200-FL210" in said and "north at" not in said
    for said in told:
        assert "FL205-FL210" in said


def test_hours_are_never_said_without_their_minutes(modules: PageModules) -> None:
    asked = [147.9, 119, 120, 61, 59.5, 1.5, 60 * 50 + 1]
    said = modules.ask(SAID, f"bare(countdownSpoken({NOW} + question * {MINUTE}, {NOW} * 2, {NOW}))", asked)
    assert said == [
        "begins in 2 hours 27 minutes",
        "begins in 1 hour 59 minutes",
        "begins in 2 hours",
        "begins in 1 hour 1 minute",
        "begins in 59 minutes",
        "begins in 90 seconds",
        "begins in 50 hours 1 minute",
    ]


def test_of_pairs_alike_but_for_their_end_both_sides_show_the_same() -> None:
    """The side with two volumes is told of one pair, the other side of both, in the order of digests."""
    alike = {"severity": "overlap", "horizontal_m": 0, "vertical_m": 0, "time_start": "2026-11-26T18:00:00Z"}
    long, short = ({**alike, "time_end": f"2026-11-26T18:{minute}:00Z"} for minute in (30, 20))
    assert worst_pair((long, short)) is worst_pair((short, long)) is short
