"""Traces of readsb, as ADS-B Exchange and its like keep them: one aircraft a file, each of its flights a flight here.

``trace`` holds ``[seconds after timestamp, lat, lon, feet, speed, track, flags, ...]``; the feet are pressure altitude,
or ``"ground"``, or null. A new flight begins where the flags say so (2).
"""

from typing import Any

from keepclear_protocol.instant import SECOND

from .altitude import FOOT_M
from .content import Content
from .csvtrack import with_altitudes
from .drawn import wrapped
from .flight import Flight, Options, is_number, unreadable
from .moments import unix_instant
from .recorded import Moment, recorded

_NEW_FLIGHT = 2


def recognise(content: Content) -> bool:
    """Whether it is JSON whose members are those of a trace."""
    head = content.data[:4096]
    return (
        content.looks_like_json and b'"trace"' in content.data and b'"timestamp"' in content.data and b'"icao"' in head
    )


def read(content: Content, options: Options) -> list[Flight]:
    """Return the flights of a trace; raise ``LocalError`` with ``input_file``."""
    value = content.json
    if not isinstance(value, dict) or not isinstance(value.get("trace"), list):
        raise unreadable("trace", "not a list of points")
    start = value.get("timestamp")
    if not is_number(start):
        raise unreadable("timestamp", "not a number of Unix seconds")
    base = unix_instant(start, "timestamp")
    flights: list[tuple[int, str | None, list[Moment]]] = []
    for number, point in enumerate(value["trace"], start=1):
        place = f"trace, point {number}"
        moment, flags, callsign = _point(point, base, place)
        if not flights or flags & _NEW_FLIGHT:
            flights.append((number, None, []))
        first, known, moments = flights[-1]
        moments.append(moment)
        flights[-1] = first, known or callsign, moments
    if not flights:
        raise unreadable("trace", "no points in it")
    found = []
    for first, callsign, moments in flights:
        filled, notes = with_altitudes(moments)
        place = f"trace, point {first}"
        notes.append("altitudes are pressure altitudes, as readsb writes them")
        found.append(recorded(filled, "FL", callsign, options, place, notes))
    return found


def _point(point: Any, base: int, place: str) -> tuple[Moment, int, str | None]:
    if not isinstance(point, list) or len(point) < 4 or not all(is_number(part) for part in point[:3]):
        raise unreadable(place, "a point is a list: seconds, latitude, longitude, feet, ...")
    seconds, lat, lng, feet = point[:4]
    if not (0 <= seconds <= 10 * 86_400 and -90 <= lat <= 90 and -180 <= lng <= 180):
        raise unreadable(place, f"{seconds:g} s, {lat:g}, {lng:g} is no time and position of a trace")
    if feet is not None and feet != "ground" and not is_number(feet):
        raise unreadable(place, f"{feet!r:.40} is not an altitude")
    flags = point[6] if len(point) > 6 and isinstance(point[6], int) else 0
    details = point[8] if len(point) > 8 and isinstance(point[8], dict) else {}
    said = details.get("flight")
    callsign = said.strip() or None if isinstance(said, str) else None
    metres = feet * FOOT_M if is_number(feet) and abs(feet) < 1e6 else None
    return Moment(base + round(seconds * SECOND), wrapped(lat, lng), metres), flags, callsign
