"""A large neighbourhood is matched in bulk, with what judging every pair would say, and without judging every pair."""

import random
import sys
from collections import Counter
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from keepclear.offline.inputs import load
from keepclear_protocol import pairs
from keepclear_protocol.breath import Breathe, hurried
from keepclear_protocol.encoding import digest
from keepclear_protocol.kinds import NOTICE
from keepclear_protocol.notice import DisclosedVolume, Notice
from keepclear_protocol.volume import Reference, parse_volume
from keepclear_protocol.withdrawal import open_withdrawal
from keepclear_service.decide import matching
from keepclear_service.decide.entry import Entry, Outgoing
from keepclear_service.decide.fold import HEAVY_CROWD, Body, State, apply, look
from keepclear_service.decide.fold import heavy as heavy_of
from msgspec.structs import replace
from support.crowds import START, crowd, notice_of
from support.world import World, box


def fold(world: World, notices: list[Notice], at: int, breathe: Breathe = hurried) -> list[list[Outgoing]]:
    """Fold notices of two parties by turns; return the alerts of each."""
    state, told = State(world.agreement), []
    for seq, notice in enumerate(notices, 1):
        party = ("north", "south")[seq % 2]
        entry = Entry(seq, NOTICE.name, party, notice.id, 1, notice.sha256, "", at, world.agreement.terms, "")
        told.append(apply(state, entry, notice, breathe=breathe))
    return told


def heavy(state: State, body: Body) -> bool:
    return heavy_of(state, body, look(state, body))


def named(template: Notice, name: object) -> Notice:
    return replace(template, id=digest(f"id {name}")[:22], sha256=digest(f"sha {name}"))


