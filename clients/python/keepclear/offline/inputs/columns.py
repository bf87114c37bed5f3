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
GROUNDED = ("onground", "on ground", "is on ground")
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
_ALTITUDES = frozenset(
    {"alt", "altitude", "baroaltitude", "geoaltitude", "height", "höhe", "hoehe", "fl", "flightlevel", "level", "ele"}
)
_BESIDE = frozenset(
    {"above", "aircraft", "barometer", "current", "drone", "geometric", "gnss", "gps", "in", "mean", "position"}
    | {"sensor", "transponder", "uas", "uav", "vehicle"}
)
"""Words that leave an altitude the aircraft's own; any other may make it the terrain's, a limit or a wish."""

_PHRASES = (
    (re.compile(r"above (?:mean )?sea ?level"), "amsl"),
    (re.compile(r"above (?:the )?(?:ground|terrain|surface)(?: level)?"), "agl"),
    (re.compile(r"above (?:the )?ellipsoid"), "hae"),
)
_SUSPECT = re.compile(r"alt\w{0,4}|\w*altitude|elev\w*|height|hgt|ele|fl|flightlevel|agl|amsl|msl", re.ASCII)
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
    zero_on_ground: bool = False
    beside: tuple[tuple[str, str, str], ...] = ()
    """Other columns of the aircraft's altitude that say all of it: name, unit, reference."""


def is_table_of_positions(names: Sequence[str]) -> bool:
    """Whether a header has positions."""
    both = find_column(names, LATITUDES) is not None and find_column(names, LONGITUDES) is not None
    return both or find_column(names, POSITIONS) is not None


def altitude_column(names: Sequence[str], options: Options, place: str) -> AltitudeColumn | None:
    """Return the column of altitudes, None where there is none; raise ``LocalError`` where its name says too little."""
    for header, name, units, maker in _KNOWN:
        if set(names) >= header:
            note = f"{maker}: {name!r} is taken as pressure altitude in {_SPOKEN[units]}"
            return AltitudeColumn(name, units, "FL", note, zero_on_ground=maker.startswith("Flightradar24"))
    found = [(name, *_meant(name)) for name in names if _is_own(name)]
    doubtful = [name for name in names if not _is_own(name) and any(map(_SUSPECT.fullmatch, _words(name)))]
    if not found:
        if doubtful and (options.lower is None or options.upper is None):
            detail = f"it is not plain that {doubtful[0]!r:.40} is the aircraft's altitude"
            hint = "if it is, name it such as altitude_ft_amsl; if not, give --lower and --upper"
            raise unreadable(place, detail, hint=hint)
        return None
    plain = [item for item in found if item[2] is not None]
    if not plain and len(found) > 1:
        listed = ", ".join(name for name, *_ in found)
        detail = f"several columns may be the altitude: {listed[:100]}"
        raise unreadable(place, detail, hint="name the right one such as altitude_ft_amsl, or remove the others")
    name, unit, counted = min(plain or found, key=lambda item: (item[1] is None, _PREFERRED.index(item[2])))
    if unit is None:
        hint = "name the column altitude_ft, altitude_m or fl"
        raise unreadable(place, f"the column {name!r:.40} does not say whether it is ft, m or FL", hint=hint)
    reference = counted or options.reference
    if reference is None:
        detail = f"the column {name!r:.40} does not say what altitudes count from, so it needs --altitude-reference"
        raise unreadable(place, detail, hint="--altitude-reference FL if from a transponder, or AMSL, W84, AGL")
    others = [other for other, *_ in found if other != name] + doubtful
    told = f"altitudes are those of {name!r:.40}; left out: {', '.join(others)[:100]}" if others else None
    beside = tuple((other, units, above) for other, units, above in plain if other != name and units and above)
    return AltitudeColumn(name, unit, reference, told, beside=beside)


def _is_own(name: str) -> bool:
    """Whether a column's name says no more than an altitude of the aircraft, its unit and its reference."""
    words = _words(name)
    known = _ALTITUDES | _BESIDE | _UNITS.keys() | _REFERENCES.keys()
    return any(word in _ALTITUDES for word in words) and all(word in known for word in words)


def _words(name: str) -> list[str]:
    spoken = " ".join(re.findall(r"[^\W_]+", name.replace("flight level", "flightlevel")))
    for phrase, word in _PHRASES:
        spoken = phrase.sub(word, spoken)
    return spoken.split()


def _meant(name: str) -> tuple[str | None, str | None]:
    """Return the unit and the reference in a name, None for one that it does not say, or says twice."""
    words = _words(name)
    units = {_UNITS[word] for word in words if word in _UNITS}
    references = {_REFERENCES[word] for word in words if word in _REFERENCES}
    return units.pop() if len(units) == 1 else None, references.pop() if len(references) == 1 else None
