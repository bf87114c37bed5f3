"""GPX: every track is a flight, its segments together; waypoints are left out.

Times are UTC, as GPX has it, and elevations metres above the sea: GPX names no datum, and receivers write the geoid's
height or, some, the ellipsoid's, up to 110 m apart; a note says so. A route, and a track without times, is a line that
was planned: it is read where the officer gives window and half-width. A route point's own time is when it was made.
"""

from dataclasses import replace
from itertools import pairwise

from .altitude import Band
from .asked import asked_band, asked_half_width_m, asked_window
from .content import Content
from .drawn import Edge, checked_volumes, corridors, merged, wrapped
from .flight import MAX_VERTICES, Flight, Options, unreadable
from .moments import instant_of
from .recorded import Moment, metres_of, named_callsign, recorded
from .sphere import Position
from .xmltree import Element, parse_xml, root_name

_DATUM = "elevations are taken as above mean sea level; GPX names no datum, and some receivers write W84"


def recognise(content: Content) -> bool:
    """Whether the first element is ``gpx``."""
    return root_name(content.data) == "gpx"


def read(content: Content, options: Options) -> list[Flight]:
    """Return the flights of a GPX file; raise ``LocalError`` with ``input_file``."""
    root = parse_xml(content.data)
    flights = [_track(track, options) for track in root.all("trk")]
    flights += [_line(route, route.all("rtept"), "a route has no times", options) for route in root.all("rte")]
    waypoints = len(root.all("wpt"))
    if not flights:
        raise unreadable("", f"no track and no route in it, {waypoints} waypoints")
    if waypoints:
        flights[0] = replace(flights[0], notes=[*flights[0].notes, f"left out: {waypoints} waypoints"])
    return flights


def _track(track: Element, options: Options) -> Flight:
    segments = track.all("trkseg")
    points = [point for segment in segments for point in segment.all("trkpt")]
    if not points:
        raise unreadable(track.place, "a track without points")
    timed = [point for point in points if point.said("time")]
    if not timed:
        return _line(track, points, "a track without times", options)
    if len(timed) < len(points):
        missing = next(point for point in points if not point.said("time"))
        raise unreadable(missing.place, f"no time, though {len(timed)} of {len(points)} points have one")
    moments = [
        Moment(instant_of(point.said("time"), f"{point.place} time", utc=True), _position(point), _metres(point))
        for point in points
    ]
    notes = [_DATUM] if any(moment.metres is not None for moment in moments) else []
    if len(segments) > 1:
        notes.append(f"{len(segments)} segments are one flight")
    return recorded(moments, "AMSL", named_callsign(track.said("name")), options, track.place, notes)


def _line(holder: Element, points: list[Element], what: str, options: Options) -> Flight:
    if len(points) > MAX_VERTICES:
        raise unreadable(holder.place, f"{len(points)} points; a notice has at most {MAX_VERTICES}")
    window = asked_window(options, holder.place, what)
    band = asked_band(options, holder.place, "the altitudes of a line without times are no plan")
    width = asked_half_width_m(options, holder.place)
    notes: list[str] = []
    line = merged([_position(point) for point in points], holder.place, notes)
    if len(line) < 2:
        raise unreadable(holder.place, "a line has two points or more")
    if any(point.said("ele") for point in points):
        notes.append(f"{holder.place}: elevations are left out, the band is the one that was given")
    if band.note:
        notes.append(f"{holder.place}: {band.note}")
    volumes = corridors([Edge(a, b, _bare(band)) for a, b in pairwise(line)], width, window, holder.place)
    return Flight(named_callsign(holder.said("name")), checked_volumes(volumes, holder.place), notes, holder.place)


def _bare(band: Band) -> Band:
    return replace(band, note=None)


def _position(point: Element) -> Position:
    try:
        lat, lng = float(point.attributes["lat"]), float(point.attributes["lon"])
    except (KeyError, ValueError):
        raise unreadable(point.place, "lat and lon must be numbers in degrees") from None
    if not (-90 <= lat <= 90 and -180 <= lng <= 180):
        raise unreadable(point.place, f"lat {lat:g}, lon {lng:g} is not on Earth")
    return wrapped(lat, lng)


def _metres(point: Element) -> float | None:
    text = point.said("ele")
    return metres_of(text, f"{point.place} ele") if text else None
