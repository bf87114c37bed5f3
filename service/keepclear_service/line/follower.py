"""The follower: keeps one worker's fold of one agreement abreast of the store's log.

Guaranteed: entries are folded in the order of their ``seq``, each once, none skipped. Where the log no longer begins
where this worker left it, or the store has another epoch or a lower head, the fold is thrown away and made anew.
Alerts of entries that nobody committed within ``ADOPT_AFTER_S`` are committed from here.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import Any

from keepclear_protocol.agreement import Agreement, open_agreement
from keepclear_protocol.errors import KeepclearError, Unavailable
from keepclear_protocol.notice import Notice, open_submission
from keepclear_protocol.withdrawal import Withdrawal, open_withdrawal

from ..decide.entry import BATCH, NOTICE, TERMS, WITHDRAWAL, Entry, Line, News, Outgoing
from ..decide.fold import Body, State, apply

ADOPT_AFTER_S = 0.5
"""Seconds that a worker leaves another's entry alone: its commit follows its admission within milliseconds."""

POLL_S = 1.0
"""Seconds between looks at the store where no hint came; a lost hint costs this much and no more."""

HINTS_WITHIN_S = 0.01
"""Hints that come this close together are one look at the store: a burst of submits costs no burst of looks."""

RECENT = 4096
"""Statements of this worker's own that it has opened and not yet folded, at most."""

HEAVY_VOLUMES = 16
"""A notice of more volumes than this is matched in a thread. Measured: 500 volumes against 500 in the same place take
nine seconds, and 16 against a busy neighbourhood some ten milliseconds; the thread itself costs a tenth of one."""

log = logging.getLogger(__name__)

Commit = Callable[[int, Sequence[Outgoing]], Coroutine[Any, Any, object]]


