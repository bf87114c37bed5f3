"""A submit against the floor, under more live notices, and with two workers.

The service works under the live notices; the floor does the least that such a service must do (see ``floor``). Same
server, same kind of store with every write fsynced, same client, same bytes, same connections; the worker has a core,
client and store the other. ``store and client busy`` says how much of their core these two used at the service's best
rate: below 1 the worker was what limited it.

A process costs a twentieth more or less than the next of its kind, for as long as it lives: each side is started
several times, and the figures are medians over all of them.
"""

import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from support.world import World

from .client import Result, post, run, send
from .figures import Figure, Scale
from .load import filed, notices, plain_world
from .stage import Stage, all_cores, say, stage

CONNECTIONS = (32, 256)

RUNS = 2
"""Of each start of a side."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run's rate, milliseconds, microseconds of the workers and of the store a request, share of client's core."""

    rate: float
    p50_ms: float
    p99_ms: float
    worker_us: float
    store_us: float
    beside: float


def measure(scale: Scale) -> list[Figure]:
    """Return the figures of all three comparisons."""
    return [*against_floor(scale), *more_live(scale), *two_workers(scale)]


def against_floor(scale: Scale) -> list[Figure]:
    """Return rates and processor time of service and floor, interleaved, and their ratios."""
    live, starts, requests = scale.of(500, 10_000), scale.of(1, 5), scale.of(300, 6_000)
    found: dict[int, tuple[list[Run], list[Run], list[Run]]] = {many: ([], [], []) for many in CONNECTIONS}
    for start in range(starts):
        world = plain_world()
        say(f"submit: {live} live notices against the floor, start {start + 1} of {starts}")
        # As many on the average of a run, which begins with fewer and ends with more. A run ends with a tick in which
        # nothing is left to do, so that it lasts for a hundred of them.
        prefill, bodies = notices(world, live - requests // 2, 1), batches(world, RUNS * len(CONNECTIONS), requests)
        _one_start(world, prefill, bodies, found)
    return [figure for many, sides in found.items() for figure in _compared(*sides, many)]


def _one_start(
    world: World,
    prefill: Sequence[bytes],
    bodies: Iterator[list[bytes]],
    found: Mapping[int, tuple[list[Run], list[Run], list[Run]]],
) -> None:
    """Start each side, and add what it shows: the service's, the floor's and the lower floor's, by connections."""
    with (
        stage(world) as service,
        stage(world, factory="benchmarks.floor:create_app") as floor,
        stage(world, factory="benchmarks.floor:create_app_libsodium") as lower,
    ):
        run(send(service.port, prefill, 64))
        for on in (floor, lower):
            run(send(on.port, prefill[:200], 64))
        for connections, (ours, least, lowest) in found.items():
            for _ in range(RUNS):
                batch = next(bodies)
                least.append(once(floor, batch, connections))
                ours.append(once(service, batch, connections))
                run(send(service.port, withdrawals(world, batch), 64))  # so that as many stay live
                lowest.append(once(lower, batch, connections))


def _compared(ours: Sequence[Run], least: Sequence[Run], lowest: Sequence[Run], connections: int) -> list[Figure]:
    pairs = list(zip(ours, least, strict=True))
    cpu = [floor.worker_us / own.worker_us for own, floor in pairs]
    rate = [own.rate / floor.rate for own, floor in pairs]
    sodium = statistics.median(low.worker_us / own.worker_us for own, low in zip(ours, lowest, strict=True))
    place = f"{connections} connections"
    bound = ">= 0.75" if connections > 100 else ""
    held = "" if connections > 100 else "; the tick holds these connections back"
    return [
        Figure(f"floor, {place}", median(least, "rate"), "/s", note=_words(least)),
        Figure(f"service, {place}", median(ours, "rate"), "/s", note=_words(ours)),
        Figure(f"floor to service by processor time, {place}", statistics.median(cpu), "", ">= 0.75", _range(cpu)),
        Figure("the same to a floor that verifies by libsodium", sodium, "", note=_words(lowest)),
        Figure(f"service to floor by throughput, {place}", statistics.median(rate), "", bound, _range(rate) + held),
        Figure(f"store and client busy, {place}", max(own.beside for own in ours), "cores", note="service's runs"),
    ]


def _range(ratios: Sequence[float]) -> str:
    return f"{min(ratios):.2f} to {max(ratios):.2f} in {len(ratios)} runs"


def more_live(scale: Scale) -> list[Figure]:
    """Return the processor time of a submit under few and under many live notices at equal density."""
    few, many = scale.of(200, 1_000), scale.of(1_000, 100_000)
    runs, requests = scale.of(2, 5), scale.of(200, 600)
    small, large = plain_world(), plain_world()
    say(f"submit: {few} against {many} live notices")
    with stage(small) as one, stage(large) as other:
        began = time.monotonic()
        run(send(one.port, notices(small, few, 2, live=few), 64))
        run(send(other.port, notices(large, many, 2, live=many), 128))
        say(f"submit: {many} signed and filed in {time.monotonic() - began:.0f} s")
        a: list[Run] = []
        b: list[Run] = []
        for turn in range(runs):
            for on, live, found in ((one, few, a), (other, many, b)):
                batch = notices(on.world, requests, 10 + turn, live=live)
                found.append(once(on, batch, 64))
                run(send(on.port, withdrawals(on.world, batch), 64))  # the few stay few
        ratio = statistics.median(y.worker_us / x.worker_us for x, y in zip(a, b, strict=True))
        return [
            Figure(f"submit under {few} live", median(a, "worker_us"), "us", note=_words(a)),
            Figure(f"submit under {many} live", median(b, "worker_us"), "us", note=_words(b)),
            Figure("many to few live, by processor time", ratio, "", "<= 1.5"),
            Figure(f"worker's memory at {many} live", other.rss() / 2**20, "MiB"),
        ]


def two_workers(scale: Scale) -> list[Figure]:
    """Return what two workers can do against one, estimated from processor time and measured on the cores there are.

    Both fold everything, so a submit costs their sum; two cores of their own give ``2 / sum`` a second where one gives
    ``1 / alone``, as long as the store keeps up. With two cores in all, client and store take from the workers what
    they use, so the measured rate is a lower bound.
    """
    live, starts, requests = scale.of(300, 3_000), scale.of(1, 3), scale.of(400, 3_000)
    a: list[Run] = []
    b: list[Run] = []
    for start in range(starts):
        alone, pair = plain_world(), plain_world()
        say(f"submit: two workers against one, start {start + 1} of {starts}")
        with stage(alone, pin=False) as one, stage(pair, words=["--workers", "2"], pin=False) as two:
            run(send(one.port, notices(alone, live, 3), 64))
            run(send(two.port, notices(pair, live, 3), 64))
            for turn in range(RUNS):
                a.append(once(one, notices(alone, requests, 20 + turn), 256))
                b.append(once(two, notices(pair, requests, 20 + turn), 256))
    sums = [2 * x.worker_us / y.worker_us for x, y in zip(a, b, strict=True)]
    measured = statistics.median(y.rate / x.rate for x, y in zip(a, b, strict=True))
    store = statistics.median(1e6 / y.store_us for y in b if y.store_us)
    cores = len(all_cores())
    return [
        Figure("one worker", median(a, "rate"), "/s", note=_words(a)),
        Figure("two workers", median(b, "rate"), "/s", note=_words(b)),
        Figure("two to one, by processor time", statistics.median(sums), "", ">= 1.6", "where two cores are free"),
        Figure("two to one, measured", measured, "", note=f"all processes on {cores} cores, none free"),
        Figure("the store alone could take", store, "/s"),
    ]


def withdrawals(world: World, requests: Sequence[bytes]) -> list[bytes]:
    """Return the requests that withdraw what ``requests`` filed."""
    raws = [request.partition(b"\r\n\r\n")[2].decode() for request in requests]
    return [post("withdrawals", world.withdrawal(filed(raw).party, filed(raw))) for raw in raws]


def batches(world: World, count: int, requests: int) -> Iterator[list[bytes]]:
    """Yield ``count`` lists of requests, all signed before the first is needed."""
    bodies = notices(world, count * requests, 4)
    return iter([bodies[at * requests : (at + 1) * requests] for at in range(count)])


def once(on: Stage, requests: Sequence[bytes], connections: int) -> Run:
    """Send ``requests``; say what that took."""
    worker, store, own = on.cpu_s(), on.store_cpu_s(), time.process_time()
    result: Result = run(send(on.port, requests, connections))
    count = len(requests)
    spent = on.store_cpu_s() - store
    return Run(
        result.rate,
        result.ms(0.5),
        result.ms(0.99),
        (on.cpu_s() - worker) / count * 1e6,
        spent / count * 1e6,
        (time.process_time() - own + spent) / result.seconds,
    )


def median(runs: Sequence[Run], name: str) -> float:
    """Return the median of one of the figures."""
    return float(statistics.median(getattr(run, name) for run in runs))


def _words(runs: Sequence[Run]) -> str:
    return (
        f"worker {median(runs, 'worker_us'):.0f} us, store {median(runs, 'store_us'):.0f} us, "
        f"p50 {median(runs, 'p50_ms'):.0f} p99 {median(runs, 'p99_ms'):.0f} ms"
    )
