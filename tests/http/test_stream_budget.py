"""How many streams a party may have open at once: its own alone are counted, and one that ends makes room."""

import contextlib
import dataclasses
import time

import httpx2
from keepclear_protocol.budgets import Budgets
from support.nursery import Lifeline, Nursery
from support.world import World

STREAMS = 3
TARGET = "/v1/stream"


def asked(line: Lifeline, party: str) -> httpx2.Response:
    """Ask for a stream that must be refused, or be gone again."""
    with line.http.stream("GET", TARGET, headers=line.world.proof(party, TARGET)) as answer:
        return answer if answer.status_code == 200 else _read(answer)


def _read(answer: httpx2.Response) -> httpx2.Response:
    answer.read()
    return answer


def test_a_party_has_so_many_streams_and_another_is_not_asked(workers: Nursery, store_url: str) -> None:
    world = World(budgets=dataclasses.asdict(Budgets(streams=STREAMS)))
    with workers.line(world, store_url) as line, contextlib.ExitStack() as opened:
        for _ in range(STREAMS):
            headers = world.proof("north", TARGET)
            stream = opened.enter_context(line.http.stream("GET", TARGET, headers=headers))
            assert stream.status_code == 200
        refused = asked(line, "north")
        assert (refused.status_code, refused.json()["code"]) == (429, "budget_streams")
        assert asked(line, "south").status_code == 200
        opened.close()
        deadline = time.monotonic() + 10
        while (again := asked(line, "north").status_code) == 429:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert again == 200
