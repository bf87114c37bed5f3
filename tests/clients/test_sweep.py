"""A desk that does not judge every pair says what one that does says: of honest alerts, and of every kind of lie."""

import random
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from keepclear.verify import recheck
from keepclear.verify.recheck import check_figures, surely_ahead
from keepclear_protocol import worst
from keepclear_protocol.alert import Alert, Side, alert_payload, open_alert, sign_alert
from keepclear_protocol.errors import EvidenceInvalid
from keepclear_protocol.notice import Notice
from keepclear_protocol.recompute import findings, match_all, pair_json, still_ahead
from keepclear_protocol.volume import Reference
from msgspec import structs
from support.crowds import PLACES, START, crowd, notice_of
from support.world import World

CATEGORIES = {
    "transport": {"horizontal_m": 7408, "vertical_m": 213.36, "lead_s": 0, "tail_s": 0},
    "touch": {"horizontal_m": 0, "vertical_m": 0, "lead_s": 0, "tail_s": 60},
}
AT = START + 1500 * 1_000_000


@cache
def world() -> tuple[World, Notice]:
    made = World(
        categories=CATEGORIES,
        uncertainty={"geoid_undulation_m": [-50, 60], "pressure_error_m": [-90, 60], "terrain_m": [-45, 80]},
    )
    return made, made.opened(made.submission("north"))


@cache
def case(seed: int, place: str) -> tuple[Alert, Notice, Notice, Notice]:
    """An honest alert, our notice, what we are shown of theirs, and all of theirs."""
    rng = random.Random(f"{seed}{place}")
    made, template = world()
    references = list(Reference) if seed % 2 else [Reference.FL]
    size_m = [2_000.0, 9_000.0, 60_000.0][seed % 3]
    own, other = (
        notice_of(template, crowd(rng, count, PLACES[place], size_m, references), rng.choice(list(CATEGORIES)))
        for count in (24, 30)
    )
    ahead = still_ahead(match_all(own, other, made.agreement), AT)
    assert ahead
    told = findings(ahead, AT, made.agreement)
    sides = [Side(party, "A" * 22, 1, "A" * 43, START) for party in ("north", "south")]
    payload = alert_payload(
        aud=made.agreement.id,
        terms=made.agreement.terms,
        to="north",
        conflict="A" * 43,
        version=1,
        state="open",
        reason=None,
        rules="1",
        at=AT,
        own=sides[0],
        other=sides[1],
        **told,
    )
    alert = open_alert(sign_alert(made.service, payload), made.agreement.service_key)
    shown = structs.replace(other, volumes=tuple(item for item in other.volumes if item.digest in set(alert.disclosed)))
    return alert, own, shown, other


Lie = Callable[[random.Random, Alert, Notice, Notice, Notice], tuple[Alert, Notice]]


def _row(alert: Alert, at: int, **changed: Any) -> Alert:
    pairs = list(alert.pairs)
    pairs[at] = {**pairs[at], **changed}
    return replace(alert, pairs=tuple(pairs))


def _figure(rng: random.Random, alert: Alert, own: Notice, shown: Notice, other: Notice) -> tuple[Alert, Notice]:
    name = rng.choice(["horizontal_m", "vertical_m", "altitude_lower_m"])
    at = rng.randrange(len(alert.pairs))
    return _row(alert, at, **{name: alert.pairs[at][name] + rng.choice([-1, 1])}), shown


def _partner(rng: random.Random, alert: Alert, own: Notice, shown: Notice, other: Notice) -> tuple[Alert, Notice]:
    return _row(alert, rng.randrange(len(alert.pairs)), own=rng.choice(own.volumes).digest), shown


def _milder(rng: random.Random, alert: Alert, own: Notice, shown: Notice, other: Notice) -> tuple[Alert, Notice]:
    rows = [pair_json(match) for match in still_ahead(match_all(own, shown, world()[0].agreement), AT)]
    row = rng.choice(rows)
    at = [pair["other"] for pair in alert.pairs].index(row["other"])
    return _row(alert, at, **row), shown


def _less_shown(rng: random.Random, alert: Alert, own: Notice, shown: Notice, other: Notice) -> tuple[Alert, Notice]:
    gone = rng.choice(alert.shown)
    return replace(alert, shown=tuple(name for name in alert.shown if name != gone)), shown


