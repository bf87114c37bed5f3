"""A crowd (A7): as many notices of one party as it may have, in one place at one time, filed before others fly there.

They meet nobody and cost their party next to nothing; each honest notice there then calls for thousands of alerts.
"""

import asyncio
import time
from dataclasses import asdict, replace
from typing import Any, ClassVar

from benchmarks.client import post
from benchmarks.load import in_processes
from keepclear_protocol.budgets import Budgets
from support.world import World

from .attack import Attack, Scale
from .flights import crowd, through_the_crowd
from .left import used
from .scene import Scene
from .volley import Spent, volley

AT_ONCE = 2_000
"""``submits_a_minute``: a crowd that is filed within a minute is that of one filed over two, and measured sooner."""


class Crowd(Attack):
    """All of a party's live notices in one place, through which the honest then fly, each a danger to the victim."""

    name = "A7"
    title = "a crowd of notices, filed first"
    scene: ClassVar[dict[str, Any]] = {"budgets": asdict(replace(Budgets(), submits_a_minute=AT_ONCE))}

    def danger(self, world: World, number: int) -> str:
        """Return one that has a volume in the crowd, too."""
        return through_the_crowd(world, number)

    def prepare(self, scene: Scene, scale: Scale) -> Any:
        """Sign the notices."""
        return in_processes(lambda number: post("notices", crowd(scene.world, number)), scale.of(150, 1_500))

    async def strike(self, scene: Scene, scale: Scale, spent: Spent, prepared: Any) -> None:
        """File them, and let the honest fly through them for a while."""
        await volley(scene.port, prepared, spent, connections=4, seconds=30)
        spent.seconds = 0.0
        stands = time.monotonic()
        await asyncio.sleep(scale.of(3, 15))
        spent.facts["flown through all of it for"] = f"{time.monotonic() - stands:.0f} s"

    def afterwards(self, scene: Scene, scale: Scale, spent: Spent) -> None:
        """Say what the store holds of it."""
        spent.facts["store used of"] = used(scene)
