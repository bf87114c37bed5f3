"""What a desk says: notices, their amendments and withdrawals, and acknowledgements, signed, kept, and only then sent.

The steps are generators that yield the ``Call`` to be sent (see ``intake``). Guaranteed: a notice or withdrawal is in
the journal before its first byte leaves, so that an outcome that stays unknown can be asked for with the same bytes;
the next revision is not signed before the outcome of the one before is known.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from keepclear_protocol.acknowledgement import build_acknowledgement
from keepclear_protocol.agreement import ACKNOWLEDGE
from keepclear_protocol.claims import ADMIT_WITHIN_S
from keepclear_protocol.encoding import digest
from keepclear_protocol.errors import EvidenceInvalid, KeepclearError, LocalError, Refused, Unavailable
from keepclear_protocol.notice import Notice, build_notice
from keepclear_protocol.receipt import Receipt
from keepclear_protocol.withdrawal import build_withdrawal

from ..journal.journal import RECEIPTED, UNKNOWN, Journal, KeptConflict, OwnStatement
from ..verify.verdicts import Standing
from ..wire.answers import Admission
from ..wire.exchange import Call, Exchange
from .events import AlertEvent, Event
from .intake import Intake, Source
from .ownrecord import NOTICE, WITHDRAWAL, notice_id
from .position import NEW_TERMS

DELIVERED = "delivered"
_OVERTAKEN = ("version_stale", "conflict_unknown")
"""Refusals of a ``delivered`` after which it need not be said: a newer version is on its way, or none is left."""
UNPROVEN = "closed_without_cause"
"""What a desk signs of a closing that it could not recompute: signed as verified it would confirm the other side's."""


@dataclass(frozen=True, slots=True)
class Filed:
    """A statement of ours that the service has receipted, and the alerts that it caused to us."""

    id: str
    revision: int
    sha256: str
    receipt: Receipt
    alerts: tuple[AlertEvent, ...]


Filing = Generator[Call[Any], Any, Filed]


