"""A flood of alerts: how many a desk takes in a second, and when it has shown a danger that came behind all of them.

One party's notices each cross 30 flights of the desk's party; then a third party's one notice meets a flight of it. The
desk begins when all of that waits for it, as after a night away or a burst that it could not follow. Light ones are of
one volume against one; heavy ones of 500 against flights of 40 legs, half a megabyte each.
"""

import asyncio
import itertools
import time
from collections.abc import Callable
from functools import partial

from keepclear import AlertEvent, AsyncDesk
from keepclear.journal.changes import MoveCursor
from keepclear_protocol.cursor import Cursor
from support.world import UNBOUND, World

from .client import post, run, send
from .figures import Figure, Scale
from .load import Volume, circle, corridor, in_processes, shifted, submission, volume
from .stage import Stage, say, stage

FLIGHTS = 30
APART_M = 2_000.0
PLACE = (40.0, 0.0)
START_S, LASTS_S = 7_200, 3_600
WITHIN_S = 600.0
SMALL = {"horizontal_m": 100, "vertical_m": 30, "lead_s": 0, "tail_s": 0}


LEGS = 40
LEG_M = 400.0


def flood(scale: Scale) -> list[Figure]:
    """Return the alerts that a desk takes in a second, and the seconds until a danger behind them was shown."""
    light = partial(_crossing, _flight, lambda _: [_across()], scale.of(34, 305))
    heavy = partial(_crossing, _legs, partial(_sheaf, scale.of(60, 500)), scale.of(2, 4))
    figures = []
    for kind, per_second, crossing in (("light", ">= 1000", light), ("heavy", "", heavy)):
        world = World("south", "north", "east", categories={"transport": SMALL}, budgets=UNBOUND)
        flights, shams = crossing(world)
        alerts = len(shams) * FLIGHTS + 1
        say(f"desk: {alerts - 1} {kind} alerts of one party, and then a danger of another's")
        danger = post("notices", submission(world, "east", _flight(FLIGHTS - 1)[0]))
        with stage(world) as running:
            for lot in (flights, shams, [danger]):
                run(send(running.port, lot, 8 if kind == "light" else 1))
            shown_s, whole_s, cpu_s = asyncio.run(_taken_in(running, alerts))
        spent = f"{alerts} in {whole_s:.1f} s, {alerts / cpu_s:.0f} a processor second of the desk's"
        behind = "it came behind all of them"
        figures += [
            Figure(f"a flood of {kind} ones: alerts taken in", alerts / whole_s, "1/s", per_second, spent),
            Figure(f"a flood of {kind} ones: another party's danger shown after", shown_s, "s", "<= 1", behind),
        ]
    return figures


def _crossing(
    flight: Callable[[int], list[Volume]], crossing: Callable[[int], list[Volume]], count: int, world: World
) -> tuple[list[bytes], list[bytes]]:
    """Return the requests of south's flights, and of so many notices of north's that each cross all of them."""
    flights = [post("notices", submission(world, "south", *flight(number))) for number in range(FLIGHTS)]
    return flights, in_processes(lambda number: post("notices", submission(world, "north", *crossing(number))), count)


async def _taken_in(running: Stage, alerts: int) -> tuple[float, float, float]:
    """Return the seconds until east's alert was shown and until all were, and the processor seconds of the latter."""
    key, folder = running.world.parties["south"].key, running.folder / "south"
    address = f"http://127.0.0.1:{running.port}"
    async with asyncio.timeout(WITHIN_S), AsyncDesk(running.world.agreement, key, folder, connect_to=address) as desk:
        # As if it had heard all but what waits: a desk that knows nothing at all would read the index instead.
        desk.journal.apply([MoveCursor(Cursor((await desk.client.conflicts()).at.epoch, 0))])
        began, spent, shown, count = time.perf_counter(), time.process_time(), 0.0, 0
        async for event in desk.watch():
            if isinstance(event, AlertEvent):
                assert event.verdict == "verified" and event.alert is not None
                count += 1
                if event.alert.other.party == "east":
                    shown = time.perf_counter() - began
            if count == alerts:
                break
        return shown, time.perf_counter() - began, time.process_time() - spent


def _flight(number: int) -> list[Volume]:
    lat, lng = shifted(*PLACE, 0, APART_M * number)
    return [volume(circle(lat, lng, 100), 1_000, 1_100, START_S, START_S + LASTS_S)]


def _legs(number: int) -> list[Volume]:
    """Return a flight northwards of legs that follow one another."""
    ends = [shifted(*PLACE, LEG_M * step, APART_M * number) for step in range(LEGS + 1)]
    return [volume(corridor(leg, 50), 1_000, 1_100, START_S, START_S + LASTS_S) for leg in itertools.pairwise(ends)]


def _across(north_m: float = 0.0) -> Volume:
    way = [shifted(*PLACE, north_m, -500), shifted(*PLACE, north_m, APART_M * FLIGHTS)]
    return volume(corridor(way, 50), 1_000, 1_100, START_S, START_S + LASTS_S)


def _sheaf(count: int, number: int) -> list[Volume]:
    """Return ways across all flights, beside one another."""
    return [_across(LEG_M * LEGS * at / count + number) for at in range(count)]
