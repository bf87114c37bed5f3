"""What the console's map and profile show of a picture: which volumes, labels, panels, times; without a browser."""

import math
from collections.abc import Callable
from typing import Any

import pytest
from support.page_modules import PageModules

HOUR = 3_600_000
NOW = 1_800_000_000_000


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory, require: Callable[[str, str], None]) -> PageModules:
    return PageModules(tmp_path_factory.mktemp("modules"), require)


def extent(
    start: float, end: float, lower: float = 3000, upper: float = 4000, reference: str = "FL", lat: float = 48.0
) -> dict[str, Any]:
    window = {"start_ms": NOW + start * 60_000, "end_ms": NOW + end * 60_000}
    band = {"lower_m": lower, "upper_m": upper, "reference": reference}
    return {"shape": "circle", "points": [[lat, 2.0]], "radius_m": 9000, **window, **band}


def notice(name: str, *extents: dict[str, Any], state: str = "live") -> dict[str, Any]:
    return {"id": name, "state": state, "callsign": name, "extents": list(extents)}


def conflict(
    code: str, own: str, other: str, *pairs: dict[str, Any], phase: str = "new", severity: str = "overlap"
) -> dict[str, Any]:
    theirs = [pair["theirs"] for pair in pairs]
    return {
        "conflict": code, "code": code, "phase": phase, "severity": severity, "pairs_shown": list(pairs),
        "their_extents": theirs, "where": {"lat": 48, "lng": 2}, "own": {"id": own, "callsign": own},
        "other": {"party": "south", "id": other, "category": None},
        "time_start_ms": min((pair["start_ms"] for pair in pairs), default=None),
        "time_end_ms": max((pair["end_ms"] for pair in pairs), default=None),
    }  # fmt: skip


def pair(
    ours: dict[str, Any], theirs: dict[str, Any], severity: str = "overlap", reference: str = "FL"
) -> dict[str, Any]:
    window = {"start_ms": max(ours["start_ms"], theirs["start_ms"]), "end_ms": min(ours["end_ms"], theirs["end_ms"])}
    band = {"lower_m": 3200, "upper_m": 3500, "reference": reference}
    return {"severity": severity, "where": [48, 2], "ours": ours, "theirs": theirs, **window, **band}


SCENE = 'import { sceneOf, extentsOf, pairsAt } from "./map/scene.js"; import { panelsOf } from "./profile/panels.js";'
TOLD = """(({ own, other, flown, faint, clashes, chosen, next_ms }) => ({
  own: own.map(({ id }) => id), other: other.length, flown: flown.map(({ id }) => id), faint: faint.map(({ id }) => id),
  clashes: clashes.map(({ conflict }) => conflict.code), chosen: chosen && chosen.conflict.code, next_ms,
}))(sceneOf(...question))"""


def test_what_may_fly_is_shown_and_what_flies_now_is_told_from_what_does_not(modules: PageModules) -> None:
    picture = {
        "notices": [
            notice("NOW", extent(-10, 10)),
            notice("LATER", extent(5, 20), extent(20, 30)),
            notice("GONE", extent(-10, 10), state="withdrawn"),
            notice("OVER", extent(-10, 10), state="ended"),
            notice("UNSENT", extent(-10, 2), state="not sent"),
            notice("LOST", extent(-10, 10), state="lost"),
        ],
        "conflicts": [],
    }
    now, later = modules.ask(SCENE, TOLD, [(picture, None, NOW, False), (picture, None, NOW + 25 * 60_000, True)])
    assert now["own"] == ["NOW", "LATER", "LATER", "UNSENT", "LOST"]
    assert now["flown"] == ["NOW", "UNSENT", "LOST"]
    assert now["next_ms"] == NOW + 2 * 60_000 + 1
    assert later["flown"] == ["LATER"]
    assert later["faint"] == ["NOW", "LATER", "UNSENT", "LOST"]


