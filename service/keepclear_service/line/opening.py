"""Opening: from the bytes at a door to a statement that asks to be admitted, the cheap checks before the costly ones.

In this order: the signature, over the JWT part alone; the issuer, its role and whether its key is plainly out of use;
whether the same was accepted before; the terms; a budget that is known to be spent; the category. Only then are the
volumes of a notice read and held against the limits, a long one beside the loop, the parties by turns (``lane``). What
depends on when a statement arrived, and on what was said before it, is for the store to decide (``admission``).
"""

from keepclear_protocol.acknowledgement import ACKNOWLEDGED, FIRST_ANSWERS, Acknowledgement, open_acknowledgement
from keepclear_protocol.agreement import Agreement, Party, PartyKey
from keepclear_protocol.alert import sides_of
from keepclear_protocol.claims import MAX_AHEAD_S, Claims
from keepclear_protocol.errors import Malformed, NotAuthentic, OutOfStep
from keepclear_protocol.instant import SECOND
from keepclear_protocol.kinds import ACKNOWLEDGEMENT, NOTICE, WITHDRAWAL, Kind
from keepclear_protocol.lead import write_note
from keepclear_protocol.limits import volume_time
from keepclear_protocol.notice import Envelope, Notice, open_envelope
from keepclear_protocol.withdrawal import open_withdrawal
from msgspec import Struct

from ..decide.admission import (
    Bound,
    check_notice,
    check_role,
    check_signer,
    notice_bounds,
    statement_bounds,
)
from ..decide.entry import Entry
from ..decide.fold import Body
from ..decide.gist import write_gist
from ..steady import SteadyClock
from .lane import Lane
from .ports import Arrival, Chain, CompareAndSet, Line
from .seal import Seal
from .spending import Refusing
from .turn import Turn

LONG_BYTES = 16 * 1024
"""A submission of more is opened in a thread: some twenty volumes, five milliseconds."""

SMALL_BYTES = 4 * 1024
"""A submission of no more is opened together with others: a usual one of one volume has 3 KB."""


def is_small(kind: Kind, raw: str) -> bool:
    """Whether a statement is opened together with others."""
    return kind is NOTICE and len(raw) <= SMALL_BYTES


class Opened(Struct, frozen=True, gc=False):
    """A statement ready to be admitted, what the fold will want of it, and the number of its volumes."""

    arrival: Arrival
    body: Body
    volumes: int = 0


