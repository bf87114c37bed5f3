"""What the stories of the store's lines share: a line on each real store, and arrivals and alerts easily made."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import Any

from keepclear_protocol.acknowledgement import FIRST_ANSWERS
from keepclear_protocol.alert import sign_alert
from keepclear_protocol.budgets import BUDGETS_AT_MOST
from keepclear_protocol.encoding import digest
from keepclear_protocol.keys import PrivateKey
from keepclear_service.decide.admission import FOREVER, Bound
from keepclear_service.line.ports import CHANNEL, Arrival, Chain, CompareAndSet, Outcome, SignedAlert, Turned
from keepclear_service.store.connect import Store, connect
from keepclear_service.store.line import StoredLine
from redis.asyncio import RedisCluster

from .patience import PATIENCE_S

AGREEMENT = digest("agreement")
TERMS = digest("terms")
PARTIES = ("north", "south")
RETENTION_S = 7 * 86_400
SECOND_US, DAY_US = 1_000_000, 86_400_000_000
SERVICE = PrivateKey.generate()


def now_us() -> int:
    return int(time.time() * 1e6)


class Bench:
    """A line, its store, and what a worker would know."""

    def __init__(self, store: Store, line: StoredLine) -> None:
        self.store, self.line = store, line
        self.redis: Any = store.submits
        self.epoch = ""
        self.terms = TERMS
        self.cursor = 0

    def key(self, rest: str) -> str:
        return self.line.prefix + rest

    async def turn(self, *arrivals: Arrival, done: Sequence[int] = (), **changed: Any) -> Turned:
        """Take a turn as a worker that has folded all that it was told."""
        given: dict[str, Any] = {
            "epoch": self.epoch,
            "terms": self.terms,
            "cursor": self.cursor,
            "done": done,
            "parties": PARTIES,
            "retention_s": RETENTION_S,
            "budgets": BUDGETS_AT_MOST,
            **changed,
        }
        line: StoredLine = given.pop("line", self.line)
        turned = await line.turn(arrivals, **given)
        if turned.entries and "cursor" not in changed:
            self.cursor = turned.entries[-1].seq
        return turned

    async def one(self, arrival: Arrival, **changed: Any) -> Outcome:
        """Admit one arrival and return what became of it."""
        turned = await self.turn(arrival, **changed)
        assert len(turned.outcomes) == 1
        return turned.outcomes[0]

    async def listening(self, hints: AsyncGenerator[str, None]) -> None:
        """Wait until hints are heard: what was published before is not."""
        heard = asyncio.ensure_future(anext(hints))
        while not heard.done():
            await self.redis.publish(CHANNEL, "nothing 0")
            await asyncio.wait([heard], timeout=0.05)

    async def heard(self, hints: AsyncGenerator[str, None]) -> str:
        """Return the next hint."""
        while True:
            hint = await asyncio.wait_for(anext(hints), PATIENCE_S)
            if hint != "nothing 0":
                return hint

    async def keys(self) -> list[bytes]:
        """Return the names of all keys, of all shards; there is one at least while the line stands."""
        asked = {"target_nodes": RedisCluster.PRIMARIES} if isinstance(self.redis, RedisCluster) else {}
        return sorted(await self.redis.keys("*", **asked))

    def stepped(self, seconds: float) -> StoredLine:
        """Return the line as a worker has it whose clock is ``seconds`` ahead."""
        return StoredLine(self.store, AGREEMENT, clock=lambda: time.time() + seconds)

    async def clean(self, retention_s: int = RETENTION_S) -> None:
        """Let go of what has outlived its retention."""
        await asyncio.sleep(0.002)  # what was kept until this millisecond is over in the next
        await self.line.clean(retention_s, PARTIES)


def on_line(story: Callable[[Bench], Awaitable[None]], url: str) -> None:
    """Run a story against a fresh line of the store at ``url``."""

    async def run() -> None:
        store = connect(url)
        try:
            bench = Bench(store, StoredLine(store, AGREEMENT))
            assert await bench.line.found(TERMS, b"{}")
            bench.epoch = (await bench.line.open()).epoch
            await story(bench)
        finally:
            await store.close()

    asyncio.run(run())


def bounds(low: int = 0, high: int | None = None) -> tuple[Bound, ...]:
    """Return bounds as a statement has them: soon it can be admitted no more."""
    high = now_us() + 600 * SECOND_US if high is None else high
    return (Bound("not_yet", low, FOREVER), Bound("admitted_too_late", 0, high))


def notice(
    id: str = "n1", revision: int = 1, body: str = "", *, party: str = "north", prev: str | None = None, **changed: Any
) -> Arrival:
    """Return a notice; ``prev`` is the body before; ``ends`` and ``keep`` are seconds from now."""
    body = body or f"{party} {id} {revision}"
    ends = now_us() + int(changed.pop("ends", 3600) * 1e6)
    keep = now_us() + int(changed.pop("keep", 3600 + RETENTION_S) * 1e6)
    given: dict[str, Any] = {
        "kind": "notice",
        "party": party,
        "id": id,
        "jti": f"jti of {body}",
        "sha256": digest(body),
        "submission": digest(f"{body}~"),
        "body": body,
        "terms": TERMS,
        "note": "1,2,3,4",
        "bounds": bounds(),
        "precondition": Chain(id, revision, None if prev is None else digest(prev), ends, keep),
        **changed,
    }
    given["jti"] = given["jti"].replace(" ", "_")
    return Arrival(**given)


def withdrawal(id: str = "n1", revision: int = 2, *, prev: str, party: str = "north", **changed: Any) -> Arrival:
    """Return a withdrawal of what ``prev`` is the body of."""
    chain = Chain(id, revision, digest(prev), None, 0)
    given = {"kind": "withdrawal", "submission": "", "note": "", "precondition": chain, **changed}
    return notice(id, revision, f"withdrawal of {id}", party=party, **given)


def acknowledgement(
    of: SignedAlert, jti: str = "j1", *, party: str = "", stage: str = "acknowledged", body: str = "", **changed: Any
) -> Arrival:
    """Return an acknowledgement of the alert ``of``, or of what is ``changed`` about it."""
    body = body or f"ack {jti}"
    named: dict[str, Any] = {"conflict": of.conflict, "version": of.version, "alert": of.sha256}
    named |= {name: changed.pop(name) for name in list(changed) if name in named}
    given: dict[str, Any] = {
        "kind": "acknowledgement",
        "party": party or of.to,
        "id": jti,
        "jti": jti,
        "sha256": digest(body),
        "submission": "",
        "body": body,
        "terms": TERMS,
        "note": "",
        "bounds": bounds(),
        "precondition": CompareAndSet(
            named["conflict"], named["version"], named["alert"], stage, FIRST_ANSWERS if stage == "acknowledged" else 0
        ),
        **changed,
    }
    return Arrival(**given)


def alert(
    version: int,
    to: str = "south",
    other: str = "north",
    *,
    conflict: str = "c1",
    state: str = "open",
    ends: float | None = 3600,
    keep: float = 3600 + RETENTION_S,
    rank: str = "",
    shows: str = "",
    body: str = "",
) -> SignedAlert:
    """Return a signed alert; ``ends`` and ``keep`` are seconds from now, ``body`` what it shows."""
    name = digest(conflict)
    jws = sign_alert(SERVICE, {"conflict": name, "version": version, "to": to, "state": state})
    return SignedAlert(
        to=to,
        conflict=name,
        version=version,
        own=(to, f"{to}-notice"),
        other=(other, f"{other}-notice"),
        state=state,
        sha256=digest(jws),
        jws=jws,
        shows=shows,
        body=digest(body) if body else "",
        rank=rank or f"{0 if state == 'open' else 8}{version:015d}",
        ends=None if ends is None or state != "open" else now_us() + int(ends * 1e6),
        keep=now_us() + int(keep * 1e6),
    )
