"""Instants: integer microseconds since 1970 UTC inside, RFC 3339 with Z on the wire.

No local time, no leap second, no clock: ``now`` is always handed in by the caller. Which hours, minutes and seconds
there are is said here and not by the interpreter: from Python 3.14 on its own parser takes 24:00:00 for the next day,
and two receivers would judge one signed volume differently.
"""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from .errors import Malformed

SECOND = 1_000_000
"""Microseconds in a second."""

_RFC3339 = re.compile(r"(\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d)(?:\.(\d{1,9}))?Z\Z", re.ASCII)
_LONGEST = len("1970-01-01T00:00:00.000000000Z")
_NO_TIME = "a time must be RFC 3339 with Z, 00:00:00 to 23:59:59, such as 2026-11-22T14:05:00Z"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def parse_instant(text: object, *, up: bool = False, code: str = "volume_window") -> int:
    """Return the microseconds of an RFC 3339 time with ``Z`` and at most nine decimals.

    Digits past the sixth are rounded outward by the caller's choice: down, or with ``up`` to the next microsecond.
    Raises ``Malformed`` with ``code``.
    """
    instant = _instant(text, up) if isinstance(text, str) and len(text) <= _LONGEST else _NO_TIME
    if isinstance(instant, str):
        raise Malformed(code, instant)
    return instant


@lru_cache(512)
def _instant(text: str, up: bool) -> int | str:
    """The microseconds, or what is wrong: a large notice names few times, and each many times over."""
    match = _RFC3339.match(text)
    if match is None:
        return _NO_TIME
    try:
        whole = datetime.fromisoformat(f"{match[1]}+00:00") - _EPOCH
    except ValueError:
        return "there is no such date"
    instant = (whole.days * 86_400 + whole.seconds) * SECOND
    if fraction := match[2]:
        nanoseconds = int(fraction.ljust(9, "0"))
        instant += -(-nanoseconds // 1000) if up else nanoseconds // 1000
    return "times before 1970 are not taken" if instant < 0 else instant


@lru_cache(256)
def _to_second(seconds: int) -> str:
    """Many statements come in one second, and a window is told to several."""
    return (_EPOCH + timedelta(seconds=seconds)).isoformat()[:19]


def format_instant(instant: int) -> str:
    """Return an instant as RFC 3339 with ``Z``, with milliseconds or microseconds only where it has them."""
    text = _to_second(instant // SECOND)
    micro = instant % SECOND
    if micro == 0:
        return f"{text}Z"
    return f"{text}.{micro // 1000:03d}Z" if micro % 1000 == 0 else f"{text}.{micro:06d}Z"
