"""Going over to a new revision of the agreement once it is in force, while the desk works on.

Guaranteed: a desk goes over only to a revision that its officers have staged, or that another process of the same desk
has gone over to; what the hotline sends is looked at to learn which revision is in force, and never installed. What
was signed before stays under the terms of before; what is signed from then on is under the new ones. Alerts that came
under the new terms before are judged again at once.

That new terms are in force shows in three ways: the hotline refuses what names the old ones; something that it relays
names others; or another process of the desk has gone over.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import TypeVar

from keepclear_protocol.agreement import Agreement, open_agreement
from keepclear_protocol.encoding import parse_json, unb64
from keepclear_protocol.errors import KeepclearError, LocalError, Malformed, OutOfStep, Refused, Unavailable
from keepclear_protocol.kinds import MAX_PAYLOAD_BYTES

from ..journal.journal import Journal
from ..transport.client import AsyncClient
from ..verify.opening import OpenedAcknowledgement, OpenedAlert
from ..wire.arrivals import Arrival
from .events import TermsEvent
from .intake import Intake, Opened, OpenedOwn
from .position import NEW_TERMS, NEW_TERMS_HINT
from .subscription import Announcer, Heard
from .threads import Threads

T = TypeVar("T")

WRONG_TERMS = "wrong_terms"

LOOK_S = 0.5
"""Seconds between looks at the journal for what another process of this desk has staged."""

STAGED_S, UNSTAGED_S = 5.0, 60.0
"""Seconds between questions which terms are in force, where a quiet line gives no other sign of it: while something is
staged, and while nothing is."""

LAG_S = 0.2
"""Seconds given to a worker of the hotline that has not learnt of new terms yet, when another one has."""

LAGS = 5

HINTS_S = 1.0
"""Seconds between questions which terms are in force that only something relayed has led to: it may be forged."""


class Outcome(Enum):
    """What came of asking which terms are in force: this desk went over, or its own are, or others are not staged."""

    OVER = auto()
    OURS = auto()
    MISSING = auto()


@dataclass(frozen=True, slots=True)
class Missing:
    """What a desk lacks: in words, and what to do."""

    detail: str
    hint: str


class Succession:
    """One desk's going over to the terms in force."""

    def __init__(
        self, client: AsyncClient, journal: Journal, intake: Intake, threads: Threads, announcer: Announcer
    ) -> None:
        self._client = client
        self._journal = journal
        self._intake = intake
        self._threads = threads
        self._announcer = announcer
        self._going = asyncio.Lock()
        self._hinted_at = -HINTS_S
        self._looked_at = -LOOK_S
        self._asked_at: float | None = None
        self._told: Missing | None = None
        self.missing = Missing(NEW_TERMS, NEW_TERMS_HINT)

    @property
    def terms(self) -> str:
        """The terms that this desk speaks under."""
        return self._client.exchange.agreement.terms

    async def speak(self, say: Callable[[], Awaitable[T]]) -> T:
        """Return what ``say`` does; where that is refused for its terms, go over and have it said anew.

        Nothing is said twice under the same terms. Raises ``OutOfStep`` with ``wrong_terms``, which tells what is
        missing, where nothing is staged.
        """
        while True:
            under = self.terms
            try:
                return await say()
            except KeepclearError as error:
                if error.code != WRONG_TERMS:
                    raise
                outcome = await self.catch_up(under)
                if outcome is Outcome.OURS:
                    raise
                if outcome is Outcome.MISSING:
                    raise OutOfStep(WRONG_TERMS, self.missing.detail, hint=self.missing.hint) from error

    async def catch_up(self, under: str) -> Outcome:
        """Go over to the terms in force, if they are others than ``under`` and staged here.

        Raises ``Unavailable`` where that cannot be learnt, and what the hotline says of a key that it knows no more.
        """
        async with self._going:
            await self._threads.run(self._journal.look_again)
            if await self._use():
                return Outcome.OVER
            if self.terms != under:
                return Outcome.OVER
            in_force = await self._in_force()
            if in_force is None:
                self.missing = Missing(NEW_TERMS, NEW_TERMS_HINT)
                return Outcome.MISSING
            if in_force.terms == under:
                return Outcome.OURS
            if in_force.terms in [one.terms for one in self._journal.staged]:
                await self._threads.run(self._journal.go_over, in_force.terms)
                await self._use()
                return Outcome.OVER
            self.missing = _missing(in_force, self._client.exchange.agreement)
            return Outcome.MISSING

    async def open(self, arrivals: Sequence[Arrival]) -> list[Opened]:
        """Return what arrived, opened; where it names terms that this desk has not in use, go over first if it can."""
        opened = await self._threads.run(self._intake.open, arrivals)
        if not self._is_hinted(opened):
            return opened
        self._hinted_at = asyncio.get_running_loop().time()
        under = self.terms
        # What cannot be learnt now is judged under the terms at hand, and anew once others are in use.
        with contextlib.suppress(Unavailable, Refused):
            for _ in range(LAGS):
                outcome = await self.catch_up(under)
                if outcome is Outcome.MISSING:
                    await self.tell_missing()
                if outcome is not Outcome.OURS:
                    break
                await asyncio.sleep(LAG_S)
        return opened if self.terms == under else await self._threads.run(self._intake.open, arrivals)

    async def look(self) -> None:
        """Go over to what is staged here, or what another process has gone over to, if it is in force by now."""
        now = asyncio.get_running_loop().time()
        if now - self._looked_at < LOOK_S:
            return
        self._looked_at = now
        # What cannot be learnt now shows again in what the hotline refuses.
        with contextlib.suppress(LocalError, Unavailable, Refused):
            news = await self._threads.run(self._journal.look_again)
            if self._asked_at is None:
                self._asked_at = now  # the stream was opened under these terms just now
            if news or now - self._asked_at >= (STAGED_S if self._journal.staged else UNSTAGED_S):
                self._asked_at = now
                if await self.catch_up(self.terms) is Outcome.MISSING:
                    await self.tell_missing()

    async def tell_missing(self) -> None:
        """Tell whoever watches, once, that terms are in force which nobody has staged here, and what to do."""
        if self.missing != self._told:
            self._told = self.missing
            said = f"{self.missing.detail}: {self.missing.hint}"
            self._announcer.told(await self._threads.run(self._intake.tell, WRONG_TERMS, said))

    async def pause(self, wait_s: float) -> None:
        """Wait, at most until somebody stages a revision or goes over to one."""
        loop = asyncio.get_running_loop()
        until = loop.time() + wait_s
        while (left_s := until - loop.time()) > 0:
            await asyncio.sleep(min(LOOK_S, left_s))
            with contextlib.suppress(LocalError):  # a journal that cannot be read is told by whoever needs it
                if await self._threads.run(self._journal.look_again):
                    return

    async def _use(self) -> bool:
        """Speak under the newest revision installed, if that is another one; judge again what came under it."""
        agreement = self._journal.agreements[0]
        if agreement.terms == self.terms:
            return False
        self._client.go_over(agreement)
        self._intake.opener.agreements = self._journal.agreements
        self._announcer.announce(Heard(TermsEvent(agreement.revision, agreement.terms, agreement.fingerprint)))
        self._announcer.told(await self._threads.run(self._intake.review, anew=True))
        return True

    async def _in_force(self) -> Agreement | None:
        """Return the revision that the hotline has in force, to be looked at alone; ``None`` if it shows none."""
        raw = await self._client.agreement()
        try:
            agreement = await self._threads.run(open_agreement, raw)
        except Malformed:
            return None
        return agreement if agreement.id == self._client.exchange.agreement.id else None

    def _is_hinted(self, opened: Sequence[Opened]) -> bool:
        if asyncio.get_running_loop().time() - self._hinted_at < HINTS_S:
            return False
        known = {agreement.terms for agreement in self._intake.opener.agreements}
        return not known.issuperset(filter(None, map(_named_terms, opened)))


