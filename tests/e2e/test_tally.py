"""The demo's tally of a night whose conflicts are foreseen: it waits for each, and takes no other for one."""

from typing import Any

import pytest
from keepclear_demo.levant.night import DUSK, night
from keepclear_demo.tally import Tally
from keepclear_demo.turn import Turn

PARTIES = ("israel", "turkiye")


@pytest.fixture
def turns() -> list[Turn]:
    return night(DUSK)


@pytest.fixture
def tally(turns: list[Turn]) -> Tally:
    """Everything up to the amendment was filed; QUARTZ2 and ASH3 are a conflict that both have answered."""
    tally = Tally(turns, PARTIES)
    for turn in turns[:4]:
        tally.take(turn.party, {"report": "filed", "number": turn.number, "id": turn.name, "seq": turn.number})
    return tally


def alert(party: str, **changed: Any) -> dict[str, Any]:
    own, other = ("QUARTZ2", "ASH3") if party == "israel" else ("ASH3", "QUARTZ2")
    facts = {"conflict": "c", "version": 3, "state": "open", "severity": "overlap", "start": 5, "end": 9}
    return {"report": "alert", "own": own, "other": other, "verdict": "verified", "detail": "", **facts, **changed}


def open_and_answered(tally: Tally) -> None:
    for party in PARTIES:
        tally.take(party, alert(party))
        tally.take(party, {"report": "acknowledged", "conflict": "c"})
        tally.take(party, {"report": "heard", "conflict": "c", "stage": "acknowledged", "version": 3})


def test_a_turn_lacks_its_receipt_then_its_alerts_then_their_answers(turns: list[Turn]) -> None:
    tally, quartz = Tally(turns, PARTIES), turns[3]
    assert tally.missing_of(quartz) == "a receipt for QUARTZ2"
    for turn in turns[:4]:
        tally.take(turn.party, {"report": "filed", "number": turn.number, "id": turn.name, "seq": turn.number})
    assert tally.missing_of(quartz) == "an alert of QUARTZ2 with ASH3"
    tally.take("israel", alert("israel"))
    assert tally.missing_of(quartz) == "an alert of QUARTZ2 with ASH3"
    tally.take("turkiye", alert("turkiye"))
    assert tally.missing_of(quartz) == "an answer to the conflict of QUARTZ2 with ASH3"
    open_and_answered(Tally(turns, PARTIES))  # on another tally it says nothing of this one
    assert tally.missing_of(quartz) == "an answer to the conflict of QUARTZ2 with ASH3"


def test_a_closing_is_certain_when_the_desk_that_caused_it_has_confirmed_it(turns: list[Turn], tally: Tally) -> None:
    open_and_answered(tally)
    assert tally.missing_of(turns[3]) == ""
    amended = turns[4]
    tally.take("israel", {"report": "filed", "number": 4, "id": "QUARTZ2", "seq": 9})
    assert tally.missing_of(amended) == "the closing of QUARTZ2 with ASH3"
    for party in PARTIES:
        tally.take(party, alert(party, version=9, state="closed", start=None, end=None))
    assert tally.missing_of(amended) == "word that the closing of QUARTZ2 with ASH3 has arrived"
    tally.take("israel", {"report": "heard", "conflict": "c", "stage": "delivered", "version": 9})
    assert tally.missing_of(amended) != "", "the amender's own ears prove nothing to the other side"
    tally.take("turkiye", {"report": "heard", "conflict": "c", "stage": "delivered", "version": 9})
    assert tally.missing_of(amended) == "" and tally.faults == []


def test_a_conflict_closes_once_and_only_by_a_turn_that_was_to_close_it(tally: Tally) -> None:
    open_and_answered(tally)
    tally.take("israel", alert("israel", version=9, state="closed"))
    assert tally.faults == []
    tally.take("israel", alert("israel", version=10, state="closed"))
    tally.take("israel", alert("israel", conflict="d", own="BASALT1", other="ELM1", state="closed"))
    assert tally.faults[0] == "israel was told of a conflict that is closed" and len(tally.faults) == 3


def test_what_was_not_foreseen_and_what_has_not_come_are_faults(tally: Tally) -> None:
    for party in PARTIES:
        tally.take(party, alert(party, severity="possible"))
    assert len(tally.conflicts()) == 1
    assert "ASH3 with QUARTZ2: possible was not foreseen" in tally.faults
    assert "ASH3 with QUARTZ2: overlap has not come" in tally.faults
    assert "BIRCH5 with FLINT4: proximity has not come" in tally.faults
