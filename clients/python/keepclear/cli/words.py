"""How long, how late, how high, how far and where, in words that an officer reads out over a telephone.

What is claimed is rounded outward and what keeps two apart is rounded down, so that no figure says more room than there
is. Units are those of pilots: flight levels for FL, feet for all else, nautical miles, with metric figures beside them
where there is room. Times are Zulu.
"""

from collections.abc import Sequence

from keepclear_protocol.instant import SECOND, format_instant
from keepclear_protocol.lead import IN_PROGRESS, LATE, RETROACTIVE, ROUTINE
from keepclear_protocol.separation import Severity

from keepclear.offline.heights import FOOT_M, band, feet_band, metric_band

__all__ = [
    "about", "apart", "band", "clock", "countdown", "counted", "exact_window", "feet", "feet_band", "lead", "loud_lead",
    "metric_band", "miles", "near", "position", "position_dms", "span", "stamp", "times", "whole_window", "window",
]  # fmt: skip

MINUTE, HOUR, DAY = 60, 3600, 86_400

TIMES_SAID = 3
"""Times that are each said; of more before them only how many they were."""

MILE_M = 1852


def clock(at: int) -> str:
    """Return the time of day of an instant, in Zulu."""
    return format_instant(at // SECOND * SECOND)[11:]


def counted(number: int, one: str, many: str = "") -> str:
    """Return a number of things: "1 volume", "2 volumes"."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def span(seconds: float) -> str:
    """Return how long something lasts: in two units, in the finer of which it still can be seen to move."""
    whole = max(0, int(seconds))
    if whole < 2 * MINUTE:
        return f"{whole} s"
    if whole < HOUR:
        return f"{whole // MINUTE} min {whole % MINUTE:02d} s"
    if whole < 2 * DAY:
        return f"{whole // HOUR} h {whole % HOUR // MINUTE:02d} min"
    return f"{whole // DAY} d {whole % DAY // HOUR} h"


def times(spans: Sequence[tuple[int, int]]) -> str:
    """Return from when to when something was, and for how long, each time; of many only how many before the last."""
    before = max(0, len(spans) - TIMES_SAID)
    last = ", ".join(f"from {clock(a)} to {clock(b)} ({span((b - a) / SECOND)})" for a, b in spans[before:])
    return f"{counted(before, 'time')} before, and {last}" if before else last


def countdown(start: int, end: int, now: int) -> str:
    """Return when a window begins or ends, as seen from ``now``."""
    if now < start:
        # Rounded down: what is left is never shown longer than it is.
        return f"in {span((start - now) / SECOND)}"
    if now <= end:
        return f"NOW, ends in {span((end - now) / SECOND)}"
    return f"over for {span((now - end) / SECOND)}"


def near(start: int, end: int, now: int) -> str:
    """Return what ``countdown`` does, in a few letters: in one unit, rounded down."""
    left = max(0, ((start if now < start else end) - now) // SECOND)
    unit = f"{left} s" if left < 2 * MINUTE else f"{left // MINUTE} min" if left < 2 * HOUR else f"{left // HOUR} h"
    return f"in {unit}" if now < start else f"NOW, {unit} left" if now <= end else "over"


def window(start: int, end: int, now: int) -> str:
    """Return a window rounded outward to whole seconds, with dates only where they are not today's."""
    first, last = whole_window(start, end)
    today = format_instant(now)[:10]
    if first[:10] == last[:10] == today:
        return f"{first[11:]} to {last[11:]}"
    return f"{first[5:16]}Z to {_minute_up(end)[5:16]}Z"


def whole_window(start: int, end: int) -> tuple[str, str]:
    """Return both ends of a window as RFC 3339, rounded outward to whole seconds."""
    return format_instant(start // SECOND * SECOND), format_instant(-(-end // SECOND) * SECOND)


def stamp(at: int, now: int) -> str:
    """Return an instant to the second: the time of day, with its date only where that is not today's."""
    told = format_instant(at // SECOND * SECOND)
    return told[11:] if told[:10] == format_instant(now)[:10] else told


def exact_window(start: int, end: int, now: int) -> str:
    """Return a window rounded outward to whole seconds, on whatever day it is."""
    return f"{stamp(start, now)} to {stamp(-(-end // SECOND) * SECOND, now)}"


def lead(word: str | None, start: int | None, received_at: int | None) -> str:
    """Return how late it was told: the class in words, and how far ahead of the window both notices were there."""
    word = ROUTINE if word is None else word
    if start is None or received_at is None:
        return word.replace("_", " ")
    ahead = (start - received_at) / SECOND
    told = f"told {span(ahead)} ahead" if ahead > 0 else f"told {span(-ahead)} after it began"
    return told if word == ROUTINE else f"{word.replace('_', ' ')}, {told}"


def loud_lead(word: str | None) -> bool:
    """Whether it was told so late that it must be seen."""
    return word in (LATE, IN_PROGRESS, RETROACTIVE)


def miles(metres: int) -> str:
    """Return a distance in nautical miles, rounded down as the alert's is: it is never said to be more than it is."""
    return f"{metres * 10 // MILE_M / 10:.1f} NM"


def feet(metres: int) -> str:
    """Return a height difference in feet, rounded down."""
    return f"{int(metres / FOOT_M)} ft"


def apart(severity: str | None, horizontal_m: int | None, vertical_m: int | None) -> str:
    """Return how far apart the volumes of a pair are, in words: never "0 m" of two that meet."""
    if severity == Severity.OVERLAP:
        return "the volumes meet"
    if horizontal_m is None or vertical_m is None:
        return ""
    across = f"{miles(horizontal_m)} ({_metric(horizontal_m)}) apart" if horizontal_m else "over the same ground"
    if severity == Severity.POSSIBLE:
        least = f"at least {feet(vertical_m)} ({vertical_m} m)" if vertical_m else "an unknown height"
        return f"{across}, {least} between; heights of two kinds, cannot be excluded"
    if vertical_m:
        return f"{across}, {feet(vertical_m)} ({vertical_m} m) above one another"
    if horizontal_m:
        return f"{across}, at the same height"
    return "the same place, one right after the other"


def position(lat: float, lng: float) -> str:
    """Return a position as it is read out: decimal degrees, some eleven metres."""
    return f"{abs(lat):07.4f}{'N' if lat >= 0 else 'S'} {abs(lng):08.4f}{'E' if lng >= 0 else 'W'}"


def about(lat: float, lng: float) -> str:
    """Return a position to a kilometre: where a flight is, not where it is missed by."""
    return f"{abs(lat):05.2f}{'N' if lat >= 0 else 'S'} {abs(lng):06.2f}{'E' if lng >= 0 else 'W'}"


def position_dms(lat: float, lng: float) -> str:
    """Return a position in degrees, minutes and whole seconds, some thirty metres, as flight plans write it."""
    return f"{_dms(lat, 'NS', 2)} {_dms(lng, 'EW', 3)}"


def _dms(degrees: float, signs: str, digits: int) -> str:
    seconds = round(abs(degrees) * 3600)
    whole, rest = divmod(seconds, 3600)
    return f"{whole:0{digits}d}{rest // 60:02d}{rest % 60:02d}{signs[degrees < 0]}"


def _metric(metres: int) -> str:
    return f"{metres} m" if metres < 1000 else f"{metres // 100 / 10:.1f} km"


def _minute_up(at: int) -> str:
    minute = MINUTE * SECOND
    return format_instant(-(-at // minute) * minute)
