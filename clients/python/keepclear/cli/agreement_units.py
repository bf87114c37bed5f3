"""Numbers of an agreement as an officer says them, each with what the document itself holds beside it.

Nothing is rounded away: the metres and seconds of the document stand in every text.
"""

from keepclear_protocol.draft import plain_number
from keepclear_protocol.outline import Circle, Corridor, Outline, Polygon, Position

NAUTICAL_MILE_M = 1852
FOOT_M = 0.3048

_STEPS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def distance(metres: float) -> str:
    """Return a horizontal distance, such as ``4 NM (7408 m)``."""
    return f"{_short(metres / NAUTICAL_MILE_M, 2)} NM ({plain_number(metres)} m)"


def height(metres: float) -> str:
    """Return a vertical distance, such as ``700 ft (213.36 m)``."""
    return f"{_short(metres / FOOT_M, 0)} ft ({plain_number(metres)} m)"


def period(seconds: int) -> str:
    """Return a length of time, such as ``1 h 30 min (5400 s)``."""
    parts, left = [], seconds
    for size, unit in _STEPS:
        count, left = divmod(left, size)
        parts += [f"{count} {unit}"] if count else []
    said = " ".join(parts) or "0 s"
    return said if said == f"{seconds} s" else f"{said} ({seconds} s)"


def outline(area: Outline | None) -> str:
    """Return an agreed area with every position of it."""
    match area:
        case None:
            return "the whole world"
        case Circle(center, radius_m):
            return f"circle of {distance(radius_m)} around {_position(center)}"
        case Polygon(vertices):
            return f"polygon of {len(vertices)} vertices: {', '.join(map(_position, vertices))}"
        case Corridor(path, half_width_m):
            return f"corridor, {distance(half_width_m)} to either side of {', '.join(map(_position, path))}"


def _position(position: Position) -> str:
    latitude, longitude = position
    north = f"{plain_number(abs(latitude))} {'S' if latitude < 0 else 'N'}"
    return f"{north} {plain_number(abs(longitude))} {'W' if longitude < 0 else 'E'}"


def _short(value: float, decimals: int) -> str:
    rounded = round(value, decimals)
    return f"{'' if abs(rounded - value) < 1e-6 else 'about '}{plain_number(rounded):,}".replace(",", " ")
