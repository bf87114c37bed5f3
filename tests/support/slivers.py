"""Polygons that are hardly any: triangles whose tip lies about a millimetre, or half of one, from their base.

How far each is, ``exact_ring`` says; a test holds these names against it. The nearest to a bound lie 70 nanometres from
it, some ten times farther than two processors differ.
"""

from typing import Any

from keepclear_protocol.volume import polygon_json

from support.notice_forge import circle

Position = tuple[float, float]

_BASE = ((48.0, 2.0), (48.5, 2.7))
ABOVE_MM = {
    1.0: ((*_BASE, (48.242162461, 2.336576044)), (*_BASE, (48.239179368, 2.332402175))),
    0.5: ((*_BASE, (48.319113854, 2.44448652)), (*_BASE, (48.34179003, 2.476375002))),
}
"""By bound in millimetres, a triangle just above it and one just below."""

BETWEEN = ((0.0, 0.0), (0.0, 0.002), (0.000000006, 0.001))
"""Two thirds of a millimetre: not to be filed, and taken by who is shown it."""

BELOW = ((0.0, 0.0), (0.0, 0.002), (0.000000003, 0.001))
"""A third: nobody could have taken it."""


def volume(vertices: tuple[Position, ...]) -> dict[str, Any]:
    """Return the Volume4D of a polygon."""
    whole = circle()
    heights = {name: whole["volume"][name] for name in ("altitude_lower", "altitude_upper")}
    return {**whole, "volume": {**polygon_json(vertices), **heights}}
