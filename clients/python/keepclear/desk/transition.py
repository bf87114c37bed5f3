"""What an arrival changes, as a pure function of what is known: no journal, no clock, no network.

Each function takes what arrived, what the desk remembers of it and where it came from, and returns an ``Outcome``: the
changes to write and the event that says what happened. What does not verify never replaces what did: a closing without
its cause leaves the conflict open, a rollback leaves the newer version, and both raise the conflict's alarm.

Versions are positions of the service's one log, so "newer" has a meaning across conflicts. What came by answer or
snapshot can be newer than what the stream still has to bring; that is no rollback (see ``memory``).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from keepclear_protocol.acknowledgement import VERIFIED
from keepclear_protocol.alert import OPEN, Alert
from keepclear_protocol.cursor import Cursor
from keepclear_protocol.errors import EvidenceInvalid, LocalError
from keepclear_protocol.filing import content_digest
from keepclear_protocol.instant import SECOND
from keepclear_protocol.notice import Notice
from keepclear_protocol.receipt import Receipt
from keepclear_protocol.withdrawal import Withdrawal

from ..journal.changes import Change, MarkAnswered, MarkDelivered, NoteInForce, RefuseOwn, SettleOwn, Tell
from ..journal.kept import (
    RECEIPTED,
    REFUSED,
    UNKNOWN,
    KeptAcknowledgement,
    KeptAlert,
    KeptConflict,
    KeptTheirs,
    OwnStatement,
    Summary,
)
from ..journal.pictured import Pictured
from ..verify.anew import mismatch
from ..verify.opening import OpenedAcknowledgement, OpenedAlert, OpenedBudget
from ..verify.verdicts import Known, Standing, Verified, check_order, find_terms, verify_alert
from ..wire.answers import AlertObject
from .events import AcknowledgementEvent, AlertEvent, BudgetEvent, Event, NoticeEvent, ProblemEvent, to_journal

CLOCK = "clock"
"""The verdict on what holds but for this desk's slow clock: nothing is signed of it, and it is judged again."""

