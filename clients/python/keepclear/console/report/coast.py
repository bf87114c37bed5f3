"""The coast within a chart's bounds, from the data that the page draws it with; none where that is not installed."""

import functools
import json
from collections.abc import Iterator, Sequence
from importlib.resources import files
from typing import Any

Lines = list[list[tuple[float, float]]]


def coast(south: float, west: float, north: float, east: float) -> Lines:
    """Return the coast as lines of latitude and longitude, the latter between ``west`` and ``west`` + 360."""
    found: Lines = []
    for arc in _arcs():
        line: list[tuple[float, float]] = []
        for lat, lng in arc:
            turned = west + (lng - west) % 360
            inside = south <= lat <= north and turned <= east
            if inside and (not line or abs(line[-1][1] - turned) < 180):
                line.append((lat, turned))
            elif line:
                found.append(line)
                line = [(lat, turned)] if inside else []
        found += [line] if line else []
    return [line for line in found if len(line) > 1]


@functools.cache
def _arcs() -> Sequence[Sequence[tuple[float, float]]]:
    file = files("keepclear.console") / "page" / "vendor" / "land-50m.json"
    if not file.is_file():
        return ()
    topology = json.loads(file.read_text("utf-8"))
    scale, move = topology["transform"]["scale"], topology["transform"]["translate"]
    return [list(_decoded(arc, scale, move)) for arc in topology["arcs"]]


def _decoded(arc: Any, scale: Sequence[float], move: Sequence[float]) -> Iterator[tuple[float, float]]:
    x = y = 0
    for step in arc:
        x, y = x + step[0], y + step[1]
        yield y * scale[1] + move[1], x * scale[0] + move[0]
