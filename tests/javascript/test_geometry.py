"""The second client's geometry is held against the first's: two programs that were written apart, on random pairs.

Both are asked as programs: ``keepclear check --batch`` and the JavaScript client's answers to the conformance protocol.
Every verdict and every figure must be the same; R-075 would let a figure differ where it lies within 10 mm of a whole
metre, and none of these seeds comes so near. Pairs are drawn where geometry goes wrong: at the poles, over the
antimeridian, along edges of 1 000 km, touching in a vertex or an edge, one inside the other, thin and tiny.
"""

import json
import math
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.node import node_program

REPOSITORY = Path(__file__).resolve().parents[2]
CLIENT = REPOSITORY / "clients" / "javascript" / "bin" / "conformance.js"
RADIUS_M = 6_371_010
WORLDWIDE = {"geoid_undulation_m": [-110, 90], "pressure_error_m": [-5000, 2600], "terrain_m": [-450, 8850]}
FIGURES = (
    "severity", "horizontal_m", "vertical_m", "time_start", "time_end", "altitude_lower_m", "altitude_upper_m",
    "reference",
)  # fmt: skip
Place = tuple[float, float]
Volume = dict[str, Any]


def away(place: Place, bearing: float, metres: float) -> Place:
    """Return where one comes to over the sphere, at a pole too: latitude and longitude in degrees, of nine decimals."""
    lat, lng, angle = math.radians(place[0]), math.radians(place[1]), metres / RADIUS_M
    north = (-math.sin(lat) * math.cos(lng), -math.sin(lat) * math.sin(lng), math.cos(lat))
    here = (math.cos(lat) * math.cos(lng), math.cos(lat) * math.sin(lng), math.sin(lat))
    east = (-math.sin(lng), math.cos(lng), 0.0)
    ahead = [n * math.cos(bearing) + e * math.sin(bearing) for n, e in zip(north, east, strict=True)]
    x, y, z = (h * math.cos(angle) + a * math.sin(angle) for h, a in zip(here, ahead, strict=True))
    return round(math.degrees(math.atan2(z, math.hypot(x, y))), 9), round(math.degrees(math.atan2(y, x)), 9)


def position(place: Place) -> dict[str, float]:
    return {"lat": place[0], "lng": place[1]}


def length(metres: float) -> dict[str, Any]:
    return {"value": metres, "units": "M"}


