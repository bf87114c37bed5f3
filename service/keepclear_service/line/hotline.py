"""The hotline: what happens to a statement, from its bytes to the receipt. One ``Hotline`` for each agreement.

Guaranteed: a receipt is signed only after the statement is in the store's log, matched against every entry before it
and its alerts are committed. A worker that dies in between loses nothing: the entry stays unmatched in the store, and
every other worker folds it too and commits its alerts after ``ADOPT_AFTER_S``. Whatever the store does not answer is
an ``Unavailable``; the same bytes sent again are safe.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass

from keepclear_protocol.acknowledgement import open_acknowledgement
from keepclear_protocol.agreement import ACKNOWLEDGE, SUBMIT, Agreement, Party, PartyKey
from keepclear_protocol.alert import sign_alert
from keepclear_protocol.claims import Claims
from keepclear_protocol.encoding import digest, dump_json
from keepclear_protocol.errors import Forbidden, NotAuthentic, OutOfStep, Refused, Unavailable
from keepclear_protocol.instant import SECOND
from keepclear_protocol.keys import PrivateKey
from keepclear_protocol.notice import Notice, open_submission
from keepclear_protocol.receipt import sign_receipt
from keepclear_protocol.request import RequestProof, check_request
from keepclear_protocol.withdrawal import Withdrawal, open_withdrawal

from ..decide.admission import (
    Bound,
    check_notice,
    check_role,
    check_signer,
    counts_until,
    notice_bounds,
    statement_bounds,
)
from ..decide.entry import ACKNOWLEDGEMENT, NOTICE, WITHDRAWAL, Admission, Entry, Line, Outgoing
from ..decide.shown import alert_object
from .follower import Follower

ATTEMPTS = 3
"""Times that a submit is tried anew after new terms or a new epoch came in between."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A receipt (a JWS), whether it is for bytes accepted before, and the alert objects caused for the sender."""

    receipt: str
    again: bool
    alerts: tuple[dict[str, str | None], ...] = ()


