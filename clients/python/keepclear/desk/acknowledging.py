"""Acknowledging: what a desk signs of the alerts that came: by itself that each was delivered, and for its officers.

Guaranteed: nothing is signed of an alert that only this desk's slow clock keeps from being verified; what is refused
for another reason than that a newer version is on its way stays to be said, and is told once.
"""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from keepclear_protocol.acknowledgement import VERIFIED, build_acknowledgement
from keepclear_protocol.encoding import digest
from keepclear_protocol.errors import (
    EvidenceInvalid,
    LocalError,
    NotAuthentic,
    OutOfStep,
    OverBudget,
    Refused,
    Unavailable,
)
from keepclear_protocol.instant import SECOND
from keepclear_protocol.kinds import ACKNOWLEDGE
from keepclear_protocol.receipt import Receipt
from keepclear_protocol.speakable import read_speakable, speakable

from ..journal.changes import Change, MarkAnswered, MarkDelivered
from ..journal.journal import Journal
from ..journal.kept import RECEIPTED, KeptAcknowledgement, KeptConflict
from ..transport.client import AsyncClient
from ..verify.verdicts import Standing
from ..wire.answers import Admission
from .answered import answers_of
from .budgets import over_words, patiently, time_of
from .intake import Intake, Taken
from .officers import check_handle
from .succession import WRONG_TERMS, Outcome, Succession
from .threads import Threads
from .transition import ANSWERED, CLOCK

AT_ONCE = 16
"""Alerts said to be delivered side by side: a desk that begins, or that was away, may have thousands."""

DELIVERED = "delivered"

Stage = Literal["displayed", "acknowledged"]
"""What an officer may say of an alert: that it was seen, or received, read and understood. Neither means approved."""

_OVERTAKEN = ("version_stale", "conflict_unknown")
"""Refusals of a ``delivered`` after which it need not be said: a newer version is on its way, or none is left."""
UNPROVEN = "closed_without_cause"
"""What a desk signs of a closing that it could not recompute: signed as verified it would confirm the other side's."""


