"""A turn: one thing that one party says in its time, and, where it was written beforehand, what must come of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from keepclear.offline.inputs import VolumeJson
from keepclear_protocol.instant import parse_instant

FILE, AMEND, WITHDRAW = "file", "amend", "withdraw"


@dataclass(frozen=True, slots=True)
class Meeting:
    """A conflict that a turn must bring about: with which flight of the other side's, and how severe."""

    name: str
    severity: str


@dataclass(frozen=True, slots=True)
class Turn:
    """What ``party`` says in its turn: it files, amends or withdraws the notice of one flight.

    ``name`` is the flight's callsign made unique; ``of`` is the number of the turn that filed it. ``start`` and ``end``
    are the instants at which its first window begins and its last one ends. ``meets`` are the conflicts that must come
    of the turn and ``closes`` the flights whose conflicts it must close; ``meets`` is None where that was not foreseen.
    """

    number: int
    name: str
    callsign: str | None
    party: str
    category: str
    volumes: list[VolumeJson]
    start: int
    end: int
    does: str
    of: int
    remarks: str | None = None
    meets: tuple[Meeting, ...] | None = None
    closes: tuple[str, ...] = ()


def span(volumes: Sequence[VolumeJson]) -> tuple[int, int]:
    """Return the instants at which the first window of ``volumes`` begins and the last one ends."""
    windows = [window(volume) for volume in volumes]
    return min(start for start, _ in windows), max(end for _, end in windows)


def window(volume: VolumeJson) -> tuple[int, int]:
    """Return the instants between which a volume claims its space."""
    return parse_instant(volume["time_start"]["value"]), parse_instant(volume["time_end"]["value"], up=True)
