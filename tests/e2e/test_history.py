"""A random history through workers that come and go, and a new worker's fold of its log: the same, byte for byte."""

import copy
import json
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import redis
from keepclear_protocol.kinds import ACKNOWLEDGEMENT
from keepclear_service.decide.entry import ENDED, TERMS
from support.history import Actor, Workers
from support.line import payload
from support.nursery import Nursery
from support.refold import hold_against, refold, said
from support.world import World

LASTS_S = 9.0
RESTART_S = 0.7
SEED = 6


@pytest.fixture
def world(workers: Nursery) -> Iterator[World]:
    made = World("north", "south", "east")
    yield made
    assert workers.events(made) <= {"unavailable", "available", "line_ready", "worker_drained"}


def adopt(world: World, folder: Path, store_url: str, **minima: float) -> None:
    """Have all parties sign other separations, and put them in force as an operator does."""
    transport = {**world.payload["categories"]["transport"], **minima}
    signing = copy.copy(world)  # the actors go on under the old terms until the new ones are in force
    successor = signing.successor(categories={**world.payload["categories"], "transport": transport})
    path = folder / f"agreement-{successor.revision}.json"
    path.write_bytes(successor.raw)
    words = ["-m", "keepclear_service", "adopt", "--agreement", str(path), "--store", store_url]
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    world.payload, world.agreement = signing.payload, successor


def change_terms(world: World, folder: Path, store_url: str, every_s: float) -> None:
    """Widen the separations, and then narrow them."""
    for minima in ({"horizontal_m": 30_000}, {"horizontal_m": 2_000, "tail_s": 2}):
        time.sleep(every_s)
        adopt(world, folder, store_url, **minima)


def wait_for_ends(store_url: str) -> None:
    """Wait until every short window is over and said to be: nothing unmatched, no end due within twenty seconds."""
    deadline = time.monotonic() + 30
    with redis.Redis.from_url(store_url) as client:
        (prefix,) = {name.rpartition(b":")[0] for name in client.keys("kc:*:meta")}
        while True:
            seconds, _ = client.time()
            look = client.pipeline(transaction=True)
            look.zrange(prefix + b":unmatched", 0, -1)
            look.zrangebyscore(prefix + b":due", "-inf", (seconds + 20) * 1000)
            waiting, timers = look.execute()
            if not waiting and not [timer for timer in timers if timer.startswith(b"end|")]:
                return
            assert time.monotonic() < deadline, (waiting, timers)
            time.sleep(0.1)


def test_any_history_folds_the_same_on_every_worker(
    world: World, workers: Nursery, tmp_path: Path, store_url: str
) -> None:
    founding, rng = world.agreement, random.Random(SEED)
    pair = Workers(workers, world, store_url)
    try:
        began = time.monotonic()
        actors = [Actor(world, pair, SEED * 10 + number, began + LASTS_S) for number in range(2)]
        for actor in actors:
            actor.thread.start()
        with ThreadPoolExecutor() as thread:
            changing = thread.submit(change_terms, world, tmp_path, store_url, LASTS_S / 4)
            while any(actor.thread.is_alive() for actor in actors):
                time.sleep(RESTART_S)
                pair.replace(rng.randrange(2), rng.choice(["kill", "stop", "die", "die"]))
            changing.result()
        for actor in actors:
            actor.thread.join()
            if actor.failure is not None:
                raise actor.failure
        wait_for_ends(store_url)
        last = pair.line(0)
        listed = {party: last.conflicts(party) for party in world.parties}
    finally:
        pair.close()

    found = refold(store_url, founding, world.service)
    compared = hold_against(found)
    kinds = Counter(entry.kind for entry in found.entries)
    done = sum((actor.done for actor in actors), Counter())
    print(json.dumps({"log": kinds, "done": done, "restarts": pair.restarts, "alerts": compared}))
    # Nothing that was receipted is missing from the log, and the log's entry is what the receipt says.
    receipts = {seq: sha256 for actor in actors for seq, sha256 in actor.receipts.items()}
    assert len(receipts) == done["submitted"] + done["amended"] + done["withdrawn"]
    by_seq = {entry.seq: entry.sha256 for entry in found.entries}
    assert {seq: by_seq.get(seq) for seq in receipts} == receipts
    # It was a history of everything, or this shows less than it says.
    assert kinds[TERMS] == 2 and kinds[ENDED] > 0 and kinds[ACKNOWLEDGEMENT.name] > 0 and done["withdrawn"] > 0
    assert compared > 20 and {said(told)["state"] for told in found.wanted["north"]} == {"open", "closed", "past"}
    # What a desk reads anew is the newest of each conflict.
    for party, rows in listed.items():
        newest = {event.conflict: told and told["alert"] for event, told in found.streams[party]}
        assert {payload(row["alert"])["conflict"]: row["alert"] for row in rows} == newest
