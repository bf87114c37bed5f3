"""A desk that has fallen behind: each counterpart's worst is on the screen first, and the head says how far behind."""

import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from keepclear.cli.board.blind import is_quiet
from keepclear.cli.notable import behind_words, slow_words
from keepclear.cli.tell import Teller
from keepclear.cli.words import clock
from keepclear.desk import backlog, link, worst
from keepclear.desk.deliveries import Pace
from keepclear.desk.link import Link, LinkState
from keepclear_protocol.instant import SECOND
from support.desks import Line, alerts
from support.mediator import Mediator
from support.world import World, box

FLOOD = 40


@pytest.fixture
def line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Line:
    monkeypatch.setattr("keepclear.transport.client.RETRY_AFTER_S", ())
    monkeypatch.setattr(backlog, "BATCH", 1)
    monkeypatch.setattr(link, "BEHIND", 10)
    monkeypatch.setattr(worst, "AT_ONCE", 4)
    made = Line(tmp_path)
    made.world = World("south", "north", "east")
    made.mediator = Mediator(made.world, lambda: made.now)
    made.mediator.page = 5
    return made


def flooded(line: Line) -> tuple[Any, Any]:
    """Return south's desk, which does not yet know of north's flood over its notice, and east's."""
    south, north, east = (line.desk(party) for party in ("south", "north", "east"))
    line.watched(south)
    south.file([box()], "transport")
    line.watched(south)
    for _ in range(FLOOD):
        north.file([box(48.05)], "transport")
    return south, east


@pytest.mark.req("R-101")
def test_a_danger_behind_another_partys_flood_is_told_first_and_all_of_it_once(line: Line) -> None:
    south, east = flooded(line)
    first = east.file([box(48.12, low=205, high=220)], "transport")  # less of a danger than any of those
    east.amend(first.id, [box(48.13, low=205, high=220)])
    events, behind = [], []
    for event in south.watch(stop=line.reached(south)):
        events.append(event)
        behind.append(south.link().behind)
    told = [(event.alert.other.party, event.alert.version) for event in alerts(events) if event.alert is not None]
    assert all(event.verdict == "verified" for event in alerts(events))
    newest = max(version for party, version in told if party == "east")
    assert told.index(("east", newest)) < FLOOD // 2
    assert len(told) == len(set(told)) == FLOOD + 2
    versions = [version for party, version in told if party == "east"]
    assert versions == sorted(versions)  # of one conflict the stream's order stands
    assert max(behind) > FLOOD // 2 and south.link().behind == 0
    assert {view.party: view.version for view in south.picture().conflicts}["east"] == newest
    for desk in line.open:
        desk.close()


@pytest.mark.req("R-101")
def test_a_few_alerts_that_take_long_keep_no_danger_waiting_either(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link, "BEHIND", 1_000)
    ticks = itertools.count()
    south = line.desk("south", clock=lambda: line.now + 20_000 * next(ticks))  # each look at it is 20 ms later
    north, east = line.desk("north"), line.desk("east")
    line.watched(south)
    south.file([box()], "transport")
    line.watched(south)
    for _ in range(FLOOD):
        north.file([box(48.05)], "transport")
    east.file([box(48.12, low=205, high=220)], "transport")
    told = [event.alert.other.party for event in alerts(list(south.watch(stop=line.reached(south)))) if event.alert]
    assert told.count("east") == 1 and told.index("east") < FLOOD // 2, told
    for desk in line.open:
        desk.close()


def test_a_desk_that_keeps_up_asks_for_no_index(line: Line) -> None:
    south, north = line.desk("south"), line.desk("north")
    line.watched(south)
    south.file([box()], "transport")
    line.watched(south)
    north.file([box(48.05)], "transport")
    line.mediator.requests.clear()
    line.watched(south)
    assert not [request for request in line.mediator.requests if request.url.path.startswith("/v1/conflicts")]
    for desk in line.open:
        desk.close()


