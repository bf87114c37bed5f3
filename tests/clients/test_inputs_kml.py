"""KML and KMZ: what a map program writes becomes volumes, and whatever is lost or lacking is said by its name."""

import io
import warnings
import zipfile
from itertools import pairwise
from typing import Any

import pytest
from keepclear.offline.inputs.flight import Altitude
from support.samples import AFTERNOON, LOW, band, flights, path, refused, ring, sample, width_m, window

BOX = "<Polygon>{}<outerBoundaryIs><LinearRing><coordinates>{}</coordinates></LinearRing></outerBoundaryIs></Polygon>"
RING = "8,47,900 8.1,47,900 8.1,47.1,900 8,47,900"


def kml(shape: str, time: str = "", head: str = "") -> bytes:
    return f"<kml>{head}<Document><Placemark>{time}{shape}</Placemark></Document></kml>".encode()


def kmz(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), data)
    return buffer.getvalue()


def test_areas_drawn_in_google_earth() -> None:
    (flight,) = flights("kml/google-earth-areas.kml")
    box, field = flight.volumes
    assert ring(box) == [(47.1, 8.1), (47.1, 8.4), (47.3, 8.4), (47.3, 8.1)]
    # From the ground, which above the sea may be as low as the Dead Sea's shore; the folder's span, the latter in CET.
    assert band(box) == (-450, 1500, "AMSL", "M")
    assert window(box) == ("2026-11-22T14:00:00Z", "2026-11-22T15:30:00Z")
    assert band(field) == (0, 120, "AGL", "M")
    assert window(field) == ("2026-11-22T14:10:00Z", "2026-11-22T14:40:00Z")
    assert flight.callsign is None
    assert flight.notes == [
        "line 14, Polygon: extruded, so it is claimed from the ground up to 1500 m AMSL",
        "line 14, Polygon: from the ground, which in AMSL may lie as low as -450 m: the band begins there",
        "line 29, Polygon: extruded, so it is claimed from the ground up to 120 m AGL",
        "left out: 1 NetworkLink",
        "left out: 1 Point",
    ]


def test_points_of_a_flight_tracker_are_one_track() -> None:
    (flight,) = flights("kml/flightradar-points.kml")
    assert flight.callsign == "SWR7TK"
    assert path(flight.volumes[0])[0] == (47.48, 8.54)
    assert path(flight.volumes[-1])[-1] == (47.54, 8.635)
    assert {band(volume)[2:] for volume in flight.volumes} == {("AMSL", "FT")}
    assert "3 Points with a TimeStamp are one track" in flight.notes
    assert "left out: 2 LineString that runs through the timed points" in flight.notes
    assert any("pressure altitude" in note for note in flight.notes)


def test_a_track_in_parts() -> None:
    (flight,) = flights("kml/google-earth-track.kml")
    assert flight.callsign == "HB-LTC"
    assert path(flight.volumes[0])[0] == (46.912, 7.499)
    assert window(flight.volumes[0])[0] == "2026-11-22T08:59:30Z"
    assert path(flight.volumes[-1])[-1] == (47.105, 7.91)
    lows, tops = zip(*(band(volume)[:2] for volume in flight.volumes), strict=True)
    assert min(lows) <= 510.2 / 0.3048 - 100
    assert max(tops) >= 1510 / 0.3048 + 100
    assert "2 parts of a MultiTrack are one flight" in flight.notes


def test_a_part_without_a_mode_has_that_of_the_whole() -> None:
    track = "<Track><when>2026-11-22T14:00:00Z</when><coord>8 47 900</coord></Track>"
    (flight,) = flights(kml(f"<MultiTrack><altitudeMode>absolute</altitudeMode>{track}</MultiTrack>"))
    assert band(flight.volumes[0])[2:] == ("AMSL", "FT")


