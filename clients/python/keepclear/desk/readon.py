"""Reading on: when the stream goes before what it has brought.

Bytes are soon read, and somebody's danger may be among them; beside the taking in they come at a quarter of the pace,
since both want the interpreter. So while only a flood's are next to be taken in, the stream is read as long as it
brings without a pause, for a bounded while.
"""

import asyncio

from .backlog import Backlog
from .position import Position

READ_ON_S, PAUSE_S = 0.1, 0.002
"""How long a stream that brings without a pause of so long is read on before the next of a flood is taken in."""

FIRST_S, FIRST_PAUSE_S, FIRST = 0.9, 0.05, 10_000
"""The same for what is there when a connection begins, where it is no more than so many events: as many of the usual
size are read in that time. What then has not come is asked for by ``worst``."""


class ReadOn:
    """Reading on over one connection. ``came`` is set by whoever reads the stream, with all that comes."""

    def __init__(self, backlog: Backlog, position: Position, came: asyncio.Event) -> None:
        self._backlog = backlog
        self._position = position
        self._came = came
        self._first_until = asyncio.get_running_loop().time() + FIRST_S

    async def wait(self) -> bool:
        """Let the stream be read, if that goes first; whether it holds more than will have come soon."""
        now = asyncio.get_running_loop().time()
        begins = 0 < self._position.owed <= FIRST and now < self._first_until
        if begins:
            paused = await self._wait(self._first_until, FIRST_PAUSE_S)
        else:
            paused = await self._wait(now + READ_ON_S, PAUSE_S)
        return self._backlog.is_full or (self._position.owed > 0 and (paused or not begins))

    async def _wait(self, until: float, pause_s: float) -> bool:
        """Whether it has paused."""
        loop = asyncio.get_running_loop()
        while self._backlog.may_wait and not self._backlog.is_full and loop.time() < until:
            self._came.clear()
            asked = loop.time()
            while not self._came.is_set():
                if loop.time() - asked > pause_s:
                    return True
                await asyncio.sleep(PAUSE_S)
        return False
