"""One desk on asyncio: any number of subscribers, a loop that breathes, work that is bounded by what is live."""

import asyncio
import contextlib
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from keepclear import AlertEvent, AsyncDesk, Event, GapEvent
from keepclear.desk import transition
from keepclear.journal.kept import KeptConflict, OwnStatement
from keepclear.verify.verdicts import verify_alert
from keepclear_protocol.errors import LocalError
from keepclear_protocol.keys import PublicKey
from support.desks import Line
from support.patience import PATIENCE_S
from support.world import box


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    made = Line(tmp_path)
    yield made
    for desk in made.open:
        desk.close()


@contextlib.asynccontextmanager
async def south_of(line: Line) -> AsyncIterator[AsyncDesk]:
    options: Any = {"transport": line.mediator.transport(), "clock": lambda: line.now}
    key = line.world.parties["south"].key
    async with AsyncDesk(line.world.agreement, key, line.folder / "south", **options) as desk:
        yield desk


@contextlib.asynccontextmanager
async def running(desk: AsyncDesk) -> AsyncIterator[None]:
    task = asyncio.create_task(desk.run())
    try:
        await until(lambda: desk.journal.cursor() is not None)
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def until(reached: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not reached():  # noqa: ASYNC110 - a fact of another thread, which tells nobody
            await asyncio.sleep(0.01)


def conflict(line: Line, number: int) -> None:
    """File two notices that meet, as two other desks would."""
    for party, lat in (("south", -40.0 + number), ("north", -39.95 + number)):
        assert line.mediator._admit("/v1/notices", line.world.submission(party, box(lat))).status_code == 201


async def collect(events: AsyncIterator[Event], count: int, pause: asyncio.Event | None = None) -> list[AlertEvent]:
    found: list[AlertEvent] = []
    async for event in events:
        if isinstance(event, AlertEvent):
            found.append(event)
            if len(found) == 1 and pause is not None:
                await pause.wait()
        if len(found) == count:
            return found
    raise AssertionError("the events ended")


def test_what_alerts_need_is_loaded_before_a_line_is_followed_and_beside_the_loop(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[bool] = []
    monkeypatch.setattr(
        "keepclear.desk.desk.load_arrays", lambda: loaded.append(threading.current_thread() is threading.main_thread())
    )

    async def story() -> None:
        async with south_of(line) as desk, running(desk):
            assert loaded == [False]

    asyncio.run(story())


def test_every_subscriber_hears_everything_and_one_that_lags_holds_nobody_up(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("keepclear.desk.subscription.QUEUE", 2)
    monkeypatch.setattr("keepclear.desk.subscription.PAGE", 3)

    async def story() -> None:
        async with south_of(line) as desk, running(desk):
            lagging = asyncio.Event()
            slow, quick = desk.subscribe(), desk.subscribe()
            slowly = asyncio.create_task(collect(slow, 12, lagging))
            quickly = asyncio.create_task(collect(quick, 12))
            await asyncio.sleep(0)
            for number in range(12):
                conflict(line, number)
            heard = await asyncio.wait_for(quickly, PATIENCE_S)
            assert not slowly.done()
            lagging.set()
            late = await asyncio.wait_for(slowly, PATIENCE_S)
            assert [event.to_json() for event in late] == [event.to_json() for event in heard]
            for events in (slow, quick):
                await events.aclose()

    asyncio.run(story())


def test_a_subscriber_may_begin_anywhere_and_is_told_what_the_journal_has_let_go(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("keepclear.journal.changes.KEPT_EVENTS", 2)

    async def story() -> None:
        async with south_of(line) as desk:
            async with contextlib.aclosing(desk.watch(lambda: True)) as events:
                async for _ in events:
                    pass
            for number in range(4):
                conflict(line, number)
            async with contextlib.aclosing(desk.watch(line.reached(desk))) as events:
                async for _ in events:
                    pass
            events = desk.subscribe(after=1)
            assert isinstance(await asyncio.wait_for(anext(events), PATIENCE_S), GapEvent)
            numbered = [await asyncio.wait_for(anext(events), PATIENCE_S) for _ in range(2)]
            assert all(event.to_json()["event"] != "gap" for event in numbered)
            await events.aclose()

    asyncio.run(story())


def test_a_desk_follows_once(line: Line) -> None:
    async def story() -> None:
        async with south_of(line) as desk, running(desk):
            with pytest.raises(LocalError, match="follows the stream already"):
                await desk.run()

    asyncio.run(story())


def test_while_a_heavy_alert_is_verified_the_loop_runs_and_the_desk_does_as_it_is_told(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, finish = threading.Event(), threading.Event()
    real = verify_alert

    def heavy(*args: Any) -> Any:
        begun.set()
        assert finish.wait(PATIENCE_S)
        return real(*args)

    async def story() -> None:
        async with south_of(line) as desk, running(desk):
            monkeypatch.setattr(transition, "verify_alert", heavy)
            events = desk.subscribe()
            conflict(line, 0)
            heard = asyncio.create_task(collect(events, 1))
            await until(begun.is_set)
            connections = len([r for r in line.mediator.requests if r.url.path == "/v1/stream"])
            assert (await asyncio.wait_for(desk.file([box(70.0)], "transport"), PATIENCE_S)).revision == 1
            assert len(desk.picture().notices) >= 1 and not heard.done()
            assert len([r for r in line.mediator.requests if r.url.path == "/v1/stream"]) == connections
            finish.set()
            (event,) = await asyncio.wait_for(heard, PATIENCE_S)
            assert event.verdict == "verified"
            await events.aclose()

    asyncio.run(story())
    assert begun.is_set()


def test_what_arrives_together_is_written_together(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    south = line.desk("south")
    line.watched(south)
    for number in range(20):
        conflict(line, number)
    commits: list[int] = []
    real = type(south.journal).apply

    def counted(journal: Any, changes: Any, **options: Any) -> Any:
        commits.append(len(changes))
        return real(journal, changes, **options)

    monkeypatch.setattr(type(south.journal), "apply", counted)
    assert len(line.watched(south)) == 40
    # Each alert and notice takes several changes; what the desk says of delivery comes back and takes two.
    assert len([size for size in commits if size > 100]) == 1


def test_each_statement_is_verified_once_in_its_life(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    verified: Counter[bytes] = Counter()
    real = PublicKey.verify

    def counted(key: PublicKey, signature: bytes, message: bytes) -> None:
        # The desk verifies in threads of its own; the mediator, in the loop's, verifies what it is sent.
        if threading.current_thread().name.startswith("keepclear-desk_"):
            verified[signature] += 1
        real(key, signature, message)

    south = line.desk("south")
    line.watched(south)
    for number in range(3):
        conflict(line, number)
    assert line.mediator._admit("/v1/notices", line.world.submission("north", box(70.05))).status_code == 201
    monkeypatch.setattr(PublicKey, "verify", counted)
    assert len(south.file([box(70.0)], "transport").alerts) == 1  # and once more on the stream
    assert len([e for e in line.watched(south) if isinstance(e, AlertEvent)]) == 4
    once = Counter(verified)
    assert once and set(once.values()) == {1}
    for _ in range(2):
        south.picture(), south.picture(everything=True), south.refresh()
    south.close()
    again = line.desk("south")
    again.picture(), again.refresh()
    line.mediator.epoch = "e" * 32  # everything is read again, and nothing of it is new
    assert [event.to_json()["event"] for event in line.watched(again)] == ["gap"]
    kept = [row.object.alert for row in map(again.journal.alert_object, _digests(again.journal)) if row is not None]
    assert len(kept) == 4
    assert {signature: count for signature, count in verified.items() if signature in once} == once


def _digests(journal: Any) -> list[str]:
    return [kept.adopted for kept in journal.conflicts() if kept.adopted is not None]


def steps(desk: Any, ask: Callable[[], object]) -> int:
    """Return the steps that SQLite takes for a question, in hundreds: what was read, whatever the machine's load."""
    count = 0

    def step() -> None:
        nonlocal count
        count += 1

    desk.journal._read.set_progress_handler(step, 100)
    ask()
    desk.journal._read.set_progress_handler(None, 0)
    return count


def test_the_picture_reads_what_is_live_and_not_the_past(line: Line) -> None:
    south = line.desk("south")
    line.watched(south)
    for number in range(5):
        conflict(line, number)
    line.watched(south)
    before = steps(south, south.picture)
    (kept, *_) = south.journal.conflicts()
    head = south.journal.own_heads()[0]
    long_ago = line.now - 10 * 86_400_000_000
    past: list[KeptConflict | OwnStatement] = []
    for number in range(3000):
        rest = {"open": False, "until": long_ago, "answered": 0, "version": 1000 + number, "delivered": 10_000}
        past.append(replace(kept, conflict=f"{number:043d}", **rest))
        summary = replace(head.summary, last_end=long_ago)
        past.append(replace(head, sha256=f"{number:043d}", id=f"{number:022d}", summary=summary, status="receipted"))
    south.journal.apply(past)
    picture = south.picture()
    assert (len(picture.conflicts), len(picture.notices)) == (5, 5)
    assert steps(south, south.picture) <= 2 * before + 2
    assert len(south.picture(everything=True).conflicts) == 3005
    assert steps(south, lambda: south.picture(everything=True)) > 50 * before
    line.mediator.requests.clear()
    assert steps(south, south.refresh) < 50 * (before + 1)


def test_a_desk_that_is_closed_under_its_watch_lets_go_of_everything(line: Line) -> None:
    south = line.desk("south")
    conflict(line, 0)
    watched = south.watch()
    first = next(event for event in watched if isinstance(event, AlertEvent))
    south.close()
    again = line.desk("south")
    (event,) = [event for event in line.watched(again) if isinstance(event, AlertEvent)]
    assert event.object == first.object  # its caller had not come back
    with pytest.raises((LocalError, StopIteration)):
        next(watched)
