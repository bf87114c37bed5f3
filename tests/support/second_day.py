"""A desk on its second day: it has kept what there was, has a position to go on from, and meets whoever answers it."""

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from keepclear import Desk, LinkEvent

from support.mediator import Mediator
from support.patience import PATIENCE_S
from support.world import World, now_us


@contextlib.contextmanager
def second_day(world: World, folder: Path) -> Iterator[Callable[..., Desk]]:
    """Yield what makes such a desk of north's that reaches the hotline at a URL; each is closed in the end."""
    key = world.parties["north"].key
    with Desk(world.agreement, key, folder, transport=Mediator(world, now_us).transport()) as first:
        list(first.watch(stop=lambda: first.journal.cursor() is not None))
    with contextlib.ExitStack() as made:

        def desk(url: str, read_s: float = 0.5) -> Desk:
            return made.enter_context(Desk(world.agreement, key, folder, connect_to=url, read_s=read_s))

        yield desk


def links(desk: Desk, count: int) -> list[LinkEvent]:
    """Return the first changes of the link that a watch tells, or those until it was waited for long enough."""
    told: list[LinkEvent] = []
    until = time.monotonic() + PATIENCE_S
    for event in desk.watch(stop=lambda: time.monotonic() > until):
        told += [event] if isinstance(event, LinkEvent) else []
        if len(told) >= count:
            break
    return told
