"""A desk with a long past: its picture, reading everything again, and catching up what it missed.

Another desk of the party filed its notices; half of the past ones crossed a counterpart's, so that the stream holds a
notice for each and an alert for every second. Statements are signed and filed beforehand and cost the desk nothing.
"""

import statistics
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from keepclear import Desk
from support.world import UNBOUND, World

from .client import post, run, send
from .figures import Figure, Scale
from .flood import flood
from .load import Volume, circle, in_processes, shifted, submission, volume
from .recheck import recheck
from .stage import Stage, say, stage

PLACE = (40.0, 0.0)
SPACING_M = 2_000.0
DAY_S = 86_400
WITHIN_S = 900.0


def measure(scale: Scale) -> list[Figure]:
    """Return the seconds of catching up, of a picture, and of reading everything again."""
    past, live = scale.of(200, 10_000), scale.of(20, 200)
    small = {"horizontal_m": 100, "vertical_m": 30, "lead_s": 0, "tail_s": 0}
    world = World(categories={"transport": small}, budgets=UNBOUND)
    say(f"desk: {past} past and {live} live notices")
    lots = _filed(world, past, live)
    alerts = past // 2 + live
    with stage(world) as running, _desk(running, "south") as desk:
        for event in desk.watch(lambda: desk.journal.cursor() is not None):
            assert event.to_json()["event"] in ("link", "gap"), event
        for lot in lots:
            run(send(running.port, lot, 64))
        events = past + live + alerts
        caught_s, cpu = _caught_up(desk, alerts)
        pictures = [_seconds(desk.picture) for _ in range(7)]
        rereads = [_seconds(desk.refresh) for _ in range(3)]
    return [
        Figure(
            f"catching up, for {past} events",
            caught_s * past / events,
            "s",
            "<= 30",
            f"{events} in {caught_s:.0f} s, {cpu:.0f} s of processor time",
        ),
        Figure("picture", statistics.median(pictures) * 1000, "ms", "<= 100", f"{past} past, {live} live"),
        Figure("reading everything again", statistics.median(rereads), "s", "<= 1"),
        *recheck(scale),
        *flood(scale),
    ]


def _desk(running: Stage, party: str) -> Desk:
    """Return a party's desk that reaches the service where it listens."""
    folder = Path(running.folder / party)
    address = f"http://127.0.0.1:{running.port}"
    return Desk(running.world.agreement, running.world.parties[party].key, folder, connect_to=address)


def _filed(world: World, past: int, live: int) -> list[list[bytes]]:
    """Return the requests of south's notices, and of north's that cross every second past and every live one."""
    crossed = list(range(0, past, 2)) + list(range(past, past + live))

    def south(index: int) -> bytes:
        return post("notices", submission(world, "south", _place(index, past)))

    def north(number: int) -> bytes:
        return post("notices", submission(world, "north", _place(crossed[number], past)))

    return [in_processes(south, past + live), in_processes(north, len(crossed))]


def _place(index: int, past: int) -> Volume:
    """Return a circle of its own place; those with the lower numbers ended yesterday."""
    row, column = divmod(index, 100)
    lat, lng = shifted(*PLACE, SPACING_M * row, SPACING_M * column)
    start = 7_200 - (2 * DAY_S if index < past else 0)
    return volume(circle(lat, lng, 100), 1_000, 1_100, start, start + 3_600)


def _caught_up(desk: Desk, alerts: int) -> tuple[float, float]:
    """Watch until the last alert has been shown; return the seconds and the processor seconds of this process."""
    began, spent = time.perf_counter(), time.process_time()
    shown: Counter[str] = Counter()
    for event in desk.watch(lambda: shown["alert"] >= alerts):
        told = event.to_json()
        assert told["event"] != "problem", told
        shown[told["event"]] += 1
        assert time.perf_counter() - began < WITHIN_S, f"{shown} of {alerts} alerts"
    return time.perf_counter() - began, time.process_time() - spent


def _seconds(action: Callable[[], object]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began
