"""What a Placemark of KML says in TimeSpan, TimeStamp and ExtendedData, with the officer's options where it is silent.

Data named as in ``DATA`` give callsign, band, width and window in the spellings of the options; all other data are left
out. A time without a zone is no instant, and a TimeStamp has no length: both ask for ``--from`` and ``--to``.
"""

from collections.abc import Sequence
from dataclasses import replace

from keepclear_protocol.errors import LocalError

from .altitude import parse_altitude
from .asked import asked_window, read_length_m
from .drawn import Window
from .flight import Altitude, Options, unreadable
from .moments import has_zone, instant_of
from .xmltree import Element

DATA = {
    "callsign": ("callsign", "acid", "aircraft identification", "flight"),
    "lower": ("lower", "floor", "altitude lower", "lower limit", "lowerlimit", "base"),
    "upper": ("upper", "ceiling", "altitude upper", "upper limit", "upperlimit", "top"),
    "half_width": ("half width", "halfwidth"),
    "radius": ("radius",),
    "start": ("time start", "start", "from", "begin", "valid from"),
    "end": ("time end", "end", "to", "valid to", "valid until"),
}
"""Names of data that are read, small letters, with blanks for underscores."""

Data = dict[str, tuple[str, str]]
"""What the data of a Placemark say, by their meaning: a text and its place."""

_MEANT = {name: meant for meant, names in DATA.items() for name in names}


def data_of(placemark: Element, left_out: set[str]) -> Data:
    """Return the data that are read, by their meaning, each with its place; the other names go to ``left_out``."""
    found: Data = {}
    holder = placemark.child("ExtendedData")
    if holder is None:
        return found
    for element in holder.walk():
        if element.name not in ("Data", "SimpleData"):
            continue
        name = element.attributes.get("name", "")
        text = (element.said("value") if element.name == "Data" else element.text).strip()
        meant = _MEANT.get(" ".join(name.lower().replace("_", " ").split()))
        if meant is None:
            left_out.add(name[:40])
        elif text:
            if meant in found:
                raise unreadable(element.place, f"{name!r:.40} is said twice")
            found[meant] = text, f"{element.place} {name!r:.40}"
    return found


def options_of(data: Data, options: Options) -> Options:
    """Return the options with what the data say put before them; raise ``LocalError`` with ``input_file``."""
    said: dict[str, object] = {name: found for name, found in band_of(data).items() if found is not None}
    for name, member in (("half_width", "route_half_width_m"), ("start", "start"), ("end", "end")):
        if name in data:
            text, place = data[name]
            said[member] = length_m(text, place) if name == "half_width" else instant_of(text, place)
    try:
        return replace(options, **said)  # type: ignore[arg-type]
    except LocalError as error:
        raise unreadable(next(iter(data.values()))[1], error.detail) from None


def band_of(data: Data) -> dict[str, Altitude | None]:
    """Return the ends of the band that the data say, None for one without limit; raise ``LocalError``."""
    return {name: parse_altitude(*data[name]) for name in ("lower", "upper") if name in data}


def track_options(data: Sequence[Data], own: Window, level: bool, options: Options) -> Options:
    """Return the options for a recorded track: its data may widen it, and say the band of a ``level`` one.

    ``own`` is the time that was recorded; a level track has no altitudes of its own. Raises ``LocalError`` where the
    data say more than the track has.
    """
    found = options
    for one in data:
        told = options_of(one, options)
        if "half_width" in one and told.route_half_width_m is not None:
            found = replace(found, half_width_m=max(found.half_width_m, told.route_half_width_m))
        for name, at in (("start", told.start), ("end", told.end)):
            if name in one and at is not None and not own[0] <= at <= own[1]:
                raise unreadable(one[name][1], "the track itself has other times, and both cannot be claimed")
        if band_of(one) and not level:
            raise unreadable(next(iter(one.values()))[1], "the track itself has altitudes, and its data give others")
        if band_of(one) != band_of(data[0]):
            raise unreadable(next(iter(one.values()))[1], "points of one track have different bands in their data")
        found = replace(found, lower=told.lower, upper=told.upper)
    return found


def length_m(text: str, place: str) -> float:
    """Return the metres of a length in a file; raise ``LocalError`` with ``input_file``."""
    try:
        return read_length_m(text, place)
    except LocalError as error:
        raise unreadable("", error.detail, hint=error.hint) from None


def time_of(ancestry: Sequence[Element]) -> Element | None:
    """Return the nearest TimeSpan or TimeStamp of an element and those that hold it."""
    for element in reversed(ancestry):
        for name in ("TimeSpan", "TimeStamp"):
            if (found := element.child(name)) is not None:
                return found
    return None


def stamp_of(placemark: Element) -> int | None:
    """Return the instant of a Placemark's own TimeStamp, None where it has none with a zone."""
    stamp = placemark.child("TimeStamp")
    when = stamp.said("when") if stamp is not None else ""
    return instant_of(when, stamp.place) if stamp is not None and has_zone(when) else None


def widest(window: Window, time: Element | None, data: Data) -> Window:
    """Return the window grown to the first and the last instant that TimeSpan and data say."""
    starts, ends = [window[0]], [window[1]]
    for name, element, known in (("start", "begin", starts), ("end", "end", ends)):
        if name in data:
            known.append(instant_of(*data[name]))
        if time is not None and has_zone(text := time.said(element)):
            known.append(instant_of(text, f"{time.place} {element}"))
    return min(starts), max(ends)


def window_of(time: Element | None, options: Options, place: str, notes: list[str]) -> Window:
    """Return the window of a TimeSpan; what it leaves open the options close. Raises ``LocalError``."""
    if time is None:
        return asked_window(options, place)
    if time.name == "TimeStamp":
        return asked_window(options, time.place, "a TimeStamp has no length")
    ends: list[int | None] = []
    for name in ("begin", "end"):
        text = time.said(name)
        if has_zone(text):
            ends.append(instant_of(text, f"{time.place} {name}"))
        else:
            if text:
                notes.append(
                    f"{time.place}: {name} {text!r:.40} has no time zone and is left out: --from and --to hold"
                )
            ends.append(None)
    start = options.start if ends[0] is None else ends[0]
    end = options.end if ends[1] is None else ends[1]
    closed = replace(options, start=start, end=end) if start is None or end is None or start < end else None
    if closed is None:
        raise unreadable(time.place, "the window must end after its start")
    return asked_window(closed, time.place, "its TimeSpan is open, or has no time zone")
