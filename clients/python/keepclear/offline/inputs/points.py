"""Named points, for the flight plans that name them: a table of name, latitude and longitude.

A name that stands twice with two positions is refused: which one is meant is not ours to say.
"""

from keepclear_protocol.errors import LocalError

from .cells import find_column, rows
from .coordinates import COARSEST_M
from .detect import read_bytes
from .drawn import wrapped
from .flight import unreadable
from .letters import any_text
from .place import PlaceColumns
from .sphere import Position

_NAMES = ("name", "ident", "identifier", "id", "point", "icao", "designator", "code")


def read_points(path: str) -> dict[str, Position]:
    """Return the positions of a table's names in capitals; raise ``LocalError`` with ``input_file``."""
    data = read_bytes(path)
    try:
        return points_of(any_text(data))
    except LocalError as error:
        raise unreadable(path, error.detail, hint=error.hint) from None


def points_of(text: str) -> dict[str, Position]:
    """Return the positions of a table's names in capitals; raise ``LocalError`` with ``input_file``."""
    names, found = rows(text)
    name_column, places = find_column(names, _NAMES), PlaceColumns(names)
    if name_column is None or not places.found:
        columns = ", ".join(names)[:120]
        raise unreadable("", f"a table of points has the columns name, latitude, longitude, not {columns}")
    points: dict[str, Position] = {}
    for row in found:
        name = row.text(name_column).upper()
        if not name:
            raise unreadable(f"line {row.line}", "a point without a name")
        point = places.of(row)
        if point is None or point.off_m > COARSEST_M:
            raise unreadable(f"line {row.line}", f"{name:.40} has no position, or one that is too coarse")
        where = wrapped(point.lat, point.lng)
        if points.setdefault(name, where) != where:
            raise unreadable(f"line {row.line}", f"{name:.40} is there already, at another position")
    return points
