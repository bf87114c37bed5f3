"""What a desk files: notices, their amendments and withdrawals, judged, signed, kept, and only then sent.

Guaranteed: nothing is signed that would be refused for what it says; a statement is in the journal before its first
byte leaves, and is sent only by whoever files, amends, withdraws or sends it, never by a reading; the next revision is
not signed before the outcome of the one before is known. What certainly never was admitted gives way to what is filed
in its place. Lost statements, which the hotline had receipted and has no more, are ``lost``'s.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from keepclear_protocol.claims import ADMIT_WITHIN_S
from keepclear_protocol.encoding import digest
from keepclear_protocol.errors import LocalError, Refused
from keepclear_protocol.filing import Content, Unfit, composed, content_of, find_faults, key_faults
from keepclear_protocol.instant import SECOND
from keepclear_protocol.kinds import NOTICE, WITHDRAWAL
from keepclear_protocol.notice import Notice, build_notice
from keepclear_protocol.speakable import speakable
from keepclear_protocol.withdrawal import build_withdrawal

from ..journal.changes import Change, KeepReference, MoveReference, TurnOwn
from ..journal.journal import Journal
from ..journal.kept import LOST, RECEIPTED, REFUSED, UNKNOWN, UNSENT, OwnStatement
from ..transport.client import AsyncClient
from .events import AlertEvent
from .filed import Filed, Named, Place
from .intake import Intake, Taken
from .settling import Settling
from .threads import Threads
from .transition import Source, own_statement

SUPERSEDED, SIGNED_ANEW, DISCARDED, FILED_AGAIN = "superseded", "signed_anew", "discarded", "filed_again"
"""Why a statement that never was admitted, or is lost, is not to be sent any more."""

_TOO_LATE = ("admitted_too_late", "wrong_terms")
"""Refusals of bytes that were kept for long: said after the hotline had looked for the same ones, and for good."""


class Outbox:
    """Judges, signs, keeps and sends what one desk files."""

    def __init__(
        self,
        client: AsyncClient,
        journal: Journal,
        intake: Intake,
        settling: Settling,
        threads: Threads,
        clock: Callable[[], int],
    ) -> None:
        self._exchange = client.exchange
        self._journal = journal
        self._intake = intake
        self._settling = settling
        self._threads = threads
        self._clock = clock

    async def file(self, content: Content) -> Filed:
        """File a new notice."""
        return await self.post(await self.sign(content), first=True)

    async def sign(self, content: Content, named: Named | None = None) -> OwnStatement:
        """Judge, sign and keep a new notice that is to be sent now."""
        return await self._threads.run(self._notice, content, None, (), SUPERSEDED, named)

    async def keep(self, content: Content, named: Named | None = None) -> OwnStatement:
        """Sign and keep a new notice, to be sent when the line is back: it was NOT SENT."""
        kept = await self.sign(content, named)
        await self._threads.run(self._journal.apply, [TurnOwn(kept.sha256, UNSENT, (UNKNOWN,))])
        return replace(kept, status=UNSENT)

    async def judge(self, id: str, content: Callable[[Notice], Content]) -> Content:
        """Return what ``amend`` would sign, or raise what it would; nothing is sent but a question."""
        place = await self.place(id, send=False)
        judged = content(self.newest(place))
        self.check(judged, place.revision)
        return replace(judged, remarks=composed(judged.remarks))

    async def amend(self, id: str, content: Callable[[Notice], Content]) -> Filed:
        """File the next revision of notice ``id``: what ``content`` makes of the newest one."""
        place = await self.place(id)
        before = self.newest(place)
        kept = await self._threads.run(self._notice, content(before), place)
        return await self.post(kept, first=True)

    async def withdraw(self, id: str) -> Filed:
        """End notice ``id`` for ever."""
        place = await self.place(id, lost=True)
        if place.head is None:
            detail = f"there is nothing to withdraw: {speakable(id)} was never sent"
            raise Refused("notice_unknown", detail, hint=f"keepclear discard {speakable(id)} takes it off the list")
        self._check_live(place)
        return await self.post(await self._threads.run(self.sign_withdrawal, place), first=True)

    async def send(self, row: OwnStatement) -> Filed:
        """Send a statement that is not known to be filed: its bytes, or signed anew where those come too late.

        Raises ``Unfit`` where time, or new terms, have overtaken what it says.
        """
        anew = self._overtaken(row)
        if row.status == UNKNOWN or not anew:
            try:
                return await self.post(row)
            except Refused as error:
                anew = self._overtaken(row) or anew
                if error.code not in _TOO_LATE or not anew:
                    raise
        place = await self.place(row.id, but=row.sha256)
        kept = await self._threads.run(self._sign_anew, row, place)
        return replace(await self.post(kept, first=True), anew=anew)

    async def discard(self, row: OwnStatement) -> None:
        """Take a statement off the list that certainly never was admitted, or that the hotline has lost."""
        if row.status == UNKNOWN:
            await self._settling.ask([row])
            row = self._journal.own(row.sha256) or row
        if row.status not in (UNSENT, LOST):
            code = speakable(row.id)
            detail = f"only what certainly was not admitted can be discarded; {code} may have been admitted"
            hint = "keepclear notices asks what became of it; keepclear withdraw ends what was filed"
            raise LocalError("usage", detail, hint=hint)
        rows = [one for one in self._journal.own_history(row.id) if one.status == row.status]
        turns = [TurnOwn(one.sha256, REFUSED, (UNSENT, LOST), DISCARDED) for one in rows]
        await self._threads.run(self._journal.apply, turns)

    async def place(self, id: str, *, lost: bool = False, but: str = "", send: bool = True) -> Place:
        """Return where the next statement of a notice goes, once the outcome of all that was sent of it is known.

        Raises ``Refused`` where there is no such notice, or where it is lost, unless ``lost`` asks for what is left of
        it at the hotline. ``but`` is a statement that is signed anew. Without ``send`` the outcome is only asked for.
        """
        if not self._journal.own_history(id):
            await self._settling.fetch(id)
        waiting = [row for row in self._journal.own_history(id) if row.status == UNKNOWN and row.sha256 != but]
        await self._settling.ask(waiting)
        for row in self._journal.own_history(id)[::-1]:
            # Whoever amends or withdraws it must know: the same bytes are always safe.
            if send and row.status == UNKNOWN and row.sha256 != but and self._above(row):
                await self._settling.post(row)
        history = self._journal.own_history(id)
        head = next((row for row in history if row.status == RECEIPTED), None)
        if gone := [row for row in history if row.status == LOST and row.revision > (head.revision if head else 0)]:
            if not lost:
                raise self._lost(id)
            if not await self._settling.fetch(id):
                raise self._lost(id)
            head = next((row for row in self._journal.own_history(id) if row.status == RECEIPTED), None)
        waits = (UNSENT,) if send else (UNSENT, UNKNOWN)
        rest = (*(row for row in history if row.status in waits and row.sha256 != but), *gone)
        if head is None and not rest and not but:
            raise Refused("notice_unknown", hint="keepclear notices lists yours")
        return Place(id, head, rest)

    def newest(self, place: Place) -> Notice:
        """Return the newest notice at a place, sent or not; raise ``Refused`` where it is withdrawn."""
        self._check_live(place)
        rows = [row for row in (*place.unsent, place.head) if row is not None and row.kind == NOTICE.name]
        statement = self._settling.opened(max(rows, key=lambda row: row.revision))
        assert isinstance(statement, Notice)  # noqa: S101 - of that kind, as the journal says
        return statement

    def sign_withdrawal(self, place: Place) -> OwnStatement:
        """Sign and keep the withdrawal of what is live at ``place``."""
        raw = build_withdrawal(self._exchange.key, **self._claims(), **place.chain)
        return self._keep(raw, WITHDRAWAL.name, place.unsent, SUPERSEDED)

    def sign_notice(self, content: Content, instead: Sequence[OwnStatement], why: str) -> OwnStatement:
        """Sign and keep a new notice in the place of statements that are not there any more."""
        return self._notice(content, instead=instead, why=why)

    async def post(self, kept: OwnStatement, *, first: bool = False) -> Filed:
        """Send a kept statement and take in the alerts that its answer brings."""
        asked_at = self._clock()
        receipt, alerts, more = await self._settling.post(kept, first=first)
        source = Source(receipt.epoch, asked_at=asked_at)

        def take() -> Taken:
            return self._intake.take([(self._intake.open_alert(value), source) for value in alerts])

        taken = await self._threads.run(take) if alerts else Taken((), ())
        told = tuple(event for event in taken.events if isinstance(event, AlertEvent))
        return Filed(kept.id, receipt.revision or 0, kept.sha256, receipt, told, more)

    def _notice(
        self,
        content: Content,
        place: Place | None = None,
        instead: Sequence[OwnStatement] = (),
        why: str = SUPERSEDED,
        named: Named | None = None,
    ) -> OwnStatement:
        revision = 1 if place is None else place.revision
        content = replace(content, remarks=composed(content.remarks))
        self.check(content, revision)
        claims = self._claims()
        raw = build_notice(
            self._exchange.key,
            **claims,
            admit_by=claims["iat"] + ADMIT_WITHIN_S,
            volumes=content.volumes,
            category=content.category,
            callsign=content.callsign,
            remarks=content.remarks,
            **({} if place is None else place.chain),
        )
        return self._keep(raw, NOTICE.name, instead if place is None else place.unsent, why, named)

    def check(self, content: Content, revision: int) -> None:
        """Raise ``Unfit`` with all that ``content`` would be refused for."""
        content = replace(content, remarks=composed(content.remarks))
        agreement, now = self._exchange.agreement, self._clock()
        found = agreement.find(self._exchange.key.kid)
        faults = [] if found is None else list(key_faults(found[1], now))
        faults += find_faults(content, agreement, party=self._exchange.party, now=now, revision=revision)
        if faults:
            raise Unfit(faults)

    def _sign_anew(self, row: OwnStatement, place: Place) -> OwnStatement:
        anew = replace(place, unsent=(*place.unsent, row))
        if row.kind == NOTICE.name:
            return self._notice(content_of(row.raw), anew, why=SIGNED_ANEW)
        if place.head is None:
            raise self._lost(row.id)
        self._check_live(place)
        return self.sign_withdrawal(anew)

    def _keep(
        self, raw: str, kind: str, instead: Sequence[OwnStatement], why: str, named: Named | None = None
    ) -> OwnStatement:
        # We have just signed it, and a notice is read back as it is built.
        statement = self._intake.opener.kept_own(digest(raw.partition("~")[0]), raw, kind)
        kept = own_statement(statement, kind, raw, self._clock())
        turns = [TurnOwn(row.sha256, REFUSED, (UNSENT, LOST), why) for row in instead]
        if turns and why == FILED_AGAIN:
            # Under an id of its own nothing else would keep two processes from filing it twice.
            turns[0] = replace(turns[0], must=True)
        beside: list[Change] = [*turns]
        if named is not None:
            beside.append(KeepReference(named.reference, kept.id, named.instead))
        # What is filed again under an id of its own takes its reference along.
        beside += [MoveReference(row.id, kept.id) for row in instead if row.id != kept.id]
        self._journal.save_own(kept, beside)
        return kept

    def _overtaken(self, row: OwnStatement) -> str:
        """Why the bytes of ``row`` come too late, in words; "" where they may still be in time."""
        statement = self._settling.opened(row)
        if statement.claims.terms != self._exchange.agreement.terms:
            return "the terms have changed since it was signed"
        if self._clock() > (statement.claims.admit_by or 0) * SECOND:
            return "it had to be admitted sooner after it was signed"
        return ""

    def _above(self, row: OwnStatement) -> bool:
        return not any(
            other.status == RECEIPTED and other.revision >= row.revision for other in self._journal.own_history(row.id)
        )

    def _check_live(self, place: Place) -> None:
        if place.head is not None and place.head.kind == WITHDRAWAL.name:
            raise Refused("notice_withdrawn")

    def _lost(self, id: str) -> Refused:
        code = speakable(id)
        detail = f"LOST and NOT DECONFLICTED: the hotline had receipted {code}, and has it no more"
        hint = f"keepclear send {code} files it again; keepclear discard {code} takes it off the list"
        return Refused("notice_unknown", detail, hint=hint)

    def _claims(self) -> dict[str, Any]:
        agreement = self._exchange.agreement
        iat = self._clock() // SECOND
        return {"iss": self._exchange.party, "aud": agreement.id, "terms": agreement.terms, "iat": iat}