class Follower:
    """One worker's fold of one agreement."""

    def __init__(self, line: Line, agreement: Agreement) -> None:
        self._line = line
        self._founding = agreement
        self._state = State(agreement)
        self._folding = asyncio.Lock()
        self._opened: dict[str, Body] = {}
        self._alerts: dict[int, tuple[float, list[Outgoing]]] = {}
        self._done: list[int] = []
        self._hint = asyncio.Event()
        self._moved = asyncio.Event()
        self.epoch = ""
        self.cursor = 0
        self.streams: dict[str, int] = {}
        self.ran_at = 0.0
        self.commit: Commit | None = None

    @property
    def agreement(self) -> Agreement:
        """The agreement in force as far as the log has been folded."""
        return self._state.agreement

    async def start(self) -> None:
        """Read the line's terms and fold its log from the oldest entry that still counts."""
        async with self._folding:
            await self._begin()
        await self.catch_up()
        self.ran_at = time.monotonic()

    async def run(self) -> None:
        """Follow the log until cancelled: on each hint, and once a second without one."""
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._hint.wait(), POLL_S)
                await asyncio.sleep(HINTS_WITHIN_S)
            self._hint.clear()
            try:
                await self.catch_up()
                await self._adopt_orphans()
            except Unavailable:
                continue
            except Exception:
                # A fault of our own must not end the following in silence: not ready, and tried again in a second.
                log.exception("follower_fault")
                await asyncio.sleep(POLL_S)
                continue
            self.ran_at = time.monotonic()

    def poke(self) -> None:
        """Look at the store soon."""
        self._hint.set()

    async def changed(self, within_s: float) -> None:
        """Wait until some stream may have moved, or ``within_s`` seconds have gone."""
        # An event for each move and no condition: a reader that hangs up is cancelled more than once, and a condition
        # then gives back a lock that it does not have.
        moved = self._moved
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(moved.wait(), within_s)

    async def catch_up(self) -> None:
        """Fold all that is in the log now; raises ``Unavailable``."""
        async with self._folding:
            while True:
                news = await self._follow()
                if news.epoch != self.epoch or news.head < self.cursor:
                    await self._begin()
                    continue
                if news.entries and news.entries[0].seq != self.cursor + 1:
                    await self._begin()
                    continue
                await self._fold(news.entries)
                if len(news.entries) < BATCH:
                    break
        self._forget_committed(news)
        moved = self.streams != news.streams
        self.streams = news.streams
        if moved:
            self._moved.set()
            self._moved = asyncio.Event()

    async def ingest(self, entries: Sequence[Entry]) -> None:
        """Fold entries that an admission brought along; catch up first where they do not follow the cursor."""
        behind = len(entries) >= BATCH
        async with self._folding:
            # Asked here, not before: whoever folded meanwhile may have had to begin anew, and failed on the way.
            if entries and (entries[0].seq > self.cursor + 1 or entries[-1].epoch != self.epoch):
                behind = True
            else:
                await self._fold(entries)
        if behind:
            await self.catch_up()

    def remember(self, entry: Entry, opened: Body) -> None:
        """Keep a statement that this worker has just opened for the fold, to spare opening it again.

        By all of its bytes: one JWT part may have been signed for two different sets of disclosures.
        """
        while len(self._opened) >= RECENT:
            self._opened.pop(next(iter(self._opened)))
        self._opened[_bytes_of(entry)] = opened

    def forget(self, entry: Entry) -> None:
        """Let go of a statement that was not accepted."""
        self._opened.pop(_bytes_of(entry), None)

    async def alerts_of(self, seq: int) -> list[Outgoing]:
        """Return the alerts that the folded entry ``seq`` calls for and that nobody has committed yet."""
        if self.cursor < seq:
            await self.catch_up()
        return self._alerts.get(seq, (0.0, []))[1]

    async def matched(self, seq: int) -> None:
        """Wait until entry ``seq`` is matched and committed, by whomever; raises ``Unavailable``."""
        await self.catch_up()
        # Not asked of what is unmatched, of which the store tells the oldest thousand only.
        alerts = await self.alerts_of(seq)
        if alerts and self.commit is not None:
            await self.commit(seq, alerts)

    def committed(self, seq: int) -> None:
        """Note that an entry's alerts are in the streams."""
        self._alerts.pop(seq, None)
        self.poke()

    def quiet(self, seq: int) -> None:
        """Note that an entry called for no alert: it leaves ``unmatched`` with this worker's next call."""
        self._done.append(seq)

    def take_done(self) -> list[int]:
        """Return the quiet entries to take out of ``unmatched`` with the next call."""
        done, self._done = self._done, []
        return done

    async def _follow(self) -> News:
        done = self.take_done()
        try:
            return await self._line.follow(self.cursor, done, self.agreement.retention_s * 1000, life=self.epoch)
        except Unavailable:
            self._done += done
            raise

    async def _begin(self) -> None:
        """Forget everything and stand before the oldest entry of the log, under the terms in force there."""
        founding = self._founding
        epoch, _, history = await self._line.open(founding.terms, founding.raw)
        self.epoch = epoch
        oldest = await self._line.oldest()
        self._alerts, self._done, self._opened = {}, [], {}
        terms = [sha256 for sha256, seq in history if seq < oldest] or [history[0][0]]
        agreement = await self._terms(terms[-1], None)
        self._state, self.cursor = State(agreement), oldest - 1

    async def _terms(self, sha256: str, previous: Agreement | None) -> Agreement:
        raw = await self._line.terms(sha256)
        if raw is None:
            raise Unavailable("store_unsafe", "the store has lost an agreement that was in force")
        return open_agreement(raw, previous)

    async def _fold(self, entries: Iterable[Entry]) -> None:
        new = [entry for entry in entries if entry.seq > self.cursor]
        bodies = await self._bodies(new)
        for entry, body in zip(new, bodies, strict=True):
            if entry.kind == TERMS:
                body = await self._terms(entry.sha256, self.agreement)
            alerts = await self._apply(entry, body)
            self.cursor = entry.seq
            if alerts:
                self._alerts[entry.seq] = (time.monotonic(), alerts)

    async def _apply(self, entry: Entry, body: Body) -> list[Outgoing]:
        """Fold one entry; a heavy one in a thread, so that other agreements and open streams go on meanwhile.

        Only one entry of an agreement is folded at a time, and nothing else of this worker reads the state but the
        agreement in force. Cancelled in mid-thread is this worker only when it ends.
        """
        if entry.kind == TERMS or (isinstance(body, Notice) and len(body.volumes) > HEAVY_VOLUMES):
            return await asyncio.to_thread(apply, self._state, entry, body)
        return apply(self._state, entry, body)

    async def _bodies(self, entries: Sequence[Entry]) -> list[Body]:
        """Return each entry's statement: as this worker opened it, or from the store, verified on admission."""
        # Taken before the store is asked: meanwhile a copy of the same bytes may be answered, and ``forget`` them.
        opened = {entry.seq: self._opened.pop(_bytes_of(entry), None) for entry in entries}
        missing = [entry for entry in entries if entry.kind in (NOTICE, WITHDRAWAL) and opened[entry.seq] is None]
        found = await self._line.bodies([entry.sha256 for entry in missing])
        opened |= {entry.seq: _reopen(entry, raw) for entry, raw in zip(missing, found, strict=True)}
        return [opened[entry.seq] for entry in entries]

    def _forget_committed(self, news: News) -> None:
        """Drop the alerts that have been committed, and let go of entries that called for none."""
        for seq in [seq for seq in self._alerts if seq <= news.unmatched_through and seq not in news.unmatched]:
            del self._alerts[seq]
        orphaned = [seq for seq in news.unmatched if seq <= self.cursor and seq not in self._alerts]
        self._done += [seq for seq in orphaned if seq not in self._done]

    async def _adopt_orphans(self) -> None:
        due = time.monotonic() - ADOPT_AFTER_S
        for seq, (since, alerts) in sorted(self._alerts.items()):
            if since <= due and self.commit is not None:
                await self.commit(seq, alerts)


def _bytes_of(entry: Entry) -> str:
    return entry.submission or entry.sha256


def _reopen(entry: Entry, raw: str | None) -> Notice | Withdrawal | None:
    if raw is None:
        return None
    try:
        return open_submission(raw, None) if entry.kind == NOTICE else open_withdrawal(raw, None)
    except KeepclearError as error:
        raise Unavailable("store_unsafe", f"the store holds a damaged statement: {error.detail}") from error
