"""A flight as an input file gives it: Volume4D objects in F3548's JSON, and what must be said aloud about them.

Every reader of a format ends here. What cannot be read is one ``LocalError`` with ``input_file`` that names the place
in the file; nothing is repaired silently, and what was changed on the way stands in the flight's notes.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeGuard

from keepclear_protocol.errors import KeepclearError, LocalError
from keepclear_protocol.instant import SECOND, format_instant, parse_instant
from keepclear_protocol.separation import WORLDWIDE, Uncertainty
from keepclear_protocol.volume import parse_volume

LATEST = 253_402_300_799 * SECOND
"""The last second of the year 9999: RFC 3339 has four digits for a year."""

MAX_VOLUMES = 500
MAX_VERTICES = 5_000
"""A notice's limits (design section 3): what is larger would be refused after it was signed."""

VolumeJson = dict[str, Any]
"""One Volume4D as F3548's JSON writes it."""


@dataclass(frozen=True, slots=True)
class Margins:
    """What a reader of recorded tracks claims beyond what was flown, on every volume.

    To either side, below and above, before and after.
    """

    half_width_m: float
    band_ft: float
    time_s: float


@dataclass(frozen=True, slots=True)
class Flight:
    """What one notice will claim.

    ``volumes`` are Volume4D objects in F3548's JSON, each of them one that ``parse_volume`` takes. ``notes`` are plain
    sentences about what the reader did or left out, to be shown before anything is signed. ``place`` is where in its
    file the flight stands, such as ``line 3``; a file that is one flight has none to tell. ``margins`` are those that
    the reader added; None where the file itself says what is claimed.
    """

    callsign: str | None
    volumes: list[VolumeJson]
    notes: list[str] = field(default_factory=list)
    place: str = ""
    margins: Margins | None = None


@dataclass(frozen=True, slots=True)
class Altitude:
    """An altitude as it was written: a number of ``units`` (M, FT or FL) above ``reference`` (W84, AMSL, AGL or FL)."""

    value: float
    reference: str
    units: str


@dataclass(frozen=True, slots=True)
class Options:
    """How input is read.

    Of recorded tracks: a leg lasts at most ``leg_s``, is at most ``leg_m`` long and climbs or sinks ``leg_ft``, and
    claims ``margin_s`` before and after, ``half_width_m`` to either side and ``band_margin_ft`` below and above. A gap
    in reception up to ``gap_s`` is bridged. A flight has at most ``max_legs`` legs; where it would have more, all of
    its legs grow alike.

    Of formats that do not say it themselves: the window ``start`` to ``end`` (instants), the band ``lower`` to
    ``upper``, the ``route_half_width_m`` of a line that was drawn or planned, the ``route_margin_s`` by which a planned
    flight may be early or late, the positions of named ``points``, and the ``reference`` of a table's altitudes. What
    is missing is asked for, never guessed.
    ``uncertainty`` bounds the offset between two references where a file's band has both.

    ``shift_s`` moves every time of every format, by whole seconds.
    """

    leg_s: int = 60
    leg_m: float = 2_500.0
    leg_ft: float = 300.0
    margin_s: int = 30
    half_width_m: float = 926.0
    band_margin_ft: int = 100
    shift_s: int = 0
    gap_s: int = 900
    max_legs: int = 500
    start: int | None = None
    end: int | None = None
    lower: Altitude | None = None
    upper: Altitude | None = None
    route_half_width_m: float | None = None
    route_margin_s: int | None = None
    points: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    reference: str | None = None
    uncertainty: Uncertainty = WORLDWIDE

    def __post_init__(self) -> None:
        legs = self.leg_s, self.leg_m, self.leg_ft, self.max_legs
        sizes = (*legs, self.margin_s, self.half_width_m, self.band_margin_ft)
        if not all(0 < size < 1_000_000 for size in sizes) or not self.leg_s <= self.gap_s < 1_000_000:
            raise LocalError(
                "usage", "a track's leg, margins, width and legs must be above zero, its gap no less than a leg"
            )
        if self.start is not None and self.end is not None and self.start >= self.end:
            raise LocalError("usage", "the window must end after its start", hint="--from comes before --to")


def unreadable(place: str, detail: str, *, hint: str = "") -> LocalError:
    """Return the error that says what is wrong with the input, and where in it."""
    return LocalError("input_file", f"{place}: {detail}" if place else detail, hint=hint)


def is_number(value: object) -> TypeGuard[int | float]:
    """Whether a JSON value is a finite number; true and false are none, though Python counts with them."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def is_text(value: object) -> TypeGuard[str]:
    """Whether a JSON value is a text of whole letters: half a surrogate pair can be neither signed nor shown."""
    return isinstance(value, str) and not any("\ud800" <= letter <= "\udfff" for letter in value)


def checked(
    volumes: Iterable[VolumeJson], place: str, *, hint: str = "", hints: Mapping[str, str] | None = None
) -> list[VolumeJson]:
    """Return the volumes after ``parse_volume`` took each; raise ``LocalError`` naming the first that it refuses.

    ``hints`` are those of a format, by code, where the wire's own would lead astray; ``hint`` is for all others.
    """
    found = list(volumes)
    for number, volume in enumerate(found, start=1):
        try:
            parse_volume(volume)
        except KeepclearError as error:
            where = f"{place}, volume {number}" if place else f"volume {number}"
            better = (hints or {}).get(error.code) or error.hint or hint
            raise unreadable(where, f"{error.detail} ({error.code})", hint=better) from None
    return found


def shifted(volume: VolumeJson, shift_s: int) -> VolumeJson:
    """Return a checked volume with both its times moved by ``shift_s`` seconds."""
    times = {}
    for name, up in (("time_start", False), ("time_end", True)):
        instant = parse_instant(volume[name]["value"], up=up) + shift_s * SECOND
        if not 0 <= instant <= LATEST:
            raise LocalError("usage", f"a shift of {shift_s} s moves a time out of the years 1970 to 9999")
        times[name] = {"value": format_instant(instant), "format": "RFC3339"}
    return {**volume, **times}
