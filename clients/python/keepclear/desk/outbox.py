"""What a desk says: notices, their amendments and withdrawals, and acknowledgements, signed, kept, and only then sent.

Guaranteed: a notice or withdrawal is in the journal before its first byte leaves, so that an outcome that stays unknown
can be asked for with the same bytes; the next revision is not signed before the outcome of the one before is known;
nothing is signed of an alert that only this desk's slow clock keeps from being verified.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from keepclear_protocol.acknowledgement import VERIFIED, build_acknowledgement
from keepclear_protocol.claims import ADMIT_WITHIN_S
from keepclear_protocol.encoding import digest
from keepclear_protocol.errors import EvidenceInvalid, KeepclearError, LocalError, Refused, Unavailable
from keepclear_protocol.kinds import ACKNOWLEDGE, NOTICE, WITHDRAWAL
from keepclear_protocol.notice import Notice, build_notice
from keepclear_protocol.receipt import Receipt
from keepclear_protocol.withdrawal import build_withdrawal

from ..journal.changes import Change, MarkAnswered, MarkDelivered, RefuseOwn, SettleOwn
from ..journal.journal import Journal
from ..journal.kept import RECEIPTED, KeptAcknowledgement, KeptConflict, OwnStatement
from ..transport.client import AsyncClient
from ..verify.verdicts import Standing
from ..wire.answers import Admission
from .events import AlertEvent
from .intake import Intake, Taken
from .position import NEW_TERMS
from .threads import Threads
from .transition import ANSWERED, CLOCK, Source, own_statement

AT_ONCE = 16
"""Own notices asked for side by side: a desk that begins, or that was away, may need thousands."""

DELIVERED = "delivered"
_OVERTAKEN = ("version_stale", "conflict_unknown")
"""Refusals of a ``delivered`` after which it need not be said: a newer version is on its way, or none is left."""
UNPROVEN = "closed_without_cause"
"""What a desk signs of a closing that it could not recompute: signed as verified it would confirm the other side's."""


@dataclass(frozen=True, slots=True)
class Filed:
    """A statement of ours that the service has receipted, and the alerts that it caused to us.

    ``more``: there are more alerts than its answer could hold; they come on the stream.
    """

    id: str
    revision: int
    sha256: str
    receipt: Receipt
    alerts: tuple[AlertEvent, ...]
    more: bool = False


