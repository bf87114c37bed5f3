"""A party's own chart: what is read of GeoJSON, PMTiles and vector tiles, and that a hostile one ends in words."""

import base64
import gzip
from collections.abc import Callable
from typing import Any

import pytest
from support.page_modules import PageModules
from support.tiles import archive, directory, field, varint, vector_tile

READ = """import { Archive, entriesOf, tileNumber } from "./map/pmtiles.js"; import { strokesOf } from "./map/mvt.js";
import { takenApart } from "./map/geojson.js";
const bytesOf = (text) => Uint8Array.from(Buffer.from(text, "base64"));
const told = (strokes) => ({ kinds: [...strokes.kinds], starts: [...strokes.starts], names: strokes.names,
  flat: [...strokes.flat].map((value) => Math.round(value * 1e6) / 1e6) });
async function tile({ file, z, x, y }) {
  const bytes = bytesOf(file);
  const archive = new Archive(async (from, length) => bytes.subarray(from, from + length));
  try { const found = await archive.tile(z, x, y); return found && told(strokesOf(found, z, x, y)); }
  catch (error) { return `${error.name}: ${error.message}`; }
}
"""


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory, require: Callable[[str, str], None]) -> PageModules:
    return PageModules(tmp_path_factory.mktemp("modules"), require)


def _asked(modules: PageModules, *questions: tuple[bytes, int, int, int]) -> list[Any]:
    asked = [{"file": base64.b64encode(file).decode(), "z": z, "x": x, "y": y} for file, z, x, y in questions]
    return modules.ask(READ, "await tile(question)", asked)


def test_a_tile_is_found_in_the_root_and_in_a_leaf_and_lies_where_it_belongs(modules: PageModules) -> None:
    line = vector_tile([(2, [[(0, 0), (4096, 2048)]])])
    area = vector_tile([(3, [[(1024, 1024), (1024, 3072), (3072, 3072)]]), (1, [[(2048, 2048)]])])
    # Numbers along Hilbert's curve, as the format's own writer gives them: 0/0/0, then 2/3/1.
    file = archive({0: line, 17: area}, 2, leaf_from=5)
    whole, deep, none = _asked(modules, (file, 0, 0, 0), (file, 2, 3, 1), (file, 2, 0, 0))
    assert whole == {"kinds": [1], "starts": [0, 4], "names": [], "flat": [0, 0, 1, 0.5]}
    assert deep["kinds"] == [2, 0]
    assert deep["flat"] == [0.8125, 0.3125, 0.8125, 0.4375, 0.9375, 0.4375, 0.875, 0.375]
    assert none is None


def test_tiles_are_numbered_as_the_format_says(modules: PageModules) -> None:
    numbers = modules.ask(
        READ,
        "tileNumber(...question)",
        [(0, 0, 0), (1, 0, 0), (1, 0, 1), (1, 1, 1), (1, 1, 0), (2, 3, 1), (20, 5, 7), (24, 3, 1)],
    )
    assert numbers[:5] == [0, 1, 2, 3, 4]
    assert numbers[5] == 17
    assert numbers[6:] == [(4**20 - 1) // 3 + 44, (4**24 - 1) // 3 + 12]


def test_a_hostile_archive_ends_in_words(modules: PageModules) -> None:
    good = archive({0: vector_tile([(2, [[(0, 0), (1, 1)]])])}, 0)
    endless = bytearray(archive({}, 0))
    loop = directory([(0, 0, 0, 40)])
    endless[8:24] = (127).to_bytes(8, "little") + len(loop).to_bytes(8, "little")
    endless[40:48] = (127).to_bytes(8, "little")
    loop = directory([(0, 0, 0, len(loop))])
    cases = {
        "no PMTiles": (b"<html>" * 50, "no PMTiles archive"),
        "another version": (good[:7] + b"\x02" + good[8:], "another version"),
        "cut off": (good[:-3], "cut off"),
        "a bomb": (archive({0: bytes(9_000_000)}, 0), "unpacks to too much"),
        "no tile": (archive({0: b"\xff" * 12}, 0), "no end"),
        "a wrong command": (
            archive({0: field(3, field(2, field(3, 2) + field(4, varint(5 | 1 << 3))))}, 0),
            "a command",
        ),
        "a directory within itself": (bytes(endless[:127]) + loop, "nest too deep"),
        "deeper than a double": (good[:101] + b"\x1f" + good[102:], "zooms"),
        "an unknown kind": (archive({}, 0, kind=9), "of a kind"),
        "random": (good[:127] + gzip.compress(b"\x05" + b"\x80" * 30), "cut off"),
    }
    told = _asked(modules, *((file, 0, 0, 0) for file, _ in cases.values()))
    for (name, (_, part)), answer in zip(cases.items(), told, strict=True):
        assert isinstance(answer, str) and answer.startswith("Error: ") and part in answer, (name, answer)


def test_a_hostile_geojson_leaves_numbers_and_short_names_alone(modules: PageModules) -> None:
    markup = "<img src=x onerror=alert(1)>" * 100
    deep: dict[str, Any] = {"type": "Point", "coordinates": [1, 1]}
    for _ in range(40):
        deep = {"type": "GeometryCollection", "geometries": [deep]}
    wrong = [
        {"type": "LineString", "coordinates": [["x", 1], [None, 2]]},
        {"type": "LineString", "coordinates": [[1e300, 1], [2, 2]]},
        {"type": "LineString", "coordinates": [[5, 95], [2, 2]]},
        {"type": "LineString", "coordinates": "no"},
        {"type": "Polygon", "coordinates": [[[1, 1]]]},
        {"type": markup, "coordinates": {}},
        deep,
    ]
    right = [
        {"type": "Feature", "properties": {"name": markup}, "geometry": {"type": "Point", "coordinates": [0, 0]}},
        {
            "type": "Feature",
            "properties": {"name": {"toString": 1}},
            "geometry": {"type": "Point", "coordinates": [0, 0]},
        },
        {
            "type": "Feature",
            "properties": None,
            "geometry": {"type": "LineString", "coordinates": [[179, 0], [-179, 0]]},
        },
        {"type": "MultiPolygon", "coordinates": [[[[0, 0], [90, 0], [0, 0]]]]},
        {"type": "Feature", "properties": {}, "geometry": None},
    ]
    (taken,) = modules.ask(
        READ,
        "(({ strokes, full, unread }) => ({ ...told(strokes), full, unread }))(takenApart(question))",
        [{"type": "FeatureCollection", "features": [*wrong, *right]}],
    )
    assert taken["unread"] == len(wrong)
    assert not taken["full"]
    assert taken["kinds"] == [2, 1, 0, 0]
    assert taken["names"] == [markup[:24], ""]
    assert taken["flat"] == [0.5, 0.5, 0.75, 0.5, 0.5, 0.5, 0.997222, 0.5, 1.002778, 0.5, 0.5, 0.5, 0.5, 0.5]


def test_a_chart_that_is_too_large_is_drawn_in_part(modules: PageModules) -> None:
    (told,) = modules.ask(
        READ,
        "(() => { const line = Array.from({ length: 100_000 }, (_, at) => [at / 1000, 0]);"
        "const taken = takenApart({ type: 'MultiLineString', coordinates: Array(20).fill(line) });"
        "return [taken.full, taken.strokes.flat.length / 2]; })()",
        [0],
    )
    assert told == [True, 1_500_000]
