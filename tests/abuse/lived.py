"""Honest days and a prober through the real service: what it refuses is what the pure walk says it would.

``PYTHONPATH=tests python -m abuse.lived`` files the recorded afternoon and the strike night, act by act, with a real
worker over a real store, each party on a connection of its own and as fast as it is answered: minutes for a night, so
that what counts by the hour is spent faster than in life, and what is refused nevertheless would be refused in life.
Windows lie as they do in the day, which begins at the next midnight. Then a prober files what the pure one would.
"""

import asyncio
import json
import sys
import time
from collections import Counter
from dataclasses import dataclass, field, replace

from benchmarks.client import connect, exchange, post, run
from benchmarks.load import filed
from benchmarks.stage import stage
from keepclear_protocol.budgets import Budgets
from keepclear_protocol.errors import budget_code
from keepclear_protocol.instant import SECOND
from support.world import World

from .agreed import DEFAULTS, QUIET, STRICT
from .days import PARTIES, Act, Day, paris, quiet_week, strike_night
from .plans import shifted
from .prober import Prober, probed
from .sky import PROBER, VICTIM
from .spent import DAY_US, agreed


@dataclass
class Lived:
    """What became of a day's acts: how many were taken, and the codes of those that were not."""

    taken: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0


def live(day: Day, budgets: Budgets) -> Lived:
    """Return what the real service makes of a day whose windows begin at the next midnight."""
    began = time.monotonic()
    world = World(*PARTIES, categories=day.categories, budgets=agreed(budgets))
    begins = _next_midnight() + day.begins % DAY_US
    lived = Lived()
    with stage(world, pin=False) as running:
        run(_both(running.port, world, day, begins, lived))
    lived.seconds = time.monotonic() - began
    return lived


def _next_midnight() -> int:
    return (int(time.time()) // 86_400 + 1) * 86_400 * SECOND


async def _both(port: int, world: World, day: Day, begins: int, lived: Lived) -> None:
    await asyncio.gather(*(_party(port, world, day, begins, party, lived) for party in PARTIES))


async def _party(port: int, world: World, day: Day, begins: int, party: str, lived: Lived) -> None:
    connection = await connect(port)
    newest: dict[str, object] = {}
    for act in day.acts:
        if act.party != party:
            continue
        door, raw = _statement(world, act, begins - day.begins, day.begins, newest)
        status, body = await exchange(connection, post(door, raw))
        if status == 201:
            lived.taken += 1
            newest[act.name] = filed(raw)
        else:
            lived.refused[json.loads(body)["code"]] += 1
    connection.transport.close()


def _statement(world: World, act: Act, shift: int, day: int, newest: dict[str, object]) -> tuple[str, str]:
    before = newest.get(act.name)
    if act.plan is None:
        return "withdrawals", world.withdrawal(act.party, before)  # type: ignore[arg-type]
    volumes = [shifted(volume, shift) for volume in act.volumes(day)]
    if act.revision == 1:
        return "notices", world.submission(act.party, *volumes, category=act.category)
    return "notices", world.amend(act.party, before, *volumes, category=act.category)  # type: ignore[arg-type]


def replay(day: Day, prober: Prober, budgets: Budgets) -> Lived:
    """Return what the real service makes of all that a pure prober filed until it was refused, and of what then was."""
    world = World(*PARTIES, categories=day.categories, budgets=agreed(budgets))
    lived = Lived()
    with stage(world, pin=False) as running:
        run(_replayed(running.port, world, day, prober, lived))
    return lived


UNHURRIED = replace(QUIET, submits_a_minute=DEFAULTS.submits_a_minute)
"""The quiet set, but that a replay's pace does not count: it is slower than the pure prober's."""


def foretell(day: Day, budgets: Budgets, count: int) -> tuple[Lived, tuple[int, dict[str, int]]]:
    """Return what the service takes and refuses of a prober, and what the pure walk foretells of both."""
    prober = probed(day, "slices", budgets, "together", count)
    assert prober.stopped is not None
    return replay(day, prober, budgets), (len(prober.script), {budget_code(prober.stopped[1]): 1})


async def _replayed(port: int, world: World, day: Day, prober: Prober, lived: Lived) -> None:
    connection, begins = await connect(port), _next_midnight() + day.begins % DAY_US
    for flight in prober.sky.flights.values():
        raw = world.submission(VICTIM, *flight.volumes(begins), category=flight.category)
        status, body = await exchange(connection, post("notices", raw))
        assert status == 201, body
    assert prober.stopped is not None
    for plans in (*prober.script, prober.stopped[0]):
        volumes = [volume for plan in plans for volume in plan.volumes(begins)]
        raw = world.submission(PROBER, *volumes, category="flight")
        status, body = await exchange(connection, post("notices", raw))
        if status == 201:
            lived.taken += 1
            await exchange(connection, post("withdrawals", world.withdrawal(PROBER, filed(raw))))
        else:
            lived.refused[json.loads(body)["code"]] += 1
    connection.transport.close()


def main() -> int:
    """Live the days and the prober's; return how many honest acts were refused, and probers that fared otherwise."""
    wrong = 0
    for day in (paris(), strike_night(), quiet_week(1)):
        lived = live(day, QUIET if day.name == "a quiet week" else DEFAULTS)
        refused = dict(lived.refused) or 0
        sys.stdout.write(f"{day.name}: {lived.taken} taken, refused: {refused}, {lived.seconds:.0f} s\n")
        wrong += lived.refused.total()
    for budgets in (UNHURRIED, STRICT):
        lived, foretold = foretell(quiet_week(1), budgets, 20)
        sys.stdout.write(f"a prober: {lived.taken} taken, refused {dict(lived.refused)}; foretold {foretold}\n")
        wrong += foretold != (lived.taken, dict(lived.refused))
    return wrong


if __name__ == "__main__":
    sys.exit(main())
