"""Honest days are refused nothing, whoever stands in their way; a prober is, and pays for what it learns."""

from dataclasses import replace

import pytest
from keepclear_protocol.budgets import ALERTS_COUNTED, PAIRS_COUNTED, PERIOD_S, Budgets

from .agreed import DEFAULTS, QUIET, STRICT
from .days import paris, quiet_week, strike_night
from .peaks import MEASURED, Walked, walk
from .prober import probed
from .spent import least

SMALL_NIGHT = strike_night(60)
"""The night with fewer notices of every kind: each party's share of the budgets is as much smaller."""


def share(budgets: Budgets, part: int) -> Budgets:
    return replace(budgets, **{name: getattr(budgets, name) // part for name in MEASURED})


@pytest.fixture(scope="module")
def small_night() -> dict[str, Walked]:
    return walk(SMALL_NIGHT, share(DEFAULTS, 25))


def test_a_strike_night_is_refused_nothing_and_half_of_what_it_spends_would_not_do(
    small_night: dict[str, Walked],
) -> None:
    assert not any(spent.refused for spent in small_night.values())
    assert sum(len(spent.prices) for spent in small_night.values()) > 100
    peak = max(spent.peak("volume_time_a_day") for spent in small_night.values())
    tight = walk(SMALL_NIGHT, replace(DEFAULTS, volume_time_a_day=peak // 2))
    assert sum(spent.refused["volume_time_a_day"] for spent in tight.values()) > 0


def test_the_recorded_afternoon_is_refused_nothing() -> None:
    spent = walk(paris(24), share(DEFAULTS, 10))
    assert not any(one.refused for one in spent.values())
    assert sum(price.alerts for one in spent.values() for price in one.prices) > 0


def test_notices_in_its_way_spend_nothing_of_a_partys_budgets() -> None:
    day = replace(quiet_week(1), acts=[act for act in quiet_week(1).acts if act.party == "north"][:8])
    besieged = walk(day, QUIET, ("north",), siege=50)["north"]
    assert not besieged.refused
    assert max(price.alerts for price in besieged.prices) >= 50, "each flight meets them all"
    assert max(price.hits for price in besieged.prices) <= 2 * ALERTS_COUNTED
    assert all(price.pairs <= 64 * price.volumes for price in besieged.prices)


def test_what_others_could_make_honest_days_spend_is_agreed(small_night: dict[str, Walked]) -> None:
    quiet = walk(quiet_week(2), QUIET)
    for days, agreed in ((small_night, share(DEFAULTS, 25)), (quiet, QUIET)):
        for spent in days.values():
            volumes = [price.volumes for price in spent.prices]
            alerts = [float(max(ALERTS_COUNTED, count)) for count in volumes]
            pairs = [float(PAIRS_COUNTED * count) for count in volumes]
            assert least(spent.at_s, alerts, PERIOD_S["alerts_an_hour"]) < agreed.alerts_an_hour
            assert least(spent.at_s, pairs, PERIOD_S["pairs_an_hour"]) < agreed.pairs_an_hour


def test_a_sham_over_all_the_sky_shows_every_route_where_nothing_is_counted_and_is_refused_where_it_is() -> None:
    day = quiet_week(1)
    free = probed(day, "sham", None, "together", count=4)
    assert free.learned("", "").share == 1 and free.notices == 2
    held = probed(day, "sham", QUIET, "together", count=4)
    assert held.learned("", "").bits == 0 and dict(held.refused) == {"volume_time_a_day": 2}


def test_few_alerts_agreed_keep_a_prober_that_knows_the_airfields_from_following() -> None:
    day, few = quiet_week(1), replace(STRICT, alerts_an_hour=1)
    quiet, strict = (probed(day, "airfields", budgets, "together", count=6) for budgets in (QUIET, few))
    assert quiet.learned("", "").share > 0.95
    assert strict.learned("", "").share < 0.8 and strict.refused["alerts_an_hour"] > 0
    assert strict.alerts >= 6, "the victim is told of each"


def test_the_least_budget_is_what_was_spent_between_two_moments_less_what_came_back() -> None:
    assert least([0, 0, 0], [1, 1, 1], 60) == 3
    assert least([0, 60, 120], [1, 1, 1], 60) == pytest.approx(1)
    assert least([0, 30], [4, 4], 60) == pytest.approx(8 / 1.5)
