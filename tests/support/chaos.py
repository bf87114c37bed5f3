"""What a worker of the ``nursery`` may be told to do to itself: die at an exact point, or be wrong in one way.

``die``: ``admitted`` - the statement is in the log, and this worker does nothing more; ``matched`` - it has found the
alerts and is about to write them; ``committed`` - they are written, and the receipt is not sent. Only the worker's own
admissions count: what it adopts from others it commits in peace.

``wrong``: positive controls. ``deaf`` - matches against what it knew before, not against what came in between;
``heartless`` - leaves the entries of dead workers alone; ``stubborn`` - commits what is committed already, whatever
version stands there; ``blind`` - takes an older store for the one it knew.
"""

import hashlib
import math
import os
import signal
from collections.abc import Sequence
from typing import Any

from keepclear_service.line import uncommitted
from keepclear_service.line.ports import SignedAlert, Turned
from keepclear_service.line.turn import Turn
from keepclear_service.store import line as stored
from keepclear_service.store.line import StoredLine
from keepclear_service.store.scripts import Script
from msgspec import structs


def _now() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def die(point: str) -> None:
    """Arm this process to die at ``point``."""
    turn, commit = StoredLine.turn, StoredLine.commit
    admitted: set[int] = set()

    async def dying_turn(self: StoredLine, *args: Any, **named: Any) -> Turned:
        turned = await turn(self, *args, **named)
        new = {outcome.entry.seq for outcome in turned.outcomes if outcome.entry is not None and not outcome.again}
        if new and point == "admitted":
            _now()
        admitted.update(new)
        return turned

    async def dying_commit(
        self: StoredLine, epoch: str, entries: Sequence[tuple[int, Sequence[SignedAlert]]], **named: Any
    ) -> None:
        own = not admitted.isdisjoint(seq for seq, _ in entries)
        if point == "matched" and own:
            _now()
        await commit(self, epoch, entries, **named)
        if point == "committed" and own:
            _now()

    StoredLine.turn, StoredLine.commit = dying_turn, dying_commit  # type: ignore[method-assign]


def be_wrong(way: str) -> None:
    """Break this process in one way."""
    {"deaf": _deaf, "heartless": _heartless, "stubborn": _stubborn, "blind": _blind}[way]()


def _deaf() -> None:
    fold = Turn._fold

    async def deaf(self: Turn, turned: Turned) -> None:
        own = tuple(entry for entry in turned.entries if entry.seq in self._mine)
        await fold(self, structs.replace(turned, entries=own))
        if turned.entries:
            self.cursor = turned.entries[-1].seq

    Turn._fold = deaf  # type: ignore[method-assign]


def _heartless() -> None:
    uncommitted.ADOPT_AFTER_S = math.inf


def _stubborn() -> None:
    guard = "if tonumber(older) >= tonumber(version) and not (same and call('HEXISTS', alerts, sha) == 0) then"
    _edit(stored._COMMIT, f"{guard} return end", "")
    commit = StoredLine.commit

    async def twice(
        self: StoredLine, epoch: str, entries: Sequence[tuple[int, Sequence[SignedAlert]]], **named: Any
    ) -> None:
        await commit(self, epoch, entries, **named)
        await commit(self, epoch, entries, **named)

    StoredLine.commit = twice  # type: ignore[method-assign]


def _blind() -> None:
    _edit(stored._ADMIT, "local same_life = epoch == ARGV[1] and cursor <= head", "local same_life = epoch == ARGV[1]")

    def follows(self: Turn, turned: Turned) -> bool:
        return turned.epoch == self.epoch

    Turn._follows = follows  # type: ignore[method-assign]


def _edit(script: Script, old: str, new: str) -> None:
    """Have ``script`` run with ``old`` replaced; it must be there once."""
    assert script._text.count(old) == 1, old
    script._text = script._text.replace(old, new)
    script._sha1 = hashlib.sha1(script._text.encode(), usedforsecurity=False).hexdigest()
