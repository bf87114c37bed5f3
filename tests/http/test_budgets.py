"""A party over its budget, at a real worker's doors: refused with what is left, told to all, and nobody else hurt."""

import time
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import pytest
from keepclear_protocol.budgets import Budgets
from keepclear_protocol.errors import OverBudget
from keepclear_protocol.instant import SECOND, parse_instant
from keepclear_protocol.spent import open_spent
from keepclear_service.http.problems import over_budget
from support.line import Doors
from support.nursery import Nursery
from support.world import World, box

BACK_S = 5.0
"""Seconds that a budget may take to be there again: a worker's clock and this one's are some milliseconds apart."""

SMALL = Budgets(submits_a_minute=30, acknowledgements_a_minute=1, alerts_an_hour=3)


@pytest.fixture
def small(workers: Nursery, store_url: str) -> Iterator[Doors]:
    """Yield the doors of a worker whose agreement allows little."""
    with workers.line(World(budgets=asdict(SMALL)), store_url) as running:
        yield running


def refused(answer: Any, budget: str) -> dict[str, Any]:
    """Return the document of a refusal for a budget, which is one in every member."""
    document: dict[str, Any] = answer.json()
    assert (answer.status_code, document["code"]) == (429, f"budget_{budget}"), document
    assert answer.headers["content-type"] == "application/problem+json"
    assert document["type"] == f"urn:keepclear:problem:budget_{budget}"
    assert (document["budget"], document["left"]) == (budget, 0)
    wait_s = int(answer.headers["retry-after"])
    again_s = parse_instant(document["again_at"]) / SECOND - time.time()
    assert 1 <= wait_s and again_s <= wait_s <= max(1, again_s + 20)
    return document


@pytest.mark.req("R-092", "R-094", "R-112", "R-115", "R-116", "R-117", "R-118", "R-119")
def test_a_party_over_its_budget_is_refused_and_all_hear_of_it(small: Doors) -> None:
    world = small.world
    ours = small.file("south")
    (told,) = small.file("north")["alerts"]
    again: dict[str, Any] = {}
    last = ""
    for _ in range(60):
        raw = world.submission("north", box(-50.0))
        answer = small.post("notices", raw)
        if answer.status_code == 429:
            again = refused(answer, "submits_a_minute")
            break
        assert answer.status_code == 201, answer.text
        last = raw
    assert again
    # From here on nothing is looked at: what would be refused for its manifest is refused for the budget.
    short = world.submission("north", box(-50.0)).split("~")
    refused(small.post("notices", "~".join([short[0], *short[2:]])), "submits_a_minute")
    # The other party files, and it reaches the one that is refused; what was admitted is answered as ever.
    assert small.post("notices", world.submission("south", box(40.0))).status_code == 201
    assert small.post("notices", ours["sent"]).status_code == 200
    # Withdrawals and acknowledgements go on, these within a budget of their own.
    assert small.post("withdrawals", world.withdrawal("north", world.opened(last))).status_code == 201
    assert small.post("acknowledgements", world.answer("north", told["alert"])).status_code == 201
    refused(small.post("acknowledgements", world.answer("north", told["alert"])), "acknowledgements_a_minute")
    # Each hears of it, in the same words.
    said = {}
    for party in ("north", "south"):
        cursor: str | None = None
        found: list[dict[str, Any]] = []
        while not found:
            events = small.events(party, 1, cursor)
            cursor = events[0]["id"]
            found = [event for event in events if event["event"] == "budget"]
        said[party] = found[0]["data"]["budget"]
    assert said["north"] == said["south"]
    # Also whoever has no event of it.
    assert small.read("south", "/v1/conflicts")["budgets"] == [said["south"]]
    spent = open_spent(said["south"], world.agreement.service_key, world.agreement)
    assert (spent.party, spent.budget) == ("north", "submits_a_minute")
    assert spent.until - parse_instant(again["again_at"]) >= 290 * SECOND
    # And it comes back, by the hotline's clock.
    time.sleep(max(0.0, parse_instant(again["again_at"]) / SECOND - time.time()))
    deadline = time.monotonic() + BACK_S
    while (answer := small.post("notices", world.submission("north", box(-50.0)))).status_code == 429:
        assert time.monotonic() < deadline, answer.text
        time.sleep(0.05)
    assert answer.status_code == 201


@pytest.mark.req("R-114", "R-116")
def test_alerts_that_a_partys_notices_caused_are_spent_by_it_alone(small: Doors) -> None:
    world = small.world
    for number in range(3):
        small.file("north", box(10.0 * number))
    crossing = small.file("south", *(box(10.0 * number) for number in range(3)))
    assert len(crossing["alerts"]) == 3
    refused(small.post("notices", world.submission("south", box(60.0))), "alerts_an_hour")
    assert small.file("north", box(0.0))["alerts"], "the one that was crossed has spent nothing"
    withdrawal = world.withdrawal("south", world.opened(crossing["sent"]))
    assert small.post("withdrawals", withdrawal).status_code == 201


def test_the_wait_is_told_by_a_clock_that_no_step_of_this_machines_moves() -> None:
    answer = over_budget(OverBudget("streams", 0, 1_030 * SECOND), 1_000.2)
    assert answer.headers["retry-after"] == "30"
