"""Floods by a party with valid keys: of the store (C1), of alarms (C2), of past alarms, and of the picture (C3)."""

import asyncio
import time
from dataclasses import asdict, replace
from typing import Any, ClassVar

from benchmarks.client import post
from benchmarks.load import in_processes, submission
from keepclear_protocol.budgets import Budgets

from .attack import Attack, Outcome, Scale
from .flights import ATTACKER, HONEST, VICTIM, crossing, decoys, sheaf, victims
from .left import kill_a_worker, note_alerts, read, used
from .scene import Scene
from .volley import Spent, volley

ALERTS_AGREED = 200
"""First alerts an hour to each counterpart: honest dangers cause one each."""

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
        await volley(scene.port, prepared, spent, connections=4, seconds=scale.of(60, 15))

    def afterwards(self, scene: Scene, scale: Scale, spent: Spent) -> None:
        """Say how many alerts that made for the victim."""
        note_alerts(scene, spent)


class OverItsBudget(AlarmFlood):
    """The same under an agreement whose budget of alerts it soon exceeds: refused, and all are told."""

    name = "C2b"
    title = "alarm flood over an agreed budget"
    scene: ClassVar[dict[str, Any]] = {"budgets": asdict(replace(Budgets(), alerts_an_hour=ALERTS_AGREED))}

    def judge(self, outcome: Outcome) -> None:
        """It must have been refused with its own code, and the victim's desk must have been told."""
        spent = outcome.spent
        spent.require("budget_alerts_an_hour" in spent.codes, "the flood was not refused for its alerts")
        told = sum(count for event, count in outcome.told.items() if event.startswith("budget"))
        spent.require(told == 1, f"the victim's desk was told {told} times, not once")


class PastFlood(AlarmFlood):
    """The same with windows that are over: each is an alert without an answer."""

    name = "C2p"
    title = "flood of past alarms"

    def prepare(self, scene: Scene, scale: Scale) -> Any:
        """Sign notices of an hour ago across flights of an hour ago, and file the victim's."""
        start_s, end_s = -7_200.0, -3_600.0
        scene.file(*victims(scene.world, start_s=start_s, end_s=end_s))

        def one(number: int) -> bytes:
            return post("notices", crossing(scene.world, number, start_s=start_s, end_s=end_s))

        return in_processes(one, scale.of(40, 305))


class Decoys(Attack):
    """Many small notices where the honest fly: what these cause must not be charged to who flies through them."""

    name = "B1"
    title = "decoys that spend an honest party's budget"

    def prepare(self, scene: Scene, scale: Scale) -> Any:
        """Sign them."""
        return [post("notices", raw) for raw in decoys(scene.world, scale.of(100, 600))]

    async def strike(self, scene: Scene, scale: Scale, spent: Spent, prepared: Any) -> None:
        """File them, and let the honest fly through them for a while."""
        await volley(scene.port, prepared, spent, connections=4, seconds=scale.of(3, 10))
        await asyncio.sleep(scale.of(2, 6))

    def afterwards(self, scene: Scene, scale: Scale, spent: Spent) -> None:
        """Nothing honest may have been refused for a budget."""
        refused = [line for line in scene.log() if line["event"] == "refused" and line.get("party") == HONEST]
        spent.facts["refused to the honest"] = len(refused)


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
        """Send them one after the other, and let the honest meet what they made for a while."""
        await volley(scene.port, prepared, spent, seconds=scale.of(8, 25))
        await asyncio.sleep(2)

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