ANSWERED = "acknowledged"
"""The stage with which an officer answers an alert."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where something came from: the life of the store that said it, and which way.

    ``asked_at`` is the instant before the question, for answers and snapshots. ``follow``: it is part of following the
    stream, so an event of it is put into the journal, once; ``cursor`` is its position there, if any. ``ahead``:
    the stream is not there yet, and goes on from where it is.
    """

    epoch: str
    asked_at: int | None = None
    follow: bool = False
    cursor: Cursor | None = None
    ahead: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an arrival changes, and the event that says so, unless following had told it before."""

    changes: Sequence[Change]
    event: Event | None


@dataclass(frozen=True, slots=True)
class KnownAlert:
    """What is remembered where an alert arrives: the object if it came before, its conflict, what verifies it.

    ``superseded``: something newer was learnt by another way than its own.
    """

    before: KeptAlert | None
    conflict: KeptConflict | None
    known: Known
    superseded: bool


@dataclass(frozen=True, slots=True)
class KnownAcknowledgement:
    """What is remembered where an acknowledgement arrives: itself, the alert of its version, and the conflict."""

    before: KeptAcknowledgement | None
    alert: Alert | None
    conflict: KeptConflict | None


def take_forged(arrived: OpenedAlert, before: KeptAlert | None, source: Source, now: int) -> Outcome:
    """Take in an alert object that nobody known signed, or that is not for us."""
    fault = arrived.fault or EvidenceInvalid("evidence")
    event = AlertEvent(arrived.object, None, fault.code, fault.detail, None)
    return _kept(event, arrived.digest, before, [], source, now)


def take_alert(arrived: OpenedAlert, alert: Alert, seen: KnownAlert, source: Source, now: int) -> Outcome:
    """Take in an alert object that the service signed for us."""
    before, known = seen.before, seen.known
    verified, verdict, detail, standing = None, VERIFIED, "", None
    try:
        if before is not None and before.verdict == VERIFIED:
            check_order(alert, known)
            standing, detail = before.standing, before.detail
        else:
            verified = verify_alert(alert, arrived.object, known)
            standing, detail = str(verified.standing), verified.detail
    except (EvidenceInvalid, LocalError) as error:
        verdict, detail, standing = error.code, error.detail, None
    event = AlertEvent(arrived.object, alert, verdict, detail, standing, seen.superseded)
    changes = _in_force(alert, verified, known)
    if not seen.superseded:
        changes += _adopted(event, alert, verified, seen, source, now)
        changes += _theirs(alert, verified, source)
    return _kept(event, arrived.digest, before, changes, source, now)


def judge_again(alert: Alert, before: KeptAlert, seen: KnownAlert, source: Source, now: int) -> Outcome:
    """Judge anew a kept alert that could not be judged when it came: its terms, or our clock, were not there yet."""
    conflict = seen.conflict
    superseded = conflict is None or alert.version < conflict.version
    verified, verdict, detail, standing = None, VERIFIED, "", None
    try:
        # Its place among the versions was right when it came; later ones may have come since.
        verified = verify_alert(alert, before.object, replace(seen.known, floor=None))
        standing, detail = str(verified.standing), verified.detail
    except (EvidenceInvalid, LocalError) as error:
        verdict, detail = error.code, error.detail
    if verdict == before.verdict:
        return Outcome([], None)
    changes = _in_force(alert, verified, seen.known)
    if conflict is not None:
        accused = not superseded and conflict.alarm == before.verdict
        if conflict.adopted == before.digest or (accused and verified is not None):
            conflict = _picture(conflict, before.object, alert, verdict, standing, verified, seen, now)
        if accused:
            alarm = (None, None) if verified is not None else (verdict, detail)
            conflict = replace(conflict, alarm=alarm[0], alarm_detail=alarm[1])
        changes.append(_settled(conflict))
    changes += _theirs(alert, verified, source)
    changes.append(replace(before, verdict=verdict, detail=detail, standing=standing))
    event = AlertEvent(before.object, alert, verdict, detail, standing, superseded)
    return told(event, changes, source)


def take_acknowledgement(
    arrived: OpenedAcknowledgement, seen: KnownAcknowledgement | None, party: str, source: Source, now: int
) -> Outcome:
    """Take in an acknowledgement of either side; a counterpart's may confirm a closing."""
    ack = arrived.acknowledgement
    if ack is None or seen is None:
        return told(AcknowledgementEvent(arrived.raw, None, "evidence", arrived.objection), [], source)
    detail = arrived.objection or mismatch(ack, seen.alert, party)
    verdict = "evidence" if detail else VERIFIED
    kept = KeptAcknowledgement(
        sha256=ack.sha256, conflict=ack.conflict, version=ack.version, party=ack.claims.iss, stage=ack.stage,
        raw=arrived.raw, verdict=verdict, receipt=None, told=source.follow, received_at=now, officer=ack.officer,
        said=ack.verdict, signed_at=ack.claims.iat,
    )  # fmt: skip
    changes: list[Change] = [kept]
    if ack.claims.iss == party and ack.stage == ANSWERED and not detail:
        changes.append(MarkAnswered(ack.conflict, ack.version))
    conflict, confirms = seen.conflict, False
    said = ack.claims.iss == party and ack.verdict == VERIFIED and not detail
    if said and conflict is not None and conflict.delivered < ack.version:
        # Another desk of ours has said that it came: once is enough.
        changes.append(MarkDelivered(ack.conflict, ack.version))
    theirs = ack.claims.iss != party and ack.verdict == VERIFIED and not detail
    # Their desk has recomputed the closing of this version, and has signed nothing newer than that names.
    if theirs and conflict is not None and ack.version == conflict.version and ack.ours_newest == ack.ours:
        pictured = conflict.pictured
        confirms = pictured is not None and (pictured.state, pictured.version) == (Standing.UNCONFIRMED, ack.version)
        changes.append(_settled(replace(conflict, confirmed=ack.version)))
    event = AcknowledgementEvent(arrived.raw, ack, verdict, detail, confirms)
    again = seen.before is not None and seen.before.told and source.follow
    return told(None if again else event, changes, source)