class Outbox:
    """Signs, keeps and sends what one desk says."""

    def __init__(self, exchange: Exchange, journal: Journal, intake: Intake, clock: Callable[[], int]) -> None:
        self._exchange = exchange
        self._journal = journal
        self._intake = intake
        self._clock = clock
        self._complained: set[str] = set()

    def file(
        self,
        volumes: Sequence[Mapping[str, Any]],
        category: str,
        *,
        callsign: str | None = None,
        remarks: str | None = None,
    ) -> Filing:
        """File a new notice of F3548 ``volumes``."""
        return (yield from self._notice(volumes, category, callsign, remarks))

    def amend(
        self,
        id: str,
        volumes: Sequence[Mapping[str, Any]],
        category: str | None = None,
        *,
        callsign: str | None = None,
        remarks: str | None = None,
    ) -> Filing:
        """File the next revision of notice ``id``; category, callsign and remarks stay where they are not given."""
        head = yield from self._head(id)
        before = self._intake.own.open(head.raw, head.kind)
        if not isinstance(before, Notice):
            raise Refused("notice_withdrawn")
        rest = category or before.category, callsign or before.callsign, remarks or before.remarks
        return (yield from self._notice(volumes, *rest, notice=id, revision=head.revision + 1, prev=head.sha256))

    def withdraw(self, id: str) -> Filing:
        """End notice ``id`` for ever."""
        head = yield from self._head(id)
        if head.kind == WITHDRAWAL:
            raise Refused("notice_withdrawn")
        raw = build_withdrawal(
            self._exchange.key, **self._claims(), notice=id, revision=head.revision + 1, prev=head.sha256
        )
        return (yield from self._send(raw, WITHDRAWAL))

    def settle(self) -> Generator[Call[Any], Any, None]:
        """Send again, with the same bytes, every statement whose outcome is unknown."""
        for statement in self._journal.own_unknown():
            try:
                yield from self._ask(statement)
            except (Unavailable, EvidenceInvalid):
                raise
            except KeepclearError:
                continue  # refused: its revision is free, if nothing can have admitted it before

    def acknowledge(
        self, conflict: str, *, officer: str, stage: str = "acknowledged", read_back: str | None = None
    ) -> Generator[Call[Any], Any, Receipt]:
        """Sign and send that an officer has seen, or has understood, the newest version of a conflict."""
        kept = self._journal.conflict(conflict)
        if kept is None:
            raise Refused("conflict_unknown")
        spoken = None if read_back is None else digest(read_back)
        raw = self._acknowledgement(kept, stage=stage, officer=officer, read_back=spoken)
        return (yield from self._send_acknowledgement(raw, kept, stage))

    def deliver(self) -> Generator[Call[Any], Any, None]:
        """Sign and send ``delivered`` for all that came and was not said to have come; nothing if the key may not.

        What is refused for another reason than that a newer version is on its way stays to be said, and is told once.
        """
        refused: set[str] = set()
        while ACKNOWLEDGE in self._exchange.roles and (waiting := self._undelivered(refused)):
            for kept in waiting:
                raw = self._acknowledgement(kept, stage=DELIVERED, officer=None, read_back=None)
                try:
                    yield from self._send_acknowledgement(raw, kept, DELIVERED)
                    continue
                except Unavailable:
                    raise
                except EvidenceInvalid as error:
                    self.protest(error)
                except KeepclearError as error:
                    if error.code not in _OVERTAKEN:
                        refused.add(kept.conflict)
                        self._complain(error)
                        continue
                self._journal.mark_delivered(kept.conflict, kept.version)

    def _undelivered(self, refused: set[str]) -> list[KeptConflict]:
        return [kept for kept in self._journal.undelivered() if kept.conflict not in refused]

    def _complain(self, error: KeepclearError) -> None:
        if error.code in self._complained:
            return
        self._complained.add(error.code)
        said = NEW_TERMS if error.code == "wrong_terms" else f"the hotline refuses to take: {error.detail}"
        self._intake.problem(error.code, f"delivered was not said: {said}", Source("", follow=True))

    def protest(self, error: EvidenceInvalid) -> None:
        """Tell whoever watches that an answer to what this desk said does not hold."""
        self._intake.problem(error.code, f"the answer to a statement of ours: {error.detail}", Source("", follow=True))

    def _claims(self) -> dict[str, Any]:
        agreement = self._exchange.agreement
        iat = self._clock() // 1_000_000
        return {"iss": self._exchange.party, "aud": agreement.id, "terms": agreement.terms, "iat": iat}

    def _notice(
        self,
        volumes: Sequence[Mapping[str, Any]],
        category: str,
        callsign: str | None,
        remarks: str | None,
        **chain: Any,
    ) -> Filing:
        if category not in self._exchange.agreement.categories:
            known = ", ".join(sorted(self._exchange.agreement.categories))
            raise Refused("category", hint=f"the agreement has: {known}")
        claims = self._claims()
        raw = build_notice(
            self._exchange.key,
            **claims,
            admit_by=claims["iat"] + ADMIT_WITHIN_S,
            volumes=volumes,
            category=category,
            callsign=callsign,
            remarks=remarks,
            **chain,
        )
        return (yield from self._send(raw, NOTICE))

    def _head(self, id: str) -> Generator[Call[Any], Any, OwnStatement]:
        """The newest receipted revision of a notice, once the outcome of all that was sent is known."""
        yield from self.settle()
        if not self._journal.own_history(id):
            yield from self._intake.own.fetch(id)
        history = [row for row in self._journal.own_history(id) if row.status == RECEIPTED]
        if not history:
            raise Refused("notice_unknown", hint="keepclear notices lists yours")
        return history[0]

    def _send(self, raw: str, kind: str) -> Filing:
        statement = self._intake.own.open(raw, kind)
        id = notice_id(statement)
        row = (statement.sha256, id, statement.revision, kind, raw, UNKNOWN, None, None, None, None, self._clock())
        kept = OwnStatement(*row)
        with self._journal.transaction():
            self._journal.save_own(kept)
        try:
            return (yield from self._ask(kept, first=True))
        except Unavailable as error:
            hint = f"whether {id} was filed is not known: keepclear notices asks, with the same bytes"
            raise Unavailable(error.code, error.detail, hint=hint) from error

    def _ask(self, kept: OwnStatement, *, first: bool = False) -> Filing:
        """Send a kept statement, ``first`` or again, and keep its receipt, or that it was refused for certain."""
        asked_at, id, sha256 = self._clock(), kept.id, kept.sha256
        submit = self._exchange.submit if kept.kind == NOTICE else self._exchange.withdraw
        try:
            admission: Admission = yield submit(kept.raw)
        except (Unavailable, EvidenceInvalid):
            raise  # the outcome is unknown
        except KeepclearError as error:
            # An earlier attempt may have been admitted and its answer lost. Then what the hotline has now settles it,
            # or a 409, which it gives only after it has looked for the same bytes; else the outcome stays unknown.
            doubtful = not first or error.__cause__ is not None
            newest = (yield from self._intake.own.fetch(id)) if doubtful or error.status == 409 else None
            if error.status == 409 or not doubtful or (newest is not None and newest <= kept.revision):
                self._journal.refuse_own(sha256, error.code)
            raise
        receipt = admission.receipt
        with self._journal.transaction():
            self._journal.settle_own(sha256, receipt.raw, receipt.seq, receipt.epoch)
        source = Source(receipt.epoch, asked_at=asked_at)
        events: list[Event] = []
        for shown in admission.alerts:
            events += self._intake.alert(shown, source)
        alerts = tuple(event for event in events if isinstance(event, AlertEvent))
        return Filed(id, receipt.revision or 0, sha256, receipt, alerts)

    def _acknowledgement(self, kept: KeptConflict, *, stage: str, officer: str | None, read_back: str | None) -> str:
        came = self._journal.alert_of(kept.conflict, kept.version)
        if came is None:
            raise LocalError("usage", "the journal has no alert of this version")
        alert = self._intake.open_alert(came.object.alert)
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
            verdict=UNPROVEN if came.standing == Standing.UNCONFIRMED else came.verdict,
            officer=officer,
            read_back=read_back,
        )

    def _send_acknowledgement(self, raw: str, kept: KeptConflict, stage: str) -> Generator[Call[Any], Any, Receipt]:
        admission: Admission = yield self._exchange.acknowledge(raw)
        with self._journal.transaction():
            self._journal.save_acknowledgement(
                sha256=digest(raw), conflict=kept.conflict, version=kept.version, party=self._exchange.party,
                stage=stage, raw=raw, verdict="verified", receipt=admission.receipt.raw, told=True,
                received_at=self._clock(),
            )  # fmt: skip
            if stage == DELIVERED:
                self._journal.mark_delivered(kept.conflict, kept.version)
        return admission.receipt