def test_of_the_other_side_only_what_open_conflicts_disclosed_is_shown_each_volume_once(modules: PageModules) -> None:
    ours, theirs = extent(5, 20), extent(6, 25)
    conflicts = [
        conflict("AAA", "N1", "S1", pair(ours, theirs)),
        conflict("BBB", "N2", "S1", pair(ours, theirs), severity="proximity"),
        conflict("CCC", "N3", "S2", pair(ours, extent(7, 9)), phase="cleared"),
    ]
    picture = {"notices": [], "conflicts": conflicts}
    plain, chosen = modules.ask(SCENE, TOLD, [(picture, None, NOW, False), (picture, "CCC", NOW, False)])
    assert (plain["other"], plain["clashes"], plain["chosen"]) == (1, ["AAA", "BBB"], None)
    assert (chosen["other"], chosen["clashes"], chosen["chosen"]) == (2, ["AAA", "BBB", "CCC"], "CCC")


def test_each_reference_of_heights_has_a_panel_of_its_own(modules: PageModules) -> None:
    volumes = [
        extent(0, 10, 100, 200, "AGL"),
        extent(0, 10, 5000, 6000, "FL"),
        extent(0, 10, 900, 1000, "AMSL"),
        extent(0, 10, 1, 2, "W84"),
    ]
    picture = {"notices": [notice("N1", *volumes)], "conflicts": []}
    span = {"from_ms": NOW - HOUR, "to_ms": NOW + HOUR}
    answer = "panelsOf(sceneOf(question.picture, question.chosen, question.now, false), question.span)"
    (panels,) = modules.ask(SCENE, answer, [{"picture": picture, "chosen": None, "now": NOW, "span": span}])
    assert [panel["reference"] for panel in panels] == ["FL", "AMSL", "W84", "AGL"]
    for panel, volume in zip(panels, [volumes[1], volumes[2], volumes[3], volumes[0]], strict=True):
        (block,) = panel["blocks"]
        assert (block["lower_m"], block["upper_m"]) == (volume["lower_m"], volume["upper_m"])
        assert panel["lower_ft"] * 0.3048 < volume["lower_m"] < volume["upper_m"] < panel["upper_ft"] * 0.3048
        assert panel["upper_ft"] - panel["lower_ft"] >= 4000


def test_the_panel_of_a_chosen_conflict_shows_its_two_flights_where_they_meet(modules: PageModules) -> None:
    climb = [extent(minute, minute + 1, minute * 300, minute * 300 + 400) for minute in range(40)]
    meeting = pair(climb[11], extent(11, 12, 3200, 3600))
    picture = {"notices": [notice("N1", *climb)], "conflicts": [conflict("AAA", "N1", "S1", meeting)]}
    span = {"from_ms": NOW - HOUR, "to_ms": NOW + HOUR}
    answer = "panelsOf(sceneOf(question.picture, question.chosen, question.now, false), question.span)"
    asked = [{"picture": picture, "chosen": chosen, "now": NOW, "span": span} for chosen in ("AAA", None)]
    chosen, plain = modules.ask(SCENE, answer, asked)
    assert plain[0]["upper_ft"] > 39_000
    assert chosen[0]["lower_ft"] * 0.3048 < 3200 and 3600 < chosen[0]["upper_ft"] * 0.3048 < 6000
    assert [one["look"] for one in chosen[0]["meetings"]] == ["overlap"]
    assert sum(one["chosen"] for one in chosen[0]["blocks"]) == 41


