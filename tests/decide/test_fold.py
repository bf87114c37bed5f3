"""The fold tells both sides of every conflict, and of nothing else, and tells the same whoever folds."""

import json
import random
from copy import copy

import pytest
from keepclear_protocol.notice import Notice, open_presentation
from keepclear_protocol.outline import Polygon
from keepclear_protocol.recompute import match_all, still_ahead
from keepclear_protocol.withdrawal import Withdrawal
from keepclear_service.decide.entry import ENDED, TERMS, Outgoing
from keepclear_service.decide.fold import State, apply
from support.memory_log import Log
from support.world import World, box, now_us


def told(outgoing: list[Outgoing]) -> list[tuple[str, str, str | None]]:
    return [(item.to, item.payload["state"], item.payload["reason"]) for item in outgoing]


@pytest.mark.req("R-065", "R-068", "R-071")
def test_both_sides_are_told_and_each_is_shown_only_what_is_in_conflict() -> None:
    world = World()
    log = Log(world)
    ours, first = log.notice(world.submission("north", box(48.0), box(50.0)))
    assert first == []
    theirs, alerts = log.notice(world.submission("south", box(48.05), box(52.0)))
    assert told(alerts) == [("south", "open", None), ("north", "open", None)]
    to_north = next(item for item in alerts if item.to == "north")
    shown = open_presentation(str(log.beside(to_north)["presentation"]), world.agreement.party_key)
    assert shown.sha256 == theirs.sha256 and len(shown.volumes) == 1
    assert to_north.payload["disclosed"] == [shown.volumes[0].digest]
    assert to_north.payload["shown"] == [
        item.digest
        for item in ours.volumes
        if isinstance(item.volume.outline, Polygon) and item.volume.outline.vertices[0][0] == 48.0
    ]
    assert to_north.payload["pairs"][0]["severity"] == "overlap"


@pytest.mark.req("R-065")
def test_one_party_is_never_in_conflict_with_itself() -> None:
    world = World()
    log = Log(world)
    log.notice(world.submission("north"))
    assert log.notice(world.submission("north"))[1] == []


@pytest.mark.req("R-071", "R-072")
def test_amending_away_closes_with_the_new_revision_as_cause_and_hides_where_to() -> None:
    world = World()
    log = Log(world)
    ours, _ = log.notice(world.submission("north"))
    log.notice(world.submission("south"))
    moved, alerts = log.notice(world.amend("north", ours, box(10.0)))
    assert sorted(told(alerts)) == [("north", "closed", "amended"), ("south", "closed", "amended")]
    to_south = next(item for item in alerts if item.to == "south")
    beside = log.beside(to_south)
    assert beside["cause"] == f"{moved.jwt}~" and beside["presentation"] is None and to_south.payload["pairs"] == []
    assert to_south.payload["other"]["revision"] == 2
    assert log.beside(next(item for item in alerts if item.to == "north"))["cause"] is None


@pytest.mark.req("R-050", "R-053", "R-071", "R-072")
def test_withdrawing_closes_with_the_withdrawal_as_cause() -> None:
    world = World()
    log = Log(world)
    ours, _ = log.notice(world.submission("north"))
    log.notice(world.submission("south"))
    raw = world.withdrawal("north", ours)
    alerts = log.withdrawal(raw)
    assert sorted((item.to, log.beside(item)["cause"]) for item in alerts) == [("north", None), ("south", raw)]
    assert log.notice(world.submission("south"))[1] == []


@pytest.mark.req("R-071")
def test_a_conflict_closes_when_its_time_is_over_and_only_its_newest_version() -> None:
    world = World()
    log = Log(world)
    ours, _ = log.notice(world.submission("north"))
    _, opened = log.notice(world.submission("south"))
    log.notice(world.amend("north", ours, box(48.01)))
    assert log.add(ENDED, "", opened[0].conflict, 2, "", None) == []
    alerts = log.add(ENDED, "", opened[0].conflict, 3, "", None)
    assert sorted(told(alerts)) == [("north", "closed", "ended"), ("south", "closed", "ended")]
    assert log.add(ENDED, "", opened[0].conflict, 4, "", None) == []


@pytest.mark.req("R-050", "R-071")
def test_what_was_already_over_is_told_once_and_shows_nothing() -> None:
    world = World()
    log = Log(world)
    at = now_us()
    log.notice(world.submission("north", box(start_s=-7200)), at - 7_300_000_000)
    late, alerts = log.notice(world.submission("south", box(start_s=-7200)), at)
    assert sorted(told(alerts)) == [("north", "past", None), ("south", "past", None)]
    for item in alerts:
        assert item.payload["disclosed"] == item.payload["shown"] == item.payload["pairs"] == []
        presentation = str(log.beside(item)["presentation"])
        assert item.payload["lead"] == "RETROACTIVE" and presentation.endswith("~") and presentation.count("~") == 1
    assert log.notice(world.amend("south", late, box(start_s=-7200)), at)[1] == []


