"""The store's clock (H1): one step of it, two hours ahead for four seconds, and a statement that is good for a year."""

import asyncio
import time
from typing import Any, ClassVar

import httpx2
from benchmarks.load import submission
from keepclear_protocol.errors import Malformed

from .attack import Attack, Scale
from .flights import ATTACKER, START_S, wall
from .scene import Scene
from .volley import Spent

AHEAD_S = 7_200
LASTS_S = 4.0


class ClockStep(Attack):
    """The store's clock is two hours ahead for four seconds, with a conflict open whose end would then be due."""

    name = "H1"
    title = "one step of the clock freezes the line"
    scene: ClassVar[dict[str, Any]] = {"moved_clock": True}
    excused = ("store_clock", "store_unsafe")

    def prepare(self, scene: Scene, scale: Scale) -> Any:
        """File a notice that crosses the victim's flights, and ends in an hour."""
        scene.file(submission(scene.world, ATTACKER, wall(0, end_s=START_S + 600, start_s=START_S)))
        return scene.clock

    async def strike(self, scene: Scene, scale: Scale, spent: Spent, prepared: Any) -> None:
        """Move the clock, and put it back."""
        prepared.set(2 * AHEAD_S)
        await asyncio.sleep(scale.of(2, LASTS_S))
        answer = await asyncio.to_thread(httpx2.get, f"{scene.url}/readyz", timeout=5)
        spent.facts["/readyz while it is ahead"] = f"{answer.status_code} {answer.json()['state']}"
        spent.require(answer.status_code == 503, "/readyz says nothing of a clock two hours ahead")
        prepared.set(0)
        await asyncio.sleep(2.0)  # as long as it takes to be sure that it is back

    def afterwards(self, scene: Scene, scale: Scale, spent: Spent) -> None:
        """See whether the conflict is still open, and what a statement that is good for a year gets."""
        answer = httpx2.get(f"{scene.url}/readyz", timeout=5)
        spent.facts["/readyz afterwards"] = f"{answer.status_code} {answer.json()['state']}"
        closed = [line for line in scene.log() if line["event"] == "alert" and line.get("state") != "open"]
        spent.facts["alerts that say closed"] = len(closed)
        spent.require(not closed, "a conflict that lasts is told as closed")
        try:
            scene.world.submission(ATTACKER, wall(1), admit_by=int(time.time()) + 365 * 86_400)
            said = "signed"
        except Malformed as error:
            said = f"{error.code}: {error.detail}"
        spent.facts["admit_by in a year"] = said
        spent.require(said != "signed", "a statement that is good for a year is signed")
