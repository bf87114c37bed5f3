"""A notice that is heavy to match holds up its own agreement at most: the worker's other doors stay open."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from support.hostile_world import HostileLine, HostileWorld, OtherWorld, write_both
from support.nursery import nursery
from support.world import World, box, now_us

VOLUMES = 220
"""Of each side, all in one place: 48 400 pairs, a second and a half of work."""


def crowd(world: World, party: str, at: int) -> str:
    volumes: list[dict[str, Any]] = [box(30 + number * 1e-5, at=at + number) for number in range(VOLUMES)]
    return world.submission(party, *volumes)


def test_other_agreements_are_served_while_a_heavy_notice_is_matched(tmp_path: Path, store_url: str) -> None:
    world = HostileWorld()
    other = OtherWorld(world.service)
    at = now_us()
    first, second = (crowd(world, party, at) for party in ("north", "south"))
    with nursery(tmp_path, write_both(world, other, tmp_path)) as workers, workers.line(world, store_url) as doors:
        line = HostileLine(world, doors.life)  # type: ignore[arg-type]  # its address is all that is asked of it
        line.prepare(other, store_url)
        try:
            assert line.post("notices", first).status_code == 201
            matching = threading.Event()
            served: list[float] = []

            def file_elsewhere() -> None:
                number = 0
                while not matching.is_set():
                    line.other.file("east", box(46.0 + number % 8, 3.0))
                    served.append(time.monotonic())
                    number += 1

            with ThreadPoolExecutor() as threads:
                filing = threads.submit(file_elsewhere)
                began = time.monotonic()
                answer = line.post("notices", second)
                ended = time.monotonic()
                matching.set()
                filing.result()
            assert answer.status_code == 201 and len(answer.json()["alerts"]) == 1
            assert ended - began > 0.5, "it was not heavy: this shows nothing"
            # Without the thread, one at most: the one that was on its way when the matching began.
            assert len([instant for instant in served if began + 0.1 < instant < ended - 0.1]) >= 5
        finally:
            line.other.http.close()
            line.http.close()