class Opening:
    """Opens the statements of one agreement."""

    def __init__(
        self, line: Line, turn: Turn, lane: Lane, seal: Seal, clock: SteadyClock, refusing: Refusing
    ) -> None:
        self._line = line
        self._turn = turn
        self._lane = lane
        self._seal = seal
        self._clock = clock
        self._refusing = refusing

    def signer(self, kid: str) -> tuple[Party, PartyKey]:
        """Return the party and key of a ``kid`` that verified; raise ``NotAuthentic`` if it is gone meanwhile."""
        found = self._turn.agreement.find(kid)
        if found is None:
            raise NotAuthentic
        return found

    async def check_terms(self, terms: str) -> None:
        """Raise ``OutOfStep`` with ``wrong_terms`` unless these terms are in force.

        They may be without this worker knowing it yet, or while it is still folding what changes with them: it looks,
        and ends what it has begun, before it refuses.
        """
        turn = self._turn
        known = turn.agreements.get(terms)
        if known is None or known.revision > turn.agreement.revision:
            await turn.caught_up()
        if terms != turn.agreement.terms:
            raise OutOfStep("wrong_terms")

    async def open(self, kind: Kind, raw: str, begun: object = None) -> Opened | Entry:
        """Return the opened statement, or the entry of the same statement where that is known to be accepted before.

        ``begun`` is what ``begin`` returned of it, if that was asked. Raises the ``Refused`` of what is wrong with it.
        """
        if kind is NOTICE:
            return await self._notice(raw, begun)
        return await (self._withdrawal(raw) if kind is WITHDRAWAL else self._acknowledgement(raw))

    async def _notice(self, raw: str, begun: object) -> Opened | Entry:
        envelope = begun if isinstance(begun, Opened | Envelope) else self.begin(raw)
        if isinstance(envelope, Opened):
            return envelope
        long = len(raw) > LONG_BYTES
        before = await self._check(envelope.kid, envelope.claims, envelope.sha256, NOTICE, costly=long)
        if before is not None:
            return before
        agreement = self._turn.agreement
        if long:
            _check_category(envelope, agreement)
            sender = (agreement.id, envelope.claims.iss)
            return self._opened(raw, *await self._lane.run(sender, lambda: _checked(envelope, agreement)))
        return self._opened(raw, *_checked(envelope, agreement))

    def begin(self, raw: str) -> Opened | Envelope:
        """Open a notice that is not long and of which the store need not be asked; else no more than its envelope."""
        agreement = self._turn.agreement
        envelope = open_envelope(raw, agreement.party_key, max_bytes=agreement.limits.submission_bytes)
        if len(raw) > LONG_BYTES or not self._is_plain(envelope.kid, envelope.claims, NOTICE):
            return envelope
        return self._opened(raw, *_checked(envelope, agreement))

    def _opened(self, raw: str, notice: Notice, gist: bytes) -> Opened:
        agreement = self._turn.agreement
        horizon, retention = notice_bounds(notice, agreement)
        bounds = (*statement_bounds(notice.claims, self.signer(notice.kid)[1]), horizon, retention)
        last_end = notice.last_end
        note = write_note(notice.first_start, last_end, agreement.lead.routine_s, agreement.lead.short_s)
        chain = Chain(notice.id, notice.revision, notice.prev, last_end, keep=retention.high)
        submission = notice.submission_sha256 or ""
        price = volume_time([item.volume for item in notice.volumes], notice.category, agreement)
        arrival = self._arrival(NOTICE, raw, notice.claims, notice.sha256, chain, bounds, note, submission, gist, price)
        return Opened(arrival, notice, len(notice.volumes))

    async def _withdrawal(self, raw: str) -> Opened | Entry:
        withdrawal = open_withdrawal(raw, self._turn.agreement.party_key)
        claims = withdrawal.claims
        before = await self._check(withdrawal.kid, claims, withdrawal.sha256, WITHDRAWAL)
        chain = Chain(withdrawal.notice, withdrawal.revision, withdrawal.prev, None, 0)
        bounds = tuple(statement_bounds(claims, self.signer(withdrawal.kid)[1]))
        return before or Opened(
            self._arrival(WITHDRAWAL, raw, claims, withdrawal.sha256, chain, bounds), withdrawal
        )

    async def _acknowledgement(self, raw: str) -> Opened | Entry:
        ack = open_acknowledgement(raw, self._turn.agreement.party_key)
        before = await self._check(ack.kid, ack.claims, ack.sha256, ACKNOWLEDGEMENT)
        if before is None:
            await self._hold_against_alert(ack)
        first = FIRST_ANSWERS if ack.stage == ACKNOWLEDGED else 0
        newest = CompareAndSet(ack.conflict, ack.version, ack.alert, ack.stage, first)
        bounds = tuple(statement_bounds(ack.claims, self.signer(ack.kid)[1]))
        return before or Opened(self._arrival(ACKNOWLEDGEMENT, raw, ack.claims, ack.sha256, newest, bounds), None)

    async def _hold_against_alert(self, ack: Acknowledgement) -> None:
        """Raise ``OutOfStep`` with ``alert_mismatch`` where it says other notices than the alert that it names.

        Whether that alert is the newest is the store's to say; of one that was sent to somebody else nothing is said.
        """
        (jws,) = await self._line.alerts([ack.alert])
        if jws is None:
            return
        to, own, other = sides_of(jws)
        if to == ack.claims.iss and (ack.ours, ack.theirs) != (own, other):
            raise OutOfStep("alert_mismatch")

    def _arrival(
        self,
        kind: Kind,
        raw: str,
        claims: Claims,
        sha256: str,
        precondition: Chain | CompareAndSet,
        bounds: tuple[Bound, ...],
        note: str = "",
        submission: str = "",
        gist: bytes = b"",
        price: int = 0,
    ) -> Arrival:
        chain = precondition if isinstance(precondition, Chain) else None
        id = claims.jti if chain is None else chain.id
        if chain is not None:  # what the fold reads back is sealed
            names = (kind.name, claims.iss, id, chain.revision, sha256, submission)
            note = self._seal.add(note, *names)
            gist = gist and self._seal.add_to_gist(gist, *names)
        return Arrival(
            kind=kind.name,
            party=claims.iss,
            id=id,
            jti=claims.jti,
            sha256=sha256,
            submission=submission,
            body=raw,
            terms=claims.terms,
            note=note,
            bounds=bounds,
            precondition=precondition,
            gist=gist,
            # A long one is soon read by nobody: each would hold up its loop by it.
            handed=self._turn.siblings and len(raw) <= LONG_BYTES,
            price=price,
        )

    async def _check(
        self, kid: str, claims: Claims, sha256: str, kind: Kind, *, costly: bool = False
    ) -> Entry | None:
        """Hold a statement against the agreement; return its entry where the same was accepted before.

        The store is asked for that only where much work or a refusal would follow: it asks itself on admission.
        """
        if self._is_plain(kid, claims, kind) and not costly:
            return None
        party, key = self.signer(kid)
        # Before the key: what was accepted while it was valid must not look refused to who asks for its receipt again.
        before = await self._line.seen(claims.iss, claims.jti)
        if before is not None:
            if before.sha256 != sha256:
                raise OutOfStep("jti_conflict")
            return before
        key.check(None, self._when(key))
        await self.check_terms(claims.terms)
        if spent := self._refusing.known(party.id, kind.name, claims.terms):
            raise spent
        return None

    def _is_plain(self, kid: str, claims: Claims, kind: Kind) -> bool:
        """Hold a statement's signer against the agreement; whether nothing of it is to be asked of the store."""
        agreement = self._turn.agreement
        party, key = self.signer(kid)
        check_signer(claims, party.id, agreement)
        check_role(key, kind.role)
        spent = self._refusing.known(party.id, kind.name, claims.terms)
        return spent is None and claims.terms == agreement.terms and key.is_valid(self._when(key))

    def _when(self, key: PartyKey) -> int:
        """Return when a key must be valid: by the worker's own clock, with more room than clocks may differ; the
        store's clock decides."""
        return max(key.not_before, int(self._clock.seconds() - MAX_AHEAD_S) * SECOND)


def _checked(envelope: Envelope, agreement: Agreement) -> tuple[Notice, bytes]:
    try:
        notice = envelope.open()
        check_notice(notice, agreement)
    except Malformed:
        _check_category(envelope, agreement)  # it comes before whatever else is wrong
        raise
    return notice, write_gist(notice)


def _check_category(envelope: Envelope, agreement: Agreement) -> None:
    category = envelope.category
    if category is not None and category not in agreement.categories:
        raise Malformed("category", f"the agreement's categories are {', '.join(sorted(agreement.categories))}")
