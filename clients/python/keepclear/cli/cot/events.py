"""Conflicts as Cursor-on-Target events, for TAK: a marker where the two sides meet, and the shapes that were disclosed.

Guaranteed: an event says nothing that the picture does not; of the other side exactly what was disclosed. It goes stale
``FRESH_S`` after the hotline was last heard, and not after it was sent: while the link is down nothing is kept fresh,
and TAK shows it as old. Text from elsewhere is harmless (``plain``). Not guaranteed: that silence is safety, here even
less than on a screen of ours, since TAK says nothing of a feed that has stopped.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree

from keepclear_protocol.instant import SECOND, format_instant
from keepclear_protocol.outline import Circle, Position
from keepclear_protocol.separation import Severity
from keepclear_protocol.volume import Volume

from keepclear.desk.picture import FRESH_S
from keepclear.desk.record import ConflictRecord
from keepclear.desk.views import ConflictView

from ..lines import conflict_line
from ..plain import foreign, plain
from ..words import band
from .shapes import WIDER, circle_around, ring_of

MOST_SHAPES = 24
"""Of one conflict, the worst pairs first; more would be one blot. How many there are stands in the remarks."""

MOST_POINTS = 250
"""Of one shape: some twelve kilobytes of XML. What has more is drawn as its circle around."""

MARKER, FREEFORM, CIRCLE, DELETE = "b-m-p-s-m", "u-d-f", "u-d-c-c", "t-x-d-d"
"""Types of TAK's: a spot on the map, a drawn outline, a drawn circle, and that an event is no more."""

UNKNOWN = "9999999.0"
"""What CoT writes for a height or an error that nobody knows."""

HEAD = b"<?xml version='1.0' encoding='UTF-8' standalone='yes'?>\n"
RED, YELLOW = 0xFFFF0000, 0xFFFFFF00
FILLED = 0x30FFFFFF


@dataclass(frozen=True, slots=True)
class CotEvent:
    """One event: its uid, and its XML but for the times, which each sending sets."""

    uid: str
    element: ElementTree.Element

    def xml(self, heard_at: int, now: int) -> bytes:
        """Return the event as it is sent at ``now``, where the hotline was last heard ``heard_at``."""
        at = format_instant(now // 1000 * 1000)
        heard = heard_at // 1000 * 1000
        times = {"time": at, "start": at, "stale": format_instant(heard + int(FRESH_S * SECOND))}
        self.element.attrib |= times
        return HEAD + ElementTree.tostring(self.element)


def events_of(view: ConflictView, record: ConflictRecord | None, now: int) -> Iterator[CotEvent]:
    """Return the events of one conflict: first its marker, where it has a place, then the shapes."""
    uid, words = f"keepclear.{view.conflict}", conflict_line(view, now)
    shown = () if record is None else record.their_volumes
    where = view.where or next((ring_of(one.outline)[0] for one in shown), None)
    if where is None:
        return
    title = f"{view.code} {foreign(view.own_callsign, 'our flight')}"
    yield _event(uid, MARKER, where, title, words, view)
    pairs = () if record is None else record.pairs
    volumes = list(dict.fromkeys(pair.theirs for pair in pairs if pair.theirs is not None))
    for number, volume in enumerate(volumes[:MOST_SHAPES]):
        heights = band(volume.lower_m, volume.upper_m, str(volume.reference))
        left = f"; {len(volumes) - MOST_SHAPES} more are not drawn" if len(volumes) > MOST_SHAPES else ""
        named = f"{view.code} {plain(view.party)} {heights}"
        yield _shape(f"{uid}.{number}", volume, named, f"{words}{left}", view)


def gone(uid: str, where: Position = (0.0, 0.0)) -> CotEvent:
    """Return that an event is no more."""
    event = _bare(f"{uid}.gone", DELETE, where)
    detail = ElementTree.SubElement(event, "detail")
    ElementTree.SubElement(detail, "link", uid=uid, relation="p-p", type="none")
    ElementTree.SubElement(detail, "__forcedelete")
    return CotEvent(f"{uid}.gone", event)


def _shape(uid: str, volume: Volume, title: str, words: str, view: ConflictView) -> CotEvent:
    outline, ring = volume.outline, ring_of(volume.outline)
    if isinstance(outline, Circle) or len(ring) > MOST_POINTS:
        center, radius_m = circle_around(ring)
        if isinstance(outline, Circle):
            center, radius_m = outline.center, outline.radius_m * WIDER
        made = _event(uid, CIRCLE, center, title, words, view)
        shape = ElementTree.SubElement(_detail(made), "shape")
        size = f"{radius_m:.1f}"
        ElementTree.SubElement(shape, "ellipse", major=size, minor=size, angle="360")
        return made
    made = _event(uid, FREEFORM, ring[0], title, words, view)
    for lat, lng in (*ring, ring[0]):
        ElementTree.SubElement(_detail(made), "link", point=f"{lat:.7f},{lng:.7f}")
    return made


def _event(uid: str, kind: str, where: Position, title: str, words: str, view: ConflictView) -> CotEvent:
    event = _bare(uid, kind, where)
    detail = ElementTree.SubElement(event, "detail")
    ElementTree.SubElement(detail, "contact", callsign=plain(title))
    colour = RED if view.severity == Severity.OVERLAP or view.alarm else YELLOW
    if kind == MARKER:
        ElementTree.SubElement(detail, "color", argb=_signed(colour))
        ElementTree.SubElement(detail, "usericon", iconsetpath=f"COT_MAPPING_SPOTMAP/{MARKER}/{_signed(colour)}")
    else:
        ElementTree.SubElement(detail, "strokeColor", value=_signed(colour))
        ElementTree.SubElement(detail, "strokeWeight", value="4.0")
        ElementTree.SubElement(detail, "fillColor", value=_signed(colour & FILLED))
        ElementTree.SubElement(detail, "labels_on", value="true")
    ElementTree.SubElement(detail, "remarks").text = words
    return CotEvent(uid, event)


def _bare(uid: str, kind: str, where: Position) -> ElementTree.Element:
    event = ElementTree.Element("event", {"version": "2.0", "uid": uid, "type": kind, "how": "m-g"})
    lat, lng = f"{where[0]:.7f}", f"{where[1]:.7f}"
    # Heights stand in the words: a flight level is no height above the ellipsoid.
    ElementTree.SubElement(event, "point", {"lat": lat, "lon": lng, "hae": UNKNOWN, "ce": UNKNOWN, "le": UNKNOWN})
    return event


def _detail(event: CotEvent) -> ElementTree.Element:
    found = event.element.find("detail")
    assert found is not None  # noqa: S101 - for the type checker; every event is made with one
    return found


def _signed(argb: int) -> str:
    """Return a colour as TAK writes it: a signed number of 32 bits."""
    return str(argb - (1 << 32) if argb >= 1 << 31 else argb)
