"""What the hotline of a restored store has lost of ours: found, and filed again on request.

Guaranteed: this desk never signs two different notices at one revision of one id, once either was receipted: others
may have seen the one, and would call the other a rollback. So a lost notice is filed again as its own bytes where
those are still taken and no alert has named it, and else as a new notice that says the same, under an id of its own;
what an older revision of it still claims is withdrawn after that, never before. No conflict of it is called closed:
that the hotline has it no more is nobody's signed word. See docs/adr/0020.
"""

from collections.abc import Callable
from dataclasses import replace

from keepclear_protocol.errors import Refused, Unavailable
from keepclear_protocol.filing import content_of
from keepclear_protocol.kinds import NOTICE
from keepclear_protocol.speakable import speakable

from ..journal.changes import TurnOwn
from ..journal.journal import Journal
from ..journal.kept import LOST, RECEIPTED, REFUSED, OwnStatement
from .filed import Filed
from .intake import Intake
from .outbox import DISCARDED, FILED_AGAIN, Outbox
from .settling import Settling
from .threads import Threads


class Lost:
    """Files again what the hotline has lost, for one desk."""

    def __init__(
        self,
        journal: Journal,
        intake: Intake,
        settling: Settling,
        outbox: Outbox,
        threads: Threads,
        clock: Callable[[], int],
    ) -> None:
        self._journal = journal
        self._intake = intake
        self._settling = settling
        self._outbox = outbox
        self._threads = threads
        self._clock = clock

    async def refile(self, row: OwnStatement) -> Filed | None:
        """File a lost notice, or its withdrawal, again; ``None`` where nothing is left to be filed."""
        left = await self._settling.fetch(row.id)
        if left is None:
            raise Unavailable("unreachable", f"what the hotline has of {speakable(row.id)} was not to be learnt")
        held = self._journal.own(row.sha256)
        if held is None or held.status != LOST:
            return None  # it has it again
        gone = [one for one in self._journal.own_history(row.id) if one.status == LOST]
        if row.kind != NOTICE.name:
            return await self._withdraw_again(row, gone, left)
        if self._may_be_itself(row, left):
            try:
                return await self._outbox.post(row)
            except Refused:
                pass  # a clock or the terms were otherwise: it is lost as before
        why = "the other side may have been told of what is lost, or its bytes come too late: it has a code of its own"
        kept = await self._threads.run(self._outbox.sign_notice, content_of(row.raw), gone, FILED_AGAIN)
        filed = await self._outbox.post(kept, first=True)
        if left:
            await self._outbox.withdraw(row.id)
        await self._threads.run(self._intake.keep_lost, row.id, f"it was filed again as {speakable(filed.id)}")
        return replace(filed, anew=why)

    async def forget(self, row: OwnStatement) -> None:
        """Look no more for what is lost of a notice."""
        await self._outbox.discard(row)
        await self._threads.run(self._intake.keep_lost, row.id, "it was taken off the list here")

    async def _withdraw_again(self, row: OwnStatement, gone: list[OwnStatement], left: int) -> Filed | None:
        if not left:
            turns = [TurnOwn(one.sha256, REFUSED, (LOST,), DISCARDED) for one in gone]
            await self._threads.run(self._journal.apply, turns)
            await self._threads.run(self._intake.keep_lost, row.id, "it was taken off the list here")
            return None
        if left == row.revision - 1 and self._settling.admissible(row, self._clock()):
            try:
                return await self._outbox.post(row)
            except Refused:
                pass
        return replace(await self._outbox.withdraw(row.id), anew="the hotline had lost it")

    def _may_be_itself(self, row: OwnStatement, left: int) -> bool:
        """Whether its own bytes go on where the hotline is, and nobody was told of it under another version."""
        before = [one for one in self._journal.own_history(row.id) if one.status == RECEIPTED]
        follows = left == row.revision - 1 and (not before or before[0].revision == left)
        named = any(kept.pictured and kept.pictured.own == row.id for kept in self._journal.conflicts())
        return follows and not named and self._settling.admissible(row, self._clock())