@pytest.mark.req("R-050")
def test_what_ended_beyond_retention_counts_no_more() -> None:
    world = World(retention_s=3600)
    log = Log(world)
    at = now_us()
    log.notice(world.submission("north", box(start_s=-7200)), at - 7_300_000_000)
    assert log.notice(world.submission("south", box(start_s=-7200), box(start_s=0)), at)[1] == []


def test_memory_is_bounded_by_what_is_live_or_in_retention() -> None:
    world = World(retention_s=3600)
    log = Log(world)
    at = now_us()
    for party in ("north", "south"):
        log.notice(world.submission(party, box(start_s=0, last_s=60)), at)
    (cid,) = log.state.conflicts
    log.add(ENDED, "", cid, 2, "", None, at + 61_000_000)
    log.notice(world.submission("north", box(start_s=9000)), at + 3_650_000_000)
    assert len(log.state.filed) == 3
    log.notice(world.submission("north", box(start_s=9000)), at + 3_661_000_000)
    assert len(log.state.filed) == 2 and not log.state.conflicts
    assert not any(cids for cids in log.state.of_notice.values())


@pytest.mark.req("R-029", "R-071")
def test_new_terms_hold_everything_against_everything_again() -> None:
    world = World()
    log = Log(world)
    log.notice(world.submission("north", box(48.0)))
    log.notice(world.submission("south", box(48.3)))
    assert log.state.conflicts == {}
    wide = {
        **world.payload["categories"],
        "transport": {"horizontal_m": 50000, "vertical_m": 300, "lead_s": 0, "tail_s": 0},
    }
    newer = world.successor(categories=wide)
    alerts = log.add(TERMS, "", "", 0, newer.terms, newer)
    assert sorted(told(alerts)) == [("north", "open", None), ("south", "open", None)]
    assert {item.payload["terms"] for item in alerts} == {newer.terms}
    none = {**wide, "transport": {"horizontal_m": 0, "vertical_m": 0, "lead_s": 0, "tail_s": 0}}
    newest = world.successor(categories=none)
    alerts = log.add(TERMS, "", "", 0, newest.terms, newest)
    assert sorted(told(alerts)) == [("north", "closed", "terms"), ("south", "closed", "terms")]


def test_three_parties_in_one_place_are_three_conflicts() -> None:
    world = World("north", "south", "east")
    log = Log(world)
    for party in ("north", "south", "east"):
        log.notice(world.submission(party))
    assert len(log.state.conflicts) == 3


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.req("R-065", "R-073")
def test_any_history_tells_what_comparing_all_with_all_tells_and_the_same_to_every_worker(seed: int) -> None:
    """Random submits, amendments, withdrawals and ends: what is open is what brute force finds, at every step."""
    rng = random.Random(seed)
    world = World("north", "south", "east")
    log = Log(world)
    live: dict[str, Notice] = {}
    payloads = []
    for _ in range(60):
        at = now_us()
        act = rng.random()
        volumes = [box(48 + rng.random() / 2, 2 + rng.random() / 2, size=0.05) for _ in range(rng.randint(1, 3))]
        if act < 0.5 or not live:
            party = rng.choice(["north", "south", "east"])
            notice, alerts = log.notice(world.submission(party, *volumes), at)
            live[notice.id] = notice
        elif act < 0.8:
            old = rng.choice(list(live.values()))
            notice, alerts = log.notice(world.amend(old.party, old, *volumes), at)
            live[notice.id] = notice
        else:
            old = live.pop(rng.choice(list(live)))
            alerts = log.withdrawal(world.withdrawal(old.party, old), at)
        payloads.append([item.payload for item in alerts])
        expected = {
            frozenset(((a.party, a.id), (b.party, b.id)))
            for a in live.values()
            for b in live.values()
            if a.party < b.party and still_ahead(match_all(a, b, world.agreement), at)
        }
        opened = {frozenset((c.first, c.second)) for c in log.state.conflicts.values() if c.state == "open"}
        assert opened == expected
    assert any(payloads)
    another = State(log.founding)
    again = [[item.payload for item in apply(another, entry, _reopened(body))] for entry, body in log.entries]
    assert json.dumps(again) == json.dumps(payloads)


def _reopened(body: Notice | Withdrawal) -> Notice | Withdrawal:
    """The statement as another worker has it: equal, but not the same object."""
    return copy(body)
