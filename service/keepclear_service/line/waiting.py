"""Who waits for a turn: statements on their way through it, and what they are answered, at their tick (``tick``).

A turn lets many go at once, and their receipts are signed one directly behind the other: measured under load, one that
is signed in the course of its own request, between the other work that this is, takes half as long again.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from keepclear_protocol.errors import KeepclearError, Unavailable
from msgspec import Struct

from ..decide.entry import Entry
from ..decide.fold import Body
from ..observer import LineObserver
from .clocks import CLOCK
from .ports import Arrival, Outcome, SignedAlert
from .standing import Standing
from .tick import Tick

NOTHING_KEPT = (CLOCK, "store_full")
"""Codes that tell a sender that nothing of its statement was kept."""


class Told(Struct, frozen=True, gc=False):
    """What a turn answers of an arrival: its outcome, and of an entry the receipt and the signed alerts that it caused
    for either side."""

    outcome: Outcome
    receipt: str = ""
    alerts: tuple[SignedAlert, ...] = ()


_UNKNOWN = Outcome()


class Aside(Struct, frozen=True, gc=False):
    """What was opened of a statement that was not put to the turn in the same piece."""

    opened: object


def _future() -> "asyncio.Future[Told | Aside]":
    return asyncio.get_running_loop().create_future()


@dataclass(slots=True)
class Waiting:
    """Somebody who waits: with an arrival and its statement, for the fold, once that is opened; or without one, for an
    entry to be committed. Told at its ``tick``, but at once of what is still to be worked on: alerts, which are to be
    shown, a budget that is spent, and faults. Whoever works on it waits for the tick then."""

    arrival: Arrival | None = None
    body: Body = None
    outcome: Outcome = _UNKNOWN
    tick: Tick | None = None
    attempts: int = 0
    future: "asyncio.Future[Told | Aside]" = field(default_factory=_future)
    answered: bool = False

    async def told(self, observer: LineObserver, request: str) -> Told | Aside:
        """Return the answer; raise what it is refused with, which is noted where it was admitted all the same."""
        try:
            return await self.future
        except KeepclearError as error:
            if self.outcome.entry is None:
                raise
            if not self.outcome.again:
                observer.unanswered(self.outcome.entry, request, error.code)
            if error.code not in NOTHING_KEPT:
                raise
            detail = f"it is admitted, and not answered yet ({error.code}); send the same bytes again"
            raise Unavailable("busy", detail) from error

    def answer(self, receipt: str = "", alerts: tuple[SignedAlert, ...] = ()) -> None:
        """Release the one who waits, unless it was before."""
        if self.answered or self.future.done():
            return
        outcome = self.outcome
        told = Told(outcome, receipt, () if outcome.again else alerts)
        if self.tick is None or told.alerts or outcome.over is not None:
            self.future.set_result(told)
        else:
            asyncio.get_running_loop().call_later(self.tick.left_s(), self._tell, told)
        self.answered = True

    def refuse(self, error: Exception) -> None:
        """Let the one who waits go with an error, unless it was answered before."""
        if not (self.answered or self.future.done()):
            self.answered = True
            self.future.set_exception(error)

    def wait_anew(self) -> None:
        """Wait once more: what was answered so far was no answer of a turn's."""
        self.future = _future()

    def _tell(self, told: Told) -> None:
        if not self.future.done():
            self.future.set_result(told)


class Released:
    """Those whom a turn lets go with a receipt, which ``sign`` makes of an entry, when the loop goes round.

    With no receipt where something of the line could not be folded: what they sent may not be matched.
    """

    def __init__(self, sign: Callable[[Entry], str], standing: Standing) -> None:
        self._sign, self._standing = sign, standing
        self._waiting: list[tuple[Waiting, tuple[SignedAlert, ...]]] = []

    def add(self, waiting: Waiting, alerts: tuple[SignedAlert, ...] = ()) -> None:
        """Let somebody go."""
        if self._standing.poison:
            return refuse([waiting], self._standing.unsafe())
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self._let_go)
        self._waiting.append((waiting, alerts))

    def _let_go(self) -> None:
        released, self._waiting = self._waiting, []
        for waiting, alerts in released:
            entry = waiting.outcome.entry
            if waiting.future.done():
                continue  # nobody waits for it any more
            try:
                waiting.answer("" if entry is None else self._sign(entry), alerts)
            except Exception as error:
                waiting.refuse(error)


def refuse(all_waiting: Iterable[Waiting], error: KeepclearError) -> None:
    """Let some go with an error, unless they were released before."""
    for waiting in all_waiting:
        waiting.refuse(error)