def _missing(in_force: Agreement, ours: Agreement) -> Missing:
    if in_force.revision <= ours.revision:
        detail = f"ROLLBACK: the hotline has revision {in_force.revision} of the agreement in force"
        return Missing(f"{detail}, and this desk has gone over to {ours.revision}", "ask the hotline's operator why")
    detail = f"NEW TERMS: revision {in_force.revision} is in force, and this desk has {ours.revision}"
    return Missing(detail, "stage it, signed by all: keepclear agreement stage FILE")


def _named_terms(opened: Opened) -> str | None:
    """Return the terms that something names; of what does not verify, those that it claims."""
    match opened:
        case OpenedAlert(alert=None, object=value):
            return _claimed_terms(value.alert)
        case OpenedAlert(alert=alert) if alert is not None:
            return alert.claims.terms
        case OpenedAcknowledgement(acknowledgement=None, raw=raw):
            return _claimed_terms(raw)
        case OpenedAcknowledgement(acknowledgement=ack) if ack is not None:
            return ack.claims.terms
        case OpenedOwn(statement=None, raw=raw):
            return _claimed_terms(raw)
        case OpenedOwn(statement=statement) if statement is not None:
            return statement.claims.terms
    return None


def _claimed_terms(raw: str) -> str | None:
    try:
        payload = parse_json(unb64(raw.partition("~")[0].split(".")[1]), max_bytes=MAX_PAYLOAD_BYTES)
    except (Malformed, IndexError):
        return None
    terms = payload.get("terms") if isinstance(payload, dict) else None
    return terms if isinstance(terms, str) else None
