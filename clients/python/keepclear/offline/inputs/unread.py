"""Files that cannot be read, by what they are: who gave a PDF is told so, and in what to bring it instead.

A name is given only where the content shows it: by its first bytes, by what an archive holds, by an XML document's
first element, or by the lines that every file of the kind begins with. Nothing here is opened or unpacked.
"""

import io
import re
import zipfile

from .content import Content
from .letters import any_text
from .xmltree import root_name

_BEGINS = (
    (b"%PDF-", "a PDF document"),
    (b"\x89PNG\r\n\x1a\n", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"II*\x00", "a TIFF picture (GeoTIFF is one)"),
    (b"MM\x00*", "a TIFF picture (GeoTIFF is one)"),
    (b"\x00\x00\x27\x0a", "an ESRI shapefile"),
    (b"SQLite format 3\x00", "an SQLite database (GeoPackage is one)"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old document of Word, Excel or Outlook"),
    (b"{\\rtf", "an RTF document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\x00", "an xz archive"),
    (b"(\xb5/\xfd", "a zstd archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"PAR1", "a Parquet table"),
    (b"GRIB", "a GRIB weather field"),
    (b"CDF\x01", "a NetCDF data set"),
    (b"CDF\x02", "a NetCDF data set"),
    (b"\x89HDF\r\n", "an HDF5 data set"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"-----BEGIN ", "a key or certificate, which belongs in no input file"),
)

_ROOTS = {
    "AIXMBasicMessage": "AIXM",
    "AIXM-Snapshot": "AIXM",
    "AIXM-Update": "AIXM",
    "MessageCollection": "FIXM",
    "Flight": "FIXM",
    "FlightObject": "FIXM",
    "TrainingCenterDatabase": "a TCX training file",
    "osm": "an OpenStreetMap extract",
    "html": "a web page",
    "svg": "an SVG picture",
    "event": "a Cursor-on-Target event",
    "FeatureCollection": "GML",
    "MeteorologicalBulletin": "IWXXM weather",
    "FlightPlan": "a flight plan of a simulator or of Garmin (FPL XML)",
    "flight-plan": "a flight plan of a simulator or of Garmin (FPL XML)",
    "SimBase.Document": "a flight plan of a simulator (PLN)",
    "OFP": "an operational flight plan",
}

_LINES = (
    (re.compile(r"A[A-Z0-9]{3,}[^\n]*\n(?:[^\n]*\n){0,40}?H[FO]DTE", re.ASCII), "an IGC flight record"),
    (re.compile(r"\$G[PNLAB][A-Z]{3},", re.ASCII), "an NMEA log of a receiver"),
    (re.compile(r"MSG,\d,\d*,", re.ASCII), "a BaseStation (SBS) log"),
    (re.compile(r"(?:EXER|OPER)/[^\n]*\n(?:[^\n]*\n){0,10}?MSGID/", re.ASCII), "a USMTF message (ACO or ATO)"),
    (re.compile(r"MSGID/", re.ASCII), "a USMTF message (ACO or ATO)"),
    (re.compile(r"(?:METAR|SPECI|TAF|SIGMET)\b", re.ASCII), "a weather report"),
    (re.compile(r"![A-Z0-9]{3} \d\d/\d{3}", re.ASCII), "a domestic NOTAM of the FAA, which has no Q line"),
    (re.compile(r"\d{4}\n|I\n(?:1100|3) Version", re.ASCII), "a flight plan of X-Plane"),
)

_ARCHIVED = (
    ("word/", "a Word document (DOCX)"),
    ("xl/", "an Excel table (XLSX)"),
    ("ppt/", "a PowerPoint file (PPTX)"),
    ("content.xml", "an OpenDocument file"),
)


def what_it_is(content: Content) -> str | None:
    """Return in words what a file is that no format recognises, None where its content does not show it."""
    data = content.data
    for begin, name in _BEGINS:
        if data.startswith(begin):
            return name
    if data[8:12] == b".FIT":
        return "a FIT record of a watch"
    if data.startswith(b"PK\x03\x04"):
        return _archive(data)
    if (root := root_name(data)) is not None:
        return _ROOTS.get(root, f"XML of another kind ({root:.40})")
    head = any_text(data[:16_384]).lstrip()
    return next((name for pattern, name in _LINES if pattern.match(head)), None)


def _archive(data: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError):
        return "a zip archive that is broken"
    for part, name in _ARCHIVED:
        if any(found.startswith(part) for found in names):
            return name
    if any(found.lower().endswith(".shp") for found in names):
        return "an ESRI shapefile in a zip archive"
    return "a zip archive without a KML file"