def test_what_is_hatched_is_what_both_have_or_what_lies_between_them(modules: PageModules) -> None:
    ours = extent(0, 10, 3000, 3300)
    pairs = [
        pair(ours, extent(0, 10, 3200, 3600)),
        pair(ours, extent(0, 10, 3400, 3600), "proximity"),
        pair(ours, extent(0, 10, 3100, 3600, "AMSL"), "possible", "AMSL"),
    ]
    picture = {"notices": [notice("N1", ours)], "conflicts": [conflict("AAA", "N1", "S1", *pairs)]}
    span = {"from_ms": NOW - HOUR, "to_ms": NOW + HOUR}
    answer = "panelsOf(sceneOf(question.picture, 'AAA', question.now, false), question.span)"
    ((levels, sea),) = modules.ask(SCENE, answer, [{"picture": picture, "now": NOW, "span": span}])
    assert [(one["lower_m"], one["upper_m"]) for one in levels["meetings"]] == [(3200, 3300), (3300, 3400)]
    assert [(one["lower_m"], one["upper_m"]) for one in sea["meetings"]] == [(3200, 3500)]


def test_a_conflict_that_is_not_chosen_shows_what_meets_now_else_what_meets_next(modules: PageModules) -> None:
    pairs = [pair(extent(a, b), extent(a, b)) for a, b in ((-10, -5), (-2, 3), (10, 20), (10, 15), (30, 40))]
    clash = {"conflict": conflict("AAA", "N1", "S1", *pairs)}
    asked = [(clash, NOW + minutes * 60_000) for minutes in (0, 5, 50)]
    now, gap, after = modules.ask(SCENE, "pairsAt(...question).map(({ start_ms }) => start_ms)", asked)
    assert now == [NOW - 2 * 60_000]
    assert gap == [NOW + 10 * 60_000] * 2
    assert after == []


def test_the_time_axis_holds_now_the_chosen_conflict_and_the_time_looked_at(modules: PageModules) -> None:
    window = {"time_start_ms": NOW + 3 * HOUR, "time_end_ms": NOW + 4 * HOUR}
    asked = [
        (NOW, 1, None, None),
        (NOW + 20_000, 1, None, None),
        (NOW, 1, window, None),
        (NOW, 1, None, NOW - 5 * HOUR),
    ]
    plain, soon, chosen, past = modules.ask('import { spanAt } from "./profile/span.js";', "spanAt(...question)", asked)
    assert plain["to_ms"] - plain["from_ms"] == HOUR and plain["from_ms"] < NOW - 14 * 60_000
    assert soon == plain
    assert chosen["from_ms"] == plain["from_ms"] and chosen["to_ms"] > NOW + 4 * HOUR
    assert past["from_ms"] < NOW - 5 * HOUR and past["to_ms"] == plain["to_ms"]


def test_ticks_are_round_and_named_by_their_reference(modules: PageModules) -> None:
    imports = 'import { heightTicks, heightName, timeTicks, timeName } from "./profile/ticks.js";'
    (told,) = modules.ask(
        imports,
        "[heightTicks(-300, 18_250, 8), heightName(18_000, 'FL'), heightName(-300, 'FL'), heightName(500, 'AGL'),"
        "timeTicks(question, question + 3_600_000, 8).map(timeName)]",
        [NOW],
    )
    assert told[:4] == [[0, 5000, 10_000, 15_000], "FL180", "FL-003", "500"]
    assert len(told[4]) <= 8 and all(name[3:] in ("00", "10", "20", "30", "40", "50") for name in told[4])


def test_no_label_covers_another_and_the_important_ones_come_first(modules: PageModules) -> None:
    wanted = [
        {
            "x": 100 + 7 * number % 200,
            "y": 100 + 13 * number % 90,
            "wide": 90,
            "high": 20,
            "rank": number % 5,
            "gap": 10,
        }
        for number in range(200)
    ]
    room = {"width": 400, "height": 300}
    (placed,) = modules.ask(
        'import { declutter } from "./map/declutter.js";',
        "declutter(question, 60, { width: 400, height: 300 })",
        [wanted],
    )
    boxes = [(one["left"], one["top"], one["left"] + 90, one["top"] + 20) for one in placed]
    assert 8 <= len(boxes) <= 60
    assert all(
        left >= 0 and top >= 0 and right <= room["width"] and bottom <= room["height"]
        for left, top, right, bottom in boxes
    )
    for at, a in enumerate(boxes):
        for b in boxes[:at]:
            assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
    ranks = [wanted[one["at"]]["rank"] for one in placed]
    assert ranks == sorted(ranks, reverse=True)


