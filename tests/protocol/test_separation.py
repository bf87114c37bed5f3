"""The rules, one axis at a time: vectors, the F3548 corpus, tangency and bounds."""

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from keepclear_protocol import geometry, separation
from keepclear_protocol.errors import Malformed
from keepclear_protocol.instant import SECOND, format_instant
from keepclear_protocol.outline import Circle, Outline, Polygon
from keepclear_protocol.separation import (
    RULES,
    WORLDWIDE,
    Minima,
    Pair,
    Severity,
    Uncertainty,
    judge,
    severity_rank,
)
from keepclear_protocol.volume import (
    Reference,
    Volume,
    circle_json,
    parse_volume,
    polygon_json,
    volume4d_json,
)
from support.ellipsoid import WGS84
from support.rule_mutants import MUTANTS, Judge

VECTORS = json.loads((Path(__file__).resolve().parents[2] / "protocol" / "vectors" / "separation.json").read_text())
AGREED = Uncertainty(**{name: tuple(bounds) for name, bounds in VECTORS["uncertainty"].items()})
NONE = Minima(0, 0, 0, 0)
START = 1_790_000_000 * SECOND
HOUR = 3600 * SECOND


def pair_json(pair: Pair | None) -> dict[str, Any] | None:
    if pair is None:
        return None
    return {
        "severity": str(pair.severity),
        "horizontal_m": pair.horizontal_m,
        "vertical_m": pair.vertical_m,
        "time_start": format_instant(pair.start),
        "time_end": format_instant(pair.end),
        "altitude_lower_m": pair.lower_m,
        "altitude_upper_m": pair.upper_m,
        "reference": str(pair.reference),
    }


def judged(case: dict[str, Any], by: Judge = judge) -> dict[str, Any] | None:
    a, b = parse_volume(case["a"]), parse_volume(case["b"])
    return pair_json(by(a, Minima(**case["a_minima"]), b, Minima(**case["b_minima"]), AGREED))


@pytest.mark.parametrize("case", VECTORS["cases"], ids=[case["name"] for case in VECTORS["cases"]])
@pytest.mark.req("R-055", "R-056", "R-057", "R-058", "R-059", "R-060", "R-061")
def test_vectors(case: dict[str, Any]) -> None:
    assert judged(case) == case["expect"]
    swapped = case | {"a": case["b"], "b": case["a"], "a_minima": case["b_minima"], "b_minima": case["a_minima"]}
    assert without_band(judged(swapped)) == without_band(case["expect"])


def without_band(pair: dict[str, Any] | None) -> dict[str, Any] | None:
    """A pair without what belongs to its second volume alone."""
    told = ("severity", "horizontal_m", "vertical_m", "time_start", "time_end")
    return None if pair is None else {name: pair[name] for name in told}


@pytest.mark.req("R-054", "R-103")
def test_vectors_are_of_these_rules() -> None:
    assert VECTORS["rules"] == RULES