def take_own(
    statement: Notice | Withdrawal, kind: str, raw: str, receipt: Receipt, history: Sequence[OwnStatement],
    known: OwnStatement | None, now: int,
) -> tuple[list[Change], str]:  # fmt: skip
    """Keep an own statement with its receipt, filed from any desk; return the changes and what is wrong with it.

    ``history`` is what is kept of its notice and was not refused, ``known`` the statement itself, if it is kept.
    """
    id, revision = notice_id(statement), statement.revision
    changes: list[Change] = []
    # A refused statement counts as not filed. It may yet have been admitted by an attempt whose answer was lost.
    if known is None or known.status == REFUSED:
        rival = next((row for row in history if row.revision == revision), None)
        if rival is not None and rival.status == RECEIPTED:
            return [], f"ROLLBACK: two different statements are receipted as revision {revision} of {id}"
        if rival is not None:
            # One that never was admitted never will be; a lost one stays what it is, below what there is now.
            changes.append(RefuseOwn(rival.sha256, "revision_conflict"))
    if known is None:
        changes.append(own_statement(statement, kind, raw, now))
    changes.append(SettleOwn(statement.sha256, receipt.raw, receipt.seq, receipt.epoch))
    return changes, ""


def own_statement(statement: Notice | Withdrawal, kind: str, raw: str, now: int) -> OwnStatement:
    """Return an own statement as it is kept before its outcome is known."""
    id, revision = notice_id(statement), statement.revision
    row = (statement.sha256, id, revision, kind, raw, UNKNOWN, None, None, None, None, now)
    content = None
    if isinstance(statement, Notice):
        volumes = [item.volume for item in statement.volumes]
        content = content_digest(volumes, statement.category, statement.callsign, statement.remarks)
    return OwnStatement(*row, Summary.of(statement), content)


def own_event(statement: Notice | Withdrawal, kind: str, wrong: str) -> NoticeEvent:
    """Return the event of an own statement that came on the stream; ``wrong`` says what is, if anything."""
    verdict = "rollback" if wrong else VERIFIED
    return NoticeEvent(kind, notice_id(statement), statement.revision, statement.sha256, verdict, wrong)


def take_budget(arrived: OpenedBudget, source: Source) -> Outcome:
    """Take in the service's word that a party is over a budget."""
    spent = arrived.spent
    if spent is None:
        return problem("evidence", arrived.fault, source)
    event = BudgetEvent(spent.party, spent.budget, spent.claims.iat * SECOND, spent.until, spent.raw)
    return told(event, [event], source)


def notice_id(statement: Notice | Withdrawal) -> str:
    """Return the id of the notice that ``statement`` files or ends."""
    return statement.notice if isinstance(statement, Withdrawal) else statement.id


def problem(code: str, detail: str, source: Source) -> Outcome:
    """Take in something that cannot be read, or is not there."""
    return told(ProblemEvent(code, detail), [], source)


def settled(conflict: KeptConflict) -> KeptConflict:
    """Return a conflict that is over for this desk, though no alert has closed it: by time, or by an act of ours."""
    pictured = None if conflict.pictured is None else replace(conflict.pictured, state=str(Standing.CLOSED))
    return replace(conflict, pictured=pictured, alarm=None, alarm_detail=None, open=False)


def told(event: Event | None, changes: Sequence[Change], source: Source) -> Outcome:
    """Return the outcome, the event put into the journal where it is part of following."""
    tell = [Tell(to_journal(event))] if source.follow and event is not None else []
    return Outcome([*changes, *tell], event)


def _in_force(alert: Alert, verified: Verified | None, known: Known) -> list[Change]:
    seen = known.in_force
    named = find_terms(known.agreements, alert.claims.terms)
    before = None if seen is None else find_terms(known.agreements, seen[0])
    if verified is None or named is None or named.revision < (0 if before is None else before.revision):
        return []
    if seen is None or named is not before or alert.at < seen[1]:
        return [NoteInForce(named.terms, alert.at)]
    return []


