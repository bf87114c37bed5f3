"""Whatever stands in an input file, the answer is flights that can be filed or one ``LocalError``."""

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

import pytest
from keepclear.offline.inputs import Options, load
from keepclear_protocol.errors import LocalError
from keepclear_protocol.volume import circle_json, parse_volume, volume4d_json

T0 = 1_633_608_000
RING = [[[2.0, 48.0], [2.1, 48.0], [2.1, 48.1], [2.0, 48.0]]]
PROPERTIES = {
    "time_start": "2026-11-22T14:00:00Z",
    "time_end": "2026-11-22T15:00:00Z",
    "altitude_lower": 1,
    "altitude_upper": 5,
    "altitude_reference": "AMSL",
    "width_m": 100,
    "radius_m": 100,
    "callsign": "HAWK",
}
GEOMETRIES = {
    "Polygon": RING,
    "MultiPolygon": [RING, RING],
    "LineString": [[179.9, 10.0], [180.1, 10.0]],
    "Point": [2.0, 48.0, 7.0],
}
FEATURES = [
    {"type": "Feature", "properties": PROPERTIES, "geometry": {"type": kind, "coordinates": coordinates}}
    for kind, coordinates in GEOMETRIES.items()
]
VOLUME = volume4d_json(circle_json((48.0, 2.0), 100), 0, 50, "W84", "M", T0 * 1_000_000, (T0 + 60) * 1_000_000)
SEEDS = [
    {"type": "FeatureCollection", "features": FEATURES},
    {"callsign": "A", "points": [[T0 + 20 * i, 48 + 0.01 * i, 2.0, 1000] for i in range(6)]},
    {"callsign": None, "points": [[T0, 48.0, 2.0, 0], [T0 + 300, 48.1, 2.0, 9000], [T0 + 2000, 48.0, 2.0, 0]]},
    [VOLUME, VOLUME],
    {"details": {"volumes": [VOLUME], "off_nominal_volumes": [VOLUME], "priority": 0}},
]
NASTY: list[Any] = [
    *(None, True, False, 0, -1, 1, 91, 180, 181, 360, -0.0, 1e-300, 1e300, 1e15, 2**53 - 1, 0.1 + 0.2, 89.9999999999),
    *("", "\0", "é", "FL", "M", "Point", "Polygon", "MultiPoint", "Feature", "9999-12-31T23:59:59Z"),
    *([], {}, [[]], [1, 2], [[2, 48]] * 3, {"type": "Feature"}),
]


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from paths(value[key], (*path, key))


def spoiled(rng: random.Random) -> bytes:
    value = copy.deepcopy(rng.choice(SEEDS))
    for _ in range(rng.choice((1, 1, 2))):
        *above, last = rng.choice(list(paths(value)))
        holder: Any = value
        for key in above:
            holder = holder[key]
        if rng.random() < 0.1:
            del holder[last]
        elif rng.random() < 0.1 and isinstance(holder, list):
            holder.insert(last, copy.deepcopy(holder[last]))
        else:
            holder[last] = copy.deepcopy(rng.choice(NASTY))
    data = bytearray(json.dumps(value).encode())
    if rng.random() < 0.1:
        data[rng.randrange(len(data))] = rng.randrange(256)
    return bytes(data)


@pytest.mark.parametrize("number", range(len(SEEDS)))
def test_unspoiled_files(number: int) -> None:
    assert load(json.dumps(SEEDS[number]).encode())


@pytest.mark.parametrize("seed", range(4))
def test_spoiled_files(seed: int) -> None:
    rng = random.Random(seed)
    read = refused = 0
    for _ in range(1_000):
        try:
            flights = load(spoiled(rng), Options(shift_s=rng.choice((0, 5, -(10**9)))))
        except LocalError as error:
            assert error.code in {"input_file", "usage"}
            assert error.detail
            refused += 1
        else:
            assert all(parse_volume(volume) for flight in flights for volume in flight.volumes)
            read += 1
    assert min(read, refused) > 20
