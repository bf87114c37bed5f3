"""Settling: what became of a statement of ours that was sent, or that was kept to be sent.

Guaranteed: ``settle`` and ``fetch`` only ask, whatever is read never files anything; ``post`` sends exactly the bytes
that the journal holds, and they count as of unknown outcome there from before the first of them leaves until the
hotline's own word settles it. A statement is called NOT SENT only where that is certain: no connection was made, or
the hotline does not have it and could not admit it any more. What was refused, was refused by the hotline after it had
looked for the same bytes, or at the first attempt.
"""

import asyncio
from collections.abc import Callable, Sequence

from keepclear_protocol.claims import MAX_AHEAD_S
from keepclear_protocol.encoding import parse_json, unb64
from keepclear_protocol.errors import EvidenceInvalid, LocalError, OverBudget, Unavailable
from keepclear_protocol.instant import SECOND, parse_instant
from keepclear_protocol.kinds import NOTICE, RECEIPT
from keepclear_protocol.notice import Notice
from keepclear_protocol.receipt import Receipt
from keepclear_protocol.speakable import speakable
from keepclear_protocol.withdrawal import Withdrawal

from ..journal.changes import Change, RefuseOwn, SettleOwn, TurnOwn
from ..journal.journal import Journal
from ..journal.kept import LOST, UNKNOWN, UNSENT, OwnStatement
from ..transport.client import AsyncClient
from ..wire.answers import AlertObject
from .budgets import over_words, patiently, when_words
from .intake import Intake
from .threads import Threads

AT_ONCE = 16
"""Own notices asked for side by side: a desk that begins, or that was away, may need thousands."""


class NotSent(Unavailable):
    """A statement of ours that is kept in the journal and is not known to be filed.

    ``certain``: it never left this machine, or the hotline has said that nothing of it was kept. Else it may have been
    admitted, and the hotline has to be asked. ``again_at`` is the instant from which on a budget may have room for it.
    ``cause`` is what kept it here.
    """

    def __init__(self, kept: OwnStatement, cause: Unavailable | OverBudget, *, certain: bool) -> None:
        self.id, self.sha256, self.certain = kept.id, kept.sha256, certain
        self.cause = cause
        self.again_at = cause.again_at if isinstance(cause, OverBudget) else None
        code = speakable(kept.id)
        if certain:
            said = f"NOT SENT and NOT DECONFLICTED: {code} is kept here; {cause.detail}"
            hint = f"keepclear send {code} {when_words(cause)}, or keepclear discard {code}"
            if isinstance(cause, OverBudget):
                said = f"NOT SENT and NOT DECONFLICTED: {code} is kept here; {over_words(cause)}"
            if cause.code == "client_certificate":
                hint = f"{cause.hint}; then keepclear send {code}"
        else:
            said = f"UNKNOWN whether {code} was filed, and NOT DECONFLICTED until that is known: {cause.detail}"
            hint = f"keepclear notices asks what became of it; keepclear send {code} sends the same bytes again"
        super().__init__(cause.code, said, hint=hint)


