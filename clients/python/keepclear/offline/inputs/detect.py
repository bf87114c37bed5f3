"""Input for ``submit``, ``check`` and ``demo``: which format it is, seen from its content, never from its name.

Guarantees that a file that cannot be read is one ``LocalError`` with ``input_file`` that names the place, and that
every volume of a returned flight is one that ``parse_volume`` takes.
"""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from keepclear_protocol.encoding import parse_json
from keepclear_protocol.errors import LocalError, Malformed

from .f3548 import f3548_flight, holds_volumes
from .flight import Flight, Options, shifted, unreadable
from .geojson import TYPES, geojson_flight
from .track import track_flight

MAX_INPUT_BYTES = 64 * 1024 * 1024
"""A day of one country's tracks, thinned to one point in 20 s, is half of that; more is a mistaken file."""

_FORMS = (
    "a list of F3548 Volume4D, an operational intent or its details; a GeoJSON Feature or FeatureCollection; "
    'or recorded tracks, one JSON object a line: {"callsign", "icao24", "points"}'
)


def load(source: Path | str | bytes, options: Options | None = None) -> list[Flight]:
    """Return the flights of a file (``-`` is standard input) or of its bytes.

    Raises ``LocalError`` with ``input_file``.
    """
    options = options or Options()
    if isinstance(source, bytes):
        flights = _flights(source, options)
    else:
        data = read_bytes(source)
        try:
            flights = _flights(data, options)
        except LocalError as error:
            raise unreadable(str(source), error.detail, hint=error.hint) from None
    if not options.shift_s:
        return flights
    shift_s = options.shift_s
    return [replace(flight, volumes=[shifted(volume, shift_s) for volume in flight.volumes]) for flight in flights]


def read_bytes(path: Path | str, max_bytes: int = MAX_INPUT_BYTES) -> bytes:
    """Return a file's bytes (``-`` is standard input), at most ``max_bytes``; raise ``LocalError``."""
    try:
        if str(path) == "-":
            data = sys.stdin.buffer.read(max_bytes + 1)
        else:
            with Path(path).open("rb") as file:
                data = file.read(max_bytes + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "no such name can be"
        raise unreadable(str(path), f"cannot be read: {reason.lower()}") from None
    if len(data) > max_bytes:
        raise unreadable(str(path), f"larger than {max_bytes // 1024} KiB")
    return data


def _flights(data: bytes, options: Options) -> list[Flight]:
    data = data.removeprefix(b"\xef\xbb\xbf")
    lines = [(number, line) for number, line in enumerate(data.split(b"\n"), start=1) if line.strip()]
    if not lines:
        raise unreadable("", "the file is empty", hint=_FORMS)
    if len(lines) > 1 and _is_track(lines[0][1]):
        return [track_flight(_json(line, f"line {number}"), options, f"line {number}") for number, line in lines]
    value = _json(data, "")
    match value:
        case list():
            return [f3548_flight(value)]
        case {"points": _}:
            return [track_flight(value, options, "line 1")]
        case {"type": str(kind)} if kind in TYPES:
            return [geojson_flight(value)]
        case {"type": str(kind), "coordinates": _}:
            raise unreadable("", f"a bare {kind} has no times and altitudes", hint="make it the geometry of a Feature")
        case dict() if holds_volumes(value):
            return [f3548_flight(value)]
    raise unreadable("", "no format that can be read", hint=_FORMS)


def _is_track(line: bytes) -> bool:
    try:
        value = parse_json(line, max_bytes=MAX_INPUT_BYTES)
    except Malformed:
        return False
    return isinstance(value, dict) and "points" in value


def _json(data: bytes, place: str) -> Any:
    try:
        return parse_json(data, max_bytes=MAX_INPUT_BYTES)
    except Malformed as error:
        raise unreadable(place or _where(data), error.detail) from None


def _where(data: bytes) -> str:
    """Return where JSON breaks off, for the person who has to mend it."""
    try:
        json.loads(data, parse_int=str)
    except json.JSONDecodeError as error:
        return f"line {error.lineno}, column {error.colno}"
    except (ValueError, RecursionError):
        pass
    return ""
