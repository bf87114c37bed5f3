"""The part of a desk's face that files: notices, their amendments and withdrawals, and what waits to be sent."""

import functools
from collections.abc import Mapping, Sequence
from typing import Any, TypedDict, Unpack

from keepclear_protocol.filing import Content, amended

from ..journal.journal import Journal
from ..journal.kept import LOST, OwnStatement
from .lost import Lost
from .outbox import Filed, Outbox
from .succession import Succession

VolumesJson = Sequence[Mapping[str, Any]]
"""Volume4D objects in F3548's JSON."""


class Details(TypedDict, total=False):
    """What the hotline alone is shown of a notice, never the other side."""

    callsign: str | None
    remarks: str | None


class Filer:
    """What ``AsyncDesk`` files with."""

    journal: Journal
    _succession: Succession
    _outbox: Outbox
    _lost: Lost

    async def file(self, volumes: VolumesJson, category: str, **details: Unpack[Details]) -> Filed:
        """File a notice of F3548 volumes. Remarks are signed in Unicode NFC, which says the same.

        Raises ``Unfit``, and signs nothing, where it would be refused for what it says: with all that is wrong.
        Raises ``NotSent`` where the hotline was not reached, or did not answer: it is kept, and ``waiting``.
        """
        content = Content(volumes, category, **details)
        return await self._succession.speak(lambda: self._outbox.file(content))

    async def keep(self, content: Content) -> OwnStatement:
        """Judge, sign and keep a notice to be sent later: what a batch does once the line is down."""
        return await self._outbox.keep(content)

    async def amend(
        self, id: str, volumes: VolumesJson, category: str | None = None, **details: Unpack[Details]
    ) -> Filed:
        """File the next revision of a notice; category, callsign and remarks stay where they are not given."""
        changed = functools.partial(amended, volumes, category, **details)
        return await self._succession.speak(lambda: self._outbox.amend(id, changed))

    async def judge_amendment(
        self, id: str, volumes: VolumesJson, category: str | None = None, **details: Unpack[Details]
    ) -> Content:
        """Return what ``amend`` would sign, or raise what it would; nothing is signed or sent but a question."""
        changed = functools.partial(amended, volumes, category, **details)
        return await self._succession.speak(lambda: self._outbox.judge(id, changed))

    async def withdraw(self, id: str) -> Filed:
        """End a notice for ever."""
        return await self._succession.speak(lambda: self._outbox.withdraw(id))

    def waiting(self) -> list[OwnStatement]:
        """Return what is not sent, of unknown outcome, or lost, in the order of filing."""
        return self.journal.own_waiting()

    async def send(self, statement: OwnStatement) -> Filed | None:
        """Send one of ``waiting``, or file again what is lost; ``None`` where nothing is left to be filed.

        The same bytes where the hotline still takes them; else it is signed anew, which ``Filed.anew`` gives a reason
        for. Raises ``Unfit`` where time or new terms have overtaken what it says.
        """
        if statement.status == LOST:
            return await self._succession.speak(lambda: self._lost.refile(statement))
        return await self._succession.speak(lambda: self._outbox.send(statement))

    async def discard(self, statement: OwnStatement) -> None:
        """Take one of ``waiting`` off the list: never of one that may have been admitted."""
        await (self._lost.forget(statement) if statement.status == LOST else self._outbox.discard(statement))
