"""Crowds of volumes for the bulk rules: near one place, of every shape and reference, with much that is just equal."""

import math
import random

from keepclear_protocol.encoding import digest
from keepclear_protocol.errors import Malformed
from keepclear_protocol.geometry import shape_of
from keepclear_protocol.instant import SECOND
from keepclear_protocol.notice import DisclosedVolume, Notice
from keepclear_protocol.outline import Circle, Corridor, Outline, Polygon, Position
from keepclear_protocol.volume import Reference, Volume
from msgspec.structs import replace

START = 1_790_000_000 * SECOND
PLACES = {
    "europe": (48.0, 2.0),
    "north pole": (89.97, 0.0),
    "south pole": (-90.0, 77.0),
    "antimeridian": (10.0, 179.99),
    "equator": (0.0, 0.0),
}


def outline(rng: random.Random, around: Position, size_m: float) -> Outline:
    """A star, a ring, a corridor or a circle, within a few sizes of a place."""
    middle = _away(around, rng.uniform(0, 2 * math.pi), rng.choice([0.0, 1.0, 2.0, 2.1, rng.uniform(0, 4)]) * size_m)
    kind = rng.choice(["circle", "corridor", "ring", "star"])
    if kind == "circle":
        return Circle(middle, max(1.0, size_m * rng.choice([0.1, 0.5, 1.0])))
    turn = rng.choice([0.0, rng.uniform(0, 2 * math.pi)])
    if kind == "corridor":
        path = [_away(middle, turn + 2.5 * at, size_m * rng.uniform(0.3, 1)) for at in range(rng.randint(2, 5))]
        return Corridor(tuple(path), max(1.0, size_m * rng.choice([0.01, 0.2])))
    corners = rng.randint(4, 9)
    lengths = [1.0 if kind == "ring" or at % 2 else 0.3 for at in range(corners)]
    return Polygon(
        tuple(_away(middle, turn + 2 * math.pi * at / corners, size_m * lengths[at]) for at in range(corners))
    )


def volume(rng: random.Random, around: Position, size_m: float, references: list[Reference]) -> Volume:
    """A volume of round figures, so that bands, windows and ranks are often just equal."""
    while True:
        drawn = outline(rng, around, size_m)
        try:
            shape = shape_of(drawn)
        except Malformed:
            continue
        low, start = rng.randrange(0, 1000, 100), START + rng.randrange(0, 3600, 300) * SECOND
        end = start + rng.choice([300, 600, 601]) * SECOND
        return Volume(drawn, float(low), low + rng.choice([100.0, 150.0]), rng.choice(references), start, end, shape)


def crowd(
    rng: random.Random, count: int, around: Position, size_m: float, references: list[Reference]
) -> list[DisclosedVolume]:
    """Disclosed volumes, some of them several times under different digests."""
    volumes = [volume(rng, around, size_m, references) for _ in range(count)]
    for at in range(0, count, 7):
        volumes[at] = rng.choice(volumes)
    return [DisclosedVolume(digest(f"{rng.random()}"), "", item) for item in volumes]


def notice_of(template: Notice, volumes: list[DisclosedVolume], category: str) -> Notice:
    """A notice of these volumes, for rules that look at nothing else."""
    return replace(template, volumes=tuple(volumes), category=category)


def _away(position: Position, azimuth: float, metres: float) -> Position:
    """A place some metres off; poles and antimeridian are passed over."""
    lat, lng, arc = math.radians(position[0]), math.radians(position[1]), metres / 6_371_010
    sine = math.sin(lat) * math.cos(arc) + math.cos(lat) * math.sin(arc) * math.cos(azimuth)
    there = math.asin(max(-1.0, min(1.0, sine)))
    east = math.atan2(math.sin(azimuth) * math.sin(arc) * math.cos(lat), math.cos(arc) - math.sin(lat) * sine)
    return round(math.degrees(there), 7), round((math.degrees(lng + east) + 180) % 360 - 180, 7)
