"""What cannot be read is named; what is hostile ends in one error, quickly, in every format."""

import io
import time
import zipfile
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keepclear.offline.filing import judge_all
from keepclear.offline.inputs import Options, load
from keepclear.offline.inputs.asked import read_altitude, read_time
from keepclear.offline.inputs.content import Content
from keepclear.offline.inputs.formats import FORMATS, format_of
from keepclear.offline.inputs.points import read_points
from keepclear_protocol.errors import LocalError
from keepclear_protocol.instant import SECOND
from keepclear_protocol.volume import parse_volume
from support.samples import FOLDER, band, refused, sample
from support.world import World

SAMPLES = sorted(
    str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*") if path.is_file() and path.name != "points.csv"
)
FOLDERS = {
    **{"kml": "KML", "gpx": "GPX", "csv": "CSV tracks", "readsb": "readsb trace"},
    **{"fpl": "ICAO flight plan", "notam": "NOTAM", "openair": "OpenAir"},
}
OURS = [name for name in SAMPLES if name.partition("/")[0] in FOLDERS]
EVERYTHING: dict[str, Any] = {
    "start": read_time("2026-11-22T14:00Z", ""),
    "end": read_time("2026-11-25T15:00Z", ""),
    "lower": read_altitude("GND", ""),
    "upper": read_altitude("FL660", ""),
    "route_half_width_m": 1852.0,
    "route_margin_s": 900,
    "points": read_points(str(FOLDER / "fpl" / "points.csv")) | {"LTAF": (36.98, 35.28)},
}


def archive(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name in names:
            file.writestr(name, "x")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (b"%PDF-1.7\n%\xe2\xe3", "a PDF document"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "a PNG picture"),
        (b"\xff\xd8\xff\xe0JFIF", "a JPEG picture"),
        (b"\x00\x00\x27\x0a" + bytes(96), "an ESRI shapefile"),
        (archive("a.shp", "a.dbf", "a.prj"), "an ESRI shapefile in a zip archive"),
        (archive("[Content_Types].xml", "word/document.xml"), "a Word document (DOCX)"),
        (archive("[Content_Types].xml", "xl/workbook.xml"), "an Excel table (XLSX)"),
        (archive("mimetype", "content.xml"), "an OpenDocument file"),
        (archive("readme.txt"), "a zip archive without a KML file"),
        (b"PK\x03\x04broken", "a zip archive that is broken"),
        (b"\x1f\x8b\x08\x00", "a gzip archive"),
        (b"\x0e\x10\xd9\x07\x00\x00\x00\x00.FIT", "a FIT record of a watch"),
        (b"SQLite format 3\x00", "an SQLite database"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old document of Word"),
        (b'<?xml version="1.0"?><message:AIXMBasicMessage xmlns:message="m"/>', "AIXM"),
        (b"<TrainingCenterDatabase/>", "a TCX training file"),
        (b"<!DOCTYPE html><html><body>sign in</body></html>", "a web page"),
        (b"<unheard-of/>", "XML of another kind (unheard-of)"),
        (b"AXXX001\r\nHFDTE221126\r\nB1400004728000N00832000EA0050000600\r\n", "an IGC flight record"),
        (b"$GPRMC,140000,A,4728.0,N,00832.0,E,100.0,090.0,221126,,*00\n", "an NMEA log"),
        (b"MSG,3,1,1,4B1816,1,2026/11/22,14:00:00.000,,,,3000,,,47.1,8.1,,,0,0,0,0\n", "a BaseStation (SBS) log"),
        (b"EXER/COLD NIGHT//\nMSGID/ACO/CAOC/1//\n", "a USMTF message"),
        (b"!JFK 11/123 JFK RWY 04L CLSD 2611221400-2611221600", "a domestic NOTAM of the FAA"),
        (b"-----BEGIN PRIVATE KEY-----\n", "a key or certificate"),
    ],
)
def test_what_cannot_be_read_is_named_with_the_list(data: bytes, named: str) -> None:
    said = refused(data)
    assert said.startswith(f"this is {named}")
    for row in FORMATS:
        assert row.name in said


def test_every_row_says_what_is_read_and_lost() -> None:
    assert len({row.name for row in FORMATS}) == len(FORMATS)
    for row in FORMATS:
        assert row.reads
        assert row.loses
        assert all(name.startswith(".") for name in row.extensions)


@pytest.mark.parametrize("name", OURS)
def test_every_sample_is_read_by_its_format_alone(name: str) -> None:
    content, wanted = Content(sample(name)), FOLDERS[name.partition("/")[0]]
    assert format_of(content).name == wanted
    assert [row.name for row in FORMATS if row.recognise(content)] == [wanted]


@pytest.mark.parametrize("name", OURS)
def test_every_sample_can_be_filed_under_an_agreement(name: str) -> None:
    # Of the bulletin the last alone: guns and a crane without an end are longer than an agreement's longest window.
    agreement = World().agreement
    short = {"end": EVERYTHING["start"] + 3600 * SECOND, "upper": read_altitude("FL450", "")}
    flights = load(sample(name), Options(**EVERYTHING | short | {"uncertainty": agreement.uncertainty}))
    first = min(parse_volume(volume).start for flight in flights for volume in flight.volumes)
    if name == "notam/firing-bulletin.txt":
        flights = [flight for flight in flights if "B1023" in flight.place]
    batch = judge_all(flights, "transport", agreement, party="north", now=first - 1800 * SECOND)
    assert not batch.faults
    assert len(batch.drafts) == len(flights)


