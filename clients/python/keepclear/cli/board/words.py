"""How long and how late, in words that an officer reads out: countdowns, leads, who has answered and when."""

import math

from keepclear_protocol.instant import SECOND, format_instant
from keepclear_protocol.lead import IN_PROGRESS, LATE, RETROACTIVE, ROUTINE

MINUTE, HOUR, DAY = 60, 3600, 86_400


def clock(at: int) -> str:
    """Return the time of day of an instant, in Zulu."""
    return format_instant(at // SECOND * SECOND)[11:]


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


def countdown(start: int, end: int, now: int) -> str:
    """Return when a window begins or ends, as seen from ``now``."""
    if now < start:
        # Rounded down: what is left is never shown longer than it is.
        return f"in {span((start - now) / SECOND)}"
    if now <= end:
        return f"NOW, ends in {span((end - now) / SECOND)}"
    return f"over for {span((now - end) / SECOND)}"


def window(start: int, end: int, now: int) -> str:
    """Return a window rounded outward to whole seconds, with dates only where they are not today's."""
    first, last = format_instant(start // SECOND * SECOND), format_instant(-(-end // SECOND) * SECOND)
    today = format_instant(now)[:10]
    if first[:10] == last[:10] == today:
        return f"{first[11:]} to {last[11:]}"
    return f"{first[5:16]}Z to {_minute_up(end)[5:16]}Z"


def lead(word: str | None, start: int | None, received_at: int | None) -> str:
    """Return how late it was told: the class in words, and how far ahead of the window both notices were there."""
    word = ROUTINE if word is None else word
    if start is None or received_at is None:
        return word.replace("_", " ")
    ahead = (start - received_at) / SECOND
    told = f"told {span(ahead)} ahead" if ahead > 0 else f"told {span(-ahead)} after it began"
    return told if word == ROUTINE else f"{word.replace('_', ' ')}, {told}"


def band(lower_m: int, upper_m: int, reference: str) -> str:
    """Return a band rounded outward: flight levels, or feet of another reference."""
    unit = 30.48 if reference == "FL" else 0.3048
    lower, upper = math.floor(lower_m / unit + 1e-6), math.ceil(upper_m / unit - 1e-6)
    return f"FL{lower:03d}-FL{upper:03d}" if reference == "FL" else f"{lower}-{upper} ft {reference}"


def miles(metres: int) -> str:
    """Return a distance in nautical miles, rounded down as the alert's is: it is never said to be more than it is."""
    return f"{metres * 10 // 1852 / 10:.1f} NM"


def feet(metres: int) -> str:
    """Return a height difference in feet, rounded down."""
    return f"{int(metres / 0.3048)} ft"


def loud_lead(word: str | None) -> bool:
    """Whether it was told so late that it must be seen."""
    return word in (LATE, IN_PROGRESS, RETROACTIVE)


def _minute_up(at: int) -> str:
    minute = MINUTE * SECOND
    return format_instant(-(-at // minute) * minute)
