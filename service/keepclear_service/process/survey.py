"""The survey: what the store says of each line, read at once for whoever looks after the service.

Guaranteed: nothing is changed but by a canary that is handed in; what cannot be read becomes a line of what is wrong,
never an exception. Of statements the agreements in force are read, and which alert an acknowledgement answers. Bounded:
of very many open conflicts the worst ones are counted, and ``more`` says that there are others; who has long been
silent has no last statement.
"""

import math
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from keepclear_protocol.agreement import Agreement, open_agreement
from keepclear_protocol.errors import KeepclearError
from keepclear_protocol.instant import SECOND
from keepclear_protocol.kinds import ACKNOWLEDGEMENT, KINDS

from ..decide.entry import Entry
from ..line.ports import Founded, Record
from ..store.canary import Canary
from ..store.connect import Store, check_durability, server_version
from ..store.reader import LineReader
from ..store.room import Room
from ..store.spent import Spent, read_spent
from .runs_out import RunsOut, agreement_end, all_ends
from .unanswered import SEVERITIES, Memory, Unanswered, claims_of

PAGES = 40
CONFLICTS_AT_ONCE = 256
"""Ten thousand open conflicts of a party: forty short scripts."""

LOOKS_BACK = (64, 256, 1024, 4096)
"""Entries at the log's end that are looked through for each party's last statement, until all are found."""

_FILED = frozenset(kind.name for kind in KINDS)


@dataclass(frozen=True, slots=True)
class PartySurvey:
    """A party as its line stands: what it has not answered, the oldest first, and the last that it said.

    ``stage`` is that of an acknowledgement, which a desk signs ``delivered`` by itself; "" of anything else. ``spent``
    is what it has used of its budgets, the worst first.
    """

    id: str
    live: int
    waiting: tuple[Unanswered, ...]
    last: Entry | None
    stage: str
    spent: tuple[Spent, ...] = ()

    @property
    def unanswered(self) -> dict[str, int]:
        """Open alerts that no officer answered, by severity."""
        counted = Counter(one.severity for one in self.waiting)
        return {name: counted[name] for name in SEVERITIES.values()}

    def undelivered(self, now: int) -> list[Unanswered]:
        """Return those that no desk took."""
        return [one for one in self.waiting if one.lies(now)]


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

    def overdue(self, party: PartySurvey, now: int) -> list[Unanswered]:
        """Return what a party should have answered by the agreement in force."""
        within_s = self.within_s
        return [] if within_s is None else [one for one in party.waiting if one.overdue(now, within_s)]

    @property
    def within_s(self) -> int | None:
        """Seconds that the agreement in force gives an officer for an answer, where it could be read."""
        return None if self.agreement is None else self.agreement.deadlines.acknowledge_s


@dataclass(frozen=True, slots=True)
class Survey:
    """All of it at the instant ``at``. ``code`` and ``fault`` are of a store that is not as it must be.

    ``room`` is of the server with the least; ``write_s`` are the seconds of a durable write, where one was made.
    """

    at: int
    code: str
    fault: str
    version: str
    lines: tuple[LineSurvey, ...]
    room: Room | None = None
    write_s: float | None = None

    @property
    def durable(self) -> bool:
        """Whether the store keeps what it is given; one that is full does, and takes no notices."""
        return self.code in ("", "store_full")


async def survey(
    store: Store,
    agreements: Sequence[Agreement],
    memories: Mapping[str, Memory],
    *,
    volatile: bool,
    canary: Canary | None = None,
) -> Survey:
    """Return how the lines of the agreements stand; these are named by the settings, others may be in force.

    ``memories`` are those of who looks, by the agreement's id; ``canary`` is what that writes, if anything.
    """
    now = int(time.time() * SECOND)
    code = fault = version = ""
    room = write_s = None
    try:
        version = await server_version(store.streams)
        rooms = [await LineReader(store, item.id).room() for item in agreements]
        room = min(rooms, key=lambda one: one.mark - one.used if one.most else math.inf, default=None)
        await check_durability(store.streams, volatile=volatile, room=True)
        write_s = None if canary is None else await canary.sing()
    except KeepclearError as error:
        code, fault = error.code, error.detail
    if code == "store_unavailable":
        return Survey(now, code, fault, version, tuple(LineSurvey(item.id, item.name, fault) for item in agreements))
    lines = [await _line(LineReader(store, item.id), item, memories[item.id], now) for item in agreements]
    return Survey(now, code, fault, version, tuple(lines), room, write_s)


async def _line(line: LineReader, at_hand: Agreement, memory: Memory, now: int) -> LineSurvey:
    try:
        founded = await line.open()
        raw = at_hand.raw if founded.terms == at_hand.terms else await line.terms(founded.terms)
        agreement = at_hand if raw is None else open_agreement(raw)
        return await _read(line, founded, agreement, memory, now)
    except KeepclearError as error:
        return LineSurvey(at_hand.id, at_hand.name, error.detail)


async def _read(line: LineReader, founded: Founded, agreement: Agreement, memory: Memory, now: int) -> LineSurvey:
    last = await _last(line, founded, {party.id for party in agreement.parties})
    rows: dict[str, list[Record]] = {}
    worst: dict[str, str] = {}
    more = False
    for party in agreement.parties:
        rows[party.id], cut = await _open_conflicts(line, party.id)
        more = more or cut
        for row in rows[party.id]:
            worst[row.conflict] = min(worst.get(row.conflict, "9"), row.rank[0])
    waiting = await memory.follow(line, founded, rows)
    stages = await _stages(line, last)
    parties = []
    for name in rows:
        live = await line.live(name, founded.clock)
        spent = read_spent(await line.spent(name, rows), agreement.budgets, live, founded.clock // 1000)
        parties.append(PartySurvey(name, live, waiting[name], last.get(name), stages.get(name, ""), tuple(spent)))
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


async def _stages(line: LineReader, last: Mapping[str, Entry]) -> dict[str, str]:
    """Return how far the acknowledgements go that were some parties' last word."""
    answers = [entry for entry in last.values() if entry.kind == ACKNOWLEDGEMENT.name]
    bodies = await line.bodies([entry.sha256 for entry in answers])
    return {entry.party: claims_of(body).get("stage", "") for entry, body in zip(answers, bodies, strict=True)}


def _by_severity(digits: Iterable[str]) -> dict[str, int]:
    counted = Counter(digits)
    return {name: counted[digit] for digit, name in SEVERITIES.items()}
