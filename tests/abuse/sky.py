"""The sky of a day: the flights that one side keeps hidden, filed with a hotline, for a prober to find."""

from dataclasses import dataclass, field

from keepclear_protocol.budgets import Budgets
from keepclear_protocol.volume import Volume, parse_volume
from support.world import World

from .days import Day
from .plans import Sortie, Spot
from .spent import Line, agreed

VICTIM, PROBER = "south", "north"


@dataclass
class Sky:
    """A day's hidden flights, filed by the victim, and the hotline that they are filed with."""

    line: Line
    begins: int
    flights: dict[str, Sortie]
    legs: dict[str, dict[str, Volume]] = field(default_factory=dict)

    @property
    def span_s(self) -> tuple[float, float]:
        """From when to when its flights fly."""
        flights = self.flights.values()
        return min(flight.start_s for flight in flights), max(flight.end_s for flight in flights)

    @property
    def fields(self) -> set[Spot]:
        """Where they begin."""
        return {flight.spots[0] for flight in self.flights.values()}


def hidden(day: Day, count: int, budgets: Budgets | None) -> Sky:
    """Return the sky of the first flights that the victim of a day files, each as it was filed first."""
    world = World(PROBER, VICTIM, categories=day.categories, budgets=agreed(budgets))
    line = Line(world.agreement)
    flights: dict[str, Sortie] = {}
    acts = [a for a in day.acts if a.party == VICTIM and a.revision == 1 and isinstance(a.plan, Sortie)][:count]
    sky = Sky(line, day.begins, flights)
    for act in acts:
        assert isinstance(act.plan, Sortie)
        flights[act.name] = act.plan
        volumes = [parse_volume(volume) for volume in act.plan.volumes(day.begins)]
        line.file(VICTIM, act.name, 1, act.category, volumes, day.begins)
        sky.legs[act.name] = {f"{act.name}/1/{number}": volume for number, volume in enumerate(volumes)}
    return sky
