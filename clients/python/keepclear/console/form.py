"""A notice of ours as the form that amends it: every field as it would be typed, its shapes as if they were drawn.

Guaranteed of what is given as drawn: read again it makes the very same volumes, so that who changes the remarks changes
nothing else. A notice that cannot be drawn so (a recorded track, many bands or windows) is amended as it stands, moved
in time, or from another file.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from keepclear_protocol.errors import KeepclearError
from keepclear_protocol.filing import Content, content_digest
from keepclear_protocol.separation import Uncertainty
from keepclear_protocol.volume import parse_volume

from .drawn import read_drawn
from .intended import read_options

MOST_SHAPES = 12
MOST_POINTS = 120
"""What a person can oversee in a form."""


def drawn_form(content: Content, uncertainty: Uncertainty) -> dict[str, Any] | None:
    """Return the shapes and options that draw what a notice says; None where they would not say the very same."""
    volumes = content.volumes
    if not 0 < len(volumes) <= MOST_SHAPES:
        return None
    try:
        form = _form(volumes)
    except (KeyError, TypeError, ValueError):
        return None
    if form is None:
        return None
    try:
        options, _ = read_options(form["options"], uncertainty)
        flight, _ = read_drawn(form["shapes"], options, form["options"])
        same = flight is not None and _said(flight.volumes) == _said(volumes)
    except KeepclearError:
        return None
    return form if same else None


def _said(volumes: Sequence[Mapping[str, Any]]) -> str:
    return content_digest([parse_volume(volume) for volume in volumes], "", None, None)


def _form(volumes: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    ends = {
        (_height(one["volume"]["altitude_lower"]), _height(one["volume"]["altitude_upper"]),
         one["time_start"]["value"], one["time_end"]["value"])
        for one in volumes
    }  # fmt: skip
    shapes = [_shape(one["volume"]) for one in volumes]
    if len(ends) != 1 or sum(len(shape["points"]) for shape in shapes) > MOST_POINTS:
        return None
    ((lower, upper, start, end),) = ends
    return {"shapes": shapes, "options": {"from": start, "to": end, "lower": lower, "upper": upper}}


def _shape(volume: Mapping[str, Any]) -> dict[str, Any]:
    if circle := volume.get("outline_circle"):
        return {"shape": "circle", "points": [_point(circle["center"])], "size": _length(circle["radius"])}
    if corridor := volume.get("outline_corridor"):
        points = [_point(point) for point in corridor["path"]]
        return {"shape": "corridor", "points": points, "size": _length(corridor["half_width"])}
    points = [_point(point) for point in volume["outline_polygon"]["vertices"]]
    return {"shape": "polygon", "points": points, "size": ""}


def _point(point: Mapping[str, float]) -> str:
    return f"{_number(point['lat'], 9)}, {_number(point['lng'], 9)}"


def _length(length: Mapping[str, Any]) -> str:
    metres = float(length["value"])
    for unit, unit_m in (("NM", 1852), ("km", 1000)):
        if metres >= unit_m and (metres / unit_m * 10).is_integer():
            return f"{_number(metres / unit_m, 1)}{unit}"
    return f"{_number(metres, 2)}m"


def _height(altitude: Mapping[str, Any]) -> str:
    value, reference, units = float(altitude["value"]), altitude["reference"], altitude["units"]
    if reference == "FL":
        if units == "FL":
            return f"FL{value:03g}"
        return f"{_number(value, 2)}{units.lower()} FL"
    if reference == "AGL" and value == 0:
        return "GND"
    return f"{_number(value, 2)}{units.lower()} {reference}"


def _number(value: float, decimals: int) -> str:
    return f"{value:.{decimals}f}".rstrip("0").rstrip(".")