def _kept(
    event: AlertEvent, digest: str, before: KeptAlert | None, changes: list[Change], source: Source, now: int
) -> Outcome:
    was_told = before is not None and before.told
    again = before is not None and was_told and (event.superseded or before.verdict == event.verdict)
    conflict, version = (None, None) if event.alert is None else (event.alert.conflict, event.alert.version)
    what = event.verdict, event.detail, event.standing
    if before is not None and event.verdict == "rollback":
        what = before.verdict, before.detail, before.standing  # it held when it was new, and may be in the picture
    kept = KeptAlert(digest, conflict, version, event.object, *what, was_told or source.follow, now)
    if before is None or (kept.verdict, kept.standing, kept.told) != (before.verdict, before.standing, before.told):
        changes.append(kept)
    return told(None if again and source.follow else event, changes, source)


def _adopted(
    event: AlertEvent, alert: Alert, verified: Verified | None, seen: KnownAlert, source: Source, now: int
) -> list[Change]:
    """What the alert changes in the picture. One that does not verify gets there only where it warns."""
    holds, fell = event.verdict == VERIFIED, event.verdict == "rollback"
    conflict = seen.conflict or KeptConflict(alert.conflict, 0, "", now)
    newer = alert.version > conflict.version and not fell
    if holds or (newer and (alert.state == OPEN or conflict.adopted is None)):
        conflict = _picture(conflict, event.object, alert, event.verdict, event.standing, verified, seen, now)
    if not holds:
        conflict = replace(conflict, alarm=event.verdict, alarm_detail=event.detail)
    elif newer:
        conflict = replace(conflict, alarm=None, alarm_detail=None)
    if newer:
        conflict = replace(conflict, version=alert.version, sha256=alert.sha256, learnt_at=now)
    if source.follow and not source.ahead and not fell:
        conflict = replace(conflict, streamed_version=alert.version, streamed_sha256=alert.sha256)
    return [_settled(conflict)] if conflict.version and conflict != seen.conflict else []


def _picture(
    conflict: KeptConflict, came: AlertObject, alert: Alert, verdict: str, standing: str | None,
    verified: Verified | None, seen: KnownAlert, now: int,
) -> KeptConflict:  # fmt: skip
    pictured, digest = conflict.pictured, came.digest
    # What comes again and was verified before is in the picture as it is.
    if pictured is None or verified is not None or (conflict.adopted, pictured.verdict) != (digest, verdict):
        theirs = None if verified is None else verified.theirs
        shown = Pictured.of(alert, verdict, standing, theirs, seen.known.own, came.cause)
        pictured = replace(shown, opened_at=_opened_at(conflict.pictured, shown))
    own = seen.known.own if isinstance(seen.known.own, Notice) else seen.known.own_before
    if own is not None:
        tail_s = max(minima.tail_s for minima in seen.known.agreements[0].categories.values())
        until = own.last_end + tail_s * SECOND
    else:
        until = max(pictured.end or 0, conflict.until, now)
    if standing == Standing.PAST:
        until = max(until, now)  # over when it came, and news all the same
    return replace(conflict, adopted=digest, pictured=pictured, until=until)


def _opened_at(before: Pictured | None, now: Pictured) -> int | None:
    """Return when a conflict opened, as far as this desk saw it open; ``before`` is what was shown until now."""
    if before is not None and (before.state == Standing.OPEN or now.state != Standing.OPEN):
        return before.opened_at
    return now.received_at if now.state == Standing.OPEN else None


def _settled(conflict: KeptConflict) -> KeptConflict:
    """Say whether there is anything left to look at in a conflict, beyond the end of our flight."""
    state = None if conflict.pictured is None else conflict.pictured.state
    done = state in (Standing.CLOSED, Standing.PAST, Standing.UNCONFIRMED) and conflict.alarm is None
    return replace(conflict, open=not done)


def _theirs(alert: Alert, verified: Verified | None, source: Source) -> list[Change]:
    if verified is None or verified.theirs is None:
        return []
    other = alert.other
    revision = other.revision, verified.theirs.sha256
    return [KeptTheirs(other.party, other.id, *revision, alert.version, source.epoch)]
