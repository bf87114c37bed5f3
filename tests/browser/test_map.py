"""The map and the time slider by keys alone, never mirrored; and a hostile chart of a party's own under them."""

import json
from pathlib import Path

import pytest
from support.browsing import Room, Sheet
from support.tiles import archive, vector_tile
from support.world import box

MARKUP = "<img src=x onerror=\"document.body.dataset.executed='1'\"><script>document.body.dataset.executed='1'</script>"
READ_OUT = "document.querySelector('.map-readout').innerText.replaceAll(/\\s+/g, ' ')"
UNTOUCHED = "document.body.dataset.executed === undefined"
DRAWN = "document.querySelector('.map-ground')?.dataset.drawn"
PIXELS = """() => {
  const canvas = [...document.querySelectorAll('.map-sheet')].find((one) => one.style.visibility === 'visible');
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  return new Set(new Uint32Array(data.buffer)).size; }"""


def press(sheet: Sheet, *keys: str) -> None:
    for key in keys:
        sheet.page.keyboard.press(key)


@pytest.mark.long
def test_the_map_tells_a_place_bearing_and_range_by_keys_and_the_slider_what_is_not_now(shared_room: Room) -> None:
    shared_room.north.submit(box(size=0.5, start_s=1200), words=("--callsign", "NORTH-7"))
    shared_room.south.submit(box(lat=48.3, size=0.5, start_s=1200), words=("--callsign", "SOUTH-1"))
    console = shared_room.north.console("--bullseye", "48.5,2.25=TANGO")
    sheet = shared_room.open(console, state="lang=he&theme=day")
    sheet.until(f"{DRAWN} === '1' && document.querySelectorAll('.map-label').length >= 3")
    press(sheet, "m", "Space")
    sheet.until(f"{READ_OUT}.includes('31U')")
    sheet.until(f"{READ_OUT}.includes('TANGO')")
    before = sheet.page.evaluate(READ_OUT)
    press(sheet, *["ArrowRight"] * 5)
    sheet.until(f"{READ_OUT} !== {json.dumps(before)}")
    # East lies to the right whatever the language: the cross-hair went there, and its longitude grew.
    longitude = "Number(/ (\\d{3}\\.\\d{4})E/.exec(" + READ_OUT + ")[1])"
    east = sheet.page.evaluate(longitude)
    press(sheet, *["ArrowLeft"] * 9)
    sheet.until(f"{longitude} < {east}")
    assert sheet.page.evaluate("getComputedStyle(document.querySelector('.map-ground')).direction") == "ltr"
    labels = "[...document.querySelectorAll('.map-label.own .figure')].map((one) => one.textContent)"
    assert sheet.page.evaluate(labels) == ["FL100-FL200"]
    press(sheet, "r", "d")
    sheet.until("document.querySelectorAll('.map-controls [aria-pressed=true]').length === 2")
    press(sheet, "Escape", "Escape", "0", "p")
    sheet.until("document.activeElement.type === 'range'")
    press(sheet, *["PageUp"] * 9)
    sheet.until("location.search.includes('t=20') && document.querySelector('.time-words .badge.warning') !== null")
    sheet.shoot("map-he-day-ahead")
    press(sheet, "n")
    sheet.until("!location.search.includes('t=20') && document.querySelector('.time-words .badge.warning') === null")
    sheet.clean()


@pytest.mark.long
def test_a_hostile_chart_executes_nothing_and_stalls_nothing(shared_room: Room, tmp_path: Path) -> None:
    shared_room.north.submit(box(size=0.5, start_s=1200))
    line = [[lng / 500, 48 + lng % 7 / 10] for lng in range(2_000)]
    features = [
        {"type": "Feature", "properties": {"name": MARKUP, MARKUP: MARKUP}, "geometry": geometry}
        for geometry in (
            {"type": "Point", "coordinates": [2.1, 48.2]},
            {"type": MARKUP, "coordinates": MARKUP},
            *[{"type": "LineString", "coordinates": line}] * 300,
        )
    ]
    (tmp_path / "evil.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    tile = vector_tile([(2, [[(0, 0), (4096, 4096)], [(4096, 0), (0, 4096)]])])
    (tmp_path / "own.pmtiles").write_bytes(archive({0: tile}, 0))
    (tmp_path / "torn.pmtiles").write_bytes(archive({0: tile}, 0)[:-20])
    (tmp_path / "none.pmtiles").write_bytes(MARKUP.encode() * 20)
    plain = shared_room.open(shared_room.north.console(desk="plain"))
    plain.until(f"Number({DRAWN}) >= 1")
    told = {"evil.geojson": "could not be read", "own.pmtiles": "", "torn.pmtiles": "cut off"}
    told["none.pmtiles"] = "no PMTiles"
    for name, words in told.items():
        console = shared_room.north.console("--basemap", str(tmp_path / name), desk=name)
        sheet = shared_room.open(console)
        sheet.until(f"Number({DRAWN}) >= 1")
        if words:
            sheet.until(f"{READ_OUT}.includes({json.dumps(words)})")
        else:
            sheet.until(f"({PIXELS})() > 12")
        assert sheet.page.evaluate(UNTOUCHED)
        sheet.shoot(f"chart-{name.partition('.')[0]}")
        # Still at hand: a key is answered while the chart is there.
        press(sheet, "m", "Space")
        sheet.until(f"{READ_OUT}.includes('31U')", within_s=5)
        sheet.clean()
        sheet.close()
        console.stop()
