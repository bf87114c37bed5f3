"""Latitudes and longitudes of a table's cells: decimal degrees, or degrees, minutes and seconds."""

from .cells import Row
from .flight import unreadable


def degrees(row: Row, column: str, *, lat: bool) -> float:
    """Return a cell's degrees; raise ``LocalError`` that names line and column."""
    value = row.number(column)
    limit = 90 if lat else 180
    if not -limit <= value <= limit:
        what = "latitude" if lat else "longitude"
        raise unreadable(f"line {row.line}, {column}", f"{value:g} is not a {what} in degrees")
    return round(value, 9)
