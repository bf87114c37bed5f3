"""Budgets of an agreement, and what a notice's volumes cost."""

import math
from dataclasses import asdict, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from keepclear_protocol.agreement import Agreement
from keepclear_protocol.budgets import BUDGETS_AT_MOST, NAMES, SPENT, Budgets
from keepclear_protocol.draft import draft_payload
from keepclear_protocol.errors import CODES, OverBudget, Refused, budget_code
from keepclear_protocol.keys import PrivateKey
from keepclear_protocol.limits import volume_time, widened_area_km2
from keepclear_protocol.spent import open_spent, sign_spent
from keepclear_protocol.terms import read_terms
from keepclear_protocol.volume import Volume, parse_volume
from support.world import World, box

HOUR_US = 3_600_000_000


NO_LEAST = Budgets(least_area_m2=1, least_band_m=1, least_duration_s=1, speed_m_s=100_000)


def agreed(**budgets: int) -> Agreement:
    return World(budgets={**asdict(NO_LEAST), **budgets}).agreement


def circle(radius_m: float, last_s: int = 3600) -> Volume:
    made = box(last_s=last_s)
    del made["volume"]["outline_polygon"]
    made["volume"]["outline_circle"] = {
        "center": {"lat": 48.0, "lng": 2.0},
        "radius": {"value": radius_m, "units": "M"},
    }
    return parse_volume(made)


@pytest.mark.req("R-110")
def test_an_agreement_without_budgets_has_the_defaults_and_one_with_them_has_its_own() -> None:
    assert World().agreement.budgets == Budgets()
    assert agreed(streams=3).budgets == replace(NO_LEAST, streams=3)
    payload = World().agreement.payload
    terms = read_terms(payload)
    again: dict[str, Any] = {name: getattr(terms, name) for name in ("name", "parties", "service", "categories")}
    assert b"budgets" not in draft_payload(**again)
    assert read_terms(draft_payload(**again, budgets=Budgets(live_notices=7))).budgets.live_notices == 7


def test_what_is_spent_has_a_code_and_a_refusal_says_what_is_left() -> None:
    assert set(SPENT) < set(NAMES) and asdict(BUDGETS_AT_MOST).keys() == set(NAMES)
    for name in SPENT:
        error = OverBudget(name, 3, 9)
        assert isinstance(error, Refused) and not error.retryable
        assert (error.code, error.status, error.budget, error.left, error.again_at) == (
            budget_code(name), 429, name, 3, 9,
        )  # fmt: skip
    assert {code for code in CODES if code.startswith("budget_")} == set(map(budget_code, SPENT))


@pytest.mark.req("R-111")
def test_the_price_is_area_times_band_times_window_as_widened() -> None:
    agreement = agreed()
    volume = circle(10_000)
    band_km = (30.48 * 100 + 2 * 213.36) / 1000
    price = math.pi * (10 + 7.408) ** 2 * band_km
    assert volume_time([volume], "transport", agreement) == math.ceil(price)
    assert volume_time([volume] * 3, "transport", agreement) == math.ceil(3 * price)
    strike = math.pi * 30**2 * (3.048 + 2) * (3600 + 1620) / 3600
    assert volume_time([volume], "strike", agreement) == pytest.approx(strike, abs=1)


@pytest.mark.req("R-111")
def test_what_is_small_costs_what_the_agreed_least_costs() -> None:
    tiny = circle(10, last_s=1)
    area_km2 = widened_area_km2(tiny, agreed().categories["transport"])
    assert volume_time([tiny], "transport", agreed()) == 1
    agreement = agreed(least_area_m2=1_000_000_000, least_band_m=10_000, least_duration_s=7200)
    assert volume_time([tiny], "transport", agreement) == 1000 * 10 * 2
    agreement = agreed(least_band_m=10_000, least_duration_s=7200)
    assert volume_time([tiny], "transport", agreement) == math.ceil(area_km2 * 10 * 2)


@pytest.mark.req("R-111")
def test_a_large_volume_of_a_second_costs_a_flight_through_it() -> None:
    wide = circle(300_000, last_s=1)
    slow, fast = (volume_time([wide], "transport", agreed(speed_m_s=speed)) for speed in (300, 600))
    assert abs(slow - 2 * fast) <= 2
    band_km = (30.48 * 100 + 2 * 213.36) / 1000
    assert slow == pytest.approx(math.pi * 307.408**2 * band_km * 2000 / 3600, rel=1e-4)


@given(
    lat=st.floats(-80, 80), size=st.floats(0.01, 2), low=st.integers(0, 200), last_s=st.integers(1, 86_400),
    least_m2=st.integers(1, 10**9), band_m=st.integers(1, 10_000), duration_s=st.integers(1, 86_400),
    speed=st.integers(1, 100_000),
)  # fmt: skip
@pytest.mark.req("R-111")
def test_leasts_never_make_anything_cheaper(
    lat: float, size: float, low: int, last_s: int, least_m2: int, band_m: int, duration_s: int, speed: int
) -> None:
    volume = parse_volume(box(round(lat, 6), size=round(size, 6), low=low, high=low + 10, last_s=last_s))
    plain = volume_time([volume], "transport", AGREED)
    object.__setattr__(CHANGED, "budgets", Budgets(
        least_area_m2=least_m2, least_band_m=band_m, least_duration_s=duration_s, speed_m_s=speed,
    ))  # fmt: skip
    assert volume_time([volume], "transport", CHANGED) >= plain >= 1


AGREED, CHANGED = agreed(), agreed()


@pytest.mark.req("R-118")
def test_the_word_of_a_spent_budget_is_the_same_each_time_it_is_made() -> None:
    world, key = World(), PrivateKey.generate()
    said: dict[str, Any] = {
        "aud": world.agreement.id, "terms": world.agreement.terms, "party": "south", "budget": "stored_bytes",
        "until": HOUR_US + 1000, "seq": 7, "epoch": "ab" * 16, "received_at": HOUR_US,
    }  # fmt: skip
    raw = sign_spent(key, **said)
    assert raw == sign_spent(key, **said) != sign_spent(key, **{**said, "seq": 8})
    spent = open_spent(raw, lambda kid: key.public if kid == key.kid else None, world.agreement)
    assert (spent.party, spent.budget, spent.until, spent.claims.iat) == ("south", "stored_bytes", HOUR_US + 1000, 3600)
