"""What arrives at a desk: verified once, judged in its order, written down in one transaction, and only then told.

``open`` verifies signatures, ``take`` judges a batch against what is remembered and writes all that it changes, with
its events and the cursor behind it. Both may take long, and belong into a thread beside the event loop. Guaranteed:
what was verified before is not verified again; a batch is written whole or not at all; nothing is written that rests
on what another process has changed meanwhile: it is judged again.
"""

import threading
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from keepclear_protocol.acknowledgement import VERIFIED
from keepclear_protocol.claims import MAX_AHEAD_S
from keepclear_protocol.encoding import digest
from keepclear_protocol.errors import KeepclearError
from keepclear_protocol.instant import SECOND
from keepclear_protocol.kinds import NOTICE, WITHDRAWAL
from keepclear_protocol.notice import Notice
from keepclear_protocol.receipt import Receipt
from keepclear_protocol.speakable import speakable
from keepclear_protocol.withdrawal import Withdrawal

from ..journal.changes import Change, Note, RaiseAlarm
from ..journal.journal import Journal, Overtaken
from ..journal.kept import KeptAlert
from ..verify.opening import OpenedAcknowledgement, OpenedAlert, OpenedBudget, Opener
from ..verify.verdicts import find_terms
from ..wire.answers import AlertObject, NoticeAnswer
from ..wire.arrivals import AcknowledgementArrived, AlertArrived, Arrival, BudgetArrived, NoticeArrived, Unreadable
from ..wire.exchange import Exchange
from .events import Event
from .memory import Memory
from .transition import (
    Outcome,
    Source,
    judge_again,
    notice_id,
    own_event,
    problem,
    take_acknowledgement,
    take_alert,
    take_budget,
    take_forged,
    take_own,
    told,
)


@dataclass(frozen=True, slots=True)
class OpenedOwn:
    """A statement of our own party that came from elsewhere, with its receipt; or why it is none."""

    kind: str
    raw: str
    statement: Notice | Withdrawal | None
    receipt: Receipt | None
    fault: str = ""


Opened = OpenedAlert | OpenedAcknowledgement | OpenedOwn | OpenedBudget | Unreadable | None
"""What arrived, its signatures verified; ``None`` for what only moves the position."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of a batch: its events, and those among them that were told, by their numbers in the journal."""

    events: tuple[Event, ...]
    numbered: tuple[tuple[int, Event], ...]


