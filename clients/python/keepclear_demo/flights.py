"""Recorded flights: read from a file, moved to begin an hour from now, dealt to the parties by turns; their setting.

All times of all flights are moved by one constant, so whatever was close in the record is as close in the demo. A
flight goes by its callsign; where two of one file share a callsign, or one has none, its place in the file is added,
as in ``AFR1234 (line 7)``, so that every name stands for one flight.
"""

from collections import Counter
from importlib.resources import files
from pathlib import Path

from keepclear.offline.inputs import Flight, Options, load, read_bytes
from keepclear_protocol.agreement import Limits
from keepclear_protocol.errors import LocalError
from keepclear_protocol.instant import SECOND
from keepclear_protocol.separation import Minima

from .setting import Setting
from .turn import FILE, Turn, span

PARTIES = ("north", "south")
CATEGORY = "transport"
MINIMA = Minima(horizontal_m=4 * 1_852, vertical_m=700 * 0.3048, lead_s=0, tail_s=0)
"""4 NM and 700 ft, as controllers keep en route, without lead or tail: these flights leave nothing behind."""

LIMITS = Limits(area_km2=5_000_000, horizon_s=366 * 86_400, duration_s=366 * 86_400)
"""Wider than the defaults, so that any recorded flight can be shown; a gap of 15 minutes in a jet's track is bridged by
one leg that may claim 250 000 km2."""

RECORDED = Setting(
    name="The demo's line",
    parties={name: {"en": name.title()} for name in PARTIES},
    mediator="mediator",
    categories={CATEGORY: MINIMA},
    limits=LIMITS,
)

BEGINS_IN_S = 3_600


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
            CATEGORY,
            flight.volumes,
            *span(flight.volumes),
            FILE,
            number,
        )
        for number, (flight, name) in enumerate(zip(flights, names, strict=True))
    ]


def _first_point(flights: list[Flight]) -> int:
    return min(span(flight.volumes)[0] for flight in flights) + Options().margin_s * SECOND


def _names(callsigns: list[str | None]) -> list[str]:
    count = Counter(callsigns)
    return [
        callsign if callsign and count[callsign] == 1 else f"{callsign or 'no callsign'} (line {place})"
        for place, callsign in enumerate(callsigns, start=1)
    ]
