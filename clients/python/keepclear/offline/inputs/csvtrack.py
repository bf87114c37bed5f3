"""Tables of recorded positions: one row a point, several flights in one file told apart by callsign and address.

Columns are found by their names (``columns``), numbers as the table writes them (``cells``), positions in two columns
or one, decimal, in degrees with minutes and seconds, or MGRS. Rows may stand in any order. A row without a position is
left out; one without an altitude is claimed from that before it to that after it. The notes count both.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from keepclear_protocol.instant import SECOND

from .altitude import UNIT_M, may_be_thousands, span_m
from .cells import Row, cell_number, find_column, header_of, rows
from .columns import (
    ADDRESSES,
    CALLSIGNS,
    DATES,
    GROUNDED,
    TIMES,
    AltitudeColumn,
    altitude_column,
    is_table_of_positions,
)
from .content import Content
from .drawn import wrapped
from .flight import Altitude, Flight, Options, unreadable
from .letters import any_text
from .moments import instant_of, unix_instant
from .place import DECIMAL, PlaceColumns
from .recorded import Moment, recorded
from .untold import with_altitudes

MAX_FLIGHTS = 5_000

HALF_DAY = 12 * 3600 * SECOND

_ON_GROUND = frozenset({"ground", "gnd", "on ground", "sfc"})
_THOUSANDS = re.compile(r"[+-]?\d{1,3},\d{3}\Z", re.ASCII)
_TIME_OF_DAY = re.compile(r"\d\d?:\d\d(:\d\d(\.\d+)?)?Z?\Z", re.ASCII)


@dataclass(slots=True)
class _Track:
    """One flight's rows so far."""

    callsign: str | None
    line: int
    moments: list[Moment] = field(default_factory=list)
    date: str = ""


def recognise(content: Content) -> bool:
    """Whether the first line that is no comment is a header with positions."""
    return is_table_of_positions(header_of(any_text(content.data[:65_536])))


def read(content: Content, options: Options) -> list[Flight]:
    """Return the flights of a table; raise ``LocalError`` with ``input_file``."""
    names, found = rows(any_text(content.data))
    reader = _Reader(names, options)
    for row in found:
        reader.take(row)
    return reader.flights()