class Intake:
    """Takes in what the service says, for one desk. Any thread may call; batches are taken one after the other."""

    def __init__(self, exchange: Exchange, journal: Journal, clock: Callable[[], int]) -> None:
        self.opener = Opener(journal.agreements, exchange.party)
        self._exchange = exchange
        self._journal = journal
        self._clock = clock
        self._taking = threading.Lock()

    def open(self, arrivals: Iterable[Arrival]) -> list[Opened]:
        """Return what arrived, every signature verified that was not verified before."""
        came = list(arrivals)
        digests = [arrival.object.digest for arrival in came if isinstance(arrival, AlertArrived)]
        held = {name for name, kept in self._journal.alert_objects(digests).items() if kept.conflict is not None}
        return [self._open(arrival, held) for arrival in came]

    def unknown_own(self, opened: Iterable[Opened]) -> list[str]:
        """Return the own notices that alerts name in a revision that this desk does not hold: another desk's."""
        coming = {item.statement.sha256 for item in opened if isinstance(item, OpenedOwn) and item.statement}
        named = {
            item.alert.own.sha256: item.alert.own.id for item in opened if isinstance(item, OpenedAlert) and item.alert
        }
        held = self._journal.own_known(named)
        return list(dict.fromkeys(id for sha256, id in named.items() if sha256 not in held and sha256 not in coming))

    def take(
        self, batch: Sequence[tuple[Opened, Source]], first: Sequence[Outcome] = (), last: Sequence[Change] = ()
    ) -> Taken:
        """Judge a batch, write what it changes between ``first`` and ``last``, and return the events."""

        def judged(memory: Memory, now: int) -> list[Outcome]:
            outcomes = []
            memory.expect([opened for opened, _ in batch if isinstance(opened, OpenedAlert)])
            for opened, source in batch:
                outcomes.append(outcome := self._judge(opened, source, memory, now))
                memory.note(outcome.changes)
            return [*first, *outcomes, Outcome(last, None)]

        return self._write(judged)

    def take_own(self, answers: Iterable[NoticeAnswer]) -> dict[str, int]:
        """Keep own notices that another desk filed; return the revisions, by id, of those that hold."""
        opened = [self._open(NoticeArrived(answer.notice, answer.withdrawal, answer.receipt)) for answer in answers]
        held = [item for item in opened if isinstance(item, OpenedOwn) and item.statement is not None]
        self.take([(item, Source("")) for item in held])
        return {notice_id(item.statement): item.statement.revision for item in held if item.statement is not None}

    def review(self, *, anew: bool = False) -> Taken:
        """Judge again what came under terms, or by a key of the service, that this desk had not installed then.

        Once for each revision; ``anew`` again, since this process may have judged after another one had reviewed.
        """
        newest = self._journal.agreements[0].terms
        if self._journal.fault is not None or (self._journal.noted("reviewed") == newest and not anew):
            return Taken((), ())
        return self._again(self._journal.unreadable(), [Note("reviewed", newest)])

    def review_clock(self) -> Taken:
        """Judge again what was dated ahead of this desk's clock and is not any more."""
        latest = self._clock() + MAX_AHEAD_S * SECOND
        kept = self._journal.dated_ahead()
        return self._again([row for row in kept if self.opener.kept_alert(row.object.alert).at <= latest], [])

    def keep_lost(self, id: str, what: str) -> Taken:
        """Let the conflicts of a notice of ours that was lost stand, with an alarm that says what became of it.

        The hotline has closed none of them, and its word that the notice is gone is not signed: it may have it yet.
        """
        code = speakable(id)
        detail = f"the hotline said without a signature that it has {code} no more, and has not closed this: {what}"

        def judged(memory: Memory, now: int) -> list[Outcome]:
            named = [row for row in self._journal.open_conflicts() if row.pictured and row.pictured.own == id]
            return [Outcome([RaiseAlarm(row.conflict, "rollback", detail) for row in named], None)]

        return self._write(judged)

    def tell(self, code: str, detail: str) -> Taken:
        """Tell whoever watches that something is wrong that no arrival brought."""
        return self._write(lambda memory, now: [problem(code, detail, Source("", follow=True))])

    def _again(self, kept: Sequence[KeptAlert], last: Sequence[Change]) -> Taken:
        cursor = self._journal.cursor()
        source = Source("" if cursor is None else cursor.epoch, follow=True)

        def judged(memory: Memory, now: int) -> list[Outcome]:
            outcomes = []
            for before in kept:
                outcomes.append(outcome := self._judge_again(before, source, memory, now))
                memory.note(outcome.changes)
            return [*outcomes, Outcome(last, None)]

        return self._write(judged) if kept or last else Taken((), ())

    def _judge_again(self, before: KeptAlert, source: Source, memory: Memory, now: int) -> Outcome:
        if before.conflict is None:
            arrived = self.opener.arrived_alert(before.object)
            return Outcome([], None) if arrived.alert is None else self._judge(arrived, source, memory, now)
        alert = self.opener.kept_alert(before.object.alert)
        if find_terms(self.opener.agreements, alert.claims.terms) is None:
            return Outcome([], None)
        return judge_again(alert, before, memory.alert(alert, before.digest, source, now), source, now)

    def _write(self, judged: Callable[[Memory, int], list[Outcome]]) -> Taken:
        with self._taking:
            while True:
                generation = self._journal.generation()
                outcomes = judged(Memory(self._journal, self.opener), self._clock())
                changes = [change for outcome in outcomes for change in outcome.changes]
                try:
                    numbers = self._journal.apply(changes, since=generation)
                except Overtaken:
                    continue
                events = [outcome.event for outcome in outcomes if outcome.event is not None]
                # Of one batch either all events are told, as part of following, or none is.
                return Taken(tuple(events), tuple(zip(numbers, events, strict=False)))

    def _judge(self, opened: Opened, source: Source, memory: Memory, now: int) -> Outcome:
        match opened:
            case OpenedAlert(alert=None):
                return take_forged(opened, memory.object(opened.digest), source, now)
            case OpenedAlert(alert=alert) if alert is not None:
                return take_alert(opened, alert, memory.alert(alert, opened.digest, source, now), source, now)
            case OpenedAcknowledgement(acknowledgement=ack):
                seen = None if ack is None else memory.acknowledgement(ack)
                return take_acknowledgement(opened, seen, self._exchange.party, source, now)
            case OpenedOwn(kind=kind, raw=raw, statement=statement, receipt=receipt):
                if statement is None or receipt is None:
                    return problem("evidence", f"an own {kind} on the stream does not hold: {opened.fault}", source)
                history, known = memory.own_history(receipt.id), memory.own(statement.sha256)
                changes, wrong = take_own(statement, kind, raw, receipt, history, known, now)
                return told(own_event(statement, kind, wrong), changes, source)
            case OpenedBudget():
                return take_budget(opened, source)
            case Unreadable(detail):
                return problem("evidence", detail, source)
        return Outcome([], None)

    def _open(self, arrival: Arrival, held: Collection[str] = ()) -> Opened:
        match arrival:
            case AlertArrived(value):
                return self._open_alert(value, held)
            case AcknowledgementArrived(raw):
                known = self._journal.acknowledgement(digest(raw))
                if known is not None and known.verdict == VERIFIED:
                    return OpenedAcknowledgement(raw, self.opener.kept_acknowledgement(raw))
                return self.opener.arrived_acknowledgement(raw)
            case NoticeArrived(notice, withdrawal, receipt):
                kind, raw = (NOTICE, notice or "") if withdrawal is None else (WITHDRAWAL, withdrawal)
                return self._open_own(kind.name, raw, receipt)
            case BudgetArrived(raw):
                return self.opener.arrived_budget(raw)
            case Unreadable():
                return arrival
        return None

    def open_alert(self, value: AlertObject) -> OpenedAlert:
        """Return an alert object, its signature verified unless it was before."""
        before = self._journal.alert_object(value.digest)
        return self._open_alert(value, [] if before is None or before.conflict is None else [before.digest])

    def _open_alert(self, value: AlertObject, held: Collection[str]) -> OpenedAlert:
        if value.digest in held:
            return OpenedAlert(value, value.digest, self.opener.kept_alert(value.alert))
        return self.opener.arrived_alert(value)

    def _open_own(self, kind: str, raw: str, receipt: str) -> OpenedOwn:
        try:
            sha256 = digest(raw.partition("~")[0])
            kept = self._journal.own(sha256)
            if kept is not None and kept.raw == raw:
                statement = self.opener.kept_own(sha256, raw, kept.kind)
            else:
                statement = self.opener.arrived_own(raw, kind)
            return OpenedOwn(kind, raw, statement, self._exchange.check_receipt(receipt, kind, raw))
        except KeepclearError as error:
            return OpenedOwn(kind, raw, None, None, error.detail)
