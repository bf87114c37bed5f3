"""The bulk rules say what the scalar rules say, to the bit: the same meetings, whatever the volumes."""

import random
from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest
from keepclear_protocol import pairs as pairs_module
from keepclear_protocol import worst
from keepclear_protocol.bulk import Roll, meetings
from keepclear_protocol.notice import DisclosedVolume, Notice
from keepclear_protocol.pairs import Pairs, near_pairs
from keepclear_protocol.recompute import Meeting, match_all, meeting_of
from keepclear_protocol.separation import Minima, Uncertainty, judge, severity_rank
from keepclear_protocol.table import Table, table_of
from keepclear_protocol.volume import Reference
from support.crowds import PLACES, START, crowd, notice_of
from support.rule_mutants import BULK_MUTANTS, WITHOUT_PLANES
from support.world import World

CATEGORIES = {
    "transport": {"horizontal_m": 7408, "vertical_m": 213.36, "lead_s": 0, "tail_s": 0},
    "strike": {"horizontal_m": 20000, "vertical_m": 1000, "lead_s": 120, "tail_s": 1500},
    "touch": {"horizontal_m": 0, "vertical_m": 0, "lead_s": 0, "tail_s": 0},
}
EVERY = list(Reference)


@cache
def world() -> tuple[World, Notice]:
    made = World(
        categories=CATEGORIES,
        uncertainty={"geoid_undulation_m": [-50, 60], "pressure_error_m": [-90, 60], "terrain_m": [-45, 80]},
    )
    return made, made.opened(made.submission("north"))


@dataclass
class Case:
    """Our notice and the others', by their names."""

    ours: Notice
    others: dict[str, Notice]

    @property
    def at(self) -> int:
        """An instant in the middle: some pairs are over, some touch it, some are ahead."""
        return START + 1500 * 1_000_000


def case(seed: int, place: str, counts: list[int], size_m: float) -> Case:
    rng = random.Random(f"{seed}{place}")
    _, template = world()
    references = EVERY if seed % 2 else [Reference.FL]
    made = [
        notice_of(template, crowd(rng, count, PLACES[place], size_m, references), rng.choice(list(CATEGORIES)))
        for count in counts
    ]
    return Case(made[0], {f"other {number}": notice for number, notice in enumerate(made[1:])})


def scalar(given: Case) -> dict[str, Meeting]:
    """The oracle: every pair judged, as an alert's figures were always made."""
    agreement = world()[0].agreement
    found = {}
    for name, other in given.others.items():
        matches = match_all(given.ours, other, agreement)
        if matches:
            found[name] = meeting_of(matches, given.ours, other, agreement, given.at)
    return found


def bulk(given: Case) -> dict[str, Meeting]:
    agreement = world()[0].agreement
    ours = _roll("ours", given.ours)
    rolls = [_roll(name, notice) for name, notice in given.others.items()]
    parts = ("rows", "shapes", "outlines")
    table = Table(*(np.concatenate([getattr(roll.table, part) for roll in rolls]) for part in parts))
    volumes: list[DisclosedVolume] = [item for roll in rolls for item in roll.volumes]
    theirs = Roll(table, volumes, [name for roll in rolls for name in roll.owners])
    i = np.repeat(np.arange(len(ours.table)), len(volumes))
    j = np.tile(np.arange(len(volumes)), len(ours.table))
    i, j = near_pairs(ours.table, theirs.table, i, j, agreement.uncertainty)
    if not len(i):
        return {}

    def minima(name: str) -> Minima:
        return agreement.categories[(given.ours if name == "ours" else given.others[name]).category]

    return meetings(ours, theirs, i, j, minima=minima, uncertainty=agreement.uncertainty, at=given.at)


def _roll(name: str, notice: Notice) -> Roll[str]:
    minima = world()[0].agreement.categories[notice.category]
    table = table_of([item.volume for item in notice.volumes], minima)
    return Roll(table, notice.volumes, [name] * len(notice.volumes))


def differs(given: Case) -> bool:
    return bulk(given) != scalar(given)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("seed", range(4))
def test_meetings_are_those_of_every_pair_judged(place: str, seed: int) -> None:
    """20 x 5 x 4 x (35 + 15 + 1): 20 000 pairs and more, half of them of one reference."""
    given = case(seed, place, [20, 35, 15, 1], [3.0, 2_000.0, 9_000.0, 60_000.0][seed])
    wanted = scalar(given)
    assert bulk(given) == wanted
    assert wanted


