"""What arrives at a desk: verified, written down, and only then told. What does not hold is told loudest.

The steps that may have to ask the service are generators: they yield a ``Call`` and go on with its answer, so that the
same steps serve a blocking desk and one on asyncio. Guaranteed: an alert, its verdict, what it changes in the picture
and the cursor behind it are written in one transaction. What does not verify never replaces what did: a closing
without its cause leaves the conflict open, a rollback leaves the newer version, and both raise the conflict's alarm.

Versions are positions of the service's one log, so "newer" has a meaning across conflicts. What came by answer or
snapshot can be newer than what the stream still has to bring; that is no rollback (see ``_known``).
"""

from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from keepclear_protocol.acknowledgement import VERIFIED, Acknowledgement, open_acknowledgement
from keepclear_protocol.agreement import ACKNOWLEDGE
from keepclear_protocol.alert import OPEN, Alert
from keepclear_protocol.errors import EvidenceInvalid, KeepclearError, LocalError
from keepclear_protocol.notice import Notice, open_presentation

from ..journal.journal import RECEIPTED, Journal, KeptAlert, KeptConflict
from ..verify.verdicts import (
    Adopted,
    Known,
    Seen,
    Standing,
    Verified,
    check_order,
    find_terms,
    open_addressed,
    open_kept,
    verify_alert,
)
from ..wire.answers import AlertObject, Cursor
from ..wire.exchange import Call, Exchange
from .events import AcknowledgementEvent, AlertEvent, Event, NoticeEvent, ProblemEvent
from .ownrecord import NOTICE, WITHDRAWAL, OwnRecord, notice_id

Steps = Generator[Call[Any], Any, Sequence[Event]]
"""Yields calls, is sent their answers, returns the events that came of it."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where something came from: the life of the store that said it, and which way.

    ``asked_at`` is the instant before the question, for answers and snapshots. ``follow``: it is part of following the
    stream, so it is told once; ``cursor`` is the position to be kept with it.
    """

    epoch: str
    asked_at: int | None = None
    follow: bool = False
    cursor: Cursor | None = None


