"""The survey: what the store says of each line, read at once for whoever looks after the service.

Guaranteed: nothing is changed; what cannot be read becomes a line of what is wrong, never an exception. No content of a
statement is read, but for the agreements in force. Bounded: of very many open conflicts the worst ones are counted, and
``more`` says that there are others; who has long been silent has no last statement.
"""

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from keepclear_protocol.agreement import Agreement, open_agreement
from keepclear_protocol.errors import KeepclearError
from keepclear_protocol.instant import SECOND
from keepclear_protocol.kinds import KINDS
from keepclear_protocol.separation import Severity, severity_rank

from ..decide.entry import Entry
from ..line.ports import Founded, Record
from ..store.connect import Store, check_durability, server_version
from ..store.reader import LineReader
from .runs_out import RunsOut, agreement_end, all_ends

SEVERITIES = {str(severity_rank(severity)): severity.value for severity in Severity}
"""What a rank of an open conflict begins with; any other is over."""

PAGES = 40
CONFLICTS_AT_ONCE = 256
"""Ten thousand open conflicts of a party: forty short scripts."""

LOOKS_BACK = (64, 256, 1024, 4096)
"""Entries at the log's end that are looked through for each party's last statement, until all are found."""

_FILED = frozenset(kind.name for kind in KINDS)
ACKNOWLEDGED = "acknowledged"


@dataclass(frozen=True, slots=True)
class PartySurvey:
    """A party as its line stands: ``unanswered`` are open alerts to it by severity, ``oldest`` when the first came."""

    id: str
    live: int
    unanswered: dict[str, int]
    oldest: int | None
    last: Entry | None


@dataclass(frozen=True, slots=True)
class LineSurvey:
    """A line as the store holds it. ``fault`` says why it could not be read; then there is nothing else."""

    id: str
    name: str
    fault: str = ""
    founded: Founded | None = None
    agreement: Agreement | None = None
    conflicts: dict[str, int] = field(default_factory=dict)
    more: bool = False
    parties: tuple[PartySurvey, ...] = ()
    ends: tuple[RunsOut, ...] = ()
    end: int | None = None


@dataclass(frozen=True, slots=True)
class Survey:
    """All of it at the instant ``at``. ``code`` and ``fault`` are of a store that is not as it must be."""

    at: int
    code: str
    fault: str
    version: str
    lines: tuple[LineSurvey, ...]


async def survey(store: Store, agreements: Sequence[Agreement], *, volatile: bool) -> Survey:
    """Return how the lines of the agreements stand; these are named by the settings, others may be in force."""
    now = int(time.time() * SECOND)
    code = fault = version = ""
    try:
        version = await server_version(store.streams)
        await check_durability(store.streams, volatile=volatile, room=True)
    except KeepclearError as error:
        code, fault = error.code, error.detail
    if code == "store_unavailable":
        return Survey(now, code, fault, version, tuple(LineSurvey(item.id, item.name, fault) for item in agreements))
    lines = [await _line(LineReader(store, agreement.id), agreement, now) for agreement in agreements]
    return Survey(now, code, fault, version, tuple(lines))


async def _line(line: LineReader, at_hand: Agreement, now: int) -> LineSurvey:
    try:
        founded = await line.open()
        raw = at_hand.raw if founded.terms == at_hand.terms else await line.terms(founded.terms)
        agreement = at_hand if raw is None else open_agreement(raw)
        return await _read(line, founded, agreement, now)
    except KeepclearError as error:
        return LineSurvey(at_hand.id, at_hand.name, error.detail)


async def _read(line: LineReader, founded: Founded, agreement: Agreement, now: int) -> LineSurvey:
    last = await _last(line, founded, {party.id for party in agreement.parties})
    parties = []
    worst: dict[str, str] = {}
    more = False
    for party in agreement.parties:
        rows, cut = await _open_conflicts(line, party.id)
        more = more or cut
        for row in rows:
            worst[row.conflict] = min(worst.get(row.conflict, "9"), row.rank[0])
        waiting = [row for row in rows if (party.id, ACKNOWLEDGED) not in row.answers]
        oldest = None
        if waiting:
            (entry,) = await line.entries([min(row.version for row in waiting)])
            oldest = None if entry is None else entry.received_at
        live = await line.live(party.id, founded.clock)
        unanswered = _by_severity(row.rank[0] for row in waiting)
        parties.append(PartySurvey(party.id, live, unanswered, oldest, last.get(party.id)))
    return LineSurvey(
        agreement.id,
        agreement.name,
        founded=founded,
        agreement=agreement,
        conflicts=_by_severity(worst.values()),
        more=more,
        parties=tuple(parties),
        ends=tuple(all_ends(agreement, now)),
        end=agreement_end(agreement, now),
    )


async def _open_conflicts(line: LineReader, party: str) -> tuple[list[Record], bool]:
    """Return a party's open conflicts, worst first, and whether there are more."""
    found: list[Record] = []
    after = ""
    for _ in range(PAGES):
        page = await line.conflicts(party, after, CONFLICTS_AT_ONCE)
        rows = [row for row in page.rows if row.rank[0] in SEVERITIES]
        found += rows
        if page.after is None or len(rows) < len(page.rows):
            return found, False
        after = page.after
    return found, True


async def _last(line: LineReader, founded: Founded, parties: set[str]) -> dict[str, Entry]:
    """Return the last statement of each party, as far as the end of the log tells."""
    found: dict[str, Entry] = {}
    upto = founded.head
    for count in LOOKS_BACK if upto else ():
        after = max(0, founded.head - count)
        for entry in reversed(await line.log(after, upto - after)):
            if entry.kind in _FILED:
                found.setdefault(entry.party, entry)
        if parties <= found.keys() or after == 0:
            break
        upto = after
    return found


def _by_severity(digits: Iterable[str]) -> dict[str, int]:
    counted = Counter(digits)
    return {name: counted[digit] for digit, name in SEVERITIES.items()}