def test_data_give_callsign_band_width_and_window() -> None:
    ferry, orbit = flights("kml/route-with-data.kml")
    assert (ferry.callsign, orbit.callsign) == ("HAWK1", "TANK2")
    assert window(ferry.volumes[0]) == ("2026-11-22T20:00:00Z", "2026-11-22T21:00:00Z")
    assert width_m(ferry.volumes[0]) >= 3704
    assert [band(volume)[:2] for volume in ferry.volumes] == [(2969, 3031), (2969, 5031)]
    assert "left out of the data: pilot" in ferry.notes
    assert orbit.volumes[0]["volume"]["outline_circle"]["radius"]["value"] == 27_780
    assert band(orbit.volumes[0]) == (245, 285, "FL", "FL")


def test_the_same_coordinates_as_another_reader() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from fastkml import KML, Placemark, utils
    tree = KML.from_string(sample("kml/google-earth-areas.kml").decode().split("?>", 1)[1])
    marks: Any = utils.find_all(tree, of_type=Placemark)
    shapes = [mark.geometry for mark in marks]
    theirs = [[(y, x) for x, y, *_ in shape.exterior.coords][:-1] for shape in shapes if hasattr(shape, "exterior")]
    (flight,) = flights("kml/google-earth-areas.kml")
    assert [ring(volume) for volume in flight.volumes] == theirs


ABSOLUTE = "<altitudeMode>absolute</altitudeMode>"


def line(coordinates: str, mode: str = ABSOLUTE, more: str = "") -> str:
    return f"<LineString>{more}{mode}<coordinates>{coordinates}</coordinates></LineString>"


@pytest.mark.parametrize(
    "coordinates",
    [
        "36,34,500 36,34,3000 36.2,34,3000",
        "36,34,3000 36.2,34,3000 36.2,34,500",
        "36,34,100 36.1,34,800 36.1,34.0000001,2500 36.1,34,800 36.2,34,100",
        "36,34,100 36.1,34,800 36,34,2500 36.1,34,4000",
        "36,34,0 36,34,900 36.1,34,900 36.1,34,20 36,34,20 36,34,700",
    ],
)
def test_a_line_claims_every_altitude_at_every_place(coordinates: str) -> None:
    (flight,) = flights(kml(line(coordinates), SPAN), route_half_width_m=100.0)
    for text in coordinates.split():
        lng, lat, metres = map(float, text.split(","))
        there = [
            band(volume)[:2]
            for volume in flight.volumes
            if any(abs(lat - a) < 1e-6 and abs(lng - b) < 1e-6 for a, b in path(volume))
        ]
        assert min(low for low, _ in there) <= metres <= max(top for _, top in there)
    # A climb on the spot is claimed whole, not only its ends.
    bands = sorted(band(volume)[:2] for volume in flight.volumes)
    assert all(b[0] <= a[1] for a, b in pairwise(bands))


def test_a_line_that_is_only_a_climb_is_refused() -> None:
    assert "two positions or more" in refused(kml(line("36,34,0 36,34,900"), SPAN), route_half_width_m=100.0)


def test_a_line_through_timed_points_is_their_picture_only_at_their_altitudes() -> None:
    point = (
        "<Placemark><TimeStamp><when>2026-11-22T14:0{}:00Z</when></TimeStamp>"
        f"<Point>{ABSOLUTE}<coordinates>{{}}</coordinates></Point></Placemark>"
    )
    points = point.format(0, "36,34,500") + point.format(1, "36.01,34,500")
    for shape, time, drawn in (
        (line("36,34,500 36.01,34,500"), "", False),
        (line("36,34 36.01,34", ""), "", False),
        (line("36,34,500 36.01,34,500"), SPAN, True),
        (line("36,34,3000 36.01,34,3000"), SPAN, True),
        (line("36,34,500 36.01,34,500", "<altitudeMode>relativeToGround</altitudeMode>"), SPAN, True),
    ):
        text = f"<kml><Document>{points}<Placemark>{time}{shape}</Placemark></Document></kml>".encode()
        assert len(flights(text, route_half_width_m=100.0)) == 1 + drawn
    higher = f"<kml><Document>{points}<Placemark>{line('36,34,3000 36.01,34,3000')}</Placemark></Document></kml>"
    assert "needs --from and --to" in refused(higher.encode())


