"""A worker killed between admission and commit: its conflict is told all the same, to both, once.

The worker dies by its own hand (SIGKILL) at one exact point, see ``support.chaos``. Either another worker over the
same store goes on and adopts the entry, or the worker's successor does. The client that got no receipt sends the same
bytes again and gets one.
"""

import itertools
import time
from collections.abc import Iterator

import httpx2
import pytest
from keepclear_protocol.receipt import open_receipt
from support.line import Doors, payload
from support.nursery import Nursery
from support.refold import hold_against, refold
from support.world import World, box

KILLS = (12, pytest.param(50, marks=pytest.mark.long))
SUCCESSIONS = 4
ADOPTED_S = 10.0
"""Half a second until an orphan is due, and up to one until the next look at the store; ten on a busy machine."""


@pytest.fixture(scope="module")
def world(workers: Nursery) -> Iterator[World]:
    made = World()
    yield made
    assert workers.events(made) <= {"unavailable", "line_ready"}


def place(number: int) -> tuple[float, float]:
    return -60.0 + number // 50 * 2.0, -170.0 + number % 50 * 5.0


def told(world: World, store_url: str) -> dict[str, list[int]]:
    """Return the versions of the alerts in each party's stream, in order."""
    streams = refold(store_url, world.agreement, world.service).streams
    return {party: [event.version for event, _ in stream] for party, stream in streams.items()}


def wait_until_told(world: World, store_url: str, count: int) -> None:
    deadline = time.monotonic() + ADOPTED_S
    while {len(versions) for versions in told(world, store_url).values()} != {count}:
        assert time.monotonic() < deadline, told(world, store_url)
        time.sleep(0.1)


def send_to_die(workers: Nursery, world: World, store_url: str, raw: str, point: str) -> None:
    """Send a notice to a worker that dies of it; no answer comes."""
    with workers.line(world, store_url, die=point) as doomed:
        with pytest.raises(httpx2.TransportError):
            doomed.post("notices", raw)
        doomed.life.ended()


def receipted(line: Doors, raw: str) -> int:
    """Send again what got no receipt; return the seq of the receipt that it gets now."""
    answer = line.post("notices", raw)
    assert answer.status_code == 200 and set(answer.json()) == {"receipt"}, answer.text
    receipt = open_receipt(answer.json()["receipt"], line.world.agreement.service_key)
    assert receipt.id == line.world.opened(raw).id
    assert line.post("notices", raw).json() == answer.json()
    return receipt.seq


@pytest.mark.parametrize("kills", KILLS)
def test_killed_again_and_again_between_admission_and_commit_no_conflict_is_lost(
    world: World, workers: Nursery, store_url: str, kills: int
) -> None:
    """Every third is sent again at once, before anyone could adopt it; the others only when they have been told."""
    points = itertools.cycle(("admitted", "matched"))
    left: list[str] = []
    seqs = set()
    with workers.line(world, store_url) as survivor:
        for number, point in zip(range(kills), points, strict=False):
            first, second = ("north", "south") if number % 4 < 2 else ("south", "north")
            survivor.file(first, box(*place(number)))
            raw = world.submission(second, box(*place(number)))
            send_to_die(workers, world, store_url, raw, point)
            if number % 3:
                left.append(raw)
                continue
            seqs.add(seq := receipted(survivor, raw))
            # The receipt came after its alerts.
            for versions in told(world, store_url).values():
                assert seq in versions
        wait_until_told(world, store_url, kills)
        seqs |= {receipted(survivor, raw) for raw in left}
        for party in ("north", "south"):
            listed = [payload(row["alert"]) for row in survivor.conflicts(party)]
            assert len(listed) == kills and {alert["version"] for alert in listed} == seqs
            events = survivor.events(party, 2 * kills, within_s=30)
            versions = [payload(event["data"]["alert"])["version"] for event in events if event["event"] == "alert"]
            assert len(versions) == kills and set(versions) == seqs
    assert hold_against(refold(store_url, world.agreement, world.service)) == 2 * kills


def test_killed_after_commit_the_receipt_can_be_made_again(world: World, workers: Nursery, store_url: str) -> None:
    with workers.line(world, store_url) as survivor:
        for number in range(4):
            survivor.file("north", box(*place(number)))
            raw = world.submission("south", box(*place(number)))
            send_to_die(workers, world, store_url, raw, "committed")
            assert {seq := receipted(survivor, raw)} <= set(told(world, store_url)["north"])
            assert [versions.count(seq) for versions in told(world, store_url).values()] == [1, 1]
    assert hold_against(refold(store_url, world.agreement, world.service)) == 8


def test_a_lone_worker_that_dies_is_made_good_by_its_successor(world: World, workers: Nursery, store_url: str) -> None:
    """No other worker lives: the next one replays the log, commits what was left, and dies in its turn."""
    for number, point in zip(range(SUCCESSIONS), itertools.cycle(("matched", "admitted")), strict=False):
        with workers.line(world, store_url, die=point) as doomed:
            filed = world.submission("north", box(*place(number)))
            if point == "admitted":  # then it would die of the first one already
                with workers.line(world, store_url) as helper:
                    assert helper.post("notices", filed).status_code == 201
            else:
                assert doomed.post("notices", filed).status_code == 201
            raw = world.submission("south", box(*place(number)))
            with pytest.raises(httpx2.TransportError):
                doomed.post("notices", raw)
        with workers.line(world, store_url) as successor:
            if number % 2:
                receipted(successor, raw)
            wait_until_told(world, store_url, number + 1)
            receipted(successor, raw)
            wait_until_told(world, store_url, number + 1)
    with workers.line(world, store_url):
        pass
    assert hold_against(refold(store_url, world.agreement, world.service)) == 2 * SUCCESSIONS


def test_workers_that_adopt_nothing_are_found_out(world: World, workers: Nursery, store_url: str) -> None:
    """Positive control: a survivor that leaves the dead worker's entry alone loses the conflict, and it is seen."""
    with workers.line(world, store_url, wrong="heartless") as survivor:
        survivor.file("north", box(*place(0)))
        raw = world.submission("south", box(*place(0)))
        send_to_die(workers, world, store_url, raw, "matched")
        time.sleep(2.5)
        assert told(world, store_url) == {"north": [], "south": []}
        with pytest.raises(AssertionError):
            hold_against(refold(store_url, world.agreement, world.service))


def test_workers_that_commit_twice_are_found_out(world: World, workers: Nursery, store_url: str) -> None:
    """Positive control: without its guard the commit script tells everything twice, and it is seen."""
    with workers.line(world, store_url, wrong="stubborn") as line:
        line.file("north", box(*place(0)))
        line.file("south", box(*place(0)))
        assert all(len(versions) == 2 for versions in told(world, store_url).values())
        with pytest.raises(AssertionError, match="twice"):
            hold_against(refold(store_url, world.agreement, world.service))
