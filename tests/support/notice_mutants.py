"""Mutants of submissions: well signed, so to speak, and wrong in one place or in several, or only unusual.

They are opened without a signature (``find_key`` None), because what is held here is what comes behind it. Digests and
manifest are mostly made to fit what was mutated, or nothing behind them would ever be reached.
"""

from random import Random
from typing import Any

from keepclear_protocol.encoding import b64, digest, dump_json
from keepclear_protocol.kinds import NOTICE
from keepclear_protocol.statement import protected_header
from keepclear_protocol.volume import Volume, circle_json, corridor_json, polygon_json, volume4d_json

from support.json_mutants import Pairs, Raw, mutate_bytes, mutate_value, parsed, written
from support.notice_forge import IAT, KEY, Forge

HEADER = b64(protected_header(KEY.kid, NOTICE.typ))
START = IAT * 1_000_000
HOUR = 3_600_000_000
OUTLINES = (
    polygon_json([(48.0, 2.0), (48.0, 2.5), (48.25, 2.6), (48.5, 2.5), (48.5, 2.0)]),
    polygon_json([(-0.0, -180.0), (1.5, 179.5), (-1.123456789, 179.0)]),
    circle_json((48.7, 2.35), 900),
    circle_json((90.0, 0.0), 1500.5),
    corridor_json([(48.0, 2.0), (48.1, 2.1), (48.0, 2.2)], 500.0),
    corridor_json([(0, 179.9), (0, -179.9)], 1),
)
BANDS = ((300, 600.5, "W84", "M"), (100, 330, "FL", "FL"), (-0.0, 10_000, "AMSL", "FT"))


def _volume(at: int, lower: float, upper: float, reference: str, units: str) -> dict[str, Any]:
    start = START + at * 1_500_000
    volume = volume4d_json(OUTLINES[at], lower, upper, reference, units, start, start + HOUR)
    if at % 2:
        for name in ("time_start", "time_end"):  # finer than a microsecond: rounded outward
            volume[name]["value"] = volume[name]["value"].partition(".")[0].rstrip("Z") + ".123456701Z"
    return volume


VOLUMES = [_volume(at, *band) for at in range(len(OUTLINES)) for band in BANDS]


def element(random: Random) -> bytes:
    """Return the bytes of ``[salt, Volume4D]``, mutated or not."""
    value = parsed(dump_json([_salt(random), random.choice(VOLUMES)]))
    return _mutated(value, random)


def property_(name: str, text: str, random: Random) -> bytes:
    """Return the bytes of ``[salt, name, text]``, mutated or not."""
    return _mutated([_salt(random), name, text], random)


def payload(random: Random, elements: list[str], properties: list[str]) -> Pairs:
    """Return the visible members of a notice that signs these digests."""
    forge = Forge(str(random.random()))
    revision = random.choice((1, 1, 2, 7))
    members = forge.payload([], [], revision=revision, prev=None if revision == 1 else digest("before"))
    padded = random.choice([16] * 60 + [8, 15, 17, 32, 512, 1024])
    hidden = elements + [forge.random(32) for _ in range(padded - len(elements))]
    random.shuffle(hidden)
    signed = sorted(properties + [forge.random(32) for _ in range(8 - len(properties))])
    members |= {"volumes": [{"...": sha256} for sha256 in hidden], "_sd": signed}
    value: Pairs = parsed(dump_json(members))
    return value


def body(random: Random) -> bytes:
    """Return the bytes of a notice's payload, mutated or not."""
    return _mutated(payload(random, [], []), random)


def submission(random: Random) -> str:
    """Return a whole submission."""
    calm = random.random()
    elements = [b64(element(random) if calm > 0.6 else _plain(random)) for _ in range(random.choice((1, 1, 2, 3)))]
    texts = {"category": "transport", "callsign": "BLUE-01", "remarks": random.choice(("Relief", "א relief", "a\x7f"))}
    names = [name for name in texts if random.random() < 0.9]
    properties = [
        b64(property_(n, texts[n], random) if calm < 0.2 else dump_json([_salt(random), n, texts[n]])) for n in names
    ]
    sent = [*elements, *properties]
    if random.random() < 0.2:
        _rearrange(sent, random)
    over = "".join(f"{raw}~" for raw in sent) if random.random() < 0.95 else ""
    manifest = b64(dump_json([_salt(random), "manifest", digest(over)]))
    signed, signed_properties = [digest(raw) for raw in elements], [digest(raw) for raw in (*properties, manifest)]
    if random.random() < 0.05:
        signed, signed_properties = [*signed, signed_properties[0]], [*signed_properties[1:], signed[0]]
    members = payload(random, signed, signed_properties)
    text = _mutated(members, random) if 0.2 < calm < 0.4 else written(members, random)
    tail = "~".join([*sent, manifest, ""])
    if random.random() < 0.1:
        tail = mutate_bytes(tail.encode(), random).decode("utf-8", "replace")
    return f"{HEADER}.{b64(text)}.{'A' * 86}~{tail}"


def exact(volume: Volume) -> str:
    """Return every figure of ``volume`` and its shape to the bit: -0.0 is not 0.0 here, and 1 is not 1.0."""
    shape = volume.shape
    figures = (shape.radius_m, shape.longest_edge_m, shape.margin_m, shape.center, shape.bound_m, shape.area_m2)
    return repr((volume, *figures, shape.outline_area_m2, shape.perimeter_m, shape.vertices, str(shape.geography)))


def _salt(random: Random) -> str:
    return "A" * 22 if random.random() < 0.02 else b64(random.randbytes(16))


def _plain(random: Random) -> bytes:
    return dump_json([_salt(random), random.choice(VOLUMES)])


def _mutated(value: Any, random: Random) -> bytes:
    """Mostly one mutation, because two leave little that anybody takes; a fifth of them none."""
    chance = random.random()
    for _ in range(0 if chance < 0.2 else 2 if chance > 0.9 else 1 if chance < 0.75 else 0):
        mutate_value(value, random)
    data = written(value, random, blanks=0.05 if random.random() < 0.2 else 0.0)
    return mutate_bytes(data, random) if 0.75 <= chance <= 0.9 else data


def _rearrange(sent: list[str], random: Random) -> None:
    at = random.randrange(len(sent))
    match random.randrange(4):
        case 0:
            random.shuffle(sent)
        case 1:
            sent.insert(random.randrange(len(sent)), sent[at])
        case 2:
            del sent[at]
        case 3:
            sent.insert(at, b64(dump_json([_salt(random), Raw("x")])))
