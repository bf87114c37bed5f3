"""Two parties outside, who reach the line through the proxy with the SDK, and readers of the raw stream."""

import asyncio
import contextlib
import itertools
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from keepclear import AsyncClient, AsyncDesk, Tls
from keepclear.keystore import load_private_key
from keepclear.wire.answers import Admission
from keepclear.wire.sse import EventParser
from keepclear_protocol.agreement import open_agreement
from keepclear_protocol.alert import Alert, open_alert
from keepclear_protocol.cursor import Cursor
from keepclear_protocol.encoding import parse_json
from keepclear_protocol.errors import KeepclearError, Unavailable
from keepclear_protocol.notice import build_notice
from support.world import box

from compose.stack import Stack

T = TypeVar("T")
NAMES = ("israel", "turkiye")

_places = itertools.count()


class Place(NamedTuple):
    """Where, at what height and when: inside the sample agreement's area."""

    lat: float
    lng: float
    level: int
    start_s: int


def next_place() -> Place:
    """Return a place that is clear of all that were given before: elsewhere, higher or later."""
    number, row = divmod(next(_places), 16)
    number, column = divmod(number, 16)
    hour, layer = divmod(number, 8)
    return Place(33.7 + 0.15 * row, 36.5 + 0.18 * column, 20 + 40 * layer, 3600 * (hour + 1))


class Outsider:
    """A party with its key and agreement, on the other side of the proxy."""

    def __init__(self, stack: Stack, name: str) -> None:
        self.name = name
        folder = stack.party(name)
        self.agreement = open_agreement((folder / "agreement.json").read_bytes())
        self.key = load_private_key(folder / "desk.key")
        self._reach: dict[str, Any] = {"connect_to": stack.url, "tls": Tls(ca=folder / "authority.pem")}

    def client(self) -> AsyncClient:
        """Return a client; use it in ``async with``."""
        return AsyncClient(self.agreement, self.key, **self._reach)

    def desk(self, folder: Path) -> AsyncDesk:
        """Return a desk with its journal in ``folder``."""
        return AsyncDesk(self.agreement, self.key, folder, **self._reach)

    def notice(self, place: Place) -> str:
        """Return a signed notice of one box; two parties' boxes at one place are in conflict."""
        now = int(time.time())
        return build_notice(
            self.key,
            iss=self.name,
            aud=self.agreement.id,
            terms=self.agreement.terms,
            iat=now,
            admit_by=now + 600,
            volumes=[box(*place[:2], size=0.05, low=place.level, high=place.level + 10, start_s=place.start_s)],
            category="flight",
        )

    async def live(self) -> set[str]:
        """Return the ids of all notices of this party's that the line has live, page by page."""
        ids: set[str] = set()
        after: str | None = None
        async with self.client() as client:
            while True:
                page = await client.notices(after)
                ids |= {notice.id for notice in page.notices}
                if page.next is None:
                    return ids
                after = page.next

    def open_alert(self, data: str) -> Alert:
        """Return the alert in a stream's data, its signature verified."""
        value: Any = parse_json(data.encode(), max_bytes=4_000_000)
        return open_alert(value["alert"], self.agreement.service_key)


@dataclass
class Reader:
    """Reads one party's raw stream over any number of connections, always behind the last event that it got.

    ``doubled``: events at or before that position; ``holes``: events that skipped one; ``gaps``: what the service said.
    """

    party: Outsider
    numbers: list[int] = field(default_factory=list)
    alerts: dict[tuple[str, str], list[float]] = field(default_factory=dict)
    connected: list[float] = field(default_factory=list)
    lost: list[float] = field(default_factory=list)
    heard: float = 0.0
    doubled: int = 0
    holes: int = 0
    gaps: list[str] = field(default_factory=list)
    cursor: Cursor | None = None

    async def run(self) -> None:
        """Read until cancelled."""
        async with self.party.client() as client:
            self.cursor = (await client.notices()).at
            while True:
                with contextlib.suppress(KeepclearError):
                    await self._connection(client)
                self.lost.append(time.monotonic())
                await asyncio.sleep(0.1)

    async def _connection(self, client: AsyncClient) -> None:
        parser = EventParser()
        async with client.stream(self.cursor) as chunks:
            self.connected.append(time.monotonic())
            async for chunk in chunks:
                self.heard = time.monotonic()
                for event in parser.feed(chunk):
                    if event.event == "gap":
                        self.gaps.append(event.data)
                    if event.event not in ("alert", "notice", "acknowledgement"):
                        continue
                    at = Cursor.parse(event.id)
                    assert self.cursor is not None
                    self.doubled += at.number <= self.cursor.number
                    self.holes += at.number > self.cursor.number + 1
                    self.cursor = at
                    self.numbers.append(at.number)
                    if event.event == "alert":
                        alert = self.party.open_alert(event.data)
                        self.alerts.setdefault((alert.own.id, alert.other.id), []).append(time.monotonic())

    @property
    def clean(self) -> bool:
        """Whether every event came once and in order."""
        return not (self.doubled or self.holes or self.gaps) and len(set(self.numbers)) == len(self.numbers)


@dataclass
class Filings:
    """What was filed: ids by party, when each was receipted, and why the SDK had to be asked again."""

    pairs: list[tuple[str, str]] = field(default_factory=list)
    receipted: list[float] = field(default_factory=list)
    slowest_s: float = 0.0
    again: Counter[str] = field(default_factory=Counter)

    async def submit(self, client: AsyncClient, raw: str) -> str:
        """Send until receipted, always the same bytes; return the notice's id."""
        began = time.monotonic()
        while True:
            try:
                admission: Admission = await client.submit(raw)
            except Unavailable as error:
                self.again[f"{error.code}: {error.detail}"] += 1
                await asyncio.sleep(0.1)
                continue
            self.receipted.append(time.monotonic())
            self.slowest_s = max(self.slowest_s, self.receipted[-1] - began)
            assert admission.receipt.id is not None
            return admission.receipt.id

    def outage_s(self, since: float) -> float:
        """Return the longest time without a receipt that ended after ``since``, counted from it."""
        after = sorted(at for at in self.receipted if at >= since)
        return max((b - a for a, b in itertools.pairwise([since, *after])), default=0.0)

    def complete(self, israel: Reader, turkiye: Reader) -> bool:
        """Whether both sides were alerted to every pair."""
        return not self.missing(israel, turkiye)

    def missing(self, israel: Reader, turkiye: Reader) -> list[tuple[str, str]]:
        """Return the pairs that one side or the other was not alerted to."""
        return [(n, s) for n, s in self.pairs if (n, s) not in israel.alerts or (s, n) not in turkiye.alerts]


async def until(condition: Callable[[], bool], within_s: float) -> None:
    """Return as soon as ``condition`` holds; when the time is over, as it is."""
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            return
        await asyncio.sleep(0.05)


async def insist(ask: Callable[[], Awaitable[T]]) -> T:
    """Return what ``ask`` answers, asking again while the line is away."""
    while True:
        try:
            return await ask()
        except Unavailable:
            await asyncio.sleep(0.1)


@contextlib.asynccontextmanager
async def background(*jobs: Awaitable[None]) -> Any:
    """Run jobs until the block ends; raise what ended one of them."""
    tasks = [asyncio.ensure_future(job) for job in jobs]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
    for result in results:
        if isinstance(result, Exception):
            raise result