def test_scales_are_round(modules: PageModules) -> None:
    imports = """import { graticuleStep, ringRadii, roundBelow } from "./map/scale.js";
    import { fitted } from "./map/fit.js";"""
    answer = """[[0.7, 3, 999, 5, 20].map(roundBelow), ringRadii(50 * 1852).map((one) => one / 1852),
    graticuleStep(256 * 2 ** 7, 130), fitted([0.5, 0.3, 0.51, 0.31], { width: 800, height: 600 })]"""
    (told,) = modules.ask(imports, answer, [0])
    assert told[0] == [0.5, 2, 500, 5, 20]
    assert told[1] == pytest.approx([10, 20, 30, 40, 50])
    assert told[2] == 2
    assert told[3]["x"] == pytest.approx(0.505) and 256 * 2 ** told[3]["zoom"] * 0.01 <= 600 * 0.76


def test_what_is_traced_covers_what_the_whole_ring_covers_in_view(modules: PageModules) -> None:
    imports = """import { trace } from "./map/trace.js";
    function traced(ring, box) {
      const points = [];
      const path = { moveTo: (x, y) => points.push([x, y]), lineTo: (x, y) => points.push([x, y]), closePath() {} };
      const view = { box, left: box[0], top: box[1], scale: 1000, zoom: 2, ratio: 1 };
      trace(path, Float64Array.from(ring.flat()), view, 0, true);
      return points;
    }"""
    ring = [
        (0.5 + 0.4 * math.cos(at / 50) * (1 + 0.1 * math.sin(at)), 0.5 + 0.4 * math.sin(at / 50)) for at in range(315)
    ]
    box = [0.5, 0.4, 0.6, 0.6]
    (points,) = modules.ask(imports, "traced(question, [0.5, 0.4, 0.6, 0.6])", [ring])
    assert len(points) < len(ring) / 3
    for x, y in ((0.55, 0.5), (0.59, 0.41), (0.51, 0.59)):
        assert _winds([(box[0] + px / 1000, box[1] + py / 1000) for px, py in points], x, y) == _winds(ring, x, y)


def _winds(ring: list[tuple[float, float]], x: float, y: float) -> int:
    turns = 0
    for (x0, y0), (x1, y1) in zip(ring, ring[1:] + ring[:1], strict=True):
        side = (x1 - x0) * (y - y0) - (x - x0) * (y1 - y0)
        turns += (y0 <= y < y1 and side > 0) - (y1 <= y < y0 and side < 0)
    return turns


def test_no_name_stands_at_a_height_at_which_its_flight_is_not(modules: PageModules) -> None:
    frame = {"top": 100, "bottom": 200}
    asked = [(-50, -20), (90, 101), (90, 104), (120, 140), (198, 260), (199, 260), (300, 330), (0, 400)]
    imports = 'import { standOf, namedOf } from "./profile/names.js";'
    said = modules.ask(imports, f"standOf(...question, {frame})", asked)
    assert [(one["beyond"], one["y"]) for one in said] == [
        ("above", 109), ("above", 109), (None, 109), (None, 129), (None, 191), ("below", 191), ("below", 191),
        (None, 109),
    ]  # fmt: skip
    climb = [
        {"look": "own", "name": "N1", "chosen": False, "start_ms": start, "lower_m": lower}
        for start, lower in ((0, 9000), (1, 100), (2, 100))
    ]
    (named,) = modules.ask(imports, "namedOf(question, (block) => block.lower_m < 5000)", [climb])
    assert [one["start_ms"] for one in named] == [1]
    (named,) = modules.ask(imports, "namedOf(question, () => false)", [climb])
    assert [one["start_ms"] for one in named] == [0]
