"""The index never hides a conflict: whatever the rules find by comparing all with all, a query finds too."""

import math
import random
import sys
from dataclasses import replace

import pytest
from keepclear_protocol.instant import format_instant
from keepclear_protocol.notice import DisclosedVolume
from keepclear_protocol.separation import WORLDWIDE, Minima, judge
from keepclear_protocol.table import table_of
from keepclear_protocol.volume import Volume, parse_volume
from keepclear_service.decide.cells import Item, Room
from keepclear_service.decide.index import Index

START = 1_790_000_000_000_000


def wrapped(lat: float, lng: float) -> dict[str, float]:
    return {"lat": round(lat, 7), "lng": round((lng + 180) % 360 - 180, 7)}


def random_volume(rng: random.Random, around: tuple[float, float]) -> Volume:
    """A volume of any size near a place: circle, corridor or quadrilateral, minutes to days long."""
    lat, lng = around
    size = 10 ** rng.uniform(-4, 0.3)
    lat = max(-89.9, min(89.9, lat + rng.uniform(-1, 1) * max(size, 0.2)))
    stretch = 1 / max(0.02, math.cos(math.radians(lat)))
    lng += rng.uniform(-1, 1) * max(size, 0.2) * stretch
    kind = rng.choice(["circle", "corridor", "polygon"])
    if kind == "circle":
        outline = {
            "outline_circle": {"center": wrapped(lat, lng), "radius": {"value": round(size * 50_000, 1), "units": "M"}}
        }
    elif kind == "corridor":
        path = [wrapped(lat, lng), wrapped(min(89.9, lat + size), lng + size * stretch)]
        outline = {"outline_corridor": {"path": path, "half_width": {"value": 926, "units": "M"}}}
    else:
        half, wide = size / 2, size / 2 * stretch
        corners = [(-half, -wide), (-half, wide), (half, wide), (half, -wide)]
        outline = {
            "outline_polygon": {"vertices": [wrapped(max(-89.95, min(89.95, lat + y)), lng + x) for y, x in corners]}
        }
    start = START + rng.randrange(0, 6 * 3600) * 1_000_000
    end = start + int(10 ** rng.uniform(1.5, 5.3)) * 1_000_000
    low = rng.uniform(0, 300)
    level = {"reference": rng.choice(["W84", "FL"]), "units": "M"}
    return parse_volume(
        {
            "volume": {
                **outline,
                "altitude_lower": {"value": round(low, 2), **level},
                "altitude_upper": {"value": round(low + 200, 2), **level},
            },
            "time_start": {"value": format_instant(start), "format": "RFC3339"},
            "time_end": {"value": format_instant(end), "format": "RFC3339"},
        }
    )


def near_in(index: Index, query: Item) -> list[Item]:
    found = index.near(query, Room(sys.maxsize))
    assert found is not None
    return found


PLACES = [(48.0, 2.0), (89.5, 0.0), (-89.5, 100.0), (0.0, 179.9), (60.0, -179.95), (0.0, 0.0)]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("horizontal_m", [0.0, 7408.0, 60_000.0])
def test_every_conflict_of_all_pairs_is_among_the_candidates(place: tuple[float, float], horizontal_m: float) -> None:
    rng = random.Random(f"{place}{horizontal_m}")
    minima = Minima(horizontal_m, 200.0, 60, 600)
    index = Index(horizontal_m)
    items = []
    for number in range(120):
        try:
            volume = random_volume(rng, place)
        except Exception as error:  # a random polygon may be degenerate; that is another test's matter
            assert "volume" in getattr(error, "code", "")
            continue
        item = index.item((str(number), ""), DisclosedVolume(str(number), "", volume), minima)
        index.add(item)
        items.append(item)
    conflicts = 0
    for query in items:
        near = {item.owner for item in near_in(index, query)}
        assert query.owner not in near
        ((asking, slots),) = index.around([query])
        around = {item.owner for item in index.items(slots)}
        assert set(asking.tolist()) == {0} and near <= around and query.owner not in around
        for item in items:
            if item is not query and judge(query.disclosed.volume, minima, item.disclosed.volume, minima, WORLDWIDE):
                conflicts += 1
                assert item.owner in near
    assert conflicts > len(items)  # the test has something to miss