class Outbox:
    """Signs, keeps and sends what one desk says. ``told`` is handed what a watcher must be told of it."""

    def __init__(
        self,
        client: AsyncClient,
        journal: Journal,
        intake: Intake,
        threads: Threads,
        clock: Callable[[], int],
        told: Callable[[Taken], None],
    ) -> None:
        self._client = client
        self._exchange = client.exchange
        self._journal = journal
        self._intake = intake
        self._threads = threads
        self._clock = clock
        self._told = told
        self._complained: set[str] = set()

    async def file(
        self,
        volumes: Sequence[Mapping[str, Any]],
        category: str,
        *,
        callsign: str | None = None,
        remarks: str | None = None,
    ) -> Filed:
        """File a new notice of F3548 ``volumes``."""
        return await self._notice(volumes, category, callsign, remarks)

    async def amend(
        self,
        id: str,
        volumes: Sequence[Mapping[str, Any]],
        category: str | None = None,
        *,
        callsign: str | None = None,
        remarks: str | None = None,
    ) -> Filed:
        """File the next revision of notice ``id``; category, callsign and remarks stay where they are not given."""
        head = await self._head(id)
        before = await self._threads.run(self._intake.opener.kept_own, head.sha256, head.raw, head.kind)
        if not isinstance(before, Notice):
            raise Refused("notice_withdrawn")
        rest = category or before.category, callsign or before.callsign, remarks or before.remarks
        return await self._notice(volumes, *rest, notice=id, revision=head.revision + 1, prev=head.sha256)

    async def withdraw(self, id: str) -> Filed:
        """End notice ``id`` for ever."""
        head = await self._head(id)
        if head.kind == WITHDRAWAL.name:
            raise Refused("notice_withdrawn")
        raw = build_withdrawal(
            self._exchange.key, **self._claims(), notice=id, revision=head.revision + 1, prev=head.sha256
        )
        return await self._send(raw, WITHDRAWAL.name)

    async def settle(self) -> None:
        """Send again, with the same bytes, every statement whose outcome is unknown."""
        for statement in self._journal.own_unknown():
            try:
                await self._ask(statement)
            except (Unavailable, EvidenceInvalid, LocalError):
                raise
            except KeepclearError:
                continue  # refused: its revision is free, if nothing can have admitted it before

    async def fetch(self, id: str) -> int | None:
        """Ask for an own notice that another desk filed, and keep it if it holds.

        Returns the newest revision that the service has, 0 if it has none, ``None`` if that was not to be learnt.
        """
        return (await self.fetch_all([id]))[id]

    async def fetch_all(self, ids: Sequence[str]) -> dict[str, int | None]:
        """Ask for own notices as ``fetch`` does, some at a time."""
        newest: dict[str, int | None] = {}
        for start in range(0, len(ids), AT_ONCE):
            some = ids[start : start + AT_ONCE]
            replies = await asyncio.gather(*(self._client.ask(self._exchange.notice(id)) for id in some))
            for id, reply in zip(some, replies, strict=True):
                if isinstance(reply.error, Unavailable | LocalError):
                    raise reply.error
                # Whoever needed what is not to be had will miss it, and say so.
                newest[id] = 0 if reply.error is not None and reply.error.code == "not_found" else None
            answers = [reply.answer for reply in replies if reply.answer is not None]
            newest |= await self._threads.run(self._intake.take_own, answers)
        return {id: newest[id] for id in ids}

    async def acknowledge(
        self, conflict: str, *, officer: str, stage: str = ANSWERED, read_back: str | None = None
    ) -> Receipt:
        """Sign and send that an officer has seen, or has understood, the newest version of a conflict."""
        kept = self._journal.conflict(conflict)
        if kept is None:
            raise Refused("conflict_unknown")
        spoken = None if read_back is None else digest(read_back)
        raw = self._acknowledgement(kept, stage=stage, officer=officer, read_back=spoken)
        return await self._send_acknowledgement(raw, kept, stage, officer)

    async def deliver(self, *, again: bool = True) -> None:
        """Sign and send ``delivered`` for all that came and was not said to have come; nothing if the key may not.

        What is refused for another reason than that a newer version is on its way stays to be said, and is told once.
        """
        left: set[str] = set()
        while ACKNOWLEDGE in self._exchange.roles and (waiting := self._undelivered(left)):
            signed = []
            for kept in waiting:
                try:
                    raw = self._acknowledgement(kept, stage=DELIVERED, officer=None, read_back=None)
                except LocalError:
                    left.add(kept.conflict)  # told when it came: it waits for this desk's clock
                else:
                    signed.append((kept, raw))
            asked = (self._client.ask(self._exchange.acknowledge(raw), again=again) for _, raw in signed)
            replies = await asyncio.gather(*asked)
            changes: list[Change] = []
            for (kept, raw), reply in zip(signed, replies, strict=True):
                if reply.answer is not None:
                    changes += self._said(kept, raw, DELIVERED, None, reply.answer)
                elif isinstance(reply.error, EvidenceInvalid):
                    await self.protest(reply.error)
                    changes.append(MarkDelivered(kept.conflict, kept.version))
                elif reply.error is not None and reply.error.code in _OVERTAKEN:
                    changes.append(MarkDelivered(kept.conflict, kept.version))
                elif reply.error is not None and not isinstance(reply.error, Unavailable):
                    left.add(kept.conflict)
                    await self._complain(reply.error)
            if changes:
                await self._threads.run(self._journal.apply, changes)
            if lost := next((reply.error for reply in replies if isinstance(reply.error, Unavailable)), None):
                raise lost

    async def protest(self, error: EvidenceInvalid) -> None:
        """Tell whoever watches that an answer to what this desk said does not hold."""
        await self._tell(error.code, f"the answer to a statement of ours: {error.detail}")

    async def _complain(self, error: KeepclearError) -> None:
        if error.code not in self._complained:
            self._complained.add(error.code)
            said = NEW_TERMS if error.code == "wrong_terms" else f"the hotline refuses to take: {error.detail}"
            await self._tell(error.code, f"delivered was not said: {said}")

    async def _tell(self, code: str, detail: str) -> None:
        self._told(await self._threads.run(self._intake.tell, code, detail))

    def _undelivered(self, left: set[str]) -> list[KeptConflict]:
        waiting = self._journal.undelivered(len(left) + AT_ONCE)
        return [kept for kept in waiting if kept.conflict not in left][:AT_ONCE]

    def _claims(self) -> dict[str, Any]:
        agreement = self._exchange.agreement
        iat = self._clock() // 1_000_000
        return {"iss": self._exchange.party, "aud": agreement.id, "terms": agreement.terms, "iat": iat}

    async def _notice(
        self,
        volumes: Sequence[Mapping[str, Any]],
        category: str,
        callsign: str | None,
        remarks: str | None,
        **chain: Any,
    ) -> Filed:
        if category not in self._exchange.agreement.categories:
            known = ", ".join(sorted(self._exchange.agreement.categories))
            raise Refused("category", hint=f"the agreement has: {known}")
        claims = self._claims()
        raw = await self._threads.run(
            build_notice,
            self._exchange.key,
            **claims,
            admit_by=claims["iat"] + ADMIT_WITHIN_S,
            volumes=volumes,
            category=category,
            callsign=callsign,
            remarks=remarks,
            **chain,
        )
        return await self._send(raw, NOTICE.name)

    async def _head(self, id: str) -> OwnStatement:
        """The newest receipted revision of a notice, once the outcome of all that was sent is known."""
        await self.settle()
        if not self._journal.own_history(id):
            await self.fetch(id)
        history = [row for row in self._journal.own_history(id) if row.status == RECEIPTED]
        if not history:
            raise Refused("notice_unknown", hint="keepclear notices lists yours")
        return history[0]

    async def _send(self, raw: str, kind: str) -> Filed:
        kept = await self._threads.run(self._keep, raw, kind)
        try:
            return await self._ask(kept, first=True)
        except Unavailable as error:
            hint = f"whether {kept.id} was filed is not known: keepclear notices asks, with the same bytes"
            raise Unavailable(error.code, error.detail, hint=hint) from error

    def _keep(self, raw: str, kind: str) -> OwnStatement:
        # We have just signed it, and a notice is read back as it is built.
        statement = self._intake.opener.kept_own(digest(raw.partition("~")[0]), raw, kind)
        kept = own_statement(statement, kind, raw, self._clock())
        self._journal.save_own(kept)
        return kept

    async def _ask(self, kept: OwnStatement, *, first: bool = False) -> Filed:
        """Send a kept statement, ``first`` or again, and keep its receipt, or that it was refused for certain."""
        asked_at, id, sha256 = self._clock(), kept.id, kept.sha256
        submit = self._exchange.submit if kept.kind == NOTICE.name else self._exchange.withdraw
        reply = await self._client.ask(submit(kept.raw))
        if isinstance(reply.error, Unavailable | EvidenceInvalid):
            raise reply.error  # the outcome is unknown
        if reply.error is not None:
            # An earlier attempt may have been admitted and its answer lost. Then what the hotline has now settles it,
            # or a 409, which it gives only after it has looked for the same bytes; else the outcome stays unknown.
            error, doubtful = reply.error, not first or reply.lost
            newest = (await self.fetch(id)) if doubtful or error.status == 409 else None
            if error.status == 409 or not doubtful or (newest is not None and newest <= kept.revision):
                await self._threads.run(self._journal.apply, [RefuseOwn(sha256, error.code)])
            raise error
        admission = reply.answer
        assert admission is not None  # noqa: S101 - for the type checker; without an error there is one
        receipt = admission.receipt
        settled = SettleOwn(sha256, receipt.raw, receipt.seq, receipt.epoch)
        await self._threads.run(self._journal.apply, [settled])
        source = Source(receipt.epoch, asked_at=asked_at)

        def take() -> Taken:
            return self._intake.take([(self._intake.open_alert(value), source) for value in admission.alerts])

        taken = await self._threads.run(take) if admission.alerts else Taken((), ())
        alerts = tuple(event for event in taken.events if isinstance(event, AlertEvent))
        return Filed(id, receipt.revision or 0, sha256, receipt, alerts, admission.more)

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
            **self._claims(),
            stage=stage,
            alert=alert.sha256,
            conflict=alert.conflict,
            version=alert.version,
            ours=alert.own.sha256,
            theirs=alert.other.sha256,
            ours_newest=newest[0] if newest else alert.own.sha256,
            verdict=_verdict(came.verdict, came.standing),
            officer=officer,
            read_back=read_back,
        )

    async def _send_acknowledgement(self, raw: str, kept: KeptConflict, stage: str, officer: str | None) -> Receipt:
        admission = await self._client.call(self._exchange.acknowledge(raw))
        changes = self._said(kept, raw, stage, officer, admission)
        await self._threads.run(self._journal.apply, changes)
        return admission.receipt

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


def _verdict(verdict: str, standing: str | None) -> str:
    """What a desk signs of an alert."""
    return UNPROVEN if standing == Standing.UNCONFIRMED else verdict
