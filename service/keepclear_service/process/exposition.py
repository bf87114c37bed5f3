"""The exposition: all figures of this service in the words that Prometheus and OpenMetrics scrapers read.

Workers' counts are summed over their boards; what the store says is said once, and as of one look. Base units, a help
and a type for each name; labels are an agreement, a party of it, a worker's place, and words of our own tables.
"""

import functools
import platform
import sys
from collections.abc import Iterable, Iterator, Sequence

from keepclear_protocol.instant import SECOND
from keepclear_protocol.kinds import ROLES
from prometheus_client import Metric, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, InfoMetricFamily

from ..metrics import FAMILIES, Family
from .exposed_store import store_figures
from .lookout import Sight, WorkerSight
from .runs_out import role_end
from .survey import LineSurvey


def exposition(sight: Sight) -> Iterator[Metric]:
    """Yield every figure."""
    yield _build(sight)
    ids = [line.id for line in sight.survey.lines]
    for family in FAMILIES:
        yield _counted(family, ids, sight)
    yield from _workers(sight.workers)
    yield from _streams(sight)
    yield from store_figures(sight)
    yield from _lines(sight)
    yield from ProcessCollector(registry=None).collect()


def _build(sight: Sight) -> Metric:
    python = platform.python_version()
    values = {**sight.versions, "python": python, "implementation": sys.implementation.name}
    return InfoMetricFamily("keepclear_build", "What runs here.", value=values)


def _counted(family: Family, ids: Sequence[str], sight: Sight) -> Metric:
    """Return a family with the sum of all workers, without codes that nobody was told yet."""
    metric: CounterMetricFamily | HistogramMetricFamily
    kind = HistogramMetricFamily if family.buckets else CounterMetricFamily
    metric = kind(family.name, family.help, labels=family.labels)
    boards = [worker.board for worker in sight.workers]
    for values, at in boards[0].layout.series(family):
        cells = [sum(column) for column in zip(*(board.cells(at, family.width) for board in boards), strict=True)]
        if "code" in family.labels and not cells[0]:
            continue  # four hundred series of which a calm service has none
        shown = [
            ids[int(value)] if label == "agreement" else value
            for label, value in zip(family.labels, values, strict=True)
        ]
        if isinstance(metric, CounterMetricFamily):
            metric.add_metric(shown, cells[0])
        else:
            metric.add_metric(shown, list(_cumulative(family, cells)), cells[-1])
    return metric


def _cumulative(family: Family, cells: Sequence[float]) -> Iterator[tuple[str, float]]:
    total = 0.0
    for bound, count in zip((*map(repr, family.buckets), "+Inf"), cells, strict=False):
        total += count
        yield bound, total


def _workers(workers: Sequence[WorkerSight]) -> Iterator[Metric]:
    yield _of_workers(
        CounterMetricFamily("keepclear_worker_starts", "Times that a worker was started.", labels=["worker"]),
        ((worker.place, worker.starts) for worker in workers),
    )
    yield _of_workers(
        CounterMetricFamily(
            "keepclear_worker_replacements", "Times that a worker did not come round and was killed.", labels=["worker"]
        ),
        ((worker.place, worker.replaced) for worker in workers),
    )
    yield _of_workers(
        GaugeMetricFamily("keepclear_worker_up", "Whether the worker runs.", labels=["worker"]),
        ((worker.place, float(worker.pid is not None)) for worker in workers),
    )
    yield _of_workers(
        GaugeMetricFamily(
            "keepclear_worker_silent_seconds", "Since the worker's loop last came round.", labels=["worker"]
        ),
        ((worker.place, worker.silent_s) for worker in workers if worker.note is not None),
    )
    yield _of_workers(
        GaugeMetricFamily(
            "keepclear_worker_clock_stepped_seconds",
            "By which the machine's clock is ahead of what the worker's own has counted.",
            labels=["worker"],
        ),
        ((worker.place, worker.note.stepped_s) for worker in workers if worker.note is not None),
    )
    yield from _processes(workers)


def _processes(workers: Sequence[WorkerSight]) -> Iterator[Metric]:
    """Yield the process figures of each worker, by its place; those of a new process begin anew."""
    found: dict[str, Metric] = {}
    for worker in workers:
        if worker.pid is None:
            continue
        process = functools.partial(int, worker.pid)
        of_one = ProcessCollector(namespace="keepclear_worker", pid=process, registry=None)
        for metric in of_one.collect():
            into = found.setdefault(metric.name, Metric(metric.name, metric.documentation, metric.type))
            for sample in metric.samples:
                into.add_sample(sample.name, {"worker": worker.place}, sample.value)
    yield from found.values()


def _streams(sight: Sight) -> Iterator[Metric]:
    streams = GaugeMetricFamily("keepclear_streams", "Open streams.", labels=["agreement", "party"])
    ready = GaugeMetricFamily(
        "keepclear_line_ready", "Whether the worker follows the line.", labels=["agreement", "worker"]
    )
    behind = GaugeMetricFamily(
        "keepclear_line_behind_entries",
        "Entries of the log that the worker has not folded.",
        labels=["agreement", "worker"],
    )
    apart = GaugeMetricFamily(
        "keepclear_line_clock_apart_seconds",
        "By which the store's clock is ahead of the worker's own.",
        labels=["agreement", "worker"],
    )
    for place, line in enumerate(sight.survey.lines):
        for party, count in sorted(sight.streams[place].items()):
            streams.add_metric([line.id, party], count)
        for worker in sight.workers:
            note = worker.line(place)
            ready.add_metric([line.id, worker.place], float(note is not None and note.state == "ok"))
            if note is not None:
                apart.add_metric([line.id, worker.place], note.apart_s)
            if note is not None and line.founded is not None and note.epoch == line.founded.epoch:
                behind.add_metric([line.id, worker.place], max(0, line.founded.head - note.cursor))
    yield from (streams, ready, behind, apart)


