"""Cursor-on-Target: what TAK is told of a conflict, read by TAK's own libraries, and that it goes stale by itself."""

import contextlib
import json
import math
import socket
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import takproto
from keepclear.cli.cot.events import FREEFORM, MARKER, MOST_POINTS, events_of, gone
from keepclear.cli.cot.feed import AGAIN_S, GONE_TIMES, Feed
from keepclear.cli.cot.shapes import circle_around, distance_m, ring_of
from keepclear.desk.picture import FRESH_S
from keepclear_protocol.instant import SECOND, parse_instant
from keepclear_protocol.outline import Circle, Corridor, Polygon
from support.boards import ANSWERED, NOW, conflict, picture
from support.desks import Lied, Line, alerts
from support.nursery import Lifeline
from support.officer import Officer
from support.world import box

PATHS = (
    ((48.0, 2.0), (48.5, 2.0)),
    ((48.0, 2.0), (48.5, 2.0), (48.5, 3.0), (48.0, 3.0)),
    ((48.0, 2.0), (48.3, 2.3), (48.0, 2.6), (48.3, 2.9)),
    ((-60.0, 179.5), (-60.2, -179.5), (-60.4, 179.0)),
    ((0.0, 0.0), (0.0, 0.5), (0.0, 0.0)),
)


def inside(ring: tuple[tuple[float, float], ...], lat: float, lng: float) -> bool:
    """Whether the ring winds around a place: by the turn of the way to its points, on a plane."""
    turned = 0.0
    scale = math.cos(math.radians(lat))
    ways = [math.atan2(((b - lng + 180) % 360 - 180) * scale, a - lat) for a, b in (*ring, ring[0])]
    for one, other in pairwise(ways):
        turned += (other - one + math.pi) % (2 * math.pi) - math.pi
    return abs(turned) > math.pi


@pytest.mark.parametrize("path", PATHS)
def test_a_corridors_ring_leaves_out_nothing_of_it(path: tuple[tuple[float, float], ...]) -> None:
    width_m = 4000.0
    ring = ring_of(Corridor(path, width_m))
    for (lat, lng), (to_lat, to_lng) in pairwise(path):
        across = (to_lng - lng + 180) % 360 - 180
        for part in range(11):
            middle = lat + (to_lat - lat) * part / 10, (lng + across * part / 10 + 540) % 360 - 180
            for way in range(0, 360, 30):
                north, east = math.cos(math.radians(way)) * 0.99, math.sin(math.radians(way)) * 0.99
                far = width_m / 111_320
                at = middle[0] + north * far, middle[1] + east * far / math.cos(math.radians(middle[0]))
                assert inside(ring, *at), (middle, way)
    for point in ring:
        assert min(distance_m(point, each) for each in dense(path)) < width_m * 1.05


def dense(path: tuple[tuple[float, float], ...]) -> list[tuple[float, float]]:
    found = []
    for (lat, lng), (to_lat, to_lng) in pairwise(path):
        across = (to_lng - lng + 180) % 360 - 180
        found += [(lat + (to_lat - lat) * n / 200, (lng + across * n / 200 + 540) % 360 - 180) for n in range(201)]
    return found


def test_a_circle_around_leaves_out_nothing() -> None:
    ring = tuple((48 + math.sin(n / 50), 2 + math.cos(n / 50)) for n in range(300))
    center, radius_m = circle_around(ring)
    assert all(distance_m(center, point) <= radius_m for point in ring)
    assert ring_of(Circle((1.0, 2.0), 9.0)) == ((1.0, 2.0),) and ring_of(Polygon(ring[:3])) == ring[:3]


def read(xml: bytes | str) -> ElementTree.Element:
    return ElementTree.fromstring(xml)  # noqa: S314 - our own


def told(events: Any, heard_at: int = NOW, now: int = NOW) -> list[ElementTree.Element]:
    return [read(event.xml(heard_at, now)) for event in events]


def test_a_conflict_is_a_marker_and_the_shapes_that_were_disclosed(tmp_path: Path) -> None:
    lied = Lied(tmp_path)
    (view,) = lied.south.picture().conflicts
    record = lied.south.record(view.conflict)
    marker, *shapes = told(events_of(view, record, lied.now))
    assert marker.get("type") == MARKER and marker.get("uid") == f"keepclear.{view.conflict}"
    assert len(shapes) == len(record.their_volumes) == 1 and shapes[0].get("type") == FREEFORM
    points = [link.get("point") for link in shapes[0].iter("link")]
    assert len(points) == 5 and points[0] == points[-1]
    assert {point for point in points if point} == {
        f"{lat:.7f},{lng:.7f}" for lat, lng in record.their_volumes[0].outline.vertices
    }
    remarks = marker.findtext("detail/remarks") or ""
    assert view.code in remarks and "north" in remarks and "52." not in " ".join(map(str, points))
    lied.south.close()


def test_hostile_words_stay_words() -> None:
    nasty = '</remarks><event uid="x"/>\u202e\x00\ud800&<>"' + "A" * 10_000
    view = conflict(own_callsign=nasty, party="south", category=nasty)
    (marker,) = told(events_of(view, None, NOW))
    assert [element.tag for element in marker.iter()].count("event") == 1
    assert "\u202e" not in ElementTree.tostring(marker, "unicode")
    assert len(ElementTree.tostring(marker)) < 8_000
    assert list(events_of(conflict(where=None), None, NOW)) == []


