"""A position that somebody wrote as text: decimal degrees, degrees with minutes and seconds, or MGRS.

    47.3683, 8.5408       47.3683N 8.5408E       47°22'06"N 008°32'27"E     N47 22.1 E8 32.45
    472206N0083227E       4722N00832E            47:22:06N 8:32:27E         32T MT 65331 46271

A letter N, S, E or W stands before or after; without letters the latitude comes first, as in ISO 6709. Digits in one
word before or after a letter are DD, DDMM or DDMMSS of latitude, DDD, DDDMM or DDDMMSS of longitude, as in aviation.

Guarantees one reading or ``LocalError`` with ``input_file``: what could be two places is refused with the reason and
never guessed. An MGRS reference is a square: its middle is returned, with how far its corners are, and a square above
1 km is refused. Positions are on WGS 84 and rounded to the wire's nine decimals.
"""

import re
import warnings
from dataclasses import dataclass

from keepclear_protocol.errors import LocalError
from keepclear_protocol.outline import MAX_DECIMALS

from .flight import unreadable

MAX_SQUARE_M = 1_000
"""An MGRS square larger than this is an area, not a position: its corners lie more than 700 m from its middle."""

MAX_LENGTH = 100
"""Letters of one position; the longest spelling has half of that."""

_SPELLINGS = {
    "\u00b0": "\u00ba\u02da\u2218\u2070",
    "'": "\u2032\u02b9\u2019\u2018\u00b4`\u02bc\uff07",
    '"': "\u2033\u02ba\u201d\u201c\u02dd\uff02",
    "-": "\u2212\u2013\u2010\u2011",
    " ": "\u00a0\u2007\u2009\u202f\t",
}
"""What is typed, pasted or printed for a sign, by the sign that is meant."""

_SIGNS = str.maketrans({found: meant for meant, others in _SPELLINGS.items() for found in others})

_WORDS = re.compile(
    r"(?<=\d)\s*(?:degrees|deg|d)(?![a-df-mo-rt-vx-z])\s*"
    r"(?:(\d+(?:\.\d+)?)\s*(?:minutes|min|m)(?![a-df-mo-rt-vx-z])\s*(?:(\d+(?:\.\d+)?)\s*(?:seconds|sec|s)(?![a-df-mo-rt-vx-z]))?)?",
    re.ASCII | re.IGNORECASE,
)
"""47d22m06s: an s is seconds only behind a d and an m, else it is south."""

_MGRS = re.compile(r"(\d{1,2}\s*[C-HJ-NP-X]|[ABYZ])\s*([A-HJ-NP-Z]{2})([\d\s]*)", re.ASCII)
_NUMBER = re.compile(r"\d+(?:\.\d+)?", re.ASCII)
_PARTS = re.compile(
    r"(\d{1,3})(?:\s*[°:]\s*|\s+)(\d{1,2}(?:\.\d+)?)(?:(?:\s*[':]\s*|\s+)(\d{1,2}(?:\.\d+)?)(?:\s*\")?|\s*'|)", re.ASCII
)
_DEGREES = re.compile(r"[+-]?\s*\d+(?:\.\d+)?\s*°", re.ASCII)

_FORMS = "47.3683, 8.5408 or 47°22'06\"N 008°32'27\"E or 472206N0083227E or 32T MT 65331 46271"
_ORDER = "without letters the latitude comes first; with N, S, E and W the order does not matter"


COARSEST_M = 1.0
"""A named point, or a corner, is one place: how far off it a square's middle may be at most."""


@dataclass(frozen=True, slots=True)
class Point:
    """A position in degrees, how far the one that was meant may lie from it, and what has to be said about it."""

    lat: float
    lng: float
    off_m: float = 0.0
    note: str = ""


def position(text: str) -> Point:
    """Return the position that a text names; raise ``LocalError`` with ``input_file``."""
    plain = " ".join(text.translate(_SIGNS).replace("''", '"').split())
    if len(plain) > MAX_LENGTH or not plain:
        raise _refused(text, "is not a position")
    if square := _MGRS.fullmatch(plain.upper()):
        zone = square[1].replace(" ", "")
        return _middle(text, zone.zfill(3) if zone[0].isdigit() else zone, square[2], square[3])
    first, second = _halves(text, _WORDS.sub(_marks, plain).rstrip("/ "))
    lat, lng = (second, first) if first[1] in ("E", "W") else (first, second)
    return Point(_angle(text, *lat, "latitude"), _angle(text, *lng, "longitude"))


def _refused(text: str, detail: str, hint: str = f"such as {_FORMS}") -> LocalError:
    return unreadable("", f"{text.strip()[:MAX_LENGTH]!r} {detail}", hint=hint)


def _marks(match: re.Match[str]) -> str:
    minutes, seconds = match[1], match[2]
    return "°" + (f"{minutes}'" if minutes else "") + (f'{seconds}"' if seconds else "")


def _halves(text: str, plain: str) -> tuple[tuple[str, str], tuple[str, str]]:
    """Return the two angles as written, each with its letter or an empty text."""
    letters = [match.start() for match in re.finditer("[A-Za-z]", plain)]
    spoken = "".join(plain[at] for at in letters).upper()
    if not letters:
        first, second = _without_letters(text, plain)
        return (first, ""), (second, "")
    if "O" in spoken and set(spoken) <= set("NSEWO"):
        raise _refused(text, "has an O, which is east in German and west in French", "write E or W")
    if spoken not in ("NE", "NW", "SE", "SW", "EN", "ES", "WN", "WS"):
        raise _refused(text, "needs one of N and S and one of E and W, or no letter at all")
    if letters[0] == 0:
        halves = plain[1 : letters[1]], plain[letters[1] + 1 :]
    elif letters[1] == len(plain) - 1:
        halves = plain[: letters[0]], plain[letters[0] + 1 : -1]
    else:
        raise _refused(text, "has a letter in the middle of an angle", "put both letters before, or both after")
    # A comma or slash may part the two, and a hyphen the degrees, minutes and seconds of one.
    a, b = (re.sub(r"(?<=\d)\s*-\s*(?=\d)", ":", half.strip(" ,;/")) for half in halves)
    return (a, spoken[0]), (b, spoken[1])


