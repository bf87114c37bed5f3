"""The store's side of a line: every change of an agreement's state is one script, one round trip, all or nothing.

Guaranteed: what a method answers as accepted is durable as far as the store's own settings go (checked at start, see
``connect``). A lost connection leaves the outcome unknown; sending the same again is safe. All keys of an agreement
carry its hash tag. Not here: any decision about what conflicts.
"""

import json
import secrets
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from keepclear_protocol.errors import Unavailable

from ..decide.entry import BATCH, Admission, Entry, Event, News, Outgoing, Window
from .connect import store_faults

CHANNEL = "keepclear"
"""Where a hint is published that something is new; the truth is read by cursor."""

UNMATCHED_READ = 1000
"""Unmatched entries told at once, the oldest; the script has the same number."""

MAX_ANSWERS = 64
"""Acknowledgements of one version of an alert that a party may send: three stages, a few desks, a few officers."""

STREAM_LENGTH = 100_000
"""Events kept in a party's stream: months of a hotline's work; the newest alerts are kept outside it."""

SLACK_MS = 86_400_000
"""A day added to every time to live: the store's clock may be stepped, and nothing may go early."""

PROOF_MS = 90_000
"""Milliseconds for which a spent request proof is remembered: its window of 30 s either way, and half again."""


class StoredLine:
    """One agreement's keys in the store."""

    def __init__(self, redis: Any, agreement_id: str) -> None:
        self._redis = redis
        self.prefix = f"kc:{{{agreement_id}}}:"

        def script(name: str) -> Any:
            return redis.register_script(files(__package__).joinpath(f"scripts/old/{name}.lua").read_text())

        self._open, self._adopt = script("open"), script("adopt")
        self._submit, self._acknowledge = script("submit"), script("acknowledge")
        self._commit, self._follow = script("commit"), script("follow")
        self._view, self._stream = script("view"), script("stream")

    async def open(self, terms: str, agreement: bytes) -> tuple[str, str, list[tuple[str, int]]]:
        """Found the line or find it; return its epoch, the terms in force, and all terms with their ``seq``."""
        with store_faults():
            epoch, current, rows = await self._open(args=[self.prefix, secrets.token_hex(16), terms, agreement])
        history = [(rows[at].decode(), int(rows[at + 1])) for at in range(0, len(rows), 2)]
        return epoch.decode(), current.decode(), history

    async def terms(self, sha256: str) -> bytes | None:
        """Return the bytes of an agreement that is or was in force."""
        with store_faults():
            found = await self._redis.get(f"{self.prefix}terms:{sha256}")
        return _bytes(found)

    async def oldest(self) -> int:
        """Return the ``seq`` of the oldest entry still in the log, or of the next one where there is none."""
        with store_faults():
            rows: Any = await self._redis.xrange(f"{self.prefix}log", count=1)
            if rows:
                return int(rows[0][0].split(b"-")[0])
            head = await self._redis.hget(f"{self.prefix}meta", "head")
            return int(head or 0) + 1

    async def adopt(
        self, previous: str, terms: str, agreement: bytes, *, longer_ms: int = 0, parties: Sequence[str] = ()
    ) -> bool:
        """Put new terms in force; False when others than ``previous`` are in force.

        ``longer_ms`` is by how much longer than before a notice of any of ``parties`` counts under them.
        """
        with store_faults():
            return bool(
                await self._adopt(args=[self.prefix, previous, terms, agreement, longer_ms, SLACK_MS, *parties])
            )

    async def founded(self) -> bool:
        """Whether this store holds the line at all."""
        with store_faults():
            return bool(await self._redis.exists(f"{self.prefix}meta"))

    async def new_epoch(self) -> str:
        """Name a new life of the store, after a restore; return its name."""
        epoch = secrets.token_hex(16)
        with store_faults():
            await self._redis.hset(f"{self.prefix}meta", "epoch", epoch)
        return epoch

    async def submit(
        self,
        entry: Entry,
        *,
        prev: str,
        body: str,
        worker_terms: str,
        bounds: Sequence[tuple[str, int, int]],
        keep: int,
        lead: tuple[int, int, int, int] | None,
        cursor: int,
        done: Sequence[int],
        epoch: str,
    ) -> Admission:
        """Admit a notice or a withdrawal. ``bounds``, ``keep`` and ``lead`` in milliseconds."""
        with store_faults():
            answer = await self._submit(
                args=[
                    self.prefix,
                    entry.kind,
                    entry.party,
                    entry.id,
                    entry.revision,
                    prev,
                    entry.sha256,
                    entry.submission,
                    body,
                    entry.terms,
                    worker_terms,
                    json.dumps(bounds),
                    keep,
                    "" if lead is None else json.dumps(lead),
                    cursor,
                    json.dumps(done),
                    epoch,
                    SLACK_MS,
                    STREAM_LENGTH,
                ]
            )
        return _admission(answer)

    async def acknowledge(
        self,
        entry: Entry,
        *,
        body: str,
        worker_terms: str,
        bounds: Sequence[tuple[str, int, int]],
        retention_ms: int,
        conflict: str,
        version: int,
        alert: str,
        stage: str,
        epoch: str,
    ) -> Admission:
        """Admit an acknowledgement of the conflict's newest alert, and relay it."""
        with store_faults():
            answer = await self._acknowledge(
                args=[
                    self.prefix,
                    entry.party,
                    entry.id,
                    entry.sha256,
                    body,
                    entry.terms,
                    worker_terms,
                    json.dumps(bounds),
                    retention_ms,
                    conflict,
                    version,
                    alert,
                    stage,
                    epoch,
                    SLACK_MS,
                    STREAM_LENGTH,
                    MAX_ANSWERS,
                ]
            )
        return _admission(answer)

    async def commit(self, epoch: str, seq: int, alerts: Sequence[tuple[Outgoing, str, str]]) -> bool:
        """Write an entry's alerts, each with the SHA-256 of its JWS and its object as JSON; False if not written.

        It is not written when another worker wrote it before, which comes to the same. Raises ``Unavailable`` with
        ``busy`` where the store has another epoch by now.
        """
        args: list[Any] = [self.prefix, epoch, seq, STREAM_LENGTH]
        for outgoing, sha256, alert_object in alerts:
            newest = {"version": seq, "sha": sha256, "other": outgoing.other[0], "state": outgoing.payload["state"]}
            ends = "" if outgoing.ends is None else -(-outgoing.ends // 1000)
            keep = outgoing.keep // 1000 + SLACK_MS
            args += [outgoing.to, outgoing.conflict, json.dumps(newest), alert_object, ends, keep]
        with store_faults():
            written = await self._commit(args=args)
        if written == -1:
            raise Unavailable("busy", "the store has begun a new life; send the same bytes again")
        return bool(written)

    async def follow(self, cursor: int, done: Sequence[int], retention_ms: int, *, life: str = "") -> News:
        """Return what is new behind ``cursor``; due timers become entries on the way.

        ``done`` are entries of the epoch ``life`` that called for no alert; in another life nothing is done with them.
        """
        with store_faults():
            answer = await self._follow(args=[self.prefix, cursor, json.dumps(done), BATCH, retention_ms, life])
        epoch, head, terms, clock, entries, unmatched, meta = answer
        waiting = frozenset(map(int, unmatched))
        heads = {
            meta[at].decode().removeprefix("stream:"): int(meta[at + 1])
            for at in range(0, len(meta), 2)
            if meta[at].startswith(b"stream:")
        }
        return News(
            epoch=epoch.decode(),
            head=int(head),
            terms=terms.decode(),
            clock=int(clock) * 1000,
            entries=tuple(_entry(row) for row in entries),
            unmatched=waiting,
            unmatched_through=max(waiting) if len(waiting) >= UNMATCHED_READ else int(head),
            streams=heads,
        )

    async def bodies(self, hashes: Sequence[str]) -> list[str | None]:
        """Return the statements of these hashes; None where retention has let one go."""
        if not hashes:
            return []
        with store_faults():
            found: list[Any] = await self._redis.mget([f"{self.prefix}body:{sha256}" for sha256 in hashes])
        return [None if body is None else str(body, "utf-8") for body in found]

    async def view(self, party: str, what: str) -> tuple[str, int, int, list[list[Any]]]:
        """Return epoch, stream position, clock (instant) and rows of a party's own view, read at one instant."""
        with store_faults():
            epoch, at, clock, rows = await self._view(args=[self.prefix, party, what])
        return epoch.decode(), int(at), int(clock or 0) * 1000, rows

    async def events(self, party: str, position: int, count: int) -> Window:
        """Return a party's stream behind ``position``."""
        with store_faults():
            epoch, head, oldest, rows = await self._stream(args=[self.prefix, party, position, count])
        return Window(
            epoch=epoch.decode(),
            head=int(head),
            oldest=int(oldest.split(b"-")[0]) if oldest else None,
            events=tuple(_event(row) for row in rows),
        )

    async def spend(self, party: str, jti: str) -> bool:
        """Use up a request proof; False if it was used before."""
        with store_faults():
            return bool(await self._redis.set(f"{self.prefix}proof:{party}:{jti}", "1", nx=True, px=PROOF_MS))


def _bytes(value: Any) -> bytes | None:
    # The pool answers in bytes; redis-py's types allow for text as well.
    return None if value is None else bytes(value)


def parse_record(record: str | bytes) -> Entry:
    """Return the entry of a record that a script wrote."""
    row = json.loads(record)
    return Entry(
        seq=row["seq"],
        kind=row["kind"],
        party=row["party"],
        id=row["id"],
        revision=row["revision"],
        sha256=row["sha"],
        submission=row["submission"],
        received_at=row["at"] * 1000,
        terms=row["terms"],
        note=row["lead"],
        epoch=row["epoch"],
    )


def _admission(answer: list[Any]) -> Admission:
    match answer:
        case [b"ok", record]:
            return Admission(entry=parse_record(record))
        case [b"ok", record, entries]:
            return Admission(entry=parse_record(record), entries=tuple(_entry(row) for row in entries))
        case [b"again", record]:
            return Admission(entry=parse_record(record), again=True)
        case [b"refused", code]:
            return Admission(refused=code.decode())
    return Admission(behind=True)


def _pairs(fields: Sequence[bytes]) -> dict[str, str]:
    return {fields[at].decode(): fields[at + 1].decode() for at in range(0, len(fields), 2)}


def _entry(row: Any) -> Entry:
    fields = _pairs(row[1])
    return Entry(
        seq=int(row[0].split(b"-")[0]),
        kind=fields["kind"],
        party=fields["party"],
        id=fields["id"],
        revision=int(fields["revision"]),
        sha256=fields["sha"],
        submission=fields["submission"],
        received_at=int(fields["at"]) * 1000,
        terms=fields["terms"],
        note=fields["lead"],
        epoch=fields["epoch"],
    )


def _event(row: Any) -> Event:
    fields = _pairs(row[1])
    return Event(int(row[0].split(b"-")[0]), fields.pop("event"), fields)
