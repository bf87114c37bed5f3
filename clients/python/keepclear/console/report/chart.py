"""The report's chart: both sides' volumes over the coast and a graticule, drawn for print. North is up.

Ours has a solid edge, theirs a dashed one over a hatch, where they come closest a cross in a ring; each is named, so
that nothing is told by colour. An equirectangular chart about its middle: true to scale within a few per cent there.
Only what was disclosed is drawn of the other side. No borders and no names: a border takes a side.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from keepclear_protocol.geometry import EARTH_RADIUS_M
from keepclear_protocol.outline import Circle, Corridor, Outline, Polygon, Position

from keepclear.offline.inputs.ellipsoid import destination

from .coast import coast
from .markup import Child, Html, bare, joined, tag
from .words import Words

WIDTH, HEIGHT = 720.0, 340.0
LEAST_DEGREES = 0.15
"""The least height of the chart: some nine miles, so that a small volume stands in its surroundings."""

AROUND = 0.35
"""Of what is shown, so much room on each side."""

_STEPS = (1 / 60, 2 / 60, 5 / 60, 10 / 60, 20 / 60, 0.5, 1, 2, 5, 10, 20, 30)
_MILE_M = 1852
_BARS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
_PIECE_DEGREES = 2.0
"""An edge is drawn in pieces of this length, along the shortest way."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """An outline to draw, whose side it is of, and whether it is of a pair in conflict."""

    outline: Outline
    ours: bool
    meets: bool = True


@dataclass(frozen=True, slots=True)
class _View:
    """A chart's bounds, and where a position lies on the paper."""

    lat: float
    lng: float
    degrees: float

    @property
    def scale(self) -> float:
        return HEIGHT / self.degrees

    @property
    def narrow(self) -> float:
        return math.cos(math.radians(self.lat))

    @property
    def wide_degrees(self) -> float:
        return min(360.0, WIDTH / self.scale / self.narrow)

    def at(self, lat: float, lng: float) -> tuple[float, float]:
        turned = (lng - self.lng + 180) % 360 - 180
        return WIDTH / 2 + turned * self.narrow * self.scale, HEIGHT / 2 - (lat - self.lat) * self.scale

    def metres(self, metres: float) -> float:
        return math.degrees(metres / EARTH_RADIUS_M) * self.scale


def chart(drawn: Sequence[Drawn], places: Sequence[Position], words: Words) -> Html:
    """Return the chart as SVG; ``places`` are where pairs come closest, the worst first."""
    view = _view([each for each in drawn if each.meets] or drawn, places)
    ordered = sorted(drawn, key=lambda each: (each.meets, each.ours))
    shapes = [_shape(each, view) for each in ordered]
    marks = [_mark(number, place, view) for number, place in enumerate(places[:9], 1)]
    return tag(
        "svg", _definitions(), _coast(view), _graticule(view), *shapes, *marks, _bar(view), _frame(),
        viewBox=f"0 0 {WIDTH:g} {HEIGHT:g}", class_="chart", role="img", dir="ltr",
        aria_label=bare(words("chart_says")),
    )  # fmt: skip


def _view(drawn: Iterable[Drawn], places: Sequence[Position]) -> _View:
    points = [point for each in drawn for point in _reach(each.outline)] or list(places) or [(0.0, 0.0)]
    middle = points[0][1]
    turned = [(lng - middle + 180) % 360 - 180 for _, lng in points]
    south, north = min(lat for lat, _ in points), max(lat for lat, _ in points)
    lat = (south + north) / 2
    narrow = max(0.05, math.cos(math.radians(lat)))
    wide = (max(turned) - min(turned)) * narrow * HEIGHT / WIDTH
    degrees = max(LEAST_DEGREES, (1 + 2 * AROUND) * max(north - south, wide))
    return _View(max(-85.0, min(85.0, lat)), middle + (max(turned) + min(turned)) / 2, min(170.0, degrees))


def _reach(outline: Outline) -> list[Position]:
    match outline:
        case Circle(center, radius_m):
            return _ring(center, radius_m)
        case Corridor(path, half_width_m):
            return [point for end in path for point in _ring(end, half_width_m, 8)]
        case Polygon(vertices):
            return list(vertices)


def _ring(center: Position, radius_m: float, corners: int = 48) -> list[Position]:
    return [destination(center, 360 * at / corners, radius_m) for at in range(corners)]


def _shape(each: Drawn, view: _View) -> Html:
    side = f"{'ours' if each.ours else 'theirs'}{'' if each.meets else ' aside'}"
    match each.outline:
        case Corridor(path, half_width_m):
            line = _path(_along(path), view)
            wide = max(3.0, 2 * view.metres(half_width_m))
            # An edge of even width about a path that may cross itself: a wide stroke, and a narrower one over it.
            return tag(
                "g", tag("path", d=line, stroke_width=f"{wide:.1f}", class_="edge"),
                tag("path", d=line, stroke_width=f"{max(1.0, wide - 2.4):.1f}", class_="inside"),
                tag("path", d=line, class_="middle"), class_=f"corridor {side}",
            )  # fmt: skip
        case Circle(center, radius_m):
            points = _ring(center, radius_m)
        case Polygon(vertices):
            points = _along((*vertices, vertices[0]))
    return tag("path", d=_path(points, view) + "Z", class_=f"area {side}")