class Hotline:
    """One agreement's line: admits statements, matches them and commits the alerts."""

    def __init__(self, line: Line, key: PrivateKey, follower: Follower) -> None:
        self.line = line
        self.follower = follower
        self._key = key

    @property
    def agreement(self) -> Agreement:
        """The agreement in force as far as this worker knows."""
        return self.follower.agreement

    def signer(self, kid: str) -> tuple[Party, PartyKey]:
        """Return the party and key of a ``kid`` that verified; raise ``NotAuthentic`` if it is gone meanwhile."""
        found = self.agreement.find(kid)
        if found is None:
            raise NotAuthentic
        return found

    async def submit_notice(self, raw: str) -> Accepted:
        """Admit a notice with all its disclosures."""
        notice = open_submission(raw, self.agreement.party_key, max_bytes=self.agreement.limits.submission_bytes)
        for _ in range(ATTEMPTS):
            agreement = self.agreement
            bounds = self._check(notice.claims, notice.kid, SUBMIT)
            check_notice(notice, agreement)
            entry = Entry(
                seq=0,
                kind=NOTICE,
                party=notice.party,
                id=notice.id,
                revision=notice.revision,
                sha256=notice.sha256,
                submission=notice.submission_sha256 or "",
                received_at=0,
                terms=notice.claims.terms,
                note="",
            )
            windows = (notice.first_start, notice.last_end, agreement.lead.routine_s, agreement.lead.short_s)
            admission = await self._admit(
                entry,
                raw,
                notice,
                prev=notice.prev or "",
                bounds=[*bounds, *notice_bounds(notice, agreement)],
                keep=counts_until(notice, agreement) // 1000,
                lead=(windows[0] // 1000, windows[1] // 1000, windows[2] * 1000, windows[3] * 1000),
            )
            if admission is not None:
                return admission
        raise Unavailable("busy", "the terms are changing; send the same bytes again")

    async def submit_withdrawal(self, raw: str) -> Accepted:
        """Admit a withdrawal."""
        withdrawal = open_withdrawal(raw, self.agreement.party_key)
        for _ in range(ATTEMPTS):
            bounds = self._check(withdrawal.claims, withdrawal.kid, SUBMIT)
            entry = Entry(
                seq=0,
                kind=WITHDRAWAL,
                party=withdrawal.claims.iss,
                id=withdrawal.notice,
                revision=withdrawal.revision,
                sha256=withdrawal.sha256,
                submission="",
                received_at=0,
                terms=withdrawal.claims.terms,
                note="",
            )
            admission = await self._admit(
                entry, raw, withdrawal, prev=withdrawal.prev, bounds=bounds, keep=0, lead=None
            )
            if admission is not None:
                return admission
        raise Unavailable("busy", "the terms are changing; send the same bytes again")

    async def acknowledge(self, raw: str) -> Accepted:
        """Admit an acknowledgement of a conflict's newest alert and relay it."""
        ack = open_acknowledgement(raw, self.agreement.party_key)
        for _ in range(ATTEMPTS):
            agreement = self.agreement
            bounds = self._check(ack.claims, ack.kid, ACKNOWLEDGE)
            entry = Entry(
                seq=0,
                kind=ACKNOWLEDGEMENT,
                party=ack.claims.iss,
                id=ack.claims.jti,
                revision=0,
                sha256=ack.sha256,
                submission="",
                received_at=0,
                terms=ack.claims.terms,
                note="",
            )
            admission = await self.line.acknowledge(
                entry,
                body=raw,
                worker_terms=agreement.terms,
                bounds=_milliseconds(bounds),
                retention_ms=agreement.retention_s * 1000,
                conflict=ack.conflict,
                version=ack.version,
                alert=ack.alert,
                stage=ack.stage,
                epoch=self.follower.epoch,
            )
            if admission.behind:
                await self.follower.catch_up()
                continue
            entry = _accepted(admission)
            self.follower.poke()
            return Accepted(self.receipt(entry), admission.again)
        raise Unavailable("busy", "the terms are changing; send the same bytes again")

    def check_reader(self, proof: RequestProof, *, role: str | None, terms: bool = True) -> str:
        """Return the party that a verified proof is for; raise ``Forbidden`` if it may not read this."""
        party, key = self.signer(proof.kid)
        check_signer(proof.claims, party.id, self.agreement)
        key.check(role, int(time.time() * SECOND))
        if terms and proof.claims.terms != self.agreement.terms:
            raise OutOfStep("wrong_terms")
        return party.id

    async def spend(self, proof: RequestProof, *, method: str, target: str) -> None:
        """Hold a proof against its request and use it up; raise ``Forbidden`` if it was used before."""
        now = int(time.time() * SECOND)
        check_request(proof, method=method, origin=self.agreement.service.origin, target=target, now=now)
        if not await self.line.spend(proof.claims.iss, proof.claims.jti):
            raise Forbidden("proof_replayed")

    def receipt(self, entry: Entry) -> str:
        """Return the receipt of a log entry: the same bytes each time."""
        return sign_receipt(
            self._key,
            aud=self.agreement.id,
            terms=entry.terms,
            kind=entry.kind,
            party=entry.party,
            id=entry.id,
            revision=entry.revision or None,
            sha256=entry.sha256,
            submission=entry.submission or None,
            seq=entry.seq,
            epoch=entry.epoch,
            received_at=entry.received_at,
            lead=entry.note or None,
        )

    async def commit(self, seq: int, alerts: Iterable[Outgoing]) -> list[tuple[Outgoing, dict[str, str | None]]]:
        """Sign an entry's alerts and write them; return each with its alert object."""
        alerts = list(alerts)
        hashes = sorted({outgoing.body for outgoing in alerts if outgoing.body})
        bodies = dict(zip(hashes, await self.line.bodies(hashes), strict=True))
        signed = [
            (outgoing, alert_object(sign_alert(self._key, outgoing.payload), outgoing.shows, bodies.get(outgoing.body)))
            for outgoing in alerts
        ]
        await self.line.commit(
            self.follower.epoch,
            seq,
            [(outgoing, digest(str(told["alert"])), dump_json(told).decode()) for outgoing, told in signed],
        )
        self.follower.committed(seq)
        return signed

    def _check(self, claims: Claims, kid: str, role: str) -> list[Bound]:
        party, key = self.signer(kid)
        check_signer(claims, party.id, self.agreement)
        check_role(key, role)
        return statement_bounds(claims, key)

    async def _admit(
        self,
        entry: Entry,
        raw: str,
        opened: Notice | Withdrawal,
        *,
        prev: str,
        bounds: list[Bound],
        keep: int,
        lead: tuple[int, int, int, int] | None,
    ) -> Accepted | None:
        """Admit, match and commit; None when the worker was behind and has caught up."""
        follower = self.follower
        # Before the store has it: a hint may have the follower fold the entry before the answer is here.
        follower.remember(entry, opened)
        admission = await self.line.submit(
            entry,
            prev=prev,
            body=raw,
            worker_terms=self.agreement.terms,
            bounds=_milliseconds(bounds),
            keep=keep,
            lead=lead,
            cursor=follower.cursor,
            done=follower.take_done(),
            epoch=follower.epoch,
        )
        if admission.entry is None or admission.again:
            follower.forget(entry)
        if admission.behind:
            await follower.catch_up()
            return None
        entry = _accepted(admission)
        if admission.again:
            # The first sender may have died before its alerts were committed: this receipt waits for them too.
            await follower.matched(entry.seq)
            return Accepted(self.receipt(entry), True)
        await follower.ingest(admission.entries)
        alerts = await follower.alerts_of(entry.seq)
        told = await self.commit(entry.seq, alerts) if alerts else []
        if not alerts:
            follower.quiet(entry.seq)
        mine = tuple(shown for outgoing, shown in told if outgoing.to == entry.party)
        return Accepted(self.receipt(entry), False, mine)


def _accepted(admission: Admission) -> Entry:
    if admission.refused is not None:
        kind = Forbidden if admission.refused.startswith("key_") else OutOfStep
        raise (Refused if admission.refused.startswith("limit_") else kind)(admission.refused)
    assert admission.entry is not None  # noqa: S101 - neither refused nor behind
    return admission.entry


def _milliseconds(bounds: Iterable[Bound]) -> list[tuple[str, int, int]]:
    # The lower bound up, the upper one down: an arrival within the milliseconds is within the instants.
    return [(bound.code, -(-bound.low // 1000), bound.high // 1000) for bound in bounds]