def _without_letters(text: str, plain: str) -> tuple[str, str]:
    parts = re.split(r"\s*[,;]\s*", plain)
    if len(parts) == 1 and len(degrees := list(_DEGREES.finditer(plain))) == 2:
        parts = [plain[: degrees[1].start()], plain[degrees[1].start() :]]
    elif len(parts) == 1:
        parts = plain.split()
    if len(parts) == 1 and (iso := re.fullmatch(r"([+-]\d{1,2}(?:\.\d+)?)([+-]\d{1,3}(?:\.\d+)?)", plain, re.ASCII)):
        parts = [iso[1], iso[2]]
    if plain.count(",") > 1:
        raise _refused(text, "has more than one comma", "write a point for decimals, and one comma behind the latitude")
    if len(parts) != 2:
        raise _refused(text, "does not say where the latitude ends", f"add N or S and E or W; such as {_FORMS}")
    return parts[0].strip(), parts[1].strip()


def _angle(text: str, angle: str, letter: str, name: str) -> float:
    """Return signed degrees."""
    negative, limit = letter in ("S", "W"), 90 if name == "latitude" else 180
    if angle[:1] in ("+", "-"):
        if letter:
            raise _refused(text, "has both a sign and a letter for one angle", "leave one out")
        negative, angle = angle[0] == "-", angle[1:].lstrip()
    degrees, minutes, seconds = _three(text, angle, name, in_one_word=bool(letter))
    for value, unit in ((minutes, "minutes"), (seconds, "seconds")):
        if value >= 60:
            raise _refused(text, f"has {value:g} {unit} in its {name}; they end before 60")
    size = degrees + minutes / 60 + seconds / 3600
    if size > limit:
        raise _refused(text, f"has a {name} of {size:g} degrees; it ends at {limit}", _ORDER)
    return round(-size if negative else size, MAX_DECIMALS) + 0.0


def _three(text: str, angle: str, name: str, *, in_one_word: bool) -> tuple[float, float, float]:
    """Return degrees, minutes and seconds; all but the last are whole numbers."""
    if parts := _PARTS.fullmatch(angle):
        degrees, minutes, seconds = parts[1], parts[2], parts[3] or "0"
        if parts[3] and "." in minutes:
            raise _refused(text, f"has seconds behind a fraction of a minute in its {name}")
        return float(degrees), float(minutes), float(seconds)
    bare = angle.removesuffix("°").rstrip()
    if not _NUMBER.fullmatch(bare):
        comma = "; a decimal point is a point" if "," in angle else ""
        raise _refused(text, f"has a {name} that cannot be read{comma}")
    whole, width = bare.partition(".")[0], 2 if name == "latitude" else 3
    if len(whole) <= width or bare != angle or not in_one_word:
        return float(bare), 0.0, 0.0
    if len(whole) not in (width + 2, width + 4):
        detail = f"has a {name} of {len(whole)} digits; it has {width}, {width + 2} or {width + 4} in one word"
        raise _refused(text, detail)
    if len(whole) == width + 2:
        return float(whole[:width]), float(bare[width:]), 0.0
    return float(whole[:width]), float(bare[width : width + 2]), float(bare[width + 2 :])


def _middle(text: str, zone: str, square: str, digits: str) -> Point:
    """Return the middle of an MGRS square."""
    parts = digits.split() or [""]
    east, north = parts if len(parts) == 2 else (parts[0][: len(parts[0]) // 2], parts[0][len(parts[0]) // 2 :])
    if len(parts) > 2 or len(east) != len(north) or len(east) > 5:
        raise _refused(text, "has not as many digits of easting as of northing, at most five each, in its MGRS square")
    size_m = 10 ** (5 - len(east))
    if size_m > MAX_SQUARE_M:
        detail = f"is an MGRS square of {size_m // 1000} km, too coarse for a position"
        raise _refused(text, detail, "give two digits or more of easting and of northing")
    import mgrs  # here, since few positions are MGRS and it takes a while to load

    grid = mgrs.MGRS()
    name = zone + square
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            lat, lng = grid.toLatLon(name + east + north)
            corners = [grid.toLatLon(name + east.ljust(5, a) + north.ljust(5, b)) for a in "09" for b in "09"]
            # The library also reads squares that do not exist in their zone and band, and puts them far away.
            there = any(_same(grid.toMGRS(*corner), name) for corner in corners)
        except mgrs.core.MGRSError:
            there = False
    if not there:
        raise _refused(text, "names an MGRS square that does not exist")
    off_m = size_m * 0.7143  # half a diagonal, and 1 % for the grid's own scale
    note = (
        f"{text.strip()} is an MGRS square of {size_m} m: its middle is taken, up to {off_m:.1f} m from what was meant"
    )
    return Point(round(lat, MAX_DECIMALS), round(lng, MAX_DECIMALS), off_m, note)


def _same(found: str, name: str) -> bool:
    return found.zfill(15)[: len(name)] == name if name[0].isdigit() else found.startswith(name)