class _Reader:
    """Rows taken one by one, and the flights that they make."""

    def __init__(self, names: Sequence[str], options: Options) -> None:
        self.options = options
        self.places = PlaceColumns(names)
        self.time, self.date = find_column(names, TIMES), find_column(names, DATES)
        if self.time is None:
            hint = "Unix seconds, or ISO 8601 with a zone, in a column named time"
            raise unreadable("the header", f"no column of times among {', '.join(names)[:120]}", hint=hint)
        self.callsign, self.address = find_column(names, CALLSIGNS), find_column(names, ADDRESSES)
        self.grounded = find_column(names, GROUNDED)
        self.altitude: AltitudeColumn | None = altitude_column(names, options, "the header")
        self.utc = re.search(r"\b(utc|gmt|zulu)\b", f"{self.time} {self.date or ''}") is not None
        self.tracks: dict[tuple[str, str], _Track] = {}
        self.names: dict[str, str] = {}
        self.without_position = 0
        self.off_m = 0.0
        self.said: set[str] = set()

    def take(self, row: Row) -> None:
        """Take one row; raise ``LocalError`` that names its line."""
        address = row.text(self.address).lower() if self.address else ""
        callsign = row.text(self.callsign).upper() if self.callsign else ""
        # A transponder sends its callsign now and then: a row without one belongs to the flight before it.
        callsign = callsign or (self.names.get(address, "") if address else "")
        self.names[address] = callsign
        at = self._at(row)
        point = self.places.of(row)
        if point is None:
            self.without_position += 1
            return
        if point.off_m > self.off_m:
            self.off_m = point.off_m
            self.said.add("positions are MGRS squares: their middles are taken, and legs are wider by half a diagonal")
        track = self.tracks.setdefault((address, callsign), _Track(callsign or None, row.line))
        if len(self.tracks) > MAX_FLIGHTS:
            raise unreadable(f"line {row.line}", f"more than {MAX_FLIGHTS} flights")
        self._judge_date(row, track, at)
        metres, on_ground = self._metres(row)
        track.moments.append(Moment(at, wrapped(point.lat, point.lng), metres, on_ground=on_ground))

    def flights(self) -> list[Flight]:
        """Return the flights; raise ``LocalError`` where there is none or one cannot be believed."""
        # Rows before an address said its callsign are of the same flight.
        for address, callsign in list(self.tracks):
            if address and not callsign:
                named = next((key for key in self.tracks if key[0] == address and key[1]), None)
                if named is not None:
                    self.tracks[named].moments += self.tracks.pop((address, callsign)).moments
        if not self.tracks:
            raise unreadable("", f"no row with a position in it, {self.without_position} without")
        reference = self.altitude.reference if self.altitude else "AMSL"
        options = replace(self.options, half_width_m=self.options.half_width_m + self.off_m)
        common = sorted(self.said)
        if self.altitude and self.altitude.note:
            common.append(self.altitude.note)
        if self.without_position:
            common.append(f"left out: {self.without_position} rows without a position")
        flights = []
        for track in self.tracks.values():
            moments, notes = with_altitudes(
                sorted(track.moments, key=lambda moment: moment.at), reference, self.options.uncertainty
            )
            if moments[0] != track.moments[0] or moments[-1] != track.moments[-1]:
                notes.append("rows were put in the order of their times")
            place = f"line {track.line}"
            flights.append(recorded(moments, reference, track.callsign, options, place, [*common, *notes]))
            common = []
        return flights

    def _at(self, row: Row) -> int:
        name = self.time or ""
        text, place = row.text(name), f"line {row.line}, {name}"
        if DECIMAL.match(text):
            return unix_instant(cell_number(text, row.decimal, place), place)
        if self.date is not None and _TIME_OF_DAY.match(text):
            text = f"{row.text(self.date)}T{text}"
        return instant_of(text, place, utc=self.utc)

    def _judge_date(self, row: Row, track: _Track, at: int) -> None:
        """Refuse times of day that go on past midnight under the date of the day before."""
        if self.date is None or DECIMAL.match(row.text(self.time or "")):
            return
        date = row.text(self.date)
        if track.moments and track.date == date and abs(at - track.moments[-1].at) > HALF_DAY:
            hint = "is it past midnight, under the date of the day before? write each row's own date"
            place = f"line {row.line}, {self.date}"
            raise unreadable(place, "more than 12 hours from the row before it, on the same date", hint=hint)
        track.date = date

    def _metres(self, row: Row) -> tuple[float | None, bool]:
        """Return a row's altitude, None where it says none, and whether it says that it is on the ground."""
        if self.altitude is None:
            return None, False
        name = self.altitude.name
        text, place = row.text(name), f"line {row.line}, {name}"
        grounded = self.grounded is not None and row.text(self.grounded).lower() in ("true", "1", "t", "yes", "y")
        if not text or text.lower() in ("nan", "null", "none"):
            return None, grounded
        if text.lower() in _ON_GROUND:
            return None, True
        if _THOUSANDS.match(text):
            raise unreadable(place, f"{text} may be {text.replace(',', '')} or {text.replace(',', '.')}")
        if row.decimal == "," and may_be_thousands(text) and not self.places.has_decimal_dot(row):
            hint = f"write {text.replace('.', '')}, or {text.replace('.', ',')}0"
            raise unreadable(place, f"{text} may be thousands or a decimal", hint=hint)
        metres = cell_number(text, row.decimal, place) * UNIT_M[self.altitude.units]
        if metres == 0 and self.altitude.zero_on_ground:
            return None, True
        self._hold_against_others(row, metres, self.altitude, place)
        return metres, False

    def _hold_against_others(self, row: Row, metres: float, column: AltitudeColumn, place: str) -> None:
        """Refuse an altitude that no weather and no terrain brings together with another of the same row."""
        for name, units, reference in column.beside:
            text = row.text(name)
            if not DECIMAL.match(text):
                continue
            other = Altitude(cell_number(text, row.decimal, f"line {row.line}, {name}"), reference, units)
            low, high = span_m(other, column.reference, self.options.uncertainty)
            if not low - 1 <= metres <= high + 1:
                detail = f"{name!r:.40} says {text}, and both cannot be one aircraft's altitude"
                raise unreadable(place, detail, hint="remove the column that is wrong")