class Intake:
    """Takes in what the service says, for one desk."""

    def __init__(self, exchange: Exchange, journal: Journal, clock: Callable[[], int]) -> None:
        self.own = OwnRecord(exchange, journal, clock)
        self._journal = journal
        self._party = exchange.party
        self._clock = clock

    def open_alert(self, raw: str) -> Alert:
        """Return an alert that this desk has taken in; raise ``EvidenceInvalid`` if it is not the service's for us."""
        return open_kept(raw, self._journal.agreements, self._party)

    def open_new(self, raw: str) -> Alert:
        """Return an alert that the service signed for this desk's party; raise ``EvidenceInvalid``."""
        return open_addressed(raw, self._journal.agreements, self._party)

    def learn_own(self, objects: Iterable[AlertObject]) -> Generator[Call[Any], Any, None]:
        """Ask for the own revisions that some alerts name and this desk does not hold: another desk filed them."""
        asked = set()
        for shown in objects:
            try:
                side = self.open_new(shown.alert).own
            except EvidenceInvalid:
                continue
            if side.id not in asked and self._journal.own(side.sha256) is None:
                asked.add(side.id)
                yield from self.own.fetch(side.id)

    def alert(self, shown: AlertObject, source: Source) -> list[Event]:
        """Take in an alert object, after ``learn_own``; returns its event unless following had told it before."""
        journal = self._journal
        with journal.transaction():
            before = journal.alert_object(shown.digest)
            try:
                alert = self.open_new(shown.alert)
            except EvidenceInvalid as error:
                event = AlertEvent(shown, None, error.code, error.detail, None)
                return self._keep(event, before, source)
            kept = journal.conflict(alert.conflict)
            known, superseded = self._known(alert, kept, source)
            verified, verdict, detail = None, VERIFIED, ""
            try:
                if before is not None and before.verdict == VERIFIED:
                    check_order(alert, known)
                    standing, detail = before.standing, before.detail
                else:
                    verified = verify_alert(alert, shown, known)
                    standing, detail = str(verified.standing), verified.detail
            except (EvidenceInvalid, LocalError) as error:
                verdict, detail, standing = error.code, error.detail, None
            event = AlertEvent(shown, alert, verdict, detail, standing, superseded)
            self._note_terms(alert, verified)
            if not superseded:
                self._adopt(event, alert, kept, source)
                self._keep_theirs(alert, verified, source)
            return self._keep(event, before, source)

    def review(self) -> None:
        """Judge again what came under terms, or by a key of the service, that this desk had not installed then."""
        journal = self._journal
        with journal.transaction():
            cursor = journal.cursor()
            source = Source("" if cursor is None else cursor.epoch, follow=True)
            for before in journal.unreadable():
                try:
                    alert = self.open_new(before.object.alert)
                except EvidenceInvalid:
                    continue
                kept = journal.conflict(alert.conflict)
                if before.conflict is None:
                    self.alert(before.object, source)
                elif kept is not None and find_terms(journal.agreements, alert.claims.terms) is not None:
                    self._judge_again(alert, before, kept, source)

    def _judge_again(self, alert: Alert, before: KeptAlert, kept: KeptConflict, source: Source) -> None:
        known, _ = self._known(alert, kept, source)
        superseded = alert.version < kept.version
        verified, verdict, detail, standing = None, VERIFIED, "", None
        try:
            # Its place among the versions was right when it came; later ones may have come since.
            verified = verify_alert(alert, before.object, replace(known, floor=None))
            standing, detail = str(verified.standing), verified.detail
        except EvidenceInvalid as error:
            verdict, detail = error.code, error.detail
        if not superseded and kept.alarm == "wrong_terms":
            alarm = (None, None) if verified is not None else (verdict, detail)
            adopted = kept.adopted if verified is None else before.object.digest
            self._journal.save_conflict(replace(kept, adopted=adopted, alarm=alarm[0], alarm_detail=alarm[1]))
        self._note_terms(alert, verified)
        self._keep_theirs(alert, verified, source)
        judged = replace(before, verdict=verdict, detail=detail, standing=standing)
        self._journal.save_object(judged)
        self._tell(AlertEvent(before.object, alert, verdict, detail, standing, superseded), source)

    def _note_terms(self, alert: Alert, verified: Verified | None) -> None:
        agreements, seen = self._journal.agreements, self._journal.in_force()
        named = find_terms(agreements, alert.claims.terms)
        before = None if seen is None else find_terms(agreements, seen[0])
        if verified is None or named is None or named.revision < (0 if before is None else before.revision):
            return
        if seen is None or named is not before or alert.at < seen[1]:
            self._journal.note_in_force(named.terms, alert.at)

    def _keep(self, event: AlertEvent, before: KeptAlert | None, source: Source) -> list[Event]:
        told = before is not None and before.told
        again = told and before is not None and (event.superseded or before.verdict == event.verdict)
        conflict, version = (None, None) if event.alert is None else (event.alert.conflict, event.alert.version)
        what = event.verdict, event.detail, event.standing
        if before is not None and event.verdict == "rollback":
            what = before.verdict, before.detail, before.standing  # it held when it was new, and may be in the picture
        kept = KeptAlert(
            event.object.digest, conflict, version, event.object, *what, told or source.follow, self._clock()
        )
        self._journal.save_object(kept)
        return self._tell(None if again and source.follow else event, source)

    def _known(self, alert: Alert, kept: KeptConflict | None, source: Source) -> tuple[Known, bool]:
        """What is remembered for this alert, and whether something newer was learnt by another way than its own.

        The stream has an order of its own: an alert on it may not fall below an alert on it. A snapshot or an answer
        may not fall below anything that was known before the question was asked.
        """
        floor, superseded = None, False
        if kept is not None:
            newest = Seen(kept.version, kept.sha256)
            if source.asked_at is not None:
                floor = newest if kept.learnt_at <= source.asked_at else None
            elif kept.streamed_version is not None and kept.streamed_sha256 is not None:
                floor = Seen(kept.streamed_version, kept.streamed_sha256)
            # The same version is the same alert, whichever way it came.
            floor = newest if alert.version == newest.number else floor
            superseded = alert.version < newest.number and (floor is None or alert.version > floor.number)
        adopted = None if kept is None or superseded else self._adopted(kept)
        own_before = None if adopted is None else self.own.statement(adopted.alert.own.sha256)
        known = Known(
            agreements=self._journal.agreements,
            own=self.own.statement(alert.own.sha256),
            own_gone=self._own_gone(alert),
            own_before=own_before if isinstance(own_before, Notice) else None,
            adopted=adopted,
            floor=floor,
            theirs_floor=None if superseded else self._theirs_floor(alert, source),
            own_floor=self._own_floor(alert, source),
            followed=source.cursor is not None,
            now=self._clock(),
            in_force=self._journal.in_force(),
        )
        return known, superseded

    def _theirs_floor(self, alert: Alert, source: Source) -> Seen | None:
        newest = self._journal.theirs(alert.other.party, alert.other.id)
        if newest is None:
            return None
        revision, sha256, version, epoch = newest
        # Within one life of the store, an alert of an earlier entry may well name an earlier revision.
        earlier = epoch == source.epoch and alert.version < version
        return None if earlier and alert.other.revision < revision else Seen(revision, sha256)

    def _own_floor(self, alert: Alert, source: Source) -> Seen | None:
        for statement in self._journal.own_history(alert.own.id):
            if statement.seq is not None and (statement.epoch != source.epoch or statement.seq <= alert.version):
                return Seen(statement.revision, statement.sha256)
        return None

    def _own_gone(self, alert: Alert) -> bool:
        """Whether the alert names a revision of ours that only a later one is left of, at the service as here."""
        held = {row.revision for row in self._journal.own_history(alert.own.id) if row.status == RECEIPTED}
        return alert.own.revision not in held and max(held, default=0) > alert.own.revision

    def _adopted(self, kept: KeptConflict) -> Adopted | None:
        before = None if kept.adopted is None else self._journal.alert_object(kept.adopted)
        if before is None:
            return None
        theirs = None
        # The picture may show what did not verify, as a warning; nothing can be concluded from that.
        if before.object.presentation is not None and before.verdict == VERIFIED:
            theirs = open_presentation(before.object.presentation, self.own.party_key)
        return Adopted(self.open_alert(before.object.alert), theirs)

    def _adopt(self, event: AlertEvent, alert: Alert, kept: KeptConflict | None, source: Source) -> None:
        """Write what the alert changes. One that does not verify is put into the picture only where it warns."""
        verified, fell = event.verdict == VERIFIED, event.verdict == "rollback"
        if kept is None:
            kept = KeptConflict(alert.conflict, 0, "", self._clock(), None, None, None, None, None, 0, 0)
        news = alert.version > kept.version and not fell
        if verified or (news and (alert.state == OPEN or kept.adopted is None)):
            kept = replace(kept, adopted=event.object.digest)
        if not verified:
            kept = replace(kept, alarm=event.verdict, alarm_detail=event.detail)
        elif news:
            kept = replace(kept, alarm=None, alarm_detail=None)
        if news:
            kept = replace(kept, version=alert.version, sha256=alert.sha256, learnt_at=self._clock())
        if source.follow and not fell:
            kept = replace(kept, streamed_version=alert.version, streamed_sha256=alert.sha256)
        if kept.version:
            self._journal.save_conflict(kept)

    def _keep_theirs(self, alert: Alert, verified: Verified | None, source: Source) -> None:
        if verified is not None and verified.theirs is not None:
            other, sha256 = alert.other, verified.theirs.sha256
            self._journal.save_theirs(other.party, other.id, other.revision, sha256, alert.version, source.epoch)

    def acknowledgement(self, raw: str, source: Source) -> list[Event]:
        """Take in an acknowledgement of either side; a counterpart's may confirm a closing."""
        journal = self._journal
        with journal.transaction():
            try:
                ack = open_acknowledgement(raw, self.own.party_key)
            except KeepclearError as error:
                detail = f"an acknowledgement does not hold: {error.detail}"
                return self._tell(AcknowledgementEvent(raw, None, "evidence", detail), source)
            detail = self._objection(ack)
            verdict = "evidence" if detail else VERIFIED
            told = journal.save_acknowledgement(
                sha256=ack.sha256, conflict=ack.conflict, version=ack.version, party=ack.claims.iss, stage=ack.stage,
                raw=raw, verdict=verdict, receipt=None, told=source.follow, received_at=self._clock(),
            )  # fmt: skip
            kept = journal.conflict(ack.conflict)
            theirs = ack.claims.iss != self._party and ack.verdict == VERIFIED and not detail
            # Their desk has recomputed the closing of this version, and has signed nothing newer than that names.
            if theirs and kept is not None and ack.version == kept.version and ack.ours_newest == ack.ours:
                journal.save_conflict(replace(kept, confirmed=ack.version))
            event = AcknowledgementEvent(raw, ack, verdict, detail)
            return self._tell(None if told and source.follow else event, source)

    def _objection(self, ack: Acknowledgement) -> str:
        """What is wrong with a verified acknowledgement, or nothing."""
        agreements = self._journal.agreements
        found = next((found for item in agreements if (found := item.find(ack.kid))), None)
        if ack.claims.aud != agreements[0].id or found is None or found[0].id != ack.claims.iss:
            return "an acknowledgement is of another agreement, or of another party than its key's"
        if ACKNOWLEDGE not in found[1].roles:
            return "an acknowledgement is signed by a key that may not acknowledge"
        kept = self._journal.alert_of(ack.conflict, ack.version)
        if kept is None:
            return ""
        alert = self.open_alert(kept.object.alert)
        ours, theirs = alert.own, alert.other
        if ack.claims.iss != self._party:
            ours, theirs = theirs, ours
        if (ack.claims.iss, ack.ours, ack.theirs) != (ours.party, ours.sha256, theirs.sha256):
            return "an acknowledgement names other notices than the alert of its version"
        return ""

    def notice(self, notice: str | None, withdrawal: str | None, receipt: str, source: Source) -> list[Event]:
        """Take in a statement of our own party that came on the stream, filed from any of its desks."""
        kind, raw = (NOTICE, notice or "") if withdrawal is None else (WITHDRAWAL, withdrawal)
        with self._journal.transaction():
            try:
                statement, wrong = self.own.receive(raw, kind, receipt)
            except KeepclearError as error:
                return self.problem("evidence", f"an own {kind} on the stream does not hold: {error.detail}", source)
            verdict = "rollback" if wrong else VERIFIED
            event = NoticeEvent(kind, notice_id(statement), statement.revision, statement.sha256, verdict, wrong)
            return self._tell(event, source)

    def problem(self, code: str, detail: str, source: Source) -> list[Event]:
        """Take in something that cannot be read, or is not there."""
        with self._journal.transaction():
            return self._tell(ProblemEvent(code, detail), source)

    def is_open(self, kept: KeptConflict) -> Alert | None:
        """Return the alert that the picture shows for a conflict if that is verified and open."""
        adopted = None if kept.adopted is None else self._journal.alert_object(kept.adopted)
        if adopted is None or adopted.standing != Standing.OPEN:
            return None
        return self.open_alert(adopted.object.alert)

    def _tell(self, event: Event | None, source: Source) -> list[Event]:
        """Keep the event until it is shown, and move the cursor behind it, in the caller's transaction."""
        if source.follow and event is not None:
            self._journal.queue(event.to_json())
        if source.cursor is not None:
            self._journal.move_cursor(source.cursor)
        return [] if event is None else [event]
