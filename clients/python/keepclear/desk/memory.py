"""What a desk remembers, as the transitions ask for it: the journal, and over it what a batch has changed so far.

A batch of arrivals is judged one after the other before any of it is written, so each must see what those before it
have changed. Reads what the arrivals name, and nothing else.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from keepclear_protocol.acknowledgement import VERIFIED, Acknowledgement
from keepclear_protocol.alert import Alert
from keepclear_protocol.errors import KeepclearError
from keepclear_protocol.notice import Notice
from keepclear_protocol.withdrawal import Withdrawal

from ..journal.changes import Change, NoteInForce, RefuseOwn, SettleOwn, TurnOwn
from ..journal.kept import (
    RECEIPTED,
    REFUSED,
    KeptAcknowledgement,
    KeptAlert,
    KeptConflict,
    KeptTheirs,
    OwnStatement,
)
from ..journal.reads import Reads
from ..verify.opening import OpenedAlert, Opener
from ..verify.verdicts import Adopted, Known, Seen
from .transition import KnownAcknowledgement, KnownAlert, Source


class Memory:
    """The journal as one batch of arrivals sees it."""

    def __init__(self, journal: Reads, opener: Opener) -> None:
        self._journal = journal
        self._opener = opener
        self._objects: dict[str, KeptAlert | None] = {}
        self._newest: dict[tuple[str, int], str] = {}
        self._conflicts: dict[str, KeptConflict | None] = {}
        self._theirs: dict[tuple[str, str], KeptTheirs | None] = {}
        self._acknowledgements: dict[str, KeptAcknowledgement] = {}
        self._own: dict[str, OwnStatement] = {}
        self._histories: dict[str, list[OwnStatement]] = {}
        self._opened: dict[str, Notice | Withdrawal | None] = {}
        self._in_force = journal.in_force()

    def expect(self, alerts: Sequence[OpenedAlert]) -> None:
        """Read at once what a batch of alerts names: one question of each kind instead of one for each alert."""
        named = [item.alert for item in alerts if item.alert is not None]
        objects = self._journal.alert_objects(digests := [item.digest for item in alerts])
        self._objects |= {digest: objects.get(digest) for digest in digests}
        conflicts = self._journal.conflicts_named(ids := list({alert.conflict for alert in named}))
        self._conflicts |= {id: conflicts.get(id) for id in ids}
        notices = {(alert.other.party, alert.other.id) for alert in named}
        seen = {(row.party, row.id): row for row in self._journal.theirs_of(list({id for _, id in notices}))}
        self._theirs |= {notice: seen.get(notice) for notice in notices}

    def note(self, changes: Iterable[Change]) -> None:
        """Remember what an arrival has changed, for those behind it."""
        for change in changes:
            match change:
                case KeptAlert(digest=digest, conflict=conflict, version=version):
                    self._objects[digest] = change
                    if conflict is not None and version is not None:
                        self._newest.setdefault((conflict, version), digest)
                case KeptConflict(conflict=conflict):
                    self._conflicts[conflict] = change
                case KeptTheirs(party=party, id=id, revision=revision):
                    before = self.theirs(party, id)
                    if before is None or before.revision < revision:
                        self._theirs[party, id] = change
                case KeptAcknowledgement(sha256=sha256):
                    self._acknowledgements[sha256] = change
                case NoteInForce(terms, at):
                    self._in_force = (terms, at)
                case OwnStatement(sha256=sha256):
                    self._own[sha256] = change
                case SettleOwn(sha256, receipt, seq, epoch):
                    if (row := self.own(sha256)) is not None:
                        settled = replace(row, status=RECEIPTED, receipt=receipt, seq=seq, epoch=epoch, code=None)
                        self._own[sha256] = settled
                case TurnOwn(sha256=sha256, status=status, among=among, code=code):
                    if (row := self.own(sha256)) is not None and row.status in among:
                        self._own[sha256] = replace(row, status=status, code=code)
                case RefuseOwn(sha256, code):
                    if (row := self.own(sha256)) is not None:
                        self._own[sha256] = replace(row, status=REFUSED, code=code)

    def object(self, digest: str) -> KeptAlert | None:
        """Return the alert object of this digest."""
        if digest not in self._objects:
            self._objects[digest] = self._journal.alert_object(digest)
        return self._objects[digest]

    def conflict(self, conflict: str) -> KeptConflict | None:
        """Return what is known of a conflict."""
        if conflict not in self._conflicts:
            self._conflicts[conflict] = self._journal.conflict(conflict)
        return self._conflicts[conflict]

    def theirs(self, party: str, id: str) -> KeptTheirs | None:
        """Return the newest revision seen of a counterpart's notice."""
        if (party, id) not in self._theirs:
            self._theirs[party, id] = self._journal.theirs(party, id)
        return self._theirs[party, id]

    def own(self, sha256: str) -> OwnStatement | None:
        """Return the own statement of this hash."""
        return self._own.get(sha256) or self._journal.own(sha256)

    def own_history(self, id: str) -> list[OwnStatement]:
        """Return what was not refused of one own notice, newest revision first."""
        if id not in self._histories:
            self._histories[id] = self._journal.own_history(id)
        changed = {row.sha256: row for row in self._own.values() if row.id == id}
        if not changed:
            return self._histories[id]
        rows = {row.sha256: row for row in self._histories[id]} | changed
        return sorted((row for row in rows.values() if row.status != REFUSED), key=lambda row: -row.revision)

    def alert(self, alert: Alert, digest: str, source: Source, now: int) -> KnownAlert:
        """Return what is remembered for this alert.

        The stream has an order of its own: an alert on it may not fall below an alert on it. A snapshot or an answer
        may not fall below anything that was known before the question was asked.
        """
        kept, floor, superseded = self.conflict(alert.conflict), None, False
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
        own_before = None if adopted is None else self._own_opened(adopted.alert.own.sha256)
        known = Known(
            agreements=self._opener.agreements,
            own=self._own_opened(alert.own.sha256),
            own_gone=self._own_gone(alert),
            own_before=own_before if isinstance(own_before, Notice) else None,
            adopted=adopted,
            floor=floor,
            theirs_floor=None if superseded else self._theirs_floor(alert, source),
            own_floor=self._own_floor(alert, source),
            followed=source.cursor is not None,
            now=now,
            in_force=self._in_force,
            presented=self._opener.arrived_presentation,
        )
        return KnownAlert(self.object(digest), kept, known, superseded)

    def acknowledgement(self, ack: Acknowledgement) -> KnownAcknowledgement:
        """Return what is remembered for this acknowledgement."""
        before = self._acknowledgements.get(ack.sha256) or self._journal.acknowledgement(ack.sha256)
        name = self._newest.get((ack.conflict, ack.version))
        kept = self._journal.alert_of(ack.conflict, ack.version)
        if kept is None and name is not None:
            kept = self._objects[name]
        alert = None if kept is None else self._opener.kept_alert(kept.object.alert)
        return KnownAcknowledgement(before, alert, self.conflict(ack.conflict))

    def _own_opened(self, sha256: str) -> Notice | Withdrawal | None:
        if (held := self._opened.get(sha256)) is not None:
            return held
        row = self.own(sha256)
        try:
            opened = None if row is None else self._opener.kept_own(sha256, row.raw, row.kind)
        except KeepclearError:
            return None  # of before a change of the wire: kept, but nothing can be held against it
        self._opened[sha256] = opened
        return opened

    def _theirs_floor(self, alert: Alert, source: Source) -> Seen | None:
        newest = self.theirs(alert.other.party, alert.other.id)
        if newest is None:
            return None
        # Within one life of the store, an alert of an earlier entry may well name an earlier revision.
        earlier = newest.epoch == source.epoch and alert.version < newest.version
        return None if earlier and alert.other.revision < newest.revision else Seen(newest.revision, newest.sha256)

    def _own_floor(self, alert: Alert, source: Source) -> Seen | None:
        for row in self.own_history(alert.own.id):
            if row.seq is not None and (row.epoch != source.epoch or row.seq <= alert.version):
                return Seen(row.revision, row.sha256)
        return None

    def _own_gone(self, alert: Alert) -> bool:
        """Whether the alert names a revision of ours that only a later one is left of, at the service as here."""
        held = {row.revision for row in self.own_history(alert.own.id) if row.status == RECEIPTED}
        return alert.own.revision not in held and max(held, default=0) > alert.own.revision

    def _adopted(self, kept: KeptConflict) -> Adopted | None:
        before = None if kept.adopted is None else self.object(kept.adopted)
        if before is None:
            return None
        theirs = None
        # The picture may show what did not verify, as a warning; nothing can be concluded from that.
        if before.object.presentation is not None and before.verdict == VERIFIED:
            theirs = self._opener.kept_presentation(before.object.presentation)
        return Adopted(self._opener.kept_alert(before.object.alert), theirs)