@pytest.mark.parametrize("place", PLACES)
def test_with_every_way_to_settle_a_contest_the_answer_is_the_same(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes thousands of pairs elsewhere is made to happen with few: guesses, narrowing, small blocks, no room."""
    given = case(6, place, [40, 40, 20, 1, 1], 9_000.0)
    wanted = scalar(given)
    monkeypatch.setattr(worst, "ALL_AT_ONCE", 4)
    assert bulk(given) == wanted
    monkeypatch.setattr(worst, "PART_FROM", 4)
    for runs in ((), (16, 4), (3,), (1000,)):
        monkeypatch.setattr(worst, "RUNS", runs)
        assert bulk(given) == wanted
    monkeypatch.setattr("keepclear_protocol.bulk.PAIRS_AT_ONCE", 50)
    monkeypatch.setattr("keepclear_protocol.bulk.KEY_BITS", 30)
    monkeypatch.setattr(pairs_module, "PIECE_US", 10.0)
    monkeypatch.setattr(pairs_module, "FILTER_AT_ONCE", 64)
    assert bulk(given) == wanted


@pytest.mark.long
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("seed", range(40))
def test_meetings_of_large_crowds(place: str, seed: int) -> None:
    given = case(seed, place, [90, 70, 30, 5, 1], [3.0, 500.0, 2_000.0, 9_000.0, 60_000.0][seed % 5])
    assert bulk(given) == scalar(given)


@pytest.mark.parametrize("name", BULK_MUTANTS)
def test_bulk_rules_that_cut_a_corner_are_found_out(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    BULK_MUTANTS[name](monkeypatch)
    monkeypatch.setattr(worst, "ALL_AT_ONCE", 4)
    monkeypatch.setattr(worst, "PART_FROM", 10 + 10**9 * (name in WITHOUT_PLANES))
    monkeypatch.setattr(worst, "RUNS", (12, 3))
    sizes = (9_000.0, 2_000.0, 60_000.0)
    assert any(
        differs(case(seed, place, [30, 40, 20], size)) for place in PLACES for size in sizes for seed in range(3)
    )


@pytest.mark.parametrize("place", PLACES)
def test_each_pair_asked_has_the_figures_of_judge_and_each_bound_is_one(place: str) -> None:
    given = case(3, place, [30, 30], 9_000.0)
    agreement = world()[0].agreement
    (other,) = given.others.values()
    mine, theirs = agreement.categories[given.ours.category], agreement.categories[other.category]
    ours = table_of([item.volume for item in given.ours.volumes], mine)
    their = table_of([item.volume for item in other.volumes], theirs)
    everything = np.repeat(np.arange(30), 30), np.tile(np.arange(30), 30)
    near = near_pairs(ours, their, *everything, agreement.uncertainty)
    left_out = set(zip(*(side.tolist() for side in everything), strict=True)) - set(
        zip(*(side.tolist() for side in near), strict=True)
    )

    def judged(i: int, j: int, uncertainty: Uncertainty = agreement.uncertainty) -> object:
        return judge(given.ours.volumes[i].volume, mine, other.volumes[j].volume, theirs, uncertainty)

    assert left_out and not any(judged(i, j) for i, j in left_out)
    pairs = Pairs(ours, their, *near, agreement.uncertainty)
    first_bound = pairs.gap_m.copy()
    pairs.part(np.arange(len(pairs)))
    assert (first_bound < pairs.gap_m).any()
    for of_theirs in (True, False):
        for size in (16, 4):
            pairs.narrow(np.arange(len(pairs)), size, of_theirs=of_theirs)
    bound, alive = pairs.gap_m.copy(), pairs.alive.copy()
    pairs.ask(np.arange(len(pairs)))
    assert (first_bound <= bound).all() and (bound <= pairs.gap_m).all() and (alive | ~pairs.alive).all()
    worseness = pairs.worseness()
    for number, (i, j) in enumerate(zip(pairs.i.tolist(), pairs.j.tolist(), strict=True)):
        pair = judge(given.ours.volumes[i].volume, mine, other.volumes[j].volume, theirs, agreement.uncertainty)
        assert (pair is not None) == bool(pairs.alive[number])
        if pair is not None:
            figures = (severity_rank(pair.severity) << pairs.metres_bits) + pair.horizontal_m, pair.vertical_m
            assert figures == (worseness[number], pairs.vertical_m[number])
            assert (pair.start, pair.end) == (pairs.start[number], pairs.end[number])
