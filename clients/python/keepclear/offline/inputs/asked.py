"""What a file does not say and an officer must: window, band, width and time margin, each by the name of its option.

Nothing is guessed. Where the file says it, the option is not needed, and is refused if it would contradict in silence:
an option fills a gap and overrides nothing.
"""

import re

from keepclear_protocol.errors import LocalError, Malformed
from keepclear_protocol.instant import parse_instant

from .altitude import Band, band, may_be_thousands, parse_altitude
from .flight import Altitude, Options, unreadable

_LENGTH = re.compile(r"(\d{1,6}(?:\.\d{1,3})?) ?(nm|km|m)\Z", re.ASCII | re.IGNORECASE)
_LENGTH_M = {"nm": 1852.0, "km": 1000.0, "m": 1.0}
_MINUTE_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(:\d\d(?:\.\d+)?)? ?Z\Z", re.ASCII)

MAX_LENGTH_M = 1_000_000.0


def asked_window(options: Options, place: str, what: str = "no time in it") -> tuple[int, int]:
    """Return the window that ``--from`` and ``--to`` give; raise ``LocalError`` that names them."""
    if options.start is None or options.end is None:
        missing = " and ".join(
            name for name, value in (("--from", options.start), ("--to", options.end)) if value is None
        )
        raise unreadable(place, f"{what}, so it needs {missing}", hint="such as --from 2026-11-22T14:00Z")
    return options.start, options.end


def asked_band(options: Options, place: str, what: str = "no altitude in it") -> Band:
    """Return the band that ``--lower`` and ``--upper`` give; raise ``LocalError`` that names them."""
    return band(asked_lower(options, place, what), asked_upper(options, place, what), options.uncertainty, place)


def asked_lower(options: Options, place: str, what: str) -> Altitude:
    """Return the altitude that ``--lower`` gives."""
    if options.lower is None:
        raise unreadable(place, f"{what}, so it needs --lower", hint="such as --lower GND or --lower FL245")
    return options.lower


def asked_upper(options: Options, place: str, what: str) -> Altitude:
    """Return the altitude that ``--upper`` gives."""
    if options.upper is None:
        raise unreadable(place, f"{what}, so it needs --upper", hint="such as --upper FL285 or '--upper 4500ft AMSL'")
    return options.upper


def asked_half_width_m(options: Options, place: str) -> float:
    """Return the metres that ``--half-width`` gives."""
    if options.route_half_width_m is None:
        raise unreadable(place, "a line has no width, so it needs --half-width", hint="such as --half-width 2NM")
    return options.route_half_width_m


def asked_margin_s(options: Options, place: str) -> int:
    """Return the seconds that ``--time-margin`` gives."""
    if options.route_margin_s is None:
        hint = "minutes that the flight may be early or late, such as --time-margin 15"
        raise unreadable(place, "a plan's times are estimates, so it needs --time-margin", hint=hint)
    return options.route_margin_s


def read_length_m(text: str, option: str) -> float:
    """Return the metres of ``2NM``, ``3.7km`` or ``3700m``; raise ``LocalError`` with ``usage``."""
    match = _LENGTH.match(text.strip())
    if match and match[2].lower() == "m" and may_be_thousands(match[1]):
        hint = f"write {match[1].replace('.', '')}m without the dot"
        raise LocalError("usage", f"{option}: {text!r:.40} may be thousands or a decimal", hint=hint)
    metres = float(match[1]) * _LENGTH_M[match[2].lower()] if match else 0.0
    if not 0 < metres <= MAX_LENGTH_M:
        detail = f"{option}: {text!r:.40} is not a length above zero"
        raise LocalError("usage", detail, hint="write 2NM, 3.7km or 3700m")
    return metres


def read_time(text: str, option: str) -> int:
    """Return the instant of a time in UTC with Z, whose seconds may be left out; raise ``LocalError``."""
    match = _MINUTE_TIME.match(text.strip().upper())
    if match is None:
        raise LocalError("usage", f"{option}: {text!r:.40} is not a time in UTC", hint="write 2026-11-22T14:05Z")
    try:
        return parse_instant(f"{match[1]}T{match[2]}{match[3] or ':00'}Z")
    except Malformed as error:
        raise LocalError("usage", f"{option}: {error.detail}") from None


def read_altitude(text: str, option: str) -> Altitude:
    """Return the altitude of an option; raise ``LocalError`` with ``usage``."""
    try:
        altitude = parse_altitude(text, option)
    except LocalError as error:
        raise LocalError("usage", error.detail, hint=error.hint) from None
    if altitude is None:
        hint = "a notice has a top: name the highest that will be used, such as FL660"
        raise LocalError("usage", f"{option}: unlimited is no altitude", hint=hint)
    return altitude
