"""A crowd (A7): as many notices of one party as it may have, in one place at one time, filed before others fly there.

They meet nobody and cost their party next to nothing; each honest notice there then calls for thousands of alerts.
"""

import asyncio
import multiprocessing
from dataclasses import asdict, replace
from typing import Any, ClassVar

from benchmarks.client import post
from benchmarks.load import in_processes
from keepclear_protocol.budgets import Budgets
from support.world import World

from .attack import Attack, Scale
from .flights import crowd, danger, through_the_crowd
from .left import used
from .scene import Scene
from .volley import Spent, volley

AT_ONCE = 2_000
"""``submits_a_minute``: a crowd that is filed within a minute is that of one filed over two, and measured sooner."""

EVERY = 4
"""Of so many honest dangers one has a volume in the crowd: 30 a minute, where a strike night changes 50 a minute over
all of its sky."""


class Crowd(Attack):
    """All of a party's live notices in one place, through which the honest then fly."""

    name = "A7"
    title = "a crowd of notices, filed first"
    scene: ClassVar[dict[str, Any]] = {"budgets": asdict(replace(Budgets(), submits_a_minute=AT_ONCE))}

    def __init__(self) -> None:
        self._stands = multiprocessing.get_context("fork").Event()

    def danger(self, world: World, number: int) -> str:
        """Return one that, now and then, has a volume in the crowd, too, once that stands."""
        through = self._stands.is_set() and number % EVERY == 0
        return through_the_crowd(world, number) if through else danger(world, number)

    def prepare(self, scene: Scene, scale: Scale) -> Any:
        """Sign the notices."""
        return in_processes(lambda number: post("notices", crowd(scene.world, number)), scale.of(150, 1_500))

    async def strike(self, scene: Scene, scale: Scale, spent: Spent, prepared: Any) -> None:
        """File them, and let the honest fly through them for a while."""
        await volley(scene.port, prepared, spent, connections=4, seconds=30)
        self._stands.set()
        await asyncio.sleep(scale.of(4, 20))

    def afterwards(self, scene: Scene, scale: Scale, spent: Spent) -> None:
        """Say what the store holds of it."""
        spent.facts["store used of"] = used(scene)
