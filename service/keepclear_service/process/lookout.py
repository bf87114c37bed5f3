"""The lookout: what the supervisor sees of its workers and of the store, and since when.

Guaranteed: a sight is at most ``FRESH_S`` old, and the store is asked once however many ask here; a store that does not
answer is part of the sight. Streams are those of this service's own workers: a second replica has its own. What runs
out is said in the log at the start, at each stage of ``runs_out``, and never twice; so is each alert that is overdue,
once while this looks, and each worker whose loop does not come round.
"""

import asyncio
import logging
import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from keepclear_protocol.agreement import Agreement
from keepclear_protocol.instant import SECOND

from ..logs import log_event
from ..metrics import LINES_LOST, Board
from ..store.canary import Canary
from ..store.connect import Store
from ..store.keys import Keys
from .fits import MENDS, beyond
from .heartbeat import SILENT_S as HEARTBEAT_S
from .last_words import room
from .note import LineNote, Note, read_note
from .survey import Survey, survey
from .unanswered import Memory
from .version import versions

FRESH_S = 2.0
"""Seconds for which a look at the store is given again: scrapers and people ask as often as they like."""

SILENT_S = 5.0
"""Seconds after which a worker's note is no longer its word: its loop hangs, or it is gone."""

DIED_LATELY_S = 600.0
"""Seconds for which a store that died is told as what is wrong, however well it was started again."""

LOOKS_EVERY_S = 1.0
WARNS_EVERY_S = 600.0

WATCHES_EVERY_S = 5.0
"""Seconds between looks for what is unanswered, whoever asks: exact enough for deadlines of minutes."""

WATCHES_AT_MOST = 0.05
"""Share of the time that these looks may take: of very many conflicts they come less often."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class WorkerSight:
    """One worker's place: the process that fills it, its board, its note, and for how long it has left no newer one."""

    place: str
    pid: int | None
    starts: int
    replaced: int
    board: Board
    note: Note | None
    silent_s: float

    def line(self, place: int) -> LineNote | None:
        """Return what the worker says of an agreement, by its place in the settings, if its word counts."""
        if self.pid is None or self.note is None or self.silent_s > SILENT_S:
            return None
        return self.note.lines[place] if place < len(self.note.lines) else None


@dataclass(frozen=True, slots=True)
class StoreSight:
    """The embedded store's process: how often it was started, when (seconds since 1970) and why it died lately.

    ``free`` are the bytes of room on its disk.
    """

    pid: int | None
    starts: int
    deaths: Sequence[tuple[float, str]]
    free: int | None = None


@dataclass(frozen=True, slots=True)
class Sight:
    """All that is seen; ``own_store`` where the service runs its store itself.

    By the agreements' places in the settings: ``streams`` by party; ``alone`` since when a party has none (seconds
    since 1970). Of the log ``lost`` lines went nowhere; ``lost_at``: when that was last seen to be more.
    """

    survey: Survey
    workers: Sequence[WorkerSight]
    streams: Sequence[Counter[str]]
    alone: Sequence[dict[str, float]]
    since: float
    versions: dict[str, str]
    own_store: StoreSight | None = None
    lost: int = 0
    lost_at: float | None = None


class Place(Protocol):
    """A worker's place as the lookout needs it; the supervisor's ``Worker`` is one."""

    board: Board
    starts: int
    replaced: int

    @property
    def pid(self) -> int | None:
        """Process id, while it runs."""


class OwnStore(Protocol):
    """The embedded store as the lookout needs it."""

    starts: int
    deaths: deque[tuple[float, str]]
    folder: Path

    @property
    def pid(self) -> int | None:
        """Process id, while it runs."""


