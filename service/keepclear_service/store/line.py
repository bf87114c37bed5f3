"""The store's side of a line: ``line.ports.Line`` over Redis or Valkey, one server or a cluster.

Guaranteed: every change is one script, one round trip, all or nothing; what is answered as accepted is durable as far
as the store's own settings go (checked at start, see ``connect``). A lost connection leaves the outcome unknown; the
same call again is safe. All keys carry the agreement's hash tag and stand in KEYS. Not here: any rule.
"""

import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

from keepclear_protocol.alert import CLOSED
from keepclear_protocol.budgets import Budgets
from keepclear_protocol.errors import LocalError, Unavailable

from ..decide.entry import Entry
from ..giving_way import give_way
from ..line.ports import BATCH, DUE_AT_ONCE, Arrival, Charge, Founded, SignedAlert, Turned
from ..steady import STEPPED_S
from .arrivals import arrival_words, read_outcome
from .connect import Store, store_faults
from .packing import pack_alert
from .reader import SCHEMA, LineReader
from .room import HEADROOM_MOST, HEADROOM_SHARE
from .scripts import Script
from .spending import budget_words, charge_words
from .texts import read_entry, write_record

UNMATCHED_TOLD = 1000
"""Unmatched entries told at once, the oldest; the script has the same number."""

ALERTS_AT_ONCE = 256
"""Alerts of one commit's script: some 4 ms of a store that does nothing else meanwhile."""

PACKED_BYTES_AT_ONCE = 100_000
"""Of alerts packed for the store before others have the loop: a millisecond."""

ENTRIES_AT_ONCE = 256
"""Entries of one commit's script."""

CLEANED_AT_ONCE = 256
"""Of each sort of thing: some 3 ms."""

CLEANINGS = 8
"""Pieces of one call of ``clean`` where there is more: what is let go of keeps up with what comes."""

MAX_ANSWERS = 64
"""Acknowledgements of one version of an alert that a party may send: three stages, a few desks, a few officers."""

STREAM_BYTES = 8 * 1024 * 1024
"""Of one party's stream at most: whatever is filed against it, the store keeps no more of telling it so."""

EVENT_BYTES = 256
"""An event in a stream: it names what it tells, by hashes and a number, so none has more; the tests hold it."""

STREAM_LENGTH = STREAM_BYTES // EVENT_BYTES
"""Events kept in a party's stream, 32 768: weeks of a hotline's work. The newest alerts are kept outside it, and a
cursor that was trimmed is told of the gap."""

SLACK_MS = 86_400_000
"""A day added to every time to live: the store's clock may be stepped, and nothing may go early."""

CLOCKS_APART_MS = int(STEPPED_S * 1000)
"""Milliseconds that a worker's and the store's clock may differ, and the newest stamp be ahead of the latter."""

_FOUND, _ADOPT, _REPAIR = Script("found"), Script("adopt"), Script("repair")
_ADMIT, _COMMIT, _CLEAN, _LEAVE = Script("admit"), Script("commit"), Script("clean"), Script("leave")

_COMMIT_ENDS = Script("commit", even_full=True)
"""Closings take the place of what was said before: a store that is full takes them, too."""

_OF_TURN = ("stream", "own", "notices", "chain", "conflicts", "gone", "snapshot", "spent")
_OF_COMMIT = ("stream", "conflicts", "rank")
_OF_CLEAN = ("own", "notices", "chain", "conflicts", "rank", "gone", "snapshot", "spent")


NOTHING_TOLD: tuple[int, bytes] = (-1, b"")
"""In the place of the newest entry that a line was told of, by which it knows the store again."""

Piece: TypeAlias = Sequence[tuple[int, bool, Sequence[SignedAlert]]]
"""Entries of a commit: seq, whether these are the last of its alerts, and these."""


