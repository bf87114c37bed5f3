"""Reading everything again: what is new is taken in, and what fell is told as the rollback that it is.

After a gap nothing on the stream can be trusted to be complete, so all conflicts and own notices are read and held
against the journal. Guaranteed: all of it, and the cursor of the position that it is good for, are written in one
transaction; a crash on the way leaves everything as it was. Not guaranteed: that the service tells of every conflict.
What was known and is withheld is found here; what was never told cannot be.
"""

from dataclasses import replace

from keepclear_protocol.errors import EvidenceInvalid
from keepclear_protocol.instant import parse_instant

from ..journal.journal import Journal
from ..wire.answers import Conflicts, Notices
from ..wire.exchange import Exchange
from .events import Event, GapEvent
from .intake import Intake, Source, Steps


def reread(
    exchange: Exchange, journal: Journal, intake: Intake, *, now: int, follow: bool, gap: str | None = None
) -> Steps:
    """Read all conflicts and own notices, asked for at the instant ``now``; with ``follow`` move the cursor.

    ``gap`` says why, where the stream could not go on: it is told together with what was read.
    """
    conflicts: Conflicts = yield exchange.conflicts()
    notices: Notices = yield exchange.notices()
    for row in notices.notices:
        if journal.own(row.sha256) is None:
            yield from intake.own.fetch(row.id)
    yield from intake.learn_own(row.object for row in conflicts.conflicts)
    source = Source(conflicts.at.epoch, asked_at=now, follow=follow)
    events: list[Event] = []
    with journal.transaction():
        if gap is not None:
            events.append(GapEvent(gap))
            journal.queue(events[0].to_json())
        for said in intake.own.missing(notices, now):
            events += intake.problem("rollback", said, source)
        for conflict in conflicts.conflicts:
            events += intake.alert(conflict.object, source)
            for raw in conflict.acknowledgements:
                events += intake.acknowledgement(raw, source)
        events += _missing_conflicts(journal, intake, conflicts, source)
        journal.note_reread(now)
        if follow:
            journal.move_cursor(conflicts.at)
    return events


def _missing_conflicts(journal: Journal, intake: Intake, conflicts: Conflicts, source: Source) -> list[Event]:
    """A conflict that is open here and not over may not be missing there."""
    asked_at = source.asked_at or 0
    there = set()
    for row in conflicts.conflicts:
        try:
            there.add(intake.open_new(row.object.alert).conflict)
        except EvidenceInvalid:
            continue  # told as what it is when it was taken in
    events: list[Event] = []
    for kept in journal.conflicts():
        alert = intake.is_open(kept) if kept.conflict not in there and kept.learnt_at <= asked_at else None
        if alert is None or max(parse_instant(pair["time_end"]) for pair in alert.pairs) <= asked_at:
            continue
        detail = f"ROLLBACK: the hotline no longer tells of conflict {kept.conflict}, which is not over"
        journal.save_conflict(replace(kept, alarm="rollback", alarm_detail=detail))
        events += intake.problem("rollback", detail, source)
    return events
