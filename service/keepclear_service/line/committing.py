"""Committing: the alerts of folded entries are signed and written; then whoever waits for them is answered.

What the store answers and does not take is set aside: who waits for it is told so, the agreement is not ready, and it
is tried again, ever more rarely, or as soon as there is room where that was the reason. Nothing else waits for it:
neither later entries, whose alerts are newer anyway, nor what another worker left behind, nor what only ends something,
which a full store takes. Nor do tries cost what others need: nothing is signed for a store that says that it is full.
One that does not answer is the turn's affair.

A commit may be begun and its end waited for later: measured under load, a worker that waited for each stood still for a
twentieth of its time, behind the admission of the next turn's statements, which the store had been asked for before.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence

from ..decide.entry import Outgoing
from ..giving_way import give_way
from ..logs import log_event
from ..observer import LineObserver
from .asked import note_read
from .full import NotTaken
from .ports import Line, SignedAlert
from .uncommitted import Uncommitted
from .waiting import Waiting

SIGNED_BYTES_AT_ONCE = 25_000
"""Of alerts signed before others have the loop, a millisecond: sixteen ordinary ones, or one of a large notice."""

ROOM_ASKED_AGAIN_S = 1.0
"""Seconds between questions to a full store; cleaning, which makes room, comes as often."""

Sign = Callable[[Outgoing, int], SignedAlert]
Release = Callable[[Waiting, tuple[SignedAlert, ...]], None]
Signed = Mapping[int, Sequence[SignedAlert]]

log = logging.getLogger(__name__)


class Committing:
    """Commits what is uncommitted of one agreement. ``release`` answers one who waits."""

    def __init__(self, line: Line, agreement_id: str, sign: Sign, observer: LineObserver, release: Release) -> None:
        self._line, self._agreement = line, agreement_id
        self._sign, self._observer, self._release = sign, observer, release
        self._full: NotTaken | None = None
        self._asked_at = 0.0
        self._begun: asyncio.Task[None] | None = None

    async def commit(
        self,
        epoch: str,
        uncommitted: Uncommitted,
        pressed: Callable[[], bool] = lambda: False,
        *,
        wait: bool = True,
    ) -> None:
        """Commit the alerts of this worker's own entries, and what others have left lying; raises ``Unavailable``.

        While others have ``pressed`` for a turn, most of what is large is left for later ones. Where nobody is to
        ``wait``, it is only begun.
        """
        await self.end()  # two at a time would write, and answer, the same
        if wait:
            await self._commit(epoch, uncommitted, pressed)
        else:
            self._begun = asyncio.get_running_loop().create_task(self._commit(epoch, uncommitted, pressed))
            self._begun.add_done_callback(note_read)

    async def end(self) -> None:
        """Wait until what was begun is committed; raises ``Unavailable``."""
        begun, self._begun = self._begun, None
        if begun is not None:
            await begun

    def give_up(self) -> None:
        """Let what was begun go no further. What is not known to be written is committed again."""
        begun, self._begun = self._begun, None
        if begun is not None:
            begun.cancel()

    async def _commit(self, epoch: str, uncommitted: Uncommitted, pressed: Callable[[], bool]) -> None:
        full = None if self._full is None or await self._room_again(uncommitted) else self._full
        if full is not None:
            self._set_aside(uncommitted, uncommitted.opening(), full)
        for piece in uncommitted.pieces(pressed):
            signed = {seq: await self._signed(seq, alerts) for seq, alerts in piece.alerts.items()}
            fault = await self._write(epoch, signed, uncommitted, last=piece.last)
            if fault is not None and fault.of_all:
                self._full, self._asked_at = fault, time.monotonic()
                if full is None:
                    await self._commit(epoch, uncommitted, lambda: False)  # what only ends something
                else:
                    self._set_aside(uncommitted, uncommitted.due(), fault)
                return
            for seq in signed if fault is not None else ():
                # Which of them it is, each for itself shows.
                alone = fault if len(signed) == 1 else await self._write(epoch, {seq: signed[seq]}, uncommitted)
                if alone is not None:
                    self._set_aside(uncommitted, [seq], alone)

    async def _room_again(self, uncommitted: Uncommitted) -> bool:
        now = time.monotonic()
        if now - self._asked_at < ROOM_ASKED_AGAIN_S:
            return False
        self._asked_at = now
        if not await self._line.has_room():
            return False
        self._full = None
        uncommitted.try_again()
        log_event(log, logging.WARNING, "commits_tried_again", agreement=self._agreement)
        return True

    async def _write(
        self, epoch: str, signed: Signed, uncommitted: Uncommitted, *, last: bool = True
    ) -> NotTaken | None:
        """Write the alerts of some entries and, if nothing of them follows, answer who waits; or say why not."""
        try:
            some = list(signed.items())
            await (self._line.commit(epoch, some) if last else self._line.commit(epoch, some, whole=False))
        except NotTaken as fault:
            return fault
        for seq, alerts in signed.items():
            for alert in alerts:
                self._observer.committed(alert)
            if not last:
                uncommitted.wrote(seq, alerts)
                continue
            for waiting, told in uncommitted.committed(seq, alerts):
                self._release(waiting, told)
        return None

    async def _signed(self, seq: int, alerts: Sequence[Outgoing]) -> list[SignedAlert]:
        signed: list[SignedAlert] = []
        room = SIGNED_BYTES_AT_ONCE
        for outgoing in alerts:
            if room <= 0:
                await give_way()
                room = SIGNED_BYTES_AT_ONCE
            signed.append(self._sign(outgoing, seq))
            room -= len(signed[-1].jws)
        return signed

    def _set_aside(self, uncommitted: Uncommitted, seqs: Sequence[int], fault: NotTaken) -> None:
        for seq in seqs:
            if uncommitted.set_aside(seq, fault):
                why = {"code": fault.code, "why": fault.detail}
                log_event(log, logging.ERROR, "commit_set_aside", agreement=self._agreement, seq=seq, **why)