@pytest.mark.req("R-065", "R-073")
@pytest.mark.long
def test_all_alerts_of_the_paris_file_are_the_same_one_by_one_and_in_bulk(
    shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alerts = same_both_ways((shared / "flights" / "paris-2021-10-07.jsonl").read_bytes(), monkeypatch)
    assert len(alerts) > 500
    assert {item.payload["severity"] for item in alerts} == {"overlap", "proximity"}


def test_all_alerts_of_some_recorded_flights_are_the_same_one_by_one_and_in_bulk(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert len(same_both_ways(files("keepclear_demo").joinpath("sample.jsonl").read_bytes(), monkeypatch)) > 20


def same_both_ways(data: bytes, monkeypatch: pytest.MonkeyPatch) -> list[Outgoing]:
    """Return the alerts of recorded flights, of parties by turns, once they came out alike by either way."""
    world = World()
    template = world.opened(world.submission("north"))
    notices = []
    for number, flight in enumerate(load(data)):
        volumes = [
            DisclosedVolume(digest(f"{number} {at}"), "", parse_volume(volume))
            for at, volume in enumerate(flight.volumes)
        ]
        notices.append(replace(named(template, number), volumes=tuple(volumes)))
    at = min(notice.first_start for notice in notices) - 3_600_000_000
    monkeypatch.setattr(matching, "FEW", 10**9)
    monkeypatch.setattr(matching, "SMALL", 10**9)
    wanted = fold(world, notices, at)
    monkeypatch.setattr(matching, "FEW", -1)
    monkeypatch.setattr(matching, "SMALL", -1)
    assert fold(world, notices, at) == wanted
    return [item for told in wanted for item in told]


def test_few_distances_are_asked_of_many_volumes_in_one_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """120 against 120 are 14 400 pairs; what two alerts show takes some hundreds of distances."""
    world = World()
    template = world.opened(world.submission("north"))
    rng = random.Random(1)
    notices = [
        notice_of(named(template, side), crowd(rng, 120, (48.0, 2.0), 3_000.0, [Reference.FL]), "transport")
        for side in "ab"
    ]
    asked = []
    right = pairs._distances

    def counted(a: Any, i: Any, *others: Any) -> Any:
        asked.append(len(i))
        return right(a, i, *others)

    def never(*_: Any) -> Any:
        raise AssertionError("judged one by one")

    monkeypatch.setattr(pairs, "_distances", counted)
    monkeypatch.setattr(matching, "judge", never)
    (_, alerts) = fold(world, notices, START)
    assert len(alerts) == 2 and min(len(item.payload["pairs"]) for item in alerts) > 60
    assert 0 < sum(asked) < 2_000


def test_who_folds_many_volumes_in_one_place_is_let_breathe_all_along_and_finds_the_same() -> None:
    world = World()
    template = world.opened(world.submission("north"))
    rng = random.Random(1)
    notices = [
        replace(named(template, number), volumes=tuple(crowd(rng, 120, (46.4, 8.0), 3.0, [Reference.W84])))
        for number in range(2)
    ]
    places: Counter[str] = Counter()

    def breathe() -> None:
        places[sys._getframe(1).f_code.co_name] += 1

    assert fold(world, notices, START, breathe) == fold(world, notices, START)
    assert {"near_pairs", "meetings", "_worst", "settle", "_distances", "_matches", "_settle"} <= set(places), places


def test_what_may_take_long_is_told_before() -> None:
    world = World()
    template = world.opened(world.submission("north"))
    state = State(world.agreement)
    rng = random.Random(2)
    small, large = (
        notice_of(named(template, count), crowd(rng, count, (48.0, 2.0), 3_000.0, [Reference.FL]), "transport")
        for count in (16, 17)
    )
    assert not heavy(state, large)  # nothing is there yet
    apply(state, Entry(1, NOTICE.name, "north", small.id, 1, small.sha256, "", START, "", ""), small)
    assert heavy(state, large) and heavy(state, world.agreement) and not heavy(state, small) and not heavy(state, None)


def test_a_small_notice_in_a_crowd_of_others_may_take_long_too() -> None:
    world = World()
    template = world.opened(world.submission("south"))
    state, rng = State(world.agreement), random.Random(3)
    one = notice_of(template, crowd(rng, 1, (48.0, 2.0), 50.0, [Reference.FL]), "transport")
    for seq in range(1, HEAVY_CROWD + 3):
        assert heavy(state, one) == (seq == HEAVY_CROWD + 2)
        other = replace(named(template, seq), volumes=one.volumes)
        apply(state, Entry(seq, NOTICE.name, "north", other.id, 1, other.sha256, "", START, "", ""), other)
    own = replace(world.opened(world.submission("north")), volumes=one.volumes)
    assert heavy(state, one) and not heavy(state, own)


def test_whose_neighbourhood_is_much_to_look_through_may_take_long_and_is_told_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Though next to nothing of it turns out to be near: a look ends before it holds up the loop."""
    world = World()
    places = [box(10.0, lng, size=0.01) for lng in (0.0, *[0.2] * 5)]
    beside = [world.opened(world.submission("south", place)) for place in places]
    mine = world.opened(world.submission("north", box(10.0, 0.0, size=0.01)))
    told = []
    for most in (100, 5):
        monkeypatch.setattr(matching, "LOOKED_AT", most)
        state = State(world.agreement)
        for seq, notice in enumerate(beside, 1):
            apply(state, Entry(seq, NOTICE.name, "south", notice.id, 1, notice.sha256, "", START, "", ""), notice)
        seen = look(state, mine)
        assert heavy_of(state, mine, seen) == (most == 5)
        entry = Entry(9, NOTICE.name, "north", mine.id, 1, mine.sha256, "", START, "", "")
        before = state.pairs
        told.append((apply(state, entry, mine, seen), state.pairs - before))
    assert told[0] == told[1] and told[0][1] == 1 and len(told[0][0]) == 2


def test_what_counts_no_more_when_an_entry_came_is_told_to_nobody_though_a_look_has_shown_it() -> None:
    """It was let go of in between, by the very entry that was looked around for."""
    world = World()
    gone, mine = (world.opened(world.submission(party)) for party in ("south", "north"))
    state = State(world.agreement)
    apply(state, Entry(1, NOTICE.name, "south", gone.id, 1, gone.sha256, "", START, "", ""), gone)
    over = state.filed["south", gone.id].until
    seen = look(state, mine)
    assert seen is not None and seen.near is not None and len(seen.near.pairs) == 1
    entry = Entry(2, NOTICE.name, "north", mine.id, 1, mine.sha256, "", over + 1, "", "")
    assert apply(state, entry, mine, seen) == []
    assert ("south", gone.id) not in state.filed


def test_a_look_ends_before_it_holds_up_the_loop_whatever_there_is_to_look_through() -> None:
    """Many places to look through, for many volumes, or much that is near: arrays do that, beside the loop."""
    world, rng = World(), random.Random(5)
    template, other = (world.opened(world.submission(party)) for party in ("north", "south"))
    state = State(world.agreement)
    for seq in range(1, 201):  # places some tens of kilometres apart, which one large volume reaches all of
        volume = world.opened(world.submission("south", box(10 + seq % 20, 20 + seq // 20))).volumes
        notice = replace(named(other, seq), volumes=volume)
        apply(state, Entry(seq, NOTICE.name, "south", notice.id, 1, notice.sha256, "", START, "", ""), notice)
    large = replace(template, volumes=world.opened(world.submission("north", box(20.0, 25.0, size=8.0))).volumes)
    seen = look(state, large)
    assert seen is not None and seen.near is not None
    many = replace(large, volumes=large.volumes * 16)
    assert (seen := look(state, many)) is not None and seen.near is None
    near = notice_of(named(other, 999), crowd(rng, 120, (48.0, 2.0), 50.0, [Reference.FL]), "transport")
    apply(state, Entry(999, NOTICE.name, "south", near.id, 1, near.sha256, "", START, "", ""), near)
    few = notice_of(named(template, 1000), crowd(rng, 12, (48.0, 2.0), 50.0, [Reference.FL]), "transport")
    assert (seen := look(state, few)) is not None and seen.near is None


def test_what_closes_many_conflicts_may_take_long_wherever_it_goes() -> None:
    world = World()
    state, template = State(world.agreement), world.opened(world.submission("south", box(10)))
    one = world.opened(world.submission("north", box(10)))
    ended = open_withdrawal(world.withdrawal("north", one), None)
    away = replace(one, volumes=world.opened(world.submission("north", box(60))).volumes)
    for seq in range(1, 102):
        other = named(template, seq)
        apply(state, Entry(seq, NOTICE.name, "south", other.id, 1, other.sha256, "", START, "", ""), other)
    assert not heavy(state, ended) and not heavy(state, away)
    apply(state, Entry(200, NOTICE.name, "north", one.id, 1, one.sha256, "", START, "", ""), one)
    assert heavy(state, ended) and heavy(state, away)
