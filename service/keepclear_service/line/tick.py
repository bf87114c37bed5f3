"""Equal time: when a notice's receipt may leave, so that its time tells nothing of what was matched.

Measured before there were ticks: whoever filed a probe learnt from the time of its receipt, without any alert, whether
hidden volumes of another party lay near it (``docs/adr/0010``). A receipt leaves at a whole number of ticks after its
notice had come in, and a tick depends on the notice's own number of volumes alone. It is many times what matching can
add, so almost all receipts leave after exactly one. Whatever else waits for a turn leaves at a tick too. Alerts and
commits never wait.
"""

import asyncio
import math

from msgspec import Struct

VOLUMES_OF_A_TICK = 16
"""Volumes that one ``tick_ms`` covers: the padding of a small notice, which looks the same from 1 to 16."""


def tick_s(volumes: int, tick_ms: int) -> float:
    """Return the seconds of one tick of a notice of ``volumes`` volumes."""
    return max(1, math.ceil(volumes / VOLUMES_OF_A_TICK)) * tick_ms / 1000


class Tick(Struct, frozen=True, gc=False):
    """When an answer may leave: whole ticks of ``each_s`` seconds after ``since``, an instant of the loop's clock."""

    since: float
    each_s: float

    def left_s(self) -> float:
        """Return the seconds until the next one: the first, too, where the loop's clock has not gone on since."""
        if not self.each_s:
            return 0.0
        gone = asyncio.get_running_loop().time() - self.since
        return max(1, math.ceil(gone / self.each_s)) * self.each_s - gone

    async def come(self) -> None:
        """Wait for the next one."""
        if left_s := self.left_s():
            await asyncio.sleep(left_s)
