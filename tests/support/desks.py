"""Desks of a world's parties on a mediator in memory, with a clock that the test moves."""

from pathlib import Path
from typing import Any

from keepclear import AlertEvent, Desk

from support.mediator import Mediator
from support.world import World, box, now_us

MINUTE_US = 60_000_000


class Line:
    """A world, a mediator, and desks on it."""

    def __init__(self, folder: Path) -> None:
        self.world = World()
        self.now = now_us()
        self.mediator = Mediator(self.world, lambda: self.now)
        self.folder = folder
        self.open: list[Desk] = []

    def desk(self, party: str, name: str = "") -> Desk:
        desk = Desk(
            self.world.agreement,
            self.world.parties[party].key,
            self.folder / (name or party),
            transport=self.mediator.transport(),
            clock=lambda: self.now,
        )
        self.open.append(desk)
        return desk

    def watched(self, desk: Desk) -> list[Any]:
        """Return what the desk shows until it has taken all that its stream holds; links left out."""
        head = self.mediator.head(desk.party)
        events = list(desk.watch(stop=lambda: str(desk.journal.cursor()) == head))
        return [event for event in events if event.to_json()["event"] != "link"]


def alerts(events: list[Any]) -> list[AlertEvent]:
    return [event for event in events if isinstance(event, AlertEvent)]


class Lied(Line):
    """South has two volumes filed, north one that meets the first of them; south's desk has seen the open conflict."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
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
