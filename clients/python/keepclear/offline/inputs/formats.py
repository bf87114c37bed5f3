"""The formats that can be read: one row each, and which of them a file is.

A row says what is read of a format and what is lost of it, in words that ``keepclear formats`` and docs/formats.md
print. A file's format is seen from its content, never from its name: the first row that recognises it reads it. To add
a format is to write its reader in a module of its own and to add its row; nothing else knows formats by name.

``recognise`` is quick, looks for what no other format has, and does not judge: a file that is of the format but faulty
is recognised, so that ``read`` can say what is wrong with it. ``read`` returns flights whose volumes ``checked`` took,
with what was left out or changed in their notes and their place in the file, or raises ``LocalError`` by
``unreadable``. What a format lacks is taken from ``Options``, and asked for by name where it is missing there.
"""

from collections.abc import Callable
from dataclasses import dataclass

from . import csvtrack, f3548, fpl, geojson, gpx, kml, kmz, notam, openair, readsb, track
from .content import Content
from .flight import Flight, Options, unreadable
from .geojson_properties import PROPERTIES
from .members import Repeated, told
from .unread import what_it_is


@dataclass(frozen=True, slots=True)
class Format:
    """One format: its name, how its files usually end, what is read, what is lost, and how."""

    name: str
    extensions: tuple[str, ...]
    reads: tuple[str, ...]
    loses: tuple[str, ...]
    recognise: Callable[[Content], bool]
    read: Callable[[Content, Options], list[Flight]]


