"""How recorded flights are cut in legs: the alerts that it costs, and what each notice weighs, long legs against ours.

All flights of the shared afternoon over Paris, two parties by turns, filed with a real service; without the shared
files the demo's sample. Long legs are of 60 s however far a flight comes in that time, as the design's first
measurements had them (but for how gaps are bridged). Alerts are held against the pairs that the margins cannot exclude.
"""

import json
import os
import statistics
import time
from dataclasses import asdict
from importlib.resources import files
from pathlib import Path

from keepclear.offline.inputs import Flight, Options, load
from keepclear_protocol.instant import SECOND, parse_instant
from keepclear_protocol.terms import Limits
from support.margins import unexcluded
from support.world import UNBOUND, World

from .client import connect, exchange, post, run
from .figures import Figure, Scale
from .load import submission
from .stage import Stage, say, stage

LONG = {"leg_m": 999_999.0, "leg_ft": 999_999.0}
MINIMA = {"horizontal_m": 4 * 1852, "vertical_m": 700 * 0.3048, "lead_s": 0, "tail_s": 0}
LIMITS = asdict(Limits(area_km2=5_000_000, horizon_s=366 * 86_400, duration_s=366 * 86_400))
AHEAD_S = 3_600


def measure(scale: Scale) -> list[Figure]:
    """Return the alerts against those needed, and bytes, milliseconds and disclosed volumes for each notice."""
    data = recorded()
    lines = [line for line in data.splitlines() if line.strip()][: scale.of(40, 1_000)]
    needed = len(unexcluded([json.loads(line) for line in lines]))
    figures = []
    for name, changed in (("legs of 60 s", LONG), ("legs", {})):
        say(f"legs: {len(lines)} flights, {name}")
        figures += _filed(name, flights(data, len(lines), **changed), needed, last=not changed)
    return figures


def recorded() -> bytes:
    """Return the shared afternoon's flights, or the demo's sample where it is not there."""
    shared = Path(os.environ.get("KEEPCLEAR_SHARED", Path(__file__).resolve().parents[3] / "shared"))
    file = shared / "flights" / "paris-2021-10-07.jsonl"
    return file.read_bytes() if file.exists() else files("keepclear_demo").joinpath("sample.jsonl").read_bytes()


def flights(data: bytes, count: int, **options: float) -> list[Flight]:
    """Return the first ``count`` recorded flights, cut by ``options``, all moved so that they begin in an hour."""
    lines = b"\n".join([line for line in data.splitlines() if line.strip()][:count])
    first = min(parse_instant(flight.volumes[0]["time_start"]["value"]) for flight in load(lines))
    shift_s = int(time.time()) + AHEAD_S - first // SECOND
    return load(lines, Options(**options, shift_s=shift_s))  # type: ignore[arg-type]


def _filed(name: str, filed: list[Flight], needed: int, *, last: bool) -> list[Figure]:
    world = World(categories={"transport": MINIMA}, limits=LIMITS, budgets=UNBOUND)
    parties = list(world.parties)
    notices = [
        submission(world, parties[number % 2], *flight.volumes) for number, flight in enumerate(filed)
    ]
    with stage(world) as running:
        used, spent = running.used_memory(), running.cpu_s()
        disclosed = run(_answers(running, [post("notices", raw) for raw in notices]))
        spent, used = running.cpu_s() - spent, running.used_memory() - used
    ratio = len(disclosed) / needed
    return [
        Figure(f"{name}: alerts to each side", len(disclosed), "", note=f"{needed} pairs cannot be excluded"),
        Figure(f"{name}: alerts to those needed", ratio, "", "<= 1.15" if last else ""),
        Figure(f"{name}: volumes of a notice", statistics.median(len(flight.volumes) for flight in filed), note=(
            f"median; mean {statistics.fmean(len(flight.volumes) for flight in filed):.0f},"
            f" most {max(len(flight.volumes) for flight in filed)}"
        )),
        Figure(f"{name}: bytes of a notice", statistics.median(map(len, notices)) / 1000, "KB", note=(
            f"median; most {max(map(len, notices)) / 1000:.0f} KB"
        )),
        Figure(f"{name}: worker's time for a notice", spent / len(notices) * 1000, "ms", note="mean, alerts included"),
        Figure(f"{name}: store for a notice", used / len(notices) / 1000, "KB", note="mean, alerts included"),
        Figure(f"{name}: volumes disclosed by an alert", statistics.median(disclosed or [0]), note="median"),
    ]  # fmt: skip


async def _answers(running: Stage, requests: list[bytes]) -> list[int]:
    """File one after the other; return for each alert how many volumes of the other side it disclosed."""
    connection, found = await connect(running.port), []
    for request in requests:
        status, body = await exchange(connection, request)
        assert status == 201, body[:300]
        answer = json.loads(body)
        assert not answer.get("more"), "an answer with all its alerts is counted"
        # A presentation is the signed part, one disclosure for each volume, and the category.
        found += [one["presentation"].count("~") - 2 for one in answer["alerts"]]
    return found