class Dice:
    """Draws pairs of volumes, each pair near some place where geometry is hard."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def place(self) -> Place:
        roll = self.random.random()
        if roll < 0.2:
            distance = self.random.choice([0, 1e-7, 0.01, 1, 5])
            return round(self.random.choice([1, -1]) * (90 - distance), 9), self.longitude()
        if roll < 0.4:
            longitude = self.random.choice([180.0, -180.0, 179.999999999, -179.9999, 179.5])
            return round(self.random.uniform(-70, 70), 9), longitude
        if roll < 0.5:
            return 0.0, self.random.choice([0.0, 90.0, -90.0])
        return round(math.degrees(math.asin(self.random.uniform(-1, 1))), 9), self.longitude()

    def longitude(self) -> float:
        return round(self.random.uniform(-180, 180), 9)

    def size(self) -> float:
        return 10 ** self.random.uniform(0, 5.7)

    def ring(self, centre: Place, size: float) -> list[Place]:
        """A star about its centre: simple, and rarely convex."""
        count = self.random.randint(3, 12)
        turns = sorted(self.random.uniform(0, 2 * math.pi) for _ in range(count))
        if max(b - a for a, b in zip(turns, [*turns[1:], turns[0] + 2 * math.pi], strict=True)) > 3:
            turns = [2 * math.pi * step / count for step in range(count)]
        if self.random.random() < 0.5:
            turns.reverse()
        return [away(centre, turn, size * self.random.uniform(0.2, 1)) for turn in turns]

    def path(self, start: Place, size: float) -> list[Place]:
        places = [start]
        for _ in range(self.random.randint(1, 8)):
            places.append(away(places[-1], self.random.uniform(0, 2 * math.pi), min(size, 999_000)))
        return places

    def outline(self, centre: Place, size: float, through: Place | None = None) -> Volume:
        kind = self.random.choice(["polygon", "circle", "corridor", "polygon", "corridor"])
        if kind == "circle":
            return {"outline_circle": {"center": position(through or centre), "radius": length(max(0.1, size))}}
        if kind == "corridor":
            places = self.path(through or centre, size)
            width = length(max(0.1, size / self.random.choice([3, 50, 1000])))
            return {"outline_corridor": {"path": [position(place) for place in places], "half_width": width}}
        places = self.ring(centre, size)
        if through:
            places[0] = through
        return {"outline_polygon": {"vertices": [position(place) for place in places]}}

    def volume(self, outline: Volume) -> Volume:
        reference = self.random.choice(["W84", "AMSL", "AGL", "FL"])
        low = self.random.uniform(-100, 9000)
        units = "FL" if reference == "FL" and self.random.random() < 0.5 else self.random.choice(["M", "FT"])
        scale = {"M": 1, "FT": 0.3048, "FL": 30.48}[units]
        ends = [round(low / scale, 3), round((low + self.random.choice([0.5, 100, 3000])) / scale, 3)]
        start, end = sorted(self.random.sample(range(24 * 60), 2))
        time = "2026-11-22T{:02d}:{:02d}:00Z"
        return {
            "volume": {
                **outline,
                "altitude_lower": {"value": ends[0], "reference": reference, "units": units},
                "altitude_upper": {"value": ends[1], "reference": reference, "units": units},
            },
            "time_start": {"value": time.format(start // 60, start % 60), "format": "RFC3339"},
            "time_end": {"value": time.format(end // 60, end % 60), "format": "RFC3339"},
        }

    def pair(self) -> tuple[Volume, Volume]:
        centre, size = self.place(), self.size()
        first = self.outline(centre, size)
        other = size if self.random.random() < 0.5 else self.size()
        roll = self.random.random()
        if roll < 0.35:  # touching, in a vertex or, where two follow one another, in an edge
            (parts,) = first.values()
            corners = parts.get("vertices") or parts.get("path") or [parts["center"]]
            corner = self.random.choice(corners)
            second = self.outline(away((corner["lat"], corner["lng"]), 1, other), other, (corner["lat"], corner["lng"]))
        elif roll < 0.5:  # one about the other
            second = self.outline(centre, other)
        else:
            bearing = self.random.uniform(0, 2 * math.pi)
            second = self.outline(away(centre, bearing, (size + other) * self.random.uniform(0.3, 2.5)), other)
        return self.volume(first), self.volume(second)


def ask_python(pairs: list[tuple[Volume, Volume]], horizontal: float, vertical: float, tmp_path: Path) -> list[Volume]:
    batch = tmp_path / "pairs.jsonl"
    batch.write_text("".join(json.dumps({"a": [a], "b": [b]}) + "\n" for a, b in pairs))
    program = Path(sys.executable).parent / "keepclear"
    options = ["--horizontal-m", str(horizontal), "--vertical-m", str(vertical), "--time-s", "300"]
    done = subprocess.run([program, "check", "--batch", batch, *options], capture_output=True, text=True, timeout=250)
    return [json.loads(line) for line in done.stdout.splitlines()]


def ask_javascript(node: str, pairs: list[tuple[Volume, Volume]], horizontal: float, vertical: float) -> list[Volume]:
    minima = {"horizontal_m": horizontal, "vertical_m": vertical, "lead_s": 0, "tail_s": 300}
    questions = [
        {"id": index, "do": "separation.judge", "rules": "1", "uncertainty": WORLDWIDE,
         "a": a, "b": b, "a_minima": minima, "b_minima": minima}
        for index, (a, b) in enumerate(pairs)
    ]  # fmt: skip
    lines = "".join(json.dumps(question) + "\n" for question in questions)
    done = subprocess.run([node, CLIENT], input=lines, capture_output=True, text=True, timeout=250, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def disagreement(one: Volume, two: Volume) -> str | None:
    """What the two say differently of a pair, if anything; which code a refusal has is the vectors' to hold."""
    if one["verdict"] == "error" or "code" in two:
        return None if "code" in one and "code" in two else f"refused: {one.get('code')} and {two.get('code')}"
    if one["verdict"] == "clear" or two["ok"] is None:
        return None if one["verdict"] == "clear" and two["ok"] is None else f"{one['verdict']} and {two['ok']}"
    differ = [name for name in FIGURES if one[name] != two["ok"][name]]
    return f"{[(name, one[name], two['ok'][name]) for name in differ]}" if differ else None


@pytest.mark.req("R-034", "R-055", "R-056", "R-057", "R-058", "R-060", "R-061")
@pytest.mark.parametrize("count", [600, pytest.param(20_000, marks=pytest.mark.long)])
def test_two_programs_that_were_written_apart_agree_on_random_pairs(
    count: int, tmp_path: Path, require: Callable[[str, str], None]
) -> None:
    node = node_program(require)
    dice = Dice(count)
    said: Counter[str] = Counter()
    for horizontal, vertical in ((0.0, 0.0), (9260.0, 300.0), (500_000.0, 100_000.0)):
        pairs = [dice.pair() for _ in range(count // 3)]
        ones = ask_python(pairs, horizontal, vertical, tmp_path)
        twos = ask_javascript(node, pairs, horizontal, vertical)
        assert len(ones) == len(twos) == len(pairs)
        for pair, one, two in zip(pairs, ones, twos, strict=True):
            assert disagreement(one, two) is None, json.dumps(pair)
            said[one.get("severity") or one["verdict"]] += 1
    assert {"clear", "overlap", "proximity", "possible"} <= set(said), said
    assert said["error"] < count / 6, "most pairs are of sound volumes, or they would show nothing"
    print(f"{count} pairs: {dict(said)}")