@pytest.mark.parametrize(
    "shape",
    [
        line("36,34,1000 36.2,34,1000", more="<gx:altitudeOffset>3000</gx:altitudeOffset>"),
        BOX.format(f"{ABSOLUTE}<altitudeOffset>-1</altitudeOffset><extrude>1</extrude>", RING),
        f"<gx:Track>{ABSOLUTE}<gx:altitudeOffset>9</gx:altitudeOffset>"
        "<when>2026-11-22T14:00:00Z</when><gx:coord>8 47 900</gx:coord></gx:Track>",
    ],
)
def test_an_offset_of_altitudes_is_refused(shape: str) -> None:
    assert "altitudeOffset" in refused(kml(shape, SPAN), route_half_width_m=100.0)


def data(**said: str) -> str:
    values = (f'<Data name="{name}"><value>{text}</value></Data>' for name, text in said.items())
    return f"<ExtendedData>{''.join(values)}</ExtendedData>"


TRACK = f"<gx:Track>{ABSOLUTE}" + "".join(
    f"<when>2026-11-22T14:0{minute}:00Z</when><gx:coord>36.0{minute} 34 1000</gx:coord>" for minute in range(3)
)
TRACK += "</gx:Track>"
SURFACE = BOX.format(ABSOLUTE, RING)
RAISED = BOX.format(f"{ABSOLUTE}<extrude>1</extrude>", RING)


@pytest.mark.parametrize(
    ("shape", "said", "expected"),
    [
        (RAISED, {"ceiling": "4500m AMSL"}, (-450, 4500)),
        (RAISED, {"ceiling": "500m AMSL"}, (-450, 900)),
        (RAISED, {"ceiling": "FL100"}, (-450, 3048 + 2600)),
        (line("36,34,1000 36.2,34,1000"), {"floor": "800m AMSL", "ceiling": "4500m AMSL"}, (800, 4500)),
        (line("36,34,1000 36.2,34,1000"), {"floor": "GND"}, (-450, 1031)),
        (SURFACE, {"floor": "1000m AMSL", "ceiling": "1200m AMSL"}, (900, 1200)),
        (SURFACE, {"floor": "500m AMSL", "ceiling": "800m AMSL"}, (500, 900)),
    ],
)
def test_what_the_data_and_the_shape_say_is_both_claimed(
    shape: str, said: dict[str, str], expected: tuple[float, float]
) -> None:
    (flight,) = flights(kml(data(**said) + shape, SPAN), route_half_width_m=100.0)
    assert band(flight.volumes[0])[:2] == expected


def test_times_of_the_data_and_of_the_span_are_both_claimed() -> None:
    early, late = {"start": "2026-11-22T13:00:00Z"}, {"end": "2026-11-22T16:00:00Z"}
    inner = {"start": "2026-11-22T14:10:00Z", "end": "2026-11-22T14:20:00Z"}
    for said, expected in (
        (early, ("T13:00", "T15:00")),
        (late, ("T14:00", "T16:00")),
        ({**early, **late}, ("T13:00", "T16:00")),
        (inner, ("T14:00", "T15:00")),
    ):
        (flight,) = flights(kml(data(**said) + RAISED, SPAN))
        start, end = window(flight.volumes[0])
        assert (start[10:16], end[10:16]) == expected


def test_data_widen_a_track_or_are_refused() -> None:
    (flight,) = flights(kml(data(half_width="20NM") + TRACK))
    assert all(width_m(volume) >= 37_040 for volume in flight.volumes)
    (flight,) = flights(kml(data(half_width="10m") + TRACK))
    assert all(width_m(volume) >= 926 for volume in flight.volumes)
    inside = data(start="2026-11-22T14:00:00Z", end="2026-11-22T14:02:00Z")
    assert flights(kml(inside + TRACK))
    assert "other times" in refused(kml(data(end="2026-11-22T15:00:00Z") + TRACK))
    assert "has altitudes, and its data give others" in refused(kml(data(ceiling="4500m AMSL") + TRACK))
    band_said = data(floor="FL100", ceiling="FL200")
    (flight,) = flights(kml(band_said + TRACK.replace(ABSOLUTE, "")))
    assert band(flight.volumes[0])[:3] == (100, 200, "FL")


