"""Giving way in the loop: of all work that is done in pieces, one piece goes on each time that the loop goes round.

Where each such task merely let the loop go round once, each round would hold a piece of every one of them, and a small
submit, which needs some six rounds, would wait for six pieces of each task that anybody has caused. So it waits for six
in all.
"""

import asyncio
import time
from collections import deque
from weakref import WeakKeyDictionary

_waiting: WeakKeyDictionary[asyncio.AbstractEventLoop, deque[asyncio.Future[None]]] = WeakKeyDictionary()

PIECE_S = 0.005
"""Seconds of work after which others have the loop: all notices of a usual turn are folded in less."""


async def give_way() -> None:
    """Go on when the loop has been round, behind whoever gave way before and has not gone on yet."""
    loop = asyncio.get_running_loop()
    waiting = _waiting.setdefault(loop, deque())
    turn = loop.create_future()
    waiting.append(turn)
    if len(waiting) == 1:
        loop.call_soon(_next, loop, waiting)
    await turn


def _next(loop: asyncio.AbstractEventLoop, waiting: deque[asyncio.Future[None]]) -> None:
    """Let one go on who still waits; whoever is behind goes on a round later."""
    while waiting:
        turn = waiting.popleft()
        if not turn.done():
            turn.set_result(None)
            break
    if waiting:
        loop.call_soon(_next, loop, waiting)


class Piece:
    """Work of many small steps, none of which is long: between two of them it gives way where ``PIECE_S`` are over."""

    def __init__(self) -> None:
        self._until = time.monotonic() + PIECE_S

    async def step(self) -> None:
        """Note that a step has ended."""
        if time.monotonic() > self._until:
            await give_way()
            self._until = time.monotonic() + PIECE_S
