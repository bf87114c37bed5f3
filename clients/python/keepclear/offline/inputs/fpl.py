"""ICAO flight plan (FPL, Doc 4444 appendix 3): a flight of corridors from field 13 to field 16 along field 15.

Read are the aircraft identification (7), departure and time (13), speeds, levels and points of the route (15),
destination and total time (16), and of the other information (18) DOF, DEP, DEST and EET. Points are coordinates, or
names that the officer's table of points has; all others are named together and refused, and so are airways and
procedures, since the plan does not say where they run. ``fpl_route`` says what is claimed of it.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from keepclear_protocol.errors import LocalError
from keepclear_protocol.instant import SECOND

from .content import Content
from .coordinates import position
from .drawn import wrapped
from .flight import Flight, Options, unreadable
from .fpl_route import Leg, Level, Plan, read_level, read_speed_mps, volumes_of
from .letters import any_text
from .moments import instant_of
from .sphere import Position

MAX_PLANS = 2_000
MAX_WORDS = 1_000

_MESSAGE = re.compile(r"\(\s*(?:(FPL)\s*-|(CHG|DLA|CNL|DEP|ARR|EST|CPL|SPL)-(?=[A-Z0-9]{2,7}[-/]))", re.ASCII)
_BARE = re.compile(r"\A\s*(FPL)\s*-", re.ASCII)
_IDENTIFICATION = re.compile(r"([A-Z0-9]{2,7})(?:/[A-Z]\d{0,4})?\Z", re.ASCII)
_PLACE_AND_TIME = re.compile(r"([A-Z]{4})(\d{2})(\d{2})(?:\s+(.*))?\Z", re.ASCII | re.DOTALL)
_INDICATOR = re.compile(r"(?:(?<=[\s-])|^)([A-Z]{3,4})/", re.ASCII)
_READ = ("DOF", "DEP", "DEST", "EET", "DLE")
_SUPPLEMENT = re.compile(r"-\s*[A-Z]/", re.ASCII)
"""How field 19 begins; no indicator of field 18 follows it."""

_CHANGE = re.compile(
    r"([NK]\d{4}|M\d{3})(F\d{3}|A\d{3}|S\d{4}|M\d{4}|VFR)(?:(F\d{3}|A\d{3}|S\d{4}|M\d{4})|(PLUS))?\Z", re.ASCII
)
_COORDINATES = re.compile(r"(\d{2}(?:\d{2}(?:\d{2})?)?[NS]\d{3}(?:\d{2}(?:\d{2})?)?[EW])(\d{6})?\Z", re.ASCII)
_ANYWHERE = re.compile(r"\d{2}(?:\d{2}(?:\d{2})?)?[NS]\d{3}(?:\d{2}(?:\d{2})?)?[EW]", re.ASCII)
_AIRWAY = re.compile(r"(?:[A-Z]{1,2}\d{1,3}[A-Z]?|NAT[A-Z])\Z", re.ASCII)
_PROCEDURE = re.compile(r"[A-Z]{2,5}\d[A-Z]\Z", re.ASCII)
_NAME = re.compile(r"[A-Z]{2,5}\Z", re.ASCII)
_BEARING = re.compile(r"[A-Z]{2,5}\d{6}\Z", re.ASCII)
_EET = re.compile(r"([A-Z0-9]{2,15}?)(\d{2})(\d{2})\Z", re.ASCII)
_SILENT = frozenset({"DCT", "IFR", "GAT", "OAT"})

_HINT = "write coordinates such as 4620N07805W, or give --points with a table of name, latitude, longitude"


@dataclass(frozen=True, slots=True)
class _Message:
    """One message: where it begins, its kind and its fields."""

    line: int
    kind: str
    fields: list[str]


def recognise(content: Content) -> bool:
    """Whether a message of air traffic services begins in it."""
    head = any_text(content.data[:65_536]).upper()
    return not content.looks_like_json and (_MESSAGE.search(head) or _BARE.match(head)) is not None


def read(content: Content, options: Options) -> list[Flight]:
    """Return the flights of all plans of a file; raise ``LocalError`` with ``input_file``."""
    return [_flight(message, options) for message in _messages(any_text(content.data).upper())]


def _messages(text: str) -> list[_Message]:
    begun = list(_MESSAGE.finditer(text)) or list(_BARE.finditer(text))
    if len(begun) > MAX_PLANS:
        raise unreadable("", f"more than {MAX_PLANS} flight plans")
    found = []
    for number, match in enumerate(begun):
        end = begun[number + 1].start() if number + 1 < len(begun) else len(text)
        closed = _closed(text, match.end(), end)
        line = text.count("\n", 0, match.start()) + 1
        if match.group(1) and (behind := _INDICATOR.search(text[closed + 1 : end])):
            detail = f"{behind[0]} stands behind the message's closing bracket"
            raise unreadable(f"line {line}", detail, hint="a bracket within the message closes it: remove that")
        body = text[match.end() : closed]
        found.append(_Message(line, match.group(match.lastindex or 0), [_one_line(field) for field in body.split("-")]))
    return found


def _closed(text: str, begin: int, end: int) -> int:
    """Return where the bracket closes in which a message stands; brackets within it are of its text."""
    depth = 1
    for bracket in re.finditer(r"[()]", text[begin:end]):
        depth += 1 if bracket[0] == "(" else -1
        if depth == 0:
            return begin + bracket.start()
    return end


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _flight(message: _Message, options: Options) -> Flight:
    place = f"line {message.line}"
    if message.kind != "FPL":
        raise unreadable(
            place, f"a {message.kind} message is no flight plan", hint="amend or withdraw the notice instead"
        )
    if len(message.fields) < 7:
        raise unreadable(place, f"a plan has fields 7 to 16 at least, this one {len(message.fields)} of them")
    identification, _, _, _, departure, route, arrival, *rest = message.fields
    called = _IDENTIFICATION.match(identification)
    if called is None:
        raise unreadable(f"{place}, field 7", f"{identification!r:.40} is no aircraft identification")
    place = f"{place} ({called[1]})"
    other = _indicators("-".join(rest), f"{place}, field 18")
    if "DLE" in other:
        raise unreadable(f"{place}, field 18", "a delay on the way (DLE/) cannot be read", hint="file it as two plans")
    plan = _Reader(place, other, options).plan(departure, route, arrival)
    volumes, notes = volumes_of(plan, options, place)
    return Flight(called[1], volumes, notes, place)


def _indicators(text: str, place: str) -> dict[str, str]:
    """Return what field 18 says; hyphens are its own text up to field 19. Raises ``LocalError``."""
    for begun in _SUPPLEMENT.finditer(text):
        if not _INDICATOR.search(text, begun.end()):
            text = text[: begun.start()]
            break
    marks = list(_INDICATOR.finditer(text))
    ends = [*(mark.start() for mark in marks), len(text)][1:]
    found: dict[str, str] = {}
    for mark, end in zip(marks, ends, strict=True):
        said = text[mark.end() : end].strip(" -")
        if mark[1] in _READ and found.setdefault(mark[1], said) != said:
            raise unreadable(place, f"{mark[1]}/ is there twice")
        found[mark[1]] = said
    return found


class _Reader:
    """The fields of one plan while it is read; what has no place is gathered, to be named at once."""

    def __init__(self, place: str, other: dict[str, str], options: Options) -> None:
        self.place, self.other, self.options = place, other, options
        self.unplaced: list[str] = []
        self.notes: list[str] = []

    def plan(self, departure: str, route: str, arrival: str) -> Plan:
        """Return the plan; raise ``LocalError`` that names the field."""
        left, arrived = _PLACE_AND_TIME.match(departure), _PLACE_AND_TIME.match(arrival)
        if left is None:
            raise unreadable(f"{self.place}, field 13", f"{departure!r:.40} is no aerodrome and time, such as LSZH1400")
        if arrived is None:
            raise unreadable(f"{self.place}, field 16", f"{arrival!r:.40} is no aerodrome and time, such as LFPG0105")
        off_block = self._off_block(int(left[2]), int(left[3]))
        start = self._aerodrome(left[1], "DEP", "field 13")
        legs = self._legs(start, route)
        end = self._aerodrome(arrived[1], "DEST", "field 16")
        if self.unplaced:
            named = ", ".join(dict.fromkeys(self.unplaced))
            raise unreadable(self.place, f"the plan does not say where these are: {named[:300]}", hint=_HINT)
        last = legs[-1]
        legs[-1] = Leg(last.start, end or last.start, last.name, last.level, last.speed_mps)
        if "RIF" in self.other:
            self.notes.append(f"{self.place}: the route after reclearance (RIF/) is not claimed")
        if arrived[4]:
            self.notes.append(f"{self.place}: alternates are not claimed: {arrived[4]:.40}")
        whole_s = _clock_s(int(arrived[2]), int(arrived[3]), f"{self.place}, field 16")
        if whole_s == 0:
            raise unreadable(f"{self.place}, field 16", "no elapsed time")
        return Plan(off_block, legs, whole_s, self._estimates(), self.notes)

    def _off_block(self, hour: int, minute: int) -> int:
        place = f"{self.place}, field 13"
        if hour > 23 or minute > 59:
            raise unreadable(place, f"{hour:02d}{minute:02d} is not a time")
        if "DOF" in self.other:
            date = self.other["DOF"]
            if not re.fullmatch(r"\d{6}", date, re.ASCII):
                raise unreadable(f"{self.place}, field 18", f"DOF/{date:.20} is not a date, such as DOF/261122")
            text = f"20{date[:2]}-{date[2:4]}-{date[4:]}T{hour:02d}:{minute:02d}Z"
            return instant_of(text, f"{self.place}, field 18 DOF")
        if self.options.start is None:
            hint = "the flight then leaves at its first time after that, or write DOF/ in field 18"
            raise unreadable(f"{self.place}, field 18", "no date of flight (DOF/), so it needs --from", hint=hint)
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=self.options.start)
        leaves = moment.replace(hour=hour, minute=minute, second=0, microsecond=0)
        leaves += timedelta(days=leaves < moment)
        self.notes.append(f"{self.place}: without DOF/ it leaves at its first time after --from")
        return int(leaves.timestamp()) * SECOND

    def _legs(self, start: Position | None, route: str) -> list[Leg]:
        words = route.split()
        if not words or len(words) > MAX_WORDS:
            raise unreadable(f"{self.place}, field 15", f"a route of {len(words)} parts; one to {MAX_WORDS} are read")
        speed, level = self._change(words[0])
        # A leg runs from each point to the next; where nothing is known of a point its legs are never used.
        nowhere = (0.0, 0.0)
        legs = [Leg(start or nowhere, nowhere, "", level, speed)]
        for part in words[1:]:
            if part in _SILENT:
                continue
            if part == "T":
                detail = "the route is truncated (T): the plan does not say where the rest runs"
                raise unreadable(f"{self.place}, field 15", detail, hint="write its points to the end")
            if part == "VFR":
                level = self._level("VFR")
                legs[-1] = Leg(legs[-1].start, nowhere, legs[-1].name, level, speed)
                continue
            parts = part.split("/")
            name = parts[1] if parts[0] == "C" and len(parts) == 3 else parts[0]
            where = self._point(name)
            if len(parts) > 1:
                speed, level = self._change(parts[-1])
            last = legs[-1]
            legs[-1] = Leg(last.start, where or nowhere, last.name, last.level, last.speed_mps)
            legs.append(Leg(where or nowhere, nowhere, name, level, speed))
        return legs

    def _change(self, text: str) -> tuple[float, Level]:
        match = _CHANGE.match(text)
        if match is None:
            detail = f"{text!r:.40} is no speed and level, such as N0450F330, K0830S1130 or M082A045"
            raise unreadable(f"{self.place}, field 15", detail)
        level = self._level(match[2])
        if match[3]:
            level = Level(level.lower, self._level(match[3]).upper)
        if match[4]:
            level = Level(level.lower, read_level("PLUS", self.options, f"{self.place}, field 15").upper)
        return read_speed_mps(match[1], level), level

    def _level(self, text: str) -> Level:
        return read_level(text, self.options, f"{self.place}, field 15")

    def _point(self, name: str) -> Position | None:
        if (known := self.options.points.get(name)) is not None:
            return known
        if coordinates := _COORDINATES.match(name):
            if not coordinates[2]:
                return self._position(coordinates[1])
            self.unplaced.append(f"{name} (its bearing is magnetic)")
        elif _BEARING.match(name):
            self.unplaced.append(f"{name} (a bearing from a point, magnetic)")
        elif _PROCEDURE.match(name):
            self.unplaced.append(f"{name} (a procedure: write its points)")
        elif _AIRWAY.match(name):
            self.unplaced.append(f"{name} (an airway: write its points)")
        elif _NAME.match(name):
            self.unplaced.append(name)
        else:
            raise unreadable(f"{self.place}, field 15", f"{name!r:.40} is no point, airway or change")
        return None

    def _aerodrome(self, name: str, indicator: str, field: str) -> Position | None:
        if (known := self.options.points.get(name)) is not None:
            return known
        said = self.other.get(indicator, "")
        if coordinates := _ANYWHERE.search(said):
            return self._position(coordinates[0])
        if name == "ZZZZ" and (known := self.options.points.get(said)) is not None:
            return known
        self.unplaced.append(f"{said or name} (aerodrome of {field})"[:60] if name == "ZZZZ" else f"{name} (aerodrome)")
        return None

    def _position(self, text: str) -> Position:
        try:
            point = position(text)
        except LocalError as error:
            raise unreadable(f"{self.place}, field 15", error.detail) from None
        return wrapped(point.lat, point.lng)

    def _estimates(self) -> dict[str, int]:
        found = {}
        for item in self.other.get("EET", "").split():
            if match := _EET.match(item):
                found[match[1]] = _clock_s(int(match[2]), int(match[3]), f"{self.place}, field 18 EET/{item:.20}")
        return found


def _clock_s(hours: int, minutes: int, place: str) -> int:
    if minutes > 59:
        raise unreadable(place, f"{hours:02d}{minutes:02d} is not hours and minutes")
    return hours * 3600 + minutes * 60