def _along(path: Sequence[Position]) -> list[Position]:
    """Return a path with points between on the shortest way, where an edge is long."""
    found = [path[0]]
    for (lat, lng), (to_lat, to_lng) in pairwise(path):
        turned = lng + (to_lng - lng + 180) % 360 - 180
        pieces = max(1, math.ceil(max(abs(to_lat - lat), abs(turned - lng)) / _PIECE_DEGREES))
        found += [_between((lat, lng), (to_lat, to_lng), at / pieces) for at in range(1, pieces)]
        found.append((to_lat, to_lng))
    return found


def _between(a: Position, b: Position, part: float) -> Position:
    ends = [tuple(map(math.radians, each)) for each in (a, b)]
    vectors = [(math.cos(p) * math.cos(q), math.cos(p) * math.sin(q), math.sin(p)) for p, q in ends]
    angle = math.acos(max(-1.0, min(1.0, sum(p * q for p, q in zip(*vectors, strict=True)))))
    if angle < 1e-9:
        return a
    left, right = math.sin((1 - part) * angle) / math.sin(angle), math.sin(part * angle) / math.sin(angle)
    x, y, z = (left * p + right * q for p, q in zip(*vectors, strict=True))
    return math.degrees(math.atan2(z, math.hypot(x, y))), math.degrees(math.atan2(y, x))


def _path(points: Sequence[Position], view: _View) -> str:
    return "M" + "L".join(f"{x:.1f},{y:.1f}" for x, y in (view.at(*point) for point in points))


def _mark(number: int, place: Position, view: _View) -> Html:
    x, y = view.at(*place)
    cross = f"M{x - 5:.1f},{y - 5:.1f}l10,10M{x - 5:.1f},{y + 5:.1f}l10,-10"
    return tag(
        "g", tag("circle", cx=f"{x:.1f}", cy=f"{y:.1f}", r="9"), tag("path", d=cross),
        tag("text", str(number), x=f"{x + 12:.1f}", y=f"{y - 6:.1f}"), class_="meets",
    )  # fmt: skip


def _coast(view: _View) -> Html:
    half = view.wide_degrees / 2
    bounds = view.lat - view.degrees * 0.6, view.lng - half * 1.1, view.lat + view.degrees * 0.6, view.lng + half * 1.1
    lines = coast(*bounds)
    return tag("path", d="".join(_path(line, view) for line in lines), class_="coast") if lines else Html("")


def _graticule(view: _View) -> Html:
    step = next((each for each in _STEPS if view.degrees / each <= 5), _STEPS[-1])
    made: list[Child] = []
    for number in _ticks(view.lat, view.degrees, step):
        _, y = view.at(number * step, view.lng)
        made.append(tag("path", d=f"M0,{y:.1f}H{WIDTH:g}", class_="grid"))
        made.append(tag("text", _degrees(number * step, "NS"), x="6", y=f"{y - 3:.1f}", class_="grid"))
    for number in _ticks(view.lng, view.wide_degrees, step):
        x, _ = view.at(view.lat, number * step)
        made.append(tag("path", d=f"M{x:.1f},0V{HEIGHT:g}", class_="grid"))
        lng = (number * step + 180) % 360 - 180
        made.append(tag("text", _degrees(lng, "EW"), x=f"{x + 3:.1f}", y=f"{HEIGHT - 6:g}", class_="grid"))
    return joined(*made)


def _ticks(middle: float, wide: float, step: float) -> range:
    return range(math.ceil((middle - wide / 2) / step), math.floor((middle + wide / 2) / step) + 1)


def _degrees(value: float, signs: str) -> str:
    minutes = round(abs(value) * 60)
    return f"{minutes // 60}\u00b0{minutes % 60:02d}\u2032{signs[value < 0]}"


def _bar(view: _View) -> Html:
    miles = next((each for each in reversed(_BARS) if view.metres(each * _MILE_M) <= WIDTH / 4), _BARS[0])
    long = view.metres(miles * _MILE_M)
    x, y = WIDTH - 16 - long, HEIGHT - 26
    said = f"{miles:g} NM ({miles * 1.852:.3g} km)"
    return tag(
        "g", tag("rect", x=f"{x - 8:.1f}", y=f"{y - 18:.1f}", width=f"{long + 16:.1f}", height="26", class_="ground"),
        tag("path", d=f"M{x:.1f},{y - 4:.1f}v4h{long:.1f}v-4"),
        tag("text", said, x=f"{x + long / 2:.1f}", y=f"{y - 6:.1f}", text_anchor="middle"), class_="bar",
    )  # fmt: skip


def _frame() -> Html:
    return tag("rect", x="0.5", y="0.5", width=f"{WIDTH - 1:g}", height=f"{HEIGHT - 1:g}", class_="frame")


def _definitions() -> Html:
    hatch = tag("path", d="M0,8L8,0", class_="hatch")
    return tag("defs", tag("pattern", hatch, id="theirs", width="8", height="8", patternUnits="userSpaceOnUse"))
