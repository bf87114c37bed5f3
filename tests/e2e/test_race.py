"""Two conflicting notices at the same instant through two workers: the log orders them, and both sides are told."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from keepclear_protocol.alert import conflict_id
from support.line import Doors, payload
from support.nursery import Nursery
from support.refold import hold_against, refold
from support.world import World, box

ROUNDS = (100, pytest.param(500, marks=pytest.mark.long))
CONTROL_ROUNDS = 60


@pytest.fixture(scope="module")
def world() -> World:
    return World()


def place(number: int) -> tuple[float, float]:
    """Return a place of its own, 70 km at least from every other one."""
    return -60.0 + number // 50 * 2.0, -170.0 + number % 50 * 5.0


def pairs(world: World, rounds: int) -> list[tuple[str, str]]:
    return [
        (world.submission("north", box(*place(number))), world.submission("south", box(*place(number))))
        for number in range(rounds)
    ]


class Race:
    """Sends each pair at one instant, one notice through each of two workers."""

    def __init__(self, first: Doors, second: Doors) -> None:
        self.lines = (first, second)
        self.gate = threading.Barrier(2)
        self.answers: list[list[tuple[int, int, dict[str, Any]]]] = [[], []]

    def run(self, sent: list[tuple[str, str]]) -> None:
        with ThreadPoolExecutor(2) as threads:
            for done in [threads.submit(self._side, side, [pair[side] for pair in sent]) for side in (0, 1)]:
                done.result()

    def _side(self, side: int, sent: list[str]) -> None:
        for raw in sent:
            self.gate.wait(30)
            began = time.perf_counter_ns()
            answer = self.lines[side].post("notices", raw)
            ended = time.perf_counter_ns()
            assert answer.status_code == 201, answer.text
            self.answers[side].append((began, ended, answer.json()))


@pytest.mark.parametrize("rounds", ROUNDS)
def test_every_pair_sent_at_one_instant_is_a_conflict_told_to_both(
    world: World, workers: Nursery, store_url: str, rounds: int
) -> None:
    sent = pairs(world, rounds)
    with workers.line(world, store_url) as first, workers.line(world, store_url) as second:
        run = Race(first, second)
        run.run(sent)
        check(world, run, sent)
    assert hold_against(refold(store_url, world.agreement, world.service)) == 2 * rounds


def check(world: World, run: Race, sent: list[tuple[str, str]]) -> None:
    rounds = len(sent)
    together = last_was_second = 0
    for one, other in zip(*run.answers, strict=True):
        together += one[0] < other[1] and other[0] < one[1]
        earlier, later = sorted((one[2], other[2]), key=lambda answer: payload(answer["receipt"])["seq"])
        last_was_second += later is other[2]
        assert earlier["alerts"] == [] and len(later["alerts"]) == 1
    # They were in flight together, and neither worker always won: otherwise this shows nothing.
    assert together > 0.9 * rounds
    assert 0 < last_was_second < rounds

    expected = {conflict_of(world, *pair) for pair in sent}
    assert len(expected) == rounds
    for party in ("north", "south"):
        for line in run.lines:
            assert {payload(row["alert"])["conflict"] for row in line.conflicts(party)} == expected
        events = run.lines[0].events(party, 2 * rounds, within_s=30)
        told = [payload(event["data"]["alert"]) for event in events if event["event"] == "alert"]
        assert len(told) == rounds and {alert["conflict"] for alert in told} == expected
        assert {alert["state"] for alert in told} == {"open"}


def conflict_of(world: World, ours: str, theirs: str) -> str:
    first, second = payload(ours), payload(theirs)
    return conflict_id(world.agreement.id, (first["iss"], first["notice"]), (second["iss"], second["notice"]))


def test_workers_that_do_not_look_at_what_came_between_are_found_out(
    world: World, workers: Nursery, store_url: str
) -> None:
    """Positive control: matching against what was known before loses conflicts here, and this test would say so."""
    sent = pairs(world, CONTROL_ROUNDS)
    with workers.line(world, store_url, wrong="deaf") as first, workers.line(world, store_url, wrong="deaf") as second:
        Race(first, second).run(sent)
        assert len(first.conflicts("north")) < CONTROL_ROUNDS
    with pytest.raises(AssertionError):
        hold_against(refold(store_url, world.agreement, world.service))