class Settling:
    """Learns what became of one desk's statements, and sends them."""

    def __init__(
        self, client: AsyncClient, journal: Journal, intake: Intake, threads: Threads, clock: Callable[[], int]
    ) -> None:
        self._client = client
        self._exchange = client.exchange
        self._journal = journal
        self._intake = intake
        self._threads = threads
        self._clock = clock

    async def settle(self) -> None:
        """Ask what became of every statement whose outcome is unknown. Nothing is sent."""
        await self.ask(self._journal.own_unknown())

    async def ask(self, waiting: Sequence[OwnStatement]) -> None:
        """Ask what became of some statements. What the hotline does not have and can admit no more was NOT SENT."""
        if not waiting:
            return
        asked_at = self._clock()
        newest = await self.fetch_all(list(dict.fromkeys(row.id for row in waiting)))
        gone = [
            row
            for row in waiting
            if (has := newest[row.id]) is not None and has < row.revision and not self.admissible(row, asked_at)
        ]
        changes: list[Change] = [TurnOwn(row.sha256, UNSENT, (UNKNOWN,)) for row in gone]
        await self._threads.run(self._journal.apply, changes)

    def admissible(self, row: OwnStatement, at: int) -> bool:
        """Whether the hotline may take these bytes at ``at`` or later, by its own clock.

        An answer to a read proves that the clocks differ by no more than a proof may be old.
        """
        statement = self.opened(row)
        admit_by = statement.claims.admit_by or 0
        return at <= (admit_by + MAX_AHEAD_S) * SECOND

    def opened(self, row: OwnStatement) -> Notice | Withdrawal:
        """Return the statement of a row."""
        return self._intake.opener.kept_own(row.sha256, row.raw, row.kind)

    async def fetch(self, id: str) -> int | None:
        """Ask for an own notice, and keep what the hotline has if it holds.

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

    async def post(self, kept: OwnStatement, *, first: bool = False) -> tuple[Receipt, tuple[AlertObject, ...], bool]:
        """Send a kept statement, ``first`` or again; return its receipt, its alerts, and whether there are more.

        Raises ``NotSent`` where it did not arrive or no answer did, and the ``Refused`` of what was refused for
        certain, which frees its revision.
        """
        id, sha256 = kept.id, kept.sha256
        never = kept.status == UNSENT or first
        await self._threads.run(self._journal.apply, [TurnOwn(sha256, UNKNOWN, (UNSENT, LOST))])
        submit = self._exchange.submit if kept.kind == NOTICE.name else self._exchange.withdraw
        reply = await patiently(self._client, submit(kept.raw), self._clock)
        if isinstance(reply.error, Unavailable | OverBudget):
            # Only what never left before, and did not now, is certain.
            certain = never and not reply.lost
            before = kept.status if kept.status == LOST else UNSENT
            if certain or (kept.status == LOST and not reply.lost):
                await self._threads.run(self._journal.apply, [TurnOwn(sha256, before, (UNKNOWN,))])
            raise NotSent(kept, reply.error, certain=certain) from reply.error
        if isinstance(reply.error, EvidenceInvalid):
            raise reply.error  # the outcome is unknown
        if reply.error is not None:
            # An earlier attempt may have been admitted and its answer lost. Then what the hotline has now settles it,
            # or a 409, which it gives only after it has looked for the same bytes; else the outcome stays unknown.
            error, doubtful = reply.error, not never or reply.lost
            newest = (await self.fetch(id)) if doubtful or error.status == 409 else None
            if error.status == 409 or not doubtful or (newest is not None and newest <= kept.revision):
                refused: list[Change] = [RefuseOwn(sha256, error.code)]
                if kept.receipt is not None:
                    refused = [TurnOwn(sha256, LOST, (UNKNOWN,))]
                await self._threads.run(self._journal.apply, refused)
            raise error
        admission = reply.answer
        assert admission is not None  # noqa: S101 - for the type checker; without an error there is one
        receipt = admission.receipt
        beside = await self._threads.run(self._journal.receipted_beside, receipt.epoch, receipt.seq)
        _check_place(receipt, beside)
        settled = SettleOwn(sha256, receipt.raw, receipt.seq, receipt.epoch)
        await self._threads.run(self._journal.apply, [settled])
        return receipt, admission.alerts, admission.more


def _check_place(receipt: Receipt, beside: Sequence[tuple[int, str, str]]) -> None:
    """Raise ``EvidenceInvalid`` with ``rollback`` where the log's order is not the one that we were told before.

    In one life of the store a place is given once, and time does not go back: a hotline that goes on with an older copy
    of its store gives places again.
    """
    for seq, sha256, raw in beside:
        said = parse_json(unb64(raw.split(".")[1]), max_bytes=RECEIPT.max_payload_bytes)
        at = parse_instant(said["received_at"], code="claims")
        if seq == receipt.seq and (sha256, at) != (receipt.sha256, receipt.received_at):
            detail = f"ROLLBACK: the hotline gave the place {seq} of its log before, to another statement of ours"
            raise EvidenceInvalid("rollback", detail)
        if (seq < receipt.seq and at > receipt.received_at) or (seq > receipt.seq and at < receipt.received_at):
            detail = f"ROLLBACK: the hotline's log goes back: place {receipt.seq} was given at another time than {seq}"
            raise EvidenceInvalid("rollback", detail)