def test_timed_points_of_two_callsigns_are_two_flights() -> None:
    point = (
        "<Placemark><TimeStamp><when>2026-11-22T14:0{0}:00Z</when></TimeStamp>{1}"
        f"<Point>{ABSOLUTE}<coordinates>36.0{{0}},34,500</coordinates></Point></Placemark>"
    )
    said = [data(callsign="AAA1"), data(callsign="BBB2"), data(callsign="AAA1", half_width="9NM")]
    text = "<kml><Document>" + "".join(point.format(*item) for item in enumerate(said)) + "</Document></kml>"
    one, two = flights(text.encode())
    assert (one.callsign, two.callsign) == ("AAA1", "BBB2")
    assert min(width_m(volume) for volume in one.volumes) >= 9 * 1852


def test_two_modes_of_one_shape_are_refused() -> None:
    shape = line(
        "36,34,9 36.2,34,9", "<altitudeMode>clampToGround</altitudeMode><gx:altitudeMode>absolute</gx:altitudeMode>"
    )
    assert "altitudeMode is said twice" in refused(kml(shape, SPAN), route_half_width_m=100.0, **LOW)
    same = line("36,34,9 36.2,34,9", more=ABSOLUTE + "<gx:altitudeOffset>0</gx:altitudeOffset>")
    assert flights(kml(same, SPAN), route_half_width_m=100.0)


SPAN = "<TimeSpan><begin>2026-11-22T14:00:00Z</begin><end>2026-11-22T15:00:00Z</end></TimeSpan>"


@pytest.mark.parametrize(
    ("shape", "time", "asked"),
    [
        (BOX.format("<extrude>1</extrude><altitudeMode>absolute</altitudeMode>", RING), "", "needs --from and --to"),
        (BOX.format("", RING), SPAN, "no altitude (clampToGround), so it needs --lower"),
        (BOX.format("<altitudeMode>absolute</altitudeMode>", RING), SPAN, "needs --lower, --upper or both"),
        ("<LineString><coordinates>8,47 8.1,47</coordinates></LineString>", SPAN, "needs --half-width"),
        (
            BOX.format("", RING),
            SPAN.replace("Z<", "<"),
            "its TimeSpan is open, or has no time zone, so it needs --from",
        ),
        (BOX.format("", RING), SPAN.replace("T15:00:00Z", ""), "so it needs --to"),
        (BOX.format("", RING), "<TimeStamp><when>2026-11-22T14:00:00Z</when></TimeStamp>", "a TimeStamp has no length"),
    ],
)
def test_what_is_lacking_is_asked_for_by_name(shape: str, time: str, asked: str) -> None:
    options = LOW if "--half-width" in asked else {}
    found = refused(kml(shape, time), **options)
    assert asked in found
    assert found.startswith("line 1")


def test_options_fill_gaps_and_override_nothing() -> None:
    shape = BOX.format("<altitudeMode>absolute</altitudeMode>", RING)
    (flight,) = flights(kml(shape, SPAN), lower=Altitude(500, "AMSL", "M"), **{**AFTERNOON, "start": 0})
    assert band(flight.volumes[0]) == (500, 900, "AMSL", "M")
    assert window(flight.volumes[0]) == ("2026-11-22T14:00:00Z", "2026-11-22T15:00:00Z")