class StoredLine(LineReader):
    """One agreement's line in the store. ``clock`` gives the worker's seconds since 1970.

    ``full`` tells why the store's disk has no room for notices, nothing where it has.
    """

    def __init__(
        self, store: Store, agreement_id: str, *, clock: Callable[[], float] = time.time, full: Callable[[], str] = str
    ) -> None:
        super().__init__(store, agreement_id)
        self._clock = clock
        self._full = full
        self._last = NOTHING_TOLD
        self._cleaned: dict[str, tuple[str, str]] = {}

    async def found(self, terms: str, agreement: bytes) -> bool:
        """Found the line under ``terms``; False where it stands already under the same.

        Raises ``LocalError`` with ``usage`` where it stands under others.
        """
        keys = [self._keys.meta, self._keys.terms, self._keys.terms_of(terms)]
        standing, new = await _FOUND(self._submits, keys, [SCHEMA, secrets.token_hex(16), terms, agreement])
        if standing.decode() != terms:
            raise LocalError(
                "usage",
                "the store holds a line of this agreement under other terms",
                hint="a newer revision comes into force by keepclear-service adopt",
            )
        return bool(new)

    async def open(self) -> Founded:
        """Return the line as it stands; raise ``Unavailable`` with ``store_unsafe`` where the store holds none."""
        self._last = NOTHING_TOLD  # who opens a line reads it from its beginning
        return await super().open()

    async def adopt(self, previous: str, terms: str, agreement: bytes, *, longer_ms: int = 0) -> bool:
        """Put new terms in force; False when others than ``previous`` are in force.

        ``longer_ms`` is by how much longer than before a notice counts under them.
        """
        keys = [self._keys.meta, self._keys.terms, self._keys.log, self._keys.unmatched, self._keys.terms_of(terms)]
        args = [previous, terms, agreement, longer_ms, self.prefix, self._now_ms(), CLOCKS_APART_MS]
        return bool(await _ADOPT(self._submits, keys, args))

    async def new_epoch(self) -> str:
        """Name a new life of the store, after a restore; return its name. Raises as ``open`` does."""
        await self.open()
        epoch = secrets.token_hex(16)
        with store_faults():
            await self._submits.hset(self._keys.meta, "epoch", epoch)
        return epoch

    async def repair_clock(self, newest: int, parties: Iterable[str]) -> str | None:
        """Put the newest stamp, ``newest``, back to the store's clock, in a new epoch; return that.

        What the ``parties`` have spent of budgets that fill again by time is theirs again. None where that is not the
        newest stamp any more. Raises ``Unavailable``: ``store_clock`` where the store's clock is far from this one.
        """
        epoch, at = secrets.token_hex(16), self._keys
        args = [newest // 1000, epoch, self.prefix, self._now_ms(), CLOCKS_APART_MS]
        keys = [at.meta, at.log, at.unmatched, *(at.of("spent", party) for party in parties)]
        return epoch if await _REPAIR(self._submits, keys, args) else None

    async def turn(
        self,
        arrivals: Sequence[Arrival],
        *,
        epoch: str,
        terms: str,
        cursor: int,
        done: Sequence[int],
        parties: Sequence[str],
        retention_s: int,
        budgets: Budgets,
        charges: Sequence[Charge] = (),
    ) -> Turned:
        """Admit arrivals in their order, let due timers become entries, take ``done`` out of unmatched; say the news.

        ``parties`` are those of the agreement in force, which an acknowledgement may be relayed to.
        """
        names = list(dict.fromkeys([*parties, *(arrival.party for arrival in arrivals)]))
        number = {party: at for at, party in enumerate(names, 1)}
        at = self._keys
        keys = [at.meta, at.log, at.unmatched, at.due, at.ended, at.answers, at.leaving, at.gists]
        keys += [at.of(what, party) for party in names for what in _OF_TURN]
        now_ms = self._now_ms()
        args: list[Any] = [epoch, terms, cursor, now_ms, CLOCKS_APART_MS, retention_s * 1000, SLACK_MS]
        args += [STREAM_LENGTH, BATCH, DUE_AT_ONCE, MAX_ANSWERS, self.prefix]
        args.append(self._last[1] if self._last[0] == cursor else "-")
        args += [HEADROOM_SHARE, HEADROOM_MOST, int(bool(self._full()))]
        args += [len(done), *done, len(names), *names]
        args += charge_words(charges, number, budgets) + budget_words(budgets)
        args.append(len(arrivals))
        for arrival in arrivals:
            keys += [
                at.once(arrival.party, arrival.jti),
                at.body(arrival.sha256),
                at.evidence(arrival.sha256),
            ]
            args += arrival_words(arrival, number[arrival.party])
        answer = await _ADMIT(self._submits, keys, args)
        said_epoch, said_terms, head, clock, behind, fired, due, outcomes, entries, *rest = answer
        unmatched, gists, heard, apart, ahead, told = rest
        read: dict[bytes, Entry] = {text: read_entry(text) for text in entries}
        if entries:
            self._last = (read[entries[-1]].seq, entries[-1])
        waiting = tuple(map(int, unmatched))
        off = abs(int(apart)) > CLOCKS_APART_MS or int(ahead) > CLOCKS_APART_MS  # as the script has it
        return Turned(
            epoch=said_epoch.decode(),
            terms=said_terms.decode(),
            head=int(head),
            clock=int(clock) * 1000,
            behind=bool(behind),
            outcomes=tuple(
                read_outcome(text, arrival, read) for text, arrival in zip(outcomes, arrivals, strict=False)
            ),
            entries=tuple(read.values()),
            unmatched=waiting,
            unmatched_through=waiting[-1] if len(waiting) >= UNMATCHED_TOLD else int(head),
            due=None if due == b"-" or off else _due_ms(int(float(due)), int(clock), now_ms, fired) * 1000,
            fired=fired,
            gists={int(gists[at]): gists[at + 1] for at in range(0, len(gists), 2)},
            heard=heard,
            apart=int(apart) * 1000,
            ahead=int(ahead) * 1000,
            told=told,
        )

    async def commit(
        self, epoch: str, entries: Sequence[tuple[int, Sequence[SignedAlert]]], *, whole: bool = True
    ) -> None:
        """Write the alerts of entries, each unless it is there or a newer one, and take the entries out of unmatched.

        An entry of very many alerts is written in pieces and leaves unmatched with the last; not ``whole``, it stays.
        Raises ``Unavailable`` with ``busy`` where the store has another epoch.
        """
        piece: list[tuple[int, bool, Sequence[SignedAlert]]] = []
        room = ALERTS_AT_ONCE
        for seq, alerts in entries:
            first = 0
            while True:
                part = alerts[first : first + room]
                first += len(part)
                last = first >= len(alerts)
                piece.append((seq, last and whole, part))
                room -= len(part)
                if room <= 0 or len(piece) >= ENTRIES_AT_ONCE:
                    await self._commit(epoch, piece)
                    piece, room = [], ALERTS_AT_ONCE
                if last:
                    break
        if piece:
            await self._commit(epoch, piece)

    async def _commit(self, epoch: str, piece: Piece) -> None:
        alerts = [alert for _, _, part in piece for alert in part]
        names = list(dict.fromkeys(alert.to for alert in alerts))
        number = {party: place for place, party in enumerate(names, 1)}
        at = self._keys
        keys = [at.meta, at.unmatched, at.due, at.leaving, at.answers, at.shown, at.alerts]
        keys += [at.of(what, party) for party in names for what in _OF_COMMIT]
        bodies = {
            sha256: len(keys) + place
            for place, sha256 in enumerate(dict.fromkeys(alert.body for alert in alerts if alert.body), 1)
        }
        keys += [at.body(sha256) for sha256 in bodies]
        args: list[Any] = [epoch, STREAM_LENGTH, self.prefix, len(names), *names, len(piece)]
        room = PACKED_BYTES_AT_ONCE
        for seq, last, part in piece:
            args += [seq, int(last), len(part)]
            for alert in part:
                if room <= 0:
                    await give_way()
                    room = PACKED_BYTES_AT_ONCE
                packed = pack_alert(alert.jws)
                room -= len(alert.jws)
                args += [number[alert.to], alert.conflict, packed, write_record(alert), bodies.get(alert.body, 0)]
        script = _COMMIT_ENDS if all(alert.state == CLOSED for alert in alerts) else _COMMIT
        if await script(self._submits, keys, args) == -1:
            raise Unavailable("busy", "the store has begun a new life; send the same bytes again")

    async def clean(self, retention_s: int, parties: Sequence[str]) -> None:
        """Let go of what has outlived its retention: bounded pieces, a few for each call."""
        for _ in range(CLEANINGS):
            if not await self._clean_piece(retention_s, parties):
                return

    async def _clean_piece(self, retention_s: int, parties: Sequence[str]) -> bool:
        """Clean a piece; whether there is more."""
        at = self._keys
        keys = [at.meta, at.log, at.unmatched, at.ended, at.answers, at.leaving, at.shown, at.alerts]
        keys += [at.of(what, party) for party in parties for what in _OF_CLEAN]
        args: list[Any] = [retention_s * 1000, self._now_ms(), CLEANED_AT_ONCE, len(parties)]
        for party in parties:
            args += [party, *self._cleaned.get(party, ("0", ""))]
        leaving, more, behind = await _CLEAN(self._submits, keys, args)
        for place, party in enumerate(parties):
            self._cleaned[party] = (behind[2 * place].decode(), behind[2 * place + 1].decode())
        alerts = [name[6:] for name in leaving if name.startswith(b"alert:")]
        bodies = [name[5:] for name in leaving if name.startswith(b"body:")]
        if leaving:
            keys = [at.leaving, at.shown, at.alerts, *(at.body(sha256.decode()) for sha256 in bodies)]
            await _LEAVE(self._submits, keys, [SLACK_MS, len(alerts), *alerts, *bodies])
        return more == b"1" or len(leaving) >= CLEANED_AT_ONCE

    def _now_ms(self) -> int:
        return int(self._clock() * 1000)


def _due_ms(due_ms: int, clock_ms: int, now_ms: int, fired: int) -> int:
    """Return by the store's clock when a timer is due by the worker's too: it would ask in vain before."""
    if due_ms < clock_ms and due_ms >= now_ms and fired < DUE_AT_ONCE:
        return clock_ms + due_ms - now_ms + 1
    return due_ms