def only_flights_or_one_error(data: bytes, **options: Any) -> bool:
    begun = time.process_time()
    try:
        flights = load(data, Options(**options))
    except LocalError as error:
        assert error.code in {"input_file", "usage"}
        assert error.detail
        assert "\n" not in error.detail
        return False
    finally:
        assert time.process_time() - begun < 20
    assert all(parse_volume(volume) for flight in flights for volume in flight.volumes)
    return True


NASTY = [
    *(
        b"",
        b"0",
        b"-1",
        b"91",
        b"181",
        b"999999999999",
        b"1e308",
        b"1e-308",
        b"NaN",
        b"inf",
        b"-0",
        b"0x10",
        b"\xd9\xa1",
    ),
    *(
        b"\x00",
        b"\xff\xfe",
        b"\xc3\xa9",
        b"&lt;",
        b"&#0;",
        b"<a>",
        b"]]>",
        b"\n",
        b"\t",
        b'"',
        b",",
        b";",
        b"/",
        b"-",
        b")",
    ),
    *(b"2026-02-30T25:61:61Z", b"9999-12-31T23:59:59Z", b"0001-01-01T00:00:00+14:00", b"FL999", b"UNL", b"90:00:00 N"),
]


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(SAMPLES), st.data())
def test_spoiled_samples(name: str, data: st.DataObject) -> None:
    text = sample(name)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(text)))
        cut = data.draw(st.sampled_from([0, 0, 1, 2, 5, 20, 200]))
        text = text[:at] + data.draw(st.sampled_from(NASTY)) + text[at + cut :]
    only_flights_or_one_error(text, **data.draw(st.sampled_from([{}, EVERYTHING])))


@settings(deadline=None)
@given(
    st.binary(max_size=300), st.sampled_from([b"", b"<kml>", b"<gpx>", b"PK\x03\x04", b"AC R\nDP ", b"time,lat,lon\n"])
)
def test_any_bytes(data: bytes, head: bytes) -> None:
    only_flights_or_one_error(head + data, **EVERYTHING)


BOMBS = {
    "many elements": b"<kml>" + b"<a/>" * 1_500_000 + b"</kml>",
    "deep elements": b"<gpx>" + b"<a>" * 100_000,
    "one attribute": b'<kml a="' + b"x" * 10_000_000 + b'"/>',
    "many attributes": b"<kml " + b" ".join(b'a%d="1"' % number for number in range(100_000)) + b"/>",
    "entities": b'<!DOCTYPE kml [<!ENTITY a "'
    + b"a" * 1000
    + b'"><!ENTITY b "'
    + b"&a;" * 1000
    + b'">]><kml>&b;</kml>',
    "coordinates": b"<kml><Placemark><Polygon><outerBoundaryIs><LinearRing><coordinates>"
    + b"8,47 " * 300_000
    + b"</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark></kml>",
    "columns": b"time,lat,lon" + b",x" * 1_000_000 + b"\n",
    "one cell": b'time,lat,lon\n1763812800,47,"' + b"8" * 10_000_000,
    "lines": b"AC R\n" * 500_000 + b"DP x\n",
    "points": b"AC R\n" + b"DP 47:00:00 N 008:00:00 E\n" * 200_000,
    "questions": b"Q) LSAS/QXXXX/" * 200_000,
    "fields": b"Q) LSAS/Q" + b"A) B) C) D) E) F) G) " * 100_000,
    "plans": b"(FPL-" * 200_000,
    "route": b"(FPL-TEST1-VG-C172/L-S/C-ZZZZ1400-N0100F100 " + b"46N078W " * 200_000 + b"-ZZZZ0100-0)",
    "indicators": b"(FPL-TEST1-VG-C172/L-S/C-ZZZZ1400-N0100F100 46N078W-ZZZZ0100-" + b"EET/ " * 200_000 + b")",
    "digits": b"Q) LSAS/QRTCA/IV/BO/W/" + b"0" * 5_000_000,
    "blanks": b" " * 10_000_000,
    "dashes": b"-" * 5_000_000,
    "letters": b"A" * 10_000_000,
}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.long if name == "many elements" else ()) for name in BOMBS]
)
def test_bombs_end_quickly(name: str) -> None:
    assert not only_flights_or_one_error(BOMBS[name], **EVERYTHING)


def test_of_many_elements_no_more_are_read_than_are_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keepclear.offline.inputs.xmltree.MAX_ELEMENTS", 1000)
    with pytest.raises(LocalError, match="elements"):
        load(b"<kml>" + b"<a/>" * 1000 + b"</kml>", Options())


def test_a_band_by_options_alone_may_have_two_references_in_geojson_too() -> None:
    feature = b"""{"type": "Feature", "geometry": {"type": "Point", "coordinates": [8, 47]}, "properties":
        {"radius_m": 900, "time_start": "2026-11-22T14:00:00Z", "time_end": "2026-11-22T15:00:00Z"}}"""
    options: dict[str, Any] = {"lower": read_altitude("GND", ""), "upper": read_altitude("9500ft AMSL", "")}
    (flight,) = load(feature, Options(**options))
    assert band(flight.volumes[0]) == (-450, 2896, "AMSL", "M")
    assert any("may lie as low as -450 m" in note for note in flight.notes)
