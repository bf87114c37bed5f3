"""A worker's note on its board: how each of its lines stands, and who listens there. Its word while it lives.

Written once a second, read by the supervisor. The age of a note is how long its worker's loop has not come round, by a
clock that nobody can set: all of a machine's processes have the same.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from ..metrics import Board
from ..steady import SteadyClock, since_boot_s

if TYPE_CHECKING:  # a supervisor, which only reads, loads nothing of what decides
    from ..line.hotline import Hotline

WRITTEN_EVERY_S = 1.0


class LineNote(msgspec.Struct, frozen=True):
    """One agreement on one worker: ``ok`` or why not, up to where it has folded, its open streams by party.

    ``apart_s``: seconds of the store's clock ahead of the worker's steady one; ``told_s``: of all
    parties' that were heard lately. ``lasts_s``: of the last turn, or the one under way where that is longer;
    ``slowest_s``: of the slowest of the last minute, 0 where none was slow.
    """

    state: str
    epoch: str
    cursor: int
    revision: int
    streams: Mapping[str, int]
    apart_s: float = 0.0
    told_s: float = 0.0
    lasts_s: float = 0.0
    slowest_s: float = 0.0


class Note(msgspec.Struct, frozen=True):
    """What a worker says of itself: when (``since_boot_s``), and its lines in the order of the settings.

    ``held`` is its steady clock's offset, if that is held; ``stepped_s`` how far the wall clock has gone from it.
    """

    at: float
    lines: tuple[LineNote, ...]
    held: float | None = None
    stepped_s: float = 0.0

    @property
    def age_s(self) -> float:
        """Seconds since it was written."""
        return max(0.0, since_boot_s() - self.at)


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Note).decode


async def keep_note(board: Board, hotlines: "Sequence[Hotline]", clock: SteadyClock) -> None:
    """Keep a worker's note fresh until cancelled."""
    while True:
        lines = tuple(
            LineNote(
                hotline.state(),
                hotline.epoch,
                hotline.turn.cursor,
                hotline.agreement.revision,
                {party: count for party, count in hotline.observer.streams.items() if count},
                hotline.turn.clocks.apart_s,
                hotline.told_clocks.apart_s,
                hotline.turn.pace.lasts_s,
                hotline.turn.pace.slowest_s,
            )
            for hotline in hotlines
        )
        board.write_note(_encode(Note(since_boot_s(), lines, clock.offset, clock.stepped_s)))
        await asyncio.sleep(WRITTEN_EVERY_S)


def read_note(board: Board) -> Note | None:
    """Return the note of a board, if there is one."""
    try:
        return _decode(board.read_note())
    except msgspec.DecodeError:
        return None
