"""What the stories of the hub share: a hub over a line in a real store, and streams that a test reads, or does not."""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, cast

from keepclear_protocol.agreement import Agreement
from keepclear_protocol.cursor import Cursor
from keepclear_protocol.errors import Unavailable
from keepclear_protocol.kinds import ALERT, OPENING
from keepclear_service.decide.entry import Entry
from keepclear_service.delivery.hub import Hub
from keepclear_service.delivery.subscriber import Connection
from keepclear_service.line.hotline import Hotline
from keepclear_service.line.ports import SignedAlert
from keepclear_service.observer import silent
from keepclear_service.steady import SteadyClock

from .patience import PATIENCE_S
from .store_line import Bench, alert, notice, on_line
from .world import World


async def until(holds: Callable[[], object]) -> None:
    """Return as soon as ``holds``; fail after ``PATIENCE_S``."""
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, f"it never came to be: {holds}"
        await asyncio.sleep(0.005)


class CountedLine:
    """A line whose calls are counted; ``before`` may hold one up."""

    def __init__(self, line: Any) -> None:
        self._line = line
        self.calls: Counter[str] = Counter()
        self.asked: list[tuple[str, tuple[Any, ...]]] = []
        self.answered: list[tuple[str, tuple[Any, ...]]] = []
        self.before: Callable[[str, tuple[Any, ...]], Awaitable[None]] | None = None

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._line, name)

        async def counted(*args: Any) -> Any:
            answer = call(*args)  # asked now; told when ``before`` lets it
            if not args or args[0] != []:
                self.calls[name] += 1
                self.asked.append((name, args))
            told = await answer
            self.answered.append((name, args))
            if self.before is not None:
                await self.before(name, args)
            return told

        return counted


class StandIn:
    """Of a hotline what a hub asks of it."""

    def __init__(self, line: CountedLine, world: World) -> None:
        self.line = line
        self.world = world
        self.observer = silent()
        self.clock = SteadyClock()
        self.untold: Unavailable | None = None
        self.busy_s = 0.0

    @property
    def agreement(self) -> Agreement:
        return self.world.agreement

    def signer(self, kid: str) -> Any:
        found = self.agreement.find(kid)
        assert found is not None
        return found

    def opening(self, party: str, request: str, at: Cursor) -> str:
        return f"opening to {party} for {request} at {at}"

    def check_told(self) -> None:
        """Raise what keeps others' dangers from being told, if anything does."""
        if self.untold is not None:
            raise self.untold

    def receipt(self, entry: Entry) -> str:
        self.line.calls["receipt"] += 1
        return f"receipt-{entry.seq}"


class Reader:
    """One open stream: what came, cut into events; ``freeze`` makes it take nothing more."""

    def __init__(self) -> None:
        self._takes = asyncio.Event()
        self._takes.set()
        self._gone = False
        self._lost: Callable[[], None] | None = None
        self.came = bytearray()
        self.writes = 0
        self.aborted = self.ended = False
        self.connection = Connection(self._write, self._when_lost, self._abort)

    def freeze(self) -> None:
        self._takes.clear()

    def thaw(self) -> None:
        self._takes.set()

    def hang_up(self) -> None:
        self._gone = True
        self._takes.set()
        if self._lost is not None:
            self._lost()

    def has_ended(self) -> bool:
        return self.ended

    async def _write(self, data: bytes) -> None:
        self.writes += 1
        await self._takes.wait()
        if not self._gone:
            self.came += data

    def _when_lost(self, call: Callable[[], None]) -> None:
        self._lost = call

    def _abort(self) -> None:
        self.aborted = True
        self.hang_up()

    @property
    def events(self) -> list[tuple[str, str, str]]:
        """Event, id and data of whatever came whole behind the opening."""
        found = []
        for block in bytes(self.came).decode().split("\n\n")[:-1]:
            lines = dict(line.split(": ", 1) for line in block.split("\n") if not line.startswith(":"))
            if lines:
                found.append((lines["event"], lines.get("id", ""), lines["data"]))
        assert all((event == OPENING.event) == (number == 0) for number, (event, _, _) in enumerate(found)), found
        return found[1:]

    @property
    def comments(self) -> int:
        return bytes(self.came).count(b": keep-alive\n\n")

    @property
    def numbers(self) -> list[int]:
        """The positions that came."""
        return [Cursor.parse(id).number for _, id, _ in self.events if id]


class Stage:
    """A hub that runs, over a line that counts."""

    def __init__(self, bench: Bench, draining: asyncio.Event) -> None:
        self.bench = bench
        self.world = World()
        self.line = CountedLine(bench.line)
        self.draining = draining
        self.hotline = StandIn(self.line, self.world)
        self.hub = Hub(cast("Hotline", self.hotline), draining)
        self.serving: list[asyncio.Task[None]] = []
        self._seq = 0

    def kid(self, party: str) -> str:
        return self.world.parties[party].key.public.kid

    def open(self, party: str, at: int | None = None, *, epoch: str = "", reader: Reader | None = None) -> Reader:
        """Open a stream of ``party`` at a position, or without one."""
        reader = reader or Reader()
        start = None if at is None else Cursor(epoch or self.bench.epoch, at)

        async def serve() -> None:
            await self.hub.serve(party, self.kid(party), "the request", start, reader.connection)
            reader.ended = True

        self.serving.append(asyncio.create_task(serve()))
        return reader

    async def alert(self, party: str, count: int = 1, *, hint: bool = True, **changed: Any) -> list[SignedAlert]:
        """Commit alerts to ``party``, each of its own entry and conflict, and hint at them as the store does."""
        made = []
        for _ in range(count):
            self._seq += 1
            outcome = await self.bench.one(notice(f"of {self._seq}".replace(" ", "-"), party="north"))
            assert outcome.entry is not None, outcome
            one = alert(outcome.entry.seq, party, **{"conflict": f"c{self._seq}", **changed})
            await self.bench.line.commit(self.bench.epoch, [(outcome.entry.seq, [one])])
            made.append(one)
        if hint:
            self.hub.poke(party)
        return made

    def alerts_of(self, reader: Reader) -> list[str]:
        return [data for event, _, data in reader.events if event == ALERT.name]

    async def close(self) -> None:
        for task in self.serving:
            task.cancel()
        for ended in await asyncio.gather(*self.serving, return_exceptions=True):
            if isinstance(ended, Exception):
                raise ended


@contextlib.asynccontextmanager
async def _staged(bench: Bench) -> AsyncIterator[Stage]:
    stage = Stage(bench, asyncio.Event())
    running = asyncio.create_task(stage.hub.run())
    await asyncio.sleep(0)
    try:
        yield stage
        await stage.close()
        assert not running.done()
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running


def on_hub(story: Callable[[Stage], Awaitable[None]], url: str) -> None:
    """Run a story on a hub over a fresh line of the store at ``url``."""

    async def with_bench(bench: Bench) -> None:
        async with _staged(bench) as stage:
            await story(stage)

    on_line(with_bench, url)
