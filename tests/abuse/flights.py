"""Where things are in these stories: the victim's flights, honest traffic and honest dangers, and what crosses them.

The victim's flights lie beside one another at one hour, so that one volume can cross all of them. Honest dangers meet
other flights of the victim's, far from there, so that what is attacked and what is measured are two things; honest
traffic meets nobody.
"""

import itertools
import random
from typing import Any

from benchmarks.load import Volume, circle, corridor, polygon, shifted, submission, usual, volume
from support.world import World

ATTACKER, VICTIM, HONEST = "red", "blue", "green"
PLACE = (33.0, 35.0)
PLACE_APART = (33.0, 39.0)
PLACE_CROWDED = (33.0, 43.0)
FLIGHTS = 30
APART = 10
LEGS = 8
LEG_M = 2_000
APART_M = 1_500
START_S, END_S = 7_200, 14_400
LOW_M, HIGH_M = 3_000, 3_100

FAR_DEGREES = 20.0
"""A square of the usual load this wide: honest submissions meet nobody in it but by rare chance."""


def flight(number: int, legs: int = LEGS, *, start_s: float = START_S, end_s: float = END_S) -> list[Volume]:
    """Return a flight of the victim's: legs that follow one another eastwards."""
    ends = [shifted(*PLACE, APART_M * number, LEG_M * step) for step in range(legs + 1)]
    return [volume(corridor(leg, 50), LOW_M, HIGH_M, start_s, end_s) for leg in itertools.pairwise(ends)]


def victims(world: World, legs: int = LEGS, *, start_s: float = START_S, end_s: float = END_S) -> list[str]:
    """Return the victim's submissions: those that are attacked."""
    several = [flight(number, legs, start_s=start_s, end_s=end_s) for number in range(FLIGHTS)]
    return [submission(world, VICTIM, *volumes) for volumes in several]


def apart(world: World) -> list[str]:
    """Return the victim's flights that honest dangers cross, and nothing of the attacker's."""
    return [submission(world, VICTIM, _apart(number, 2_000)) for number in range(APART)]


def decoys(world: World, count: int) -> list[str]:
    """Return small notices of the attacker's that lie where honest dangers do."""
    return [submission(world, ATTACKER, _apart(number % APART, 200 + number)) for number in range(count)]


def danger(world: World, number: int) -> str:
    """Return an honest party's notice that crosses one of the flights apart."""
    return submission(world, HONEST, _apart(number % APART, 200))


def crowd(world: World, number: int) -> str:
    """Return a notice of one volume, of the attacker's, that stands where all others of them do, and meets nobody."""
    return submission(world, ATTACKER, volume(circle(*PLACE_CROWDED, 5_000 + number), LOW_M, HIGH_M, START_S, END_S))


def through_the_crowd(world: World, number: int) -> str:
    """Return an honest party's notice with a volume in the crowd, and one that crosses one of the flights apart."""
    place = shifted(*PLACE_CROWDED, 10 * (number % 100), 0)
    return submission(
        world, HONEST, volume(circle(*place, 100), LOW_M, HIGH_M, START_S, END_S), _apart(number % APART, 200)
    )


def _apart(number: int, radius_m: float) -> Volume:
    place = shifted(*PLACE_APART, 30_000 * number, 0)
    return volume(circle(*place, radius_m), LOW_M, HIGH_M, START_S, END_S)


def harmless(world: World, party: str, number: int) -> str:
    """Return an ordinary notice far from all others."""
    return submission(world, party, usual(random.Random(number), FAR_DEGREES))


def crossing(world: World, number: int, **changed: Any) -> str:
    """Return a notice of one volume, of the attacker's, that crosses all of the victim's flights."""
    return submission(world, ATTACKER, wall(number, **changed))


def wall(number: int, *, start_s: float = START_S, end_s: float = END_S) -> Volume:
    """Return a polygon across all of the victim's flights, a slightly other one for each number."""
    middle = shifted(*PLACE, APART_M * FLIGHTS / 2, 3_000 + number % 1_000)
    return volume(polygon(*middle, APART_M * FLIGHTS * 0.6, 12), LOW_M, HIGH_M, start_s, end_s)


def sheaf(count: int, number: int, *, width_m: float = 50.0) -> list[Volume]:
    """Return corridors across all of the victim's flights, beside one another: each meets each flight."""
    south, north = -2_000.0, APART_M * FLIGHTS + 2_000.0
    span = LEG_M * LEGS

    def one(at: int) -> Volume:
        east = span * at / count + number
        path = [shifted(*PLACE, north_m, east) for north_m in (south, north)]
        return volume(corridor(path, width_m), LOW_M, HIGH_M, START_S, END_S)

    return [one(at) for at in range(count)]
