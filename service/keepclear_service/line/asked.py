"""Asked: a turn's first script while its answer is awaited, and who waits for that answer.

While a turn folds, the store would have nothing to do, and while the store admits, the worker: of a full second of
either, measured, a sixth. So where more waits than one turn takes, the next turn's statements are admitted while this
one's are folded. Only the asking runs ahead: what is answered is taken in the order of the turns.
"""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

from keepclear_protocol.errors import KeepclearError

from .ports import Turned
from .waiting import Waiting, refuse


@dataclass(slots=True)
class Asked:
    """A script that was asked for: with whose statements, and what it was to take out."""

    batch: list[Waiting]
    done: list[int]
    told_head: int
    answer: Coroutine[Any, Any, Turned] | asyncio.Task[Turned]

    async def begin(self) -> None:
        """Have the script sent now, though nobody waits for its answer yet."""
        assert asyncio.iscoroutine(self.answer)  # noqa: S101 - begun once
        self.answer = asyncio.get_running_loop().create_task(self.answer)
        self.answer.add_done_callback(note_read)
        await asyncio.sleep(0)

    def give_up(self, error: KeepclearError) -> None:
        """Let nobody wait for it. It may be carried out all the same, and then its entries are met in the log."""
        if isinstance(self.answer, asyncio.Task):
            self.answer.cancel()
        refuse(self.batch, error)


def note_read(task: asyncio.Task[Any]) -> None:
    """Who waits for the task is told of its error; asyncio need not be where nobody does any more."""
    if not task.cancelled():
        task.exception()
