"""What the columns of a table of positions mean, from the names in its header.

An altitude's unit stands in its column's name, and so does what it counts from; two shapes whose makers document both
are known by their whole header. What a name does not say is asked for, never guessed from the numbers.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from .cells import find_column
from .flight import Options, unreadable

LATITUDES = ("latitude", "lat", "latitude deg", "lat deg", "latitude (deg)", "latitude (°)", "breite", "y")
LONGITUDES = ("longitude", "lon", "lng", "long", "longitude deg", "lon deg", "longitude (deg)", "longitude (°)", "x")
POSITIONS = ("position", "coordinates", "coordinate", "coord", "lat/lon", "latlon", "lat lon", "mgrs", "location")
TIMES = (
    *("timestamp", "unix", "unix time", "epoch", "time utc", "timestamp utc", "utc", "utc time", "datetime utc"),
    *("datetime", "date time", "time", "t", "timeposition", "ts", "time (utc)", "timestamp (utc)", "unix s", "time s"),
)
DATES = ("date", "date utc", "utc date", "date (utc)")
CALLSIGNS = ("callsign", "call sign", "flight", "ident", "acid", "flight number", "flight id")
ADDRESSES = ("icao24", "hex", "icao", "icao address", "address", "mode s", "hexid", "registration", "reg", "tail", "id")

_UNITS = {
    **dict.fromkeys(("ft", "feet", "foot"), "FT"),
    **dict.fromkeys(("m", "meter", "meters", "metre", "metres"), "M"),
    **dict.fromkeys(("fl", "flightlevel"), "FL"),
}
_REFERENCES = {
    **dict.fromkeys(("baro", "barometric", "baroaltitude", "pressure", "std", "qne", "fl", "flightlevel"), "FL"),
    **dict.fromkeys(("amsl", "msl", "qnh"), "AMSL"),
    **dict.fromkeys(("geoaltitude", "geom", "hae", "ellipsoid", "ellipsoidal", "w84", "wgs84"), "W84"),
    "agl": "AGL",
}
_ALTITUDES = re.compile(r"alt|altitude|baroaltitude|geoaltitude|elevation|ele|height|fl|flightlevel|level|elev")
_PREFERRED = ("FL", "AMSL", "W84", "AGL", None)

_KNOWN = (
    ({"icao24", "baroaltitude", "geoaltitude", "lastcontact"}, "baroaltitude", "M", "OpenSky's state vectors"),
    ({"timestamp", "utc", "callsign", "position", "altitude"}, "altitude", "FT", "Flightradar24's table"),
    ({"icao24", "groundspeed", "vertical rate", "altitude"}, "altitude", "FT", "a table of the library traffic"),
    ({"hex", "alt baro", "gs"}, "alt baro", "FT", "a table with the names of readsb"),
)
"""Headers whose makers document that the column is pressure altitude, and in which unit."""

_SPOKEN = {"M": "metres", "FT": "feet"}


@dataclass(frozen=True, slots=True)
class AltitudeColumn:
    """A column of altitudes: its unit and reference, and what has to be said about them."""

    name: str
    units: str
    reference: str
    note: str | None = None


def is_table_of_positions(names: Sequence[str]) -> bool:
    """Whether a header has positions."""
    both = find_column(names, LATITUDES) is not None and find_column(names, LONGITUDES) is not None
    return both or find_column(names, POSITIONS) is not None


def altitude_column(names: Sequence[str], options: Options, place: str) -> AltitudeColumn | None:
    """Return the column of altitudes, None where there is none; raise ``LocalError`` where its name says too little."""
    for header, name, units, maker in _KNOWN:
        if set(names) >= header:
            note = f"{maker}: {name!r} is taken as pressure altitude in {_SPOKEN[units]}"
            return AltitudeColumn(name, units, "FL", note)
    found = [(name, *_meant(name)) for name in names if any(_ALTITUDES.fullmatch(word) for word in _words(name))]
    if not found:
        return None
    name, unit, counted = min(found, key=lambda item: (item[1] is None, _PREFERRED.index(item[2])))
    if unit is None:
        hint = "name the column altitude_ft, altitude_m or fl"
        raise unreadable(place, f"the column {name!r:.40} does not say whether it is ft, m or FL", hint=hint)
    reference = counted or options.reference
    if reference is None:
        detail = f"the column {name!r:.40} does not say what altitudes count from, so it needs --reference"
        raise unreadable(place, detail, hint="--reference FL if from a transponder, or AMSL, W84, AGL")
    others = [other for other, *_ in found if other != name]
    told = f"altitudes are those of {name!r:.40}; left out: {', '.join(others)[:100]}" if others else None
    return AltitudeColumn(name, unit, reference, told)


def _words(name: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", name.replace("flight level", "flightlevel"))


def _meant(name: str) -> tuple[str | None, str | None]:
    words = _words(name)
    units = next((_UNITS[word] for word in words if word in _UNITS), None)
    return units, next((_REFERENCES[word] for word in words if word in _REFERENCES), None)
