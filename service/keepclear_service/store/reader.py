"""What anyone may read of a line in the store: values, each page as of one instant; nothing here changes a thing.

A view tells the stream position that it is good for, read by the same script. What belongs to a turn or to the start of
a worker draws on the connections of submits, all else on those of streams.
"""

import asyncio
import contextlib
from collections.abc import Iterable, Sequence
from typing import Any

from keepclear_protocol.budgets import SPENT
from keepclear_protocol.errors import Unavailable
from keepclear_protocol.spent import ROOM
from redis.asyncio import RedisCluster
from redis.exceptions import RedisError

from ..decide.entry import Entry
from ..giving_way import give_way
from ..line.ports import Event, Founded, NoticeRow, Page, Record, Window
from .connect import Store, store_faults
from .keys import Keys
from .packing import unpack_alert
from .room import Room, read_room
from .scripts import Script
from .spent import fields_of
from .texts import read_entry, read_event, read_notice, read_record

SCHEMA = "2"
"""How a line stands in the store. Another number is refused; 1 was before keys stood in KEYS."""

ENTRIES_AT_ONCE = 256
"""Entries of one look for entries by their number."""

UNPACKED_BYTES_AT_ONCE = 100_000
"""Of alerts unpacked before others have the loop: a millisecond."""

PROOF_MS = 90_000
"""Milliseconds for which a spent request proof is remembered: its window of 30 s either way, and half again."""

LOOKED_FOR_S = 2.0
"""Seconds of a look for whose lines a store holds."""

_OPEN, _EVENTS, _ENTRIES, _VERSIONS = Script("open"), Script("events"), Script("entries"), Script("versions")
_CONFLICTS, _NOTICES, _SPEND = Script("conflicts"), Script("notices"), Script("spend")

_TOLD = [f"told:{name}" for name in (*SPENT, ROOM)]
"""Fields of what a party has spent that say until when all know of it, and by which entry."""


async def lines_held(store: Store) -> list[str]:
    """Return the ids of the agreements whose lines a store holds, as far as a look of two seconds finds; none is proof.

    For telling whose store it is: where the store does not let us look, or does not answer, nothing is found.
    """
    found: set[str] = set()
    before, after = Keys("*").meta.split("*")
    # A brace is none of the pattern's own characters.
    with contextlib.suppress(RedisError, OSError, TimeoutError):
        async with asyncio.timeout(LOOKED_FOR_S):
            async for key in store.streams.scan_iter(match=Keys("*").meta, count=1000):
                found.add(key.decode().removeprefix(before).removesuffix(after))
    return sorted(found)


