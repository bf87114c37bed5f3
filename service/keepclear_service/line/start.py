"""The start: a fold's state from what the store holds, without matching again what has been matched.

Guaranteed: of each notice that counts its gist is read back, held against the seal of the worker that verified it;
where there is none that holds, the statement itself, held against its hash and its signature. Superseded revisions and
withdrawn notices are skipped; conflicts come from the store's own records. The state is that at an entry up to which
everything is matched, a few seconds before the last one (``REMATCHED``); the turn folds what follows as ever. Memory is
bounded by what counts: statements are read ``AT_ONCE`` at a time. Other agreements of the worker go on meanwhile: the
loop is held for ``SLICE_S`` at most, but for a notice of very many volumes.

A log with a hole is refused: it loses its oldest entries alone.
"""

import asyncio
import gc
import time
from collections.abc import Sequence
from dataclasses import dataclass

from keepclear_protocol.agreement import Agreement, open_agreement
from keepclear_protocol.encoding import digest
from keepclear_protocol.errors import KeepclearError, Unavailable
from keepclear_protocol.geometry import SHOWN
from keepclear_protocol.keys import PublicKey
from keepclear_protocol.kinds import NOTICE, WITHDRAWAL
from keepclear_protocol.notice import open_submission
from keepclear_protocol.withdrawal import open_withdrawal

from ..decide.entry import TERMS, Entry
from ..decide.fold import Body, State
from ..decide.gist import FILED
from .follows import follows, outlived
from .heads import PUT_BACK, Heads
from .ports import Founded, Line, Record, Turned
from .seal import Seal

AT_ONCE = 128
"""Statements read and opened at once: 64 MB where all are of the largest size."""

LOG_AT_ONCE = 1_000
RECORDS_AT_ONCE = 500

SLICE_S = 0.002
"""Seconds of filing after which others have their turn in the loop: forty notices of four volumes."""

REMATCHED, REMATCHED_US = 256, 10_000_000
"""Of the newest entries so many, of so many microseconds, are folded again though they are matched: where an entry was
taken out of ``unmatched`` and its worker died before its alerts were written, nothing else in the store tells. What is
there already is not written twice."""

REPEATED = "its revision is none that follows"

OPEN_BESIDE = 128 * 1024
"""Bytes of statements from which they are opened in a thread: fifty usual ones, five milliseconds."""


@dataclass(frozen=True, slots=True)
class Poisoned:
    """An entry that cannot be folded, and why."""

    why: str


@dataclass(frozen=True, slots=True)
class Started:
    """A state made anew: of which life of the store, up to which entry, under which terms, and what is set aside."""

    state: State
    epoch: str
    cursor: int
    agreement: Agreement
    poison: dict[int, str]