def test_what_has_too_many_points_is_drawn_as_the_circle_around(tmp_path: Path) -> None:
    line = Line(tmp_path)
    south, steps = line.desk("south"), 2 * MOST_POINTS
    many = box()
    ring = [(48 + math.sin(n * math.tau / steps) / 20, 2 + math.cos(n * math.tau / steps) / 20) for n in range(steps)]
    many["volume"]["outline_polygon"]["vertices"] = [{"lat": round(a, 7), "lng": round(b, 7)} for a, b in ring]
    south.file([box()], "transport")
    raw = line.world.submission("north", many)
    assert line.mediator._admit("/v1/notices", raw).status_code == 201
    (event,) = alerts(line.watched(south))
    assert event.alert is not None
    record = south.record(event.alert.conflict)
    _, shape = told(events_of(record.view, record, line.now))
    ellipse = shape.find("detail/shape/ellipse")
    assert shape.get("type") == "u-d-c-c" and ellipse is not None
    assert 5_500 < float(ellipse.get("major") or 0) < 6_500
    south.close()


def test_a_feed_sends_what_changed_at_once_all_else_in_rounds_and_nothing_while_nothing_is_heard() -> None:
    asked = 0

    def record(_: str) -> None:
        nonlocal asked
        asked += 1

    feed, view, now = Feed(record), conflict(), NOW

    def due(views: Any, heard_at: int | None, at: int) -> list[ElementTree.Element]:
        return [read(xml) for xml in feed.due(picture(*views), heard_at, at)]

    assert due([view], None, now) == []
    (first,) = due([view], now, now)
    assert parse_instant(first.get("stale")) == now + FRESH_S * SECOND
    assert due([view], now + SECOND, now + SECOND) == []
    later = now + AGAIN_S * SECOND
    assert len(due([view], later, later)) == 1
    # The link is down: nothing keeps it fresh.
    for second in range(1, 60):
        assert due([view], later, later + second * SECOND) == []
    back = later + 60 * SECOND
    answered = conflict(conflict=view.conflict, **ANSWERED)
    (again,) = due([answered], back, back)
    assert again.get("uid") == first.get("uid") and asked == 3
    closed = conflict(conflict=view.conflict, state="CLOSED", unanswered=False)
    (over,) = due([closed], back, back + SECOND)
    assert over.get("type") == "t-x-d-d" and over.find("detail/link").get("uid") == first.get("uid")  # type: ignore[union-attr]
    left = 0
    for number in range(1, 2 * GONE_TIMES):
        at = back + number * AGAIN_S * SECOND
        left += len(due([closed], at, at))
    assert left == GONE_TIMES - 1


def test_tak_reads_what_is_sent(tmp_path: Path) -> None:
    lied = Lied(tmp_path)
    (view,) = lied.south.picture().conflicts
    for event in (*events_of(view, lied.south.record(view.conflict), lied.now), gone("keepclear.x")):
        xml = event.xml(lied.now, lied.now)
        taken = takproto.parse_proto(takproto.xml2proto(xml)).cotEvent
        element = read(xml)
        point = element.find("point")
        assert point is not None
        assert (taken.uid, taken.type, taken.how) == (event.uid, element.get("type"), "m-g")
        assert (taken.lat, taken.lon) == (float(point.get("lat") or 0), float(point.get("lon") or 0))
        assert taken.staleTime == (lied.now + FRESH_S * SECOND) // 1000
        detail = element.find("detail")
        assert detail is not None and (detail.findtext("remarks") or "") in taken.detail.xmlDetail + str(taken)
    lied.south.close()


def test_datagrams_and_lines_reach_a_receiver(line: Lifeline, tmp_path: Path) -> None:
    north = Officer(line.world, tmp_path, "north", line.url)
    line.file("south", box(48.05))
    code, _, _ = north.type("submit", "-", "--category", "transport", "--callsign", "N1", stdin=json.dumps([box()]))
    assert code == 3
    with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as tak:
        tak.bind(("127.0.0.1", 0))
        tak.settimeout(10)
        code, _, talk = north.read("cot", "--to", f"udp://127.0.0.1:{tak.getsockname()[1]}", "--for", "2")
        assert code == 0, talk
        uids = {read(tak.recv(65_536)).get("uid") for _ in range(2)}
        assert len(uids) == 2
    code, shown, talk = north.read("cot", "--to", "-", "--for", "1")
    assert code == 0 and {read(row).get("uid") for row in shown.splitlines()} == uids, talk
    for wrong in ("http://127.0.0.1:1", "udp://127.0.0.1", "udp://127.0.0.1:0x1", "tcp://127.0.0.1:1/x", ""):
        assert north.read("cot", "--to", wrong)[0] == 2, wrong
    code, _, talk = north.read("cot", "--to", "tcp://127.0.0.1:9", "--for", "1")
    assert code == 0 and "TAK is not reached" in talk
