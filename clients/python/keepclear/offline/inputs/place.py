"""The position of a table's row: in two columns or one, decimal, degrees with minutes and seconds, or MGRS."""

import re
from collections.abc import Sequence

from keepclear_protocol.errors import LocalError

from .cells import Row, cell_number, find_column
from .columns import LATITUDES, LONGITUDES, POSITIONS
from .coordinates import Point, position
from .drawn import wrapped
from .flight import unreadable

DECIMAL = re.compile(r"[+-]?\d+(?:[.,]\d*)?(?:[eE][+-]?\d+)?\Z", re.ASCII)


class PlaceColumns:
    """Which columns of a header hold positions."""

    def __init__(self, names: Sequence[str]) -> None:
        self._lat, self._lng = find_column(names, LATITUDES) or "", find_column(names, LONGITUDES) or ""
        self._both = "" if self._lat and self._lng else find_column(names, POSITIONS) or ""

    @property
    def found(self) -> bool:
        """Whether there are any."""
        return bool(self._both or (self._lat and self._lng))

    def has_decimal_dot(self, row: Row) -> bool:
        """Whether a row's position is written in decimals behind a dot: no other number of it has dots of thousands."""
        lat, lng = row.text(self._lat), row.text(self._lng)
        return not self._both and all(DECIMAL.match(text) and "." in text for text in (lat, lng))

    def of(self, row: Row) -> Point | None:
        """Return the position of a row, None where its cells are empty; raise ``LocalError`` that names the line."""
        if self._both:
            text, place = row.text(self._both), f"line {row.line}, {self._both}"
        else:
            lat, lng = row.text(self._lat), row.text(self._lng)
            place = f"line {row.line}, {self._lat} and {self._lng}"
            if DECIMAL.match(lat) and DECIMAL.match(lng):
                pair = cell_number(lat, row.decimal, place), cell_number(lng, row.decimal, place)
                if not (-90 <= pair[0] <= 90 and -180 <= pair[1] <= 180):
                    raise unreadable(place, f"{lat:.40}, {lng:.40} is not a latitude and a longitude in degrees")
                return Point(*wrapped(*pair))
            if bool(lat) != bool(lng):
                raise unreadable(place, "one of the two is empty")
            text = f"{lat} {lng}".strip()
        if not text:
            return None
        try:
            return position(text)
        except LocalError as error:
            raise unreadable(place, error.detail, hint=error.hint) from None
