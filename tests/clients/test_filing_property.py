"""Whatever is filed: a dry run passes if and only if the hotline, as a real process, takes it."""

from collections.abc import Iterator

import pytest
from decide.test_filing import LIMITS, contents
from hypothesis import HealthCheck, example, given, settings
from keepclear_protocol.errors import KeepclearError
from keepclear_protocol.filing import Content, find_faults
from support.nursery import Lifeline, Nursery
from support.stores import RunningStore, flush_all
from support.world import World, box, now_us

TIGHT = {**LIMITS, "area_km2": 3000, "band_m": 3700, "duration_s": 7200, "vertices": 18, "submission_bytes": 4000}


@pytest.fixture(scope="module")
def line(workers: Nursery, store_process: RunningStore) -> Iterator[Lifeline]:
    store_process.ensure_running()
    flush_all(store_process.url)
    with workers.line(World(limits=TIGHT), store_process.url) as running:
        yield running


def refused(line: Lifeline, content: Content) -> str | None:
    try:
        rest = {"category": content.category, "callsign": content.callsign, "remarks": content.remarks}
        raw = line.world.submission("north", *map(dict, content.volumes), **rest)
    except (KeepclearError, ValueError) as error:  # JSON has no spelling for NaN
        return getattr(error, "code", "json")
    answer = line.post("notices", raw)
    return None if answer.status_code == 201 else str(answer.json()["code"])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(contents.filter(lambda content: len(content.volumes) > 0))
@example(Content([box(), box(50.0)], "transport", "AFR1", "caf\u00e9"))
@example(Content([box()] * 5, "transport"))
@example(Content([box()] * 4, "strike", "A" * 16, "\u00e9" * 280))
def test_a_dry_run_passes_if_and_only_if_the_hotline_takes_it(line: Lifeline, content: Content) -> None:
    faults = list(find_faults(content, line.world.agreement, party="north", now=now_us()))
    code = refused(line, content)
    assert (code is None) == (faults == []), (code, faults)