class Unanswered(Unavailable):
    """An officer's acknowledgement that the hotline has not receipted.

    ``certain``: it never left this machine. Else it may count; the same may be said again without harm.
    """

    def __init__(self, cause: Unavailable, *, certain: bool) -> None:
        self.certain = certain
        if certain:
            said = f"NOT ACKNOWLEDGED: the answer was NOT SENT; {cause.detail}"
            hint = "nothing of it is kept: acknowledge again when the line is back, or answer by voice"
        else:
            said = f"NOT KNOWN whether the acknowledgement counts: it was sent, and no receipt came; {cause.detail}"
            hint = "if it counts the watch shows it once the line is back; to acknowledge again is safe"
        super().__init__(cause.code, said, hint=hint)


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """An officer's word on one version of a conflict, receipted by the hotline. ``sha256`` is the statement's.

    ``before``: who of this party had acknowledged that version already, as far as this desk knew; None for the first.
    """

    conflict: str
    version: int
    stage: Stage
    officer: str
    sha256: str
    receipt: Receipt
    before: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return it for scripts, with the exact receipt."""
        named = {"conflict": self.conflict, "version": self.version, "stage": self.stage, "officer": self.officer}
        return {**named, "sha256": self.sha256, "receipt": self.receipt.raw, "acknowledged_before_by": self.before}


class Acknowledging:
    """Signs, sends and keeps one desk's acknowledgements. ``told`` is handed what a watcher must be told of it."""

    def __init__(
        self,
        client: AsyncClient,
        journal: Journal,
        intake: Intake,
        succession: Succession,
        threads: Threads,
        clock: Callable[[], int],
        told: Callable[[Taken], None],
    ) -> None:
        self._client = client
        self._exchange = client.exchange
        self._journal = journal
        self._intake = intake
        self._succession = succession
        self._threads = threads
        self._clock = clock
        self._told = told
        self._complained: set[str] = set()
        self._again_at = 0

    async def acknowledge(
        self,
        conflict: str,
        *,
        officer: str,
        stage: Stage = "acknowledged",
        read_back: str | None = None,
        version: int | None = None,
    ) -> Acknowledged:
        """Sign and send that an officer has seen, or has understood, the newest version of a conflict.

        Raises ``LocalError`` with ``usage`` for what is no handle, ``OutOfStep`` with ``version_stale`` where
        ``version``, what the officer has read, is not the newest, and ``Unanswered`` where no receipt came.
        """
        check_handle(officer)
        kept = self._named(conflict)
        if version is not None and version != kept.version:
            hint = "the conflict has changed since it was read: read it again, then acknowledge that version"
            raise OutOfStep("version_stale", f"the newest version is {kept.version}, not {version}", hint=hint)
        spoken = None if read_back is None else digest(read_back)
        raw = self._acknowledgement(kept, stage=stage, officer=officer, read_back=spoken)
        return await self._send_acknowledgement(raw, kept, stage, officer)

    def _named(self, conflict: str) -> KeptConflict:
        """Return the conflict of an id, or of the code that is said aloud."""
        kept = self._journal.conflict(conflict)
        if kept is not None:
            return kept
        code = read_speakable(conflict)
        meant = [row for row in self._journal.conflicts() if code is not None and speakable(row.conflict) == code]
        if len(meant) == 1:
            return meant[0]
        if meant:
            hint = f"they are {', '.join(row.conflict for row in meant[:5])}"
            raise LocalError("usage", f"{len(meant)} conflicts go by {conflict}", hint=hint)
        hint = "a view's .conflict or .code names one that this desk knows; refresh() asks the hotline for others"
        raise Refused("conflict_unknown", f"this desk knows no conflict {conflict}", hint=hint)

    async def deliver(
        self,
        *,
        again: bool = True,
        unless: Callable[[], bool] = lambda: False,
        said: Callable[[int], None] = lambda count: None,
    ) -> None:
        """Sign and send ``delivered`` for all that came and was not said to have come; nothing if the key may not.

        ``unless`` is asked from time to time whether something else goes first: then the rest waits for the next call.
        ``said`` hears of how many are sent.

        What is refused for another reason than that a newer version is on its way stays to be said, and is told once.
        """
        left: set[str] = set()
        while self._may_deliver() and not unless() and (waiting := self._undelivered(left)):
            under, signed = self._succession.terms, []
            for kept in waiting:
                try:
                    raw = self._acknowledgement(kept, stage=DELIVERED, officer=None, read_back=None)
                except LocalError:
                    left.add(kept.conflict)  # told when it came: it waits for this desk's clock
                else:
                    signed.append((kept, raw))
            said(len(signed))
            asked = (self._client.ask(self._exchange.acknowledge(raw), again=again) for _, raw in signed)
            replies = await asyncio.gather(*asked)
            changes: list[Change] = []
            for (kept, raw), reply in zip(signed, replies, strict=True):
                if reply.answer is not None:
                    changes += self._said(kept, raw, DELIVERED, None, reply.answer)
                elif isinstance(reply.error, EvidenceInvalid):
                    await self.protest(reply.error)
                    changes.append(MarkDelivered(kept.conflict, kept.version))
                elif isinstance(reply.error, OverBudget):
                    left.add(kept.conflict)
                    self._again_at = max(self._again_at, reply.error.again_at)
                elif reply.error is not None and reply.error.code in _OVERTAKEN:
                    changes.append(MarkDelivered(kept.conflict, kept.version))
                elif reply.error is not None and reply.error.code == WRONG_TERMS:
                    if await self._stays(under):
                        left.add(kept.conflict)
                elif reply.error is not None and not isinstance(reply.error, Unavailable):
                    left.add(kept.conflict)
                    await self._complain(reply.error.code, f"the hotline refuses to take: {reply.error.detail}")
            if changes:
                await self._threads.run(self._journal.apply, changes)
            if lost := next((reply.error for reply in replies if isinstance(reply.error, Unavailable)), None):
                raise lost

    async def protest(self, error: EvidenceInvalid) -> None:
        """Tell whoever watches that an answer to what this desk said does not hold."""
        await self._tell(error.code, f"the answer to a statement of ours: {error.detail}")

    async def _stays(self, under: str) -> bool:
        """Go over to the terms in force, if others than ``under`` are; whether this desk stays where it is."""
        outcome = Outcome.OURS
        with contextlib.suppress(Unavailable, Refused, NotAuthentic):  # said again with the next sign of life
            outcome = await self._succession.catch_up(under)
        if outcome is Outcome.MISSING:
            await self._succession.tell_missing()
        return outcome is not Outcome.OVER

    async def _complain(self, code: str, said: str) -> None:
        if code not in self._complained:
            self._complained.add(code)
            await self._tell(code, f"delivered was not said: {said}")

    async def _tell(self, code: str, detail: str) -> None:
        self._told(await self._threads.run(self._intake.tell, code, detail))

    def _may_deliver(self) -> bool:
        """Whether the key may say so, and the party's budget had room when it was last heard of."""
        return ACKNOWLEDGE in self._exchange.roles and self._clock() >= self._again_at

    def _undelivered(self, left: set[str]) -> list[KeptConflict]:
        waiting = self._journal.undelivered(len(left) + AT_ONCE)
        return [kept for kept in waiting if kept.conflict not in left][:AT_ONCE]

    def _acknowledgement(self, kept: KeptConflict, *, stage: str, officer: str | None, read_back: str | None) -> str:
        came = self._journal.alert_of(kept.conflict, kept.version)
        if came is None:
            raise LocalError("usage", "the journal has no alert of this version")
        if came.verdict == CLOCK:
            raise LocalError(CLOCK, came.detail, hint="set this machine's clock; the alert is judged again then")
        alert = self._intake.opener.kept_alert(came.object.alert)
        newest = [row.sha256 for row in self._journal.own_history(alert.own.id) if row.status == RECEIPTED]
        return build_acknowledgement(
            self._exchange.key,
            iss=self._exchange.party,
            aud=self._exchange.agreement.id,
            terms=self._exchange.agreement.terms,
            iat=self._clock() // SECOND,
            stage=stage,
            alert=alert.sha256,
            conflict=alert.conflict,
            version=alert.version,
            ours=alert.own.sha256,
            theirs=alert.other.sha256,
            ours_newest=newest[0] if newest else alert.own.sha256,
            verdict=_verdict(came.verdict, came.standing, confirmed=kept.confirmed == kept.version),
            officer=officer,
            read_back=read_back,
        )

    async def _send_acknowledgement(self, raw: str, kept: KeptConflict, stage: Stage, officer: str) -> Acknowledged:
        reply = await patiently(self._client, self._exchange.acknowledge(raw), self._clock)
        if isinstance(reply.error, OverBudget):
            again = time_of(reply.error.again_at)
            hint = f"nothing of it is kept: acknowledge again from {again} on, or answer by voice"
            over = reply.error.budget, reply.error.left, reply.error.again_at
            raise OverBudget(*over, f"NOT ACKNOWLEDGED: {over_words(reply.error)}", hint=hint)
        if isinstance(reply.error, Unavailable):
            raise Unanswered(reply.error, certain=not reply.lost) from reply.error
        if reply.error is not None:
            raise reply.error
        admission = reply.answer
        assert admission is not None  # noqa: S101 - for the type checker; without an error there is one
        changes = self._said(kept, raw, stage, officer, admission)
        said = [ack for ack in self._journal.acknowledgements(kept.conflict, kept.version) if ack.verdict == VERIFIED]
        before = answers_of(said, kept.version, self._exchange.party).acknowledged_by
        await self._threads.run(self._journal.apply, changes)
        return Acknowledged(kept.conflict, kept.version, stage, officer, digest(raw), admission.receipt, before)

    def _said(
        self, kept: KeptConflict, raw: str, stage: str, officer: str | None, admission: Admission
    ) -> list[Change]:
        """What is kept of an acknowledgement of ours that was admitted."""
        ack = self._intake.opener.kept_acknowledgement(raw)
        mark = MarkDelivered if stage == DELIVERED else MarkAnswered
        marks = [mark(kept.conflict, kept.version)] if stage in (DELIVERED, ANSWERED) else []
        return [
            KeptAcknowledgement(
                sha256=ack.sha256, conflict=kept.conflict, version=kept.version, party=self._exchange.party,
                stage=stage, raw=raw, verdict=VERIFIED, receipt=admission.receipt.raw, told=True,
                received_at=self._clock(), officer=officer, said=ack.verdict, signed_at=ack.claims.iat,
            ),
            *marks,
        ]  # fmt: skip


def _verdict(verdict: str, standing: str | None, *, confirmed: bool) -> str:
    """What a desk signs of an alert: of a closing that it could not recompute, by whether their desk did (R-077)."""
    return UNPROVEN if standing == Standing.UNCONFIRMED and not confirmed else verdict
