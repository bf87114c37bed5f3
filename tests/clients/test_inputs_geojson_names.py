"""GeoJSON names: what was meant by a misspelt one, what is left alone, and coordinate systems at every level."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keepclear.offline.comparison import Measure, compare
from keepclear.offline.inputs import Flight, load
from keepclear.offline.inputs.geojson_properties import PROPERTIES
from keepclear.offline.inputs.members import near
from keepclear_protocol.errors import LocalError
from keepclear_protocol.separation import WORLDWIDE, Minima
from keepclear_protocol.volume import parse_volume

LINE = {"type": "LineString", "coordinates": [[2, 47], [2, 48]]}
PROPS: dict[str, Any] = {
    "time_start": "2026-11-22T14:00:00Z",
    "time_end": "2026-11-22T15:00:00Z",
    "altitude_lower": 18000,
    "altitude_upper": 20000,
    "altitude_reference": "AMSL",
    "width_m": 4000,
}


def read(value: object) -> Flight:
    (flight,) = load(json.dumps(value).encode())
    return flight


POINT = {"type": "GeometryCollection", "geometries": [{"type": "Point", "coordinates": [2, 47]}]}
AREA = {"type": "Polygon", "coordinates": [[[2, 47], [3, 47], [3, 48], [2, 47]]]}


def feature(properties: Mapping[str, Any] | None = None, **members: Any) -> dict[str, Any]:
    return {"type": "Feature", "properties": {**PROPS, **(properties or {})}, "geometry": LINE, **members}


def refusal(value: object) -> str:
    with pytest.raises(LocalError) as caught:
        read(value)
    assert caught.value.code == "input_file"
    return caught.value.detail


def test_misspelt_units_were_a_false_clear_and_are_refused() -> None:
    other = {**feature(dict(altitude_lower=19000, altitude_upper=19100, altitude_units="FT"))}
    other["geometry"] = {"type": "LineString", "coordinates": [[1.5, 47.5], [2.5, 47.5]]}
    ours, theirs = (
        [parse_volume(volume) for volume in read(value).volumes]
        for value in (feature(dict(altitude_units="FT")), other)
    )
    bare = Minima(0, 0, lead_s=0, tail_s=0)
    assert compare(ours, theirs, Measure(bare, bare, WORLDWIDE)).word == "conflict"
    assert "altitude_unit: not a name that is read; altitude_units is" in refusal(feature(dict(altitude_unit="FT")))


MEANT = {
    **dict.fromkeys(
        (
            *("altitude_unit", "altitudeUnits", "AltitudeUnits", "altitude-units", "altitude units", "ALTITUDE_UNITS"),
            *("altitudeunits", "altitude_untis", "alitude_unts", "altitude_uints", "alt_units", "units_altitude"),
            *("altitude_units ", "\uff41ltitude_units", "\u0430ltitude_units", "altitude__units", "altUnits"),
        ),
        "altitude_units",
    ),
    **dict.fromkeys(("call_sign", "Callsign", "callSign", "calsign", "callsing", "callsigns"), "callsign"),
    **dict.fromkeys(("start_time", "timeStart", "time-start", "time_strat"), "time_start"),
    **dict.fromkeys(("altitude_ref", "altitudeReference", "altitude_refrence"), "altitude_reference"),
    **dict.fromkeys(("lower_altitude", "altitude_low", "altitudeLower"), "altitude_lower"),
    **dict.fromkeys(("radius", "radius_km", "radius_nm", "radiusM"), "radius_m"),
    **dict.fromkeys(("half_width", "halfwidth_m", "half-width-m"), "half_width_m"),
    **dict.fromkeys(("width", "width_km", "widths"), "width_m"),
}


@pytest.mark.parametrize("name", MEANT)
def test_a_name_near_one_that_is_read_is_refused_with_the_one_meant(name: str) -> None:
    geometry = POINT if MEANT[name] == "radius_m" else LINE
    assert f"not a name that is read; {MEANT[name]} is" in refusal(feature({name: 1}, geometry=geometry))


@pytest.mark.parametrize(
    ("name", "geometry"), [("radius", AREA), ("width", AREA), ("width_km", AREA), ("radius", LINE)]
)
def test_a_size_that_a_geometry_does_not_need_is_no_slip(name: str, geometry: dict[str, Any]) -> None:
    assert f"not read: {name}" in read(feature({name: 1}, geometry=geometry)).notes


@pytest.mark.parametrize("name", ["units", "unit", "UOM", "alt_uom", "verticalUnits", "altitude_units_feet"])
def test_units_by_another_name_are_no_metres(name: str) -> None:
    assert f"{name}: not read, and altitude_units is not there" in refusal(feature({name: "FT"}))


HARMLESS = (
    *("name", "description", "timestamp", "id", "fill", "stroke-width", "stroke", "marker-color", "speed", "heading"),
    *(
        "title",
        "styleUrl",
        "altitude",
        "time",
        "state",
        "end",
        "type",
        "priority",
        "created_ns",
        "created_at",
        "callee",
    ),
)


@pytest.mark.parametrize("name", HARMLESS)
def test_what_is_near_nothing_is_left_out_and_said(name: str) -> None:
    assert read(feature({name: "x"})).notes == [f"not read: {name}"]


def test_speed_units_are_no_altitude_units_where_those_stand_beside() -> None:
    assert read(feature(dict(altitude_units="FT", units="KT"))).notes == ["not read: units"]


def test_many_names_are_told_in_short_and_without_what_a_terminal_obeys() -> None:
    (note,) = read(feature({f"x{i:03}": i for i in range(100)} | {"\x1b[2J": 1})).notes
    assert note.startswith("not read: '\\x1b[2J', x000, ")
    assert note.endswith(" and 93 more")


@settings(deadline=None)
@given(st.sampled_from(sorted(PROPERTIES)), st.data())
def test_a_swap_of_neighbours_or_a_letter_left_out_is_near(name: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(name) - 2))
    swapped = name[:at] + name[at + 1] + name[at] + name[at + 2 :]
    assert swapped in PROPERTIES or near(swapped, PROPERTIES, {}) in PROPERTIES
    assert near(name[:at] + name[at + 1 :], PROPERTIES, {}) in PROPERTIES


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ({"Properties": {}}, "Properties: not a name that is read; properties is"),
        ({"geometrys": {}}, "geometrys: not a name that is read; geometry is"),
        ({"srs": {}}, "srs: not a name that is read; crs is"),
        ({"coordRefSys": "EPSG:2056"}, "coordRefSys: not a name that is read; crs is"),
        ({"srid": 2056}, "srid: not a name that is read; crs is"),
        ({"CRS": "EPSG:2056"}, "CRS: not a name that is read; crs is"),
    ],
)
def test_members_of_a_feature_are_held_to_the_same(extra: dict[str, Any], words: str) -> None:
    assert words in refusal(feature(**extra))


def named(name: object) -> dict[str, Any]:
    return {"type": "name", "properties": {"name": name}}


CRS84 = (
    *("urn:ogc:def:crs:OGC:1.3:CRS84", "urn:ogc:def:crs:OGC::CRS84", "urn:OGC:def:crs:ogc:1.3:crs84", "OGC:CRS84"),
    *("http://www.opengis.net/def/crs/OGC/1.3/CRS84", "https://www.opengis.net/def/crs/OGC/0/CRS84", "CRS84", "CRS:84"),
    *("urn:x-ogc:def:crs:OGC:1.3:CRS84", "urn:ogc:def:crs:OGC::CRS84h"),
)
OTHERS = {
    "EPSG:4230": named("EPSG:4230"),
    "EPSG:4326": named("EPSG:4326"),
    "urn:ogc:def:crs:EPSG::4326": named("urn:ogc:def:crs:EPSG::4326"),
    "urn:ogc:def:crs:OGC:1.3:CRS27": named("urn:ogc:def:crs:OGC:1.3:CRS27"),
    "XCRS84": named("XCRS84"),
    "WGS 84": named("WGS 84"),
    "EPSG:2056": {"type": "EPSG", "properties": {"code": 2056}},
    "http://example.org/crs/42": {"type": "link", "properties": {"href": "http://example.org/crs/42", "type": "proj4"}},
    "without a name": {"type": "name", "properties": {}},
    "may be assumed": None,
    "EPSG:25832": "EPSG:25832",
}


def at_level(level: str, crs: object) -> dict[str, Any]:
    inner = feature()
    if level == "geometry":
        inner["geometry"] = {**LINE, "crs": crs}
    elif level == "nested geometry":
        nested = {"type": "GeometryCollection", "geometries": [{**LINE, "crs": crs}]}
        inner["geometry"] = {"type": "GeometryCollection", "geometries": [LINE, nested]}
    elif level == "geometry collection":
        inner["geometry"] = {"type": "GeometryCollection", "geometries": [LINE], "crs": crs}
    elif level in ("feature", "second feature"):
        inner["crs"] = crs
    if level == "alone":
        return {**inner, "crs": crs}
    collection = {"type": "FeatureCollection", "features": [feature(), inner] if level == "second feature" else [inner]}
    return {**collection, "crs": crs} if level == "collection" else collection


LEVELS = (*("collection", "feature", "second feature", "alone", "geometry", "geometry collection", "nested geometry"),)


@pytest.mark.parametrize("level", LEVELS)
def test_coordinate_systems_are_judged_wherever_they_stand(level: str) -> None:
    for spelling in CRS84:
        assert read(at_level(level, named(spelling))).volumes
        assert read(at_level(level, spelling)).volumes
    for words, crs in OTHERS.items():
        detail = refusal(at_level(level, crs))
        assert words in detail
        assert "crs: " in detail


@pytest.mark.parametrize("name", ["crs", "CRS", "srsName", "coordRefSys", "coordinate_reference_system", "srid"])
def test_properties_that_name_another_system_are_refused(name: str) -> None:
    assert "properties, crs: another coordinate system" in refusal(feature({name: "EPSG:4230"}))
    assert "properties, crs: a coordinate system without a name" in refusal(feature({name: 4230}))
    assert read(feature({name: "CRS84"})).volumes and read(feature({name: None})).volumes


@pytest.mark.parametrize("value", [float("inf"), True, "FL200", None, [1]])
def test_an_altitude_that_is_no_number_is_named_as_such(value: object) -> None:
    with pytest.raises(LocalError) as caught:
        read(feature({"altitude_upper": value}))
    assert "altitude_upper: not a finite number: " in caught.value.detail and "--upper" not in caught.value.hint


def test_latitude_first_has_a_hint_of_its_own() -> None:
    with pytest.raises(LocalError) as caught:
        read(at_level("feature", named("urn:ogc:def:crs:EPSG::4326")))
    assert "latitude comes first" in caught.value.hint


JUDGED = {
    '"note": NaN': True,
    '"note": [1e999, -Infinity]': True,
    '"created_ns": 1700000000123456789': True,
    '"created_ns": ' + "9" * 5000: True,
    '"note": "\\ud800"': True,
    '"note": 1, "note": 2': True,
    '"deep": ' + "[" * 300 + "]" * 300: True,
    '"altitude_lower": 100': "the feature, properties: altitude_lower stands twice in one object",
    '"altitude_units": NaN': "volume_shape",
    '"radius_m": NaN, "note": 1': True,  # a line has no radius
    '"callsign": "\\ud800"': "the feature, callsign: not a text, or half a letter in it",
    '"half_width_m": NaN': "either width_m or half_width_m",
}


@pytest.mark.parametrize("text", JUDGED)
def test_members_that_are_not_read_are_not_judged(text: str) -> None:
    data = json.dumps(feature(id=1)).replace('"time_start"', f'{text}, "time_start"', 1)
    if JUDGED[text] is True:
        assert len(load(data.encode())[0].volumes) == 1
        return
    with pytest.raises(LocalError) as caught:
        load(data.encode())
    assert str(JUDGED[text]) in caught.value.detail


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b'{"type": "Feature",\n "a": tru}', "line 2, column 7: not JSON: expecting value"),
        (b'{"type": "Feature",\n "a": 1,}', "line 2, column 9: not JSON"),
        (b'{"type": "Feature",\r\n\r\n "a": "\x01"}', "line 3, column 8: not JSON: invalid control character"),
        (b'{"type": "Feature",\n "a": "\xe9"}', "line 2, byte 8: not UTF-8"),
        (b'{"a":\n' + b"[" * 100_000, "line 2, column 100000: not JSON that can be read: nested too deep"),
        (b'{"type": "Feature"', "line 1, column 19"),
        (b'{"type": "featurecollection", "features": []}', "'featurecollection' is not a type of GeoJSON; FeatureColl"),
        (b'{"type": "Feature", "type": "Feature"}', "type stands twice"),
        ('{"type": "Feature"}'.encode("utf-16"), "the file is UTF-16"),
        ('{"type": "Feature"}'.encode("utf-16-be"), "UTF-16"),
        ('{"type": "Feature"}'.encode("utf-32"), "the file is UTF-32"),
    ],
)
def test_faults_of_json_have_a_place(data: bytes, words: str) -> None:
    with pytest.raises(LocalError) as caught:
        load(data)
    assert words in caught.value.detail


def test_marks_before_the_text_are_passed_over() -> None:
    data = json.dumps(feature()).encode()
    assert load(b"\xef\xbb\xbf" * 2 + data) == load(data)
