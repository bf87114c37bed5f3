"""Outlines on the ground: polygon, circle and corridor, and their JSON.

Guaranteed of an outline that ``read_outline`` returns: it had exactly the members of one kind, every number is finite
and in range, and positions have at most nine decimals. That is checked before any geometry library sees a number,
because S2 wrappers answer for NaN and for a latitude of 95. Not guaranteed: that the outline makes sense as a shape
(crossings, edges, extent); that is ``geometry.shape_of``.

Polygons and circles are those of ASTM F3548-21; ``outline_corridor`` is ours: every point within ``half_width`` of a
path, which may cross itself as a tanker's orbit does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .errors import Malformed

Position = tuple[float, float]
"""Latitude and longitude in degrees on WGS-84, in this order."""

MAX_DECIMALS = 9
"""Decimals of a degree: 0.1 mm, a hundredth of the centimetre that F3548-21 asks for."""

MAX_RADIUS_M = 1_000_000
"""The largest radius or half width: as far as the longest edge."""

MIN_RADIUS_M = 0.001
"""The smallest radius or half width: as near as two points of an outline may come."""

MIN_VERTICES = 3
MIN_PATH_POINTS = 2


@dataclass(frozen=True, slots=True)
class Polygon:
    """The smaller of the two areas that geodesic edges between ``vertices`` bound. The ring is not closed."""

    vertices: tuple[Position, ...]


@dataclass(frozen=True, slots=True)
class Circle:
    """Everything within ``radius_m`` of ``center``."""

    center: Position
    radius_m: float


@dataclass(frozen=True, slots=True)
class Corridor:
    """Everything within ``half_width_m`` of the geodesic ``path``; its ends are round."""

    path: tuple[Position, ...]
    half_width_m: float


Outline = Polygon | Circle | Corridor


def read_outline(name: str, obj: object) -> Outline:
    """Return the outline under member ``name`` of a Volume3D.

    Raises ``Malformed`` with ``volume_shape``, ``volume_position``, ``volume_polygon``, ``volume_extent`` or
    ``volume_size``.
    """
    if name == "outline_polygon":
        vertices = _positions(members(obj, "outline_polygon", "vertices")["vertices"], "vertices")
        if len(vertices) < MIN_VERTICES:
            raise Malformed("volume_polygon", f"a polygon has at least {MIN_VERTICES} vertices")
        return Polygon(vertices)
    if name == "outline_circle":
        circle = members(obj, "outline_circle", "center", "radius")
        return Circle(_position(circle["center"], "center"), _length_m(circle["radius"], "radius"))
    if name == "outline_corridor":
        corridor = members(obj, "outline_corridor", "path", "half_width")
        path = _positions(corridor["path"], "path")
        if len(path) < MIN_PATH_POINTS:
            raise Malformed("volume_extent", f"a corridor's path has at least {MIN_PATH_POINTS} points")
        return Corridor(path, _length_m(corridor["half_width"], "half_width"))
    raise Malformed("volume_shape", "an outline is outline_polygon, outline_circle or outline_corridor")


def members(obj: object, what: str, *names: str) -> dict[str, Any]:
    """Return ``obj`` if it is an object with exactly ``names``; raise ``Malformed`` with ``volume_shape``."""
    if not isinstance(obj, dict) or len(obj) != len(names) or not all(name in obj for name in names):
        raise Malformed("volume_shape", f"{what} must have exactly the members {', '.join(names)}")
    return obj


def number(value: object, low: float, high: float, code: str, what: str) -> float:
    """Return ``value`` as a float within bounds; raise ``Malformed`` with ``volume_shape`` or else ``code``.

    JSON's true and false are not numbers here, though Python would take them for 1 and 0.
    """
    if type(value) is not float and type(value) is not int:
        raise Malformed("volume_shape", f"{what} must be a number")
    if not low <= value <= high:
        raise Malformed(code, f"{what} must lie between {low:g} and {high:g}")
    # Adding nought turns -0.0 into 0.0, so that one place has one spelling.
    return float(value) + 0.0


def polygon_json(vertices: Sequence[Position]) -> dict[str, Any]:
    """Return the outline member of a polygon with ``vertices`` (latitude, longitude), its ring not closed."""
    return {"outline_polygon": {"vertices": [_position_json(vertex) for vertex in vertices]}}


def circle_json(center: Position, radius_m: float) -> dict[str, Any]:
    """Return the outline member of a circle."""
    return {"outline_circle": {"center": _position_json(center), "radius": {"value": radius_m, "units": "M"}}}


def corridor_json(path: Sequence[Position], half_width_m: float) -> dict[str, Any]:
    """Return the outline member of a corridor."""
    half_width = {"value": half_width_m, "units": "M"}
    return {"outline_corridor": {"path": [_position_json(point) for point in path], "half_width": half_width}}


def outline_json(outline: Outline) -> dict[str, Any]:
    """Return the outline member of ``outline``."""
    match outline:
        case Polygon(vertices):
            return polygon_json(vertices)
        case Circle(center, radius_m):
            return circle_json(center, radius_m)
        case Corridor(path, half_width_m):
            return corridor_json(path, half_width_m)


def _positions(obj: object, what: str) -> tuple[Position, ...]:
    if not isinstance(obj, list):
        raise Malformed("volume_shape", f"{what} must be a list of positions")
    return tuple([_position(item, what) for item in obj])


def _position(obj: object, what: str) -> Position:
    position = members(obj, f"a position of {what}", "lat", "lng")
    return _degrees(position["lat"], 90, "lat"), _degrees(position["lng"], 180, "lng")


def _degrees(value: object, limit: int, what: str) -> float:
    degrees = number(value, -limit, limit, "volume_position", what)
    # Rounding changes nothing exactly where the shortest decimal form has no more decimals: below 180 a double
    # holds fifteen digits, and nine decimals need twelve.
    if round(degrees, MAX_DECIMALS) != degrees:
        raise Malformed("volume_position", f"{what} has more than {MAX_DECIMALS} decimals")
    return degrees


def _length_m(obj: object, what: str) -> float:
    length = members(obj, what, "value", "units")
    if length["units"] != "M":
        raise Malformed("volume_shape", f"{what} must have units M")
    metres = number(length["value"], 0, MAX_RADIUS_M, "volume_size", f"{what} in metres")
    if metres < MIN_RADIUS_M:
        raise Malformed("volume_extent", f"{what} is below a millimetre")
    return metres


def _position_json(position: Position | Mapping[str, float]) -> dict[str, float]:
    if isinstance(position, Mapping):
        return {"lat": position["lat"], "lng": position["lng"]}
    return {"lat": position[0], "lng": position[1]}
