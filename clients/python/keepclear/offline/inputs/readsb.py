"""Traces of readsb, as ADS-B Exchange and its like keep them: one aircraft a file, each of its flights a flight here.

``trace`` holds ``[seconds after timestamp, lat, lon, feet, speed, track, flags, ...]``; the feet are pressure altitude,
geometric where the flags say so (8), or ``"ground"``, or null. A new flight begins where the flags say so (2). Where a
flight has both kinds, geometric altitudes become pressure altitudes outward, by the bounds of the offset between them.
"""

from dataclasses import replace
from typing import Any

from keepclear_protocol.instant import SECOND

from .altitude import FOOT_M, span_m
from .content import Content
from .drawn import wrapped
from .flight import Altitude, Flight, Options, is_number, unreadable
from .moments import unix_instant
from .recorded import Moment, recorded
from .untold import with_altitudes

_NEW_FLIGHT, _GEOMETRIC = 2, 8


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
    geometric: set[Moment] = set()
    for number, point in enumerate(value["trace"], start=1):
        place = f"trace, point {number}"
        moment, flags, callsign = _point(point, base, place)
        if not flights or flags & _NEW_FLIGHT:
            flights.append((number, None, []))
        if flags & _GEOMETRIC and moment.metres is not None:
            geometric.add(moment)
        first, known, moments = flights[-1]
        moments.append(moment)
        flights[-1] = first, known or callsign, moments
    if not flights:
        raise unreadable("trace", "no points in it")
    found = []
    for first, callsign, moments in flights:
        reference, one_kind, told = _in_one_reference(moments, geometric, options)
        filled, notes = with_altitudes(one_kind, reference, options.uncertainty)
        found.append(recorded(filled, reference, callsign, options, f"trace, point {first}", [*notes, told]))
    return found


def _in_one_reference(
    moments: list[Moment], geometric: set[Moment], options: Options
) -> tuple[str, list[Moment], str]:
    """Return the reference of a flight's altitudes, its points with all of them in it, and what to say of them."""
    count = sum(moment in geometric for moment in moments)
    if not count:
        return "FL", moments, "altitudes are pressure altitudes, as readsb writes them"
    if all(moment in geometric for moment in moments if moment.metres is not None):
        return "W84", moments, "altitudes are geometric, as readsb's flags say: above the ellipsoid (W84)"
    told = f"{count} of {len(moments)} altitudes are geometric, as readsb's flags say: in FL they are claimed outward"
    return "FL", [_outward(moment, options) if moment in geometric else moment for moment in moments], told


def _outward(moment: Moment, options: Options) -> Moment:
    metres = moment.metres or 0.0
    low, high = span_m(Altitude(metres, "W84", "M"), "FL", options.uncertainty)
    # Either end may lie on one side of the number itself, where the bounds do not hold 0.
    return replace(moment, below_m=max(metres - low, 0.0), above_m=max(high - metres, 0.0))


def _point(point: Any, base: int, place: str) -> tuple[Moment, int, str | None]:
    if not isinstance(point, list) or len(point) < 4 or not all(is_number(part) for part in point[:3]):
        raise unreadable(place, "a point is a list: seconds, latitude, longitude, feet, ...")
    seconds, lat, lng, feet = point[:4]
    if not (0 <= seconds <= 10 * 86_400 and -90 <= lat <= 90 and -180 <= lng <= 180):
        raise unreadable(place, f"{seconds:g} s, {lat:g}, {lng:g} is no time and position of a trace")
    if feet is not None and feet != "ground" and not is_number(feet):
        raise unreadable(place, f"{feet!r:.40} is not an altitude")
    flags = point[6] if len(point) > 6 and point[6] is not None else 0
    if not is_number(flags) or flags != int(flags):
        raise unreadable(place, f"{flags!r:.40} is no set of flags")
    details = point[8] if len(point) > 8 and isinstance(point[8], dict) else {}
    said = details.get("flight")
    callsign = said.strip() or None if isinstance(said, str) else None
    metres = feet * FOOT_M if is_number(feet) and abs(feet) < 1e6 else None
    moment = Moment(base + round(seconds * SECOND), wrapped(lat, lng), metres, on_ground=feet == "ground")
    return moment, int(flags), callsign