def _more_shown(rng: random.Random, alert: Alert, own: Notice, shown: Notice, other: Notice) -> tuple[Alert, Notice]:
    more = rng.choice([*(item.digest for item in own.volumes), "B" * 42 + "A"])
    return replace(alert, shown=tuple({*alert.shown, more})), shown


def _more_of_theirs(
    rng: random.Random, alert: Alert, own: Notice, shown: Notice, other: Notice
) -> tuple[Alert, Notice]:
    more = rng.choice(other.volumes)
    return alert, structs.replace(shown, volumes=tuple(dict.fromkeys([*shown.volumes, more])))


def _later(rng: random.Random, alert: Alert, own: Notice, shown: Notice, other: Notice) -> tuple[Alert, Notice]:
    return replace(alert, at=AT + rng.choice([-600, 1, 300]) * 1_000_000), shown


def _nonsense(rng: random.Random, alert: Alert, own: Notice, shown: Notice, other: Notice) -> tuple[Alert, Notice]:
    return _row(alert, rng.randrange(len(alert.pairs)), own=rng.choice([None, 7, ["A"], "no digest"])), shown


LIES: dict[str, Lie] = {
    "none": lambda rng, alert, own, shown, other: (alert, shown),
    "a figure": _figure,
    "another partner": _partner,
    "a milder pair": _milder,
    "one less of ours": _less_shown,
    "one more of ours": _more_shown,
    "one more of theirs": _more_of_theirs,
    "another instant": _later,
    "nonsense for a digest": _nonsense,
}


EACH = [
    pytest.param(lie, place, marks=() if at == row % len(PLACES) else pytest.mark.long, id=f"{lie}-{place}")
    for row, lie in enumerate(LIES)
    for at, place in enumerate(PLACES)
]
"""Each lie at one place, and each place with a lie or two; ``make test-long`` has the others."""


def said(alert: Alert, own: Notice, shown: Notice) -> tuple[str, str] | None:
    try:
        check_figures(alert, own, shown, world()[0].agreement)
    except EvidenceInvalid as error:
        return error.code, error.detail
    return None


def both(monkeypatch: pytest.MonkeyPatch, alert: Alert, own: Notice, shown: Notice) -> tuple[str, str] | None:
    """What both desks say of an alert; they say the same."""
    agreement = world()[0].agreement
    monkeypatch.setattr(recheck, "FEW", 10**9)
    wanted, ahead = said(alert, own, shown), surely_ahead(own, shown, agreement, alert.at)
    monkeypatch.setattr(recheck, "FEW", 0)
    assert said(alert, own, shown) == wanted
    assert surely_ahead(own, shown, agreement, alert.at) == ahead
    return wanted


@pytest.mark.parametrize(("lie", "place"), EACH)
@pytest.mark.req("R-074")
def test_it_says_what_judging_every_pair_says(place: str, lie: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = set()
    for seed in range(6):
        alert, own, shown, other = case(seed, place)
        rng = random.Random(f"{lie}{seed}")
        for _ in range(1 if lie == "none" else 4):
            found.add(both(monkeypatch, *_placed(LIES[lie](rng, alert, own, shown, other), own)))
    assert (found == {None}) if lie == "none" else (found - {None})


def _placed(told: tuple[Alert, Notice], own: Notice) -> tuple[Alert, Notice, Notice]:
    alert, shown = told
    return alert, own, shown


@pytest.mark.parametrize("place", PLACES)
def test_with_little_room_for_numbers_and_small_runs_it_says_the_same(
    place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("keepclear.verify.sweep.KEY_BITS", 20)
    monkeypatch.setattr(worst, "ALL_AT_ONCE", 4)
    monkeypatch.setattr(worst, "RUNS", (8, 3))
    found = set()
    for seed in range(4):
        alert, own, shown, other = case(seed, place)
        assert both(monkeypatch, alert, own, shown) is None
        for lie in (_milder, _less_shown):
            found.add(both(monkeypatch, *_placed(lie(random.Random(seed), alert, own, shown, other), own)))
    assert found - {None}
