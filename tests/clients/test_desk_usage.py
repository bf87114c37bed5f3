"""What a program gets wrong at a desk's face: told as ``usage`` with what to do, and nothing is signed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from keepclear import Desk, LocalError, Refused, circle_json, volume4d_json
from support.desks import Lied


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Lied]:
    made = Lied(tmp_path)
    yield made
    made.south.close()


def test_a_conflict_goes_by_its_code_too_and_who_said_it_before_is_told(line: Lied) -> None:
    south: Desk = line.south
    (view,) = south.picture().conflicts
    first = south.acknowledge(view.code, officer="duty-1")
    assert (first.conflict, first.version, first.before) == (view.conflict, view.version, None)
    assert south.acknowledge(view.conflict, officer="duty-2").before == "duty-1"
    with pytest.raises(Refused) as unknown:
        south.acknowledge("no such", officer="duty-1")
    assert unknown.value.code == "conflict_unknown" and ".code" in (unknown.value.hint or "")


@pytest.mark.parametrize("officer", ["Captain A", "", "duty\u200b1", "x" * 65, " duty", None])
def test_a_desk_takes_the_handles_that_the_command_line_takes(line: Lied, officer: Any) -> None:
    (view,) = line.south.picture().conflicts
    posts = len(line.mediator.requests)
    with pytest.raises(LocalError, match="officer's handle") as refused:
        line.south.acknowledge(view.conflict, officer=officer)
    assert refused.value.code == "usage" and len(line.mediator.requests) == posts


@pytest.mark.parametrize("flight", [None, "plan.geojson", 7])
def test_what_is_no_flight_is_told_as_that(line: Lied, flight: Any) -> None:
    with pytest.raises(LocalError, match="a flight or a list of volumes is filed") as refused:
        line.south.file(flight, "transport")
    assert refused.value.code == "usage" and refused.value.hint


def test_a_text_is_no_instant() -> None:
    begins: Any = "2026-11-26T10:00:00Z"
    with pytest.raises(LocalError, match="start and end are instants") as refused:
        volume4d_json(circle_json((46.5, 6.6), 5_000), 1_500, 2_500, "AMSL", "M", begins, begins)
    assert refused.value.code == "usage" and "parse_instant" in (refused.value.hint or "")
