"""What a worker knows of an agreement: the notices that count, where they are, and what was last said of each conflict.

Bounded by what counts: a notice is let go once ``counts_until`` is over and no open conflict of it remains, its
conflicts with it. From when on it counts for nothing follows from the log alone, the same for every worker.
"""

import heapq
from collections.abc import Iterable
from typing import Protocol

from keepclear_protocol.agreement import Agreement
from keepclear_protocol.alert import CLOSED, OPEN, Side
from keepclear_protocol.breath import Breathe, hurried
from msgspec import Struct

from .admission import counts_until
from .cells import Item
from .entry import Entry
from .gist import Filing, Gist, gist_of
from .index import Index

FORGET_AT_ONCE = 64
"""Notices let go with one entry: some two milliseconds. What is due waits for the next, and counts for nothing."""

Key = tuple[str, str]
"""A notice: (party, id)."""


class Filed(Struct, eq=False, gc=False):
    """A party's notice as it stands: what counts of its newest revision, when that came, its volumes in the index.

    ``until`` is the last instant at which it counts by the terms in force; ``looked_at`` when the state next asks
    whether it still does.
    """

    notice: Gist
    side: Side
    items: list[Item]
    until: int
    looked_at: int
    withdrawn: bool = False


class Conflict(Struct, eq=False, gc=False):
    """What was last said of two notices."""

    first: Key
    second: Key
    version: int
    state: str


class Said(Protocol):
    """The newest alert of a conflict to one party, as far as a state needs it."""

    @property
    def conflict(self) -> str:
        """The conflict's id."""

    @property
    def version(self) -> int:
        """The ``seq`` of the entry that caused it."""

    @property
    def own(self) -> Key:
        """The receiver's notice."""

    @property
    def other(self) -> Key:
        """The counterpart's notice."""

    @property
    def state(self) -> str:
        """Open, closed or past."""


