"""``Desk``: a desk for who blocks, a thin face on ``AsyncDesk`` with the same names, in a thread of its own."""

import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Unpack

from keepclear_protocol.agreement import Agreement
from keepclear_protocol.errors import OverBudget
from keepclear_protocol.filing import Content
from keepclear_protocol.keys import PrivateKey
from keepclear_protocol.notice import DisclosedVolume
from keepclear_protocol.volume import Volume

from ..journal.journal import Journal
from ..journal.kept import OwnStatement
from ..offline.inputs.flight import Flight
from ..transport.client import ClientOptions
from ..transport.loop import LoopThread
from ..wire.exchange import Exchange
from .acknowledging import Acknowledged, Stage
from .batch import FilingResult, Intent, VolumesJson
from .desk import AsyncDesk, Stop, never
from .events import Event
from .filed import Filed
from .filer import Details
from .incident import Incident
from .link import Link
from .notices import NoticeRecord
from .picture import Picture
from .record import ConflictRecord
from .settings import settings_from
from .then import Then
from .views import ConflictView
from .whatif import WhatIf


class Desk:
    """A desk that blocks. ``folder`` holds its journal; ``options`` are ``ClientOptions``."""

    def __init__(
        self, agreement: Agreement, key: PrivateKey, folder: str | Path, **options: Unpack[ClientOptions]
    ) -> None:
        self._desk = AsyncDesk(agreement, key, folder, **options)
        self._loop = LoopThread("keepclear-desk")

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> "Desk":
        """Return the desk that the variables of the command ``keepclear`` name, as ``AsyncDesk`` does."""
        settings = settings_from(os.environ if environ is None else environ)
        return cls(settings.agreement, settings.key, settings.folder, **settings.options)

    def __enter__(self) -> "Desk":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections and the journal."""
        if not self._loop.closed:
            self._loop.run(self._desk.close())
            self._loop.close()

    @property
    def exchange(self) -> Exchange:
        """The requests that this desk can send."""
        return self._desk.exchange

    @property
    def journal(self) -> Journal:
        """What this desk remembers."""
        return self._desk.journal

    @property
    def party(self) -> str:
        """The party whose desk this is."""
        return self._desk.party

    def on_wait(self, told: Callable[[OverBudget], None]) -> None:
        """Have ``told`` called, in this desk's thread, before a statement waits for room in a budget."""
        self._desk.on_wait(told)

    def picture(self, *, everything: bool = False) -> Picture:
        """Return what this desk knows, from its journal: what is live, or ``everything`` that there ever was."""
        return self._desk.picture(everything=everything)

    def link(self) -> Link:
        """Return whether this desk hears the hotline now, as far as it follows."""
        return self._desk.link()

    def file(
        self,
        flight: Flight | VolumesJson,
        category: str,
        *,
        callsign: str | None = None,
        remarks: str | None = None,
        reference: str | None = None,
        amend: bool = False,
    ) -> Filed:
        """File a notice of a flight, the same ``reference`` again as the same notice, as ``AsyncDesk.file`` does."""
        return self.file_intent(Intent(flight, category, reference, callsign, remarks), amend=amend)

    def file_intent(self, intent: Intent, *, amend: bool = False) -> Filed:
        """File a flight with all that goes with it, as ``file`` does."""
        return self._loop.run(self._desk.file_intent(intent, amend=amend))

    def file_all(self, intents: Iterable[Intent], *, amend: bool = False) -> list[FilingResult]:
        """File flights one after the other; return what became of each, as ``AsyncDesk.file_all`` does."""
        return self._loop.run(self._desk.file_all(intents, amend=amend))

    def what_if(
        self, flight: Flight | VolumesJson, category: str, *, reference: str | None = None, amends: str | None = None
    ) -> WhatIf:
        """Return what a flight would meet of what this desk knows, as ``AsyncDesk.what_if`` does; nothing is sent."""
        return self._loop.run(self._desk.what_if(flight, category, reference=reference, amends=amends))

    def judge(self, intent: Intent, *, amend: bool = False) -> OwnStatement | None:
        """Raise what ``file`` would for a flight, as far as this desk knows, as ``AsyncDesk.judge`` does."""
        return self._desk.judge(intent, amend=amend)

    def keep(self, content: Content) -> OwnStatement:
        """Judge, sign and keep a notice to be sent later."""
        return self._loop.run(self._desk.keep(content))

    def amend(self, id: str, volumes: VolumesJson, category: str | None = None, **details: Unpack[Details]) -> Filed:
        """File the next revision of a notice; ``details`` are callsign and remarks."""
        return self._loop.run(self._desk.amend(id, volumes, category, **details))

    def judge_amendment(
        self, id: str, volumes: VolumesJson, category: str | None = None, **details: Unpack[Details]
    ) -> Content:
        """Return what ``amend`` would sign, or raise what it would."""
        return self._loop.run(self._desk.judge_amendment(id, volumes, category, **details))

    def revise(self, id: str, content: Content) -> Filed:
        """File the next revision of a notice as ``content`` says it, whole."""
        return self._loop.run(self._desk.revise(id, content))

    def judge_revision(self, id: str, content: Content) -> Content:
        """Return what ``revise`` would sign, or raise what it would."""
        return self._loop.run(self._desk.judge_revision(id, content))

    def withdraw(self, id: str) -> Filed:
        """End a notice for ever."""
        return self._loop.run(self._desk.withdraw(id))

    def waiting(self) -> list[OwnStatement]:
        """Return what is not sent, of unknown outcome, or lost, in the order of filing."""
        return self._desk.waiting()

    def send(self, statement: OwnStatement) -> Filed | None:
        """Send one of ``waiting``, or file again what is lost, as ``AsyncDesk.send`` does."""
        return self._loop.run(self._desk.send(statement))

    def discard(self, statement: OwnStatement) -> None:
        """Take one of ``waiting`` off the list."""
        self._loop.run(self._desk.discard(statement))

    def acknowledge(
        self,
        conflict: str,
        *,
        officer: str,
        stage: Stage = "acknowledged",
        read_back: str | None = None,
        version: int | None = None,
    ) -> Acknowledged:
        """Sign in an officer's name that ``version`` of a conflict, or its newest, was displayed or acknowledged.

        ``conflict`` is its id or its code; ``officer`` a handle without a space. Raises ``OutOfStep`` with
        ``version_stale``, and signs nothing, where there is a newer one; see ``AsyncDesk``.
        """
        return self._loop.run(
            self._desk.acknowledge(conflict, officer=officer, stage=stage, read_back=read_back, version=version)
        )

    def view(self, event: Event) -> ConflictView | None:
        """Return what the picture shows of the alert of ``event``, or of the conflict that was answered, if any."""
        return self._desk.view(event)

    def earlier(self, conflict: str, version: int) -> ConflictView | None:
        """Return what the picture showed of a conflict before ``version`` came; None where that was the first."""
        return self._desk.earlier(conflict, version)

    def disclosed(self, conflict: str) -> tuple[DisclosedVolume, ...]:
        """Return the counterpart's volumes that a conflict's alert discloses, each with the digest it is signed by."""
        return self._desk.disclosed(conflict)

    def their_volumes(self, conflict: str) -> tuple[Volume, ...]:
        """Return the counterpart's volumes that a conflict's alert discloses; nothing of one that is closed."""
        return self._desk.their_volumes(conflict)

    def record(self, conflict: str) -> ConflictRecord | None:
        """Return all that this desk has of one conflict, from its journal; None of one that it does not know."""
        return self._desk.record(conflict)

    def incident(self, conflict: str) -> Incident | None:
        """Return one conflict whole, every signature verified anew; None of one that this desk does not know."""
        return self._desk.incident(conflict)

    def then(self, at: int) -> Then:
        """Return this desk as it was at an instant, to be closed, as ``AsyncDesk.then`` does."""
        return self._desk.then(at)

    def notice(self, sha256: str | None = None, *, reference: str | None = None) -> NoticeRecord | None:
        """Return all that this desk has of one own statement, by its hash or its reference, as ``AsyncDesk`` does."""
        return self._desk.notice(sha256, reference=reference)

    def note_shown(self, *shown: tuple[str, int]) -> None:
        """Note that these versions of conflicts were put before somebody's eyes: what ``ack`` then speaks of."""
        self._desk.note_shown(*shown)

    def settle(self) -> None:
        """Ask what became of every statement whose outcome is unknown; nothing is sent."""
        self._loop.run(self._desk.settle())

    def deliver(self) -> None:
        """Sign ``delivered`` for every alert that came."""
        self._loop.run(self._desk.deliver())

    def refresh(
        self, *, settle: bool = False, within_s: float | None = None, whole_s: float = math.inf
    ) -> Sequence[Event]:
        """Read everything again without moving the stream's cursor; returns what came of it. See ``AsyncDesk``."""
        return self._loop.run(self._desk.refresh(settle=settle, within_s=within_s, whole_s=whole_s))

    def run(self) -> None:
        """Follow the stream until that cannot go on; from another thread ``subscribe`` hears of it."""
        self._loop.run(self._desk.run())

    def subscribe(self, after: int | None = None) -> Iterator[Event]:
        """Give every event from now on, or behind the journal's event ``after``, while ``run`` runs."""
        events = self._desk.subscribe(after)
        try:
            while True:
                yield self._loop.run(_next(events))
        finally:
            self._loop.run(events.aclose())

    def watch(self, stop: Stop = never) -> Iterator[Event]:
        """Follow the stream and give its events as ``AsyncDesk.watch`` does; ``stop`` is asked in this thread."""
        watching = self._loop.run(self._desk.watching())
        try:
            while True:
                event = self._loop.run(watching.next())
                if event is not None:
                    yield event
                    watching.came_back()
                if watching.may_end(stop if event is None else None):
                    return
        finally:
            if not self._loop.closed:
                self._loop.run(watching.close())


async def _next(events: Any) -> Event:
    event: Event = await anext(events)
    return event
