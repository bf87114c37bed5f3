"""Bodies: the counterparts' notices that answers show, read from the store together.

A turn releases many at once, and each call of the store costs a worker a third of what a submit does: what is asked for
in one round of the loop is one call.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from keepclear_protocol.errors import Unavailable

from .ports import Line

AT_ONCE = 8
"""Read together: at most 4 MB for a moment, and some ten milliseconds in which the loop does nothing else."""

Found = list[str | None]


class Bodies:
    """Reads the bodies of one line."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._asked: list[tuple[Sequence[str], asyncio.Future[Found]]] = []
        self._reading: asyncio.Task[None] | None = None

    async def of(self, hashes: Sequence[str]) -> Found:
        """Return at most ``AT_ONCE`` statements by their hash, None where retention has let one go.

        Raises ``Unavailable``.
        """
        future: asyncio.Future[Found] = asyncio.get_running_loop().create_future()
        self._asked.append((hashes, future))
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read())
        return await future

    async def _read(self) -> None:
        while self._asked:
            piece = [self._asked.pop(0)]
            wanted = list(piece[0][0])
            while self._asked and len(wanted) + len(self._asked[0][0]) <= AT_ONCE:
                piece.append(self._asked.pop(0))
                wanted += piece[-1][0]
            try:
                found = await self._line.bodies(wanted)
            except Exception as error:
                if isinstance(error, Unavailable):  # of the store: whoever is behind would wait as long again
                    piece, self._asked = piece + self._asked, []
                for _, future in piece:
                    with suppress(asyncio.InvalidStateError):  # who asked is gone
                        future.set_exception(error)
                continue
            for hashes, future in piece:
                own, found = found[: len(hashes)], found[len(hashes) :]
                with suppress(asyncio.InvalidStateError):
                    future.set_result(own)