FORMATS = (
    Format(
        "KML",
        (".kml",),
        (
            "Polygon, LineString and MultiGeometry of each Placemark, with TimeSpan, also of its Folder",
            "altitudeMode absolute as AMSL, relativeToGround as AGL; extruded reaches down to the ground",
            "gx:Track and gx:MultiTrack, and Points that have a TimeStamp each: one recorded track",
            "a Point with a radius in its data: a circle",
            "ExtendedData named callsign, lower, upper, half_width, radius, time_start, time_end",
            "without TimeSpan it needs --from and --to, at clampToGround --lower and --upper, for lines --half-width",
            "a surface that is not extruded needs --lower or --upper, or both",
            "where data and shape, or data and TimeSpan, both say a band or a window, both are claimed; a track whose "
            "data say other times or altitudes is refused, and so is gx:altitudeOffset",
        ),
        (
            "styles, descriptions, names and all other data",
            "labels (Points), overlays, models, network links",
            "times without a time zone, and TimeStamps of areas and lines",
        ),
        kml.recognise,
        kml.read,
    ),
    Format(
        "KMZ",
        (".kmz",),
        ("the archive's doc.kml, or its first KML file, as KML",),
        ("pictures, models and further KML files in the archive",),
        kmz.recognise,
        kmz.read,
    ),
    Format(
        "GPX",
        (".gpx",),
        (
            "each track with times as one flight; elevations as metres AMSL, without them it needs --lower and --upper",
            "routes, and tracks without times, with --from, --to, --lower, --upper and --half-width",
        ),
        ("waypoints and extensions", "times and elevations of routes", "the datum of elevations: GPX names none"),
        gpx.recognise,
        gpx.read,
    ),
    Format(
        "readsb trace",
        (".json",),
        (
            "a trace of one aircraft, as ADS-B Exchange keeps it: each of its flights; pressure altitude in feet",
            "a flight whose altitudes are all geometric (flag 8) as W84; of both kinds in FL, outward",
            "points on the ground from the ground up to the altitude before or after",
        ),
        ("speeds, headings, vertical rates, and geometric altitudes beside barometric ones",),
        readsb.recognise,
        readsb.read,
    ),
    Format(
        "recorded tracks",
        (".jsonl", ".json"),
        ('one JSON object a line: {"callsign", "icao24", "points": [[unix seconds, latitude, longitude, feet], ...]}',),
        ("all other members (a note names them), and gaps in reception of more than 15 minutes",),
        track.recognise,
        track.read,
    ),
    Format(
        "GeoJSON",
        (".geojson", ".json"),
        (
            "a Feature, or a FeatureCollection as one flight for each callsign: Polygon, LineString as a corridor, "
            "Point as a circle, the Multi forms and GeometryCollection, one volume for each part",
            f"the properties {', '.join(PROPERTIES)}; a name near one of these is refused with the one meant",
            "without times it needs --from and --to, without altitudes --lower and --upper, a line without a width "
            "--half-width",
            "longitude first, on WGS 84; a crs that is CRS84 at any level, every other is refused by its name",
            "areas that reach a pole, and rings once round it as its cap; longitudes beyond 180",
        ),
        (
            "other properties and members (a note names them)",
            "heights in the coordinates",
            "positions nearer than 1 cm to a neighbour are one with it; edges are followed to 1 m",
            "polygons with holes are refused, and edges over more than 180 degrees of longitude",
        ),
        geojson.recognise,
        geojson.read,
    ),
    Format(
        "F3548",
        (".json",),
        (
            "a Volume4D of ASTM F3548-21 or a list of them; an operational intent or its details; the answer of a USS, "
            "flight plans and requests of InterUSS, constraints; a list of intents as a flight each",
            "off_nominal_volumes are claimed like the others; null lists are empty; null bounds are refused by name",
            "outline_corridor (path, half_width), altitudes in feet and flight levels, references AMSL, AGL and FL",
        ),
        (
            "priority, state, references, subscriptions and all other members (a note names them)",
            "decimals beyond the ninth: a position moves by less than 0.1 mm",
            "positions nearer than 1 cm to a neighbour, and a ring's last that is its first, are one with it",
        ),
        f3548.recognise,
        f3548.read,
    ),
    Format(
        "ICAO flight plan",
        (".fpl", ".txt"),
        (
            "FPL messages: fields 7, 13, 15, 16, and of 18 DOF, DEP, DEST and EET",
            "it needs --half-width and --time-margin; without DOF also --from, where it says VFR --lower and --upper",
            "points as coordinates (46N078W, 4620N07805W), or names and aerodromes that --points has",
            "levels F, A, S, M and their changes, speeds N, K, M; legs as corridors along the shortest way",
            "300 ft below and above a level; climbs from and descents to the ground at 1000 ft a minute or more",
        ),
        (
            "airways, procedures, points by bearing and truncated routes (T): refused, as the plan does not say where "
            "they run",
            "alternates, holding, wind; aircraft, equipment and the rest of field 18",
        ),
        fpl.recognise,
        fpl.read,
    ),
    Format(
        "OpenAir",
        (".txt", ".openair", ".air"),
        (
            "every airspace as a flight of its own: AC, AN, AY, AL, AH, DP, DC, DA, DB, V X=, V D=",
            "it needs --from and --to, or AA with two times in it",
            "FL, feet or metres AMSL or AGL, GND, SFC; bare numbers as feet AMSL; a top of UNL needs --upper",
            "a height such as 4.500 ft is refused: it may be thousands; so is a corner in an MGRS square of over 1 m",
            "arcs as edges around them, at most 21 m outside; edges as the shortest way between their points",
        ),
        ("names, classes, frequencies and labels (a note names them)", "activation in words"),
        openair.recognise,
        openair.read,
    ),
    Format(
        "NOTAM",
        (".txt", ".notam"),
        (
            "the circle of the Q line, in NM; the band of F) and G), else the levels of the Q line; B) and C)",
            "each NOTAM of a file as a flight; PERM and EST ends need --to, a top of UNL or 999 --upper",
        ),
        ("the text E), with whatever shape it draws inside the circle", "the schedule D): the whole period is claimed"),
        notam.recognise,
        notam.read,
    ),
    Format(
        "CSV tracks",
        (".csv", ".tsv", ".txt"),
        (
            "a table with a header, a row for each point: time, latitude and longitude (or position), altitude; the "
            "flights of a file are told apart by callsign and icao24",
            "times in Unix seconds or ISO 8601 with a zone (or in a column named ..._utc)",
            "comma, semicolon or tab, decimal commas; positions also as degrees, minutes and seconds, or MGRS",
            "the altitude column's name says its unit (ft, m, fl) and what it counts from (baro, amsl, agl, w84); "
            "without the latter it needs --altitude-reference, without altitudes --lower and --upper",
            "only a column that names an altitude of the aircraft is one: terrain, limits and wishes are left out",
            "points on the ground from the ground up to the altitude before or after; those without altitude from "
            "the one to the other",
            "a number such as 10.500 is refused where the table's decimal sign may be a comma",
            "tables of OpenSky (state vectors), Flightradar24, traffic and readsb as they are",
        ),
        ("speeds, headings and all other columns", "rows without a position"),
        csvtrack.recognise,
        csvtrack.read,
    ),
)
"""In the order in which a file is held against them."""


def listed() -> str:
    """Return the formats in one line, for who gave a file that is none of them."""
    return "; ".join(f"{row.name} ({' '.join(row.extensions)})" for row in FORMATS)


def format_of(content: Content) -> Format:
    """Return the format of a file; raise ``LocalError`` that lists the formats where it is none of them."""
    if not content.data.strip():
        raise unreadable("", "the file is empty", hint=f"these can be read: {listed()}")
    for row in FORMATS:
        if row.recognise(content):
            return row
    if (name := what_it_is(content)) is not None:
        hint = f"bring it as GeoJSON, KML, GPX or CSV; these can be read: {listed()}"
        raise unreadable("", f"this is {name}, which cannot be read", hint=hint)
    content.judge_encoding()
    if content.looks_like_json and isinstance(content.json, dict):
        for name, value in content.json.items():
            if isinstance(value, Repeated):
                raise unreadable("", f"{told(name)} stands twice in one object")
    raise unreadable("", "no format that can be read", hint=f"these can be read: {listed()}")