def test_what_was_taken_out_is_found_no_more() -> None:
    rng = random.Random(7)
    minima = Minima(5000.0, 100.0, 0, 0)
    index = Index(5000.0)
    items = [
        index.item((str(number), ""), DisclosedVolume(str(number), "", random_volume(rng, (10.0, 10.0))), minima)
        for number in range(60)
    ]
    for item in items:
        index.add(item)
    for item in items[::2]:
        index.remove(item)
    left = {item.owner for item in items[1::2]}
    seen = {item.owner for query in items for item in near_in(index, query)}
    assert seen <= left
    for item in items[1::2]:
        index.remove(item)
    assert not [item for query in items for item in near_in(index, query)]


@pytest.mark.parametrize("seed", range(6))
def test_what_comes_and_goes_between_lookups_is_found_while_it_is_there(seed: int) -> None:
    rng = random.Random(seed)
    minima = Minima(2_000.0, 200.0, 60, 600)
    index, met = Index(2_000.0), 0
    inside: list[Item] = []
    some = (random_volume(rng, (48 + rng.random() / 2, 2 + rng.random() / 2)) for _ in range(2_000))
    volumes = [volume for volume in some if volume.shape.bound_m < 3_000][:60]
    queries = [index.item(("north", ""), DisclosedVolume("", "", volume), minima) for volume in volumes[:8]]
    for step in range(400):
        if inside and rng.random() < 0.5:
            index.remove(inside.pop(rng.randrange(len(inside))))
        else:
            name = str(step)
            inside.append(index.item(("south", name), DisclosedVolume(name, "", rng.choice(volumes)), minima))
            index.add(inside[-1])
        query = rng.choice(queries)
        found = {item.owner for item in near_in(index, query)}
        wanted = {
            item.owner
            for item in inside
            if judge(query.disclosed.volume, minima, item.disclosed.volume, minima, WORLDWIDE) is not None
        }
        assert wanted <= found <= {item.owner for item in inside}
        met += len(wanted)
    assert met > 20, met


def test_a_crowd_elsewhere_costs_nothing() -> None:
    """A query looks at its own neighbourhood: a thousand volumes two hundred kilometres off are not candidates."""
    rng = random.Random(11)
    minima = Minima(5000.0, 100.0, 0, 0)
    index = Index(5000.0)
    for number in range(1000):
        volume = random_volume(rng, (20.0, 20.0))
        if volume.shape.bound_m < 20_000:
            index.add(index.item((str(number), ""), DisclosedVolume(str(number), "", volume), minima))
    query = next(v for v in (random_volume(rng, (24.0, 20.0)) for _ in range(99)) if v.shape.bound_m < 20_000)
    assert list(near_in(index, index.item(("query", ""), DisclosedVolume("q", "", query), minima))) == []


@pytest.mark.parametrize("offset_us", [0, 1, 15, 16, 17, 31, 33, 63])
def test_windows_that_touch_in_the_far_future_are_found(offset_us: int) -> None:
    """There a double no longer tells one microsecond from the next."""
    rng = random.Random(13)
    minima = Minima(5000.0, 100.0, 0, 0)
    meets = 221_000_000_000_000_000 + offset_us
    first = random_volume(rng, (20.0, 20.0))
    volumes = [replace(first, start=meets - 60_000_000, end=meets), replace(first, start=meets, end=meets + 7_000_001)]
    for one, other in (volumes, volumes[::-1]):
        index = Index(5000.0)
        item = index.item(("north", ""), DisclosedVolume("n", "", one), minima)
        index.add(item)
        assert near_in(index, index.item(("south", ""), DisclosedVolume("s", "", other), minima)) == [item]


def test_what_no_distance_is_asked_of_has_no_geography() -> None:
    """Rows of ten thousand volumes are written at once: five microseconds more for each would hold up the loop."""
    rng, minima, index = random.Random(4), Minima(0.0, 0.0, 0, 0), Index(0.0)
    volumes = [random_volume(rng, (48.0, 2.0)) for _ in range(30)]
    for number, volume in enumerate(volumes):
        index.add(index.item(("north", str(number)), DisclosedVolume("", "", volume), minima))
    table = index.table
    assert len(table_of(volumes, minima)) == 30 and [shape.core for shape in table.shapes[:30]] == [
        volume.outline for volume in volumes
    ]