def test_a_desk_that_others_make_acknowledge_leaves_half_of_its_minute_to_its_officers() -> None:
    pace, now, said = Pace(6_000), 100.0, list[float]()
    for _ in range(6_000):  # two minutes in which something comes at each fiftieth of a second
        now += 0.02
        if pace.may(now):
            pace.said(16)
            said += [now] * 16
    for begin in range(100, 160):
        assert sum(begin <= at < begin + 60 for at in said) <= 6_000 + 16
    assert len(said) > 9_000  # and it does go on
    small = Pace(1)
    assert small.may(200.0)
    small.said(16)
    assert not small.may(230.0)


def test_where_the_stream_holds_more_than_may_wait_here_the_worst_is_asked_for(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backlog, "MOST", 20)
    south, east = flooded(line)
    east.file([box(48.12, low=205, high=220)], "transport")
    line.mediator.requests.clear()
    told = [event.alert.other.party for event in alerts(list(south.watch(stop=line.reached(south)))) if event.alert]
    assert [request for request in line.mediator.requests if request.url.path.startswith("/v1/conflicts")]
    assert told.count("east") == 1 and told.count("north") == FLOOD and told.index("east") < FLOOD // 2
    for desk in line.open:
        desk.close()


def test_a_desk_that_is_behind_is_called_that_and_not_deaf() -> None:
    now = 1_000_000_000
    long_ago = now - 60_000_000
    of = ("north", 1_399), ("east", 1)
    behind = Link(True, long_ago, long_ago, behind=400, unwritten_since=long_ago, behind_of=of)
    assert not is_quiet(behind, now) and is_quiet(replace(behind, behind=0), now)
    assert "400 events not read yet (1 399 of north, 1 of east)" in behind_words(behind)
    state = LinkState(lambda: now)
    for since, counts, cost, said in (
        (now, {"north": 5}, 1, False),
        (now, {"north": 301}, 1, True),
        (now, {"north": 5}, link.BEHIND_BYTES + 1, True),
        (now - 900_000, {"north": 5}, 1, True),
        (None, {}, 0, False),
    ):
        state.waits(since, counts, cost)
        assert state.now.is_behind is said
    state.waits(now, {"": 1, "north": 2, "east": 3}, 1, owed=4)
    assert (state.now.behind, state.now.behind_of) == (10, (("east", 3), ("north", 2)))
    assert state.now.to_json()["behind_of"] == {"east": 3, "north": 2}


@pytest.mark.req("R-101")
def test_what_the_hotline_says_of_its_slowness_holds_for_three_seconds(tmp_path: Path) -> None:
    line = Line(tmp_path)
    line.mediator.end_stream = "event: slow\ndata: {}\n\n"
    desk = line.desk("south")
    assert not desk.link().lags
    list(desk.watch(stop=lambda: desk.link().hotline_slow))
    slow = desk.link()
    assert slow.lags and not slow.is_behind and slow.to_json()["hotline_slow"]
    assert slow.hotline_slow_since == line.now and "NOT WHOLE" in slow_words(line.now)
    began = line.now
    for after_s, said in ((2.9, True), (3.0, False), (-60, False), (2.9, False)):
        line.now = began + round(after_s * SECOND)
        assert desk.link().lags is said, "also where this machine's clock was set back"
    desk.close()


@pytest.mark.req("R-101")
def test_a_watch_says_who_is_behind_each_time_that_this_changes(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Line(tmp_path).desk("south")
    teller, calm = Teller(desk), desk.link()
    at = calm.since
    slow = replace(calm, hotline_slow_since=at)
    over = replace(calm, hotline_was_slow=((at, at + 5 * SECOND),))
    was = f"the hotline was slow from {clock(at)} to {clock(at + 5 * SECOND)} (5 s): what was filed then came late"
    for stands, words in (
        (slow, "HOTLINE SLOW"),
        (replace(slow, behind=400), "BEHIND: 400 events"),
        (replace(over, behind=400), was),
        (replace(over, behind=400), ""),
        (replace(over, behind=400, hotline_slow_since=at), "HOTLINE SLOW"),
        (replace(over, hotline_slow_since=at), "CAUGHT UP"),
        (over, was),
        (replace(over, hotline_slow_since=at), "HOTLINE SLOW"),
        (over, was),
        (over, ""),
    ):
        monkeypatch.setattr(desk, "link", lambda stands=stands: stands)
        teller.remind()
        said = "".join(capfd.readouterr())
        assert words in said if words else said == ""
    desk.close()