class Replay:
    """Reads a line back. ``agreements`` are all terms that it met, by their hash, in their order."""

    def __init__(self, line: Line, founding: Agreement, seal: Seal, heads: Heads) -> None:
        self._line = line
        self.founding = founding
        self._seal = seal
        self.heads = heads
        self.agreements: dict[str, Agreement] = {}

    async def start(self, poison: frozenset[int]) -> Started:
        """Return the state as at ``matched_through``, without the entries in ``poison``; raises ``Unavailable``."""
        kept = await self.heads.kept()
        founded = await self._line.open()
        through = await self._through(founded)
        agreement = await self._read_terms(founded, through)
        await self.heads.check(self._line, founded, agreement.retention_s, kept)
        newest, forged = await self._newest(founded, through, agreement)
        live = [entry for entry in newest if entry.kind == NOTICE.name and entry.seq not in poison]
        state = State(agreement)
        aside = {seq: why for seq, why in forged.items() if seq not in poison}
        for at in range(0, len(live), AT_ONCE):
            aside |= await self._file(state, live[at : at + AT_ONCE], agreement, founded.clock)
            gc.freeze()  # else each round of the collector goes through all that was filed: three times the time
        records = await self._records(agreement)
        await asyncio.to_thread(state.foresee, records, through)
        return Started(state, founded.epoch, through, agreement, aside)

    async def _file(
        self, state: State, entries: Sequence[Entry], agreement: Agreement, clock: int
    ) -> dict[int, str]:
        """File notices in their order; return why which of them could not be."""
        sealed: dict[int, bytes | None] = {}
        for party in {entry.party for entry in entries}:
            theirs = [entry for entry in entries if entry.party == party]
            gists = await self._line.snapshot(party, [entry.id for entry in theirs])
            sealed |= {entry.seq: gist for entry, gist in zip(theirs, gists, strict=True)}
        found: dict[int, Body | Poisoned] = {}
        began = time.perf_counter()
        for entry in entries:
            if (sealed_gist := sealed[entry.seq]) and (gist := self._seal.gist(entry, sealed_gist)) is not None:
                found[entry.seq] = gist
            began = await _let_others(began)
        unopened = [entry for entry in entries if entry.seq not in found]
        if unopened:
            found |= await self._statements(unopened, agreement, clock, sealed=False)
        aside: dict[int, str] = {}
        for entry in entries:
            body = found[entry.seq]
            if isinstance(body, FILED):
                state.put_in(state.file(entry, body))
            elif isinstance(body, Poisoned):
                aside[entry.seq] = body.why
            began = await _let_others(began)
        return aside

    async def statements(
        self, entries: Sequence[Entry], agreement: Agreement, turned: Turned
    ) -> dict[int, Body | Poisoned]:
        """Return each entry's statement by ``seq``, verified here or by a sibling whose seal it bears, or its gist.

        ``turned`` told the entries. None where an entry has none, or it has outlived its retention.
        """
        found: dict[int, Body | Poisoned] = {}
        for entry in entries:
            sealed = turned.gists.get(entry.seq)
            if sealed is not None and (gist := self._seal.gist(entry, sealed)) is not None:
                found[entry.seq] = gist
        unopened = [entry for entry in entries if entry.seq not in found]
        return found | await self._statements(unopened, agreement, turned.clock, sealed=True) if unopened else found

    async def _statements(
        self, entries: Sequence[Entry], agreement: Agreement, clock: int, *, sealed: bool
    ) -> dict[int, Body | Poisoned]:
        found: dict[int, Body | Poisoned] = {entry.seq: None for entry in entries}
        for entry in entries:
            if entry.kind == TERMS:
                found[entry.seq] = await self._terms(entry.sha256)
        wanted = [entry for entry in entries if entry.kind in (NOTICE.name, WITHDRAWAL.name)]
        bodies = await self._line.bodies([entry.sha256 for entry in wanted]) if wanted else []

        def open_all() -> dict[int, Body | Poisoned]:
            return {
                entry.seq: self._open(entry, raw, agreement, clock, sealed=sealed and self._seal.holds(entry))
                for entry, raw in zip(wanted, bodies, strict=True)
            }

        long = sum(len(raw or "") for raw in bodies) > OPEN_BESIDE
        return found | (await asyncio.to_thread(open_all) if long else open_all())

    def _open(
        self, entry: Entry, raw: str | None, agreement: Agreement, clock: int, *, sealed: bool
    ) -> Body | Poisoned:
        find_key = None if sealed else self._key
        if raw is None:
            gone = entry.kind != NOTICE.name or outlived(entry, self._under(entry, agreement), clock)
            return None if gone else Poisoned("its bytes are gone")
        try:
            if entry.kind == NOTICE.name:
                notice = open_submission(raw, find_key, bounds=SHOWN)
                held = (notice.party, notice.id, notice.revision, notice.sha256, notice.submission_sha256)
                as_logged = held == (entry.party, entry.id, entry.revision, entry.sha256, entry.submission)
                return notice if as_logged else Poisoned("its bytes are another statement")
            withdrawal = open_withdrawal(raw, find_key)
        except KeepclearError as error:
            return Poisoned(f"its bytes do not hold: {error.code}")
        as_logged = digest(raw) == entry.sha256 and withdrawal.party == entry.party and withdrawal.notice == entry.id
        return withdrawal if as_logged else Poisoned("its bytes are another statement")

    def _key(self, kid: str) -> PublicKey | None:
        """An operational key of any terms that were in force: what was admitted under older ones stands."""
        for agreement in self.agreements.values():
            key = agreement.party_key(kid)
            if key is not None:
                return key
        return None

    async def _through(self, founded: Founded) -> int:
        """Return up to which entry the state is taken as it was matched."""
        read = await self._line.log(max(founded.oldest - 1, founded.head - REMATCHED), REMATCHED)
        newest = [entry for entry in read if entry.seq <= founded.head]  # others may have gone on since it was told
        _check_whole(newest, founded.head - min(founded.head - founded.oldest + 1, REMATCHED) + 1, founded.head)
        recent = [entry.seq for entry in newest if entry.received_at >= newest[-1].received_at - REMATCHED_US]
        return min([founded.matched_through, founded.head, *(seq - 1 for seq in recent)])

    async def _read_terms(self, founded: Founded, through: int) -> Agreement:
        self.agreements = {}
        for sha256, seq in founded.history:
            if seq <= through or not self.agreements:
                await self._terms(sha256)
        return list(self.agreements.values())[-1]

    async def _terms(self, sha256: str) -> Agreement:
        if sha256 in self.agreements:
            return self.agreements[sha256]
        raw = await self._line.terms(sha256)
        if raw is None:
            raise Unavailable("store_unsafe", "the store has lost an agreement that was in force")
        previous = list(self.agreements.values())[-1] if self.agreements else None
        try:
            agreement = open_agreement(raw, previous)
        except KeepclearError as error:
            raise Unavailable("store_unsafe", f"an agreement in the store does not hold: {error.detail}") from error
        if agreement.terms != sha256 or agreement.id != self.founding.id:
            raise Unavailable("store_unsafe", "an agreement in the store is not the one that was in force")
        self.agreements[sha256] = agreement
        return agreement

    async def _newest(
        self, founded: Founded, through: int, agreement: Agreement
    ) -> tuple[list[Entry], dict[int, str]]:
        """Return the newest entry of each notice up to ``through``, and why some others count for nothing.

        Withdrawals that nobody signed, and revisions that came before: whoever holds the store alone could hide a
        notice by either.
        """
        newest: dict[tuple[str, str], Entry] = {}
        forged: dict[int, str] = {}
        clock = founded.clock
        after = founded.oldest - 1
        while after < through:
            entries = await self._line.log(after, LOG_AT_ONCE)
            if not entries:
                break
            _check_whole(entries, after + 1, entries[-1].seq)
            filed = [
                entry for entry in entries if entry.seq <= through and entry.kind in (NOTICE.name, WITHDRAWAL.name)
            ]
            unsealed = [entry for entry in filed if entry.kind == WITHDRAWAL.name and not self._seal.holds(entry)]
            opened = await self._statements(unsealed, agreement, clock, sealed=False) if unsealed else {}
            for entry in filed:
                before, body = newest.get((entry.party, entry.id)), opened.get(entry.seq)
                if isinstance(body, Poisoned):
                    forged[entry.seq] = body.why
                elif before and not follows(entry, before, came_under := self._under(before, agreement), clock):
                    forged[entry.seq] = REPEATED
                elif before and body is None and entry.seq in opened and not outlived(before, came_under, clock):
                    forged[entry.seq] = "its bytes are gone"
                else:
                    newest[entry.party, entry.id] = entry
            after = entries[-1].seq
        return sorted(newest.values(), key=lambda entry: entry.seq), forged

    def _under(self, entry: Entry, agreement: Agreement) -> Agreement:
        """The terms that an entry came under, as far as they are known."""
        return self.agreements.get(entry.terms, agreement)

    async def _records(self, agreement: Agreement) -> tuple[Record, ...]:
        found: list[Record] = []
        for party in agreement.parties:
            after: str | None = ""
            while after is not None:
                rows, after = await self._line.records(party.id, after, RECORDS_AT_ONCE)
                found += rows
        return tuple(found)


async def _let_others(began: float) -> float:
    """Let others have their turn in the loop where the slice that ``began`` is over; return when the next began."""
    if time.perf_counter() - began < SLICE_S:
        return began
    await asyncio.sleep(0)
    return time.perf_counter()


def _check_whole(entries: Sequence[Entry], first: int, last: int) -> None:
    """Raise ``Unavailable`` with ``store_unsafe`` unless these are all the entries from ``first`` to ``last``."""
    if [entry.seq for entry in entries] != list(range(first, last + 1)):
        held = {entry.seq for entry in entries}
        missing = next((seq for seq in range(first, last + 1) if seq not in held), first)
        raise Unavailable("store_unsafe", f"the log has lost its entry {missing}", hint=PUT_BACK)
