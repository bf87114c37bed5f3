"""Desks of a world's parties on a mediator in memory, with a clock that the test moves."""

import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from keepclear import AlertEvent, AsyncDesk, Desk
from keepclear.transport.loop import LoopThread
from keepclear_protocol.cursor import Cursor

from support.mediator import Mediator
from support.world import World, box, now_us

MINUTE_US = 60_000_000


class OnLoop:
    """``AsyncDesk`` with the names of ``Desk``, for stories that both must tell: its own ``watch``, in a loop."""

    def __init__(self, *args: Any, **options: Any) -> None:
        self._desk = AsyncDesk(*args, **options)
        self._loop = LoopThread("test-desk")

    def __getattr__(self, name: str) -> Any:
        member = getattr(self._desk, name)
        if inspect.iscoroutinefunction(member):
            return lambda *args, **named: self._loop.run(member(*args, **named))
        return member

    def close(self) -> None:
        if not self._loop.closed:
            self._loop.run(self._desk.close())
            self._loop.close()

    def watch(self, *args: Any, **named: Any) -> Iterator[Any]:
        events = self._desk.watch(*args, **named)
        try:
            while (event := self._loop.run(_next(events))) is not None:
                yield event
        finally:
            self._loop.run(events.aclose())


async def _next(events: Any) -> Any:
    return await anext(events, None)


class Line:
    """A world, a mediator, and desks on it; ``face`` makes each desk."""

    def __init__(self, folder: Path, face: Any = Desk) -> None:
        self.world = World()
        self.now = now_us()
        self.mediator = Mediator(self.world, lambda: self.now)
        self.folder = folder
        self.face = face
        self.open: list[Any] = []

    def desk(self, party: str, name: str = "", **options: Any) -> Any:
        given = {"transport": self.mediator.transport(), "clock": lambda: self.now, **options}
        folder = self.folder / (name or party)
        desk = self.face(self.world.agreement, self.world.parties[party].key, folder, **given)
        self.open.append(desk)
        return desk

    def reached(self, desk: Any) -> Callable[[], bool]:
        """Return whether a desk has taken what its stream holds now; what it says itself may have moved it on since."""
        head = Cursor.parse(self.mediator.head(desk.party))

        def stop() -> bool:
            at = desk.journal.cursor()
            newest = len(self.mediator.streams.get(desk.party, []))
            return at is not None and at.epoch == head.epoch and head.number <= at.number <= newest

        return stop

    def watched(self, desk: Any) -> list[Any]:
        """Return what the desk shows until it has taken all that its stream holds; links left out.

        What its party's own desks said of delivery, which comes back on the stream, is left out too.
        """
        events = list(desk.watch(stop=self.reached(desk)))
        return [event for event in events if not _is_own(event, desk.party)]


def _is_own(event: Any, party: str) -> bool:
    told: dict[str, Any] = event.to_json()
    mine = [told.get(name) for name in ("stage", "party", "verdict")] == ["delivered", party, "verified"]
    return mine or bool(told["event"] == "link")


def alerts(events: list[Any]) -> list[AlertEvent]:
    return [event for event in events if isinstance(event, AlertEvent)]


class Lied(Line):
    """South has two volumes filed, north one that meets the first of them; south's desk has seen the open conflict."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.first_agreement = self.world.agreement
        self.south = self.desk("south")
        self.watched(self.south)
        self.mine = self.south.file([box(), box(50.0)], "transport")
        self.theirs = self.file("north", box(48.05), box(52.0))
        self.us, self.them = ("south", self.mine.id), ("north", self.theirs)
        (self.first,) = alerts(self.watched(self.south))
        assert self.first.verdict == "verified"

    def file(self, party: str, *volumes: dict[str, Any], **changed: Any) -> str:
        raw = self.world.submission(party, *volumes, **changed)
        assert self.mediator._admit("/v1/notices", raw).status_code == 201
        return self.world.opened(raw).id

    def amend(self, *volumes: dict[str, Any]) -> str:
        """North files its next revision."""
        filed = self.mediator.filed[self.them]
        raw = self.world.amend("north", filed.notice, *volumes)
        assert self.mediator._admit("/v1/notices", raw).status_code == 201
        return raw

    def withdraw(self) -> None:
        """North withdraws its notice."""
        raw = self.world.withdrawal("north", self.mediator.filed[self.them].notice)
        assert self.mediator._admit("/v1/withdrawals", raw).status_code == 201

    def next_version(self) -> None:
        self.mediator.seq += 1
        self.now += MINUTE_US

    def told(self, data: dict[str, Any]) -> AlertEvent:
        """Return what south's desk makes of an alert object on its stream."""
        self.mediator.tell("south", "alert", data)
        *_, event = alerts(self.watched(self.south))
        return event

    def state(self) -> tuple[str, str | None]:
        (view,) = self.south.picture().conflicts
        return view.state, view.alarm
