"""Known answers for kinds and streams: the table is the code's, and the SDK follows each stream as the file says."""

import json
from pathlib import Path
from typing import Any

import pytest
from keepclear.desk.position import Position
from keepclear.wire.arrivals import BudgetArrived, GapArrived, Passing
from keepclear_protocol.cursor import Cursor
from keepclear_protocol.errors import Unavailable
from keepclear_protocol.kinds import BUDGET
from support.stream_vectors import DOCUMENTS

FOLDER = Path(__file__).resolve().parents[2] / "protocol" / "vectors"
STREAMS = json.loads((FOLDER / "streams.json").read_text("utf-8"))["cases"]


@pytest.mark.req("R-013", "R-088")
@pytest.mark.parametrize("file", DOCUMENTS)
def test_the_files_are_what_their_maker_makes(file: str) -> None:
    assert (FOLDER / file).read_text("utf-8") == DOCUMENTS[file]()


@pytest.mark.req("R-099", "R-100", "R-102")
@pytest.mark.parametrize("case", STREAMS, ids=[case["name"] for case in STREAMS])
def test_a_desk_follows_each_stream_as_told(case: dict[str, Any]) -> None:
    position = Position(Cursor.parse(case["cursor"]))
    position.expect(lambda _: None)  # openings.json says what it must hold
    kept, gap = [], None
    try:
        taken = position.received(case["text"].encode())
    except Unavailable:
        taken = []
    assert (not position.opened) == case["expect"]["lost"]
    for arrived in taken:
        if isinstance(arrived.arrival, GapArrived):
            gap = arrived.arrival.reason
        elif not isinstance(arrived.arrival, Passing):
            name = BUDGET.event if isinstance(arrived.arrival, BudgetArrived) else "acknowledgement"
            kept.append([str(arrived.cursor), name])
    assert {"kept": kept, "gap": gap} == {name: case["expect"][name] for name in ("kept", "gap")}
    if gap is None:
        assert str(position.cursor) == case["expect"]["cursor"]


def test_names_are_unique_and_reasons_given() -> None:
    assert len({case["name"] for case in STREAMS}) == len(STREAMS)
    assert all(case["why"] for case in STREAMS)
