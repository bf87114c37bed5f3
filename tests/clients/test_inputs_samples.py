"""GeoJSON, F3548 and tracks as they are met: what is read of each sample, and what a note says is lost."""

import json
from typing import Any

import pytest
from keepclear.offline.inputs.asked import read_altitude, read_time
from keepclear.offline.inputs.content import Content
from keepclear.offline.inputs.formats import FORMATS, format_of
from support.program import keepclear
from support.samples import FOLDER, flights, refused

ASKED = {
    "start": read_time("2026-12-22T14:00Z", "--from"),
    "end": read_time("2026-12-22T15:00Z", "--to"),
    "lower": read_altitude("FL180", "--lower"),
    "upper": read_altitude("FL200", "--upper"),
    "route_half_width_m": 3704.0,
}
MET: dict[str, tuple[dict[str, Any], list[str | None], list[str]]] = {
    "geojson/qgis-export.geojson": ({}, ["HAMMER 1"], ["not read: NAME, area_ha, fid"]),
    "geojson/drawn-in-a-browser.geojson": (
        ASKED,
        [None],
        [
            "heights in the coordinates are left out: the band is the one in the properties",
            "not read: name, stroke, stroke-opacity, stroke-width",
            "the feature: 1 of its positions taken for one with a neighbour nearer than 1 cm",
        ],
    ),
    "geojson/arctic-sector.geojson": ({}, [None], ["not read: id, label_lat, label_lon, oceanic"]),
    "f3548/answer-of-a-uss.json": (
        {},
        [None],
        [
            "left out, since a notice does not say it: priority, reference",
            "positions rounded to nine decimals, each moved by less than 0.1 mm: 3",
        ],
    ),
    "f3548/interuss-flight-plan.json": (
        {},
        [None],
        [
            "left out, since a notice does not say it: astm_f3548_21, uas_state, usage_state,"
            " uspace_flight_authorisation"
        ],
    ),
    "f3548/contingent-details.json": (
        {},
        [None],
        [
            "left out, since a notice does not say it: priority",
            "off-nominal volumes are claimed like the others: 1",
            "positions rounded to nine decimals, each moved by less than 0.1 mm: 2",
            "positions taken for one with a neighbour nearer than 1 cm: 1",
        ],
    ),
    "tracks/two-recorded.jsonl": ({}, ["MSR799", "IWALK"], []),
    "tracks/tanker-with-a-gap.json": ({}, ["FAF4011"], ["line 1 (FAF4011): not read: registration, source"]),
    "tracks/hover.jsonl": ({}, ["HELI7"], []),
}


@pytest.mark.parametrize("name", MET)
def test_what_is_read_and_what_is_lost(name: str) -> None:
    options, callsigns, notes = MET[name]
    found = flights(name, **options)
    assert [flight.callsign for flight in found] == callsigns
    said = sorted(note for flight in found for note in flight.notes)
    assert [note for note in said if "bridged" not in note] == sorted(notes)
    assert any("bridged" in note for note in said) == ("gap" in name)


def test_what_a_drawing_does_not_say_is_asked_for_by_name() -> None:
    needed = (("start", "time_start"), ("lower", "altitude_lower"), ("upper", "altitude_upper"))
    for member, words in (*needed, ("route_half_width_m", "--half-width")):
        without = {name: value for name, value in ASKED.items() if name != member}
        if member == "start":
            del without["end"]
        assert words in refused("geojson/drawn-in-a-browser.geojson", **without)


def test_every_sample_here_is_recognised_as_what_its_folder_says() -> None:
    names = {"geojson": "GeoJSON", "f3548": "F3548", "tracks": "recorded tracks"}
    for name in MET:
        assert format_of(Content((FOLDER / name).read_bytes())).name == names[name.partition("/")[0]]


def test_the_command_formats_says_what_the_table_says() -> None:
    text = " ".join(keepclear("formats", folder=FOLDER).stdout.split())
    lines = [json.loads(line) for line in keepclear("formats", "--json", folder=FOLDER).stdout.splitlines()]
    for row, told in zip(FORMATS, lines, strict=True):
        assert told == {"name": row.name, "extensions": [*row.extensions], "reads": [*row.reads], "loses": [*row.loses]}
        assert row.name in text
        assert row.reads and row.loses
        for words in (*row.reads, *row.loses):
            assert " ".join(words.split()).replace(" ", "") in text.replace(" ", "")
