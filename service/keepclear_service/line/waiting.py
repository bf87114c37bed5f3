"""Who waits for a turn: statements on their way through it, and what they are answered.

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

NOTHING_KEPT = (CLOCK, "store_full")
"""Codes that tell a sender that nothing of its statement was kept."""


class Told(Struct, frozen=True, gc=False):
    """What a turn answers of an arrival: its outcome, and of an entry the receipt and the signed alerts that it caused
    for either side."""

    outcome: Outcome
    receipt: str = ""
    alerts: tuple[SignedAlert, ...] = ()


_UNKNOWN = Outcome()


def _future() -> "asyncio.Future[Told]":
    return asyncio.get_running_loop().create_future()


@dataclass(slots=True)
class Waiting:
    """An arrival and its statement, for the fold; or, without one, somebody who waits for an entry to be committed."""

    arrival: Arrival | None
    body: Body
    outcome: Outcome = _UNKNOWN
    attempts: int = 0
    future: "asyncio.Future[Told]" = field(default_factory=_future)

    async def told(self, observer: LineObserver, request: str) -> Told:
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
        if not self.future.done():
            self.future.set_result(Told(self.outcome, receipt, () if self.outcome.again else alerts))


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
                waiting.future.set_exception(error)


def refuse(all_waiting: Iterable[Waiting], error: KeepclearError) -> None:
    """Let some go with an error, unless they were released before."""
    for waiting in all_waiting:
        if not waiting.future.done():
            waiting.future.set_exception(error)
