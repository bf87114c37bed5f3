"""The exposition's figures of the store: whether it answers, keeps what it is given, and has room."""

from collections.abc import Iterator

from keepclear_protocol.instant import SECOND
from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from .lookout import Sight
from .survey import Survey


def store_figures(sight: Sight) -> Iterator[Metric]:
    """Yield every figure of the store."""
    yield from _store(sight.survey)
    yield from _room(sight)
    yield _store_starts(sight)


def _store(survey: Survey) -> Iterator[Metric]:
    yield GaugeMetricFamily(
        "keepclear_store_up", "Whether the store answers.", value=float(survey.code != "store_unavailable")
    )
    yield GaugeMetricFamily(
        "keepclear_store_durable",
        "Whether the store keeps what it was given, as far as its settings go.",
        value=float(survey.durable),
    )
    yield GaugeMetricFamily(
        "keepclear_survey_timestamp_seconds", "When the store was looked at.", value=survey.at / SECOND
    )


def _room(sight: Sight) -> Iterator[Metric]:
    """Yield how full the store is; of what nobody here sees there is no sample."""
    memory, own = sight.survey.room, sight.own_store
    bounded = memory if memory is not None and memory.most else None
    for name, help, value in (
        ("memory_used_bytes", "Memory that the store has taken.", None if memory is None else memory.used),
        ("memory_mark_bytes", "Memory from which on notices are refused.", None if bounded is None else bounded.mark),
        ("memory_most_bytes", "Memory that the store has at most.", None if bounded is None else bounded.most),
        ("disk_free_bytes", "Room on the embedded store's disk.", None if own is None else own.free),
        ("write_seconds", "Of a durable write of ours and its reading back, when last looked.", sight.survey.write_s),
    ):
        yield GaugeMetricFamily(f"keepclear_store_{name}", help, value=None if value is None else float(value))


def _store_starts(sight: Sight) -> Metric:
    own = sight.own_store  # of a store that somebody else runs nobody here knows
    value = None if own is None else float(own.starts)
    return CounterMetricFamily("keepclear_store_starts", "Times that the embedded store was started.", value=value)