@dataclass
class Lookout:
    """Looks after one service: its workers' ``places``, its ``store``, the ``agreements`` of its settings."""

    store: Store
    agreements: Sequence[Agreement]
    places: Sequence[Place]
    volatile: bool
    own_store: OwnStore | None = None
    since: float = field(default_factory=time.time)

    def __post_init__(self) -> None:
        self._looking = asyncio.Lock()
        self._looked_at = float("-inf")
        self._survey: Survey | None = None
        self._seen: list[dict[str, float]] = [{} for _ in self.agreements]
        self._silent: dict[int, float] = {}
        self._warned: dict[tuple[str, str, str], int] = {}
        self._memories = {agreement.id: Memory() for agreement in self.agreements}
        served = bool(self.places)  # who only looks changes nothing
        self._canary = Canary(self.store, [Keys(item.id).prefix for item in self.agreements]) if served else None
        self._lost = 0
        self._lost_at: float | None = None
        self._overdue: set[tuple[str, str, str, int]] = set()
        self._beyond = ""

    async def run(self) -> None:
        """Note who listens, and say what runs out, until cancelled."""
        warn_at = watch_at = 0.0  # of a clock that nobody steps: back by hours, nothing would be watched for as long
        while True:
            now, began = time.time(), time.monotonic()
            self._count_lost()
            for seen, streams in zip(self._seen, self._streams(self._workers()), strict=True):
                seen.update(dict.fromkeys(streams, now))
            self._listen()
            if began >= watch_at:
                try:
                    found = await self.look()
                except Exception:
                    logger.exception("survey_failed")  # what only looks must end nothing
                else:
                    self._say_overdue(found)
                    if began >= warn_at:
                        self._warn(found)
                        warn_at = began + WARNS_EVERY_S
                ended = time.monotonic()
                watch_at = ended + max(WATCHES_EVERY_S, (ended - began) / WATCHES_AT_MOST)
            await asyncio.sleep(LOOKS_EVERY_S)

    async def look(self) -> Survey:
        """Return how the store stands, at most ``FRESH_S`` old."""
        async with self._looking:
            if self._survey is None or time.monotonic() - self._looked_at > FRESH_S:
                self._survey = await survey(
                    self.store, self.agreements, self._memories, volatile=self.volatile, canary=self._canary
                )
                self._looked_at = time.monotonic()
            return self._survey

    async def sight(self) -> Sight:
        """Return all that is seen."""
        found = await self.look()
        workers = self._workers()
        streams = self._streams(workers)
        alone: list[dict[str, float]] = []
        for place, line in enumerate(found.lines):
            parties = line.agreement.parties if line.agreement else self.agreements[place].parties
            for party in parties:
                streams[place].setdefault(party.id, 0)
            silent = (party.id for party in parties if not streams[place][party.id])
            alone.append({party: self._seen[place].get(party, self.since) for party in silent})
        self._count_lost()
        known = {**versions(), "store": found.version}
        return Sight(found, workers, streams, alone, self.since, known, self._store(), self._lost, self._lost_at)

    def _store(self) -> StoreSight | None:
        own = self.own_store
        if own is None:
            return None
        lately = time.time() - DIED_LATELY_S
        deaths = [death for death in own.deaths if death[0] >= lately]
        return StoreSight(own.pid, own.starts, deaths, room(own.folder))

    def _count_lost(self) -> None:
        lost = 0.0
        for place in self.places:
            lost += sum(sum(place.board.cells(at, 1)) for _, at in place.board.layout.series(LINES_LOST))
        if lost > self._lost:
            self._lost, self._lost_at = int(lost), time.time()

    def _workers(self) -> list[WorkerSight]:
        found = []
        for number, place in enumerate(self.places):
            note = read_note(place.board)
            silent_s = 0.0 if note is None else note.age_s
            found.append(WorkerSight(str(number), place.pid, place.starts, place.replaced, place.board, note, silent_s))
        return found

    def _streams(self, workers: Sequence[WorkerSight]) -> list[Counter[str]]:
        found: list[Counter[str]] = [Counter() for _ in self.agreements]
        for worker in workers:
            for place, streams in enumerate(found):
                line = worker.line(place)
                if line is not None:
                    streams.update(line.streams)
        return found

    def _say_overdue(self, found: Survey) -> None:
        late = {
            (line.id, party.id, one.conflict, one.since): (line, one)
            for line in found.lines
            for party in line.parties
            for one in line.overdue(party, found.at)
        }
        for key in late.keys() - self._overdue:
            line, one = late[key]
            fields: dict[str, object] = {"agreement": line.id, "party": key[1], "code": one.code}
            fields |= {"conflict": one.conflict, "seq": one.version, "severity": one.severity}
            fields |= {"unanswered_s": (found.at - one.since) // SECOND, "at_least": one.at_least}
            log_event(logger, logging.ERROR, "overdue", **fields, within_s=line.within_s)
        if not any(line.fault for line in found.lines):
            self._overdue = set(late)

    def _listen(self) -> None:
        """Say once that a worker's loop does not come round, and once that it does again."""
        for worker in self._workers():
            if worker.pid is None or worker.note is None:
                continue  # it died or is starting, and that is said elsewhere
            silent_s = worker.silent_s
            who = {"worker": worker.place, "worker_pid": worker.pid}
            if silent_s > SILENT_S and worker.pid not in self._silent:
                self._silent[worker.pid] = worker.note.at
                says = f"it hangs, and is replaced after {HEARTBEAT_S:.0f} s; kill -9 {worker.pid} is sooner"
                log_event(logger, logging.ERROR, "worker_silent", **who, silent_s=round(silent_s, 1), says=says)
            elif silent_s <= SILENT_S and worker.pid in self._silent:
                silent_s = worker.note.at - self._silent.pop(worker.pid)
                log_event(logger, logging.INFO, "worker_heard", **who, silent_s=round(silent_s, 1))

    def _warn(self, found: Survey) -> None:
        in_force = [line.agreement for line in found.lines if line.agreement is not None]
        much = beyond(found.room, in_force)
        if much and much != self._beyond:
            log_event(logger, logging.WARNING, "budgets_beyond_store", says=f"{much}: {MENDS}")
        self._beyond = much
        for line in found.lines:
            for end in line.ends:
                stage = end.stage(found.at)
                key = (line.id, end.party, end.kid)
                if stage is None or self._warned.get(key) == stage:
                    continue
                self._warned[key] = stage
                level = logging.ERROR if stage <= 1 and end.roles else logging.WARNING
                fields = {"party": end.party, "kid": end.kid, "roles": end.roles, "days": end.days(found.at)}
                log_event(logger, level, "runs_out", agreement=line.id, **fields, says=end.words(found.at))
