"""Times as files write them: ISO 8601 in its usual spellings, seconds of the Unix clock, and what has no time zone.

A time of day without a zone is no instant. A format that says "UTC" of all its times passes ``utc``; else it is
refused, since the hour would be guessed.
"""

import re
from datetime import UTC, datetime, timedelta

from keepclear_protocol.instant import SECOND

from .flight import LATEST, unreadable

_ISO = re.compile(
    r"(\d{4})-?(\d\d)-?(\d\d)(?:[T ]|, ?| - )(\d\d):?(\d\d)(?::?(\d\d)(?:[.,](\d{1,9}))?)?"
    r" ?(Z|UTC|GMT|[+-]\d\d(?::?\d\d)?)?\Z",
    re.ASCII | re.IGNORECASE,
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

UNIX_S = (100_000_000, 100_000_000_000)
"""Unix seconds from 1973 to the year 5138. Less is a time of day such as 140500, a thousand times as much are
milliseconds, and still more is a date such as 20261122140500."""


def instant_of(text: str, place: str, *, utc: bool = False) -> int:
    """Return the instant of an ISO 8601 time; raise ``LocalError`` that names ``place``."""
    match = _ISO.match(text.strip())
    if match is None:
        raise unreadable(place, f"{text!r:.40} is not a time" if text else "no time", hint=_HINT)
    if match[8] is None and not utc:
        raise unreadable(place, f"{text!r:.40} has no time zone", hint=_HINT)
    try:
        year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
        # 24:00:00 ends a day, and a leap second is the last one's end: both are the next second.
        carry = timedelta(days=1) if (hour, minute, second) == (24, 0, 0) else timedelta(seconds=second == 60)
        found = datetime(
            year, month, day, hour % 24 if hour == 24 and carry else hour, minute, min(second, 59), tzinfo=UTC
        )
        whole = found + carry - _EPOCH - _zone(match[8])
    except (ValueError, OverflowError):
        raise unreadable(place, f"{text!r:.40}: there is no such date or time") from None
    micro = int((match[7] or "0").ljust(9, "0")[:6])
    return _kept((whole.days * 86_400 + whole.seconds) * SECOND + micro, place, text)


def unix_instant(value: float, place: str) -> int:
    """Return the instant of Unix seconds or milliseconds; raise ``LocalError`` that names ``place``."""
    seconds = value / 1000 if value >= UNIX_S[1] else value
    if not UNIX_S[0] <= seconds < UNIX_S[1] or value >= 10_000_000_000_000:
        raise unreadable(place, f"{value:.15g} is not a time in Unix seconds")
    return _kept(round(seconds * SECOND), place, f"{value:.15g}")


def has_zone(text: str) -> bool:
    """Whether a text is a time of day with a zone."""
    match = _ISO.match(text.strip())
    return match is not None and match[8] is not None


_HINT = "a time has a date and a zone, such as 2026-11-22T14:05:00Z"


def _zone(text: str | None) -> timedelta:
    if text is None or text.upper() in ("Z", "UTC", "GMT"):
        return timedelta(0)
    digits = text[1:].replace(":", "").ljust(4, "0")
    if int(digits[:2]) > 14 or int(digits[2:]) > 59:
        raise ValueError
    size = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return -size if text[0] == "-" else size


def _kept(instant: int, place: str, text: str) -> int:
    if not 86_400 * SECOND <= instant <= LATEST - 86_400 * SECOND:
        raise unreadable(place, f"{text!r:.40} lies outside the years 1970 to 9999")
    return instant
