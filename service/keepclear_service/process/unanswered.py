"""The unanswered: open alerts that no officer of their receiver has acknowledged, and since when.

The store knows a conflict's newest alert alone. A ``Memory`` that looks again and again keeps since when a conflict was
open and unanswered to a party, so that no revision and no new terms start a clock anew; what was answered between two
looks is read from the log. Not guaranteed: what was before its first look. A conflict that it finds there may have
waited longer than the newest alert tells, and says ``at_least``.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from keepclear_protocol.acknowledgement import ACKNOWLEDGED
from keepclear_protocol.encoding import unb64
from keepclear_protocol.instant import SECOND
from keepclear_protocol.kinds import ACKNOWLEDGEMENT, NOTICE
from keepclear_protocol.separation import Severity, severity_rank
from keepclear_protocol.speakable import speakable

from ..decide.entry import Entry
from ..line.ports import Founded, Record
from ..store.reader import LineReader

UNDELIVERED_S = 15
"""Seconds in which a desk that follows its stream has long signed for an alert: it does so by itself."""

LOG_AT_ONCE = 256
PAGES = 16
"""Of the log between two looks, looked through for answers: many seconds of the busiest line."""

SEVERITIES = {str(severity_rank(severity)): severity.value for severity in Severity}
"""What a rank of an open conflict begins with; any other is over."""


@dataclass(frozen=True, slots=True)
class Unanswered:
    """An open alert to a party without an officer's answer; instants. ``undelivered`` is None once a desk took it."""

    conflict: str
    version: int
    severity: str
    since: int
    at_least: bool
    undelivered: int | None

    @property
    def code(self) -> str:
        """What is said of it over a telephone."""
        return speakable(self.conflict)

    def overdue(self, now: int, within_s: int) -> bool:
        """Whether the agreement's time for an answer is over."""
        return now - self.since > within_s * SECOND

    def lies(self, now: int) -> bool:
        """Whether no desk took it for longer than a living one needs."""
        return self.undelivered is not None and now - self.undelivered > UNDELIVERED_S * SECOND


class Memory:
    """What is remembered of one line from look to look."""

    def __init__(self) -> None:
        self._epoch = ""
        self._head = 0
        self._known: dict[tuple[str, str], Unanswered] = {}

    async def follow(
        self, line: LineReader, founded: Founded, rows: Mapping[str, Sequence[Record]]
    ) -> dict[str, tuple[Unanswered, ...]]:
        """Return what is unanswered by party, the oldest first; ``rows`` are all open conflicts of each party."""
        waiting = [row for some in rows.values() for row in some if (row.to, ACKNOWLEDGED) not in row.answers]
        fresh, moved = [], []
        for row in waiting:
            before = self._known.get((row.to, row.conflict))
            if before is None:
                fresh.append(row)
            elif before.version != row.version:
                moved.append(row)
        same = founded.epoch == self._epoch
        between = await _answers(line, self._head) if moved and same else []
        told = await _told(line, {row.version for row in (*fresh, *moved)})
        found = {}
        for row in waiting:
            before = self._known.get((row.to, row.conflict))
            entry = told.get(row.version)
            stages = {said.stage for said in between if before is not None and said.of(row, before.version)}
            first = entry is not None and entry.kind == NOTICE.name and entry.revision == 1
            at = founded.clock if entry is None else entry.received_at
            found[row.to, row.conflict] = _clock(row, before, stages, at, at_least=not same and not first)
        self._epoch, self._head, self._known = founded.epoch, founded.head, found
        of_party: dict[str, list[Unanswered]] = {party: [] for party in rows}
        for (party, _), one in found.items():
            of_party[party].append(one)
        return {party: tuple(sorted(some, key=lambda one: one.since)) for party, some in of_party.items()}


def _clock(row: Record, before: Unanswered | None, stages: set[str], at: int, *, at_least: bool) -> Unanswered:
    """Return a conflict whose newest alert was told ``at``; ``stages`` are those of answers since ``before``."""
    undelivered = None
    if not any(whose == row.to for whose, _ in row.answers):
        undelivered = at if before is None or before.undelivered is None or stages else before.undelivered
    since = at
    if before is not None and ACKNOWLEDGED not in stages:
        since, at_least = before.since, before.at_least
    return Unanswered(row.conflict, row.version, SEVERITIES[row.rank[0]], since, at_least, undelivered)


@dataclass(frozen=True, slots=True)
class _Answer:
    party: str
    conflict: str
    version: int
    stage: str

    def of(self, row: Record, since: int) -> bool:
        """Whether it answers what came before a row's alert, from the version ``since`` on."""
        return (self.party, self.conflict) == (row.to, row.conflict) and since <= self.version < row.version


async def _answers(line: LineReader, after: int) -> list[_Answer]:
    """Return what was answered behind a look's head: to the log's end, for rows are newer than their look's head."""
    found = []
    for _ in range(PAGES):
        entries = await line.log(after, LOG_AT_ONCE)
        answers = [entry for entry in entries if entry.kind == ACKNOWLEDGEMENT.name]
        for entry, body in zip(answers, await line.bodies([entry.sha256 for entry in answers]), strict=True):
            said = claims_of(body)
            if said:
                found.append(_Answer(entry.party, said["conflict"], said["version"], said["stage"]))
        if len(entries) < LOG_AT_ONCE:
            break
        after = entries[-1].seq
    return found


async def _told(line: LineReader, seqs: set[int]) -> dict[int, Entry]:
    wanted = sorted(seqs)
    return {entry.seq: entry for entry in await line.entries(wanted) if entry is not None}


def claims_of(body: str | None) -> dict[str, Any]:
    """Return what an admitted acknowledgement says; nothing of one that retention has let go."""
    return {} if body is None else json.loads(unb64(body.split(".")[1]))
