"""Named points, for the flight plans that name them: a table of name, latitude and longitude.

A name that stands twice with two positions is refused: which one is meant is not ours to say.
"""

from keepclear_protocol.errors import LocalError

from .cells import find_column, rows
from .content import Content
from .detect import read_bytes
from .flight import unreadable
from .place import degrees
from .sphere import Position

_NAMES = ("name", "ident", "identifier", "id", "point", "icao", "designator", "code")
LATITUDES = ("latitude", "lat", "latitude deg", "lat deg", "latitude (deg)", "y")
LONGITUDES = ("longitude", "lon", "lng", "long", "longitude deg", "lon deg", "longitude (deg)", "x")


def read_points(path: str) -> dict[str, Position]:
    """Return the positions of a table's names in capitals; raise ``LocalError`` with ``input_file``."""
    data = read_bytes(path)
    try:
        return points_of(Content(data).text)
    except LocalError as error:
        raise unreadable(path, error.detail, hint=error.hint) from None


def points_of(text: str) -> dict[str, Position]:
    """Return the positions of a table's names in capitals; raise ``LocalError`` with ``input_file``."""
    names, found = rows(text)
    columns = [find_column(names, wanted) for wanted in (_NAMES, LATITUDES, LONGITUDES)]
    name_column, lat_column, lng_column = columns
    if name_column is None or lat_column is None or lng_column is None:
        raise unreadable("", f"a table of points has the columns name, latitude, longitude, not {', '.join(names)}")
    points: dict[str, Position] = {}
    for row in found:
        name = row.text(name_column).upper()
        if not name:
            raise unreadable(f"line {row.line}", "a point without a name")
        position = degrees(row, lat_column, lat=True), degrees(row, lng_column, lat=False)
        if points.setdefault(name, position) != position:
            raise unreadable(f"line {row.line}", f"{name:.40} is there already, at another position")
    return points
