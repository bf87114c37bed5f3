"""The head: how far a line had come, kept outside of its store, so that a store that was put back is found out.

Guaranteed: where the store shows the same epoch with a lower head, another entry at the place of the newest one that
this service has folded, none there though it cannot have outlived its retention, or an epoch that was left, the line
is refused until an operator names a new epoch. A worker holds the store against its own memory at once, and against the
head's file whenever it begins. The file is written at most every ``WRITTEN_EVERY_S``, beside the loop: what was
receipted in that last moment before all workers ended is known to the parties' desks alone.
"""

import asyncio
import contextlib
import hashlib
import logging
from typing import Protocol

from keepclear_protocol.errors import KeepclearError, Unavailable
from msgspec import Struct

from ..decide.entry import Entry
from ..logs import Outage
from .ports import Founded, Line

WRITTEN_EVERY_S = 0.1
"""Seconds between two writings. Each is an fsync of one small file: ten a second are nothing to a disk that fsyncs
every turn's statements."""

FORMER_KEPT = 64
"""Epochs that were left and are remembered: each is an operator's act after a restore."""

PUT_BACK = "is an older copy back? put the newest one back, or go on with this one: keepclear-service new-epoch"

log = logging.getLogger(__name__)


class Head(Struct, frozen=True):
    """The newest entry of a line: its epoch and seq, the hash of all that it says, its instant; epochs before."""

    epoch: str
    seq: int
    sha256: str
    at: int
    former: tuple[str, ...] = ()

    def follows(self, other: "Head | None") -> bool:
        """Whether this is news to who knows ``other``."""
        if other is None or other.epoch == self.epoch:
            return other is None or self.seq > other.seq
        return self.epoch not in other.former

    def after(self, other: "Head | None") -> "Head":
        """Return this head with the epochs that ``other`` knows of."""
        if other is None:
            return self
        left = (*other.former, *(() if other.epoch == self.epoch else (other.epoch,)))
        return Head(self.epoch, self.seq, self.sha256, self.at, left[-FORMER_KEPT:])


class HeadFile(Protocol):
    """Where a head is kept. Both block."""

    def read(self) -> Head | None:
        """Return what is kept; None where there is nothing yet. Raises ``KeepclearError``."""

    def write(self, head: Head) -> None:
        """Keep ``head`` on the disk unless something newer is kept; raises ``KeepclearError``."""


class Heads:
    """What one worker knows of how far a line has come. ``file`` is None where nothing is kept beyond its life."""

    def __init__(self, file: HeadFile | None, agreement_id: str) -> None:
        self._file = file
        self._newest: Entry | None = None
        self._written: Entry | None = None
        self._writing: asyncio.Task[None] | None = None
        self._outage = Outage(log, "head_unwritten", "head_written", level=logging.ERROR, agreement=agreement_id)

    def note(self, entry: Entry) -> None:
        """Note the newest entry that was folded."""
        self._newest = entry
        if self._file is not None and (self._writing is None or self._writing.done()):
            self._writing = asyncio.get_running_loop().create_task(self._write(self._file))

    async def kept(self) -> Head | None:
        """Return what the file keeps, to be asked for before the store is: others go on, and write it meanwhile."""
        return None if self._file is None else await asyncio.to_thread(_read, self._file)

    async def check(self, line: Line, founded: Founded, retention_s: int, kept: Head | None) -> None:
        """Raise ``Unavailable`` with ``store_unsafe`` where the line has come farther than the store shows."""
        known = None if self._newest is None else _head(self._newest).after(kept)
        if kept is not None and (known is None or not known.follows(kept)):
            known = kept
        if known is None:
            return
        if founded.epoch != known.epoch:
            if founded.epoch in known.former:
                raise _unsafe("the store is back in an epoch that was left")
            self._newest = None  # an operator has named a new life
            return
        if founded.head < known.seq:
            ends = f"it ends at entry {founded.head}, and {known.seq} was receipted in the same epoch"
            raise _unsafe(f"the store was put back: {ends}")
        (entry,) = await line.entries([known.seq])
        if entry is None:
            if known.at + retention_s * 1_000_000 > founded.clock:
                raise _unsafe(f"the store has lost entry {known.seq}")
        elif _head(entry).sha256 != known.sha256:
            raise _unsafe(f"the store holds another entry {known.seq} than was receipted in the same epoch")

    async def close(self) -> None:
        """Write what is not written yet."""
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.gather(self._writing, return_exceptions=True)
        if self._file is not None and self._newest is not None and self._newest is not self._written:
            with contextlib.suppress(KeepclearError):
                self._file.write(_head(self._newest))

    async def _write(self, file: HeadFile) -> None:
        while (entry := self._newest) is not None and entry is not self._written:
            try:
                await asyncio.to_thread(file.write, _head(entry))
                self._written = entry
                self._outage.over()
            except KeepclearError as error:
                self._outage.began(error)
            await asyncio.sleep(WRITTEN_EVERY_S)


def _read(file: HeadFile) -> Head | None:
    try:
        return file.read()
    except KeepclearError as error:
        raise Unavailable("store_unsafe", error.detail, hint=error.hint) from error


def _head(entry: Entry) -> Head:
    said = (entry.kind, entry.party, entry.id, entry.revision, entry.sha256, entry.submission, entry.received_at)
    text = "\n".join(map(str, (entry.epoch, entry.seq, *said, entry.terms, entry.note)))
    return Head(entry.epoch, entry.seq, hashlib.sha256(text.encode()).hexdigest(), entry.received_at)


def _unsafe(detail: str) -> Unavailable:
    return Unavailable("store_unsafe", detail, hint=PUT_BACK)
