"""An alert's figures held against the rules: 10 mm of grace sideways and in height, none in anything else."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keepclear.verify.ranges import ranges_of
from keepclear.verify.recheck import check_figures
from keepclear_protocol.alert import Alert, Side, open_alert
from keepclear_protocol.errors import EvidenceInvalid
from keepclear_protocol.instant import format_instant
from keepclear_protocol.notice import Notice, open_presentation, present
from keepclear_protocol.recompute import match_all, pair_json
from support.mediator import Filed, Mediator
from support.world import World, box, now_us

CATEGORIES = {"transport": {"horizontal_m": 1000, "vertical_m": 100, "lead_s": 60, "tail_s": 60}}
world = World(categories=CATEGORIES)
NOW = now_us()


def level(low: float, high: float, **changed: Any) -> dict[str, Any]:
    return box(low=low, high=high, reference="W84", at=NOW, **changed)


def alerted(
    mine: list[dict[str, Any]],
    theirs: list[dict[str, Any]],
    alter: Callable[[dict[str, Any]], None] | None = None,
    at: int = NOW,
) -> tuple[Alert, Notice, Notice]:
    """Return the honest alert of two notices, altered, and what its receiver has to hold it against."""
    mediator = Mediator(world, lambda: at, alter=alter, seq=1)
    for party, volumes in (("north", mine), ("south", theirs)):
        raw = world.submission(party, *volumes)
        notice = world.opened(raw)
        side = Side(party, notice.id, 1, notice.sha256, NOW)
        mediator.filed[party, notice.id] = Filed(notice, raw, side, "")
    to, other = sorted(mediator.filed)
    told = mediator.opened(to, other)
    shown = open_presentation(told["presentation"], world.agreement.party_key)
    return open_alert(told["alert"], world.agreement.service_key), mediator.filed[to].notice, shown


def pair(**changed: Any) -> Callable[[dict[str, Any]], None]:
    return lambda payload: payload["pairs"][0].update(changed)


def refused(alert: Alert, own: Notice, other: Notice) -> str:
    with pytest.raises(EvidenceInvalid) as error:
        check_figures(alert, own, other, world.agreement)
    return error.value.code


@pytest.mark.parametrize(("gap", "said"), [(49.995, 50), (50.005, 49), (50.0, 49), (50.0, 50)])
def test_a_height_within_10_mm_of_another_whole_metre_may_be_either(gap: float, said: int) -> None:
    check_figures(*alerted([level(0, 1000)], [level(1000 + gap, 2000)], pair(vertical_m=said)), world.agreement)


@pytest.mark.parametrize(("gap", "said"), [(49.98, 50), (50.02, 49), (50.5, 51), (50.5, 49)])
def test_a_height_further_off_is_refused(gap: float, said: int) -> None:
    assert refused(*alerted([level(0, 1000)], [level(1000 + gap, 2000)], pair(vertical_m=said))) == "recompute"


def test_the_rules_own_answer_is_accepted_on_either_side_of_a_whole_metre() -> None:
    for gap in (0.0, 0.004, 49.996, 50.0, 99.996, 100.0):
        check_figures(*alerted([level(0, 1000)], [level(1000 + gap, 2000)]), world.agreement)


def test_a_pair_at_the_limit_may_be_told_or_left_out_and_one_clearly_within_may_not_be_left_out() -> None:
    sure = {}
    for gap in (99.98, 99.995, 100.005, 100.02):
        mine, theirs = (world.opened(world.submission(p, v)) for p, v in
                        (("north", level(0, 1000)), ("south", level(1000 + gap, 2000))))  # fmt: skip
        sure[gap] = [found.sure for found in ranges_of(mine, theirs, world.agreement)]
    assert sure == {99.98: [True], 99.995: [False], 100.005: [False], 100.02: []}


def test_what_is_over_is_neither_needed_nor_allowed() -> None:
    mine = [level(0, 1000), level(0, 1000, start_s=7200)]
    later = NOW + 5000 * 1_000_000
    check_figures(*alerted(mine, mine, at=later), world.agreement)
    at = {"at": format_instant(later), "iat": later // 1_000_000, "lead": "IN_PROGRESS"}
    assert refused(*alerted(mine, mine, lambda payload: payload.update(at))) == "over_disclosed"


def test_a_category_that_the_terms_do_not_know_is_told() -> None:
    alert, own, _ = alerted([level(0, 1000)], [level(500, 2000)])
    foreign = World(categories={"sport": CATEGORIES["transport"]})
    other = foreign.opened(foreign.submission("south", level(500, 2000), category="sport"))
    assert refused(alert, own, other) == "category"


def test_a_milder_pair_told_instead_of_the_worst_is_refused() -> None:
    mine = [level(0, 1000), level(0, 1000, lat=48.055)]
    theirs = [level(500, 2000, size=0.05)]
    alert, own, other = alerted(mine, theirs)
    check_figures(alert, own, other, world.agreement)
    milder = alerted_row(own, other, alert)
    assert refused(replaced(alert, milder), own, other) == "recompute"


def alerted_row(own: Notice, other: Notice, alert: Alert) -> dict[str, Any]:
    """Return the honest row of a pair that is not the worst."""
    rows = [pair_json(match) for match in match_all(own, other, world.agreement)]
    return next(row for row in rows if row["own"] != alert.pairs[0]["own"])


def replaced(alert: Alert, row: dict[str, Any]) -> Alert:
    return replace(alert, pairs=(row,), severity=row["severity"])


POSITIONS = st.tuples(
    st.floats(47.9, 48.2), st.floats(1.9, 2.2), st.sampled_from([0.0, 300.0, 650.0]), st.integers(3000, 4500)
)


@settings(max_examples=60, deadline=None)
@given(st.lists(POSITIONS, min_size=1, max_size=4), st.lists(POSITIONS, min_size=1, max_size=4))
def test_what_the_rules_say_always_holds_against_themselves(mine: Any, theirs: Any) -> None:
    volumes = [
        [level(low, low + 400, lat=lat, lng=lng, size=0.05, start_s=start) for lat, lng, low, start in side]
        for side in (mine, theirs)
    ]
    north, south = (world.opened(world.submission(p, *v)) for p, v in zip(("north", "south"), volumes, strict=True))
    if not match_all(north, south, world.agreement):
        assert not any(found.sure for found in ranges_of(north, south, world.agreement))
        return
    check_figures(*alerted(volumes[0], volumes[1]), world.agreement)


def test_nothing_of_theirs_may_be_shown_that_is_not_in_conflict() -> None:
    alert, own, _ = alerted([level(0, 1000)], [level(500, 2000), level(500, 2000, lat=60.0)])
    raw = world.submission("south", level(500, 2000), level(500, 2000, lat=60.0))
    notice = world.opened(raw)
    every = open_presentation(present(notice, [v.digest for v in notice.volumes]), world.agreement.party_key)
    assert refused(alert, own, every) == "recompute"