class LineReader:
    """One agreement's line in the store, to be read."""

    def __init__(self, store: Store, agreement_id: str) -> None:
        self._submits, self._streams = store.submits, store.streams
        self._keys = Keys(agreement_id)
        self.prefix = self._keys.prefix

    async def room(self) -> Room:
        """Return how much memory the server has that holds the line."""
        node: dict[str, Any] = {}
        with store_faults():
            if isinstance(self._submits, RedisCluster):
                await self._submits.initialize()
                node = {"target_nodes": self._submits.get_node_from_key(self._keys.meta)}
            return read_room(await self._submits.info("memory", **node))

    async def has_room(self) -> bool:
        """Whether the store would find memory for one more commit."""
        room = await self.room()
        return not room.most or room.used < room.most

    async def stands(self) -> bool:
        """Whether the store holds the line at all."""
        with store_faults():
            return bool(await self._submits.hexists(self._keys.meta, "epoch"))

    async def open(self) -> Founded:
        """Return the line as it stands; raise ``Unavailable`` with ``store_unsafe`` where the store holds none."""
        keys = [self._keys.meta, self._keys.terms, self._keys.log, self._keys.unmatched]
        schema, epoch, terms, head, oldest, lowest, clock, history, newest = await _OPEN(self._submits, keys)
        if schema.decode() != SCHEMA:
            raise Unavailable(
                "store_unsafe",
                f"the store's line has the schema {schema.decode()[:20]}, not {SCHEMA}",
                hint="use the version of the service that wrote it",
            )
        return Founded(
            epoch=epoch.decode(),
            terms=terms.decode(),
            head=int(head),
            oldest=int(head) + 1 if oldest == b"-" else int(oldest),
            matched_through=int(head) if lowest == b"-" else int(lowest) - 1,
            clock=int(clock) * 1000,
            history=tuple((history[at].decode(), int(history[at + 1])) for at in range(0, len(history), 2)),
            newest=int(newest) * 1000,
        )

    async def snapshot(self, party: str, ids: Sequence[str]) -> list[bytes | None]:
        """Return the sealed gists of the newest revisions of a party's notices; None where there is none."""
        with store_faults():
            found: list[Any] = await self._submits.hmget(self._keys.of("snapshot", party), list(ids))
        return found

    async def versions(self, alerts: Sequence[tuple[str, str]]) -> list[int]:
        """Return which version stands of some alerts, each by party and conflict; 0 where it is not there whole."""
        names = {party: number for number, party in enumerate(dict.fromkeys(party for party, _ in alerts), 1)}
        keys = [self._keys.alerts, *(self._keys.of("conflicts", party) for party in names)]
        words = [word for party, conflict in alerts for word in (names[party], conflict)]
        return [int(version) for version in await _VERSIONS(self._submits, keys, words)]

    async def terms(self, sha256: str) -> bytes | None:
        """Return the bytes of an agreement that is or was in force."""
        with store_faults():
            found: Any = await self._submits.get(self._keys.terms_of(sha256))
        return None if found is None else bytes(found)

    async def seen(self, party: str, jti: str) -> Entry | None:
        """Return the entry that a statement of this ``jti`` was admitted as, if it was."""
        with store_faults():
            found: Any = await self._submits.get(self._keys.once(party, jti))
        return None if found is None else read_entry(found)

    async def log(self, after: int, count: int) -> tuple[Entry, ...]:
        """Return entries behind ``after``."""
        with store_faults():
            rows: Any = await self._submits.xrange(self._keys.log, f"{after + 1}-0", "+", count)
        return tuple(read_entry(fields[b"e"]) for _, fields in rows)

    async def entries(self, seqs: Sequence[int]) -> list[Entry | None]:
        """Return the entries of these ``seq``; None for one that has gone."""
        found: list[Entry | None] = []
        for first in range(0, len(seqs), ENTRIES_AT_ONCE):
            rows = await _ENTRIES(self._streams, [self._keys.log], seqs[first : first + ENTRIES_AT_ONCE])
            found += [read_entry(row) if row else None for row in rows]
        return found

    async def records(self, party: str, after: str, count: int) -> tuple[tuple[Record, ...], str | None]:
        """Return the newest alerts of a party's conflicts page by page, in any order; some may come twice.

        One that is there from the first page to the last is among them.
        """
        with store_faults():
            answer: Any = await self._submits.hscan(self._keys.of("conflicts", party), int(after or "0"), count=count)
            cursor, rows = answer
            answers: list[Any] = await self._submits.hmget(self._keys.answers, list(rows)) if rows else []
        records = tuple(
            read_record(party, conflict, record, given or b"")
            for (conflict, record), given in zip(rows.items(), answers, strict=True)
        )
        return records, str(int(cursor)) if int(cursor) else None

    async def bodies(self, hashes: Sequence[str]) -> list[str | None]:
        """Return statements by their hash; None where retention has let one go."""
        if not hashes:
            return []
        with store_faults():
            found: list[Any] = await self._streams.mget([self._keys.body(sha256) for sha256 in hashes])
        return [None if body is None else str(body, "utf-8") for body in found]

    async def alerts(self, hashes: Sequence[str]) -> list[str | None]:
        """Return alerts' JWS by their hash; None where retention has let one go."""
        if not hashes:
            return []
        with store_faults():
            found: list[Any] = await self._streams.hmget(self._keys.alerts, list(hashes))
        alerts: list[str | None] = []
        room = UNPACKED_BYTES_AT_ONCE
        for packed, sha256 in zip(found, hashes, strict=True):
            if room <= 0:
                await give_way()
                room = UNPACKED_BYTES_AT_ONCE
            alerts.append(None if packed is None else unpack_alert(packed, sha256))
            room -= len(alerts[-1] or "")
        return alerts

    async def events(self, party: str, position: int, count: int) -> Window:
        """Return a party's stream behind ``position``."""
        keys = [self._keys.meta, self._keys.of("stream", party)]
        epoch, head, oldest, rows = await _EVENTS(self._streams, keys, [party, position, count])
        events: list[Event] = [read_event(rows[at], rows[at + 1]) for at in range(0, len(rows), 2)]
        return Window(epoch.decode(), int(head), None if oldest == b"-" else int(oldest), tuple(events))

    async def conflicts(self, party: str, after: str, count: int) -> Page[Record]:
        """Return a party's conflicts by their rank, worst and soonest first, behind the rank ``after`` ("" begins)."""
        return await self._conflicts(party, ["page", after, count])

    async def conflict(self, party: str, conflicts: Sequence[str]) -> Page[Record]:
        """Return the newest alerts of some of a party's conflicts; one that there is not is left out."""
        return await self._conflicts(party, ["named", *conflicts])

    async def _conflicts(self, party: str, wanted: list[Any]) -> Page[Record]:
        at = self._keys
        keys = [at.meta, at.of("rank", party), at.of("conflicts", party), at.answers]
        epoch, position, rows, last = await _CONFLICTS(self._streams, keys, [party, *wanted])
        records = tuple(read_record(party, *rows[row : row + 3]) for row in range(0, len(rows), 3))
        return Page(epoch.decode(), int(position), records, last.decode() or None)

    async def notices(self, party: str, after: str, count: int, *, live: bool) -> Page[NoticeRow]:
        """Return a party's own notices, latest end last, behind ``after``; with ``live`` those that have not ended."""
        return await self._notices(party, ["live" if live else "all", after, count])

    async def notice(self, party: str, id: str) -> Page[NoticeRow]:
        """Return one notice, or no row."""
        return await self._notices(party, ["one", id, 1])

    async def _notices(self, party: str, wanted: list[Any]) -> Page[NoticeRow]:
        keys = [self._keys.meta, self._keys.of("own", party), self._keys.of("notices", party)]
        epoch, position, clock, rows, last = await _NOTICES(self._streams, keys, [party, *wanted])
        read = tuple(read_notice(row, int(clock)) for row in rows)
        return Page(epoch.decode(), int(position), read, last.decode() or None)

    async def covering(self, parties: Sequence[str], now: int) -> list[Entry]:
        """Return the entries that tell of spent budgets of these parties, and that cover the instant ``now``."""
        seqs: list[int] = []
        with store_faults():
            for party in parties:
                held: Any = await self._streams.hmget(self._keys.of("spent", party), _TOLD)
                told = [value.split() for value in held if value is not None]
                seqs += [int(seq) for until_ms, seq in told if int(until_ms) * 1000 > now]
            found = await self.entries(sorted(seqs))
        return [entry for entry in found if entry is not None]

    async def live(self, party: str, clock: int) -> int:
        """Return how many of a party's notices have not ended at the instant ``clock``."""
        with store_faults():
            count = await self._streams.zcount(self._keys.of("own", party), clock // 1000, "+inf")
        return int(count)

    async def spent(self, party: str, others: Iterable[str]) -> dict[str, str]:
        """Return what is kept of a party's budgets with ``others``, as ``spent`` reads it."""
        names = fields_of(others)
        with store_faults():
            found: Any = await self._streams.hmget(self._keys.of("spent", party), names)
        return {name: text.decode() for name, text in zip(names, found, strict=True) if text is not None}

    async def spend(self, party: str, jti: str) -> bool:
        """Use up a request proof; False if it was used before."""
        return bool(await _SPEND(self._streams, [self._keys.proof(party, jti)], [PROOF_MS]))
