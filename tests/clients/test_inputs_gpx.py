"""GPX: a track is a flight; a route is one only with what the officer says."""

import gpxpy
import pytest
from support.samples import AFTERNOON, LOW, band, flights, path, refused, sample, width_m, window

POINT = '<trkpt lat="47" lon="8"><time>2026-11-22T14:00:00Z</time></trkpt>'


def gpx(inner: str) -> bytes:
    return f'<gpx version="1.1"><trk>\n<trkseg>\n{inner}</trkseg></trk></gpx>'.encode()


def test_a_track_of_a_receiver() -> None:
    (flight,) = flights("gpx/garmin-track.gpx")
    assert flight.callsign == "HB-PGA"
    assert window(flight.volumes[0])[0] == "2026-11-22T08:59:30Z"
    assert window(flight.volumes[-1])[1] == "2026-11-22T09:06:50Z"
    assert {band(volume)[2] for volume in flight.volumes} == {"AMSL"}
    lows, tops = zip(*(band(volume)[:2] for volume in flight.volumes), strict=True)
    assert min(lows) <= 512.31 / 0.3048 - 100
    assert max(tops) >= 1502.5 / 0.3048 + 100
    assert flight.notes[:2] == [
        "elevations are taken as above mean sea level; GPX names no datum, and some receivers write W84",
        "2 segments are one flight",
    ]
    assert "1 gap bridged" in flight.notes[2]
    assert flight.notes[-1] == "left out: 1 waypoints"


def test_a_track_without_elevations_needs_a_band() -> None:
    assert "line 9, trk: no altitude in it, so it needs --lower" in refused("gpx/foreflight-tracklog.gpx")
    first, second = flights("gpx/foreflight-tracklog.gpx", **LOW)
    assert first.callsign is None
    assert band(first.volumes[0])[2] == "AMSL"
    assert [band(volume) for volume in second.volumes] == [(-450, 2896, "AMSL", "M")] * len(second.volumes)


def test_a_route_needs_all_that_it_does_not_say() -> None:
    name = "gpx/skydemon-route.gpx"
    assert "a route has no times, so it needs --from and --to" in refused(name)
    assert "so it needs --lower" in refused(name, **AFTERNOON)
    assert "so it needs --half-width" in refused(name, **AFTERNOON, **LOW)
    (flight,) = flights(name, **AFTERNOON, **LOW, route_half_width_m=1852.0)
    (volume,) = flight.volumes
    assert path(volume)[0] == (46.9122, 7.4992)
    assert path(volume)[-1] == (46.5341, 9.8841)
    assert 1852 < width_m(volume) < 1855
    assert window(volume) == ("2026-11-22T14:00:00Z", "2026-11-22T15:00:00Z")
    assert "from the ground" in flight.notes[0]


@pytest.mark.parametrize("name", ["garmin-track", "foreflight-tracklog"])
def test_every_point_that_another_reader_finds_is_claimed(name: str) -> None:
    theirs = gpxpy.parse(sample(f"gpx/{name}.gpx").decode())
    ours = flights(f"gpx/{name}.gpx", **LOW)
    for track, flight in zip(theirs.tracks, ours, strict=True):
        ends = {end for volume in flight.volumes for end in path(volume)}
        points = [point for segment in track.segments for point in segment.points]
        assert {(points[0].latitude, points[0].longitude), (points[-1].latitude, points[-1].longitude)} <= ends
        for point in points:
            assert point.time is not None
            at = point.time.strftime("%Y-%m-%dT%H:%M:%S")
            assert any(window(volume)[0] <= at <= window(volume)[1] for volume in flight.volumes)


@pytest.mark.parametrize(
    ("inner", "told"),
    [
        ('<trkpt lat="91" lon="8"/>', "needs --from"),
        (POINT + '\n<trkpt lat="91" lon="8"><time>2026-11-22T14:00:00Z</time></trkpt>', "line 4, trkpt: lat 91"),
        (POINT + '\n<trkpt lat="47" lon="8"/>', "line 4, trkpt: no time, though 1 of 2 points have one"),
        (POINT + '\n<trkpt lon="8"><time>2026-11-22T14:00:00Z</time></trkpt>', "lat and lon must be numbers"),
        (POINT.replace("14:00", "25:00"), "there is no such date or time"),
        (POINT.replace("</trkpt>", "<ele>nan</ele></trkpt>"), "line 3, trkpt ele: 'nan' is not an altitude"),
        (POINT.replace("</trkpt>", "<ele>1e400</ele></trkpt>"), "is not an altitude"),
        (POINT.replace("</trkpt>", "<ele>5</ele></trkpt>") + POINT, "1 of 2 points have no altitude"),
        ("", "line 1, trk: a track without points"),
    ],
)
def test_a_fault_is_named_with_its_place(inner: str, told: str) -> None:
    assert told in refused(gpx(inner))


def test_no_track_at_all() -> None:
    assert "no track and no route in it, 1 waypoints" in refused(b'<gpx><wpt lat="1" lon="2"/></gpx>')
