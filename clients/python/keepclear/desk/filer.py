"""The part of a desk's face that files: notices, their amendments and withdrawals, and what waits to be sent."""

import functools
from collections.abc import Callable, Iterable
from typing import TypedDict, Unpack

from keepclear_protocol.errors import LocalError
from keepclear_protocol.filing import Content, amended

from ..journal.journal import Journal
from ..journal.kept import LOST, OwnStatement
from ..offline.inputs.flight import Flight
from ..wire.exchange import Exchange
from .batch import FilingResult, Intent, VolumesJson, content_of_flight, file_all, judge
from .filed import Filed
from .intake import Intake
from .link import LinkState
from .lost import Lost
from .outbox import Outbox
from .referenced import References
from .succession import Succession
from .threads import Threads
from .whatif import WhatIf, what_if


class Details(TypedDict, total=False):
    """What the hotline alone is shown of a notice, never the other side."""

    callsign: str | None
    remarks: str | None


class Filer:
    """What ``AsyncDesk`` files with."""

    exchange: Exchange
    journal: Journal
    _clock: Callable[[], int]
    _threads: Threads
    _intake: Intake
    _succession: Succession
    _outbox: Outbox
    _lost: Lost
    _references: References
    _link: LinkState

    async def file(
        self,
        flight: Flight | VolumesJson,
        category: str,
        *,
        callsign: str | None = None,
        remarks: str | None = None,
        reference: str | None = None,
        amend: bool = False,
    ) -> Filed:
        """File a notice of a flight that ``load`` gave, or of Volume4D objects in F3548's JSON.

        ``category`` is one of the agreement's; ``callsign`` wins over the flight's own. Remarks are signed in Unicode
        NFC, which says the same. Both are shown to the hotline, never to the other side.

        ``reference`` is the party's own, such as ``OPS-2211``: the same again, with the same content, gives the notice
        that was filed before, whatever crashed in between; it is kept in this desk's journal and never sent. With
        ``amend`` what says something else is the notice's next revision.

        Raises ``Unfit``, and signs nothing, where it would be refused for what it says: with all that is wrong.
        Raises ``NotSent`` where the hotline was not reached, or did not answer: it is kept, and ``waiting``. Raises
        ``OutOfStep`` with ``reference_conflict`` where something else is filed under its reference, ``Refused`` with
        ``notice_withdrawn`` where that was withdrawn; ``LocalError`` with ``usage`` for what can be no reference.
        """
        return await self.file_intent(Intent(flight, category, reference, callsign, remarks), amend=amend)

    async def file_intent(self, intent: Intent, *, amend: bool = False) -> Filed:
        """File a flight with all that goes with it, as ``file`` does."""
        content, reference = intent.content, intent.reference
        if reference is not None:
            named = reference
            return await self._succession.speak(lambda: self._references.file(content, named, amend=amend))
        if amend:
            raise LocalError("usage", "amend=True goes with a reference: Desk.amend changes a notice by its id")
        return await self._succession.speak(lambda: self._outbox.file(content))

    async def file_all(self, intents: Iterable[Intent], *, amend: bool = False) -> list[FilingResult]:
        """File flights one after the other; return what became of each, in their order.

        Raises ``Unfit``, and signs nothing, where one of them would be refused for what it says, each fault with the
        flight's name. After one that was NOT SENT, or of unknown outcome, the rest is kept without trying; the same
        flights again, under the same references, file what is not filed yet. ``amend`` as for ``file``.
        """
        all_of_it = list(intents)
        # Beside the loop: a file of hundreds is looked at for seconds, and an alert may come meanwhile.
        await self._threads.run(judge, all_of_it, self._outbox, self._references, amend=amend)

        async def file(one: Intent) -> Filed:
            return await self.file_intent(one, amend=amend and one.reference is not None)

        async def keep(one: Intent) -> OwnStatement | None:
            if one.reference is None:
                return await self._outbox.keep(one.content)
            return await self._references.keep(one.content, one.reference, amend=amend)

        return await file_all(all_of_it, file, keep)

    def judge(self, intent: Intent, *, amend: bool = False) -> OwnStatement | None:
        """Raise what ``file`` would for a flight, as far as this desk knows; nothing is signed or sent.

        Returns what is filed already under its reference and says the same, else ``None``.
        """
        if intent.reference is not None:
            return self._references.judge(intent.content, intent.reference, amend=amend)
        self._outbox.check(intent.content, 1)
        return None

    async def what_if(
        self, flight: Flight | VolumesJson, category: str, *, reference: str | None = None, amends: str | None = None
    ) -> WhatIf:
        """Return what a flight would meet of what this desk knows, by the rules; nothing is signed or sent.

        It is held against the counterparts' volumes that open conflicts disclose, and against the party's own notices
        that are not over, but for the one that it would replace: of that ``reference``, or with the id ``amends``.
        It never says clear, since most of what the other side has filed is hidden from this desk.

        Raises ``Unfit`` where it could not be filed.
        """
        content = content_of_flight(flight, category, None, None)
        replaces = amends if reference is None else self.journal.referenced(reference)
        self._outbox.check(content, 1 if replaces is None else 2)
        known = self.exchange.agreement, self.journal, self._intake.opener
        heard_at = self._link.now.heard_at

        def held() -> WhatIf:
            return what_if(content, *known, now=self._clock(), heard_at=heard_at, amends=replaces)

        return await self._threads.run(held)

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

    async def revise(self, id: str, content: Content) -> Filed:
        """File the next revision of a notice as ``content`` says it, whole: what it leaves out is there no more."""
        return await self._succession.speak(lambda: self._outbox.amend(id, lambda _: content))

    async def judge_revision(self, id: str, content: Content) -> Content:
        """Return what ``revise`` would sign, or raise what it would; nothing is signed or sent but a question."""
        return await self._succession.speak(lambda: self._outbox.judge(id, lambda _: content))

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
