"""The demo's flights: read from a file, moved to begin an hour from now, dealt to the parties by turns.

All times of all flights are moved by one constant, so whatever was close in the record is as close in the demo. A
flight goes by its callsign; where two of one file share a callsign, or one has none, its place in the file is added,
as in ``AFR1234 (line 7)``, so that every name stands for one flight.
"""

from collections import Counter
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from keepclear.offline.inputs import Flight, Options, VolumeJson, load, read_bytes
from keepclear_protocol.errors import LocalError
from keepclear_protocol.instant import SECOND, parse_instant

BEGINS_IN_S = 3_600


@dataclass(frozen=True, slots=True)
class Turn:
    """One flight, which ``party`` files in its turn. ``name`` is its callsign made unique.

    ``start`` and ``end`` are the instants at which its first window begins and its last one ends.
    """

    number: int
    name: str
    callsign: str | None
    party: str
    volumes: list[VolumeJson]
    start: int
    end: int


def deal(source: Path | None, parties: tuple[str, ...], *, limit: int | None, now: int) -> list[Turn]:
    """Return the turns of the file ``source`` (the packaged sample where it is None), at most ``limit`` of them.

    The earliest recorded point is moved to an hour after the instant ``now``. Raises ``LocalError``.
    """
    data = read_bytes(source) if source else files(__package__).joinpath("sample.jsonl").read_bytes()
    try:
        recorded = [flight for flight in load(data)[:limit] if flight.volumes]
        if not recorded:
            raise LocalError("input_file", "there is no flight in the file")
        shift_s = -((_first_point(recorded) - now) // SECOND) + BEGINS_IN_S
        flights = [flight for flight in load(data, Options(shift_s=shift_s))[:limit] if flight.volumes]
    except LocalError as error:
        where = f"{source}: " if source else ""
        raise LocalError(error.code, f"{where}{error.detail}", hint=error.hint) from None
    names = _names([flight.callsign for flight in flights])
    return [
        Turn(
            number,
            name,
            flight.callsign,
            parties[number % len(parties)],
            flight.volumes,
            min(_window(volume)[0] for volume in flight.volumes),
            max(_window(volume)[1] for volume in flight.volumes),
        )
        for number, (flight, name) in enumerate(zip(flights, names, strict=True))
    ]


def _first_point(flights: list[Flight]) -> int:
    starts = (_window(volume)[0] for flight in flights for volume in flight.volumes)
    return min(starts) + Options().margin_s * SECOND


def _window(volume: VolumeJson) -> tuple[int, int]:
    return parse_instant(volume["time_start"]["value"]), parse_instant(volume["time_end"]["value"], up=True)


def _names(callsigns: list[str | None]) -> list[str]:
    count = Counter(callsigns)
    return [
        callsign if callsign and count[callsign] == 1 else f"{callsign or 'no callsign'} (line {place})"
        for place, callsign in enumerate(callsigns, start=1)
    ]