class State:
    """A worker's memory of one agreement: a fold over its log, never the truth."""

    def __init__(self, agreement: Agreement) -> None:
        self.agreement = agreement
        self.filed: dict[Key, Filed] = {}
        self.conflicts: dict[str, Conflict] = {}
        self.of_notice: dict[Key, set[str]] = {}
        self.index = Index(agreement.max_horizontal_m)
        self.pairs = 0
        """Counts what matching spends of ``pairs_an_hour``; only its growth over an entry means anything."""
        self.breathe: Breathe = hurried
        """What is called between pieces of the work; nothing that is found follows from it."""
        self._leaving: list[tuple[int, Key]] = []
        self._foreseen: dict[int, list[Said]] = {}

    def file(self, entry: Entry, notice: Filing, items: list[Item] | None = None) -> Filed:
        """Put a notice's newest revision in the place of the one before; its volumes are not in the index yet.

        ``items`` are these volumes where they are known already, of ``notice``'s gist.
        """
        key = (entry.party, entry.id)
        self.take_out(key)
        before = self.filed.get(key)
        if before is not None and self._may_go(key, entry.received_at):
            self._let_go(key)
            before = None
        until = counts_until(notice, self.agreement)
        gist = gist_of(notice)  # what was signed has twice the size, and would stay as long
        filed = Filed(gist, side_of(entry), self.items(key, gist) if items is None else items, until, looked_at=until)
        if before is not None and before.looked_at <= until:
            filed.looked_at = before.looked_at
        else:
            heapq.heappush(self._leaving, (until, key))
        self.filed[key] = filed
        return filed

    def items(self, key: Key, notice: Gist) -> list[Item]:
        """Return a notice's volumes as the index sees them."""
        minima = self.agreement.categories[notice.category]
        return [self.index.item(key, volume, minima) for volume in notice.volumes]

    def put_in(self, filed: Filed) -> None:
        """Put a notice's volumes in the index."""
        for item in filed.items:
            self.index.add(item)

    def take_out(self, key: Key) -> None:
        """Take a notice's volumes out of the index."""
        filed = self.filed.get(key)
        if filed is not None:
            for item in filed.items:
                if item.slot >= 0:
                    self.index.remove(item)

    def grows(self, notice: Filing) -> int:
        """Return by how many volumes there would be more with a notice's revision in the place of the one before."""
        before = self.filed.get((notice.party, notice.id))
        return len(notice.volumes) - (0 if before is None else len(before.items))

    def adopt(self, agreement: Agreement, at: int) -> None:
        """Put new terms in force: widen every notice's volumes by them, and leave the index empty."""
        self.forget(at, len(self._leaving))  # what counts no more is not brought back by a longer retention
        self.agreement = agreement
        self.index = Index(agreement.max_horizontal_m)
        parties = {party.id for party in agreement.parties}
        self._leaving = []
        for key, filed in self.filed.items():
            filed.items = [] if filed.withdrawn or key[0] not in parties else self.items(key, filed.notice)
            filed.until = filed.looked_at = counts_until(filed.notice, agreement)
            heapq.heappush(self._leaving, (filed.until, key))

    def say(self, cid: str, key: Key, other: Key, version: int, said: str) -> None:
        """Note what was said of a conflict."""
        # In one order, whoever acted: a restored state knows the two, not which of them came last.
        self.conflicts[cid] = Conflict(min(key, other), max(key, other), version, said)
        self.of_notice.setdefault(key, set()).add(cid)
        self.of_notice.setdefault(other, set()).add(cid)

    def close(self, cid: str, version: int) -> None:
        """Note that a conflict was closed; its notices may now be let go."""
        conflict = self.conflicts[cid]
        conflict.version, conflict.state = version, CLOSED
        for key in (conflict.first, conflict.second):
            filed = self.filed[key]
            if filed.looked_at > filed.until:
                filed.looked_at = filed.until
                heapq.heappush(self._leaving, (filed.until, key))

    def has_conflicts(self, party: str, notice: str, count: int) -> bool:
        """Whether more than ``count`` conflicts of a notice are known."""
        return len(self.of_notice.get((party, notice), ())) > count

    def known(self, key: Key) -> dict[Key, str]:
        """Return the notices that a notice has a conflict with, and the conflicts' ids."""
        return {other_of(self.conflicts[cid], key): cid for cid in self.of_notice.get(key, ())}

    def forget(self, at: int, count: int = FORGET_AT_ONCE) -> None:
        """Let go of notices that count no more at ``at``, and of their conflicts: at most ``count`` of them."""
        for _ in range(count):
            if not self._leaving or self._leaving[0][0] >= at:
                return
            due, key = heapq.heappop(self._leaving)
            filed = self.filed.get(key)
            if filed is None or filed.looked_at != due:
                continue
            if filed.until >= at:
                # A later revision made it count longer than when it was put here.
                filed.looked_at = filed.until
                heapq.heappush(self._leaving, (filed.until, key))
            elif self._may_go(key, at):
                self._let_go(key)
            else:
                # Its end is still to be said: looked at again once it is closed.
                filed.looked_at = _NEVER

    def _may_go(self, key: Key, at: int) -> bool:
        """Whether a notice counts no more, and nothing is still to be said of it."""
        conflicts = self.of_notice.get(key, ())
        return self.filed[key].until < at and not any(self.conflicts[cid].state == OPEN for cid in conflicts)

    def foresee(self, said: Iterable[Said], through: int) -> None:
        """Take over what the store says of conflicts, into a state that stands at entry ``through``.

        Into it were filed, in the order of the log, the newest revisions up to ``through`` of the notices that still
        count and are not withdrawn by then; nothing was matched. ``said`` was read after ``through`` was. What folds on
        from here says what any other worker says. Not told apart: a notice amended after it had been let go with its
        conflicts; what was said of these stays known.

        What entries behind ``through`` have said already waits for these entries. Until then the conflict counts as
        open: whatever is said of it meanwhile is older than what stands in the store, and is dropped there.
        """
        newest: dict[str, Said] = {}
        for record in said:
            seen = newest.get(record.conflict)
            if seen is None or record.version > seen.version:
                newest[record.conflict] = record
        for record in newest.values():
            if record.own not in self.filed or record.other not in self.filed:
                continue
            if record.version > through:
                self._foreseen.setdefault(record.version, []).append(record)
            said_now = OPEN if record.version > through else record.state
            self.say(record.conflict, record.own, record.other, record.version, said_now)

    def come_true(self, seq: int) -> None:
        """After entry ``seq`` is folded, what the store says of it holds."""
        for record in self._foreseen.pop(seq, ()):
            if record.own in self.filed and record.other in self.filed:
                self.say(record.conflict, record.own, record.other, record.version, record.state)

    def _let_go(self, key: Key) -> None:
        self.take_out(key)
        del self.filed[key]
        for cid in self.of_notice.pop(key, set()):
            self.of_notice[other_of(self.conflicts[cid], key)].discard(cid)
            del self.conflicts[cid]


_NEVER = 2**63 - 1


def side_of(entry: Entry) -> Side:
    """Return a notice's side of an alert, as of the entry of its newest revision."""
    return Side(entry.party, entry.id, entry.revision, entry.sha256, entry.received_at)


def other_of(conflict: Conflict, key: Key) -> Key:
    """Return the notice that ``key`` has this conflict with."""
    return conflict.second if conflict.first == key else conflict.first
