"""What a worker of the ``nursery`` may be told to do to itself: die at an exact point, or be wrong in one way.

``die``: ``admitted`` - the statement is in the log, and this worker does nothing more; ``matched`` - it has found the
alerts and is about to write them; ``committed`` - they are written, and the receipt is not sent. Only the worker's own
admissions count: what it adopts from others it commits in peace.

``wrong``: positive controls. ``deaf`` - matches against what it knew before, not against what came in between;
``heartless`` - leaves the entries of dead workers alone; ``stubborn`` - commits what is committed already, whatever
version stands there; ``blind`` - takes an older store for the one it knew.
"""

import os
import signal
from collections.abc import Sequence
from typing import Any

from keepclear_service.decide.entry import Admission, Entry
from keepclear_service.line.follower import Follower
from keepclear_service.store.lines import StoredLine


def _now() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def die(point: str) -> None:
    """Arm this process to die at ``point``."""
    submit, commit = StoredLine.submit, StoredLine.commit
    admitted: set[int] = set()

    async def dying_submit(self: StoredLine, *args: Any, **named: Any) -> Admission:
        admission = await submit(self, *args, **named)
        if admission.entry is not None and not admission.again:
            if point == "admitted":
                _now()
            admitted.add(admission.entry.seq)
        return admission

    async def dying_commit(self: StoredLine, epoch: str, seq: int, alerts: Any) -> bool:
        if point == "matched" and seq in admitted:
            _now()
        written = await commit(self, epoch, seq, alerts)
        if point == "committed" and seq in admitted:
            _now()
        return written

    StoredLine.submit, StoredLine.commit = dying_submit, dying_commit  # type: ignore[method-assign]


def be_wrong(way: str) -> None:
    """Break this process in one way."""
    {"deaf": _deaf, "heartless": _heartless, "stubborn": _stubborn, "blind": _blind}[way]()


def _deaf() -> None:
    async def ingest(self: Follower, entries: Sequence[Entry]) -> None:
        self.cursor = max(self.cursor, entries[-1].seq - 1)
        async with self._folding:
            await self._fold(entries[-1:])

    Follower.ingest = ingest  # type: ignore[method-assign]


def _heartless() -> None:
    async def nothing(self: Follower) -> None:
        return None

    Follower._adopt_orphans = nothing  # type: ignore[method-assign]


def _stubborn() -> None:
    _edit("commit", "if not redis.call('ZSCORE', prefix .. 'unmatched', ARGV[3]) then return 0 end", "")
    _edit("commit", "or cjson.decode(newest).version < seq", "or true")
    commit = StoredLine.commit

    async def twice(self: StoredLine, epoch: str, seq: int, alerts: Any) -> bool:
        await commit(self, epoch, seq, alerts)
        return await commit(self, epoch, seq, alerts)

    StoredLine.commit = twice  # type: ignore[method-assign]


def _blind() -> None:
    _edit("submit", "if tonumber(cursor) > tonumber(known[2]) then return {'behind'} end", "")
    _edit("follow", "if (ARGV[6] == '' or ARGV[6] == known[4]) and tonumber(ARGV[2]) <= head then", "if true then")


def _edit(name: str, old: str, new: str) -> None:
    """Have script ``name`` run with ``old`` replaced; it must be there once."""
    create = StoredLine.__init__

    def edited(self: StoredLine, redis: Any, agreement_id: str) -> None:
        create(self, redis, agreement_id)
        text = getattr(self, f"_{name}").script
        assert text.count(old) == 1, old
        setattr(self, f"_{name}", redis.register_script(text.replace(old, new)))

    StoredLine.__init__ = edited  # type: ignore[method-assign]
