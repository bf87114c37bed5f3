"""Equal time: whether how long a submit takes tells a prober of hidden volumes near it that he does not conflict with.

Each try is a notice of its own, answered before the next; tries near the hidden volumes and tries over nothing take
turns. The prober has the machine to himself. One prober also aims: he knows when the last receipt came, and sends at
the moment in the tick at which, in tries made beforehand, the two cases came apart most.
"""

import asyncio
import itertools
import random
import time
from collections.abc import Callable

from support.world import UNBOUND, World

from . import classify
from .client import Connection, connect, exchange, post, run
from .figures import Figure, Scale
from .load import Volume, circle, corridor, filed, shifted, submission, volume
from .stage import Stage, say, stage

HORIZONTAL_M = 5_000
HIDDEN, EMPTY = (46.4, 8.0), (30.0, -40.0)
VOLUMES = 480
LEGS, CORRIDORS = 40, 490
TICK_MS, PHASES = 25.0, 10


def measure(scale: Scale) -> list[Figure]:
    """Return, for each probe, how often one try is right, and how many tries it takes to be sure."""
    minima = {"horizontal_m": HORIZONTAL_M, "vertical_m": 100, "lead_s": 0, "tail_s": 0}
    world = World(categories={"transport": minima}, budgets=UNBOUND)
    figures = []
    for name, hidden, shape, tries, aimed in (
        ("circle", _ring(VOLUMES), _circle, scale.of(60, 500), False),
        ("aimed circle", _ring(VOLUMES), _circle, scale.of(60, 500), True),
        ("corridors", _legs(), _corridors, scale.of(10, 500), False),
    ):
        say(f"probe: {name}, {tries} tries each")
        with stage(world) as running:
            near, far = run(_tries(running, hidden, shape, tries, aimed=aimed))
        figures += _judged(name, near, far)
    return figures


def _judged(name: str, near: list[float], far: list[float]) -> list[Figure]:
    d_prime, error = classify.separation(near, far)
    least = classify.tries_to_be_sure(d_prime + 1.645 * error)
    middle = [sorted(times)[len(times) // 2] for times in (near, far)]
    return [
        Figure(
            f"{name}: one try tells",
            100 * classify.accuracy(near, far),
            "%",
            "<= 55",
            f"medians near {middle[0]:.2f} far {middle[1]:.2f} ms, {len(near)} each, cross-validated threshold",
        ),
        Figure(f"{name}: chance that near is the slower", classify.auc(near, far), "", note="0.5 tells nothing"),
        Figure(
            f"{name}: tries to be 95 % sure",
            classify.tries_to_be_sure(d_prime),
            "of each",
            note=f"from d-prime {d_prime:.2f} +- {error:.2f}; at least {least:.0f} at 95 %",
        ),
    ]


def _ring(count: int) -> list[Volume]:
    """Return hidden corridors all around the place, each clear of its middle by little more than the minimum.

    They are long enough that no circle or box around them shows that they are clear.
    """
    rng = random.Random(1)

    def one() -> Volume:
        # Tangents: every point of them is at least so far from the middle.
        north = (HORIZONTAL_M + rng.uniform(400, 900)) * rng.choice((-1, 1))
        path = [shifted(*HIDDEN, north, east) for east in (-8_000, 8_000)]
        return volume(corridor(path, 50), 1_000, 1_100, 7_200, 10_800)

    return [one() for _ in range(count)]


def _circle(place: tuple[float, float], rng: random.Random) -> list[Volume]:
    return [volume(circle(*shifted(*place, rng.uniform(-20, 20), 0), 100), 1_000, 1_100, 7_200, 10_800)]


def _legs() -> list[Volume]:
    """Return a hidden flight of legs that follow one another in a straight line."""
    ends = [shifted(*HIDDEN, 0, 2_000 * step) for step in range(LEGS + 1)]
    return [volume(corridor(leg, 50), 1_000, 1_100, 7_200, 10_800) for leg in itertools.pairwise(ends)]


def _corridors(place: tuple[float, float], rng: random.Random) -> list[Volume]:
    """Return corridors beside the flight's whole length, all just clear of it."""

    def one() -> Volume:
        north = HORIZONTAL_M + rng.uniform(400, 900)
        path = [shifted(*place, north, east) for east in (0, 2_000.0 * LEGS)]
        return volume(corridor(path, 50), 1_000, 1_100, 7_200, 10_800)

    return [one() for _ in range(CORRIDORS)]


Shape = Callable[[tuple[float, float], random.Random], list[Volume]]


class Prober:
    """North, who files probes one at a time and withdraws them, and times their receipts."""

    def __init__(self, connection: Connection, world: World, shape: Shape) -> None:
        self._connection = connection
        self._world = world
        self._shape = shape
        self._order = random.Random(2)
        self._number = 0
        self._received = time.perf_counter()

    async def times(self, tries: int, phase_ms: float | None) -> tuple[list[float], list[float]]:
        """Return the milliseconds of so many tries near and so many over nothing, by turns in a drawn order."""
        near: list[float] = []
        far: list[float] = []
        for _ in range(tries):
            turns = [(near, HIDDEN), (far, EMPTY)]
            self._order.shuffle(turns)
            for found, place in turns:
                found.append(await self._try(place, phase_ms))
        return near, far

    async def best_phase(self, tries: int) -> float:
        """Return the milliseconds after a receipt, within a tick, at which near and far come apart most."""
        told: dict[float, float] = {}
        for step in range(PHASES):
            phase = TICK_MS * step / PHASES
            told[phase] = abs(classify.auc(*await self.times(tries, phase)) - 0.5)
        return max(told, key=lambda phase: told[phase])

    async def _try(self, place: tuple[float, float], phase_ms: float | None) -> float:
        self._number += 1
        raw = submission(self._world, "north", *self._shape(place, random.Random(self._number)))
        withdrawal = post("withdrawals", self._world.withdrawal("north", filed(raw)))
        request = post("notices", raw)
        if phase_ms is not None:
            await self._wait_for(phase_ms)
        began = time.perf_counter()
        status, body = await exchange(self._connection, request)
        taken = (time.perf_counter() - began) * 1000
        assert status == 201 and b'"alerts":[]' in body, (place, body[:300])
        status, body = await exchange(self._connection, withdrawal)
        self._received = time.perf_counter()
        assert status == 201, body[:300]
        return taken

    async def _wait_for(self, phase_ms: float) -> None:
        """Wait until a whole number of ticks and ``phase_ms`` have passed since the last receipt."""
        since = (time.perf_counter() - self._received) * 1000
        await asyncio.sleep((phase_ms - since) % TICK_MS / 1000)


async def _tries(
    running: Stage, hidden: list[Volume], shape: Shape, tries: int, *, aimed: bool
) -> tuple[list[float], list[float]]:
    """Return the milliseconds of tries near the hidden volumes and of tries over nothing."""
    connection = await connect(running.port)
    status, body = await exchange(connection, post("notices", submission(running.world, "south", *hidden)))
    assert status == 201, body[:300]
    prober = Prober(connection, running.world, shape)
    await prober.times(2, None)
    phase = await prober.best_phase(max(6, tries // 25)) if aimed else None
    return await prober.times(tries, phase)
