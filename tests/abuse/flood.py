"""Floods by a party with valid keys: of the store (C1), of alarms (C2), of past alarms, and of the picture (C3)."""

import time
from typing import Any

from benchmarks.client import post
from benchmarks.load import in_processes, submission

from .attack import Attack, Scale
from .flights import ATTACKER, VICTIM, crossing, sheaf, victims
from .scene import Scene
from .volley import Spent, volley

MAXMEMORY_MB = 128
"""The store's memory in the attack of which we know the figures."""


class FillTheStore(Attack):
    """One-volume notices that each cross all of the victim's flights, until the store takes no more."""

    name = "C1"
    title = "fill the store"

    def prepare(self, scene: Scene, scale: Scale) -> Any:
        """Sign the notices, and give the store the memory of then."""
        with scene.store() as client:
            client.config_set("maxmemory", f"{scale.of(32, MAXMEMORY_MB)}mb")
        return in_processes(lambda number: post("notices", crossing(scene.world, number)), scale.of(60, 400))

    async def strike(self, scene: Scene, scale: Scale, spent: Spent, prepared: Any) -> None:
        """Send them one after the other, as fast as they are answered."""
        await volley(scene.port, prepared, spent, connections=2, seconds=scale.of(5, 16))

    def afterwards(self, scene: Scene, scale: Scale, spent: Spent) -> None:
        """Kill a worker: it must come back over a full store; and reads must be answered."""
        spent.facts["store used of"] = used(scene)
        kill_a_worker(scene, spent, within_s=scale.of(10, 15))
        read_s, status = read(scene, "/v1/conflicts")
        spent.facts["a read by the victim"] = f"{status} in {read_s * 1000:.0f} ms"
        spent.require(status == 200, f"a read by the victim is answered {status}")


class AlarmFlood(Attack):
    """Alerts by the thousand, and a real danger behind them."""

    name = "C2"
    title = "alarm flood"

    def prepare(self, scene: Scene, scale: Scale) -> Any:
        """Sign the notices."""
        return in_processes(lambda number: post("notices", crossing(scene.world, number)), scale.of(40, 305))

    async def strike(self, scene: Scene, scale: Scale, spent: Spent, prepared: Any) -> None:
        """Send them as fast as they are answered, over a few connections."""
        await volley(scene.port, prepared, spent, connections=4, seconds=scale.of(4, 15))

    def afterwards(self, scene: Scene, scale: Scale, spent: Spent) -> None:
        """Say how many alerts that made for the victim."""
        note_alerts(scene, spent)


class PastFlood(AlarmFlood):
    """The same with windows that are over: each is an alert without an answer."""

    name = "C2p"
    title = "flood of past alarms"

    def prepare(self, scene: Scene, scale: Scale) -> Any:
        """Sign notices of an hour ago across flights of an hour ago, and file the victim's."""
        old = {"start_s": -7_200.0, "end_s": -3_600.0}
        scene.file(*victims(scene.world, **old))
        return in_processes(lambda number: post("notices", crossing(scene.world, number, **old)), scale.of(40, 305))


class BlindTheDesk(Attack):
    """A few large notices that meet every flight of the victim's, so that its picture is larger than it can read."""

    name = "C3"
    title = "blind the desk"

    def prepare(self, scene: Scene, scale: Scale) -> Any:
        """Sign the notices."""
        volumes = scale.of(60, 500)
        return in_processes(
            lambda number: post("notices", submission(scene.world, ATTACKER, *sheaf(volumes, number))), scale.of(2, 5)
        )

    async def strike(self, scene: Scene, scale: Scale, spent: Spent, prepared: Any) -> None:
        """Send them one after the other."""
        await volley(scene.port, prepared, spent, seconds=scale.of(8, 25))

    def afterwards(self, scene: Scene, scale: Scale, spent: Spent) -> None:
        """Let a fresh desk of the victim's read everything."""
        note_alerts(scene, spent)
        began = time.monotonic()
        with scene.desk(VICTIM, "fresh") as desk:
            try:
                desk.refresh(within_s=20.0)
                age = desk.picture().age_s
                said = f"{len(desk.picture().conflicts)} conflicts in {time.monotonic() - began:.1f} s, age {age}"
                spent.require(age is not None, "a fresh desk's picture has no age")
            except Exception as error:
                said = f"nothing in {time.monotonic() - began:.1f} s: {error}"
                spent.require(False, "a fresh desk cannot read its picture")
        spent.facts["a fresh desk"] = said


def note_alerts(scene: Scene, spent: Spent) -> None:
    """Note how many alerts the store holds for the victim's stream."""
    with scene.store() as client:
        stream = f"kc:{{{scene.world.agreement.id}}}:stream:{VICTIM}"
        spent.facts["on the victim's stream"] = f"{client.xlen(stream)} events, {(client.memory_usage(stream) or 0) / 1e6:.1f} MB"


def used(scene: Scene) -> str:
    """Return how much of its memory the store uses."""
    with scene.store() as client:
        memory = client.info("memory")
        return f"{memory['used_memory'] / 1e6:.0f} of {memory['maxmemory'] / 1e6:.0f} MB"


def read(scene: Scene, target: str, party: str = VICTIM) -> tuple[float, int]:
    """Read a door once in a party's name; return the seconds and the status."""
    import httpx2

    began = time.monotonic()
    try:
        headers = scene.world.proof(party, target)
        status = httpx2.get(scene.url + target, headers=headers, timeout=10).status_code
    except httpx2.HTTPError:
        status = 0
    return time.monotonic() - began, status


def kill_a_worker(scene: Scene, spent: Spent, within_s: float) -> None:
    """Kill the worker; note the seconds until the next one answers, and until it is ready."""
    import os
    import signal

    import httpx2

    (pid, *_) = scene.pids()
    os.kill(pid, signal.SIGKILL)
    began = time.monotonic()
    answered: float | None = None
    while time.monotonic() - began < within_s:
        try:
            ready = httpx2.get(f"{scene.url}/readyz", timeout=2).status_code == 200
            answered = answered or time.monotonic() - began
            if ready:
                took = time.monotonic() - began
                spent.facts["worker killed"] = f"answers after {answered:.1f} s, ready after {took:.1f} s"
                return
        except httpx2.HTTPError:
            pass
        time.sleep(0.05)
    spent.facts["worker killed"] = f"answered after {answered and f'{answered:.1f} s'}, not ready within {within_s} s"
    spent.require(False, "a killed worker does not come back")
