"""Desks of a world's parties on a mediator in memory, with a clock that the test moves."""

from pathlib import Path
from typing import Any

from keepclear import AlertEvent, Desk

from support.mediator import Mediator
from support.world import World, now_us


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
