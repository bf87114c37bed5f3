"""Costly notices: one that takes long to match (C4), one that is refused late (H3), and what its time tells (C5)."""

import json
import time
from typing import Any, ClassVar

from benchmarks import probe
from benchmarks.client import post
from benchmarks.figures import Scale as BenchScale
from benchmarks.load import filed, submission
from keepclear_protocol.encoding import unb64

from .attack import Alone, Attack, Scale
from .flights import ATTACKER, FLIGHTS, LEGS, sheaf
from .left import kill_a_worker
from .scene import Scene
from .volley import Spent, volley

MANY_LEGS = 40
"""Legs of each of the victim's 30 flights: 1 200 in all."""


class OneNotice(Attack):
    """A notice of 500 volumes against 1 200 legs, four revisions of it, and a killed worker that replays them."""

    name = "C4"
    title = "one notice stops the agreement"
    scene: ClassVar[dict[str, Any]] = {"legs": MANY_LEGS}

    def prepare(self, scene: Scene, scale: Scale) -> Any:
        """Sign a notice and its three amendments."""
        volumes = scale.of(60, 500)
        first = submission(scene.world, ATTACKER, *sheaf(volumes, 0))
        signed = [first]
        for number in range(1, 4):
            follows = {"admit_by": int(time.time()) + 3_000}
            signed.append(scene.world.amend(ATTACKER, filed(signed[-1]), *sheaf(volumes, number), **follows))
        return [post("notices", raw) for raw in signed]

    async def strike(self, scene: Scene, scale: Scale, spent: Spent, prepared: Any) -> None:
        """Send them one after the other."""
        began = time.monotonic()
        await volley(scene.port, prepared[:1], spent, seconds=20)
        spent.facts["its own receipt"] = f"after {time.monotonic() - began:.2f} s"
        await volley(scene.port, prepared[1:], spent, seconds=scale.of(6, 15))

    def afterwards(self, scene: Scene, scale: Scale, spent: Spent) -> None:
        """Kill the worker, and see how long everybody waits."""
        kill_a_worker(scene, spent, within_s=scale.of(15, 30))


class RefusedLate(Attack):
    """The same large bytes again and again, of a category that nobody agreed, over many connections."""

    name = "H3"
    title = "refused submissions eat the loop"

    def prepare(self, scene: Scene, scale: Scale) -> Any:
        """Sign one notice of the largest size."""
        raw = submission(scene.world, ATTACKER, *sheaf(scale.of(60, 500), 0), category="nobody-agreed-this")
        return [post("notices", raw)] * 100_000

    async def strike(self, scene: Scene, scale: Scale, spent: Spent, prepared: Any) -> None:
        """Send it over sixteen connections."""
        await volley(scene.port, prepared, spent, connections=16, seconds=scale.of(3, 8))


class ForeignKey(Attack):
    """Large bytes under a key that has no say: what is read of them before the key is looked at."""

    name = "H3k"
    title = "large bytes under a key that may not file"

    def prepare(self, scene: Scene, scale: Scale) -> Any:
        """Sign with a key that nobody enrolled."""
        stranger = type(scene.world)(ATTACKER, "nobody")
        volumes = sheaf(scale.of(60, 500), 0)
        key = stranger.parties[ATTACKER].key
        return [post("notices", submission(scene.world, ATTACKER, *volumes, key=key))] * 100_000

    async def strike(self, scene: Scene, scale: Scale, spent: Spent, prepared: Any) -> None:
        """Send it over sixteen connections."""
        await volley(scene.port, prepared, spent, connections=16, seconds=scale.of(3, 8))


class TimeTells(Alone):
    """How long a receipt takes, near hidden flights and over nothing."""

    name = "C5"
    title = "time is a silent oracle"

    def find(self, scale: Scale, spent: Spent) -> None:
        """Measure with the benchmark's prober; one try may be right by chance and a little more."""
        for figure in probe.measure(BenchScale("quick")):
            spent.facts[figure.name] = f"{figure.value:.3g} {figure.unit} {figure.note}"
            if figure.name.endswith("one try tells"):
                # So few tries are right by chance alone in up to two thirds; `make bench` takes the figure.
                spent.require(figure.value <= 70, f"{figure.name} with {figure.value:.0f} %")


class LoudProbe(Attack):
    """One wide sham, withdrawn at once, that crosses everything of the victim's."""

    name = "H2"
    title = "loud probing"

    def prepare(self, scene: Scene, scale: Scale) -> Any:
        """Sign shams, and the withdrawal of each."""
        world, count = scene.world, scale.of(3, 40)
        shams = [submission(world, ATTACKER, *sheaf(8, number, width_m=900)) for number in range(count)]
        return [(post("notices", raw), post("withdrawals", world.withdrawal(ATTACKER, filed(raw)))) for raw in shams]

    async def strike(self, scene: Scene, scale: Scale, spent: Spent, prepared: Any) -> None:
        """File and withdraw, one sham after the other; count what the answers disclose."""
        began = time.monotonic()
        legs: set[str] = set()
        first_s = 0.0
        for sham, withdrawal in prepared:
            for status, body in await volley(scene.port, [sham], spent):
                if status == 201:
                    legs |= disclosed(body)
                    first_s = first_s or time.monotonic() - began
                    await volley(scene.port, [withdrawal], spent)
            if time.monotonic() - began > scale.of(3, 8):
                break
        told = f"{len(legs)} of {FLIGHTS * LEGS}, the first after {first_s:.2f} s"
        spent.facts["legs disclosed by the answers"] = told


def disclosed(body: bytes) -> set[str]:
    """Return the volumes that an answer's alerts disclose, as they stand in their presentations."""
    found: set[str] = set()
    for alert in json.loads(body)["alerts"]:
        parts = (alert["presentation"] or "").split("~")[1:]
        found |= {part for part in parts if part and b"outline_" in unb64(part)}
    return found