def _lines(sight: Sight) -> Iterator[Metric]:
    lines = [line for line in sight.survey.lines if line.founded is not None]
    of_line = ["agreement"]
    yield _gauge(
        "keepclear_line_readable",
        "Whether the store holds the line.",
        of_line,
        (((line.id,), float(line.founded is not None)) for line in sight.survey.lines),
    )
    yield _gauge(
        "keepclear_log_head",
        "The newest entry's number.",
        of_line,
        (((line.id,), line.founded.head) for line in lines if line.founded),
    )
    yield _gauge(
        "keepclear_log_matched_through",
        "Up to which entry all alerts are committed.",
        of_line,
        (((line.id,), line.founded.matched_through) for line in lines if line.founded),
    )
    yield _gauge(
        "keepclear_log_lag_entries",
        "Entries whose alerts may not be committed.",
        of_line,
        (((line.id,), line.founded.head - line.founded.matched_through) for line in lines if line.founded),
    )
    yield _gauge(
        "keepclear_agreement_revision",
        "The revision in force.",
        of_line,
        (((line.id,), line.agreement.revision) for line in lines if line.agreement),
    )
    yield _gauge(
        "keepclear_acknowledge_within_seconds",
        "What the agreement gives an officer for an answer.",
        of_line,
        (((line.id,), line.within_s) for line in lines if line.within_s is not None),
    )
    yield _gauge(
        "keepclear_agreement_end_timestamp_seconds",
        "When the first key ends without which the agreement no longer does what it is for.",
        of_line,
        (((line.id,), line.end / SECOND) for line in lines if line.end is not None),
    )
    yield from _parties(lines, sight)


def _parties(lines: Sequence[LineSurvey], sight: Sight) -> Iterator[Metric]:
    now = sight.survey.at
    yield _gauge(
        "keepclear_conflicts_open",
        "Open conflicts, by the worst of their pairs.",
        ["agreement", "severity"],
        (((line.id, name), count) for line in lines for name, count in line.conflicts.items()),
    )
    of_party = ["agreement", "party"]
    parties = [(line, party) for line in lines for party in line.parties]
    yield _gauge(
        "keepclear_alerts_unanswered",
        "Open alerts that nobody of the party has acknowledged.",
        [*of_party, "severity"],
        (((line.id, party.id, name), count) for line, party in parties for name, count in party.unanswered.items()),
    )
    yield _gauge(
        "keepclear_alert_unanswered_oldest_seconds",
        "Since the oldest of them was open and unanswered, through all its revisions; 0 without one.",
        of_party,
        (
            ((line.id, party.id), max(0.0, (now - party.waiting[0].since) / SECOND) if party.waiting else 0.0)
            for line, party in parties
        ),
    )
    yield _gauge(
        "keepclear_alerts_overdue",
        "Those of them that are older than the agreement gives an officer for an answer.",
        of_party,
        (((line.id, party.id), len(line.overdue(party, now))) for line, party in parties),
    )
    yield _gauge(
        "keepclear_alerts_undelivered",
        "Those of them that no desk of the party took for more than 15 s.",
        of_party,
        (((line.id, party.id), len(party.undelivered(now))) for line, party in parties),
    )
    yield _gauge(
        "keepclear_notices_live",
        "Notices that have not ended.",
        of_party,
        (((line.id, party.id), party.live) for line, party in parties),
    )
    yield _gauge(
        "keepclear_budget_used_ratio",
        "How much of a budget the party has used; from 1 on it is refused.",
        [*of_party, "budget"],
        # The worst comes first, and is what is kept where each counterpart has one of its own.
        (
            ((line.id, party.id, budget), share)
            for line, party in parties
            for budget, share in {one.budget: one.share for one in reversed(party.spent)}.items()
        ),
    )
    yield _gauge(
        "keepclear_party_statement_timestamp_seconds",
        "When the party's last statement was taken.",
        of_party,
        (((line.id, party.id), party.last.received_at / SECOND) for line, party in parties if party.last),
    )
    yield _gauge(
        "keepclear_role_end_timestamp_seconds",
        "Until when the party has a valid key of the role.",
        [*of_party, "role"],
        (
            ((line.id, party.id, role), end / SECOND)
            for line, party in parties
            if line.agreement
            for role in ROLES
            if (end := role_end(line.agreement, party.id, role, now)) is not None
        ),
    )


def _gauge(
    name: str, help: str, labels: Sequence[str], samples: Iterable[tuple[tuple[str, ...], float]]
) -> GaugeMetricFamily:
    gauge = GaugeMetricFamily(name, help, labels=labels)
    for values, value in samples:
        gauge.add_metric(values, value)
    return gauge


def _of_workers(
    metric: CounterMetricFamily | GaugeMetricFamily, samples: Iterable[tuple[str, float]]
) -> CounterMetricFamily | GaugeMetricFamily:
    for place, value in samples:
        metric.add_metric([place], value)
    return metric