@pytest.mark.parametrize("name", MUTANTS)
def test_the_vectors_see_through_a_wrong_rule(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    mutant = MUTANTS[name](monkeypatch)
    wrong = [case["name"] for case in VECTORS["cases"] if judged(case, mutant) != case["expect"]]
    assert wrong, f"no vector tells the rules from: {name}"


@pytest.fixture(scope="session")
def f3548(shared: Path) -> list[tuple[Volume, Volume, list[Any]]]:
    """The 103 pairs of the ASTM F3548-21 flight intents, with what is known of each."""
    collections = json.loads((shared / "vectors" / "f3548_pairs.json").read_text())
    found = []
    for collection in collections.values():
        intents = {name: parse_volume(only(intent["area"])) for name, intent in collection["intents"].items()}
        assert collection["pairs_cols"] == ["a", "b", "conflict4d", "horizontal", "vertical", "temporal"]
        found += [(intents[a], intents[b], truth) for a, b, *truth in collection["pairs"]]
    return found


def only(items: list[Any]) -> Any:
    (item,) = items
    return item


@pytest.mark.req("R-055")
def test_all_f3548_pairs_are_judged_right_and_right_on_each_axis(f3548: list[tuple[Volume, Volume, list[Any]]]) -> None:
    assert len(f3548) == 103
    for a, b, (conflict, horizontal, vertical, temporal) in f3548:
        band: dict[str, Any] = {"lower_m": a.lower_m, "upper_m": a.upper_m}
        window: dict[str, Any] = {"start": a.start, "end": a.end}
        outline: dict[str, Any] = {"outline": a.outline, "shape": a.shape}

        def meets(other: Volume, a: Volume = a) -> bool:
            pair = judge(a, NONE, other, NONE, WORLDWIDE)
            assert pair is None or pair.severity is Severity.OVERLAP
            return pair is not None

        assert meets(b) is conflict
        assert meets(replace(b, **band, **window)) is horizontal
        assert meets(replace(b, **outline, **window)) is vertical
        assert meets(replace(b, **outline, **band)) is temporal


def make(
    outline: Outline, lower_m: float = 0, upper_m: float = 100, start: int = START, end: int = START + HOUR
) -> Volume:
    return Volume(outline, lower_m, upper_m, Reference.W84, start, end, geometry.shape_of(outline))


def test_the_wide_polygon_on_geodesics() -> None:
    # 50 N to 51 N, 0 to 20 E: joined by straight lines in degrees it holds a circle at 50.10 N 10 E, which is 36.8 km
    # south of its southern edge. That edge is longer than we take, so the polygon is refused; cut in two it is taken.
    vertices = [(50.0, 0.0), (50.0, 20.0), (51.0, 20.0), (51.0, 0.0)]
    with pytest.raises(Malformed) as caught:
        parse_volume(volume4d_json(polygon_json(vertices), 0, 1, "W84", "M", START, START + HOUR))
    assert caught.value.code == "volume_edge"
    circle = make(Circle((50.1, 10.0), 1000.0))
    azimuth, _, length = WGS84.inv(0, 50, 20, 50)
    lng, lat, _ = WGS84.fwd(0, 50, azimuth, length / 2)
    middle = (round(lat, 9), round(lng, 9))
    for half in (
        Polygon(((50.0, 0.0), middle, (51.0, 10.0), (51.0, 0.0))),
        Polygon((middle, (50.0, 20.0), (51.0, 20.0), (51.0, 10.0))),
    ):
        assert judge(make(half), NONE, circle, NONE, WORLDWIDE) is None
        apart_m = geometry.distance_m(make(half).shape, circle.shape)
        assert apart_m == pytest.approx(36_840, abs=200)
        told = judge(make(half), Minima(36_000, 0, 0, 0), circle, NONE, WORLDWIDE)
        assert told is not None
        assert told.horizontal_m == math.floor(0.994 * apart_m - 1000 - make(half).shape.margin_m)


@pytest.mark.req("R-055", "R-056")
def test_tangency_is_a_conflict_at_any_size_and_place() -> None:
    for lat in (0.0, 23.4, 51.7, -80.1, 85.0):
        for step in (1e-5, 1e-2, 1.0):
            corner, right = (lat, 10.0), (lat, round(10 + step, 9))
            above = min(90.0, round(lat + step, 9))
            left = make(Polygon((corner, right, (above, right[1]), (above, corner[1]))))
            # Its corner lies on the other's eastern meridian, between two vertices.
            on_edge = (round(lat + (above - lat) / 3, 9), right[1])
            touching = make(Polygon((on_edge, (lat, right[1] + step), (above, right[1] + step))))
            pair = judge(left, NONE, touching, NONE, WORLDWIDE)
            assert pair is not None, (lat, step)
            assert pair.severity is Severity.OVERLAP


def test_the_caps_never_decide_against_s2() -> None:
    """Two circles exactly at the minimum: the cheap bound must leave the verdict to the rule."""
    for lat in range(-90, 91, 15):
        for metres in (1.0, 1e3, 1e6):
            a, b = make(Circle((float(lat), 0.0), metres)), make(Circle((float(lat), 37.0), metres))
            gap = 0.994 * geometry.distance_m(a.shape, b.shape) - 2 * metres
            told = judge(a, Minima(max(0.0, gap), 0, 0, 0), b, NONE, WORLDWIDE)
            assert told is not None
            assert gap <= 0.01 or judge(a, Minima(gap - 0.001, 0, 0, 0), b, NONE, WORLDWIDE) is None


@pytest.mark.req("R-058")
def test_worldwide_bounds_cover_what_is_on_record() -> None:
    assert WORLDWIDE.geoid_undulation_m[0] < -106.9
    assert WORLDWIDE.geoid_undulation_m[1] > 85.8
    # The standard atmosphere's altitude of the lowest and the highest sea-level pressure on record, in hPa.
    low, high = (44_330.8 * (1 - (hpa / 1013.25) ** 0.190263) for hpa in (870.0, 1089.4))
    # 4 % of the height for each 10 K off the standard.
    assert WORLDWIDE.pressure_error_m[0] <= -low - 0.12 * 30_480
    assert WORLDWIDE.pressure_error_m[1] >= -high + 0.06 * 30_480
    assert WORLDWIDE.terrain_m[0] < -440
    assert WORLDWIDE.terrain_m[1] > 8849


@pytest.mark.req("R-062")
def test_ranks_put_the_worst_first() -> None:
    assert sorted(Severity, key=severity_rank) == [Severity.OVERLAP, Severity.PROXIMITY, Severity.POSSIBLE]
    near = Pair(Severity.PROXIMITY, 5, 50, START, START, 0, 1, Reference.W84)
    ranked = [replace(near, severity=Severity.OVERLAP, horizontal_m=9), near, replace(near, vertical_m=60)]
    ranked += [replace(near, horizontal_m=6, vertical_m=0), replace(near, severity=Severity.POSSIBLE, horizontal_m=0)]
    assert sorted(ranked, key=lambda pair: pair.rank) == ranked


def test_one_implementation_of_each_constant() -> None:
    assert vars(separation)["SPHERE_FACTOR"] == geometry.SPHERE_FACTOR == 0.994
    assert geometry.EDGE_SHIFT_PER_M == 7e-11


def test_judging_says_nothing_of_circles_of_another_world() -> None:
    far = parse_volume(volume4d_json(circle_json((-50.0, -170.0), 1e6), 0, 1, "W84", "M", START, START + HOUR))
    here = parse_volume(volume4d_json(circle_json((50.0, 10.0), 1e6), 0, 1, "W84", "M", START, START + HOUR))
    assert judge(far, Minima(1e6, 0, 0, 0), here, NONE, WORLDWIDE) is None
