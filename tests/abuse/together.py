"""All at once (Must 5): two agreements on one host, and one of them attacked in every way that keys or none allow.

The attackers and the desk of the attacked have machines of their own, elsewhere. Here they share a core with the store
and the honest, to whom they give way; the worker has the other core: what is measured is what the service does to the
other agreement, not what a busy machine does. What stops the whole host, its clock, its disk, its
processes, is not among it: that is the same for both.
"""

import asyncio
import itertools
import os
import time
from collections.abc import Coroutine, Iterator
from typing import Any

from benchmarks.client import get, post, quantile
from benchmarks.load import filed, in_processes, submission

from .attack import Attack, Outcome, Scale
from .flights import ATTACKER, crossing, sheaf
from .readers import opened
from .scene import Scene
from .volley import Spent, volley

AT_MOST = 2.0
"""The other agreement's 99th percentile, as a multiple of its quiet one."""


class AllAtOnce(Attack):
    """Every flood at once, for a minute."""

    name = "ALL"
    title = "one agreement attacked in every way at once"
    quiet_times = 5.0
    others_a_second = 10.0
    own_core = True

    def prepare(self, scene: Scene, scale: Scale) -> Any:
        """Sign what takes long to sign."""
        world, volumes = scene.world, scale.of(60, 500)
        floods = in_processes(lambda number: post("notices", crossing(world, number)), scale.of(100, 2_000))
        heavy = in_processes(
            lambda number: post("notices", submission(world, ATTACKER, *sheaf(volumes, number))), scale.of(3, 24)
        )
        wrong = submission(world, ATTACKER, *sheaf(volumes, 0), category="nobody-agreed-this")
        unknown = type(world)(ATTACKER, "nobody").parties[ATTACKER].key
        foreign = submission(world, ATTACKER, *sheaf(volumes, 0), key=unknown)
        shams = [submission(world, ATTACKER, *sheaf(8, number, width_m=900)) for number in range(scale.of(5, 200))]
        probes = [
            request
            for raw in shams
            for request in (post("notices", raw), post("withdrawals", world.withdrawal(ATTACKER, filed(raw))))
        ]
        return floods, heavy, [post("notices", wrong)], [post("notices", foreign)], probes

    async def strike(self, scene: Scene, scale: Scale, spent: Spent, prepared: Any) -> None:
        """Run all of it for as long as it takes."""
        floods, heavy, wrong, foreign, probes = prepared
        seconds = scale.of(5, 60)
        ended = time.monotonic() + seconds
        before = os.sched_getscheduler(0)
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))  # this thread alone
        each = {name: Spent() for name in ("floods", "heavy", "wrong", "foreign", "probes", "reads", "streams")}

        def send(name: str, requests: Any, connections: int) -> Coroutine[Any, Any, Any]:
            return volley(scene.port, requests, each[name], connections=connections, seconds=seconds)

        def reads() -> Iterator[bytes]:
            for target in itertools.cycle(("/v1/notices", "/v1/conflicts")):
                if time.monotonic() > ended:
                    return
                yield get(target, scene.world.proof(ATTACKER, target))

        async def streams() -> None:
            held = await opened(scene, scale.of(40, 400), each["streams"])
            held += await opened(scene, scale.of(10, 50), each["streams"], frozen=True)
            await asyncio.sleep(max(0.0, ended - time.monotonic()))
            for stream in held:
                stream.transport.abort()

        try:
            await asyncio.gather(
                send("floods", floods, 4),
                send("heavy", heavy, 1),
                send("wrong", itertools.cycle(wrong), 8),
                send("foreign", itertools.cycle(foreign), 8),
                send("probes", probes, 1),
                send("reads", reads(), 4),
                streams(),
            )
        finally:
            os.sched_setscheduler(0, before, os.sched_param(0))
        for name, one in each.items():
            spent.sent, spent.taken, spent.size = spent.sent + one.sent, spent.taken + one.taken, spent.size + one.size
            spent.codes += one.codes
            refused = ", ".join(f"{code} {count}" for code, count in one.codes.most_common(4))
            spent.facts[name] = f"{one.taken} of {one.sent} taken" + (f"; {refused}" if refused else "")
        spent.seconds = seconds

    def judge(self, outcome: Outcome) -> None:
        """Hold the other agreement's times against its quiet ones."""
        quiet, attacked = (quantile(outcome.phases[name].others, 0.99) for name in ("before", "during"))
        outcome.spent.facts["other agreement, attacked to quiet"] = f"{attacked / quiet:.2f} (at most {AT_MOST})"
        outcome.spent.require(
            attacked <= AT_MOST * quiet, f"the other agreement's p99 is {attacked / quiet:.1f} times its quiet one"
        )