def test_a_ring_that_repeats_itself_is_merged_aloud() -> None:
    shape = BOX.format(
        "<extrude>1</extrude><altitudeMode>relativeToGround</altitudeMode>",
        "8,47,9 8,47.00000000002,9 8.1,47,9 8.1,47.1,9 8.1,47.1,9 8,47,9",
    )
    (flight,) = flights(kml(shape, SPAN))
    assert len(ring(flight.volumes[0])) == 3
    assert any("2 of 5 points lie within 5 cm" in note for note in flight.notes)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (kml(BOX.format("", RING), head='<!DOCTYPE a [<!ENTITY b "c">]>'), "not XML"),
        (b'<!DOCTYPE kml [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><kml>&b;</kml>', "line 1: a document type"),
        (b'<!DOCTYPE kml SYSTEM "file:///etc/passwd"><kml/>', "line 1: a document type"),
        (b"<kml>" + b"<Folder>" * 5_000, "nested more than 64 deep"),
        (b"<kml><Document></kml>", "line 1, column 18: not XML: mismatched tag"),
        (b'<?xml version="1.0" encoding="klingon"?><kml/>', "no format that can be read"),
        (b'<kml xmlns="x"><a>\xff</a></kml>', "not XML"),
        (b"<kml/>", "nothing in it can be filed: no Placemark"),
        (kml("<Point><coordinates>8,47</coordinates></Point>"), "nothing in it can be filed: 1 Point"),
        (kml(BOX.format("", "8,47 8.1,95 8,48 8,47"), SPAN), "position 2: '8.1,95'"),
        (kml(BOX.format("", "8,47 nan,47 8,48 8,47"), SPAN), "position 2: 'nan,47'"),
        (kml(BOX.format("", "8,47,1e999 8,47 8,48 8,47"), SPAN), "is not an altitude in metres"),
        (kml(BOX.format("", "8,47 8,47 8,47"), SPAN), "three corners or more"),
        (kml(BOX.format("<altitudeMode>relativeToSeaFloor</altitudeMode>", RING), SPAN), "cannot be read"),
        (kml(BOX.format("<innerBoundaryIs/>", RING), SPAN), "holes"),
        (kml("<gx:Track><when>2026-11-22T14:00:00Z</when></gx:Track>"), "1 times, but 0 positions"),
    ],
)
def test_a_fault_is_named_with_its_place(data: bytes, told: str) -> None:
    assert told in refused(data)


def test_kml_in_other_encodings() -> None:
    text = sample("kml/google-earth-areas.kml").decode()
    plain = flights("kml/google-earth-areas.kml")
    assert flights(b"\xef\xbb\xbf\n" + text.encode())[0].volumes == plain[0].volumes
    assert flights(text.replace("UTF-8", "UTF-16").encode("utf-16"))[0].volumes == plain[0].volumes
    latin = text.replace("UTF-8", "windows-1252").replace("Low box", "H\u00f6he").encode("cp1252")
    assert flights(latin)[0].volumes == plain[0].volumes


@pytest.mark.parametrize("name", ["google-earth-areas", "google-earth-track", "route-with-data"])
def test_kmz_is_its_document(name: str) -> None:
    document = sample(f"kml/{name}.kml")
    plain = flights(f"kml/{name}.kml")
    packed = flights(kmz(files__legend_png=b"\x89PNG", doc_kml=document, files__other_kml=b"<kml/>"))
    assert [flight.volumes for flight in packed] == [flight.volumes for flight in plain]
    assert packed[0].notes[-1] == "only doc.kml is read; left out: files/other.kml"


def test_hostile_archives() -> None:
    assert "larger than 65536 KiB when unpacked" in refused(kmz(doc_kml=b"<kml>" + b" " * 65 * 1024 * 1024))
    # A path out of the archive leads nowhere: nothing is written.
    assert "no Placemark" in refused(kmz(______etc__passwd_kml=b"<kml/>"))
    assert "this is a zip archive without a KML file" in refused(kmz(readme_txt=b"hello"))
    whole = kmz(doc_kml=sample("kml/google-earth-areas.kml"))
    for at in range(60, len(whole) - 200, 97):
        refused(whole[:at] + bytes([whole[at] ^ 255]) + whole[at + 1 :])


def test_an_archive_that_cannot_be_opened_says_which_way() -> None:
    """Python's error for an unknown packing is a kind of the one for a password: they must not be told as one."""
    plain = kmz(doc_kml=sample("kml/google-earth-areas.kml"))
    local, central = plain.index(b"PK\x03\x04"), plain.index(b"PK\x01\x02")
    packed, locked = bytearray(plain), bytearray(plain)
    for at in (local + 8, central + 10):
        packed[at : at + 2] = (97).to_bytes(2, "little")
    for at in (local + 6, central + 8):
        locked[at] |= 1
    assert "packed in a way that is not known" in refused(bytes(packed))
    assert "the archive is encrypted" in refused(bytes(locked))
