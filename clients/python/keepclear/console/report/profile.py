"""The report's profile: height over time of the volumes in conflict, drawn for print. Time runs from left to right.

Each volume is a box from the lower to the upper end of its band and over its window; where a pair meets, hatched, is
what the alert says. Heights of two kinds stand on one axis as if they were one, which the box beneath says.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from keepclear_protocol.instant import SECOND, format_instant
from keepclear_protocol.volume import Volume

from keepclear.offline.heights import FOOT_M, band

from .markup import Child, Html, bare, joined, tag
from .words import Words

WIDTH, HEIGHT = 720.0, 280.0
LEFT, RIGHT, TOP, BOTTOM = 64.0, 12.0, 14.0, 34.0

_TIME_STEPS_S = (60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800)
_HEIGHT_STEPS_FT = (100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000)
_LEAST_FT = 500
_NAME_PX = 7.0
"""How wide a character of a name may be."""

MOST_NAMED = 8
"""Boxes whose bands are written at them; those of more stand in the tables alone."""


@dataclass(frozen=True, slots=True)
class Meeting:
    """Where a pair meets, as the alert says: its window and its band, in metres of its reference."""

    start: int
    end: int
    lower_m: float
    upper_m: float


@dataclass(frozen=True, slots=True)
class _View:
    start: int
    end: int
    lower_ft: float
    upper_ft: float

    def x(self, at: int) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (at - self.start) / (self.end - self.start)

    def y(self, feet: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (self.upper_ft - feet) / (self.upper_ft - self.lower_ft)


def profile(
    ours: Sequence[Volume], theirs: Sequence[Volume], meetings: Sequence[Meeting], words: Words
) -> Html:
    """Return the profile as SVG."""
    view = _view([*ours, *theirs])
    boxes = [_box(each, "theirs", view) for each in theirs] + [_box(each, "ours", view) for each in ours]
    met = [_meeting(number, each, view) for number, each in enumerate(meetings, 1)]
    few = len(ours) + len(theirs) <= MOST_NAMED
    names = [_name(each, view, at_end=True) for each in theirs] + [_name(each, view, at_end=False) for each in ours]
    named = names if few else []
    return tag(
        "svg", _definitions(), _times(view), _heights(view, ours, theirs), *boxes, *met, *named, _frame(),
        viewBox=f"0 0 {WIDTH:g} {HEIGHT:g}", class_="chart profile", role="img", dir="ltr",
        aria_label=bare(words("profile_says")),
    )  # fmt: skip


def kinds(volumes: Sequence[Volume]) -> list[str]:
    """Return the kinds of height that stand on the axis."""
    return sorted({str(each.reference) for each in volumes})


def _view(volumes: Sequence[Volume]) -> _View:
    start, end = min(each.start for each in volumes), max(each.end for each in volumes)
    lower, upper = min(each.lower_m for each in volumes) / FOOT_M, max(each.upper_m for each in volumes) / FOOT_M
    around_us, around_ft = max(60 * SECOND, (end - start) // 12), max(_LEAST_FT, (upper - lower) / 6)
    return _View(start - around_us, end + around_us, lower - around_ft, upper + around_ft)


def _box(volume: Volume, side: str, view: _View) -> Html:
    x, y = view.x(volume.start), view.y(volume.upper_m / FOOT_M)
    return _rect(x, y, view.x(volume.end), view.y(volume.lower_m / FOOT_M), f"area {side}")


def _meeting(number: int, met: Meeting, view: _View) -> Html:
    ends = view.x(met.start), view.y(met.upper_m / FOOT_M), view.x(met.end), view.y(met.lower_m / FOOT_M)
    x, y = (ends[0] + ends[2]) / 2, (ends[1] + ends[3]) / 2
    sign = joined(
        tag("circle", cx=f"{x:.1f}", cy=f"{y:.1f}", r="9"),
        tag("text", str(number), x=f"{x:.1f}", y=f"{y + 4:.1f}", text_anchor="middle"),
    )
    return tag("g", _rect(*ends, "meeting"), sign if number <= 9 else None, class_="meets numbered")


def _rect(left: float, top: float, right: float, bottom: float, name: str) -> Html:
    size = {"width": f"{max(2.0, right - left):.1f}", "height": f"{max(2.0, bottom - top):.1f}"}
    return tag("rect", x=f"{left:.1f}", y=f"{top:.1f}", class_=name, **size)


def _name(volume: Volume, view: _View, *, at_end: bool) -> Html:
    """Say a band above its box: ours where it begins, theirs where it ends, so that two of one band can be read."""
    said = band(volume.lower_m, volume.upper_m, str(volume.reference))
    x, y = view.x(volume.end) - 3 if at_end else view.x(volume.start) + 3, view.y(volume.upper_m / FOOT_M)
    anchor = "end" if at_end else "start"
    if at_end:
        x = min(x, WIDTH - RIGHT - 2)
    else:
        x = min(x, WIDTH - RIGHT - 2 - _NAME_PX * len(said))
    return tag("text", said, x=f"{x:.1f}", y=f"{y - 4:.1f}", text_anchor=anchor, class_="name")


def _times(view: _View) -> Html:
    lasts_s = (view.end - view.start) / SECOND
    step = next((each for each in _TIME_STEPS_S if lasts_s / each <= 8), _TIME_STEPS_S[-1]) * SECOND
    made: list[Child] = []
    for number in range(-(-view.start // step), view.end // step + 1):
        at = number * step
        x, told = view.x(at), format_instant(at)
        said = f"{told[11:16]}Z" if step < 86_400 * SECOND else told[:10]
        made.append(tag("path", d=f"M{x:.1f},{TOP:g}V{HEIGHT - BOTTOM:g}", class_="grid"))
        if x > LEFT + 16 and x < WIDTH - RIGHT - 12:
            y = f"{HEIGHT - BOTTOM + 14:g}"
            made.append(tag("text", said, x=f"{x:.1f}", y=y, text_anchor="middle", class_="axis"))
    day = format_instant(view.start)[:10]
    made.append(tag("text", day, x=f"{LEFT:g}", y=f"{HEIGHT - 6:g}", class_="axis"))
    return joined(*made)


def _heights(view: _View, ours: Sequence[Volume], theirs: Sequence[Volume]) -> Html:
    only = kinds([*ours, *theirs])
    high = view.upper_ft - view.lower_ft
    step = next((each for each in _HEIGHT_STEPS_FT if high / each <= 7), _HEIGHT_STEPS_FT[-1])
    made: list[Child] = []
    for number in range(math.ceil(view.lower_ft / step), math.floor(view.upper_ft / step) + 1):
        feet = number * step
        y = view.y(feet)
        said = f"FL{feet // 100:03d}" if only == ["FL"] and feet >= 0 else f"{feet} ft"
        made.append(tag("path", d=f"M{LEFT:g},{y:.1f}H{WIDTH - RIGHT:g}", class_="grid"))
        made.append(tag("text", said, x=f"{LEFT - 6:g}", y=f"{y + 4:.1f}", text_anchor="end", class_="axis"))
    return joined(*made)


def _frame() -> Html:
    size = {"width": f"{WIDTH - LEFT - RIGHT:g}", "height": f"{HEIGHT - TOP - BOTTOM:g}"}
    return tag("rect", x=f"{LEFT:g}", y=f"{TOP:g}", class_="frame", **size)


def _definitions() -> Html:
    hatch = tag("path", d="M0,0L6,6M0,6L6,0", class_="hatch")
    return tag("defs", tag("pattern", hatch, id="meeting", width="6", height="6", patternUnits="userSpaceOnUse"))
