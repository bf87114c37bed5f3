"""The real service refuses an honest night nothing, and a prober what the pure walk foretells."""

from dataclasses import replace

import pytest
from keepclear_protocol.budgets import Budgets

from .agreed import DEFAULTS, STRICT
from .days import quiet_week, strike_night
from .lived import UNHURRIED, foretell, live


@pytest.mark.long
def test_a_small_strike_night_is_taken_whole() -> None:
    night = strike_night(40)
    lived = live(night, DEFAULTS)
    assert (lived.taken, dict(lived.refused)) == (len(night.acts), {})


@pytest.mark.long
@pytest.mark.parametrize("budgets", [replace(UNHURRIED, volume_time_a_day=400_000), STRICT], ids=["air", "alerts"])
def test_a_prober_is_refused_by_the_service_where_the_pure_walk_says(budgets: Budgets) -> None:
    lived, foretold = foretell(quiet_week(1), budgets, 6)
    assert (lived.taken, dict(lived.refused)) == foretold
